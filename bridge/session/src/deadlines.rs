//! Every wait of a call, by name. The earliest one is the session's next timeout.
//!
//! A wait that may last for ever is a bug, so a latch *is* its deadline: what is armed here is being waited
//! for, and what is not armed here is not.

use std::time::Instant;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Deadline {
    /// Twilio's `start` after the socket was opened.
    Start,
    /// The answer to the token claim.
    Claim,
    /// A model that echoed its configuration, at last.
    ModelReady,
    /// The same of the attempt under way.
    ModelAttempt,
    /// The moment for the next attempt to connect.
    ModelRetry,
    /// The moment from which the model's leg may be replaced, at a turn boundary.
    Rollover,
    /// The moment at which it must be.
    LastRollover,
    /// Any sign of life of the caller's line.
    Media,
    /// The next frame while the caller is speaking.
    SpeechFrame,
    /// The end of the caller's speech.
    SpeechEnd,
    /// The moment from which what the caller is saying is an interruption.
    Interruption,
    /// The words of speech that was none.
    Overheard,
    /// The response that the model's turn detection owes a caller who stopped speaking.
    Answer,
    /// The model's word that the response we asked for began.
    ResponseCreated,
    /// The next sign of life of the response under way.
    ResponseProgress,
    /// The moment at which a held back request may be made again.
    GateRetry,
    /// The marks of audio that the line must have played by now.
    Playout,
    /// A word of anybody's.
    Silence,
    /// Words of the caller's that can be understood.
    Wordless,
    /// The end of a monologue that a person would not hold.
    Monologue,
    /// Silence that confirms a machine, or after which it listens.
    Voicemail,
    /// Somebody to pick up a telephone that asked who is calling.
    Screening,
    /// The end of the pause after a goodbye that nobody called the tool for.
    Farewell,
    /// The time to say that the call is about to end.
    Warning,
    /// The time for last words before the call's maximum duration.
    LastWords,
    /// The call's maximum duration.
    MaxDuration,
    /// The end of the goodbye.
    Goodbye,
    /// The slowest tool's output.
    Tool,
    /// The moment from which a caller is told that a tool takes its time.
    Filler,
    /// The next key.
    Dtmf,
    /// What the oldest open turn is waiting for.
    Turn,
    /// The moment from which the call may leave this process, at a turn boundary.
    Drain,
    /// The moment at which it must.
    LastDrain,
    /// Twilio's `stop` after we hung up.
    Stop,
    /// Transcripts that are still on their way when the caller is gone.
    LateTranscripts,
}

impl Deadline {
    pub(crate) const ALL: [Self; 35] = [
        Self::Start,
        Self::Claim,
        Self::ModelReady,
        Self::ModelAttempt,
        Self::ModelRetry,
        Self::Rollover,
        Self::LastRollover,
        Self::Media,
        Self::SpeechFrame,
        Self::SpeechEnd,
        Self::Interruption,
        Self::Overheard,
        Self::Answer,
        Self::ResponseCreated,
        Self::ResponseProgress,
        Self::GateRetry,
        Self::Playout,
        Self::Silence,
        Self::Wordless,
        Self::Monologue,
        Self::Voicemail,
        Self::Screening,
        Self::Farewell,
        Self::Warning,
        Self::LastWords,
        Self::MaxDuration,
        Self::Goodbye,
        Self::Tool,
        Self::Filler,
        Self::Dtmf,
        Self::Turn,
        Self::Drain,
        Self::LastDrain,
        Self::Stop,
        Self::LateTranscripts,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Claim => "claim",
            Self::ModelReady => "model_ready",
            Self::ModelAttempt => "model_attempt",
            Self::ModelRetry => "model_retry",
            Self::Rollover => "rollover",
            Self::LastRollover => "last_rollover",
            Self::Media => "media",
            Self::SpeechFrame => "speech_frame",
            Self::SpeechEnd => "speech_end",
            Self::Interruption => "interruption",
            Self::Overheard => "overheard",
            Self::Answer => "answer",
            Self::ResponseCreated => "response_created",
            Self::ResponseProgress => "response_progress",
            Self::GateRetry => "gate_retry",
            Self::Playout => "playout",
            Self::Silence => "silence",
            Self::Wordless => "wordless",
            Self::Monologue => "monologue",
            Self::Voicemail => "voicemail",
            Self::Screening => "screening",
            Self::Farewell => "farewell",
            Self::Warning => "warning",
            Self::LastWords => "last_words",
            Self::MaxDuration => "max_duration",
            Self::Goodbye => "goodbye",
            Self::Tool => "tool",
            Self::Filler => "filler",
            Self::Dtmf => "dtmf",
            Self::Turn => "turn",
            Self::Drain => "drain",
            Self::LastDrain => "last_drain",
            Self::Stop => "stop",
            Self::LateTranscripts => "late_transcripts",
        }
    }
}

#[derive(Debug)]
pub(crate) struct Deadlines {
    at: [Option<Instant>; Deadline::ALL.len()],
}

impl Default for Deadlines {
    fn default() -> Self {
        Self { at: [None; Deadline::ALL.len()] }
    }
}

impl Deadlines {
    pub(crate) fn set(&mut self, deadline: Deadline, at: Instant) {
        self.at[deadline as usize] = Some(at);
    }

    /// Arms or disarms to match `at`.
    pub(crate) fn follow(&mut self, deadline: Deadline, at: Option<Instant>) {
        self.at[deadline as usize] = at;
    }

    pub(crate) fn clear(&mut self, deadline: Deadline) {
        self.at[deadline as usize] = None;
    }

    pub(crate) fn clear_all(&mut self) {
        *self = Self::default();
    }

    pub(crate) fn at(&self, deadline: Deadline) -> Option<Instant> {
        self.at[deadline as usize]
    }

    pub(crate) fn is_armed(&self, deadline: Deadline) -> bool {
        self.at(deadline).is_some()
    }

    pub(crate) fn earliest(&self) -> Option<(Instant, Deadline)> {
        Deadline::ALL
            .into_iter()
            .filter_map(|deadline| self.at[deadline as usize].map(|at| (at, deadline)))
            .min_by_key(|(at, _)| *at)
    }

    /// Disarms and returns the earliest deadline that has passed.
    pub(crate) fn take_due(&mut self, now: Instant) -> Option<Deadline> {
        let (at, deadline) = self.earliest()?;
        if at > now {
            return None;
        }
        self.clear(deadline);
        Some(deadline)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::testing::origin;

    #[test]
    fn the_table_is_in_the_order_of_the_enum() {
        for (index, deadline) in Deadline::ALL.into_iter().enumerate() {
            assert_eq!(deadline as usize, index);
        }
    }

    #[test]
    fn deadlines_pass_in_the_order_of_their_times() {
        let now = origin();
        let mut deadlines = Deadlines::default();
        deadlines.set(Deadline::Tool, now + Duration::from_secs(2));
        deadlines.set(Deadline::Silence, now + Duration::from_secs(1));
        assert_eq!(deadlines.take_due(now), None);
        let later = now + Duration::from_secs(3);
        assert_eq!(deadlines.take_due(later), Some(Deadline::Silence));
        assert_eq!(deadlines.take_due(later), Some(Deadline::Tool));
        assert_eq!(deadlines.take_due(later), None);
    }
}
