//! What became of notifications.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use domain::notification::ReceiverId;
use domain::notification::notice::{State as NoticeState, Tried};
use domain::notification::reason::Reason;
use serde::{Deserialize, Serialize};
use stores::notifications::{Place, StoredNotice};
use utoipa::{IntoParams, ToSchema};

use super::Notifications;
use crate::edge::api::input::{Query, page_limit};
use crate::edge::api::paging::Paging;
use crate::edge::api::requester::Tenant;
use crate::edge::api::schema;
use crate::edge::problem::Problem;
use crate::shared::shapes::Time;

/// The query. Unknown parameters are refused with 400.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ListNotifications {
    /// Notifications on one page, 1 to 100; 25 without it.
    #[param(minimum = 1, maximum = 100, default = 25, nullable = false)]
    limit: Option<u16>,
    /// `next` of the page before.
    #[param(value_type = Option<schema::Cursor>, nullable = false)]
    cursor: Option<String>,
}

/// One event on its way to one receiver. It says nothing of what is in the event.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Notification)]
struct NoticeView<'a> {
    #[schema(value_type = schema::ReceiverId)]
    receiver: &'a ReceiverId,
    /// The number of the event among the business's.
    sequence: u64,
    /// The event's name in the list of events.
    event: &'a str,
    #[schema(value_type = schema::EventTypeWord)]
    r#type: &'a str,
    given_at: Time,
    #[schema(value_type = schema::NotificationStateWord)]
    state: &'static str,
    /// Why it failed; null: it did not.
    #[schema(value_type = Option<schema::NotificationReasonWord>)]
    reason: Option<Reason>,
    /// When it was taken; null: it was not.
    sent_at: Option<Time>,
    /// When it is looked at next; null: it is over.
    next_attempt_at: Option<Time>,
    attempts: Vec<TriedView>,
}

/// An attempt to send a notification.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NotificationAttempt)]
struct TriedView {
    at: Time,
    /// How long the answer took, milliseconds.
    took_ms: u64,
    /// The other side's code, such as a status of HTTP; null: there was no answer.
    code: Option<u32>,
    /// Why it was not taken; null: it was.
    #[schema(value_type = Option<schema::NotificationReasonWord>)]
    reason: Option<Reason>,
}

/// A page of notifications.
#[derive(Debug, Serialize, ToSchema)]
struct NotificationList<'a> {
    notifications: Vec<NoticeView<'a>>,
    /// The cursor of the next page; null on the last one.
    #[schema(value_type = Option<schema::Cursor>)]
    next: Option<String>,
}

impl<'a> NoticeView<'a> {
    fn new(stored: &'a StoredNotice) -> Self {
        let state = stored.notice.state;
        Self {
            receiver: &stored.place.receiver,
            sequence: stored.place.sequence,
            event: &stored.event,
            r#type: &stored.kind,
            given_at: Time(stored.given_at),
            state: state.as_str(),
            reason: match state {
                NoticeState::Failed { why } => Some(why),
                _ => None,
            },
            sent_at: match state {
                NoticeState::Sent { at } => Some(Time(at)),
                _ => None,
            },
            next_attempt_at: stored.notice.due().map(Time),
            attempts: stored.attempts.iter().map(TriedView::new).collect(),
        }
    }
}

impl TriedView {
    fn new(tried: &Tried) -> Self {
        let Tried { at, took_ms, code, why } = *tried;
        Self { at: Time(at), took_ms, code, reason: why }
    }
}

/// Events on their way to receivers, the latest first, for 30 days.
#[utoipa::path(
    get,
    path = "/v1/notifications",
    operation_id = "list_notifications",
    params(ListNotifications),
    responses((status = 200, description = "A page of notifications.", body = NotificationList)),
)]
pub(super) async fn list(
    State(app): State<Arc<Notifications>>,
    tenant: Tenant,
    paging: Paging,
    Query(query): Query<ListNotifications>,
) -> Result<Response, Problem> {
    let limit = page_limit(query.limit)?;
    let asked = paging.of("notifications", &())?;
    let behind: Option<Place> = asked.behind(query.cursor.as_deref())?;
    let page = app.reader.notices(&tenant.0, behind.as_ref(), limit, app.clock.now()).await?;
    let notifications = || page.notices.iter().map(NoticeView::new).collect();
    asked.page(page.next.as_ref(), |next| NotificationList { notifications: notifications(), next })
}
