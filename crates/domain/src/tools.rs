//! What the agent of a business may do besides talking: data of its settings, carried in the call's plan.
//!
//! The model chooses a tool and its arguments, never a number to dial or an address to ask: those are the
//! business's, and the model knows only the names it gave them.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;

use crate::PhoneNumber;
use crate::duration::Words;

mod outcome;

pub use outcome::{Lost, Missed, ToolOutcome, ToolReply};

/// Ends the call after a goodbye. The session's own.
pub const END_CALL: &str = "end_call";
/// Connects the caller with an entry of the directory.
pub const TRANSFER_CALL: &str = "transfer_call";
/// Notes a message for the business.
pub const TAKE_MESSAGE: &str = "take_message";

/// Sends the caller a text, to the number that they call from.
pub const SEND_MESSAGE: &str = "send_message";
/// Puts the person who is called on the list of numbers that the business does not call. It is there in every call that the
/// business places, whatever its toolbox has, and in no other.
pub const RECORD_DO_NOT_CALL: &str = "record_do_not_call";
/// Promises the person who is called a call at another time. It is there in calls in which one may be promised, and in no other.
pub const PROMISE_CALL_BACK: &str = "promise_call_back";
/// Gives a thread of texts to a person of the business.
pub const HAND_OVER: &str = "hand_over";

/// Looks for free times of a service.
pub const FIND_SLOTS: &str = "find_slots";
/// Books a time that was offered.
pub const BOOK_APPOINTMENT: &str = "book_appointment";
/// Moves an appointment of the person's to a time that was offered.
pub const RESCHEDULE_APPOINTMENT: &str = "reschedule_appointment";
/// Calls an appointment of the person's off.
pub const CANCEL_APPOINTMENT: &str = "cancel_appointment";
/// Tells the person's appointments.
pub const MY_APPOINTMENTS: &str = "my_appointments";
/// The tools about appointments.
pub const APPOINTMENT_TOOLS: [&str; 5] =
    [FIND_SLOTS, BOOK_APPOINTMENT, RESCHEDULE_APPOINTMENT, CANCEL_APPOINTMENT, MY_APPOINTMENTS];

/// Tools of a business's own, at most.
pub const HTTP_TOOLS_MAX: usize = 32;
/// People a call can be transferred to, at most.
pub const DIRECTORY_MAX: usize = 64;
/// The longest description, schema and address.
pub const TEXT_MAX_BYTES: usize = 8 * 1024;
/// The longest label of a destination, characters.
pub const LABEL_MAX_CHARS: usize = 200;
/// The characters of a name that are repeated in an error.
const SHOWN_CHARS: usize = 70;
/// The longest answer of a tool that the model is told, in bytes; what is longer is cut. More would crowd out the
/// conversation.
pub const ANSWER_MAX_BYTES: usize = 16 * 1024;
/// How long a caller may be kept waiting by one tool.
pub const TIMEOUT_MAX: Duration = Duration::from_secs(30);

/// Everything the agent may do.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct Toolbox {
    /// Whom a call may be transferred to. With an empty directory the tool is not offered.
    pub directory: Vec<Destination>,
    /// Whether the agent takes messages for the business.
    pub take_messages: bool,
    /// Whether the agent sends callers what is better read than heard, by SMS to the number that they call from.
    pub send_message: bool,
    /// Whether the agent books, moves and cancels appointments.
    pub appointments: bool,
    /// Tools of the business's own.
    pub http: Vec<HttpTool>,
}

/// A person or a department that the agent may connect the caller with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Destination {
    /// What the model calls it.
    pub id: String,
    /// What it is told about it: "the workshop", "billing, for invoices".
    pub label: String,
    /// The number that is dialled. The model never sees it.
    #[cfg_attr(feature = "schema", schema(value_type = crate::schema::E164))]
    pub number: PhoneNumber,
}

/// A tool that a business runs itself, behind an address of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct HttpTool {
    /// The name by which the model calls it.
    pub name: String,
    /// Tells the model what it is for and when to use it.
    pub description: String,
    /// JSON Schema of its arguments, an object.
    pub parameters: String,
    /// Asked by POST; `https`.
    pub url: String,
    /// How long its answer may take.
    #[serde(with = "crate::duration")]
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub timeout: Duration,
    /// Its effect must not happen twice in a call: the same arguments get the first answer again, even if that
    /// answer is "unknown".
    #[serde(default)]
    pub once: bool,
}

/// What is wrong with a toolbox.
#[derive(Debug, Clone, PartialEq, Eq, IntoStaticStr, thiserror::Error)]
#[strum(serialize_all = "snake_case")]
pub enum InvalidToolbox {
    /// A name that no model can call.
    #[error("{what} `{name}` must consist of 1 to 64 letters, digits, `_` and `-`")]
    Name {
        /// What is named so.
        what: &'static str,
        /// The name.
        name: String,
    },
    /// Two things of one name.
    #[error("{what} `{name}` is there twice, or is a name of the system's own")]
    Taken {
        /// What is named so.
        what: &'static str,
        /// The name.
        name: String,
    },
    /// More than a model is offered.
    #[error("more than {max} {what}")]
    TooMany {
        /// What there is too much of.
        what: &'static str,
        /// The most that there may be.
        max: usize,
    },
    /// A description, schema or address that is empty or too long, of the tool with this name.
    #[error(
        "the tool `{0}` has a description, schema or address that is empty or longer than {TEXT_MAX_BYTES} bytes"
    )]
    Text(String),
    /// A label that is blank or too long, of the destination with this id.
    #[error("the destination `{0}` must have a label of 1 to {LABEL_MAX_CHARS} characters")]
    Label(String),
    /// A time that is zero or too long.
    #[error("the tool `{name}` must have a timeout of `1ms` to `{}`", Words(TIMEOUT_MAX))]
    Timeout {
        /// The tool.
        name: String,
    },
}

impl InvalidToolbox {
    /// The word for programs.
    pub fn code(&self) -> &'static str {
        self.into()
    }
}

impl Toolbox {
    /// Whether settings with this toolbox may be published. Schemas and addresses are checked by the crates that can
    /// read them.
    ///
    /// # Errors
    /// [`InvalidToolbox`], the first thing that is wrong.
    pub fn check(&self) -> Result<(), InvalidToolbox> {
        self.lint().into_iter().next().map_or(Ok(()), |(_, invalid)| Err(invalid))
    }

    /// Everything that is wrong, each with its path from the toolbox on: `http[0].timeout`.
    pub fn lint(&self) -> Vec<(String, InvalidToolbox)> {
        let counts = [
            ("directory", "destinations", self.directory.len(), DIRECTORY_MAX),
            ("http", "HTTP tools", self.http.len(), HTTP_TOOLS_MAX),
        ];
        let too_many = |(path, what, count, max): (&str, _, usize, _)| {
            (count > max).then(|| (path.to_owned(), InvalidToolbox::TooMany { what, max }))
        };
        let mut found: Vec<_> = counts.into_iter().filter_map(too_many).collect();
        let ids = self.directory.iter().take(DIRECTORY_MAX).map(|entry| entry.id.as_str());
        found.extend(names("destination", ids, &[], |index| format!("directory[{index}].id")));
        let tools = || self.http.iter().take(HTTP_TOOLS_MAX);
        // The names of appointments were free once: a business that uses one keeps it as long as the agent has no
        // appointments of its own.
        let mut own = vec![END_CALL, TRANSFER_CALL, TAKE_MESSAGE];
        own.extend(APPOINTMENT_TOOLS.iter().filter(|_| self.appointments));
        own.extend([SEND_MESSAGE].iter().filter(|_| self.send_message));
        let named = tools().map(|tool| tool.name.as_str());
        found.extend(names("tool", named, &own, |index| format!("http[{index}].name")));
        for (index, entry) in self.directory.iter().take(DIRECTORY_MAX).enumerate() {
            let label = entry.label.trim();
            if label.is_empty() || label.chars().count() > LABEL_MAX_CHARS {
                found.push((format!("directory[{index}].label"), InvalidToolbox::Label(entry.id.clone())));
            }
        }
        for (index, tool) in tools().enumerate() {
            let texts =
                [("description", &tool.description), ("parameters", &tool.parameters), ("url", &tool.url)];
            for (field, text) in texts {
                if text.is_empty() || text.len() > TEXT_MAX_BYTES {
                    found.push((format!("http[{index}].{field}"), InvalidToolbox::Text(tool.name.clone())));
                }
            }
            if tool.timeout.is_zero() || tool.timeout > TIMEOUT_MAX {
                let invalid = InvalidToolbox::Timeout { name: tool.name.clone() };
                found.push((format!("http[{index}].timeout"), invalid));
            }
        }
        found
    }

    /// The entry of the directory with this id.
    pub fn destination(&self, id: &str) -> Option<&Destination> {
        self.directory.iter().find(|entry| entry.id == id)
    }

    /// The business's own tool of this name.
    pub fn http_tool(&self, name: &str) -> Option<&HttpTool> {
        self.http.iter().find(|tool| tool.name == name)
    }
}

fn names<'a>(
    what: &'static str,
    names: impl Iterator<Item = &'a str>,
    reserved: &[&'a str],
    path: impl Fn(usize) -> String,
) -> Vec<(String, InvalidToolbox)> {
    let mut taken: BTreeSet<&str> = reserved.iter().copied().collect();
    let mut found = vec![];
    for (index, name) in names.enumerate() {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
        let shown = || name.chars().take(SHOWN_CHARS).collect();
        if !(1..=64).contains(&name.len()) || !name.bytes().all(plain) {
            found.push((path(index), InvalidToolbox::Name { what, name: shown() }));
        } else if !taken.insert(name) {
            found.push((path(index), InvalidToolbox::Taken { what, name: shown() }));
        }
    }
    found
}

/// A message that a caller left with the agent.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TakenMessage {
    /// Whom it is for, as the caller said it.
    pub recipient: Option<String>,
    /// What the caller wants to be passed on.
    pub text: String,
    /// Where to call back, as the caller said it: not necessarily a number.
    pub callback: Option<String>,
}

// A caller's words.
impl std::fmt::Debug for TakenMessage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "TakenMessage({} characters)", self.text.chars().count())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn destination(id: &str) -> Destination {
        let number = PhoneNumber::parse("+12025550101").unwrap();
        Destination { id: id.into(), label: "the workshop".into(), number }
    }

    fn tool(name: &str) -> HttpTool {
        HttpTool {
            name: name.into(),
            description: "Tells which times are free.".into(),
            parameters: r#"{"type":"object"}"#.into(),
            url: "https://tools.example/slots".into(),
            timeout: Duration::from_secs(5),
            once: false,
        }
    }

    #[test]
    fn a_toolbox_may_be_empty_or_full_of_sensible_things() {
        assert_eq!(Toolbox::default().check(), Ok(()));
        let toolbox = Toolbox {
            directory: vec![destination("workshop"), destination("billing")],
            take_messages: true,
            send_message: true,
            appointments: true,
            http: vec![tool("free_slots"), tool("book")],
        };
        assert_eq!(toolbox.check(), Ok(()));
        assert_eq!(toolbox.destination("billing").unwrap().id, "billing");
        assert_eq!(toolbox.destination("+12025550101"), None, "a number is not a name");
    }

    #[test]
    fn names_are_plain_and_belong_to_one_thing() {
        for name in ["", "two words", "ü", &"x".repeat(65)] {
            let toolbox = Toolbox { http: vec![tool(name)], ..Toolbox::default() };
            assert!(matches!(toolbox.check(), Err(InvalidToolbox::Name { .. })), "{name}");
        }
        let twice = Toolbox { http: vec![tool("book"), tool("book")], ..Toolbox::default() };
        let ours = Toolbox { http: vec![tool(END_CALL)], ..Toolbox::default() };
        let same = Toolbox { directory: vec![destination("a"), destination("a")], ..Toolbox::default() };
        for toolbox in [twice, ours, same] {
            assert!(matches!(toolbox.check(), Err(InvalidToolbox::Taken { .. })), "{toolbox:?}");
        }
    }

    #[test]
    fn nothing_is_unbounded() {
        let many = Toolbox {
            http: (0..=HTTP_TOOLS_MAX).map(|n| tool(&format!("t{n}"))).collect(),
            ..Toolbox::default()
        };
        assert!(matches!(many.check(), Err(InvalidToolbox::TooMany { .. })));
        let long = HttpTool { description: "x".repeat(TEXT_MAX_BYTES + 1), ..tool("a") };
        let slow = HttpTool { timeout: TIMEOUT_MAX + Duration::from_secs(1), ..tool("a") };
        let toolbox = |tool| Toolbox { http: vec![tool], ..Toolbox::default() };
        assert_eq!(toolbox(long).check(), Err(InvalidToolbox::Text("a".into())));
        assert_eq!(toolbox(slow).check(), Err(InvalidToolbox::Timeout { name: "a".into() }));
    }
}
