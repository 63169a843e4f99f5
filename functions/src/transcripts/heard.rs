//! What listening to a recording gives: turns, or the reason why it gave nothing.

use std::time::Duration;

use platform::objects::ObjectError;
use serde::{Deserialize, Serialize};
use stores::leases::LeaseError;

/// What a model made of one turn.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct HeardTurn {
    /// Empty where nothing was said, or where the words are not believed.
    pub(super) text: String,
    /// The model whose words they are.
    pub(super) model: Option<String>,
    /// Why words were not believed, or a turn was taken by no model.
    pub(super) doubt: Option<String>,
}

/// Why there is no transcript. The texts come from us or from an error code, never from the call.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum ListenError {
    /// Another worker has the work by now.
    Lease(LeaseError),
    /// Another attempt would end in the same way.
    Final(String),
    /// Another attempt may succeed, not before the wait that the server asked for.
    Transient { why: String, wait: Duration },
    /// What is left does not fit into the time of this run.
    OutOfTime,
}

impl ListenError {
    pub(super) fn passing(why: impl std::fmt::Display) -> Self {
        Self::Transient { why: why.to_string(), wait: Duration::ZERO }
    }

    /// Of two, the one that says more about what is to follow.
    pub(super) fn worse(self, other: Self) -> Self {
        let weight = |error: &Self| match error {
            Self::Lease(_) => 0,
            Self::Final(_) => 1,
            Self::Transient { .. } => 2,
            Self::OutOfTime => 3,
        };
        if weight(&other) < weight(&self) { other } else { self }
    }
}

impl std::fmt::Display for ListenError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Lease(error) => error.fmt(f),
            Self::Final(why) | Self::Transient { why, .. } => f.write_str(why),
            Self::OutOfTime => f.write_str("there was not time enough to listen to all of it"),
        }
    }
}

impl From<ObjectError> for ListenError {
    fn from(error: ObjectError) -> Self {
        if error.is_retryable() { Self::passing(error) } else { Self::Final(error.to_string()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_counts_of_several_failures_is_what_decides_how_it_goes_on() {
        let shut = || ListenError::Final("the account is shut".into());
        let busy = || ListenError::passing("busy");
        let fenced = || ListenError::Lease(LeaseError::Fenced);
        for (a, b, worse) in [
            (ListenError::OutOfTime, busy(), busy()),
            (busy(), ListenError::OutOfTime, busy()),
            (busy(), shut(), shut()),
            (shut(), fenced(), fenced()),
        ] {
            assert_eq!(a.worse(b), worse);
        }
    }
}
