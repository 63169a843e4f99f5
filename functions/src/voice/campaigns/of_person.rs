//! What campaigns know of a person, given out.

use domain::contact::erasure::Step;
use serde::Serialize;
use stores::campaigns::Reader;

use super::api::entries::EntryView;
use crate::edge::batch::JobError;
use crate::edge::parts::parts;
use crate::shared::of_person::{Bag, OfPerson, Person};

parts! {
    pub(crate) struct CampaignsOfPerson {
        reader: Reader,
    }
}

/// An entry with the campaign that it is one of.
#[derive(Serialize)]
struct OfCampaign<'a> {
    campaign: &'a str,
    #[serde(flatten)]
    entry: EntryView<'a>,
}

impl OfPerson for CampaignsOfPerson {
    const STEPS: &'static [Step] = &[Step::Campaigns];

    async fn give(&self, person: &Person<'_>, bag: &mut Bag) -> Result<(), JobError> {
        bag.list(Step::Campaigns, "campaigns.json".to_owned(), "entries").await?;
        for number in person.trace.numbers() {
            for (id, entry) in self.reader.about(person.business, &number).await? {
                if let Some(stored) = self.reader.entry(person.business, &id, entry).await? {
                    let entry = EntryView::new(&stored.entry);
                    bag.entry(&OfCampaign { campaign: id.as_str(), entry }).await?;
                }
            }
        }
        bag.end_list().await
    }
}
