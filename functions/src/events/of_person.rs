//! What the business was told of a person's calls and threads, given out.

use domain::contact::erasure::Step;
use stores::events::{MAX_PAGE, Reader};

use super::api::EventView;
use crate::edge::batch::JobError;
use crate::edge::parts::parts;
use crate::shared::of_person::{Bag, OfPerson, Person};
use crate::shared::person_in_event::PersonInEvents;

parts! {
    pub(crate) struct EventsOfPerson {
        reader: Reader,
    }
}

impl OfPerson for EventsOfPerson {
    const STEPS: &'static [Step] = &[Step::Events];

    async fn give(&self, person: &Person<'_>, bag: &mut Bag) -> Result<(), JobError> {
        let theirs = PersonInEvents::of(person.trace);
        bag.list(Step::Events, "events.json".to_owned(), "events").await?;
        let mut behind = 0;
        loop {
            let page = self.reader.after(person.business, behind, MAX_PAGE).await?;
            for event in &page.events {
                // Of the person is what an erasure takes out.
                if theirs.taken_out_of(event).is_some() {
                    bag.entry(&EventView::new(event)).await?;
                }
            }
            match page.next {
                Some(next) => behind = next,
                None => break,
            }
        }
        bag.end_list().await
    }
}
