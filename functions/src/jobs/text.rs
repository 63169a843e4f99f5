//! What the queue of texts carries. A text that came travels in it: the carrier has its answer once the queue has the text,
//! and nothing else does. The queue is encrypted, and so are its dead letters.

use domain::texts::call_text::CallText;
use domain::texts::incoming::Incoming;
use domain::texts::outgoing::{Content, Fate};
use domain::texts::{Handle, Sender, ThreadId};
use domain::{BusinessId, Timestamp};
use serde::{Deserialize, Serialize};

/// Something that happened in a thread, or is to happen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "job", rename_all = "snake_case")]
pub enum TextJob {
    /// A text came.
    Came {
        text: Box<Incoming>,
        /// The business that brought the account which signed it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<BusinessId>,
    },
    /// A carrier says what became of a text that was sent.
    Became {
        /// The carrier's name of it.
        key: String,
        /// Our own name of it, if the carrier sent it along.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sent: Option<SentText>,
        fate: Fate,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<BusinessId>,
    },
    /// Reply to the texts up to this one, if nothing newer came.
    Reply { business: BusinessId, thread: ThreadId, asked: u64 },
    /// Fetch what came with a text.
    Media { text: SentText, index: usize },
    /// Send the person at the other end of a call a text.
    FromCall { text: Box<CallText> },
    /// Send a text that is kept, and then the next part of it.
    Send { text: SentText },
    /// Ask the carrier what became of a text, as it was due then.
    Look { text: SentText, due: Timestamp },
    /// Keep a text that the business sends unasked, and send it.
    Tell { text: Box<ToldText> },
}

/// A text that a business sends unasked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToldText {
    /// Names it among the business's: whatever is told under one name is told once.
    pub name: String,
    pub business: BusinessId,
    /// From which of its numbers.
    pub sender: Sender,
    /// The person. A new one's thread begins with it.
    pub person: Handle,
    pub content: Content,
}

/// Our own name of a text that is sent: `harbour.<thread>.17`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SentText {
    pub business: BusinessId,
    pub thread: ThreadId,
    pub number: u64,
}

impl SentText {
    /// Reads a name. `None`: it is not one of ours.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('.');
        let (business, thread, number) = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() {
            return None;
        }
        Some(Self {
            business: BusinessId::parse(business).ok()?,
            thread: ThreadId::parse(thread).ok()?,
            number: number.parse().ok()?,
        })
    }
}

impl std::fmt::Display for SentText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}.{}", self.business, self.thread, self.number)
    }
}

impl TryFrom<String> for SentText {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or("not the name of a text")
    }
}

impl From<SentText> for String {
    fn from(text: SentText) -> Self {
        text.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The bridge knows no jobs of functions.
    #[test]
    fn a_text_of_a_call_is_a_job_as_the_bridge_writes_it() {
        let text = CallText {
            call: domain::CallSid::parse(&format!("CA{}", "0a".repeat(16))).unwrap(),
            business: BusinessId::parse("harbour").unwrap(),
            name: "n".into(),
            text: domain::texts::Body("https://harbour.example/way".into()),
        };
        let sent = serde_json::to_string(&text.as_job()).unwrap();
        let read: TextJob = serde_json::from_str(&sent).unwrap();
        assert_eq!(read, TextJob::FromCall { text: Box::new(text) });
    }

    #[test]
    fn a_text_is_named_by_its_business_thread_and_number() {
        let name = format!("harbour.{}.17", "0a".repeat(16));
        let text = SentText::parse(&name).unwrap();
        assert_eq!((text.to_string(), text.number), (name.clone(), 17));
        for wrong in [
            "",
            "harbour",
            &format!("{name}.1"),
            &name.replace("harbour", "Harbour"),
            &name.replace(".17", ".x"),
        ] {
            assert!(SentText::parse(wrong).is_none(), "{wrong}");
        }
    }
}
