//! What people say of times.

use proptest::prelude::*;

use super::*;
use crate::locale::LOCALES;

/// Monday 30 November 2026, 10:00 in Vienna.
fn now() -> Timestamp {
    zone("Europe/Vienna").reached(date(2026, 11, 30).at(10, 0, 0, 0)).unwrap()
}

/// Open from 9 to 18 on every day.
fn open(_: Date, _: Date, minute: u16) -> bool {
    (9 * 60..18 * 60).contains(&minute)
}

fn ask(hint: &Hint, language: &str) -> Result<Asked, Question> {
    hint.resolve(language, &zone("Europe/Vienna"), now(), open)
}

fn day(text: &str) -> Hint {
    Hint { day: Some(text.into()), ..Hint::default() }
}

fn clock(text: &str) -> Option<Clock> {
    Some(text.parse().unwrap())
}

#[test]
fn next_tuesday_after_four_is_asked_about_on_a_monday() {
    let next_tuesday = Hint { week: Some(Week::Next), after: clock("4"), ..day("Tuesday") };
    let days = [date(2026, 12, 1), date(2026, 12, 8)];
    assert_eq!(ask(&next_tuesday, "en"), Err(Question::WhichDay(days)));
    // The answer comes back as a date.
    let answered = Hint { week: None, ..Hint { after: clock("4"), ..day("2026-12-08") } };
    let asked = ask(&answered, "en").unwrap();
    assert_eq!((asked.first, asked.last, asked.from, asked.until), (days[1], days[1], 16 * 60, 24 * 60));
}

#[test]
fn a_weekday_is_the_next_one_unless_it_is_today() {
    assert_eq!(ask(&day("Thursday"), "en").map(|asked| asked.first), Ok(date(2026, 12, 3)));
    assert_eq!(ask(&day("monday"), "en"), Err(Question::WhichDay([date(2026, 11, 30), date(2026, 12, 7)])));
    let next_monday = Hint { week: Some(Week::Next), ..day("Monday") };
    assert_eq!(ask(&next_monday, "en").map(|asked| asked.first), Ok(date(2026, 12, 7)));
    let this_sunday = Hint { week: Some(Week::This), ..day("sunday") };
    assert_eq!(ask(&this_sunday, "en").map(|asked| asked.first), Ok(date(2026, 12, 6)));
    // In Hebrew the week began yesterday.
    let this_sunday = Hint { week: Some(Week::This), ..day("יום ראשון") };
    assert_eq!(ask(&this_sunday, "he"), Err(Question::DayIsPast(date(2026, 12, 6))));
}

#[test]
fn days_are_known_in_every_language() {
    for (text, language, expected) in [
        ("היום", "he", date(2026, 11, 30)),
        ("מחר", "he-IL", date(2026, 12, 1)),
        ("מחרתיים", "he", date(2026, 12, 2)),
        ("יום שלישי", "he", date(2026, 12, 1)),
        ("שלישי", "he", date(2026, 12, 1)),
        ("יום ה'", "he", date(2026, 12, 3)),
        ("שבת", "he", date(2026, 12, 5)),
        ("Tuesday", "he", date(2026, 12, 1)),
        ("Mittwoch", "de", date(2026, 12, 2)),
        ("Sonnabend", "de", date(2026, 12, 5)),
        ("miercoles", "en", date(2026, 12, 2)),
        ("terça", "pt-BR", date(2026, 12, 1)),
        ("SALI", "tr", date(2026, 12, 1)),
        ("пятницу", "ru", date(2026, 12, 4)),
        ("الخميس", "ar", date(2026, 12, 3)),
        ("day after tomorrow", "en", date(2026, 12, 2)),
        ("12-24", "en", date(2026, 12, 24)),
        ("01-05", "en", date(2027, 1, 5)),
        ("02-29", "en", date(2028, 2, 29)),
    ] {
        let found = ask(&day(text), language).map(|asked| (asked.first, asked.last));
        if text == "miercoles" {
            // Without its accent it is no word of the table.
            assert_eq!(found, Err(Question::UnknownDay));
            continue;
        }
        assert_eq!(found, Ok((expected, expected)), "{text}");
    }
    for text in ["someday", "soon", "32-01", "02-30", "2026-02-30", "99"] {
        assert_eq!(ask(&day(text), "en"), Err(Question::UnknownDay), "{text}");
    }
}

/// The predecessor's agent booked in the wrong year.
#[test]
fn a_date_that_is_past_is_asked_about() {
    assert_eq!(ask(&day("2025-12-03"), "en"), Err(Question::DayIsPast(date(2026, 12, 3))));
    assert_eq!(ask(&day("2026-11-29"), "en"), Err(Question::DayIsPast(date(2027, 11, 29))));
}

#[test]
fn an_hour_has_the_meaning_that_is_possible() {
    let from = |hint: Hint| ask(&Hint { day: Some("thursday".into()), ..hint }, "en").map(|asked| asked.from);
    let after = |text: &str| from(Hint { after: clock(text), ..Hint::default() });
    assert_eq!(after("4"), Ok(16 * 60));
    assert_eq!(after("10"), Ok(10 * 60));
    assert_eq!(after("4pm"), Ok(16 * 60));
    assert_eq!(after("04:30"), Ok(4 * 60 + 30));
    assert_eq!(after("12"), Ok(12 * 60));
    // Neither 8:00 nor 20:00 is in the hours.
    assert!(matches!(after("8"), Err(Question::WhichHour(_))));
    assert_eq!(from(Hint { after: clock("8"), part: Some(Part::Morning), ..Hint::default() }), Ok(8 * 60));
    let none = Hint { after: clock("17:00"), before: clock("16:00"), ..Hint::default() };
    assert_eq!(from(none), Err(Question::NoTimeLeft));
    for bad in ["", "25", "4:60", "13pm", "0pm", "four", "24:30", "4:3:2", "+4"] {
        assert_eq!(bad.parse::<Clock>().ok(), None, "{bad}");
    }
    for (text, written) in [("4", "4:00"), ("16", "16:00"), ("4:30 pm", "16:30"), ("12am", "00:00")] {
        assert_eq!(text.parse::<Clock>().unwrap().to_string(), written);
    }
}

#[test]
fn a_week_without_a_day_is_the_rest_of_it() {
    let week = |week, language| ask(&Hint { week: Some(week), ..Hint::default() }, language).unwrap();
    let this = week(Week::This, "en");
    assert_eq!((this.first, this.last), (date(2026, 11, 30), date(2026, 12, 6)));
    let next = week(Week::Next, "he");
    assert_eq!((next.first, next.last), (date(2026, 12, 6), date(2026, 12, 12)));
    let any = ask(&Hint::default(), "en").unwrap();
    assert_eq!((any.first, any.last), (date(2026, 11, 30), date(2027, 1, 29)));
}

#[test]
fn a_moment_is_said_in_every_language() {
    let at = date(2026, 12, 3).at(14, 30, 0, 0);
    assert_eq!(say_moment(at, "en-GB"), "Thursday, 3 December, 14:30");
    assert_eq!(say_moment(at, "de"), "Donnerstag, 3. Dezember, 14:30 Uhr");
    assert_eq!(say_moment(at, "he"), "יום חמישי, 3 בדצמבר, 14:30");
    assert_eq!(say_moment(at, "xx"), say_moment(at, "en"));
    for locale in &LOCALES {
        let said: Vec<String> =
            (1..=7).map(|day| say_moment(date(2026, 12, day).at(9, 5, 0, 0), locale.code)).collect();
        assert!(said.iter().all(|said| said.contains("09:05") && !said.contains('{')), "{said:?}");
        // What is said of a weekday is understood again.
        for offset in 0..7 {
            let weekday = Weekday::from_monday_zero_offset(offset).unwrap();
            let day = (1..=7).map(|day| date(2026, 12, day)).find(|day| day.weekday() == weekday).unwrap();
            let said = say_moment(day.at(9, 5, 0, 0), locale.code);
            let first = said.split([',', '،']).next().unwrap();
            let named = first.split(' ').filter_map(|word| day_named(word, locale.code)).next();
            let named = day_named(first, locale.code).or(named);
            assert_eq!(named, Some(Named::Weekday(weekday)), "{said}");
        }
    }
}

proptest! {
    /// Whatever a model passes as a day, it is a day that comes, or a question.
    #[test]
    fn no_text_leads_to_a_day_that_is_past(text in "\\PC{0,16}", language in "[a-z]{2}") {
        if let Ok(asked) = ask(&day(&text), &language) {
            prop_assert!(asked.first >= date(2026, 11, 30) && asked.first <= asked.last);
        }
    }

    #[test]
    fn no_text_is_an_hour_beyond_the_day(text in "[0-9:apm. ]{0,8}") {
        if let Ok(clock) = text.parse::<Clock>() {
            prop_assert_eq!(clock.to_string().parse::<Clock>(), Ok(clock));
        }
    }
}
