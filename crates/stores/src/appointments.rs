//! Calendars, services, what is taken of calendars, appointments, and reminders that are due.
//!
//! | pk | sk | what |
//! |---|---|---|
//! | `calendar#<business>` | `<id>` | a calendar, with its version |
//! | `service#<business>` | `<id>` | a service, with its version |
//! | `feed#<hash>` | `feed` | which calendar the link with the secret of this hash leads to; how often it is asked in this minute |
//! | `feed#of#<business>` | `<calendar>` | the hash of the calendar's link |
//! | `agenda#<business>#<calendar>` | `<day>` | what is taken of a calendar on a day of UTC, counted from 1 January 1970, six digits; with its version |
//! | `appointment#<business>` | `<id>` | an appointment, with the reminders that it is owed |
//! | `start#<business>` | `<start>#<id>` | that an appointment begins then, milliseconds, fifteen digits |
//! | `person#<business>` | `<number>#<start>#<id>`, `<contact>#<start>#<id>` | that a person has or had an appointment then |
//! | `reminder#<share>` | `<due>#<business>#<id>#<minutes>#<start>` | a reminder that is to be sent from `due` on |
//! | `reminded#<business>` | `<id>#<start>#<minutes>` | what became of a reminder, six digits of minutes |
//! | `source#<business>` | `<calendar>#<source>` | where a calendar of another system is, and what was read of it |
//! | `fetch#<share>` | `<business>#<calendar>#<source>` | that there is such a source |
//!
//! An appointment, its agendas, its pointers and its reminders are written in one transaction, whose conditions are the
//! versions that were read. Two that want one time have read the same agenda, and the second one is refused: so no time is
//! given away twice, and of a move that is cut off either all or nothing is done. What the timeline of the person's contact
//! is told lies in Contacts, and is part of that transaction.

mod catalogue;
pub mod desk;
mod erase;
mod feeds;
mod read;
mod reminders;
mod rows;
mod sources;
mod write;

use domain::appointments::{Appointment, Refusal};
use platform::Aws;

use crate::StoreError;
use crate::table::Table;

pub use catalogue::{Catalogue, CatalogueWriter, Versioned};
pub use erase::Eraser;
pub use feeds::{FEED_PER_MINUTE, FeedOf};
pub use read::{Page, Position, Reader};
pub use reminders::{ReminderWriter, RemindersOf};
pub use sources::{SourceKey, SourceWriter, StoredSource};
pub use write::{Fence, Named, Place, Writer};

/// What the partition keys of calendars begin with.
pub const CALENDAR_KEYS: &str = "calendar#";
/// What the partition keys of services begin with.
pub const SERVICE_KEYS: &str = "service#";
/// What the partition keys of feeds begin with.
pub const FEED_KEYS: &str = "feed#";
/// What the partition keys of calendars of other systems begin with.
pub const SOURCE_KEYS: &str = "source#";
/// What the partition keys of pointers to such calendars begin with.
pub const FETCH_KEYS: &str = "fetch#";
/// What the partition keys of agendas begin with.
pub const AGENDA_KEYS: &str = "agenda#";
/// What the partition keys of appointments begin with.
pub const APPOINTMENT_KEYS: &str = "appointment#";
/// What the partition keys of pointers by time begin with.
pub const START_KEYS: &str = "start#";
/// What the partition keys of pointers by person begin with.
pub const PERSON_KEYS: &str = "person#";
/// What the partition keys of reminders begin with.
pub const REMINDER_KEYS: &str = "reminder#";
/// What the partition keys of reminders begin with of which something has become.
pub const REMINDED_KEYS: &str = "reminded#";

/// Why an appointment was not made or changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AppointmentError {
    /// By the rules of the calendar or of the appointment.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// It was changed since the version that was seen; this is the one that it has.
    #[error("the appointment has changed: it has version {0}")]
    Changed(u64),
    /// A later session has the call.
    #[error("a later session has the call")]
    Superseded,
    /// The store did not do it, or its answer was lost; asking again is safe.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// An appointment that was made or changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// As it stands.
    pub appointment: Appointment,
    /// Whether an earlier request had done it.
    pub replayed: bool,
}

fn table(aws: &Aws, name: &str) -> Table {
    Table::new(aws, name)
}
