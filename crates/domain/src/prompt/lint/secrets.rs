//! What looks like a secret. A model repeats its instructions to a caller who asks cleverly enough.

use std::ops::Range;

use strum::IntoStaticStr;

use super::{Lint, Place};
use crate::access;
use crate::text::folded;

/// What a secret looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum SecretKind {
    /// A key of this product or of a known provider.
    ApiKey,
    /// A signed token (JWT).
    Token,
    /// A private key in PEM.
    PrivateKey,
    /// An address with a password in it, or a text behind the word "password".
    Password,
    /// A payment card's number, by its check digit.
    CardNumber,
    /// Letters and digits without an order.
    Random,
}

impl SecretKind {
    /// The word for programs.
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// Whether it can hardly be something else.
    pub(super) const fn is_certain(self) -> bool {
        match self {
            Self::ApiKey | Self::Token | Self::PrivateKey | Self::Password => true,
            Self::CardNumber | Self::Random => false,
        }
    }

    pub(super) const fn noun(self) -> &'static str {
        match self {
            Self::ApiKey => "an API key",
            Self::Token => "a token",
            Self::PrivateKey => "a private key",
            Self::Password => "a password",
            Self::CardNumber => "a payment card's number",
            Self::Random => "a key or password",
        }
    }
}

/// Beginnings of keys, as their issuers document them, with the fewest characters that follow.
const PREFIXES: [(&str, usize); 17] = [
    (access::PREFIX, 20),
    ("sk-", 20),
    ("sk_live_", 10),
    ("sk_test_", 10),
    ("rk_live_", 10),
    ("ghp_", 20),
    ("gho_", 20),
    ("github_pat_", 20),
    ("glpat-", 16),
    ("xoxb-", 10),
    ("xoxp-", 10),
    ("AIza", 30),
    ("SG.", 30),
    ("whsec_", 16),
    ("AKIA", 16),
    ("ASIA", 16),
    ("EAA", 60),
];

/// Words behind which a password stands, in all languages, folded.
const LABELS: [&str; 22] = [
    "password",
    "passwort",
    "kennwort",
    "passcode",
    "pwd",
    "passwd",
    "apikey",
    "api_key",
    "api-key",
    "secret",
    "token",
    "contraseña",
    "clave",
    "senha",
    "wachtwoord",
    "hasło",
    "пароль",
    "şifre",
    "parola",
    "סיסמה",
    "סיסמא",
    "password_hash",
];

const PEM: &str = "-----BEGIN ";
const PRIVATE_KEY: &str = "PRIVATE KEY";
/// Random keys are at least so long.
const RANDOM_CHARS: usize = 24;

pub(super) fn lint(text: &str) -> Vec<(Place, Lint)> {
    let mut found: Vec<(Range<usize>, SecretKind)> = vec![];
    let mut add = |range: Range<usize>, kind| {
        if found.iter().all(|(known, _)| range.end <= known.start || known.end <= range.start) {
            found.push((range, kind));
        }
    };
    for (start, _) in text.match_indices(PEM) {
        let line = text[start..].lines().next().unwrap_or_default();
        if let Some(at) = line.find(PRIVATE_KEY) {
            let behind = &line[at + PRIVATE_KEY.len()..];
            let dashes = behind.len() - behind.trim_start_matches('-').len();
            add(start..start + at + PRIVATE_KEY.len() + dashes, SecretKind::PrivateKey);
        }
    }
    let pieces = pieces(text);
    for (index, range) in pieces.iter().enumerate() {
        if let Some(kind) = kind(&text[range.clone()]) {
            add(range.clone(), kind);
        } else if let Some(value) = labelled(text, &pieces, index) {
            add(value, SecretKind::Password);
        }
    }
    for range in cards(text) {
        add(range, SecretKind::CardNumber);
    }
    found.into_iter().map(|(range, kind)| (Place::of(text, range), Lint::Secret(kind))).collect()
}

/// What stands between spaces, quotes and brackets.
fn pieces(text: &str) -> Vec<Range<usize>> {
    let parts = |c: char| c.is_whitespace() || "\"'`´’“”„«»()<>[]{}|,;".contains(c);
    let mut pieces = vec![];
    let mut start = 0;
    for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
        if parts(c) {
            let piece = text[start..at].trim_end_matches(['.', '!', '?', '…']);
            if !piece.is_empty() {
                pieces.push(start..start + piece.len());
            }
            start = at + c.len_utf8();
        }
    }
    pieces
}

fn kind(piece: &str) -> Option<SecretKind> {
    // What follows the last of these may be a key: `key=...`, `Authorization:...`.
    let value = piece.rsplit(['=', ':']).next().unwrap_or(piece);
    let of_key = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let by_prefix = PREFIXES.iter().any(|(prefix, least)| {
        let rest = value.strip_prefix(prefix);
        rest.is_some_and(|rest| {
            rest.len() >= *least && rest.chars().all(of_key) && rest.chars().any(|c| c.is_ascii_digit())
        })
    });
    let hex = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    let twilio_key = value.strip_prefix("SK").is_some_and(|rest| rest.len() == 32 && hex(rest));
    if by_prefix || twilio_key {
        return Some(SecretKind::ApiKey);
    }
    let parts: Vec<&str> = value.split('.').collect();
    if let [header, body, signature] = parts.as_slice()
        && header.starts_with("eyJ")
        && body.starts_with("eyJ")
        && signature.len() >= 10
    {
        return Some(SecretKind::Token);
    }
    if let Some((_, rest)) = piece.split_once("://") {
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let user = host.rsplit_once('@').map(|(user, _)| user);
        let has_password =
            user.and_then(|user| user.split_once(':')).is_some_and(|(_, password)| !password.is_empty());
        return has_password.then_some(SecretKind::Password);
    }
    let digits = value.bytes().filter(u8::is_ascii_digit).count();
    if [32, 40, 64].contains(&value.len()) && hex(value) && digits >= 4 && digits < value.len() {
        return Some(SecretKind::Random);
    }
    let upper = value.bytes().filter(u8::is_ascii_uppercase).count();
    let lower = value.bytes().filter(u8::is_ascii_lowercase).count();
    let random = value.len() >= RANDOM_CHARS
        && value.chars().all(|c| c.is_ascii_alphanumeric() || "-_+/".contains(c))
        && [upper, lower, digits].into_iter().all(|count| count >= 4);
    random.then_some(SecretKind::Random)
}

/// The value behind a label: `password: hunter2`, `Passwort=geheim7`.
fn labelled(text: &str, pieces: &[Range<usize>], index: usize) -> Option<Range<usize>> {
    let range = pieces[index].clone();
    let piece = &text[range.clone()];
    let mark = piece.find([':', '='])?;
    if !LABELS.contains(&folded(&piece[..mark]).as_str()) {
        return None;
    }
    let behind = range.start + mark + 1..range.end;
    let value = if behind.is_empty() { pieces.get(index + 1)?.clone() } else { behind };
    // On the same line and hardly a word: it has a digit or a sign.
    let same_line = !text[range.start..value.start].contains('\n');
    let secret = &text[value.clone()];
    let odd =
        secret.chars().any(|c| c.is_numeric()) || secret.contains(['!', '#', '$', '%', '*', '+', '@', '_']);
    (same_line && odd && secret.chars().count() >= 4).then_some(value)
}

/// Runs of 13 to 19 digits in groups whose last digit checks the others (Luhn), as on payment cards.
fn cards(text: &str) -> Vec<Range<usize>> {
    let mut found = vec![];
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        if !bytes[at].is_ascii_digit() {
            at += 1;
            continue;
        }
        let start = at;
        let mut end = at;
        let mut digits = vec![];
        while at < bytes.len() {
            let byte = bytes[at];
            if byte.is_ascii_digit() {
                digits.push(u32::from(byte - b'0'));
                end = at + 1;
            } else if !matches!(byte, b' ' | b'-') || at > end {
                break;
            }
            at += 1;
        }
        // An international telephone number begins with a plus sign.
        let telephone = start > 0 && bytes[start - 1] == b'+';
        let issuer = digits.first().is_some_and(|first| (3..=6).contains(first));
        if !telephone && issuer && (13..=19).contains(&digits.len()) && checks(&digits) {
            found.push(start..end);
        }
    }
    found
}

fn checks(digits: &[u32]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(index, digit)| match (index % 2, digit * 2) {
            (0, _) => *digit,
            (_, double) if double > 9 => double - 9,
            (_, double) => double,
        })
        .sum();
    sum.is_multiple_of(10)
}
