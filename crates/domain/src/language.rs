//! Languages by what their codes mean. One language has many: `iw` is `he`, `nob` is `nb` and within `no`, `zh-TW` is
//! `zh`. The codes' aliases and the scripts of languages are the Unicode consortium's (CLDR).

use icu_locale::subtags::{Language, Script};
use icu_locale::{LanguageIdentifier, Locale, LocaleCanonicalizer, LocaleExpander};
use icu_properties::{CodePointMapData, PropertyNamesShort, props};

/// Codes that say that no language is meant.
const NONE: [&str; 4] = ["und", "mul", "mis", "zxx"];

/// What recognisers and people report as one another: a language's written standards, dialects that have codes of
/// their own, and neighbours that differ by little.
const KIN: [&[&str]; 6] = [
    &["nb", "nn", "no"],
    &["sr", "hr", "bs", "cnr"],
    &["id", "ms"],
    &["fa", "prs"],
    &["zh", "yue", "wuu", "nan", "hak", "gan", "hsn"],
    &["ar", "arz", "apc", "ajp", "ary", "acm", "acq", "acw", "afb", "aeb", "apd", "arq", "ars", "ayl"],
];

/// Languages that are written in more scripts than the likely one.
const ANY_SCRIPT: [&str; 21] = [
    "az", "bs", "ckb", "cnr", "ha", "kk", "ks", "ku", "ky", "mn", "ms", "pa", "sd", "sr", "tg", "tk", "tt",
    "ug", "uz", "za", "tzm",
];

/// A language that is known to be one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tongue {
    language: Language,
    script: Script,
}

impl Tongue {
    /// From an ISO 639 code of two or three letters or a BCP 47 tag, in any case, with `-` or `_`. `None` for what
    /// names no language: `und`, `auto`, an empty text, a code that CLDR knows nothing of.
    pub fn parse(tag: &str) -> Option<Self> {
        let tag = tag.trim().split(['.', '@']).next()?.replace('_', "-");
        let mut locale: Locale = tag.parse().ok()?;
        LocaleCanonicalizer::new_extended().canonicalize(&mut locale);
        let mut id: LanguageIdentifier = locale.id;
        if id.language.as_str().len() > 3 || NONE.contains(&id.language.as_str()) {
            return None;
        }
        LocaleExpander::new_extended().maximize(&mut id);
        Some(Self { language: id.language, script: id.script? })
    }

    /// Whether one may be reported as the other.
    pub fn is_kin(&self, other: &Self) -> bool {
        let kin = KIN.iter().find(|kin| kin.contains(&self.language.as_str()));
        self.language == other.language || kin.is_some_and(|kin| kin.contains(&other.language.as_str()))
    }

    /// Whether it, or one of its kin, is written with this letter.
    pub(crate) fn writes(&self, letter: Letters) -> bool {
        let code = self.language.as_str();
        let kin = KIN.iter().find(|kin| kin.contains(&code)).copied().unwrap_or_default();
        ANY_SCRIPT.contains(&code)
            || kin.iter().any(|code| ANY_SCRIPT.contains(code))
            || letter.is_of(self.script)
    }

    /// The code of two letters by which OpenAI's transcription models know the language, if there is one.
    pub fn iso_639_1(&self) -> Option<&str> {
        match self.language.as_str() {
            "nb" | "nn" => Some("no"),
            "fil" => Some("tl"),
            "yue" | "wuu" | "nan" | "hak" | "gan" | "hsn" => Some("zh"),
            "cnr" => Some("sr"),
            "prs" => Some("fa"),
            code if code.len() == 2 => Some(self.language.as_str()),
            code if self.is_kin_of_arabic(code) => Some("ar"),
            _ => None,
        }
    }

    fn is_kin_of_arabic(&self, code: &str) -> bool {
        KIN.iter().any(|kin| kin[0] == "ar" && kin.contains(&code))
    }
}

/// The languages to tell a transcription model to expect, as the codes that it takes. None where one of them has no
/// such code or is no language: to expect the others alone would be worse than to expect nothing.
pub fn hints(tags: &[String]) -> Vec<String> {
    let mut codes: Vec<String> = Vec::new();
    for tag in tags {
        match Tongue::parse(tag).as_ref().and_then(Tongue::iso_639_1) {
            Some(code) if codes.iter().any(|known| known == code) => {}
            Some(code) => codes.push(code.to_owned()),
            None => return Vec::new(),
        }
    }
    codes
}

/// The writing system of a letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Letters(props::Script);

impl Letters {
    /// `None` for what belongs to no script, and for what is no letter.
    pub(crate) fn of(c: char) -> Option<Self> {
        let script = CodePointMapData::<props::Script>::new().get(c);
        let shared =
            [props::Script::Common, props::Script::Inherited, props::Script::Unknown].contains(&script);
        (c.is_alphabetic() && !shared).then_some(Self(script))
    }

    pub(crate) fn is_latin(self) -> bool {
        self.0 == props::Script::Latin
    }

    /// Written without spaces between words.
    pub(crate) fn is_unspaced(self) -> bool {
        use props::Script as S;
        [S::Han, S::Hiragana, S::Katakana, S::Thai, S::Lao, S::Khmer, S::Myanmar].contains(&self.0)
    }

    /// Some codes of scripts stand for several of them.
    fn is_of(self, script: Script) -> bool {
        use props::Script as S;
        match script.as_str() {
            "Jpan" => [S::Han, S::Hiragana, S::Katakana].contains(&self.0),
            "Kore" => [S::Hangul, S::Han].contains(&self.0),
            "Hans" | "Hant" => [S::Han, S::Bopomofo].contains(&self.0),
            _ => PropertyNamesShort::<props::Script>::new().get_locale_script(self.0) == Some(script),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tongue(tag: &str) -> Tongue {
        Tongue::parse(tag).unwrap_or_else(|| panic!("{tag} is a language"))
    }

    /// Case C06.
    #[test]
    fn a_language_is_known_by_all_its_codes() {
        for (a, b) in [
            ("iw", "he"),
            ("heb", "he-IL"),
            ("in", "id"),
            ("ji", "yi"),
            ("no", "nb"),
            ("nob", "no"),
            ("nn", "no_NO"),
            ("nno", "nb"),
            ("fil", "tl"),
            ("tgl", "fil-PH"),
            ("sh", "hr"),
            ("bs", "hr"),
            ("sr-Latn", "hrv"),
            ("cmn", "zh-TW"),
            ("yue", "zh-Hant-HK"),
            ("deu", "de-AT"),
            ("ger", "DE"),
            ("fre", "fr"),
            ("arb", "ar"),
            ("arz", "ar-EG"),
            ("pes", "fa"),
            ("mo", "ro"),
            ("zsm", "ms"),
            ("en_US.UTF-8", "eng"),
        ] {
            assert!(tongue(a).is_kin(&tongue(b)) && tongue(b).is_kin(&tongue(a)), "{a} and {b}");
        }
        for (a, b) in [("de", "nl"), ("no", "sv"), ("hr", "sl"), ("he", "ar"), ("tl", "ms"), ("ja", "zh")] {
            assert!(!tongue(a).is_kin(&tongue(b)), "{a} and {b}");
        }
        for none in
            ["", "und", "und-Latn", "auto", "mul", "zxx", "german", "xx", "de de", "12", "-", "日本語"]
        {
            assert_eq!(Tongue::parse(none), None, "{none}");
        }
    }

    /// Case C07.
    #[test]
    fn a_model_is_told_the_code_that_it_takes() {
        for (tag, code) in [
            ("fil", Some("tl")),
            ("nb", Some("no")),
            ("nno", Some("no")),
            ("iw", Some("he")),
            ("zh-TW", Some("zh")),
            ("yue", Some("zh")),
            ("de-AT", Some("de")),
            ("eng", Some("en")),
            ("arz", Some("ar")),
            ("haw", None),
        ] {
            assert_eq!(tongue(tag).iso_639_1(), code, "{tag}");
        }
        let owned = |tags: &[&str]| -> Vec<String> { tags.iter().map(|tag| (*tag).to_owned()).collect() };
        assert_eq!(hints(&owned(&["nb-NO", "nn", "de_AT", "deu"])), ["no", "de"]);
        for none in [&["haw", "en"][..], &["auto"], &["en", ""], &[]] {
            assert!(hints(&owned(none)).is_empty(), "{none:?}");
        }
    }

    #[test]
    fn a_language_is_written_in_its_scripts() {
        let writes = |tag: &str, c: char| tongue(tag).writes(Letters::of(c).unwrap());
        for (tag, own) in [
            ("de", 'ß'),
            ("ja", 'の'),
            ("ja", '語'),
            ("ko", '내'),
            ("zh", '语'),
            ("zh-TW", '語'),
            ("hi", 'न'),
            ("bn", 'ব'),
            ("ka", 'ქ'),
            ("sr", 'ђ'),
            ("sr", 'đ'),
            ("hr", 'ђ'),
            ("fa", 'پ'),
            ("am", 'አ'),
            ("vi", 'ệ'),
        ] {
            assert!(writes(tag, own), "{tag} {own}");
        }
        for (tag, foreign) in [("de", 'я'), ("ja", '내'), ("ru", 'a'), ("he", 'a'), ("en", 'न'), ("ta", 'న')]
        {
            assert!(!writes(tag, foreign), "{tag} {foreign}");
        }
        assert_eq!((Letters::of('1'), Letters::of('♪'), Letters::of('.')), (None, None, None));
    }
}
