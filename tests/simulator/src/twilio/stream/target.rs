//! Which address a `<Stream>` connects to.

use std::net::IpAddr;

use thiserror::Error;
use url::{Host, Url};

use crate::twilio::twiml::StreamNoun;

/// An address that can be connected to.
pub(super) struct StreamAddress {
    /// As written in the TwiML, because the signature covers it so; without a query.
    pub(super) url: String,
    /// There was a query: Twilio does not send it.
    pub(super) query_dropped: bool,
}

#[derive(Debug, Error)]
pub(super) enum TargetError {
    #[error("'{0}' is not a URL a stream can connect to: {1}")]
    Malformed(String, url::ParseError),
    #[error("scheme '{0}' is not wss (ws is accepted only to this machine)")]
    NotSecure(String),
    #[error("track '{0}' cannot be received under <Connect>; only inbound_track can")]
    Track(String),
}

impl TargetError {
    /// Twilio's error number.
    pub(super) const fn code(&self) -> u32 {
        match self {
            Self::Malformed(..) => 31923,
            Self::NotSecure(_) => 31922,
            Self::Track(_) => 31941,
        }
    }
}

pub(super) fn resolve(noun: &StreamNoun, base: Option<&Url>) -> Result<StreamAddress, TargetError> {
    if let Some(track) = noun.track.as_deref().filter(|&track| track != "inbound_track") {
        return Err(TargetError::Track(track.to_owned()));
    }
    let (url, mut text) = match (Url::parse(&noun.url), base) {
        (Err(url::ParseError::RelativeUrlWithoutBase), Some(base)) => {
            let joined =
                base.join(&noun.url).map_err(|error| TargetError::Malformed(noun.url.clone(), error))?;
            let url = as_websocket(joined);
            (url.clone(), url.to_string())
        }
        (parsed, _) => {
            (parsed.map_err(|error| TargetError::Malformed(noun.url.clone(), error))?, noun.url.clone())
        }
    };
    match url.scheme() {
        "wss" => {}
        "ws" if is_loopback(&url) => {}
        other => return Err(TargetError::NotSecure(other.to_owned())),
    }
    let query_dropped = url.query().is_some();
    if let Some(at) = text.find(['?', '#']) {
        text.truncate(at);
    }
    Ok(StreamAddress { url: text, query_dropped })
}

fn as_websocket(mut url: Url) -> Url {
    let scheme = if url.scheme() == "http" { "ws" } else { "wss" };
    // Both schemes have hosts, so the change cannot fail.
    let _ = url.set_scheme(scheme);
    url
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => IpAddr::V4(ip).is_loopback(),
        Some(Host::Ipv6(ip)) => IpAddr::V6(ip).is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noun(url: &str, track: Option<&str>) -> StreamNoun {
        StreamNoun {
            url: url.into(),
            name: None,
            track: track.map(str::to_owned),
            status_callback: None,
            parameters: Vec::new(),
        }
    }

    fn code(url: &str) -> Result<String, u32> {
        let base = Url::parse("https://api.example.com/voice").unwrap();
        resolve(&noun(url, None), Some(&base)).map(|target| target.url).map_err(|error| error.code())
    }

    #[test]
    fn an_address_is_kept_as_written_because_it_is_signed() {
        assert_eq!(code("wss://Media.example.com:443/s"), Ok("wss://Media.example.com:443/s".into()));
        assert_eq!(code("/stream"), Ok("wss://api.example.com/stream".into()));
        assert_eq!(code("ws://127.0.0.1:9/s"), Ok("ws://127.0.0.1:9/s".into()));
    }

    #[test]
    fn what_twilio_refuses_is_refused_with_its_number() {
        assert_eq!(code("ws://media.example.com/s"), Err(31922));
        assert_eq!(code("https://media.example.com/s"), Err(31922));
        assert_eq!(code("wss://[media/s"), Err(31923));
        assert_eq!(
            resolve(&noun("wss://a/", Some("both_tracks")), None).map_err(|e| e.code()).err(),
            Some(31941)
        );
    }

    #[test]
    fn a_query_never_reaches_the_server() {
        let target = resolve(&noun("wss://media.example.com/s?token=1", None), None).unwrap();
        assert_eq!((target.url.as_str(), target.query_dropped), ("wss://media.example.com/s", true));
    }
}
