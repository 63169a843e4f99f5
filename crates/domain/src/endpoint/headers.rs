//! Headers that a business adds to what is sent to its endpoint, such as a key of its own gateway.

/// The most headers of one endpoint.
pub const MAX_HEADERS: usize = 20;
/// The longest name, bytes.
pub const MAX_NAME: usize = 64;
/// The longest value, bytes.
pub const MAX_VALUE: usize = 1_024;

/// Headers of the connection or of the request itself, which the sender alone sets.
const OURS: [&str; 12] = [
    "connection",
    "expect",
    "host",
    "idempotency-key",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
];
/// Groups of headers that the sender alone sets.
const OUR_GROUPS: [&str; 2] = ["content-", "webhook-"];

/// Why a header cannot be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidHeader {
    /// Not a name of a header.
    #[error("a header's name has 1 to 64 of the letters, digits and signs that HTTP allows")]
    Name,
    /// One that the sender sets.
    #[error("this header is set by the sender")]
    Ours,
    /// Not a value of a header.
    #[error("a header's value has at most 1,024 visible ASCII characters and spaces between them")]
    Value,
}

/// Whether a header may be added.
///
/// # Errors
/// [`InvalidHeader`].
pub fn check(name: &str, value: &str) -> Result<(), InvalidHeader> {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if !(1..=MAX_NAME).contains(&name.len()) || !name.bytes().all(is_token) {
        return Err(InvalidHeader::Name);
    }
    let lower = name.to_ascii_lowercase();
    if OURS.contains(&lower.as_str()) || OUR_GROUPS.iter().any(|group| lower.starts_with(group)) {
        return Err(InvalidHeader::Ours);
    }
    let is_visible = |byte: u8| byte == b' ' || byte.is_ascii_graphic();
    if value.len() > MAX_VALUE || value.trim() != value || !value.bytes().all(is_visible) {
        return Err(InvalidHeader::Value);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_of_the_business_is_added_and_none_of_the_senders_is_replaced() {
        assert_eq!(check("Authorization", "Bearer abc"), Ok(()));
        assert_eq!(check("X-Gateway-Key", ""), Ok(()));
        for ours in
            ["Host", "Content-Type", "content-length", "Webhook-Id", "WEBHOOK-SIGNATURE", "Transfer-Encoding"]
        {
            assert_eq!(check(ours, "x"), Err(InvalidHeader::Ours), "{ours}");
        }
        for wrong in ["", "a b", "a:b", "a\r\nHost", "grün", &"n".repeat(65)] {
            assert_eq!(check(wrong, "x"), Err(InvalidHeader::Name), "{wrong:?}");
        }
        for wrong in ["a\r\nx: y", "a\0", " a", "a\t", "ü", &"v".repeat(1_025)] {
            assert_eq!(check("x", wrong), Err(InvalidHeader::Value), "{wrong:?}");
        }
    }
}
