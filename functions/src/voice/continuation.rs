//! What follows a session that is over.

use domain::Epoch;
use domain::turn::EndReason;

/// How often a lost session is replaced before the caller is better served by a person.
const MAX_RESUMES: u32 = 3;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Continuation {
    HangUp,
    Resume,
    /// The entry of the directory that the session named.
    Dial,
    /// What the business has in place of an agent.
    NoAgent,
}

/// What follows the session of epoch `lost`, which ended for the reason `end`, if it lived to tell.
pub(super) fn continuation(end: Option<EndReason>, lost: Epoch) -> Continuation {
    use EndReason as E;
    match end {
        Some(
            E::AgentHangUp
            | E::CallerHangUp
            | E::Silence
            | E::Voicemail
            | E::MaxDuration
            | E::Requested
            | E::OptedOut,
        ) => Continuation::HangUp,
        Some(E::Transfer) => Continuation::Dial,
        // The session tried what could be tried; another one would meet the same model.
        Some(E::ModelLost) => Continuation::NoAgent,
        None
        | Some(E::CallerLost | E::Unauthorised | E::Protocol | E::Drained | E::Superseded | E::Internal) => {
            if may_resume(lost) {
                Continuation::Resume
            } else {
                Continuation::NoAgent
            }
        }
    }
}

/// Whether the session of epoch `lost` may be followed by another one.
pub(super) const fn may_resume(lost: Epoch) -> bool {
    lost.0 < Epoch::FIRST.0 + MAX_RESUMES
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_that_ended_on_purpose_ends_the_call_and_no_other_does() {
        for &end in EndReason::ALL {
            let hangs_up = continuation(Some(end), Epoch::FIRST) == Continuation::HangUp;
            assert_eq!(hangs_up, end.on_purpose(), "{end:?}");
        }
    }

    #[test]
    fn a_lost_session_is_replaced_three_times_at_most() {
        for end in [None, Some(EndReason::CallerLost), Some(EndReason::Drained), Some(EndReason::Internal)] {
            let resumes =
                (1..100).take_while(|epoch| continuation(end, Epoch(*epoch)) == Continuation::Resume).count();
            assert_eq!(resumes, 3, "{end:?}");
            assert_eq!(continuation(end, Epoch(u32::MAX)), Continuation::NoAgent);
        }
    }

    #[test]
    fn a_model_that_cannot_be_had_is_not_asked_again() {
        assert_eq!(continuation(Some(EndReason::ModelLost), Epoch::FIRST), Continuation::NoAgent);
    }
}
