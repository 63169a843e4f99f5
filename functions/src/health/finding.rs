//! What a check found, as it is answered.

use std::time::Duration;

use serde::Serialize;
use tokio::time::Instant;
use utoipa::ToSchema;

/// How the deployment is.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DeepHealth {
    /// Whether no check found a fault. Warnings and what is not proven are no faults.
    ok: bool,
    checks: Vec<HealthCheck>,
}

impl DeepHealth {
    pub(super) fn of(checks: Vec<HealthCheck>) -> Self {
        Self { ok: !checks.iter().any(HealthCheck::is_fault), checks }
    }
}

/// One check.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct HealthCheck {
    /// What was looked at.
    #[schema(value_type = String)]
    pub(super) name: &'static str,
    state: CheckState,
    /// What was found and, of a fault or a warning, what to do.
    detail: String,
    /// How long it took, in milliseconds.
    ms: u64,
}

impl HealthCheck {
    pub(super) fn is_fault(&self) -> bool {
        self.state == CheckState::Fault
    }
}

/// What a check came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum CheckState {
    /// It is as it should be.
    Proven,
    /// It will be a fault, or is one for a few callers: do what `detail` says soon.
    Warning,
    /// It is not as it should be, and calls suffer by it.
    Fault,
    /// It cannot be told.
    NotProven,
}

/// What a check came to, and what it saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Finding {
    state: CheckState,
    detail: String,
}

impl Finding {
    pub(super) fn proven(detail: impl Into<String>) -> Self {
        Self { state: CheckState::Proven, detail: detail.into() }
    }

    pub(super) fn warning(detail: impl Into<String>) -> Self {
        Self { state: CheckState::Warning, detail: detail.into() }
    }

    pub(super) fn fault(detail: impl Into<String>) -> Self {
        Self { state: CheckState::Fault, detail: detail.into() }
    }

    pub(super) fn not_proven(detail: impl Into<String>) -> Self {
        Self { state: CheckState::NotProven, detail: detail.into() }
    }

    /// Of a thing that is named several times: a fault if there is one, else a warning if there is one.
    pub(super) fn of(faults: Vec<String>, warnings: Vec<String>, otherwise: impl FnOnce() -> Self) -> Self {
        match (faults.is_empty(), warnings.is_empty()) {
            (false, _) => Self::fault(faults.into_iter().chain(warnings).collect::<Vec<_>>().join("; ")),
            (true, false) => Self::warning(warnings.join("; ")),
            (true, true) => otherwise(),
        }
    }

    #[cfg(test)]
    pub(super) fn is_fault(&self) -> bool {
        self.state == CheckState::Fault
    }

    #[cfg(test)]
    pub(super) fn is_warning(&self) -> bool {
        self.state == CheckState::Warning
    }

    #[cfg(test)]
    pub(super) fn says(&self, words: &str) -> bool {
        self.detail.contains(words)
    }
}

impl From<Result<Self, Self>> for Finding {
    /// What stands in the way of a check is what it found.
    fn from(found: Result<Self, Self>) -> Self {
        match found {
            Ok(found) | Err(found) => found,
        }
    }
}

/// Looks, for as long as it may take at most.
pub(super) async fn timed(
    name: &'static str,
    within: Duration,
    look: impl Future<Output = impl Into<Finding>>,
) -> HealthCheck {
    let begun = Instant::now();
    let found = tokio::time::timeout(within, look).await;
    let Finding { state, detail } = found.map_or_else(
        |_| Finding::fault(format!("it was not done within {} seconds", within.as_secs())),
        Into::into,
    );
    let ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    HealthCheck { name, state, detail, ms }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_check_that_does_not_end_is_a_fault_at_its_deadline() {
        let check = timed("queues", Duration::from_secs(8), std::future::pending::<Finding>()).await;
        assert!(check.is_fault() && check.ms == 8_000, "{check:?}");
        let proven = timed("tables", Duration::from_secs(8), async { Finding::proven("") }).await;
        let unknown = timed("clock", Duration::from_secs(8), async { Finding::not_proven("") }).await;
        assert!(DeepHealth::of(vec![proven, unknown]).ok, "what is not proven is no fault");
        assert!(!DeepHealth::of(vec![check]).ok);
    }
}
