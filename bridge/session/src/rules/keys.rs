//! Keys the caller pressed, collected into one entry: `#` sends it, `*` starts over, a pause sends it too.

use std::time::{Duration, Instant};

/// The pause that sends an entry.
const KEY_WAIT: Duration = Duration::from_secs(3);
/// Longer entries are sent in pieces.
const KEYS_MAX: usize = 32;

/// The entry so far, and one from before the conversation.
#[derive(Default)]
pub(crate) struct Keys {
    keys: String,
    /// An entry that was complete before the conversation began.
    early: Option<String>,
    /// When a pause has sent the entry.
    sent_at: Option<Instant>,
}

impl Keys {
    /// Takes a key; returns the entry if that completed it.
    pub(crate) fn press(&mut self, now: Instant, key: char) -> Option<String> {
        let entry = self.push(key);
        self.wait(now);
        entry
    }

    /// Takes a key before there is a conversation. What the entry means is decided when there is one.
    pub(crate) fn press_early(&mut self, key: char) {
        if let Some(entry) = self.push(key) {
            self.early.get_or_insert(entry);
        }
    }

    /// The conversation begins: the entry that waited for it, if there is one.
    pub(crate) fn begin(&mut self, now: Instant) -> Option<String> {
        self.wait(now);
        self.early.take()
    }

    /// The pause has sent the entry.
    pub(crate) fn pause_over(&mut self) -> Option<String> {
        self.sent_at = None;
        self.take()
    }

    pub(crate) const fn sent_at(&self) -> Option<Instant> {
        self.sent_at
    }

    fn push(&mut self, key: char) -> Option<String> {
        match key {
            '#' => return self.take(),
            '*' => self.keys.clear(),
            '0'..='9' | 'A'..='D' => self.keys.push(key),
            // A telephone has no other keys.
            _ => {}
        }
        if self.keys.len() == KEYS_MAX { self.take() } else { None }
    }

    fn wait(&mut self, now: Instant) {
        self.sent_at = (!self.keys.is_empty()).then(|| now + KEY_WAIT);
    }

    fn take(&mut self) -> Option<String> {
        let keys = std::mem::take(&mut self.keys);
        (!keys.is_empty()).then_some(keys)
    }
}

// An entry may be a PIN.
impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keys").field("keys", &self.keys.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::origin;

    fn press(keypad: &mut Keys, keys: &str) -> Vec<String> {
        let now = origin();
        keys.chars().filter_map(|key| keypad.press(now, key)).collect()
    }

    #[test]
    fn hash_sends_and_star_starts_over() {
        let mut keypad = Keys::default();
        assert_eq!(press(&mut keypad, "12*34#"), ["34"]);
        assert!(press(&mut keypad, "#*#x ").is_empty());
        assert!(keypad.sent_at().is_none(), "an entry that is empty waits for nothing");
    }

    #[test]
    fn a_pause_sends_what_was_pressed() {
        let (mut keypad, now) = (Keys::default(), origin());
        keypad.press(now, '1');
        assert_eq!(keypad.press(now + KEY_WAIT / 2, '2'), None);
        assert_eq!(keypad.sent_at(), Some(now + KEY_WAIT / 2 + KEY_WAIT));
        assert_eq!(keypad.pause_over().as_deref(), Some("12"));
        assert_eq!((keypad.pause_over(), keypad.sent_at()), (None, None));
    }

    #[test]
    fn an_entry_from_before_the_conversation_waits_for_it() {
        let (mut keypad, now) = (Keys::default(), origin());
        "12#3".chars().for_each(|key| keypad.press_early(key));
        assert_eq!(keypad.begin(now).as_deref(), Some("12"));
        assert_eq!(keypad.sent_at(), Some(now + KEY_WAIT), "the next entry has begun");
    }

    #[test]
    fn an_entry_is_bounded() {
        let mut keypad = Keys::default();
        let entries = press(&mut keypad, &"7".repeat(KEYS_MAX * 2 + 1));
        assert_eq!(entries, ["7".repeat(KEYS_MAX), "7".repeat(KEYS_MAX)]);
        assert_eq!(keypad.pause_over().as_deref(), Some("7"));
    }

    #[test]
    fn keys_are_not_printed() {
        let mut keypad = Keys::default();
        keypad.press(origin(), '9');
        assert!(!format!("{keypad:?}").contains('9'));
    }
}
