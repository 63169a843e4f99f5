//! A contact in requests and answers.

mod change;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use domain::CallSid;
use domain::access::KeyId;
use domain::contact::{
    ContactId, FieldValue, Handle, HandleKind, Known, LastCall, Lead, MovedBy, Pipeline, Suggestion,
};
use domain::lead::LeadSourceId;
use serde::{Deserialize, Serialize};
use stores::contacts::Stored;
use utoipa::{IntoParams, ToSchema};

pub(super) use change::ContactChange;

use crate::edge::api::schema;
use crate::shared::shapes::Time;

/// The query of the list. Unknown parameters are refused with 400.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ListContacts {
    /// Contacts on one page, 1 to 100; 25 without it. A page with filters may have fewer, or none, and yet a `next`.
    #[param(minimum = 1, maximum = 100, default = 25, nullable = false)]
    pub(super) limit: Option<u16>,
    /// `next` of the page before, with the same filters.
    #[param(value_type = Option<schema::Cursor>, nullable = false)]
    pub(super) cursor: Option<String>,
    /// The contact of this number.
    #[param(nullable = false)]
    pub(super) number: Option<String>,
    /// The contact of this e-mail address.
    #[param(nullable = false)]
    pub(super) email: Option<String>,
    /// The beginnings of words of the name, such as `da lev`.
    #[param(nullable = false)]
    pub(super) name: Option<String>,
    /// A tag that they have.
    #[param(nullable = false)]
    pub(super) tag: Option<String>,
    /// The id of the lead's status.
    #[param(nullable = false)]
    pub(super) status: Option<String>,
    /// The member who looks after them, by the id of the member's key.
    #[param(value_type = Option<schema::KeyId>, nullable = false)]
    pub(super) owner: Option<String>,
}

/// What identifies a person.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ContactHandle)]
pub(super) struct HandleView<'a> {
    #[schema(value_type = schema::HandleKindWord)]
    kind: HandleKind,
    /// In the one form in which such values are compared.
    value: &'a str,
}

/// Something that is known, and what it stands on.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = KnownText)]
pub(super) struct KnownView<'a> {
    value: &'a str,
    #[serde(flatten)]
    of: OriginView<'a>,
}

/// What a value stands on.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ContactValueOrigin)]
struct OriginView<'a> {
    /// Who said it: a `person` of the business, a `call`, an `import`, a `profile`, or the network (`caller_name`).
    source: &'static str,
    /// When it was said.
    at: Time,
    /// How sure it is, 0 to 100; null: its source does not doubt it.
    confidence: Option<u8>,
    /// The call in which it was said.
    #[schema(value_type = Option<schema::CallSid>)]
    call: Option<&'a CallSid>,
    /// The words on which it stands.
    quote: Option<&'a str>,
}

impl<'a> OriginView<'a> {
    fn new<T>(known: &'a Known<T>) -> Self {
        Self {
            source: known.source.as_str(),
            at: Time(known.at),
            confidence: known.confidence,
            call: known.call.as_ref(),
            quote: known.quote.as_deref(),
        }
    }
}

fn known(known: &Known<String>) -> KnownView<'_> {
    KnownView { value: &known.value, of: OriginView::new(known) }
}

/// A value of one of the business's own fields. A number is the text of its digits, so that none is rounded.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
#[schema(as = ContactFieldValue)]
enum ValueView<'a> {
    Text(Cow<'a, str>),
    Flag(bool),
    Many(&'a BTreeSet<String>),
}

impl<'a> ValueView<'a> {
    fn new(value: &'a FieldValue) -> Self {
        match value {
            FieldValue::Text(text)
            | FieldValue::Number(text)
            | FieldValue::Select(text)
            | FieldValue::Url(text) => Self::Text(Cow::Borrowed(text)),
            FieldValue::Date(_) | FieldValue::Datetime(_) => Self::Text(Cow::Owned(value.words())),
            FieldValue::Bool(flag) => Self::Flag(*flag),
            FieldValue::Multiselect(texts) => Self::Many(texts),
        }
    }
}

/// A field of a contact.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ContactField)]
struct FieldView<'a> {
    #[schema(inline)]
    value: ValueView<'a>,
    #[serde(flatten)]
    of: OriginView<'a>,
}

/// Who moved a lead: a key, what a call came to, or a form that the person filled in.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LeadMovedBy)]
pub(super) struct MovedByView<'a> {
    #[schema(value_type = Option<schema::KeyId>)]
    key: Option<&'a KeyId>,
    #[schema(value_type = Option<schema::CallSid>)]
    call: Option<&'a CallSid>,
    #[schema(value_type = Option<schema::LeadSourceId>)]
    lead_source: Option<&'a LeadSourceId>,
}

impl<'a> MovedByView<'a> {
    pub(super) const fn new(by: &'a MovedBy) -> Self {
        match by {
            MovedBy::Key(key) => Self { key: Some(key), call: None, lead_source: None },
            MovedBy::Call(call) => Self { key: None, call: Some(call), lead_source: None },
            MovedBy::LeadSource(source) => Self { key: None, call: None, lead_source: Some(source) },
        }
    }
}

/// A move that waits for a person's word.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LeadSuggestion)]
struct SuggestionView<'a> {
    /// The id of the status.
    to: &'a str,
    by: MovedByView<'a>,
    reason: Option<&'a str>,
    /// How sure it is, 0 to 100; null: that is not known.
    confidence: Option<u8>,
    at: Time,
}

/// How far a contact is in the pipeline.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ContactLead)]
struct LeadView<'a> {
    /// The id of the status.
    status: &'a str,
    /// What people call the status.
    label: &'a str,
    /// `open`, `won` or `lost`.
    kind: &'static str,
    /// Since when; null: since the contact was made.
    since: Option<Time>,
    /// How often it has moved.
    moves: u32,
    /// Null: no move is suggested.
    suggestion: Option<SuggestionView<'a>>,
}

impl<'a> LeadView<'a> {
    fn new(lead: &'a Lead, pipeline: &'a Pipeline) -> Self {
        let status = pipeline.status(lead.status.as_ref());
        let suggestion = |suggestion: &'a Suggestion| SuggestionView {
            to: suggestion.to.as_str(),
            by: MovedByView::new(&suggestion.by),
            reason: suggestion.reason.as_deref(),
            confidence: suggestion.confidence,
            at: Time(suggestion.at),
        };
        Self {
            status: status.map_or("", |status| status.id.as_str()),
            label: status.map_or("", |status| status.label.as_str()),
            kind: status.map_or("open", |status| status.kind.as_str()),
            since: lead.since.map(Time),
            moves: lead.moves,
            suggestion: lead.suggestion.as_ref().map(suggestion),
        }
    }
}

/// The last conversation that was summed up.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ContactLastCall)]
struct LastCallView<'a> {
    #[schema(value_type = schema::CallSid)]
    call: &'a CallSid,
    /// When it began.
    at: Time,
    /// What it came to.
    summary: &'a str,
}

/// A person whom the business knows.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Contact)]
pub(super) struct ContactView<'a> {
    #[schema(value_type = schema::ContactId)]
    id: ContactId,
    created_at: Time,
    updated_at: Time,
    /// What it is called: the name of the source that is believed most. Null: no name is known.
    name: Option<KnownView<'a>>,
    /// Its names by all sources, the one that is believed most first.
    names: Vec<KnownView<'a>>,
    /// How the agent may use the name: `ask`, `use` or `never`. Null: it asks first.
    name_policy: Option<&'static str>,
    /// What identifies it. Each belongs to no other contact.
    handles: Vec<HandleView<'a>>,
    /// A BCP 47 tag.
    language: Option<KnownView<'a>>,
    /// An IANA name.
    time_zone: Option<KnownView<'a>>,
    company: Option<KnownView<'a>>,
    tags: &'a BTreeSet<String>,
    /// The business's own fields, by their keys.
    fields: BTreeMap<&'a str, FieldView<'a>>,
    /// The member who looks after it, by the id of the member's key.
    #[schema(value_type = Option<schema::KeyId>)]
    owner: Option<&'a KeyId>,
    lead: LeadView<'a>,
    /// Null: no call with it was summed up.
    last_call: Option<LastCallView<'a>>,
    /// The contacts that were merged into it.
    #[schema(value_type = Vec<schema::ContactId>)]
    merged: &'a [ContactId],
}

impl<'a> ContactView<'a> {
    pub(super) fn new(stored: &'a Stored, pipeline: &'a Pipeline) -> Self {
        let contact = &stored.contact;
        let last =
            |last: &'a LastCall| LastCallView { call: &last.call, at: Time(last.at), summary: &last.summary };
        let handle = |handle: &'a Handle| HandleView { kind: handle.kind(), value: handle.value() };
        let field = |known: &'a Known<FieldValue>| FieldView {
            value: ValueView::new(&known.value),
            of: OriginView::new(known),
        };
        Self {
            id: contact.id,
            created_at: Time(contact.id.at()),
            updated_at: Time(stored.updated_at),
            name: contact.name().map(known),
            names: contact.names.values().rev().map(known).collect(),
            name_policy: contact.name_policy.map(domain::prompt::caller::NamePolicy::as_str),
            handles: contact.handles.iter().map(handle).collect(),
            language: contact.language.as_ref().map(known),
            time_zone: contact.time_zone.as_ref().map(known),
            company: contact.company.as_ref().map(known),
            tags: &contact.tags,
            fields: contact.fields.iter().map(|(key, known)| (key.as_str(), field(known))).collect(),
            owner: contact.owner.as_ref(),
            lead: LeadView::new(&contact.lead, pipeline),
            last_call: contact.last_call.as_ref().map(last),
            merged: &contact.merged,
        }
    }
}

/// A page of contacts.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ContactList<'a> {
    contacts: Vec<ContactView<'a>>,
    /// The cursor of the next page; null on the last one.
    #[schema(value_type = Option<schema::Cursor>)]
    next: Option<String>,
}

impl<'a> ContactList<'a> {
    pub(super) fn new(contacts: &'a [Stored], pipeline: &'a Pipeline, next: Option<String>) -> Self {
        Self { contacts: contacts.iter().map(|stored| ContactView::new(stored, pipeline)).collect(), next }
    }
}
