//! The connection to the model: had, lost, had again, and replaced before its time is up.
//!
//! A loss is not the end of a call. The line goes on playing what it was given, the caller's audio is kept, and a
//! new leg is told what the conversation was before anything else. The API cannot resume a session (OpenAI
//! Realtime GA), so a leg that is about to expire is replaced in the same way, only with nothing lost: its
//! successor is ready before it is left.

use std::time::{Duration, Instant};

use crate::input::ModelLoss;

/// A caller is left in silence for three seconds at the most. After this much of them, counted from the start of
/// the stream, the call is handed back: what Twilio is to say instead has to be asked for and spoken.
const FIRST_LEG_WAIT: Duration = Duration::from_millis(2_500);
/// The least of it that is left to the model after a slow claim.
const FIRST_LEG_WAIT_MIN: Duration = Duration::from_secs(1);
/// The wait in mid-conversation, where a second of the agent's words may still be playing.
const NEXT_LEG_WAIT: Duration = Duration::from_secs(10);
/// One attempt, from the name lookup to the echo of the configuration.
const ATTEMPT_WAIT: Duration = Duration::from_secs(5);
/// Pauses before the second attempt and those after it; the last one repeats. The first is made at once.
const BACKOFF: [Duration; 3] = [Duration::from_millis(250), Duration::from_secs(1), Duration::from_secs(2)];
/// A model that was lost this often will be lost again: another voice takes over.
const LOSSES_MAX: u32 = 5;

/// The API's limit for one session; the leg of a session that does not tell its own.
const LIFETIME_MAX: Duration = Duration::from_secs(60 * 60);
/// A leg that lives no longer is not worth replacing ahead of its end, which then comes as a loss.
const LIFETIME_MIN: Duration = Duration::from_secs(4);
/// How long before its end a leg may be replaced, and when it must be: the least of these and of a share of its
/// lifetime.
const ROLLOVER_LEAD: Duration = Duration::from_secs(5 * 60);
const ROLLOVER_LEAD_SHARE: u32 = 4;
const ROLLOVER_LAST_LEAD: Duration = Duration::from_secs(60);
const ROLLOVER_LAST_LEAD_SHARE: u32 = 8;
/// Pause between attempts to connect a successor while the leg in use still works.
const ROLLOVER_RETRY_WAIT: Duration = Duration::from_secs(20);

/// Begins the id of every item that we replay, so that its echo is not taken for a new turn.
const REPLAYED: &str = "past_";

/// The leg in use and the one that is to come.
#[derive(Debug, Default)]
pub(crate) struct ModelLeg {
    up: bool,
    next: Successor,
    /// Attempts made since the last leg was lost.
    attempts: u32,
    /// Legs there have been: what is replayed to each carries its number.
    number: u32,
    owed: Option<Owed>,
    losses: u32,
    rollovers: u32,
    /// Without a leg by then the call is handed back.
    ready_by: Option<Instant>,
    attempt_by: Option<Instant>,
    retry_at: Option<Instant>,
    rollover_at: Option<Instant>,
    last_rollover_at: Option<Instant>,
}

/// The leg that is to come.
#[derive(Debug, Default)]
enum Successor {
    #[default]
    None,
    Connecting,
    /// Configured, and waiting for a turn boundary.
    Ready {
        lifetime: Option<Duration>,
    },
}

/// What the caller was owed when the leg was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Owed {
    /// The rest of what the agent was saying.
    Rest,
    /// An answer to what the caller said last.
    Answer,
    /// Attention: the model did not get what the caller was saying.
    Repeat,
}

/// What a loss leaves to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AfterLoss {
    /// Nothing is under way: connect.
    Attempt,
    /// An attempt is under way already.
    Wait,
    /// A successor is ready.
    GoOver,
}

/// Whether an item is the echo of what was replayed.
pub(crate) fn is_replayed(item: &str) -> bool {
    item.starts_with(REPLAYED)
}

impl ModelLeg {
    /// The first leg is waited for from here on. `started` is when the stream did.
    pub(crate) fn await_first(&mut self, now: Instant, started: Option<Instant>) {
        let patience = started.map_or(now, |started| started + FIRST_LEG_WAIT);
        self.ready_by = Some(patience.max(now + FIRST_LEG_WAIT_MIN));
    }

    /// An attempt begins, beside the leg in use if there is one.
    pub(crate) fn attempt(&mut self, now: Instant) {
        self.attempts += 1;
        self.next = Successor::Connecting;
        self.retry_at = None;
        self.attempt_by = Some(now + ATTEMPT_WAIT);
    }

    /// A leg was configured. True if it is waited for; a successor can wait for a turn boundary.
    pub(crate) fn configured(&mut self, lifetime: Option<Duration>) -> bool {
        if !matches!(self.next, Successor::Connecting) {
            return false;
        }
        self.attempt_by = None;
        self.next = Successor::Ready { lifetime };
        !self.up
    }

    /// The attempt under way came to nothing. True if no other one is worth it. `first` says that nothing is playing
    /// yet.
    pub(crate) fn attempt_failed(&mut self, now: Instant, loss: ModelLoss, first: bool) -> bool {
        self.attempt_by = None;
        if matches!(self.next, Successor::None) {
            return false;
        }
        self.next = Successor::None;
        match (self.up, loss) {
            // The leg in use carries on to its end; then this is tried again, as after any loss.
            (true, ModelLoss::Fatal) => self.rollover_at = None,
            (true, ModelLoss::Transient) => {
                if self.last_rollover_at.is_some() {
                    self.rollover_at = Some(now + ROLLOVER_RETRY_WAIT);
                }
            }
            (false, ModelLoss::Fatal) => return true,
            (false, ModelLoss::Transient) => {
                let pauses = usize::try_from(self.attempts.saturating_sub(1)).unwrap_or(usize::MAX);
                let next = now + BACKOFF[pauses.min(BACKOFF.len() - 1)];
                // What is left of the first wait would be silence, for nothing.
                if first && self.ready_by.is_some_and(|until| until <= next) {
                    return true;
                }
                self.retry_at = Some(next);
            }
        }
        false
    }

    /// Goes over to the leg that is ready; false if none is.
    pub(crate) fn go_over(&mut self, now: Instant) -> bool {
        let Successor::Ready { lifetime } = self.next else { return false };
        self.next = Successor::None;
        self.up = true;
        self.attempts = 0;
        self.number += 1;
        (self.ready_by, self.retry_at) = (None, None);
        self.plan_rollover(now, lifetime);
        true
    }

    /// The leg in use is left, or was lost.
    pub(crate) fn leave(&mut self) {
        self.up = false;
        (self.rollover_at, self.last_rollover_at) = (None, None);
    }

    /// The leg in use was lost without our wish. False if another one is not worth it.
    pub(crate) fn count_loss(&mut self, loss: ModelLoss) -> bool {
        self.losses += 1;
        loss != ModelLoss::Fatal && self.losses <= LOSSES_MAX
    }

    /// Another leg is waited for.
    pub(crate) fn await_next(&mut self, now: Instant) -> AfterLoss {
        self.ready_by = Some(now + NEXT_LEG_WAIT);
        self.attempts = 0;
        match self.next {
            Successor::None => AfterLoss::Attempt,
            Successor::Connecting => {
                self.attempts = 1;
                AfterLoss::Wait
            }
            Successor::Ready { .. } => AfterLoss::GoOver,
        }
    }

    /// The time has come to connect a successor. True if that is to be done now: not while the call is about to end.
    pub(crate) fn rollover_due(&mut self, now: Instant, call_ends: bool) -> bool {
        self.rollover_at = call_ends.then(|| now + ROLLOVER_RETRY_WAIT);
        !call_ends && matches!(self.next, Successor::None)
    }

    /// The last moment for a successor has come.
    pub(crate) fn last_rollover_due(&mut self) {
        self.last_rollover_at = None;
    }

    /// A successor can take over. Taking over is counted.
    pub(crate) fn begin_rollover(&mut self) -> bool {
        let ready = self.up && matches!(self.next, Successor::Ready { .. });
        self.rollovers += u32::from(ready);
        ready
    }

    /// What the next leg has to make good, beside what an earlier one left.
    pub(crate) fn owe(&mut self, owed: Option<Owed>) {
        self.owed = owed.or(self.owed);
    }

    pub(crate) fn take_owed(&mut self) -> Option<Owed> {
        self.owed.take()
    }

    /// The leg is gone, and no other one is needed.
    pub(crate) fn give_up(&mut self) {
        self.up = false;
    }

    /// Whether anything may be said to the model.
    pub(crate) const fn is_up(&self) -> bool {
        self.up
    }

    /// The id of the `n`th piece that is replayed to this leg.
    pub(crate) fn replay_id(&self, n: usize) -> String {
        format!("{REPLAYED}{}_{n}", self.number)
    }

    pub(crate) const fn losses(&self) -> u32 {
        self.losses
    }

    pub(crate) const fn rollovers(&self) -> u32 {
        self.rollovers
    }

    pub(crate) const fn ready_by(&self) -> Option<Instant> {
        self.ready_by
    }

    pub(crate) const fn attempt_by(&self) -> Option<Instant> {
        self.attempt_by
    }

    pub(crate) const fn retry_at(&self) -> Option<Instant> {
        self.retry_at
    }

    pub(crate) const fn rollover_at(&self) -> Option<Instant> {
        self.rollover_at
    }

    pub(crate) const fn last_rollover_at(&self) -> Option<Instant> {
        self.last_rollover_at
    }

    fn plan_rollover(&mut self, now: Instant, lifetime: Option<Duration>) {
        let lifetime = lifetime.unwrap_or(LIFETIME_MAX).min(LIFETIME_MAX);
        if lifetime < LIFETIME_MIN {
            return;
        }
        let lead = ROLLOVER_LEAD.min(lifetime / ROLLOVER_LEAD_SHARE);
        let last_lead = ROLLOVER_LAST_LEAD.min(lifetime / ROLLOVER_LAST_LEAD_SHARE);
        self.rollover_at = Some(now + lifetime - lead);
        self.last_rollover_at = Some(now + lifetime - last_lead);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::origin;

    fn up(now: Instant) -> ModelLeg {
        let mut leg = ModelLeg::default();
        leg.await_first(now, Some(now));
        leg.attempt(now);
        assert!(leg.configured(None), "the first leg is waited for");
        assert!(leg.go_over(now) && leg.is_up() && leg.ready_by().is_none());
        leg
    }

    #[test]
    fn attempts_are_made_further_and_further_apart() {
        let (mut leg, now) = (up(origin()), origin());
        leg.leave();
        assert!(leg.count_loss(ModelLoss::Transient));
        assert_eq!(leg.await_next(now), AfterLoss::Attempt);
        for pause in [250, 1_000, 2_000, 2_000] {
            leg.attempt(now);
            assert!(!leg.attempt_failed(now, ModelLoss::Transient, false));
            assert_eq!(leg.retry_at(), Some(now + Duration::from_millis(pause)));
        }
        leg.attempt(now);
        assert!(leg.attempt_failed(now, ModelLoss::Fatal, false), "a refusal is final");
    }

    #[test]
    fn a_successor_that_cannot_be_had_leaves_the_leg_in_use_alone() {
        let now = origin();
        let mut leg = up(now);
        assert!(leg.rollover_due(now, false) && leg.rollover_at().is_none());
        leg.attempt(now);
        assert!(!leg.attempt_failed(now, ModelLoss::Transient, false));
        assert_eq!(leg.rollover_at(), Some(now + ROLLOVER_RETRY_WAIT));
        assert!(leg.is_up() && leg.retry_at().is_none() && !leg.begin_rollover());
    }

    #[test]
    fn a_model_that_is_lost_again_and_again_is_given_up() {
        let mut leg = ModelLeg::default();
        let worth_it = (0..=LOSSES_MAX).filter(|_| leg.count_loss(ModelLoss::Transient)).count();
        assert_eq!(worth_it, LOSSES_MAX as usize);
    }

    #[test]
    fn what_an_earlier_leg_owed_is_kept_when_the_next_owes_nothing() {
        let mut leg = ModelLeg::default();
        leg.owe(Some(Owed::Answer));
        leg.owe(None);
        assert_eq!(leg.take_owed(), Some(Owed::Answer));
        assert_eq!(leg.take_owed(), None);
    }
}
