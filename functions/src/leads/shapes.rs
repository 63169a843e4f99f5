//! Sources of leads, and leads, in answers.

use std::collections::{BTreeMap, BTreeSet};

use domain::campaign::Purpose;
use domain::contact::ContactId;
use domain::contact::LeadId;
use domain::contact::sheet::DateOrder;
use domain::lead::calling::Calling;
use domain::lead::proof::ProofKind;
use domain::lead::{Lead, LeadNote, LeadSource, LeadState};
use domain::{CallSid, Timestamp};
use serde::Serialize;
use stores::leads::{Raw, RawKind, StoredLead};
use utoipa::ToSchema;

use crate::edge::api::schema;
use crate::shared::shapes::Time;

/// How the people of a source are called at once.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LeadSourceCall)]
struct CallNowView {
    /// The number of the business that calls.
    #[schema(value_type = schema::E164)]
    from: String,
    /// Why, for the agent to say; null: that the person asked for it.
    reason: Option<String>,
}

/// A source of leads.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LeadSource)]
pub(super) struct SourceView {
    #[schema(value_type = schema::LeadSourceId)]
    id: String,
    /// Where leads are sent: JSON or a form, by `POST`.
    url: String,
    name: String,
    enabled: bool,
    #[schema(value_type = schema::LeadProofWord)]
    proof: ProofKind,
    /// The header that proves it.
    proof_header: String,
    /// For each part of a lead the ways to it; empty: the parts are known by their names.
    mapping: BTreeMap<String, Vec<String>>,
    /// The country of telephone numbers without a country code.
    country: Option<String>,
    #[schema(value_type = Option<schema::DateOrderWord>)]
    date_order: Option<DateOrder>,
    /// The id of the status that its people get.
    status: Option<String>,
    tags: BTreeSet<String>,
    #[schema(value_type = schema::CampaignPurposeWord)]
    purpose: Purpose,
    consent: Option<String>,
    /// Null: its people are not called at once.
    call_now: Option<CallNowView>,
    /// Until when secrets before the newest are good as well.
    earlier_secrets_until: Vec<Time>,
    created_at: Time,
}

/// The sources of a business.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LeadSourceList)]
pub(super) struct SourceList {
    pub(super) sources: Vec<SourceView>,
}

/// A source with its newest secret.
#[derive(Serialize, ToSchema)]
#[schema(as = LeadSourceMade)]
pub(super) struct SourceMade {
    #[serde(flatten)]
    pub(super) source: SourceView,
    /// The secret: `whsec_` and base64. Its characters are the key of the proof `body_hmac`. It is not shown again.
    #[schema(example = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo=")]
    pub(super) secret: String,
}

impl SourceView {
    pub(super) fn new(source: &LeadSource, url: String, now: Timestamp) -> Self {
        let paths = |paths: &Vec<_>| paths.iter().map(ToString::to_string).collect();
        let mapping = source.mapping.0.iter();
        let earlier = source.signing.earlier.iter().map(|earlier| earlier.until);
        Self {
            id: source.id.as_str().to_owned(),
            url,
            name: source.name.clone(),
            enabled: source.enabled,
            proof: source.proof.kind,
            proof_header: source.proof.header_name().to_owned(),
            mapping: mapping.map(|(target, all)| (target.to_string(), paths(all))).collect(),
            country: source.how.country.map(|country| country.as_str().to_owned()),
            date_order: source.how.date_order,
            status: source.status.as_ref().map(|status| status.as_str().to_owned()),
            tags: source.tags.clone(),
            purpose: source.purpose,
            consent: source.consent.clone(),
            call_now: source.call_now.as_ref().map(|call| CallNowView {
                from: call.from.as_e164().to_owned(),
                reason: call.reason.clone(),
            }),
            earlier_secrets_until: earlier.filter(|until| now < *until).map(Time).collect(),
            created_at: Time(source.created_at),
        }
    }
}

/// Something about a field of a lead.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LeadNote)]
pub(super) struct NoteView<'a> {
    /// The part of a lead, as a mapping names it.
    field: &'a str,
    /// The word for programs.
    code: &'a str,
    /// What is so, and what would be right.
    detail: &'a str,
}

impl<'a> NoteView<'a> {
    pub(super) fn all(notes: &'a [LeadNote]) -> Vec<Self> {
        let view =
            |note: &'a LeadNote| NoteView { field: &note.field, code: &note.code, detail: &note.detail };
        notes.iter().map(view).collect()
    }
}

/// Whether the person of a lead is called.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LeadCall)]
pub(super) struct CallView<'a> {
    #[schema(value_type = schema::LeadCallWord)]
    state: &'static str,
    /// The call, once it is placed.
    #[schema(value_type = Option<schema::CallSid>)]
    call: Option<&'a CallSid>,
    /// It is not dialled from then on, while it is ordered.
    until: Option<Time>,
    /// Why the person is not called: a word of the refusals of calls.
    why: Option<&'a str>,
    /// The same for people.
    detail: Option<&'a str>,
}

impl<'a> CallView<'a> {
    pub(super) fn new(calling: &'a Calling) -> Self {
        let state = calling.word();
        let none = Self { state, call: None, until: None, why: None, detail: None };
        match calling {
            Calling::None => none,
            Calling::Ordered { until, .. } => Self { until: Some(Time(*until)), ..none },
            Calling::Placed { call } => Self { call: Some(call), ..none },
            Calling::NotCalled { why, detail } => Self { why: Some(why), detail: Some(detail), ..none },
        }
    }
}

/// A lead that came.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Lead)]
pub(super) struct LeadView<'a> {
    #[schema(value_type = schema::LeadId)]
    id: LeadId,
    #[schema(value_type = schema::LeadSourceId)]
    source: &'a str,
    came_at: Time,
    #[schema(value_type = schema::LeadStateWord)]
    state: LeadState,
    /// Its contact; null: the lead was refused.
    #[schema(value_type = Option<schema::ContactId>)]
    contact: Option<ContactId>,
    #[schema(value_type = schema::CampaignPurposeWord)]
    purpose: Purpose,
    /// What the person agreed to; null: to nothing.
    consent: Option<&'a str>,
    /// What the person wrote.
    message: Option<&'a str>,
    /// What was left out, or why it was refused.
    notes: Vec<NoteView<'a>>,
    /// The ways in what was sent, of a lead that was refused.
    paths: &'a [String],
    call: CallView<'a>,
}

impl<'a> LeadView<'a> {
    pub(super) fn new(lead: &'a Lead) -> Self {
        Self {
            id: lead.id,
            source: lead.source.as_str(),
            came_at: Time(lead.id.at()),
            state: lead.state,
            contact: lead.contact,
            purpose: lead.purpose,
            consent: lead.consent.as_deref(),
            message: lead.message.as_deref(),
            notes: NoteView::all(&lead.notes),
            paths: &lead.paths,
            call: CallView::new(&lead.call),
        }
    }
}

/// What was sent, as it came.
#[derive(Serialize, ToSchema)]
#[schema(as = LeadRaw)]
struct RawView<'a> {
    /// `json` or `form`.
    kind: &'static str,
    body: &'a str,
}

/// A lead with what was sent.
#[derive(Serialize, ToSchema)]
#[schema(as = LeadWhole)]
pub(super) struct WholeView<'a> {
    #[serde(flatten)]
    lead: LeadView<'a>,
    /// Null: the lead was refused, and nothing of it is kept.
    raw: Option<RawView<'a>>,
}

impl<'a> WholeView<'a> {
    pub(super) fn new(stored: &'a StoredLead) -> Self {
        let raw = |raw: &'a Raw| RawView {
            kind: match raw.kind {
                RawKind::Json => "json",
                RawKind::Form => "form",
            },
            body: &raw.body,
        };
        Self { lead: LeadView::new(&stored.lead), raw: stored.raw.as_ref().map(raw) }
    }
}

/// A page of leads, the newest first.
#[derive(Serialize, ToSchema)]
#[schema(as = LeadList)]
pub(super) struct LeadList<'a> {
    leads: Vec<LeadView<'a>>,
    /// The cursor of the next page; null on the last one.
    #[schema(value_type = Option<schema::Cursor>)]
    next: Option<String>,
}

impl<'a> LeadList<'a> {
    pub(super) fn new(leads: &'a [Lead], next: Option<String>) -> Self {
        Self { leads: leads.iter().map(LeadView::new).collect(), next }
    }
}
