//! Words that steer a conversation: goodbyes, sounds of listening, and what answers in a person's place.
//!
//! They are data, by language, and a business may add its own. Nothing that a person says is looked for *inside* a
//! sentence: an utterance counts only if it consists of such phrases from its first word to its last, because a
//! call that ends over a quoted "bye" does more harm than one that lasts a few seconds longer. Only what machines
//! say is, and only on outbound calls.

mod answering;
mod languages;

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use answering::ANSWERING;
use languages::{LANGUAGES, Language};

use crate::language::Tongue;
use crate::text::words;

/// What a business adds to the lists below. Case and punctuation do not matter.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct OwnPhrases {
    /// Said at the end of a call.
    pub goodbyes: Vec<String>,
    /// Said by a caller who listens and does not want to interrupt.
    pub backchannels: Vec<String>,
    /// Said by answering machines, wherever in their greeting.
    pub voicemail: Vec<String>,
}

/// The phrases of one call: its languages' and its business's own. Those of a language are made once for all calls.
#[derive(Debug, Default)]
pub struct Phrases {
    languages: Vec<&'static Lists>,
    own: Lists,
}

/// Phrases by what they mean, each as its words.
#[derive(Debug, Default)]
struct Lists {
    goodbyes: Vec<Vec<String>>,
    courtesies: Vec<Vec<String>>,
    backchannels: Vec<Vec<String>>,
    voicemail: Vec<Vec<String>>,
    screening: Vec<Vec<String>>,
    on_hold: Vec<Vec<String>>,
    answers: Vec<Vec<String>>,
}

/// Every language's lists.
static SPOKEN: LazyLock<Vec<(Tongue, Lists)>> = LazyLock::new(|| {
    let phrases = |list: &[&str]| -> Vec<Vec<String>> { list.iter().map(|phrase| words(phrase)).collect() };
    let lists = |language: &Language| {
        let mut lists = Lists {
            goodbyes: phrases(language.goodbyes),
            courtesies: phrases(language.courtesies),
            backchannels: phrases(language.backchannels),
            ..Lists::default()
        };
        for answering in ANSWERING.iter().filter(|answering| answering.code == language.code) {
            lists.voicemail = phrases(answering.voicemail);
            lists.screening = phrases(answering.screening);
            lists.on_hold = phrases(answering.on_hold);
            lists.answers = phrases(answering.answers);
        }
        Some((Tongue::parse(language.code)?, lists))
    };
    LANGUAGES.iter().filter_map(lists).collect()
});

/// What people say to be polite, in every language.
pub(crate) fn politeness() -> impl Iterator<Item = &'static str> {
    let of = |language: &'static Language| language.courtesies.iter().chain(language.goodbyes);
    LANGUAGES.iter().flat_map(of).copied()
}

impl Phrases {
    /// `languages` are ISO 639 codes, with or without a region. English is always among them: people say "bye"
    /// and "okay" in all of them.
    pub fn new<'a>(languages: impl IntoIterator<Item = &'a str>, own: &OwnPhrases) -> Self {
        let spoken: Vec<Tongue> = languages.into_iter().chain(["en"]).filter_map(Tongue::parse).collect();
        let own_words = |list: &[String]| -> Vec<Vec<String>> {
            list.iter().map(|phrase| words(phrase)).filter(|phrase| !phrase.is_empty()).collect()
        };
        Self {
            languages: SPOKEN
                .iter()
                .filter(|(own, _)| spoken.iter().any(|tongue| tongue.is_kin(own)))
                .map(|(_, lists)| lists)
                .collect(),
            own: Lists {
                goodbyes: own_words(&own.goodbyes),
                backchannels: own_words(&own.backchannels),
                voicemail: own_words(&own.voicemail),
                ..Lists::default()
            },
        }
    }

    /// All phrases of one meaning.
    fn all(&self, meaning: fn(&Lists) -> &Vec<Vec<String>>) -> impl Iterator<Item = &Vec<String>> + Clone {
        let languages = self.languages.iter().copied();
        languages.chain(std::iter::once(&self.own)).flat_map(meaning)
    }

    /// The whole utterance says goodbye and nothing else. "Bye, but one more thing" does not.
    pub fn is_goodbye(&self, text: &str) -> bool {
        let words = words(text);
        covers(&words, self.all(|l| &l.goodbyes).chain(self.all(|l| &l.courtesies)))
            && holds(&words, self.all(|l| &l.goodbyes))
    }

    /// The last sentence says goodbye and nothing else: what was said before it does not matter.
    pub fn ends_in_goodbye(&self, text: &str) -> bool {
        let sentence = |part: &&str| part.chars().any(char::is_alphanumeric);
        text.rsplit(['.', '!', '?', '…', '\n']).find(sentence).is_some_and(|last| self.is_goodbye(last))
            && !text.trim_end().ends_with('?')
    }

    /// The whole utterance is a sound of listening, or no word at all.
    pub fn is_backchannel(&self, text: &str) -> bool {
        covers(&words(text), self.all(|l| &l.backchannels))
    }

    /// An answering machine speaks. A question is a person's: "Would you like to leave a message?"
    pub fn is_voicemail(&self, text: &str) -> bool {
        !is_question(text) && holds(&words(text), self.all(|l| &l.voicemail))
    }

    /// A service asks who calls and why.
    pub fn is_screening(&self, text: &str) -> bool {
        holds(&words(text), self.all(|l| &l.screening))
    }

    /// Such a service asks for patience.
    pub fn is_on_hold(&self, text: &str) -> bool {
        holds(&words(text), self.all(|l| &l.on_hold))
    }

    /// The whole utterance is what a person says who has picked up, or a question.
    pub fn is_live_answer(&self, text: &str) -> bool {
        let words = words(text);
        !words.is_empty()
            && !holds(&words, self.all(|l| &l.screening))
            && (is_question(text)
                || covers(&words, self.all(|l| &l.answers).chain(self.all(|l| &l.backchannels))))
    }
}

fn is_question(text: &str) -> bool {
    text.trim_end().ends_with(['?', '？', '؟'])
}

/// Whether one of the phrases is somewhere in `words`.
fn holds<'a>(words: &[String], mut phrases: impl Iterator<Item = &'a Vec<String>>) -> bool {
    phrases.any(|phrase| words.windows(phrase.len()).any(|part| part == phrase.as_slice()))
}

/// Whether `words` is a sequence of these phrases and nothing else.
fn covers<'a>(words: &[String], phrases: impl Iterator<Item = &'a Vec<String>> + Clone) -> bool {
    // Which prefixes are covered: a phrase may be the beginning of a longer one.
    let mut covered = vec![false; words.len() + 1];
    covered[0] = true;
    for start in 0..words.len() {
        if !covered[start] {
            continue;
        }
        for phrase in phrases.clone() {
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
    fn a_goodbye_with_a_but_is_no_goodbye() {
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
            voicemail: vec!["the parrot takes messages".into()],
        };
        let phrases = Phrases::new(["de-AT"], &own);
        assert!(phrases.is_goodbye("Okay, over and out"));
        assert!(phrases.is_backchannel("Roger, roger"));
        assert!(phrases.is_voicemail("Nobody is here, the parrot takes messages. Squawk."));
        assert!(phrases.is_goodbye("Servus"));
        assert!(!phrases.is_goodbye("hasta luego"), "a language that nobody speaks here");
    }

    /// Historic failure 13.
    #[test]
    fn a_machine_is_known_by_what_only_machines_say() {
        let phrases = phrases();
        for text in [
            "Hi, this is Anna. I can't come to the phone right now, please leave a message after the beep.",
            "Your call has been forwarded to an automatic voice message system.",
            "Guten Tag, dies ist die Mailbox von Max. Bitte hinterlassen Sie eine Nachricht nach dem Signalton.",
            "Vous êtes bien sur la messagerie vocale de Paul. Laissez un message après le bip.",
            "Deje su mensaje después de la señal.",
            "La segreteria telefonica di Marco, lasci un messaggio dopo il segnale.",
            "שלום, הגעתם לתא הקולי של דנה, השאירו הודעה לאחר הצפצוף.",
        ] {
            assert!(phrases.is_voicemail(text), "{text}");
            assert!(!phrases.is_live_answer(text), "{text}");
        }
        for text in [
            "Hello?",
            "Hello, this is Anna speaking.",
            "She is out. Would you like to leave a message after the tone?",
            "I got your voicemail yesterday.",
            "I got your message, thanks.",
            "He is not available, can I take a message?",
            "",
        ] {
            assert!(!phrases.is_voicemail(text), "{text}");
        }
    }

    #[test]
    fn screening_is_neither_a_machine_nor_a_person() {
        let phrases = phrases();
        for text in [
            "Hi, if you record your name and reason for calling, I'll see if this person is available.",
            "Nennen Sie bitte Ihren Namen und den Grund Ihres Anrufs.",
            "The person you're calling is using a screening service from Google.",
        ] {
            assert!(
                phrases.is_screening(text) && !phrases.is_voicemail(text) && !phrases.is_live_answer(text),
                "{text}"
            );
        }
        assert!(phrases.is_on_hold("Thanks, please stay on the line."));
        assert!(!phrases.is_on_hold("Hello?") && !phrases.is_screening("Who is calling?"));
    }

    #[test]
    fn a_person_is_known_by_answering() {
        let phrases = phrases();
        for text in [
            "Hello?",
            "Hello, hello",
            "Yes, speaking.",
            "Ja, bitte?",
            "Who is this?",
            "Pronto",
            "הלו",
            "Allô oui",
        ] {
            assert!(phrases.is_live_answer(text), "{text}");
        }
        for text in ["", "…", "You have reached Anna Smith of Smith Plumbing.", "Beep."] {
            assert!(!phrases.is_live_answer(text), "{text}");
        }
    }

    /// Case C17.
    #[test]
    fn a_phrase_is_known_in_every_form_of_its_letters() {
        let decomposed = "Auf Wiederho\u{308}ren!";
        assert!(phrases().is_goodbye(decomposed) && phrases().ends_in_goodbye(decomposed));
        assert!(phrases().is_goodbye("Tschu\u{308}ss"));
        assert!(phrases().is_goodbye("ＧＯＯＤＢＹＥ！"));
        assert!(phrases().is_goodbye("תּוֹדָה רַבָּה, בַּיי"));
        assert!(phrases().is_goodbye("Au re\u{AD}voir"));
        let own = OwnPhrases { goodbyes: vec!["a\u{300} tre\u{300}s vite".into()], ..OwnPhrases::default() };
        let phrases = Phrases::new(["fr"], &own);
        assert!(phrases.ends_in_goodbye("À très vite!") && phrases.is_goodbye("A\u{300} tre\u{300}s vite"));
    }

    /// Case C06.
    #[test]
    fn a_language_brings_its_phrases_under_every_code_it_has() {
        for (code, bye) in [("iw", "להתראות"), ("heb", "להתראות"), ("deu-AT", "Servus"), ("fre", "Au revoir")]
        {
            assert!(Phrases::new([code], &OwnPhrases::default()).is_goodbye(bye), "{code}");
        }
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
