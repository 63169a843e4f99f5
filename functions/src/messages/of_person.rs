//! What a person left with the agent, in calls and in writing, given out.

use domain::contact::erasure::Step;
use stores::messages::{Entry, Reader};
use stores::{calls, recordings, transcripts};

use super::Keepers;
use super::api::MessageView;
use crate::edge::batch::JobError;
use crate::edge::parts::parts;
use crate::shared::of_person::{Bag, OfPerson, Person};

parts! {
    pub(crate) struct MessagesOfPerson {
        reader: Reader,
        calls: calls::Reader,
        recordings: recordings::Reader,
        transcripts: transcripts::Reader,
    }
}

impl OfPerson for MessagesOfPerson {
    const STEPS: &'static [Step] = &[Step::Messages];

    async fn give(&self, person: &Person<'_>, bag: &mut Bag) -> Result<(), JobError> {
        let mut all: Vec<Entry> = self.reader.of_threads(person.business, &person.trace.threads).await?;
        for sid in &person.trace.calls {
            let call = self.calls.call(sid).await?.filter(|call| call.business == *person.business);
            if let Some(call) = call {
                all.extend(self.reader.of_call(&call).await?);
            }
        }
        // The newest first, as in the list.
        all.sort_by_key(|(left, _)| std::cmp::Reverse(left.id));
        let keepers = Keepers { recordings: &self.recordings, transcripts: &self.transcripts };
        bag.list(Step::Messages, "messages.json".to_owned(), "messages").await?;
        for (left, mark) in &all {
            let voicemail = keepers.voicemail(left.clone(), true).await?;
            bag.entry(&MessageView::new(left, mark.as_ref(), voicemail.as_ref(), true)).await?;
        }
        bag.end_list().await
    }
}
