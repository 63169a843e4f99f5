//! The requests and answers of actions on a call.

use domain::action::{InvalidWords, NotDone, Words};
use domain::{ActionState, Call, CallAction};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use stores::actions::Standing;
use utoipa::ToSchema;

use crate::edge::api::input::present;
use crate::edge::api::schema;
use crate::edge::problem::Problem;
use crate::shared::shapes::Time;

/// What is asked of a call. Unknown fields are refused with 422, and so are fields that the action does not have, null
/// included.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewAction {
    action: Kind,
    #[serde(default, deserialize_with = "present")]
    text: Option<Option<String>>,
    #[serde(default, deserialize_with = "present")]
    to: Option<Option<String>>,
}

/// What is asked of a call: each action with the fields that it has, and no others.
#[derive(ToSchema)]
#[schema(as = NewAction, example = json!({ "action": "say", "text": "Your bicycle is ready." }))]
#[serde(untagged)]
#[expect(dead_code, reason = "only the document knows it")]
pub(super) enum DescribedAction {
    Plain(PlainAction),
    Spoken(SpokenAction),
    Transfer(TransferAction),
}

/// The agent says goodbye and hangs up (`end`), falls silent and goes on listening (`mute_agent`), or may speak again
/// (`unmute_agent`).
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only the document knows it")]
pub(super) struct PlainAction {
    action: PlainWord,
}

/// The agent says exactly `text` (`say`), or is told `text`, which the caller does not hear (`note_to_agent`).
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only the document knows it")]
pub(super) struct SpokenAction {
    action: SpokenWord,
    #[schema(min_length = 1, max_length = 1_000)]
    text: String,
}

/// The agent says that it connects the caller, and the call goes to `to`, the id of an entry of the directory.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only the document knows it")]
pub(super) struct TransferAction {
    action: TransferWord,
    #[schema(pattern = r"^[A-Za-z0-9_-]{1,64}$", example = "workshop")]
    to: String,
}

#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "only the document knows it")]
enum PlainWord {
    End,
    MuteAgent,
    UnmuteAgent,
}

#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "only the document knows it")]
enum SpokenWord {
    Say,
    NoteToAgent,
}

#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "only the document knows it")]
enum TransferWord {
    Transfer,
}

/// The actions, by their words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    /// The agent says goodbye and hangs up.
    End,
    /// The agent says that it connects the caller, and the call goes to `to`.
    Transfer,
    /// The agent says exactly `text`.
    Say,
    /// The agent is told `text`, which the caller does not hear.
    NoteToAgent,
    /// The agent falls silent and goes on listening.
    MuteAgent,
    /// The agent may speak again.
    UnmuteAgent,
}

impl NewAction {
    /// # Errors
    /// 422 for a field that is missing, does not belong to the action, or is too long.
    pub(super) fn checked(self) -> Result<CallAction, Problem> {
        let Self { action, text, to } = self;
        let (has_text, has_to) =
            (matches!(action, Kind::Say | Kind::NoteToAgent), matches!(action, Kind::Transfer));
        belongs("/text", has_text, text.is_some())?;
        belongs("/to", has_to, to.is_some())?;
        let (text, to) = (text.flatten(), to.flatten());
        belongs("/text", has_text, text.is_some())?;
        belongs("/to", has_to, to.is_some())?;
        let words = || {
            Words::parse(text.as_deref().unwrap_or_default())
                .map_err(|error: InvalidWords| Problem::invalid("/text", "length", error.to_string()))
        };
        Ok(match action {
            Kind::End => CallAction::End,
            Kind::Transfer => CallAction::Transfer { to: to.unwrap_or_default() },
            Kind::Say => CallAction::Say { text: words()? },
            Kind::NoteToAgent => CallAction::NoteToAgent { text: words()? },
            Kind::MuteAgent => CallAction::MuteAgent,
            Kind::UnmuteAgent => CallAction::UnmuteAgent,
        })
    }
}

/// Whether a field is there exactly if the action has it.
fn belongs(pointer: &str, wanted: bool, there: bool) -> Result<(), Problem> {
    match (wanted, there) {
        (true, false) => Err(Problem::invalid(pointer, "missing", "this action needs it")),
        (false, true) => Err(Problem::invalid(pointer, "unexpected", "this action has no such field")),
        (true, true) | (false, false) => Ok(()),
    }
}

/// 409 for what the call's state forbids, 422 for what its settings do not allow. The code is the reason's.
pub(super) fn refused(why: NotDone) -> Problem {
    match why {
        NotDone::UnknownDestination | NotDone::TransferNotAllowed => {
            Problem::invalid("/to", why.as_str(), why.to_string()).code(why.as_str())
        }
        _ => Problem::new(StatusCode::CONFLICT, "not possible for this call")
            .code(why.as_str())
            .detail(why.to_string()),
    }
}

/// An action as it stands.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Action)]
pub(super) struct ActionAnswer<'a> {
    /// Names it in its call.
    #[schema(value_type = schema::ActionId)]
    id: &'a str,
    #[schema(value_type = schema::ActionWord)]
    action: &'static str,
    /// The entry of the directory that the call is to go to.
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<&'a str>,
    asked_at: Time,
    /// `pending` until a session takes it, then `taken`; in the end `done`, `not_done`, or `unknown` if the session that
    /// had taken it was lost.
    #[schema(value_type = schema::ActionStateWord)]
    state: &'static str,
    /// Why it was not done: the code.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<schema::NotDoneWord>)]
    why: Option<&'static str>,
    /// The same in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

impl<'a> ActionAnswer<'a> {
    /// What is not done when the call is over will not be.
    pub(super) fn new(call: &Call, standing: &'a Standing) -> Self {
        let state = match standing.state {
            ActionState::Pending | ActionState::Taken
                if call.status.is_terminal() && standing.action.is_for_session() =>
            {
                ActionState::NotDone(NotDone::CallOver)
            }
            state => state,
        };
        let why = if let ActionState::NotDone(why) = state { Some(why) } else { None };
        Self {
            id: standing.id.as_str(),
            action: word(&standing.action),
            to: if let CallAction::Transfer { to } = &standing.action { Some(to) } else { None },
            asked_at: Time(standing.asked_at),
            state: state.as_str(),
            why: why.map(NotDone::as_str),
            detail: why.map(|why| why.to_string()),
        }
    }
}

const fn word(action: &CallAction) -> &'static str {
    match action {
        CallAction::End => "end",
        CallAction::Transfer { .. } => "transfer",
        CallAction::Say { .. } => "say",
        CallAction::NoteToAgent { .. } => "note_to_agent",
        CallAction::MuteAgent => "mute_agent",
        CallAction::UnmuteAgent => "unmute_agent",
        CallAction::Cancel => "cancel",
    }
}

#[cfg(test)]
mod tests {
    use domain::action::WORDS_MAX_CHARS;
    use domain::{ActionId, CallStatus, Timestamp, testing};

    use super::*;

    fn read(body: &str) -> Result<CallAction, u16> {
        let new: NewAction =
            crate::edge::api::input::json(body.as_bytes()).map_err(|error| error.status())?;
        new.checked().map_err(|error| error.status())
    }

    #[test]
    fn each_action_has_its_own_fields_and_no_others() {
        let words = Words::parse("One moment.").unwrap();
        for (body, action) in [
            (r#"{"action":"end"}"#, CallAction::End),
            (r#"{"action":"transfer","to":"workshop"}"#, CallAction::Transfer { to: "workshop".into() }),
            (r#"{"action":"say","text":" One moment. "}"#, CallAction::Say { text: words.clone() }),
            (r#"{"action":"note_to_agent","text":"One moment."}"#, CallAction::NoteToAgent { text: words }),
            (r#"{"action":"mute_agent"}"#, CallAction::MuteAgent),
            (r#"{"action":"unmute_agent"}"#, CallAction::UnmuteAgent),
        ] {
            let kind = word(&action);
            assert_eq!(read(body), Ok(action), "{body}");
            assert!(body.contains(kind));
        }
        let long = format!(r#"{{"action":"say","text":"{}"}}"#, "x".repeat(WORDS_MAX_CHARS + 1));
        for wrong in [
            r#"{"action":"cancel"}"#,
            r#"{"action":"end","text":"bye"}"#,
            r#"{"action":"say"}"#,
            r#"{"action":"say","text":" "}"#,
            r#"{"action":"say","text":"a","to":"workshop"}"#,
            r#"{"action":"transfer"}"#,
            r#"{"action":"end","force":true}"#,
            r#"{}"#,
            &long,
        ] {
            assert_eq!(read(wrong), Err(422), "{wrong}");
        }
    }

    #[test]
    fn what_a_call_that_is_over_had_not_come_to_is_not_done() {
        let mut call = testing::call(1, Timestamp(0));
        call.status = CallStatus::InProgress;
        let mut standing = Standing {
            id: ActionId::of(&call.sid, "key"),
            action: CallAction::End,
            asked_at: Timestamp(0),
            state: ActionState::Pending,
        };
        assert_eq!(ActionAnswer::new(&call, &standing).state, "pending");
        call.status = CallStatus::Completed;
        let answer = ActionAnswer::new(&call, &standing);
        assert_eq!((answer.state, answer.why), ("not_done", Some("call_over")));
        standing.state = ActionState::Done;
        assert_eq!(ActionAnswer::new(&call, &standing).state, "done");
    }
}
