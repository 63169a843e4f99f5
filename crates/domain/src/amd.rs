//! Answering-machine detection: what Twilio thinks answered an outbound call. Advice, and never waited for.

use serde::{Deserialize, Serialize};

/// The verdict, as far as a conversation depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnsweredBy {
    /// A person.
    Human,
    /// A machine that is still speaking.
    MachineStart,
    /// A machine whose greeting is over: a message would be recorded.
    MachineEnd,
    /// A fax machine.
    Fax,
    /// No verdict. It means neither.
    Unknown,
}

impl AnsweredBy {
    /// Twilio's word; kinds of machines that it may add begin alike, and any other new word says nothing.
    pub fn from_twilio(word: &str) -> Self {
        match word {
            "human" => Self::Human,
            "fax" => Self::Fax,
            _ if word.starts_with("machine_end") => Self::MachineEnd,
            _ if word.starts_with("machine") => Self::MachineStart,
            _ => Self::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twilios_words_have_their_meaning_and_unknown_ones_have_none() {
        for (word, verdict) in [
            ("human", AnsweredBy::Human),
            ("fax", AnsweredBy::Fax),
            ("unknown", AnsweredBy::Unknown),
            ("machine_start", AnsweredBy::MachineStart),
            ("machine_end_beep", AnsweredBy::MachineEnd),
            ("machine_end_silence", AnsweredBy::MachineEnd),
            ("machine_end_other", AnsweredBy::MachineEnd),
            ("machine_new", AnsweredBy::MachineStart),
            ("parrot", AnsweredBy::Unknown),
            ("", AnsweredBy::Unknown),
        ] {
            assert_eq!(AnsweredBy::from_twilio(word), verdict, "{word}");
        }
    }
}
