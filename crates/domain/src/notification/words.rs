//! What a notification says: one function for all kinds of receivers, in the business's language.
//!
//! It names who called or wrote, what happened, and where more is found; what was said stays in the console, where a person
//! signs in. Names come from callers and from files, so they are cut, kept on one line, and never markup.

mod table;

use strum::IntoStaticStr;

use crate::locale::Locale;
use crate::usage::Meter;
use table::{Phrases, TABLE};

/// The longest name that is told, characters.
const MAX_NAME: usize = 60;

/// Who called or wrote, as far as it is known.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Who<'a> {
    /// What they are called.
    pub name: Option<&'a str>,
    /// By which number they are known.
    pub number: Option<&'a str>,
}

/// What happened.
#[derive(Clone, Copy, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum What<'a> {
    /// A person left a message.
    Message {
        /// Whom it is for, as the person said.
        recipient: Option<&'a str>,
    },
    /// A caller left a recorded message.
    Voicemail,
    /// No agent had the call.
    MissedCall,
    /// The agent gave a thread to the people of the business.
    HandedOver,
    /// A month came to a level of a cap.
    Budget {
        /// What is capped.
        meter: Meter,
        /// Minutes or micro-dollars.
        used: u64,
        /// In the same unit.
        cap: u64,
        /// New calls are refused.
        is_reached: bool,
    },
    /// An endpoint or a receiver is told nothing any more.
    Unreachable {
        /// What it is called.
        name: &'a str,
    },
    /// Nothing: a person tries whether it arrives.
    Test,
}

/// What a receiver is to be told.
#[derive(Clone, PartialEq, Eq)]
pub struct Told<'a> {
    /// What the business is called.
    pub business: &'a str,
    /// What happened.
    pub what: What<'a>,
    /// Who called or wrote.
    pub who: Who<'a>,
    /// Where the console shows more.
    pub link: &'a str,
}

/// A notification in words.
#[derive(Clone, PartialEq, Eq)]
pub struct Words {
    /// What it is about, one line.
    pub title: String,
    /// What happened, one or two sentences.
    pub text: String,
    /// What leads to the console.
    pub open: &'static str,
    /// Where that is.
    pub link: String,
}

// They name a person.
impl std::fmt::Debug for Words {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Words").finish_non_exhaustive()
    }
}

impl Words {
    /// What is told, in the language of a tag, or in English.
    pub fn of(told: &Told<'_>, language: &str) -> Self {
        let phrases = phrases(language);
        let (business, who) = (plain(told.business), who(phrases, told.who));
        let fill = |pattern: &str| pattern.replace("{who}", &who);
        let (title, text) = match told.what {
            What::Message { recipient } => {
                let text = match recipient.map(plain).filter(|name| !name.is_empty()) {
                    Some(name) => fill(phrases.left_for).replace("{name}", &name),
                    None => fill(phrases.left),
                };
                (phrases.message, text)
            }
            What::Voicemail => (phrases.voicemail, fill(phrases.left_voicemail)),
            What::MissedCall => (phrases.missed, fill(phrases.called)),
            What::HandedOver => (phrases.handed_over, fill(phrases.handed)),
            What::Budget { meter, used, cap, is_reached } => {
                let [used, cap] = [used, cap].map(|amount| in_unit(phrases, meter, amount));
                let text = phrases.used.replace("{used}", &used).replace("{cap}", &cap);
                match is_reached {
                    true => (phrases.used_up, format!("{text} {}", phrases.refused)),
                    false => (phrases.low, text),
                }
            }
            What::Unreachable { name } => {
                (phrases.unreachable, phrases.not_told.replace("{name}", &plain(name)))
            }
            What::Test => (phrases.test, phrases.arrives.to_owned()),
        };
        let text = if text.starts_with(phrases.withheld) { capitalised(&text) } else { text };
        Self { title: format!("{business}: {title}"), text, open: phrases.open, link: told.link.to_owned() }
    }

    /// As the text of an e-mail, whose subject is the title.
    pub fn mail(&self) -> String {
        format!("{}\n\n{}: {}\n", self.text, self.open, self.link)
    }

    /// As a text message.
    pub fn plain(&self) -> String {
        format!("{}\n{}\n{}", self.title, self.text, self.link)
    }
}

fn phrases(language: &str) -> &'static Phrases {
    let code = Locale::code_or_english(language);
    let [english, ..] = &TABLE;
    TABLE.iter().find(|phrases| phrases.code == code).unwrap_or(english)
}

fn who(phrases: &Phrases, who: Who<'_>) -> String {
    let name = who.name.map(plain).filter(|name| !name.is_empty());
    match (name, who.number) {
        (Some(name), Some(number)) => format!("{name} ({number})"),
        (Some(name), None) => name,
        (None, Some(number)) => number.to_owned(),
        (None, None) => phrases.withheld.to_owned(),
    }
}

/// A sentence that begins with a word of its table begins with a capital letter.
fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// A name on one line, without what is invisible or turns the direction of what follows.
fn plain(name: &str) -> String {
    let is_odd = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
    };
    let line: String = name.chars().map(|c| if is_odd(c) { ' ' } else { c }).collect();
    let words = line.split_whitespace().collect::<Vec<_>>().join(" ");
    if words.chars().count() <= MAX_NAME {
        return words;
    }
    words.chars().take(MAX_NAME - 1).chain(['…']).collect()
}

fn in_unit(phrases: &Phrases, meter: Meter, amount: u64) -> String {
    match meter {
        Meter::Minutes => phrases.minutes.replace("{n}", &amount.to_string()),
        Meter::Money => format!("{}.{:02} USD", amount / 1_000_000, amount % 1_000_000 / 10_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::locale::LOCALES;

    const DANA: Who<'_> = Who { name: Some("Dana"), number: Some("+12025550178") };

    fn told<'a>(what: What<'a>, who: Who<'a>) -> Told<'a> {
        Told { business: "Harbour Bikes", what, who, link: "https://calls.example/console/#/x" }
    }

    #[test]
    fn what_happened_is_told_with_who_it_was_and_where_more_is_found() {
        let words = Words::of(&told(What::Message { recipient: Some("Robin") }, DANA), "en-GB");
        assert_eq!(
            words.plain(),
            "Harbour Bikes: New message\nDana (+12025550178) left a message for Robin.\nhttps://calls.example/console/#/x"
        );
        let german = Words::of(&told(What::MissedCall, Who::default()), "de-AT");
        assert_eq!(german.title, "Harbour Bikes: Verpasster Anruf");
        assert_eq!(
            german.text,
            "Eine unterdrückte Nummer hat angerufen, und kein Agent hat den Anruf angenommen."
        );
        let unknown = Words::of(&told(What::Voicemail, DANA), "tlh");
        assert!(unknown.title.ends_with("New voicemail"), "a language without a table is English");
    }

    #[test]
    fn a_budget_is_told_in_its_unit() {
        let budget = |meter, used, cap, is_reached| {
            Words::of(&told(What::Budget { meter, used, cap, is_reached }, Who::default()), "en").text
        };
        assert_eq!(
            budget(Meter::Minutes, 800, 1_000, false),
            "800 minutes of 1000 minutes are used this month."
        );
        assert_eq!(
            budget(Meter::Money, 20_050_000, 20_000_000, true),
            "20.05 USD of 20.00 USD are used this month. New calls are refused."
        );
    }

    #[test]
    fn a_name_is_one_short_line() {
        let odd = Who { name: Some("Da\u{202e}na\r\n\u{200b}https://evil.example"), number: None };
        let words = Words::of(&told(What::Voicemail, odd), "en");
        assert!(!words.text.contains(['\r', '\n', '\u{202e}', '\u{200b}']), "{}", words.text);
        let long = "x".repeat(500);
        let long = Who { name: Some(&long), number: None };
        assert!(Words::of(&told(What::Voicemail, long), "en").text.chars().count() < 100);
        let blank = Who { name: Some(" \n "), number: Some("+1") };
        assert!(Words::of(&told(What::Voicemail, blank), "en").text.starts_with("+1 "));
    }

    #[test]
    fn every_language_of_the_product_has_every_phrase_with_its_places() {
        for locale in &LOCALES {
            let phrases = TABLE.iter().find(|phrases| phrases.code == locale.code).unwrap();
            for (pattern, places) in [
                (phrases.left, &["{who}"][..]),
                (phrases.left_for, &["{who}", "{name}"]),
                (phrases.left_voicemail, &["{who}"]),
                (phrases.called, &["{who}"]),
                (phrases.handed, &["{who}"]),
                (phrases.used, &["{used}", "{cap}"]),
                (phrases.not_told, &["{name}"]),
                (phrases.minutes, &["{n}"]),
            ] {
                assert!(places.iter().all(|place| pattern.contains(place)), "{}: {pattern}", phrases.code);
                assert_eq!(pattern.matches('{').count(), places.len(), "{}: {pattern}", phrases.code);
            }
        }
        assert_eq!(TABLE.len(), LOCALES.len());
    }
}
