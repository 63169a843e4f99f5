//! Machines that answer an outbound call.
//!
//! Three things speak for a machine: Twilio's machine detection (AMD), which comes late, is sometimes wrong and may
//! never come; words that only machines say; and a monologue without a pause right after the answer. None of them is
//! ever waited for: the greeting is said to whatever answers. The words and the monologue are conclusive. AMD alone is
//! a suspicion: it takes a silent line to confirm it, and a person who answers to clear it.
//!
//! What then happens is the business's policy: the call ends, or a message is left once the machine listens.

use std::borrow::Cow;
use std::time::{Duration, Instant};

use domain::business::VoicemailPolicy;
use domain::turn::EndReason;
use domain::{AnsweredBy, Direction, Epoch, text};

use crate::action::Action;
use crate::facts::Facts;
use crate::facts::ending::Goodbye;
use crate::facts::other_party::Answerer;
use crate::instructions;
use crate::response_reason::ResponseReason;

/// What is said later than this is said by a party that converses.
const WINDOW: Duration = Duration::from_secs(60);
/// How early a monologue must begin, and how long it must last, to be a machine's.
const MONOLOGUE_BEGINS: Duration = Duration::from_secs(6);
const MONOLOGUE: Duration = Duration::from_secs(12);
/// A line that is silent for this long after AMD heard a machine is no person's.
const SILENCE_CONFIRMS: Duration = Duration::from_secs(4);
/// A greeting is over when the line is silent for this long: the tone is shorter, a breath as well.
const GREETING_ENDS: Duration = Duration::from_secs(2);
/// The longest greeting that is listened to.
const GREETING_MAX: Duration = Duration::from_secs(45);
/// A longer reply may be a machine's that speaks on.
const REPLY_MAX_WORDS: usize = 12;

/// The signs of a machine that are being waited for.
#[derive(Debug, Default)]
pub(crate) struct Voicemail {
    /// AMD's verdict, if it came before the conversation.
    early: Option<AnsweredBy>,
    /// What is being said began after the agent had been heard out: it may be a reply.
    replying: bool,
    /// What is being said since the answer is a machine's if it lasts until then.
    monologue_until: Option<Instant>,
    /// The end of the silence that confirms a machine, or after which it listens.
    silence_ends: Option<Instant>,
}

impl Voicemail {
    /// AMD's verdict before there is a conversation.
    pub(crate) fn answered_early(&mut self, verdict: AnsweredBy) {
        self.early = Some(verdict);
    }

    /// AMD's verdict from before the conversation.
    pub(crate) fn take_early(&mut self) -> Option<AnsweredBy> {
        self.early.take()
    }

    /// AMD's verdict, whenever it comes.
    pub(crate) fn answered_by(&mut self, now: Instant, facts: &Facts, verdict: AnsweredBy) -> Vec<Action> {
        match (verdict, facts.party.answerer()) {
            (_, Answerer::Unwatched | Answerer::Recorder | Answerer::Person) => vec![],
            (AnsweredBy::Fax, _) => leave_machine(),
            (AnsweredBy::MachineEnd, Answerer::Machine { .. }) => leave_message(),
            (AnsweredBy::MachineEnd, Answerer::Watched | Answerer::Suspected) if leaves_messages(facts) => {
                let mut actions = machine_found(now, facts);
                actions.extend(leave_message());
                actions
            }
            (AnsweredBy::MachineStart | AnsweredBy::MachineEnd, Answerer::Watched) => {
                vec![Action::Answered(Answerer::Suspected)]
            }
            (AnsweredBy::Human, Answerer::Watched) => {
                self.monologue_until = None;
                vec![Action::Answered(Answerer::Person)]
            }
            (
                AnsweredBy::Human | AnsweredBy::Unknown | AnsweredBy::MachineStart | AnsweredBy::MachineEnd,
                Answerer::Watched | Answerer::Suspected | Answerer::Machine { .. },
            ) => vec![],
        }
    }

    /// The party that answered begins to speak.
    pub(crate) fn other_party_began(&mut self, now: Instant, facts: &Facts) {
        self.replying = !facts.playback.total().heard.is_zero() && !facts.playback.is_audible();
        if facts.call.since_start(now) < MONOLOGUE_BEGINS && facts.party.is_open() {
            self.monologue_until = Some(now + MONOLOGUE);
        }
    }

    /// There is no monologue: the speech ended, or was answered.
    pub(crate) fn no_monologue(&mut self) {
        self.monologue_until = None;
    }

    /// A person who has just been greeted takes a breath before this.
    pub(crate) fn monologue_lasted(&mut self, now: Instant, facts: &Facts) -> Vec<Action> {
        self.monologue_until = None;
        if facts.party.is_open() { machine_found(now, facts) } else { vec![] }
    }

    /// What the words of the party that answered say about who it is.
    pub(crate) fn heard(&mut self, now: Instant, facts: &Facts, text: &str) -> Vec<Action> {
        let phrases = facts.call.phrases();
        if facts.call.since_start(now) < WINDOW && phrases.is_voicemail(text) {
            if facts.party.is_machine() { vec![] } else { machine_found(now, facts) }
        } else if phrases.is_live_answer(text) || self.is_reply(facts, text) {
            self.person_found(facts)
        } else {
            vec![]
        }
    }

    /// A message is spoken after the machine's greeting, a suspicion is confirmed by silence. `quiet`: neither side
    /// speaks.
    pub(crate) fn follow(&mut self, now: Instant, facts: &Facts, quiet: bool) {
        let counting = self.silence_ends;
        self.silence_ends = match facts.party.answerer() {
            Answerer::Suspected if quiet => Some(counting.unwrap_or(now + SILENCE_CONFIRMS)),
            Answerer::Machine { since } => {
                let speaks = facts.speech.is_speaking() || facts.playback.is_audible();
                let (latest, soon) = (since + GREETING_MAX, now + GREETING_ENDS);
                Some(if speaks { latest } else { counting.unwrap_or(latest).min(soon) })
            }
            Answerer::Unwatched
            | Answerer::Watched
            | Answerer::Suspected
            | Answerer::Person
            | Answerer::Recorder => None,
        };
    }

    /// The line has been silent.
    pub(crate) fn silence_over(&mut self, now: Instant, facts: &Facts) -> Vec<Action> {
        self.silence_ends = None;
        match facts.party.answerer() {
            Answerer::Suspected => machine_found(now, facts),
            Answerer::Machine { .. } => leave_message(),
            Answerer::Unwatched | Answerer::Watched | Answerer::Person | Answerer::Recorder => vec![],
        }
    }

    pub(crate) const fn monologue_until(&self) -> Option<Instant> {
        self.monologue_until
    }

    pub(crate) const fn silence_ends(&self) -> Option<Instant> {
        self.silence_ends
    }

    /// Short enough to be an answer, and said after the agent was heard.
    fn is_reply(&self, facts: &Facts, text: &str) -> bool {
        let words = text::words(text).len();
        self.replying && !facts.party.is_machine() && (1..=REPLY_MAX_WORDS).contains(&words)
    }

    /// Whatever was thought of before, a person is there.
    fn person_found(&mut self, facts: &Facts) -> Vec<Action> {
        (self.silence_ends, self.monologue_until) = (None, None);
        let mut actions = vec![Action::Answered(Answerer::Person), Action::Screened(None)];
        if facts.party.is_machine() {
            actions.extend([
                Action::Hush,
                Action::GiveUpEnd(EndReason::Voicemail),
                Action::Note(Cow::Borrowed(instructions::PERSON_ANSWERED)),
                // Turn detection's own answer was not let through.
                Action::ask(ResponseReason::Overheard, None),
            ]);
        }
        actions
    }
}

/// The conversation begins. Machines answer calls that we place; a later epoch goes on with the party that was spoken to.
pub(crate) fn begin(facts: &Facts) -> Option<Action> {
    let plan = facts.call.plan()?;
    let watches = plan.direction == Direction::Outbound && plan.epoch == Epoch::FIRST;
    watches.then_some(Action::Answered(Answerer::Watched))
}

fn leaves_messages(facts: &Facts) -> bool {
    facts.call.policy().is_some_and(|policy| policy.voicemail != VoicemailPolicy::HangUp)
}

/// Nothing more is said to a machine but the message.
fn machine_found(now: Instant, facts: &Facts) -> Vec<Action> {
    if facts.ending.is_pending() {
        return vec![Action::Answered(Answerer::Unwatched)];
    }
    if !leaves_messages(facts) {
        return leave_machine();
    }
    vec![Action::Answered(Answerer::Machine { since: now }), Action::StopTalking]
}

fn leave_machine() -> Vec<Action> {
    vec![
        Action::Answered(Answerer::Unwatched),
        Action::StopTalking,
        Action::end(EndReason::Voicemail, Goodbye::Failed),
    ]
}

/// The message takes the goodbye's place, with its limits.
fn leave_message() -> Vec<Action> {
    vec![Action::Answered(Answerer::Recorder), Action::say_goodbye(EndReason::Voicemail)]
}

#[cfg(test)]
mod tests {
    use domain::business::ConversationPolicy;

    use super::*;
    use crate::testing::{agent_speaks, facts, origin, secs};

    fn watched(now: Instant, voicemail: VoicemailPolicy) -> Facts {
        let mut facts = facts(now, ConversationPolicy { voicemail, ..Default::default() });
        let Some(Action::Answered(answerer)) = begin(&facts) else { panic!("an outbound call is watched") };
        facts.party.learn(answerer);
        facts
    }

    fn message() -> VoicemailPolicy {
        VoicemailPolicy::LeaveMessage { text: "Please call us.".into() }
    }

    #[test]
    fn detection_alone_is_a_suspicion_that_silence_confirms() {
        let now = origin();
        let mut facts = watched(now, VoicemailPolicy::HangUp);
        let mut voicemail = Voicemail::default();
        let actions = voicemail.answered_by(now, &facts, AnsweredBy::MachineStart);
        assert_eq!(actions, [Action::Answered(Answerer::Suspected)]);
        facts.party.learn(Answerer::Suspected);
        voicemail.follow(now, &facts, false);
        assert_eq!(voicemail.silence_ends(), None);
        voicemail.follow(now, &facts, true);
        voicemail.follow(now + secs(1), &facts, true);
        assert_eq!(voicemail.silence_ends(), Some(now + SILENCE_CONFIRMS));
        assert_eq!(voicemail.silence_over(now, &facts), leave_machine());
    }

    #[test]
    fn a_machine_gets_its_message_when_it_listens() {
        let now = origin();
        let mut facts = watched(now, message());
        let mut voicemail = Voicemail::default();
        let found = voicemail.heard(now, &facts, "Please leave a message after the tone.");
        assert_eq!(found, [Action::Answered(Answerer::Machine { since: now }), Action::StopTalking]);
        facts.party.learn(Answerer::Machine { since: now });
        facts.caller_began(now, "greeting", None);
        voicemail.follow(now, &facts, false);
        assert_eq!(voicemail.silence_ends(), Some(now + GREETING_MAX), "it speaks");
        facts.speech.end();
        voicemail.follow(now + secs(5), &facts, true);
        assert_eq!(voicemail.silence_ends(), Some(now + secs(5) + GREETING_ENDS));
        assert_eq!(voicemail.silence_over(now + secs(7), &facts), leave_message());
    }

    #[test]
    fn a_monologue_right_after_the_answer_is_a_machine_s_and_a_breath_ends_it() {
        let now = origin();
        let facts = watched(now, message());
        let mut voicemail = Voicemail::default();
        voicemail.other_party_began(now + secs(1), &facts);
        assert_eq!(voicemail.monologue_until(), Some(now + secs(1) + MONOLOGUE));
        voicemail.no_monologue();
        voicemail.other_party_began(now + MONOLOGUE_BEGINS, &facts);
        assert_eq!(voicemail.monologue_until(), None, "too late for a greeting");
        assert_eq!(voicemail.monologue_lasted(now, &facts).len(), 2);
    }

    #[test]
    fn a_short_reply_to_the_agent_is_a_person_s() {
        let now = origin();
        let mut facts = watched(now, message());
        let mut voicemail = Voicemail::default();
        voicemail.other_party_began(now, &facts);
        assert_eq!(
            voicemail.heard(now, &facts, "the shop is closed today"),
            [],
            "said before the agent was heard"
        );
        agent_speaks(now, &mut facts);
        facts.playback.give_up_on_marks();
        voicemail.other_party_began(now + secs(2), &facts);
        let person = [Action::Answered(Answerer::Person), Action::Screened(None)];
        assert_eq!(voicemail.heard(now + secs(2), &facts, "the shop is closed today"), person);
        facts.party.learn(Answerer::Machine { since: now });
        let actions = voicemail.heard(now + secs(2), &facts, "Yes, speaking.");
        assert!(actions.contains(&Action::GiveUpEnd(EndReason::Voicemail)), "{actions:?}");
    }

    #[test]
    fn a_call_that_came_to_us_is_not_watched() {
        let now = origin();
        let mut facts = facts(now, ConversationPolicy::default());
        let mut plan = crate::testing::plan(ConversationPolicy::default());
        plan.direction = Direction::Inbound;
        facts.call.plan_claimed(Box::new(plan));
        assert_eq!(begin(&facts), None);
        assert_eq!(Voicemail::default().answered_by(now, &facts, AnsweredBy::Fax), []);
    }
}
