//! What a business may do with the recordings of its calls: delete them, hold them, lend them.
//!
//! Nothing here touches Twilio. A deletion is a tombstone at once; the bytes are the queue's to remove.

mod shares;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, post, put};
use domain::Recording;
use domain::recording::{DeletionReason, Retention};
use http::StatusCode;
use platform::aws::Aws;
use platform::clock;
use platform::env::{Parser, Reader};
use platform::objects::{ObjectError, Objects};
use platform::queues::Queue;
use stores::recordings::{self, Deleted, Writer};
use stores::{businesses, calls};
use url::Url;

use super::job::RecordingJob;
use super::which::Which;
use crate::edge::auth::Operator;
use crate::edge::problem::Problem;
use crate::edge::{HttpFunction, StartError};

pub struct Recordings {
    base: Url,
    businesses: businesses::Reader,
    calls: calls::Reader,
    reader: recordings::Reader,
    recordings: Writer,
    objects: Objects,
    queue: Queue,
}

impl HttpFunction for Recordings {
    const NAME: &'static str = "recordings";

    async fn load(env: &dyn Reader) -> Result<Self, StartError> {
        let mut vars = Parser::new(env);
        let base = vars.url("PUBLIC_BASE_URL");
        let businesses = vars.text("TABLE_BUSINESSES");
        let calls = vars.text("TABLE_CALLS");
        let recordings = vars.text("TABLE_RECORDINGS");
        let bucket = vars.text("BUCKET_RECORDINGS");
        let queue = vars.text("QUEUE_RECORDINGS");
        let aws = Aws::load_with(env, vars).await?;
        aws.warm(&businesses).await;
        Ok(Self {
            base,
            businesses: businesses::Reader::new(&aws, &businesses),
            calls: calls::Reader::new(&aws, &calls),
            reader: recordings::Reader::new(&aws, &recordings),
            recordings: Writer::new(&aws, &recordings),
            objects: Objects::new(&aws, &bucket),
            queue: Queue::new(&aws, &queue),
        })
    }

    fn router(self) -> Router {
        let of_one = Router::new()
            .route("/", delete(remove))
            .route("/hold", put(hold).delete(release))
            .route("/shares", post(shares::create).get(shares::list))
            .route("/shares/{id}", delete(shares::revoke));
        Router::new()
            .nest("/v1/calls/{sid}/recording", of_one.clone())
            .nest("/v1/calls/{sid}/recordings/{recording}", of_one)
            .with_state(Arc::new(self))
    }
}

impl AsRef<businesses::Reader> for Recordings {
    fn as_ref(&self) -> &businesses::Reader {
        &self.businesses
    }
}

/// The recording cannot be played from here on; its bytes, here and at Twilio, are gone within minutes.
async fn remove(
    State(app): State<Arc<Recordings>>,
    operator: Operator,
    Path(which): Path<Which>,
) -> Result<Response, Problem> {
    let recording = app.recording(&operator, &which).await?;
    match app.recordings.delete(&recording, DeletionReason::Requested, clock::now()).await? {
        Deleted::Done => {}
        Deleted::Held => return Err(held()),
        Deleted::Nothing => {
            let detail = format!("there is nothing to delete: its state is `{}`", recording.state.as_str());
            return Err(Problem::new(StatusCode::CONFLICT, "nothing to delete").detail(detail));
        }
    }
    let (call, recording) = (recording.call, recording.sid);
    tracing::info!(%call, %recording, "recording deleted on request");
    let job = RecordingJob::Erase { call, recording };
    if let Err(error) = app.queue.send(&job, Duration::ZERO).await {
        // The tombstone says that the bytes are still to go, and the sweep goes by it.
        tracing::error!(%error, "a deleted recording's bytes wait for the sweep");
    }
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// First the record, then the object's tag: at no moment may a lifecycle rule match what is held.
async fn hold(
    State(app): State<Arc<Recordings>>,
    operator: Operator,
    Path(which): Path<Which>,
) -> Result<Response, Problem> {
    let recording = app.recording(&operator, &which).await?;
    let archived = app.recordings.hold(&recording, true).await?.ok_or_else(not_archived)?;
    app.tag(&archived.key, Retention::HOLD).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn release(
    State(app): State<Arc<Recordings>>,
    operator: Operator,
    Path(which): Path<Which>,
) -> Result<Response, Problem> {
    let recording = app.recording(&operator, &which).await?;
    let archived = app.recordings.hold(&recording, false).await?.ok_or_else(not_archived)?;
    app.tag(&archived.key, archived.retention.as_str()).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

impl Recordings {
    async fn recording(&self, operator: &Operator, which: &Which) -> Result<Recording, Problem> {
        which.find(operator, &self.calls, &self.reader).await
    }

    async fn tag(&self, key: &str, value: &str) -> Result<(), Problem> {
        self.objects.set_tag(key, Retention::TAG, value).await.map_err(unavailable)
    }
}

fn held() -> Problem {
    Problem::new(StatusCode::CONFLICT, "legal hold")
        .detail("the recording is under legal hold: end that first")
}

fn not_archived() -> Problem {
    Problem::new(StatusCode::CONFLICT, "not archived")
        .detail("only an archived recording can be held or shared")
}

fn unavailable(error: ObjectError) -> Problem {
    tracing::error!(%error, "the recordings bucket failed");
    Problem::unavailable()
}
