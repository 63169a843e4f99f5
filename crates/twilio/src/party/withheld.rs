//! What networks send in place of a number that a caller withholds.

/// Words that say so, alone or with [`FILLERS`].
const WORDS: [&str; 20] = [
    "anonym",
    "anonymous",
    "blocked",
    "confidential",
    "hidden",
    "inconnu",
    "oculto",
    "privado",
    "private",
    "privat",
    "prive",
    "privé",
    "restricted",
    "secret",
    "unavailable",
    "unbekannt",
    "undisclosed",
    "unknown",
    "unterdrückt",
    "withheld",
];

/// Words that stand beside those ("Private Number", "Caller ID unavailable").
const FILLERS: [&str; 8] = ["call", "caller", "callerid", "cli", "id", "name", "number", "user"];

/// What says so only as a whole, without spaces and signs.
const PHRASES: [&str; 8] =
    ["noid", "nocallerid", "nonumber", "notavailable", "numbernotavailable", "outofarea", "null", "none"];

/// Words spelt on a telephone's keypad (Twilio's help centre on calls from +266696687 and its like, and what other
/// systems have met): ANONYMOUS, RESTRICTED, UNAVAILABLE, BLOCKED, UNKNOWN, PRIVATE, WITHHELD, HIDDEN, and 464.
const KEYPAD: [&str; 9] =
    ["266696687", "7378742833", "86282452253", "2562533", "8656696", "7748283", "94844353", "443336", "464"];

pub(super) fn is_withheld(raw: &str) -> bool {
    let user = user(raw.trim());
    user.is_empty() || are_digits(user) || are_words(user)
}

/// `anonymous` of `sip:anonymous@anonymous.invalid` (RFC 3323, 4.1.1.3), which some networks send without its scheme.
fn user(raw: &str) -> &str {
    let address = super::strip_scheme(raw, "sip:").or_else(|| super::strip_scheme(raw, "sips:"));
    match address.unwrap_or(raw).split_once('@') {
        Some((user, _)) if !user.is_empty() => user,
        _ => raw,
    }
}

/// With or without the `+`, and with the country code that some networks put in front.
fn are_digits(text: &str) -> bool {
    let digits = text.strip_prefix('+').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return false;
    }
    let national = digits.strip_prefix('1').unwrap_or(digits);
    // No subscriber has a number of zeros.
    KEYPAD.contains(&digits)
        || KEYPAD.contains(&national)
        || (!national.is_empty() && national.bytes().all(|byte| byte == b'0'))
}

fn are_words(text: &str) -> bool {
    let lower = text.to_lowercase();
    let words: Vec<&str> =
        lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let whole = words.concat();
    let telling = words.iter().filter(|word| !FILLERS.contains(word)).collect::<Vec<_>>();
    let all_tell = !telling.is_empty() && telling.iter().all(|word| WORDS.contains(word));
    // Written as one word: `PrivateNumber`.
    let run_together = || {
        let parts = |(word, filler): (&str, &str)| {
            whole == format!("{word}{filler}") || whole == format!("{filler}{word}")
        };
        WORDS.iter().any(|word| FILLERS.iter().any(|filler| parts((word, filler))))
    };
    all_tell || PHRASES.contains(&whole.as_str()) || run_together()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Case C14. Case B04.
    #[test]
    fn a_withheld_number_has_many_names() {
        for number in KEYPAD {
            for prefix in ["", "+", "1", "+1"] {
                assert!(is_withheld(&format!("{prefix}{number}")), "{prefix}{number}");
            }
        }
        for raw in [
            "",
            " ",
            "anonymous",
            "Restricted",
            "UNAVAILABLE",
            "+anonymous",
            "withheld",
            "Private Number",
            "PRIVATE_NUMBER",
            "private-caller",
            "PrivateNumber",
            "Unknown Caller",
            "Caller ID unavailable",
            "Number Withheld",
            "No Caller ID",
            "NO-NUMBER",
            "not available",
            "Out of Area",
            "anonymous@anonymous.invalid",
            "sip:anonymous@anonymous.invalid",
            "sip:Restricted@10.0.0.1",
            "unterdrückt",
            "0000000000",
            "+0",
            "+10000000000",
        ] {
            assert!(is_withheld(raw), "{raw}");
        }
    }

    #[test]
    fn a_name_or_a_number_withholds_nothing() {
        for raw in [
            "+12025550178",
            "+266696688",
            "Private Bank",
            "Number One Taxi",
            "Anna",
            "caller",
            "client:anonymous",
            "sip:anna@anonymous.invalid",
            "sip:+12025550143@restricted.example",
            "1001*2",
            "1",
            "@",
        ] {
            assert!(!is_withheld(raw), "{raw}");
        }
    }
}
