//! What features keep of one person, given out in the shape that their API has.
//!
//! Each feature says what it gives, and puts it into the [`Bag`]; which features there are is the list of functions' to know. An
//! erasure and an export go by the same steps, and find the person by the same trace.

mod bag;

use domain::BusinessId;
use domain::contact::erasure::{Step, Trace};
use domain::contact::{ContactId, PersonRequestId};
use stores::contacts::Stored;

use crate::edge::batch::JobError;
use crate::edge::parts::Part;

pub(crate) use bag::{About, Bag};

/// Whom an export is about.
pub(crate) struct Person<'a> {
    pub(crate) business: &'a BusinessId,
    pub(crate) stored: &'a Stored,
    /// By what the person is found.
    pub(crate) trace: &'a Trace,
}

impl Person<'_> {
    /// The contact, and those that went into it.
    pub(crate) fn contacts(&self) -> Vec<ContactId> {
        self.trace.contacts.iter().copied().collect()
    }
}

/// What a feature keeps of persons.
pub(crate) trait OfPerson: Part + Send + Sync + 'static {
    /// The owners of data of which it gives everything.
    const STEPS: &'static [Step];

    /// Gives what is kept of a person.
    fn give(&self, person: &Person<'_>, bag: &mut Bag) -> impl Future<Output = Result<(), JobError>> + Send;
}

/// Where an attempt to export a person puts its file, in the bucket of files.
pub(crate) fn file_of(business: &BusinessId, export: PersonRequestId, attempt: u32) -> String {
    format!("exports/{business}/{export}-{attempt}.zip")
}
