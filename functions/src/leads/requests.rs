//! Sources of leads in requests.

use std::collections::{BTreeMap, BTreeSet};

use domain::PhoneNumber;
use domain::campaign::Purpose;
use domain::contact::sheet::{Column, DateOrder};
use domain::contact::{FieldKey, MAX_TAGS, StatusId, is_words};
use domain::dial::CallTask;
use domain::endpoint::headers;
use domain::lead::mapping::{FieldPath, MAX_PATHS, Mapping, Target};
use domain::lead::proof::ProofKind;
use domain::lead::{CallNow, LeadSource, MAX_CONSENT};
use domain::numbering::Country;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use crate::edge::api::schema;
use crate::edge::problem::Problem;

/// A day, as senders are used to.
const USUAL_OVERLAP_HOURS: u64 = 24;
/// As long as [`domain::endpoint::signing::MAX_OVERLAP`].
const MAX_OVERLAP_HOURS: u64 = 168;

/// How a person is called as soon as the lead has come.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = LeadCallNow)]
pub(super) struct CallNowBody {
    /// The number of the business that calls.
    #[schema(value_type = schema::E164)]
    from: String,
    /// Why, for the agent to say. Without it the agent says that the person asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 200, required = false)]
    reason: Option<String>,
}

/// A source as it is to be.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewLeadSource, example = json!({
    "name": "Form of the web site",
    "mapping": { "phone": ["contact.phone"], "name": ["contact.name", "answers[0].value"] },
    "country": "US",
    "status": "new",
    "tags": ["web"],
}))]
pub(super) struct NewSource {
    /// What people call it.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    /// Whether it takes leads.
    #[serde(default = "yes")]
    #[schema(default = true)]
    enabled: bool,
    /// How what is sent proves itself: by the secret itself without the field.
    #[serde(default = "by_secret")]
    #[schema(value_type = schema::LeadProofChoice, required = false)]
    proof: ProofKind,
    /// The header of the proof `body_hmac`; `X-Hub-Signature-256` without it.
    #[serde(default)]
    #[schema(max_length = 64, pattern = "^[A-Za-z0-9-]{1,64}$")]
    proof_header: Option<String>,
    /// For each part of a lead the ways to it in what is sent, such as `contact.phone` or `answers[0].value`, of which the first
    /// that leads to something counts. The parts are `name`, `first_name`, `last_name`, `phone`, `email`, `external`, `language`,
    /// `time_zone`, `company`, `message`, `consent` and `field.` with the key of a field of contacts. Empty: the parts are known
    /// by the names that forms give them, in English, German, Spanish, French and Hebrew.
    #[serde(default)]
    mapping: BTreeMap<String, Vec<String>>,
    /// The country of telephone numbers without a country code, two capital letters.
    #[serde(default)]
    #[schema(pattern = "^[A-Z]{2}$")]
    country: Option<String>,
    /// The order of the parts of days such as `03/04/2026`.
    #[serde(default)]
    #[schema(value_type = Option<schema::DateOrderChoice>)]
    date_order: Option<DateOrder>,
    /// The id of the status that its people get in the pipeline. A person who is further stays there.
    #[serde(default)]
    #[schema(value_type = Option<schema::Slug>)]
    status: Option<String>,
    /// Tags that its people get.
    #[serde(default)]
    #[schema(max_items = 30)]
    tags: BTreeSet<String>,
    /// What its people are called for: `service` without the field.
    #[serde(default = "service")]
    #[schema(value_type = schema::LeadPurposeChoice, required = false)]
    purpose: Purpose,
    /// What people agree to with the form, in its words. It is kept with each lead. With a `consent` in the mapping it counts for
    /// those who ticked it.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 500)]
    consent: Option<String>,
    /// How its people are called at once; null: they are not.
    #[serde(default)]
    call_now: Option<CallNowBody>,
}

const fn yes() -> bool {
    true
}

const fn by_secret() -> ProofKind {
    ProofKind::Secret
}

const fn service() -> Purpose {
    Purpose::Service
}

/// A change of a source. What is left out stays; null takes away what may be missing.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = LeadSourceChange, example = json!({ "enabled": false }))]
pub(super) struct SourceChange {
    /// What people call it.
    #[schema(min_length = 1, max_length = 100, required = false, nullable = false)]
    name: Option<String>,
    /// Whether it takes leads.
    #[schema(required = false, nullable = false)]
    enabled: Option<bool>,
    /// How what is sent proves itself; by `secret` in a new source.
    #[schema(value_type = Option<schema::LeadProofChoice>, required = false, nullable = false)]
    proof: Option<ProofKind>,
    /// The header of the proof `body_hmac`; `X-Hub-Signature-256` without it.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<String>, max_length = 64, pattern = "^[A-Za-z0-9-]{1,64}$", required = false)]
    proof_header: Option<Option<String>>,
    /// All of the mapping; empty: the parts are known by their names.
    #[schema(required = false, nullable = false)]
    mapping: Option<BTreeMap<String, Vec<String>>>,
    /// The country of telephone numbers without a country code, two capital letters.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<String>, pattern = "^[A-Z]{2}$", required = false)]
    country: Option<Option<String>>,
    /// The order of the parts of days such as `03/04/2026`.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<schema::DateOrderChoice>, required = false)]
    date_order: Option<Option<DateOrder>>,
    /// The id of the status that its people get in the pipeline. A person who is further stays there.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<schema::Slug>, required = false)]
    status: Option<Option<String>>,
    /// Tags that its people get.
    #[schema(max_items = 30, required = false, nullable = false)]
    tags: Option<BTreeSet<String>>,
    /// What its people are called for; `service` in a new source.
    #[schema(value_type = Option<schema::LeadPurposeChoice>, required = false, nullable = false)]
    purpose: Option<Purpose>,
    /// What people agree to with the form, in its words. It is kept with each lead. With a `consent` in the mapping it counts for
    /// those who ticked it.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 500, required = false)]
    consent: Option<Option<String>>,
    /// How its people are called at once; null: they are not.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<CallNowBody>, required = false)]
    call_now: Option<Option<CallNowBody>>,
}

/// How a secret is replaced.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RotateLeadSource, example = json!({ "overlap_hours": 24 }))]
pub(super) struct Rotation {
    /// How long the secret before it is good as well; 0 for one that became known.
    #[serde(default = "usual_overlap")]
    #[schema(minimum = 0, maximum = 168, default = 24)]
    overlap_hours: u64,
}

const fn usual_overlap() -> u64 {
    USUAL_OVERLAP_HOURS
}

/// A field that is there, null or not.
fn present<'de, D, T>(reader: D) -> Result<Option<Option<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Option::deserialize(reader).map(Some)
}

impl NewSource {
    /// Tells whether two requests ask for the same.
    pub(super) fn fingerprint(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    pub(super) fn apply(self, source: &mut LeadSource) -> Result<(), Problem> {
        let change = SourceChange {
            name: Some(self.name),
            enabled: Some(self.enabled),
            proof: Some(self.proof),
            proof_header: Some(self.proof_header),
            mapping: Some(self.mapping),
            country: Some(self.country),
            date_order: Some(self.date_order),
            status: Some(self.status),
            tags: Some(self.tags),
            purpose: Some(self.purpose),
            consent: Some(self.consent),
            call_now: Some(self.call_now),
        };
        change.apply(source)
    }
}

impl SourceChange {
    pub(super) fn apply(self, source: &mut LeadSource) -> Result<(), Problem> {
        if let Some(name) = self.name {
            let name = name.trim().to_owned();
            if !is_words(&name) {
                let detail = "give 1 to 100 characters in one line, with a letter or a digit";
                return Err(Problem::invalid("/name", "length", detail));
            }
            source.name = name;
        }
        source.enabled = self.enabled.unwrap_or(source.enabled);
        source.proof.kind = self.proof.unwrap_or(source.proof.kind);
        if let Some(header) = self.proof_header {
            source.proof.header = header.map(own_header).transpose()?;
        }
        if let Some(mapping) = self.mapping {
            source.mapping = read_mapping(mapping)?;
        }
        if let Some(country) = self.country {
            let read = |text: String| {
                let detail = "give a country by its two capital letters";
                Country::parse(&text).map_err(|_| Problem::invalid("/country", "unknown", detail))
            };
            source.how.country = country.map(read).transpose()?;
        }
        if let Some(order) = self.date_order {
            source.how.date_order = order;
        }
        if let Some(status) = self.status {
            let read = |text: String| {
                StatusId::parse(&text)
                    .map_err(|error| Problem::invalid("/status", "shape", error.to_string()))
            };
            source.status = status.map(read).transpose()?;
        }
        if let Some(tags) = self.tags {
            if tags.len() > MAX_TAGS || !tags.iter().all(|tag| is_words(tag)) {
                let detail = format!("give {MAX_TAGS} tags at most, each of 1 to 100 characters in one line");
                return Err(Problem::invalid("/tags", "length", detail));
            }
            source.tags = tags;
        }
        source.purpose = self.purpose.unwrap_or(source.purpose);
        if let Some(consent) = self.consent {
            source.consent = consent.map(words_of_consent).transpose()?;
        }
        if let Some(call) = self.call_now {
            source.call_now = call.map(CallNowBody::read).transpose()?;
        }
        Ok(())
    }
}

fn words_of_consent(text: String) -> Result<String, Problem> {
    let text = text.trim().to_owned();
    if text.is_empty() || text.chars().count() > MAX_CONSENT {
        let detail = format!("give 1 to {MAX_CONSENT} characters");
        return Err(Problem::invalid("/consent", "length", detail));
    }
    Ok(text)
}

impl CallNowBody {
    fn read(self) -> Result<CallNow, Problem> {
        let from = PhoneNumber::parse(&self.from)
            .map_err(|error| Problem::invalid("/call_now/from", "e164", error.to_string()))?;
        let reason = self.reason.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        if reason.as_ref().is_some_and(|text| text.chars().count() > CallTask::MAX_REASON_CHARS) {
            let detail = format!("give {} characters at most", CallTask::MAX_REASON_CHARS);
            return Err(Problem::invalid("/call_now/reason", "length", detail));
        }
        Ok(CallNow { from, reason })
    }
}

fn own_header(name: String) -> Result<String, Problem> {
    let wrong = |detail: String| Problem::invalid("/proof_header", "header", detail);
    headers::check(&name, "x").map_err(|error| wrong(error.to_string()))?;
    if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
        return Err(wrong("give a name of letters, digits and hyphens".to_owned()));
    }
    Ok(name.to_ascii_lowercase())
}

fn read_mapping(given: BTreeMap<String, Vec<String>>) -> Result<Mapping, Problem> {
    let mut mapping = Mapping::default();
    for (name, paths) in given {
        let pointer = format!("/mapping/{name}");
        let target = Target::parse(&name)
            .map_err(|error| Problem::invalid(pointer.clone(), "unknown", error.to_string()))?;
        if paths.is_empty() || paths.len() > MAX_PATHS {
            let detail = format!("give 1 to {MAX_PATHS} ways");
            return Err(Problem::invalid(pointer, "length", detail));
        }
        let read = |(index, path): (usize, &String)| {
            FieldPath::parse(path)
                .map_err(|error| Problem::invalid(format!("{pointer}/{index}"), "shape", error.to_string()))
        };
        let paths = paths.iter().enumerate().map(read).collect::<Result<_, _>>()?;
        mapping.0.insert(target, paths);
    }
    Ok(mapping)
}

/// The business's own fields that a mapping names.
pub(super) fn fields_of(mapping: &Mapping) -> Vec<&FieldKey> {
    let fields = mapping.0.keys().filter_map(|target| match target {
        Target::Column(Column::Field(key)) => Some(key),
        _ => None,
    });
    fields.collect()
}

impl Rotation {
    pub(super) fn fingerprint(&self) -> String {
        self.overlap_hours.to_string()
    }

    pub(super) fn hours(&self) -> Result<u64, Problem> {
        if self.overlap_hours > MAX_OVERLAP_HOURS {
            let detail = format!("give {MAX_OVERLAP_HOURS} hours at most");
            return Err(Problem::invalid("/overlap_hours", "range", detail));
        }
        Ok(self.overlap_hours)
    }
}
