//! ECS task scale-in protection: while calls live, neither a deployment nor the auto scaler may pick this
//! task. The agent's endpoint is plain HTTP inside the task (Amazon ECS developer guide, "Task scale-in
//! protection endpoint").

use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode, header};
use http_body_util::Full;
use hyper_util::client::legacy::{self, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use tokio::sync::watch;
use tokio::time::timeout;
use url::Url;

/// Long enough that a renewal at half of it may fail several times.
const PROTECTED_FOR: Duration = Duration::from_secs(60 * 60);
const AGENT_DEADLINE: Duration = Duration::from_secs(5);

/// When the agent is asked again.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    /// After it agreed.
    renew: Duration,
    /// After it refused, or did not answer.
    retry: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self { renew: PROTECTED_FOR / 2, retry: Duration::from_secs(30) }
    }
}

#[derive(Debug, thiserror::Error)]
enum AgentError {
    #[error("the ECS agent cannot be asked: {0}")]
    Http(#[from] hyper_util::client::legacy::Error),
    #[error("the request to the ECS agent cannot be built: {0}")]
    Request(#[from] http::Error),
    #[error("the ECS agent answered {0}: does the task role allow ecs:UpdateTaskProtection?")]
    Status(StatusCode),
    #[error("the ECS agent did not answer in time")]
    Timeout,
}

/// Holds the protection while `active` is above zero. Never ends; failures are retried, for a call must not
/// end because an agent does not answer.
pub(crate) async fn hold(agent: Url, mut active: watch::Receiver<usize>, pace: Pace) {
    let client = client();
    let mut protected = false;
    loop {
        let wanted = *active.borrow_and_update() > 0;
        // Renewing is setting it again.
        let settled = if wanted || protected {
            match timeout(AGENT_DEADLINE, set(&client, &agent, wanted))
                .await
                .unwrap_or(Err(AgentError::Timeout))
            {
                Ok(()) => {
                    protected = wanted;
                    true
                }
                Err(error) => {
                    tracing::warn!(%error, wanted, "task protection not changed");
                    false
                }
            }
        } else {
            true
        };
        let again = if settled { pace.renew } else { pace.retry };
        let changed = active.wait_for(|active| (*active > 0) != wanted);
        if let Ok(Err(_)) = timeout(again, changed).await {
            return;
        }
    }
}

pub(crate) type Client = legacy::Client<HttpConnector, Full<Bytes>>;

/// For what ECS answers within a task. It is asked so seldom that no connection is kept for the next time.
pub(crate) fn client() -> Client {
    legacy::Client::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build_http()
}

async fn set(client: &Client, agent: &Url, enabled: bool) -> Result<(), AgentError> {
    let body = if enabled {
        format!(r#"{{"ProtectionEnabled":true,"ExpiresInMinutes":{}}}"#, PROTECTED_FOR.as_secs() / 60)
    } else {
        r#"{"ProtectionEnabled":false}"#.to_owned()
    };
    let request = Request::put(format!("{}/task-protection/v1/state", agent.as_str().trim_end_matches('/')))
        .header(header::CONTENT_TYPE, "application/json")
        .body(Full::from(body))?;
    let status = client.request(request).await?.status();
    if status.is_success() { Ok(()) } else { Err(AgentError::Status(status)) }
}

#[cfg(test)]
mod tests;
