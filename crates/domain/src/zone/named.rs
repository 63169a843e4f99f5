//! Zones by the names that other programs have for them.

use icu_time::zone::WindowsParser;
use icu_time::zone::iana::IanaParserExtended;

use super::Zone;

/// Names of zones of Windows with the IANA name, as CLDR maps them.
fn of_windows(name: &str) -> Option<Zone> {
    let zone = WindowsParser::new().parse(name, None)?;
    let known = IanaParserExtended::new().iter().find(|known| known.time_zone == zone)?;
    Zone::parse(known.canonical).ok()
}

impl Zone {
    /// A zone by the name that a calendar program gives it: an IANA name, also behind a prefix of the program's own
    /// (`/example.org/20200101_1/Europe/Vienna`), or a name of Windows (`W. Europe Standard Time`).
    pub fn named(name: &str) -> Option<Self> {
        let name = name.trim().trim_matches('"');
        let suffix = |parts: usize| {
            let (at, _) = name.rmatch_indices('/').nth(parts - 1)?;
            Self::parse(name.get(at + 1..)?).ok()
        };
        Self::parse(name).ok().or_else(|| suffix(3)).or_else(|| suffix(2)).or_else(|| of_windows(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_are_known_by_the_names_of_other_programs() {
        for (name, iana) in [
            ("Europe/Vienna", "Europe/Vienna"),
            ("\"America/New_York\"", "America/New_York"),
            ("/freeassociation.sourceforge.net/Europe/Vienna", "Europe/Vienna"),
            ("/citadel.org/20190914_1/America/Indiana/Knox", "America/Indiana/Knox"),
            ("W. Europe Standard Time", "Europe/Berlin"),
            ("Israel Standard Time", "Asia/Jerusalem"),
            ("Eastern Standard Time", "America/New_York"),
        ] {
            assert_eq!(Zone::named(name).map(|zone| zone.name().to_owned()).as_deref(), Some(iana), "{name}");
        }
        for unknown in ["", "Customized Time Zone", "Mars/Olympus", "/"] {
            assert_eq!(Zone::named(unknown), None, "{unknown}");
        }
    }
}
