//! The host recordings are downloaded from. As at S3, the link is the permission, and a request that
//! brings an `Authorization` header as well is refused.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use futures_util::{StreamExt, stream};

use super::{Form, form};
use crate::audio::wav::RATE_HZ;
use crate::twilio::account::Account;
use crate::twilio::recording::Recording;
use crate::twilio::signature::sign_url;
use crate::twilio::spec::MediaFault;

const NOT_FOUND: &str = "<?xml version='1.0' encoding='UTF-8'?>\n<TwilioResponse><RestException><Code>20404</Code>\
    <Message>The requested resource was not found</Message><Status>404</Status></RestException></TwilioResponse>";

const ERROR_PAGE: &str = "<!DOCTYPE html><html><body><h1>We will be right back</h1></body></html>";

/// How long a download that will be cut stands still: the part before the cut is on its way by then.
const CUT_AFTER: Duration = Duration::from_millis(50);

/// The accounts whose recordings can be downloaded.
type Accounts = Arc<[Arc<Account>]>;

/// The download host, one for all accounts.
pub(crate) fn router(accounts: Accounts) -> Router {
    Router::new().route("/{sid}", get(download)).with_state(accounts)
}

/// A signed link to one download, carrying its fault if it has one.
pub(super) fn link(
    account: &Account,
    recording: &Recording,
    channels: u16,
    fault: Option<MediaFault>,
) -> String {
    let mut url = account.media_url.clone();
    url.set_path(&recording.sid);
    let mut query = url.query_pairs_mut();
    query.append_pair("channels", &channels.to_string());
    if let Some((name, share)) = fault.and_then(encode) {
        query.append_pair(name, &share.to_string());
    }
    drop(query);
    let signature = sign_url(&account.config.auth_token, url.as_str());
    url.query_pairs_mut().append_pair("signature", &signature);
    url.into()
}

/// The name in the media URL, for faults of this host; faults of the account's host have no name here.
const fn encode(fault: MediaFault) -> Option<(&'static str, f64)> {
    match fault {
        MediaFault::Expired => Some(("expired", 1.0)),
        MediaFault::Xml => Some(("xml", 1.0)),
        MediaFault::Html => Some(("html", 1.0)),
        MediaFault::TooLong => Some(("too-long", 1.0)),
        MediaFault::Empty => Some(("empty", 1.0)),
        MediaFault::Cut(share) => Some(("cut", share)),
        MediaFault::WrongMagic => Some(("wrong-magic", 1.0)),
        MediaFault::Mp3 => Some(("mp3", 1.0)),
        MediaFault::Placeholder(size) => Some(("placeholder", size as f64)),
        MediaFault::Unended(late) => Some(("unended", late.as_millis() as f64)),
        MediaFault::NotFound | MediaFault::Unauthorized | MediaFault::Deleted => None,
    }
}

fn decode(query: &Form) -> Option<MediaFault> {
    let share = |name| query.value(name).and_then(|text| text.parse().ok());
    [
        share("expired").map(|_: f64| MediaFault::Expired),
        share("xml").map(|_: f64| MediaFault::Xml),
        share("html").map(|_: f64| MediaFault::Html),
        share("too-long").map(|_: f64| MediaFault::TooLong),
        share("empty").map(|_: f64| MediaFault::Empty),
        share("cut").map(MediaFault::Cut),
        share("wrong-magic").map(|_: f64| MediaFault::WrongMagic),
        share("mp3").map(|_: f64| MediaFault::Mp3),
        share("placeholder").map(|size: f64| MediaFault::Placeholder(size as u32)),
        share("unended").map(|ms: f64| MediaFault::Unended(Duration::from_millis(ms as u64))),
    ]
    .into_iter()
    .find_map(|fault| fault)
}

async fn download(
    State(accounts): State<Accounts>,
    Path(sid): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let Some((account, recording)) =
        accounts.iter().find_map(|account| Some((account, account.recordings.find(&sid)?)))
    else {
        return StatusCode::NOT_FOUND.into_response();
    };
    if headers.contains_key(header::AUTHORIZATION) {
        return (StatusCode::BAD_REQUEST, "Only one auth mechanism allowed").into_response();
    }
    let query = Form(form(query.unwrap_or_default().as_bytes()));
    let fault = decode(&query);
    if fault == Some(MediaFault::Expired) || !is_signed(account, &sid, &query) {
        return (StatusCode::FORBIDDEN, "Request has expired").into_response();
    }
    let channels = if query.value("channels") == Some("2") { 2 } else { 1 };
    let Ok(mut file) = recording.wav(channels) else { return StatusCode::NOT_FOUND.into_response() };
    if recording.is_encrypted() {
        // Nothing of it looks like what it is.
        file.iter_mut()
            .zip((0u8..=255).cycle())
            .for_each(|(byte, n)| *byte = byte.wrapping_mul(167) ^ n ^ 0xA5);
    }
    let audio = [(header::CONTENT_TYPE, "audio/x-wav")];
    match fault {
        Some(MediaFault::Xml) => not_found_xml(StatusCode::OK),
        Some(MediaFault::Html) => {
            (StatusCode::OK, [(header::CONTENT_TYPE, "text/html")], ERROR_PAGE).into_response()
        }
        Some(MediaFault::TooLong) => (audio, lengthened(file, channels)).into_response(),
        Some(MediaFault::Empty) => (audio, Body::empty()).into_response(),
        Some(MediaFault::WrongMagic) => (audio, vec![0x5A; file.len()]).into_response(),
        Some(MediaFault::Cut(share)) => cut(file, share),
        Some(MediaFault::Mp3) => {
            file[..4].copy_from_slice(&[0xFF, 0xF3, 0x40, 0xC4]);
            (audio, file).into_response()
        }
        Some(MediaFault::Placeholder(size)) => {
            let data = file.windows(4).position(|chunk| chunk == b"data").unwrap_or(0) + 4;
            for at in [4, data] {
                file[at..at + 4].copy_from_slice(&size.to_le_bytes());
            }
            (audio, file).into_response()
        }
        Some(MediaFault::Unended(late)) => {
            let whole = stream::iter([Ok::<_, io::Error>(Bytes::from(file))]);
            let end = stream::once(async move {
                tokio::time::sleep(late).await;
                Ok(Bytes::new())
            });
            (audio, Body::from_stream(whole.chain(end))).into_response()
        }
        Some(MediaFault::NotFound | MediaFault::Unauthorized | MediaFault::Deleted | MediaFault::Expired)
        | None => (audio, file).into_response(),
    }
}

fn is_signed(account: &Account, sid: &str, query: &Form) -> bool {
    let mut url = account.media_url.clone();
    url.set_path(sid);
    let unsigned = query.0.iter().filter(|(name, _)| name != "signature");
    url.query_pairs_mut().extend_pairs(unsigned);
    query.value("signature") == Some(&sign_url(&account.config.auth_token, url.as_str()))
}

/// The same file with ten seconds of silence behind it, and a header that says so.
fn lengthened(mut file: Vec<u8>, channels: u16) -> Vec<u8> {
    const SECONDS: usize = 10;
    file.resize(file.len() + SECONDS * 2 * usize::from(channels) * RATE_HZ as usize, 0);
    // The two sizes of the header that `hound` writes: of all that follows, and of the samples at the end.
    let data = file.windows(4).position(|chunk| chunk == b"data").unwrap_or(0) + 4;
    for at in [4, data] {
        let size = (file.len() - at - 4) as u32;
        file[at..at + 4].copy_from_slice(&size.to_le_bytes());
    }
    file
}

/// Promises the whole file and breaks the connection after a part of it.
fn cut(mut file: Vec<u8>, share: f64) -> Response {
    let promised = file.len();
    file.truncate((promised as f64 * share.clamp(0.0, 1.0)) as usize);
    let part = stream::iter([Ok(Bytes::from(file))]);
    let breaks = stream::once(async {
        tokio::time::sleep(CUT_AFTER).await;
        Err(io::Error::from(io::ErrorKind::ConnectionReset))
    });
    let body = Body::from_stream(part.chain(breaks));
    let headers =
        [(header::CONTENT_TYPE, "audio/x-wav".to_owned()), (header::CONTENT_LENGTH, promised.to_string())];
    (headers, body).into_response()
}

pub(super) fn not_found_xml(status: StatusCode) -> Response {
    (status, [(header::CONTENT_TYPE, "application/xml")], NOT_FOUND).into_response()
}
