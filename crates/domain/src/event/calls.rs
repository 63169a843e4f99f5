//! What events say of calls: that they began, what became of them, and what callers left.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Body, Happened, Links, Time, Type, links_of_call};
use crate::insight::{Extracted, Summary};
use crate::messages::{Left, What};
use crate::recording::{Archived, CallRecordings, Search};
use crate::tools::TakenMessage;
use crate::transcript::Source;
use crate::{Call, CallStatus, Direction, Recording, Timestamp};

/// A call.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = EventCall))]
pub struct CallTold<'a> {
    /// Names the call.
    pub sid: &'a str,
    /// How far it is, in Twilio's words: `ringing`, `in-progress`, `completed`, `no-answer` and others.
    pub status: &'static str,
    /// `inbound`, `outbound` or `test`.
    pub direction: &'static str,
    /// Who called: a number, `hidden` for one that was withheld, `other` for what is no number.
    pub from: &'a str,
    /// The number that was called; null: a call in a browser.
    pub to: Option<&'a str>,
    /// The contact at the other end; null: not known.
    pub contact: Option<String>,
    /// When it was first heard of.
    pub opened_at: Time,
    /// When it was answered; null: it was not, or not yet.
    pub answered_at: Option<Time>,
    /// When it ended; null: not yet.
    pub ended_at: Option<Time>,
    /// How long it lasted, whole seconds, once that is known.
    pub duration_s: Option<u64>,
    /// The revision of the settings that it ran with.
    pub settings_revision: Option<u32>,
    /// Why no agent took it; null: one did, or the caller hung up before.
    pub refusal: Option<&'static str>,
}

impl<'a> CallTold<'a> {
    /// The call as it stands.
    pub fn of(call: &'a Call) -> Self {
        Self {
            sid: call.sid.as_str(),
            status: call.status.as_str(),
            direction: call.direction.as_str(),
            from: call.from.shown(),
            to: call.to.as_ref().map(|number| number.as_e164()),
            contact: call.contact.map(|contact| contact.to_string()),
            opened_at: Time(call.opened_at),
            answered_at: call.answered_at.map(Time),
            ended_at: call.ended_at.map(Time),
            duration_s: call.duration.map(|duration| duration.as_secs()),
            settings_revision: call.revision.map(|revision| revision.0),
            refusal: call.refusal.map(|refusal| refusal.as_str()),
        }
    }
}

/// The body of `call.started`.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = EventCallStarted))]
pub struct CallStarted<'a> {
    /// The call.
    pub call: CallTold<'a>,
    /// What the person at the other end is called; null: not known.
    pub name: Option<&'a str>,
    /// Where more is found.
    pub links: Links,
}

/// The body of `call.missed`.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = EventCallMissed))]
pub struct CallMissed<'a> {
    /// The call.
    pub call: CallTold<'a>,
    /// Why no agent had it: `closed`, `at_capacity`, `cap_reached`, `suspended`, `no_prompt`, or the status with which it ended
    /// unanswered.
    pub reason: &'static str,
    /// Where more is found.
    pub links: Links,
}

/// The body of `call.completed` and `call.updated`.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = EventCallCompleted))]
pub struct CallCompleted<'a> {
    /// The call.
    pub call: CallTold<'a>,
    /// The run of the summary, from 1.
    pub run: u32,
    /// What the final transcript is of: `realtime`, `recording`, `edited`, or `failed` where no words are to be had.
    pub transcript_source: Option<&'static str>,
    /// What became of the summary: `done`, or why it is missing.
    pub insights: &'static str,
    /// What the call was about; null: it was not summed up.
    pub summary: Option<&'a Summary>,
    /// What the business wants to know of its calls, by the names of its fields.
    pub extraction: BTreeMap<&'a str, FactTold<'a>>,
    /// The status that the call suggests for the lead.
    pub lead_status: Option<&'a str>,
    /// What was left with the agent, oldest first.
    pub messages: Vec<MessageTold<'a>>,
    /// Messages for which there was no room; the call's record has all.
    pub messages_left_out: usize,
    /// The recording; null: none was to be made.
    pub recording: Option<RecordingTold<'a>>,
    /// What it cost.
    pub cost: CostTold<'a>,
    /// Where more is found.
    pub links: Links,
}

/// A fact of a call, with the words that it rests on.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = EventFact))]
pub struct FactTold<'a> {
    /// The value.
    pub value: &'a str,
    /// The words of the call.
    pub quote: &'a str,
    /// How sure it is, 0 to 100.
    pub confidence: u8,
}

/// A message that a person left with the agent.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = EventTakenMessage))]
pub struct MessageTold<'a> {
    /// When the agent took it.
    pub at: Time,
    /// The person it is for, as the caller named them.
    pub r#for: Option<&'a str>,
    /// The message in the caller's words.
    pub message: &'a str,
    /// The number to call back, as the caller said it.
    pub callback: Option<&'a str>,
}

impl<'a> MessageTold<'a> {
    /// The message that was taken at this time.
    pub fn new(at: Timestamp, message: &'a TakenMessage) -> Self {
        let TakenMessage { recipient, text, callback } = message;
        Self { at: Time(at), r#for: recipient.as_deref(), message: text, callback: callback.as_deref() }
    }
}

/// What became of the recording of a call.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = EventRecordingState))]
pub struct RecordingTold<'a> {
    /// Names the recording; null: nothing was recorded.
    pub sid: Option<&'a str>,
    /// `archived`, `failed`, `lost`, `deleted` or `not_recorded`.
    pub state: &'static str,
    /// Why there is no recording.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
}

/// What a call cost.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = EventCost))]
pub struct CostTold<'a> {
    /// Millionths of a US dollar.
    pub usd_micros: u64,
    /// Whether every part has a price.
    pub complete: bool,
    /// The day of the prices.
    pub prices_as_of: &'a str,
}

/// The body of `message.taken`.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = EventMessageTaken))]
pub struct MessageTaken<'a> {
    /// Names the message.
    pub id: String,
    /// The call in which it was left; null: in writing.
    pub call: Option<CallTold<'a>>,
    /// The thread in which it was left; null: in a call.
    pub thread: Option<&'a str>,
    /// The number of the person; null: withheld, or not known.
    pub from: Option<&'a str>,
    /// The contact who left it; null: not known.
    pub contact: Option<String>,
    /// What was left.
    pub message: MessageTold<'a>,
    /// Where more is found.
    pub links: Links,
}

/// The body of `voicemail.received`.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = EventVoicemailReceived))]
pub struct VoicemailReceived<'a> {
    /// Names it in the list of messages.
    pub id: String,
    /// The call in which it was left.
    pub call: CallTold<'a>,
    /// The number of the person; null: withheld.
    pub from: Option<&'a str>,
    /// The contact who left it; null: not known.
    pub contact: Option<String>,
    /// The recording. Its bytes may still be on their way: `recording.available` says when they are there.
    pub recording: &'a str,
    /// When it was left.
    pub left_at: Time,
    /// Where more is found.
    pub links: Links,
}

/// The body of `recording.available`.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = EventRecordingAvailable))]
pub struct RecordingAvailable<'a> {
    /// The call.
    pub call: CallTold<'a>,
    /// Names the recording.
    pub recording: &'a str,
    /// `call` for the conversation, `voicemail` for what a caller left.
    pub kind: &'static str,
    /// How long it is, milliseconds.
    pub duration_ms: u64,
    /// How large it is.
    pub bytes: u64,
    /// Two: caller and agent apart.
    pub channels: u16,
    /// SHA-256 of the bytes, hexadecimal digits.
    pub sha256: &'a str,
    /// When it was stored.
    pub archived_at: Time,
    /// Where more is found. Audio is fetched with a key, or through a link that is asked for.
    pub links: Links,
}

/// The body of `transcript.final`.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = EventTranscriptFinal))]
pub struct TranscriptFinal<'a> {
    /// The call.
    pub call: CallTold<'a>,
    /// What it is of: `realtime`, `recording`, `edited`, or `failed` if no words are to be had.
    pub source: &'static str,
    /// The number of the version; null: there are no words.
    pub version: Option<u32>,
    /// How often the final version has changed, from 1.
    pub revision: u32,
    /// Where more is found.
    pub links: Links,
}

/// A call began.
pub fn started<'a>(call: &'a Call, name: Option<&'a str>) -> Happened<'a> {
    let body = CallStarted { call: CallTold::of(call), name, links: links_of_call(&call.sid) };
    of_call(call, Type::CallStarted, "", call.opened_at, Body::CallStarted(Box::new(body)))
}

/// A call is over without that an agent had it. `None`: one had it, it is not over, or no caller made it.
pub fn missed(call: &Call) -> Option<Happened<'_>> {
    let ended_at = call.ended_at.filter(|_| call.status.is_terminal())?;
    let unanswered = call.status != CallStatus::Completed;
    if call.direction != Direction::Inbound || (call.refusal.is_none() && !unanswered) {
        return None;
    }
    let reason = call.refusal.map_or(call.status.as_str(), |refusal| refusal.as_str());
    let body = CallMissed { call: CallTold::of(call), reason, links: links_of_call(&call.sid) };
    Some(of_call(call, Type::CallMissed, "", ended_at, Body::CallMissed(Box::new(body))))
}

/// Something was left for the business, in this call if it was left in one, and by this contact if it is known.
pub fn left<'a>(
    business: &crate::BusinessId,
    call: Option<&'a Call>,
    contact: Option<crate::ContactId>,
    left: &'a Left,
) -> Option<Happened<'a>> {
    let (id, from) = (left.id.to_string(), left.caller.as_ref().map(|number| number.as_e164()));
    let contact = contact.or_else(|| call?.contact).map(|contact| contact.to_string());
    let mut links = call.map(|call| links_of_call(&call.sid)).unwrap_or_default();
    links = links.and("message", format!("/v1/messages/{id}"));
    let told = call.map(CallTold::of);
    let (kind, name) = match &left.what {
        What::Message(_) => (Type::MessageTaken, format!("{}#{id}", Type::MessageTaken.name())),
        What::Voicemail(_) => (Type::VoicemailReceived, format!("{}#{id}", Type::VoicemailReceived.name())),
    };
    let body = match &left.what {
        What::Message(message) => {
            let thread = left.origin.thread().map(crate::texts::ThreadId::as_str);
            if let Some(thread) = thread {
                links = links.and("thread", format!("/v1/threads/{thread}"));
            }
            let message = MessageTold::new(left.id.at(), message);
            let body = MessageTaken { id, call: told, thread, from, contact, message, links };
            Body::MessageTaken(Box::new(body))
        }
        What::Voicemail(recording) => {
            let (recording, left_at) = (recording.as_str(), Time(left.id.at()));
            let call = told?;
            links = links.and("voicemail", format!("/v1/calls/{}/voicemail", call.sid));
            let body = VoicemailReceived { id, call, from, contact, recording, left_at, links };
            Body::VoicemailReceived(Box::new(body))
        }
    };
    Some(Happened {
        business: business.clone(),
        id: name,
        kind,
        call: call.map(|call| call.sid.clone()),
        direction: call.map(|call| call.direction),
        at: left.id.at(),
        body,
    })
}

/// A recording of a call is held now.
pub fn archived<'a>(call: &'a Call, recording: &'a Recording, archived: &'a Archived) -> Happened<'a> {
    let mut links = links_of_call(&call.sid);
    links = links.and("recordings", format!("/v1/calls/{}/recordings", call.sid));
    let body = RecordingAvailable {
        call: CallTold::of(call),
        recording: recording.sid.as_str(),
        kind: recording.kind.as_str(),
        duration_ms: archived.format.duration_ms,
        bytes: archived.bytes,
        channels: archived.format.channels,
        sha256: &archived.sha256,
        archived_at: Time(archived.at),
        links,
    };
    let body = Body::RecordingAvailable(Box::new(body));
    of_call(call, Type::RecordingAvailable, recording.sid.as_str(), archived.at, body)
}

/// The pointer to the final transcript has moved, for the `moves`th time.
pub fn transcript(
    call: &Call,
    (source, version): (Source, Option<u32>),
    moves: u32,
    now: Timestamp,
) -> Happened<'_> {
    let mut links = links_of_call(&call.sid);
    links = links.and("transcript", format!("/v1/calls/{}/transcript", call.sid));
    let body = TranscriptFinal {
        call: CallTold::of(call),
        source: source.as_str(),
        version,
        revision: moves,
        links,
    };
    let body = Body::TranscriptFinal(Box::new(body));
    of_call(call, Type::TranscriptFinal, &format!("{moves:06}"), now, body)
}

fn of_call<'a>(call: &'a Call, kind: Type, which: &str, at: Timestamp, body: Body<'a>) -> Happened<'a> {
    let which = if which.is_empty() { String::new() } else { format!("#{which}") };
    Happened {
        business: call.business.clone(),
        id: format!("{}#{}{which}", kind.name(), call.sid),
        kind,
        call: Some(call.sid.clone()),
        direction: Some(call.direction),
        at,
        body,
    }
}

/// What became of the recording. A message stands in for one of the conversation, and nothing else does.
pub fn recording_of(recordings: &CallRecordings) -> Option<RecordingTold<'_>> {
    match (recordings.own().or_else(|| recordings.voicemail()), recordings.search) {
        (Some(recording), _) => Some(RecordingTold {
            sid: Some(recording.sid.as_str()),
            state: recording.state.as_str(),
            reason: None,
        }),
        (None, Some(Search::Over(reason))) => {
            Some(RecordingTold { sid: None, state: "not_recorded", reason: Some(reason.as_str()) })
        }
        (None, Some(Search::Open | Search::Found) | None) => None,
    }
}

/// A fact by the name of its field.
pub fn fact(value: &Extracted) -> (&str, FactTold<'_>) {
    let Extracted { name, value, quote, confidence, .. } = value;
    (name, FactTold { value, quote, confidence: *confidence })
}
