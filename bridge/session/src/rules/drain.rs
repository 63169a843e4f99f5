//! Leaving a process that is being stopped.
//!
//! A call that leaves costs its caller a pause and an apology, and what is said in that pause is lost. So there are two
//! parts to the time that the process has. In the first one calls go on as they are: some of them end. In the second
//! one each leaves where it loses nothing: when both sides are silent, or when the caller waits for an answer that has
//! not begun, which the next session then gives.

use std::time::{Duration, Instant};

use crate::facts::Facts;

/// Half of the time is for calls that end by themselves.
const PATIENCE_SHARE: u32 = 2;
/// What is left of the time for a call that found nowhere to leave: enough for a hang-up, the record and the close.
const LAST_LEAD: Duration = Duration::from_secs(10);
/// The same as a share of the time, for a process that is in a hurry.
const LAST_LEAD_SHARE: u32 = 4;

/// Whether the call is about to leave the process.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) enum Drain {
    /// The process goes on.
    #[default]
    Stays,
    /// The process is being stopped, and the call may end by itself.
    Patient { leaves_from: Instant, last: Instant },
    /// The call leaves where it loses nothing, and at `last` in any case.
    Leaves { last: Instant },
}

impl Drain {
    /// The process ends after `within`. Being told so again changes nothing.
    pub(crate) fn told(&mut self, now: Instant, within: Duration) {
        if let Self::Stays = self {
            let leaves_from = now + within / PATIENCE_SHARE;
            let last = now + within - LAST_LEAD.min(within / LAST_LEAD_SHARE);
            *self = Self::Patient { leaves_from, last };
        }
    }

    /// The first part of the time is over.
    pub(crate) fn patience_is_over(&mut self) {
        if let Self::Patient { last, .. } = *self {
            *self = Self::Leaves { last };
        }
    }

    /// Whether the call may leave, and loses nothing by it. `quiet`: neither side speaks.
    pub(crate) fn leaves_here(self, facts: &Facts, quiet: bool) -> bool {
        matches!(self, Self::Leaves { .. }) && (quiet || owes_answer(facts)) && !facts.awaits_words()
    }

    pub(crate) const fn leaves_from(self) -> Option<Instant> {
        match self {
            Self::Patient { leaves_from, .. } => Some(leaves_from),
            Self::Stays | Self::Leaves { .. } => None,
        }
    }

    pub(crate) const fn last(self) -> Option<Instant> {
        match self {
            Self::Patient { last, .. } | Self::Leaves { last } => Some(last),
            Self::Stays => None,
        }
    }
}

/// What the caller said is known, and what the model makes of it has not begun to be heard or done.
fn owes_answer(facts: &Facts) -> bool {
    facts.gate.is_answering_unheard()
        && facts.turns.understood()
        && !facts.speech.is_speaking()
        && !facts.playback.is_audible()
        && facts.tools.is_idle()
        && !facts.speech.is_undecided()
        && !facts.ending.is_pending()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::origin;

    #[test]
    fn a_process_has_two_parts_of_its_time_and_a_rest() {
        let (mut drain, now) = (Drain::default(), origin());
        assert_eq!((drain.leaves_from(), drain.last()), (None, None));
        drain.told(now, Duration::from_secs(100));
        drain.told(now + Duration::from_secs(1), Duration::from_secs(1));
        let last = Some(now + Duration::from_secs(90));
        assert_eq!((drain.leaves_from(), drain.last()), (Some(now + Duration::from_secs(50)), last));
        drain.patience_is_over();
        assert_eq!((drain.leaves_from(), drain.last()), (None, last));
    }
}
