//! What the timeline of a contact is told of its appointments.

use strum::IntoStaticStr;

use super::{Appointment, Status};
use crate::contact::{Entry, What};

/// What became of an appointment, as a timeline says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Became {
    /// It was made, at once or out of a time that was held.
    Booked,
    /// It has another time, service or calendar.
    Moved,
    /// It was called off.
    Cancelled,
    /// It took place.
    Done,
    /// The person did not come.
    NoShow,
}

impl Became {
    /// What it is for one that was in this state, if it was there.
    const fn of(before: Option<Status>, after: Status) -> Option<Self> {
        match (before, after) {
            (None | Some(Status::Held), Status::Booked) => Some(Self::Booked),
            (Some(Status::Booked), Status::Booked) => Some(Self::Moved),
            (Some(Status::Booked), Status::Cancelled) => Some(Self::Cancelled),
            (Some(Status::Booked | Status::Done | Status::NoShow), Status::Done) => Some(Self::Done),
            (Some(Status::Booked | Status::Done | Status::NoShow), Status::NoShow) => Some(Self::NoShow),
            // A time that is only held, or given back, is no news of a person.
            _ => None,
        }
    }
}

/// What became of an appointment by this change; `None`: it is no news of a person.
pub fn became(before: Option<&Appointment>, after: &Appointment) -> Option<Became> {
    Became::of(before.map(|before| before.status), after.status)
}

/// What the contact's timeline is told of this change; `None`: nothing, or the person is not known.
///
/// What is said of one that has begun stands at its beginning under one name, so that a correction takes the place of what
/// it corrects.
pub fn told(before: Option<&Appointment>, after: &Appointment) -> Option<Entry> {
    after.person.contact?;
    let became = became(before, after)?;
    let (at, name) = match became {
        Became::Booked | Became::Moved | Became::Cancelled => {
            (after.changed_at, format!("{}#{}", after.id, after.version))
        }
        Became::Done | Became::NoShow => (after.start, format!("{}#ended", after.id)),
    };
    let became: &str = became.into();
    let what = What::Appointment {
        appointment: after.id.to_string(),
        became: became.to_owned(),
        start: Some(after.start),
    };
    Some(Entry::new(at, &name, what))
}
