//! Text as it is compared. Recognisers, models and people write equal words in different code points: composed or
//! decomposed, full width, with vowel points, with a soft hyphen in the middle. All that compares words compares
//! this one form of them (Unicode TR15's compatibility composition, case folded), and shows the text as it came.

use icu_casemap::{CaseMapper, CaseMapperBorrowed};
use icu_normalizer::{ComposingNormalizer, ComposingNormalizerBorrowed};
use icu_properties::props::{DefaultIgnorableCodePoint, GeneralCategory, GeneralCategoryGroup};
use icu_properties::{
    CodePointMapData, CodePointMapDataBorrowed, CodePointSetData, CodePointSetDataBorrowed,
};

const COMPOSED: ComposingNormalizerBorrowed<'static> = ComposingNormalizer::new_nfkc();
const CASES: CaseMapperBorrowed<'static> = CaseMapper::new();
const CATEGORIES: CodePointMapDataBorrowed<'static, GeneralCategory> = CodePointMapData::new();
const INVISIBLE: CodePointSetDataBorrowed<'static> = CodePointSetData::new::<DefaultIgnorableCodePoint>();

/// The form in which texts are equal that say the same: without case, width, vowel points and what is invisible;
/// every decimal digit is an ASCII one.
pub fn folded(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    // First what is invisible: a soft hyphen keeps a letter from its accent.
    let visible: String = text.chars().filter(|c| !INVISIBLE.contains(*c)).collect();
    let folded = CASES.fold_string(&COMPOSED.normalize(&visible)).into_owned();
    // Folding may take a composition apart.
    let mut plain = String::with_capacity(folded.len());
    for letter in COMPOSED.normalize(&folded).chars().filter(|c| !is_optional(*c)) {
        match letter {
            // Turkish capitals fold to what no Turkish text holds.
            'ı' => plain.push('i'),
            '\u{307}' if plain.ends_with('i') => {}
            _ => plain.push(digit(letter).unwrap_or(letter)),
        }
    }
    plain
}

/// The words of a text, [`folded`] and bare: an apostrophe parts them like a space.
pub fn words(text: &str) -> Vec<String> {
    raw_words(&folded(text)).map(str::to_owned).collect()
}

/// The words of a text as they are written.
pub fn raw_words(text: &str) -> impl Iterator<Item = &str> {
    let parts = text.split(|c: char| !is_word_part(c));
    // A mark without a letter is punctuation that was written as one, such as an acute accent for an apostrophe.
    parts.map(|word| word.trim_start_matches(|c: char| !c.is_alphanumeric())).filter(|word| !word.is_empty())
}

/// Whether a text holds a letter or a digit.
pub fn has_words(text: &str) -> bool {
    text.chars().any(char::is_alphanumeric)
}

/// Letters, digits, and the marks that some scripts cannot do without.
pub(crate) fn is_word_part(c: char) -> bool {
    c.is_alphanumeric() || (!c.is_ascii() && GeneralCategoryGroup::Mark.contains(CATEGORIES.get(c)))
}

/// What Hebrew and Arabic are read without: vowel points, and the stroke that only lengthens a word.
const fn is_optional(c: char) -> bool {
    matches!(c,
        '\u{0591}'..='\u{05BD}' | '\u{05BF}' | '\u{05C1}' | '\u{05C2}' | '\u{05C4}' | '\u{05C5}' | '\u{05C7}'
        | '\u{0610}'..='\u{061A}' | '\u{0640}' | '\u{064B}'..='\u{065F}' | '\u{0670}' | '\u{06D6}'..='\u{06DC}'
        | '\u{06DF}'..='\u{06E4}' | '\u{06E7}' | '\u{06E8}' | '\u{06EA}'..='\u{06ED}')
}

/// A decimal digit of any script as the ASCII one. Unicode keeps each script's ten together, zero first.
fn digit(c: char) -> Option<char> {
    let is_decimal =
        |c: u32| char::from_u32(c).is_some_and(|c| CATEGORIES.get(c) == GeneralCategory::DecimalNumber);
    if c.is_ascii() || !is_decimal(u32::from(c)) {
        return None;
    }
    let before = (1..10).take_while(|n| is_decimal(u32::from(c) - n)).count();
    char::from_digit(u32::try_from(before).ok()?, 10)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Cases C17 and B18.
    #[test]
    fn one_text_has_one_form_however_it_is_written() {
        for (a, b) in [
            ("café", "cafe\u{301}"),
            ("Mu\u{308}ller", "MÜLLER"),
            ("내일", "\u{1102}\u{1162}\u{110B}\u{1175}\u{11AF}"),
            ("שָׁלוֹם", "שלום"),
            ("\u{FB2A}לום", "שלום"),
            ("مُحَمَّد", "محمد"),
            ("مـــوعد", "موعد"),
            ("０１２３", "0123"),
            ("٠١٢٣", "0123"),
            ("०१२३", "0123"),
            ("Fahr\u{AD}rad\u{200B}werkstatt", "fahrradwerkstatt"),
            ("cafe\u{AD}\u{301}", "café"),
            ("ﾃﾞﾝﾜ", "デンワ"),
            ("ﬁnd", "find"),
            ("STRASSE", "Straße"),
            ("ΟΔΟΣ", "οδος"),
            ("İstanbul", "istanbul"),
            ("DIŞARI", "dışarı"),
            ("می\u{200C}خواهم", "میخواهم"),
        ] {
            assert_eq!(folded(a), folded(b), "{a} and {b}");
        }
        assert_ne!(folded("cafe"), folded("café"), "another word");
    }

    #[test]
    fn words_end_where_letters_digits_and_their_marks_end() {
        for (text, parts) in [
            ("C\u{2019}est l'été.", &["c", "est", "l", "été"][..]),
            ("can\u{B4}t", &["can", "t"]),
            ("नमस्ते, मैं", &["नमस्ते", "मैं"]),
            ("x\u{302}y z", &["x\u{302}y", "z"]),
            ("+353 (1) 555-0178", &["353", "1", "555", "0178"]),
            ("♪ … ?!", &[]),
        ] {
            assert_eq!(words(text), parts, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_form_is_its_own_form(text in "\\PC{0,60}") {
            let once = folded(&text);
            prop_assert_eq!(words(&folded(&once)), words(&once));
        }

        #[test]
        fn words_hold_no_space_and_something_to_say(text in "\\PC{0,60}") {
            prop_assert!(words(&text).iter().all(|word| has_words(word) && !word.contains(' ')));
        }
    }
}
