//! Members of a business: invited by a link that is shown once, given roles, removed.
//!
//! A member is a key without a text, so what holds for keys holds for members: `keys:read` sees them, `keys:write` invites,
//! changes and removes them, and gives no more than it has. There are no scopes of their own: a key that makes keys could
//! make the same ones without a member.

mod shapes;

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use domain::access::{ApiKey, KeyId, KeyKind, KeyOwner, MAX_MEMBERS, Mistake, StoredKey};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use http::{HeaderMap, StatusCode};

use super::{AT_ONCE, Keys, is_the_same_wish, stored};
use crate::edge::address;
use crate::edge::answer::no_content;
use crate::edge::api::input::Body;
use crate::edge::api::requester::{Requester, Tenant};
use crate::edge::api::schema;
use crate::edge::idempotency::{self, Replayed};
use crate::edge::problem::{FieldError, Problem};
use shapes::{ChangeMember, InvitedMember, MemberList, MemberView, NewMemberRequest};

/// What the texts of invitations are derived for.
const PURPOSE: &str = "invitations by idempotency key";

/// The members of the business, those who have not accepted their invitation yet among them.
#[utoipa::path(get, path = "/v1/members", operation_id = "list_members",
    responses((status = 200, body = MemberList)))]
pub(super) async fn list(
    State(app): State<Arc<Keys>>,
    Tenant(business): Tenant,
) -> Result<Response, Problem> {
    let keys = app.reader.of(&KeyOwner::Business(business)).await?;
    let members = keys.into_iter().filter(|key| key.member.is_some());
    let view = |key: StoredKey| {
        let app = &app;
        async move { app.member_view(&key).await }
    };
    let members = stream::iter(members).map(view).buffered(AT_ONCE).try_collect().await?;
    Ok(Json(MemberList { members }).into_response())
}

/// Invites a person. The link is in this answer and nowhere else; it is good for seven days, and for one person.
#[utoipa::path(post, path = "/v1/members", operation_id = "invite_member",
    params(("Idempotency-Key" = Option<schema::IdempotencyKey>, Header)),
    request_body = NewMemberRequest,
    responses((status = 201, body = InvitedMember),
        (status = 409, description = "The deployment has no issuer, or the business has the most members that it may.")))]
pub(super) async fn invite(
    State(app): State<Arc<Keys>>,
    Tenant(business): Tenant,
    requester: Requester,
    headers: HeaderMap,
    Body(wish): Body<NewMemberRequest>,
) -> Result<Response, Problem> {
    if !app.has_issuer {
        return Err(Problem::new(StatusCode::CONFLICT, "no issuer").detail(
            "members sign in through an issuer of OpenID Connect, and this deployment has none: make a key instead",
        ));
    }
    if app.businesses.business(&business).await?.is_none() {
        return Err(Problem::not_found("business"));
    }
    let owner = KeyOwner::Business(business.clone());
    let random = app.random(PURPOSE, &owner, idempotency::optional(&headers)?)?;
    let text = ApiKey::of_random(KeyKind::Invitation, &random);
    let known = app.reader.key(&text.id()).await?;
    let made_at = known.as_ref().map_or_else(|| app.clock.now(), |known| known.created_at);
    let key = wish.read()?.invite(business, &text, made_at, &requester.key);
    let key = key.map_err(|mistakes| problem(&mistakes))?;
    if let Some(known) = known {
        let same = is_the_same_wish(&known, &key) && known.revoked_at.is_none();
        return if same { app.invited(&text, &known, true).await } else { Err(reused()) };
    }
    let members = app.reader.of(&owner).await?.into_iter().filter(|key| key.member.is_some()).count();
    if members >= MAX_MEMBERS {
        return Err(Problem::new(StatusCode::CONFLICT, "too many members").detail(format!(
            "there are {MAX_MEMBERS} members at most, open invitations included: remove one"
        )));
    }
    app.writer.add(&key).await?;
    tracing::info!(key = %key.id, by = %requester.key.id, "a member is invited");
    app.invited(&text, &key, false).await
}

fn reused() -> Problem {
    idempotency::reused()
        .detail("the invitation was made with another wish, or was withdrawn: use another `Idempotency-Key`")
}

/// Gives a member another role: it holds from their next request on.
#[utoipa::path(patch, path = "/v1/members/{member}", operation_id = "change_member",
    request_body = ChangeMember,
    responses((status = 200, body = MemberView),
        (status = 409, description = "The member was changed at the same time.")))]
pub(super) async fn change(
    State(app): State<Arc<Keys>>,
    Tenant(business): Tenant,
    requester: Requester,
    Path(id): Path<String>,
    Body(wish): Body<ChangeMember>,
) -> Result<Response, Problem> {
    let role = shapes::role(&wish.role)?;
    let unknown = || Problem::not_found("member");
    let seen = app.member(KeyOwner::Business(business), &id).await?;
    let seen = seen.filter(|key| key.revoked_at.is_none()).ok_or_else(unknown)?;
    let mut key = seen.clone();
    key.set_role(role, &requester.key).map_err(Problem::forbidden)?;
    if key != seen {
        stored(app.writer.replace(Some(&seen), &key).await?)?;
        tracing::info!(key = %key.id, by = %requester.key.id, role = role.as_str(), "a member's role is changed");
    }
    Ok(Json(app.member_view(&key).await?).into_response())
}

/// Removes a member, which ends their sign-ins at once, or withdraws an invitation. Keys that they made stay.
#[utoipa::path(delete, path = "/v1/members/{member}", operation_id = "remove_member",
    responses((status = 204, description = "The person is no member any more."),
        (status = 409, description = "The member was changed at the same time.")))]
pub(super) async fn remove(
    State(app): State<Arc<Keys>>,
    Tenant(business): Tenant,
    requester: Requester,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let seen = app.member(KeyOwner::Business(business), &id).await?;
    let seen = seen.ok_or_else(|| Problem::not_found("member"))?;
    let mut key = seen.clone();
    key.revoke(app.clock.now());
    if key != seen {
        stored(app.writer.remove(&seen, &key).await?)?;
        tracing::info!(key = %key.id, by = %requester.key.id, "a member is removed");
    }
    // The key opens nothing any more. Who it was is forgotten also by a repetition, if this one fails.
    app.eraser.forget(&key.id).await?;
    Ok(no_content())
}

impl Keys {
    /// A member of the business, also one who was removed.
    async fn member(&self, owner: KeyOwner, id: &str) -> Result<Option<StoredKey>, Problem> {
        let Ok(id) = KeyId::parse(id) else { return Ok(None) };
        let key = self.reader.key(&id).await?;
        Ok(key.filter(|key| key.owner == owner && key.member.is_some()))
    }

    async fn invited(&self, text: &ApiKey, key: &StoredKey, replayed: bool) -> Result<Response, Problem> {
        // Behind the `#`, where no server's log has it.
        let path = format!("/console#/join/{}", text.secret().expose());
        let link = address::of(&self.base, &path);
        let invited = InvitedMember { link, about: self.member_view(key).await? };
        Ok((StatusCode::CREATED, Replayed(replayed), Json(invited)).into_response())
    }

    async fn member_view(&self, key: &StoredKey) -> Result<MemberView, Problem> {
        let joined = self.members.joined(&key.id).await?;
        let last_used = self.requests.last_use(&key.id).await?;
        Ok(MemberView::new(key, joined, last_used, self.clock.now()))
    }
}

/// A role is what is given here; scopes follow from it.
fn problem(mistakes: &[Mistake]) -> Problem {
    let field = |mistake: &Mistake| FieldError {
        pointer: match mistake.field() {
            Some("scopes") => "/role".to_owned(),
            Some(field) => format!("/{field}"),
            None => String::new(),
        },
        code: mistake.code().to_owned(),
        detail: mistake.to_string(),
    };
    Problem::fields(mistakes.iter().map(field).collect())
}
