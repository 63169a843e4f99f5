//! The conversation as the next leg of the model is to know it.

use std::time::{Duration, Instant};

use domain::plan::HistoryItem;
use domain::{Speaker, Timestamp};

use super::memory::Memory;
use super::{Agent, Item, Kind, Text, Turns, Words};
use crate::facts::playback::{Heard, Playback};

impl Turns {
    /// What went before this session.
    pub(crate) fn remember(&mut self, history: &[HistoryItem]) {
        self.memory.add_history(history);
    }

    /// What the model was told beside the conversation.
    pub(crate) fn remember_note(&mut self, text: &str) {
        self.memory.add_note(text.to_owned());
    }

    /// Everything so far: turns that are final, and those still open as they stand. What the line has not
    /// played yet counts as heard, for it will be.
    pub(crate) fn recall(&self, playback: &Playback) -> Memory {
        let mut memory = self.memory.clone();
        for call in &self.carried {
            memory.add_call(call.call.clone());
        }
        for link in self.chain.links() {
            match &link.payload.kind {
                Kind::Caller { words: Words::Known(text), .. } => {
                    memory.add_said(Speaker::Caller, text.0.clone());
                }
                Kind::Agent(agent) => {
                    let text = heard_text(&agent.text.0, playback.will_have_played(&link.item));
                    memory.add_said(Speaker::Agent, text.to_owned());
                }
                Kind::Caller { words: Words::Awaited | Words::Failed, .. } | Kind::Other => {}
            }
            for call in self.calls.iter().filter(|call| call.item == link.item) {
                memory.add_call(call.call.clone());
            }
        }
        let placed = |item: &str| self.chain.links().any(|link| link.item == item);
        for call in self.calls.iter().filter(|call| !placed(&call.item)) {
            memory.add_call(call.call.clone());
        }
        memory
    }

    /// Nothing more will come of this leg's items. True if words of the caller were still on their way.
    pub(crate) fn leg_lost(&mut self) -> bool {
        self.chain.link_all();
        let mut words_lost = false;
        for item in self.chain.iter_mut() {
            match &mut item.kind {
                Kind::Caller { words, .. } if *words == Words::Awaited => {
                    *words = Words::Failed;
                    words_lost = true;
                }
                Kind::Agent(Agent { response, .. }) => {
                    response.get_or_insert_with(String::new);
                }
                Kind::Caller { .. } | Kind::Other => {}
            }
        }
        words_lost
    }

    /// The new leg's conversation goes on behind `item`, the last one replayed to it.
    pub(crate) fn leg_begins_behind(&mut self, now: Instant, at: Timestamp, item: &str) {
        self.chain.append(now, item, Item { at, kind: Kind::Other });
    }
}

impl Text {
    /// What the caller got of it.
    pub(super) fn heard(&self, heard: Heard) -> String {
        heard_text(&self.0, heard).to_owned()
    }
}

/// Speech has no word times, so a share of its duration is that share of its text, in whole words.
fn heard_text(text: &str, Heard { sent, heard }: Heard) -> &str {
    if heard >= sent {
        return if sent == Duration::ZERO { "" } else { text };
    }
    let share = heard.as_secs_f64() / sent.as_secs_f64();
    // A share of a length that fits in memory.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "0..=len"
    )]
    let end = text.floor_char_boundary((text.len() as f64 * share) as usize);
    text[..end].rfind(char::is_whitespace).map_or("", |end| text[..end].trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(text: &str, heard: u64, sent: u64) -> &str {
        heard_text(text, Heard { sent: Duration::from_millis(sent), heard: Duration::from_millis(heard) })
    }

    #[test]
    fn half_of_the_speech_is_half_of_the_text_in_whole_words() {
        let text = "We are open until six.";
        assert_eq!(heard(text, 2_000, 2_000), text);
        assert_eq!(heard(text, 1_000, 2_000), "We are");
        assert_eq!(heard(text, 1_999, 2_000), "We are open until");
        assert_eq!(heard(text, 0, 2_000), "");
        assert_eq!(heard(text, 0, 0), "", "words without a sound were not heard");
        assert_eq!(heard("Grüß Gott", 900, 2_000), "");
    }
}
