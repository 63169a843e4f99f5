//! What the world's numbering plans tell of a number: its country. Google's metadata (the crate `phonenumber`) is the
//! source; it is read when the first number is looked up, about 0.1 s, once in a process.

use std::fmt;

use phonenumber::PhoneNumber as Known;
use phonenumber::country::Id;
use phonenumber::metadata::DATABASE;
use serde::{Deserialize, Serialize};

use crate::PhoneNumber;

/// The country code that the United States and Canada share with some twenty other countries.
pub(crate) const NORTH_AMERICA: u16 = 1;

/// A country or territory with telephone numbers: two capital letters of ISO 3166-1, and `XK` for Kosovo.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Country(Id);

/// The text is the code of no country with telephone numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a country: give two capital letters of ISO 3166-1, such as `AT`")]
pub struct UnknownCountry;

impl Country {
    /// Accepts two capital letters.
    ///
    /// # Errors
    /// [`UnknownCountry`].
    pub fn parse(code: &str) -> Result<Self, UnknownCountry> {
        code.parse().map(Self).map_err(|_| UnknownCountry)
    }

    /// Its two letters.
    pub fn as_str(&self) -> &str {
        self.0.as_ref()
    }

    /// The library's word for it.
    pub(crate) const fn id(self) -> Id {
        self.0
    }

    /// Whether numbers within the country begin with a zero that is left out behind its country code.
    pub fn has_trunk_zero(self) -> bool {
        DATABASE
            .by_id(self.as_str())
            .and_then(|plan| plan.national_prefix())
            .is_some_and(|prefix| prefix == "0")
    }

    /// Every country that has numbers.
    pub fn all() -> impl Iterator<Item = Self> {
        DATABASE.iter().filter_map(|plan| Self::parse(plan.id()).ok())
    }
}

impl PartialOrd for Country {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Country {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.as_str().cmp(other.as_str())
    }
}

impl fmt::Debug for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl TryFrom<String> for Country {
    type Error = UnknownCountry;
    fn try_from(code: String) -> Result<Self, UnknownCountry> {
        Self::parse(&code)
    }
}

impl From<Country> for String {
    fn from(country: Country) -> Self {
        country.as_str().to_owned()
    }
}

/// What the numbering plans know of a number; nothing if no country has its code.
pub(crate) fn known(number: &PhoneNumber) -> Option<Known> {
    phonenumber::parse(None, number.as_e164()).ok()
}

/// The countries that a number may be of. One, if its plan tells; every country that shares the code, if the number is
/// in none of their plans; nothing for a code of no country, such as +800.
///
/// It is where the number was given out, which need not be where its holder is: a mobile number travels.
pub fn countries(number: &PhoneNumber) -> Vec<Country> {
    let Some(known) = known(number) else { return vec![] };
    if let Some(country) = known.country().id() {
        return vec![Country(country)];
    }
    let sharing = DATABASE.region(&known.country().code()).unwrap_or_default();
    sharing.into_iter().filter_map(|code| Country::parse(code).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(number: &str) -> Vec<String> {
        countries(&PhoneNumber::parse(number).unwrap()).into_iter().map(String::from).collect()
    }

    #[test]
    fn a_number_has_the_country_of_its_plan() {
        let found = [
            ("+43720123456", "AT"),
            ("+4930123456", "DE"),
            ("+97231234567", "IL"),
            ("+12025550143", "US"),
            ("+14165550123", "CA"),
            ("+18765550123", "JM"),
            ("+74957210000", "RU"),
            ("+77172123456", "KZ"),
            ("+441481231234", "GG"),
            ("+358181234567", "AX"),
        ]
        .map(|(number, country)| (number, vec![country.to_owned()]));
        assert_eq!(found.clone().map(|(number, _)| (number, of(number))), found);
    }

    #[test]
    fn a_number_of_no_plan_may_be_of_every_country_that_shares_its_code() {
        assert_eq!(of("+78121234567"), ["RU", "KZ"]);
        assert!(of("+11112223333").len() > 20, "shared by North America and the Caribbean");
        assert!(of("+80012345678").is_empty());
        assert!(of("+9991234567").is_empty());
    }

    #[test]
    fn a_country_is_two_capital_letters() {
        assert_eq!(Country::parse("AT").map(|country| country.as_str().to_owned()), Ok("AT".to_owned()));
        for bad in ["", "at", "A", "AUT", "QQ", "001", "A T"] {
            assert_eq!(Country::parse(bad), Err(UnknownCountry), "{bad}");
        }
        assert!(Country::all().count() > 240);
    }
}
