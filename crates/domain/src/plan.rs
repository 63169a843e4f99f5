//! The plan of a call: everything the bridge needs to carry it, decided before the stream opens.
//!
//! The voice webhook writes it once. The session that presents the stream's token claims it with one conditional
//! update, after which no other session can. The bridge reads nothing else before the greeting.

use serde::{Deserialize, Serialize};

use crate::business::{ConversationPolicy, Voice};
use crate::call_back;
use crate::contact::ContactId;
use crate::ids::AccountSid;
use crate::tools::{HttpTool, PROMISE_CALL_BACK, RECORD_DO_NOT_CALL};
use crate::{BusinessId, CallSid, Direction, Epoch, PhoneNumber, Revision, Speaker, Timestamp, Toolbox};

/// Everything that the bridge needs for one epoch of a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallPlan {
    /// The call.
    pub call: CallSid,
    /// Which stream of the call the plan is for.
    pub epoch: Epoch,
    /// Whose call it is.
    pub business: BusinessId,
    /// The Twilio account that carries it, to the call's end.
    pub account: AccountSid,
    /// The settings that it was made from.
    pub revision: Revision,
    /// Which way the call goes.
    pub direction: Direction,
    /// When it was written.
    pub minted_at: Timestamp,
    /// With the keywords and languages of [`prompt::for_listening`](crate::prompt::for_listening).
    pub voice: Voice,
    /// Limits and manners of the conversation.
    pub conversation: ConversationPolicy,
    /// The compiled prompt with this call's context at its end. A session that goes on with the call has the same
    /// bytes, whatever has become of the business's profile or of the hour.
    pub instructions: String,
    /// `None` when this call was greeted already, in an earlier epoch.
    pub greeting: Option<String>,
    /// What was said before this epoch, in order: the model is told it again, the caller is not.
    #[serde(default)]
    pub history: Vec<HistoryItem>,
    /// Why there is a session after the first one.
    #[serde(default)]
    pub resumption: Resumption,
    /// What the agent may do.
    #[serde(default)]
    pub tools: Toolbox,
    /// The number of the person at the other end, where the network gives it: by it an agent knows which appointments are
    /// theirs. The model is not told it.
    #[serde(default)]
    pub caller: Option<PhoneNumber>,
    /// Who calls and why, for an outbound call that is asked for it.
    #[serde(default)]
    pub introduction: Option<Introduction>,
    /// Stable and opaque: lets the model provider tell abusive callers apart without knowing them.
    pub safety_identifier: String,
    /// The contact at the other end, as it was when the call began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<ContactId>,
    /// The contacts that had been merged into it by then: what is kept under their names is the same person's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub merged: Vec<ContactId>,
    /// What a call-back has to keep to that the person is promised; `None`: none may be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call_back: Option<call_back::Terms>,
}

impl CallPlan {
    /// The person at the other end by every contact that they have been, the one of the call in front.
    pub fn contacts(&self) -> Vec<ContactId> {
        self.contact.iter().chain(&self.merged).copied().collect()
    }

    /// Whether a tool call of this name puts the person on the list of numbers that are not called: in calls that the business
    /// placed.
    pub fn is_opt_out(&self, tool: &str) -> bool {
        self.direction == Direction::Outbound && tool == RECORD_DO_NOT_CALL
    }

    /// Whether a tool call of this name promises the person a call at another time.
    pub fn is_call_back(&self, tool: &str) -> bool {
        self.call_back.is_some() && tool == PROMISE_CALL_BACK
    }

    /// The business's own tool of this name, unless the product's own goes by it in this call.
    pub fn http_tool(&self, name: &str) -> Option<&HttpTool> {
        if self.is_opt_out(name) || self.is_call_back(name) { None } else { self.tools.http_tool(name) }
    }
}

/// What an outbound call's agent says of itself to a service that screens the call.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Introduction {
    /// The business's name.
    pub name: String,
    /// Why the agent calls, as the business put it.
    pub reason: Option<String>,
}

// The reason speaks of the person who is called.
impl std::fmt::Debug for Introduction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Introduction").field("name", &self.name).finish_non_exhaustive()
    }
}

/// What happened between the session before and this one.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Resumption {
    /// The stream broke; for the first session of a call, nothing.
    #[default]
    Lost,
    /// The call was to go to this entry of the directory, and the entry did not answer.
    /// The label of the entry.
    TransferFailed {
        /// The label of the entry.
        label: String,
    },
}

/// One piece of a conversation that went before.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum HistoryItem {
    /// For the agent, what the caller *heard* of it.
    /// What one side said.
    Said {
        /// Which side.
        speaker: Speaker,
        /// The words.
        text: String,
    },
    /// A tool call that was answered. It is told, never run again.
    Tool {
        /// The model's key of the call of the tool.
        call_id: String,
        /// The tool.
        name: String,
        /// What the model passed, JSON.
        arguments: String,
        /// What the tool answered.
        output: String,
    },
}

// What was said is personal data.
impl std::fmt::Debug for HistoryItem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Said { speaker, text } => {
                write!(f, "Said({speaker:?}, {} characters)", text.chars().count())
            }
            Self::Tool { name, .. } => write!(f, "Tool({name})"),
        }
    }
}
