//! Share links from the business's side: made, listed with their visits, revoked.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use domain::share::{
    DEFAULT_SHARE_TTL, DEFAULT_SHARE_VIEWS, Disposition, MAX_SHARE_TTL, MAX_SHARE_VIEWS, MAX_SHARES,
    MIN_SHARE_TTL, PASSCODE_CHARS, Share,
};
use domain::{Recording, RecordingState, Secret};
use http::StatusCode;
use serde::Deserialize;
use stores::recordings::Taken;

use super::share_shapes::{NewShare, NewShareAnswer, ShareList, ShareView};
use super::{Recordings, not_archived, unavailable};
use crate::edge::address;
use crate::edge::answer::no_content;
use crate::edge::api::input::OptionalBody;
use crate::edge::api::requester::Tenant;
use crate::edge::problem::Problem;
use crate::recordings::passcode;
use crate::shared::recording_path::RecordingPath;

/// Makes a link to a recording.
#[utoipa::path(
    post,
    path = "/shares",
    operation_id = "share_recording",
    request_body = Option<NewShare>,
    responses(
        (status = 201, description = "The link. Only this answer names its address.", body = NewShareAnswer),
        (status = 409, description = "The recording is not archived, or its call has had too many links."),
    ),
)]
pub(super) async fn create(
    State(app): State<Arc<Recordings>>,
    tenant: Tenant,
    Path(path): Path<RecordingPath>,
    OptionalBody(new): OptionalBody<NewShare>,
) -> Result<Response, Problem> {
    let recording = app.recording(&tenant, &path).await?;
    let RecordingState::Archived(archived) = &recording.state else { return Err(not_archived()) };
    // A link to nothing would show its receiver S3's own error.
    if app.objects.head(&archived.key).await.map_err(unavailable)?.is_none() {
        return Err(not_archived());
    }
    if app.reader.shares(&recording.call).await?.len() >= MAX_SHARES {
        let detail = format!("a call's recordings have at most {MAX_SHARES} links over time");
        return Err(Problem::new(StatusCode::CONFLICT, "too many links").detail(detail));
    }
    let now = app.clock.now();
    let (Some(token), Some(id)) = (platform::random::token(), platform::random::token()) else {
        tracing::error!("the system gives no randomness");
        return Err(Problem::unavailable());
    };
    let share = Share {
        id: id.expose().to_owned(),
        business: recording.business,
        call: recording.call,
        recording: recording.sid,
        disposition: disposition(new.disposition.as_deref())?,
        created_at: now,
        ends_at: now.plus(ttl(new.expires_in)?),
        max_views: max_views(new.max_views)?,
        views: 0,
        passcode: passcode_hash(new.passcode).await?,
        wrong_passcodes: 0,
        next_guess_at: None,
        slowed_until: None,
        revoked_at: None,
    };
    app.recordings.share(&share, &token).await?;
    tracing::info!(call = %share.call, recording = %share.recording, "share link made");
    let url = address::of(&app.base, &format!("/s/{}", token.expose()));
    let made = NewShareAnswer { share: ShareView::new(&share, now), url };
    Ok((StatusCode::CREATED, Json(made)).into_response())
}

/// The links to a recording, with their visits.
#[utoipa::path(
    get,
    path = "/shares",
    operation_id = "list_shares",
    responses((status = 200, description = "The links.", body = ShareList)),
)]
pub(super) async fn list(
    State(app): State<Arc<Recordings>>,
    tenant: Tenant,
    Path(path): Path<RecordingPath>,
) -> Result<Response, Problem> {
    let recording = app.recording(&tenant, &path).await?;
    let now = app.clock.now();
    let mut shares = vec![];
    for share in app.shares_of(&recording).await? {
        let visits = app.reader.accesses(&share.id).await?;
        shares.push((share, visits));
    }
    Ok(Json(ShareList::new(&shares, now)).into_response())
}

#[derive(Deserialize)]
pub(super) struct Link {
    share: String,
}

/// A link that has ended by itself can be revoked as well: what was asked for holds.
#[utoipa::path(
    delete,
    path = "/shares/{share}",
    operation_id = "revoke_share",
    responses((status = 204, description = "The link leads nowhere any more.")),
)]
pub(super) async fn revoke(
    State(app): State<Arc<Recordings>>,
    tenant: Tenant,
    Path(path): Path<RecordingPath>,
    Path(Link { share: id }): Path<Link>,
) -> Result<Response, Problem> {
    let recording = app.recording(&tenant, &path).await?;
    if !app.shares_of(&recording).await?.iter().any(|share| share.id == id) {
        return Err(Problem::not_found("share link"));
    }
    match app.recordings.revoke(&recording.call, &id, app.clock.now()).await? {
        Taken::Yes => Ok(no_content()),
        Taken::No => Err(Problem::not_found("share link")),
    }
}

impl Recordings {
    async fn shares_of(&self, recording: &Recording) -> Result<Vec<Share>, Problem> {
        let mut shares = self.reader.shares(&recording.call).await?;
        shares.retain(|share| share.recording == recording.sid);
        Ok(shares)
    }
}

fn ttl(expires_in: Option<u64>) -> Result<Duration, Problem> {
    let ttl = expires_in.map_or(DEFAULT_SHARE_TTL, Duration::from_secs);
    if (MIN_SHARE_TTL..=MAX_SHARE_TTL).contains(&ttl) {
        return Ok(ttl);
    }
    let (least, most) = (MIN_SHARE_TTL.as_secs(), MAX_SHARE_TTL.as_secs());
    Err(Problem::invalid("/expires_in", "range", format!("give {least} to {most} seconds")))
}

fn max_views(max_views: Option<u32>) -> Result<u32, Problem> {
    let views = max_views.unwrap_or(DEFAULT_SHARE_VIEWS);
    let fits = (1..=MAX_SHARE_VIEWS).contains(&views);
    fits.then_some(views)
        .ok_or_else(|| Problem::invalid("/max_views", "range", format!("give 1 to {MAX_SHARE_VIEWS}")))
}

fn disposition(text: Option<&str>) -> Result<Disposition, Problem> {
    let Some(text) = text else { return Ok(Disposition::default()) };
    Disposition::parse(text)
        .ok_or_else(|| Problem::invalid("/disposition", "word", "give `attachment` or `inline`"))
}

async fn passcode_hash(passcode: Option<String>) -> Result<Option<String>, Problem> {
    let Some(passcode) = passcode.map(Secret::new) else { return Ok(None) };
    if !PASSCODE_CHARS.contains(&passcode.expose().chars().count()) {
        let (least, most) = (PASSCODE_CHARS.start(), PASSCODE_CHARS.end());
        return Err(Problem::invalid("/passcode", "length", format!("give {least} to {most} characters")));
    }
    passcode::hash(passcode).await.map(Some).ok_or_else(Problem::unavailable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_lives_and_is_viewed_within_bounds() {
        let (least, most) = (MIN_SHARE_TTL.as_secs(), MAX_SHARE_TTL.as_secs());
        assert_eq!(ttl(None).unwrap(), DEFAULT_SHARE_TTL);
        assert!([least, most].into_iter().all(|seconds| ttl(Some(seconds)).is_ok()));
        assert!([0, least - 1, most + 1].into_iter().all(|seconds| ttl(Some(seconds)).is_err()));
        assert_eq!(max_views(None).unwrap(), DEFAULT_SHARE_VIEWS);
        assert!([1, MAX_SHARE_VIEWS].into_iter().all(|views| max_views(Some(views)).is_ok()));
        assert!([0, MAX_SHARE_VIEWS + 1].into_iter().all(|views| max_views(Some(views)).is_err()));
        assert_eq!(disposition(Some("inline")).unwrap(), Disposition::Inline);
        assert!(disposition(Some("Inline")).is_err());
    }
}
