//! What is to be done about a contact.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use domain::Timestamp;
use domain::access::KeyId;
use domain::contact::{EntryId, EntryKind, Task, TaskId};
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use stores::contacts::{Put, Request, Stored};
use utoipa::ToSchema;

use super::besides::{ids, text};
use super::{Contacts, moment, random};
use crate::edge::answer::no_content;
use crate::edge::api::input::{Body, present};
use crate::edge::api::requester::{Requester, Tenant};
use crate::edge::api::schema;
use crate::edge::idempotency::{self, Replayed};
use crate::edge::problem::Problem;
use crate::shared::shapes::Time;

/// Something to be done about a contact.
#[derive(Serialize, ToSchema)]
#[schema(as = ContactTask)]
pub(super) struct TaskView<'a> {
    #[schema(value_type = schema::EntryId)]
    id: TaskId,
    created_at: Time,
    text: &'a str,
    due_at: Option<Time>,
    /// The member who is to do it, by the id of the member's key.
    #[schema(value_type = Option<schema::KeyId>)]
    assignee: Option<&'a KeyId>,
    /// Null: it waits.
    done_at: Option<Time>,
    /// The key that made it.
    #[schema(value_type = schema::KeyId)]
    by: &'a KeyId,
}

impl<'a> TaskView<'a> {
    pub(super) fn new(task: &'a Task) -> Self {
        Self {
            id: task.id,
            created_at: Time(task.id.at()),
            text: &task.text,
            due_at: task.due_at.map(Time),
            assignee: task.assignee.as_ref(),
            done_at: task.done_at.map(Time),
            by: &task.by,
        }
    }
}

/// The tasks of a contact, the newest first, 500 at most.
#[derive(Serialize, ToSchema)]
#[schema(as = ContactTasks)]
pub(super) struct TaskList<'a> {
    tasks: Vec<TaskView<'a>>,
}

/// What is to be done about a contact, and what was done. Readings are in the log.
#[utoipa::path(
    get,
    path = "/v1/contacts/{contact}/tasks",
    operation_id = "list_contact_tasks",
    responses((status = 200, description = "The tasks.", body = TaskList)),
)]
pub(super) async fn tasks(
    State(app): State<Arc<Contacts>>,
    tenant: Tenant,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let stored = app.contact(&tenant.0, &id).await?;
    let tasks = app.reader.tasks(&tenant.0, &ids(&stored)).await?;
    Ok(Json(TaskList { tasks: tasks.iter().map(TaskView::new).collect() }).into_response())
}

/// A new task.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewContactTask, example = json!({ "text": "send the offer", "due_at": "2026-12-01T08:30:00Z" }))]
pub(super) struct NewTask {
    #[schema(min_length = 1, max_length = 4000)]
    text: String,
    /// Until when, as RFC 3339.
    #[serde(default)]
    #[schema(format = "date-time")]
    due_at: Option<String>,
    /// The member who is to do it, by the id of the member's key.
    #[serde(default)]
    #[schema(value_type = Option<schema::KeyId>)]
    assignee: Option<String>,
}

/// Adds a task. The request may be repeated with the same `Idempotency-Key`.
#[utoipa::path(
    post,
    path = "/v1/contacts/{contact}/tasks",
    operation_id = "add_contact_task",
    params(("Idempotency-Key" = schema::IdempotencyKey, Header)),
    request_body = NewTask,
    responses((status = 201, description = "The task.", body = TaskView)),
)]
pub(super) async fn add_task(
    State(app): State<Arc<Contacts>>,
    tenant: Tenant,
    requester: Requester,
    Path(id): Path<String>,
    headers: HeaderMap,
    Body(new): Body<NewTask>,
) -> Result<Response, Problem> {
    let key = idempotency::required(&headers)?;
    let stored = app.contact(&tenant.0, &id).await?;
    let asked = serde_json::to_string(&("task", &id, &new)).unwrap_or_default();
    let task = Task {
        id: EntryId::of(app.clock.now(), EntryKind::Note, &random()?.to_string()),
        text: text("/text", new.text)?,
        due_at: new.due_at.as_deref().map(|due| moment("/due_at", due)).transpose()?,
        assignee: new.assignee.as_deref().map(assignee).transpose()?,
        done_at: None,
        by: requester.key.id.clone(),
    };
    let request = Request { key, body: asked.as_bytes() };
    let (task, replayed) = match app.writer.task(&tenant.0, stored.contact.id, &task, request).await? {
        Put::Done => (task, false),
        Put::Before(before) => (app.task(&tenant, &stored, before).await?, true),
        Put::Reused => return Err(idempotency::reused()),
        Put::Gone => return Err(Problem::not_found("contact")),
    };
    Ok((StatusCode::CREATED, Replayed(replayed), Json(TaskView::new(&task))).into_response())
}

/// A change of a task. What is left out stays, and null takes away.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = ContactTaskChange, example = json!({ "done": true }))]
pub(super) struct TaskChange {
    #[schema(min_length = 1, max_length = 4000, required = false, nullable = false)]
    text: Option<String>,
    /// Whether it is done.
    #[schema(required = false, nullable = false)]
    done: Option<bool>,
    /// Until when, as RFC 3339.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<String>, format = "date-time", required = false)]
    due_at: Option<Option<String>>,
    /// The member who is to do it, by the id of the member's key.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<schema::KeyId>, required = false)]
    assignee: Option<Option<String>>,
}

/// Changes a task. Saying twice that it is done keeps the first time.
#[utoipa::path(
    patch,
    path = "/v1/contacts/{contact}/tasks/{task}",
    operation_id = "change_contact_task",
    request_body = TaskChange,
    responses(
        (status = 200, description = "The task.", body = TaskView),
        (status = 409, description = "Another request changed it in this moment: send it again."),
    ),
)]
pub(super) async fn change_task(
    State(app): State<Arc<Contacts>>,
    tenant: Tenant,
    Path((id, task)): Path<(String, String)>,
    Body(change): Body<TaskChange>,
) -> Result<Response, Problem> {
    let stored = app.contact(&tenant.0, &id).await?;
    let task = EntryId::parse(&task).map_err(|_| Problem::not_found("task"))?;
    let before = app.task(&tenant, &stored, task).await?;
    let mut after = before.clone();
    change.apply(&mut after, app.clock.now())?;
    if !app.writer.change_task(&tenant.0, &ids(&stored), (&before, &after)).await? {
        return Err(Problem::new(StatusCode::CONFLICT, "changed meanwhile")
            .detail("another request changed the task in this moment: send the request again"));
    }
    Ok(Json(TaskView::new(&after)).into_response())
}

impl TaskChange {
    fn apply(self, task: &mut Task, now: Timestamp) -> Result<(), Problem> {
        if let Some(new) = self.text {
            task.text = text("/text", new)?;
        }
        match self.done {
            Some(true) => {
                task.done_at.get_or_insert(now);
            }
            Some(false) => task.done_at = None,
            None => {}
        }
        if let Some(due) = self.due_at {
            task.due_at = due.as_deref().map(|due| moment("/due_at", due)).transpose()?;
        }
        if let Some(member) = self.assignee {
            task.assignee = member.as_deref().map(assignee).transpose()?;
        }
        Ok(())
    }
}

/// Takes a task away.
#[utoipa::path(
    delete,
    path = "/v1/contacts/{contact}/tasks/{task}",
    operation_id = "remove_contact_task",
    responses((status = 204, description = "The task is gone.")),
)]
pub(super) async fn remove_task(
    State(app): State<Arc<Contacts>>,
    tenant: Tenant,
    Path((id, task)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let unknown = || Problem::not_found("task");
    let stored = app.contact(&tenant.0, &id).await?;
    let task = EntryId::parse(&task).map_err(|_| unknown())?;
    match app.writer.remove_task(&tenant.0, &ids(&stored), task).await? {
        true => Ok(no_content()),
        false => Err(unknown()),
    }
}

impl Contacts {
    async fn task(&self, tenant: &Tenant, stored: &Stored, task: TaskId) -> Result<Task, Problem> {
        let tasks = self.reader.tasks(&tenant.0, &ids(stored)).await?;
        tasks.into_iter().find(|known| known.id == task).ok_or_else(|| Problem::not_found("task"))
    }
}

fn assignee(text: &str) -> Result<KeyId, Problem> {
    KeyId::parse(text).map_err(|_| Problem::invalid("/assignee", "shape", "give the id of a member's key"))
}
