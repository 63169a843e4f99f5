//! Which addresses calls may go over: encrypted ones, and this machine's in the clear, for a test or a laptop.

use std::net::IpAddr;

/// Whether `text` is an absolute `https` address, or an `http` one of this machine.
pub fn is_web(text: &str) -> bool {
    is_guarded(text, "https", "http")
}

/// Whether `text` is an absolute `wss` address, or a `ws` one of this machine.
pub fn is_websocket(text: &str) -> bool {
    is_guarded(text, "wss", "ws")
}

/// Whether nothing in `text` must be escaped in an address.
pub(crate) fn is_plain(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_graphic())
}

fn is_guarded(text: &str, secure: &str, plain: &str) -> bool {
    let Some((scheme, rest)) = text.split_once("://") else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit_once(':').map_or(authority, |(host, port)| {
        if !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) { host } else { authority }
    });
    let has_host = !host.is_empty() && !host.contains('@');
    is_plain(text) && has_host && (scheme == secure || (scheme == plain && is_loopback(host)))
}

fn is_loopback(host: &str) -> bool {
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    host == "localhost" || bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_reached_in_the_clear() {
        for host in
            ["media.example", "localhost", "127.0.0.1:8080", "[::1]:9", "203.0.113.5", "[2001:db8::1]"]
        {
            assert!(
                is_web(&format!("https://{host}/a?b#c")) && is_websocket(&format!("wss://{host}")),
                "{host}"
            );
        }
        for host in ["localhost", "localhost:80", "127.0.0.1:8080", "127.9.9.9", "[::1]", "[::1]:9"] {
            assert!(is_web(&format!("http://{host}/a")) && is_websocket(&format!("ws://{host}")), "{host}");
        }
        for host in
            ["media.example", "203.0.113.5", "localhost.example", "127.0.0.1.example", "[2001:db8::1]"]
        {
            assert!(!is_web(&format!("http://{host}/a")) && !is_websocket(&format!("ws://{host}")), "{host}");
        }
    }

    #[test]
    fn an_address_has_a_host_no_user_and_the_scheme_of_its_kind() {
        for text in [
            "",
            "media.example",
            "/a",
            "https:///a",
            "https://user@host/",
            "ftp://host",
            "wss://host",
            "https://a b",
        ] {
            assert!(!is_web(text), "{text}");
        }
        assert!(!is_websocket("https://host") && !is_websocket("wss://:80"));
    }
}
