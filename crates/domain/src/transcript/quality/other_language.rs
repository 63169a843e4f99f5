//! Words of another language than the callers speak: the mark of a recogniser that heard none.

use crate::language::{Letters, Tongue};
use crate::text::raw_words;

/// A loanword, a brand or a greeting in Latin letters is at home in every language, and so short a text says
/// little about its own.
const LOANWORDS: usize = 2;
/// The same where no spaces part words.
const LOAN_LETTERS: usize = 4;

/// `reported` and `expected` are codes in whatever form; where none is expected, any will do.
pub(super) fn is_other(text: &str, reported: &[String], expected: &[String]) -> bool {
    let expected: Option<Vec<Tongue>> = expected.iter().map(|tag| Tongue::parse(tag)).collect();
    // A language that we know nothing of may be spoken and written in any way.
    let Some(expected) = expected.filter(|expected| !expected.is_empty()) else { return false };
    let known: Vec<Tongue> = reported.iter().filter_map(|tag| Tongue::parse(tag)).collect();
    let ours = known.iter().any(|heard| expected.iter().any(|own| own.is_kin(heard)));
    if !known.is_empty() && !ours && !is_short(text) {
        return true;
    }
    let letters: Vec<Letters> = text.chars().filter_map(Letters::of).collect();
    let is_foreign = |letters: &&Letters| !expected.iter().any(|own| own.writes(**letters));
    let foreign: Vec<&Letters> = letters.iter().filter(is_foreign).collect();
    let latin = foreign.iter().filter(|letters| letters.is_latin()).count();
    // Latin letters beside the language's own are brands and names; where the model says that it heard the language,
    // they are how it wrote it down.
    let excused = ours || latin_words(text) <= LOANWORDS || foreign.len() < letters.len();
    let counted = foreign.len() - if excused { latin } else { 0 };
    counted * 2 > letters.len()
}

/// Too little for a model to tell the language by.
fn is_short(text: &str) -> bool {
    let unspaced = text.chars().filter_map(Letters::of).filter(|letters| letters.is_unspaced()).count();
    raw_words(text).count() <= LOANWORDS && unspaced <= LOAN_LETTERS
}

fn latin_words(text: &str) -> usize {
    let is_latin = |word: &&str| word.chars().filter_map(Letters::of).any(Letters::is_latin);
    raw_words(text).filter(is_latin).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn other(text: &str, reported: &[&str], expected: &[&str]) -> bool {
        let owned = |list: &[&str]| -> Vec<String> { list.iter().map(|code| (*code).to_owned()).collect() };
        is_other(text, &owned(reported), &owned(expected))
    }

    /// Cases C06 and B12.
    #[test]
    fn the_right_language_under_another_code_is_the_right_one() {
        for (text, reported, expected) in [
            ("Jeg vil gjerne ha time", "nb", "no"),
            ("Eg vil gjerne ha time", "nn", "no"),
            ("Jeg vil gjerne ha time", "no", "nb"),
            ("Jeg vil gjerne ha time", "nob", "nb-NO"),
            ("אני רוצה תור למחר", "iw", "he"),
            ("אני רוצה תור למחר", "heb", "iw"),
            ("Htio bih termin za sutra", "bs", "hr"),
            ("Хтео бих термин за сутра", "sr", "hr"),
            ("Gusto ko po bukas", "fil", "tl"),
            ("Ich möchte einen Termin", "und", "de"),
            ("Ich möchte einen Termin", "german", "de"),
            ("Ich möchte einen Termin", "", "de-CH"),
            ("我想预约明天下午", "zh-TW", "zh"),
            ("我想预约明天下午", "yue", "zh-CN"),
            ("Main kal subah aaunga", "hi", "hi"),
        ] {
            assert!(!other(text, &[reported], &[expected]), "{text} {reported} {expected}");
        }
        assert!(!other("Ich möchte einen Termin", &["en", "de"], &["de"]), "one of them is enough");
    }

    /// Case C06.
    #[test]
    fn a_loanword_or_a_brand_is_no_other_language() {
        for expected in ["he", "ru", "ar", "ja", "zh", "ko", "hi", "th", "el", "uk", "fa"] {
            for text in ["OK.", "Okay.", "WhatsApp, bye.", "E-Mail", "Google Maps?"] {
                assert!(!other(text, &[], &[expected]), "{text} {expected}");
                assert!(!other(text, &["en"], &[expected]), "{text} {expected}");
            }
        }
        assert!(!other("Okay.", &["en"], &["de"]));
        assert!(!other("Да.", &["uk"], &["ru"]), "so short a word says little of its language");
        assert!(
            !other("אני רוצה WhatsApp Business Premium Account", &[], &["he"]),
            "words of one's own beside it"
        );
    }

    /// Fault 45. Cases C06 and C12: the guard.
    #[test]
    fn a_sentence_of_another_language_is_noticed() {
        for (text, reported, expected) in [
            ("Спасибо за внимание", &[][..], "de"),
            ("Спасибо", &[], "en"),
            ("ご視聴ありがとうございました。", &[], "en"),
            ("시청해주셔서 감사합니다.", &[], "en"),
            ("नमस्ते, मैं कल आऊँगा", &[], "en"),
            ("I would like to book a service", &[], "ru"),
            ("I would like to book a service", &["en"], "he"),
            ("Je voudrais un rendez-vous demain", &["fr"], "de-AT"),
            ("Obrigado por assistir ao meu filme", &["pt"], "de"),
            ("我想预约明天下午", &["zh"], "ja"),
        ] {
            assert!(other(text, reported, &[expected]), "{text} {reported:?} {expected}");
        }
        assert!(!other("Спасибо за внимание", &[], &["de", "ru"]));
        assert!(!other("Спасибо за внимание", &[], &[]), "any language will do");
        assert!(!other("Спасибо", &[], &["xx"]), "a language that we know nothing of");
        assert!(!other("Спасибо", &["fr"], &["auto"]), "what says nothing expects nothing");
    }
}
