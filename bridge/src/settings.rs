//! What the bridge needs to be told. Reading it from the environment is the binary's business.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::Secret;
use domain::token::TokenKey;
use platform::Clock;
use rustls::pki_types::CertificateDer;
use url::Url;

/// Secrets print as nothing, so the whole may be logged.
#[derive(Debug, Clone)]
pub struct BridgeSettings {
    /// The `wss` address that the TwiML names and Twilio signs. Upgrades are accepted on its path only, and
    /// their signature is checked over this text, never over what a request claims about its host.
    pub public_stream_url: Url,
    /// The one origin whose pages may open streams and listen to calls: the console's.
    pub console_origin: String,
    /// The deployment's account, whose streams come to the plain address. Those of accounts that businesses brought come to
    /// addresses that name them.
    pub twilio_account_sid: String,
    /// The account's auth tokens: the primary, and during a rotation its successor.
    pub twilio_auth_tokens: Vec<Secret>,
    /// Keys that an upgrade may be signed with in place of the auth token, by Twilio's id of the key; none may be blank.
    pub twilio_webhook_keys: BTreeMap<String, Secret>,
    /// The key that stream tokens were minted with.
    pub token_key: TokenKey,
    /// `wss://api.openai.com/v1/realtime` or its like; the plan's model is added as the query.
    pub openai_realtime_url: Url,
    pub openai_api_key: Secret,
    /// Sockets to the model that are kept ready before a call needs them.
    pub warm: WarmSettings,
    /// Calls this process carries at once; upgrades beyond it get 503.
    pub max_calls: usize,
    /// How long calls may go on after a shutdown was asked for: half of it undisturbed, the rest to find a place where
    /// they can be handed over. Together with [`FINISH_DEADLINE`](Self::FINISH_DEADLINE) it must end before ECS kills
    /// the task, which it does 120 s after SIGTERM at the latest (`stopTimeout` on Fargate).
    pub drain_timeout: Duration,
    /// The ECS agent (`ECS_AGENT_URI`), to protect the task from scale-in while it carries calls. `None`
    /// outside ECS.
    pub ecs_agent: Option<Url>,
    /// The container's metadata (`ECS_CONTAINER_METADATA_URI_V4`), which names the address at which other tasks reach this
    /// one. `None` outside ECS.
    pub ecs_metadata: Option<Url>,
    /// Certificate authorities to trust beside the public ones, for a Realtime API behind a gateway of one's own.
    pub openai_roots: Vec<CertificateDer<'static>>,
    /// The time that plans and verdicts are claimed at, and that a call's record is dated by.
    pub clock: Clock,
}

/// Sockets to the model that are kept ready. Without models or with zero sockets every call connects for itself, with
/// its caller's safety identifier in the handshake.
#[derive(Debug, Clone, Default)]
pub struct WarmSettings {
    pub models: Vec<String>,
    pub sockets: usize,
}

impl WarmSettings {
    /// Calls that may begin at the same moment, on one task, before one waits for a handshake.
    pub const DEFAULT_SOCKETS: usize = 2;
    /// The most sockets for one model; a larger setting is cut to this.
    pub const MAX_SOCKETS: usize = 32;
    pub const MAX_MODELS: usize = 8;
}

impl BridgeSettings {
    pub const DEFAULT_MAX_CALLS: usize = 500;
    pub const DEFAULT_DRAIN_TIMEOUT: Duration = Duration::from_secs(100);
    /// What turns and reports that are still being written have beyond it.
    pub const FINISH_DEADLINE: Duration = Duration::from_secs(15);
}
