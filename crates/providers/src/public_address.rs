//! Which addresses a business may have us connect to.
//!
//! A business names the addresses of its own tools and webhooks. None of them may lead into the deployment:
//! to the metadata service, a load balancer's inside or this very process. So names are resolved here, every
//! address is looked at, and the connection is made to the addresses that were looked at and no other.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use platform::tls::{self, NoTrustStore};
use reqwest::Client;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect::Policy;
use url::{Host, Url};

/// Where requests on behalf of a business may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Reach {
    /// Public addresses, over TLS.
    #[default]
    Public,
    /// This machine as well, and in the clear: a laptop's tools.
    AndLoopback,
}

/// Why an address is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotPublic {
    /// It does not begin with `https`.
    #[error("the address must begin with https:// and carry no user name")]
    Scheme,
    /// It is not an address that may be reached.
    #[error("the address leads into a network that is not public")]
    Address,
}

/// The resolver did not say where a name leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotResolved {
    /// There is no such name.
    #[error("there is no such name")]
    UnknownName,
    /// It did not answer, or failed: the name may well exist.
    #[error("the resolver does not work")]
    Resolver,
}

impl NotResolved {
    /// The standard library keeps the resolver's code to itself and gives its words: those of glibc, musl and Apple for a
    /// name that is not there. Whatever else it says may pass.
    fn of(error: &std::io::Error) -> Self {
        const UNKNOWN: [&str; 4] = [
            "Name or service not known",
            "No address associated",
            "Name does not resolve",
            "nodename nor servname",
        ];
        let said = error.to_string();
        if UNKNOWN.iter().any(|words| said.contains(words)) { Self::UnknownName } else { Self::Resolver }
    }
}

impl Reach {
    /// A client that goes as far as this and no further: it follows no redirect, asks no proxy, and connects within this time.
    ///
    /// # Errors
    /// [`NoTrustStore`].
    pub(crate) fn client(self, connect_within: Duration) -> Result<Client, NoTrustStore> {
        let client = tls::client()?.connect_timeout(connect_within).redirect(Policy::none()).no_proxy();
        client.dns_resolver(self).build().map_err(|_| NoTrustStore)
    }

    /// Looks at what can be seen of an address without resolving its name.
    ///
    /// # Errors
    /// [`NotPublic`]; every spelling of a numeric address is read as the browser would read it (WHATWG URL).
    pub fn check(self, url: &Url) -> Result<(), NotPublic> {
        if !url.username().is_empty() || url.password().is_some() {
            return Err(NotPublic::Scheme);
        }
        let address = match url.host() {
            Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
            Some(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
            Some(Host::Domain("localhost")) => Some(IpAddr::V4(Ipv4Addr::LOCALHOST)),
            Some(Host::Domain(_)) => None,
            None => return Err(NotPublic::Scheme),
        };
        let loopback = self == Self::AndLoopback && address.is_some_and(|address| address.is_loopback());
        match url.scheme() {
            "https" => {}
            "http" if loopback => {}
            _ => return Err(NotPublic::Scheme),
        }
        match address {
            Some(address) if !self.reaches(address) => Err(NotPublic::Address),
            Some(_) | None => Ok(()),
        }
    }

    fn reaches(self, address: IpAddr) -> bool {
        is_public(address) || (self == Self::AndLoopback && address.is_loopback())
    }
}

/// Resolves a name to those of its addresses that may be reached; a name without one is an error.
impl Resolve for Reach {
    fn resolve(&self, name: Name) -> Resolving {
        let reach = *self;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await;
            let found = found.map_err(|error| NotResolved::of(&error))?;
            let public: Vec<SocketAddr> = found.filter(|found| reach.reaches(found.ip())).collect();
            if public.is_empty() {
                return Err(NotPublic::Address.into());
            }
            Ok(Box::new(public.into_iter()) as Addrs)
        })
    }
}

/// Whether an address is one of the public Internet's (IANA's special-purpose address registries).
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !(address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || address.is_multicast()
        || a == 0
        || a >= 240
        // Shared address space (RFC 6598), where clouds keep services of their own.
        || (a == 100 && (64..128).contains(&b))
        // Protocol assignments, 6to4 relays, benchmarks.
        || (a == 192 && b == 0 && c == 0)
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && (b == 18 || b == 19)))
}

/// Global unicast is 2000::/3, less what carries IPv4 inside or documents something. Addresses that map or
/// translate IPv4 lie outside it.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    let tunnels = (first == 0x2001 && second < 0x0200) || first == 0x2002;
    let documents = (first == 0x2001 && second == 0x0db8) || (first == 0x3fff && second < 0x1000);
    first & 0xe000 == 0x2000 && !tunnels && !documents
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(url: &str) -> Result<(), NotPublic> {
        Reach::Public.check(&Url::parse(url).unwrap())
    }

    /// The last row of the fault catalogue: tenant addresses must not lead inside.
    #[test]
    fn no_spelling_of_an_inner_address_passes() {
        for inner in [
            "https://169.254.169.254/latest/meta-data/",
            "https://2852039166/",
            "https://0xA9FEA9FE/",
            "https://0251.0376.0251.0376/",
            "https://169.254.43518/",
            "https://127.0.0.1/",
            "https://127.1/",
            "https://0/",
            "https://localhost/",
            "https://LOCALHOST/",
            "https://10.0.0.1/",
            "https://172.16.0.1/",
            "https://192.168.1.1/",
            "https://100.64.0.1/",
            "https://198.18.0.1/",
            "https://224.0.0.1/",
            "https://255.255.255.255/",
            "https://[::1]/",
            "https://[::]/",
            "https://[::ffff:169.254.169.254]/",
            "https://[::ffff:7f00:1]/",
            "https://[64:ff9b::a9fe:a9fe]/",
            "https://[fd00:ec2::254]/",
            "https://[fe80::1]/",
            "https://[2002:7f00:1::]/",
            "https://[2001::1]/",
        ] {
            assert_eq!(check(inner), Err(NotPublic::Address), "{inner}");
        }
    }

    #[test]
    fn public_addresses_and_names_pass_over_tls_only() {
        for public in ["https://tools.example/a?b=c", "https://93.184.215.14/", "https://[2606:4700::1111]/"]
        {
            assert_eq!(check(public), Ok(()), "{public}");
        }
        for other in
            ["http://tools.example/", "ftp://tools.example/", "https://user@tools.example/", "file:///etc"]
        {
            assert_eq!(check(other), Err(NotPublic::Scheme), "{other}");
        }
    }

    #[test]
    fn a_laptop_reaches_itself_and_still_nothing_private() {
        let check = |url: &str| Reach::AndLoopback.check(&Url::parse(url).unwrap());
        assert_eq!(check("http://127.0.0.1:9000/slots"), Ok(()));
        assert_eq!(check("http://localhost:9000/slots"), Ok(()));
        assert_eq!(check("http://10.0.0.1/"), Err(NotPublic::Scheme));
        assert_eq!(check("https://10.0.0.1/"), Err(NotPublic::Address));
    }

    #[test]
    fn a_name_that_is_not_there_is_told_from_a_resolver_that_does_not_work() {
        let of =
            |said: &str| NotResolved::of(&std::io::Error::other(format!("failed to lookup address: {said}")));
        assert_eq!(of("Name or service not known"), NotResolved::UnknownName);
        assert_eq!(of("Temporary failure in name resolution"), NotResolved::Resolver);
    }

    /// A name may resolve to anything, and to something else a moment later.
    #[tokio::test]
    async fn a_name_that_resolves_to_an_inner_address_is_not_connected_to() {
        let resolved = Reach::Public.resolve("localhost".parse().unwrap()).await;
        assert!(resolved.is_err());
        assert!(Reach::AndLoopback.resolve("localhost".parse().unwrap()).await.unwrap().count() > 0);
    }
}
