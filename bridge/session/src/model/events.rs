//! What the model says and does.

use std::time::{Duration, Instant};

use crate::facts::response_gate::{Ended, Refusal};
use crate::facts::trouble::Vain;
use crate::input::{ErrorClass, ModelAudio, ModelEvent, ResponseStatus};
use crate::output::{Event, ModelCommand, Output};
use crate::response_reason::ResponseReason;
use crate::rules::answers::{self, Shortfall};
use crate::rules::{barge_in, overheard, steering, tool_use};
use crate::session::Session;

impl Session {
    pub(crate) fn model_event(&mut self, now: Instant, event: ModelEvent<'_>) {
        self.facts.words(now, &event);
        match event {
            ModelEvent::SpeechStarted { item, audio_start } => {
                if self.facts.caller_began(now, item, audio_start) {
                    self.outputs.report(Event::CallerSpeaking);
                    let actions = self.rules.caller_began(now, &self.facts);
                    self.apply(now, actions);
                }
            }
            ModelEvent::SpeechStopped { .. } => self.caller_stopped(now),
            ModelEvent::CallerTranscript { item, text } => self.caller_said(now, item, Some(text)),
            ModelEvent::CallerTranscriptFailed { item } => self.caller_said(now, item, None),
            ModelEvent::AgentTranscript { response, text, .. } => {
                if !self.facts.gate.is_discarded(response) {
                    self.rules.farewell.agent_said(self.facts.call.phrases(), text);
                    self.rules.claims.agent_said(&self.facts, response, text);
                }
            }
            ModelEvent::ItemAdded { .. } | ModelEvent::AgentTranscriptDelta { .. } => {}
            ModelEvent::ResponseCreated { response, reason } => self.response_created(now, response, reason),
            ModelEvent::Audio(audio) => self.begin_playing(now, &audio),
            ModelEvent::ToolCall { response, item, call_id, name, arguments } => {
                let call = [call_id, name, arguments];
                if self.facts.tool_called(now, response, item, call) {
                    self.outputs.report(Event::ToolCalled { name: name.to_owned() });
                    self.apply(now, tool_use::called(&self.facts, response, call));
                }
            }
            ModelEvent::ResponseDone { response, status, usage } => {
                let Some(response) = self.facts.gate.named(response) else { return };
                self.facts.count_usage(usage, &response);
                if let Some(ended) = self.facts.gate.ended(&response) {
                    self.after_response(now, &response, &ended, status);
                }
            }
            ModelEvent::Error { class, event_id } => self.model_error(now, class, event_id),
        }
    }

    /// The first audio of an item, or of what is not wanted any more.
    pub(crate) fn begin_playing(&mut self, now: Instant, audio: &ModelAudio<'_>) {
        if self.facts.gate.is_discarded(audio.response) || self.facts.steering.is_muted() {
            return;
        }
        let begins_response = !self.facts.playback.has_sent(audio.response);
        if !self.play(now, audio) {
            return;
        }
        let facts = &mut self.facts;
        facts.gate.saw(now, audio.response, true, false);
        facts.steering.heard(audio.response);
        let answered = facts.speech.answered(now);
        let latency = answered.map(|answered| answered.latency);
        facts.turns.agent_spoke(now, facts.call.wall(now), audio.response, audio.item, answered);
        facts.playback.announce();
        if begins_response {
            let reason = facts.gate.active_reason().filter(|_| facts.gate.is_active(audio.response));
            if reason == Some(ResponseReason::Greeting) {
                let after_start = facts.call.since_start(now);
                facts.greeting.heard(after_start);
                self.outputs.report(Event::GreetingStarted { after_start });
            }
            self.outputs.report(Event::AgentSpeaking { reason, latency });
        }
    }

    /// Hands audio to the line; false for an empty piece, or while too much waits. This is the path of every frame: it
    /// allocates only if more audio is waiting than ever before in this call.
    pub(crate) fn play(&mut self, now: Instant, audio: &ModelAudio<'_>) -> bool {
        let Some(mark) = self.facts.playback.send(now, audio) else { return false };
        self.outputs.push(Output::AudioToCaller);
        self.outputs.push(Output::MarkToCaller(mark));
        self.facts.gate.progress(now, audio.response);
        self.await_goodbye(now);
        true
    }

    /// The caller's speech is over, whether or not the model said so.
    pub(crate) fn speech_ended(&mut self) {
        self.facts.speech.end();
        self.rules.voicemail.no_monologue();
    }

    /// The words that were let pass did not come in time.
    pub(crate) fn overheard_in_vain(&mut self, now: Instant) {
        self.facts.speech.understood();
        self.apply(now, overheard::answer(&self.facts));
    }

    /// Nothing more came of the response under way: it is over for us.
    pub(crate) fn response_stalled(&mut self, now: Instant) {
        let Some((Some(response), ended)) = self.facts.gate.abandon() else { return };
        self.tell(ModelCommand::CancelResponse { response: response.clone() });
        self.after_response(now, &response, &ended, ResponseStatus::Failed);
    }

    /// The request in flight did not become a response.
    pub(crate) fn request_refused(&mut self, now: Instant, refusal: Refusal) {
        let Some(reason) = self.facts.gate.refused(now, refusal) else { return };
        if reason == ResponseReason::Goodbye {
            self.facts.ending.goodbye_failed();
        } else if reason == ResponseReason::Words {
            self.apply(now, [steering::give_up_words()]);
        } else if reason.is_missed() {
            match refusal {
                // The patience with it is over already.
                Refusal::Limited { .. } => self.apply(now, [answers::give_up_model()]),
                Refusal::Busy | Refusal::Lost => self.answered_in_vain(now, Vain::Failed),
            }
        }
    }

    /// The caller was owed words and got none. The model is asked again for a while, and then given up.
    pub(crate) fn answered_in_vain(&mut self, now: Instant, vain: Vain) {
        if !answers::may_ask_again(&self.facts) {
            return;
        }
        if !self.facts.gate.may_try_again(now, vain) {
            return self.apply(now, [answers::give_up_model()]);
        }
        let interrupted = !self.facts.tools.is_spent() && self.facts.speech.take_interrupted();
        self.apply(now, [answers::ask_again(now, &self.facts, interrupted)]);
    }

    fn caller_stopped(&mut self, now: Instant) {
        let Some(undecided) = self.facts.speech.stop(now) else { return };
        self.rules.voicemail.no_monologue();
        self.outputs.report(Event::CallerSilent);
        self.apply(now, barge_in::caller_stopped(&self.facts, undecided));
    }

    /// What the caller's words mean for the conversation. `None`: they could not be had.
    fn caller_said(&mut self, now: Instant, item: &str, text: Option<&str>) {
        let of_last_speech = self.facts.speech.began(item).is_some();
        if let Some(text) = text {
            // Late words of an earlier speech are not the last ones.
            if of_last_speech {
                self.rules.farewell.caller_said(self.facts.call.phrases(), text);
            }
            let action = self.rules.presence.understood(now, &self.facts, text);
            self.apply(now, action);
            let actions = self.rules.who_speaks(now, &self.facts, text);
            self.apply(now, actions);
        }
        if of_last_speech && self.facts.speech.is_overheard() {
            self.facts.speech.understood();
            if overheard::matters(&self.facts, text) {
                self.apply(now, overheard::answer(&self.facts));
            }
        }
        if answers::may_resume(&self.facts, item, text) && self.facts.speech.take_interrupted() {
            self.facts.speech.owe_nothing();
            self.apply(now, [answers::go_on(&self.facts)]);
        }
    }

    fn response_created(&mut self, now: Instant, response: &str, reason: Option<ResponseReason>) {
        let facts = &mut self.facts;
        if !facts.gate.created(now, response, reason) && !facts.gate.is_active(response) {
            return;
        }
        facts.speech.owe_nothing();
        facts.speech.answer_begins(now);
        if reason == Some(ResponseReason::Greeting) {
            facts.greeting.carried_by(response);
            // One is enough, even if it was taken for refused and is about to be asked for again.
            facts.gate.withdraw(ResponseReason::Greeting);
        }
        if reason == Some(ResponseReason::Words) {
            facts.steering.carried_by(response);
            if facts.playback.has_sent(response) {
                facts.steering.heard(response);
            }
        }
        if reason.is_none() {
            // Turn detection answers a caller who has stopped, whether or not we were told.
            self.speech_ended();
        }
        if barge_in::is_out_of_turn(&self.facts, reason) {
            self.cancel_response(now);
        }
    }

    fn after_response(&mut self, now: Instant, response: &str, ended: &Ended, status: ResponseStatus) {
        self.response_ended(now, response, ended, status);
        let taken_back = self.rules.claims.response_ended(&self.facts, response);
        self.apply(now, taken_back);
        if ended.reason == Some(ResponseReason::Words) {
            self.apply(now, steering::response_ended(ended, status));
        }
        match answers::judge(&self.facts, ended, status) {
            Some(Shortfall::InVain(vain)) => self.answered_in_vain(now, vain),
            Some(Shortfall::BrokeOff { wait }) => self.broke_off(now, wait),
            None => {}
        }
    }

    /// A response broke off in the middle of its words: it is gone on with, once per turn.
    fn broke_off(&mut self, now: Instant, wait: Option<Duration>) {
        if self.facts.gate.may_finish(now, wait) {
            self.apply(now, [answers::finish_sentence(&self.facts)]);
        }
    }

    fn model_error(&mut self, now: Instant, class: ErrorClass, event_id: Option<&str>) {
        // What only a request for a response can meet answers our one request, even if it does not say so.
        let meets_requests = matches!(class, ErrorClass::ResponseActive | ErrorClass::Limited { .. });
        let gate = &self.facts.gate;
        let ours = gate.is_in_flight(event_id) || (meets_requests && event_id.is_none() && gate.is_waiting());
        if !ours {
            return;
        }
        let refusal = match class {
            ErrorClass::ResponseActive => Refusal::Busy,
            ErrorClass::Limited { wait } => Refusal::Limited { wait },
            ErrorClass::Rejected | ErrorClass::Benign => Refusal::Lost,
        };
        self.request_refused(now, refusal);
    }
}
