//! The requests and the answers of `/v1/test_calls`.

use domain::dial::CallTask;
use domain::{Call, CallSid, Revision};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::edge::api::schema;
use crate::edge::idempotency::{self, Replayed};
use crate::edge::problem::Problem;
use crate::voice::outbound::text;

/// A call from a browser that is wanted. Unknown fields are refused with 422.
#[derive(Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(example = json!({ "revision": 3, "language": "de" }))]
pub(super) struct NewTestCall {
    /// A revision of the settings, published or not by now; the published one without it.
    #[schema(minimum = 1, maximum = 4_294_967_295_u32)]
    revision: Option<u32>,
    /// The draft of the key that asks, as it is now, in place of a revision. Without errors only: `errors` of a refusal point
    /// into the draft.
    pub(super) draft: bool,
    /// The language that the agent opens in, a code or a tag: one of those that the settings have; the first of them
    /// without it.
    #[schema(pattern = r"^[A-Za-z]{2,8}([-_][A-Za-z0-9]{1,8})*$", max_length = 35, example = "de")]
    pub(super) language: Option<String>,
    /// Why the call is made, for the agent to say. With this or `context` it is the agent of calls that are placed.
    #[schema(max_length = 200)]
    reason: Option<String>,
    /// What the agent of such a call should know.
    #[schema(max_length = 4_000)]
    context: Option<String>,
}

impl NewTestCall {
    /// # Errors
    /// 422 for a revision beside the draft.
    pub(super) fn revision(&self) -> Result<Option<Revision>, Problem> {
        if self.draft && self.revision.is_some() {
            return Err(Problem::invalid("/draft", "not_both", "give a revision or the draft"));
        }
        Ok(self.revision.map(Revision))
    }

    /// What is asked of the agent; `None`: nothing in particular.
    ///
    /// # Errors
    /// 422 for what is too long.
    pub(super) fn task(&self) -> Result<Option<CallTask>, Problem> {
        let task = CallTask {
            reason: text(self.reason.clone(), "reason", CallTask::MAX_REASON_CHARS)?,
            context: text(self.context.clone(), "context", CallTask::MAX_CONTEXT_CHARS)?,
            language: self.language.clone(),
        };
        Ok(Some(task).filter(|task| *task != CallTask::default()))
    }

    /// The call that an earlier request with the same key began.
    ///
    /// # Errors
    /// 422: it was another request.
    pub(super) fn repeats(&self, standing: Call) -> Result<(Call, Replayed), Problem> {
        let same_revision = self.draft == standing.draft
            && self.revision.is_none_or(|revision| standing.revision == Some(Revision(revision)));
        if same_revision && self.task()? == standing.task {
            return Ok((standing, Replayed(true)));
        }
        Err(idempotency::reused())
    }
}

/// A stream that is over. Unknown fields are refused with 422.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "epoch": 1 }))]
pub(super) struct BrokenStream {
    /// The stream that is over: `epoch` of the answer that gave its token.
    #[schema(minimum = 1, maximum = 4_294_967_295_u32)]
    pub(super) epoch: u32,
}

/// A test call.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TestCall<'a> {
    /// The id of the call, which is read like any other one.
    #[schema(value_type = schema::CallSid)]
    call: &'a CallSid,
    #[schema(value_type = schema::CallStatusWord)]
    status: &'static str,
    /// The stream to open; null once the call is over.
    stream: Option<BrowserStream>,
}

impl<'a> TestCall<'a> {
    pub(super) fn new(call: &'a Call, stream: Option<BrowserStream>) -> Self {
        Self { call: &call.sid, status: call.status.as_str(), stream }
    }
}

/// A stream that a browser may open, once.
#[derive(Serialize, ToSchema)]
pub(super) struct BrowserStream {
    /// Counts the streams of the call, from 1 on.
    pub(super) epoch: u32,
    /// The address of the WebSocket. Pages of the console's origin may open it.
    pub(super) url: String,
    /// What the `start` of the stream shows, good for one stream within 60 seconds.
    pub(super) token: String,
}

// The token lets in.
impl std::fmt::Debug for BrowserStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BrowserStream").field("epoch", &self.epoch).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use domain::{Timestamp, testing};

    use super::*;

    #[test]
    fn a_key_is_good_for_one_request() {
        let call = testing::call(1, Timestamp(0));
        let repeats = |revision: Option<u32>, language: Option<&str>| {
            let language = language.map(str::to_owned);
            let new = NewTestCall { revision, language, ..NewTestCall::default() };
            new.repeats(call.clone()).map(drop).map_err(|problem| problem.status())
        };
        assert_eq!((repeats(None, None), repeats(Some(1), None)), (Ok(()), Ok(())));
        assert_eq!((repeats(Some(2), None), repeats(None, Some("de"))), (Err(422), Err(422)));
        let with_reason = NewTestCall { reason: Some("your bicycle".into()), ..NewTestCall::default() };
        assert_eq!(with_reason.repeats(call.clone()).map(drop).map_err(|problem| problem.status()), Err(422));
        let long = NewTestCall { reason: Some("a".repeat(201)), ..NewTestCall::default() };
        assert_eq!(long.task().unwrap_err().status(), 422);
        let draft = NewTestCall { draft: true, ..NewTestCall::default() };
        assert_eq!(draft.repeats(call.clone()).map(drop).map_err(|problem| problem.status()), Err(422));
        assert!(
            draft.repeats(Call { draft: true, ..call }).is_ok(),
            "whatever became of the draft meanwhile"
        );
    }
}
