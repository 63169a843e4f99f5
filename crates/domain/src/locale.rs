//! Languages that the product itself speaks: the words that Twilio says, the voice that says them, how an agent says
//! figures, and the prompt of a new business. One table for each language, one file for each table.
//!
//! A table is a struct with a field for each phrase, so a language cannot lack one.

mod ar;
mod de;
mod en;
mod es;
mod fr;
mod he;
mod it;
mod manner;
mod nl;
mod pl;
mod pt;
mod ru;
mod tr;
mod words;

use std::sync::LazyLock;

use crate::Announcement;
use crate::announcement::Wording;
use crate::business::ChannelPrompt;
use crate::language::Tongue;

pub use manner::Manner;
pub use words::{BUSINESS_NAME, MAX_NAME_CHARS, MAX_SAY_CHARS, OwnWords, Said, Words};

/// Everything that the product says or knows in one language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Locale {
    /// ISO 639-1.
    pub code: &'static str,
    /// The language's name in English.
    pub name: &'static str,
    /// Twilio's voices, the first for a tag without a region or with a region that has none of its own.
    pub voices: &'static [SayVoice],
    /// What Twilio says. [`BUSINESS_NAME`] stands for the business's name.
    pub words: Words<&'static str>,
    /// How an agent speaks the language.
    pub manner: Manner,
    /// What the agent of a new business is told.
    pub instructions: &'static str,
    /// What the agent of a new business opens with.
    pub greeting: &'static str,
}

/// A voice of Twilio's `<Say>` with the language that it speaks. Another language with it makes Twilio skip the verb.
///
/// Source: the lists of voices in Twilio's text-to-speech documentation and in its libraries' types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SayVoice {
    /// The value of `language`.
    pub language: &'static str,
    /// The value of `voice`.
    pub voice: &'static str,
}

/// Every language that has a table.
pub static LOCALES: [Locale; 12] = [
    en::LOCALE,
    de::LOCALE,
    fr::LOCALE,
    es::LOCALE,
    he::LOCALE,
    ar::LOCALE,
    it::LOCALE,
    pt::LOCALE,
    nl::LOCALE,
    pl::LOCALE,
    ru::LOCALE,
    tr::LOCALE,
];

/// Each table under its language.
static TONGUES: LazyLock<Vec<(Tongue, &Locale)>> = LazyLock::new(|| {
    LOCALES.iter().filter_map(|locale| Some((Tongue::parse(locale.code)?, locale))).collect()
});

/// A language's table with the voice for one region.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Speaking {
    /// The table.
    pub locale: &'static Locale,
    /// The voice.
    pub voice: SayVoice,
}

impl Locale {
    /// The table of a language, by an ISO 639 code or a BCP 47 tag. `None`: it has no table.
    pub fn of(tag: &str) -> Option<&'static Self> {
        // Most tags are plain codes, which need no look into the world's languages.
        if let Some(locale) = LOCALES.iter().find(|locale| locale.code.eq_ignore_ascii_case(tag)) {
            return Some(locale);
        }
        let tongue = Tongue::parse(tag)?;
        let (_, locale) = TONGUES.iter().find(|(own, _)| own.is_kin(&tongue))?;
        Some(locale)
    }

    /// The code of a language's table; English's for a language that has none.
    pub fn code_or_english(tag: &str) -> &'static str {
        Self::of(tag).map_or("en", |locale| locale.code)
    }

    /// The prompt of a new business whose callers speak this language, for calls that come in.
    pub fn default_prompt(&self) -> ChannelPrompt {
        ChannelPrompt::new(self.instructions, self.greeting)
    }

    /// The rules of [`Manner`] as one paragraph for the model.
    pub fn rules(&self) -> String {
        self.manner.rules(self.name)
    }

    fn voice(&self, tag: &str) -> SayVoice {
        let same = |voice: &&SayVoice| voice.language.eq_ignore_ascii_case(&tag.trim().replace('_', "-"));
        let [first, ..] = self.voices else { return en::VOICES[0] };
        *self.voices.iter().find(same).unwrap_or(first)
    }
}

impl Speaking {
    /// In the first of a business's languages that has a table; English if none has.
    pub fn first_of<'a>(tags: impl IntoIterator<Item = &'a str>) -> Self {
        let known = |tag: &str| {
            let locale = Locale::of(tag)?;
            Some(Self { locale, voice: locale.voice(tag) })
        };
        tags.into_iter().find_map(known).unwrap_or_else(Self::english)
    }

    /// In English, where no language is known.
    pub const fn english() -> Self {
        Self { locale: &LOCALES[0], voice: en::VOICES[0] }
    }

    /// What Twilio says: the business's own words, if it has some for this, else the language's. A business's name is
    /// filled into both.
    pub fn wording(&self, said: Said, own: Option<&Announcement>, business_name: &str) -> Wording {
        match own {
            Some(own) => self.announced(own, business_name),
            None => self.say(&words::filled(self.locale.words.get(said), business_name)),
        }
    }

    /// A business's own words, in this voice unless they name one, with its name filled in.
    pub fn announced(&self, own: &Announcement, business_name: &str) -> Wording {
        match own.wording().clone() {
            Wording::Say { text, language: None, voice: None } => {
                self.say(&words::filled(&text, business_name))
            }
            Wording::Say { text, language, voice } => {
                Wording::Say { text: words::filled(&text, business_name), language, voice }
            }
            play @ Wording::Play { .. } => play,
        }
    }

    fn say(&self, text: &str) -> Wording {
        Wording::Say {
            text: text.to_owned(),
            language: Some(self.voice.language.to_owned()),
            voice: Some(self.voice.voice.to_owned()),
        }
    }
}

/// The rules of these languages, a paragraph each, in their order: what an agent that speaks them is told of how to
/// speak. A language without a table has no rules.
pub fn rules<'a>(tags: impl IntoIterator<Item = &'a str>) -> String {
    let mut spoken: Vec<&'static Locale> = vec![];
    for locale in tags.into_iter().filter_map(Locale::of) {
        if !spoken.contains(&locale) {
            spoken.push(locale);
        }
    }
    spoken.into_iter().map(Locale::rules).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests;
