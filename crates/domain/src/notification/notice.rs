//! One event on its way to one receiver.
//!
//! A person is told once: what may have arrived is not sent again. So a worker notes that it sends before it does, and if its
//! answer is lost, or it dies, the other side is asked whether it has it. Where it cannot be asked, the notification has failed
//! for a reason that its log names; once is better than twice.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Disabled;
use super::reason::Reason;
use crate::Timestamp;
use crate::endpoint::attempt;
use crate::texts::outgoing::SETTLED_AFTER;

/// How long a worker has a notification: longer than a request may take, and than what it writes after it.
pub const HELD: Duration = Duration::from_secs(60);
/// How long a notification can be looked at.
pub const KEPT: Duration = Duration::from_secs(30 * 24 * 3_600);
/// Attempts that are kept, the latest: more than there are.
pub const MAX_KEPT: usize = 15;
/// How often the other side is asked whether it has one, at most.
const MAX_LOOKS: u8 = 10;

/// Where a notification stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum State {
    /// It is not sent before this.
    Due {
        /// When it is.
        at: Timestamp,
    },
    /// A worker sends it, or asks whether it was taken.
    Sending {
        /// When it was sent.
        since: Timestamp,
        /// From then on the worker is taken for dead.
        until: Timestamp,
    },
    /// It was sent, and it is not known whether it was taken: the other side is asked.
    Asking {
        /// When it was sent.
        since: Timestamp,
        /// Not before this.
        at: Timestamp,
    },
    /// The receiver has it.
    Sent {
        /// Since when.
        at: Timestamp,
    },
    /// It is not sent any more.
    Failed {
        /// Why.
        why: Reason,
    },
    /// It was not sent, since its receiver is told nothing any more.
    Skipped {
        /// Why.
        why: Skip,
    },
}

/// Why a notification is not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Skip {
    /// The receiver is disabled.
    Disabled,
    /// The receiver is gone, or the event is.
    Deleted,
}

/// One event on its way to one receiver.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Notice {
    /// Where it stands.
    pub state: State,
    /// How often it was sent, or begun to be.
    pub made: usize,
    /// How often it was taken by a worker: names what that does.
    pub begun: u64,
    /// How often the other side was asked about what was sent last.
    #[serde(default)]
    pub looks: u8,
}

/// The right of one worker to say what came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim {
    begun: u64,
}

/// What a worker has to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Task {
    /// Send it.
    Send(Claim),
    /// Ask whether what was sent then was taken.
    LookUp(Claim, Timestamp),
    /// Nothing: it has failed, since it may have arrived and the other side cannot be asked.
    GivenUp,
}

/// Why a worker does not get a notification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotYours {
    /// It is not due, or another worker has it.
    Before(Timestamp),
    /// It is over.
    Over,
}

/// What came of sending it, or of asking about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Came {
    /// It was taken.
    Taken,
    /// It may have been.
    Unknown,
    /// It was asked for, and is not there.
    NotThere,
    /// It certainly was not, and may be later.
    Later {
        /// Why not now.
        why: Reason,
        /// How long the other side wants to be left alone.
        after: Option<Duration>,
    },
    /// It certainly was not, and never will be.
    Never {
        /// Why.
        why: Reason,
    },
    /// It was not, and nothing else will be: the receiver is to be disabled.
    Gone {
        /// Why.
        why: Disabled,
    },
}

impl Came {
    /// Why it was not taken, if it was not.
    pub const fn reason(self) -> Option<Reason> {
        match self {
            Self::Taken | Self::NotThere => None,
            Self::Unknown => Some(Reason::Unknown),
            Self::Later { why, .. } | Self::Never { why } => Some(why),
            Self::Gone { why: Disabled::OptedOut } => Some(Reason::OptedOut),
            Self::Gone { .. } => Some(Reason::Gone),
        }
    }
}

/// The notification was another worker's meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Overtaken;

impl State {
    /// The word for it. That it is being sent or asked about is no state to a person.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Due { .. } | Self::Sending { .. } | Self::Asking { .. } => "due",
            Self::Sent { .. } => "sent",
            Self::Failed { .. } => "failed",
            Self::Skipped { .. } => "skipped",
        }
    }

    /// Every word for a state.
    pub const WORDS: [&'static str; 4] = ["due", "sent", "failed", "skipped"];
}

impl Notice {
    /// A notification of an event that was given at `now`.
    pub const fn new(now: Timestamp) -> Self {
        Self { state: State::Due { at: now }, made: 0, begun: 0, looks: 0 }
    }

    /// When a worker has to look at it next; `None`: it is over.
    pub const fn due(&self) -> Option<Timestamp> {
        match self.state {
            State::Due { at } | State::Asking { at, .. } => Some(at),
            State::Sending { until, .. } => Some(until),
            State::Sent { .. } | State::Failed { .. } | State::Skipped { .. } => None,
        }
    }

    /// Whether a worker that takes it at `now` is to send it.
    pub fn is_to_be_sent(&self, now: Timestamp) -> bool {
        matches!(self.state, State::Due { at } if at <= now)
    }

    /// Has it wait until quiet hours end.
    pub fn put_off(&mut self, until: Timestamp) {
        if matches!(self.state, State::Due { .. }) {
            self.state = State::Due { at: until };
        }
    }

    /// Takes it at `now`. `can_ask`: the other side can be asked whether it has what was sent.
    ///
    /// # Errors
    /// [`NotYours`].
    pub fn claim(&mut self, now: Timestamp, can_ask: bool) -> Result<Task, NotYours> {
        if let Some(due) = self.due()
            && now < due
        {
            return Err(NotYours::Before(due));
        }
        match self.state {
            State::Due { .. } => {
                (self.made, self.looks) = (self.made + 1, 0);
                Ok(Task::Send(self.begin(now, now)))
            }
            // The worker that had it is dead.
            State::Sending { since, .. } | State::Asking { since, .. } => {
                if !can_ask || self.looks >= MAX_LOOKS {
                    self.state = State::Failed { why: Reason::Unknown };
                    return Ok(Task::GivenUp);
                }
                // What was sent a moment ago may not be in the other side's list yet.
                let settled = since.plus(SETTLED_AFTER);
                if now < settled {
                    self.state = State::Asking { since, at: settled };
                    return Err(NotYours::Before(settled));
                }
                self.looks += 1;
                Ok(Task::LookUp(self.begin(now, since), since))
            }
            State::Sent { .. } | State::Failed { .. } | State::Skipped { .. } => Err(NotYours::Over),
        }
    }

    fn begin(&mut self, now: Timestamp, since: Timestamp) -> Claim {
        self.begun += 1;
        self.state = State::Sending { since, until: now.plus(HELD) };
        Claim { begun: self.begun }
    }

    /// Notes what came of it at `now`. `chance` (0 to 1) spreads the attempts.
    ///
    /// # Errors
    /// [`Overtaken`]: the worker was taken for dead.
    pub fn settle(
        &mut self,
        claim: Claim,
        came: Came,
        (now, chance): (Timestamp, f64),
        can_ask: bool,
    ) -> Result<(), Overtaken> {
        let State::Sending { since, .. } = self.state else { return Err(Overtaken) };
        if claim.begun != self.begun {
            return Err(Overtaken);
        }
        let later = |why, after: Option<Duration>| {
            // A question that was not answered says nothing of what was sent.
            if self.looks > 0 {
                return State::Asking { since, at: now.plus(after.unwrap_or_default().max(SETTLED_AFTER)) };
            }
            let next = attempt::again(self.made, after.unwrap_or_default(), now, chance);
            next.map_or(State::Failed { why }, |at| State::Due { at })
        };
        self.state = match came {
            Came::Taken => State::Sent { at: now },
            Came::Unknown if can_ask => State::Asking { since, at: now.plus(SETTLED_AFTER) },
            Came::Unknown => State::Failed { why: Reason::Unknown },
            Came::NotThere => match attempt::again(self.made, Duration::ZERO, now, chance) {
                Some(_) => State::Due { at: now },
                None => State::Failed { why: Reason::Unknown },
            },
            Came::Later { why, after } => later(why, after),
            Came::Never { why } => State::Failed { why },
            Came::Gone { .. } => State::Failed { why: came.reason().unwrap_or(Reason::Gone) },
        };
        Ok(())
    }

    /// Ends one that waits, or whose worker is dead at `now`, since its receiver is told nothing any more. Whether it is ended.
    pub fn skip(&mut self, why: Skip, now: Timestamp) -> bool {
        let is_held = matches!(self.state, State::Sending { until, .. } if now < until);
        let ends = self.due().is_some() && !is_held;
        if ends {
            self.state = State::Skipped { why };
        }
        ends
    }
}

/// One attempt that is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tried {
    /// When it began.
    pub at: Timestamp,
    /// How long the answer took, milliseconds.
    pub took_ms: u64,
    /// The other side's code: a status of HTTP, or a carrier's.
    pub code: Option<u32>,
    /// Why it was not taken; `None`: it was, or was asked for and not there.
    pub why: Option<Reason>,
}

/// Keeps another attempt. The oldest go first.
pub fn keep(log: &mut Vec<Tried>, tried: Tried) {
    log.push(tried);
    let over = log.len().saturating_sub(MAX_KEPT);
    log.drain(..over);
}

#[cfg(test)]
mod tests;
