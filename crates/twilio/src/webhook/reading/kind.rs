//! What the value of a parameter looks like, and where it ends in a text that goes on.

use std::ops::RangeInclusive;

use serde::de::IgnoredAny;

use crate::SidKind;

/// Digits of a number in international form.
const NUMBER_DIGITS: RangeInclusive<usize> = 7..=15;

/// What a value is. Of any kind but the last, it ends where the text says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// An identifier: it ends after its last digit.
    Sid(SidKind),
    /// A word of Twilio's in small letters, perhaps one that it adds; these are known.
    Word(&'static [&'static str]),
    /// Words run together, each with a capital; these are known.
    CamelCase(&'static [&'static str]),
    /// Digits.
    Number,
    /// RFC 2822 or ISO 8601.
    Date,
    /// JSON in braces.
    Object,
    /// A telephone number, or any text. The parameter `twin` holds the same.
    Party {
        /// Its name sorts before all that can follow this parameter. Blank: no parameter holds the same.
        twin: &'static str,
    },
}

impl Kind {
    /// Where in `text` a value of this kind may end that begins with it. For a party: where its number ends.
    pub(super) fn ends(self, text: &str) -> Vec<usize> {
        let bytes = text.as_bytes();
        let run = |fits: fn(u8) -> bool| bytes.iter().take_while(|byte| fits(**byte)).count();
        let mut ends = match self {
            Self::Sid(kind) => crate::Sid::at_start(kind, text).map_or_else(Vec::new, |sid| vec![sid.len()]),
            Self::Number => vec![run(|byte| byte.is_ascii_digit())],
            Self::Date => date_end(text).into_iter().collect(),
            Self::Object => object_end(text).into_iter().collect(),
            Self::Word(known) => {
                let small =
                    |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte);
                let rest = bytes.iter().skip(1).take_while(|byte| small(**byte)).count();
                let first = bytes.first().is_some_and(u8::is_ascii_alphabetic);
                let mut ends = known_ends(known, text);
                ends.push(if first { rest + 1 } else { 0 });
                ends
            }
            Self::CamelCase(known) => {
                let letters = run(|byte| byte.is_ascii_alphabetic());
                let mut ends = known_ends(known, text);
                ends.extend((1..letters).filter(|at| bytes[*at].is_ascii_uppercase()));
                ends.push(letters);
                ends
            }
            Self::Party { .. } => number_end(text).into_iter().collect(),
        };
        ends.retain(|end| *end > 0);
        ends.sort_unstable();
        ends.dedup();
        ends
    }

    /// Whether all of `value` is of this kind.
    pub(super) fn is(self, value: &str) -> bool {
        self.ends(value).contains(&value.len())
    }

    /// Whether `value` is one of those that Twilio is known to send.
    pub(super) fn knows(self, value: &str) -> bool {
        match self {
            Self::Word(known) | Self::CamelCase(known) => known.contains(&value),
            Self::Sid(_) | Self::Number | Self::Date | Self::Object | Self::Party { .. } => false,
        }
    }
}

/// An object says itself where it ends, whatever braces stand in the parameters behind it.
fn object_end(text: &str) -> Option<usize> {
    let text = text.starts_with('{').then_some(text)?;
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<IgnoredAny>();
    values.next()?.ok()?;
    Some(values.byte_offset())
}

fn known_ends(known: &[&str], text: &str) -> Vec<usize> {
    known.iter().filter(|word| text.starts_with(**word)).map(|word| word.len()).collect()
}

/// The number in a party as it is written there: all of it, or the user of an address.
pub(super) fn number(party: &str) -> Option<&str> {
    let end = number_end(party)?;
    (is_sip(party) || end == party.len()).then(|| &party[..end])
}

/// Where the number at the start of `text` ends: in international form, or the user of a SIP, WhatsApp or
/// telephone address.
fn number_end(text: &str) -> Option<usize> {
    let scheme = text.find(':').map(|colon| colon + 1).filter(|end| is_scheme(&text[..*end])).unwrap_or(0);
    let plus = usize::from(text[scheme..].starts_with('+'));
    let digits = text[scheme + plus..].bytes().take_while(u8::is_ascii_digit).count();
    let end = scheme + plus + digits;
    let fits = NUMBER_DIGITS.contains(&digits) && (plus == 1 || scheme > 0);
    // The end of a SIP user is marked, and no name begins with its mark.
    let ended = !is_sip(text) || text[end..].starts_with(['@', ';']);
    (fits && ended).then_some(end)
}

fn is_scheme(text: &str) -> bool {
    ["sip:", "sips:", "tel:", "whatsapp:"].iter().any(|scheme| text.eq_ignore_ascii_case(scheme))
}

/// Whether `text` is a SIP address, the user of which ends before its `@` or `;`.
pub(super) fn is_sip(text: &str) -> bool {
    let starts =
        |scheme: &str| text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
    starts("sip:") || starts("sips:")
}

/// `Fri, 20 Nov 2026 10:00:00 +0000` or `2026-11-20T10:00:00.000Z`.
fn date_end(text: &str) -> Option<usize> {
    /// The longest of either.
    const MAX_BYTES: usize = 40;
    let bytes = &text.as_bytes()[..text.len().min(MAX_BYTES)];
    let shape = |at: usize, shape: &[u8]| {
        bytes.get(at..at + shape.len()).is_some_and(|part| {
            part.iter().zip(shape).all(|(byte, wanted)| match wanted {
                b'9' => byte.is_ascii_digit(),
                b'a' => byte.is_ascii_alphabetic(),
                exact => byte == exact,
            })
        })
    };
    let zones: &[&[u8]] = if shape(0, b"aaa, ") {
        &[b" +9999", b" -9999", b" GMT"]
    } else if shape(0, b"9999-99-99T99:99:99") {
        &[b"Z", b"+99:99", b"-99:99", b"+9999", b"-9999"]
    } else {
        return None;
    };
    // Behind the seconds of either.
    (19..bytes.len()).find_map(|at| zones.iter().find(|zone| shape(at, zone)).map(|zone| at + zone.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_ends_where_its_kind_ends() {
        let word = Kind::Word(&["ringing"]);
        let source = Kind::CamelCase(&["DialVerb"]);
        let party = Kind::Party { twin: "Caller" };
        let sid = format!("CA{}", "1".repeat(32));
        for (kind, text, ends) in [
            (Kind::Sid(SidKind::Call), format!("{sid}CallStatus").as_str(), &[34][..]),
            (Kind::Sid(SidKind::Call), &sid[..33], &[]),
            (Kind::Number, "12.0", &[2]),
            (Kind::Number, "-1", &[]),
            (word, "ringingDirection", &[7]),
            (word, "ringing2x", &[7, 9]),
            (word, "HumanApiVersion", &[5]),
            (word, " ringing", &[]),
            (source, "DialVerbRecording", &[4, 8, 17]),
            (Kind::Date, "Thu, 29 Jul 2021 11:22:33 +0000RecordingTrack", &[31]),
            (Kind::Date, "2026-11-20T10:00:00.000ZTo", &[24]),
            (Kind::Date, "yesterday", &[]),
            (Kind::Object, r#"{"iv":"8I2h"}RecordingSid"#, &[13]),
            (Kind::Object, "x{}", &[]),
            (party, "+12025550178FromCity", &[12]),
            (party, "+43 664", &[]),
            (party, "12025550178", &[]),
            (party, "sip:+12025550143@x.sip.twilio.com", &[16]),
            (party, "sip:+12025550143Region", &[]),
            (party, "whatsapp:+12025550143", &[21]),
            (party, "client:anna", &[]),
        ] {
            assert_eq!(kind.ends(text), ends, "{text}");
        }
    }

    #[test]
    fn a_party_is_a_number_as_a_whole_or_not_at_all() {
        for (party, expected) in [
            ("+12025550178", Some("+12025550178")),
            ("+12025550178;ext=1", None),
            ("+12025550178 ", None),
            ("1234567e0", None),
            ("sip:+12025550143@x.example", Some("sip:+12025550143")),
            ("SIP:12025550143;user=phone@x", Some("SIP:12025550143")),
            ("sip:anna@x.example", None),
            ("whatsapp:+12025550143", Some("whatsapp:+12025550143")),
            ("ü:+12025550143", None),
            ("", None),
        ] {
            assert_eq!(number(party), expected, "{party}");
        }
    }
}
