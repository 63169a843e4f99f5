//! What the queues carry: identifiers, never audio, numbers or words; a text that came is the one exception.
//!
//! A job is a request to look at something. It may come twice, late and in any order, and asking twice is harmless.

mod campaign;
mod contact;
mod endpoint;
mod insights;
mod lead;
mod notification;
mod person;
mod recording;
mod text;
mod transcript;

use serde::Serialize;
use serde::de::DeserializeOwned;

pub use campaign::CampaignJob;
pub use contact::ContactJob;
pub use endpoint::EndpointJob;
pub use insights::InsightsJob;
pub use lead::LeadJob;
pub use notification::NotificationJob;
pub use person::{PersonExportJob, PersonJob};
pub use recording::RecordingJob;
pub use text::{SentText, TextJob, ToldText};
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
    ContactJob: "QUEUE_CONTACTS", "DLQ_CONTACTS";
    PersonJob: "QUEUE_PERSONS", "DLQ_PERSONS";
    PersonExportJob: "QUEUE_PERSON_EXPORTS", "DLQ_PERSON_EXPORTS";
    EndpointJob: "QUEUE_ENDPOINTS", "DLQ_ENDPOINTS";
    NotificationJob: "QUEUE_NOTIFICATIONS", "DLQ_NOTIFICATIONS";
    CampaignJob: "QUEUE_CAMPAIGNS", "DLQ_CAMPAIGNS";
    LeadJob: "QUEUE_LEADS", "DLQ_LEADS";
}
