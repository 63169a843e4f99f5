//! Where a request came from, as told by whoever took the connection and never by the request itself.

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, FromRequestParts};
use http::request::Parts;
use lambda_http::request::RequestContext;

/// The client's address as text; `None` when nobody knows it. Personal data: it is for hashing, not for logs.
#[derive(Clone, PartialEq, Eq)]
pub struct ClientAddress(pub Option<String>);

impl<S: Send + Sync> FromRequestParts<S> for ClientAddress {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        // `X-Forwarded-For` is the client's to write, API Gateway's own word is not.
        let told = match parts.extensions.get::<RequestContext>() {
            Some(RequestContext::ApiGatewayV2(context)) => context.http.source_ip.clone(),
            Some(_) | None => None,
        };
        let connected = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        Ok(Self(told.or_else(|| connected.map(|ConnectInfo(address)| address.ip().to_string()))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_forwarded_header_is_not_believed() {
        let request = http::Request::builder().header("x-forwarded-for", "203.0.113.9").body(()).unwrap();
        let (mut parts, ()) = request.into_parts();
        let address =
            async |parts: &mut Parts| ClientAddress::from_request_parts(parts, &()).await.unwrap().0;
        assert_eq!(address(&mut parts).await, None);
        let peer: SocketAddr = "198.51.100.7:4711".parse().unwrap();
        parts.extensions.insert(ConnectInfo(peer));
        assert_eq!(address(&mut parts).await.as_deref(), Some("198.51.100.7"));
    }
}
