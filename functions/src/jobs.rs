//! What the queues carry: identifiers, never audio, numbers or words; a text that came is the one exception.
//!
//! A job is a request to look at something. It may come twice, late and in any order, and asking twice is harmless.

mod insights;
mod recording;
mod text;
mod transcript;

use serde::Serialize;
use serde::de::DeserializeOwned;

pub use insights::InsightsJob;
pub use recording::RecordingJob;
pub use text::{SentText, TextJob};
pub use transcript::TranscriptJob;

/// A message of one queue.
pub trait Job: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// The variable with the URL of its queue.
    const QUEUE: &'static str;
    /// The variable with the URL of the queue that takes what was given up.
    const DEAD_LETTERS: &'static str;
}

/// Each kind of job with the variables that name its two queues.
macro_rules! queues {
    ($($job:ty: $queue:literal, $dead_letters:literal;)+) => {$(
        impl Job for $job {
            const QUEUE: &'static str = $queue;
            const DEAD_LETTERS: &'static str = $dead_letters;
        }
    )+};
}

queues! {
    RecordingJob: "QUEUE_RECORDINGS", "DLQ_RECORDINGS";
    TranscriptJob: "QUEUE_TRANSCRIPTS", "DLQ_TRANSCRIPTS";
    InsightsJob: "QUEUE_INSIGHTS", "DLQ_INSIGHTS";
    TextJob: "QUEUE_TEXTS", "DLQ_TEXTS";
}
