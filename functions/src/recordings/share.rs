//! A share link from its receiver's side: `GET /s/{token}` shows a page with a button, and the button, a `POST`, leads to
//! the recording, for as long as the link is good.
//!
//! A `GET` is not a decision to listen: messengers fetch a link to preview it, browsers ahead of a click, scanners to
//! look for harm. So it counts nothing. Every view is counted before it is granted, by one conditional write, and gets a
//! presigned URL of its own that lives minutes. An answer names neither the business nor the bucket.

mod page;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::response::Response;
use axum::routing::get;
use domain::recording::Archived;
use domain::share::{Share, ShareEnd};
use domain::token::TokenKey;
use domain::{RecordingState, Secret, Timestamp};
use http::{HeaderMap, Method, header};
use platform::Clock;
use platform::objects::Objects;
use platform::telemetry::{self, Unit};
use serde::Deserialize;
use stores::StoreError;
use stores::recordings::{self, Access, Guess, Taken, Writer};
use url::Url;

use super::passcode;
use crate::edge::HttpFunction;
use crate::edge::address::ClientAddress;
use crate::edge::parts::parts;
use page::{Notice, Page};

/// Long enough to begin a download, too short to be passed on.
const LINK_TTL: Duration = Duration::from_secs(2 * 60);
/// Longer ones are not tokens of ours.
const MAX_TOKEN_CHARS: usize = 64;
/// Longer ones are not passcodes of ours, and would be work to hash.
const MAX_PASSCODE_BYTES: usize = 256;
/// A form with the longest passcode, percent-encoded.
const MAX_FORM_BYTES: usize = 2 * 1024;
/// The visitor that stands for all whose address is not known.
const UNKNOWN_VISITOR: &str = "unknown";

parts! {
    pub struct Shared {
        clock: Clock,
        reader: recordings::Reader,
        recordings: Writer,
        objects: Objects,
        key: TokenKey,
    }
}

impl HttpFunction for Shared {
    const NAME: &'static str = "recording-share";

    fn router(self) -> Router {
        Router::new()
            .route("/s/{token}", get(look).post(open))
            .layer(DefaultBodyLimit::max(MAX_FORM_BYTES))
            .with_state(Arc::new(self))
    }
}

/// What a link leads to, as long as it is good. Looking is no view.
async fn look(
    State(app): State<Arc<Shared>>,
    address: ClientAddress,
    method: Method,
    headers: HeaderMap,
    Path(token): Path<String>,
) -> Response {
    // With HEAD nothing is shown.
    let visit = (method != Method::HEAD).then_some(address);
    page::answer(app.looked_at(token, visit).await.unwrap_or_else(failed), &headers)
}

/// The body of `POST /s/{token}`. Unknown fields of a JSON body are refused with 400.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct OpenLink {
    /// The passcode, of a link that asks for one.
    passcode: Option<String>,
}

impl OpenLink {
    /// A form, or JSON if it says so. Nothing at all is the button of a link without a passcode.
    fn read(headers: &HeaderMap, body: &[u8]) -> Option<Self> {
        let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        if body.is_empty() {
            Some(Self::default())
        } else if kind.trim_start().to_ascii_lowercase().starts_with("application/json") {
            serde_json::from_slice(body).ok()
        } else {
            let passcode = url::form_urlencoded::parse(body).find(|(name, _)| name == "passcode");
            Some(Self { passcode: passcode.map(|(_, value)| value.into_owned()) })
        }
    }
}

async fn open(
    State(app): State<Arc<Shared>>,
    address: ClientAddress,
    headers: HeaderMap,
    Path(token): Path<String>,
    body: Result<Bytes, axum::extract::rejection::BytesRejection>,
) -> Response {
    let Some(OpenLink { passcode }) = body.ok().and_then(|body| OpenLink::read(&headers, &body)) else {
        return page::answer(Page::Notice(Notice::Unreadable), &headers);
    };
    let passcode = passcode.filter(|passcode| !passcode.is_empty()).map(Secret::new);
    page::answer(app.opened(token, passcode, address).await.unwrap_or_else(failed), &headers)
}

impl Shared {
    async fn looked_at(&self, token: String, visit: Option<ClientAddress>) -> Result<Page, StoreError> {
        let Some(share) = self.share(token).await? else { return Ok(Page::Notice(Notice::Unknown)) };
        let now = self.clock.now();
        let outcome = match (share.end(now), self.recording(&share).await?) {
            (Some(end), _) => Visit::Ended(end),
            (None, None) => Visit::Gone,
            (None, Some(_)) => Visit::Shown { passcode: share.passcode.is_some() },
        };
        if let Some(address) = visit {
            self.note(&share, &outcome, &address).await?;
        }
        Ok(outcome.page(&share, self.clock.now()))
    }

    async fn opened(
        &self,
        token: String,
        passcode: Option<Secret>,
        address: ClientAddress,
    ) -> Result<Page, StoreError> {
        let Some(share) = self.share(token).await? else { return Ok(Page::Notice(Notice::Unknown)) };
        let outcome = self.grant(&share, passcode, &address).await?;
        // A recording that is heard without a trace is worse than one that is heard a minute later.
        self.note(&share, &outcome, &address).await?;
        Ok(outcome.page(&share, self.clock.now()))
    }

    async fn share(&self, token: String) -> Result<Option<Share>, StoreError> {
        if token.is_empty() || token.len() > MAX_TOKEN_CHARS {
            return Ok(None);
        }
        self.reader.share_of(&Secret::new(token)).await
    }

    /// Counts a visit and writes it to the link's log.
    async fn note(&self, share: &Share, outcome: &Visit, address: &ClientAddress) -> Result<(), StoreError> {
        telemetry::metric("ShareVisits", 1.0, Unit::Count, &[("Outcome", outcome.label())]);
        let access = Access {
            at: self.clock.now(),
            outcome: outcome.label().to_owned(),
            address: address.0.as_ref().map(|address| self.pseudonym(share, address)),
        };
        match outcome {
            Visit::Viewed(_) => self.recordings.viewed(share, &access).await,
            _ => self.recordings.accessed(share, &access).await,
        }
    }

    /// Where the shared bytes are, if they are still to be had.
    async fn recording(&self, share: &Share) -> Result<Option<Archived>, StoreError> {
        let recording = self.reader.of_call(&share.call, &share.recording).await?;
        Ok(match recording.map(|recording| recording.state) {
            Some(RecordingState::Archived(archived)) => Some(archived),
            _ => None,
        })
    }

    /// What this visit gets. The order matters: nothing is counted for a recording that cannot be shown.
    async fn grant(
        &self,
        share: &Share,
        passcode: Option<Secret>,
        address: &ClientAddress,
    ) -> Result<Visit, StoreError> {
        if let Some(end) = share.end(self.clock.now()) {
            return Ok(Visit::Ended(end));
        }
        let Some(archived) = self.recording(share).await? else { return Ok(Visit::Gone) };
        if let Some(hash) = &share.passcode {
            let Some(passcode) = passcode else { return Ok(Visit::Shown { passcode: true }) };
            if let Some(refused) = self.guess(share, passcode, hash, address).await? {
                return Ok(refused);
            }
        }
        let disposition = share.disposition.header(&share.recording);
        let (head, url) = tokio::join!(
            self.objects.head(&archived.key),
            self.objects.presign_get(&archived.key, LINK_TTL, Some(&disposition))
        );
        let unavailable = |error| {
            tracing::error!(%error, "a shared recording cannot be reached");
            StoreError::Unavailable {
                table: "recordings bucket".to_owned(),
                reason: "see the log".to_owned(),
            }
        };
        if head.map_err(unavailable)?.is_none() {
            return Ok(Visit::Gone);
        }
        let url = url.map_err(unavailable)?;
        match self.recordings.view(share, self.clock.now()).await? {
            Taken::Yes => Ok(Visit::Viewed(url)),
            // Others were faster, or it ended meanwhile.
            Taken::No => Ok(Visit::Ended(share.end(self.clock.now()).unwrap_or(ShareEnd::UsedUp))),
        }
    }

    /// Within one link the same address has the same pseudonym, and without the key the address is not found by
    /// trying them all.
    fn pseudonym(&self, share: &Share, address: &str) -> String {
        let mac = self.key.derived_mac(&format!("visitors of share link {}", share.id), address.as_bytes());
        hex::encode(&mac[..16])
    }

    /// An attempt is counted before the passcode is looked at, and taken back if it was right. `None`: it was.
    async fn guess(
        &self,
        share: &Share,
        passcode: Secret,
        hash: &str,
        address: &ClientAddress,
    ) -> Result<Option<Visit>, StoreError> {
        if passcode.expose().len() > MAX_PASSCODE_BYTES {
            return Ok(Some(Visit::WrongPasscode));
        }
        let network = address.network();
        let visitor =
            network.map_or_else(|| UNKNOWN_VISITOR.to_owned(), |network| self.pseudonym(share, &network));
        match self.recordings.try_passcode(share, &visitor, self.clock.now()).await? {
            Guess::Counted => {}
            Guess::TooSoon(wait) => return Ok(Some(Visit::TooSoon(wait))),
            Guess::Ended => {
                return Ok(Some(Visit::Ended(share.end(self.clock.now()).unwrap_or(ShareEnd::UsedUp))));
            }
        }
        if !passcode::is_right(passcode, hash.to_owned()).await {
            return Ok(Some(Visit::WrongPasscode));
        }
        self.recordings.right_passcode(share, &visitor).await?;
        Ok(None)
    }
}

/// What became of one visit.
enum Visit {
    /// The page, with its button. Nothing was heard.
    Shown {
        passcode: bool,
    },
    Viewed(Url),
    WrongPasscode,
    /// Wrong passcodes came before: this one was not looked at.
    TooSoon(Duration),
    Ended(ShareEnd),
    /// The link is good, the recording is not there any more.
    Gone,
}

impl Visit {
    fn label(&self) -> &'static str {
        match self {
            Self::Shown { passcode: false } => "page_shown",
            Self::Shown { passcode: true } => "passcode_wanted",
            Self::Viewed(_) => "viewed",
            Self::WrongPasscode => "wrong_passcode",
            Self::TooSoon(_) => "too_soon",
            Self::Ended(end) => end.as_str(),
            Self::Gone => "recording_gone",
        }
    }

    fn page(self, share: &Share, now: Timestamp) -> Page {
        Page::Notice(match self {
            Self::Viewed(url) => return Page::Recording { url, ttl: LINK_TTL },
            Self::Shown { passcode } => Notice::Button { passcode, ends_in: share.ends_at.since(now) },
            Self::WrongPasscode => Notice::WrongPasscode,
            Self::TooSoon(wait) => Notice::TooSoon(wait),
            Self::Ended(_) | Self::Gone => Notice::Ended,
        })
    }
}

fn failed(error: StoreError) -> Page {
    tracing::error!(%error, "a share link cannot be answered");
    Page::Notice(Notice::Unavailable)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Case C18.
    #[test]
    fn a_passcode_comes_by_a_form_by_json_or_not_at_all() {
        let read = |kind: &'static str, body: &str| {
            let headers =
                HeaderMap::from_iter([(header::CONTENT_TYPE, http::HeaderValue::from_static(kind))]);
            OpenLink::read(&headers, body.as_bytes()).map(|answer| answer.passcode)
        };
        let form = "application/x-www-form-urlencoded";
        assert_eq!(read(form, "passcode=slack+water%207"), Some(Some("slack water 7".into())));
        assert_eq!(read(form, ""), Some(None));
        assert_eq!(read(form, "other=1"), Some(None));
        assert_eq!(read("application/json", "{\"passcode\":\"slack\"}"), Some(Some("slack".into())));
        assert_eq!(read("Application/JSON; charset=utf-8", "{}"), Some(None));
        assert_eq!(read("application/json", "{"), None);
        assert_eq!(read("application/json", "{\"pin\":\"7\"}"), None, "a passcode by another name");
        assert!(OpenLink::read(&HeaderMap::new(), b"").is_some_and(|answer| answer.passcode.is_none()));
    }
}
