use std::collections::BTreeSet;

use icu_normalizer::ComposingNormalizer;
use proptest::prelude::*;

use super::*;
use crate::Announcement;
use crate::business::Prompts;
use crate::language::Letters;
use crate::prompt::{Channel, compile};
use crate::testing::{self, business};

/// Every text of a language that a person hears.
fn heard(locale: &Locale) -> Vec<&'static str> {
    let words = Said::ALL.iter().map(|said| *locale.words.get(*said));
    words.chain([locale.greeting]).collect()
}

fn placeholders(text: &str) -> usize {
    text.matches(BUSINESS_NAME).count()
}

#[test]
fn the_twelve_languages_are_there_by_all_their_codes() {
    let codes: Vec<&str> = LOCALES.iter().map(|locale| locale.code).collect();
    assert_eq!(codes, ["en", "de", "fr", "es", "he", "ar", "it", "pt", "nl", "pl", "ru", "tr"]);
    for (tag, code) in
        [("iw", "he"), ("heb-IL", "he"), ("de_AT", "de"), ("arz", "ar"), ("pt-BR", "pt"), ("eng", "en")]
    {
        assert_eq!(Locale::of(tag).map(|locale| locale.code), Some(code), "{tag}");
    }
    for none in ["sv", "ja", "", "und", "german"] {
        assert_eq!(Locale::of(none), None, "{none}");
    }
}

#[test]
fn what_is_heard_can_be_said() {
    for locale in &LOCALES {
        let texts = heard(locale);
        assert_eq!(
            texts.iter().collect::<BTreeSet<_>>().len(),
            texts.len(),
            "{}: no text twice",
            locale.code
        );
        for text in texts {
            let length = text.chars().count();
            assert!((15..=220).contains(&length), "{}: {length} characters: {text}", locale.code);
            assert!(text.ends_with(['.', '?', '؟']) && text.trim() == text, "{text}");
            let wording = Wording::Say { text: text.into(), language: None, voice: None };
            assert!(Announcement::new(wording).is_ok(), "{text}");
        }
    }
}

#[test]
fn all_texts_are_composed_and_hold_no_invisible_characters() {
    let composed = ComposingNormalizer::new_nfc();
    for locale in &LOCALES {
        let texts = heard(locale).into_iter().chain([locale.instructions]).chain(locale.manner.each());
        for text in texts {
            assert!(composed.is_normalized(text), "{}: {text}", locale.code);
            assert!(text.chars().all(|c| !c.is_control() || c == '\n'), "{}: {text}", locale.code);
            for invisible in ['\u{200B}', '\u{200E}', '\u{200F}', '\u{202B}', '\u{AD}', '\u{A0}', '\u{FEFF}']
            {
                assert!(!text.contains(invisible), "{}: {text}", locale.code);
            }
        }
    }
}

/// A letter of another script is a slip of the keyboard that no voice can say.
#[test]
fn each_language_is_written_in_its_own_letters() {
    for locale in &LOCALES {
        let tongue = Tongue::parse(locale.code).unwrap();
        for text in heard(locale).into_iter().chain([locale.instructions]) {
            let text = text.replace(BUSINESS_NAME, "");
            let foreign = text.chars().find(|c| Letters::of(*c).is_some_and(|letter| !tongue.writes(letter)));
            assert_eq!(foreign, None, "{}: {text}", locale.code);
        }
    }
}

#[test]
fn the_business_is_named_where_it_is_known_and_nowhere_else() {
    for locale in &LOCALES {
        for said in Said::ALL {
            let text = locale.words.get(*said);
            assert_eq!(placeholders(text), usize::from(said.names_business()), "{} {text}", locale.code);
            assert_eq!(text.matches("{{").count(), placeholders(text), "{text}");
        }
        for text in [locale.greeting, locale.instructions] {
            assert_eq!((placeholders(text), text.matches("{{").count()), (1, 1), "{}", locale.code);
        }
    }
}

/// In the languages whose goodbyes are known.
#[test]
fn what_ends_the_call_says_goodbye_and_nothing_else_does() {
    use crate::phrases::{OwnPhrases, Phrases};
    for code in ["en", "de", "fr", "es", "he", "it"] {
        let phrases = Phrases::new([code], &OwnPhrases::default());
        let locale = Locale::of(code).unwrap();
        for said in Said::ALL {
            let text = locale.words.get(*said);
            assert_eq!(phrases.ends_in_goodbye(text), said.ends_call(), "{code}: {text}");
        }
    }
}

#[test]
fn a_voice_belongs_to_its_language_and_its_codes_are_ones() {
    for locale in &LOCALES {
        let own = Tongue::parse(locale.code).unwrap();
        assert!(!locale.voices.is_empty(), "{}", locale.code);
        for SayVoice { language, voice } in locale.voices {
            let tongue = Tongue::parse(language).unwrap();
            assert!(tongue.is_kin(&own) && tongue.iso_639_1() == Some(locale.code), "{language}");
            let (language_code, region) = language.split_once('-').unwrap();
            assert!(region.len() == 2 && language_code == locale.code, "{language}");
            let known = voice.strip_prefix("Polly.").or_else(|| {
                // Google's names say their language.
                voice.strip_prefix("Google.").filter(|rest| rest.starts_with(language))
            });
            assert!(known.is_some_and(|name| !name.is_empty()), "{voice}");
        }
    }
}

#[test]
fn a_region_chooses_the_voice_and_the_first_known_language_is_spoken() {
    let voice = |tags: &[&str]| Speaking::first_of(tags.iter().copied()).voice.voice;
    assert_eq!(voice(&["de"]), "Polly.Vicki-Neural");
    assert_eq!(voice(&["de_at"]), "Polly.Hannah-Neural");
    assert_eq!(voice(&["de-CH"]), "Polly.Vicki-Neural");
    assert_eq!(voice(&["pt-PT"]), "Polly.Ines-Neural");
    assert_eq!(voice(&["en-US"]), "Polly.Joanna-Neural");
    assert_eq!(voice(&["sv", "he", "en"]), "Google.he-IL-Wavenet-A");
    assert_eq!(voice(&["sv"]), "Polly.Amy-Neural");
    assert_eq!(Speaking::first_of([]), Speaking::english());
}

fn text(wording: &Wording) -> &str {
    match wording {
        Wording::Say { text, .. } => text,
        Wording::Play { url } => url,
    }
}

#[test]
fn a_business_has_words_of_its_own_and_the_languages_for_the_rest() {
    let say = |text: &str| {
        Announcement::new(Wording::Say { text: text.into(), language: None, voice: None }).unwrap()
    };
    let file = Announcement::new(Wording::Play { url: "https://files.example/busy.mp3".into() }).unwrap();
    let own = OwnWords {
        closed: Some(say("{{business_name}} macht Pause.")),
        busy: Some(file.clone()),
        ..OwnWords::default()
    };
    let german = Speaking::first_of(["de"]);
    let wording = |said| german.wording(said, own.get(said).as_ref(), "Hafen\u{7}rad ");
    assert_eq!(
        wording(Said::Closed),
        Wording::Say {
            text: "Hafenrad macht Pause.".into(),
            language: Some("de-DE".into()),
            voice: Some("Polly.Vicki-Neural".into()),
        }
    );
    assert_eq!(wording(Said::Busy), *file.wording());
    assert_eq!(text(&wording(Said::Connecting)), "Einen Moment bitte, ich verbinde Sie.");
    assert!(text(&wording(Said::Voicemail)).contains("Hafenrad"));
}

#[test]
fn own_words_are_read_by_their_names() {
    let words: OwnWords = serde_json::from_str(r#"{"busy":{"say":{"text":"Busy."}}}"#).unwrap();
    assert!(words.busy.is_some() && words.closed.is_none());
    for said in Said::ALL {
        let one = format!(r#"{{"{}":{{"say":{{"text":"Hello."}}}}}}"#, said.as_str());
        let words: OwnWords = serde_json::from_str(&one).unwrap();
        assert!(words.get(*said).is_some(), "each is read by its name: {}", said.as_str());
        assert_eq!(Said::parse(said.as_str()), Some(*said));
    }
}

#[test]
fn the_manner_of_a_language_is_told_in_full_and_with_examples() {
    for locale in &LOCALES {
        let tongue = Tongue::parse(locale.code).unwrap();
        let rules = locale.rules();
        assert!(rules.contains(locale.name) && rules.chars().count() < 1_800, "{}", locale.code);
        for rule in locale.manner.each() {
            assert!(rule.ends_with('.') && rules.contains(rule), "{rule}");
            let quotes = rule.split('"').skip(1).step_by(2);
            let own = |c: char| Letters::of(c).is_none_or(|letter| tongue.writes(letter));
            assert!(quotes.clone().all(|quote| quote.chars().all(own)), "{}: {rule}", locale.code);
        }
        let examples = locale.manner.each().iter().filter(|rule| rule.contains('"')).count();
        assert!(examples >= 4, "{}", locale.code);
    }
}

#[test]
fn an_agent_is_told_the_manner_of_each_language_once() {
    let rules = rules(["he", "sv", "de-AT", "iw", "de"]);
    let [hebrew, german] = rules.lines().collect::<Vec<_>>()[..] else { panic!("two paragraphs: {rules}") };
    assert_eq!((hebrew, german), (&*Locale::of("he").unwrap().rules(), &*Locale::of("de").unwrap().rules()));
    assert_eq!(super::rules(["sv"]), "");
}

#[test]
fn a_new_business_has_an_agent_in_each_language() {
    for locale in &LOCALES {
        let mut settings = testing::settings();
        settings.prompts = Prompts { inbound: Some(locale.default_prompt()), ..Prompts::default() };
        settings.voice.languages = vec![locale.code.into()];
        let compiled = compile(&business(), &settings, Channel::Inbound, None).unwrap();
        assert!(compiled.greeting.contains(&business().name) && !compiled.greeting.contains("{{"));
        assert!(!compiled.instructions.contains("{{"), "{}", locale.code);
        assert!((300..1_200).contains(&locale.instructions.chars().count()), "{}", locale.code);
    }
}

proptest! {
    #[test]
    fn any_name_of_a_business_can_be_said(name in "\\PC{0,300}|[\u{0}-\u{1F}]{0,9}", pick in 0..Said::ALL.len(), at in 0..12_usize) {
        let speaking = Speaking::first_of([LOCALES[at].code]);
        let wording = speaking.wording(Said::ALL[pick], None, &name);
        prop_assert!(Announcement::new(wording).is_ok());
    }
}
