//! The parameters that a call's webhooks read, and the names that Twilio documents for them.

use super::reading::{Kind, Param};
use crate::SidKind;

const STATUSES: &[&str] = &[
    "queued",
    "initiated",
    "ringing",
    "in-progress",
    "completed",
    "busy",
    "failed",
    "no-answer",
    "canceled",
];

const DIRECTIONS: &[&str] =
    &["inbound", "outbound-api", "outbound-dial", "trunking-originating", "trunking-terminating"];

const VERDICTS: &[&str] = &[
    "human",
    "fax",
    "unknown",
    "machine_start",
    "machine_end_beep",
    "machine_end_silence",
    "machine_end_other",
];

const SOURCES: &[&str] = &[
    "OutboundAPI",
    "StartCallRecordingAPI",
    "StartCallRecordingTwiML",
    "StartConferenceRecordingAPI",
    "DialVerb",
    "RecordVerb",
    "Conference",
    "Trunking",
];

const MESSAGE_STATUSES: &[&str] = &[
    "accepted",
    "scheduled",
    "queued",
    "sending",
    "sent",
    "delivered",
    "undelivered",
    "failed",
    "canceled",
    "read",
    "partially_delivered",
    "receiving",
    "received",
];

// A landmark is in every form of its kind, and the others are looked for between them.
pub(super) const ACCOUNT_SID: Param = Param::landmark("AccountSid", Kind::Sid(SidKind::Account));
pub(super) const ANSWERED_BY: Param = Param::landmark("AnsweredBy", Kind::Word(VERDICTS));
pub(super) const CALL_SID: Param = Param::landmark("CallSid", Kind::Sid(SidKind::Call));
pub(super) const CALL_STATUS: Param = Param::landmark("CallStatus", Kind::Word(STATUSES));
pub(super) const DIRECTION: Param = Param::landmark("Direction", Kind::Word(DIRECTIONS));
pub(super) const FROM: Param = Param::landmark("From", Kind::Party { twin: "Caller" });
pub(super) const RECORDING_SID: Param = Param::landmark("RecordingSid", Kind::Sid(SidKind::Recording));
pub(super) const RECORDING_STATUS: Param =
    Param::landmark("RecordingStatus", Kind::Word(&["in-progress", "completed", "absent"]));
pub(super) const STREAM_EVENT: Param =
    Param::landmark("StreamEvent", Kind::Word(&["stream-started", "stream-stopped", "stream-error"]));
pub(super) const STREAM_SID: Param = Param::landmark("StreamSid", Kind::Sid(SidKind::Stream));
pub(super) const TO: Param = Param::landmark("To", Kind::Party { twin: "Called" });

pub(super) const CALL_DURATION: Param = Param::optional("CallDuration", Kind::Number);
pub(super) const DIAL_BRIDGED: Param = Param::optional("DialBridged", Kind::Word(&["true", "false"]));
pub(super) const DIAL_CALL_STATUS: Param = Param::optional(
    "DialCallStatus",
    Kind::Word(&["answered", "completed", "busy", "failed", "no-answer", "canceled"]),
);
pub(super) const ENCRYPTION_DETAILS: Param = Param::optional("EncryptionDetails", Kind::Object);
pub(super) const ERROR_CODE: Param = Param::optional("ErrorCode", Kind::Number);
pub(super) const PARENT_CALL_SID: Param = Param::optional("ParentCallSid", Kind::Sid(SidKind::Call));
pub(super) const RECORDING_CHANNELS: Param = Param::optional("RecordingChannels", Kind::Number);
pub(super) const RECORDING_DURATION: Param = Param::optional("RecordingDuration", Kind::Number);
pub(super) const RECORDING_SOURCE: Param = Param::optional("RecordingSource", Kind::CamelCase(SOURCES));
pub(super) const RECORDING_START_TIME: Param = Param::optional("RecordingStartTime", Kind::Date);
pub(super) const SEQUENCE_NUMBER: Param = Param::optional("SequenceNumber", Kind::Number);
pub(super) const SIP_RESPONSE_CODE: Param = Param::optional("SipResponseCode", Kind::Number);
pub(super) const MESSAGE_SID: Param = Param::landmark("MessageSid", Kind::Sid(SidKind::Message));
pub(super) const MESSAGE_STATUS: Param = Param::landmark("MessageStatus", Kind::Word(MESSAGE_STATUSES));
// Twilio names the parties of a text once.
pub(super) const TEXT_FROM: Param = Param::landmark("From", Kind::Party { twin: "" });
pub(super) const TEXT_TO: Param = Param::landmark("To", Kind::Party { twin: "" });
pub(super) const TIMESTAMP: Param = Param::optional("Timestamp", Kind::Date);

/// Names with a fixed spelling (Twilio's voice, recording, stream, detection and messaging webhooks).
pub(super) const DOCUMENTED: &[&str] = &[
    "AccountSid",
    "AnsweredBy",
    "ApiVersion",
    "ButtonPayload",
    "ButtonText",
    "ButtonType",
    "CallDuration",
    "CallSid",
    "CallStatus",
    "CallToken",
    "CallbackSource",
    "Called",
    "CalledCity",
    "CalledCountry",
    "CalledState",
    "CalledZip",
    "Caller",
    "CallerCity",
    "CallerCountry",
    "CallerName",
    "CallerState",
    "CallerZip",
    "ChannelInstallSid",
    "ChannelMetadata",
    "ChannelPrefix",
    "ChannelStatusMessage",
    "ChannelToAddress",
    "Confidence",
    "DialBridged",
    "DialCallDuration",
    "DialCallSid",
    "DialCallStatus",
    "Digits",
    "Direction",
    "Duration",
    "EncryptionDetails",
    "ErrorCode",
    "ErrorMessage",
    "ErrorUrl",
    "EventType",
    "ExternalUserId",
    "FlowData",
    "ForwardedFrom",
    "FrequentlyForwarded",
    "From",
    "FromCity",
    "FromCountry",
    "FromState",
    "FromZip",
    "InteractiveData",
    "MachineDetectionDuration",
    "MediaContentType",
    "MediaUrl",
    "MessageSid",
    "MessageStatus",
    "MessageType",
    "MessagingServiceSid",
    "NumMedia",
    "NumSegments",
    "OptOutType",
    "OriginalRepliedMessageSender",
    "OriginalRepliedMessageSid",
    "ParentCallSid",
    "ParentExternalUserId",
    "ProfileName",
    "ProfileUsername",
    "RawDlrDoneDate",
    "RecordingChannels",
    "RecordingDuration",
    "RecordingSid",
    "RecordingSource",
    "RecordingStartTime",
    "RecordingStatus",
    "RecordingTrack",
    "RecordingUrl",
    "SequenceNumber",
    "SipCallId",
    "SipDomain",
    "SipDomainSid",
    "SipResponseCode",
    "SmsMessageSid",
    "SmsSid",
    "SmsStatus",
    "SpeechResult",
    "StirPassportToken",
    "StirVerstat",
    "StreamError",
    "StreamEvent",
    "StreamName",
    "StreamSid",
    "Timestamp",
    "To",
    "ToCity",
    "ToCountry",
    "ToState",
    "ToZip",
    "WaId",
];

/// How the parameters begin that carry a SIP header: what follows is the header's own name (an RFC 3261 token).
pub(super) const SIP_HEADER: &str = "SipHeader_";
/// Before [`SIP_HEADER`] for a header of the dialled leg.
pub(super) const DIALLED: &str = "Dial";
