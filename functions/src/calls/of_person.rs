//! What is kept of a person's calls, given out: each call with what was said in it and what it came to, and its recordings.

use domain::RecordingState;
use domain::contact::erasure::{MAX_CALLS, Step};
use domain::contact::person_export::LeftOut;
use stores::{calls, recordings, transcripts, turns};

use super::api::{Record, RecordingList};
use super::parts::{Include, Included, Keepers, Parts};
use crate::edge::batch::JobError;
use crate::edge::parts::parts;
use crate::shared::of_person::{Bag, OfPerson, Person};

/// What a call cost is the business's affair, and the contact has a file of its own.
const GIVEN: [Include; 9] = [
    Include::Events,
    Include::Turns,
    Include::Messages,
    Include::Listeners,
    Include::Session,
    Include::Sessions,
    Include::Recordings,
    Include::Transcript,
    Include::Insights,
];

parts! {
    pub(crate) struct CallsOfPerson {
        calls: calls::Reader,
        turns: turns::Reader,
        recordings: recordings::Reader,
        transcripts: transcripts::Reader,
    }
}

impl OfPerson for CallsOfPerson {
    const STEPS: &'static [Step] = &[Step::Calls, Step::Turns, Step::Recordings];

    async fn give(&self, person: &Person<'_>, bag: &mut Bag) -> Result<(), JobError> {
        let mut included = Included::default();
        GIVEN.into_iter().for_each(|part| included.add(part));
        let Self { calls, turns, recordings, transcripts } = self;
        let keepers = Keepers { calls, turns, recordings, transcripts };
        if person.trace.calls.len() >= MAX_CALLS {
            bag.may_lack(Step::Calls, LeftOut::TooMuch);
        }
        for sid in &person.trace.calls {
            // Sids are Twilio's: that one is of this business, nothing but the call says.
            let call = calls.call(sid).await?.filter(|call| call.business == *person.business);
            let Some(call) = call else { continue };
            let parts = Box::pin(Parts::read(keepers, sid, &included)).await?;
            let said = parts.turns.as_ref().map_or(0, Vec::len);
            bag.count(Step::Turns, u64::try_from(said).unwrap_or(u64::MAX));
            let name = format!("calls/{sid}/call.json");
            bag.file(Step::Calls, name, 1, &Record::new(&call, &parts)).await?;
            let all = parts.recordings.map(|recordings| recordings.all).unwrap_or_default();
            if all.is_empty() {
                continue;
            }
            let name = format!("calls/{sid}/recordings.json");
            bag.file(Step::Recordings, name, 0, &RecordingList::new(&all)).await?;
            for recording in &all {
                let RecordingState::Archived(archived) = &recording.state else {
                    bag.leave_out(Step::Recordings, LeftOut::NoFile, 1);
                    continue;
                };
                let name = format!("calls/{sid}/{}.wav", recording.sid);
                bag.object(Step::Recordings, name, (&archived.key, archived.bytes)).await?;
            }
        }
        Ok(())
    }
}
