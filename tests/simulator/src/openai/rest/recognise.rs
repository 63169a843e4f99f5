//! Hearing the shipped clips in a file: by their very samples, so that what is transcribed is what is in it.
//!
//! A clip is known by one mark in each tenth of it. The words of a tenth are heard where its mark is found, so that
//! a file with half a clip in it gives half of its words.

use std::collections::HashMap;
use std::sync::OnceLock;

use crate::audio::{mulaw, speech};

/// Marks per clip.
const PARTS: usize = 10;
/// Samples of a mark: enough that no two places of the clips are alike.
const MARK: usize = 12;

/// A part of a clip: the index of the clip and of the part.
type Place = (usize, usize);

/// What is said in these samples, 8 kHz mono; `None` when no clip is in them.
pub(super) fn words(samples: &[i16]) -> Option<String> {
    let marks = marks();
    let mut heard: Vec<&str> = Vec::new();
    for window in samples.windows(MARK) {
        if let Some((clip, part)) = marks.get(window) {
            let words: Vec<&str> = speech::ALL[*clip].text.split(' ').collect();
            heard.extend(&words[part * words.len() / PARTS..(part + 1) * words.len() / PARTS]);
        }
    }
    (!heard.is_empty()).then(|| heard.join(" "))
}

fn marks() -> &'static HashMap<Vec<i16>, Place> {
    static MARKS: OnceLock<HashMap<Vec<i16>, Place>> = OnceLock::new();
    MARKS.get_or_init(|| {
        let mut marks = HashMap::new();
        for (clip, audio) in speech::ALL.iter().map(|clip| mulaw::decode_all(clip.mulaw())).enumerate() {
            let length = audio.len() / PARTS;
            for part in 0..PARTS {
                let within = part * length..(part + 1) * length - MARK;
                let loudest = within.max_by_key(|at| audio[*at].unsigned_abs()).unwrap_or_default();
                marks.insert(audio[loudest..loudest + MARK].to_vec(), (clip, part));
            }
        }
        marks
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_clip_is_heard_whole_and_half_of_it_by_half() {
        assert_eq!(marks().len(), PARTS * speech::ALL.len(), "no two marks are alike");
        for clip in speech::ALL {
            let audio = mulaw::decode_all(clip.mulaw());
            assert_eq!(words(&audio).as_deref(), Some(clip.text), "{}", clip.name);
        }
        let slots = mulaw::decode_all(speech::AGENT_SLOTS.mulaw());
        let half = words(&slots[..slots.len() / 2]).unwrap();
        assert!(speech::AGENT_SLOTS.text.starts_with(&half) && half.len() < speech::AGENT_SLOTS.text.len());
        assert_eq!(words(&[0; 8_000]), None);
    }
}
