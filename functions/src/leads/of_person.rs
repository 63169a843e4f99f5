//! The leads of a person, given out with what was sent.

use domain::contact::erasure::Step;
use platform::Clock;
use stores::leads::Reader;

use super::shapes::WholeView;
use crate::edge::batch::JobError;
use crate::edge::parts::parts;
use crate::shared::of_person::{Bag, OfPerson, Person};

parts! {
    pub(crate) struct LeadsOfPerson {
        clock: Clock,
        reader: Reader,
    }
}

impl OfPerson for LeadsOfPerson {
    const STEPS: &'static [Step] = &[Step::Leads];

    async fn give(&self, person: &Person<'_>, bag: &mut Bag) -> Result<(), JobError> {
        bag.list(Step::Leads, "leads.json".to_owned(), "leads").await?;
        for contact in person.contacts() {
            for (source, lead) in self.reader.about(person.business, contact).await? {
                let stored = self.reader.lead(person.business, &source, lead, self.clock.now()).await?;
                if let Some(stored) = stored {
                    bag.entry(&WholeView::new(&stored)).await?;
                }
            }
        }
        bag.end_list().await
    }
}
