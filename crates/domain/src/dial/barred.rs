//! Numbers that no agent ever dials, whoever asks for it: emergency services, and numbers that cost whoever calls
//! them. Data, after the countries' numbering plans and ITU-T E.164; to be added to.

use crate::PhoneNumber;

/// Why a number is not dialled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Barred {
    Emergency,
    PremiumRate,
    /// Satellite and other networks outside every country, which charge as they like.
    Satellite,
}

impl Barred {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Emergency => "emergency",
            Self::PremiumRate => "premium_rate",
            Self::Satellite => "satellite",
        }
    }
}

/// A country code and the beginnings of national numbers behind it.
struct Range {
    country: &'static str,
    kind: Barred,
    national: &'static [&'static str],
}

const fn premium(country: &'static str, national: &'static [&'static str]) -> Range {
    Range { country, kind: Barred::PremiumRate, national }
}

/// Emergency numbers are shorter than any number in E.164, so that none of them parses as one. What is left are
/// the codes of North America, which would take further digits.
const RANGES: [Range; 34] = [
    Range { country: "1", kind: Barred::Emergency, national: &["911", "112"] },
    premium("1", &["900", "976"]),
    premium("20", &["900"]),
    premium("27", &["862", "865", "866", "867"]),
    premium("30", &["901", "909"]),
    premium("31", &["900", "906", "909"]),
    premium("32", &["70", "90"]),
    premium("33", &["81", "82", "89"]),
    premium("34", &["803", "806", "807", "905", "907"]),
    premium("351", &["601", "607", "608", "646", "648", "760", "761", "762"]),
    premium("353", &["15"]),
    premium("358", &["600", "700"]),
    premium("36", &["90", "91"]),
    premium("385", &["60", "61", "64", "65", "69"]),
    premium("386", &["89", "90"]),
    premium("39", &["144", "166", "89", "199"]),
    premium("40", &["90"]),
    premium("41", &["900", "901", "906"]),
    premium("420", &["900", "905", "906", "908", "909"]),
    premium("421", &["900", "97", "98"]),
    premium("43", &["810", "820", "821", "828", "900", "901", "930", "931", "939"]),
    premium("44", &["70", "87", "90", "91", "98"]),
    premium("45", &["90"]),
    premium("46", &["900", "939", "944"]),
    premium("47", &["82"]),
    premium("48", &["70", "30"]),
    premium("49", &["11", "137", "180", "190", "900"]),
    premium("61", &["19"]),
    premium("64", &["900"]),
    premium("81", &["990", "180"]),
    premium("90", &["888", "898", "900"]),
    premium("972", &["1900", "1901", "1902", "1903", "1909", "1919", "1956", "1957"]),
    premium("", &["808", "979"]),
    Range { country: "", kind: Barred::Satellite, national: &["870", "878", "881", "882", "883"] },
];

/// Why this number is not dialled; `None` for one that may be.
pub fn barred(number: &PhoneNumber) -> Option<Barred> {
    let digits = number.as_e164().trim_start_matches('+');
    RANGES.iter().find_map(|range| {
        let national = digits.strip_prefix(range.country)?;
        range.national.iter().any(|start| national.starts_with(start)).then_some(range.kind)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(number: &str) -> Option<Barred> {
        barred(&PhoneNumber::parse(number).unwrap())
    }

    #[test]
    fn people_may_be_called() {
        for number in [
            "+12025550178",
            "+18085550100",
            "+43720123456",
            "+4311234567",
            "+436641234567",
            "+442079460123",
            "+447700900123",
            "+4930123456",
            "+33142685300",
            "+97231234567",
            "+61491570156",
            "+819012345678",
            "+390612345678",
        ] {
            assert_eq!(of(number), None, "{number}");
        }
    }

    #[test]
    fn numbers_that_charge_their_callers_are_barred() {
        for number in [
            "+19005550123",
            "+19765550123",
            "+43900123456",
            "+43930123456",
            "+449011234567",
            "+447012345678",
            "+4990012345678",
            "+491371234567",
            "+33899123456",
            "+34806123456",
            "+41900123456",
            "+35315501234",
            "+611900123456",
            "+9721900123456",
            "+97912345678",
        ] {
            assert_eq!(of(number), Some(Barred::PremiumRate), "{number}");
        }
        assert_eq!(of("+881612345678"), Some(Barred::Satellite));
        assert_eq!(of("+870773123456"), Some(Barred::Satellite));
    }

    #[test]
    fn no_emergency_number_can_be_dialled() {
        for number in
            ["911", "112", "+911", "+112", "+1911", "+44999", "+44112", "+43112", "+43144", "+49110"]
        {
            assert!(PhoneNumber::parse(number).is_err(), "{number}");
        }
        assert_eq!(of("+19110000000"), Some(Barred::Emergency));
        assert_eq!(of("+1112000000"), Some(Barred::Emergency));
    }

    #[test]
    fn the_longest_country_code_is_not_needed_because_none_begins_another() {
        // Country codes are prefix-free, so one number falls into the ranges of one country.
        let mut codes: Vec<&str> =
            RANGES.iter().map(|range| range.country).filter(|c| !c.is_empty()).collect();
        codes.sort_unstable();
        codes.dedup();
        for pair in codes.windows(2) {
            assert!(!pair[1].starts_with(pair[0]), "{pair:?}");
        }
    }
}
