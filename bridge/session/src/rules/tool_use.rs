//! What a tool call means for the conversation.

use std::time::{Duration, Instant};

use domain::turn::{EndReason, ToolCall};

use crate::facts::ending::Goodbye;
use crate::facts::tool_calls::{self, ARGUMENTS_MAX_BYTES, END_CALL, TIMEOUT_MARGIN, TOOL_TIMEOUT};
use crate::input::ResponseReason;
use crate::output::{Event, ModelCommand};
use crate::{Output, Session, instructions};

impl Session {
    pub(crate) fn tool_done(
        &mut self,
        now: Instant,
        call_id: &str,
        output: String,
        transfer: Option<String>,
    ) {
        let Some(call) = self.tools.done(call_id) else { return };
        self.answer_call(call.call_id, call.name, output);
        if let Some(destination) = transfer {
            self.transfer_asked_for(now, &call.response, destination);
        }
    }

    pub(crate) fn tools_overdue(&mut self, now: Instant) {
        while let Some(call) = self.tools.take_overdue(now) {
            self.answer_call(call.call_id, call.name, tool_calls::TIMED_OUT.to_owned());
        }
    }

    pub(crate) fn tool_called(
        &mut self,
        now: Instant,
        response: &str,
        item: &str,
        call_id: &str,
        name: &str,
        arguments: &str,
    ) {
        if !self.tools.is_new(call_id) {
            return;
        }
        // A call that is not carried out is no use to the caller, and no answer.
        let refused = name != END_CALL && self.tools.is_spent() && !self.tools.is_owed(response);
        self.gate.saw(response, false, !refused);
        self.progress(now, response);
        let (id, name) = (call_id.to_owned(), name.to_owned());
        let call = ToolCall {
            call_id: id.clone(),
            name: name.clone(),
            arguments: bounded(arguments).to_owned(),
            output: None,
        };
        self.turns.tool_called(self.wall(now), response, item, call);
        self.note(Event::ToolCalled { name: name.clone() });
        if self.gate.is_discarded(response) {
            self.answer_call(id, name, tool_calls::INTERRUPTED.to_owned());
        } else if refused {
            self.answer_call(id, name, tool_calls::TALK_FIRST.to_owned());
        } else if name == END_CALL {
            self.answer_call(id, name, tool_calls::ENDING.to_owned());
            self.end_asked_for(now, response);
        } else {
            match self.tools.open(now, response, [call_id, &name, arguments], self.tool_wait(&name)) {
                Ok(()) => self.emit(Output::RunTool { call_id: id, name, arguments: arguments.to_owned() }),
                Err(refusal) => self.answer_call(id, name, refusal.to_owned()),
            }
        }
    }

    /// Whoever runs a tool keeps its timeout; this one is for when nobody does.
    fn tool_wait(&self, name: &str) -> Duration {
        let own = self.plan.as_ref().and_then(|plan| plan.tools.http_tool(name)).map(|tool| tool.timeout);
        own.map_or(TOOL_TIMEOUT, |own| own.min(domain::tools::TIMEOUT_MAX) + TIMEOUT_MARGIN)
    }

    /// A tool takes its time: the caller hears so, unless somebody is speaking anyway.
    pub(crate) fn tool_takes_its_time(&mut self) {
        self.tools.filled();
        let busy = self.caller_has_floor() || self.playback.is_audible() || !self.gate.is_idle();
        if !busy && self.hangup.reason().is_none() {
            let text = self.plan.as_ref().map(|plan| instructions::filler(plan));
            self.gate.request(ResponseReason::Filler, text);
        }
    }

    fn transfer_asked_for(&mut self, now: Instant, response: &str, destination: String) {
        let still_speaking = self.gate.is_active(response);
        let goodbye =
            if still_speaking { Goodbye::PerhapsIn(response.to_owned()) } else { Goodbye::Requested };
        if !self.hangup.begin_transfer(destination, goodbye) {
            return;
        }
        if still_speaking {
            self.gate.withdraw_all();
            self.await_goodbye(now);
        } else {
            self.request_goodbye(now, EndReason::Transfer);
        }
    }

    fn end_asked_for(&mut self, now: Instant, response: &str) {
        if !self.gate.is_active(response) {
            // It is over already, so whatever it said was said before.
            return self.say_goodbye(now, EndReason::AgentHangUp);
        }
        if self.hangup.begin(EndReason::AgentHangUp, Goodbye::PerhapsIn(response.to_owned())) {
            self.gate.withdraw_all();
            self.await_goodbye(now);
        }
    }

    fn answer_call(&mut self, call_id: String, name: String, output: String) {
        self.turns.tool_answered(&call_id, &output);
        self.tell(ModelCommand::ToolOutput { call_id, output });
        if self.tools.is_idle() {
            self.gate.withdraw(ResponseReason::Filler);
        }
        self.note(Event::ToolAnswered { name });
    }
}

/// Arguments that nobody will look at are not kept either.
fn bounded(arguments: &str) -> &str {
    &arguments[..arguments.floor_char_boundary(ARGUMENTS_MAX_BYTES)]
}
