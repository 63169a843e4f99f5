//! A telephone that asks who is calling before its owner picks up: iOS and Android do it for their users.
//!
//! It is answered once, with who calls and why, and then waited for. It is neither a person nor a machine that takes
//! messages, though either may follow.

use std::time::{Duration, Instant};

use crate::deadlines::Deadline;
use crate::input::ResponseReason;
use crate::output::ModelCommand;
use crate::{Session, instructions};

/// How long somebody may look at the telephone before picking up.
const PICKS_UP_WITHIN: Duration = Duration::from_secs(45);

#[derive(Debug, Default)]
pub(crate) struct Screening {
    introduced: bool,
}

impl Session {
    /// Whether a screening service said this; then it is dealt with.
    pub(crate) fn screening_heard(&mut self, now: Instant, text: &str) -> bool {
        let asks = self.phrases.is_screening(text);
        let waits = self.is_screened() && self.phrases.is_on_hold(text);
        if !asks && !waits {
            return false;
        }
        if self.hangup.reason().is_some() || self.voicemail.mutes() {
            return true;
        }
        // Turn detection takes it for a person and answers.
        self.stop_talking(now);
        self.deadlines.set(Deadline::Screening, now + PICKS_UP_WITHIN);
        if !std::mem::replace(&mut self.screening.introduced, true) {
            self.turns.remember_note(instructions::SCREENED);
            self.tell(ModelCommand::SystemText { text: instructions::SCREENED.to_owned() });
            let text = self.plan.as_ref().map(|plan| instructions::introduction(plan));
            self.gate.request(ResponseReason::Screening, text);
        }
        true
    }

    /// The service has been answered and nobody has picked up yet: silence is what is to be expected.
    pub(crate) fn is_screened(&self) -> bool {
        self.deadlines.is_armed(Deadline::Screening)
    }
}
