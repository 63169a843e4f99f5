//! An S3 and an SQS for one test.

use local_aws::{Config, Endpoints};
use platform::Aws;
use platform::env::MapEnv;

pub(crate) const BUCKET: &str = "recordings-test";

pub(crate) struct World {
    pub(crate) aws: Aws,
    endpoints: Endpoints,
}

impl World {
    pub(crate) async fn new() -> Self {
        let endpoints = Endpoints::start(Config::default()).await.unwrap();
        let env = endpoints.env();
        Self::reached_by(endpoints, env).await
    }

    /// The same with another S3.
    pub(crate) async fn with_s3_at(url: &url::Url) -> Self {
        let endpoints = Endpoints::start(Config::default()).await.unwrap();
        let mut env = endpoints.env();
        env.push(("AWS_ENDPOINT_URL_S3".into(), url.to_string()));
        Self::reached_by(endpoints, env).await
    }

    async fn reached_by(endpoints: Endpoints, env: Vec<(String, String)>) -> Self {
        let env: MapEnv = env.into_iter().collect();
        let aws = Aws::load(&env).await.unwrap();
        Self { aws, endpoints }
    }

    pub(crate) async fn with_bucket() -> Self {
        let world = Self::new().await;
        world.aws.s3.create_bucket().bucket(BUCKET).send().await.unwrap();
        world
    }

    pub(crate) fn sqs_url(&self) -> &str {
        self.endpoints.sqs.as_str()
    }
}

/// Runs all futures at once, on several threads, and gives their results.
pub(crate) async fn all_at_once<T: Send + 'static>(
    futures: impl IntoIterator<Item = impl Future<Output = T> + Send + 'static>,
) -> Vec<T> {
    let tasks: Vec<_> = futures.into_iter().map(tokio::spawn).collect();
    let mut results = Vec::new();
    for task in tasks {
        results.push(task.await.unwrap());
    }
    results
}
