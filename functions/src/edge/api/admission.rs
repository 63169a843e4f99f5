//! What every request of the API passes before its handler: its key, the key's scope and network, its limit, and the
//! log.
//!
//! A key is looked up by its id and proven by its hash, or by a sign-in with it; a text whose checksum is wrong is refused
//! without a look. The answer to a key that is unknown, wrong, revoked or expired is the same. A write, and a reading of
//! what was said or of a secret, is in the log before it happens.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{FromRequestParts as _, MatchedPath, RawPathParams, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use domain::access::sign_in::{SignIn, SignInToken};
use domain::access::{ApiKey, KeyId, KeyKind, KeyOwner, Proven, Scope, StoredKey, allowed, usable};
use domain::cursor::CursorKey;
use domain::zone::utc_day;
use domain::{BusinessId, Timestamp};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use jiff::civil::Date;
use lambda_http::request::RequestContext;
use platform::Clock;
use stores::requests::{self, Entry, Rate};
use stores::{keys, sign_ins};

use super::credential::{self, Credential};
use super::log::{Log, Noted, Reading};
use super::requester::{NamedBusiness, Requester};
use super::rule::{Rule, Rules};
use crate::edge::address::ClientAddress;
use crate::edge::parts::{Needs, Opener, Part};
use crate::edge::problem::{self, Problem};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Admits the requests of one function.
#[derive(Clone)]
pub struct Gatekeeper {
    keys: keys::Reader,
    requests: requests::Writer,
    sign_ins: sign_ins::Writer,
    clock: Clock,
    cursors: CursorKey,
    /// The operator's key in the deployment's secret, which is good until a row says otherwise.
    first_key: Option<Arc<StoredKey>>,
    /// Requests of one key in a minute.
    per_minute: u32,
    /// The days on which the use of a key was noted.
    used: Noted<(KeyId, Date)>,
    read: Noted<Reading>,
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
                sign_ins: sign_ins::Writer::new(&deployment.aws, &requests),
                clock: deployment.aws.clock.clone(),
                cursors: deployment.secrets()?.stream_token_key.cursors(),
                first_key: deployment.secrets()?.operator_key.as_ref().map(|key| Arc::new(first_key(key))),
                per_minute: per_minute.unwrap_or_default(),
                used: Noted::default(),
                read: Noted::default(),
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
        member: None,
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
        let rule = self.rule(&request).filter(|rule| *rule != Rule::Open);
        let Some(rule) = rule else { return Ok(next.run(request).await) };
        let scope = rule.scope();
        let (mut parts, body) = request.into_parts();
        let now = self.gatekeeper.clock.now();
        let source = source(&mut parts).await;
        let Proof { key, sign_in } = self.gatekeeper.prove(&parts, now, source, scope).await?;
        let business = business(&key, rule, named(&mut parts).await)?;
        let rate = self.gatekeeper.within_limit(&key.id, now).await?;
        self.gatekeeper.note_use(&key.id, now).await;

        let log = Log::new(
            self.gatekeeper.requests.clone(),
            self.gatekeeper.read.clone(),
            Arc::clone(&key),
            Entry {
                at: now,
                request: id.to_owned(),
                key: key.id.clone(),
                business: business.clone(),
                scope: scope.map(Scope::as_str).unwrap_or_default().to_owned(),
                method: parts.method.to_string(),
                path: parts.uri.path().to_owned(),
                source: source.map(|source| source.to_string()),
                status: None,
            },
        );
        log.admits(&parts.method, scope).await?;
        parts.extensions.insert(self.gatekeeper.cursors.clone());
        parts.extensions.insert(log.clone());
        parts.extensions.insert(Requester { key, business, sign_in });
        let mut response = next.run(Request::from_parts(parts, body)).await;
        log.end(response.status()).await;
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
        parts: &Parts,
        now: Timestamp,
        source: Option<IpAddr>,
        scope: Option<Scope>,
    ) -> Result<Proof, Problem> {
        match Credential::of(parts)? {
            Credential::Key(shown) => {
                let stored = self.stored(&shown.id(), Some(shown.kind())).await?;
                let proven = stored.prove(&shown).ok_or_else(Problem::unauthorised)?;
                judge(proven, now, source, scope)?;
                Ok(Proof { key: stored, sign_in: None })
            }
            Credential::SignIn(token) => {
                let sign_in = self.sign_ins.sign_in(&token).await?.ok_or_else(Problem::unauthorised)?;
                let stored = self.stored(&sign_in.key, None).await?;
                let proven = sign_in.prove(&stored, now).ok_or_else(Problem::unauthorised)?;
                judge(proven, now, source, scope)?;
                if sign_in.is_to_be_noted(now) {
                    self.sign_ins.note(&token, now).await?;
                }
                Ok(Proof { key: stored, sign_in: Some(Arc::new((token, sign_in))) })
            }
        }
    }

    /// What is kept of a key; of `kind`, if that is known.
    async fn stored(&self, id: &KeyId, kind: Option<KeyKind>) -> Result<Arc<StoredKey>, Problem> {
        if let Some(stored) = self.keys.key(id).await? {
            return Ok(Arc::new(stored));
        }
        let first = self.first_key.clone().filter(|first| match kind {
            Some(kind) => kind == KeyKind::Operator,
            None => first.id == *id,
        });
        first.ok_or_else(Problem::unauthorised)
    }

    /// Signs a person in with the text of a key, and gives the cookie that stands for it.
    ///
    /// # Errors
    /// 401 and 403 as for a request with the key; 403 from a foreign page.
    pub async fn sign_in(&self, parts: &mut Parts, text: &str) -> Result<SignedIn, Problem> {
        credential::of_our_page(parts)?;
        let (now, source) = (self.clock.now(), source(parts).await);
        let shown = ApiKey::parse(text.trim()).map_err(|_| Problem::unauthorised())?;
        let key = self.stored(&shown.id(), Some(shown.kind())).await?;
        judge(key.prove(&shown).ok_or_else(Problem::unauthorised)?, now, source, None)?;
        self.begin(parts, key.clone(), SignIn::begin(key.id.clone(), now), now).await
    }

    /// Signs a person in as a member whom an issuer has identified. `began_at` is when the person was identified: a
    /// sign-in that follows another one lasts no longer than that.
    ///
    /// # Errors
    /// 401 for a member who was removed, 429, 503.
    pub async fn sign_in_as(
        &self,
        parts: &mut Parts,
        member: Proven<'_>,
        began_at: Timestamp,
    ) -> Result<SignedIn, Problem> {
        let (now, source) = (self.clock.now(), source(parts).await);
        judge(member, now, source, None)?;
        let key = member.key();
        let sign_in = SignIn { key: key.id.clone(), began_at, seen_at: now };
        self.begin(parts, Arc::new(key.clone()), sign_in, now).await
    }

    async fn begin(
        &self,
        parts: &Parts,
        key: Arc<StoredKey>,
        sign_in: SignIn,
        now: Timestamp,
    ) -> Result<SignedIn, Problem> {
        self.within_limit(&key.id, now).await?;
        self.note_use(&key.id, now).await;
        let random = platform::random::bytes().ok_or_else(Problem::unavailable)?;
        let token = SignInToken::of_random(&random);
        self.sign_ins.begin(&token, &sign_in).await?;
        tracing::info!(key = %key.id, "a person signs in");
        let cookie = credential::set_cookie(parts, Some(&token)).ok_or_else(Problem::unavailable)?;
        Ok(SignedIn { requester: Requester::signed_in(key, token, sign_in), cookie })
    }

    /// Puts into the log that a person accepts an invitation, which no key asks for: the entry is of the member's own.
    ///
    /// # Errors
    /// 503; then nothing may be accepted.
    pub async fn note_acceptance(&self, parts: &mut Parts, member: &StoredKey) -> Result<Entry, Problem> {
        let source = source(parts).await;
        let entry = Entry {
            at: self.clock.now(),
            request: problem::request_of_task().unwrap_or_default(),
            key: member.id.clone(),
            business: member.owner.acts_for(None).cloned(),
            scope: String::new(),
            method: parts.method.to_string(),
            path: parts.uri.path().to_owned(),
            source: source.map(|source| source.to_string()),
            status: None,
        };
        self.requests.note(&entry).await?;
        Ok(entry)
    }

    /// Adds what came of it.
    pub async fn note_accepted(&self, entry: &Entry, status: StatusCode) {
        if let Err(error) = self.requests.note_answer(entry, status.as_u16()).await {
            tracing::error!(%error, request = entry.request, "the log lacks an answer");
        }
    }

    /// Ends the sign-in that a request came with, or all with its key; gives the cookie that takes the browser's away.
    ///
    /// # Errors
    /// 503 when the store fails.
    pub async fn sign_out(
        &self,
        parts: &Parts,
        requester: &Requester,
        everywhere: bool,
    ) -> Result<Option<HeaderValue>, Problem> {
        match (&requester.sign_in, everywhere) {
            (_, true) => self.sign_ins.end_all(&requester.key.id).await?,
            (Some(sign_in), false) => self.sign_ins.end(&sign_in.0, &requester.key.id).await?,
            (None, false) => {}
        }
        Ok(credential::set_cookie(parts, None))
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
        let use_of_day = (key.clone(), utc_day(now));
        if self.used.has(&use_of_day) {
            return;
        }
        self.used.add(use_of_day);
        if let Err(error) = self.requests.note_use(key, now).await {
            tracing::warn!(%error, %key, "the use of a key is not noted");
        }
    }
}

/// What came of a sign-in.
pub struct SignedIn {
    /// Who is signed in.
    pub requester: Requester,
    /// For the `Set-Cookie` header.
    pub cookie: HeaderValue,
}

/// By what a request was admitted.
struct Proof {
    key: Arc<StoredKey>,
    sign_in: Option<Arc<(SignInToken, SignIn)>>,
}

fn judge(
    key: Proven<'_>,
    now: Timestamp,
    source: Option<IpAddr>,
    scope: Option<Scope>,
) -> Result<(), Problem> {
    let judged = match scope {
        Some(scope) => allowed(key, now, source, scope),
        None => usable(key, now, source),
    };
    judged.map_err(|denied| {
        tracing::info!(key = %key.key().id, reason = denied.code(), "a request is refused");
        if denied.is_no_key() { Problem::unauthorised() } else { Problem::forbidden(denied) }
    })
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
        (Rule::OfOperator(_) | Rule::OfKey(_) | Rule::AnyKey | Rule::Open, None) => Ok(None),
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

/// The gateway's id of the request, or one of our own.
fn request_id(request: &Request) -> String {
    let told = match request.extensions().get::<RequestContext>() {
        Some(RequestContext::ApiGatewayV2(context)) => context.request_id.clone(),
        Some(_) | None => None,
    };
    told.or_else(|| platform::random::token().map(|token| token.expose()[..22].to_owned()))
        .unwrap_or_default()
}
