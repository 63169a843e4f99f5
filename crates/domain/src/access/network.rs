//! Addresses that a key may be used from.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

/// A block of addresses: `203.0.113.0/24`, `2001:db8::/32`, or one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Network(IpNet);

/// Why a text is no block of addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidNetwork {
    /// Neither an address nor a block of them.
    #[error("not a block of addresses: write it like `203.0.113.0/24` or `2001:db8::/32`")]
    Form,
    /// An address within a block where the block was to be named. The right one is said.
    #[error("bits are set beyond the prefix: the block is {0}")]
    HostBits(Network),
    /// An IPv4 block in IPv6 form.
    #[error("write IPv4 addresses as such, not within `::ffff:0:0/96`")]
    Mapped,
}

impl Network {
    /// Whether the address is in the block. An IPv4 address counts as such in IPv6 form, too.
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.contains(&address.to_canonical())
    }
}

impl FromStr for Network {
    type Err = InvalidNetwork;
    fn from_str(text: &str) -> Result<Self, InvalidNetwork> {
        let address = || text.parse::<IpAddr>().map(IpNet::from);
        let block = text.parse::<IpNet>().or_else(|_| address()).map_err(|_| InvalidNetwork::Form)?;
        if block.prefix_len() >= 96 && block.addr().to_canonical() != block.addr() {
            return Err(InvalidNetwork::Mapped);
        }
        if block != block.trunc() {
            return Err(InvalidNetwork::HostBits(Self(block.trunc())));
        }
        Ok(Self(block))
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

crate::as_text::as_text!(Network, InvalidNetwork);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn network(text: &str) -> Result<Network, InvalidNetwork> {
        text.parse()
    }

    #[test]
    fn a_block_is_named_by_its_first_address() {
        for (text, shown) in [
            ("203.0.113.0/24", "203.0.113.0/24"),
            ("203.0.113.7", "203.0.113.7/32"),
            ("2001:db8::/32", "2001:db8::/32"),
            ("::1", "::1/128"),
            ("0.0.0.0/0", "0.0.0.0/0"),
        ] {
            assert_eq!(network(text).map(|block| block.to_string()), Ok(shown.to_owned()));
        }
        assert_eq!(
            network("203.0.113.7/24"),
            Err(InvalidNetwork::HostBits(network("203.0.113.0/24").unwrap()))
        );
        for bad in ["", "203.0.113", "203.0.113.0/33", "203.0.113.0/", "example.com", "010.0.0.1"] {
            assert_eq!(network(bad), Err(InvalidNetwork::Form), "{bad}");
        }
        assert_eq!(network("::ffff:203.0.113.0/120"), Err(InvalidNetwork::Mapped));
    }

    #[test]
    fn an_ipv4_address_counts_in_ipv6_form() {
        let block = network("203.0.113.0/24").unwrap();
        for address in ["203.0.113.255", "::ffff:203.0.113.1"] {
            assert!(block.contains(address.parse().unwrap()), "{address}");
        }
        assert!(!block.contains("203.0.114.0".parse().unwrap()));
        assert!(!network("::/0").unwrap().contains("203.0.113.1".parse().unwrap()));
    }

    proptest! {
        #[test]
        fn a_block_reads_back(address in any::<IpAddr>(), prefix in 0_u8..=128) {
            let text = format!("{address}/{}", if address.is_ipv4() { prefix / 4 } else { prefix });
            if let Ok(block) | Err(InvalidNetwork::HostBits(block)) = network(&text) {
                prop_assert_eq!(network(&block.to_string()), Ok(block));
                prop_assert!(block.contains(address) || address.to_canonical() != address);
            }
        }
    }
}
