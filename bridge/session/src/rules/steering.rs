//! What the business asks of the call from outside.
//!
//! Notes and muting have their effect at once. What is to be said, and the end of the call, come in the order in which
//! they were asked for. The caller does not interrupt an end that the business wants.

use std::borrow::Cow;

use domain::action::{CallAction, NotDone, Words};
use domain::turn::EndReason;

use crate::action::Action;
use crate::facts::Facts;
use crate::facts::ending::Goodbye;
use crate::facts::response_gate::Ended;
use crate::facts::steering::Asked;
use crate::input::ResponseStatus;
use crate::instructions;
use crate::output::Settled;
use crate::response_reason::ResponseReason;

/// An action has come.
pub(crate) fn received(facts: &Facts, asked: Asked) -> Vec<Action> {
    let Asked { number, action } = asked;
    let done = Action::settle(number, Settled::Done);
    match action {
        CallAction::NoteToAgent { text } => vec![note(&text), done],
        // The goodbye would be cut off, and the call would end without one.
        CallAction::MuteAgent if facts.ending.is_pending() => {
            vec![Action::settle(number, Settled::NotDone(NotDone::CallEnding))]
        }
        CallAction::MuteAgent if facts.steering.is_muted() => vec![done],
        CallAction::MuteAgent => {
            let why = if facts.steering.has_begun() { NotDone::CutShort } else { NotDone::AgentMuted };
            vec![Action::DropWords(why), Action::Mute, Action::StopTalking, done]
        }
        CallAction::UnmuteAgent => unmute(facts).into_iter().chain([done]).collect(),
        action @ (CallAction::Say { .. }
        | CallAction::End
        | CallAction::Transfer { .. }
        | CallAction::Cancel) => vec![Action::AwaitTurn(Asked { number, action })],
    }
}

/// The turn of an action has come.
pub(crate) fn begin(facts: &Facts, asked: Asked) -> Vec<Action> {
    let Asked { number, action } = asked;
    let refuse = |why| vec![Action::settle(number, Settled::NotDone(why))];
    let (reason, transfer_to) = match action {
        CallAction::Say { .. } if facts.ending.is_pending() => return refuse(NotDone::CallEnding),
        CallAction::Say { .. } if facts.steering.is_muted() => return refuse(NotDone::AgentMuted),
        CallAction::Say { text } => return vec![Action::Say { number, words: text }],
        // An end that is on its way is no other one, but a transfer is.
        CallAction::End if facts.ending.reason() == Some(EndReason::Transfer) => {
            return refuse(NotDone::CallEnding);
        }
        CallAction::End => (EndReason::Requested, None),
        CallAction::Transfer { .. } if facts.ending.is_pending() => return refuse(NotDone::CallEnding),
        CallAction::Transfer { to } => {
            let tools = facts.call.plan().map(|plan| &plan.tools);
            let wanted = CallAction::Transfer { to: to.clone() };
            if let Some(Err(why)) = tools.map(|tools| wanted.fits_tools(tools)) {
                return refuse(why);
            }
            (EndReason::Transfer, Some(to))
        }
        CallAction::Cancel => return refuse(NotDone::CallAnswered),
        // They do not wait for a turn.
        CallAction::NoteToAgent { .. } | CallAction::MuteAgent | CallAction::UnmuteAgent => {
            return received(facts, Asked { number, action });
        }
    };
    // The last words are asked for by the business itself.
    let unmuted = facts.steering.is_muted().then_some(Action::Unmute);
    let end = Action::End { reason, goodbye: Goodbye::Requested, transfer_to };
    unmuted.into_iter().chain([end, Action::Insist(number)]).collect()
}

/// A response that was to say the words ended.
pub(crate) fn response_ended(ended: &Ended, status: ResponseStatus) -> Option<Action> {
    match (ended.spoke, status) {
        // Whether it was discarded is known to the gate.
        _ if !ended.wanted => None,
        (true, ResponseStatus::Completed) => Some(Action::WordsSaid),
        (true, _) => Some(Action::DropWords(NotDone::CutShort)),
        // It made way for the caller, or was lost with its leg.
        (false, ResponseStatus::Cancelled) => Some(Action::WordsUnsaid),
        (false, _) => Some(Action::DropWords(NotDone::NotSaid)),
    }
}

/// What has become of the words that the agent was to say, as things stand.
pub(crate) fn follow(facts: &Facts) -> Option<Action> {
    let (response, said) = facts.steering.said_by()?;
    let over = facts.gate.is_discarded(response) || (facts.gate.has_ended(response) && !said);
    if over && facts.steering.has_begun() {
        Some(Action::DropWords(NotDone::CutShort))
    } else if over {
        Some(Action::WordsUnsaid)
    } else {
        (said && !facts.playback.is_audible_from(response)).then_some(Action::WordsHeard)
    }
}

/// The words did not begin in time, or the model does not take the request.
pub(crate) const fn give_up_words() -> Action {
    Action::DropWords(NotDone::NotSaid)
}

/// Words that wait for a response and for which none was asked, or whose request was withdrawn. `None`: there are no
/// such words, or they wait for the end of the call to be given up.
pub(crate) fn ask_again(facts: &Facts) -> Option<Action> {
    let words = facts.steering.unasked()?;
    if facts.gate.is_about(ResponseReason::Words) || facts.ending.is_pending() {
        return None;
    }
    let text = facts.call.plan().map(|plan| instructions::exact_words(plan, words.as_str()));
    Some(Action::ask(ResponseReason::Words, text))
}

/// Whether the call goes on in a session that may still do what this one has not: what is left is for that one.
pub(crate) const fn is_handed_on(reason: EndReason) -> bool {
    match reason {
        EndReason::Transfer
        | EndReason::CallerLost
        | EndReason::Drained
        | EndReason::ModelLost
        | EndReason::Superseded
        | EndReason::Internal => true,
        EndReason::AgentHangUp
        | EndReason::CallerHangUp
        | EndReason::Silence
        | EndReason::Voicemail
        | EndReason::MaxDuration
        | EndReason::Requested
        | EndReason::OptedOut
        | EndReason::Unauthorised
        | EndReason::Protocol => false,
    }
}

/// A caller who spoke to a muted agent is answered now.
fn unmute(facts: &Facts) -> Vec<Action> {
    let answer =
        (facts.steering.owes_answer() && !facts.speech.has_floor()).then_some(Action::AnswerOverheard);
    [Action::Unmute].into_iter().chain(answer).collect()
}

fn note(text: &Words) -> Action {
    Action::Note(Cow::Owned(instructions::note_of_business(text.as_str())))
}

#[cfg(test)]
mod tests {
    use domain::business::ConversationPolicy;

    use super::*;
    use crate::testing::{agent_speaks, facts, origin};

    fn asked(action: CallAction) -> Asked {
        Asked { number: 7, action }
    }

    fn words() -> Words {
        Words::parse("One moment.").unwrap()
    }

    fn refused(why: NotDone) -> Vec<Action> {
        vec![Action::settle(7, Settled::NotDone(why))]
    }

    #[test]
    fn notes_and_muting_have_their_effect_at_once_and_the_rest_waits_its_turn() {
        let mut facts = facts(origin(), ConversationPolicy::default());
        let note = received(&facts, asked(CallAction::NoteToAgent { text: words() }));
        assert!(matches!(&note[..], [Action::Note(_), Action::Settle { .. }]), "{note:?}");
        let mute = received(&facts, asked(CallAction::MuteAgent));
        assert_eq!(mute[1..3], [Action::Mute, Action::StopTalking]);
        let end = received(&facts, asked(CallAction::End));
        assert_eq!(end, [Action::AwaitTurn(asked(CallAction::End))]);
        facts.steering.mute(true);
        facts.steering.caller_began();
        let unmute = received(&facts, asked(CallAction::UnmuteAgent));
        assert!(
            matches!(&unmute[..], [Action::Unmute, Action::AnswerOverheard, Action::Settle { .. }]),
            "{unmute:?}"
        );
    }

    #[test]
    fn a_muted_agent_says_nothing_but_the_last_words_that_the_business_wants() {
        let mut facts = facts(origin(), ConversationPolicy::default());
        facts.steering.mute(true);
        assert_eq!(begin(&facts, asked(CallAction::Say { text: words() })), refused(NotDone::AgentMuted));
        let end = begin(&facts, asked(CallAction::End));
        assert!(matches!(&end[..], [Action::Unmute, Action::End { .. }, Action::Insist(7)]), "{end:?}");
    }

    #[test]
    fn a_call_that_ends_ends_in_one_way() {
        let now = origin();
        let mut facts = facts(now, ConversationPolicy::default());
        let transfer = || asked(CallAction::Transfer { to: "workshop".into() });
        assert_eq!(begin(&facts, transfer()), refused(NotDone::TransferNotAllowed));
        facts.ending.begin(EndReason::AgentHangUp, Goodbye::Requested);
        let end = begin(&facts, asked(CallAction::End));
        assert!(end.contains(&Action::Insist(7)), "the agent's goodbye is this one: {end:?}");
        for action in [transfer().action, CallAction::Say { text: words() }] {
            assert_eq!(begin(&facts, asked(action)), refused(NotDone::CallEnding));
        }
        assert_eq!(received(&facts, asked(CallAction::MuteAgent)), refused(NotDone::CallEnding));
        facts.ending.caller_objects();
        facts.ending.begin(EndReason::Transfer, Goodbye::Requested);
        assert_eq!(begin(&facts, asked(CallAction::End)), refused(NotDone::CallEnding));
    }

    #[test]
    fn words_are_done_once_the_line_has_played_them() {
        let now = origin();
        let mut facts = facts(now, ConversationPolicy::default());
        facts.steering.say(now, 7, words());
        facts.steering.carried_by("r");
        agent_speaks(now, &mut facts);
        let ended = facts.gate.ended("r").unwrap();
        let cut_short = Some(Action::DropWords(NotDone::CutShort));
        assert_eq!(follow(&facts), Some(Action::WordsUnsaid), "it ended unheard");
        facts.steering.heard("r");
        assert_eq!(follow(&facts), cut_short);
        assert_eq!(response_ended(&ended, ResponseStatus::Completed), Some(Action::WordsSaid));
        assert_eq!(response_ended(&ended, ResponseStatus::IncompleteMaxTokens), cut_short);
        facts.steering.said();
        assert_eq!(follow(&facts), None, "the line plays them");
        facts.playback.give_up_on_marks();
        assert_eq!(follow(&facts), Some(Action::WordsHeard));
        facts.gate.discard("r");
        assert_eq!(follow(&facts), cut_short);
    }
}
