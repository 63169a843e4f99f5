//! What recognisers write for what is no word: notes for music, brackets around a cough.

use crate::text::{folded, has_words};

/// What stands in place of words, bare of its brackets.
const BARE: [&str; 4] = ["blank_audio", "blank audio", "no_speech", "nospeech"];
/// The longest description of a sound, in words. A longer text in brackets may be speech.
const MAX_DESCRIPTION_WORDS: usize = 6;
const NOTES: [char; 7] = ['♪', '♫', '♬', '♩', '🎵', '🎶', '🎼'];

/// Whether there is no word in a text: nothing, marks, or descriptions of sounds such as `[Music]`, `(laughs)`,
/// `*coughs*`, `♪ la la ♪`.
pub fn is_wordless(text: &str) -> bool {
    let text = folded(text);
    let mut rest = text.trim();
    let mut left = String::new();
    while let Some(at) = rest.find(|c: char| closing(c).is_some()) {
        let (before, marked) = rest.split_at(at);
        left.push_str(before);
        let (inside, after) = described(marked);
        if inside.is_none() {
            left.push_str(&marked[..marked.len() - after.len()]);
        }
        rest = after;
    }
    left.push_str(rest);
    let left = left.trim();
    !has_words(left) || BARE.contains(&left.trim_matches(|c: char| !c.is_alphanumeric()))
}

/// What closes a description that begins with this.
fn closing(c: char) -> Option<&'static [char]> {
    Some(match c {
        '[' | '【' => &[']', '】'],
        '(' => &[')'],
        '{' => &['}'],
        '<' => &['>'],
        '*' => &['*'],
        c if NOTES.contains(&c) => &NOTES,
        _ => return None,
    })
}

/// The description that `marked` begins with, if it is one, and what comes behind it.
fn described(marked: &str) -> (Option<&str>, &str) {
    let mut letters = marked.chars();
    let Some((first, close)) = letters.next().and_then(|first| Some((first, closing(first)?))) else {
        return (None, letters.as_str());
    };
    let inside = letters.as_str();
    let Some(end) = inside.find(close) else {
        // A note alone is a note; any other mark that nothing closes is punctuation.
        return (NOTES.contains(&first).then_some(""), inside);
    };
    let (words, after) = inside.split_at(end);
    let after = &after[after.chars().next().map_or(0, char::len_utf8)..];
    // A telephone number has brackets, too. Between notes stands a song, whatever its length.
    let is_sound = NOTES.contains(&first)
        || (!words.chars().any(|c| c.is_ascii_digit())
            && words.split_whitespace().count() <= MAX_DESCRIPTION_WORDS);
    (is_sound.then_some(words), after)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Case C13.
    #[test]
    fn a_sign_is_no_word() {
        for text in [
            "",
            " ",
            "...",
            "…",
            "-",
            "♪",
            "♪♪♪",
            "♪ la la la ♪",
            "♪ Happy birthday to you, happy birthday to you, happy birthday dear Anna ♪",
            "🎵",
            "[BLANK_AUDIO]",
            "BLANK_AUDIO",
            "[Music]",
            "[ music ]",
            "(music)",
            "（音楽）",
            "【音楽】",
            "*coughs*",
            "(laughs) (coughs)",
            "[Musik] ... [Applaus].",
            "<|nospeech|>",
            "{noise}",
            "(speaking in a foreign language)",
            "[музыка]",
            "(موسيقى)",
        ] {
            assert!(is_wordless(text), "{text}");
        }
    }

    /// Case C13: the guard.
    #[test]
    fn a_word_beside_a_sign_and_a_number_in_brackets_are_words() {
        for text in [
            "Music.",
            "[Music] I would like a service.",
            "♪ I would like a service.",
            "*coughs* Yes.",
            "(202) 555-0178",
            "(202)",
            "I said (and meant it) no.",
            "5 * 3 * 2",
            "[1, 2]",
            "(well, what I wanted to say is that the bicycle is broken)",
            "a < b",
            "Blank audio was all I got",
        ] {
            assert!(!is_wordless(text), "{text}");
        }
    }
}
