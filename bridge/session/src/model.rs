//! What the model says and does.

use std::borrow::Cow;
use std::time::{Duration, Instant};

use domain::turn::{EndReason, Usage};

use crate::deadlines::Deadline;
use crate::facts::ending::{Goodbye, Next};
use crate::facts::model_leg::{Owed, is_replayed};
use crate::facts::response_gate::{Ended, Refusal};
use crate::facts::trouble::Vain;
use crate::input::{ErrorClass, ModelAudio, ModelEvent, ResponseReason, ResponseStatus, Role};
use crate::output::{Event, ModelCommand};
use crate::{Output, Phase, Session, instructions};

/// A response that is silent for this long in the middle of itself is stuck.
const PROGRESS_WAIT: Duration = Duration::from_secs(15);
/// After so long a silence the caller is owed an apology before an answer.
const LONG_SILENCE: Duration = Duration::from_secs(3);
/// Latencies kept for the report's median.
const LATENCIES_MAX: usize = 512;

impl Session {
    pub(crate) fn model_event(&mut self, now: Instant, event: ModelEvent<'_>) {
        match event {
            ModelEvent::SpeechStarted { item, audio_start } => self.caller_began(now, item, audio_start),
            ModelEvent::SpeechStopped { .. } => {
                self.words(now, event);
                self.caller_stopped_speaking(now);
            }
            ModelEvent::ItemAdded { .. }
            | ModelEvent::CallerTranscript { .. }
            | ModelEvent::CallerTranscriptFailed { .. }
            | ModelEvent::AgentTranscriptDelta { .. }
            | ModelEvent::AgentTranscript { .. } => self.words(now, event),
            ModelEvent::ResponseCreated { response, reason } => self.response_created(now, response, reason),
            ModelEvent::Audio(audio) => self.begin_playing(now, &audio),
            ModelEvent::ToolCall { response, item, call_id, name, arguments } => {
                self.tool_called(now, response, item, call_id, name, arguments);
            }
            ModelEvent::ResponseDone { response, status, usage } => {
                let Some(response) = self.named(response) else { return };
                self.count_usage(usage, &response);
                self.response_done(now, &response, status);
            }
            ModelEvent::Error { class, event_id } => self.model_error(now, class, event_id),
        }
    }

    /// Items and their texts: they make turns, whatever else goes on.
    pub(crate) fn words(&mut self, now: Instant, event: ModelEvent<'_>) {
        let at = self.wall(now);
        match event {
            // What was replayed are turns already.
            ModelEvent::ItemAdded { item, .. } if is_replayed(item) => {}
            ModelEvent::ItemAdded { item, previous, role } => {
                let began = self.speech.began(item).unwrap_or(now);
                let active = if role == Role::Agent { self.gate.active_id() } else { None };
                self.turns.item_added(now, self.wall(began), item, previous, role, active);
                if let Some(spoken) = self.speech.spoken(now, item) {
                    self.turns.caller_spoke(item, spoken);
                }
            }
            ModelEvent::SpeechStopped { item, audio_end } => {
                if let Some(spoken) = self.speech_measured(item, audio_end) {
                    self.turns.caller_spoke(item, spoken);
                }
            }
            ModelEvent::CallerTranscript { item, text } => {
                self.turns.caller_words(now, at, item, Some(text));
                self.words_of_caller(now, item, Some(text));
            }
            ModelEvent::CallerTranscriptFailed { item } => {
                self.turns.caller_words(now, at, item, None);
                self.words_of_caller(now, item, None);
            }
            ModelEvent::AgentTranscriptDelta { response, item, text } => {
                self.gate.saw(response, false, false);
                self.progress(now, response);
                self.turns.agent_piece(now, at, response, item, text);
            }
            ModelEvent::AgentTranscript { response, item, text } => {
                self.turns.agent_words(now, at, response, item, text);
                if !self.gate.is_discarded(response) {
                    self.agent_said(text);
                }
            }
            ModelEvent::SpeechStarted { .. }
            | ModelEvent::ResponseCreated { .. }
            | ModelEvent::Audio(_)
            | ModelEvent::ToolCall { .. }
            | ModelEvent::ResponseDone { .. }
            | ModelEvent::Error { .. } => {}
        }
    }

    /// What the caller's words mean for the conversation. `None`: they could not be had.
    fn words_of_caller(&mut self, now: Instant, item: &str, text: Option<&str>) {
        if self.phase != Phase::Live {
            return;
        }
        if let Some(text) = text {
            // Late words of an earlier speech are not the last ones.
            if self.speech.began(item).is_some() {
                self.caller_said(text);
            }
            self.understood(now, text);
            self.who_speaks(now, text);
        }
        self.overheard(item, text);
        let nothing = text.is_none_or(|text| self.phrases.is_backchannel(text));
        if nothing && self.deadlines.is_armed(Deadline::Answer) && self.speech.began(item).is_some() {
            self.resume_after_nothing();
        }
    }

    /// The agent stopped for a sound that was no speech, and turn detection has not answered it.
    fn resume_after_nothing(&mut self) {
        if !self.gate.is_idle() || self.hangup.reason().is_some() || !self.speech.take_interrupted() {
            return;
        }
        self.deadlines.clear(Deadline::Answer);
        let heard = self.turns.recall(&self.playback);
        let Some(plan) = &self.plan else { return };
        let text = instructions::go_on(plan, Owed::Rest, heard.last_words_of_agent());
        self.gate.request(ResponseReason::Recovery, Some(text));
    }

    /// The first audio of an item, or of what is not wanted any more.
    pub(crate) fn begin_playing(&mut self, now: Instant, audio: &ModelAudio<'_>) {
        if self.gate.is_discarded(audio.response) {
            return;
        }
        let begins_response = !self.playback.has_sent(audio.response);
        let outputs = self.outputs.len();
        self.play(now, audio);
        if self.outputs.len() == outputs {
            return;
        }
        self.gate.saw(audio.response, true, false);
        self.progress(now, audio.response);
        let latency = self.speech.stopped.take().map(|stopped| now.saturating_duration_since(stopped));
        if let Some(latency) = latency.filter(|_| self.figures.turn_latencies.len() < LATENCIES_MAX) {
            self.figures.turn_latencies.push(latency);
        }
        self.turns.agent_spoke(now, self.wall(now), audio.response, audio.item, latency);
        self.agent_speaking = true;
        if begins_response {
            let reason = self.gate.active_reason().filter(|_| self.gate.is_active(audio.response));
            if reason == Some(ResponseReason::Greeting) {
                let after_start = self.since_start(now);
                self.figures.greeting_heard.get_or_insert(after_start);
                self.note(Event::GreetingStarted { after_start });
            }
            self.note(Event::AgentSpeaking { reason, latency });
        }
    }

    /// Hands audio to the line. This is the path of every frame: it allocates only if more audio is waiting than
    /// ever before in this call.
    pub(crate) fn play(&mut self, now: Instant, audio: &ModelAudio<'_>) {
        let Some(mark) = self.playback.send(now, audio) else { return };
        self.emit(Output::AudioToCaller);
        self.emit(Output::MarkToCaller(mark));
        self.deadlines.follow(Deadline::Playout, self.playback.marks_lost_at());
        self.progress(now, audio.response);
        self.await_goodbye(now);
    }

    pub(crate) fn count_usage(&mut self, usage: Option<Usage>, response: &str) {
        if self.gate.has_ended(response) {
            return;
        }
        let total = &mut self.figures.usage;
        total.responses += 1;
        let Some(usage) = usage else { return };
        total.input_text += usage.input_text;
        total.input_audio += usage.input_audio;
        total.cached_text += usage.cached_text;
        total.cached_audio += usage.cached_audio;
        total.output_text += usage.output_text;
        total.output_audio += usage.output_audio;
    }

    pub(crate) fn response_stalled(&mut self, now: Instant) {
        let Some((id, ended)) = self.gate.abandon() else { return };
        if let Some(response) = id {
            self.tell(ModelCommand::CancelResponse { response: response.clone() });
            self.after_response(now, &response, ended, ResponseStatus::Failed);
        }
    }

    pub(crate) fn request_refused(&mut self, now: Instant, refusal: Refusal) {
        self.deadlines.clear(Deadline::ResponseCreated);
        match self.gate.refused(now, refusal) {
            Some(ResponseReason::Goodbye) => self.hangup.goodbye_failed(),
            Some(
                ResponseReason::Greeting
                | ResponseReason::ToolOutput
                | ResponseReason::SilencePrompt
                | ResponseReason::Dtmf
                | ResponseReason::Overheard
                | ResponseReason::Screening
                | ResponseReason::Recovery,
            ) => match refusal {
                // The patience with it is over already.
                Refusal::Limited { .. } => self.give_up_model(),
                Refusal::Busy | Refusal::Lost => self.answered_in_vain(now, Vain::Failed),
            },
            // Nobody was waiting for it; the last words will be said all the same.
            Some(ResponseReason::Warning | ResponseReason::Filler) | None => {}
        }
    }

    /// The response that is meant: the one under way where the model does not name it.
    pub(crate) fn named<'a>(&self, response: &'a str) -> Option<Cow<'a, str>> {
        if response.is_empty() {
            self.gate.active_id().map(|active| Cow::Owned(active.to_owned()))
        } else {
            Some(Cow::Borrowed(response))
        }
    }

    /// The caller was owed words and got none. The model is asked again for a while; after that the call goes to what
    /// the business has in place of an agent. Last words would have to come from the same model.
    pub(crate) fn answered_in_vain(&mut self, now: Instant, vain: Vain) {
        if self.hangup.reason().is_some() || self.gate.has_pending() || self.voicemail.mutes() {
            return;
        }
        if !self.gate.may_try_again(now, vain) {
            return self.give_up_model();
        }
        if self.tools.is_spent() {
            let text = self.plan.as_ref().map(|plan| instructions::talk_first(plan));
            return self.gate.request_words(ResponseReason::Recovery, text);
        }
        if self.speech.take_interrupted() {
            let heard = self.turns.recall(&self.playback);
            let text = self
                .plan
                .as_ref()
                .map(|plan| instructions::go_on(plan, Owed::Rest, heard.last_words_of_agent()));
            return self.gate.request(ResponseReason::Recovery, text);
        }
        // A caller who has heard nothing at all is still to be greeted.
        let unheard = self.playback.total().sent.is_zero();
        let waited = self.gate.silence_until_next(now);
        let text = self.plan.as_ref().and_then(|plan| match &plan.greeting {
            Some(greeting) if unheard => Some(instructions::greeting(plan, greeting)),
            _ => (waited >= LONG_SILENCE).then(|| instructions::after_silence(plan)),
        });
        self.gate.request(ResponseReason::Recovery, text);
    }

    /// The model has no words for this caller. What the line still holds is heard out, and a caller who speaks
    /// meanwhile is listened to.
    fn give_up_model(&mut self) {
        self.hangup.begin(EndReason::ModelLost, Goodbye::Failed);
    }

    fn response_created(&mut self, now: Instant, response: &str, reason: Option<ResponseReason>) {
        if !self.gate.created(response, reason) && !self.gate.is_active(response) {
            return;
        }
        if !self.gate.is_waiting() {
            self.deadlines.clear(Deadline::ResponseCreated);
        }
        self.deadlines.clear(Deadline::Answer);
        self.progress(now, response);
        if reason == Some(ResponseReason::Greeting) {
            self.greeting = Some(response.to_owned());
            // One is enough, even if it was taken for refused and is about to be asked for again.
            self.gate.withdraw(ResponseReason::Greeting);
        }
        if reason.is_none() {
            // Turn detection answers a caller who has stopped, whether or not we were told.
            self.speech_ended();
        }
        if self.speaks_over_caller(reason) {
            self.cancel_response(now);
        }
    }

    fn response_done(&mut self, now: Instant, response: &str, status: ResponseStatus) {
        let was_active = self.gate.is_active(response);
        let Some(ended) = self.gate.ended(response) else { return };
        if was_active {
            self.deadlines.clear(Deadline::ResponseProgress);
        }
        self.after_response(now, response, ended, status);
    }

    fn after_response(&mut self, now: Instant, response: &str, ended: Ended, status: ResponseStatus) {
        self.response_ended(now, response, &ended, status);
        if self.hangup.goodbye_has_failed() || self.caller_has_floor() {
            return;
        }
        if ended.in_vain && ended.reason != Some(ResponseReason::Filler) {
            let vain = match status {
                ResponseStatus::Failed => Vain::Failed,
                ResponseStatus::Limited { wait } => Vain::Limited { wait },
                ResponseStatus::Completed
                | ResponseStatus::Cancelled
                | ResponseStatus::IncompleteMaxTokens
                | ResponseStatus::IncompleteContentFilter => Vain::Empty,
            };
            self.answered_in_vain(now, vain);
        } else if ended.wanted && ended.spoke && !ended.called_tools {
            self.finish_sentence(now, ended.reason, status);
        }
    }

    /// A response that broke off in the middle of its words is gone on with, once: a caller who hears half a sentence
    /// and then nothing does not know whose turn it is.
    fn finish_sentence(&mut self, now: Instant, reason: Option<ResponseReason>, status: ResponseStatus) {
        let (broke_off, wait) = match status {
            ResponseStatus::IncompleteMaxTokens
            | ResponseStatus::IncompleteContentFilter
            | ResponseStatus::Failed => (true, None),
            ResponseStatus::Limited { wait } => (true, wait),
            ResponseStatus::Completed | ResponseStatus::Cancelled => (false, None),
        };
        if !broke_off
            || reason == Some(ResponseReason::Recovery)
            || self.hangup.reason().is_some()
            || self.gate.has_pending()
            || !self.gate.may_finish(now, wait)
        {
            return;
        }
        let text = self.plan.as_ref().map(|plan| instructions::finish_sentence(plan));
        self.gate.request(ResponseReason::Recovery, text);
    }

    /// What the end of a response means for the end of the call.
    pub(crate) fn response_ended(
        &mut self,
        now: Instant,
        response: &str,
        ended: &Ended,
        status: ResponseStatus,
    ) {
        match self.hangup.response_ended(response, ended.reason, status, ended.spoke) {
            Next::Nothing => {}
            Next::RequestGoodbye => {
                self.request_goodbye(now, self.hangup.reason().unwrap_or(EndReason::AgentHangUp));
            }
        }
    }

    fn model_error(&mut self, now: Instant, class: ErrorClass, event_id: Option<&str>) {
        // What only a request for a response can meet answers our one request, even if it does not say so.
        let meets_requests = matches!(class, ErrorClass::ResponseActive | ErrorClass::Limited { .. });
        let ours = self.gate.is_in_flight(event_id)
            || (meets_requests && event_id.is_none() && self.gate.is_waiting());
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

    pub(crate) fn progress(&mut self, now: Instant, response: &str) {
        if self.phase == Phase::Live && self.gate.is_generating() && self.gate.is_active(response) {
            self.deadlines.set(Deadline::ResponseProgress, now + PROGRESS_WAIT);
        }
    }
}
