//! When people may be called by country, as data with its source and the day on which it was looked at. It is no advice, and a
//! business answers for its calls itself; what is here makes a campaign stricter than its settings, never laxer.
//!
//! Where a country has no statute for the hours of calls, or none that was read, careful hours hold. A country that is not here
//! is not called by a campaign. Holidays are those of the whole country, by the rule that makes them; on them no call begins.

use std::sync::LazyLock;

use jiff::civil::{Date, Weekday};

use crate::hours::{Span, Week};
use crate::numbering::Country;

/// What holds in one country.
#[derive(Debug)]
pub struct Law {
    /// Two capital letters.
    pub country: &'static str,
    /// When people may be called: each line is a set of hours that has to allow it.
    hours: &'static [Hours],
    /// Days on which no call begins.
    holidays: &'static [Holiday],
    /// Calls of an automatic voice that sell something need the person's consent.
    pub marketing_needs_consent: bool,
    /// Where it stands.
    pub source: &'static str,
    /// The day on which it was looked at.
    pub as_of: &'static str,
}

/// Hours on some days.
#[derive(Debug)]
struct Hours {
    days: &'static [Weekday],
    spans: &'static [&'static str],
}

/// A day of each year.
#[derive(Debug, Clone, Copy)]
enum Holiday {
    /// The month and the day.
    On(i8, i8),
    /// Days after Easter Sunday of the western church.
    Easter(i64),
    /// The month, the weekday and which of them: 1 is the first, -1 the last.
    Nth(i8, Weekday, i8),
}

use Holiday::{Easter, Nth, On};
use Weekday::{Friday, Monday, Saturday, Sunday, Thursday, Tuesday, Wednesday};

const WORKDAYS: &[Weekday] = &[Monday, Tuesday, Wednesday, Thursday, Friday];
const BUT_SUNDAY: &[Weekday] = &[Monday, Tuesday, Wednesday, Thursday, Friday, Saturday];

/// Hours where none are prescribed: no call begins early, late or on a Sunday.
const CAREFUL: &[Hours] = &[Hours { days: BUT_SUNDAY, spans: &["09:00-20:00"] }];
const CAREFUL_SOURCE: &str = "no statute was read: careful hours";
const LOOKED_AT: &str = "2026-11-28";

const fn careful(country: &'static str, holidays: &'static [Holiday]) -> Law {
    Law {
        country,
        hours: CAREFUL,
        holidays,
        marketing_needs_consent: true,
        source: CAREFUL_SOURCE,
        as_of: LOOKED_AT,
    }
}

const LAWS: [Law; 14] = [
    Law {
        country: "US",
        hours: &[
            Hours { days: BUT_SUNDAY, spans: &["08:00-20:00"] },
            Hours { days: &[Sunday], spans: &["12:00-20:00"] },
        ],
        holidays: &[
            On(1, 1),
            Nth(1, Monday, 3),
            Nth(2, Monday, 3),
            Nth(5, Monday, -1),
            On(6, 19),
            On(7, 4),
            Nth(9, Monday, 1),
            Nth(10, Monday, 2),
            On(11, 11),
            Nth(11, Thursday, 4),
            On(12, 25),
        ],
        marketing_needs_consent: true,
        source: "47 CFR 64.1200(c)(1) and 16 CFR 310.4(c): 08:00 to 21:00; some states to 20:00, and on \
                 Sundays from noon, which is taken for all; \
                 FCC 24-17: an artificial voice needs consent",
        as_of: LOOKED_AT,
    },
    Law {
        country: "GB",
        hours: &[
            Hours { days: WORKDAYS, spans: &["08:00-21:00"] },
            Hours { days: &[Saturday, Sunday], spans: &["09:00-20:00"] },
        ],
        holidays: &[
            On(1, 1),
            Easter(-2),
            Easter(1),
            Nth(5, Monday, 1),
            Nth(5, Monday, -1),
            Nth(8, Monday, -1),
            On(12, 25),
            On(12, 26),
        ],
        marketing_needs_consent: true,
        source: "PECR regulation 19: automated marketing calls need consent; the industry's hours",
        as_of: LOOKED_AT,
    },
    Law {
        country: "CA",
        hours: &[
            Hours { days: WORKDAYS, spans: &["09:00-21:30"] },
            Hours { days: &[Saturday, Sunday], spans: &["10:00-18:00"] },
        ],
        holidays: &[On(1, 1), Easter(-2), On(7, 1), Nth(9, Monday, 1), On(11, 11), On(12, 25), On(12, 26)],
        marketing_needs_consent: true,
        source: "CRTC Unsolicited Telecommunications Rules, part III, section 23",
        as_of: LOOKED_AT,
    },
    Law {
        country: "FR",
        hours: &[Hours { days: WORKDAYS, spans: &["10:00-13:00", "14:00-20:00"] }],
        holidays: &[
            On(1, 1),
            Easter(1),
            On(5, 1),
            On(5, 8),
            Easter(39),
            Easter(50),
            On(7, 14),
            On(8, 15),
            On(11, 1),
            On(11, 11),
            On(12, 25),
        ],
        marketing_needs_consent: true,
        source: "décret n° 2022-1313: workdays 10:00 to 13:00 and 14:00 to 20:00, no holidays",
        as_of: LOOKED_AT,
    },
    careful(
        "AT",
        &[
            On(1, 1),
            On(1, 6),
            Easter(1),
            On(5, 1),
            Easter(39),
            Easter(50),
            Easter(60),
            On(8, 15),
            On(10, 26),
            On(11, 1),
            On(12, 8),
            On(12, 25),
            On(12, 26),
        ],
    ),
    careful(
        "DE",
        &[
            On(1, 1),
            Easter(-2),
            Easter(1),
            On(5, 1),
            Easter(39),
            Easter(50),
            On(10, 3),
            On(12, 25),
            On(12, 26),
        ],
    ),
    careful("CH", &[On(1, 1), Easter(39), On(8, 1), On(12, 25)]),
    careful(
        "IT",
        &[
            On(1, 1),
            On(1, 6),
            Easter(1),
            On(4, 25),
            On(5, 1),
            On(6, 2),
            On(8, 15),
            On(11, 1),
            On(12, 8),
            On(12, 25),
            On(12, 26),
        ],
    ),
    careful(
        "ES",
        &[
            On(1, 1),
            On(1, 6),
            Easter(-2),
            On(5, 1),
            On(8, 15),
            On(10, 12),
            On(11, 1),
            On(12, 6),
            On(12, 8),
            On(12, 25),
        ],
    ),
    careful("NL", &[On(1, 1), Easter(1), On(4, 27), Easter(39), Easter(50), On(12, 25), On(12, 26)]),
    careful(
        "BE",
        &[
            On(1, 1),
            Easter(1),
            On(5, 1),
            Easter(39),
            Easter(50),
            On(7, 21),
            On(8, 15),
            On(11, 1),
            On(11, 11),
            On(12, 25),
        ],
    ),
    careful(
        "PL",
        &[
            On(1, 1),
            On(1, 6),
            Easter(1),
            On(5, 1),
            On(5, 3),
            Easter(60),
            On(8, 15),
            On(11, 1),
            On(11, 11),
            On(12, 24),
            On(12, 25),
            On(12, 26),
        ],
    ),
    careful(
        "PT",
        &[
            On(1, 1),
            Easter(-2),
            On(4, 25),
            On(5, 1),
            Easter(60),
            On(6, 10),
            On(8, 15),
            On(10, 5),
            On(11, 1),
            On(12, 1),
            On(12, 8),
            On(12, 25),
        ],
    ),
    careful(
        "IE",
        &[
            On(1, 1),
            On(3, 17),
            Easter(1),
            Nth(5, Monday, 1),
            Nth(6, Monday, 1),
            Nth(8, Monday, 1),
            Nth(10, Monday, -1),
            On(12, 25),
            On(12, 26),
        ],
    ),
];

/// The hours of each law as one week: what is not in a line of it is not allowed.
static WEEKS: LazyLock<Vec<Week>> = LazyLock::new(|| LAWS.iter().map(Law::read).collect());

/// What holds in a country; `None`: it is not known.
pub fn law_of(country: Country) -> Option<&'static Law> {
    LAWS.iter().find(|law| law.country == country.as_str())
}

impl Law {
    /// The hours that the law has.
    pub(super) fn week(&self) -> Option<&'static Week> {
        let place = LAWS.iter().position(|law| law.country == self.country)?;
        WEEKS.get(place)
    }

    fn read(&self) -> Week {
        let mut week = Week::default();
        for line in self.hours {
            let spans: Vec<Span> = line.spans.iter().filter_map(|span| span.parse().ok()).collect();
            let of = Week::of(line.days, &spans);
            for day in line.days {
                week.put(*day, of.spans(*day));
            }
        }
        week
    }

    /// Whether the whole country keeps the day.
    pub fn is_holiday(&self, date: Date) -> bool {
        self.holidays.iter().any(|holiday| holiday.is(date))
    }
}

impl Holiday {
    fn is(self, date: Date) -> bool {
        match self {
            Self::On(month, day) => (date.month(), date.day()) == (month, day),
            Self::Easter(days) => {
                let easter = easter(date.year());
                easter.is_some_and(|easter| easter.saturating_add(jiff::Span::new().days(days)) == date)
            }
            Self::Nth(month, weekday, nth) => {
                let of = Date::new(date.year(), month, 1)
                    .and_then(|first| first.nth_weekday_of_month(nth, weekday));
                of.is_ok_and(|day| day == date)
            }
        }
    }
}

/// Easter Sunday of the western church, by the rule of Meeus, Jones and Butcher.
fn easter(year: i16) -> Option<Date> {
    let y = i32::from(year);
    let (a, b, c) = (y % 19, y / 100, y % 100);
    let (d, e, f) = (b / 4, b % 4, (b + 8) / 25);
    let g = (b - f + 1) / 3;
    let h = (19 * a + b - d - g + 15) % 30;
    let (i, k) = (c / 4, c % 4);
    let l = (32 + 2 * e + 2 * i - h - k) % 7;
    let m = (a + 11 * h + 22 * l) / 451;
    let month = (h + l - 7 * m + 114) / 31;
    let day = (h + l - 7 * m + 114) % 31 + 1;
    Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn easter_is_where_calendars_have_it() {
        for (year, month, day) in [(2024, 3, 31), (2025, 4, 20), (2026, 4, 5), (2027, 3, 28), (2038, 4, 25)] {
            assert_eq!(easter(year), Some(date(year, month, day)));
        }
    }

    #[test]
    fn every_law_has_hours_and_names_a_country() {
        for law in &LAWS {
            assert!(law_of(Country::parse(law.country).unwrap()).is_some());
            let week = law.week().unwrap();
            let written: usize = law.hours.iter().map(|line| line.days.len() * line.spans.len()).sum();
            let read: usize = [BUT_SUNDAY, &[Sunday]].concat().iter().map(|day| week.spans(*day).len()).sum();
            assert_eq!(read, written, "{}: every span of the table was read", law.country);
            assert!(law.as_of.parse::<Date>().is_ok() && !law.source.is_empty());
        }
    }

    #[test]
    fn holidays_move_with_their_rules() {
        let of = |country: &str, day| law_of(Country::parse(country).unwrap()).unwrap().is_holiday(day);
        assert!(of("US", date(2026, 11, 26)) && !of("US", date(2026, 11, 19)), "the fourth Thursday");
        assert!(of("US", date(2027, 5, 31)), "the last Monday");
        assert!(of("AT", date(2027, 5, 6)), "Ascension");
        assert!(of("GB", date(2027, 3, 26)) && of("GB", date(2027, 3, 29)), "Easter");
        assert!(law_of(Country::parse("JP").unwrap()).is_none(), "what is not known is not called");
    }
}
