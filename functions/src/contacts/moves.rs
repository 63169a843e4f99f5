//! Leads are moved, and contacts that are one person are merged.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use domain::contact::{
    self, Choice, ContactId, Entry, FieldKey, LeadChange, LeadRequest, MAX_TEXT, MovedBy, StatusId, UNDO_FOR,
    What,
};
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use stores::contacts::{Merged, Stored, Unmerged};
use utoipa::ToSchema;

use super::Contacts;
use super::shapes::ContactView;
use crate::edge::api::input::Body;
use crate::edge::api::requester::{Requester, Tenant};
use crate::edge::api::schema;
use crate::edge::etag;
use crate::edge::problem::Problem;
use crate::shared::telling::tell_endpoints;

/// The contacts of a name that are compared with one.
const COMPARED: u16 = 100;

/// Where a lead is to go.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "status": "qualified", "reason": "asked for an offer" }))]
pub(super) struct LeadMoveRequest {
    /// The id of a status of the pipeline.
    #[schema(value_type = schema::Slug)]
    status: String,
    /// Why, for the history.
    #[serde(default)]
    #[schema(max_length = 4000)]
    reason: Option<String>,
}

/// Moves a lead. The move is in the contact's timeline. A suggestion is over with it, and also when the status that the
/// contact has is named again.
#[utoipa::path(
    post,
    path = "/v1/contacts/{contact}/lead",
    operation_id = "move_lead",
    params(("If-Match" = schema::VersionTag, Header)),
    request_body = LeadMoveRequest,
    responses(
        (status = 200, description = "The contact.", body = ContactView, headers(("ETag" = schema::VersionTag))),
        (status = 412, description = "It has changed since it was read."),
        (status = 428, description = "`If-Match` is missing."),
    ),
)]
pub(super) async fn lead(
    State(app): State<Arc<Contacts>>,
    tenant: Tenant,
    requester: Requester,
    Path(id): Path<String>,
    headers: HeaderMap,
    Body(wanted): Body<LeadMoveRequest>,
) -> Result<Response, Problem> {
    let (before, now) = (app.as_seen(&tenant.0, &id, &headers).await?, app.clock.now());
    let unknown = |detail: String| Problem::invalid("/status", "unknown", detail);
    let to = StatusId::parse(&wanted.status).map_err(|error| unknown(error.to_string()))?;
    if wanted.reason.as_ref().is_some_and(|reason| reason.chars().count() > MAX_TEXT) {
        return Err(Problem::invalid("/reason", "length", format!("give {MAX_TEXT} characters at most")));
    }
    let pipeline = app.reader.pipeline(&tenant.0).await?.value;
    let mut after = before.contact.clone();
    let by = MovedBy::Key(requester.key.id.clone());
    let request = LeadRequest { to, by, reason: wanted.reason, confidence: None, at: now };
    let entries = match after.lead.ask(&pipeline, &request).map_err(|error| unknown(error.to_string()))? {
        LeadChange::Moved(moved) => {
            vec![Entry::new(now, &format!("{}#{}", after.id, moved.number), What::LeadMove(moved))]
        }
        LeadChange::Suggested | LeadChange::Same => vec![],
    };
    let saved = app.writer.save(&tenant.0, &before, after, &entries, now).await;
    if saved.is_ok() && !entries.is_empty() {
        tell_endpoints(&app.endpoints, &tenant.0).await;
    }
    app.saved(&tenant.0, &id, saved).await
}

/// A contact that may be the same person.
#[derive(Serialize, ToSchema)]
#[schema(as = MergeCandidate)]
pub(super) struct CandidateView<'a> {
    /// Why it may be: `named_handle`, a field of one holds a number or address of the other; `same_name_and_company`;
    /// `same_name`.
    likeness: &'static str,
    contact: ContactView<'a>,
}

/// Contacts that may be the same person, the likeliest first.
#[derive(Serialize, ToSchema)]
#[schema(as = MergeCandidates)]
pub(super) struct CandidateList<'a> {
    candidates: Vec<CandidateView<'a>>,
}

/// Contacts that may be the same person. They are proposals: none is merged without a request.
#[utoipa::path(
    get,
    path = "/v1/contacts/{contact}/candidates",
    operation_id = "list_merge_candidates",
    responses((status = 200, description = "The candidates.", body = CandidateList)),
)]
pub(super) async fn candidates(
    State(app): State<Arc<Contacts>>,
    tenant: Tenant,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let of = app.contact(&tenant.0, &id).await?.contact;
    let words = of.name_words();
    let mut others: Vec<Stored> = match words.as_slice() {
        [] => vec![],
        words => app.reader.named(&tenant.0, words, COMPARED, None, |_| true).await?.contacts,
    };
    for handle in contact::named_handles(&of) {
        others.extend(app.reader.by_handle(&tenant.0, &handle).await?);
    }
    others.sort_by_key(|stored| stored.contact.id);
    others.dedup_by_key(|stored| stored.contact.id);
    let found = contact::candidates(&of, others.iter().map(|stored| &stored.contact));
    let pipeline = app.reader.pipeline(&tenant.0).await?.value;
    let views = found.iter().filter_map(|candidate| {
        let stored = others.iter().find(|stored| stored.contact.id == candidate.contact)?;
        let contact = ContactView::new(stored, &pipeline);
        Some(CandidateView { likeness: candidate.likeness.as_str(), contact })
    });
    Ok(Json(CandidateList { candidates: views.collect() }).into_response())
}

/// Which contact is merged into the one of the path.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ContactMerge, example = json!({
    "other": "ctc_019da1c37f00d0d0d0d0d0d0d0d0d0d0", "choose": ["name", "fields.city"]
}))]
pub(super) struct MergeRequest {
    #[schema(value_type = schema::ContactId)]
    other: ContactId,
    /// Where both know something, what the contact of the path knows stands; of these the other's: `name`, `name_policy`,
    /// `language`, `time_zone`, `company`, `owner`, `lead`, `fields.` and a field's key.
    #[serde(default)]
    #[schema(max_items = 60)]
    choose: Vec<String>,
}

impl MergeRequest {
    fn choices(&self) -> Result<BTreeSet<Choice>, Problem> {
        let choice = |(index, word): (usize, &String)| {
            Ok(match word.as_str() {
                "name" => Choice::Name,
                "name_policy" => Choice::NamePolicy,
                "language" => Choice::Language,
                "time_zone" => Choice::TimeZone,
                "company" => Choice::Company,
                "owner" => Choice::Owner,
                "lead" => Choice::Lead,
                word => {
                    let field = word.strip_prefix("fields.").and_then(|key| FieldKey::parse(key).ok());
                    Choice::Field(field.ok_or_else(|| {
                        let detail = "give `name`, `name_policy`, `language`, `time_zone`, `company`, `owner`, `lead`, or \
                                      `fields.` and a field's key";
                        Problem::invalid(format!("/choose/{index}"), "unknown", detail)
                    })?)
                }
            })
        };
        self.choose.iter().enumerate().map(choice).collect()
    }
}

/// Merges another contact into this one, which keeps its id and has the handles of both. The other id leads to this one
/// from then on. It can be undone for 30 days.
#[utoipa::path(
    post,
    path = "/v1/contacts/{contact}/merge",
    operation_id = "merge_contacts",
    params(("If-Match" = schema::VersionTag, Header)),
    request_body = MergeRequest,
    responses(
        (status = 200, description = "The contact that stays.", body = ContactView, headers(("ETag" = schema::VersionTag))),
        (status = 409, description = "Both do not fit into one contact."),
        (status = 412, description = "It has changed since it was read."),
        (status = 428, description = "`If-Match` is missing."),
    ),
)]
pub(super) async fn merge(
    State(app): State<Arc<Contacts>>,
    tenant: Tenant,
    requester: Requester,
    Path(id): Path<String>,
    headers: HeaderMap,
    Body(wanted): Body<MergeRequest>,
) -> Result<Response, Problem> {
    let (survivor, choices) = (app.as_seen(&tenant.0, &id, &headers).await?, wanted.choices()?);
    let unknown = || Problem::invalid("/other", "unknown", "the business has no such contact");
    let loser = app.reader.one(&tenant.0, wanted.other).await?.ok_or_else(unknown)?;
    let by = &requester.key.id;
    let merged = app.writer.merge(&tenant.0, (&survivor, &loser), &choices, by, app.clock.now()).await;
    let merged = match merged {
        Ok(merged) => merged,
        Err(error) => return Err(app.not_saved(&tenant.0, &id, error).await?),
    };
    match merged {
        Merged::Done(stored) => app.shown(&tenant.0, &stored).await,
        Merged::Not(not) => {
            Err(Problem::new(StatusCode::CONFLICT, "not merged").code(not.code()).detail(not.to_string()))
        }
    }
}

/// Which merge is undone.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ContactUnmerge, example = json!({ "other": "ctc_019da1c37f00d0d0d0d0d0d0d0d0d0d0" }))]
pub(super) struct UnmergeRequest {
    /// The contact that was merged into the one of the path.
    #[schema(value_type = schema::ContactId)]
    other: ContactId,
}

/// Both contacts after a merge was undone.
#[derive(Serialize, ToSchema)]
#[schema(as = UnmergedContacts)]
pub(super) struct UnmergedView<'a> {
    /// The one of the path.
    contact: ContactView<'a>,
    /// The one that is there again.
    other: ContactView<'a>,
}

/// Undoes a merge within 30 days: both contacts are what they were, apart from what was changed since.
#[utoipa::path(
    post,
    path = "/v1/contacts/{contact}/unmerge",
    operation_id = "unmerge_contacts",
    params(("If-Match" = schema::VersionTag, Header)),
    request_body = UnmergeRequest,
    responses(
        (status = 200, description = "Both contacts. The `ETag` is of the one of the path.", body = UnmergedView, headers(("ETag" = schema::VersionTag))),
        (status = 409, description = "The other one was not merged into this one, or that is too long ago."),
        (status = 412, description = "It has changed since it was read."),
        (status = 428, description = "`If-Match` is missing."),
    ),
)]
pub(super) async fn unmerge(
    State(app): State<Arc<Contacts>>,
    tenant: Tenant,
    Path(id): Path<String>,
    headers: HeaderMap,
    Body(wanted): Body<UnmergeRequest>,
) -> Result<Response, Problem> {
    let survivor = app.as_seen(&tenant.0, &id, &headers).await?;
    let conflict =
        |title: &'static str, detail: String| Problem::new(StatusCode::CONFLICT, title).detail(detail);
    let undone = match app.writer.unmerge(&tenant.0, &survivor, wanted.other, app.clock.now()).await {
        Ok(undone) => undone,
        Err(error) => return Err(app.not_saved(&tenant.0, &id, error).await?),
    };
    match undone {
        Unmerged::Done { survivor, other } => {
            let pipeline = app.reader.pipeline(&tenant.0).await?.value;
            let view = UnmergedView {
                contact: ContactView::new(&survivor, &pipeline),
                other: ContactView::new(&other, &pipeline),
            };
            Ok((etag::of(survivor.version), Json(view)).into_response())
        }
        Unmerged::NotMerged => {
            Err(conflict("not merged", "the other contact was not merged into this one".into()))
        }
        Unmerged::TooLate => {
            let days = UNDO_FOR.as_secs() / 86_400;
            Err(conflict("too late", format!("a merge can be undone for {days} days")))
        }
    }
}
