//! The AWS clients: built once, sharing one HTTP client and one configuration.

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::{Credentials, SharedHttpClient};
use aws_smithy_http_client::tls;
use url::Url;

use crate::clock::Clock;
use crate::env::{Parser, Reader, SettingsError};
use crate::mail::Ses;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(5);
const OPERATION_TIMEOUT: Duration = Duration::from_secs(10);
/// The first attempt and two more, in the SDK's standard mode.
const ATTEMPTS: u32 = 3;

/// Lambda ends an init phase after 10 s, and a function that never starts cannot even apologise.
pub const WARM_WITHIN: Duration = Duration::from_secs(2);

/// Longer than any quiet spell within a call, so that a busy process never pays a second handshake.
const POOL_IDLE_TIMEOUT: Duration = Duration::from_secs(90);

/// One client per service. Cloning shares everything.
#[derive(Debug, Clone)]
pub struct Aws {
    /// DynamoDB.
    pub dynamodb: aws_sdk_dynamodb::Client,
    /// S3.
    pub s3: aws_sdk_s3::Client,
    /// SQS.
    pub sqs: aws_sdk_sqs::Client,
    /// Secrets Manager.
    pub secrets_manager: aws_sdk_secretsmanager::Client,
    /// SES, which is asked without a client of the SDK.
    pub ses: Ses,
    /// The time that stores write and compare with.
    pub clock: Clock,
}

impl Aws {
    /// Reads `AWS_REGION` and, for endpoints that are not AWS's own, `AWS_ENDPOINT_URL_DYNAMODB`, `_S3`,
    /// `_SQS`, `_SECRETS_MANAGER` and `_SESV2` with `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`. In AWS only the region is set,
    /// and the SDK's own chain finds the credentials of the role.
    ///
    /// # Errors
    /// Every one of these variables that is malformed or missing.
    pub async fn load(env: &dyn Reader) -> Result<Self, SettingsError> {
        let endpoints = Endpoints::parse(env)?;
        crate::tls::install();
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .region(Region::new(endpoints.region.clone()))
            .http_client(http_client())
            .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
            .timeout_config(
                TimeoutConfig::builder()
                    .connect_timeout(CONNECT_TIMEOUT)
                    .operation_attempt_timeout(ATTEMPT_TIMEOUT)
                    .operation_timeout(OPERATION_TIMEOUT)
                    .build(),
            );
        if let Some(credentials) = endpoints.credentials.clone() {
            loader = loader.credentials_provider(credentials);
        }
        Ok(Self::assemble(&loader.load().await, &endpoints, env.clock()))
    }

    /// Loads the clients and settles `vars`: what is wrong with either is reported together.
    ///
    /// # Errors
    /// [`SettingsError`] names every variable at fault.
    pub async fn load_with(env: &dyn Reader, vars: Parser<'_>) -> Result<Self, SettingsError> {
        match (vars.finish(()), Self::load(env).await) {
            (Ok(()), loaded) => loaded,
            (Err(theirs), Ok(_)) => Err(theirs),
            (Err(theirs), Err(ours)) => Err(theirs.and(ours)),
        }
    }

    /// `config` is what the clients have in common: region, credentials, timeouts, retries, HTTP client.
    fn assemble(config: &SdkConfig, endpoints: &Endpoints, clock: Clock) -> Self {
        let mut dynamodb = aws_sdk_dynamodb::config::Builder::from(config);
        dynamodb.set_endpoint_url(endpoints.dynamodb.as_ref().map(Url::to_string));
        let mut s3 = aws_sdk_s3::config::Builder::from(config);
        s3.set_endpoint_url(endpoints.s3.as_ref().map(Url::to_string));
        // A bucket as a host name needs a DNS that knows it; only AWS has that.
        s3.set_force_path_style(endpoints.s3.as_ref().map(|_| true));
        let mut sqs = aws_sdk_sqs::config::Builder::from(config);
        sqs.set_endpoint_url(endpoints.sqs.as_ref().map(Url::to_string));
        let mut secrets = aws_sdk_secretsmanager::config::Builder::from(config);
        secrets.set_endpoint_url(endpoints.secrets_manager.as_ref().map(Url::to_string));
        Self {
            secrets_manager: aws_sdk_secretsmanager::Client::from_conf(secrets.build()),
            dynamodb: aws_sdk_dynamodb::Client::from_conf(dynamodb.build()),
            s3: aws_sdk_s3::Client::from_conf(s3.build()),
            sqs: aws_sdk_sqs::Client::from_conf(sqs.build()),
            ses: Ses {
                url: endpoints.ses.clone(),
                region: endpoints.region.clone(),
                credentials: config.credentials_provider(),
            },
            clock,
        }
    }

    /// Opens the connection to DynamoDB by reading a row of `table` that does not exist, so that the first
    /// webhook does not pay the TLS handshake. Meant for a function's init phase, whose CPU is not throttled.
    /// A failure, or no answer for [`WARM_WITHIN`], is logged and left to the first real request.
    pub async fn warm(&self, table: &str) {
        let key = |text: &str| aws_sdk_dynamodb::types::AttributeValue::S(text.to_owned());
        // Consistent, so that no read of a function ever is not: a test looks at all of them.
        let read = self.dynamodb.get_item().table_name(table).key("pk", key("warm")).consistent_read(true);
        // Leases is the one table without a sort key; there the read is refused, and the connection is open.
        let read = read.key("sk", key("warm")).send();
        let reached = match tokio::time::timeout(WARM_WITHIN, read).await {
            Ok(Ok(_)) => true,
            Ok(Err(error)) => error.as_service_error().is_some(),
            Err(_) => false,
        };
        if !reached {
            tracing::warn!(table, "DynamoDB could not be reached during start-up");
        }
    }
}

fn http_client() -> SharedHttpClient {
    aws_smithy_http_client::Builder::new()
        .pool_idle_timeout(POOL_IDLE_TIMEOUT)
        .tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring))
        .build_https()
}

struct Endpoints {
    region: String,
    credentials: Option<Credentials>,
    dynamodb: Option<Url>,
    s3: Option<Url>,
    sqs: Option<Url>,
    secrets_manager: Option<Url>,
    ses: Option<Url>,
}

impl Endpoints {
    fn parse(env: &dyn Reader) -> Result<Self, SettingsError> {
        let mut parser = Parser::new(env);
        let region = parser.text("AWS_REGION");
        let dynamodb = parser.optional_url("AWS_ENDPOINT_URL_DYNAMODB");
        let s3 = parser.optional_url("AWS_ENDPOINT_URL_S3");
        let sqs = parser.optional_url("AWS_ENDPOINT_URL_SQS");
        let secrets_manager = parser.optional_url("AWS_ENDPOINT_URL_SECRETS_MANAGER");
        let ses = parser.optional_url("AWS_ENDPOINT_URL_SESV2");
        let elsewhere = [&dynamodb, &s3, &sqs, &secrets_manager, &ses].into_iter().any(Option::is_some);
        let credentials = elsewhere.then(|| {
            let (id, secret) = (parser.text("AWS_ACCESS_KEY_ID"), parser.secret("AWS_SECRET_ACCESS_KEY"));
            Credentials::new(id, secret.expose(), parser.optional("AWS_SESSION_TOKEN"), None, "settings")
        });
        parser.finish(Self { region, credentials, dynamodb, s3, sqs, secrets_manager, ses })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::env::MapEnv;

    #[tokio::test]
    async fn an_endpoint_without_credentials_is_refused_before_anything_is_sent() {
        let env: MapEnv = [("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")].into_iter().collect();
        let error = Aws::load(&env).await.unwrap_err();
        assert_eq!(
            error.names().collect::<Vec<_>>(),
            ["AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]
        );
    }
}
