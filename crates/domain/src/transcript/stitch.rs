//! Putting texts together whose audio overlaps, without saying anything twice.

use crate::text::words;

/// An overlap of a few seconds holds no more words than this.
const MAX_OVERLAP_WORDS: usize = 24;
/// Fewer equal words may be chance.
const MIN_OVERLAP_WORDS: usize = 2;

/// `next` behind `text`: words at the end of the one that begin the other are kept once. Audio that was cut within
/// a word gives half a word on either side, so one odd word at the seam is allowed for.
pub fn stitch(text: &str, next: &str) -> String {
    let before: Vec<&str> = text.split_whitespace().collect();
    let after: Vec<&str> = next.split_whitespace().collect();
    let seams = [(0, 0), (1, 0), (0, 1), (1, 1)];
    let best = seams
        .into_iter()
        .filter(|(odd_before, odd_after)| before.len() >= *odd_before && after.len() >= *odd_after)
        .map(|(odd_before, odd_after)| {
            let kept = before.len() - odd_before;
            let common = overlap(&before[..kept], &after[odd_after..]);
            (common, kept, odd_after + common)
        })
        .max_by_key(|(common, kept, _)| (*common, *kept));
    match best {
        Some((common, kept, skipped)) if common >= MIN_OVERLAP_WORDS => {
            [&before[..kept], &after[skipped..]].concat().join(" ")
        }
        Some(_) | None => [before, after].concat().join(" "),
    }
}

/// How many words at the end of `before` are those at the beginning of `after`.
fn overlap(before: &[&str], after: &[&str]) -> usize {
    let most = before.len().min(after.len()).min(MAX_OVERLAP_WORDS);
    let equal = |a: &&str, b: &&str| words(a) == words(b);
    (1..=most)
        .rev()
        .find(|&n| before[before.len() - n..].iter().zip(&after[..n]).all(|(a, b)| equal(a, b)))
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_both_heard_is_said_once() {
        let first = "I would like to bring my bicycle in on Thursday";
        assert_eq!(
            stitch(first, "in on Thursday morning, please."),
            "I would like to bring my bicycle in on Thursday morning, please."
        );
        assert_eq!(stitch("At half past ten, is", "Ten is perfect."), "At half past ten, is perfect.");
    }

    #[test]
    fn a_word_cut_in_two_at_the_seam_is_not_kept_twice() {
        assert_eq!(
            stitch("the brakes and the gea", "kes and the gears, both"),
            "the brakes and the gears, both"
        );
    }

    #[test]
    fn texts_without_anything_in_common_follow_each_other() {
        assert_eq!(stitch("No.", "No, really."), "No. No, really.");
        assert_eq!(stitch("", "Hello."), "Hello.");
        assert_eq!(stitch("Hello.", ""), "Hello.");
    }

    proptest! {
        /// Fault 43.
        #[test]
        fn a_text_cut_anywhere_with_an_overlap_comes_back_as_it_was(
            length in 10usize..60, cut in 2usize..50, shared in 2usize..8
        ) {
            let words: Vec<String> = (0..length).map(|n| format!("w{n}")).collect();
            let cut = cut.min(length);
            let shared = shared.min(cut);
            let (first, second) = (words[..cut].join(" "), words[cut - shared..].join(" "));
            prop_assert_eq!(stitch(&first, &second), words.join(" "));
        }
    }
}
