use proptest::prelude::*;

use super::*;
use crate::testing;

/// As the first write of a call by a callback may leave it: nothing is known.
fn call() -> Call {
    Call {
        status: CallStatus::Queued,
        direction: Direction::Unknown,
        twilio_direction: String::new(),
        ..testing::call(1, Timestamp(0))
    }
}

fn event(status: CallStatus) -> StatusEvent {
    StatusEvent {
        status,
        sequence: None,
        at: Timestamp(i64::from(status.rank())),
        duration: status.is_terminal().then(|| Duration::from_secs(7)),
        twilio_direction: Some("inbound".into()),
        sip_response_code: None,
        error_code: None,
    }
}

#[test]
fn every_status_has_twilios_word_and_parses_back() {
    for &status in CallStatus::ALL {
        assert_eq!(CallStatus::parse(status.as_str()), Some(status));
    }
    assert_eq!(CallStatus::parse("ended"), None);
}

/// Fault 4.
#[test]
fn a_terminal_status_is_final() {
    let mut call = call();
    assert_eq!(call.apply(&event(CallStatus::Completed)), Applied::Moved);
    for &late in CallStatus::ALL {
        assert_eq!(call.apply(&event(late)), Applied::Kept, "{late:?} must not move a finished call");
    }
    assert_eq!(call.status, CallStatus::Completed);
}

/// A callback that comes late may know a shorter time.
#[test]
fn the_longest_duration_stands_whatever_the_order() {
    let lasting = |seconds: u64| StatusEvent {
        duration: Some(Duration::from_secs(seconds)),
        ..event(CallStatus::Completed)
    };
    for order in [[7, 12, 9], [12, 9, 7], [9, 7, 12]] {
        let mut call = call();
        for seconds in order {
            call.apply(&lasting(seconds));
        }
        call.apply(&event(CallStatus::Ringing));
        assert_eq!(call.duration, Some(Duration::from_secs(12)), "{order:?}");
    }
}

proptest! {
    /// Fault 3. Any order, any duplicates: the same callbacks end in the same status, direction and duration.
    #[test]
    fn every_permutation_of_callbacks_ends_in_the_same_record(
        order in Just(vec![
            CallStatus::Initiated, CallStatus::Ringing, CallStatus::InProgress, CallStatus::Completed,
            CallStatus::Ringing, CallStatus::Completed,
        ]).prop_shuffle()
    ) {
        let mut call = call();
        for status in order {
            let before = call.status.rank();
            call.apply(&event(status));
            prop_assert!(call.status.rank() >= before);
        }
        prop_assert_eq!(call.status, CallStatus::Completed);
        prop_assert_eq!(call.direction, Direction::Inbound);
        prop_assert_eq!(call.duration, Some(Duration::from_secs(7)));
        prop_assert_eq!(call.ended_at, Some(Timestamp(9)));
    }
}
