//! The parameters Twilio documents, and what their values look like.

/// What a value may be. All may be empty: Twilio sends a blank for what it does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// Two capitals and hexadecimal digits of one case.
    Sid,
    /// Digits, signs, points, and the keys of a telephone.
    Number,
    /// A lower-case word of Twilio's.
    Word,
    /// Digits after an optional `+`, or any text that does not begin like that.
    Party,
    /// Free text, a URL, a date.
    Text,
}

impl Shape {
    pub(super) fn fits(self, value: &str) -> bool {
        match self {
            Self::Sid => {
                let (prefix, digits) = value.split_at_checked(2).unwrap_or((value, ""));
                let one_case = |letters: std::ops::RangeInclusive<u8>| {
                    digits.bytes().all(|b| b.is_ascii_digit() || letters.contains(&b))
                };
                value.is_empty()
                    || (!digits.is_empty()
                        && prefix.bytes().all(|b| b.is_ascii_uppercase())
                        && (one_case(b'a'..=b'f') || one_case(b'A'..=b'F')))
            }
            Self::Number => value
                .bytes()
                .all(|b| matches!(b, b'0'..=b'9' | b'+' | b'-' | b'.' | b'*' | b'#' | b'A'..=b'D')),
            Self::Word => value.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_')),
            Self::Party => !begins_like_a_number(value) || value.bytes().skip(1).all(|b| b.is_ascii_digit()),
            Self::Text => true,
        }
    }

    /// Whether another parameter could hide in `value`, a value of this shape.
    pub(super) fn is_open(self, value: &str) -> bool {
        match self {
            Self::Sid | Self::Number | Self::Word => false,
            Self::Party => !begins_like_a_number(value) && !value.is_empty(),
            Self::Text => true,
        }
    }
}

fn begins_like_a_number(value: &str) -> bool {
    value.starts_with(|first: char| first == '+' || first.is_ascii_digit())
}

/// Voice and messaging share an account and a signature, but never a form. Each is read with its
/// own names, so that a word in a message is not taken for a parameter of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Vocabulary {
    Voice,
    Messaging,
}

type Names = &'static [(&'static str, Shape)];

impl Vocabulary {
    /// The vocabulary of a form with these `names`.
    pub(super) fn of<'a>(mut names: impl Iterator<Item = &'a str>) -> Self {
        if names.any(|name| name == "MessageSid") { Self::Messaging } else { Self::Voice }
    }

    /// Every name with a fixed spelling.
    pub(super) fn names(self) -> impl Iterator<Item = (&'static str, Shape)> {
        let own = match self {
            Self::Voice => VOICE,
            Self::Messaging => MESSAGING,
        };
        SHARED.iter().chain(own).copied()
    }

    /// The shape of `name`, if it is documented.
    pub(super) fn shape(self, name: &str) -> Option<Shape> {
        let documented = self.names().find(|(known, _)| *known == name);
        documented.map(|(_, shape)| shape).or_else(|| self.numbered_or_passed_on(name).then_some(Shape::Text))
    }

    /// Documented families: media of a message are numbered, and SIP headers keep their own names.
    fn numbered_or_passed_on(self, name: &str) -> bool {
        let numbered = |prefix| {
            name.strip_prefix(prefix)
                .is_some_and(|n: &str| matches!(n.len(), 1..=2) && n.bytes().all(|b| b.is_ascii_digit()))
        };
        match self {
            Self::Voice => sip_header(name).is_some_and(|n| {
                (1..=64).contains(&n.len()) && n.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            }),
            Self::Messaging => numbered("MediaUrl") || numbered("MediaContentType"),
        }
    }
}

/// The SIP header behind a parameter's name.
pub(super) fn sip_header(name: &str) -> Option<&str> {
    name.strip_prefix("SipHeader_")
}

const SHARED: Names = &[
    ("AccountSid", Shape::Sid),
    ("ApiVersion", Shape::Number),
    ("ErrorCode", Shape::Number),
    ("ErrorMessage", Shape::Text),
    ("ErrorUrl", Shape::Text),
    ("From", Shape::Party),
    ("FromCity", Shape::Text),
    ("FromCountry", Shape::Text),
    ("FromState", Shape::Text),
    ("FromZip", Shape::Text),
    ("To", Shape::Party),
    ("ToCity", Shape::Text),
    ("ToCountry", Shape::Text),
    ("ToState", Shape::Text),
    ("ToZip", Shape::Text),
];

const VOICE: Names = &[
    ("AnsweredBy", Shape::Word),
    ("CallDuration", Shape::Number),
    ("CallSid", Shape::Sid),
    ("CallStatus", Shape::Word),
    ("CallToken", Shape::Text),
    ("CallbackSource", Shape::Word),
    ("Called", Shape::Party),
    ("CalledCity", Shape::Text),
    ("CalledCountry", Shape::Text),
    ("CalledState", Shape::Text),
    ("CalledZip", Shape::Text),
    ("Caller", Shape::Party),
    ("CallerCity", Shape::Text),
    ("CallerCountry", Shape::Text),
    ("CallerName", Shape::Text),
    ("CallerState", Shape::Text),
    ("CallerZip", Shape::Text),
    ("Confidence", Shape::Number),
    ("DialBridged", Shape::Word),
    ("DialCallDuration", Shape::Number),
    ("DialCallSid", Shape::Sid),
    ("DialCallStatus", Shape::Word),
    ("Digits", Shape::Number),
    ("Direction", Shape::Word),
    ("Duration", Shape::Number),
    ("ForwardedFrom", Shape::Party),
    ("MachineDetectionDuration", Shape::Number),
    ("ParentCallSid", Shape::Sid),
    ("RecordingChannels", Shape::Number),
    ("RecordingDuration", Shape::Number),
    ("RecordingSid", Shape::Sid),
    ("RecordingSource", Shape::Text),
    ("RecordingStartTime", Shape::Text),
    ("RecordingStatus", Shape::Word),
    ("RecordingTrack", Shape::Word),
    ("RecordingUrl", Shape::Text),
    ("SequenceNumber", Shape::Number),
    ("SipCallId", Shape::Text),
    ("SipDomain", Shape::Text),
    ("SipDomainSid", Shape::Sid),
    ("SipResponseCode", Shape::Number),
    ("SpeechResult", Shape::Text),
    ("StirVerstat", Shape::Text),
    ("StreamError", Shape::Text),
    ("StreamEvent", Shape::Word),
    ("StreamName", Shape::Text),
    ("StreamSid", Shape::Sid),
    ("Timestamp", Shape::Text),
];

const MESSAGING: Names = &[
    ("Address", Shape::Text),
    ("Body", Shape::Text),
    ("ButtonPayload", Shape::Text),
    ("ButtonText", Shape::Text),
    ("ButtonType", Shape::Word),
    ("ChannelMetadata", Shape::Text),
    ("ChannelPrefix", Shape::Word),
    ("ChannelStatusMessage", Shape::Text),
    ("FlowData", Shape::Text),
    ("Forwarded", Shape::Word),
    ("FrequentlyForwarded", Shape::Word),
    ("InteractiveData", Shape::Text),
    ("Label", Shape::Text),
    ("Latitude", Shape::Number),
    ("Longitude", Shape::Number),
    ("MessageSid", Shape::Sid),
    ("MessageStatus", Shape::Word),
    ("MessageType", Shape::Word),
    ("MessagingServiceSid", Shape::Sid),
    ("NumMedia", Shape::Number),
    ("NumSegments", Shape::Number),
    ("OriginalRepliedMessageSender", Shape::Party),
    ("OriginalRepliedMessageSid", Shape::Sid),
    ("ProfileName", Shape::Text),
    ("SmsMessageSid", Shape::Sid),
    ("SmsSid", Shape::Sid),
    ("SmsStatus", Shape::Word),
    ("WaId", Shape::Number),
];
