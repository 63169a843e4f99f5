//! Numbers that no agent ever dials: emergency services, and numbers that charge their callers. Two sources:
//! beginnings of numbers, which hold for numbers of any length, after the countries' numbering plans and ITU-T E.164;
//! and Google's metadata of all numbering plans (the crate `phonenumber`), which knows the country and the kind of a
//! number.
//!
//! The metadata is read when the first number is looked up in it: about 0.1 s, once in a process.

use phonenumber::country::Id as Country;
use phonenumber::metadata::DATABASE;
use phonenumber::{PhoneNumber as Known, Type};
use strum::IntoStaticStr;

use crate::PhoneNumber;
use crate::numbering::{NORTH_AMERICA, known};

/// Why a number is not dialled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Barred {
    /// Emergency services.
    Emergency,
    /// Numbers that charge their callers.
    PremiumRate,
    /// Satellite and other networks outside every country, which charge as they like.
    Satellite,
    /// Looks like a domestic number of North America (+1), and is of another country that shares the country code.
    /// Who is lured into calling the Caribbean pays international rates, and the one who lures gets a share.
    OtherCountryBehindPlusOne,
    /// Behind +1, and in no numbering plan that is known, so that its country is not known either.
    Unassigned,
}

impl Barred {
    /// The word by which it is told to the API's client.
    pub fn as_str(self) -> &'static str {
        self.into()
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

/// Why `to` is not dialled from the number `from`; `None` if it may be.
///
/// What depends on the country is allowed from that country: a business in Jamaica calls Jamaica.
pub fn barred(to: &PhoneNumber, from: &PhoneNumber) -> Option<Barred> {
    by_range(to).or_else(|| by_plan(&known(to)?, from))
}

fn by_range(number: &PhoneNumber) -> Option<Barred> {
    let digits = number.as_e164().trim_start_matches('+');
    RANGES.iter().find_map(|range| {
        let national = digits.strip_prefix(range.country)?;
        range.national.iter().any(|start| national.starts_with(start)).then_some(range.kind)
    })
}

fn by_plan(to: &Known, from: &PhoneNumber) -> Option<Barred> {
    if matches!(to.number_type(&DATABASE), Type::PremiumRate | Type::SharedCost | Type::PersonalNumber) {
        return Some(Barred::PremiumRate);
    }
    if to.country().code() != NORTH_AMERICA {
        return None;
    }
    match to.country().id() {
        Some(Country::US | Country::CA) => None,
        Some(country) => {
            let own = known(from).and_then(|from| from.country().id());
            (own != Some(country)).then_some(Barred::OtherCountryBehindPlusOne)
        }
        None => Some(Barred::Unassigned),
    }
}

#[cfg(test)]
mod tests;
