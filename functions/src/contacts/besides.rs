//! What happened with a contact, and what people noted.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use domain::access::KeyId;
use domain::contact::{ContactId, Entry, EntryId, EntryKind, LeadId, MAX_TEXT, Note, What};
use domain::lead::LeadSourceId;
use domain::messages::MessageId;
use domain::texts::ThreadId;
use domain::{CallSid, Direction};
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use stores::contacts::{Put, Request, Stored};
use utoipa::{IntoParams, ToSchema};

use super::shapes::MovedByView;
use super::{Contacts, random};
use crate::edge::answer::no_content;
use crate::edge::api::input::{Body, Query, page_limit};
use crate::edge::api::paging::Paging;
use crate::edge::api::requester::{Requester, Tenant};
use crate::edge::api::schema;
use crate::edge::idempotency::{self, Replayed};
use crate::edge::problem::Problem;
use crate::shared::shapes::Time;

/// The query of a timeline. Unknown parameters are refused with 400.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ListEntries {
    /// Entries on one page, 1 to 100; 25 without it. A page of one kind may have fewer, or none, and yet a `next`.
    #[param(minimum = 1, maximum = 100, default = 25, nullable = false)]
    limit: Option<u16>,
    /// `next` of the page before, of the same kind.
    #[param(value_type = Option<schema::Cursor>, nullable = false)]
    cursor: Option<String>,
    /// Entries of one kind.
    #[param(value_type = Option<schema::EntryKindFilter>, inline, nullable = false)]
    kind: Option<EntryKind>,
}

/// The query of a list of notes. Unknown parameters are refused with 400.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ListNotes {
    /// Notes on one page, 1 to 100; 25 without it.
    #[param(minimum = 1, maximum = 100, default = 25, nullable = false)]
    limit: Option<u16>,
    /// `next` of the page before.
    #[param(value_type = Option<schema::Cursor>, nullable = false)]
    cursor: Option<String>,
}

/// A note.
#[derive(Serialize, ToSchema)]
#[schema(as = ContactNote)]
struct NoteView<'a> {
    text: &'a str,
    /// Whether the agent is told.
    agent_readable: bool,
    /// The id of the key with which it was written.
    #[schema(value_type = schema::KeyId)]
    by: &'a KeyId,
    /// What the key was called then.
    by_name: &'a str,
}

/// A move of the lead.
#[derive(Serialize, ToSchema)]
#[schema(as = ContactLeadMove)]
struct MoveView<'a> {
    /// The id of the status; null: the first one, without a move.
    from: Option<&'a str>,
    to: &'a str,
    by: MovedByView<'a>,
    reason: Option<&'a str>,
    /// How sure it was, 0 to 100; null: its source did not doubt it.
    confidence: Option<u8>,
    /// From 1.
    number: u32,
}

/// Something that happened with a contact. What is of another kind is left out; what is not known is null.
#[derive(Serialize, ToSchema)]
#[schema(as = ContactEntry)]
pub(super) struct EntryView<'a> {
    #[schema(value_type = schema::EntryId)]
    id: EntryId,
    at: Time,
    #[schema(value_type = schema::EntryKindWord)]
    kind: EntryKind,
    /// Of a call, a voicemail and a message that was left in a call: the call.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<schema::CallSid>, required = false, nullable = false)]
    call: Option<&'a CallSid>,
    /// Of a call and a text: which way it went.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<schema::DirectionWord>, required = false, nullable = false)]
    direction: Option<Direction>,
    /// Of a call: how long it lasted, in whole seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    seconds: Option<u64>,
    /// Of a call: what it was about, in a few words; null if it was not summed up.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<&'a str>, required = false)]
    topic: Option<Option<&'a str>>,
    /// Of a message and a voicemail: its id in the list of messages.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<schema::MessageId>, required = false, nullable = false)]
    message: Option<MessageId>,
    /// Of a hand-over: why, in the agent's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    reason: Option<&'a str>,
    /// Of an appointment: its id.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    appointment: Option<&'a str>,
    /// Of an appointment: what became of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    became: Option<&'a str>,
    /// Of an appointment: when it begins, after that.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Time>, required = false, nullable = false)]
    start: Option<Time>,
    /// Of a text, a hand-over and a message that was left in writing: the thread.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<schema::ThreadId>, required = false, nullable = false)]
    thread: Option<&'a ThreadId>,
    /// Of a text: its number in the thread, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    number: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    note: Option<NoteView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    lead_move: Option<MoveView<'a>>,
    /// Of a lead that came: its id.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<schema::LeadId>, required = false, nullable = false)]
    lead: Option<LeadId>,
    /// Of a lead that came: where from.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<schema::LeadSourceId>, required = false, nullable = false)]
    lead_source: Option<&'a LeadSourceId>,
    /// Of a lead that came: what its source was called then.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    source_name: Option<&'a str>,
    /// Of a merge and its undoing: the other contact.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<schema::ContactId>, required = false, nullable = false)]
    other: Option<ContactId>,
}

impl<'a> EntryView<'a> {
    pub(super) fn new(entry: &'a Entry) -> Self {
        let mut view = Self {
            id: entry.id,
            at: Time(entry.id.at()),
            kind: entry.what.kind(),
            call: None,
            direction: None,
            seconds: None,
            topic: None,
            message: None,
            reason: None,
            appointment: None,
            became: None,
            start: None,
            thread: None,
            number: None,
            note: None,
            lead_move: None,
            lead: None,
            lead_source: None,
            source_name: None,
            other: None,
        };
        match &entry.what {
            What::Call(call) => {
                view.call = Some(&call.call);
                view.direction = Some(call.direction);
                view.seconds = Some(call.seconds);
                view.topic = Some(call.topic.as_deref());
            }
            What::Message { call, thread, message } => {
                view.call = call.as_ref();
                view.thread = thread.as_ref();
                view.message = Some(*message);
            }
            What::Voicemail { call, message } => {
                view.call = Some(call);
                view.message = Some(*message);
            }
            What::Appointment { appointment, became, start } => {
                view.appointment = Some(appointment);
                view.became = Some(became);
                view.start = start.map(Time);
            }
            What::Text { thread, number, direction } => {
                view.thread = Some(thread);
                view.number = Some(*number);
                view.direction = Some(*direction);
            }
            What::HandOver { thread, reason } => {
                view.thread = Some(thread);
                view.reason = Some(reason.as_str());
            }
            What::Note(note) => {
                view.note = Some(NoteView {
                    text: &note.text,
                    agent_readable: note.agent_readable,
                    by: &note.by,
                    by_name: &note.name,
                });
            }
            What::LeadMove(moved) => {
                view.lead_move = Some(MoveView {
                    from: moved.from.as_ref().map(domain::contact::StatusId::as_str),
                    to: moved.to.as_str(),
                    by: MovedByView::new(&moved.by),
                    reason: moved.reason.as_deref(),
                    confidence: moved.confidence,
                    number: moved.number,
                });
            }
            What::Lead { lead, source, name } => {
                view.lead = Some(*lead);
                view.lead_source = Some(source);
                view.source_name = Some(name);
            }
            What::Merge { other } | What::Unmerge { other } => view.other = Some(*other),
        }
        view
    }
}

/// A page of a timeline, the newest first.
#[derive(Serialize, ToSchema)]
#[schema(as = ContactTimeline)]
pub(super) struct EntryList<'a> {
    entries: Vec<EntryView<'a>>,
    /// The cursor of the next page; null on the last one.
    #[schema(value_type = Option<schema::Cursor>)]
    next: Option<String>,
}

impl<'a> EntryList<'a> {
    fn new(entries: &'a [Entry], next: Option<String>) -> Self {
        Self { entries: entries.iter().map(EntryView::new).collect(), next }
    }
}

pub(super) fn ids(stored: &Stored) -> Vec<ContactId> {
    stored.contact.all_ids().copied().collect()
}

/// A page of what happened with a contact and with those that were merged into it, the newest first. Readings are in the log.
#[utoipa::path(
    get,
    path = "/v1/contacts/{contact}/timeline",
    operation_id = "list_contact_timeline",
    params(ListEntries),
    responses((status = 200, description = "A page of the timeline.", body = EntryList)),
)]
pub(super) async fn timeline(
    State(app): State<Arc<Contacts>>,
    tenant: Tenant,
    paging: Paging,
    Path(id): Path<String>,
    Query(query): Query<ListEntries>,
) -> Result<Response, Problem> {
    let limit = page_limit(query.limit)?;
    let stored = app.contact(&tenant.0, &id).await?;
    let asked = paging.of("timeline", &(&id, query.kind))?;
    let behind: Option<EntryId> = asked.behind(query.cursor.as_deref())?;
    let page = app.reader.timeline(&tenant.0, &ids(&stored), query.kind, limit, behind).await?;
    asked.page(page.next.as_ref(), |next| EntryList::new(&page.entries, next))
}

/// A page of a contact's notes, the newest first. Readings are in the log.
#[utoipa::path(
    get,
    path = "/v1/contacts/{contact}/notes",
    operation_id = "list_contact_notes",
    params(ListNotes),
    responses((status = 200, description = "A page of notes, as entries of the timeline.", body = EntryList)),
)]
pub(super) async fn notes(
    State(app): State<Arc<Contacts>>,
    tenant: Tenant,
    paging: Paging,
    Path(id): Path<String>,
    Query(query): Query<ListNotes>,
) -> Result<Response, Problem> {
    let limit = page_limit(query.limit)?;
    let stored = app.contact(&tenant.0, &id).await?;
    let asked = paging.of("notes", &id)?;
    let behind: Option<EntryId> = asked.behind(query.cursor.as_deref())?;
    let page = app.reader.timeline(&tenant.0, &ids(&stored), Some(EntryKind::Note), limit, behind).await?;
    asked.page(page.next.as_ref(), |next| EntryList::new(&page.entries, next))
}

/// A new note.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewContactNote, example = json!({ "text": "prefers mornings", "agent_readable": true }))]
pub(super) struct NewNote {
    #[schema(min_length = 1, max_length = 4000)]
    text: String,
    /// Whether the agent is told, the next time that it speaks with the contact.
    #[serde(default)]
    agent_readable: bool,
}

/// Adds a note. The request may be repeated with the same `Idempotency-Key`.
#[utoipa::path(
    post,
    path = "/v1/contacts/{contact}/notes",
    operation_id = "add_contact_note",
    params(("Idempotency-Key" = schema::IdempotencyKey, Header)),
    request_body = NewNote,
    responses((status = 201, description = "The note, as an entry of the timeline.", body = EntryView)),
)]
pub(super) async fn add_note(
    State(app): State<Arc<Contacts>>,
    tenant: Tenant,
    requester: Requester,
    Path(id): Path<String>,
    headers: HeaderMap,
    Body(new): Body<NewNote>,
) -> Result<Response, Problem> {
    let key = idempotency::required(&headers)?;
    let stored = app.contact(&tenant.0, &id).await?;
    let asked = serde_json::to_string(&("note", &id, &new)).unwrap_or_default();
    let note = Note {
        text: text("/text", new.text)?,
        agent_readable: new.agent_readable,
        by: requester.key.id.clone(),
        name: requester.key.name.clone(),
    };
    let entry = Entry::new(app.clock.now(), &random()?.to_string(), What::Note(note));
    let request = Request { key, body: asked.as_bytes() };
    let (entry, replayed) = match app.writer.note(&tenant.0, stored.contact.id, &entry, request).await? {
        Put::Done => (entry, false),
        Put::Before(before) => {
            let known = app.reader.one_note(&tenant.0, &ids(&stored), before).await?;
            (known.ok_or_else(|| Problem::not_found("note"))?, true)
        }
        Put::Reused => return Err(idempotency::reused()),
        Put::Gone => return Err(Problem::not_found("contact")),
    };
    Ok((StatusCode::CREATED, Replayed(replayed), Json(EntryView::new(&entry))).into_response())
}

/// Takes a note away.
#[utoipa::path(
    delete,
    path = "/v1/contacts/{contact}/notes/{note}",
    operation_id = "remove_contact_note",
    responses((status = 204, description = "The note is gone.")),
)]
pub(super) async fn remove_note(
    State(app): State<Arc<Contacts>>,
    tenant: Tenant,
    Path((id, note)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let unknown = || Problem::not_found("note");
    let stored = app.contact(&tenant.0, &id).await?;
    let note = EntryId::parse(&note).map_err(|_| unknown())?;
    match app.writer.remove_note(&tenant.0, &ids(&stored), note).await? {
        true => Ok(no_content()),
        false => Err(unknown()),
    }
}

/// A text of a note or a task.
pub(super) fn text(pointer: &str, text: String) -> Result<String, Problem> {
    let fits = !text.trim().is_empty() && text.chars().count() <= MAX_TEXT;
    fits.then_some(text)
        .ok_or_else(|| Problem::invalid(pointer, "length", format!("give 1 to {MAX_TEXT} characters")))
}
