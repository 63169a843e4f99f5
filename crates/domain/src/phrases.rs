//! Words that steer a conversation: goodbyes, and the sounds of somebody who listens.
//!
//! They are data, by language, and a business may add its own. Nothing here looks for a word *inside* a
//! sentence: an utterance counts only if it consists of such phrases from its first word to its last, because a
//! call that ends over a quoted "bye" does more harm than one that lasts a few seconds longer.

mod languages;

use serde::{Deserialize, Serialize};

use languages::LANGUAGES;

/// What a business adds to the lists below. Case and punctuation do not matter.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct OwnPhrases {
    /// Said at the end of a call.
    pub goodbyes: Vec<String>,
    /// Said by somebody who listens and does not want to interrupt.
    pub backchannels: Vec<String>,
}

/// The phrases of one call: its languages' and its business's own.
#[derive(Debug, Default)]
pub struct Phrases {
    goodbyes: Vec<Vec<String>>,
    courtesies: Vec<Vec<String>>,
    backchannels: Vec<Vec<String>>,
}

impl Phrases {
    /// `languages` are ISO 639-1 codes, with or without a region. English is always among them: people say "bye"
    /// and "okay" in all of them.
    pub fn new<'a>(languages: impl IntoIterator<Item = &'a str>, own: &OwnPhrases) -> Self {
        let mut codes: Vec<String> = languages
            .into_iter()
            .filter_map(|language| language.split(['-', '_']).next())
            .map(str::to_ascii_lowercase)
            .collect();
        codes.push("en".to_owned());
        let mut phrases = Self::default();
        for language in LANGUAGES.iter().filter(|language| codes.iter().any(|code| code == language.code)) {
            phrases.goodbyes.extend(language.goodbyes.iter().map(|phrase| words(phrase)));
            phrases.courtesies.extend(language.courtesies.iter().map(|phrase| words(phrase)));
            phrases.backchannels.extend(language.backchannels.iter().map(|phrase| words(phrase)));
        }
        let own_words = |list: &[String]| -> Vec<Vec<String>> {
            list.iter().map(|phrase| words(phrase)).filter(|phrase| !phrase.is_empty()).collect()
        };
        phrases.goodbyes.extend(own_words(&own.goodbyes));
        phrases.backchannels.extend(own_words(&own.backchannels));
        phrases
    }

    /// The whole utterance says goodbye and nothing else. "Bye, but one more thing" does not.
    pub fn is_goodbye(&self, text: &str) -> bool {
        let words = words(text);
        covers(&words, &[&self.goodbyes, &self.courtesies]) && self.has_goodbye(&words)
    }

    /// The last sentence says goodbye and nothing else: what was said before it does not matter.
    pub fn ends_in_goodbye(&self, text: &str) -> bool {
        let sentence = |part: &&str| part.chars().any(char::is_alphanumeric);
        text.rsplit(['.', '!', '?', '…', '\n']).find(sentence).is_some_and(|last| self.is_goodbye(last))
            && !text.trim_end().ends_with('?')
    }

    /// The whole utterance is a sound of listening, or no word at all.
    pub fn is_backchannel(&self, text: &str) -> bool {
        covers(&words(text), &[&self.backchannels])
    }

    fn has_goodbye(&self, words: &[String]) -> bool {
        self.goodbyes.iter().any(|phrase| words.windows(phrase.len()).any(|part| part == phrase.as_slice()))
    }
}

/// The words of an utterance, bare: an apostrophe parts them like a space.
pub fn words(text: &str) -> Vec<String> {
    text.split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect()
}

/// Whether `words` is a sequence of phrases of the lists and nothing else.
fn covers(words: &[String], lists: &[&[Vec<String>]]) -> bool {
    // Which prefixes are covered: a phrase may be the beginning of a longer one.
    let mut covered = vec![false; words.len() + 1];
    covered[0] = true;
    for start in 0..words.len() {
        if !covered[start] {
            continue;
        }
        for phrase in lists.iter().copied().flatten() {
            if words[start..].starts_with(phrase) {
                covered[start + phrase.len()] = true;
            }
        }
    }
    covered[words.len()]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn phrases() -> Phrases {
        Phrases::new(LANGUAGES.iter().map(|language| language.code), &OwnPhrases::default())
    }

    #[test]
    fn a_whole_utterance_of_goodbyes_is_one() {
        for text in [
            "Bye!",
            "Okay, thanks, bye bye.",
            "No, that's all. Thank you, goodbye.",
            "Tschüss!",
            "Vielen Dank, auf Wiederhören.",
            "Gracias, hasta luego",
            "D'accord, merci, au revoir !",
            "תודה רבה, ביי",
            "Va bene, grazie, arrivederci.",
        ] {
            assert!(phrases().is_goodbye(text), "{text}");
        }
    }

    #[test]
    fn a_goodbye_with_a_but_is_none() {
        for text in [
            "Bye, but one more thing.",
            "Goodbye is a sad word",
            "Thanks",
            "Okay",
            "",
            "I said bye to him yesterday",
            "Tschüss sage ich noch nicht",
            "ביי אבל רגע",
            "Can you buy it?",
            "bicycle",
        ] {
            assert!(!phrases().is_goodbye(text), "{text}");
        }
    }

    #[test]
    fn an_agents_goodbye_is_its_last_sentence() {
        let phrases = phrases();
        assert!(phrases.ends_in_goodbye("Thank you for calling. See you on Thursday. Goodbye!"));
        assert!(phrases.ends_in_goodbye("Ihr Termin steht. Auf Wiederhören!"));
        assert!(!phrases.ends_in_goodbye("To cancel just say \"goodbye\" to the assistant."));
        assert!(!phrases.ends_in_goodbye("Goodbye. Or is there anything else?"));
        assert!(!phrases.ends_in_goodbye("Bye?"));
        assert!(!phrases.ends_in_goodbye(""));
    }

    #[test]
    fn listening_is_not_interrupting_and_an_answer_is_not_listening() {
        let phrases = phrases();
        for text in ["Mhm.", "uh-huh", "Yeah, okay.", "Ah ja, genau", "", "…"] {
            assert!(phrases.is_backchannel(text), "{text}");
        }
        for text in ["No!", "Stop", "Yes, on Thursday", "What?", "Nein", "wait"] {
            assert!(!phrases.is_backchannel(text), "{text}");
        }
    }

    #[test]
    fn a_business_adds_its_own_words() {
        let own = OwnPhrases {
            goodbyes: vec!["Over and out!".into(), "!".into()],
            backchannels: vec!["roger".into()],
        };
        let phrases = Phrases::new(["de-AT"], &own);
        assert!(phrases.is_goodbye("Okay, over and out"));
        assert!(phrases.is_backchannel("Roger, roger"));
        assert!(phrases.is_goodbye("Servus"));
        assert!(!phrases.is_goodbye("hasta luego"), "a language that nobody speaks here");
    }

    proptest! {
        /// Historic failure 11.
        #[test]
        fn no_phrase_inside_a_longer_sentence_ever_counts(
            language in 0..LANGUAGES.len(), pick in any::<prop::sample::Index>(), before in "[a-z]{0,8}zq", after in "[a-z]{0,8}zq",
        ) {
            let language = &LANGUAGES[language];
            let goodbye = language.goodbyes[pick.index(language.goodbyes.len())];
            let backchannel = language.backchannels[pick.index(language.backchannels.len())];
            let phrases = phrases();
            for phrase in [goodbye, backchannel] {
                for text in [format!("{before} {phrase}"), format!("{phrase} {after}"), format!("{before} {phrase}, {after}")] {
                    prop_assert!(!phrases.is_goodbye(&text), "{}", text);
                    prop_assert!(!phrases.ends_in_goodbye(&text), "{}", text);
                    prop_assert!(!phrases.is_backchannel(&text), "{}", text);
                }
            }
        }

        #[test]
        fn nothing_anybody_says_panics(text in "\\PC{0,200}") {
            let phrases = phrases();
            let _ = (phrases.is_goodbye(&text), phrases.ends_in_goodbye(&text), phrases.is_backchannel(&text));
        }
    }
}
