use super::*;
use crate::testing::origin;

fn released(gate: &mut ResponseGate, now: Instant) -> Option<(ResponseReason, Option<String>, String)> {
    match gate.release(now, false)? {
        ModelCommand::CreateResponse { reason, instructions, event_id, .. } => {
            Some((reason, instructions, event_id))
        }
        _ => None,
    }
}

fn reason(gate: &mut ResponseGate, now: Instant) -> Option<ResponseReason> {
    released(gate, now).map(|(reason, ..)| reason)
}

#[test]
fn of_two_requests_for_one_reason_the_later_is_made_and_others_stay() {
    let (mut gate, now) = (ResponseGate::default(), origin());
    gate.request(ResponseReason::Dtmf, Some("old".into()));
    gate.request(ResponseReason::Warning, None);
    gate.request(ResponseReason::Dtmf, Some("new".into()));
    assert_eq!(reason(&mut gate, now), Some(ResponseReason::Warning));
    gate.created(now, "r", Some(ResponseReason::Warning));
    gate.ended("r");
    let (reason_2, instructions, _) = released(&mut gate, now).unwrap();
    assert_eq!((reason_2, instructions.as_deref()), (ResponseReason::Dtmf, Some("new")));
    gate.created(now, "r2", Some(ResponseReason::Dtmf));
    gate.ended("r2");
    assert!(gate.is_idle());
}

#[test]
fn what_was_withdrawn_is_not_asked_for() {
    let (mut gate, now) = (ResponseGate::default(), origin());
    gate.request(ResponseReason::Dtmf, None);
    gate.request(ResponseReason::Warning, None);
    gate.withdraw(ResponseReason::Warning);
    assert!(gate.is_about(ResponseReason::Dtmf) && !gate.is_about(ResponseReason::Warning));
    gate.withdraw_all();
    assert_eq!(reason(&mut gate, now), None);
}

#[test]
fn a_request_is_about_its_reason_from_asking_to_the_end_of_the_response() {
    let (mut gate, now) = (ResponseGate::default(), origin());
    gate.request(ResponseReason::Greeting, None);
    assert!(gate.is_about(ResponseReason::Greeting) && !gate.is_waiting());
    let (_, _, event_id) = released(&mut gate, now).unwrap();
    assert!(gate.is_about(ResponseReason::Greeting) && gate.is_waiting());
    assert!(gate.is_in_flight(Some(&event_id)));
    assert!(!gate.is_in_flight(Some("another")) && !gate.is_in_flight(None));
    gate.created(now, "r", Some(ResponseReason::Greeting));
    assert!(gate.is_about(ResponseReason::Greeting) && !gate.is_waiting());
    gate.ended("r");
    assert!(!gate.is_about(ResponseReason::Greeting));
}

#[test]
fn a_response_for_another_reason_does_not_answer_the_request_in_flight() {
    let (mut gate, now) = (ResponseGate::default(), origin());
    gate.request(ResponseReason::Greeting, None);
    gate.release(now, false);
    gate.request(ResponseReason::SilencePrompt, None);
    gate.created(now, "r", Some(ResponseReason::Dtmf));
    assert!(gate.is_waiting());
    assert!(gate.has_pending(), "only an answer to the caller makes other words needless");
    gate.created(now, "r2", None);
    assert!(!gate.has_pending());
}

#[test]
fn the_end_of_an_unknown_response_leaves_no_caller_without_words() {
    let mut gate = ResponseGate::default();
    let ended = gate.ended("unknown");
    assert!(ended.is_some_and(|ended| !ended.in_vain && !ended.wanted && !ended.spoke));
    assert_eq!(gate.ended("unknown"), None);
}

#[test]
fn a_request_that_a_lost_model_had_not_begun_is_made_to_the_next() {
    let (mut gate, now) = (ResponseGate::default(), origin());
    gate.request(ResponseReason::Greeting, None);
    gate.release(now, false);
    gate.request(ResponseReason::Dtmf, None);
    assert_eq!(gate.leg_lost(), None);
    assert_eq!(reason(&mut gate, now), Some(ResponseReason::Greeting));
    assert!(gate.is_about(ResponseReason::Dtmf));
}

#[test]
fn a_refused_request_is_made_again_beside_what_waits() {
    let (mut gate, now) = (ResponseGate::default(), origin());
    gate.request(ResponseReason::Greeting, None);
    gate.release(now, false);
    gate.request(ResponseReason::Dtmf, None);
    let wait = Duration::from_secs(5);
    assert_eq!(gate.refused(now, Refusal::Limited { wait: Some(wait) }), None);
    assert_eq!(reason(&mut gate, now), None);
    assert_eq!(gate.retry_at(), Some(now + wait));
    assert_eq!(reason(&mut gate, now + wait), Some(ResponseReason::Greeting));
    assert!(gate.is_about(ResponseReason::Dtmf));
}

#[test]
fn each_turn_has_one_sentence_to_finish() {
    let (mut gate, now) = (ResponseGate::default(), origin());
    assert!(gate.may_finish(now, None));
    assert!(!gate.may_finish(now, None));
    gate.new_turn();
    assert!(gate.may_finish(now, Some(Duration::MAX)));
    gate.request(ResponseReason::Recovery, None);
    assert_eq!(gate.retry_at(), Some(now + FINISH_WAIT_MAX));
}

/// A refusal that names nothing may have been of something else: then the request begins after all, once.
#[test]
fn a_request_that_begins_after_all_is_not_made_again() {
    let (mut gate, now) = (ResponseGate::default(), origin());
    gate.request(ResponseReason::Dtmf, None);
    gate.release(now, false);
    assert_eq!(gate.refused(now, Refusal::Limited { wait: None }), None);
    assert!(gate.is_held_back(ResponseReason::Dtmf));
    gate.created(now, "r", Some(ResponseReason::Dtmf));
    gate.ended("r");
    assert!(gate.is_idle());
}
