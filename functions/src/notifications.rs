//! Notifications: what people of the business are told of, in a room of their chat, by a text or by e-mail.
//!
//! Events wait in the outbox. A worker gives each to the receivers whose rules name it, and sends it there in words, once; a
//! sweep finds what no job was sent for, and what waited for the end of quiet hours. The log names events and says nothing of what is
//! in them.

mod about;
mod log;
mod mailing;
mod requests;
mod sending;
mod shapes;
pub mod sweep;
pub mod worker;

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use domain::BusinessId;
use domain::access::Scope;
use domain::notification::{Address, MAX_RECEIVERS, ReceiverId};
use http::{HeaderMap, StatusCode};
use platform::Clock;
use stores::businesses;
use stores::notifications::{Created, Reader, Request, StoredReceiver, Writer};
use utoipa_axum::routes;

use crate::edge::answer::no_content;
use crate::edge::api::ApiFunction;
use crate::edge::api::admission::Gatekeeper;
use crate::edge::api::input::Body;
use crate::edge::api::requester::Tenant;
use crate::edge::api::routes::Routes;
use crate::edge::api::schema;
use crate::edge::etag;
use crate::edge::idempotency::{self, Replayed};
use crate::edge::parts::{parts, table_parts};
use crate::edge::problem::Problem;
use requests::{NewReceiver, ReceiverChange};
use sending::Postman;
use shapes::{ReceiverList, ReceiverView, TestView};

table_parts! {
    Writer: "TABLE_EVENTS";
}

parts! {
    pub struct Notifications {
        gatekeeper: Gatekeeper,
        clock: Clock,
        reader: Reader,
        writer: Writer,
        businesses: businesses::Reader,
        postman: Postman,
    }
}

impl ApiFunction for Notifications {
    const NAME: &'static str = "notifications";

    fn gatekeeper(&self) -> &Gatekeeper {
        &self.gatekeeper
    }

    fn routes() -> Routes<Arc<Self>> {
        Routes::new()
            .of_business(Scope::NotificationsRead, routes!(log::list))
            .of_business(Scope::NotificationsRead, routes!(list))
            .of_business(Scope::NotificationsWrite, routes!(create))
            .of_business(Scope::NotificationsRead, routes!(one))
            .of_business(Scope::NotificationsWrite, routes!(change))
            .of_business(Scope::NotificationsWrite, routes!(delete))
            .of_business(Scope::NotificationsWrite, routes!(test))
    }
}

/// Who of the business is notified, and of what.
#[utoipa::path(
    get,
    path = "/v1/notifications/receivers",
    operation_id = "list_receivers",
    responses((status = 200, description = "The receivers, in the order of their making.", body = ReceiverList)),
)]
async fn list(State(app): State<Arc<Notifications>>, tenant: Tenant) -> Result<Response, Problem> {
    let all = app.reader.all(&tenant.0).await?;
    let receivers = all.iter().map(|stored| ReceiverView::new(&stored.receiver)).collect();
    Ok(Json(ReceiverList { receivers }).into_response())
}

/// Makes a receiver, which is told of what happens from now on. The request may be repeated with the same `Idempotency-Key`.
#[utoipa::path(
    post,
    path = "/v1/notifications/receivers",
    operation_id = "create_receiver",
    params(("Idempotency-Key" = schema::IdempotencyKey, Header)),
    request_body = NewReceiver,
    responses(
        (status = 201, description = "The receiver.", body = ReceiverView, headers(("ETag" = schema::VersionTag))),
        (status = 409, description = "There may be no more receivers, or the one that this key made was deleted."),
    ),
)]
async fn create(
    State(app): State<Arc<Notifications>>,
    tenant: Tenant,
    headers: HeaderMap,
    Body(new): Body<NewReceiver>,
) -> Result<Response, Problem> {
    let key = idempotency::required(&headers)?;
    let body = new.fingerprint();
    let id = ReceiverId::of(&tenant.0, key);
    let receiver = new.receiver(id, app.postman.client(), app.clock.now())?;
    app.owns(&tenant.0, &receiver.address).await?;
    let conflict = |title, detail: String| Err(Problem::new(StatusCode::CONFLICT, title).detail(detail));
    let (stored, replayed) =
        match app.writer.create(&tenant.0, receiver, Request { key, body: &body }).await? {
            Created::Done(stored) => (stored, false),
            Created::Before(stored) => (stored, true),
            Created::Reused => return Err(idempotency::reused()),
            Created::Gone => {
                let detail = "the receiver that this `Idempotency-Key` made was deleted: use another key";
                return conflict("receiver deleted", detail.to_owned());
            }
            Created::Full => {
                let detail = format!("a business has {MAX_RECEIVERS} receivers at most: take one away first");
                return conflict("too many", detail);
            }
        };
    let view = Json(ReceiverView::new(&stored.receiver));
    Ok((StatusCode::CREATED, etag::of(stored.version), Replayed(replayed), view).into_response())
}

/// One receiver.
#[utoipa::path(
    get,
    path = "/v1/notifications/receivers/{receiver}",
    operation_id = "get_receiver",
    responses((status = 200, description = "The receiver.", body = ReceiverView, headers(("ETag" = schema::VersionTag)))),
)]
async fn one(
    State(app): State<Arc<Notifications>>,
    tenant: Tenant,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    Ok(shown(&app.receiver(&tenant.0, &id).await?))
}

/// Changes a receiver: what is left out stays. One that is enabled again is told of what happens from then on.
#[utoipa::path(
    patch,
    path = "/v1/notifications/receivers/{receiver}",
    operation_id = "change_receiver",
    params(("If-Match" = schema::VersionTag, Header)),
    request_body = ReceiverChange,
    responses(
        (status = 200, description = "The receiver.", body = ReceiverView, headers(("ETag" = schema::VersionTag))),
        (status = 412, description = "It has changed since it was read."),
        (status = 428, description = "`If-Match` is missing."),
    ),
)]
async fn change(
    State(app): State<Arc<Notifications>>,
    tenant: Tenant,
    Path(id): Path<String>,
    headers: HeaderMap,
    Body(change): Body<ReceiverChange>,
) -> Result<Response, Problem> {
    let seen = app.as_seen(&tenant.0, &id, &headers).await?;
    let mut receiver = seen.receiver.clone();
    change.apply(&mut receiver, app.postman.client(), app.clock.now())?;
    app.owns(&tenant.0, &receiver.address).await?;
    match app.writer.change(&tenant.0, &seen, receiver).await? {
        Some(stored) => Ok(shown(&stored)),
        None => Err(app.overtaken(&tenant.0, &id).await?),
    }
}

/// Takes a receiver away. What is on its way to it is not sent any more.
#[utoipa::path(
    delete,
    path = "/v1/notifications/receivers/{receiver}",
    operation_id = "delete_receiver",
    params(("If-Match" = schema::VersionTag, Header)),
    responses(
        (status = 204, description = "The receiver is gone."),
        (status = 412, description = "It has changed since it was read."),
        (status = 428, description = "`If-Match` is missing."),
    ),
)]
async fn delete(
    State(app): State<Arc<Notifications>>,
    tenant: Tenant,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let seen = app.as_seen(&tenant.0, &id, &headers).await?;
    if !app.writer.delete(&tenant.0, &seen, app.clock.now()).await? {
        return Err(app.overtaken(&tenant.0, &id).await?);
    }
    Ok(no_content())
}

/// Sends a receiver a test, quiet hours or not, and answers with what came of that. It is kept nowhere.
#[utoipa::path(
    post,
    path = "/v1/notifications/receivers/{receiver}/test",
    operation_id = "test_receiver",
    responses((status = 200, description = "What came of it.", body = TestView)),
)]
async fn test(
    State(app): State<Arc<Notifications>>,
    tenant: Tenant,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let to = app.receiver(&tenant.0, &id).await?;
    let sent = Box::pin(app.postman.test(&tenant.0, &to.receiver)).await?;
    let Some(sent) = sent else { return Err(Problem::not_found("business")) };
    Ok(Json(TestView::new(&sent)).into_response())
}

impl Notifications {
    async fn receiver(&self, business: &BusinessId, id: &str) -> Result<StoredReceiver, Problem> {
        let unknown = || Problem::not_found("receiver");
        let id = ReceiverId::parse(id).map_err(|_| unknown())?;
        self.reader.one(business, &id).await?.ok_or_else(unknown)
    }

    /// The same, if it is still of the version that the client has seen.
    async fn as_seen(
        &self,
        business: &BusinessId,
        id: &str,
        headers: &HeaderMap,
    ) -> Result<StoredReceiver, Problem> {
        let seen = etag::seen(headers)?;
        let stored = self.receiver(business, id).await?;
        if stored.version == seen { Ok(stored) } else { Err(etag::stale(stored.version)) }
    }

    /// Texts come from the business's own numbers. It is looked at again when they are sent.
    async fn owns(&self, business: &BusinessId, address: &Address) -> Result<(), Problem> {
        let Some(sender) = address.sender() else { return Ok(()) };
        let own = self.businesses.number(&sender.number).await?;
        if own.is_some_and(|own| own.business == *business) {
            return Ok(());
        }
        Err(Problem::invalid("/from", "unknown_number", "give one of the business's own numbers"))
    }

    /// 412, with the version that it has now.
    async fn overtaken(&self, business: &BusinessId, id: &str) -> Result<Problem, Problem> {
        Ok(etag::stale(self.receiver(business, id).await?.version))
    }
}

fn shown(stored: &StoredReceiver) -> Response {
    (etag::of(stored.version), Json(ReceiverView::new(&stored.receiver))).into_response()
}
