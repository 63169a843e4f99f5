//! What of an event is a person's, and what stands there once they are taken out. That it happened, and when, stays.

use super::Type;

/// What takes the place of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blank {
    /// Nothing.
    Null,
    /// A text without a letter.
    Empty,
    /// A list without entries.
    NoList,
    /// An object without fields.
    NoFields,
}

/// A place of a body as a JSON pointer, and what stands there afterwards.
pub type Place = (&'static str, Blank);

const OF_CALL: Place = ("/call/contact", Blank::Null);

impl Type {
    /// What its body says of a person. Of a call, who called or was called is blanked beside this list, by the call's direction.
    pub const fn personal(self) -> &'static [Place] {
        use Blank::{Empty, NoFields, NoList, Null};
        match self {
            Self::CallStarted => &[OF_CALL, ("/name", Null)],
            Self::CallMissed | Self::RecordingAvailable | Self::TranscriptFinal => &[OF_CALL],
            Self::CallCompleted | Self::CallUpdated => &[
                OF_CALL,
                ("/summary", Null),
                ("/extraction", NoFields),
                ("/lead_status", Null),
                ("/messages", NoList),
            ],
            Self::MessageTaken => &[
                OF_CALL,
                ("/from", Null),
                ("/contact", Null),
                ("/message/for", Null),
                ("/message/message", Empty),
                ("/message/callback", Null),
            ],
            Self::VoicemailReceived => &[OF_CALL, ("/from", Null), ("/contact", Null)],
            Self::ContactCreated => {
                &[("/contact/name", Null), ("/contact/company", Null), ("/contact/handles", NoList)]
            }
            Self::LeadStatusChanged => &[
                ("/contact/name", Null),
                ("/contact/company", Null),
                ("/contact/handles", NoList),
                ("/reason", Null),
            ],
            Self::AppointmentBooked
            | Self::AppointmentMoved
            | Self::AppointmentCancelled
            | Self::AppointmentNoShow => {
                &[("/name", Empty), ("/number", Null), ("/contact", Null), ("/notes", Null)]
            }
            Self::MessageReceived => {
                &[("/from", Empty), ("/contact", Null), ("/name", Null), ("/text", Empty), ("/media", NoList)]
            }
            Self::ThreadHandedOver => &[("/contact", Null), ("/reason", Empty), ("/message", Null)],
            Self::CampaignStarted
            | Self::CampaignPaused
            | Self::CampaignResumed
            | Self::CampaignCompleted
            | Self::CampaignStopped
            | Self::UsageWarning
            | Self::UsageCapReached
            | Self::EndpointDisabled
            | Self::ReceiverDisabled => &[],
        }
    }
}
