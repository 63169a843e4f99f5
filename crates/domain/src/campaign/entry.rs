//! One person of a campaign: how an entry moves from row to outcome.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::goal::Facts;
use super::retry::{Outcome, Retries, again};
use crate::outbound::AtMost;
use crate::zone::Zone;
use crate::{CallSid, PhoneNumber, Timestamp};

pub use super::reason::{Skip, Wait};

/// For how long after it was claimed an entry's call may be dialled. What is later than that is dialled by a claim of its own.
pub const DIALLED_WITHIN: Duration = Duration::from_secs(120);

/// A person as the file names them.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Who is called.
    pub to: PhoneNumber,
    /// What they are called.
    #[serde(default)]
    pub name: Option<String>,
    /// Their time zone, if the file says it.
    #[serde(default)]
    pub zone: Option<Zone>,
    /// The language that the agent opens in.
    #[serde(default)]
    pub language: Option<String>,
    /// They are not called before this.
    #[serde(default)]
    pub not_before: Option<Timestamp>,
    /// How and when they agreed to be called, as the file says it.
    #[serde(default)]
    pub consent: Option<String>,
    /// What else the file says, by the names of its columns.
    #[serde(default)]
    pub vars: BTreeMap<String, String>,
}

// It is about a person.
impl fmt::Debug for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Person").field("zone", &self.zone).finish_non_exhaustive()
    }
}

/// How far an entry is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum State {
    /// It was not looked at yet.
    Pending {
        /// When it may be.
        from: Timestamp,
    },
    /// It is looked at again later.
    Waiting {
        /// When.
        until: Timestamp,
        /// Why.
        why: Wait,
    },
    /// Its call is being dialled.
    Dialling {
        /// Since when.
        since: Timestamp,
        /// It is not dialled from then on.
        until: Timestamp,
        /// The most that it may come to.
        most: AtMost,
    },
    /// There is a call, which is not over.
    Calling {
        /// Since when.
        since: Timestamp,
        /// Which.
        call: CallSid,
        /// The most that it may come to.
        most: AtMost,
    },
    /// It was called as often as it is.
    Done {
        /// What the last attempt came to.
        outcome: Outcome,
        /// When.
        at: Timestamp,
    },
    /// It is not called, or not again.
    Skipped {
        /// Why.
        why: Skip,
        /// When.
        at: Timestamp,
    },
}

impl State {
    /// The word for it.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Pending { .. } => "pending",
            Self::Waiting { .. } => "waiting",
            Self::Dialling { .. } => "dialling",
            Self::Calling { .. } => "calling",
            Self::Done { .. } => "done",
            Self::Skipped { .. } => "skipped",
        }
    }

    /// Every word.
    pub const WORDS: [&'static str; 6] = ["pending", "waiting", "dialling", "calling", "done", "skipped"];

    /// Whether a call of it is under way, as far as is known.
    pub const fn is_busy(&self) -> bool {
        matches!(self, Self::Dialling { .. } | Self::Calling { .. })
    }

    /// When it is looked at next; `None`: its call is waited for, or it is over.
    pub const fn due(&self) -> Option<Timestamp> {
        match self {
            Self::Pending { from } => Some(*from),
            Self::Waiting { until, .. } => Some(*until),
            Self::Dialling { .. } | Self::Calling { .. } | Self::Done { .. } | Self::Skipped { .. } => None,
        }
    }

    /// Whether nothing happens to it any more.
    pub const fn is_over(&self) -> bool {
        matches!(self, Self::Done { .. } | Self::Skipped { .. })
    }
}

/// One call, or the attempt at one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// The number of its order.
    pub order: u32,
    /// When it was claimed.
    pub at: Timestamp,
    /// The hour that it was there, by the clocks of the business.
    pub hour: u8,
    /// The number that called.
    pub from: PhoneNumber,
    /// The call that came of it.
    pub call: Option<CallSid>,
    /// What it came to; `None`: it is under way.
    pub outcome: Option<Outcome>,
    /// How long the call lasted, seconds.
    pub seconds: u64,
    /// What it may have cost at most.
    pub spent: AtMost,
    /// What else is known of a call that is over; `None`: the campaign has no goal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub facts: Option<Facts>,
    /// When the person was promised to be called again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call_back: Option<Timestamp>,
}

impl Attempt {
    /// Whether it counts among the attempts at the person.
    pub fn counts(&self) -> bool {
        self.outcome.is_none_or(Outcome::counts)
    }
}

/// One person of a campaign.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Its place in the file, from 0.
    pub number: u32,
    /// Whom it is about; `None`: they were erased.
    pub person: Option<Person>,
    /// How far it is.
    pub state: State,
    /// Orders to call that were ever made for it. Each has a number of its own, so that one which was given up dials no more.
    pub orders: u32,
    /// Calls that came of them, the earliest first; the one under way among them.
    pub attempts: Vec<Attempt>,
}

/// What a call came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ended {
    /// In a word.
    pub outcome: Outcome,
    /// How long it lasted.
    pub lasted: Duration,
    /// When it ended.
    pub at: Timestamp,
    /// Its campaign has a goal, so its facts are asked for.
    pub has_goal: bool,
    /// When the person was promised to be called again, if the outcome is that.
    pub call_back: Option<Timestamp>,
}

/// A claim: the right to dial an entry once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The number that calls.
    pub from: PhoneNumber,
    /// The hour that it is, by the clocks of the business.
    pub hour: u8,
    /// The call is not dialled from then on.
    pub until: Timestamp,
    /// The most that it may come to.
    pub most: AtMost,
}

/// Something that happens to an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A worker is about to dial it.
    Claim(Claim),
    /// There is a call of the order.
    Placed {
        /// The order.
        order: u32,
        /// The call.
        call: CallSid,
    },
    /// The order came to no call and never will.
    NotPlaced {
        /// The order.
        order: u32,
        /// When it is looked at again, and why it waits.
        again: (Timestamp, Wait),
    },
    /// The order came to no call, and another one would not either.
    Refused {
        /// The order.
        order: u32,
        /// Why.
        why: Skip,
    },
    /// The call is over.
    Ended {
        /// The call.
        call: CallSid,
        /// What it came to.
        ended: Ended,
    },
    /// It is looked at again later.
    Wait(Timestamp, Wait),
    /// It is not called.
    Skip(Skip),
    /// The facts of a call that is over were asked for.
    Told {
        /// The call.
        call: CallSid,
        /// Whether it reached the goal, and what it cost, micro-dollars; `None`: that is not known yet.
        told: Option<(bool, u64)>,
    },
}

/// The event is not of this moment: of an earlier order, of another call, or of a state that is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the entry is in another state")]
pub struct Stale;

impl Entry {
    /// A person of the file, not looked at yet.
    pub fn new(number: u32, person: Person, now: Timestamp) -> Self {
        let from = person.not_before.map_or(now, |at| at.max(now));
        Self { number, person: Some(person), state: State::Pending { from }, orders: 0, attempts: vec![] }
    }

    /// The number of the order under way.
    pub const fn order(&self) -> Option<u32> {
        if self.state.is_busy() { Some(self.orders) } else { None }
    }

    /// Moves the entry.
    ///
    /// # Errors
    /// [`Stale`], and the entry is as it was.
    pub fn apply(&mut self, event: Event, retries: Retries, now: Timestamp) -> Result<(), Stale> {
        let of = self.orders;
        let to = match (&self.state, event) {
            (State::Pending { .. } | State::Waiting { .. }, Event::Claim(claim))
                if self.state.due().is_some_and(|due| due <= now) && now < claim.until =>
            {
                self.orders += 1;
                self.attempts.push(Attempt {
                    order: self.orders,
                    at: now,
                    hour: claim.hour,
                    from: claim.from,
                    call: None,
                    outcome: None,
                    seconds: 0,
                    spent: AtMost { minutes: 0, micros: None },
                    facts: None,
                    call_back: None,
                });
                State::Dialling { since: now, until: claim.until, most: claim.most }
            }
            (State::Pending { .. } | State::Waiting { .. }, Event::Wait(until, why)) => {
                State::Waiting { until, why }
            }
            (State::Pending { .. } | State::Waiting { .. }, Event::Skip(why)) => {
                State::Skipped { why, at: now }
            }
            (State::Dialling { most, .. }, Event::Placed { order, call }) if order == of => {
                let most = *most;
                if let Some(attempt) = self.attempts.last_mut() {
                    attempt.call = Some(call.clone());
                }
                State::Calling { since: now, call, most }
            }
            (State::Dialling { .. }, Event::NotPlaced { order, again: (until, why) }) if order == of => {
                self.attempts.pop();
                State::Waiting { until, why }
            }
            (State::Dialling { .. }, Event::Refused { order, why }) if order == of => {
                self.attempts.pop();
                State::Skipped { why, at: now }
            }
            (State::Calling { call: own, most, .. }, Event::Ended { call, ended }) if *own == call => {
                let spent = most.lasting(ended.lasted.as_secs().div_ceil(60));
                if let Some(attempt) = self.attempts.last_mut() {
                    attempt.outcome = Some(ended.outcome);
                    attempt.seconds = ended.lasted.as_secs();
                    attempt.spent = spent;
                    attempt.call_back = ended.call_back;
                    attempt.facts =
                        ended.has_goal.then(|| Facts::of_a_call(ended.outcome.is_answered(), ended.at));
                }
                // After an erasure of the person there is no number to call.
                let next = again(self, retries, ended.at).filter(|_| self.person.is_some());
                let why = if ended.call_back.is_some() { Wait::CallBack } else { Wait::Retry };
                match next {
                    Some(until) => State::Waiting { until, why },
                    None => State::Done { outcome: ended.outcome, at: now },
                }
            }
            (_, Event::Told { call, told }) => return self.told(&call, told, now),
            _ => return Err(Stale),
        };
        self.state = to;
        Ok(())
    }

    /// Whether the person waits for a call that they were promised, also while something else holds it up.
    pub fn is_promised(&self) -> bool {
        let last = self.attempts.last();
        self.state.due().is_some() && last.is_some_and(|attempt| attempt.call_back.is_some())
    }

    /// Why the person is not called for a reason that is the campaign's: one who was promised a call is found by a word of its own.
    pub fn dropped(&self, why: Skip) -> Skip {
        if self.is_promised() { Skip::CallBackDropped } else { why }
    }

    fn told(&mut self, call: &CallSid, told: Option<(bool, u64)>, now: Timestamp) -> Result<(), Stale> {
        let of = |attempt: &&mut Attempt| {
            attempt.call.as_ref() == Some(call) && attempt.facts.is_some_and(|facts| facts.due().is_some())
        };
        let attempt = self.attempts.iter_mut().find(of).ok_or(Stale)?;
        attempt.facts = Some(match told {
            Some((reached, micros)) => Facts::Known { reached, micros },
            None => Facts::later(attempt.at, now),
        });
        Ok(())
    }

    /// When facts of its calls are asked for next; `None`: none are awaited.
    pub fn facts_due(&self) -> Option<Timestamp> {
        self.attempts.iter().filter_map(|attempt| attempt.facts?.due()).min()
    }

    /// Whether a call of it reached the goal.
    pub fn has_reached_goal(&self) -> bool {
        self.attempts.iter().any(|attempt| attempt.facts.is_some_and(Facts::is_reached))
    }

    /// Forgets whom it is about. A call that is under way goes on; nothing is dialled any more.
    pub fn forget(&mut self, now: Timestamp) {
        self.person = None;
        if self.state.due().is_some() {
            self.state = State::Skipped { why: Skip::Erased, at: now };
        }
    }
}
