//! The one owner of the decision to end a call, and of the order goodbye first, hang-up after.

use std::time::Duration;

use domain::turn::EndReason;

use crate::input::{ResponseReason, ResponseStatus};

/// How long a goodbye may fail to begin, or its last mark fail to come back.
pub(crate) const GOODBYE_WAIT: Duration = Duration::from_secs(10);

#[derive(Debug, Default)]
pub(crate) struct HangUp {
    pending: Option<Pending>,
    /// The entry of the directory that the caller is to be connected with.
    transfer_to: Option<String>,
}

#[derive(Debug)]
struct Pending {
    reason: EndReason,
    goodbye: Goodbye,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Goodbye {
    /// Perhaps said by the response that asked for the end; known when it is over.
    PerhapsIn(String),
    Requested,
    /// The model has said it. The line may still be playing it.
    Said,
    /// The model could not say it.
    Failed,
}

/// What has to happen when a response ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    Nothing,
    /// The end was asked for without a goodbye: ask for one.
    RequestGoodbye,
}

impl HangUp {
    /// The call shall end. The first reason stands, except that nothing outlasts the maximum duration; true
    /// if a goodbye has to be arranged.
    pub(crate) fn begin(&mut self, reason: EndReason, goodbye: Goodbye) -> bool {
        match &mut self.pending {
            Some(pending) => {
                if reason == EndReason::MaxDuration {
                    pending.reason = reason;
                }
                false
            }
            None => {
                self.pending = Some(Pending { reason, goodbye });
                true
            }
        }
    }

    /// The call shall go to this entry of the directory; like [`begin`](Self::begin).
    pub(crate) fn begin_transfer(&mut self, destination: String, goodbye: Goodbye) -> bool {
        let first = self.begin(EndReason::Transfer, goodbye);
        if first {
            self.transfer_to = Some(destination);
        }
        first
    }

    /// Where the call goes, if it is to go on elsewhere.
    pub(crate) fn take_transfer(&mut self) -> Option<String> {
        self.transfer_to.take().filter(|_| self.reason() == Some(EndReason::Transfer))
    }

    /// The caller has more to say. True if that keeps the call alive: it does unless its time is up, or it is a
    /// machine that speaks.
    pub(crate) fn caller_objects(&mut self) -> bool {
        self.pending.take_if(|pending| !is_final(pending.reason)).is_some()
    }

    /// The reason for the end was none. True if it was the reason.
    pub(crate) fn give_up(&mut self, reason: EndReason) -> bool {
        self.pending.take_if(|pending| pending.reason == reason).is_some()
    }

    /// The last words are said whatever is heard meanwhile.
    pub(crate) fn is_final(&self) -> bool {
        self.pending.as_ref().is_some_and(|pending| is_final(pending.reason))
    }

    pub(crate) fn response_ended(
        &mut self,
        response: &str,
        reason: Option<ResponseReason>,
        status: ResponseStatus,
        spoke: bool,
    ) -> Next {
        let Some(pending) = &mut self.pending else { return Next::Nothing };
        match &pending.goodbye {
            Goodbye::PerhapsIn(asker) if asker == response => {
                // Words that were cut short are not a goodbye.
                if spoke && status == ResponseStatus::Completed {
                    pending.goodbye = Goodbye::Said;
                    Next::Nothing
                } else {
                    pending.goodbye = Goodbye::Requested;
                    Next::RequestGoodbye
                }
            }
            Goodbye::Requested if reason == Some(ResponseReason::Goodbye) => {
                pending.goodbye = if spoke { Goodbye::Said } else { Goodbye::Failed };
                Next::Nothing
            }
            Goodbye::PerhapsIn(_) | Goodbye::Requested | Goodbye::Said | Goodbye::Failed => Next::Nothing,
        }
    }

    /// The goodbye cannot be asked for.
    pub(crate) fn goodbye_failed(&mut self) {
        if let Some(pending) = &mut self.pending {
            pending.goodbye = Goodbye::Failed;
        }
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

    fn asked(goodbye: Goodbye) -> HangUp {
        let mut hangup = HangUp::default();
        assert!(hangup.begin(EndReason::AgentHangUp, goodbye));
        hangup
    }

    #[test]
    fn only_the_response_that_asked_for_the_end_can_have_said_goodbye() {
        let mut hangup = asked(Goodbye::PerhapsIn("asker".into()));
        assert_eq!(hangup.response_ended("other", None, ResponseStatus::Completed, true), Next::Nothing);
        assert!(!hangup.is_ready());
        assert_eq!(hangup.response_ended("asker", None, ResponseStatus::Completed, true), Next::Nothing);
        assert!(hangup.is_ready());
    }

    #[test]
    fn another_response_that_ends_is_not_the_goodbye_that_was_asked_for() {
        let mut hangup = asked(Goodbye::Requested);
        let dtmf = Some(ResponseReason::Dtmf);
        assert_eq!(hangup.response_ended("r", dtmf, ResponseStatus::Completed, true), Next::Nothing);
        assert!(!hangup.is_ready());
        let goodbye = Some(ResponseReason::Goodbye);
        assert_eq!(hangup.response_ended("r2", goodbye, ResponseStatus::Failed, false), Next::Nothing);
        assert!(hangup.is_ready() && hangup.goodbye_has_failed());
    }

    #[test]
    fn a_goodbye_that_cannot_be_said_is_not_waited_for() {
        let mut hangup = asked(Goodbye::Requested);
        assert!(!hangup.goodbye_has_failed());
        hangup.goodbye_failed();
        assert!(hangup.is_ready() && hangup.goodbye_has_failed());
    }
}
