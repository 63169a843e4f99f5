//! What a model asks for, as it calls the tools.

use domain::Timestamp;
use domain::tools::{
    BOOK_APPOINTMENT, CANCEL_APPOINTMENT, FIND_SLOTS, MY_APPOINTMENTS, RESCHEDULE_APPOINTMENT,
};
use serde_json::Value;

use super::{Answer, Book, Cancel, Desk, Find, Reschedule, Visitor};
use crate::appointments::AppointmentError;

/// One use of a tool about appointments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AppointmentRequest {
    /// Look for free times.
    Find(Find),
    /// Book an offered time.
    Book(Book),
    /// Move an appointment.
    Reschedule(Reschedule),
    /// Call one off.
    Cancel(Cancel),
    /// Tell what there is.
    List,
}

impl AppointmentRequest {
    /// Reads the arguments of the tool of this name. `None`: it is no tool about appointments.
    ///
    /// # Errors
    /// The arguments do not fit this tool. What fits the tool's schema and yet cannot be read has an hour that is not
    /// written as one.
    pub fn read(tool: &str, arguments: Value) -> Option<Result<Self, serde_json::Error>> {
        use serde_json::from_value;
        Some(match tool {
            FIND_SLOTS => from_value(arguments).map(Self::Find),
            BOOK_APPOINTMENT => from_value(arguments).map(Self::Book),
            RESCHEDULE_APPOINTMENT => from_value(arguments).map(Self::Reschedule),
            CANCEL_APPOINTMENT => from_value(arguments).map(Self::Cancel),
            MY_APPOINTMENTS => Ok(Self::List),
            _ => return None,
        })
    }
}

impl Desk {
    /// Does what is asked for.
    ///
    /// # Errors
    /// [`AppointmentError`] when the store did not do it; a refusal is an answer. Asking again is safe.
    pub async fn answer(
        &self,
        visitor: &Visitor<'_>,
        request: &AppointmentRequest,
        now: Timestamp,
    ) -> Result<Answer, AppointmentError> {
        match request {
            AppointmentRequest::Find(find) => Box::pin(self.find(visitor, find, now)).await,
            AppointmentRequest::Book(book) => Box::pin(self.book(visitor, book, now)).await,
            AppointmentRequest::Reschedule(reschedule) => {
                Box::pin(self.reschedule(visitor, reschedule, now)).await
            }
            AppointmentRequest::Cancel(cancel) => Box::pin(self.cancel(visitor, cancel, now)).await,
            AppointmentRequest::List => Box::pin(self.list(visitor, now)).await,
        }
    }
}
