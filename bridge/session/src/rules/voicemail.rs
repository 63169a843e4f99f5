//! Machines that answer an outbound call.
//!
//! Three things speak for a machine: Twilio's machine detection (AMD), which comes late, is sometimes wrong and may
//! never come; words that only machines say; and a monologue without a pause right after the answer. None of them is
//! ever waited for: the greeting is said to whoever answers. The words and the monologue are conclusive. AMD alone is
//! a suspicion: it takes a silent line to confirm it, and a person who answers to clear it.
//!
//! What then happens is the business's policy: the call ends, or a message is left once the machine listens.

use std::time::{Duration, Instant};

use domain::business::VoicemailPolicy;
use domain::turn::EndReason;
use domain::{AnsweredBy, Direction, Epoch, text};

use crate::deadlines::Deadline;
use crate::facts::ending::Goodbye;
use crate::input::ResponseReason;
use crate::{Session, instructions};

/// What is said later than this is said by somebody who converses.
const WINDOW: Duration = Duration::from_secs(60);
/// How early a monologue must begin, and how long it must last, to be a machine's.
const MONOLOGUE_BEGINS: Duration = Duration::from_secs(6);
pub(crate) const MONOLOGUE: Duration = Duration::from_secs(12);
/// A line that is silent for this long after AMD heard a machine is no person's.
const SILENCE_CONFIRMS: Duration = Duration::from_secs(4);
/// A greeting is over when the line is silent for this long: the tone is shorter, a breath as well.
const GREETING_ENDS: Duration = Duration::from_secs(2);
/// The longest greeting that is listened to.
const GREETING_MAX: Duration = Duration::from_secs(45);
/// A longer reply may be a machine's that speaks on.
const REPLY_MAX_WORDS: usize = 12;

#[derive(Debug, Default)]
pub(crate) struct Voicemail {
    state: State,
    /// AMD's verdict, if it came before the conversation.
    early: Option<AnsweredBy>,
    /// What is being said began after the agent had been heard out: it may be a reply.
    replying: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum State {
    /// Nobody was called, or it is settled: nothing is looked for.
    #[default]
    Off,
    Watching,
    /// AMD heard a machine.
    Suspected,
    /// A person answered. Only words can still make it a machine.
    Person,
    /// A machine speaks, and a message is to be left when it is done. `since` is when it was known.
    Waiting {
        since: Instant,
    },
    /// The message is being said.
    Leaving,
}

impl Voicemail {
    /// A machine is being listened to or spoken to: what turn detection would answer wants no answer.
    pub(crate) fn mutes(&self) -> bool {
        matches!(self.state, State::Waiting { .. } | State::Leaving)
    }
}

impl Session {
    /// The conversation of a call that we placed begins.
    pub(crate) fn watch_for_machines(&mut self, now: Instant) {
        let Some(plan) = &self.plan else { return };
        // A later epoch goes on with whoever was spoken to.
        if plan.direction != Direction::Outbound || plan.epoch != Epoch::FIRST {
            return;
        }
        self.voicemail.state = State::Watching;
        if let Some(verdict) = self.voicemail.early.take() {
            self.answered_by(now, verdict);
        }
    }

    /// AMD's verdict before there is a conversation.
    pub(crate) fn answered_early(&mut self, verdict: AnsweredBy) {
        self.voicemail.early = Some(verdict);
    }

    /// AMD's verdict, whenever it comes.
    pub(crate) fn answered_by(&mut self, now: Instant, verdict: AnsweredBy) {
        match (verdict, self.voicemail.state) {
            (_, State::Off | State::Leaving | State::Person) => {}
            (AnsweredBy::Fax, _) => self.leave_machine(now),
            (AnsweredBy::MachineEnd, State::Waiting { .. }) => self.leave_message(now),
            (AnsweredBy::MachineEnd, State::Watching | State::Suspected) if self.leaves_messages() => {
                self.machine_found(now);
                self.leave_message(now);
            }
            (AnsweredBy::MachineStart | AnsweredBy::MachineEnd, State::Watching) => {
                self.voicemail.state = State::Suspected;
            }
            (AnsweredBy::Human, State::Watching) => {
                self.deadlines.clear(Deadline::Monologue);
                self.voicemail.state = State::Person;
            }
            (
                AnsweredBy::Human | AnsweredBy::Unknown | AnsweredBy::MachineStart | AnsweredBy::MachineEnd,
                State::Watching | State::Suspected | State::Waiting { .. },
            ) => {}
        }
    }

    /// Whoever answered begins to speak.
    pub(crate) fn other_party_began(&mut self, now: Instant) {
        let audio = self.playback.total();
        self.voicemail.replying = !audio.heard.is_zero() && !self.playback.is_audible();
        let early = self.since_start(now) < MONOLOGUE_BEGINS;
        if early && matches!(self.voicemail.state, State::Watching | State::Suspected) {
            self.deadlines.set(Deadline::Monologue, now + MONOLOGUE);
        }
    }

    /// Nobody takes no breath for this long who has just been greeted.
    pub(crate) fn monologue_lasted(&mut self, now: Instant) {
        if matches!(self.voicemail.state, State::Watching | State::Suspected) {
            self.machine_found(now);
        }
    }

    /// What the words of whoever answered say about who it is.
    pub(crate) fn who_speaks(&mut self, now: Instant, text: &str) {
        if self.voicemail.state == State::Off {
            return;
        }
        if self.screening_heard(now, text) {
            return;
        }
        let early = self.since_start(now) < WINDOW;
        if early && self.phrases.is_voicemail(text) {
            if !self.voicemail.mutes() {
                self.machine_found(now);
            }
        } else if self.phrases.is_live_answer(text) || self.is_reply(text) {
            self.person_found(now);
        }
    }

    /// A message is spoken after the machine's greeting, a suspicion is confirmed by silence.
    pub(crate) fn follow_voicemail(&mut self, now: Instant, quiet: bool) {
        let counting = self.deadlines.at(Deadline::Voicemail);
        let at = match self.voicemail.state {
            State::Suspected if quiet => Some(counting.unwrap_or(now + SILENCE_CONFIRMS)),
            State::Waiting { since } => {
                let speaks = self.deadlines.is_armed(Deadline::SpeechEnd) || self.playback.is_audible();
                let (latest, soon) = (since + GREETING_MAX, now + GREETING_ENDS);
                Some(if speaks { latest } else { counting.unwrap_or(latest).min(soon) })
            }
            State::Off | State::Watching | State::Suspected | State::Person | State::Leaving => None,
        };
        self.deadlines.follow(Deadline::Voicemail, at);
    }

    pub(crate) fn voicemail_due(&mut self, now: Instant) {
        match self.voicemail.state {
            State::Suspected => self.machine_found(now),
            State::Waiting { .. } => self.leave_message(now),
            State::Off | State::Watching | State::Person | State::Leaving => {}
        }
    }

    fn leaves_messages(&self) -> bool {
        self.plan.as_ref().is_some_and(|plan| plan.conversation.voicemail != VoicemailPolicy::HangUp)
    }

    /// Nothing more is said to a machine but the message.
    fn machine_found(&mut self, now: Instant) {
        if self.hangup.reason().is_some() {
            self.voicemail.state = State::Off;
            return;
        }
        if !self.leaves_messages() {
            return self.leave_machine(now);
        }
        self.voicemail.state = State::Waiting { since: now };
        self.stop_talking(now);
    }

    fn leave_machine(&mut self, now: Instant) {
        self.voicemail.state = State::Off;
        self.stop_talking(now);
        self.hangup.begin(EndReason::Voicemail, Goodbye::Failed);
    }

    /// The agent says no more of what it was saying, nor what it was about to.
    pub(crate) fn stop_talking(&mut self, now: Instant) {
        self.gate.withdraw_all();
        self.deadlines.clear(Deadline::Monologue);
        self.deadlines.clear(Deadline::Answer);
        self.hush(now);
    }

    /// The message takes the goodbye's place, with its limits.
    fn leave_message(&mut self, now: Instant) {
        self.voicemail.state = State::Leaving;
        self.say_goodbye(now, EndReason::Voicemail);
    }

    /// Short enough to be an answer, and said after the agent was heard.
    fn is_reply(&self, text: &str) -> bool {
        let words = text::words(text).len();
        self.voicemail.replying && !self.voicemail.mutes() && (1..=REPLY_MAX_WORDS).contains(&words)
    }

    /// Whatever was thought of before, somebody is there.
    fn person_found(&mut self, now: Instant) {
        let was = std::mem::replace(&mut self.voicemail.state, State::Person);
        self.deadlines.clear(Deadline::Voicemail);
        self.deadlines.clear(Deadline::Monologue);
        self.deadlines.clear(Deadline::Screening);
        if !matches!(was, State::Waiting { .. } | State::Leaving) {
            return;
        }
        self.hush(now);
        if self.hangup.give_up(EndReason::Voicemail) {
            self.deadlines.clear(Deadline::Goodbye);
            self.gate.withdraw(ResponseReason::Goodbye);
        }
        self.turns.remember_note(instructions::PERSON_ANSWERED);
        self.tell(crate::output::ModelCommand::SystemText { text: instructions::PERSON_ANSWERED.to_owned() });
        // Turn detection's own answer was not let through.
        self.gate.request(ResponseReason::Overheard, None);
    }
}
