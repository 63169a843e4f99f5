//! Where a request came from, as the gateway or the connection tells it and never the request itself; and where we are,
//! as the settings tell it.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use http::request::Parts;
use lambda_http::request::RequestContext;
use url::Url;

/// The client's address as text; `None` when it is not known. Personal data: it is for hashing, not for logs.
#[derive(Clone, PartialEq, Eq)]
pub struct ClientAddress(pub Option<String>);

impl ClientAddress {
    /// What one subscriber has: the whole address of IPv4, the first 64 bits of IPv6. Within those a subscriber may use
    /// any address.
    pub fn network(&self) -> Option<String> {
        let text = self.0.as_ref()?;
        Some(match text.parse::<IpAddr>() {
            Ok(IpAddr::V6(address)) => match address.to_ipv4_mapped() {
                Some(mapped) => mapped.to_string(),
                None => {
                    let [a, b, c, d, ..] = address.segments();
                    Ipv6Addr::from([a, b, c, d, 0, 0, 0, 0]).to_string()
                }
            },
            Ok(IpAddr::V4(_)) | Err(_) => text.clone(),
        })
    }
}

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

/// The public address of one of our own paths. `base` may have a path of its own, which is kept: a proxy that shares the
/// host takes it off again.
pub fn of(base: &Url, path: &str) -> String {
    format!("{}{path}", base.as_str().trim_end_matches('/'))
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

    #[test]
    fn a_subscriber_of_ipv6_is_one_and_not_two_to_the_sixty_fourth() {
        let network = |text: &str| ClientAddress(Some(text.into())).network();
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), network("2001:db8:1:2::1"));
        assert_ne!(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
        assert_eq!(network("::ffff:198.51.100.7").as_deref(), Some("198.51.100.7"));
        assert_ne!(network("198.51.100.7"), network("198.51.100.8"));
        assert_eq!(ClientAddress(None).network(), None);
    }

    /// Cases C21 and B28.
    #[test]
    fn the_path_of_the_public_address_is_part_of_every_address_under_it() {
        for (base, address) in [
            ("https://calls.example", "https://calls.example/s/1"),
            ("https://calls.example/", "https://calls.example/s/1"),
            ("https://calls.example/prefix", "https://calls.example/prefix/s/1"),
            ("https://calls.example/two/parts/", "https://calls.example/two/parts/s/1"),
        ] {
            assert_eq!(of(&base.parse().unwrap(), "/s/1"), address);
        }
    }
}
