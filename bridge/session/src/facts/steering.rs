//! What the business asks of the call from outside, and how far each of it is.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use domain::CallAction;
use domain::action::Words;

/// How long words that are to be said may wait for the caller to stop speaking and for the model to begin.
const SAY_WAIT: Duration = Duration::from_secs(30);

/// Actions that were received and are not answered, and whether the agent is muted.
#[derive(Debug, Default)]
pub(crate) struct Steering {
    /// In the order in which they were asked for.
    waiting: VecDeque<Asked>,
    saying: Option<Saying>,
    /// The action that the pending end of the call carries out.
    ends: Option<u32>,
    muted: bool,
    /// The caller spoke to a muted agent.
    unanswered: bool,
}

/// One action, by the number that it has in the call.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) number: u32,
    pub(crate) action: CallAction,
}

/// Words that the model was asked for.
#[derive(Debug)]
struct Saying {
    number: u32,
    words: Words,
    /// Without a sound of them by then they are given up; `None` once they are heard.
    begins_by: Option<Instant>,
    /// The response that says them.
    response: Option<String>,
    /// All of them were generated; the line may still be playing them.
    said: bool,
}

impl Steering {
    /// Keeps an action until its turn.
    pub(crate) fn wait(&mut self, asked: Asked) {
        self.waiting.push_back(asked);
    }

    /// The action whose turn it is. No action has its turn while words are being said, or once one ends the call.
    pub(crate) fn take_next(&mut self) -> Option<Asked> {
        if self.saying.is_some() || self.ends.is_some() { None } else { self.waiting.pop_front() }
    }

    /// The next action that was not carried out: the session ends.
    pub(crate) fn take_any(&mut self) -> Option<u32> {
        if let Some(number) = self.ends.take() {
            return Some(number);
        }
        self.waiting.pop_front().map(|asked| asked.number)
    }

    /// These words are asked for.
    pub(crate) fn say(&mut self, now: Instant, number: u32, words: Words) {
        let begins_by = Some(now + SAY_WAIT);
        self.saying = Some(Saying { number, words, begins_by, response: None, said: false });
    }

    /// A response that was asked for these words began.
    pub(crate) fn carried_by(&mut self, response: &str) {
        if let Some(saying) = &mut self.saying {
            saying.response = Some(response.to_owned());
        }
    }

    /// Audio of this response was handed to the line.
    pub(crate) fn heard(&mut self, response: &str) {
        if let Some(saying) = self.saying.as_mut().filter(|s| s.response.as_deref() == Some(response)) {
            saying.begins_by = None;
        }
    }

    /// All of the words were generated.
    pub(crate) fn said(&mut self) {
        if let Some(saying) = &mut self.saying {
            saying.said = true;
        }
    }

    /// The response that was to say the words said none of them.
    pub(crate) fn unsaid(&mut self) {
        if let Some(saying) = &mut self.saying {
            saying.response = None;
        }
    }

    /// The words are not said any more: the number of their action.
    pub(crate) fn take_saying(&mut self) -> Option<u32> {
        self.saying.take().map(|saying| saying.number)
    }

    /// Whether some of the words have been handed to the line.
    pub(crate) fn has_begun(&self) -> bool {
        self.saying.as_ref().is_some_and(|saying| saying.begins_by.is_none())
    }

    /// The words that no response is under way for.
    pub(crate) fn unasked(&self) -> Option<&Words> {
        self.saying.as_ref().filter(|saying| saying.response.is_none()).map(|saying| &saying.words)
    }

    /// The response that says the words, and whether it has said all of them. Their sound may still be on its way.
    pub(crate) fn said_by(&self) -> Option<(&str, bool)> {
        let saying = self.saying.as_ref()?;
        saying.response.as_deref().map(|response| (response, saying.said))
    }

    pub(crate) const fn is_saying(&self) -> bool {
        self.saying.is_some()
    }

    /// When words that have not begun are given up.
    pub(crate) fn begins_by(&self) -> Option<Instant> {
        self.saying.as_ref().and_then(|saying| saying.begins_by)
    }

    /// The pending end of the call carries out this action.
    pub(crate) fn ends_with(&mut self, number: u32) {
        self.ends = Some(number);
    }

    /// The action that the end of the call carries out.
    pub(crate) fn take_ending(&mut self) -> Option<u32> {
        self.ends.take()
    }

    pub(crate) fn mute(&mut self, muted: bool) {
        self.muted = muted;
        self.unanswered = false;
    }

    /// The agent says nothing, and the model is asked for nothing.
    pub(crate) const fn is_muted(&self) -> bool {
        self.muted
    }

    /// The caller began to speak.
    pub(crate) fn caller_began(&mut self) {
        self.unanswered |= self.muted;
    }

    /// The caller has spoken since the agent was muted.
    pub(crate) const fn owes_answer(&self) -> bool {
        self.unanswered
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::origin;

    fn words() -> Words {
        Words::parse("One moment.").unwrap()
    }

    #[test]
    fn actions_wait_for_the_words_before_them() {
        let mut steering = Steering::default();
        steering.wait(Asked { number: 2, action: CallAction::End });
        steering.say(origin(), 1, words());
        assert_eq!(steering.take_next(), None);
        assert_eq!(steering.take_saying(), Some(1));
        assert_eq!(steering.take_next().map(|asked| asked.number), Some(2));
        steering.ends_with(2);
        steering.wait(Asked { number: 3, action: CallAction::End });
        assert_eq!(steering.take_next(), None, "the call ends");
        assert_eq!((steering.take_any(), steering.take_any(), steering.take_any()), (Some(2), Some(3), None));
    }

    #[test]
    fn words_are_asked_for_again_until_they_are_heard_and_no_longer() {
        let (mut steering, now) = (Steering::default(), origin());
        steering.say(now, 1, words());
        assert_eq!(steering.begins_by(), Some(now + SAY_WAIT));
        steering.carried_by("r1");
        assert!(steering.unasked().is_none());
        steering.unsaid();
        assert_eq!(steering.unasked(), Some(&words()));
        steering.carried_by("r2");
        steering.heard("r1");
        assert!(!steering.has_begun(), "that was another response");
        steering.heard("r2");
        assert!(steering.has_begun() && steering.begins_by().is_none());
        steering.said();
        assert_eq!(steering.said_by(), Some(("r2", true)));
        assert_eq!((steering.take_saying(), steering.is_saying()), (Some(1), false));
    }

    #[test]
    fn an_agent_that_is_unmuted_owes_an_answer_to_a_caller_who_spoke_meanwhile() {
        let mut steering = Steering::default();
        steering.caller_began();
        assert!(!steering.owes_answer(), "it was heard");
        steering.mute(true);
        steering.caller_began();
        assert!(steering.is_muted() && steering.owes_answer());
        steering.mute(false);
        assert!(!steering.is_muted() && !steering.owes_answer());
    }
}
