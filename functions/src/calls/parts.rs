//! What belongs to a call and lies elsewhere: read only if `include` names it.

use domain::call::StatusEvent;
use domain::cost::CallCost;
use domain::listening::Listener;
use domain::recording::CallRecordings;
use domain::tools::TakenMessage;
use domain::transcript::Source;
use domain::{BusinessId, Call, CallSid, Insights, SessionReport, Timestamp, Transcript, Turn};
use serde::Deserialize;
use stores::contacts::Stored;
use stores::{StoreError, calls, recordings, transcripts, turns};

use super::Calls;

/// A part of a call's record, told if it is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Include {
    /// What Twilio told of the call.
    Events,
    /// What was said.
    Turns,
    /// What was said last.
    LastTurn,
    /// What the caller left with the agent.
    Messages,
    /// Who listened to the call while it went on.
    Listeners,
    /// The figures of the latest session.
    Session,
    /// Every session that is over, in short.
    Sessions,
    /// The recording of the conversation, and the message left where no agent was to be had.
    Recordings,
    /// The final transcript and where it comes from.
    Transcript,
    /// The summary, what was extracted, the lead status, and the run that found them.
    Insights,
    /// What the call cost.
    Cost,
    /// The contact at the other end, as it is now.
    Contact,
}

/// A part that a list may tell of each of its calls: what a table of calls shows.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum ListInclude {
    /// What was said last.
    LastTurn,
    /// The figures of the latest session.
    Session,
    /// The recording of the conversation, and the message left where no agent was to be had.
    Recordings,
    /// The summary, what was extracted, the lead status, and the run that found them.
    Insights,
    /// What the call cost.
    Cost,
    /// The contact at the other end, as it is now.
    Contact,
}

impl From<ListInclude> for Include {
    fn from(part: ListInclude) -> Self {
        match part {
            ListInclude::LastTurn => Self::LastTurn,
            ListInclude::Session => Self::Session,
            ListInclude::Recordings => Self::Recordings,
            ListInclude::Insights => Self::Insights,
            ListInclude::Cost => Self::Cost,
            ListInclude::Contact => Self::Contact,
        }
    }
}

/// The parts that are asked for, each once.
#[derive(Debug, Default)]
pub(super) struct Included(Vec<Include>);

impl Included {
    pub(super) fn has(&self, part: Include) -> bool {
        self.0.contains(&part)
    }

    /// Whether it holds what people said.
    pub(super) fn has_words(&self) -> bool {
        let words = [Include::Turns, Include::LastTurn, Include::Transcript, Include::Messages];
        words.into_iter().any(|part| self.has(part))
    }

    pub(super) fn add(&mut self, part: Include) {
        if !self.has(part) {
            self.0.push(part);
        }
    }
}

/// What was read of a call besides the call itself; `None`: it was not asked for.
#[derive(Default)]
pub(super) struct Parts {
    pub(super) events: Option<Vec<(String, StatusEvent)>>,
    pub(super) turns: Option<Vec<Turn>>,
    pub(super) last_turn: Option<Option<Turn>>,
    pub(super) messages: Option<Vec<(Timestamp, TakenMessage)>>,
    pub(super) listeners: Option<Vec<Listener>>,
    pub(super) report: Option<Option<SessionReport>>,
    /// Of all sessions that are over, the first one first.
    pub(super) reports: Option<Vec<SessionReport>>,
    pub(super) recordings: Option<CallRecordings>,
    pub(super) transcript: Option<Option<(Source, Option<Transcript>)>>,
    /// The latest run.
    pub(super) insights: Option<Option<Insights>>,
    pub(super) cost: Option<Option<CallCost>>,
    pub(super) contact: Option<Option<Stored>>,
}

/// Those who keep the parts of a call.
#[derive(Clone, Copy)]
pub(super) struct Keepers<'a> {
    pub(super) calls: &'a calls::Reader,
    pub(super) turns: &'a turns::Reader,
    pub(super) recordings: &'a recordings::Reader,
    pub(super) transcripts: &'a transcripts::Reader,
}

impl Calls {
    pub(super) fn keepers(&self) -> Keepers<'_> {
        let Self { calls, turns, recordings, transcripts, .. } = self;
        Keepers { calls, turns, recordings, transcripts }
    }
}

impl Parts {
    /// Reads what is included, all at once.
    pub(super) async fn read(
        of: Keepers<'_>,
        call: &CallSid,
        included: &Included,
    ) -> Result<Self, StoreError> {
        let is = |part| included.has(part);
        // Written in one transaction: read in this order, a call that is summed up has its cost.
        let summed_up = async {
            let insights = if_asked(is(Include::Insights), of.transcripts.insights(call)).await?;
            let latest = insights.map(|mut runs| runs.pop());
            Ok((latest, if_asked(is(Include::Cost), of.transcripts.cost(call)).await?))
        };
        let of_bridge = async {
            tokio::try_join!(
                if_asked(is(Include::Turns), of.turns.turns(call)),
                if_asked(is(Include::LastTurn), of.turns.last_turn(call)),
                if_asked(is(Include::Messages), of.turns.messages(call)),
                if_asked(is(Include::Listeners), of.turns.listeners(call)),
                if_asked(is(Include::Session), of.turns.report(call)),
                if_asked(is(Include::Sessions), of.turns.reports(call)),
            )
        };
        let (events, of_bridge, recordings, transcript, (insights, cost)) = tokio::try_join!(
            if_asked(is(Include::Events), of.calls.events(call)),
            of_bridge,
            if_asked(is(Include::Recordings), of.recordings.for_call(call)),
            if_asked(is(Include::Transcript), of.transcripts.final_transcript(call)),
            summed_up,
        )?;
        let (turns, last_turn, messages, listeners, report, reports) = of_bridge;
        Ok(Self {
            events,
            turns,
            last_turn,
            messages,
            listeners,
            report,
            reports,
            recordings,
            transcript,
            insights,
            cost,
            contact: None,
        })
    }
}

/// Adds the contacts of these calls of a business, if they are asked for: one read for all of them.
pub(super) async fn add_contacts(
    app: &Calls,
    business: &BusinessId,
    included: &Included,
    of: &mut [(&Call, &mut Parts)],
) -> Result<(), StoreError> {
    if !included.has(Include::Contact) {
        return Ok(());
    }
    let ids = of.iter().filter_map(|(call, _)| call.contact);
    let found = app.contacts.by_ids(business, ids).await?;
    for (call, parts) in of {
        parts.contact = Some(call.contact.and_then(|id| found.get(&id).cloned()));
    }
    Ok(())
}

async fn if_asked<T>(
    asked: bool,
    reading: impl Future<Output = Result<T, StoreError>>,
) -> Result<Option<T>, StoreError> {
    if asked { reading.await.map(Some) } else { Ok(None) }
}
