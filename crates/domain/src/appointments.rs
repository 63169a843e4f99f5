//! Appointments: calendars with hours, services with a length, times that are free, and who has which.
//!
//! A *calendar* is whatever can be taken for a while: a person's time, a room, a machine. A *service* is done in one of
//! its calendars and may take others (*resources*) along. A *slot* is a time at which a service can begin; the slots of a
//! telephone call are something else. An *agenda* holds what is taken of a calendar on one day of UTC; all that decides
//! whether a time is free is in agendas, so that a store that writes them under their versions cannot book twice.
//!
//! Hours are those of clocks in the calendar's zone, and every wall time is turned into a moment with the offset of its own
//! date. An appointment keeps both, since a zone's rules may change before it comes.

mod agenda;
mod appointment;
mod calendar;
mod claims;
mod feed;
mod hint;
mod history;
mod ids;
mod refusal;
mod remind;
mod reminder;
mod reminder_words;
mod say;
mod service;
mod slots;
mod source;
mod token;

pub use agenda::{AGENDA_MAX, Agenda, AgendaKey, Agendas, Entry, Lane, UtcDay};
pub use appointment::{Appointment, NAME_MAX_CHARS, NOTES_MAX_CHARS, Person, Source, Status, Wanted, Whose};
pub use calendar::{Calendar, CalendarException, EXCEPTIONS_MAX, SPANS_MAX};
pub use claims::claims_appointment;
pub use feed::{FEED_KEPT, Feed};
pub use hint::{Asked, Clock, Hint, Part, Question, Week};
pub use history::{Became, became, told};
pub use ids::{AppointmentId, CalendarId, ServiceId, SourceId};
pub use refusal::Refusal;
pub use remind::{
    Missed, Otherwise, Outcome, Possible, REMINDER_MAX_CHARS, Reminding, Told, WAYS_MAX, Way, WayWord, by_day,
};
pub use reminder::{REMINDERS_MAX, Reminded, Reminder};
pub use say::{Named, day_named, say_moment};
pub use service::{Invalid, Service, TEXT_MAX_CHARS};
pub use slots::{Candidate, Interval, Slot};
pub use source::{
    ADDRESS_MAX_BYTES, BusySource, External, Known, NotRead, READ_AHEAD, READ_EVERY, SOURCES_MAX,
    STALE_AFTER, WhileAway,
};
pub use token::{SLOT_TOKEN_LASTS, SlotKey};

use std::time::Duration;

/// How long a time is held for a person who has not decided yet. It counts whether the store has deleted the row or not.
pub const HOLD_LASTS: Duration = Duration::from_secs(180);

#[cfg(test)]
mod tests;
