//! What a business may do with the recordings of its calls: delete them, hold them, lend them.
//!
//! Nothing here touches Twilio. A deletion is a tombstone at once; the bytes are the queue's to remove.

mod share_shapes;
mod shares;

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::response::Response;
use domain::Recording;
use domain::access::Scope;
use domain::recording::{DeletionReason, Retention};
use http::StatusCode;
use platform::Clock;
use platform::objects::{ObjectError, Objects};
use stores::calls;
use stores::recordings::{self, Deleted, Writer};
use url::Url;
use utoipa_axum::routes;

use crate::edge::answer::no_content;
use crate::edge::api::ApiFunction;
use crate::edge::api::admission::Gatekeeper;
use crate::edge::api::requester::Tenant;
use crate::edge::api::routes::Routes;
use crate::edge::inbox::Jobs;
use crate::edge::parts::parts;
use crate::edge::problem::Problem;
use crate::jobs::RecordingJob;
use crate::shared::recording_path::RecordingPath;

parts! {
    pub struct Recordings {
        clock: Clock,
        gatekeeper: Gatekeeper,
        calls: calls::Reader,
        reader: recordings::Reader,
        recordings: Writer,
        objects: Objects,
        jobs: Jobs<RecordingJob>,
        base: Url => |needs| needs.public_base(),
    }
}

impl ApiFunction for Recordings {
    const NAME: &'static str = "recordings";

    fn gatekeeper(&self) -> &Gatekeeper {
        &self.gatekeeper
    }

    fn routes() -> Routes<Arc<Self>> {
        // The recording of the conversation, and each recording by its own id.
        let of_call = ("/v1/calls/{sid}/recording", "");
        let by_id = ("/v1/calls/{sid}/recordings/{recording}", "_by_id");
        [of_call, by_id].into_iter().fold(Routes::new(), |routes, recording| {
            routes
                .of_business_under(recording, Scope::RecordingsWrite, routes!(remove))
                .of_business_under(recording, Scope::RecordingsWrite, routes!(hold, release))
                .of_business_under(recording, Scope::RecordingsShare, routes!(shares::create, shares::list))
                .of_business_under(recording, Scope::RecordingsShare, routes!(shares::revoke))
        })
    }
}

/// The recording cannot be played from here on; its bytes, here and at Twilio, are gone within minutes.
#[utoipa::path(
    delete,
    path = "",
    operation_id = "delete_recording",
    responses(
        (status = 204, description = "The recording is deleted."),
        (status = 409, description = "It is under legal hold, or there is nothing to delete."),
    ),
)]
async fn remove(
    State(app): State<Arc<Recordings>>,
    tenant: Tenant,
    Path(path): Path<RecordingPath>,
) -> Result<Response, Problem> {
    let recording = app.recording(&tenant, &path).await?;
    match app.recordings.delete(&recording, DeletionReason::Requested, app.clock.now()).await? {
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
    if let Err(error) = app.jobs.send(&job, Duration::ZERO).await {
        // The tombstone says that the bytes are still to go, and the sweep goes by it.
        tracing::error!(%error, "a deleted recording's bytes wait for the sweep");
    }
    Ok(no_content())
}

/// First the record, then the object's tag: at no moment may a lifecycle rule match what is held.
#[utoipa::path(
    put,
    path = "/hold",
    operation_id = "hold_recording",
    responses(
        (status = 204, description = "The recording is held."),
        (status = 409, description = "The recording is not archived."),
    ),
)]
async fn hold(
    State(app): State<Arc<Recordings>>,
    tenant: Tenant,
    Path(path): Path<RecordingPath>,
) -> Result<Response, Problem> {
    let recording = app.recording(&tenant, &path).await?;
    let archived = app.recordings.hold(&recording, true).await?.ok_or_else(not_archived)?;
    app.tag(&archived.key, Retention::HOLD).await?;
    Ok(no_content())
}

/// Ends the legal hold.
#[utoipa::path(
    delete,
    path = "/hold",
    operation_id = "release_recording",
    responses(
        (status = 204, description = "The recording is not held."),
        (status = 409, description = "The recording is not archived."),
    ),
)]
async fn release(
    State(app): State<Arc<Recordings>>,
    tenant: Tenant,
    Path(path): Path<RecordingPath>,
) -> Result<Response, Problem> {
    let recording = app.recording(&tenant, &path).await?;
    let archived = app.recordings.hold(&recording, false).await?.ok_or_else(not_archived)?;
    app.tag(&archived.key, archived.retention.as_str()).await?;
    Ok(no_content())
}

impl Recordings {
    async fn recording(&self, tenant: &Tenant, path: &RecordingPath) -> Result<Recording, Problem> {
        path.recording(tenant, &self.calls, &self.reader).await
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
