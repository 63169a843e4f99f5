//! What to measure, within bounds.

use bridge::WarmSettings;
use serde::Serialize;

use crate::script::Deltas;

/// What to measure.
#[derive(Debug, Clone, Serialize)]
pub struct Options {
    /// Calls at the same time.
    pub calls: u32,
    /// How long a load is measured, after it is complete and has settled.
    pub seconds: u32,
    /// How often the bridge and the relay are measured, in turns.
    pub rounds: u32,
    /// How the model sends its speech.
    pub deltas: Deltas,
    /// Short calls over and over, on the bridge alone.
    pub churn: bool,
    /// People who listen to one of the bridge's calls. The relay has no such door.
    pub listeners: u32,
    pub upstream: Upstream,
}

/// What the connection to the model is like.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Upstream {
    /// TLS, as it is on the Internet.
    pub tls: bool,
    /// How long the model takes to accept a connection, in milliseconds.
    pub connect_delay_ms: u32,
    /// Sockets that the bridge keeps ready. The relay keeps none.
    pub warm: u32,
}

/// Which option cannot be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{name} must be between 1 and {max}")]
pub struct InvalidOptions {
    pub name: &'static str,
    pub max: u32,
}

impl Options {
    /// Two descriptors a call here and two there: below the usual limit of 1,024.
    pub const MAX_CALLS: u32 = 500;
    pub const MAX_SECONDS: u32 = 600;
    pub const MAX_ROUNDS: u32 = 20;
    /// As long as a caller's audio is kept.
    pub const MAX_CONNECT_DELAY_MS: u32 = 5_000;
    pub const MAX_LISTENERS: u32 = domain::listening::MAX_LISTENERS as u32;
    pub const MAX_WARM: u32 = WarmSettings::MAX_SOCKETS as u32;

    pub(crate) fn check(&self) -> Result<(), InvalidOptions> {
        let bounds = [
            ("calls", self.calls, Self::MAX_CALLS),
            ("seconds", self.seconds, Self::MAX_SECONDS),
            ("rounds", self.rounds, Self::MAX_ROUNDS),
        ];
        let delay = self.upstream.connect_delay_ms;
        if delay > Self::MAX_CONNECT_DELAY_MS {
            return Err(InvalidOptions { name: "connect delay", max: Self::MAX_CONNECT_DELAY_MS });
        }
        if self.listeners > Self::MAX_LISTENERS {
            return Err(InvalidOptions { name: "listeners", max: Self::MAX_LISTENERS });
        }
        if self.upstream.warm > Self::MAX_WARM {
            return Err(InvalidOptions { name: "warm sockets", max: Self::MAX_WARM });
        }
        match bounds.into_iter().find(|(_, value, max)| !(1..=*max).contains(value)) {
            Some((name, _, max)) => Err(InvalidOptions { name, max }),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_measurement_has_bounds_and_the_error_names_them() {
        let good = Options {
            calls: 500,
            seconds: 600,
            rounds: 1,
            deltas: Deltas::Burst,
            churn: false,
            listeners: 0,
            upstream: Upstream::default(),
        };
        assert_eq!(good.check(), Ok(()));
        let slow = Upstream { connect_delay_ms: 5_001, ..Upstream::default() };
        assert!(Options { upstream: slow, ..good }.check().is_err());
        let warm = Upstream { warm: 33, ..Upstream::default() };
        assert!(Options { upstream: warm, ..good }.check().is_err());
        let many = Options { calls: 501, ..good };
        assert_eq!(many.check(), Err(InvalidOptions { name: "calls", max: 500 }));
        let none = Options { rounds: 0, ..good };
        assert_eq!(none.check().unwrap_err().to_string(), "rounds must be between 1 and 20");
    }
}
