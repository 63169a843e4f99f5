//! The bytes that are signed.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha1::Sha1;
use sha2::Sha256;

use super::Algorithm;
use crate::{Form, SigningKey};

/// What may have been signed of a form: names and values one after the other, with nothing in between. Bytes that are
/// no text were signed as they were sent, or, by a signer that reads them first, as what replaces them.
pub(super) fn texts(form: &Form) -> Vec<Vec<u8>> {
    let text = form
        .sorted()
        .iter()
        .flat_map(|(name, value)| [name.as_bytes(), value.as_bytes()])
        .collect::<Vec<_>>();
    let sent = form.sorted_bytes().map(|sent| {
        sent.iter().flat_map(|(name, value)| [name.as_slice(), value.as_slice()]).collect::<Vec<_>>().concat()
    });
    sent.into_iter().chain([text.concat()]).collect()
}

/// Whether a form that begins with the name `first` may be the end of `url` as well: a query, or a part of one,
/// that was cut off.
pub(super) fn goes_on_in(url: &str, first: &str) -> bool {
    let separator = if without_fragment(url).contains('?') { '&' } else { '?' };
    first.starts_with(separator)
}

/// The MAC of `url` and `parameters`. An HMAC takes a key of any length; were one refused, the empty
/// result would equal no signature.
pub(super) fn mac(algorithm: Algorithm, key: &SigningKey, url: &str, parameters: &[u8]) -> Vec<u8> {
    let url = without_fragment(url).as_bytes();
    match algorithm {
        Algorithm::HmacSha1 => Hmac::<Sha1>::new_from_slice(key.as_bytes())
            .map(|mac| mac.chain_update(url).chain_update(parameters).finalize().into_bytes().to_vec()),
        Algorithm::HmacSha256 => Hmac::<Sha256>::new_from_slice(key.as_bytes())
            .map(|mac| mac.chain_update(url).chain_update(parameters).finalize().into_bytes().to_vec()),
    }
    .unwrap_or_default()
}

/// `url` and the other way to write its port: Twilio signs some requests with the default port
/// spelt out and some without any (the check in Twilio's own libraries).
pub(super) fn ports(url: &str) -> Vec<String> {
    let url = without_fragment(url);
    let mut urls = vec![url.to_owned()];
    let Some((scheme, rest)) = url.split_once("://") else { return urls };
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let port = authority
        .rfind(':')
        .filter(|colon| !authority[colon + 1..].is_empty())
        .filter(|colon| authority[colon + 1..].bytes().all(|b| b.is_ascii_digit()));
    urls.push(match port {
        Some(colon) => format!("{scheme}://{}{path}", &authority[..colon]),
        None if matches!(scheme, "https" | "wss") => format!("{scheme}://{authority}:443{path}"),
        None => format!("{scheme}://{authority}:80{path}"),
    });
    urls
}

/// `url`, and with the slash at the end of its path added or taken away.
pub(super) fn slashes(url: &str) -> [String; 2] {
    let url = without_fragment(url);
    let (path, query) = url.split_at(url.find('?').unwrap_or(url.len()));
    let other = match path.strip_suffix('/') {
        Some(bare) => format!("{bare}{query}"),
        None => format!("{path}/{query}"),
    };
    [url.to_owned(), other]
}

/// Fragments steer Twilio's retries and are neither sent nor signed.
fn without_fragment(url: &str) -> &str {
    url.split('#').next().unwrap_or(url)
}
