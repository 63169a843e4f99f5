//! The bridge as a program: settings from the environment, ports onto the real stores.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use domain::appointments::{Source, Whose};
use domain::call_back::{Declined, Moment, Wish};
use domain::ids::AccountSid;
use domain::listening::Listener;
use domain::texts::Body;
use domain::texts::call_text::CallText;
use domain::texts::consent::Consent;
use domain::token::StreamKind;
use domain::tools::{Missed, TakenMessage, ToolOutcome};
use domain::{
    ActionId, ActionState, AnsweredBy, BusinessId, CallAction, CallPlan, CallSid, Epoch, Secret,
    SessionReport, Timestamp, Turn,
};
use platform::Clock;
use platform::aws::Aws;
use platform::business_secrets;
use platform::env::{Parser, Reader, SettingsError};
use platform::queues::Queue;
use platform::secrets::{Secrets, SecretsError};
use platform::tls::NoTrustStore;
use providers::public_address::Reach;
use providers::tool_http::{self, ToolClient};
use providers::twilio_rest::{TwilioAccounts, TwilioError, TwilioRest};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use serde_json::json;
use stores::appointments::desk::{Answer, AppointmentRequest, Desk, Visitor};
use stores::appointments::{AppointmentError, Fence};
use stores::leases::{Leases, NotAsked, WorkKind};
use stores::plans::Plans;
use stores::{actions, appointments, do_not_call, texts, turns, verdicts};
use twilio::signature::UnusableKeys;

use crate::live::LiveEvents;
use crate::ports::{ClaimError, HangUpError, Ports, Steered, StoreError, ToolFailure, ToolRequest};
use crate::server::{Bridge, SetupError};
use crate::settings::{BridgeSettings, WarmSettings};

/// Why the bridge cannot start.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error(transparent)]
    Secrets(#[from] SecretsError),
    #[error(transparent)]
    Setup(#[from] SetupError),
    #[error(transparent)]
    Twilio(#[from] TwilioError),
    #[error("no tool can be asked: {0}")]
    Tools(#[from] NoTrustStore),
    #[error("OPENAI_CA_FILE: {0} holds no certificates in PEM that can be read")]
    Authorities(String),
}

/// Reads every setting and secret; nothing listens and nothing is connected yet.
pub async fn load(env: &dyn Reader, live: LiveEvents) -> Result<Bridge<StorePorts>, AppError> {
    let mut vars = Parser::new(env);
    let public_stream_url = vars.url("STREAM_URL");
    let console_url = vars.url("CONSOLE_URL");
    let openai_realtime_url = vars.url("OPENAI_REALTIME_URL");
    let twilio_api_url = vars.url("TWILIO_API_URL");
    let business_secrets_prefix = vars.text("BUSINESS_SECRETS_PREFIX");
    let turns_table = vars.text("TABLE_TURNS");
    let leases_table = vars.text("TABLE_LEASES");
    let appointments_table = vars.text("TABLE_APPOINTMENTS");
    let contacts_table = vars.text("TABLE_CONTACTS");
    let events_table = vars.text("TABLE_EVENTS");
    let do_not_call_table = vars.text("TABLE_DO_NOT_CALL");
    let texts_table = vars.text("TABLE_TEXTS");
    let texts_queue = vars.text("QUEUE_TEXTS");
    let models = vars.optional("WARM_MODELS").unwrap_or_default();
    let warm = WarmSettings {
        models: models
            .split(',')
            .map(str::trim)
            .filter(|model| !model.is_empty())
            .map(str::to_owned)
            .collect(),
        sockets: vars.number("WARM_SOCKETS", WarmSettings::DEFAULT_SOCKETS),
    };
    let max_calls = vars.number("MAX_CALLS", BridgeSettings::DEFAULT_MAX_CALLS);
    let drain = vars.number("DRAIN_SECONDS", BridgeSettings::DEFAULT_DRAIN_TIMEOUT.as_secs());
    let ecs_agent = vars.optional_url("ECS_AGENT_URI");
    let ecs_metadata = vars.optional_url("ECS_CONTAINER_METADATA_URI_V4");
    let reach = reach(&mut vars);
    let ca_file = vars.optional("OPENAI_CA_FILE");
    let aws = Aws::load_with(env, vars).await?;
    let openai_roots = ca_file.map(|path| authorities(&path)).transpose()?.unwrap_or_default();
    let secrets = Secrets::load(env, &aws.secrets_manager).await?;
    let token =
        secrets.twilio_auth_tokens.first().cloned().ok_or(SetupError::Keys(UnusableKeys::AuthToken))?;
    let twilio = TwilioRest::new(&twilio_api_url, &secrets.twilio_account_sid, token)?;
    let own = business_secrets::Reader::new(&aws, &business_secrets_prefix);
    let ports = StorePorts {
        plans: Plans::new(&aws, &leases_table),
        verdicts: verdicts::Reader::new(&aws, &leases_table),
        actions: actions::Inbox::new(&aws, &leases_table),
        turns: turns::Writer::new(&aws, &turns_table, &leases_table),
        twilio: TwilioAccounts::new(twilio, twilio_api_url, own.clone(), aws.clock.clone()),
        own,
        steps: Leases::new(&aws, &leases_table),
        desk: Desk::new(
            appointments::Reader::new(&aws, &appointments_table),
            appointments::Writer::of_sessions(
                &aws,
                &appointments_table,
                &contacts_table,
                &events_table,
                &leases_table,
            ),
            &secrets.stream_token_key,
        ),
        tools: ToolClient::new(secrets.stream_token_key.clone(), reach)?,
        do_not_call: do_not_call::Recorder::new(&aws, &do_not_call_table),
        texts: texts::Reader::new(&aws, &texts_table),
        text_jobs: Queue::new(&aws, texts_queue),
        clock: aws.clock.clone(),
    };
    let settings = BridgeSettings {
        public_stream_url,
        console_origin: console_url.origin().ascii_serialization(),
        twilio_account_sid: secrets.twilio_account_sid,
        twilio_auth_tokens: secrets.twilio_auth_tokens,
        twilio_webhook_keys: secrets.twilio_webhook_keys,
        token_key: secrets.stream_token_key,
        openai_realtime_url,
        openai_api_key: secrets.openai_api_key,
        warm,
        max_calls,
        drain_timeout: Duration::from_secs(drain),
        ecs_agent,
        ecs_metadata,
        openai_roots,
        clock: aws.clock,
    };
    Ok(Bridge::new(settings, ports, live)?)
}

/// Where a business's tool may be: on loopback only in the local system, where tools run on the same machine.
fn reach(vars: &mut Parser<'_>) -> Reach {
    if vars.flag("TOOLS_ON_LOOPBACK", false) { Reach::AndLoopback } else { Reach::Public }
}

/// The certificates in a PEM file.
fn authorities(path: &str) -> Result<Vec<CertificateDer<'static>>, AppError> {
    let unusable = || AppError::Authorities(path.to_owned());
    let certificates: Vec<_> = CertificateDer::pem_file_iter(path)
        .map_err(|_| unusable())?
        .collect::<Result<_, _>>()
        .map_err(|_| unusable())?;
    if certificates.is_empty() { Err(unusable()) } else { Ok(certificates) }
}

/// The ports onto DynamoDB and Twilio.
pub struct StorePorts {
    plans: Plans,
    verdicts: verdicts::Reader,
    actions: actions::Inbox,
    turns: turns::Writer,
    twilio: TwilioAccounts,
    own: business_secrets::Reader,
    steps: Leases,
    desk: Desk,
    tools: ToolClient,
    do_not_call: do_not_call::Recorder,
    texts: texts::Reader,
    text_jobs: Queue,
    clock: Clock,
}

impl Ports for StorePorts {
    async fn claim(&self, call: &CallSid, epoch: Epoch, now: Timestamp) -> Result<CallPlan, ClaimError> {
        match self.plans.claim(call, epoch, now).await {
            Ok(Some(plan)) => Ok(plan),
            Ok(None) => Err(ClaimError::NotYours),
            Err(error) => {
                tracing::error!(%error, %call, "the plan could not be claimed");
                Err(ClaimError::Unavailable)
            }
        }
    }

    async fn put_turns(&self, turns: &[Turn]) -> Result<(), StoreError> {
        self.turns.put_turns(turns).await.map_err(store_error)
    }

    async fn put_report(&self, report: &SessionReport) -> Result<(), StoreError> {
        self.turns.put_report(report).await.map_err(store_error)
    }

    async fn answered_by(&self, call: &CallSid, now: Timestamp) -> Result<Option<AnsweredBy>, StoreError> {
        self.verdicts.get(call, now).await.map_err(store_error)
    }

    async fn asked(&self, calls: &[CallSid]) -> Result<HashMap<CallSid, Vec<ActionId>>, StoreError> {
        self.actions.asked(calls).await.map_err(store_error)
    }

    async fn take_action(
        &self,
        call: &CallSid,
        id: &ActionId,
        epoch: Epoch,
        now: Timestamp,
    ) -> Result<Option<CallAction>, StoreError> {
        self.actions.take(call, id, epoch, now).await.map_err(store_error)
    }

    /// The mute first: an action that is not known to be done is done once more, and that is no harm.
    async fn settle_action(
        &self,
        call: &CallSid,
        epoch: Epoch,
        id: &ActionId,
        state: ActionState,
        muted: Option<bool>,
    ) -> Result<(), StoreError> {
        if let Some(muted) = muted {
            self.actions.note_muted(call, epoch, muted).await.map_err(store_error)?;
        }
        self.actions.settle(call, id, epoch, state).await.map(drop).map_err(store_error)
    }

    async fn steered(&self, call: &CallSid) -> Result<Steered, StoreError> {
        let actions::Steered { muted, notes } = self.actions.steered(call).await.map_err(store_error)?;
        Ok(Steered { muted, notes })
    }

    /// The decision first: once it is recorded no later session can begin, so whose call is ended is certain.
    async fn hang_up(&self, plan: &CallPlan) -> Result<(), HangUpError> {
        match self.plans.end(&plan.call, plan.epoch).await {
            Ok(true) => {}
            Ok(false) => return Err(HangUpError::Fenced),
            Err(error) if error.is_retryable() => return Err(HangUpError::Unavailable(error.to_string())),
            Err(error) => return Err(HangUpError::Refused(error.to_string())),
        }
        // The line of a test call is the browser's socket, which the call's own task closes.
        if StreamKind::of(plan.direction) == StreamKind::Browser {
            return Ok(());
        }
        let twilio = self.twilio.of_call(&plan.account, &plan.business);
        twilio.hang_up(&plan.call).await.map_err(|error| {
            if error.is_retryable() {
                HangUpError::Unavailable(error.to_string())
            } else {
                HangUpError::Refused(error.to_string())
            }
        })
    }

    async fn stream_tokens(
        &self,
        business: &BusinessId,
        account: &AccountSid,
        anew: bool,
    ) -> Result<Vec<Secret>, StoreError> {
        let found = if anew { self.own.again(business).await } else { self.own.of(business).await };
        let found = found.map_err(|error| StoreError::Unavailable(error.to_string()))?;
        let keys = found.as_ref().and_then(|found| found.keys(account, self.clock.now()));
        Ok(keys.map(|keys| keys.tokens().cloned().collect()).unwrap_or_default())
    }

    async fn take_message(
        &self,
        plan: &CallPlan,
        id: &str,
        message: &TakenMessage,
    ) -> Result<(), StoreError> {
        self.turns
            .put_message(&plan.call, plan.epoch, id, message, self.clock.now())
            .await
            .map_err(store_error)
    }

    async fn appointments(
        &self,
        plan: &CallPlan,
        request: &AppointmentRequest,
    ) -> Result<Answer, AppointmentError> {
        let source = Source::Call(plan.call.clone());
        let language = plan.voice.language();
        let contacts = plan.contacts();
        let visitor = Visitor {
            business: &plan.business,
            conversation: plan.call.as_str(),
            language,
            whose: Whose { number: plan.caller.as_ref(), contacts: &contacts },
            source: &source,
            fence: Some(Fence { call: &plan.call, epoch: plan.epoch }),
        };
        Box::pin(self.desk.answer(&visitor, request, self.clock.now())).await
    }

    async fn send_message(&self, plan: &CallPlan, name: &str, text: &str) -> Result<bool, StoreError> {
        let contacts = plan.contacts();
        let wanted = self.texts.consent_of(&plan.business, contacts.iter()).await.map_err(store_error)?;
        if wanted != Consent::Open {
            return Ok(false);
        }
        let text = CallText {
            call: plan.call.clone(),
            business: plan.business.clone(),
            name: name.to_owned(),
            text: Body(text.to_owned()),
        };
        let sent = self.text_jobs.send(&text.as_job(), Duration::ZERO).await;
        sent.map(|()| true).map_err(|error| StoreError::Unavailable(error.to_string()))
    }

    async fn record_do_not_call(&self, plan: &CallPlan, reason: Option<&str>) -> Result<(), StoreError> {
        let Some(number) = &plan.caller else {
            return Err(StoreError::Refused("the call has no number".to_owned()));
        };
        let of = (&plan.business, &plan.call);
        self.do_not_call.put(of, number, reason, self.clock.now()).await.map(drop).map_err(store_error)
    }

    async fn promise_call_back(
        &self,
        plan: &CallPlan,
        wish: &Wish,
    ) -> Result<Result<Moment, Declined>, StoreError> {
        let (Some(terms), Some(number)) = (&plan.call_back, &plan.caller) else {
            return Err(StoreError::Refused("no call may be promised in this one".to_owned()));
        };
        let language = plan.voice.language();
        let moment = match terms.resolve(number, wish, language, self.clock.now()) {
            Ok(moment) => moment,
            Err(declined) => return Ok(Err(declined)),
        };
        let kept = self.turns.put_call_back(&plan.call, plan.epoch, moment.at).await;
        kept.map(|()| Ok(moment)).map_err(store_error)
    }

    fn reached_at(&self, address: SocketAddr) {
        self.plans.reached_at(address);
    }

    async fn carrier(&self, call: &CallSid) -> Result<Option<SocketAddr>, StoreError> {
        self.plans.carrier(call).await.map_err(store_error)
    }

    async fn begin_listening(&self, call: &CallSid, listener: &Listener) -> Result<bool, StoreError> {
        self.turns.begin_listening(call, listener).await.map_err(store_error)
    }

    async fn end_listening(&self, call: &CallSid, listener: &Listener) -> Result<(), StoreError> {
        self.turns.end_listening(call, listener).await.map_err(store_error)
    }

    async fn call_tool(
        &self,
        plan: &CallPlan,
        request: &ToolRequest<'_>,
    ) -> Result<ToolOutcome, ToolFailure> {
        let began = Instant::now();
        let store = |error: &dyn std::fmt::Display| ToolFailure::Store(error.to_string());
        if !self.plans.is_current(&plan.call, plan.epoch).await.map_err(|error| store(&error))? {
            return Err(ToolFailure::Superseded);
        }
        if !request.tool.once {
            return Ok(self.ask(plan, request, began).await);
        }
        let (kind, now) = (WorkKind::Tool, self.clock.now());
        let asked =
            self.steps.once(kind, request.id, request.timeout, now, self.ask(plan, request, began)).await;
        asked.map_err(|why| match why {
            NotAsked::InProgress => ToolFailure::InProgress,
            NotAsked::Store(error) => store(&error),
        })
    }
}

impl StorePorts {
    async fn ask(&self, plan: &CallPlan, request: &ToolRequest<'_>, began: Instant) -> ToolOutcome {
        let timeout = request.timeout.saturating_sub(began.elapsed());
        if timeout.is_zero() {
            return ToolOutcome::NotDone { why: Missed::Unreachable };
        }
        let body = json!({
            "tool": request.tool.name,
            "call": plan.call,
            "business": plan.business,
            "arguments": request.arguments,
        });
        let request = tool_http::ToolRequest {
            business: &plan.business,
            url: &request.tool.url,
            id: request.id,
            body: &body,
            timeout,
        };
        self.tools.call(&request).await
    }
}

fn store_error(error: stores::StoreError) -> StoreError {
    match error {
        stores::StoreError::Conditional { .. } => StoreError::Fenced,
        error if error.is_retryable() => StoreError::Unavailable(error.to_string()),
        error => StoreError::Refused(error.to_string()),
    }
}

#[cfg(test)]
mod tests;
