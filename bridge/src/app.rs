//! The bridge as a program: settings from the environment, ports onto the real stores.

use domain::{CallPlan, CallSid, Epoch, SessionReport, Timestamp, Turn};
use platform::aws::Aws;
use platform::env::{Parser, Reader, SettingsError};
use platform::secrets::{Secrets, SecretsError};
use platform::stores::plans::Plans;
use platform::stores::{self, turns};
use platform::twilio_rest::{TwilioError, TwilioRest};

use crate::live::LiveEvents;
use crate::ports::{ClaimError, HangUpError, Ports, StoreError};
use crate::server::{Bridge, SetupError};
use crate::settings::BridgeSettings;

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
}

/// Reads every setting and secret; nothing listens and nothing is connected yet.
pub async fn load(env: &dyn Reader, live: LiveEvents) -> Result<Bridge<StorePorts>, AppError> {
    let mut vars = Parser::new(env);
    let public_stream_url = vars.url("STREAM_URL");
    let openai_realtime_url = vars.url("OPENAI_REALTIME_URL");
    let twilio_api_url = vars.url("TWILIO_API_URL");
    let turns_table = vars.text("TABLE_TURNS");
    let leases_table = vars.text("TABLE_LEASES");
    let max_calls = vars.number("MAX_CALLS", BridgeSettings::DEFAULT_MAX_CALLS);
    let ecs_agent = vars.optional_url("ECS_AGENT_URI");
    let aws = Aws::load_with(env, vars).await?;
    let secrets = Secrets::load(env, &aws.config).await?;
    let token = secrets.twilio_auth_tokens.first().cloned().ok_or(SetupError::AuthToken)?;
    let twilio = TwilioRest::new(&twilio_api_url, &secrets.twilio_account_sid, token)?;
    let ports = StorePorts {
        plans: Plans::new(&aws, &leases_table),
        turns: turns::Writer::new(&aws, &turns_table, &leases_table),
        twilio,
    };
    let settings = BridgeSettings {
        public_stream_url,
        twilio_auth_tokens: secrets.twilio_auth_tokens,
        token_key: secrets.stream_token_key,
        openai_realtime_url,
        openai_api_key: secrets.openai_api_key,
        max_calls,
        drain_timeout: BridgeSettings::DEFAULT_DRAIN_TIMEOUT,
        ecs_agent,
    };
    Ok(Bridge::new(settings, ports, live)?)
}

/// The ports onto DynamoDB and Twilio.
pub struct StorePorts {
    plans: Plans,
    turns: turns::Writer,
    twilio: TwilioRest,
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

    /// The decision first: once it is recorded no later session can begin, so whose call is ended is certain.
    async fn hang_up(&self, call: &CallSid, epoch: Epoch) -> Result<(), HangUpError> {
        match self.plans.end(call, epoch).await {
            Ok(true) => {}
            Ok(false) => return Err(HangUpError::Fenced),
            Err(error) if error.is_retryable() => return Err(HangUpError::Unavailable(error.to_string())),
            Err(error) => return Err(HangUpError::Refused(error.to_string())),
        }
        self.twilio.hang_up(call).await.map_err(|error| {
            if error.is_retryable() {
                HangUpError::Unavailable(error.to_string())
            } else {
                HangUpError::Refused(error.to_string())
            }
        })
    }
}

fn store_error(error: stores::StoreError) -> StoreError {
    match error {
        stores::StoreError::Conditional { .. } => StoreError::Fenced,
        error if error.is_retryable() => StoreError::Unavailable(error.to_string()),
        error => StoreError::Refused(error.to_string()),
    }
}
