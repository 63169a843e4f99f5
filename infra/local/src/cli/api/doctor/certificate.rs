//! The certificate of a host, as a client meets it: a real handshake, and how long the certificate stays good.

use std::error::Error as _;
use std::time::Duration;

use platform::tls;
use reqwest::redirect::Policy;
use reqwest::tls::TlsInfo;
use url::Url;
use x509_parser::parse_x509_certificate;

use super::{Found, WITHIN, fault, not_proven, proven, warning};

/// A certificate that ends sooner is to be renewed now. Those that AWS makes are renewed 60 days before their end, so
/// that one that comes this near is not renewed by itself.
const RENEWED_BY: Duration = Duration::from_secs(21 * DAY_S);
const DAY_S: u64 = 24 * 60 * 60;

pub(super) async fn look(url: &Url, now: domain::Timestamp) -> Found {
    if url.scheme() != "https" {
        return not_proven("the address is plain HTTP");
    }
    let client = match tls::client() {
        Ok(client) => client.tls_info(true).redirect(Policy::none()).timeout(WITHIN).build(),
        Err(error) => return not_proven(error.to_string()),
    };
    let Ok(client) = client else { return not_proven("this machine has no TLS") };
    // Any answer will do: the handshake came before it.
    let answer = match client.get(url.clone()).send().await {
        Ok(answer) => answer,
        Err(error) => return fault(why(&error)),
    };
    let der = answer.extensions().get::<TlsInfo>().and_then(TlsInfo::peer_certificate);
    match der.and_then(|der| parse_x509_certificate(der).ok()) {
        Some((_, certificate)) => judge(certificate.validity().not_after.timestamp(), now),
        None => not_proven("the certificate cannot be read"),
    }
}

/// What went wrong at the bottom of it, with what to do.
fn why(error: &reqwest::Error) -> String {
    let mut cause = error.source();
    while let Some(deeper) = cause.and_then(std::error::Error::source) {
        cause = Some(deeper);
    }
    let cause = cause.map(ToString::to_string).unwrap_or_default();
    let todo = match cause.to_lowercase() {
        words if words.contains("expired") => "the certificate is past its end: renew it",
        words if words.contains("not valid for") => {
            "the certificate is another host's: request one for this name"
        }
        words if words.contains("unknownissuer") || words.contains("badsignature") => {
            "no authority that is trusted here signed the certificate"
        }
        _ if error.is_timeout() => return format!("no handshake within {} seconds", WITHIN.as_secs()),
        _ => "there is no connection: look at the certificate and at what the name points to",
    };
    if cause.is_empty() { todo.to_owned() } else { format!("{todo} ({cause})") }
}

/// `ends` is in seconds since the Unix epoch.
fn judge(ends: i64, now: domain::Timestamp) -> Found {
    let left = domain::Timestamp::from_secs(ends).since(now);
    let days = left.as_secs() / DAY_S;
    if left < RENEWED_BY {
        warning(format!(
            "the certificate is good for {days} more days and should have been renewed: renew it"
        ))
    } else {
        proven(format!("the certificate is good for {days} more days"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_near_its_end_is_warned_of() {
        let now = domain::Timestamp::from_secs(1_800_000_000);
        let after = |days: i64| judge(1_800_000_000 + days * 86_400, now);
        assert_eq!(after(90), proven("the certificate is good for 90 more days"));
        assert_eq!(after(21), proven("the certificate is good for 21 more days"));
        assert_eq!(after(20).state, warning("").state);
        assert!(after(20).detail.contains("20 more days"));
    }
}
