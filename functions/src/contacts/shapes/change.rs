//! A change of a contact, as a person sends it.

use std::collections::{BTreeMap, BTreeSet};

use domain::Timestamp;
use domain::access::KeyId;
use domain::contact::{Contact, FieldKey, FieldSchema, FieldValue, Handle, HandleKind, Known, Raw, Source};
use domain::prompt::caller::NamePolicy;
use serde::{Deserialize, Serialize};
use utoipa::openapi::{ArrayBuilder, ObjectBuilder, OneOfBuilder, RefOr, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::edge::api::input::present;
use crate::edge::api::schema;
use crate::edge::problem::{FieldError, Problem};

/// What identifies a person, as it is written.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewContactHandle, example = json!({ "kind": "phone", "value": "+43 720 123456" }))]
pub(in super::super) struct NewHandle {
    #[schema(value_type = schema::HandleKindChoice)]
    kind: HandleKind,
    /// A number with its `+` and country code; an e-mail address; a WhatsApp id; `system:id` of another system.
    #[schema(max_length = 254)]
    value: String,
}

/// A value for a field: a text, a number, `true` or `false`, or a list of texts.
#[derive(Clone, Serialize, Deserialize)]
#[serde(untagged)]
pub(in super::super) enum RawValue {
    Flag(bool),
    Number(serde_json::Number),
    Text(String),
    Many(Vec<String>),
}

impl PartialSchema for RawValue {
    fn schema() -> RefOr<Schema> {
        let of = |kind: Type| ObjectBuilder::new().schema_type(kind);
        let one = OneOfBuilder::new().item(of(Type::String)).item(of(Type::Number)).item(of(Type::Boolean));
        let one = one.item(ArrayBuilder::new().items(of(Type::String))).item(of(Type::Null));
        let text = "A value of a field: a text, a number, `true` or `false`, or a list of texts. Null takes the value away.";
        one.description(Some(text)).into()
    }
}

impl ToSchema for RawValue {
    fn name() -> std::borrow::Cow<'static, str> {
        "NewContactFieldValue".into()
    }
}

impl From<RawValue> for Raw {
    fn from(value: RawValue) -> Self {
        match value {
            RawValue::Flag(flag) => Self::Flag(flag),
            RawValue::Number(number) => Self::Number(number.to_string()),
            RawValue::Text(text) => Self::Text(text),
            RawValue::Many(texts) => Self::Many(texts),
        }
    }
}

/// What is known of a contact, in the words of a person of the business or, with `source`, of a file or another system.
/// What is left out stays; null takes away.
#[derive(Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(example = json!({
    "name": "Dana Levi",
    "handles": [{ "kind": "phone", "value": "+43 720 123456" }],
    "tags": ["regular"]
}))]
pub(in super::super) struct ContactChange {
    /// Who says so: `person`, as without it, or `import`. An import replaces nothing that a person or a call said.
    #[schema(value_type = schema::ContactSourceChoice, required = false)]
    source: Option<Said>,
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, max_length = 100, required = false)]
    name: Option<Option<String>>,
    /// How the agent may use the name.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<schema::NamePolicyChoice>, required = false)]
    name_policy: Option<Option<String>>,
    /// All that identifies it; those that are not in the list are taken away.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 20, required = false, nullable = false)]
    handles: Option<Vec<NewHandle>>,
    /// A BCP 47 tag.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, max_length = 35, required = false)]
    language: Option<Option<String>>,
    /// An IANA name.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, max_length = 64, required = false)]
    time_zone: Option<Option<String>>,
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, max_length = 100, required = false)]
    company: Option<Option<String>>,
    /// All tags; those that are not in the list are taken away.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 30, required = false, nullable = false)]
    tags: Option<BTreeSet<String>>,
    /// Values of the business's own fields, by their keys; null takes one away.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = BTreeMap<String, RawValue>, required = false)]
    fields: BTreeMap<String, Option<RawValue>>,
    /// The member who looks after it, by the id of the member's key.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<schema::KeyId>, required = false)]
    owner: Option<Option<String>>,
}

/// Who says what a change says.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Said {
    Person,
    Import,
}

impl ContactChange {
    /// Tells whether two requests ask for the same.
    pub(in super::super) fn fingerprint(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Makes the change. Everything that is wrong is named together.
    pub(in super::super) fn apply(
        self,
        contact: &mut Contact,
        schema: &FieldSchema,
        now: Timestamp,
    ) -> Result<(), Problem> {
        let source = match self.source {
            Some(Said::Import) => Source::Import,
            Some(Said::Person) | None => Source::Person,
        };
        let mut errors: Vec<FieldError> = vec![];
        let mut wrong = |pointer: String, code: &str, detail: String| {
            errors.push(FieldError { pointer, code: code.to_owned(), detail });
        };
        match self.name {
            Some(Some(name)) => {
                contact.call_it(Known::by(source, name.trim().to_owned(), now));
            }
            Some(None) => {
                contact.names.remove(&source);
            }
            None => {}
        }
        match self.name_policy {
            Some(Some(word)) => match NamePolicy::parse(&word) {
                Some(policy) => contact.name_policy = Some(policy),
                None => wrong("/name_policy".into(), "unknown", "give `ask`, `use` or `never`".into()),
            },
            Some(None) => contact.name_policy = None,
            None => {}
        }
        if let Some(handles) = self.handles {
            let mut read = BTreeSet::new();
            for (index, handle) in handles.iter().enumerate() {
                match Handle::read(handle.kind, &handle.value) {
                    Ok(handle) => {
                        read.insert(handle);
                    }
                    Err(error) => wrong(format!("/handles/{index}/value"), "shape", error.to_string()),
                }
            }
            contact.handles = read;
        }
        for (standing, new) in [
            (&mut contact.language, self.language),
            (&mut contact.time_zone, self.time_zone),
            (&mut contact.company, self.company),
        ] {
            if let Some(new) = new {
                set(standing, new.map(|text| Known::by(source, text.trim().to_owned(), now)));
            }
        }
        if let Some(tags) = self.tags {
            contact.tags = tags.into_iter().map(|tag| tag.trim().to_owned()).collect();
        }
        for (name, raw) in self.fields {
            let pointer = format!("/fields/{}", name.replace('~', "~0").replace('/', "~1"));
            // A field that is gone from the schema may be taken away.
            if let (Ok(key), None) = (FieldKey::parse(&name), &raw) {
                contact.fields.remove(&key);
                continue;
            }
            let Some(field) = schema.field(&name) else {
                wrong(pointer, "unknown", "the business has no such field: see `/v1/contacts/fields`".into());
                continue;
            };
            let Some(raw) = raw else { continue };
            match FieldValue::read(field, raw.into()) {
                Ok(value) => {
                    let mut standing = contact.fields.remove(&field.key);
                    set(&mut standing, Some(Known::by(source, value, now)));
                    contact.fields.extend(standing.map(|standing| (field.key.clone(), standing)));
                }
                Err(error) => wrong(pointer, "shape", error.to_string()),
            }
        }
        match self.owner {
            Some(Some(owner)) => match KeyId::parse(&owner) {
                Ok(owner) => contact.owner = Some(owner),
                Err(_) => wrong("/owner".into(), "shape", "give the id of a member's key".into()),
            },
            Some(None) => contact.owner = None,
            None => {}
        }
        for (field, code, detail) in contact.mistakes() {
            wrong(format!("/{field}"), code, detail);
        }
        if errors.is_empty() { Ok(()) } else { Err(Problem::fields(errors)) }
    }
}

/// Writes a value where the one that stands yields to it; null takes away.
fn set<T>(standing: &mut Option<Known<T>>, new: Option<Known<T>>) {
    match new {
        Some(new) if standing.as_ref().is_some_and(|standing| !standing.yields_to(&new)) => {}
        new => *standing = new,
    }
}
