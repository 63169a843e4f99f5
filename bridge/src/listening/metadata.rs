//! Where this process is reached by the other tasks.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use http::{Request, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use serde::Deserialize;
use tokio::time::timeout;
use url::Url;

use crate::protection::client;

const ANSWERED_WITHIN: Duration = Duration::from_secs(5);
const MAX_ANSWER_BYTES: usize = 256 * 1024;

/// The container's metadata (Amazon ECS developer guide, "Task metadata endpoint version 4"), as far as it is read.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Container {
    #[serde(default)]
    networks: Vec<Network>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Network {
    #[serde(default, rename = "IPv4Addresses")]
    ipv4_addresses: Vec<IpAddr>,
}

/// The address at which others reach a listener that is bound to `bound`: of the task's network interface if it is bound
/// to all. `None`: it is not known, and only views that arrive at this task hear its calls.
pub(crate) async fn own_address(bound: SocketAddr, metadata: Option<&Url>) -> Option<SocketAddr> {
    if !bound.ip().is_unspecified() {
        return Some(bound);
    }
    let metadata = metadata?;
    let asked = timeout(ANSWERED_WITHIN, ask(metadata)).await;
    match asked.unwrap_or_else(|_| Err("no answer in time".to_owned())) {
        Ok(address) => Some(SocketAddr::new(address, bound.port())),
        Err(error) => {
            tracing::error!(
                error,
                "the task's address is not known: other tasks cannot pass listeners on to it"
            );
            None
        }
    }
}

async fn ask(metadata: &Url) -> Result<IpAddr, String> {
    let request = Request::get(metadata.as_str()).body(Full::default()).map_err(|error| error.to_string())?;
    let answer = client().request(request).await.map_err(|error| error.to_string())?;
    if answer.status() != StatusCode::OK {
        return Err(format!("it answered {}", answer.status()));
    }
    let body = Limited::new(answer.into_body(), MAX_ANSWER_BYTES).collect().await;
    let body = body.map_err(|error| error.to_string())?.to_bytes();
    let container: Container = serde_json::from_slice(&body).map_err(|error| error.to_string())?;
    let mut addresses = container.networks.into_iter().flat_map(|network| network.ipv4_addresses);
    addresses.next().ok_or_else(|| "the task's metadata names none".to_owned())
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::routing::get;
    use tokio::net::TcpListener;

    use super::*;

    async fn answering(body: &'static str) -> Url {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/v4/task", listener.local_addr().unwrap()).parse().unwrap();
        let router = Router::new().route("/v4/task", get(async move || body));
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        url
    }

    #[tokio::test]
    async fn the_address_is_of_the_task_s_interface_if_the_listener_is_bound_to_all() {
        let everywhere: SocketAddr = "0.0.0.0:8080".parse().unwrap();
        let metadata = answering(
            r#"{"DockerId":"x","Networks":[{"NetworkMode":"awsvpc","IPv4Addresses":["10.0.2.61"],"AttachmentIndex":0}]}"#,
        )
        .await;
        let address = own_address(everywhere, Some(&metadata)).await;
        assert_eq!(address, Some("10.0.2.61:8080".parse().unwrap()));
        let bound: SocketAddr = "127.0.0.1:4000".parse().unwrap();
        assert_eq!(own_address(bound, None).await, Some(bound));
        assert_eq!(own_address(everywhere, None).await, None);
        for odd in ["{}", r#"{"Networks":[]}"#, r#"{"Networks":[{"IPv4Addresses":[]}]}"#, "none", "[]"] {
            assert_eq!(own_address(everywhere, Some(&answering(odd).await)).await, None, "{odd}");
        }
    }
}
