//! What a rule can want done. A rule only says so; `apply` does it.

use std::borrow::Cow;
use std::time::Instant;

use domain::action::{NotDone, Words};
use domain::turn::EndReason;

use crate::facts::ending::Goodbye;
use crate::facts::other_party::Answerer;
use crate::facts::steering::Asked;
use crate::output::{Event, Settled};
use crate::response_reason::ResponseReason;

/// One thing to do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Ask the model for a response. A request for the same reason that still waits is replaced.
    Ask { reason: ResponseReason, instructions: Option<String> },
    /// Ask for a response in which no tool may be called, whatever its reason.
    AskForWords { reason: ResponseReason, instructions: Option<String> },
    /// Ask for an answer to what was overheard, unless one is under way that is not heard yet.
    AnswerOverheard,
    /// Tell the model something beside the conversation: this one, and every later one.
    Note(Cow<'static, str>),
    /// The caller takes the floor: stop what the agent is saying, and count it.
    Interrupt,
    /// Stop what the agent is saying.
    Hush,
    /// Stop what the agent is saying and what it was about to say.
    StopTalking,
    /// Leave open until then whether the caller's speech interrupts.
    DecideAt(Instant),
    /// Let the speech that ended pass, and wait for its words.
    LetPass,
    /// Wait for the answer that turn detection owes to the speech that ended.
    OweAnswer,
    /// The caller goes on speaking: an end that may be taken back is.
    CallerObjects,
    /// End the call, to go on at an entry of the directory if one is named. The first reason stands.
    End { reason: EndReason, goodbye: Goodbye, transfer_to: Option<String> },
    /// Do not end the call for this reason: what it was believed for is not so.
    GiveUpEnd(EndReason),
    /// It is known who answered.
    Answered(Answerer),
    /// A screening service is to be waited for until then; `None`: it is out of the way.
    Screened(Option<Instant>),
    /// Run a tool, or answer the call if it cannot be run.
    RunTool { response: String, call_id: String, name: String, arguments: String },
    /// Answer a tool call.
    AnswerTool { call_id: String, name: String, output: String },
    /// Keep an action of the business's until its turn.
    AwaitTurn(Asked),
    /// Have the agent say exactly this, for the action with this number.
    Say { number: u32, words: Words },
    /// The model has said all of the words.
    WordsSaid,
    /// The caller has heard all of the words.
    WordsHeard,
    /// The words are not said any more.
    DropWords(NotDone),
    /// The response that was to say the words came to nothing: they wait for another one.
    WordsUnsaid,
    /// The business wants the end that is pending, by the action with this number: nothing takes it back.
    Insist(u32),
    /// The agent is to be silent.
    Mute,
    /// The agent may speak again.
    Unmute,
    /// Tell what came of an action of the business's.
    Settle { number: u32, settled: Settled },
    /// Tell watchers.
    Report(Event),
}

impl Action {
    /// Ask for a response.
    pub(crate) const fn ask(reason: ResponseReason, instructions: Option<String>) -> Self {
        Self::Ask { reason, instructions }
    }

    /// Tell what came of an action of the business's.
    pub(crate) const fn settle(number: u32, settled: Settled) -> Self {
        Self::Settle { number, settled }
    }

    /// End the call after the model has said goodbye.
    pub(crate) const fn say_goodbye(reason: EndReason) -> Self {
        Self::end(reason, Goodbye::Requested)
    }

    /// End the call with this goodbye.
    pub(crate) const fn end(reason: EndReason, goodbye: Goodbye) -> Self {
        Self::End { reason, goodbye, transfer_to: None }
    }
}
