//! Reminders. Each is known by the appointment's beginning, too, so that moving the appointment makes the old ones
//! others, which are taken away with the move.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::service::minutes;
use super::{Appointment, AppointmentId, Outcome, Service, Status};
use crate::{BusinessId, Timestamp};

/// Reminders of one appointment, at most.
pub const REMINDERS_MAX: usize = 3;

/// One reminder that is due at some time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reminder {
    /// Whose appointment it is.
    pub business: BusinessId,
    /// The appointment.
    pub appointment: AppointmentId,
    /// When the appointment began as this was planned. One that begins at another time now has no use for it.
    pub start: Timestamp,
    /// By which of the service's rules: minutes before.
    pub before_minutes: u32,
    /// When it is due.
    pub due: Timestamp,
}

impl Reminder {
    /// Those of an appointment that are still to come at `now`: none unless it is booked.
    pub fn all(business: &BusinessId, of: &Appointment, service: &Service, now: Timestamp) -> Vec<Self> {
        if of.status != Status::Booked {
            return vec![];
        }
        let rules: BTreeSet<u32> = service.reminders.iter().copied().collect();
        let reminder = |before_minutes: u32| Self {
            business: business.clone(),
            appointment: of.id.clone(),
            start: of.start,
            before_minutes,
            due: of.start.minus(minutes(before_minutes)),
        };
        rules.into_iter().take(REMINDERS_MAX).map(reminder).filter(|reminder| now < reminder.due).collect()
    }

    /// Its name, the same whenever it is sent: what is done under it is done once.
    pub fn name(&self) -> String {
        format!("reminder-{}-{}-{}", self.appointment, self.start.0, self.before_minutes)
    }

    /// The same at a later time.
    #[must_use]
    pub fn put_off(&self, until: Timestamp) -> Self {
        Self { due: until, ..self.clone() }
    }

    /// Whether the appointment as it is now is the one that it was planned for.
    pub fn is_of(&self, appointment: &Appointment) -> bool {
        appointment.id == self.appointment
            && appointment.status == Status::Booked
            && appointment.start == self.start
    }

    /// Whether it is to be sent, by the appointment as it is now.
    pub fn is_wanted(&self, now: Timestamp, appointment: &Appointment) -> bool {
        self.is_of(appointment) && now < self.start
    }
}

/// What became of a reminder, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reminded {
    /// When the appointment began by this reminder.
    pub start: Timestamp,
    /// By which of the service's rules: minutes before.
    pub before_minutes: u32,
    /// What became of it.
    pub outcome: Outcome,
    /// When.
    pub at: Timestamp,
}
