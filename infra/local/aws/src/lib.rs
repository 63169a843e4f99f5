//! DynamoDB, S3, SQS, Secrets Manager and an outbox in the place of SES on loopback, in one process, for the local system and for tests.
//!
//! The endpoints speak the wire protocols of AWS, so a client is an AWS SDK with another endpoint URL and
//! nothing else changes. With a data directory all state is on disk before a request is answered and
//! survives a restart and a killed process; without one it lives as long as [`Endpoints`] does.
//!
//! ```no_run
//! # async fn example() -> Result<(), local_aws::StartError> {
//! let endpoints = local_aws::Endpoints::start(local_aws::Config::default()).await?;
//! for (name, value) in endpoints.env() {
//!     // The variables every AWS SDK reads.
//!     let _ = (name, value);
//! }
//! endpoints.shutdown().await;
//! # Ok(())
//! # }
//! ```

mod clock;
mod database;
mod dynamodb;
mod home;
mod json_protocol;
mod keys;
mod s3;
mod secrets_manager;
mod serve;
mod ses;
mod signature;
mod sqs;

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use tokio::sync::watch;
use url::Url;

use crate::clock::Clock;
use crate::home::Home;
use crate::keys::Keys;
use crate::serve::{Listener, Servers};
pub use crate::ses::{Mailed, Outbox};

/// The region in queue ARNs and the one to sign for.
pub const REGION: &str = "us-east-1";
/// The account in queue URLs and queue ARNs.
pub const ACCOUNT_ID: &str = "000000000000";

/// Where the endpoints listen and what they keep.
#[derive(Debug, Clone, Default)]
pub struct Config {
    /// Holds everything when given (created if it is missing, used by one process at a time); `None` keeps
    /// tables and queues in memory and objects in a temporary directory.
    pub data_dir: Option<PathBuf>,
    /// The ports on 127.0.0.1.
    pub ports: Ports,
    /// How far the queues' clock is ahead of the machine's; receives that wait look again whenever it changes.
    /// `None` is the machine's own clock, which signatures are checked by and objects dated with in any case.
    pub ahead: Option<watch::Receiver<Duration>>,
}

/// A port for each service; 0 takes any free one.
#[derive(Debug, Clone, Copy, Default)]
pub struct Ports {
    /// DynamoDB's port.
    pub dynamodb: u16,
    /// S3's port. Presigned URLs name it, so a fixed one keeps them valid over a restart.
    pub s3: u16,
    /// SQS's port.
    pub sqs: u16,
    /// Secrets Manager's port.
    pub secrets_manager: u16,
    /// SES's port.
    pub ses: u16,
}

/// The key pair and region that clients sign with. The pair is drawn at random, once for each data directory, and other
/// users of the machine do not have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials {
    keys: Keys,
    /// [`REGION`].
    pub region: &'static str,
}

impl Credentials {
    /// Names the pair.
    #[must_use]
    pub fn access_key_id(&self) -> &str {
        &self.keys.access_key_id
    }

    /// Signs.
    #[must_use]
    pub fn secret_access_key(&self) -> &str {
        &self.keys.secret_access_key
    }
}

/// The running endpoints. Dropping them stops them too, without waiting for requests under way.
#[derive(Debug)]
pub struct Endpoints {
    /// `http://127.0.0.1:<port>/`, for DynamoDB clients.
    pub dynamodb: Url,
    /// `http://127.0.0.1:<port>/`, for S3 clients; buckets are addressed path-style.
    pub s3: Url,
    /// `http://127.0.0.1:<port>/`, for SQS clients.
    pub sqs: Url,
    /// `http://127.0.0.1:<port>/`, for Secrets Manager clients.
    pub secrets_manager: Url,
    /// `http://127.0.0.1:<port>/`, for requests to SES.
    pub ses: Url,
    /// What was mailed: nothing leaves the machine.
    pub outbox: Outbox,
    servers: Servers,
    credentials: Credentials,
    _home: Home,
}

impl Endpoints {
    /// Opens the stores and starts serving; all endpoints answer when this returns.
    ///
    /// # Errors
    /// The data directory cannot be used, a port is taken, or a store cannot be opened.
    pub async fn start(config: Config) -> Result<Self, StartError> {
        let home = Home::open(config.data_dir)?;
        let keys = home.keys()?;
        let clock = Clock::new(config.ahead);
        let dynamodb = Listener::bind(config.ports.dynamodb).await?;
        let s3 = Listener::bind(config.ports.s3).await?;
        let sqs = Listener::bind(config.ports.sqs).await?;
        let secrets = Listener::bind(config.ports.secrets_manager).await?;
        let mails = Listener::bind(config.ports.ses).await?;
        let [dynamodb_url, s3_url, sqs_url, secrets_url, ses_url] =
            [&dynamodb, &s3, &sqs, &secrets, &mails].map(|listener| listener.url.clone());

        let mut servers = Servers::default();
        let tables = dynamodb::open(home.database_file(dynamodb::SERVICE, "dynamodb.sqlite")?.as_deref())?;
        let objects =
            s3::router(&home.objects_dir(), home.database_file("S3", "s3.sqlite")?.as_deref(), &keys)?;
        let queue_file = home.database_file("SQS", "sqs.sqlite")?;
        let queues = sqs::router(queue_file.as_deref(), &sqs.url, &keys, clock.clone(), servers.stopping())?;
        let secret_file = home.database_file(secrets_manager::SERVICE, "secrets.sqlite")?;
        let texts = secrets_manager::router(secret_file.as_deref(), &keys, clock.clone())?;
        let mail_file = home.database_file(ses::SERVICE, "mails.sqlite")?;
        let (mailing, outbox) = ses::router(mail_file.as_deref(), &keys, clock)?;
        servers.spawn(dynamodb.serve(dynamodb::router(tables, &keys), servers.stopping()));
        servers.spawn(s3.serve(objects, servers.stopping()));
        servers.spawn(sqs.serve(queues, servers.stopping()));
        servers.spawn(secrets.serve(texts, servers.stopping()));
        servers.spawn(mails.serve(mailing, servers.stopping()));
        let credentials = Credentials { keys, region: REGION };
        Ok(Self {
            dynamodb: dynamodb_url,
            s3: s3_url,
            sqs: sqs_url,
            secrets_manager: secrets_url,
            ses: ses_url,
            outbox,
            servers,
            credentials,
            _home: home,
        })
    }

    /// What clients sign with.
    #[must_use]
    pub fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    /// The environment that points any AWS SDK here: service endpoints, key pair and region.
    #[must_use]
    pub fn env(&self) -> Vec<(String, String)> {
        [
            ("AWS_ENDPOINT_URL_DYNAMODB", self.dynamodb.as_str()),
            ("AWS_ENDPOINT_URL_S3", self.s3.as_str()),
            ("AWS_ENDPOINT_URL_SQS", self.sqs.as_str()),
            ("AWS_ENDPOINT_URL_SECRETS_MANAGER", self.secrets_manager.as_str()),
            ("AWS_ENDPOINT_URL_SESV2", self.ses.as_str()),
            ("AWS_ACCESS_KEY_ID", self.credentials.access_key_id()),
            ("AWS_SECRET_ACCESS_KEY", self.credentials.secret_access_key()),
            ("AWS_REGION", REGION),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
    }

    /// Stops accepting, ends long polls with an empty answer, and waits a bounded time for the rest.
    pub async fn shutdown(mut self) {
        self.servers.stop().await;
    }
}

/// The `Authorization` of a DynamoDB, SQS or Secrets Manager request whose body was changed on its way; `None` if it had none. For what
/// stands between a client and the endpoints, as tests do.
#[must_use]
pub fn signed_again(
    head: &http::request::Parts,
    body: &[u8],
    access_key_id: &str,
    secret_access_key: &str,
) -> Option<String> {
    let keys =
        Keys { access_key_id: access_key_id.to_owned(), secret_access_key: secret_access_key.to_owned() };
    signature::signed_again(head, body, &keys)
}

/// Why the endpoints did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data directory or something in it cannot be created or read.
    #[error("cannot use {path} as data directory ({source}): give a directory this user may write")]
    DataDir {
        /// The directory or file at fault.
        path: PathBuf,
        /// What the file system said.
        source: io::Error,
    },
    /// The system gives no random bytes.
    #[error("the system has no randomness to draw keys from")]
    Random,
    /// Another process holds the data directory.
    #[error("{path} is in use by another running copy: stop that one or give another data directory")]
    InUse {
        /// The directory asked for.
        path: PathBuf,
    },
    /// The port is taken, or may not be used.
    #[error("cannot listen on {address} ({source}): free the port or choose another")]
    Bind {
        /// The loopback address asked for.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// A store's file is damaged, or not one of ours.
    #[error(
        "cannot open the {service} store ({reason}): move its files out of the data directory to begin anew"
    )]
    Store {
        /// `DynamoDB`, `S3`, `SQS`, `SecretsManager` or `SES`.
        service: &'static str,
        /// What the database said.
        reason: String,
    },
}
