//! One event on its way to one endpoint.
//!
//! A delivery is a state that one transition after another moves; each is kept under the version that was read, so that of two
//! workers one gets it. A worker that dies between the receiver's answer and its own write leaves an attempt that is made
//! once more, with the same id: this is what a receiver must expect, and more than that does not happen.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::attempt::{self, Answer, Failure, Next};
use crate::Timestamp;

/// How long a worker has a delivery: longer than a request may take, and than what it writes after it.
pub const HELD: Duration = Duration::from_secs(60);

/// Where a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum State {
    /// The next attempt is not due before this.
    Waiting {
        /// When it is.
        due: Timestamp,
    },
    /// A worker makes an attempt.
    InFlight {
        /// From then on another one may take it for dead.
        until: Timestamp,
        /// A person asked for this attempt, which the schedule does not count.
        by_hand: bool,
    },
    /// The endpoint took it.
    Delivered {
        /// When.
        at: Timestamp,
    },
    /// No attempt is made by itself any more.
    Failed {
        /// How the last one failed.
        after: Failure,
    },
    /// It was never due: the endpoint was disabled or deleted meanwhile.
    Skipped {
        /// Why.
        why: Skip,
    },
}

/// Why a delivery is not made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Skip {
    /// The endpoint is disabled.
    Disabled,
    /// The endpoint is gone.
    Deleted,
}

/// One event on its way to one endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Delivery {
    /// Where it stands.
    pub state: State,
    /// Attempts of the schedule that were begun.
    pub made: usize,
    /// Attempts of every kind that were begun: names the attempt that is made now.
    pub begun: u64,
}

/// Why a worker does not get a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotYours {
    /// It is not due.
    #[error("the next attempt is not due yet")]
    NotDue {
        /// When it is.
        due: Timestamp,
    },
    /// Another worker has it.
    #[error("another worker makes an attempt")]
    InFlight {
        /// Until then at most.
        until: Timestamp,
    },
    /// It is over.
    #[error("the delivery is over")]
    Over,
}

/// The right to make one attempt, and to say what it came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim {
    attempt: u64,
}

/// The attempt was another worker's meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("another worker has taken the delivery meanwhile")]
pub struct Overtaken;

impl State {
    /// The word for it.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Waiting { .. } => "waiting",
            Self::InFlight { .. } => "in_flight",
            Self::Delivered { .. } => "delivered",
            Self::Failed { .. } => "failed",
            Self::Skipped { .. } => "skipped",
        }
    }

    /// Every word for a state.
    pub const WORDS: [&'static str; 5] = ["waiting", "in_flight", "delivered", "failed", "skipped"];
}

impl Delivery {
    /// A delivery to an endpoint that is disabled: it is not made, and can be recovered.
    pub const fn kept_back() -> Self {
        Self { state: State::Skipped { why: Skip::Disabled }, made: 0, begun: 0 }
    }

    /// When a worker has to look at it next; `None`: it is over.
    pub const fn due(&self) -> Option<Timestamp> {
        match self.state {
            State::Waiting { due } => Some(due),
            // A worker that is alive has settled it before then.
            State::InFlight { until, .. } => Some(until),
            State::Delivered { .. } | State::Failed { .. } | State::Skipped { .. } => None,
        }
    }

    /// A delivery of an event that happened at `now`.
    pub fn new(now: Timestamp) -> Self {
        Self { state: State::Waiting { due: now }, made: 0, begun: 0 }
    }

    /// Takes it for an attempt at `now`.
    ///
    /// # Errors
    /// [`NotYours`].
    pub fn claim(&mut self, now: Timestamp) -> Result<Claim, NotYours> {
        match self.state {
            State::Waiting { due } if now < due => Err(NotYours::NotDue { due }),
            State::InFlight { until, .. } if now < until => Err(NotYours::InFlight { until }),
            // The worker that had it is dead. What it was sent may have arrived, so its attempt counts.
            State::Waiting { .. } | State::InFlight { .. } => {
                let by_hand = matches!(self.state, State::InFlight { by_hand: true, .. });
                self.made += usize::from(!by_hand);
                Ok(self.begin(now, by_hand))
            }
            State::Delivered { .. } | State::Failed { .. } | State::Skipped { .. } => Err(NotYours::Over),
        }
    }

    /// Takes it for an attempt that a person asks for, whatever came of it so far: a receiver may have lost what it took. The
    /// schedule's attempts stay as many as they were.
    ///
    /// # Errors
    /// [`NotYours::InFlight`].
    pub fn claim_by_hand(&mut self, now: Timestamp) -> Result<Claim, NotYours> {
        if let State::InFlight { until, .. } = self.state
            && now < until
        {
            return Err(NotYours::InFlight { until });
        }
        Ok(self.begin(now, true))
    }

    fn begin(&mut self, now: Timestamp, by_hand: bool) -> Claim {
        self.begun += 1;
        self.state = State::InFlight { until: now.plus(HELD), by_hand };
        Claim { attempt: self.begun }
    }

    /// Notes what the attempt of a claim came to.
    ///
    /// # Errors
    /// [`Overtaken`]: the worker was taken for dead. The answer goes into the log and nowhere else.
    pub fn settle(
        &mut self,
        claim: Claim,
        answer: Answer,
        now: Timestamp,
        chance: f64,
    ) -> Result<Next, Overtaken> {
        let State::InFlight { by_hand, .. } = self.state else { return Err(Overtaken) };
        if claim.attempt != self.begun {
            return Err(Overtaken);
        }
        let next = attempt::next(answer, self.made.max(1), now, chance);
        self.state = match next {
            Next::Delivered => State::Delivered { at: now },
            Next::Disable => State::Skipped { why: Skip::Disabled },
            Next::Again { at, .. } if !by_hand => State::Waiting { due: at },
            Next::Again { after, .. } | Next::GivenUp { after } => State::Failed { after },
        };
        Ok(next)
    }

    /// Ends a delivery that waits, or whose worker is dead at `now`, when its endpoint was disabled or deleted. Whether it is
    /// ended.
    pub fn skip(&mut self, why: Skip, now: Timestamp) -> bool {
        let is_held = matches!(self.state, State::InFlight { until, .. } if now < until);
        let ends = self.due().is_some() && !is_held;
        if ends {
            self.state = State::Skipped { why };
        }
        ends
    }

    /// Whether "send again what failed" means this one.
    pub fn can_be_recovered(&self) -> bool {
        matches!(self.state, State::Failed { .. } | State::Skipped { why: Skip::Disabled })
    }

    /// Makes it due again, with the whole schedule before it. One that was delivered meanwhile stays as it is.
    pub fn recover(&mut self, now: Timestamp) {
        if self.can_be_recovered() {
            (self.state, self.made) = (State::Waiting { due: now }, 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::attempt::ATTEMPTS;
    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_795_860_000);
    const OK: Answer = Answer::Status { code: 204, retry_after: None };
    const ERROR: Answer = Answer::Status { code: 500, retry_after: None };

    #[test]
    fn two_workers_with_one_delivery_make_one_request() {
        let mut delivery = Delivery::new(NOW);
        let claim = delivery.claim(NOW).unwrap();
        assert_eq!(delivery.claim(NOW), Err(NotYours::InFlight { until: NOW.plus(HELD) }));
        assert_eq!(delivery.settle(claim, OK, NOW, 0.5), Ok(Next::Delivered));
        assert_eq!(delivery.claim(NOW), Err(NotYours::Over));
    }

    #[test]
    fn a_worker_that_was_taken_for_dead_changes_nothing_any_more() {
        let mut delivery = Delivery::new(NOW);
        let dead = delivery.claim(NOW).unwrap();
        let later = NOW.plus(HELD);
        let second = delivery.claim(later).unwrap();
        assert_eq!(delivery.settle(dead, ERROR, later, 0.5), Err(Overtaken));
        assert_eq!(delivery.settle(second, OK, later, 0.5), Ok(Next::Delivered));
        assert_eq!(delivery.settle(dead, ERROR, later, 0.5), Err(Overtaken));
        assert_eq!(delivery.made, 2, "what the dead one sent may have arrived");
    }

    #[test]
    fn an_attempt_by_hand_is_none_of_the_schedules() {
        let mut delivery = Delivery::new(NOW);
        let claim = delivery.claim(NOW).unwrap();
        delivery.settle(claim, ERROR, NOW, 0.5).unwrap();
        let claim = delivery.claim_by_hand(NOW).unwrap();
        delivery.settle(claim, ERROR, NOW, 0.5).unwrap();
        assert_eq!(delivery.made, 1);
        assert!(
            matches!(delivery.state, State::Failed { .. }),
            "a person sees it and asks again, or recovers it"
        );
        delivery.recover(NOW);
        assert_eq!((delivery.state, delivery.made), (State::Waiting { due: NOW }, 0));
    }

    #[test]
    fn what_is_on_its_way_to_an_endpoint_that_is_disabled_is_not_ended_before_its_worker_is_dead() {
        let mut delivery = Delivery::new(NOW);
        assert_eq!(delivery.due(), Some(NOW));
        delivery.claim(NOW).unwrap();
        assert_eq!(delivery.due(), Some(NOW.plus(HELD)));
        assert!(!delivery.skip(Skip::Disabled, NOW) && delivery.skip(Skip::Disabled, NOW.plus(HELD)));
        assert_eq!((delivery.due(), delivery.state.as_str()), (None, "skipped"));
        assert!(delivery.can_be_recovered() && Delivery::kept_back().can_be_recovered());
    }

    #[test]
    fn what_was_delivered_can_be_sent_again_by_hand_and_is_not_recovered() {
        let mut delivery = Delivery::new(NOW);
        let claim = delivery.claim(NOW).unwrap();
        delivery.settle(claim, OK, NOW, 0.5).unwrap();
        delivery.recover(NOW);
        assert_eq!(delivery.state, State::Delivered { at: NOW });
        assert!(delivery.claim_by_hand(NOW).is_ok());
    }

    /// What a run of workers does to one delivery, in virtual time.
    #[derive(Debug, Clone, Copy)]
    enum Step {
        /// A worker takes it, and gets this answer.
        Answered(u16),
        /// A worker takes it and dies after its request.
        Dies,
        /// A worker looks before it is due.
        Early,
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            6 => prop_oneof![Just(500), Just(404), Just(429), Just(302)].prop_map(Step::Answered),
            1 => Just(Step::Answered(200)),
            2 => Just(Step::Dies),
            1 => Just(Step::Early),
        ];
        prop::collection::vec(step, 0..40)
    }

    proptest! {
        /// However workers die, an event is sent at least once and not more often than the schedule has attempts; and as
        /// soon as it was taken, never again.
        #[test]
        fn a_delivery_ends_within_its_schedule(steps in steps()) {
            let mut now = NOW;
            let mut delivery = Delivery::new(now);
            let mut sent = 0;
            for step in steps {
                if let State::Waiting { due: until } | State::InFlight { until, .. } = delivery.state {
                    if matches!(step, Step::Early) && now < until {
                        prop_assert!(delivery.claim(now).is_err());
                        continue;
                    }
                    now = now.max(until);
                }
                let before = delivery.state;
                match (delivery.claim(now), step) {
                    (Err(refused), _) => {
                        prop_assert_eq!(refused, NotYours::Over);
                        prop_assert_eq!(delivery.state, before);
                    }
                    (Ok(claim), Step::Answered(code)) => {
                        sent += 1;
                        let answer = Answer::Status { code, retry_after: None };
                        delivery.settle(claim, answer, now, 0.5).unwrap();
                    }
                    (Ok(_), Step::Dies | Step::Early) => sent += 1,
                }
                prop_assert_eq!(sent, delivery.made);
            }
            // A worker that dies each time is the one way beyond the schedule, and what it sends has one id.
            if let State::Waiting { .. } = delivery.state {
                prop_assert!(delivery.made < ATTEMPTS);
            }
        }
    }
}
