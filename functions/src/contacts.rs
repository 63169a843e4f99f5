//! The people whom a business knows: its contacts, what happened with them, and what is to be done about them.
//!
//! A contact is changed under the version that was read. What is a fact of another owner, such as a call, is told to a
//! timeline by that owner; here people add notes and tasks, move leads, and say that two contacts are one.

mod besides;
mod documents;
mod erasures;
mod files;
mod moves;
pub(crate) mod of_person;
mod person_exports;
mod shapes;
mod tasks;
pub mod worker;

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use domain::access::{KeyId, Scope};
use domain::contact::{Contact, ContactId, Handle, HandleKind, Pipeline};
use domain::{BusinessId, Timestamp};
use http::{HeaderMap, StatusCode};
use platform::Clock;
use serde::{Deserialize, Serialize};
use stores::contacts::{Created, NamePosition, NotSaved, Reader, Request, Stored, Writer};
use utoipa_axum::routes;

use crate::edge::answer::no_content;
use crate::edge::api::ApiFunction;
use crate::edge::api::admission::Gatekeeper;
use crate::edge::api::input::{Body, Query, page_limit};
use crate::edge::api::paging::Paging;
use crate::edge::api::requester::Tenant;
use crate::edge::api::routes::Routes;
use crate::edge::api::schema;
use crate::edge::etag;
use crate::edge::idempotency::{self, Replayed};
use crate::edge::inbox::Jobs;
use crate::edge::parts::{Needs, Opener, Part, parts};
use crate::edge::problem::Problem;
use crate::jobs::{ContactJob, EndpointJob, PersonExportJob, PersonJob};
use crate::shared::telling::tell_endpoints;
use files::Files;
use shapes::{ContactChange, ContactList, ContactView, ListContacts};

/// The writer of contacts, which tells their business of them too.
impl Part for Writer {
    fn declare(needs: &mut Needs<'_>) -> Opener<Self> {
        let (table, events) = (needs.table("TABLE_CONTACTS"), needs.table("TABLE_EVENTS"));
        Box::new(move |deployment| Ok(Self::new(&deployment.aws, &table, &events)))
    }
}

parts! {
    pub struct Contacts {
        gatekeeper: Gatekeeper,
        clock: Clock,
        reader: Reader,
        writer: Writer,
        files: Files,
        jobs: Jobs<ContactJob>,
        persons: Jobs<PersonJob>,
        endpoints: Jobs<EndpointJob>,
        person_exports: Jobs<PersonExportJob>,
    }
}

impl ApiFunction for Contacts {
    const NAME: &'static str = "contacts";

    fn gatekeeper(&self) -> &Gatekeeper {
        &self.gatekeeper
    }

    fn routes() -> Routes<Arc<Self>> {
        Routes::new()
            .of_business(Scope::ContactsRead, routes!(list))
            .of_business(Scope::ContactsWrite, routes!(create))
            .of_business(Scope::ContactsRead, routes!(documents::fields))
            .of_business(Scope::ContactsWrite, routes!(documents::save_fields))
            .of_business(Scope::ContactsRead, routes!(documents::pipeline))
            .of_business(Scope::ContactsWrite, routes!(documents::save_pipeline))
            .of_business(Scope::ContactsWrite, routes!(files::api::create))
            .of_business(Scope::ContactsRead, routes!(files::api::list))
            .of_business(Scope::ContactsRead, routes!(files::api::one))
            .of_business(Scope::ContactsWrite, routes!(files::api::check))
            .of_business(Scope::ContactsWrite, routes!(files::api::run))
            .of_business(Scope::ContactsWrite, routes!(files::api::undo))
            .of_business(Scope::ContactsRead, routes!(files::api::problems))
            .of_business(Scope::ContactsRead, routes!(files::api::create_export))
            .of_business(Scope::ContactsRead, routes!(files::api::one_export))
            .of_business(Scope::ContactsErase, routes!(erasures::list))
            .of_business(Scope::ContactsErase, routes!(erasures::one))
            .of_business(Scope::ContactsErase, routes!(erasures::erase))
            .of_business(Scope::ContactsExport, routes!(person_exports::export))
            .of_business(Scope::ContactsExport, routes!(person_exports::list))
            .of_business(Scope::ContactsExport, routes!(person_exports::one))
            .of_business(Scope::ContactsRead, routes!(one))
            .of_business(Scope::ContactsWrite, routes!(change))
            .of_business(Scope::ContactsWrite, routes!(delete))
            .of_business(Scope::ContactsWrite, routes!(moves::lead))
            .of_business(Scope::ContactsRead, routes!(moves::candidates))
            .of_business(Scope::ContactsWrite, routes!(moves::merge))
            .of_business(Scope::ContactsWrite, routes!(moves::unmerge))
            .of_business(Scope::ContactsRead, routes!(besides::timeline))
            .of_business(Scope::ContactsRead, routes!(besides::notes))
            .of_business(Scope::ContactsWrite, routes!(besides::add_note))
            .of_business(Scope::ContactsWrite, routes!(besides::remove_note))
            .of_business(Scope::ContactsRead, routes!(tasks::tasks))
            .of_business(Scope::ContactsWrite, routes!(tasks::add_task))
            .of_business(Scope::ContactsWrite, routes!(tasks::change_task))
            .of_business(Scope::ContactsWrite, routes!(tasks::remove_task))
    }
}

/// Where a list is, by its order.
#[derive(Serialize, Deserialize)]
enum Position {
    Newest(ContactId),
    Named(NamePosition),
}

/// A page of the contacts, the newest first; with `name` in the order of their names. Readings are in the log.
#[utoipa::path(
    get,
    path = "/v1/contacts",
    operation_id = "list_contacts",
    params(ListContacts),
    responses((status = 200, description = "A page of contacts.", body = ContactList)),
)]
async fn list(
    State(app): State<Arc<Contacts>>,
    tenant: Tenant,
    paging: Paging,
    Query(query): Query<ListContacts>,
) -> Result<Response, Problem> {
    let limit = page_limit(query.limit)?;
    let filters = query.filters()?;
    let asked = paging.of("contacts", &filters)?;
    let behind: Option<Position> = asked.behind(query.cursor.as_deref())?;
    let pipeline = app.reader.pipeline(&tenant.0).await?.value;
    let fits = |contact: &Contact| filters.fit(contact, &pipeline);
    if let Some(handle) = &filters.handle {
        let found = app.reader.by_handle(&tenant.0, handle).await?;
        let found: Vec<Stored> = found.into_iter().filter(|stored| fits(&stored.contact)).collect();
        return asked.page(None::<&Position>, |next| ContactList::new(&found, &pipeline, next));
    }
    let (contacts, next) = if filters.words.is_empty() {
        let behind = match behind {
            Some(Position::Newest(id)) => Some(id),
            Some(Position::Named(_)) | None => None,
        };
        let page = app.reader.list(&tenant.0, limit, behind, fits).await?;
        (page.contacts, page.next.map(Position::Newest))
    } else {
        let behind = match behind {
            Some(Position::Named(name)) => Some(name),
            Some(Position::Newest(_)) | None => None,
        };
        let page = app.reader.named(&tenant.0, &filters.words, limit, behind, fits).await?;
        (page.contacts, page.next.map(Position::Named))
    };
    asked.page(next.as_ref(), |next| ContactList::new(&contacts, &pipeline, next))
}

/// Makes a contact. The request may be repeated with the same `Idempotency-Key`.
#[utoipa::path(
    post,
    path = "/v1/contacts",
    operation_id = "create_contact",
    params(("Idempotency-Key" = schema::IdempotencyKey, Header)),
    request_body = ContactChange,
    responses(
        (status = 201, description = "The contact.", body = ContactView, headers(("ETag" = schema::VersionTag))),
        (status = 409, description = "A handle belongs to another contact, whose id is in `detail`; or the contact that this key made was deleted."),
    ),
)]
async fn create(
    State(app): State<Arc<Contacts>>,
    tenant: Tenant,
    headers: HeaderMap,
    Body(change): Body<ContactChange>,
) -> Result<Response, Problem> {
    let key = idempotency::required(&headers)?;
    let now = app.clock.now();
    let mut contact = Contact::new(ContactId::new(now, random()?));
    let fields = app.reader.fields(&tenant.0).await?.value;
    let body = change.fingerprint();
    change.apply(&mut contact, &fields, now)?;
    let created = app.writer.create(&tenant.0, contact, Request { key, body: body.as_bytes() }, now).await;
    let (stored, replayed) = match created.map_err(|error| refused(error, 0))? {
        Created::New(stored) => {
            tell_endpoints(&app.endpoints, &tenant.0).await;
            (stored, false)
        }
        Created::Before(stored) => (stored, true),
        Created::Gone => {
            return Err(Problem::new(StatusCode::CONFLICT, "contact deleted")
                .detail("the contact that this `Idempotency-Key` made was deleted: use another key"));
        }
        Created::Reused => return Err(idempotency::reused()),
    };
    let pipeline = app.reader.pipeline(&tenant.0).await?.value;
    let view = ContactView::new(&stored, &pipeline);
    Ok((StatusCode::CREATED, etag::of(stored.version), Replayed(replayed), Json(view)).into_response())
}

/// One contact; for one that was merged, the contact that it went into. Readings are in the log.
#[utoipa::path(
    get,
    path = "/v1/contacts/{contact}",
    operation_id = "get_contact",
    responses((status = 200, description = "The contact.", body = ContactView, headers(("ETag" = schema::VersionTag)))),
)]
async fn one(
    State(app): State<Arc<Contacts>>,
    tenant: Tenant,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let stored = app.contact(&tenant.0, &id).await?;
    app.shown(&tenant.0, &stored).await
}

/// Changes a contact: a merge patch (RFC 7396). What is left out stays, and null takes away.
#[utoipa::path(
    patch,
    path = "/v1/contacts/{contact}",
    operation_id = "change_contact",
    params(("If-Match" = schema::VersionTag, Header)),
    request_body = ContactChange,
    responses(
        (status = 200, description = "The contact.", body = ContactView, headers(("ETag" = schema::VersionTag))),
        (status = 409, description = "A handle belongs to another contact, whose id is in `detail`."),
        (status = 412, description = "It has changed since it was read."),
        (status = 428, description = "`If-Match` is missing."),
    ),
)]
async fn change(
    State(app): State<Arc<Contacts>>,
    tenant: Tenant,
    Path(id): Path<String>,
    headers: HeaderMap,
    Body(change): Body<ContactChange>,
) -> Result<Response, Problem> {
    let (before, now) = (app.as_seen(&tenant.0, &id, &headers).await?, app.clock.now());
    let fields = app.reader.fields(&tenant.0).await?.value;
    let mut after = before.contact.clone();
    change.apply(&mut after, &fields, now)?;
    let saved = app.writer.save(&tenant.0, &before, after, &[], now).await;
    app.saved(&tenant.0, &id, saved).await
}

/// Deletes a contact with its timeline, notes and tasks, and with the contacts that were merged into it. Calls and what
/// was said in them stay. A next call from its number makes a new contact.
#[utoipa::path(
    delete,
    path = "/v1/contacts/{contact}",
    operation_id = "delete_contact",
    params(("If-Match" = schema::VersionTag, Header)),
    responses(
        (status = 204, description = "The contact is deleted."),
        (status = 412, description = "It has changed since it was read."),
        (status = 428, description = "`If-Match` is missing."),
    ),
)]
async fn delete(
    State(app): State<Arc<Contacts>>,
    tenant: Tenant,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let stored = app.as_seen(&tenant.0, &id, &headers).await?;
    match app.writer.delete(&tenant.0, &stored).await? {
        true => Ok(no_content()),
        false => Err(app.overtaken(&tenant.0, &id).await?),
    }
}

impl Contacts {
    /// The contact of an id in a path, or the one that it was merged into.
    async fn contact(&self, business: &BusinessId, id: &str) -> Result<Stored, Problem> {
        let unknown = || Problem::not_found("contact");
        let id = ContactId::parse(id).map_err(|_| unknown())?;
        self.reader.one(business, id).await?.ok_or_else(unknown)
    }

    /// The same, if it is still of the version that the client has seen.
    async fn as_seen(&self, business: &BusinessId, id: &str, headers: &HeaderMap) -> Result<Stored, Problem> {
        let seen = etag::seen(headers)?;
        let stored = self.contact(business, id).await?;
        // A merged contact's versions are its own.
        if stored.version != seen || stored.contact.id.to_string() != id {
            return Err(etag::stale(stored.version));
        }
        Ok(stored)
    }

    async fn shown(&self, business: &BusinessId, stored: &Stored) -> Result<Response, Problem> {
        let pipeline = self.reader.pipeline(business).await?.value;
        Ok((etag::of(stored.version), Json(ContactView::new(stored, &pipeline))).into_response())
    }

    async fn saved(
        &self,
        business: &BusinessId,
        id: &str,
        saved: Result<Stored, NotSaved>,
    ) -> Result<Response, Problem> {
        match saved {
            Ok(stored) => self.shown(business, &stored).await,
            Err(error) => Err(self.not_saved(business, id, error).await?),
        }
    }

    /// Why a contact was not written, as it is answered.
    async fn not_saved(&self, business: &BusinessId, id: &str, error: NotSaved) -> Result<Problem, Problem> {
        match error {
            NotSaved::Overtaken => self.overtaken(business, id).await,
            error => Ok(refused(error, 0)),
        }
    }

    /// 412, with the version that it has now.
    async fn overtaken(&self, business: &BusinessId, id: &str) -> Result<Problem, Problem> {
        Ok(etag::stale(self.contact(business, id).await?.version))
    }
}

/// Why a contact was not written; of one that was changed meanwhile with the version that it has.
fn refused(error: NotSaved, version: u64) -> Problem {
    match error {
        NotSaved::Overtaken => etag::stale(version),
        NotSaved::Taken { handle, by } => {
            let kind = handle.kind().as_str();
            Problem::new(StatusCode::CONFLICT, "handle taken").detail(format!(
                "the {kind} belongs to the contact {by}: merge the two if they are one person"
            ))
        }
        NotSaved::TooLarge => {
            Problem::invalid("", "length", "the contact would be too large: shorten its fields")
        }
        NotSaved::Store(error) => error.into(),
    }
}

/// Bits that no other contact has.
fn random() -> Result<u128, Problem> {
    bits().ok_or_else(Problem::unavailable)
}

/// The same; `None`: the machine has none.
fn bits() -> Option<u128> {
    let bytes = platform::random::bytes()?;
    Some(bytes.iter().take(16).fold(0, |all, byte| (all << 8) | u128::from(*byte)))
}

/// What a list is limited to.
#[derive(Serialize)]
struct Filters {
    handle: Option<Handle>,
    /// The beginnings of words of the name.
    words: Vec<String>,
    tag: Option<String>,
    status: Option<String>,
    owner: Option<KeyId>,
}

impl Filters {
    fn fit(&self, contact: &Contact, pipeline: &Pipeline) -> bool {
        let status = || pipeline.status(contact.lead.status.as_ref()).map(|status| status.id.as_str());
        self.tag.as_ref().is_none_or(|tag| contact.tags.contains(tag))
            && self.status.as_deref().is_none_or(|wanted| status() == Some(wanted))
            && self.owner.as_ref().is_none_or(|owner| contact.owner.as_ref() == Some(owner))
    }
}

impl ListContacts {
    fn filters(&self) -> Result<Filters, Problem> {
        let handle = match (&self.number, &self.email) {
            (Some(_), Some(_)) => return Err(Problem::bad_request("give `number` or `email`, not both")),
            (Some(number), None) => Some((HandleKind::Phone, number)),
            (None, Some(email)) => Some((HandleKind::Email, email)),
            (None, None) => None,
        };
        let handle = handle.map(|(kind, text)| {
            let word = if kind == HandleKind::Phone { "number" } else { "email" };
            Handle::read(kind, text).map_err(|error| Problem::bad_request(format!("`{word}` is {error}")))
        });
        let words = self.name.as_deref().map(domain::text::words).unwrap_or_default();
        if self.name.is_some() && (words.is_empty() || words.len() > 4) {
            return Err(Problem::bad_request("`name` is the beginnings of 1 to 4 words of a name"));
        }
        let owner = self.owner.as_deref().map(KeyId::parse).transpose();
        Ok(Filters {
            handle: handle.transpose()?,
            words,
            tag: self.tag.clone(),
            status: self.status.clone(),
            owner: owner.map_err(|_| Problem::bad_request("`owner` is the id of a member's key"))?,
        })
    }
}

/// The moment of an RFC 3339 text.
fn moment(pointer: &str, text: &str) -> Result<Timestamp, Problem> {
    let read = text.parse::<jiff::Timestamp>().map(|at| Timestamp(at.as_millisecond()));
    read.map_err(|_| {
        Problem::invalid(pointer, "shape", "give a moment with its zone, such as `2026-12-01T08:30:00Z`")
    })
}
