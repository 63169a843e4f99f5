//! What is kept of the words of a person's calls, given out: every version of each transcript.

use domain::contact::erasure::Step;
use stores::{calls, transcripts};

use super::answers::TranscriptAnswer;
use crate::edge::batch::JobError;
use crate::edge::parts::parts;
use crate::shared::of_person::{Bag, OfPerson, Person};

parts! {
    pub(crate) struct TranscriptsOfPerson {
        calls: calls::Reader,
        reader: transcripts::Reader,
    }
}

impl OfPerson for TranscriptsOfPerson {
    const STEPS: &'static [Step] = &[Step::Transcripts];

    async fn give(&self, person: &Person<'_>, bag: &mut Bag) -> Result<(), JobError> {
        for sid in &person.trace.calls {
            let call = self.calls.call(sid).await?;
            if call.is_none_or(|call| call.business != *person.business) {
                continue;
            }
            let (pointer, versions) = tokio::try_join!(self.reader.pointer(sid), self.reader.versions(sid))?;
            for version in &versions {
                let name = format!("calls/{sid}/transcript-{}.json", version.number);
                let answer = TranscriptAnswer::new(pointer.as_ref(), Some(version), &versions);
                bag.file(Step::Transcripts, name, 1, &answer).await?;
            }
        }
        Ok(())
    }
}
