//! Numbers as people write them.

use phonenumber::Mode;
use strum::IntoStaticStr;

use crate::PhoneNumber;
use crate::numbering::{Country, known};

/// The longest text that may be a number.
const MAX_BYTES: usize = 64;

/// Why a text is not read as a number. The text is not repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr, thiserror::Error)]
#[strum(serialize_all = "snake_case")]
pub enum NotRead {
    /// Something else than digits and what people put between them.
    #[error(
        "not a telephone number: write digits, with spaces, brackets, hyphens, dots or slashes between them"
    )]
    Form,
    /// A number as it is dialled within a country, and no country is known.
    #[error("the country is missing: begin with `+` and the country code")]
    NoCountry,
    /// Digits that are no number there.
    #[error("no numbering plan has this number: check its digits")]
    NotInPlan,
}

impl NotRead {
    /// The word for programs.
    pub fn code(&self) -> &'static str {
        self.into()
    }
}

/// Reads a number as people write it: `+43 1 409 04 10`, or `01/409 04 10` in Austria. Words, extensions and letters
/// on keys are refused: what is read is exactly what is dialled.
///
/// # Errors
/// [`NotRead`].
pub fn read(text: &str, home: Option<Country>) -> Result<PhoneNumber, NotRead> {
    let text = text.trim();
    let (plus, rest) = text.strip_prefix('+').map_or((false, text), |rest| (true, rest));
    let between = |letter: char| " \u{a0}().-/".contains(letter);
    let plain = rest.chars().all(|letter| letter.is_ascii_digit() || between(letter));
    if text.len() > MAX_BYTES || !plain || !rest.contains(|letter: char| letter.is_ascii_digit()) {
        return Err(NotRead::Form);
    }
    if !plus && home.is_none() {
        return Err(NotRead::NoCountry);
    }
    let digits: String = rest.chars().filter(char::is_ascii_digit).collect();
    let digits = if plus { format!("+{digits}") } else { digits };
    let home = home.filter(|_| !plus).and_then(|home| home.as_str().parse().ok());
    let read = phonenumber::parse(home, digits).map_err(|_| NotRead::NotInPlan)?;
    if !read.is_valid() {
        return Err(NotRead::NotInPlan);
    }
    let e164 = read.format().mode(Mode::E164).to_string();
    PhoneNumber::parse(&e164).map_err(|_| NotRead::NotInPlan)
}

/// Whether a numbering plan has the number.
pub(super) fn is_in_plan(number: &PhoneNumber) -> bool {
    known(number).is_some_and(|known| known.is_valid())
}

#[cfg(test)]
mod tests {
    use phonenumber::Mode;
    use proptest::prelude::*;

    use super::*;

    fn reads(text: &str, home: &str) -> Result<String, NotRead> {
        read(text, Country::parse(home).ok()).map(|number| number.as_e164().to_owned())
    }

    #[test]
    fn a_number_is_read_as_people_write_it() {
        for (text, home, number) in [
            ("+4314090410", "", "+4314090410"),
            (" +43 (1) 409-04.10 ", "US", "+4314090410"),
            ("01/409 04 10", "AT", "+4314090410"),
            ("0043 1 4090410", "AT", "+4314090410"),
            ("(202) 555-0143", "US", "+12025550143"),
            ("02 1234567", "IL", "+97221234567"),
            // Italy's numbers keep their zero.
            ("06 6982 1234", "IT", "+390669821234"),
            ("+39 06 6982 1234", "", "+390669821234"),
        ] {
            assert_eq!(reads(text, home), Ok(number.to_owned()), "{text}");
        }
    }

    #[test]
    fn what_is_not_exactly_a_number_is_refused() {
        for (text, home, error) in [
            ("", "AT", NotRead::Form),
            ("+", "AT", NotRead::Form),
            ("1-800-FLOWERS", "US", NotRead::Form),
            ("202 555 0143 ext. 5", "US", NotRead::Form),
            ("tel:+4314090410", "AT", NotRead::Form),
            ("+43+14090410", "AT", NotRead::Form),
            ("٠١٢٣٤٥٦٧٨", "EG", NotRead::Form),
            (&"1".repeat(65), "AT", NotRead::Form),
            ("01 4090410", "", NotRead::NoCountry),
            ("+999 1234567", "", NotRead::NotInPlan),
            ("+43 0000000", "", NotRead::NotInPlan),
            ("144", "AT", NotRead::NotInPlan),
            ("123", "US", NotRead::NotInPlan),
        ] {
            assert_eq!(reads(text, home), Err(error), "{text}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// However a number is written out, it is read as itself.
        #[test]
        fn a_number_reads_back_in_each_of_its_forms(
            (country, digits) in prop::sample::select(vec![("AT", "+43664"), ("US", "+1202555"), ("GB", "+447911"), ("IL", "+97254"), ("IT", "+39333")]),
            rest in 1_000_000_u32..10_000_000,
        ) {
            let rest = rest.to_string();
            let digits = format!("{digits}{}", if country == "US" || country == "GB" { &rest[3..] } else { &rest[..] });
            let digits = if country == "GB" { format!("{digits}12") } else { digits };
            let Some(number) = PhoneNumber::parse(&digits).ok().filter(is_in_plan) else { return Ok(()) };
            let known = known(&number).unwrap();
            for mode in [Mode::E164, Mode::International, Mode::National] {
                let written = known.format().mode(mode).to_string();
                prop_assert_eq!(reads(&written, country), Ok(digits.clone()), "{}", written);
            }
        }

        #[test]
        fn no_text_breaks_it(text in ".{0,70}") {
            if let Ok(number) = read(&text, Country::parse("AT").ok()) {
                prop_assert!(is_in_plan(&number));
            }
        }
    }
}
