//! Connection overrides in a webhook URL's fragment (Twilio docs, "Webhooks: connection overrides"), as in
//! `#rc=2&rp=ct,5xx&rt=5000&tt=14000`. Edges (`e`), TLS (`sni`) and the connect timeout (`ct`) have no
//! meaning on one machine.

use std::time::Duration;

const MAX_MS: u64 = 15_000;
const MAX_RETRIES: u32 = 5;

/// How an attempt failed, as far as retries care.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Failure {
    Connect,
    Timeout,
    ClientError,
    ServerError,
    Other,
}

/// The limits of one webhook.
#[derive(Debug)]
pub(super) struct Overrides {
    /// `rt`: until the answer's first byte.
    pub(super) first_byte: Duration,
    /// `tt`: for everything, retries included.
    pub(super) total: Duration,
    /// `rc`: attempts after the first.
    pub(super) retries: u32,
    policy: Vec<Failure>,
}

impl Overrides {
    /// Unknown keys and values out of range leave the defaults: 15 s, one retry on a failed connect.
    pub(super) fn parse(fragment: &str) -> Self {
        let default = Duration::from_millis(MAX_MS);
        let mut overrides =
            Self { first_byte: default, total: default, retries: 1, policy: vec![Failure::Connect] };
        for (key, value) in form_urlencoded::parse(fragment.as_bytes()) {
            let millis =
                || value.parse().ok().filter(|ms| (100..=MAX_MS).contains(ms)).map(Duration::from_millis);
            match &*key {
                "rt" => overrides.first_byte = millis().unwrap_or(default),
                "tt" => overrides.total = millis().unwrap_or(default),
                "rc" => overrides.retries = value.parse().ok().filter(|n| *n <= MAX_RETRIES).unwrap_or(1),
                "rp" => overrides.policy = value.split(',').flat_map(policy).copied().collect(),
                _ => {}
            }
        }
        overrides
    }

    pub(super) fn retries_on(&self, failure: Failure) -> bool {
        self.policy.contains(&failure)
    }
}

fn policy(word: &str) -> &'static [Failure] {
    match word {
        "4xx" => &[Failure::ClientError],
        "5xx" => &[Failure::ServerError],
        "ct" => &[Failure::Connect],
        "rt" => &[Failure::Timeout],
        "all" => &[Failure::ClientError, Failure::ServerError, Failure::Connect, Failure::Timeout],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_overrides_only_a_failed_connect_is_retried_once() {
        let defaults = Overrides::parse("");
        assert_eq!((defaults.retries, defaults.total), (1, Duration::from_secs(15)));
        assert!(defaults.retries_on(Failure::Connect));
        assert!(!defaults.retries_on(Failure::ServerError));
    }

    #[test]
    fn overrides_are_read_and_nonsense_keeps_the_default() {
        let overrides = Overrides::parse("rc=2&rp=ct,5xx&rt=5000&tt=999999&e=dublin");
        assert_eq!((overrides.retries, overrides.first_byte), (2, Duration::from_secs(5)));
        assert_eq!(overrides.total, Duration::from_secs(15));
        assert!(overrides.retries_on(Failure::ServerError));
        assert!(!overrides.retries_on(Failure::Timeout));
    }
}
