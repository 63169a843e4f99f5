//! Calls by what their own row does not say: how their last session ended, what they came to, whether they have a
//! recording.
//!
//! A call's row is written by the webhooks alone, and these facts by the bridge, by the last stage and by the archive,
//! some of them long after the call was settled. They are looked up where their owners keep them, for calls that
//! everything else fits: a copy in the call's row would have a second writer and be late.

use domain::turn::EndReason;
use domain::{BusinessId, Call, CallSid, RecordingState};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde::Serialize;
use stores::StoreError;
use stores::calls::{Order, Page, Position, Wanted};

use super::Calls;

/// Calls that are looked up at one time.
const AT_ONCE: usize = 16;
/// Calls of one round, and rounds: what they find, few or none, is the page.
const ROUND: u16 = 50;
const ROUNDS: usize = 4;

/// What is asked of the facts beside the call's own. What is `None` is not asked.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Beside {
    pub(super) end_reason: Option<EndReason>,
    /// One of the business's own words.
    pub(super) lead_status: Option<String>,
    /// Whether the recording of the conversation can be fetched.
    pub(super) has_recording: Option<bool>,
}

impl Beside {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    async fn fits(&self, app: &Calls, call: &CallSid) -> Result<bool, StoreError> {
        if let Some(reason) = self.end_reason
            && app.turns.report(call).await?.is_none_or(|report| report.end != reason)
        {
            return Ok(false);
        }
        if let Some(wanted) = self.has_recording {
            let recordings = app.recordings.for_call(call).await?;
            let state = recordings.own().map(|recording| &recording.state);
            if wanted != matches!(state, Some(RecordingState::Archived(_))) {
                return Ok(false);
            }
        }
        let Some(word) = &self.lead_status else { return Ok(true) };
        let runs = app.transcripts.insights(call).await?;
        Ok(runs.last().is_some_and(|run| run.lead_status.as_ref() == Some(word)))
    }
}

impl Calls {
    /// A page of the calls that fit. One of few calls, or none, with a `next` is not the last one.
    pub(super) async fn search(
        &self,
        business: &BusinessId,
        (wanted, beside): (&Wanted, &Beside),
        order: Order,
        limit: u16,
        after: Option<Position>,
    ) -> Result<Page, StoreError> {
        if beside.is_empty() {
            return self.calls.list(business, wanted, order, limit, after.as_ref()).await;
        }
        let mut found = Page { calls: vec![], next: after };
        for _ in 0..ROUNDS {
            let round = self.calls.list(business, wanted, order, ROUND, found.next.as_ref()).await?;
            let fits = of_each(&round.calls, |call| async move { beside.fits(self, &call).await }).await?;
            let mut round_of = round.calls.into_iter().zip(fits);
            for (call, fits) in round_of.by_ref() {
                if fits {
                    found.calls.push(call);
                }
                if found.calls.len() == usize::from(limit) {
                    break;
                }
            }
            let cut = round_of.next().is_some();
            found.next = if cut { found.calls.last().map(Position::of) } else { round.next };
            if found.calls.len() == usize::from(limit) || found.next.is_none() {
                break;
            }
        }
        Ok(found)
    }
}

/// What is looked up of each of these calls, in their order.
pub(super) async fn of_each<T, F>(
    calls: &[Call],
    look: impl FnMut(CallSid) -> F,
) -> Result<Vec<T>, StoreError>
where
    F: Future<Output = Result<T, StoreError>>,
{
    let sids: Vec<CallSid> = calls.iter().map(|call| call.sid.clone()).collect();
    stream::iter(sids).map(look).buffered(AT_ONCE).try_collect().await
}
