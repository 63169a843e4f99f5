//! "Subtitles by ...": the credits of those who subtitled the films.

use std::sync::LazyLock;

use crate::text::{raw_words, words};

/// The longest credit, words.
const MAX_WORDS: usize = 12;
/// The longest name in one, words.
const MAX_NAME_WORDS: usize = 4;

/// What credits begin with.
const NOUNS: [&str; 46] = [
    "subtitles",
    "subtitle",
    "subtitled",
    "captions",
    "captioning",
    "closed captions",
    "transcript",
    "transcription",
    "untertitel",
    "untertitelung",
    "sous titres",
    "sous titrage",
    "sous titré",
    "subtítulos",
    "subtitulado",
    "subtitulos",
    "legendas",
    "legenda",
    "legendado",
    "sottotitoli",
    "ondertiteling",
    "ondertitels",
    "ondertiteld",
    "undertekster",
    "undertekstet",
    "undertexter",
    "undertext",
    "danske tekster",
    "norske tekster",
    "tekstitys",
    "tekstittäjä",
    "napisy",
    "titulky",
    "podnapisi",
    "titlovi",
    "prijevod",
    "feliratok",
    "felirat",
    "subtitrarea",
    "subtitrare",
    "субтитры",
    "редактор субтитров",
    "субтитри",
    "υπότιτλοι",
    "altyazı",
    "phụ đề",
];

/// The same in scripts where the noun may be joined to what follows.
const JOINED_NOUNS: [&str; 6] = ["字幕", "中文字幕", "자막", "한글자막", "ترجمة", "כתוביות"];

/// What leads from the noun to a name.
const BY: [&str; 58] = [
    "by",
    "by the",
    "created by",
    "made by",
    "provided by",
    "edited by",
    "von",
    "der",
    "des",
    "erstellt von",
    "im auftrag von",
    "im auftrag des",
    "par",
    "par la",
    "réalisés par",
    "faits par",
    "por",
    "por la",
    "realizados por",
    "hechos por",
    "pela",
    "pelo",
    "feitas por",
    "di",
    "a cura di",
    "creati da",
    "creati dalla",
    "e revisione a cura di",
    "door",
    "door de",
    "ingediend door",
    "av",
    "af",
    "från",
    "tekijä",
    "przez",
    "stworzone przez",
    "wykonał",
    "vytvořil",
    "vytvořila",
    "přeložil",
    "přeložila",
    "preložil",
    "naredil",
    "napravio",
    "készítette",
    "realizată de",
    "realizate de",
    "сделал",
    "сделала",
    "создавал",
    "создал",
    "подготовил",
    "подогнал",
    "делал",
    "виконав",
    "από",
    "bởi",
];

/// Those who are named in credits that recognisers know by heart.
const MAKERS: [&str; 33] = [
    "amara org",
    "dimatorzok",
    "ai media",
    "m k",
    "authorwave",
    "qtss",
    "st 501",
    "radio canada",
    "zdf",
    "ard",
    "ndr",
    "wdr",
    "swr",
    "br 2018",
    "orf",
    "srf",
    "funk",
    "scandinavian text service",
    "jesper buhl",
    "johnyx",
    "nicolai winther",
    "ghiền mì gõ",
    "bbc worldwide",
    "sdi media",
    "btı",
    "bti studios",
    "adriana zanotto",
    "нанси",
    "синецкая",
    "егорова",
    "торжок",
    "نانسي قنقر",
    "أسامة",
];

/// "By" is when, too.
const WHEN: [&str; 22] = [
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
    "christmas",
    "easter",
    "i",
];

struct Lists {
    nouns: Vec<Vec<String>>,
    by: Vec<Vec<String>>,
    makers: Vec<Vec<String>>,
}

static LISTS: LazyLock<Lists> = LazyLock::new(|| {
    let split = |list: &[&str]| -> Vec<Vec<String>> { list.iter().map(|phrase| words(phrase)).collect() };
    Lists { nouns: split(&NOUNS), by: split(&BY), makers: split(&MAKERS) }
});

/// Whether an utterance begins as a credit does and names one who is known for them, or a name and nothing else.
pub(super) fn is_credit(text: &str, said: &[String]) -> bool {
    if said.len() > MAX_WORDS || text.trim_end().ends_with(['?', '？', '؟']) {
        return false;
    }
    let joined = JOINED_NOUNS.iter().map(|noun| words(noun).concat());
    let begins_joined = joined.into_iter().any(|noun| said[0].starts_with(&noun));
    if begins_joined {
        let said = said.concat();
        return LISTS.makers.iter().any(|maker| said.contains(&maker.concat()));
    }
    let holds = |maker: &Vec<String>| said.windows(maker.len()).any(|part| part == maker.as_slice());
    let nouns = LISTS.nouns.iter().filter(|noun| said.starts_with(noun)).map(Vec::len);
    nouns.max().is_some_and(|noun| LISTS.makers.iter().any(holds) || is_name(text, said, noun))
}

/// Whether what follows the first `noun` words is "by" and a name: words with capitals, in a script that has them.
fn is_name(text: &str, said: &[String], noun: usize) -> bool {
    let by = LISTS.by.iter().filter(|by| said[noun..].starts_with(by)).map(Vec::len).max();
    let Some(by) = by else { return false };
    let name: Vec<&str> = raw_words(text).skip(noun + by).collect();
    let is_capital = |word: &&str| word.starts_with(|c: char| c.is_uppercase() || c.is_ascii_digit());
    let is_when = |word: &String| WHEN.contains(&word.as_str());
    (1..=MAX_NAME_WORDS).contains(&name.len())
        && name.iter().all(is_capital)
        && !said[noun + by..].iter().any(is_when)
}
