//! Answers of the model that came to nothing: how long it is asked again, and when.
//!
//! A model that is out of capacity says how long it will be; one that failed or said nothing may do better in a
//! moment. All of it has an end, counted from the first such answer of a turn, because the caller hears nothing
//! meanwhile. What follows is what the business has in place of an agent.

use std::time::{Duration, Instant};

/// Our pauses before the second attempt and later ones. A shorter one that the model names is tried once.
const PAUSES: [Duration; 4] =
    [Duration::from_secs(1), Duration::from_secs(2), Duration::from_secs(4), Duration::from_secs(4)];
/// The shortest pause that is kept where the model names one: at once would be a loop.
const PAUSE_MIN: Duration = Duration::from_millis(250);
/// More than this are not waited out, even if the caller speaks in between and each begins a turn.
const IN_A_ROW_MAX: u32 = 12;

/// An answer that was no use to the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Vain {
    /// It ended without words, and nothing went wrong.
    Empty,
    /// It failed, never began, or broke off before the first word.
    Failed,
    /// The model is out of capacity, perhaps for so long.
    Limited { wait: Option<Duration> },
}

impl Vain {
    /// How long after the first of them the last attempt is made.
    const fn patience(self) -> Duration {
        match self {
            Self::Empty => Duration::from_secs(6),
            Self::Failed | Self::Limited { .. } => Duration::from_secs(10),
        }
    }
}

/// Since the caller last heard the model.
#[derive(Debug, Default)]
pub(crate) struct Trouble {
    /// When the first of this turn was.
    since: Option<Instant>,
    attempts: usize,
    in_a_row: u32,
}

impl Trouble {
    /// Another answer was no use. Says when the model is to be asked again; `None` when it has been asked enough.
    pub(crate) fn again(&mut self, now: Instant, vain: Vain) -> Option<Instant> {
        let last = *self.since.get_or_insert(now) + vain.patience();
        self.in_a_row += 1;
        if now >= last || self.in_a_row > IN_A_ROW_MAX {
            return None;
        }
        let ours = PAUSES[self.attempts.min(PAUSES.len() - 1)];
        let pause = match vain {
            Vain::Limited { wait: Some(told) } if self.attempts == 0 => told.max(PAUSE_MIN),
            Vain::Limited { wait: Some(told) } => told.max(ours),
            Vain::Limited { wait: None } | Vain::Empty | Vain::Failed => ours,
        };
        self.attempts += 1;
        // A pause that is too long for the clock ends with the last attempt.
        Some(now.checked_add(pause).map_or(last, |at| at.min(last)))
    }

    /// The caller spoke: what is asked now is another question.
    pub(crate) fn new_turn(&mut self) {
        (self.since, self.attempts) = (None, 0);
    }

    /// How long the caller has been waiting for words.
    pub(crate) fn lasted(&self, now: Instant) -> Duration {
        self.since.map_or(Duration::ZERO, |since| now.saturating_duration_since(since))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::origin;

    const fn secs(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    /// The moments at which a model is asked that never has an answer, in milliseconds after the first time.
    fn attempts(vain: Vain) -> Vec<u128> {
        let (mut trouble, start) = (Trouble::default(), origin());
        let (mut now, mut asked) = (start, vec![]);
        while let Some(at) = trouble.again(now, vain) {
            assert!(at > now, "asked again at once");
            asked.push((at - start).as_millis());
            now = at;
        }
        asked
    }

    /// Case C10.
    #[test]
    fn a_model_is_asked_as_late_as_it_says_and_not_for_ever() {
        let limited = |millis| Vain::Limited { wait: Some(Duration::from_millis(millis)) };
        assert_eq!(attempts(limited(7_200)), [7_200, 10_000]);
        assert_eq!(attempts(limited(60_000)), [10_000]);
        assert_eq!(attempts(Vain::Limited { wait: Some(Duration::MAX) }), [10_000]);
        assert_eq!(attempts(limited(0)), [250, 2_250, 6_250, 10_000]);
        assert_eq!(attempts(Vain::Limited { wait: None }), [1_000, 3_000, 7_000, 10_000]);
        assert_eq!(attempts(Vain::Failed), [1_000, 3_000, 7_000, 10_000]);
        assert_eq!(attempts(Vain::Empty), [1_000, 3_000, 6_000]);
    }

    #[test]
    fn a_caller_who_speaks_again_gets_new_attempts_but_not_for_ever() {
        let (mut trouble, mut now) = (Trouble::default(), origin());
        let mut turns = 0;
        loop {
            assert_eq!(trouble.lasted(now), secs(0));
            if trouble.again(now, Vain::Failed).is_none() {
                break;
            }
            assert_eq!(trouble.lasted(now + secs(3)), secs(3));
            trouble.new_turn();
            (now, turns) = (now + secs(5), turns + 1);
            assert!(turns < 100, "no end");
        }
        assert!(turns > 5);
    }
}
