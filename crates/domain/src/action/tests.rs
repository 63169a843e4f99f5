use super::*;
use crate::testing::{call, call_sid, phone};
use crate::tools::Destination;
use crate::{CallStatus, Timestamp};

fn words(text: &str) -> Words {
    Words::parse(text).unwrap()
}

fn for_session() -> Vec<CallAction> {
    vec![
        CallAction::End,
        CallAction::Transfer { to: "workshop".into() },
        CallAction::Say { text: words("One moment.") },
        CallAction::NoteToAgent { text: words("The bike is ready.") },
        CallAction::MuteAgent,
        CallAction::UnmuteAgent,
    ]
}

fn call_in(status: CallStatus, direction: Direction) -> Call {
    Call { status, direction, ..call(1, Timestamp(0)) }
}

#[test]
fn words_have_a_length_and_are_never_printed() {
    let longest = "ü".repeat(WORDS_MAX_CHARS);
    for text in ["a", "  One moment.\n", "two\nlines", &longest] {
        assert_eq!(words(text).as_str(), text.trim());
    }
    for text in ["", " \n ", "bell\u{7}", &format!("{longest}x")] {
        assert_eq!(Words::parse(text), Err(InvalidWords), "{text}");
    }
    let action = CallAction::Say { text: words("private") };
    assert!(!format!("{action:?}").contains("private"));
}

#[test]
fn only_an_answered_call_has_a_session_and_only_a_ringing_one_can_be_cancelled() {
    for &status in CallStatus::ALL {
        let (inbound, outbound) = (call_in(status, Direction::Inbound), call_in(status, Direction::Outbound));
        let session = match status {
            CallStatus::InProgress => Ok(()),
            status if status.is_terminal() => Err(NotDone::CallOver),
            _ => Err(NotDone::CallNotAnswered),
        };
        for action in for_session() {
            assert_eq!((action.fits_call(&inbound), action.fits_call(&outbound)), (session, session));
        }
        let cancel = match status {
            CallStatus::InProgress => Err(NotDone::CallAnswered),
            status if status.is_terminal() => Err(NotDone::CallOver),
            _ => Ok(()),
        };
        assert_eq!(CallAction::Cancel.fits_call(&outbound), cancel, "{status:?}");
        assert!(CallAction::Cancel.fits_call(&inbound).is_err());
    }
}

#[test]
fn a_call_is_transferred_to_an_entry_of_its_own_directory_only() {
    let to = |to: &str| CallAction::Transfer { to: to.into() };
    let entry = Destination { id: "workshop".into(), label: "the workshop".into(), number: phone(1) };
    let tools = Toolbox { directory: vec![entry], ..Toolbox::default() };
    assert_eq!(to("workshop").fits_tools(&tools), Ok(()));
    assert_eq!(to("+43720000001").fits_tools(&tools), Err(NotDone::UnknownDestination));
    assert_eq!(to("workshop").fits_tools(&Toolbox::default()), Err(NotDone::TransferNotAllowed));
    assert_eq!(CallAction::End.fits_tools(&Toolbox::default()), Ok(()));
}

#[test]
fn only_words_are_not_said_again_and_only_cancelling_needs_no_session() {
    let repeated: Vec<bool> = for_session().iter().map(CallAction::may_be_repeated).collect();
    assert_eq!(repeated, [true, true, false, true, true, true]);
    assert!(for_session().iter().all(CallAction::is_for_session) && !CallAction::Cancel.is_for_session());
}

#[test]
fn a_repetition_has_the_name_of_the_first_request_and_another_call_has_another() {
    let id = ActionId::of(&call_sid(1), "key");
    assert_eq!(id, ActionId::of(&call_sid(1), "key"));
    assert!(id != ActionId::of(&call_sid(2), "key") && id != ActionId::of(&call_sid(1), "other"));
    assert_eq!(ActionId::parse(id.as_str()), Ok(id));
    assert!(ActionId::parse("amd#1").is_err());
}

#[test]
fn each_reason_has_a_code_of_its_own() {
    for &why in NotDone::ALL {
        assert_eq!(NotDone::parse(why.as_str()), Some(why));
        assert!(ActionState::NotDone(why).is_final());
    }
    assert!(!ActionState::Pending.is_final() && !ActionState::Taken.is_final());
}
