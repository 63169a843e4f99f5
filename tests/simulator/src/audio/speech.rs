//! The clips of the simulated calls: a customer of Harbour Bicycle Workshop books a service.
//!
//! They are shipped with the package (`tests/fixtures/audio`), each with the words it speaks, so that a
//! transcript can be compared with what was really on the line.

use std::sync::OnceLock;

use super::{mulaw, wav};

/// One spoken clip.
#[derive(Debug)]
pub struct Clip {
    /// The name of the file without its ending.
    pub name: &'static str,
    /// The words spoken.
    pub text: &'static str,
    wav: &'static [u8],
    mulaw: OnceLock<Vec<u8>>,
}

impl Clip {
    const fn new(name: &'static str, text: &'static str, wav: &'static [u8]) -> Self {
        Self { name, text, wav, mulaw: OnceLock::new() }
    }

    /// The clip at 8 kHz, one byte per sample.
    #[expect(clippy::expect_used, reason = "the file is part of the program and a test reads every one")]
    pub fn mulaw(&self) -> &[u8] {
        self.mulaw.get_or_init(|| wav::read_mulaw(self.wav).expect("a shipped clip is readable"))
    }

    /// Length in whole milliseconds.
    pub fn duration_ms(&self) -> u64 {
        mulaw::duration_ms(self.mulaw())
    }
}

macro_rules! clips {
    ($($constant:ident = $name:literal: $text:literal;)+) => {
        $(
            #[doc = concat!("\"", $text, "\"")]
            pub static $constant: Clip = Clip::new(
                $name,
                $text,
                include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/audio/", $name, ".wav")),
            );
        )+

        /// Every shipped clip.
        pub static ALL: &[&Clip] = &[$(&$constant),+];
    };
}

clips! {
    AGENT_GREETING = "agent_greeting": "Hello, this is Robin at Harbour Bicycle Workshop. How can I help you today?";
    CALLER_SERVICE = "caller_service": "Hi, I would like to bring my bicycle in for a service on Thursday morning.";
    AGENT_SLOTS = "agent_slots": "Of course. On Thursday morning we can take it at nine o'clock or at half past ten. A full service takes about two hours. It covers the brakes, the gears, both wheels, and a safety check of the frame.";
    CALLER_BARGE_IN = "caller_barge_in": "Sorry, half past ten is perfect.";
    AGENT_CONFIRM = "agent_confirm": "Half past ten on Thursday, I have noted that. Is there anything else?";
    CALLER_BYE = "caller_bye": "No, that is all. Thank you, goodbye.";
    AGENT_BYE = "agent_bye": "Thank you for calling. See you on Thursday. Goodbye!";
    AGENT_SILENCE_PROMPT = "agent_silence_prompt": "Are you still there?";
    AGENT_APOLOGY = "agent_apology": "I am sorry, something went wrong on our side. Please bear with me for a moment.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_clip_is_audible_from_end_to_end() {
        for clip in ALL {
            assert!(clip.duration_ms() >= 900, "{} lasts {} ms", clip.name, clip.duration_ms());
            let audio = clip.mulaw();
            assert!(mulaw::rms(audio) > 2_000.0, "{} is too quiet", clip.name);
            let edge = 100 * mulaw::BYTES_PER_MS;
            assert!(mulaw::rms(&audio[..edge]) > 100.0, "{} starts with silence", clip.name);
            assert!(mulaw::rms(&audio[audio.len() - edge..]) > 100.0, "{} ends with silence", clip.name);
        }
    }

    #[test]
    fn the_clip_to_be_interrupted_is_long() {
        assert!(AGENT_SLOTS.duration_ms() >= 9_000);
    }
}
