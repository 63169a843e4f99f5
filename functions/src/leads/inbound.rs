//! Takes leads in: `POST /leads/{source}`.
//!
//! A request that does not prove itself is answered like one to a source that there is not, after the same work, and leaves no
//! trace. What proves itself is counted, known again if it is a copy, read, and kept with its contact in one transaction.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, extract::FromRequest as _, extract::Request};
use domain::BusinessId;
use domain::Timestamp;
use domain::contact::{Contact, ContactId, Handle, LeadId, Pipeline};
use domain::digest::sha256_hex;
use domain::endpoint::signing::Signing;
use domain::lead::calling::{Calling, Facts, NotCalled, judge, until};
use domain::lead::form::{Filling, LeadForm};
use domain::lead::mapping::{Leaf, Mapping};
use domain::lead::proof::{Proof, ProofKind, Sent};
use domain::lead::{Lead, LeadNote, LeadSource, LeadSourceId, LeadState, MAX_BODY};
use domain::token::TokenKey;
use http::{HeaderMap, StatusCode};
use platform::Clock;
use platform::telemetry::{Unit, metric};
use serde::Serialize;
use stores::leads::{Arrived, Arriving, Raw, Reader, Receiver};
use stores::{StoreError, contacts, do_not_call};

use super::leaves::{leaves, raw};
use super::log::paths;
use super::shapes::CallView;
use crate::edge::HttpFunction;
use crate::edge::idempotency::{self, Replayed};
use crate::edge::inbox::Jobs;
use crate::edge::parts::{Needs, Opener, Part, parts};
use crate::edge::problem::{FieldError, Problem};
use crate::jobs::{EndpointJob, LeadJob};
use crate::shared::settings_cache::SettingsCache;
use crate::shared::telling::tell_endpoints;

impl Part for Receiver {
    fn declare(needs: &mut Needs<'_>) -> Opener<Self> {
        let (contacts, events) = (needs.table("TABLE_CONTACTS"), needs.table("TABLE_EVENTS"));
        Box::new(move |deployment| Ok(Self::new(&deployment.aws, &contacts, &events)))
    }
}

parts! {
    pub struct Inbound {
        clock: Clock,
        key: TokenKey,
        settings: SettingsCache,
        reader: Reader,
        receiver: Receiver,
        contacts: contacts::Reader,
        list: do_not_call::Reader,
        calls: Jobs<LeadJob>,
        endpoints: Jobs<EndpointJob>,
    }
}

impl HttpFunction for Inbound {
    const NAME: &'static str = "leads";

    fn router(self) -> Router {
        Router::new()
            .route("/leads/{source}", post(receive))
            .layer(DefaultBodyLimit::max(MAX_BODY))
            .with_state(Arc::new(self))
    }
}

/// The path at which a source takes leads.
pub(super) fn path_of(source: &LeadSourceId) -> String {
    format!("/leads/{source}")
}

/// What the sender is told of a lead: 202.
#[derive(Serialize)]
struct Taken<'a> {
    lead: LeadId,
    state: LeadState,
    contact: Option<ContactId>,
    notes: &'a [LeadNote],
    call: CallView<'a>,
}

async fn receive(State(app): State<Arc<Inbound>>, Path(source): Path<String>, request: Request) -> Response {
    let headers = request.headers().clone();
    let body = Bytes::from_request(request, &()).await;
    let answer = Box::pin(app.received(&source, &headers, body)).await;
    let outcome = match &answer {
        Ok((_, outcome)) => *outcome,
        Err(problem) => match problem.status() {
            401 => "forged",
            429 => "limited",
            503 => "failed",
            _ => "refused",
        },
    };
    metric("LeadsReceived", 1.0, Unit::Count, &[("Outcome", outcome)]);
    answer.map_or_else(IntoResponse::into_response, |(response, _)| response)
}

/// Who sent it, as far as that is proved.
struct Proved {
    business: BusinessId,
    source: LeadSource,
    /// What makes two of them one.
    key: String,
}

impl Inbound {
    async fn received(
        &self,
        source: &str,
        headers: &HeaderMap,
        body: Result<Bytes, BytesRejection>,
    ) -> Result<(Response, &'static str), Problem> {
        let body = body.map_err(|error| match error.into_response().status() {
            StatusCode::PAYLOAD_TOO_LARGE => Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too large")
                .detail(format!("send {MAX_BODY} bytes at most")),
            _ => Problem::bad_request("the body did not arrive whole: send the request again"),
        })?;
        let now = self.clock.now();
        let Proved { business, source, key } = self.proved(source, headers, &body, now).await?;
        if !source.enabled {
            return Err(refused("disabled", "the source takes no leads: enable it"));
        }
        let published = self.settings.of_business(&business).await?;
        if published.as_ref().is_some_and(|published| !published.business.standing.is_active()) {
            return Err(refused("suspended", "the business is suspended"));
        }
        if let Some(seconds) = self.receiver.count(&business, &source.id, now).await? {
            let problem = Problem::new(StatusCode::TOO_MANY_REQUESTS, "too many requests");
            return Err(problem.detail("the source sends too many leads: wait").retry_after(seconds));
        }
        let raw = raw(headers, &body)?;
        if let Some(before) = self.receiver.before(&business, &source.id, (&key, &raw), now).await? {
            return self.answer(&business, before).await;
        }
        let leaves = leaves(&raw)?;
        let schema = self.contacts.fields(&business).await?.value;
        let pipeline = self.contacts.pipeline(&business).await?.value;
        let id = LeadId::new(now, random()?);
        let form = match source.read(&leaves, &schema, &pipeline) {
            Ok(form) => form,
            Err(not) => return Err(self.not_a_lead(&business, &source, id, not.notes, &leaves).await?),
        };
        let hours = published.as_ref().map(|published| &published.settings.outbound.hours);
        let call = match (&source.call_now, hours) {
            (None, _) => Calling::None,
            (Some(_), None) => Calling::not(NotCalled::Settings),
            (Some(_), Some(hours)) => self.calling(&business, &source, &form, hours, now).await?,
        };
        let lead = Lead {
            id,
            source: source.id.clone(),
            state: LeadState::Created,
            contact: None,
            purpose: source.purpose,
            consent: form.consent.clone(),
            message: form.message.clone(),
            notes: form.notes.clone(),
            paths: vec![],
            call,
        };
        let arrived = self.take(&business, (&lead, &raw, &key), (&source, &form, &pipeline)).await?;
        self.answer(&business, arrived).await
    }

    /// The source, if the request proves itself. Whatever is wrong, the answer and the work are the same.
    async fn proved(
        &self,
        source: &str,
        headers: &HeaderMap,
        body: &[u8],
        now: Timestamp,
    ) -> Result<Proved, Problem> {
        let id = LeadSourceId::parse(source).ok();
        let found = match &id {
            Some(id) => self.found(id).await?,
            None => None,
        };
        let is_known = found.is_some();
        let (business, source) = match found {
            Some(found) => found,
            None => nowhere(now)?,
        };
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let sent = Sent {
            proof: header(source.proof.header_name()),
            id: header("webhook-id"),
            timestamp: header("webhook-timestamp"),
            body,
        };
        let secrets = source.secrets(&self.key, &business);
        if source.proof.check(&secrets, sent, now).is_err() || !is_known {
            return Err(Problem::new(StatusCode::UNAUTHORIZED, "unauthorised").detail(
                "send the request to the source's own address, with the proof that the source asks for",
            ));
        }
        let key = key_of(source.proof.kind, headers, body)?;
        Ok(Proved { business, source, key })
    }

    async fn found(&self, id: &LeadSourceId) -> Result<Option<(BusinessId, LeadSource)>, StoreError> {
        let Some(business) = self.reader.business_of(id).await? else { return Ok(None) };
        let stored = self.reader.source(&business, id).await?;
        Ok(stored.map(|stored| (business, stored.source)))
    }

    /// Keeps that a lead was refused, and says why.
    async fn not_a_lead(
        &self,
        business: &BusinessId,
        source: &LeadSource,
        id: LeadId,
        notes: Vec<LeadNote>,
        leaves: &[Leaf],
    ) -> Result<Problem, Problem> {
        let error = |note: &LeadNote| FieldError {
            pointer: format!("/{}", note.field),
            code: note.code.clone(),
            detail: note.detail.clone(),
        };
        let problem = Problem::fields(notes.iter().map(error).collect());
        let lead = Lead {
            id,
            source: source.id.clone(),
            state: LeadState::Refused,
            contact: None,
            purpose: source.purpose,
            consent: None,
            message: None,
            notes,
            paths: paths(leaves),
            call: Calling::None,
        };
        self.receiver.refuse(business, &lead).await?;
        Ok(problem)
    }

    /// Whether the person is called at once, as far as that is known before their contact is.
    async fn calling(
        &self,
        business: &BusinessId,
        source: &LeadSource,
        form: &LeadForm,
        hours: &domain::hours::Week,
        now: Timestamp,
    ) -> Result<Calling, StoreError> {
        let Some(to) = form.number() else { return Ok(Calling::not(NotCalled::NoNumber)) };
        let zone = form.row.zone();
        let facts = Facts {
            to: Some(&to),
            zone: zone.as_ref(),
            purpose: source.purpose,
            consents: form.consent.is_some(),
            do_not_call: self.list.entry(business, &to).await?.is_some(),
            hours,
        };
        Ok(match judge(&facts, now) {
            Ok(window) => Calling::Ordered { until: until(window, now), to },
            Err(why) => Calling::not(why),
        })
    }

    async fn take(
        &self,
        business: &BusinessId,
        (lead, raw, key): (&Lead, &Raw, &str),
        (source, form, pipeline): (&LeadSource, &LeadForm, &Pipeline),
    ) -> Result<Arrived, StoreError> {
        let handles: Vec<Handle> = form.row.handles.iter().cloned().collect();
        let fill = |contact: &mut Contact, is_new: bool| {
            let of = Filling { source, lead: lead.id, pipeline, is_new, now: lead.id.at() };
            form.fill_in(contact, &of)
        };
        let arriving = Arriving { lead, raw, key, handles: &handles, fill: &fill };
        self.receiver.take(business, arriving).await
    }

    /// What became of it. The person is called by a worker; a job that is lost is the sweep's.
    async fn answer(
        &self,
        business: &BusinessId,
        arrived: Arrived,
    ) -> Result<(Response, &'static str), Problem> {
        let (lead, replayed) = match arrived {
            Arrived::New(lead) => (lead, false),
            Arrived::Before(lead) => (lead, true),
            Arrived::Reused => return Err(idempotency::reused()),
            Arrived::Gone => {
                let detail = "the lead came before, and was erased with its person";
                return Err(Problem::new(StatusCode::GONE, "lead erased").detail(detail));
            }
        };
        if !replayed {
            tell_endpoints(&self.endpoints, business).await;
        }
        if matches!(lead.call, Calling::Ordered { .. }) {
            let (business, source) = (business.clone(), lead.source.clone());
            let job = LeadJob::Call { business, source, lead: lead.id };
            if let Err(error) = self.calls.send(&job, Duration::ZERO).await {
                tracing::warn!(%error, lead = %lead.id, "the call of a lead waits for the sweep");
            }
        }
        let taken = Taken {
            lead: lead.id,
            state: lead.state,
            contact: lead.contact,
            notes: &lead.notes,
            call: CallView::new(&lead.call),
        };
        let outcome = if replayed { "repeated" } else { lead.state.as_str() };
        Ok(((StatusCode::ACCEPTED, Replayed(replayed), Json(taken)).into_response(), outcome))
    }
}

/// What makes two requests one. A key counts only where it is proved like the rest: else a copy under another key would be a
/// second lead.
fn key_of(kind: ProofKind, headers: &HeaderMap, body: &[u8]) -> Result<String, Problem> {
    let webhook = headers.get("webhook-id").and_then(|id| id.to_str().ok()).filter(|id| !id.is_empty());
    let given = match kind {
        ProofKind::StandardWebhooks => webhook,
        ProofKind::Secret => idempotency::optional(headers)?.or(webhook),
        ProofKind::BodyHmac => None,
    };
    Ok(given.map_or_else(|| format!("body:{}", sha256_hex(body)), |key| format!("key:{key}")))
}

/// A source that there is not, to do the same work for.
fn nowhere(now: Timestamp) -> Result<(BusinessId, LeadSource), Problem> {
    let business = BusinessId::parse("nowhere").map_err(|_| Problem::unavailable())?;
    let source = LeadSource {
        id: LeadSourceId::of(&business, ""),
        name: String::new(),
        enabled: false,
        proof: Proof { kind: ProofKind::Secret, header: None },
        signing: Signing::new(1),
        mapping: Mapping::default(),
        how: Default::default(),
        status: None,
        tags: Default::default(),
        purpose: domain::campaign::Purpose::Service,
        consent: None,
        call_now: None,
        created_at: now,
    };
    Ok((business, source))
}

fn refused(code: &'static str, detail: &str) -> Problem {
    Problem::new(StatusCode::FORBIDDEN, "no leads taken").code(code).detail(detail)
}

fn random() -> Result<u128, Problem> {
    let bytes = platform::random::bytes().ok_or_else(Problem::unavailable)?;
    Ok(bytes.iter().take(16).fold(0, |all, byte| (all << 8) | u128::from(*byte)))
}
