use domain::testing;

use super::*;

#[test]
fn twilio_ends_a_call_a_minute_after_its_session_should_have() {
    let mut plan = testing::plan(1);
    plan.conversation.max_call = Duration::from_secs(600);
    assert_eq!(time_limit_s(&plan), 660);
}

#[test]
fn a_lease_keeps_the_call_or_why_there_is_none() {
    let call = testing::call_sid(1);
    assert_eq!(outcome(call.as_str()).unwrap(), call);
    assert_eq!(outcome("refused:21215").unwrap_err().status(), 422);
    assert_eq!(outcome("no call").unwrap_err().status(), 503);
}

#[test]
fn a_request_that_meets_another_at_work_comes_back_in_a_second_at_least() {
    let now = Timestamp(1_795_179_909_000);
    let after = |until| in_progress(until, now).seconds_to_wait();
    assert_eq!(after(now.minus(Duration::from_secs(9))), Some(1));
    assert_eq!(after(now.plus(Duration::from_secs(3_600))), Some(3_600));
}
