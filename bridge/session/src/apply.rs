//! Doing what the rules want done. Only here do their actions change facts and make outputs.

use std::time::{Duration, Instant};

use domain::action::NotDone;
use domain::turn::EndReason;

use crate::action::Action;
use crate::audio::millis;
use crate::facts::ending::Goodbye;
use crate::facts::response_gate::Ended;
use crate::input::ResponseStatus;
use crate::instructions;
use crate::output::{Event, ModelCommand, Output, Settled};
use crate::response_reason::ResponseReason;
use crate::session::Session;

impl Session {
    /// Does these, one after the other.
    pub(crate) fn apply(&mut self, now: Instant, actions: impl IntoIterator<Item = Action>) {
        for action in actions {
            self.act(now, action);
        }
    }

    fn act(&mut self, now: Instant, action: Action) {
        let facts = &mut self.facts;
        match action {
            // The model is asked for nothing while the agent is muted.
            Action::Ask { .. } | Action::AskForWords { .. } | Action::AnswerOverheard
                if facts.steering.is_muted() => {}
            Action::Ask { reason, instructions } => facts.gate.request(reason, instructions),
            Action::AskForWords { reason, instructions } => facts.gate.request_words(reason, instructions),
            Action::AnswerOverheard => {
                if facts.gate.is_idle() || facts.playback.is_audible() {
                    facts.gate.request(ResponseReason::Overheard, None);
                }
            }
            Action::Note(text) => self.note(&text),
            Action::Interrupt => self.interrupt(now),
            Action::Hush => {
                self.hush(now);
            }
            Action::StopTalking => {
                facts.gate.withdraw_all();
                facts.speech.owe_nothing();
                self.rules.voicemail.no_monologue();
                self.hush(now);
            }
            Action::DecideAt(at) => facts.speech.decide_at(at),
            Action::LetPass => facts.speech.let_pass(now),
            Action::OweAnswer => facts.speech.owe_answer(now),
            Action::CallerObjects => self.caller_objects(),
            Action::End { reason, goodbye, transfer_to } => self.begin_end(now, reason, goodbye, transfer_to),
            Action::GiveUpEnd(reason) => {
                if facts.ending.give_up(reason) {
                    facts.gate.withdraw(ResponseReason::Goodbye);
                }
            }
            Action::Answered(answerer) => facts.party.learn(answerer),
            Action::Screened(until) => facts.party.screened(until),
            Action::RunTool { response, call_id, name, arguments } => {
                self.run_tool(now, &response, call_id, name, arguments);
            }
            Action::AnswerTool { call_id, name, output } => self.answer_tool(call_id, name, output),
            Action::AwaitTurn(asked) => facts.steering.wait(asked),
            Action::Say { number, words } => facts.steering.say(now, number, words),
            Action::WordsSaid => facts.steering.said(),
            Action::WordsUnsaid => facts.steering.unsaid(),
            Action::WordsHeard => self.words_settled(Settled::Done),
            Action::DropWords(why) => self.drop_words(now, why),
            Action::Insist(number) => {
                facts.ending.insist();
                facts.steering.ends_with(number);
            }
            Action::Mute => facts.steering.mute(true),
            Action::Unmute => facts.steering.mute(false),
            Action::Settle { number, settled } => self.settle(number, settled),
            Action::Report(event) => self.outputs.report(event),
        }
    }

    /// Says something to the model, if there is one. What a later one must know is in the memory of the turns.
    pub(crate) fn tell(&mut self, command: ModelCommand) {
        if self.facts.leg.is_up() {
            self.outputs.push(Output::ToModel(command));
        }
    }

    /// Asks for the last words, and for nothing else.
    pub(crate) fn request_goodbye(&mut self, now: Instant) {
        let reason = self.facts.ending.reason().unwrap_or(EndReason::AgentHangUp);
        if self.facts.steering.is_muted() {
            return self.facts.ending.goodbye_failed();
        }
        let Some(text) = self.facts.call.plan().map(|plan| instructions::goodbye(plan, reason)) else {
            return;
        };
        self.facts.gate.withdraw_all();
        self.facts.gate.request(ResponseReason::Goodbye, Some(text));
        self.await_goodbye(now);
    }

    /// Gives the goodbye the time that the line needs to play it.
    pub(crate) fn await_goodbye(&mut self, now: Instant) {
        self.facts.ending.await_goodbye(now, self.facts.playback.plays_until());
    }

    /// What the end of a response means for the end of the call.
    pub(crate) fn response_ended(
        &mut self,
        now: Instant,
        response: &str,
        ended: &Ended,
        status: ResponseStatus,
    ) {
        if self.facts.ending.response_ended(response, ended.reason, status, ended.spoke) {
            self.request_goodbye(now);
        }
    }

    /// Cancels the response under way, once; true if that was now.
    pub(crate) fn cancel_response(&mut self, now: Instant) -> bool {
        let Some(response) = self.facts.gate.interrupt(now) else { return false };
        self.facts.turns.cut_off(&response);
        self.facts.playback.cancel(&response);
        self.tell(ModelCommand::CancelResponse { response });
        true
    }

    /// Tells what came of an action of the business's, once.
    pub(crate) fn settle(&mut self, number: u32, settled: Settled) {
        self.outputs.push(Output::ActionSettled { number, settled });
    }

    fn words_settled(&mut self, settled: Settled) {
        if let Some(number) = self.facts.steering.take_saying() {
            self.settle(number, settled);
        }
    }

    fn drop_words(&mut self, now: Instant, why: NotDone) {
        if !self.facts.steering.is_saying() {
            return;
        }
        self.facts.gate.withdraw(ResponseReason::Words);
        if self.facts.gate.active_reason() == Some(ResponseReason::Words) {
            self.cancel_response(now);
        }
        self.words_settled(Settled::NotDone(why));
    }

    fn note(&mut self, text: &str) {
        self.facts.turns.remember_note(text);
        self.tell(ModelCommand::SystemText { text: text.to_owned() });
    }

    fn begin_end(&mut self, now: Instant, reason: EndReason, goodbye: Goodbye, transfer_to: Option<String>) {
        let (requested, perhaps_said) =
            (goodbye == Goodbye::Requested, matches!(goodbye, Goodbye::PerhapsIn(_)));
        if !self.facts.ending.begin(reason, goodbye) {
            return;
        }
        if let Some(destination) = transfer_to {
            self.facts.ending.transfer(destination);
        }
        if requested {
            self.request_goodbye(now);
        } else if perhaps_said {
            self.facts.gate.withdraw_all();
            self.await_goodbye(now);
        }
    }

    fn caller_objects(&mut self) {
        let told = self.facts.ending.says_goodbye();
        if !self.facts.ending.caller_objects() {
            return;
        }
        self.facts.gate.withdraw(ResponseReason::Goodbye);
        if told {
            self.note(instructions::CALL_GOES_ON);
        }
    }

    fn interrupt(&mut self, now: Instant) {
        let Some((heard, dropped)) = self.hush(now) else { return };
        self.facts.speech.has_interrupted();
        self.outputs.report(Event::BargeIn { heard, dropped });
    }

    /// The agent stops, and the model forgets what was not heard. Says how much of what was audible was heard and how
    /// much was dropped, if that cut anything short.
    fn hush(&mut self, now: Instant) -> Option<(Duration, Duration)> {
        let audible = self.facts.playback.is_audible();
        if audible {
            self.outputs.push(Output::ClearCaller);
        }
        let cancelled = self.cancel_response(now);
        let cuts = self.facts.playback.interrupt(now);
        for cut in &cuts {
            self.facts.gate.discard(&cut.response);
            // Less than a millisecond cannot be addressed, and an end of 0 is refused for an item whose audio the
            // model has not begun; of what was sent, 1 ms is always there and too short to be heard.
            let sent_ms = millis(cut.sent);
            if sent_ms > 0 && !cut.orphaned {
                self.tell(ModelCommand::Truncate {
                    item: cut.item.clone(),
                    content_index: cut.content_index,
                    audio_end_ms: millis(cut.heard).clamp(1, sent_ms),
                });
            }
        }
        // A replayed text cannot be truncated; the model is told instead.
        if cuts.iter().any(|cut| cut.orphaned) {
            self.tell(ModelCommand::SystemText { text: instructions::NOT_ALL_HEARD.to_owned() });
        }
        // Audio whose marks are on their way was heard: stopping it interrupts nothing.
        (audible && (cancelled || !cuts.is_empty())).then(|| {
            self.facts.playback.announce_end();
            let heard = cuts.first().map_or(Duration::ZERO, |cut| cut.heard);
            (heard, cuts.iter().map(|cut| cut.sent.saturating_sub(cut.heard)).sum())
        })
    }

    fn run_tool(&mut self, now: Instant, response: &str, call_id: String, name: String, arguments: String) {
        let own = self.facts.call.plan().and_then(|plan| plan.http_tool(&name)).map(|tool| tool.timeout);
        match self.facts.tools.open(now, response, [&call_id, &name, &arguments], own) {
            Ok(()) => self.outputs.push(Output::RunTool { call_id, name, arguments }),
            Err(refusal) => self.answer_tool(call_id, name, refusal.to_owned()),
        }
    }

    fn answer_tool(&mut self, call_id: String, name: String, output: String) {
        self.facts.turns.tool_answered(&call_id, &output);
        self.facts.tools.answered(&name, &output);
        self.tell(ModelCommand::ToolOutput { call_id, output });
        if self.facts.tools.is_idle() {
            self.facts.gate.withdraw(ResponseReason::Filler);
        }
        self.outputs.report(Event::ToolAnswered { name });
    }
}
