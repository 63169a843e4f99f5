//! When an erasure is over, and what it keeps.

use crate::access::KeyId;
use crate::contact::{Contact, ContactId, Handle, PersonRequestId};
use crate::{CallSid, Timestamp};

use super::*;

const NOW: Timestamp = Timestamp::from_secs(1_795_000_000);

fn erasure() -> Erasure {
    let handle = Handle::parse("phone:+436641234567").unwrap();
    let contact = Contact::first(ContactId::new(NOW, 1), handle);
    Erasure::new(PersonRequestId::new(NOW, 2), &contact, KeyId::parse("abcd1234").unwrap())
}

fn round(erasure: &mut Erasure, outcome: &Outcome, now: Timestamp) -> Next {
    for step in Step::ALL {
        let nothing = Outcome::default();
        erasure.note(*step, if *step == Step::Recordings { outcome } else { &nothing }, true, now);
    }
    erasure.conclude(now)
}

#[test]
fn it_is_over_when_nothing_was_found_for_long_enough() {
    let mut erasure = erasure();
    assert_eq!(round(&mut erasure, &Outcome::gone(3), NOW), Next::Again(MOST));
    let soon = NOW.plus(MOST);
    assert_eq!(round(&mut erasure, &Outcome::gone(0), soon), Next::Again(QUIET - MOST));
    assert_eq!(round(&mut erasure, &Outcome::gone(1), soon), Next::Again(MOST), "a late job wrote something");
    let later = soon.plus(QUIET);
    assert_eq!(round(&mut erasure, &Outcome::gone(0), later), Next::Over);
    assert_eq!((erasure.state, erasure.ended_at), (ErasureState::Done, Some(later)));
    assert_eq!(erasure.steps[&Step::Recordings].count, 4);
    assert_eq!(erasure.trace, None, "the trace is deleted");
    assert!(!erasure.resume());
}

#[test]
fn what_is_waited_for_keeps_it_from_its_end() {
    let mut erasure = erasure();
    let later = NOW.plus(QUIET);
    for (why, after) in [(Waits::More, Duration::ZERO), (Waits::Call, AGAIN), (Waits::Bytes, AGAIN)] {
        let mut waits = Outcome::default();
        waits.wait(why);
        assert_eq!(round(&mut erasure, &waits, later), Next::Again(after));
    }
    assert_eq!(round(&mut erasure, &Outcome::default(), later), Next::Over);
}

#[test]
fn a_legal_hold_keeps_the_trace_until_it_has_ended() {
    let mut erasure = erasure();
    let mut held = Outcome::default();
    held.keep(Kept::LegalHold, 1, None);
    let later = NOW.plus(QUIET);
    assert_eq!(round(&mut erasure, &held, later), Next::Over);
    assert_eq!(erasure.state, ErasureState::Held);
    assert!(erasure.trace.is_some() && erasure.resume());
    assert_eq!((erasure.state, erasure.ended_at), (ErasureState::Running, None));
    assert_eq!(round(&mut erasure, &Outcome::gone(0), later), Next::Over);
    assert_eq!(erasure.state, ErasureState::Done);
}

/// What one job of a round keeps is added to what those before it kept; the next round begins anew.
#[test]
fn a_step_of_several_jobs_is_one() {
    let mut erasure = erasure();
    let mut one = Outcome::gone(2);
    one.keep(Kept::Expires, 1, Some(NOW));
    one.wait(Waits::More);
    erasure.note(Step::Plans, &one, true, NOW);
    let mut other = Outcome::gone(1);
    other.keep(Kept::Expires, 2, Some(NOW.plus(AGAIN)));
    erasure.note(Step::Plans, &other, false, NOW);
    let report = &erasure.steps[&Step::Plans];
    assert_eq!((report.count, report.waits), (3, None));
    assert_eq!(report.kept[&Kept::Expires], KeptPart { count: 3, until: Some(NOW.plus(AGAIN)) });
    erasure.note(Step::Plans, &Outcome::default(), true, NOW);
    assert!(erasure.steps[&Step::Plans].kept.is_empty());
}

/// Events keep their places, so what was read once is read again only for more than it was read for.
#[test]
fn events_are_read_again_only_for_more() {
    let mut trace = Trace::default();
    let sid = |n: u32| CallSid::parse(&format!("CA{n:032x}")).unwrap();
    trace.add_calls([sid(1), sid(2)]);
    assert_eq!(trace.events_from(), 0);
    trace.events_read(70);
    assert_eq!(trace.events_from(), 70);
    trace.held.insert(sid(2));
    assert_eq!(trace.events_from(), 0, "its events stay now");
    trace.events_read(80);
    trace.held.clear();
    assert_eq!(trace.events_from(), 0, "the hold has ended");
    trace.events_read(80);
    trace.add_calls([sid(3)]);
    assert_eq!(trace.events_from(), 0);
}

#[test]
fn a_round_goes_on_behind_the_calls_that_it_is_done_with() {
    let mut trace = Trace::default();
    let sids = (1..=120).map(|n| CallSid::parse(&format!("CA{n:032x}")).unwrap());
    assert!(trace.add_calls(sids.clone()) && !trace.add_calls(sids));
    let mut seen = 0;
    loop {
        let (calls, more) = trace.next_calls();
        seen += calls.len();
        trace.calls_to = calls.last().cloned();
        if !more {
            break;
        }
    }
    assert_eq!(seen, 120);
}
