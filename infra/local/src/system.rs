//! Starts the whole product in this process and stops it again.

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use bridge::LiveEvents;
use domain::Secret;
use functions::edge::StartError;
use functions::edge::loaded::Loaded;
use functions::features;
use platform::aws::Aws;
use platform::clock::{Ahead, Clock};
use platform::env::{ClockedEnv, MapEnv};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::gateway::{Gateway, RouteError};
use crate::home::Identity;
use crate::listener::{self, Limits};
use crate::outbox;
use crate::queues;
use crate::resources::{self, Names, ResourceError};
use crate::schedules::Schedule;
use crate::template::{Resolve, Template, TemplateError};

/// What calls have to end in when the system is stopped.
const DRAIN_SECONDS: &str = "4";

/// The name of the stack, with which the names of businesses' secrets begin.
const STACK: &str = "local";

/// What a local system is made of.
#[derive(Debug, Clone)]
pub struct Config {
    pub aws: AwsSource,
    pub identity: Identity,
    pub providers: Providers,
    /// Values for parameters of the template, in place of their defaults.
    pub parameters: BTreeMap<String, String>,
    /// 0 takes any free port.
    pub api_port: u16,
    pub media_port: u16,
    /// Where Twilio reaches the API and the media stream, when that is not this machine's loopback.
    pub public_base_url: Option<Url>,
    pub stream_url: Option<Url>,
    pub live: LiveEvents,
    /// How far the system's clock is ahead of the machine's; `None` is the machine's own. Queues of
    /// [`AwsSource::External`] keep their own time.
    pub ahead: Option<Ahead>,
    /// Whether scheduled functions run, each at its rate by the machine's clock.
    pub schedules: bool,
}

/// Where DynamoDB, S3, SQS and Secrets Manager are.
#[derive(Debug, Clone)]
pub enum AwsSource {
    /// In this process; on disk if a folder is given.
    Embedded { data_dir: Option<PathBuf> },
    /// Somewhere else: one endpoint for all of them, and the key that names the account.
    External { endpoint: Url, access_key_id: String },
}

impl AwsSource {
    /// Bucket names are global, so systems that share an endpoint need names of their own.
    fn bucket_suffix(&self) -> String {
        match self {
            Self::Embedded { .. } => String::new(),
            Self::External { access_key_id, .. } => format!("-{access_key_id}"),
        }
    }
}

/// Twilio, Meta and OpenAI: simulated or real, the product cannot tell.
#[derive(Debug, Clone)]
pub struct Providers {
    pub twilio_api_url: Url,
    /// None: Meta's own, as the template has it.
    pub meta_api_url: Option<Url>,
    pub openai_api_url: Url,
    pub openai_realtime_url: Url,
    /// None: people sign in with keys alone, unless the parameters name an issuer.
    pub issuer: Option<Issuer>,
}

/// An issuer of OpenID Connect, and how this system is known there.
#[derive(Debug, Clone)]
pub struct Issuer {
    pub issuer: String,
    pub client_id: String,
    pub client_secret: Option<Secret>,
}

#[derive(Debug, thiserror::Error)]
pub enum SystemError {
    #[error(transparent)]
    Template(#[from] TemplateError),
    #[error(transparent)]
    Aws(#[from] local_aws::StartError),
    #[error(transparent)]
    Settings(#[from] platform::env::SettingsError),
    #[error(transparent)]
    Resources(#[from] ResourceError),
    #[error("port {port} of 127.0.0.1 cannot be had: {error}; choose another with --port")]
    Port { port: u16, error: io::Error },
    #[error(transparent)]
    Route(#[from] RouteError),
    #[error("the template names a function `{0}` that this program does not have")]
    NoSuchFunction(String),
    #[error("function {name}: {error}")]
    Function { name: String, error: StartError },
    #[error("the bridge: {0}")]
    Bridge(#[from] bridge::app::AppError),
    #[error("the template has no table for {0}")]
    NoTable(&'static str),
}

/// A running system. [`System::stop`] ends it in order; dropping it ends it at once.
pub struct System {
    pub api_url: Url,
    /// The same, as it is reached on this machine.
    pub local_url: Url,
    pub stream_url: Url,
    pub aws: Aws,
    /// What `!Ref` of each table, queue and bucket is.
    pub names: Names,
    /// The environment in which the bins, the AWS CLI or boto3 talk to this system.
    pub environment: BTreeMap<String, String>,
    endpoints: Option<local_aws::Endpoints>,
    stop: CancellationToken,
    bridge_stop: CancellationToken,
    bridge: JoinSet<()>,
    rest: JoinSet<()>,
}

impl System {
    pub async fn start(config: Config) -> Result<Self, SystemError> {
        let template = Template::load()?;
        let (api, api_url) = listen(config.api_port, "http").await?;
        let (media, media_url) = listen(config.media_port, "ws").await?;
        let local_url = api_url;
        let api_url = config.public_base_url.clone().unwrap_or_else(|| local_url.clone());
        let stream_url = match &config.stream_url {
            Some(url) => url.clone(),
            None => media_url.join("/twilio/stream").unwrap_or(media_url),
        };

        let (endpoints, mut common) = endpoints(&config.aws, config.ahead.clone()).await?;
        common.extend(credentials(&config.identity));
        let secret = config.providers.issuer.as_ref().and_then(|issuer| issuer.client_secret.as_ref());
        common.extend(secret.map(|secret| ("OIDC_CLIENT_SECRET".to_owned(), secret.expose().to_owned())));
        // What is mailed here goes to the outbox.
        common.insert("MAIL".into(), r#"{"from": "switchboard@localhost.example"}"#.into());
        // A laptop's tools listen on the laptop.
        common.insert("TOOLS_ON_LOOPBACK".into(), "true".into());
        let clock = config.ahead.clone().map_or_else(Clock::system, Clock::put_forward);
        let clocked = |vars| ClockedEnv { vars: MapEnv(vars), clock: clock.clone() };
        let aws = Aws::load(&clocked(common.clone())).await?;
        let suffix = config.aws.bucket_suffix();
        let names = Box::pin(resources::create(&template, &suffix, &aws)).await?;
        let locals = Locals {
            template: &template,
            names: &names,
            config: &config,
            api_url: &api_url,
            stream_url: &stream_url,
        };

        let (stop, bridge_stop) = (CancellationToken::new(), CancellationToken::new());
        let (mut bridge, mut rest) = (JoinSet::new(), JoinSet::new());
        let mut environment = common.clone();

        let mut bridge_env = locals.environment(&template.bridge_environment, &common)?;
        // A person who presses Ctrl-C is waiting, and there is no other task that a call could move to.
        bridge_env.insert("DRAIN_SECONDS".into(), DRAIN_SECONDS.into());
        environment.extend(bridge_env.clone());
        let app = bridge::app::load(&clocked(bridge_env), config.live.clone()).await?;
        let drained = bridge_stop.clone();
        bridge.spawn(async move { app.run(media, drained).await });

        let mut gateway = Gateway::new();
        for function in &template.functions {
            let env = locals.environment(&function.environment, &common)?;
            environment.extend(env.clone());
            let feature = features::named(&function.name)
                .ok_or_else(|| SystemError::NoSuchFunction(function.name.clone()))?;
            let loaded = feature
                .load(&clocked(env))
                .await
                .map_err(|error| SystemError::Function { name: function.name.clone(), error })?;
            match (loaded, &function.queue) {
                (Loaded::Http(router), _) => {
                    for route in &function.routes {
                        gateway.mount(route, &router)?;
                    }
                }
                (Loaded::Queue(handler), Some(source)) => {
                    let at_once = source.at_once;
                    let source = queues::Source {
                        client: aws.sqs.clone(),
                        url: names.get(&source.queue).cloned().unwrap_or_default(),
                        batch_size: source.batch_size,
                        handler,
                    };
                    for _ in 0..at_once {
                        rest.spawn(source.clone().run(stop.clone()));
                    }
                }
                (Loaded::Queue(_), None) => {
                    return Err(SystemError::NoSuchFunction(format!("{} without a queue", function.name)));
                }
                (Loaded::Scheduled(handler), _) => {
                    let every = function.schedule.ok_or_else(|| {
                        SystemError::NoSuchFunction(format!("{} without a schedule", function.name))
                    })?;
                    let name = function.name.clone();
                    let schedule = Schedule { name, every, handler, clock: clock.clone() };
                    if config.schedules {
                        rest.spawn(schedule.run(stop.clone()));
                    }
                }
            }
        }
        let mailed = endpoints.is_some().then(|| common.get("AWS_ENDPOINT_URL_SESV2")).flatten();
        let mailed = mailed.and_then(|ses| Url::parse(ses).ok()?.join("outbox").ok());
        let router = match mailed {
            Some(outbox) => outbox::linked(gateway.router(), &local_url, &outbox),
            None => gateway.router(),
        };
        rest.spawn(listener::serve(api, router, Limits::default(), stop.clone()));
        Ok(Self {
            api_url,
            local_url,
            stream_url,
            aws,
            names,
            environment,
            endpoints,
            stop,
            bridge_stop,
            bridge,
            rest,
        })
    }

    /// What was mailed; `None`: SES is somewhere else.
    pub fn outbox(&self) -> Option<&local_aws::Outbox> {
        self.endpoints.as_ref().map(|endpoints| &endpoints.outbox)
    }

    /// The name of a table, bucket or queue of the template.
    pub fn name(&self, logical_id: &'static str) -> Result<&str, SystemError> {
        self.names.get(logical_id).map(String::as_str).ok_or(SystemError::NoTable(logical_id))
    }

    /// The bridge first, so that its last turns still find the store; then the functions; then the endpoints.
    pub async fn stop(mut self) {
        const WITHIN: Duration = Duration::from_secs(15);
        self.bridge_stop.cancel();
        let _ =
            tokio::time::timeout(WITHIN, async { while self.bridge.join_next().await.is_some() {} }).await;
        self.stop.cancel();
        let _ = tokio::time::timeout(WITHIN, async { while self.rest.join_next().await.is_some() {} }).await;
        if let Some(endpoints) = self.endpoints.take() {
            endpoints.shutdown().await;
        }
    }
}

async fn listen(port: u16, scheme: &str) -> Result<(TcpListener, Url), SystemError> {
    let failed = |error| SystemError::Port { port, error };
    let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    let url = Url::parse(&format!("{scheme}://{address}"))
        .map_err(|error| failed(io::Error::other(error.to_string())))?;
    Ok((listener, url))
}

async fn endpoints(
    source: &AwsSource,
    ahead: Option<Ahead>,
) -> Result<(Option<local_aws::Endpoints>, BTreeMap<String, String>), SystemError> {
    Ok(match source {
        AwsSource::Embedded { data_dir } => {
            let config = local_aws::Config { data_dir: data_dir.clone(), ahead, ..Default::default() };
            let endpoints = local_aws::Endpoints::start(config).await?;
            let env = endpoints.env().into_iter().collect();
            (Some(endpoints), env)
        }
        AwsSource::External { endpoint, access_key_id } => {
            let mut env: BTreeMap<_, _> = ["DYNAMODB", "S3", "SQS", "SECRETS_MANAGER", "SESV2"]
                .map(|service| (format!("AWS_ENDPOINT_URL_{service}"), endpoint.to_string()))
                .into();
            env.insert("AWS_ACCESS_KEY_ID".into(), access_key_id.clone());
            env.insert("AWS_SECRET_ACCESS_KEY".into(), "test".into());
            env.insert("AWS_REGION".into(), local_aws::REGION.into());
            (None, env)
        }
    })
}

/// What the secret holds in AWS.
fn credentials(identity: &Identity) -> Vec<(String, String)> {
    let mut credentials = vec![
        ("TWILIO_ACCOUNT_SID".into(), identity.account_sid.clone()),
        ("TWILIO_AUTH_TOKEN".into(), identity.auth_token.expose().into()),
        ("OPENAI_API_KEY".into(), identity.openai_api_key.expose().into()),
        ("STREAM_TOKEN_KEY".into(), identity.stream_token_key.expose().into()),
        ("OPERATOR_KEY".into(), identity.operator_key.expose().into()),
    ];
    if let Some(meta) = &identity.meta {
        let keys = [
            ("META_TOKEN", &meta.token),
            ("META_APP_SECRET", &meta.app_secret),
            ("META_VERIFY_TOKEN", &meta.verify_token),
        ];
        credentials.extend(keys.map(|(name, key)| (name.to_owned(), key.expose().to_owned())));
    }
    credentials
}

/// The template's parameters and resources, as they are on this machine.
struct Locals<'a> {
    template: &'a Template,
    names: &'a Names,
    config: &'a Config,
    api_url: &'a Url,
    stream_url: &'a Url,
}

impl Locals<'_> {
    /// A component sees what the template gives it and what AWS itself would: nothing else.
    fn environment(
        &self,
        variables: &BTreeMap<String, serde_yaml_ng::Value>,
        common: &BTreeMap<String, String>,
    ) -> Result<BTreeMap<String, String>, TemplateError> {
        let mut environment = common.clone();
        for (name, value) in variables {
            let value = match name.as_str() {
                // The two public addresses have schemes of their own here, and secrets come from `common`.
                "PUBLIC_BASE_URL" | "CONSOLE_URL" => self.api_url.to_string(),
                "STREAM_URL" => self.stream_url.to_string(),
                "SECRETS_ARN" => continue,
                // What AWS would set, such as the region, is this machine's.
                _ if common.contains_key(name) => continue,
                _ => self.value(value)?,
            };
            environment.insert(name.clone(), value);
        }
        Ok(environment)
    }
}

impl Resolve for Locals<'_> {
    fn reference(&self, name: &str) -> Option<String> {
        let providers = &self.config.providers;
        Some(match name {
            "TwilioApiUrl" => providers.twilio_api_url.to_string(),
            "MetaApiUrl" if providers.meta_api_url.is_some() => providers.meta_api_url.as_ref()?.to_string(),
            "OpenAiApiUrl" => providers.openai_api_url.to_string(),
            "OpenAiRealtimeUrl" => providers.openai_realtime_url.to_string(),
            "AWS::StackName" => STACK.to_owned(),
            "OidcIssuer" | "OidcClientId" if providers.issuer.is_some() => {
                let issuer = providers.issuer.as_ref()?;
                if name == "OidcIssuer" { issuer.issuer.clone() } else { issuer.client_id.clone() }
            }
            _ => {
                let parameter =
                    self.config.parameters.get(name).or_else(|| self.template.parameters.get(name));
                return self.names.get(name).or(parameter).cloned();
            }
        })
    }
}
