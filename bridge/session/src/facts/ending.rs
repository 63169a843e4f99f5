//! The end of the call that was decided and has not come yet: why, and what has become of the goodbye.

use std::time::{Duration, Instant};

use domain::turn::EndReason;

use crate::input::{ResponseReason, ResponseStatus};

/// How long a goodbye may fail to begin, or its last mark fail to come back.
const GOODBYE_WAIT: Duration = Duration::from_secs(10);

/// The end that is pending, if there is one.
#[derive(Debug, Default)]
pub(crate) struct Ending {
    pending: Option<Pending>,
    /// Without a goodbye that was heard by then the call ends as it is.
    goodbye_by: Option<Instant>,
    /// The entry of the directory that the caller is to be connected with.
    transfer_to: Option<String>,
}

#[derive(Debug)]
struct Pending {
    reason: EndReason,
    goodbye: Goodbye,
    /// The business wants it, whatever the caller says.
    insisted: bool,
}

/// What has become of the goodbye.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Goodbye {
    /// Perhaps said by the response that asked for the end; known when it is over.
    PerhapsIn(String),
    /// The model is asked for it.
    Requested,
    /// The model has said it. The line may still be playing it.
    Said,
    /// The model could not say it.
    Failed,
}

impl Ending {
    /// The call shall end. The first reason stands, except that nothing outlasts the maximum duration, and that an agent which
    /// hangs up on a person who wants no more calls does so for that; true if a goodbye has to be arranged.
    pub(crate) fn begin(&mut self, reason: EndReason, goodbye: Goodbye) -> bool {
        match &mut self.pending {
            Some(pending) => {
                let is_wish = (pending.reason, reason) == (EndReason::AgentHangUp, EndReason::OptedOut);
                if reason == EndReason::MaxDuration || is_wish {
                    pending.reason = reason;
                }
                false
            }
            None => {
                self.pending = Some(Pending { reason, goodbye, insisted: false });
                true
            }
        }
    }

    /// The business wants the end that is pending.
    pub(crate) fn insist(&mut self) {
        if let Some(pending) = &mut self.pending {
            pending.insisted = true;
        }
    }

    /// The business wants the end that is pending: nothing takes it back.
    pub(crate) fn is_insisted(&self) -> bool {
        self.pending.as_ref().is_some_and(|pending| pending.insisted)
    }

    /// The call that is about to end goes to this entry of the directory.
    pub(crate) fn transfer(&mut self, destination: String) {
        self.transfer_to = Some(destination);
    }

    /// Where the call goes, if it is to go on elsewhere.
    pub(crate) fn take_transfer(&mut self) -> Option<String> {
        self.transfer_to.take().filter(|_| self.reason() == Some(EndReason::Transfer))
    }

    /// The goodbye may take as long as the line takes to play what it has been given, and no longer than the
    /// wait beyond that. At the maximum duration the call ends without regard to it.
    pub(crate) fn await_goodbye(&mut self, now: Instant, plays_until: Option<Instant>) {
        if self.reason().is_some_and(|reason| reason != EndReason::MaxDuration) {
            let played = plays_until.map_or(now, |end| end.max(now));
            self.goodbye_by = Some(played + GOODBYE_WAIT);
        }
    }

    /// The goodbye is not waited for any more.
    pub(crate) fn goodbye_overdue(&mut self) {
        self.goodbye_by = None;
    }

    /// The caller has more to say. True if that keeps the call alive: it does unless its time is up, or it is a
    /// machine that speaks.
    pub(crate) fn caller_objects(&mut self) -> bool {
        self.take_back(|reason| !is_final(reason))
    }

    /// What `reason` was believed for is not so. True if the call was about to end for it.
    pub(crate) fn give_up(&mut self, reason: EndReason) -> bool {
        self.take_back(|pending| pending == reason)
    }

    fn take_back(&mut self, applies: impl Fn(EndReason) -> bool) -> bool {
        let taken = self.pending.take_if(|pending| !pending.insisted && applies(pending.reason)).is_some();
        if taken {
            self.goodbye_by = None;
        }
        taken
    }

    /// The last words are said whatever is heard meanwhile.
    pub(crate) fn is_final(&self) -> bool {
        self.pending.as_ref().is_some_and(|pending| pending.insisted || is_final(pending.reason))
    }

    /// A response ended. True if it was to say the goodbye and did not: then one has to be asked for.
    pub(crate) fn response_ended(
        &mut self,
        response: &str,
        reason: Option<ResponseReason>,
        status: ResponseStatus,
        spoke: bool,
    ) -> bool {
        let Some(pending) = &mut self.pending else { return false };
        match &pending.goodbye {
            Goodbye::PerhapsIn(asker) if asker == response => {
                // Words that were cut short are not a goodbye.
                if spoke && status == ResponseStatus::Completed {
                    pending.goodbye = Goodbye::Said;
                    false
                } else {
                    pending.goodbye = Goodbye::Requested;
                    true
                }
            }
            Goodbye::Requested if reason == Some(ResponseReason::Goodbye) => {
                pending.goodbye = if spoke { Goodbye::Said } else { Goodbye::Failed };
                false
            }
            Goodbye::PerhapsIn(_) | Goodbye::Requested | Goodbye::Said | Goodbye::Failed => false,
        }
    }

    /// The goodbye cannot be asked for.
    pub(crate) fn goodbye_failed(&mut self) {
        if let Some(pending) = &mut self.pending {
            pending.goodbye = Goodbye::Failed;
        }
    }

    /// The call is about to end.
    pub(crate) const fn is_pending(&self) -> bool {
        self.pending.is_some()
    }

    /// Why the call is about to end, if it is.
    pub(crate) fn reason(&self) -> Option<EndReason> {
        self.pending.as_ref().map(|pending| pending.reason)
    }

    /// The model knows that the call is about to end, and takes its leave. A model that was given up does not.
    pub(crate) fn says_goodbye(&self) -> bool {
        self.reason().is_some_and(|reason| reason != EndReason::ModelLost)
    }

    /// The model has nothing more to say: as soon as nothing is audible, the call can end.
    pub(crate) fn is_ready(&self) -> bool {
        self.pending
            .as_ref()
            .is_some_and(|pending| matches!(pending.goodbye, Goodbye::Said | Goodbye::Failed))
    }

    pub(crate) const fn goodbye_by(&self) -> Option<Instant> {
        self.goodbye_by
    }

    pub(crate) fn goodbye_has_failed(&self) -> bool {
        self.pending.as_ref().is_some_and(|pending| pending.goodbye == Goodbye::Failed)
    }
}

fn is_final(reason: EndReason) -> bool {
    matches!(reason, EndReason::MaxDuration | EndReason::Voicemail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::origin;

    fn asked(goodbye: Goodbye) -> Ending {
        let mut ending = Ending::default();
        assert!(ending.begin(EndReason::AgentHangUp, goodbye));
        ending
    }

    #[test]
    fn only_the_response_that_asked_for_the_end_can_have_said_goodbye() {
        let mut ending = asked(Goodbye::PerhapsIn("asker".into()));
        assert!(!ending.response_ended("other", None, ResponseStatus::Completed, true));
        assert!(!ending.is_ready());
        assert!(!ending.response_ended("asker", None, ResponseStatus::Completed, true));
        assert!(ending.is_ready());
    }

    #[test]
    fn another_response_that_ends_is_not_the_goodbye_that_was_asked_for() {
        let mut ending = asked(Goodbye::Requested);
        let dtmf = Some(ResponseReason::Dtmf);
        assert!(!ending.response_ended("r", dtmf, ResponseStatus::Completed, true));
        assert!(!ending.is_ready());
        let goodbye = Some(ResponseReason::Goodbye);
        assert!(!ending.response_ended("r2", goodbye, ResponseStatus::Failed, false));
        assert!(ending.is_ready() && ending.goodbye_has_failed());
    }

    #[test]
    fn words_that_were_cut_short_are_no_goodbye() {
        let mut ending = asked(Goodbye::PerhapsIn("asker".into()));
        assert!(ending.response_ended("asker", None, ResponseStatus::IncompleteMaxTokens, true));
        assert!(!ending.is_ready());
    }

    #[test]
    fn an_end_that_was_taken_back_waits_for_no_goodbye() {
        let (mut ending, now) = (asked(Goodbye::Requested), origin());
        ending.await_goodbye(now, None);
        assert_eq!(ending.goodbye_by(), Some(now + GOODBYE_WAIT));
        assert!(ending.caller_objects());
        assert_eq!((ending.goodbye_by(), ending.reason()), (None, None));
        ending.begin(EndReason::MaxDuration, Goodbye::Requested);
        assert!(!ending.caller_objects() && ending.is_final());
    }

    #[test]
    fn an_end_that_the_business_wants_is_not_taken_back() {
        let mut ending = asked(Goodbye::Requested);
        assert!(!ending.is_final() && !ending.is_insisted());
        ending.insist();
        assert!(ending.is_final() && ending.is_insisted());
        assert!(!ending.caller_objects() && !ending.give_up(EndReason::AgentHangUp));
        assert_eq!(ending.reason(), Some(EndReason::AgentHangUp));
    }

    #[test]
    fn a_goodbye_that_cannot_be_said_is_not_waited_for() {
        let mut ending = asked(Goodbye::Requested);
        assert!(!ending.goodbye_has_failed());
        ending.goodbye_failed();
        assert!(ending.is_ready() && ending.goodbye_has_failed());
    }
}
