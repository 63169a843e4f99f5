//! What started a recording, and what follows from it: whether it is the one we asked for, and who is on which channel.

use strum::{EnumString, IntoStaticStr, VariantArray};

use crate::Speaker;

/// `RecordingSource`, in Twilio's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, EnumString, IntoStaticStr, VariantArray)]
#[strum(ascii_case_insensitive)]
pub enum RecordingSource {
    /// `<Start><Recording>`: the answer to a call asks for it, so it is ours.
    #[strum(serialize = "StartCallRecordingTwiML")]
    StartTwiml,
    /// The Recordings resource of a live call.
    #[strum(serialize = "StartCallRecordingAPI")]
    StartApi,
    /// `<Record>`: a message.
    RecordVerb,
    /// `<Dial record>`: the part of the call with another person.
    DialVerb,
    /// `Record=true` of the request that placed the call.
    #[strum(serialize = "OutboundAPI")]
    OutboundApi,
    /// A conference.
    Conference,
    /// The settings of a SIP trunk.
    Trunking,
    /// No word, or one that was not documented when this was written.
    #[default]
    #[strum(serialize = "unknown")]
    Unknown,
}

impl RecordingSource {
    /// The word by which it is stored: Twilio's own.
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// The source for a stored word or for Twilio's.
    pub fn parse(word: &str) -> Self {
        word.parse().unwrap_or_default()
    }

    /// Whether another program asked for it: an account's trunk, another client of the API, a verb that we do not use.
    /// An unknown word is taken for our own recording: Twilio may rename its words.
    pub const fn is_foreign(self) -> bool {
        match self {
            Self::DialVerb | Self::OutboundApi | Self::Conference | Self::Trunking => true,
            Self::StartTwiml | Self::StartApi | Self::RecordVerb | Self::Unknown => false,
        }
    }

    /// Who is on a recording's `channel`, counted from 0.
    ///
    /// The first channel is the parent leg's: the caller's of a call that came in, and of a call that we placed the
    /// person's who was called, so the direction makes no difference. A trunk's recording has its channels the other
    /// way round. With one channel, or more than two, it is not known.
    pub const fn speaker(self, channels: u16, channel: usize) -> Option<Speaker> {
        let swapped = matches!(self, Self::Trunking);
        match (channels, channel) {
            (2, 0) => Some(if swapped { Speaker::Agent } else { Speaker::Caller }),
            (2, 1) => Some(if swapped { Speaker::Caller } else { Speaker::Agent }),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_twilios_whatever_their_case_and_a_new_one_is_ours() {
        for &source in RecordingSource::VARIANTS {
            assert_eq!(RecordingSource::parse(source.as_str()), source);
            assert_eq!(RecordingSource::parse(&source.as_str().to_uppercase()), source);
        }
        for word in ["", " ", "StartCallRecordingSomehow", "unknown"] {
            let source = RecordingSource::parse(word);
            assert_eq!((source, source.is_foreign()), (RecordingSource::Unknown, false), "{word}");
        }
    }

    /// Cases C22 and B27.
    #[test]
    fn a_trunks_channels_are_the_other_way_round() {
        use RecordingSource as S;
        for &source in S::VARIANTS {
            let (first, second) = match source {
                S::Trunking => (Speaker::Agent, Speaker::Caller),
                _ => (Speaker::Caller, Speaker::Agent),
            };
            assert_eq!(
                (source.speaker(2, 0), source.speaker(2, 1)),
                (Some(first), Some(second)),
                "{source:?}"
            );
            assert_eq!(
                (source.speaker(1, 0), source.speaker(2, 2), source.speaker(3, 0)),
                (None, None, None)
            );
        }
    }
}
