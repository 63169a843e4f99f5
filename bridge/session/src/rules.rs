//! What follows from the facts: each rule decides one question.
//!
//! A rule owns the few fields that only it needs, reads facts by reference and returns [`Action`]s. It knows no other
//! rule, except that one may ask another a question: `barge_in` asks `overheard` how patient the agent is.

use std::time::Instant;

use crate::action::Action;
use crate::facts::Facts;

pub(crate) mod answers;
pub(crate) mod barge_in;
pub(crate) mod call_limit;
pub(crate) mod claims;
pub(crate) mod drain;
pub(crate) mod farewell;
pub(crate) mod first_words;
pub(crate) mod hang_up;
pub(crate) mod keys;
pub(crate) mod leg_change;
pub(crate) mod overheard;
pub(crate) mod presence;
pub(crate) mod screening;
pub(crate) mod silence;
pub(crate) mod steering;
pub(crate) mod tool_use;
pub(crate) mod voicemail;

use call_limit::CallLimit;
use claims::Claims;
use drain::Drain;
use farewell::Farewell;
use keys::Keys;
use presence::Presence;
use screening::Screening;
use silence::Silence;
use voicemail::Voicemail;

/// The rules that have fields of their own.
#[derive(Debug, Default)]
pub(crate) struct Rules {
    pub(crate) silence: Silence,
    pub(crate) presence: Presence,
    pub(crate) farewell: Farewell,
    pub(crate) claims: Claims,
    pub(crate) voicemail: Voicemail,
    pub(crate) screening: Screening,
    pub(crate) drain: Drain,
    pub(crate) keys: Keys,
    pub(crate) call_limit: CallLimit,
}

impl Rules {
    /// The caller began to speak.
    pub(crate) fn caller_began(&mut self, now: Instant, facts: &Facts) -> Vec<Action> {
        self.silence.broken();
        self.farewell.caller_began();
        self.claims.caller_began();
        self.voicemail.other_party_began(now, facts);
        barge_in::caller_began(now, facts)
    }

    /// The caller pressed a key.
    pub(crate) fn key_pressed(&mut self) {
        self.silence.broken();
        self.presence.person_is_there();
    }

    /// What the words of the party that answered our call say about who it is.
    pub(crate) fn who_speaks(&mut self, now: Instant, facts: &Facts, text: &str) -> Vec<Action> {
        if !facts.party.is_watched() {
            return vec![];
        }
        match self.screening.heard(now, facts, text) {
            Some(actions) => actions,
            None => self.voicemail.heard(now, facts, text),
        }
    }
}
