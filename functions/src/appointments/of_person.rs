//! A person's appointments, given out.

use domain::Timestamp;
use domain::appointments::Interval;
use domain::contact::erasure::Step;
use stores::appointments::Reader;

use super::shapes::AppointmentView;
use crate::edge::batch::JobError;
use crate::edge::parts::parts;
use crate::shared::of_person::{Bag, OfPerson, Person};

/// Appointments of one read.
const PAGE: u16 = 100;
/// All times.
const ALWAYS: Interval = Interval { from: Timestamp(0), until: Timestamp(253_402_300_799_000) };

parts! {
    pub(crate) struct AppointmentsOfPerson {
        reader: Reader,
    }
}

impl OfPerson for AppointmentsOfPerson {
    const STEPS: &'static [Step] = &[Step::Appointments];

    async fn give(&self, person: &Person<'_>, bag: &mut Bag) -> Result<(), JobError> {
        let numbers = person.trace.numbers();
        let numbers = numbers.iter().map(|number| number.as_e164().to_owned());
        let names: Vec<String> =
            numbers.chain(person.trace.contacts.iter().map(ToString::to_string)).collect();
        bag.list(Step::Appointments, "appointments.json".to_owned(), "appointments").await?;
        let mut behind = None;
        loop {
            let page = self.reader.list_of(person.business, &names, ALWAYS, PAGE, behind.as_ref()).await?;
            for appointment in &page.appointments {
                bag.entry(&AppointmentView::new(appointment)).await?;
            }
            behind = page.next;
            if behind.is_none() {
                break;
            }
        }
        bag.end_list().await
    }
}
