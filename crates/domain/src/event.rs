//! What a business is told of: the one table of types of events, and what the event of each type says.
//!
//! The table is the owner of the names. Endpoints filter by them, the API's document and `docs/events.md` with its schemas are
//! made of it, and a test holds that every type is put somewhere. A new type is a line of the table, a body, an example in
//! `examples`, and the code that puts it with its cause.
//!
//! A body says all that a receiver needs for its next step, so that it has to ask for nothing, and holds no address that ends:
//! links are paths of the API. Once put it does not change, except that a person is taken out of it.

mod calls;
mod campaigns;
mod erase;
mod others;
mod people;
mod texts;

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp as Instant;
use serde::{Serialize, Serializer};
use strum::VariantArray;

use crate::{BusinessId, CallSid, Direction, Timestamp};

pub use calls::{
    CallCompleted, CallMissed, CallStarted, CallTold, CostTold, FactTold, MessageTaken, MessageTold,
    RecordingAvailable, RecordingTold, TranscriptFinal, VoicemailReceived, archived, fact, left, missed,
    recording_of, started, transcript,
};
pub use campaigns::{CampaignMoved, CampaignSums, campaign};
pub use erase::{Blank, Place};
pub use others::{
    EndpointDisabled, ReceiverDisabled, UsageLevel, endpoint_disabled, receiver_disabled, usage_level,
};
pub use people::{
    AppointmentChanged, ContactCreated, ContactTold, HandleTold, LeadStatusChanged, appointment,
    contact_created, lead_moved,
};
pub use texts::{MediaTold, MessageReceived, ThreadHandedOver, handed_over, received};

/// The version of the form of payloads. A change that a receiver would notice has another one, and an endpoint stays with the
/// one that it was made with until its owner chooses another. Further fields are no such change.
pub const API_VERSION: &str = "2026-12-01";

/// Every version in which an endpoint may be told, the newest last.
pub const API_VERSIONS: &[&str] = &[API_VERSION];

macro_rules! table {
    ($($kind:ident $name:literal $version:literal $body:ident: $when:literal;)+) => {
        /// A type of event.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, VariantArray)]
        pub enum Type {$(
            #[doc = $when]
            $kind,
        )+}

        /// The names of all types, in the order of the table.
        pub const NAMES: &[&str] = &[$($name),+];

        impl Type {
            /// Its name, by which endpoints ask for it.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$kind => $name),+ }
            }

            /// Which form of its body this is, counted from 1.
            pub const fn version(self) -> u8 {
                match self { $(Self::$kind => $version),+ }
            }

            /// When it happens.
            pub const fn when(self) -> &'static str {
                match self { $(Self::$kind => $when),+ }
            }

            /// An example of its body, JSON.
            pub const fn example(self) -> &'static str {
                match self { $(Self::$kind => include_str!(concat!("event/examples/", $name, ".json"))),+ }
            }

            /// The name of the schema of its body.
            #[cfg(feature = "schema")]
            pub fn schema_name(self) -> std::borrow::Cow<'static, str> {
                match self { $(Self::$kind => <$body<'_> as utoipa::ToSchema>::name()),+ }
            }

            /// The schema of its body and, by their names, all that it refers to.
            #[cfg(feature = "schema")]
            pub fn schemas(self) -> Vec<(String, utoipa::openapi::RefOr<utoipa::openapi::Schema>)> {
                let mut all = vec![];
                match self {$(
                    Self::$kind => {
                        let name = <$body<'_> as utoipa::ToSchema>::name().into_owned();
                        all.push((name, <$body<'_> as utoipa::PartialSchema>::schema()));
                        <$body<'_> as utoipa::ToSchema>::schemas(&mut all);
                    }
                )+}
                all
            }
        }
    };
}

table! {
    CallStarted "call.started" 1 CallStarted:
        "A call began that the agent carries: a caller rang, the business had one placed, or a person tries the agent in the console.";
    CallMissed "call.missed" 1 CallMissed:
        "A call of a caller is over, and no agent had it: it was refused, or the caller hung up before it was answered.";
    CallCompleted "call.completed" 1 CallCompleted:
        "A call is over and everything about it is known: its recording, its transcript, its summary and its cost, or what of it is missing. Once for each call.";
    CallUpdated "call.updated" 1 CallCompleted:
        "A call that was told of as completed was summed up anew, after its transcript was corrected or the call processed again.";
    MessageTaken "message.taken" 1 MessageTaken:
        "A person left a message for the business with the agent, in a call or in writing.";
    VoicemailReceived "voicemail.received" 1 VoicemailReceived:
        "A caller who got no agent left a recorded message.";
    RecordingAvailable "recording.available" 1 RecordingAvailable:
        "A recording of a call is in the bucket of the deployment, checked, and can be fetched.";
    TranscriptFinal "transcript.final" 1 TranscriptFinal:
        "The transcript of a call is final, or another version of it has become final.";
    ContactCreated "contact.created" 1 ContactCreated:
        "The business has a new contact: a person called, wrote or filled in a form for the first time, or a member or a program made it.";
    LeadStatusChanged "lead.status_changed" 1 LeadStatusChanged:
        "A contact moved in the business's pipeline.";
    AppointmentBooked "appointment.booked" 1 AppointmentChanged:
        "An appointment was made, at once or out of a time that was held.";
    AppointmentMoved "appointment.moved" 1 AppointmentChanged:
        "An appointment has another time, service or calendar.";
    AppointmentCancelled "appointment.cancelled" 1 AppointmentChanged:
        "An appointment was called off.";
    AppointmentNoShow "appointment.no_show" 1 AppointmentChanged:
        "The person of an appointment did not come.";
    MessageReceived "message.received" 1 MessageReceived:
        "A person wrote to a number of the business, by SMS or WhatsApp.";
    ThreadHandedOver "thread.handed_over" 1 ThreadHandedOver:
        "The agent gave a thread of texts to the people of the business.";
    UsageWarning "usage.warning" 1 UsageLevel:
        "What was used in a month comes near a cap of the business.";
    UsageCapReached "usage.cap_reached" 1 UsageLevel:
        "What was used in a month has reached a cap of the business.";
    CampaignStarted "campaign.started" 1 CampaignMoved:
        "A campaign was started: its people are called from the time that it names.";
    CampaignPaused "campaign.paused" 1 CampaignMoved:
        "A campaign begins no more calls until it is resumed: a person wished so, or it paused by itself, for the reason that is said.";
    CampaignResumed "campaign.resumed" 1 CampaignMoved:
        "A campaign that was paused goes on.";
    CampaignCompleted "campaign.completed" 1 CampaignMoved:
        "Everybody in a campaign was dealt with.";
    CampaignStopped "campaign.stopped" 1 CampaignMoved:
        "A campaign was ended before everybody in it was dealt with, and its last call is over.";
    EndpointDisabled "endpoint.disabled" 1 EndpointDisabled:
        "An endpoint is told nothing any more: it answered 410, or took nothing for days. The other endpoints are told of it.";
    ReceiverDisabled "receiver.disabled" 1 ReceiverDisabled:
        "A receiver of notifications is told nothing any more: a room of a chat is gone, or a person wants no texts.";
}

impl Type {
    /// Every type, in the order of the table.
    pub const ALL: &[Self] = Self::VARIANTS;

    /// The type of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.name() == name)
    }
}

/// Something that happened, as its business is told of it.
pub struct Happened<'a> {
    /// Whose event it is.
    pub business: BusinessId,
    /// Names the effect, so that a receiver can tell a repetition from a second one.
    pub id: String,
    /// Its type.
    pub kind: Type,
    /// The call it tells of, if there is one.
    pub call: Option<CallSid>,
    /// Which way the call went that it tells of.
    pub direction: Option<Direction>,
    /// When it happened.
    pub at: Timestamp,
    /// What is told.
    pub body: Body<'a>,
}

// It speaks of a person.
impl fmt::Debug for Happened<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Happened").field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// The body of an event. What is told of a completed call is put together by what sums it up.
#[derive(Serialize)]
#[serde(untagged)]
#[expect(missing_docs, reason = "each is the body of its name")]
pub enum Body<'a> {
    CallStarted(Box<CallStarted<'a>>),
    CallMissed(Box<CallMissed<'a>>),
    MessageTaken(Box<MessageTaken<'a>>),
    VoicemailReceived(Box<VoicemailReceived<'a>>),
    RecordingAvailable(Box<RecordingAvailable<'a>>),
    TranscriptFinal(Box<TranscriptFinal<'a>>),
    ContactCreated(Box<ContactCreated<'a>>),
    LeadStatusChanged(Box<LeadStatusChanged<'a>>),
    AppointmentChanged(Box<AppointmentChanged<'a>>),
    MessageReceived(Box<MessageReceived<'a>>),
    ThreadHandedOver(Box<ThreadHandedOver<'a>>),
    CampaignMoved(Box<CampaignMoved<'a>>),
    UsageLevel(Box<UsageLevel<'a>>),
    EndpointDisabled(Box<EndpointDisabled<'a>>),
    ReceiverDisabled(Box<ReceiverDisabled<'a>>),
}

/// Paths of the API, by what is found there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = EventLinks))]
#[serde(transparent)]
pub struct Links(BTreeMap<&'static str, String>);

impl Links {
    /// One path.
    pub fn to(what: &'static str, path: String) -> Self {
        Self(BTreeMap::from([(what, path)]))
    }

    /// With one more.
    #[must_use]
    pub fn and(mut self, what: &'static str, path: String) -> Self {
        self.0.insert(what, path);
        self
    }
}

/// Where more is found of a call.
fn links_of_call(call: &CallSid) -> Links {
    Links::to("call", format!("/v1/calls/{call}"))
}

/// A moment as events say it: RFC 3339 in UTC with milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Time(pub Timestamp);

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let instant = Instant::from_millisecond(self.0.0).unwrap_or(Instant::UNIX_EPOCH);
        write!(f, "{}", instant.strftime("%Y-%m-%dT%H:%M:%S.%3fZ"))
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(feature = "schema")]
impl utoipa::PartialSchema for Time {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        use utoipa::openapi::schema::{KnownFormat, SchemaFormat, Type};
        let text = utoipa::openapi::ObjectBuilder::new().schema_type(Type::String);
        let text = text.format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)));
        text.description(Some("A moment, as RFC 3339 in UTC with milliseconds.")).into()
    }
}

#[cfg(feature = "schema")]
impl utoipa::ToSchema for Time {
    fn name() -> std::borrow::Cow<'static, str> {
        "EventTime".into()
    }
}

#[cfg(test)]
mod tests;
