//! Keys the caller pressed, collected into one entry: `#` sends it, `*` starts over, a pause sends it too.

use std::time::Duration;

pub(crate) const KEY_WAIT: Duration = Duration::from_secs(3);
/// Longer entries are sent in pieces.
const KEYS_MAX: usize = 32;

#[derive(Default)]
pub(crate) struct Keypad {
    keys: String,
}

impl Keypad {
    /// Takes a key; returns the entry if that completed it.
    pub(crate) fn press(&mut self, key: char) -> Option<String> {
        match key {
            '#' => return self.take(),
            '*' => self.keys.clear(),
            '0'..='9' | 'A'..='D' => self.keys.push(key),
            // A telephone has no other keys.
            _ => {}
        }
        if self.keys.len() == KEYS_MAX { self.take() } else { None }
    }

    /// The entry so far.
    pub(crate) fn take(&mut self) -> Option<String> {
        let keys = std::mem::take(&mut self.keys);
        (!keys.is_empty()).then_some(keys)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }
}

// An entry may be a PIN.
impl std::fmt::Debug for Keypad {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keypad").field("keys", &self.keys.len()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn press(keypad: &mut Keypad, keys: &str) -> Vec<String> {
        keys.chars().filter_map(|key| keypad.press(key)).collect()
    }

    #[test]
    fn hash_sends_and_star_starts_over() {
        let mut keypad = Keypad::default();
        assert_eq!(press(&mut keypad, "12*34#"), ["34"]);
        assert!(press(&mut keypad, "#*#x ").is_empty());
        assert!(keypad.is_empty());
    }

    #[test]
    fn an_entry_is_bounded() {
        let mut keypad = Keypad::default();
        let entries = press(&mut keypad, &"7".repeat(KEYS_MAX * 2 + 1));
        assert_eq!(entries, ["7".repeat(KEYS_MAX), "7".repeat(KEYS_MAX)]);
        assert_eq!(keypad.take().as_deref(), Some("7"));
    }

    #[test]
    fn keys_are_not_printed() {
        let mut keypad = Keypad::default();
        keypad.press('9');
        assert!(!format!("{keypad:?}").contains('9'));
    }
}
