//! The connection to the model: had, lost, had again, and replaced before its time is up.
//!
//! A loss is not the end of a call. The line goes on playing what it was given, the caller's audio is kept, and a
//! new leg is told what the conversation was before anything else. The API cannot resume a session (OpenAI
//! Realtime GA), so a leg that is about to expire is replaced in the same way, only with nothing lost: its
//! successor is ready before it is left.

use std::time::{Duration, Instant};

use domain::Epoch;
use domain::turn::EndReason;

use crate::deadlines::Deadline;
use crate::facts::response_gate::Ended;
use crate::input::{ModelLoss, ResponseReason, ResponseStatus};
use crate::output::{Event, ModelCommand};
use crate::{Output, Phase, Session, instructions};

/// A caller is left in silence for three seconds at the most. After this much of them, counted from the start of
/// the stream, the call is handed back: what Twilio is to say instead has to be asked for and spoken.
const FIRST_LEG_WAIT: Duration = Duration::from_millis(2_500);
/// What of it a slow claim leaves to the model.
const FIRST_LEG_WAIT_MIN: Duration = Duration::from_secs(1);
/// The wait in mid-conversation, where a second of the agent's words may still be playing.
const NEXT_LEG_WAIT: Duration = Duration::from_secs(10);
/// One attempt, from the name lookup to the echo of the configuration.
const ATTEMPT_WAIT: Duration = Duration::from_secs(5);
/// Pauses before the second attempt and those after it; the last one repeats. The first is made at once.
const BACKOFF: [Duration; 3] = [Duration::from_millis(250), Duration::from_secs(1), Duration::from_secs(2)];
/// A model that was lost this often will be lost again: another voice takes over.
const LOSSES_MAX: u32 = 5;

/// The API's limit for one session; the leg of a session that does not tell its own.
const LIFETIME_MAX: Duration = Duration::from_secs(60 * 60);
/// A leg that lives no longer is not worth replacing ahead of its end, which then comes as a loss.
const LIFETIME_MIN: Duration = Duration::from_secs(4);
/// How long before its end a leg may be replaced, and when it must be: the least of these and of a share of its
/// lifetime.
const ROLLOVER_LEAD: Duration = Duration::from_secs(5 * 60);
const ROLLOVER_LEAD_SHARE: u32 = 4;
const ROLLOVER_LAST_LEAD: Duration = Duration::from_secs(60);
const ROLLOVER_LAST_LEAD_SHARE: u32 = 8;
/// Pause between attempts to connect a successor while the leg in use still works.
const ROLLOVER_RETRY_WAIT: Duration = Duration::from_secs(20);

/// Begins the id of every item that we replay, so that its echo is not taken for a new turn.
const REPLAYED: &str = "past_";

#[derive(Debug, Default)]
pub(crate) struct ModelLeg {
    up: bool,
    next: Next,
    /// Attempts made since the last leg was lost.
    attempts: u32,
    /// Legs there have been: what is replayed to each carries its number.
    number: u32,
    owed: Option<Owed>,
}

/// The leg that is to come.
#[derive(Debug, Default)]
enum Next {
    #[default]
    None,
    Connecting,
    /// Configured, and waiting for a turn boundary.
    Ready {
        lifetime: Option<Duration>,
    },
}

/// What the caller was owed when the leg was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Owed {
    /// The rest of what the agent was saying.
    Rest,
    /// An answer to what the caller said last.
    Answer,
    /// Attention: the model did not get what the caller was saying.
    Repeat,
}

pub(crate) fn is_replayed(item: &str) -> bool {
    item.starts_with(REPLAYED)
}

impl ModelLeg {
    /// The leg is gone and nobody needs another.
    pub(crate) fn give_up(&mut self) {
        self.up = false;
    }

    /// Whether anything may be said to the model.
    pub(crate) fn is_up(&self) -> bool {
        self.up
    }
}

impl Session {
    /// Says something to the model, if there is one. What a later one must know is in the memory of the turns.
    pub(crate) fn tell(&mut self, command: ModelCommand) {
        if self.leg.up {
            self.emit(Output::ToModel(command));
        }
    }

    pub(crate) fn connect_first_leg(&mut self, now: Instant) {
        let patience = self.started.map_or(now, |started| started + FIRST_LEG_WAIT);
        self.deadlines.set(Deadline::ModelReady, patience.max(now + FIRST_LEG_WAIT_MIN));
        self.attempt(now);
    }

    /// A leg was configured: the one that is waited for, or a successor that can wait for a turn boundary.
    pub(crate) fn model_ready(&mut self, now: Instant, lifetime: Option<Duration>) {
        if !matches!(self.leg.next, Next::Connecting) {
            return;
        }
        self.deadlines.clear(Deadline::ModelAttempt);
        self.leg.next = Next::Ready { lifetime };
        if !self.leg.up {
            self.adopt_leg(now);
        }
    }

    /// The attempt under way came to nothing.
    pub(crate) fn attempt_failed(&mut self, now: Instant, loss: ModelLoss) {
        if matches!(self.leg.next, Next::None) {
            return;
        }
        self.leg.next = Next::None;
        self.deadlines.clear(Deadline::ModelAttempt);
        match (self.leg.up, loss) {
            // The leg in use carries on to its end; then this is tried again, as after any loss.
            (true, ModelLoss::Fatal) => self.deadlines.clear(Deadline::Rollover),
            (true, ModelLoss::Transient) => {
                if self.deadlines.is_armed(Deadline::LastRollover) {
                    self.deadlines.set(Deadline::Rollover, now + ROLLOVER_RETRY_WAIT);
                }
            }
            (false, ModelLoss::Fatal) => self.close(now, EndReason::ModelLost),
            (false, ModelLoss::Transient) => {
                let pauses = usize::try_from(self.leg.attempts.saturating_sub(1)).unwrap_or(usize::MAX);
                let next = now + BACKOFF[pauses.min(BACKOFF.len() - 1)];
                let too_late = self.deadlines.at(Deadline::ModelReady).is_some_and(|until| until <= next);
                // Nothing is playing yet: what is left of the wait would be silence, for nothing.
                if self.phase == Phase::Connecting && too_late {
                    return self.close(now, EndReason::ModelLost);
                }
                self.deadlines.set(Deadline::ModelRetry, next);
            }
        }
    }

    /// Asks for a leg beside the one in use, if there is one.
    pub(crate) fn attempt(&mut self, now: Instant) {
        self.leg.attempts += 1;
        self.leg.next = Next::Connecting;
        self.deadlines.set(Deadline::ModelAttempt, now + ATTEMPT_WAIT);
        self.emit(Output::ConnectModel);
    }

    /// The leg in use is gone, and with it everything that was under way on it.
    pub(crate) fn leg_lost(&mut self, now: Instant, loss: ModelLoss) {
        if !self.leg.up {
            return;
        }
        self.note(Event::ModelLost);
        self.figures.model_losses += 1;
        self.leave_leg(now);
        // Settling may have ended the call. A goodbye that was said and is being played needs no other model.
        if self.phase != Phase::Live || self.hangup.is_ready() {
            return;
        }
        if loss == ModelLoss::Fatal || self.figures.model_losses > LOSSES_MAX {
            return self.close(now, EndReason::ModelLost);
        }
        self.deadlines.set(Deadline::ModelReady, now + NEXT_LEG_WAIT);
        self.leg.attempts = 0;
        match self.leg.next {
            Next::None => self.attempt(now),
            Next::Connecting => self.leg.attempts = 1,
            Next::Ready { .. } => self.adopt_leg(now),
        }
    }

    /// The time has come to connect a successor, as soon as nothing else is about to end the call.
    pub(crate) fn rollover_due(&mut self, now: Instant) {
        if self.hangup.reason().is_some() {
            self.deadlines.set(Deadline::Rollover, now + ROLLOVER_RETRY_WAIT);
        } else if matches!(self.leg.next, Next::None) {
            self.attempt(now);
        }
    }

    /// Without a turn boundary what is being said is cut off by us, rather than a little later by the server.
    pub(crate) fn roll_over_now(&mut self, now: Instant) {
        if self.leg.up && matches!(self.leg.next, Next::Ready { .. }) {
            self.figures.model_rollovers += 1;
            self.leave_leg(now);
            self.adopt_leg(now);
        }
    }

    /// At a turn boundary nothing is lost by going over to the leg that is ready.
    pub(crate) fn roll_over_at_boundary(&mut self, now: Instant) {
        if !self.awaits_words() {
            self.roll_over_now(now);
        }
    }

    /// Settles what was under way on this leg: some of it is to be asked for again, some can only be made good.
    fn leave_leg(&mut self, now: Instant) {
        let caller_was_speaking = self.deadlines.is_armed(Deadline::SpeechEnd);
        let caller_was_waiting = self.deadlines.is_armed(Deadline::Answer);
        for deadline in [
            Deadline::SpeechEnd,
            Deadline::SpeechFrame,
            Deadline::Interruption,
            Deadline::Overheard,
            Deadline::Answer,
            Deadline::ResponseCreated,
            Deadline::ResponseProgress,
            Deadline::Silence,
            Deadline::Rollover,
            Deadline::LastRollover,
        ] {
            self.deadlines.clear(deadline);
        }
        self.leg.up = false;
        self.speech.leg_lost();
        self.playback.leg_lost();
        let lost = self.gate.leg_lost();
        if let Some((response, _)) = &lost {
            self.turns.cut_off(response);
        }
        let words_lost = self.turns.leg_lost();
        let mut owed = caller_was_waiting.then_some(Owed::Answer);
        if let Some((response, ended)) = lost {
            owed = self.response_lost(now, &response, &ended).or(owed);
        }
        if caller_was_speaking || (words_lost && owed == Some(Owed::Answer)) {
            owed = Some(Owed::Repeat);
        }
        self.leg.owed = owed.or(self.leg.owed);
    }

    /// A response was under way. What it was to say for us is asked for again, unless the caller heard some of it.
    fn response_lost(&mut self, now: Instant, response: &str, ended: &Ended) -> Option<Owed> {
        if ended.reason == Some(ResponseReason::Goodbye) && !ended.spoke {
            let reason = self.hangup.reason().unwrap_or(EndReason::AgentHangUp);
            self.request_goodbye(now, reason);
            return None;
        }
        self.response_ended(now, response, ended, ResponseStatus::Failed);
        // Their outputs bring their own response.
        if ended.called_tools {
            return None;
        }
        if ended.spoke {
            return Some(Owed::Rest);
        }
        match ended.reason {
            Some(ResponseReason::Greeting) => {
                self.ask_for_greeting();
                None
            }
            // Nobody has to be asked twice whether they are there.
            Some(ResponseReason::SilencePrompt | ResponseReason::Warning | ResponseReason::Filler) => None,
            Some(
                ResponseReason::ToolOutput
                | ResponseReason::Goodbye
                | ResponseReason::Dtmf
                | ResponseReason::Overheard
                | ResponseReason::Screening
                | ResponseReason::Recovery,
            )
            | None => Some(Owed::Answer),
        }
    }

    /// Goes over to the leg that is ready. From here on everything is said to it and nothing to the old one.
    fn adopt_leg(&mut self, now: Instant) {
        // Settling the old leg may have ended the call.
        if !matches!(self.phase, Phase::Connecting | Phase::Live) {
            return;
        }
        let Next::Ready { lifetime } = std::mem::take(&mut self.leg.next) else { return };
        self.leg.up = true;
        self.leg.attempts = 0;
        self.leg.number += 1;
        self.deadlines.clear(Deadline::ModelReady);
        self.deadlines.clear(Deadline::ModelRetry);
        self.plan_rollover(now, lifetime);
        self.emit(Output::UseModel);
        let after_start = self.since_start(now);
        self.note(Event::ModelReady { after_start });
        let heard = self.replay(now);
        if self.phase == Phase::Connecting {
            self.phase = Phase::Live;
            self.begin_conversation(now);
        } else {
            self.make_good(heard);
        }
    }

    fn plan_rollover(&mut self, now: Instant, lifetime: Option<Duration>) {
        let lifetime = lifetime.unwrap_or(LIFETIME_MAX).min(LIFETIME_MAX);
        if lifetime < LIFETIME_MIN {
            return;
        }
        let lead = ROLLOVER_LEAD.min(lifetime / ROLLOVER_LEAD_SHARE);
        let last_lead = ROLLOVER_LAST_LEAD.min(lifetime / ROLLOVER_LAST_LEAD_SHARE);
        self.deadlines.set(Deadline::Rollover, now + lifetime - lead);
        self.deadlines.set(Deadline::LastRollover, now + lifetime - last_lead);
    }

    /// Tells the new leg what was said and done before, and returns what the caller heard of the agent last.
    fn replay(&mut self, now: Instant) -> Option<String> {
        let recalled = self.turns.recall(&self.playback);
        let heard = recalled.last_words_of_agent().map(str::to_owned);
        let mut last = None;
        for (n, piece) in recalled.into_pieces().enumerate() {
            let item = format!("{REPLAYED}{}_{n}", self.leg.number);
            self.emit(Output::ToModel(ModelCommand::Replay { item: item.clone(), piece }));
            last = Some(item);
        }
        if let Some(last) = last {
            let at = self.wall(now);
            self.turns.leg_begins_behind(now, at, &last);
        }
        heard
    }

    /// A caller who was owed something gets it, unless something else is about to be said anyway.
    fn make_good(&mut self, heard: Option<String>) {
        let owed = self.leg.owed.take();
        if self.hangup.reason().is_some() || self.gate.has_pending() || !self.tools.is_idle() {
            return;
        }
        let (Some(owed), Some(plan)) = (owed, &self.plan) else { return };
        let text = instructions::go_on(plan, owed, heard.as_deref());
        self.gate.request(ResponseReason::Recovery, Some(text));
    }

    /// The first words of the call: the greeting, or for a call that another epoch began, its continuation.
    pub(crate) fn ask_for_first_words(&mut self) {
        let Some(plan) = &self.plan else { return };
        if plan.greeting.is_some() {
            self.ask_for_greeting();
        } else if plan.epoch > Epoch::FIRST || !plan.history.is_empty() {
            let text = instructions::resume(plan);
            self.gate.request(ResponseReason::Recovery, Some(text));
        }
    }

    fn ask_for_greeting(&mut self) {
        let Some(plan) = &self.plan else { return };
        if let Some(greeting) = plan.greeting.as_ref().filter(|_| self.figures.greeting_heard.is_none()) {
            let text = instructions::greeting(plan, greeting);
            self.gate.request(ResponseReason::Greeting, Some(text));
        }
    }
}
