//! Calls from the console: a person talks to the agent through a browser.
//!
//! The page plays Twilio towards the bridge, so everything behind the stream is as for any other call. Before it the API
//! does what the voice webhook does: it opens the call, and gives out a token for one stream. After a stream the page asks
//! here what follows, as Twilio asks `after-stream`; that question is also what ends the call.

mod api;
mod ends;

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use domain::access::{KeyId, Scope};
use domain::call::Refusal;
use domain::ids::AccountSid;
use domain::prompt;
use domain::settings_check::{Finding, Severity, check};
use domain::test_call::{self, MAX_AT_ONCE};
use domain::token::{BROWSER_PATH, StreamKind, TokenKey};
use domain::{BusinessId, Call, CallStatus, Caller, Direction, Epoch, Revision, Timestamp};
use http::{HeaderMap, StatusCode, header};
use platform::Clock;
use stores::businesses::{self, Published};
use stores::calls::{self, MAX_PAGE, OpenCall, Opened, Order, Resumed, Wanted, WantedStatus, Writer};
use stores::capacity::{Limits, Pool, SlotRequest, WhichSlots};
use url::Url;
use utoipa_axum::routes;

use self::api::{BrokenStream, BrowserStream, NewTestCall, TestCall};
pub(super) use self::ends::TestCallEnds;
use super::continuation::{Continuation, continuation};
use super::month_caps::MonthCaps;
use super::outbound::in_language;
use super::resumption::{Resumption, channel};
use super::status_recorder::{RecordError, StatusRecorder};
use super::{plan, slot_ttl};
use crate::edge::api::ApiFunction;
use crate::edge::api::admission::Gatekeeper;
use crate::edge::api::input::{Body, OptionalBody};
use crate::edge::api::requester::{Requester, Tenant};
use crate::edge::api::routes::Routes;
use crate::edge::api::schema;
use crate::edge::idempotency::{self, Replayed};
use crate::edge::inbox::Jobs;
use crate::edge::parts::parts;
use crate::edge::problem::{FieldError, Problem};
use crate::jobs::EndpointJob;
use crate::shared::about_contact::Told;
use crate::shared::settings_document;
use crate::shared::telling::tell_endpoints;

/// Until then another test call may have ended.
const A_CALL_ENDS_S: u64 = 5;

parts! {
    pub struct TestCalls {
        gatekeeper: Gatekeeper,
        clock: Clock,
        caps: MonthCaps,
        businesses: businesses::Reader,
        calls: calls::Reader,
        writer: Writer,
        endpoints: Jobs<EndpointJob>,
        resumption: Resumption,
        recorder: StatusRecorder,
        ends: TestCallEnds,
        stream_url: Url => |needs| needs.vars.url("STREAM_URL"),
        token_key: TokenKey,
        deployment_limit: u16 => |needs| needs.deployment_limit(),
    }
}

impl ApiFunction for TestCalls {
    const NAME: &'static str = "test-calls";

    fn gatekeeper(&self) -> &Gatekeeper {
        &self.gatekeeper
    }

    fn routes() -> Routes<Arc<Self>> {
        Routes::new()
            .of_business(Scope::CallsTest, routes!(begin))
            .of_business(Scope::CallsTest, routes!(resume))
    }
}

/// Begins a call between a browser and the agent. The browser opens a stream at `stream.url` within 60 seconds and speaks
/// the protocol of Twilio's media streams there; `stream.token` is the custom parameter `token` of its `start`, and the
/// account that the `start` names is `AC` and 32 zeros. One `Idempotency-Key` is one call.
#[utoipa::path(
    post,
    path = "/v1/test_calls",
    operation_id = "begin_test_call",
    params(("Idempotency-Key" = schema::IdempotencyKey, Header)),
    request_body = Option<NewTestCall>,
    responses(
        (
            status = 201,
            description = "The call waits for its stream.",
            body = TestCall,
            headers(("Location" = String, description = "The call's address.")),
        ),
    ),
)]
async fn begin(
    State(app): State<Arc<TestCalls>>,
    tenant: Tenant,
    requester: Requester,
    headers: HeaderMap,
    OptionalBody(new): OptionalBody<NewTestCall>,
) -> Result<Response, Problem> {
    let key = idempotency::required(&headers)?;
    let (call, replayed) = Box::pin(app.begin(&tenant.0, &requester, key, &new)).await?;
    let location = [(header::LOCATION, format!("/v1/calls/{}", call.sid))];
    let stream = (!call.status.is_terminal()).then(|| app.stream(&call, Epoch::FIRST));
    let answer = TestCall::new(&call, stream);
    Ok((StatusCode::CREATED, location, replayed, Json(answer)).into_response())
}

/// Says what follows a stream that is over: another stream of the same call if it broke, and otherwise the end of the call.
/// A stream may be followed for a minute, three times in all. Asking again is answered in the same way.
#[utoipa::path(
    post,
    path = "/v1/test_calls/{sid}/resume",
    operation_id = "resume_test_call",
    request_body = BrokenStream,
    responses(
        (status = 200, description = "The next stream, or the call as it ended.", body = TestCall),
        (status = 409, description = "The call is no test call."),
    ),
)]
async fn resume(
    State(app): State<Arc<TestCalls>>,
    tenant: Tenant,
    Path(sid): Path<String>,
    Body(broken): Body<BrokenStream>,
) -> Result<Response, Problem> {
    let call = tenant.call(&app.calls, &sid).await?;
    if call.is_twilios() {
        return Err(Problem::new(StatusCode::CONFLICT, "no test call")
            .code("not_a_test_call")
            .detail("Twilio carries this call, and asks by itself what follows"));
    }
    let lost = Epoch(broken.epoch);
    let next = Box::pin(app.follow(&call, lost, app.clock.now())).await?;
    let call = match next {
        Some(_) => call,
        // As its end left it.
        None => app.calls.call(&call.sid).await?.unwrap_or(call),
    };
    let stream = next.map(|epoch| app.stream(&call, epoch));
    Ok(Json(TestCall::new(&call, stream)).into_response())
}

impl TestCalls {
    /// The call of this request: opened now, or before.
    async fn begin(
        &self,
        business: &BusinessId,
        requester: &Requester,
        key: &str,
        new: &NewTestCall,
    ) -> Result<(Call, Replayed), Problem> {
        let (now, task) = (self.clock.now(), new.task()?);
        let sid = test_call::sid(business, key).ok_or_else(Problem::unavailable)?;
        if let Some(standing) = self.calls.call(&sid).await? {
            return new.repeats(standing);
        }
        let published = self.published(business, requester, new).await?;
        if !published.business.standing.is_active() {
            return Err(refused("suspended", "the business is suspended: ask the operator"));
        }
        if self.caps.refuse_inbound(&published.business, now).await {
            let detail = "a cap of the month is reached: raise it or wait for the next month";
            return Err(refused(Refusal::CapReached.as_str(), detail));
        }
        let language = new.language.as_ref().and_then(|_| published.settings.voice.languages.first());
        let language = language.map(String::as_str);
        let call = Call {
            sid,
            account: AccountSid::none(),
            business: business.clone(),
            from: Caller::Other("browser".to_owned()),
            to: None,
            // A browser neither rings nor is waited for.
            status: CallStatus::InProgress,
            direction: Direction::Test,
            twilio_direction: String::new(),
            revision: Some(published.settings.revision).filter(|revision| *revision > Revision(0)),
            draft: new.draft,
            opened_at: now,
            answered_at: Some(now),
            ended_at: None,
            duration: None,
            refusal: None,
            sip_response_code: None,
            error_code: None,
            task,
            contact: None,
        };
        let channel = channel(&call);
        let compiled = if new.draft {
            // Prompts are kept by their revision, and a draft has none of its own.
            let Published { business, settings } = &*published;
            prompt::compile(business, settings, channel, language).map(Arc::new)
        } else {
            self.resumption.settings.prompt(&published, channel, language).await
        };
        let compiled = compiled.map_err(|error| refused("no_prompt", error.to_string()))?;
        let limits = Limits { business: MAX_AT_ONCE, deployment: self.deployment_limit };
        let open = OpenCall {
            plan: Some(plan::first(&call, &published, &compiled, &Told::default(), now)),
            call,
            token_ttl: plan::TOKEN_TTL,
            slots: Some(SlotRequest {
                business: business.clone(),
                which: WhichSlots::Test(limits),
                ttl: slot_ttl(&published),
            }),
            name: None,
            reserved: None,
            now,
        };
        let opened = match self.writer.open(&open).await? {
            Opened::AtCapacity(Pool::Tests) if self.make_room(business, now).await? => {
                self.writer.open(&open).await?
            }
            opened => opened,
        };
        match opened {
            Opened::New { .. } => {
                tracing::info!(call = %open.call.sid, business = %business, "test call opened");
                tell_endpoints(&self.endpoints, business).await;
                Ok((open.call, Replayed(false)))
            }
            Opened::Existing(standing) => new.repeats(standing),
            Opened::AtCapacity(pool) => Err(at_capacity(pool)),
        }
    }

    /// Ends test calls whose pages went away without asking what follows. Whether there were any.
    async fn make_room(&self, business: &BusinessId, now: Timestamp) -> Result<bool, Problem> {
        let (status, direction) = (Some(WantedStatus::Live), Some(Direction::Test));
        let wanted = Wanted { status, direction, ..Wanted::default() };
        let live = self.calls.list(business, &wanted, Order::Asc, MAX_PAGE, None).await?;
        let mut ended = false;
        for call in live.calls {
            if let Some(since) = self.ends.over_since(&call, now).await? {
                self.ends.end(&self.recorder, &call, since).await?;
                ended = true;
            }
        }
        Ok(ended)
    }

    async fn published(
        &self,
        business: &BusinessId,
        requester: &Requester,
        new: &NewTestCall,
    ) -> Result<Arc<Published>, Problem> {
        let settings = &self.resumption.settings;
        let found = match new.revision()? {
            None if new.draft => self.drafted(business, &requester.key.id).await?,
            Some(revision) => settings.pinned(business, revision).await?.ok_or_else(|| {
                Problem::invalid("/revision", "unknown", "the business has no such revision of its settings")
            })?,
            None => settings
                .of_business(business)
                .await?
                .ok_or_else(|| refused("no_prompt", "the business has published no settings"))?,
        };
        in_language(found, new.language.as_deref())
    }

    /// The draft of an author, if it could be published.
    async fn drafted(&self, business: &BusinessId, author: &KeyId) -> Result<Arc<Published>, Problem> {
        let (profile, draft) =
            tokio::try_join!(self.businesses.business(business), self.businesses.draft(business, author))?;
        let business = profile.ok_or_else(|| Problem::not_found("business"))?;
        let draft = draft.ok_or_else(|| Problem::not_found("draft of this key"))?;
        let settings = draft.value.written.whole();
        let settings = settings.map_err(|invalid| settings_document::refused("", &invalid))?;
        let errors =
            check(&business, &settings).into_iter().filter(|finding| finding.severity == Severity::Error);
        let errors: Vec<FieldError> = errors
            .map(|Finding { pointer, code, detail, .. }| FieldError {
                pointer,
                code: code.to_owned(),
                detail,
            })
            .collect();
        if !errors.is_empty() {
            return Err(Problem::fields(errors).code("draft_has_errors"));
        }
        Ok(Arc::new(Published { business, settings }))
    }

    /// The epoch in which the call goes on; `None`: it is over, by now at the latest.
    async fn follow(&self, call: &Call, lost: Epoch, now: Timestamp) -> Result<Option<Epoch>, Problem> {
        if call.status.is_terminal() {
            return Ok(None);
        }
        let latest = self.calls.with_epoch(&call.sid).await?.map(|(_, epoch)| epoch);
        let latest = latest.ok_or_else(|| Problem::not_found("test call"))?;
        if latest > lost {
            // A copy of a request that was answered.
            return Ok(Some(lost.next()));
        }
        if latest < lost {
            return Err(Problem::invalid("/epoch", "unknown", "the call has no such stream yet"));
        }
        let report = self.resumption.report(&call.sid, lost).await?;
        let next = continuation(report.as_ref().map(|report| report.end), lost);
        if next == Continuation::Resume
            && self.ends.over_since(call, now).await?.is_none()
            && let Some(plan) = self.resumption.plan(call, lost, report.as_ref(), None, now).await?
        {
            match self.resumption.resume(plan, now).await? {
                Resumed::Minted | Resumed::Already => return Ok(Some(lost.next())),
                Resumed::NotLive => {}
            }
        }
        // No person is rung for a test: what the agent handed on is over, and so is what it cannot go on with.
        let ended_at = report.map_or(now, |report| report.ended_at);
        self.ends.end(&self.recorder, call, ended_at).await?;
        Ok(None)
    }

    fn stream(&self, call: &Call, epoch: Epoch) -> BrowserStream {
        let mut url = self.stream_url.clone();
        url.set_path(BROWSER_PATH);
        let token = self.token_key.mint(StreamKind::Browser, &call.sid, epoch);
        BrowserStream { epoch: epoch.0, url: url.into(), token: token.expose().to_owned() }
    }
}

/// 422: the request is understood, and no call comes of it.
fn refused(code: &'static str, detail: impl Into<String>) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "no test call").code(code).detail(detail)
}

fn at_capacity(pool: Pool) -> Problem {
    let (code, detail) = match pool {
        Pool::Tests | Pool::Business => (
            "too_many_test_calls",
            format!("{MAX_AT_ONCE} test calls go on at one time: end one of them first"),
        ),
        Pool::Deployment => {
            ("deployment_slots", "all lines of the deployment are taken: try again".to_owned())
        }
    };
    let problem = Problem::new(StatusCode::TOO_MANY_REQUESTS, "no test call").code(code).detail(detail);
    problem.retry_after(A_CALL_ENDS_S)
}

impl From<RecordError> for Problem {
    fn from(error: RecordError) -> Self {
        match error {
            RecordError::Store(error) => error.into(),
            RecordError::Queue(error) => {
                tracing::error!(%error, "what follows the end of a test call was not asked for");
                Self::unavailable()
            }
        }
    }
}
