//! Clients of the AWS SDK, set up as the product sets them up.

use std::fmt::Debug;

use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region, SharedHttpClient};
use aws_sdk_s3::error::ProvideErrorMetadata;
use local_aws::{Config, Endpoints};

/// Where the endpoints are: these ones, or another process's.
#[derive(Debug, Clone)]
pub(crate) struct Clients {
    pub(crate) dynamodb: aws_sdk_dynamodb::Client,
    pub(crate) s3: aws_sdk_s3::Client,
    pub(crate) sqs: aws_sdk_sqs::Client,
    pub(crate) secrets: aws_sdk_secretsmanager::Client,
}

/// Endpoints that keep nothing, and their clients.
pub(crate) async fn start() -> (Endpoints, Clients) {
    start_with(Config::default()).await
}

pub(crate) async fn start_with(config: Config) -> (Endpoints, Clients) {
    let endpoints = Endpoints::start(config).await.unwrap();
    let clients = Clients::new(|name| {
        endpoints.env().into_iter().find(|(known, _)| known == name).map(|(_, value)| value)
    });
    (endpoints, clients)
}

macro_rules! config {
    ($sdk:ident, $url:expr, $credentials:expr) => {
        $sdk::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(local_aws::REGION))
            .credentials_provider($credentials)
            .http_client(http_client())
            .endpoint_url($url)
    };
}

impl Clients {
    /// Clients for the environment that `variable` looks up.
    pub(crate) fn new(variable: impl Fn(&str) -> Option<String>) -> Self {
        let url = |service: &str| variable(&format!("AWS_ENDPOINT_URL_{service}")).unwrap();
        let (id, secret) = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY");
        let pair = Credentials::new(variable(id).unwrap(), variable(secret).unwrap(), None, None, "local");
        let dynamodb = config!(aws_sdk_dynamodb, url("DYNAMODB"), pair.clone()).build();
        let s3 = config!(aws_sdk_s3, url("S3"), pair.clone()).force_path_style(true).build();
        let sqs = config!(aws_sdk_sqs, url("SQS"), pair.clone()).build();
        let secrets = config!(aws_sdk_secretsmanager, url("SECRETS_MANAGER"), pair).build();
        Self {
            dynamodb: aws_sdk_dynamodb::Client::from_conf(dynamodb),
            s3: aws_sdk_s3::Client::from_conf(s3),
            sqs: aws_sdk_sqs::Client::from_conf(sqs),
            secrets: aws_sdk_secretsmanager::Client::from_conf(secrets),
        }
    }
}

/// An HTTP client without AWS in it, as a browser is that follows a link.
pub(crate) fn browser() -> reqwest::Client {
    // Another test may have installed it; the client only asks that there is one.
    drop(rustls::crypto::ring::default_provider().install_default());
    reqwest::Client::new()
}

/// The error code of a refused call.
pub(crate) fn code<T: Debug>(refused: Result<T, impl ProvideErrorMetadata>) -> String {
    refused.unwrap_err().code().unwrap_or("none").to_owned()
}

/// Bytes that no two positions share in a short distance, so that a part out of place shows.
pub(crate) fn pattern(length: usize) -> Vec<u8> {
    (0..length).map(|index| (index.wrapping_mul(2_654_435_761) >> 13).to_le_bytes()[0]).collect()
}

fn http_client() -> SharedHttpClient {
    aws_smithy_http_client::Builder::new().build_http()
}
