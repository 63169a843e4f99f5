//! What a business used in a month, and how near it is to its caps.
//!
//! A sum is made of entries, and each entry has a [`Cause`]: a call that ended, a later piece of work on it, a
//! recording that was stored or deleted, a text that was answered. An entry can be made of nothing else, cannot be copied, and is spent when it
//! is added; a ledger that has its cause already refuses it. So a sum is never made anew from the calls.

mod caps;
mod day;
mod month;

use std::collections::BTreeSet;
use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::cost::{CallCost, PartKind};
use crate::recording::Archived;
use crate::texts::ThreadId;
use crate::texts::thread::Thread;
use crate::transcript::Run;
use crate::zone::Zone;
use crate::{BusinessId, Call, CallSid, Direction, Recording, RecordingSid, RecordingState, Timestamp};

pub use caps::{Caps, Level, Meter, Reading, WARN_AT_PERCENT, readings, risen, standing};
pub use day::{Conversation, DayFigures, Histogram, HourFigures};
pub use month::{InvalidMonth, Month};

/// What an entry stems from. Its text is unique in a business, and stable: it is the key under which a store refuses
/// a second entry.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Cause {
    /// A call that is over, with what carrying it and its first follow-up cost.
    Call(CallSid),
    /// Work that was done for a call again.
    Run {
        /// The call.
        call: CallSid,
        /// Which time: never the call's own run.
        run: Run,
    },
    /// A recording came into the business's bucket.
    Stored(RecordingSid),
    /// A recording left it.
    Deleted(RecordingSid),
    /// A text that the agent answered.
    Reply {
        /// The thread.
        thread: ThreadId,
        /// The step of the thread in which the reply was begun.
        step: u64,
    },
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Call(call) => write!(f, "call#{call}"),
            Self::Run { call, run } => write!(f, "run#{call}#{run}"),
            Self::Stored(recording) => write!(f, "stored#{recording}"),
            Self::Deleted(recording) => write!(f, "deleted#{recording}"),
            Self::Reply { thread, step } => write!(f, "reply#{thread}#{step}"),
        }
    }
}

/// UsageFigures by which way calls went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ByDirection {
    /// Of calls that came in.
    pub inbound: u64,
    /// Of calls that were placed.
    pub outbound: u64,
    /// Of calls from the console.
    pub test: u64,
    /// Of calls of which it was never known.
    pub unknown: u64,
}

impl ByDirection {
    fn one(direction: Direction, figure: u64) -> Self {
        let mut figures = Self::default();
        match direction {
            Direction::Inbound => figures.inbound = figure,
            Direction::Outbound => figures.outbound = figure,
            Direction::Test => figures.test = figure,
            Direction::Unknown => figures.unknown = figure,
        }
        figures
    }

    /// All together.
    pub const fn total(&self) -> u64 {
        self.inbound.saturating_add(self.outbound).saturating_add(self.test).saturating_add(self.unknown)
    }

    const fn plus(self, other: Self) -> Self {
        Self {
            inbound: self.inbound.saturating_add(other.inbound),
            outbound: self.outbound.saturating_add(other.outbound),
            test: self.test.saturating_add(other.test),
            unknown: self.unknown.saturating_add(other.unknown),
        }
    }
}

/// The figures of a sum, and of each entry of it. Whole numbers, which only grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct UsageFigures {
    /// Calls that were let in.
    pub calls: ByDirection,
    /// Calls that were answered with a refusal.
    pub refused: u64,
    /// How long calls lasted, milliseconds.
    pub talk_ms: ByDirection,
    /// What models cost, as far as it is known, micro-dollars.
    pub model_micros: u64,
    /// What the carrier costs, as far as it is known, micro-dollars.
    pub carrier_micros: u64,
    /// Entries of whose cost a part is not known.
    pub unpriced: u64,
    /// Bytes of recordings that were stored.
    pub stored_bytes: u64,
    /// Bytes of recordings that were deleted.
    pub deleted_bytes: u64,
}

impl UsageFigures {
    /// Begun minutes of all calls together.
    pub const fn minutes(&self) -> u64 {
        self.talk_ms.total().div_ceil(60_000)
    }

    /// What is known of the cost, micro-dollars.
    pub const fn micros(&self) -> u64 {
        self.model_micros.saturating_add(self.carrier_micros)
    }

    /// Bytes of what was stored and not deleted, if these are the figures of all months together.
    pub const fn kept_bytes(&self) -> u64 {
        self.stored_bytes.saturating_sub(self.deleted_bytes)
    }

    /// Both together, as when months become a year.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self {
            calls: self.calls.plus(other.calls),
            refused: self.refused.saturating_add(other.refused),
            talk_ms: self.talk_ms.plus(other.talk_ms),
            model_micros: self.model_micros.saturating_add(other.model_micros),
            carrier_micros: self.carrier_micros.saturating_add(other.carrier_micros),
            unpriced: self.unpriced.saturating_add(other.unpriced),
            stored_bytes: self.stored_bytes.saturating_add(other.stored_bytes),
            deleted_bytes: self.deleted_bytes.saturating_add(other.deleted_bytes),
        }
    }

    fn with_cost(mut self, cost: &CallCost) -> Self {
        for part in &cost.parts {
            let sum = if is_carriers(part.kind) { &mut self.carrier_micros } else { &mut self.model_micros };
            *sum = sum.saturating_add(part.micros.unwrap_or(0));
        }
        self.unpriced += u64::from(!cost.is_complete());
        self
    }
}

/// Whether the carrier is paid for it; otherwise a model is.
const fn is_carriers(kind: PartKind) -> bool {
    match kind {
        PartKind::Telephony | PartKind::MediaStream | PartKind::Recording => true,
        PartKind::Realtime
        | PartKind::LiveTranscription
        | PartKind::FileTranscription
        | PartKind::Insights => false,
    }
}

/// One contribution to a sum. It cannot be copied: adding it spends it.
#[derive(Debug, PartialEq, Eq)]
pub struct Entry {
    business: BusinessId,
    month: Month,
    cause: Cause,
    figures: UsageFigures,
    /// What a call adds to the day on which it began.
    day: Option<Box<(Date, DayFigures)>>,
}

/// The call is not over, so that what it used is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the call is not over: it is counted when it is")]
pub struct NotOver;

impl Entry {
    /// A call that is over, in the month in which it began by clocks in the business's zone. A call that was answered
    /// and whose length Twilio never told is counted by our own times.
    ///
    /// # Errors
    /// [`NotOver`].
    pub fn of_call(
        call: &Call,
        cost: &CallCost,
        conversation: Conversation<'_>,
        zone: &Zone,
    ) -> Result<Self, NotOver> {
        if !call.status.is_terminal() {
            return Err(NotOver);
        }
        let talk_ms = u64::try_from(call.lasted().as_millis()).unwrap_or(u64::MAX);
        let refused = u64::from(call.refusal.is_some());
        let figures = UsageFigures {
            calls: ByDirection::one(call.direction, 1 - refused),
            refused,
            talk_ms: ByDirection::one(call.direction, talk_ms),
            ..UsageFigures::default()
        };
        let cause = Cause::Call(call.sid.clone());
        let entry = Self::new(&call.business, cause, figures.with_cost(cost), call.opened_at, zone);
        // Days tell what happened to callers. A test call has none.
        let day = call.is_twilios().then(|| Box::new(DayFigures::of_call(call, conversation, zone)));
        Ok(Self { day, ..entry })
    }

    /// Work that was done for a call again, at its own cost, in the month in which it was done. `None` for the call's
    /// own run, whose cost is the call's.
    pub fn of_run(call: &Call, run: Run, cost: &CallCost, now: Timestamp, zone: &Zone) -> Option<Self> {
        let cause = Cause::Run { call: call.sid.clone(), run };
        (run != Run::FIRST)
            .then(|| Self::new(&call.business, cause, UsageFigures::default().with_cost(cost), now, zone))
    }

    /// A reply that was written for a thread, in the month in which it was, whatever became of it.
    pub fn of_reply(thread: &Thread, cost: &CallCost, now: Timestamp, zone: &Zone) -> Self {
        let cause = Cause::Reply { thread: thread.id.clone(), step: thread.step };
        Self::new(&thread.business, cause, UsageFigures::default().with_cost(cost), now, zone)
    }

    /// What is known of a recording: that it came into the business's bucket and, if it was deleted, that it left it
    /// again, each in the month in which it happened. A recording that was never stored adds nothing.
    pub fn of_recording(recording: &Recording, zone: &Zone) -> Vec<Self> {
        let (stored, left) = match &recording.state {
            RecordingState::Archived(archived) => (Some(archived), None),
            RecordingState::Deleted(deletion) => (deletion.archived.as_ref(), Some(deletion.at)),
            RecordingState::InProgress
            | RecordingState::Announced
            | RecordingState::Failed { .. }
            | RecordingState::Lost
            | RecordingState::Absent => (None, None),
        };
        let Some(Archived { bytes, at, .. }) = stored else { return vec![] };
        let entry = |cause, figures, at| Self::new(&recording.business, cause, figures, at, zone);
        let came = UsageFigures { stored_bytes: *bytes, ..UsageFigures::default() };
        let went = UsageFigures { deleted_bytes: *bytes, ..UsageFigures::default() };
        let came = entry(Cause::Stored(recording.sid.clone()), came, *at);
        let went = left.map(|left| entry(Cause::Deleted(recording.sid.clone()), went, left));
        std::iter::once(came).chain(went).collect()
    }

    fn new(business: &BusinessId, cause: Cause, figures: UsageFigures, now: Timestamp, zone: &Zone) -> Self {
        Self { business: business.clone(), month: Month::of(now, zone), cause, figures, day: None }
    }

    /// Whose sum it belongs to.
    pub const fn business(&self) -> &BusinessId {
        &self.business
    }

    /// The month of the sum.
    pub const fn month(&self) -> Month {
        self.month
    }

    /// What it stems from.
    pub const fn cause(&self) -> &Cause {
        &self.cause
    }

    /// What it adds to a day, if it is a call's.
    pub fn day(&self) -> Option<(Date, &DayFigures)> {
        self.day.as_deref().map(|(day, figures)| (*day, figures))
    }

    /// What it adds.
    pub const fn figures(&self) -> &UsageFigures {
        &self.figures
    }
}

/// The sum of one business and month, with what it is made of. A store holds the same by one transaction: a row that
/// must be new under the entry's cause, and the addition to the row of the sum.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ledger {
    business: BusinessId,
    month: Month,
    counted: BTreeSet<Cause>,
    sum: UsageFigures,
}

/// Why an entry is not added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAdded {
    /// Its cause is counted already. The sum is as it should be.
    #[error("the cause is counted already")]
    Counted,
    /// It belongs to another business's sum or another month's.
    #[error("the entry belongs to another sum")]
    Elsewhere,
}

impl Ledger {
    /// A sum of nothing.
    pub fn new(business: BusinessId, month: Month) -> Self {
        Self { business, month, counted: BTreeSet::new(), sum: UsageFigures::default() }
    }

    /// Adds an entry.
    ///
    /// # Errors
    /// [`NotAdded`]; nothing is changed then.
    pub fn add(&mut self, entry: Entry) -> Result<(), NotAdded> {
        if entry.business != self.business || entry.month != self.month {
            return Err(NotAdded::Elsewhere);
        }
        if !self.counted.insert(entry.cause) {
            return Err(NotAdded::Counted);
        }
        self.sum = self.sum.plus(entry.figures);
        Ok(())
    }

    /// What was used.
    pub const fn sum(&self) -> &UsageFigures {
        &self.sum
    }
}

#[cfg(test)]
mod tests;
