//! The Twilio keys that businesses bring: one secret of Secrets Manager for each business, named by the deployment's
//! prefix and the business's id.
//!
//! A reader holds what it read for [`HELD`]. Who finds that a key does not fit asks once more, past what is held; but a
//! secret is read at most once in [`READ_EVERY`], so that a flood of forged webhooks is no flood of reads, each of which
//! costs money.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::{ProvideErrorMetadata, SdkError};
use domain::own_account::OwnAccounts;
use domain::{BusinessId, Timestamp};
use moka::future::Cache;
use tokio::sync::Mutex;

use crate::aws::Aws;
use crate::clock::Clock;
use crate::telemetry::{self, Unit};

/// How long what was read is believed.
pub const HELD: Duration = Duration::from_secs(5 * 60);
/// The time from one reading of a secret to the next, whatever is asked meanwhile.
pub const READ_EVERY: Duration = Duration::from_secs(30);
/// How long what was read is used while Secrets Manager does not answer.
pub const STALE: Duration = Duration::from_secs(60 * 60);
/// The time from a reading that failed to the next one.
const READ_AFTER_FAILURE: Duration = Duration::from_secs(2);
/// A caller waits for the answer.
const WITHIN: Duration = Duration::from_secs(3);
/// Businesses whose secrets are held; those that were not asked for the longest go first.
const MAX_HELD: u64 = 1_000;

/// Secrets Manager did not say what it holds.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a business's secret cannot be {0} ({1}): check Secrets Manager and the role's permission")]
pub struct Unavailable(&'static str, String);

/// Held by everything that verifies webhooks or asks Twilio.
#[derive(Debug, Clone)]
pub struct Reader(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    secrets: Secrets,
    clock: Clock,
    held: Cache<BusinessId, Arc<Mutex<Held>>>,
}

/// What is known of one secret.
#[derive(Debug, Default)]
struct Held {
    /// `None`: there is no such secret.
    found: Option<Arc<OwnAccounts>>,
    read_at: Option<Timestamp>,
    failed: Option<(Timestamp, Unavailable)>,
}

impl Reader {
    /// `prefix` is what the secrets' names begin with.
    pub fn new(aws: &Aws, prefix: &str) -> Self {
        let held = Cache::builder().max_capacity(MAX_HELD).build();
        Self(Arc::new(Shared { secrets: Secrets::new(aws, prefix), clock: aws.clock.clone(), held }))
    }

    /// The accounts of a business; `None` if it brought none.
    ///
    /// # Errors
    /// [`Unavailable`] if it was not read before, or too long ago.
    pub async fn of(&self, business: &BusinessId) -> Result<Option<Arc<OwnAccounts>>, Unavailable> {
        self.no_older_than(HELD, business).await
    }

    /// The same, read anew unless that was done a moment ago: for who found that a key does not fit.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub async fn again(&self, business: &BusinessId) -> Result<Option<Arc<OwnAccounts>>, Unavailable> {
        self.no_older_than(READ_EVERY, business).await
    }

    async fn no_older_than(
        &self,
        age: Duration,
        business: &BusinessId,
    ) -> Result<Option<Arc<OwnAccounts>>, Unavailable> {
        let Shared { secrets, clock, held } = &*self.0;
        let held = held.get_with(business.clone(), async { Arc::default() }).await;
        // Those who ask at the same time wait for one reading.
        let mut held = held.lock().await;
        let now = clock.now();
        if held.read_at.is_some_and(|read| now.since(read) < age) {
            return Ok(held.found.clone());
        }
        if held.failed.as_ref().is_none_or(|(at, _)| now.since(*at) >= READ_AFTER_FAILURE) {
            match secrets.get(business).await {
                Ok(found) => {
                    let found = found.map(Arc::new);
                    *held = Held { found: found.clone(), read_at: Some(now), failed: None };
                    return Ok(found);
                }
                Err(error) => {
                    tracing::error!(%error, %business, "the Twilio keys of a business are not read");
                    held.failed = Some((now, error));
                }
            }
        }
        match &held.failed {
            Some((_, error)) if held.read_at.is_none_or(|read| now.since(read) >= STALE) => {
                Err(error.clone())
            }
            _ => Ok(held.found.clone()),
        }
    }
}

/// Held by the one function that sets the keys, and by the sweep that deletes those of deleted businesses.
#[derive(Debug, Clone)]
pub struct Writer(Secrets);

impl Writer {
    /// `prefix` is what the secrets' names begin with.
    pub fn new(aws: &Aws, prefix: &str) -> Self {
        Self(Secrets::new(aws, prefix))
    }

    /// What is stored now; nothing for a business that brought no account.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub async fn stored(&self, business: &BusinessId) -> Result<OwnAccounts, Unavailable> {
        Ok(self.0.get(business).await?.unwrap_or_default())
    }

    /// Stores this in place of what is there.
    ///
    /// # Errors
    /// [`Unavailable`]; storing it again is safe.
    pub async fn store(&self, business: &BusinessId, accounts: &OwnAccounts) -> Result<(), Unavailable> {
        let text =
            serde_json::to_string(accounts).map_err(|error| Unavailable("written", error.to_string()))?;
        let (client, name) = (&self.0.client, self.0.name(business));
        let failed = |code: String| Unavailable("written", code);
        let put = async || {
            let request = client.put_secret_value().secret_id(&name).secret_string(&text);
            request.send().await.map(drop).map_err(|error| code(&error))
        };
        match put().await {
            Err(code) if code == NOT_THERE => {}
            done => return done.map_err(failed),
        }
        let request = client.create_secret().name(&name).secret_string(&text);
        let request = request.description("Twilio keys that a business brought");
        match request.send().await {
            Ok(_) => Ok(()),
            Err(error) if code(&error) == THERE => put().await.map_err(failed),
            Err(error) => Err(failed(code(&error))),
        }
    }

    /// Deletes the secret of a business for good. One that is not there is deleted.
    ///
    /// # Errors
    /// [`Unavailable`]; deleting it again is safe.
    pub async fn delete(&self, business: &BusinessId) -> Result<(), Unavailable> {
        let request = self.0.client.delete_secret().secret_id(self.0.name(business));
        match request.force_delete_without_recovery(true).send().await {
            Ok(_) => Ok(()),
            Err(error) if code(&error) == NOT_THERE => Ok(()),
            Err(error) => Err(Unavailable("deleted", code(&error))),
        }
    }
}

const NOT_THERE: &str = "ResourceNotFoundException";
const THERE: &str = "ResourceExistsException";
/// What is told of a secret that waits for its deletion.
const LEAVING: &str = "InvalidRequestException";

fn code<E: ProvideErrorMetadata>(error: &SdkError<E>) -> String {
    error.as_service_error().and_then(ProvideErrorMetadata::code).unwrap_or("no answer").to_owned()
}

#[derive(Debug, Clone)]
struct Secrets {
    client: Client,
    prefix: Arc<str>,
}

impl Secrets {
    fn new(aws: &Aws, prefix: &str) -> Self {
        Self { client: aws.secrets_manager.clone(), prefix: prefix.into() }
    }

    fn name(&self, business: &BusinessId) -> String {
        format!("{}{business}", self.prefix)
    }

    async fn get(&self, business: &BusinessId) -> Result<Option<OwnAccounts>, Unavailable> {
        let request = self.client.get_secret_value().secret_id(self.name(business)).send();
        let read = match tokio::time::timeout(WITHIN, request).await {
            Err(_) => Err("no answer in time".to_owned()),
            Ok(Ok(value)) => serde_json::from_str(value.secret_string().unwrap_or_default())
                .map(Some)
                // Serde's message could quote the secret.
                .map_err(|_| "it is no document of ours".to_owned()),
            Ok(Err(error)) => match code(&error) {
                code if code == NOT_THERE || code == LEAVING => Ok(None),
                code => Err(code),
            },
        };
        let outcome = match &read {
            Ok(Some(_)) => "found",
            Ok(None) => "missing",
            Err(_) => "failed",
        };
        telemetry::metric("BusinessSecretReads", 1.0, Unit::Count, &[("Outcome", outcome)]);
        read.map_err(|code| Unavailable("read", code))
    }
}
