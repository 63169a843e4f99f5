//! The time zones of a country, as CLDR knows them.
//!
//! CLDR's identifier of a time zone begins with the code of its country (UTS #35, "Time Zone Identifiers": `usnyc` is
//! New York), and CLDR keeps zones of different countries apart that the tz database has merged. The few that begin
//! otherwise are listed here, and tests hold that every country of the numbering plans has a zone and that no zone is
//! without its country.
//!
//! Two zones of a country may differ in nothing but the years before 1970. More zones than needed make a rule that
//! asks all of them stricter, never laxer.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use icu_time::zone::iana::IanaParserExtended;

use super::Zone;
use crate::numbering::Country;

/// Zones of a country whose identifiers begin with other letters than the country's code: those of another country,
/// or of a place (`jeruslm`).
const ELSEWHERE: [(&str, &str); 10] = [
    ("AC", "Atlantic/St_Helena"),
    ("AX", "Europe/Mariehamn"),
    ("BL", "America/St_Barthelemy"),
    ("CW", "America/Curacao"),
    ("IL", "Asia/Jerusalem"),
    ("MF", "America/Marigot"),
    ("PS", "Asia/Gaza"),
    ("PS", "Asia/Hebron"),
    ("TA", "Atlantic/St_Helena"),
    ("XK", "Europe/Belgrade"),
];

/// Their identifiers begin with the letters of a country, or of none, that they are not in: `gazastrp` is not Gabon.
const BY_PLACE: [&str; 3] = ["Asia/Gaza", "Asia/Hebron", "Asia/Jerusalem"];

static BY_COUNTRY: LazyLock<BTreeMap<String, Vec<Zone>>> = LazyLock::new(|| {
    let parser = IanaParserExtended::new();
    let lettered = parser.iter().filter(|known| is_place(known.canonical)).filter_map(|known| {
        let country = known.time_zone.0.as_str().get(..2)?.to_ascii_uppercase();
        (!BY_PLACE.contains(&known.canonical)).then_some((country, known.canonical))
    });
    let listed = ELSEWHERE.iter().map(|(country, name)| ((*country).to_owned(), *name));
    let mut found: BTreeMap<String, Vec<Zone>> = BTreeMap::new();
    for (country, name) in lettered.chain(listed) {
        // A zone that CLDR knew before jiff would be left out here; a test holds that jiff knows them all.
        found.entry(country).or_default().extend(Zone::parse(name));
    }
    found
});

/// Whether the zone is one of a place; `Etc/GMT+1`, `EST5EDT` and their like are of no country.
fn is_place(name: &str) -> bool {
    name.contains('/') && !name.starts_with("Etc/")
}

/// Every time zone in which a place of the country lies. Empty for a country that CLDR gives no zone.
pub fn zones_of(country: Country) -> &'static [Zone] {
    BY_COUNTRY.get(country.as_str()).map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn names(country: &str) -> Vec<&'static str> {
        let mut names: Vec<_> = zones_of(Country::parse(country).unwrap()).iter().map(Zone::name).collect();
        names.sort_unstable();
        names
    }

    #[test]
    fn a_country_has_all_its_zones_and_no_other_ones() {
        for (country, zones) in [
            ("AT", &["Europe/Vienna"][..]),
            ("DE", &["Europe/Berlin", "Europe/Busingen"]),
            ("ES", &["Africa/Ceuta", "Atlantic/Canary", "Europe/Madrid"]),
            ("GA", &["Africa/Libreville"]),
            ("GM", &["Africa/Banjul"]),
            ("IL", &["Asia/Jerusalem"]),
            ("MS", &["America/Montserrat"]),
            ("NO", &["Europe/Oslo"]),
            ("NZ", &["Pacific/Auckland", "Pacific/Chatham"]),
            ("PS", &["Asia/Gaza", "Asia/Hebron"]),
            ("PT", &["Atlantic/Azores", "Atlantic/Madeira", "Europe/Lisbon"]),
            ("RS", &["Europe/Belgrade"]),
            ("XK", &["Europe/Belgrade"]),
        ] {
            assert_eq!(names(country), zones, "{country}");
        }
        let usa = names("US");
        for zone in ["America/New_York", "America/Phoenix", "America/Adak", "Pacific/Honolulu"] {
            assert!(usa.contains(&zone), "{zone}");
        }
        assert!(!usa.contains(&"America/Puerto_Rico"), "has numbers of its own");
        assert!(names("RU").contains(&"Asia/Kamchatka") && names("RU").contains(&"Europe/Kaliningrad"));
    }

    #[test]
    fn every_country_with_numbers_has_a_zone_and_every_zone_a_country() {
        let mut found = BTreeSet::new();
        for country in Country::all() {
            assert!(!zones_of(country).is_empty(), "{country}");
            found.extend(zones_of(country).iter().map(Zone::name));
        }
        // Of places without a numbering plan of their own: Antarctica and the empty islands.
        let without_numbers = |name: &str| {
            name.starts_with("Antarctica/")
                || [
                    "Indian/Kerguelen",
                    "Atlantic/South_Georgia",
                    "Pacific/Wake",
                    "Pacific/Midway",
                    "Pacific/Pitcairn",
                ]
                .contains(&name)
        };
        for known in IanaParserExtended::new().iter().filter(|known| is_place(known.canonical)) {
            let zone = Zone::parse(known.canonical);
            assert!(zone.is_ok(), "{} is not known", known.canonical);
            let name = known.canonical;
            let counted = found.iter().any(|found| found.eq_ignore_ascii_case(name));
            assert!(counted || without_numbers(name), "{name} ({}) has no country", known.time_zone.0);
        }
    }
}
