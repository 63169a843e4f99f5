//! API keys, members, and the log of what was done with them.
//!
//! The text of a key is in one answer and nowhere else. With an `Idempotency-Key` it is a MAC over that key, so that a
//! repeated request is answered with the same text although nothing of it was kept.

mod members;
mod shapes;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use domain::access::{ApiKey, DEFAULT_OVERLAP, KeyId, KeyOwner, NotRotated, Scope, StoredKey};
use domain::token::TokenKey;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use http::{HeaderMap, StatusCode, header};
use jiff::civil::Date;
use platform::Clock;
use stores::keys::{MAX_KEYS, Reader, Writer, Written};
use stores::members::Eraser;
use stores::requests::Entry;
use stores::{businesses, requests};
use url::Url;
use utoipa_axum::routes;

use crate::edge::answer::no_content;
use crate::edge::api::ApiFunction;
use crate::edge::api::admission::Gatekeeper;
use crate::edge::api::input::{Body, OptionalBody, Query, page_limit};
use crate::edge::api::paging::Paging;
use crate::edge::api::requester::Requester;
use crate::edge::api::routes::Routes;
use crate::edge::api::schema;
use crate::edge::idempotency::{self, Replayed};
use crate::edge::parts::parts;
use crate::edge::problem::Problem;
use shapes::{AuditQuery, Audited, KeyList, KeyView, NewKeyRequest, RotateKey, ShownKey};

/// Keys whose last use is looked up at one time.
const AT_ONCE: usize = 16;
/// What the texts of keys are derived for.
const PURPOSE: &str = "api keys by idempotency key";

parts! {
    pub struct Keys {
        gatekeeper: Gatekeeper,
        clock: Clock,
        reader: Reader,
        writer: Writer,
        requests: requests::Reader,
        businesses: businesses::Reader,
        members: stores::members::Reader,
        eraser: Eraser,
        token_key: TokenKey,
        /// Whether the deployment has one; without it there are no members.
        has_issuer: bool => |needs| needs.issuer().is_some(),
        base: Url => |needs| needs.public_base(),
    }
}

impl ApiFunction for Keys {
    const NAME: &'static str = "keys";

    fn gatekeeper(&self) -> &Gatekeeper {
        &self.gatekeeper
    }

    fn routes() -> Routes<Arc<Self>> {
        Routes::new()
            .of_key(Scope::KeysRead, routes!(list))
            .of_key(Scope::KeysWrite, routes!(create))
            .of_key(Scope::KeysRead, routes!(one))
            .of_key(Scope::KeysWrite, routes!(revoke))
            .of_key(Scope::KeysWrite, routes!(rotate))
            .of_key(Scope::AuditRead, routes!(audit))
            .of_business(Scope::KeysRead, routes!(members::list))
            .of_business(Scope::KeysWrite, routes!(members::invite))
            .of_business(Scope::KeysWrite, routes!(members::change))
            .of_business(Scope::KeysWrite, routes!(members::remove))
    }
}

/// The keys of the business, or the operators' if no business is named; without their texts.
#[utoipa::path(get, path = "/v1/keys", operation_id = "list_keys", tag = "keys",
    responses((status = 200, body = KeyList)))]
async fn list(State(app): State<Arc<Keys>>, requester: Requester) -> Result<Response, Problem> {
    let stored = app.keys_of(&requester.subject()).await?;
    let view = |key| {
        let app = &app;
        async move { app.view(&key).await }
    };
    let keys = stream::iter(stored).map(view).buffered(AT_ONCE).try_collect().await?;
    Ok(Json(KeyList { keys }).into_response())
}

/// Makes a key. Its text is in this answer and nowhere else.
#[utoipa::path(post, path = "/v1/keys", operation_id = "create_key", tag = "keys",
    params(("Idempotency-Key" = Option<schema::IdempotencyKey>, Header)),
    request_body = NewKeyRequest,
    responses((status = 201, body = ShownKey), (status = 409, description = "Its state has changed meanwhile, or forbids it.")))]
async fn create(
    State(app): State<Arc<Keys>>,
    requester: Requester,
    headers: HeaderMap,
    Body(wish): Body<NewKeyRequest>,
) -> Result<Response, Problem> {
    let owner = requester.subject();
    if let KeyOwner::Business(id) = &owner
        && app.businesses.business(id).await?.is_none()
    {
        return Err(Problem::not_found("business"));
    }
    let repeated = idempotency::optional(&headers)?;
    let text = app.text(&owner, repeated)?;
    let now = app.clock.now();
    let known = app.reader.key(&text.id()).await?;
    let made_at = known.as_ref().map_or(now, |known| known.created_at);
    let key = wish.read()?.issue(owner.clone(), &text, made_at, Some(&requester.key));
    let key = key.map_err(|mistakes| shapes::problem(&mistakes))?;
    match known {
        Some(known) if is_the_same_wish(&known, &key) => {
            return Ok(created(&text, app.view(&known).await?, true));
        }
        Some(_) => {
            return Err(idempotency::reused());
        }
        None => {}
    }
    if app.keys_of(&owner).await?.len() >= MAX_KEYS {
        return Err(Problem::new(StatusCode::CONFLICT, "too many keys")
            .detail(format!("there are {MAX_KEYS} keys at most, those that were revoked included")));
    }
    app.writer.add(&key).await?;
    tracing::info!(key = %key.id, by = %requester.key.id, "an API key is made");
    Ok(created(&text, app.view(&key).await?, false))
}

/// Whether a stored key is what the same request made.
fn is_the_same_wish(known: &StoredKey, key: &StoredKey) -> bool {
    known.hash == key.hash
        && (&known.name, &known.scopes, &known.networks) == (&key.name, &key.scopes, &key.networks)
}

fn created(text: &ApiKey, view: KeyView, replayed: bool) -> Response {
    let location = [(header::LOCATION, format!("/v1/keys/{}", view.id))];
    let shown = ShownKey { key: text.secret().expose().to_owned(), about: view };
    (StatusCode::CREATED, location, Replayed(replayed), Json(shown)).into_response()
}

/// One key, without its text.
#[utoipa::path(get, path = "/v1/keys/{key}", operation_id = "get_key", tag = "keys",
    params(("key" = String, Path, description = "The 8 characters behind `swb_bus_` or `swb_op_`")),
    responses((status = 200, body = KeyView)))]
async fn one(
    State(app): State<Arc<Keys>>,
    requester: Requester,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let (_, key) = app.key(&requester, &id).await?;
    Ok(Json(app.view(&key).await?).into_response())
}

/// Takes a key back, at once and for good.
#[utoipa::path(delete, path = "/v1/keys/{key}", operation_id = "revoke_key", tag = "keys",
    params(("key" = String, Path, description = "The 8 characters behind `swb_bus_` or `swb_op_`")),
    responses((status = 204, description = "The key is good for nothing any more"), (status = 409, description = "Its state has changed meanwhile, or forbids it.")))]
async fn revoke(
    State(app): State<Arc<Keys>>,
    requester: Requester,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let (seen, mut key) = app.key(&requester, &id).await?;
    key.revoke(app.clock.now());
    stored(app.writer.replace(seen.as_ref(), &key).await?)?;
    tracing::info!(key = %key.id, by = %requester.key.id, "an API key is revoked");
    Ok(no_content())
}

/// Gives a key a successor that may do the same. The old one stays good for a while, so that its users can change over.
#[utoipa::path(post, path = "/v1/keys/{key}/rotate", operation_id = "rotate_key", tag = "keys",
    params(("Idempotency-Key" = Option<schema::IdempotencyKey>, Header)), request_body = Option<RotateKey>,
    responses((status = 201, body = ShownKey), (status = 409, description = "Its state has changed meanwhile, or forbids it.")))]
async fn rotate(
    State(app): State<Arc<Keys>>,
    requester: Requester,
    Path(id): Path<String>,
    headers: HeaderMap,
    OptionalBody(wish): OptionalBody<RotateKey>,
) -> Result<Response, Problem> {
    let (seen, key) = app.key(&requester, &id).await?;
    let repeated = idempotency::optional(&headers)?;
    let text = app.text(&key.owner, repeated)?;
    if let Some(successor) = app.reader.key(&text.id()).await? {
        if key.replaced_by.as_ref() == Some(&successor.id) {
            return Ok(created(&text, app.view(&successor).await?, true));
        }
        return Err(idempotency::reused());
    }
    // A key gives no more than it has.
    if let Some(more) = key.scopes.difference(&requester.key.scopes).next() {
        return Err(Problem::forbidden(domain::access::Denied::Scope(*more)));
    }
    let overlap = wish.overlap_s.map_or(DEFAULT_OVERLAP, Duration::from_secs);
    let rotation = key.rotate(&text, app.clock.now(), overlap).map_err(|refused| match refused {
        NotRotated::Overlap => Problem::invalid("/overlap_s", refused.code(), refused.to_string()),
        refused => {
            Problem::new(StatusCode::CONFLICT, "not rotated").code(refused.code()).detail(refused.to_string())
        }
    })?;
    stored(app.writer.rotate(seen.as_ref(), &rotation.old, &rotation.new).await?)?;
    tracing::info!(key = %key.id, by = %requester.key.id, "an API key is rotated");
    Ok(created(&text, app.view(&rotation.new).await?, false))
}

/// A page of the log of one day: every write, and every reading of what was said, of recordings and of keys.
#[utoipa::path(get, path = "/v1/audit", operation_id = "list_audit", tag = "audit", params(AuditQuery),
    responses((status = 200, body = Audited)))]
async fn audit(
    State(app): State<Arc<Keys>>,
    requester: Requester,
    paging: Paging,
    Query(query): Query<AuditQuery>,
) -> Result<Response, Problem> {
    let limit = page_limit(query.limit)?;
    let asked = paging.of("audit", &query.day)?;
    // Without a day, a walk that goes on beyond midnight stays with the one that it began with.
    let (day, after) = match asked.behind::<(Date, requests::Position)>(query.cursor.as_deref())? {
        Some((day, after)) => (day, Some(after)),
        None => (query.day(app.clock.now())?, None),
    };
    let page = app.requests.on(&requester.subject(), day, limit, after.as_ref()).await?;
    let names = app.names(&page.entries).await?;
    asked.page(page.next.map(|next| (day, next)).as_ref(), |next| {
        Audited::new(day, &page.entries, &names, next)
    })
}

impl Keys {
    /// A key of the requester's subject: as it is stored, if it is, and as it is.
    async fn key(&self, requester: &Requester, id: &str) -> Result<(Option<StoredKey>, StoredKey), Problem> {
        let unknown = || Problem::not_found("key");
        let id = KeyId::parse(id).map_err(|_| unknown())?;
        let stored = self.reader.key(&id).await?;
        let first = self.gatekeeper.first_key().filter(|first| first.id == id);
        let is_its = |key: &StoredKey| key.owner == requester.subject() && key.member.is_none();
        let key = stored.clone().or_else(|| first.cloned()).filter(is_its);
        key.map(|key| (stored, key)).ok_or_else(unknown)
    }

    /// Every key of an owner that is no member's.
    async fn keys_of(&self, owner: &KeyOwner) -> Result<Vec<StoredKey>, Problem> {
        let all = self.reader.of(owner).await?;
        Ok(all.into_iter().filter(|key| key.member.is_none()).collect())
    }

    /// The text of a new key.
    fn text(&self, owner: &KeyOwner, repeated: Option<&str>) -> Result<ApiKey, Problem> {
        Ok(ApiKey::of_random(owner.kind(), &self.random(PURPOSE, owner, repeated)?))
    }

    /// What a text is made of: the same for each repetition of a request that carries an `Idempotency-Key`.
    fn random(&self, purpose: &str, owner: &KeyOwner, repeated: Option<&str>) -> Result<[u8; 32], Problem> {
        let Some(repeated) = repeated else {
            return platform::random::bytes().ok_or_else(Problem::unavailable);
        };
        let of = match owner {
            KeyOwner::Operator => String::new(),
            KeyOwner::Business(id) => id.to_string(),
        };
        Ok(self.token_key.derived_mac(purpose, format!("{of}\0{repeated}").as_bytes()))
    }

    /// What the keys of some entries are called, of members the person's name. Keys that are gone have none.
    async fn names(&self, entries: &[Entry]) -> Result<BTreeMap<KeyId, String>, Problem> {
        let ids: BTreeSet<KeyId> = entries.iter().map(|entry| entry.key.clone()).collect();
        let name = |id: KeyId| async move {
            let stored = self.reader.key(&id).await?;
            let first = self.gatekeeper.first_key().filter(|first| first.id == id);
            let name = stored.map(|key| key.name).or_else(|| first.map(|first| first.name.clone()));
            Ok::<_, Problem>(name.map(|name| (id, name)))
        };
        let names = stream::iter(ids).map(name).buffered(AT_ONCE);
        names.try_filter_map(async |name| Ok(name)).try_collect().await
    }

    async fn view(&self, key: &StoredKey) -> Result<KeyView, Problem> {
        Ok(KeyView::new(key, self.requests.last_use(&key.id).await?))
    }
}

fn stored(written: Written) -> Result<(), Problem> {
    match written {
        Written::Done => Ok(()),
        Written::Overtaken => Err(Problem::new(StatusCode::CONFLICT, "conflict")
            .detail("the key was changed at the same time: look at it again")),
    }
}
