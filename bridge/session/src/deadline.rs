//! The names of all waits of a call.
//!
//! A deadline says when a wait is over, and only that. What is being waited for, and since when, is known to the fact
//! or rule that waits: `timetable` reads the moment from there.

/// Declares the deadlines in the order in which those of one moment pass, each with its name in logs.
macro_rules! deadlines {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal,)+) => {
        /// What a session may be waiting for.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Deadline {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl Deadline {
            /// In the order in which those of one moment pass.
            pub(crate) const ALL: &[Self] = &[$(Self::$variant,)+];

            pub(crate) const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }
        }
    };
}

deadlines! {
    /// Twilio's `start` after the socket was opened.
    Start = "start",
    /// The answer to the token claim.
    Claim = "claim",
    /// A model that echoed its configuration, after all attempts.
    ModelReady = "model_ready",
    /// A model that echoed its configuration, in the attempt under way.
    ModelAttempt = "model_attempt",
    /// The moment for the next attempt to connect.
    ModelRetry = "model_retry",
    /// The moment from which the model's leg may be replaced, at a turn boundary.
    Rollover = "rollover",
    /// The moment at which the model's leg is replaced, wherever the conversation stands.
    LastRollover = "last_rollover",
    /// Any sign of life of the caller's line.
    Media = "media",
    /// The next frame while the caller is speaking.
    SpeechFrame = "speech_frame",
    /// The end of the caller's speech.
    SpeechEnd = "speech_end",
    /// The moment from which what the caller is saying is an interruption.
    Interruption = "interruption",
    /// The words of speech that was let pass.
    Overheard = "overheard",
    /// The response that the model's turn detection owes a caller who stopped speaking.
    Answer = "answer",
    /// The model's word that the response we asked for began.
    ResponseCreated = "response_created",
    /// The next sign of life of the response under way.
    ResponseProgress = "response_progress",
    /// The moment at which a held back request may be made again.
    GateRetry = "gate_retry",
    /// The marks of audio that the line must have played by now.
    Playout = "playout",
    /// A word of either side.
    Silence = "silence",
    /// Words of the caller's that can be understood.
    Wordless = "wordless",
    /// The end of a monologue that a person would not hold.
    Monologue = "monologue",
    /// Silence that confirms a machine, or after which it listens.
    Voicemail = "voicemail",
    /// A person who picks up a telephone that asked who is calling.
    Screening = "screening",
    /// The end of the pause after a goodbye that was said without the tool for it.
    Farewell = "farewell",
    /// The time to say that the call is about to end.
    Warning = "warning",
    /// The time for last words before the call's maximum duration.
    LastWords = "last_words",
    /// The call's maximum duration.
    MaxDuration = "max_duration",
    /// The first sound of words that the business has the agent say.
    Words = "words",
    /// The end of the goodbye.
    Goodbye = "goodbye",
    /// The slowest tool's output.
    Tool = "tool",
    /// The moment from which a caller is told that a tool takes its time.
    Filler = "filler",
    /// The next key.
    Dtmf = "dtmf",
    /// What the oldest open turn is waiting for.
    Turn = "turn",
    /// The moment from which the call may leave this process, at a turn boundary.
    Drain = "drain",
    /// The moment at which the call leaves this process.
    LastDrain = "last_drain",
    /// Twilio's `stop` after we hung up.
    Stop = "stop",
    /// Transcripts that are still on their way when the caller is gone.
    LateTranscripts = "late_transcripts",
}
