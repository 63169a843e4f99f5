//! Lengths of time as people write them in settings: `25s`, `500ms`, `1m30s`, `2h`.
//!
//! One reader and one writer, for documents, errors and bounds alike. A field takes them with
//! `#[serde(with = "crate::duration")]`.

use std::fmt;
use std::time::Duration;

use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize as _, Deserializer, Serializer};

/// The units, the largest first, in milliseconds.
const UNITS: [(&str, u64); 5] = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];
/// The longest length of time that can be written.
pub const MAX: Duration = Duration::from_secs(10_000 * 86_400);
/// What a text that is not empty looks like, as a regular expression.
pub const PATTERN: &str = "^([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?$";
/// How a text is written, for errors.
const FORM: &str = "a length of time such as `25s`, `500ms`, `1m30s` or `2h`";

/// The text is no length of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidDuration {
    /// Not whole numbers with units.
    #[error("not {FORM}: whole numbers with the units d, h, m, s and ms, the largest first")]
    Form,
    /// Longer than [`MAX`].
    #[error("more than `{}`, the longest length of time", Words(MAX))]
    TooLong,
}

/// Reads a length of time: whole numbers, each with its unit, the largest unit first and none of them twice.
///
/// # Errors
/// [`InvalidDuration`].
pub fn parse(text: &str) -> Result<Duration, InvalidDuration> {
    let mut rest = text.trim();
    let mut units = &UNITS[..];
    let mut millis: u64 = 0;
    if rest.is_empty() {
        return Err(InvalidDuration::Form);
    }
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, behind) = rest.split_at(digits);
        let letters = behind.bytes().take_while(u8::is_ascii_alphabetic).count();
        let (unit, behind) = behind.split_at(letters);
        let place = units.iter().position(|(name, _)| *name == unit).filter(|_| digits > 0);
        let [(_, size), smaller @ ..] = place.map_or(&[][..], |place| &units[place..]) else {
            return Err(InvalidDuration::Form);
        };
        // Only digits, so it is no number only if it is too large for one.
        let part = number.parse::<u64>().ok().and_then(|number| number.checked_mul(*size));
        millis = part.and_then(|part| millis.checked_add(part)).ok_or(InvalidDuration::TooLong)?;
        (rest, units) = (behind, smaller);
    }
    let duration = Duration::from_millis(millis);
    if duration > MAX { Err(InvalidDuration::TooLong) } else { Ok(duration) }
}

/// Writes a length of time as it is read, in whole milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Words(pub Duration);

impl fmt::Display for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = u64::try_from(self.0.as_millis()).unwrap_or(u64::MAX);
        if rest == 0 {
            return f.write_str("0s");
        }
        for (unit, size) in UNITS {
            if rest >= size {
                write!(f, "{}{unit}", rest / size)?;
                rest %= size;
            }
        }
        Ok(())
    }
}

/// Writes a field.
///
/// # Errors
/// Those of the format.
pub fn serialize<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&Words(*duration))
}

/// Reads a field. Revisions that were stored before have `{"secs": 25, "nanos": 0}`, which is read and never written.
///
/// # Errors
/// What is no length of time.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    deserializer.deserialize_any(Reading)
}

struct Reading;

impl<'de> Visitor<'de> for Reading {
    type Value = Duration;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(FORM)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Duration, E> {
        parse(text).map_err(E::custom)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Duration, A::Error> {
        let old = Duration::deserialize(de::value::MapAccessDeserializer::new(map))?;
        // As it can be written.
        let millis = u64::try_from(old.as_millis()).unwrap_or(u64::MAX);
        Ok(Duration::from_millis(millis).min(MAX))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::{Deserialize, Serialize};

    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Field {
        #[serde(with = "crate::duration")]
        wait: Duration,
    }

    fn read(json: &str) -> Result<Duration, String> {
        let field: Result<Field, _> = serde_json::from_str(&format!("{{\"wait\":{json}}}"));
        field.map(|field| field.wait).map_err(|error| error.to_string())
    }

    #[test]
    fn a_length_of_time_is_written_as_people_write_it() {
        for (text, millis) in [
            ("25s", 25_000),
            ("500ms", 500),
            ("1m30s", 90_000),
            ("2h", 7_200_000),
            ("30d", 2_592_000_000),
            ("1d2h3m4s5ms", 93_784_005),
            ("0s", 0),
        ] {
            assert_eq!(parse(text), Ok(Duration::from_millis(millis)), "{text}");
            assert_eq!(Words(Duration::from_millis(millis)).to_string(), text);
        }
        assert_eq!(parse(" 90s "), Ok(Duration::from_secs(90)), "not only as it is written");
        for bad in ["", " ", "25", "s", "25 s", "1.5h", "-1s", "1s1m", "1s1s", "25S", "25sec", "1m30", "٣s"]
        {
            assert_eq!(parse(bad), Err(InvalidDuration::Form), "{bad}");
        }
        for long in ["10001d", "99999999999999999999s", "18446744073709551615d"] {
            assert_eq!(parse(long), Err(InvalidDuration::TooLong), "{long}");
        }
    }

    #[test]
    fn the_old_form_is_read_and_the_new_one_written() {
        assert_eq!(read(r#"{"secs": 25, "nanos": 0}"#), Ok(Duration::from_secs(25)));
        assert_eq!(read(r#"{"secs": 1, "nanos": 500000001}"#), Ok(Duration::from_millis(1_500)));
        assert_eq!(read(r#"{"secs": 18446744073709551615, "nanos": 0}"#), Ok(MAX));
        let json = serde_json::to_string(&Field { wait: Duration::from_secs(90) }).unwrap();
        assert_eq!(json, r#"{"wait":"1m30s"}"#);
        for wrong in ["25", "null", "true", "[25]", "\"soon\"", "{}"] {
            let error = read(wrong).unwrap_err();
            assert!(error.contains("`1m30s`") || wrong == "{}", "{wrong}: {error}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(millis in 0..=MAX.as_millis() as u64) {
            let duration = Duration::from_millis(millis);
            prop_assert_eq!(parse(&Words(duration).to_string()), Ok(duration));
        }

        #[test]
        fn what_is_read_is_written_in_one_way(text in "([0-9]{1,4}d)?([0-9]{1,4}h)?([0-9]{1,4}m)?([0-9]{1,4}s)?([0-9]{1,4}ms)?") {
            match parse(&text) {
                Ok(duration) => prop_assert_eq!(parse(&Words(duration).to_string()), Ok(duration)),
                Err(InvalidDuration::Form) => prop_assert!(text.is_empty()),
                Err(InvalidDuration::TooLong) => prop_assert!(text.contains('d')),
            }
        }

        #[test]
        fn no_text_stops_the_reader(text in "\\PC{0,40}") {
            let _ = parse(&text);
        }
    }
}
