//! The bridge as it is deployed, with ports that answer from memory: a store's time is not the bridge's.

use bridge::{
    Bridge, BridgeSettings, ClaimError, HangUpError, LiveEvents, Ports, StoreError, ToolFailure, ToolRequest,
    WarmSettings,
};
use domain::business::{ConversationPolicy, TurnDetection, Voice};
use domain::ids::AccountSid;
use domain::tools::{Missed, TakenMessage, ToolOutcome};
use domain::{
    AnsweredBy, BusinessId, CallPlan, CallSid, Direction, Epoch, Revision, Secret, SessionReport, Timestamp,
    Turn,
};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::tls;

use super::{
    ACCOUNT_SID, AUTH_TOKEN, CONSOLE_ORIGIN, STREAM_URL, TargetConfig, TargetError, instructions, token_key,
};

/// The model that every call asks for.
const MODEL: &str = "gpt-realtime-2.1";

pub(super) async fn run(config: TargetConfig, listener: TcpListener) -> Result<(), TargetError> {
    let setup = |error: &dyn std::fmt::Display| TargetError::Setup(error.to_string());
    let settings = BridgeSettings {
        public_stream_url: Url::parse(STREAM_URL).map_err(|error| setup(&error))?,
        console_origin: CONSOLE_ORIGIN.to_owned(),
        twilio_account_sid: ACCOUNT_SID.to_owned(),
        twilio_auth_tokens: vec![Secret::new(AUTH_TOKEN)],
        twilio_webhook_keys: [].into(),
        token_key: token_key()?,
        openai_realtime_url: config.realtime_url()?,
        openai_api_key: Secret::new("load"),
        warm: WarmSettings { models: vec![MODEL.to_owned()], sockets: config.warm as usize },
        max_calls: config.max_calls as usize,
        drain_timeout: BridgeSettings::DEFAULT_DRAIN_TIMEOUT,
        ecs_agent: None,
        ecs_metadata: None,
        clock: Default::default(),
        openai_roots: config.certificate.as_deref().map(tls::decode).transpose()?.into_iter().collect(),
    };
    let business = BusinessId::parse("load").map_err(|error| setup(&error))?;
    let account = AccountSid::parse(ACCOUNT_SID).map_err(|error| setup(&error))?;
    let bridge = Bridge::new(settings, Memory { business, account }, LiveEvents::default())
        .map_err(|error| setup(&error))?;
    bridge.run(listener, CancellationToken::new()).await;
    Ok(())
}

/// Has a plan for every call, and forgets what it is told.
struct Memory {
    business: BusinessId,
    account: AccountSid,
}

impl Ports for Memory {
    async fn claim(&self, call: &CallSid, epoch: Epoch, now: Timestamp) -> Result<CallPlan, ClaimError> {
        Ok(CallPlan {
            call: call.clone(),
            epoch,
            business: self.business.clone(),
            account: self.account.clone(),
            revision: Revision::FIRST,
            direction: Direction::Inbound,
            minted_at: now,
            voice: Voice {
                model: MODEL.into(),
                voice: "marin".into(),
                languages: vec!["en".into()],
                transcription_model: Some("gpt-transcribe".into()),
                keywords: vec![],
                turn_detection: TurnDetection::default(),
            },
            conversation: ConversationPolicy::default(),
            instructions: instructions(call.as_str()),
            greeting: Some("Bicycle workshop, good day.".into()),
            history: vec![],
            resumption: domain::plan::Resumption::default(),
            tools: domain::Toolbox::default(),
            caller: None,
            introduction: None,
            safety_identifier: "load".into(),
            contact: None,
            merged: vec![],
            call_back: None,
        })
    }

    async fn put_turns(&self, _: &[Turn]) -> Result<(), StoreError> {
        Ok(())
    }

    async fn put_report(&self, _: &SessionReport) -> Result<(), StoreError> {
        Ok(())
    }

    async fn answered_by(&self, _: &CallSid, _: Timestamp) -> Result<Option<AnsweredBy>, StoreError> {
        Ok(None)
    }

    bridge::ports_without_actions!();

    async fn hang_up(&self, _: &CallPlan) -> Result<(), HangUpError> {
        Ok(())
    }

    async fn take_message(&self, _: &CallPlan, _: &str, _: &TakenMessage) -> Result<(), StoreError> {
        Ok(())
    }

    async fn call_tool(&self, _: &CallPlan, _: &ToolRequest<'_>) -> Result<ToolOutcome, ToolFailure> {
        Ok(ToolOutcome::NotDone { why: Missed::Unreachable })
    }
}
