//! The caller's speech, as the model's turn detection reports it, and what it is still to be followed by.

use std::time::{Duration, Instant};

use super::call_details::MAX_CALL;

/// A person does not speak this long without a breath; line noise and hold music do.
const SPEECH_MAX: Duration = Duration::from_secs(60);
/// The least that counts as having spoken; a turn of no length is one whose length is not known.
const SPEECH_MIN: Duration = Duration::from_millis(1);
/// Without a frame for this long the model would wait for the end of a sentence that has ended.
const FRAME_WAIT: Duration = Duration::from_millis(750);
/// The model's turn detection creates the answer at once. When it has not by now, it will not.
const ANSWER_WAIT: Duration = Duration::from_secs(3);
/// How long the words of overheard speech may take. Without them it is answered, to be safe.
const WORDS_WAIT: Duration = Duration::from_secs(2);
/// Latencies kept for the report's median.
const LATENCIES_MAX: usize = 512;

/// The last speech, and what is not known or done about it yet.
#[derive(Debug, Default)]
pub(crate) struct CallerSpeech {
    last: Option<Speech>,
    speaking: Option<Speaking>,
    /// Until then it is not known whether the speech interrupts the agent.
    undecided_until: Option<Instant>,
    /// The speech was let pass; until then its words may come and say whether it wants an answer.
    overheard_until: Option<Instant>,
    /// The caller stopped, and turn detection owes an answer by then.
    answer_by: Option<Instant>,
    /// When the caller stopped, until the agent answers.
    stopped: Option<Instant>,
    /// When the model began the answer that is not heard yet.
    answer_begun: Option<Instant>,
    /// The agent stopped for the last speech.
    interrupted: bool,
    interruptions: u32,
    latencies: Vec<Duration>,
}

/// The caller is speaking now.
#[derive(Debug)]
struct Speaking {
    /// What is longer is taken for over.
    until: Instant,
    /// The next frame of it; `None` once silence was put in its place.
    frame_by: Option<Instant>,
}

/// One stretch of speech, which becomes an item.
#[derive(Debug)]
struct Speech {
    item: String,
    began: Instant,
    /// Where it begins in the audio that the model was given, padding included, if the model said so.
    audio_start: Option<Duration>,
    /// How long it lasted, as soon as the model has said where it ends.
    spoken: Option<Duration>,
    /// When the model noticed its end.
    stopped: Option<Instant>,
}

/// The agent begins to answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Answered {
    /// When the model noticed the end of the caller's speech.
    pub(crate) stopped: Instant,
    /// From then to the first audio.
    pub(crate) latency: Duration,
    /// From then to the model's beginning of the answer.
    pub(crate) begun: Option<Duration>,
}

impl CallerSpeech {
    /// The caller began to speak; false if that was known.
    pub(crate) fn begin(&mut self, now: Instant, item: &str, audio_start: Option<Duration>) -> bool {
        if self.began(item).is_some() {
            return false;
        }
        self.last =
            Some(Speech { item: item.to_owned(), began: now, audio_start, spoken: None, stopped: None });
        self.speaking = Some(Speaking { until: now + SPEECH_MAX, frame_by: Some(now + FRAME_WAIT) });
        (self.stopped, self.answer_by, self.overheard_until) = (None, None, None);
        self.answer_begun = None;
        self.interrupted = false;
        true
    }

    /// A frame of the caller's came.
    pub(crate) fn frame_came(&mut self, now: Instant) {
        if let Some(speaking) = &mut self.speaking {
            speaking.frame_by = Some(now + FRAME_WAIT);
        }
    }

    /// Silence took the place of the frame that did not come.
    pub(crate) fn frame_replaced(&mut self) {
        if let Some(speaking) = &mut self.speaking {
            speaking.frame_by = None;
        }
    }

    /// Takes the length of a speech from where the model says that it begins and ends. Both edges lie in silence:
    /// padding goes before the speech, and the silence that proves its end behind it; both are `silence`.
    pub(crate) fn measure(
        &mut self,
        item: &str,
        audio_end: Option<Duration>,
        silence: Duration,
    ) -> Option<Duration> {
        let speech = self.last.as_mut().filter(|speech| speech.item == item)?;
        let spoken = audio_end?.saturating_sub(speech.audio_start?).saturating_sub(silence);
        // The caller spoke, however little is left of it; and no claim of the model's is longer than a call.
        speech.spoken = Some(spoken.clamp(SPEECH_MIN, MAX_CALL));
        speech.spoken
    }

    /// The speech is over.
    pub(crate) fn end(&mut self) {
        self.speaking = None;
    }

    /// The model heard the caller stop: whether it was still open if the speech interrupts. `None` if the caller was
    /// not speaking.
    pub(crate) fn stop(&mut self, now: Instant) -> Option<bool> {
        self.speaking.take()?;
        self.stopped = Some(now);
        if let Some(speech) = &mut self.last {
            speech.stopped = Some(now);
        }
        Some(self.undecided_until.take().is_some())
    }

    /// Leaves open until `at` whether the speech interrupts.
    pub(crate) fn decide_at(&mut self, at: Instant) {
        self.undecided_until = Some(at);
    }

    /// The speech has lasted: it is known to interrupt.
    pub(crate) fn decided(&mut self) {
        self.undecided_until = None;
    }

    /// The speech ended before it was an interruption.
    pub(crate) fn let_pass(&mut self, now: Instant) {
        self.overheard_until = Some(now + WORDS_WAIT);
        self.stopped = None;
    }

    /// What was let pass is known, or will not be.
    pub(crate) fn understood(&mut self) {
        self.overheard_until = None;
    }

    /// Turn detection owes the caller an answer.
    pub(crate) fn owe_answer(&mut self, now: Instant) {
        self.answer_by = Some(now + ANSWER_WAIT);
    }

    /// The answer came, will not come, or is not wanted any more.
    pub(crate) fn owe_nothing(&mut self) {
        self.answer_by = None;
    }

    /// The model begins to answer, and nothing of it is heard yet.
    pub(crate) fn answer_begins(&mut self, now: Instant) {
        if self.stopped.is_some() {
            self.answer_begun = Some(now);
        }
    }

    /// The agent begins to answer: how long the caller waited, for the first words of an answer.
    pub(crate) fn answered(&mut self, now: Instant) -> Option<Answered> {
        let stopped = self.stopped.take()?;
        let latency = now.saturating_duration_since(stopped);
        if self.latencies.len() < LATENCIES_MAX {
            self.latencies.push(latency);
        }
        let begun = self.answer_begun.take().map(|begun| begun.saturating_duration_since(stopped));
        Some(Answered { stopped, latency, begun })
    }

    /// The agent stopped for this speech.
    pub(crate) fn has_interrupted(&mut self) {
        self.interrupted = true;
        self.interruptions += 1;
    }

    /// The agent stopped for speech that nothing came of; known once.
    pub(crate) fn take_interrupted(&mut self) -> bool {
        std::mem::take(&mut self.interrupted)
    }

    /// A leg that is gone tells nothing more of this speech.
    pub(crate) fn leg_lost(&mut self) {
        let (interruptions, latencies) = (self.interruptions, std::mem::take(&mut self.latencies));
        *self = Self { interruptions, latencies, ..Self::default() };
    }

    pub(crate) const fn is_speaking(&self) -> bool {
        self.speaking.is_some()
    }

    pub(crate) const fn awaits_answer(&self) -> bool {
        self.answer_by.is_some()
    }

    /// The caller is speaking, or has stopped and is about to be answered.
    pub(crate) const fn has_floor(&self) -> bool {
        self.is_speaking() || self.awaits_answer()
    }

    /// The caller made a sound; it is not known yet whether it is an interruption, or wants an answer.
    pub(crate) const fn is_undecided(&self) -> bool {
        self.undecided_until.is_some() || self.overheard_until.is_some()
    }

    /// The last speech was let pass, and its words are not known yet.
    pub(crate) const fn is_overheard(&self) -> bool {
        self.overheard_until.is_some()
    }

    pub(crate) fn began(&self, item: &str) -> Option<Instant> {
        self.of(item).map(|speech| speech.began)
    }

    /// When the model noticed the end of the last speech, if that is this item's.
    pub(crate) fn stopped(&self, item: &str) -> Option<Instant> {
        self.of(item).and_then(|speech| speech.stopped)
    }

    /// How long the caller spoke. A turn may be committed before its end was told; then the time since it began has
    /// to do.
    pub(crate) fn spoken(&self, now: Instant, item: &str) -> Option<Duration> {
        let speech = self.of(item)?;
        Some(speech.spoken.unwrap_or_else(|| now.saturating_duration_since(speech.began)))
    }

    pub(crate) const fn interruptions(&self) -> u32 {
        self.interruptions
    }

    /// How long the caller waited for each answer, as far as they are kept.
    pub(crate) fn take_latencies(&mut self) -> Vec<Duration> {
        std::mem::take(&mut self.latencies)
    }

    pub(crate) fn ends_by(&self) -> Option<Instant> {
        self.speaking.as_ref().map(|speaking| speaking.until)
    }

    pub(crate) fn frame_by(&self) -> Option<Instant> {
        self.speaking.as_ref().and_then(|speaking| speaking.frame_by)
    }

    pub(crate) const fn undecided_until(&self) -> Option<Instant> {
        self.undecided_until
    }

    pub(crate) const fn overheard_until(&self) -> Option<Instant> {
        self.overheard_until
    }

    pub(crate) const fn answer_by(&self) -> Option<Instant> {
        self.answer_by
    }

    fn of(&self, item: &str) -> Option<&Speech> {
        // Speech without a name is never the speech that is known.
        self.last.as_ref().filter(|speech| speech.item == item && !item.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::origin;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn the_caller_has_the_floor_until_the_answer_came() {
        let (mut speech, now) = (CallerSpeech::default(), origin());
        assert!(speech.begin(now, "item", None) && !speech.begin(now, "item", None));
        assert!(speech.is_speaking() && speech.has_floor());
        assert_eq!(speech.stop(now + SECOND), Some(false));
        assert!(!speech.is_speaking() && !speech.has_floor());
        speech.owe_answer(now + SECOND);
        assert!(speech.has_floor());
        assert_eq!(speech.answer_by(), Some(now + SECOND + ANSWER_WAIT));
        assert_eq!(speech.stopped("item"), Some(now + SECOND));
        speech.answer_begins(now + SECOND * 3 / 2);
        let answered = Answered { stopped: now + SECOND, latency: SECOND, begun: Some(SECOND / 2) };
        assert_eq!(speech.answered(now + SECOND * 2), Some(answered));
        assert_eq!(speech.answered(now + SECOND * 3), None, "an answer begins once");
        speech.owe_nothing();
        assert!(!speech.has_floor());
    }

    #[test]
    fn a_sound_stays_open_until_it_is_decided() {
        let (mut speech, now) = (CallerSpeech::default(), origin());
        speech.begin(now, "item", None);
        speech.decide_at(now + SECOND);
        assert!(speech.is_undecided() && !speech.is_overheard());
        assert_eq!(speech.stop(now), Some(true));
        assert_eq!(speech.stop(now), None, "stopped already");
        speech.let_pass(now);
        assert!(speech.is_undecided() && speech.is_overheard());
        assert_eq!(speech.answered(now), None, "speech that was let pass has no answer to be late");
        speech.understood();
        assert!(!speech.is_undecided());
    }

    #[test]
    fn a_lost_leg_takes_the_speech_with_it_and_leaves_the_figures() {
        let (mut speech, now) = (CallerSpeech::default(), origin());
        speech.begin(now, "item", None);
        speech.stop(now);
        speech.answered(now + SECOND);
        speech.has_interrupted();
        speech.begin(now, "next", None);
        speech.leg_lost();
        assert!(!speech.has_floor() && !speech.is_undecided() && speech.began("next").is_none());
        assert_eq!((speech.interruptions(), speech.take_latencies()), (1, vec![SECOND]));
    }

    #[test]
    fn a_speech_is_as_long_as_its_sound_without_the_silence_around_it() {
        let (mut speech, now) = (CallerSpeech::default(), origin());
        speech.begin(now, "item", Some(SECOND));
        assert_eq!(speech.spoken(now + SECOND, "item"), Some(SECOND), "not measured yet");
        assert_eq!(speech.measure("item", Some(SECOND * 4), SECOND), Some(SECOND * 2));
        assert_eq!(speech.measure("item", Some(SECOND), SECOND), Some(SPEECH_MIN));
        assert_eq!(speech.measure("other", Some(SECOND), SECOND), None);
    }
}
