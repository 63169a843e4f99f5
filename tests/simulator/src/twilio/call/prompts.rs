//! `<Say>`, `<Play>` and `<Pause>`: sound that Twilio makes itself.

use std::f64::consts::TAU;
use std::time::Duration;

use bytes::Bytes;

use super::Runner;
use super::callbacks::post;
use super::document::Loaded;
use crate::audio::{mulaw, wav};
use crate::twilio::events::{CallEventKind, WebhookKind};
use crate::twilio::twiml::Verb;
use crate::twilio::webhooks::Webhook;

const SAY_HZ: f64 = 300.0;
const BEEP_HZ: f64 = 1_000.0;
const BEEP_MS: usize = 200;
const AMPLITUDE: f64 = 6_000.0;

/// Rounds of a `loop="0"` prompt, which has no end of its own.
const MAX_ROUNDS: u32 = 1_000;

impl Runner {
    pub(super) async fn prompt(&self, document: &Loaded, verb: &Verb) {
        match verb {
            Verb::Say { text, times } => self.say(text, *times).await,
            Verb::Play { url, times } => self.play_url(document, url, *times).await,
            Verb::Pause { seconds } => tokio::time::sleep(Duration::from_secs(*seconds)).await,
            Verb::Connect { .. }
            | Verb::Record(_)
            | Verb::StartRecording(_)
            | Verb::Dial { .. }
            | Verb::Gather(_)
            | Verb::Redirect(_)
            | Verb::Reject { .. }
            | Verb::Hangup => {}
        }
    }

    /// Speaks as a tone for every word and silence between them.
    pub(super) async fn say(&self, text: &str, times: u32) {
        self.call.line.log(CallEventKind::Said(text.to_owned().into()));
        let speech = spoken(text, self.account.config.say_ms_per_char as usize);
        self.play_rounds(speech.into(), times).await;
    }

    pub(super) async fn beep(&self) {
        self.play(tone(BEEP_HZ, BEEP_MS).into()).await;
    }

    async fn play_url(&self, document: &Loaded, url: &str, times: u32) {
        let Some(url) = document.resolve_url(&self.call, url) else { return };
        let webhook = Webhook::new(WebhookKind::Play, url, true, Vec::new());
        let Ok(reply) = post(&self.account, &self.call, &webhook).await else { return };
        match wav::read_mulaw(&reply.body) {
            Ok(audio) => self.play_rounds(audio.into(), times).await,
            Err(error) => self.call.debugger(12300, format!("the file to play is unreadable: {error}")),
        }
    }

    async fn play_rounds(&self, audio: Bytes, times: u32) {
        let rounds = if times == 0 { MAX_ROUNDS } else { times.min(MAX_ROUNDS) };
        for _ in 0..rounds {
            self.play(audio.clone()).await;
        }
    }

    /// Plays to the last sample.
    async fn play(&self, audio: Bytes) {
        match self.call.line.play_out(audio) {
            // An error means that the line ended or was cleared: there is no more to play.
            Ok(played) => drop(played.await),
            Err(error) => self.call.debugger(11200, error.to_string()),
        }
    }
}

fn spoken(text: &str, ms_per_char: usize) -> Vec<u8> {
    let mut speech = tone(SAY_HZ, text.chars().count() * ms_per_char);
    let per_char = (ms_per_char * mulaw::BYTES_PER_MS).max(1);
    for (chunk, character) in speech.chunks_mut(per_char).zip(text.chars()) {
        if !character.is_alphanumeric() {
            chunk.fill(mulaw::SILENCE);
        }
    }
    speech
}

fn tone(hertz: f64, ms: usize) -> Vec<u8> {
    let step = TAU * hertz / f64::from(wav::RATE_HZ);
    (0..ms * mulaw::BYTES_PER_MS)
        .map(|at| mulaw::encode(((at as f64 * step).sin() * AMPLITUDE) as i16))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::twilio::ear::is_audible;

    #[test]
    fn words_are_heard_and_the_gaps_between_them_are_not() {
        let speech = spoken("ab c", 60);
        assert_eq!(mulaw::duration_ms(&speech), 240);
        let loud = |from_ms: usize, to_ms: usize| {
            speech[from_ms * 8..to_ms * 8].iter().any(|&byte| is_audible(byte))
        };
        assert!(loud(0, 120) && !loud(120, 180) && loud(180, 240));
    }
}
