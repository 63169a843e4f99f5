/// `CallStatus`: where a call is in its life.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum CallStatus {
    /// Accepted by the API, not yet dialled.
    Queued,
    /// Being dialled.
    Initiated,
    /// The other side rings.
    Ringing,
    /// Answered.
    InProgress,
    /// Ended after it was answered.
    Completed,
    /// The other side was engaged.
    Busy,
    /// Could not be connected.
    Failed,
    /// The call was not answered; for an inbound call, the caller hung up before we did.
    NoAnswer,
    /// Taken back before it was answered.
    Canceled,
    /// A status that Twilio did not document when this was written.
    Other(String),
}

impl CallStatus {
    /// Reads Twilio's word.
    pub fn parse(word: &str) -> Self {
        match word {
            "queued" => Self::Queued,
            "initiated" => Self::Initiated,
            "ringing" => Self::Ringing,
            "in-progress" => Self::InProgress,
            "completed" => Self::Completed,
            "busy" => Self::Busy,
            "failed" => Self::Failed,
            "no-answer" => Self::NoAnswer,
            "canceled" => Self::Canceled,
            other => Self::Other(other.to_owned()),
        }
    }

    /// Twilio's word.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Queued => "queued",
            Self::Initiated => "initiated",
            Self::Ringing => "ringing",
            Self::InProgress => "in-progress",
            Self::Completed => "completed",
            Self::Busy => "busy",
            Self::Failed => "failed",
            Self::NoAnswer => "no-answer",
            Self::Canceled => "canceled",
            Self::Other(other) => other,
        }
    }

    /// True when the call is over and its status final.
    pub fn is_terminal(&self) -> bool {
        match self {
            Self::Completed | Self::Busy | Self::Failed | Self::NoAnswer | Self::Canceled => true,
            Self::Queued | Self::Initiated | Self::Ringing | Self::InProgress | Self::Other(_) => false,
        }
    }
}

/// `AnsweredBy`: the verdict of answering-machine detection (AMD).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum AnsweredBy {
    /// A person.
    Human,
    /// A fax machine.
    Fax,
    /// No verdict in time. It does not count as a machine, so the call goes on.
    Unknown,
    /// A machine whose greeting has begun (`MachineDetection=Enable`).
    MachineStart,
    /// A machine, after its beep (`DetectMessageEnd`).
    MachineEndBeep,
    /// A machine, after its greeting ended in silence.
    MachineEndSilence,
    /// A machine, after its greeting ended in another way.
    MachineEndOther,
    /// A word that Twilio did not document when this was written.
    Other(String),
}

impl AnsweredBy {
    /// Reads Twilio's word.
    pub fn parse(word: &str) -> Self {
        match word {
            "human" => Self::Human,
            "fax" => Self::Fax,
            "unknown" => Self::Unknown,
            "machine_start" => Self::MachineStart,
            "machine_end_beep" => Self::MachineEndBeep,
            "machine_end_silence" => Self::MachineEndSilence,
            "machine_end_other" => Self::MachineEndOther,
            other => Self::Other(other.to_owned()),
        }
    }

    /// Twilio's word.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Human => "human",
            Self::Fax => "fax",
            Self::Unknown => "unknown",
            Self::MachineStart => "machine_start",
            Self::MachineEndBeep => "machine_end_beep",
            Self::MachineEndSilence => "machine_end_silence",
            Self::MachineEndOther => "machine_end_other",
            Self::Other(other) => other,
        }
    }
}
