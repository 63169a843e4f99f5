//! A share link from its receiver's side: `GET /s/{token}` leads to the recording, for as long as the link is good.
//!
//! Every view is counted before it is granted, by one conditional write, and gets a presigned URL of its own that
//! lives minutes. An answer names neither the business nor the bucket.

mod page;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Form, Path, State};
use axum::response::Response;
use axum::routing::get;
use domain::share::{Share, ShareEnd};
use domain::token::TokenKey;
use domain::{RecordingState, Secret};
use platform::aws::Aws;
use platform::clock;
use platform::env::{Parser, Reader};
use platform::objects::Objects;
use platform::secrets::Secrets;
use platform::stores::StoreError;
use platform::stores::recordings::{self, Access, Taken, Writer};
use platform::telemetry::{self, Unit};
use serde::Deserialize;
use url::Url;

use super::passcode;
use crate::edge::address::ClientAddress;
use crate::edge::{HttpFunction, StartError};
use page::Page;

/// Long enough to begin a download, too short to be passed on.
const LINK_TTL: Duration = Duration::from_secs(2 * 60);
/// Longer ones are not tokens of ours.
const MAX_TOKEN_CHARS: usize = 64;
/// Longer ones are not passcodes of ours, and would be work to hash.
const MAX_PASSCODE_BYTES: usize = 256;

pub struct Shared {
    reader: recordings::Reader,
    recordings: Writer,
    objects: Objects,
    key: TokenKey,
}

impl HttpFunction for Shared {
    const NAME: &'static str = "recording-share";

    async fn load(env: &dyn Reader) -> Result<Self, StartError> {
        let mut vars = Parser::new(env);
        let recordings = vars.text("TABLE_RECORDINGS");
        let bucket = vars.text("BUCKET_RECORDINGS");
        let aws = Aws::load_with(env, vars).await?;
        let secrets = Secrets::load(env, &aws.config).await?;
        aws.warm(&recordings).await;
        Ok(Self {
            reader: recordings::Reader::new(&aws, &recordings),
            recordings: Writer::new(&aws, &recordings),
            objects: Objects::new(&aws, &bucket),
            key: secrets.stream_token_key,
        })
    }

    fn router(self) -> Router {
        Router::new().route("/s/{token}", get(open).post(open_with)).with_state(Arc::new(self))
    }
}

async fn open(State(app): State<Arc<Shared>>, address: ClientAddress, Path(token): Path<String>) -> Response {
    app.answer(token, None, address).await
}

#[derive(Deserialize)]
struct Answer {
    passcode: String,
}

async fn open_with(
    State(app): State<Arc<Shared>>,
    address: ClientAddress,
    Path(token): Path<String>,
    form: Result<Form<Answer>, axum::extract::rejection::FormRejection>,
) -> Response {
    match form {
        Ok(Form(Answer { passcode })) => app.answer(token, Some(Secret::new(passcode)), address).await,
        Err(_) => page::answer(Page::Unreadable),
    }
}

impl Shared {
    async fn answer(&self, token: String, passcode: Option<Secret>, address: ClientAddress) -> Response {
        if token.is_empty() || token.len() > MAX_TOKEN_CHARS {
            return page::answer(Page::Unknown);
        }
        let share = match self.reader.share_of(&Secret::new(token)).await {
            Ok(Some(share)) => share,
            Ok(None) => return page::answer(Page::Unknown),
            Err(error) => return failed(&error),
        };
        let outcome = match self.grant(&share, passcode).await {
            Ok(outcome) => outcome,
            Err(error) => return failed(&error),
        };
        telemetry::metric("ShareVisits", 1.0, Unit::Count, &[("Outcome", outcome.label())]);
        let access = Access {
            at: clock::now(),
            outcome: outcome.label().to_owned(),
            address: address.0.map(|address| self.pseudonym(&share, &address)),
        };
        if let Err(error) = self.recordings.accessed(&share, &access).await {
            // A recording that is heard without a trace is worse than one that is heard a minute later.
            return failed(&error);
        }
        page::answer(match outcome {
            Outcome::Viewed(url) => Page::Recording(url),
            Outcome::PasscodeWanted => Page::Passcode { wrong: false },
            Outcome::WrongPasscode => Page::Passcode { wrong: true },
            Outcome::Ended(_) | Outcome::Gone => Page::Ended,
        })
    }

    /// What this visit gets. The order matters: nothing is counted for a recording that cannot be shown.
    async fn grant(&self, share: &Share, passcode: Option<Secret>) -> Result<Outcome, StoreError> {
        if let Some(end) = share.end(clock::now()) {
            return Ok(Outcome::Ended(end));
        }
        let recording = self.reader.of_call(&share.call, &share.recording).await?;
        let Some(RecordingState::Archived(archived)) = recording.map(|recording| recording.state) else {
            return Ok(Outcome::Gone);
        };
        if let Some(hash) = &share.passcode {
            let Some(passcode) = passcode else { return Ok(Outcome::PasscodeWanted) };
            if !self.is_right(share, passcode, hash).await? {
                return Ok(Outcome::WrongPasscode);
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
            return Ok(Outcome::Gone);
        }
        let url = url.map_err(unavailable)?;
        match self.recordings.view(share, clock::now()).await? {
            Taken::Yes => Ok(Outcome::Viewed(url)),
            // Others were faster, or it ended meanwhile.
            Taken::No => Ok(Outcome::Ended(share.end(clock::now()).unwrap_or(ShareEnd::UsedUp))),
        }
    }

    /// Within one link the same address has the same pseudonym, and nobody without the key finds the address by
    /// trying them all.
    fn pseudonym(&self, share: &Share, address: &str) -> String {
        let mac = self.key.derived_mac(&format!("visitors of share link {}", share.id), address.as_bytes());
        hex::encode(&mac[..16])
    }

    /// An attempt is taken before the passcode is looked at and given back if it was right.
    async fn is_right(&self, share: &Share, passcode: Secret, hash: &str) -> Result<bool, StoreError> {
        if passcode.expose().len() > MAX_PASSCODE_BYTES
            || self.recordings.try_passcode(share, clock::now()).await? == Taken::No
        {
            return Ok(false);
        }
        let right = passcode::is_right(passcode, hash.to_owned()).await;
        if right {
            self.recordings.right_passcode(share).await?;
        }
        Ok(right)
    }
}

/// What became of one visit.
enum Outcome {
    Viewed(Url),
    PasscodeWanted,
    WrongPasscode,
    Ended(ShareEnd),
    /// The link is good, the recording is not there any more.
    Gone,
}

impl Outcome {
    const fn label(&self) -> &'static str {
        match self {
            Self::Viewed(_) => "viewed",
            Self::PasscodeWanted => "passcode_wanted",
            Self::WrongPasscode => "wrong_passcode",
            Self::Ended(end) => end.as_str(),
            Self::Gone => "recording_gone",
        }
    }
}

fn failed(error: &StoreError) -> Response {
    tracing::error!(%error, "a share link cannot be answered");
    page::answer(Page::Unavailable)
}
