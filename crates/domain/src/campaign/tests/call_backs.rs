//! People who were promised a call at another time.

use super::*;
use crate::campaign::retry::within_caps;

const HOUR: Duration = Duration::from_secs(3_600);

/// A person who was called at `now` and was promised a call then.
fn promised(entry: &mut Entry, now: Timestamp, then: Timestamp) {
    let retries = Retries::default();
    entry.apply(Event::Claim(claim(now)), retries, now).unwrap();
    let order = entry.order().unwrap();
    entry.apply(Event::Placed { order, call: call(order) }, retries, now).unwrap();
    let ended = Ended {
        outcome: Outcome::CallbackRequested,
        lasted: Duration::from_secs(30),
        at: now.plus(Duration::from_secs(40)),
        has_goal: false,
        call_back: Some(then),
    };
    entry.apply(Event::Ended { call: call(order), ended }, retries, ended.at).unwrap();
}

fn someone() -> Entry {
    Entry::new(0, person("+12025550143"), NOW)
}

#[test]
fn the_next_attempt_is_at_the_time_that_was_promised() {
    let (mut entry, then) = (someone(), NOW.plus(HOUR));
    promised(&mut entry, NOW, then);
    assert_eq!(entry.state, EntryState::Waiting { until: then, why: Wait::CallBack });
    assert_eq!(entry.attempts[0].call_back, Some(then));
    assert!(entry.is_promised());
    let sums = Progress::of(&entry);
    assert_eq!((sums.get("open"), sums.get("calls_callback_requested"), sums.answered()), (1, 1, 1));
    // What holds the call up takes nothing of its rank.
    let later = then.plus(HOUR);
    entry.apply(Event::Wait(later, Wait::Hours), Retries::default(), then).unwrap();
    assert!(entry.is_promised());
    attempted(&mut entry, Outcome::Human, later);
    assert!(!entry.is_promised() && entry.state.is_over());
}

#[test]
fn a_call_that_is_promised_counts_within_the_caps() {
    let retries = Retries::default();
    let mut entry = someone();
    assert_eq!(within_caps(&entry, retries, NOW), Some(NOW));
    attempted(&mut entry, Outcome::NoAnswer, NOW);
    let second = entry.state.due().unwrap();
    entry.apply(Event::Claim(claim(second)), retries, second).unwrap();
    let tomorrow = NOW.plus(24 * HOUR);
    assert_eq!(
        within_caps(&entry, retries, second.plus(HOUR)),
        Some(tomorrow),
        "two on a day, this one with them"
    );
    let order = entry.order().unwrap();
    entry.apply(Event::NotPlaced { order, again: (second, Wait::NoRoom) }, retries, second).unwrap();
    promised(&mut entry, second, second.plus(HOUR));
    assert_eq!(entry.state.due(), Some(tomorrow), "the caps hold whatever was promised");
    promised(&mut entry, tomorrow, tomorrow.plus(HOUR));
    let week = NOW.plus(7 * 24 * HOUR);
    assert_eq!(entry.state.due(), Some(week));
    entry.apply(Event::Claim(claim(week)), retries, week).unwrap();
    assert_eq!(within_caps(&entry, retries, week), None, "in the last call nothing is promised");
}

#[test]
fn who_was_promised_a_call_that_does_not_come_is_found_by_a_word_of_its_own() {
    let mut entry = someone();
    assert_eq!(entry.dropped(Skip::Stopped), Skip::Stopped);
    promised(&mut entry, NOW, NOW.plus(HOUR));
    assert_eq!(entry.dropped(Skip::Stopped), Skip::CallBackDropped);
    assert_eq!(entry.dropped(Skip::Expired), Skip::CallBackDropped);
}

#[test]
fn a_person_who_was_erased_during_the_call_is_called_no_more() {
    let mut entry = someone();
    let retries = Retries::default();
    entry.apply(Event::Claim(claim(NOW)), retries, NOW).unwrap();
    entry.apply(Event::Placed { order: 1, call: call(1) }, retries, NOW).unwrap();
    entry.forget(NOW);
    let ended = Ended {
        outcome: Outcome::CallbackRequested,
        lasted: HOUR,
        at: NOW,
        has_goal: false,
        call_back: Some(NOW.plus(HOUR)),
    };
    entry.apply(Event::Ended { call: call(1), ended }, retries, NOW).unwrap();
    assert_eq!(entry.state, EntryState::Done { outcome: Outcome::CallbackRequested, at: NOW });
    let mut waits = someone();
    promised(&mut waits, NOW, NOW.plus(HOUR));
    waits.forget(NOW);
    assert_eq!(waits.state, EntryState::Skipped { why: Skip::Erased, at: NOW });
}
