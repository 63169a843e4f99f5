//! Long answers in parts: cut between sentences, else between words, and never within what a reader sees as one letter.

use unicode_segmentation::UnicodeSegmentation as _;

/// Room for the number of a part, `(12/34) `.
const NUMBER_ROOM: usize = 8;
/// Parts of one answer, at most: what is longer is no text any more.
pub const MAX_PARTS: usize = 9;

/// The parts of a text, each of `max` UTF-16 units at most (carriers count in them), in their order. More than two are
/// numbered. Nothing is lost but spaces at the cuts, and what is behind the last part there may be.
pub fn split(text: &str, max: usize) -> Vec<String> {
    let parts = cut(text, max);
    if parts.len() <= 2 {
        return parts;
    }
    let mut parts = cut(text, max.saturating_sub(NUMBER_ROOM).max(1));
    parts.truncate(MAX_PARTS);
    let all = parts.len();
    parts.into_iter().enumerate().map(|(n, part)| format!("({}/{all}) {part}", n + 1)).collect()
}

fn cut(text: &str, max: usize) -> Vec<String> {
    let mut parts = Packed { max: max.max(1), done: vec![], open: String::new(), units: 0 };
    for sentence in text.trim().split_sentence_bounds() {
        if units(sentence.trim_end()) <= max {
            parts.add(sentence);
            continue;
        }
        for word in sentence.split_word_bounds() {
            if units(word) <= max {
                parts.add(word);
                continue;
            }
            for letter in word.graphemes(true) {
                if units(letter) <= max {
                    parts.add(letter);
                    continue;
                }
                // More marks on one letter than a text has room for.
                let mut bytes = [0; 4];
                letter.chars().for_each(|letter| parts.add(letter.encode_utf8(&mut bytes)));
            }
        }
    }
    parts.finish()
}

struct Packed {
    max: usize,
    done: Vec<String>,
    open: String,
    units: usize,
}

impl Packed {
    fn add(&mut self, piece: &str) {
        let visible = units(piece.trim_end());
        if self.units + visible > self.max {
            self.close();
        }
        let piece = if self.open.is_empty() { piece.trim_start() } else { piece };
        self.open.push_str(piece);
        self.units += units(piece);
    }

    fn close(&mut self) {
        let part = self.open.trim();
        if !part.is_empty() {
            self.done.push(part.to_owned());
        }
        self.open.clear();
        self.units = 0;
    }

    fn finish(mut self) -> Vec<String> {
        self.close();
        self.done
    }
}

fn units(text: &str) -> usize {
    text.encode_utf16().count()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_text_is_cut_between_sentences_and_numbered_if_the_parts_are_many() {
        assert_eq!(split("Hello. We open at nine.", 100), ["Hello. We open at nine."]);
        assert_eq!(split("Hello there. We open at nine.", 20), ["Hello there.", "We open at nine."]);
        let parts = split(&"Sentence one is here. ".repeat(9), 60);
        assert_eq!(parts[0], format!("(1/{}) Sentence one is here. Sentence one is here.", parts.len()));
        assert!(parts.iter().all(|part| part.ends_with("here.") && part.len() <= 60));
        assert_eq!(split("", 10), [""; 0]);
        assert_eq!(split("abcdefghij klm", 10), ["abcdefghij", "klm"], "between words");
    }

    #[test]
    fn what_a_reader_sees_as_one_letter_stays_together() {
        let family = "👨\u{200d}👩\u{200d}👧";
        let parts = cut(&family.repeat(5), 16);
        assert_eq!(parts, [family.repeat(2), family.repeat(2), family.to_owned()]);
        let accents = "e\u{301}".repeat(7);
        assert!(cut(&accents, 5).iter().all(|part| part.chars().count() % 2 == 0));
    }

    proptest! {
        /// Whatever the words, each part fits and nothing visible is lost.
        #[test]
        fn parts_fit_and_lose_nothing(text in "[\\PC \\n]{0,300}", max in 12usize..80) {
            let bare = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
            let parts = cut(&text, max);
            prop_assert!(parts.iter().all(|part| units(part) <= max && !part.is_empty()));
            prop_assert_eq!(bare(&parts.concat()), bare(&text));
            prop_assert!(split(&text, max).iter().all(|part| units(part) <= max));
        }
    }
}
