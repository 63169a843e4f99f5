//! What calls of a campaign with a goal came to: the summing-up of a call and its cost are there some time after its end, and are asked
//! for until then. The campaign's own calls have no other counter, so each counts once.

use domain::campaign::Campaign;
use domain::campaign::entry::Event;
use domain::campaign::goal::Goal;
use domain::{BusinessId, CallSid};
use platform::Clock;
use stores::campaigns::{DueList, Reader, Writer};
use stores::{StoreError, transcripts};

use super::move_entry;
use crate::edge::parts::parts;

/// Entries whose facts are asked for in one pass.
const ASKED_AT_ONCE: u16 = 40;

parts! {
    /// Asks for the facts of calls.
    pub(super) struct AskingFacts {
        clock: Clock,
        reader: Reader,
        writer: Writer,
        transcripts: transcripts::Reader,
    }
}

impl AskingFacts {
    /// Asks for those that are due. Whether there may be more.
    pub(super) async fn ask(&self, business: &BusinessId, campaign: &Campaign) -> Result<bool, StoreError> {
        let Some(goal) = &campaign.plan.goal else { return Ok(false) };
        let now = self.clock.now();
        let all = self.reader.due(business, &campaign.id, DueList::FACTS, now, ASKED_AT_ONCE).await?;
        let more = all.len() >= usize::from(ASKED_AT_ONCE);
        for due in all {
            let found = self.writer.due_entry(business, &campaign.id, DueList::FACTS, due).await?;
            let Some(seen) = found else { continue };
            let of = seen
                .entry
                .attempts
                .iter()
                .filter(|attempt| attempt.facts.is_some_and(|facts| facts.due() == Some(due.0)));
            let Some(call) = of.filter_map(|attempt| attempt.call.clone()).next() else { continue };
            let event = Event::Told { told: self.told(goal, &call).await?, call };
            move_entry(&self.writer, (business, campaign), &seen, event, ((None, None), now)).await?;
        }
        Ok(more)
    }

    /// Whether a call reached the goal, and what it cost; `None`: it was not summed up yet.
    async fn told(&self, goal: &Goal, call: &CallSid) -> Result<Option<(bool, u64)>, StoreError> {
        let insights = self.transcripts.insights(call).await?;
        let Some(last) = insights.last() else { return Ok(None) };
        let cost = self.transcripts.cost(call).await?;
        Ok(cost.map(|cost| (goal.is_reached(last), cost.known_micros())))
    }
}
