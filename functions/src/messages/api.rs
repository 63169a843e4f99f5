//! The requests and answers about what callers left.

use std::time::Duration;

use domain::access::KeyId;
use domain::messages::{Left, Mark, MessageId, MessageKind, MessageState, Wanted, What};
use domain::texts::ThreadId;
use domain::tools::TakenMessage;
use domain::{CallSid, PhoneNumber, Recording, RecordingSid, RecordingState};
use serde::de::{Error as _, IntoDeserializer as _};
use serde::{Deserialize, Deserializer, Serialize};
use stores::messages::Page;
use utoipa::{IntoParams, ToSchema};

use crate::edge::api::schema;
use crate::shared::shapes::{Millis, Time};

/// The query of `GET /v1/messages`. Unknown and repeated parameters are refused with 400.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ListMessages {
    /// Messages on one page, 1 to 100; 25 without it. A page with filters may have fewer, or none, and yet a `next`.
    #[param(minimum = 1, maximum = 100, default = 25, nullable = false)]
    pub(super) limit: Option<u16>,
    /// `next` of the page before, with the same filters.
    #[param(value_type = Option<schema::Cursor>, nullable = false)]
    pub(super) cursor: Option<String>,
    /// Whether they are dealt with; `all`, as without it: both.
    #[param(value_type = Option<schema::MessageStateFilter>, inline, nullable = false)]
    state: Option<State>,
    /// Messages that the agent took, or voicemails; both without it.
    #[param(value_type = Option<schema::MessageKindFilter>, inline, nullable = false)]
    kind: Option<MessageKind>,
    /// What is told besides: `words`, what callers said.
    #[serde(default, deserialize_with = "included")]
    #[param(value_type = Vec<schema::MessageIncludeWord>, style = Form, explode = false, required = false)]
    include: Vec<Include>,
}

/// What is told of messages if it is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Include {
    Words,
}

/// Words of a list, with commas between them.
fn included<'de, D: Deserializer<'de>>(reader: D) -> Result<Vec<Include>, D::Error> {
    let text = String::deserialize(reader)?;
    let word = |word: &str| {
        let read = Include::deserialize(word.to_owned().into_deserializer());
        read.map_err(|error: serde::de::value::Error| D::Error::custom(error))
    };
    text.split(',').filter(|_| !text.is_empty()).map(word).collect()
}

/// The state that is asked for.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Waiting,
    Done,
    All,
}

impl ListMessages {
    pub(super) fn wanted(&self) -> Wanted {
        let state = match self.state {
            Some(State::Waiting) => Some(MessageState::Waiting),
            Some(State::Done) => Some(MessageState::Done),
            Some(State::All) | None => None,
        };
        Wanted { state, kind: self.kind }
    }

    pub(super) fn has_words(&self) -> bool {
        self.include.contains(&Include::Words)
    }
}

/// What has become of a message.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "state": "done" }))]
pub(super) struct MessageChange {
    #[schema(value_type = schema::MessageStateChoice, inline)]
    pub(super) state: MessageState,
}

/// A voicemail as its owners know it.
pub(super) struct Voicemail {
    pub(super) recording: Recording,
    /// What was said to it, if that is written down.
    pub(super) said: Option<String>,
}

/// Who dealt with a message.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MessageDoneBy)]
struct DoneBy<'a> {
    /// The id of the key.
    #[schema(value_type = schema::KeyId)]
    key: &'a KeyId,
    /// What the key was called then.
    name: &'a str,
}

/// How a message stands.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MessageStanding)]
pub(super) struct Standing<'a> {
    #[schema(value_type = schema::MessageId)]
    id: MessageId,
    #[schema(value_type = schema::MessageStateWord)]
    state: MessageState,
    /// Who dealt with it; null while it waits.
    done_by: Option<DoneBy<'a>>,
    /// When; null while it waits.
    done_at: Option<Time>,
}

impl<'a> Standing<'a> {
    pub(super) fn new(id: MessageId, mark: Option<&'a Mark>) -> Self {
        Self {
            id,
            state: MessageState::of(mark),
            done_by: mark.map(|mark| DoneBy { key: &mark.by, name: &mark.name }),
            done_at: mark.map(|mark| Time(mark.at)),
        }
    }
}

/// The recording of a voicemail. `GET /v1/calls/{sid}/recordings/{recording}` leads to it while it is `archived`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MessageRecording)]
struct RecordingView<'a> {
    #[schema(value_type = schema::RecordingSid)]
    sid: &'a RecordingSid,
    #[schema(value_type = schema::RecordingStateWord)]
    state: &'static str,
    /// Null while its length is not known.
    duration_ms: Option<Millis>,
}

impl<'a> RecordingView<'a> {
    fn new(recording: &'a Recording) -> Self {
        let duration = match &recording.state {
            RecordingState::Archived(archived) => Some(Duration::from_millis(archived.format.duration_ms)),
            _ => recording.announced_duration,
        };
        Self { sid: &recording.sid, state: recording.state.as_str(), duration_ms: duration.map(Millis) }
    }
}

/// A message that the agent took, or a voicemail.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LeftMessage)]
pub(super) struct MessageView<'a> {
    #[serde(flatten)]
    standing: Standing<'a>,
    /// The call in which it was left; null: it was left in writing.
    #[schema(value_type = Option<schema::CallSid>)]
    call: Option<&'a CallSid>,
    /// The thread of texts in which it was left; null: it was left in a call.
    #[schema(value_type = Option<schema::ThreadId>)]
    thread: Option<&'a ThreadId>,
    #[schema(value_type = schema::MessageKindWord)]
    kind: MessageKind,
    /// When it was left; of a voicemail when it was over.
    taken_at: Time,
    /// The number of the person; null for one that was withheld, or is not known.
    #[schema(value_type = Option<schema::E164>)]
    caller: Option<&'a str>,
    /// The recording of a voicemail; null of a message.
    recording: Option<RecordingView<'a>>,
    /// The person it is for, as the caller named them; null if none was named, and of a voicemail. With `include=words`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<&'a str>, required = false)]
    recipient: Option<Option<&'a str>>,
    /// The message in the caller's words; of a voicemail what was said to it, null where that is not written down. With
    /// `include=words`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<&'a str>, required = false)]
    text: Option<Option<&'a str>>,
    /// Where to call back, as the caller said it: not always a number. With `include=words`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<&'a str>, required = false)]
    callback: Option<Option<&'a str>>,
}

impl<'a> MessageView<'a> {
    pub(super) fn new(
        left: &'a Left,
        mark: Option<&'a Mark>,
        voicemail: Option<&'a Voicemail>,
        words: bool,
    ) -> Self {
        let (recipient, text, callback) = match &left.what {
            What::Message(TakenMessage { recipient, text, callback }) => {
                (recipient.as_deref(), Some(text.as_str()), callback.as_deref())
            }
            What::Voicemail(_) => (None, voicemail.and_then(|voicemail| voicemail.said.as_deref()), None),
        };
        Self {
            standing: Standing::new(left.id, mark),
            call: left.origin.call(),
            thread: left.origin.thread(),
            kind: left.kind(),
            taken_at: Time(left.id.at()),
            caller: left.caller.as_ref().map(PhoneNumber::as_e164),
            recording: voicemail.map(|voicemail| RecordingView::new(&voicemail.recording)),
            recipient: words.then_some(recipient),
            text: words.then_some(text),
            callback: words.then_some(callback),
        }
    }
}

/// How much waits.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MessagesWaiting)]
struct Waiting {
    /// Both together.
    count: u64,
    messages: u64,
    voicemails: u64,
}

/// The answer of `GET /v1/messages`.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MessageList<'a> {
    messages: Vec<MessageView<'a>>,
    /// How much of everything that was left waits, whatever is on the page.
    waiting: Waiting,
    /// The cursor of the next page; null on the last one.
    #[schema(value_type = Option<schema::Cursor>)]
    next: Option<String>,
}

impl<'a> MessageList<'a> {
    pub(super) fn new(
        page: &'a Page,
        voicemails: &'a [Option<Voicemail>],
        words: bool,
        next: Option<String>,
    ) -> Self {
        let view = |((left, mark), voicemail): (&'a (Left, Option<Mark>), &'a Option<Voicemail>)| {
            MessageView::new(left, mark.as_ref(), voicemail.as_ref(), words)
        };
        let waiting = page.waiting;
        Self {
            messages: page.entries.iter().zip(voicemails).map(view).collect(),
            waiting: Waiting {
                count: waiting.of(None),
                messages: waiting.messages,
                voicemails: waiting.voicemails,
            },
            next,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> Result<ListMessages, String> {
        let uri = format!("/v1/messages?{query}").parse().unwrap();
        let read = axum::extract::Query::<ListMessages>::try_from_uri(&uri);
        read.map(|axum::extract::Query(read)| read).map_err(|error| error.body_text())
    }

    #[test]
    fn filters_are_read_and_what_is_none_is_named() {
        let all = read("").unwrap();
        assert!(all.wanted().is_everything() && !all.has_words());
        assert!(read("state=all&include=").unwrap().wanted().is_everything());
        let some = read("state=done&kind=voicemail&include=words&limit=3").unwrap();
        let wanted = Wanted { state: Some(MessageState::Done), kind: Some(MessageKind::Voicemail) };
        assert_eq!((some.wanted(), some.has_words(), some.limit), (wanted, true, Some(3)));
        for (bad, named) in [
            ("state=open", "state"),
            ("kind=fax", "kind"),
            ("include=words,text", "include"),
            ("limit=few", "limit"),
            ("state=done&state=all", "state"),
            ("from=%2B43720000001", "from"),
        ] {
            let refused = read(bad).err().unwrap_or_else(|| panic!("{bad} is taken"));
            assert!(refused.contains(named), "{bad}: {refused}");
        }
    }
}
