//! What is known of a contact, what happened with it and what is to be done, given out.

use domain::contact::erasure::Step;
use domain::contact::person_export::LeftOut;
use stores::contacts::Reader;

use super::besides::EntryView;
use super::shapes::ContactView;
use super::tasks::TaskView;
use crate::edge::batch::JobError;
use crate::edge::parts::parts;
use crate::shared::of_person::{Bag, OfPerson, Person};

/// Entries of one read of a timeline.
const PAGE: u16 = 100;

parts! {
    pub(crate) struct ContactOfPerson {
        reader: Reader,
    }
}

impl OfPerson for ContactOfPerson {
    const STEPS: &'static [Step] = &[Step::Contact];

    async fn give(&self, person: &Person<'_>, bag: &mut Bag) -> Result<(), JobError> {
        let (business, ids) = (person.business, person.contacts());
        let pipeline = self.reader.pipeline(business).await?.value;
        let contact = ContactView::new(person.stored, &pipeline);
        bag.file(Step::Contact, "contact.json".to_owned(), 1, &contact).await?;
        let merged = u64::try_from(person.stored.contact.merged.len()).unwrap_or(u64::MAX);
        bag.leave_out(Step::Contact, LeftOut::Undo, merged);
        bag.list(Step::Contact, "timeline.json".to_owned(), "entries").await?;
        let mut behind = None;
        loop {
            let page = self.reader.timeline(business, &ids, None, PAGE, behind).await?;
            for entry in &page.entries {
                bag.entry(&EntryView::new(entry)).await?;
            }
            behind = page.next;
            if behind.is_none() {
                break;
            }
        }
        bag.end_list().await?;
        bag.list(Step::Contact, "tasks.json".to_owned(), "tasks").await?;
        for task in &self.reader.every_task(business, &ids).await? {
            bag.entry(&TaskView::new(task)).await?;
        }
        bag.end_list().await
    }
}
