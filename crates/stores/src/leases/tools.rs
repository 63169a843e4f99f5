//! Asking a business's own tool that acts once: the record of what it did.

use std::time::Duration;

use domain::Timestamp;
use domain::tools::{Lost, ToolOutcome, ToolReply};

use super::{Begun, Leases, WorkKind};
use crate::StoreError;

/// What a tool that acts once did is remembered for longer than a call may last.
const KEEP: Duration = Duration::from_secs(5 * 60 * 60);
/// That it did nothing is remembered for a moment, which slows down a model that asks in a loop.
const NOT_DONE_KEEP: Duration = Duration::from_secs(1);
/// Allowance for writing the record of an outcome and for clocks that differ. If a request is older than the tool's
/// time plus this and has no outcome, what made it has ended.
const ASKER_MARGIN: Duration = Duration::from_secs(5);

/// Why a tool was not asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAsked {
    /// The same is being asked at this moment.
    #[error("the same is being done at this moment")]
    InProgress,
    /// What it did before could not be looked up.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Leases {
    /// Asks a tool, with `ask`, for an effect that happens once: under the name `id` it is asked one time, and whatever asks
    /// again gets the first answer. An effect whose asker died is not taken over, since it may have happened.
    ///
    /// # Errors
    /// [`NotAsked`].
    pub async fn once(
        &self,
        kind: WorkKind,
        id: &str,
        timeout: Duration,
        now: Timestamp,
        ask: impl Future<Output = ToolOutcome>,
    ) -> Result<ToolOutcome, NotAsked> {
        let lease = match self.begin(kind, id, KEEP, now).await? {
            Begun::Won(lease) => lease,
            Begun::InProgress { until } => {
                let ago = KEEP.saturating_sub(until.since(now));
                return if ago > timeout + ASKER_MARGIN {
                    Ok(ToolOutcome::Unknown { why: Lost::Asker })
                } else {
                    Err(NotAsked::InProgress)
                };
            }
            Begun::Done { result } => return Ok(recorded(result)),
        };
        let outcome = ask.await;
        let keep = if outcome.is_final() { KEEP } else { NOT_DONE_KEEP };
        let result = serde_json::to_string(&outcome).unwrap_or_default();
        // The request is over. If its record is missing, this asker still gets the answer, and the tool itself knows the
        // effect by its id.
        if let Err(error) = self.finish(&lease, &result, keep).await {
            tracing::error!(%error, "what a tool did could not be recorded");
        }
        Ok(outcome)
    }
}

/// What was kept of an outcome. An older version kept the tool's own JSON, of what was done and nothing else.
fn recorded(result: String) -> ToolOutcome {
    serde_json::from_str(&result)
        .unwrap_or(ToolOutcome::Done { reply: ToolReply { text: result, cut: false } })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_older_version_kept_is_what_was_done() {
        let reply = ToolReply { text: r#"{"booked":true}"#.into(), cut: false };
        assert_eq!(recorded(r#"{"booked":true}"#.into()), ToolOutcome::Done { reply });
        for outcome in
            [ToolOutcome::of(409, ToolReply::default()), ToolOutcome::Unknown { why: Lost::Status(302) }]
        {
            assert_eq!(recorded(serde_json::to_string(&outcome).unwrap()), outcome);
        }
    }
}
