//! Which numbers of a person are not called, given out.

use domain::contact::erasure::Step;
use stores::do_not_call::Reader;

use super::api::EntryView;
use crate::edge::batch::JobError;
use crate::edge::parts::parts;
use crate::shared::of_person::{Bag, OfPerson, Person};

parts! {
    pub(crate) struct DoNotCallOfPerson {
        reader: Reader,
    }
}

impl OfPerson for DoNotCallOfPerson {
    const STEPS: &'static [Step] = &[Step::DoNotCall];

    async fn give(&self, person: &Person<'_>, bag: &mut Bag) -> Result<(), JobError> {
        bag.list(Step::DoNotCall, "do-not-call.json".to_owned(), "numbers").await?;
        for number in person.trace.numbers() {
            if let Some(entry) = self.reader.entry(person.business, &number).await? {
                bag.entry(&EntryView::new(&entry)).await?;
            }
        }
        bag.end_list().await
    }
}
