//! Endpoints in requests and answers.

use std::collections::BTreeMap;

use domain::endpoint::attempt::Health;
use domain::endpoint::filter::{Calls, Filter, MAX_PATTERNS, Pattern};
use domain::endpoint::headers::{self, MAX_HEADERS};
use domain::endpoint::{Disabled, Endpoint, EndpointId, MAX_URL};
use domain::event::{API_VERSIONS, NAMES};
use domain::{Secret, Timestamp};
use providers::endpoint_http::EndpointClient;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::edge::api::schema;
use crate::edge::problem::Problem;
use crate::shared::shapes::Time;

const MAX_DESCRIPTION: usize = 200;
/// A day, as receivers are used to.
const USUAL_OVERLAP_HOURS: u64 = 24;
/// As long as [`domain::endpoint::signing::MAX_OVERLAP`].
const MAX_OVERLAP_HOURS: u64 = 168;

/// An endpoint as it is to be.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "url": "https://hooks.example/switchboard", "types": ["call.*"] }))]
pub(super) struct NewEndpoint {
    /// Where it is told: `https`, in a public network.
    #[schema(min_length = 1, max_length = 2000)]
    url: String,
    /// What people call it.
    #[serde(default)]
    #[schema(max_length = 200)]
    description: String,
    /// The types of events that it is told of: a type, `call.*` for all that begin so, or `*`, which it is without the field.
    #[serde(default = "everything")]
    #[schema(min_items = 1, max_items = 50)]
    types: Vec<String>,
    /// Of which calls.
    #[serde(default)]
    #[schema(value_type = schema::EndpointCallsChoice)]
    calls: Calls,
    /// Headers that are sent along, such as a key of a gateway. Their values are kept like keys, and not shown again.
    #[serde(default)]
    headers: BTreeMap<String, String>,
    /// The form in which it is told; the newest without the field. It stays with it until another one is chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<schema::ApiVersionChoice>, required = false)]
    api_version: Option<String>,
}

fn everything() -> Vec<String> {
    vec!["*".to_owned()]
}

/// A change of an endpoint. What is left out stays.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(example = json!({ "enabled": true }))]
pub(super) struct EndpointChange {
    #[schema(min_length = 1, max_length = 2000, required = false, nullable = false)]
    url: Option<String>,
    #[schema(max_length = 200, required = false, nullable = false)]
    description: Option<String>,
    #[schema(min_items = 1, max_items = 50, required = false, nullable = false)]
    types: Option<Vec<String>>,
    #[schema(value_type = Option<schema::EndpointCallsChoice>, required = false, nullable = false)]
    calls: Option<Calls>,
    /// All headers; those that are not in it are taken away.
    #[schema(required = false, nullable = false)]
    headers: Option<BTreeMap<String, String>>,
    /// Whether it is told.
    #[schema(required = false, nullable = false)]
    pub(super) enabled: Option<bool>,
    /// The form in which it is told.
    #[schema(value_type = Option<schema::ApiVersionChoice>, required = false, nullable = false)]
    api_version: Option<String>,
}

/// How a secret is replaced.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RotateEndpoint, example = json!({ "overlap_hours": 24 }))]
pub(super) struct Rotation {
    /// How long the secret before it signs as well; 0 for one that became known.
    #[serde(default = "usual_overlap")]
    #[schema(minimum = 0, maximum = 168, default = 24)]
    overlap_hours: u64,
}

const fn usual_overlap() -> u64 {
    USUAL_OVERLAP_HOURS
}

/// An endpoint.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Endpoint)]
pub(super) struct EndpointView {
    #[schema(value_type = schema::EndpointId)]
    id: EndpointId,
    url: String,
    description: String,
    /// The types of events that it is told of.
    types: Vec<String>,
    #[schema(value_type = schema::EndpointCallsChoice)]
    calls: Calls,
    /// The names of the headers that are sent along.
    headers: Vec<String>,
    /// The form in which it is told.
    api_version: String,
    /// Whether it is told.
    enabled: bool,
    /// Why it is not; null: it is.
    #[schema(value_type = Option<schema::EndpointDisabledWord>)]
    disabled_reason: Option<Disabled>,
    /// Since when it is not; null: it is.
    disabled_at: Option<Time>,
    /// Since when it takes nothing; null: the last attempt succeeded.
    failing_since: Option<Time>,
    /// Until when secrets before the newest sign as well.
    earlier_secrets_until: Vec<Time>,
    created_at: Time,
}

/// The endpoints of a business.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct EndpointList {
    pub(super) endpoints: Vec<EndpointView>,
}

/// An endpoint with its newest secret.
#[derive(Serialize, ToSchema)]
pub(super) struct EndpointMade {
    #[serde(flatten)]
    pub(super) endpoint: EndpointView,
    /// What signs what it is sent, as Standard Webhooks write it: `whsec_` and base64. It is not shown again.
    #[schema(example = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo=")]
    pub(super) secret: String,
}

impl NewEndpoint {
    /// Tells whether two requests ask for the same.
    pub(super) fn fingerprint(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// What an endpoint is told that says nothing of it.
    pub(super) fn all() -> Filter {
        Filter { types: vec![Pattern::from("*".to_owned())], calls: Calls::All }
    }

    pub(super) fn apply(self, endpoint: &mut Endpoint, client: &EndpointClient) -> Result<(), Problem> {
        let Self { url, description, types, calls, headers, api_version } = self;
        let change = EndpointChange {
            url: Some(url),
            description: Some(description),
            types: Some(types),
            calls: Some(calls),
            headers: Some(headers),
            enabled: None,
            api_version,
        };
        let now = endpoint.created_at;
        change.apply(endpoint, client, now)
    }
}

impl EndpointChange {
    pub(super) fn apply(
        self,
        endpoint: &mut Endpoint,
        client: &EndpointClient,
        now: Timestamp,
    ) -> Result<(), Problem> {
        if let Some(url) = self.url {
            endpoint.url = address(url, client)?;
        }
        if let Some(description) = self.description {
            if description.chars().count() > MAX_DESCRIPTION {
                let detail = format!("give {MAX_DESCRIPTION} characters at most");
                return Err(Problem::invalid("/description", "length", detail));
            }
            endpoint.description = description;
        }
        if let Some(types) = self.types {
            endpoint.filter.types = patterns(&types)?;
        }
        if let Some(calls) = self.calls {
            endpoint.filter.calls = calls;
        }
        if let Some(headers) = self.headers {
            endpoint.headers = own_headers(headers)?;
        }
        if let Some(version) = self.api_version {
            if !API_VERSIONS.contains(&version.as_str()) {
                let detail = format!("there are {}", API_VERSIONS.join(", "));
                return Err(Problem::invalid("/api_version", "unknown", detail));
            }
            endpoint.api_version = version;
        }
        match (self.enabled, endpoint.disabled) {
            (Some(true), _) => endpoint.disabled = None,
            (Some(false), None) => endpoint.disabled = Some((Disabled::Requested, now)),
            (Some(false), Some(_)) | (None, _) => {}
        }
        Ok(())
    }
}

/// An address that leads into no network of ours, as far as that is seen without asking; it is looked at again when it is used.
fn address(url: String, client: &EndpointClient) -> Result<Secret, Problem> {
    if url.len() > MAX_URL {
        return Err(Problem::invalid("/url", "length", format!("give {MAX_URL} bytes at most")));
    }
    client.check(&url).map_err(|_| {
        let detail =
            "give an address that begins with https://, carries no user name, and leads to a public network";
        Problem::invalid("/url", "address", detail)
    })?;
    Ok(Secret::new(url))
}

fn patterns(types: &[String]) -> Result<Vec<Pattern>, Problem> {
    if types.is_empty() || types.len() > MAX_PATTERNS {
        return Err(Problem::invalid("/types", "length", format!("give 1 to {MAX_PATTERNS} types")));
    }
    let pattern = |(index, text): (usize, &String)| {
        Pattern::parse(text, NAMES).map_err(|error| {
            let detail = format!("{error}: there are {}", NAMES.join(", "));
            Problem::invalid(format!("/types/{index}"), "unknown_type", detail)
        })
    };
    types.iter().enumerate().map(pattern).collect()
}

fn own_headers(given: BTreeMap<String, String>) -> Result<BTreeMap<String, Secret>, Problem> {
    if given.len() > MAX_HEADERS {
        return Err(Problem::invalid("/headers", "length", format!("give {MAX_HEADERS} headers at most")));
    }
    let mut own = BTreeMap::new();
    for (name, value) in given {
        headers::check(&name, &value)
            .map_err(|error| Problem::invalid("/headers", "header", format!("{name:?}: {error}")))?;
        // Two spellings of one name would both be sent.
        if own.insert(name.to_ascii_lowercase(), Secret::new(value)).is_some() {
            return Err(Problem::invalid("/headers", "header", format!("{name:?} is there twice")));
        }
    }
    Ok(own)
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

impl EndpointView {
    pub(super) fn new(endpoint: &Endpoint, health: Health, now: Timestamp) -> Self {
        let earlier = endpoint.signing.earlier.iter().map(|earlier| earlier.until);
        Self {
            id: endpoint.id.clone(),
            url: endpoint.url.expose().to_owned(),
            description: endpoint.description.clone(),
            types: endpoint.filter.types.iter().map(|pattern| pattern.as_str().to_owned()).collect(),
            calls: endpoint.filter.calls,
            headers: endpoint.headers.keys().cloned().collect(),
            api_version: endpoint.api_version.clone(),
            enabled: endpoint.disabled.is_none(),
            disabled_reason: endpoint.disabled.map(|(why, _)| why),
            disabled_at: endpoint.disabled.map(|(_, at)| Time(at)),
            failing_since: health.failing_since.map(Time),
            earlier_secrets_until: earlier.filter(|until| now < *until).map(Time).collect(),
            created_at: Time(endpoint.created_at),
        }
    }
}
