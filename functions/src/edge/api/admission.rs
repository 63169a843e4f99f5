//! What every request of the API passes before its handler: its key, the key's scope and network, its limit, and the
//! log.
//!
//! A key is looked up by its id and proven by its hash; a text whose checksum is wrong is refused without a look. The
//! answer to a key that is unknown, wrong, revoked or expired is the same. A write, and a reading of what was said or
//! of a secret, is in the log before it happens.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{FromRequestParts as _, MatchedPath, RawPathParams, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use domain::access::{ApiKey, KeyId, KeyKind, KeyOwner, Scope, StoredKey, allowed};
use domain::cursor::CursorKey;
use domain::zone::utc_day;
use domain::{BusinessId, Timestamp};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use jiff::civil::Date;
use lambda_http::request::RequestContext;
use platform::Clock;
use platform::telemetry::{Unit, metric};
use stores::keys;
use stores::requests::{self, Entry, Rate};

use super::requester::{NamedBusiness, Requester};
use super::rule::{Rule, Rules};
use crate::edge::address::ClientAddress;
use crate::edge::parts::{Needs, Opener, Part};
use crate::edge::problem::{self, Problem};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Longer ones are not keys of ours.
const MAX_KEY_CHARS: usize = 256;
/// Uses that one process remembers to have noted; more of them are noted again.
const MAX_NOTED: usize = 10_000;

/// Admits the requests of one function.
#[derive(Clone)]
pub struct Gatekeeper {
    keys: keys::Reader,
    requests: requests::Writer,
    clock: Clock,
    cursors: CursorKey,
    /// The operator's key in the deployment's secret, which is good until a row says otherwise.
    first_key: Option<Arc<StoredKey>>,
    /// Requests of one key in a minute.
    per_minute: u32,
    noted: Arc<Mutex<BTreeSet<(KeyId, Date)>>>,
}

impl Part for Gatekeeper {
    fn declare(needs: &mut Needs<'_>) -> Opener<Self> {
        let (keys, requests) = (keys::Reader::declare(needs), needs.table("TABLE_REQUESTS"));
        let per_minute = needs.vars.parsed("API_REQUESTS_PER_MINUTE", "a number", |text| text.parse().ok());
        needs.secrets();
        Box::new(move |deployment| {
            Ok(Self {
                keys: keys(deployment)?,
                requests: requests::Writer::new(&deployment.aws, &requests),
                clock: deployment.aws.clock.clone(),
                cursors: deployment.secrets()?.stream_token_key.cursors(),
                first_key: deployment.secrets()?.operator_key.as_ref().map(|key| Arc::new(first_key(key))),
                per_minute: per_minute.unwrap_or_default(),
                noted: Arc::default(),
            })
        })
    }
}

/// What is known of the key in the secret: it is an operator's, and may do everything.
fn first_key(key: &ApiKey) -> StoredKey {
    StoredKey {
        id: key.id(),
        hash: key.hash(),
        owner: KeyOwner::Operator,
        name: "first operator key".to_owned(),
        scopes: Scope::ALL.iter().copied().collect(),
        networks: vec![],
        created_at: Timestamp(0),
        created_by: None,
        expires_at: None,
        replaced_by: None,
        revoked_at: None,
    }
}

/// What admission goes by.
#[derive(Clone)]
pub(super) struct Guard {
    pub(super) gatekeeper: Gatekeeper,
    pub(super) rules: Arc<Rules>,
}

/// Admits a request or answers it, and completes every answer.
pub(super) async fn admit(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    let id = request_id(&request);
    problem::of_request(id.clone(), async move {
        let mut response = match Box::pin(guard.pass(request, next, &id)).await {
            Ok(response) => response,
            Err(problem) => problem.into_response(),
        };
        if let Ok(id) = HeaderValue::try_from(&id) {
            response.headers_mut().insert(REQUEST_ID, id);
        }
        response
    })
    .await
}

impl Guard {
    async fn pass(&self, request: Request, next: Next, id: &str) -> Result<Response, Problem> {
        let Some(rule) = self.rule(&request) else { return Ok(next.run(request).await) };
        let Some(scope) = rule.scope() else { return Ok(next.run(request).await) };
        let (mut parts, body) = request.into_parts();
        let now = self.gatekeeper.clock.now();
        let source = source(&mut parts).await;
        let key = self.gatekeeper.prove(&parts.headers, now, source, scope).await?;
        let business = business(&key, rule, named(&mut parts).await)?;
        let rate = self.gatekeeper.within_limit(&key.id, now).await?;
        self.gatekeeper.note_use(&key.id, now).await;

        let entry = is_logged(&parts.method, scope).then(|| Entry {
            at: now,
            request: id.to_owned(),
            key: key.id.clone(),
            business: business.clone(),
            scope: scope.as_str().to_owned(),
            method: parts.method.to_string(),
            path: parts.uri.path().to_owned(),
            source: source.map(|source| source.to_string()),
            status: None,
        });
        if let Some(entry) = &entry {
            self.gatekeeper.requests.note(entry).await?;
        }
        parts.extensions.insert(self.gatekeeper.cursors.clone());
        parts.extensions.insert(Requester { key, business });
        let mut response = next.run(Request::from_parts(parts, body)).await;
        if let Some(entry) = &entry {
            let status = response.status().as_u16();
            if let Err(error) = self.gatekeeper.requests.note_answer(entry, status).await {
                tracing::error!(%error, request = id, status, "the log lacks an answer");
                metric("AuditAnswersLost", 1.0, Unit::Count, &[]);
            }
        }
        rate.tell(self.gatekeeper.per_minute, response.headers_mut());
        Ok(response)
    }

    fn rule(&self, request: &Request) -> Option<Rule> {
        let path = request.extensions().get::<MatchedPath>()?;
        // HEAD is GET without its body.
        let method = if request.method() == Method::HEAD { "GET" } else { request.method().as_str() };
        self.rules.get(&(method.to_owned(), path.as_str().to_owned())).copied()
    }
}

impl Gatekeeper {
    /// The operator's key in the deployment's secret. A row of Keys with its id says more than this.
    pub fn first_key(&self) -> Option<&StoredKey> {
        self.first_key.as_deref()
    }

    async fn prove(
        &self,
        headers: &HeaderMap,
        now: Timestamp,
        source: Option<IpAddr>,
        scope: Scope,
    ) -> Result<Arc<StoredKey>, Problem> {
        let shown =
            bearer(headers).and_then(|text| ApiKey::parse(text).ok()).ok_or_else(Problem::unauthorised)?;
        let stored = match self.keys.key(&shown.id()).await? {
            Some(stored) => Some(Arc::new(stored)),
            None if shown.kind() == KeyKind::Operator => self.first_key.clone(),
            None => None,
        };
        let stored = stored.ok_or_else(Problem::unauthorised)?;
        let proven = stored.prove(&shown).ok_or_else(Problem::unauthorised)?;
        allowed(proven, now, source, scope).map_err(|denied| {
            tracing::info!(key = %stored.id, reason = denied.code(), "a request is refused");
            if denied.is_no_key() { Problem::unauthorised() } else { Problem::forbidden(denied) }
        })?;
        Ok(stored)
    }

    async fn within_limit(&self, key: &KeyId, now: Timestamp) -> Result<Within, Problem> {
        match self.requests.count(key, self.per_minute, now).await? {
            Rate::Within { left, resets_in } => Ok(Within { left, resets_in }),
            Rate::Exceeded { resets_in } => {
                let detail = format!("the key may make {} requests a minute: wait", self.per_minute);
                Err(Problem::new(StatusCode::TOO_MANY_REQUESTS, "rate limited")
                    .detail(detail)
                    .retry_after(resets_in))
            }
        }
    }

    /// Once a day and process. That a use is not noted refuses no request.
    async fn note_use(&self, key: &KeyId, now: Timestamp) {
        let noted = (key.clone(), utc_day(now));
        {
            let mut known = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
            if known.contains(&noted) {
                return;
            }
            if known.len() >= MAX_NOTED {
                known.clear();
            }
            known.insert(noted);
        }
        if let Err(error) = self.requests.note_use(key, now).await {
            tracing::warn!(%error, %key, "the use of a key is not noted");
        }
    }
}

/// What is left of a key's limit.
struct Within {
    left: u32,
    resets_in: u64,
}

impl Within {
    /// Tells the client, in the fields of the IETF's draft on rate limits.
    fn tell(&self, quota: u32, headers: &mut HeaderMap) {
        let policy = HeaderValue::try_from(format!("\"key\";q={quota};w=60"));
        let left = HeaderValue::try_from(format!("\"key\";r={};t={}", self.left, self.resets_in));
        for (name, value) in [("ratelimit-policy", policy), ("ratelimit", left)] {
            if let Ok(value) = value {
                headers.insert(HeaderName::from_static(name), value);
            }
        }
    }
}

/// The business that a request is about. One that the key does not act for does not exist to the request.
fn business(
    key: &StoredKey,
    rule: Rule,
    named: Option<NamedBusiness>,
) -> Result<Option<BusinessId>, Problem> {
    let unknown = || Problem::not_found("business");
    let named =
        named.map(|NamedBusiness(text)| BusinessId::parse(&text).map_err(|_| unknown())).transpose()?;
    let found = key.owner.acts_for(named.as_ref()).cloned();
    match (rule, found) {
        (_, Some(business)) => Ok(Some(business)),
        // It names another business than the key's own.
        (_, None) if named.is_some() => Err(unknown()),
        (Rule::OfBusiness(_), None) => Err(Problem::no_business()),
        (Rule::OfOperator(_) | Rule::OfKey(_) | Rule::Open, None) => Ok(None),
    }
}

/// The business in front of the path, or the path's own parameter.
async fn named(parts: &mut Parts) -> Option<NamedBusiness> {
    if let Some(named) = parts.extensions.get::<NamedBusiness>() {
        return Some(named.clone());
    }
    let params = RawPathParams::from_request_parts(parts, &()).await.ok()?;
    let named = params.iter().find(|(name, _)| *name == "business");
    named.map(|(_, text)| NamedBusiness(text.to_owned()))
}

async fn source(parts: &mut Parts) -> Option<IpAddr> {
    let Ok(ClientAddress(address)) = ClientAddress::from_request_parts(parts, &()).await;
    address?.parse().ok()
}

/// Whether a request is in the log: everything that changes something, and every reading of what people said, of their
/// recordings, of keys and of secrets.
fn is_logged(method: &Method, scope: Scope) -> bool {
    !method.is_safe()
        || matches!(
            scope,
            Scope::RecordingsRead
                | Scope::TranscriptsRead
                | Scope::KeysRead
                | Scope::AuditRead
                | Scope::SecretsRead
        )
}

/// The gateway's id of the request, or one of our own.
fn request_id(request: &Request) -> String {
    let told = match request.extensions().get::<RequestContext>() {
        Some(RequestContext::ApiGatewayV2(context)) => context.request_id.clone(),
        Some(_) | None => None,
    };
    told.or_else(|| platform::random::token().map(|token| token.expose()[..22].to_owned()))
        .unwrap_or_default()
}

/// The key of `Authorization: Bearer <key>`. A scheme has no case, and any number of spaces may follow it (RFC 9110,
/// 11.1 and 11.4). Two headers name two keys: neither counts.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return None };
    let (scheme, key) = value.to_str().ok()?.trim().split_once([' ', '\t'])?;
    let key = key.trim();
    (scheme.eq_ignore_ascii_case("Bearer") && (1..=MAX_KEY_CHARS).contains(&key.len())).then_some(key)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    /// Cases C18 and B21.
    #[test]
    fn the_scheme_has_no_case_and_any_spaces_may_follow_it() {
        let read = |value: &'static str| {
            let headers = HeaderMap::from_iter([(header::AUTHORIZATION, HeaderValue::from_static(value))]);
            bearer(&headers).map(str::to_owned)
        };
        for value in [
            "Bearer key",
            "bearer key",
            "BEARER key",
            "bEaReR  key",
            "Bearer \t key",
            " Bearer key ",
            "Bearer\tkey",
        ] {
            assert_eq!(read(value).as_deref(), Some("key"), "{value:?}");
        }
        for value in ["", "Bearer", "Bearer ", "Bearer   ", "Basic key", "Bearerkey", "key", "Bearer: key x"]
        {
            assert_ne!(read(value).as_deref(), Some("key"), "{value:?}");
        }
    }

    #[test]
    fn two_keys_are_none() {
        let mut headers = HeaderMap::new();
        for value in ["Bearer one", "Bearer two"] {
            headers.append(header::AUTHORIZATION, HeaderValue::from_static(value));
        }
        assert_eq!(bearer(&headers), None);
    }
}
