use proptest::prelude::*;

use super::*;

const NOW: Timestamp = Timestamp::from_secs(1_795_860_000);

fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

fn sent(notice: &mut Notice, now: Timestamp, can_ask: bool) -> Claim {
    match notice.claim(now, can_ask) {
        Ok(Task::Send(claim)) => claim,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_not_taken_is_sent_again_at_the_times_of_deliveries_and_no_more_than_ten_times() {
    let (mut notice, mut now) = (Notice::new(NOW), NOW);
    let mut waits = vec![];
    for _ in 0..attempt::ATTEMPTS {
        let claim = sent(&mut notice, now, false);
        let came = Came::Later { why: Reason::Overloaded, after: None };
        notice.settle(claim, came, (now, 0.5), false).unwrap();
        if let Some(due) = notice.due() {
            waits.push(due.since(now).as_secs());
            now = due;
        }
    }
    assert_eq!(waits[..4], [5, 300, 1_800, 7_200]);
    assert_eq!((waits.len(), notice.state), (9, State::Failed { why: Reason::Overloaded }));
    assert_eq!(notice.claim(now, false), Err(NotYours::Over));
}

#[test]
fn the_other_side_gets_the_time_that_it_asks_for() {
    let mut notice = Notice::new(NOW);
    let claim = sent(&mut notice, NOW, false);
    let came = Came::Later { why: Reason::Overloaded, after: Some(seconds(90)) };
    notice.settle(claim, came, (NOW, 0.5), false).unwrap();
    assert_eq!(notice.due(), Some(NOW.plus(seconds(90))));
}

#[test]
fn a_lost_answer_is_asked_for_where_that_can_be_and_else_nothing_is_sent_twice() {
    let mut room = Notice::new(NOW);
    let claim = sent(&mut room, NOW, false);
    room.settle(claim, Came::Unknown, (NOW, 0.5), false).unwrap();
    assert_eq!(room.state, State::Failed { why: Reason::Unknown });
    let mut text = Notice::new(NOW);
    let claim = sent(&mut text, NOW, true);
    text.settle(claim, Came::Unknown, (NOW, 0.5), true).unwrap();
    assert_eq!(text.claim(NOW.plus(seconds(29)), true), Err(NotYours::Before(NOW.plus(seconds(30)))));
    let Ok(Task::LookUp(claim, since)) = text.claim(NOW.plus(seconds(30)), true) else { panic!() };
    assert_eq!(since, NOW);
    text.settle(claim, Came::NotThere, (NOW.plus(seconds(31)), 0.5), true).unwrap();
    assert!(text.is_to_be_sent(NOW.plus(seconds(31))));
}

#[test]
fn a_worker_that_died_is_looked_after_or_given_up() {
    let mut room = Notice::new(NOW);
    sent(&mut room, NOW, false);
    assert_eq!(room.claim(NOW.plus(seconds(59)), false), Err(NotYours::Before(NOW.plus(HELD))));
    assert_eq!(room.claim(NOW.plus(HELD), false), Ok(Task::GivenUp));
    assert_eq!(room.state, State::Failed { why: Reason::Unknown });
    let mut text = Notice::new(NOW);
    let dead = sent(&mut text, NOW, true);
    let Ok(Task::LookUp(claim, _)) = text.claim(NOW.plus(HELD), true) else { panic!() };
    assert_eq!(text.settle(dead, Came::Taken, (NOW.plus(HELD), 0.5), true), Err(Overtaken));
    let silent = Came::Later { why: Reason::Overloaded, after: None };
    text.settle(claim, silent, (NOW.plus(HELD), 0.5), true).unwrap();
    assert!(matches!(text.state, State::Asking { since: NOW, .. }), "a question is no attempt: {text:?}");
}

#[test]
fn one_that_is_on_its_way_is_not_skipped_before_its_worker_is_dead() {
    let mut notice = Notice::new(NOW);
    sent(&mut notice, NOW, false);
    assert!(!notice.skip(Skip::Disabled, NOW));
    assert!(notice.skip(Skip::Disabled, NOW.plus(HELD)));
    assert!(!notice.skip(Skip::Deleted, NOW.plus(HELD)), "it is over");
}

#[test]
fn of_many_attempts_the_latest_are_kept() {
    let mut log = vec![];
    for n in 0..40 {
        keep(&mut log, Tried { at: Timestamp(n), took_ms: 1, code: None, why: None });
    }
    assert_eq!((log.len(), log[0].at), (MAX_KEPT, Timestamp(25)));
}

/// What a worker meets.
#[derive(Debug, Clone, Copy)]
enum Step {
    Taken,
    Refused,
    /// The answer is lost, and what was sent has arrived, or has not.
    Lost(bool),
    /// The worker dies after it has sent, or before it.
    Dies(bool),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        Just(Step::Taken),
        Just(Step::Refused),
        any::<bool>().prop_map(Step::Lost),
        any::<bool>().prop_map(Step::Dies),
    ];
    prop::collection::vec(step, 0..60)
}

proptest! {
    /// However workers die and answers are lost, a receiver has it once at most; and where the other side can be asked, what is
    /// there is found.
    #[test]
    fn a_person_is_told_once(steps in steps(), can_ask: bool) {
        let (mut notice, mut now, mut arrived) = (Notice::new(NOW), NOW, 0);
        for step in steps {
            let Some(due) = notice.due() else { break };
            now = now.max(due);
            let (claim, came) = match notice.claim(now, can_ask) {
                Err(NotYours::Before(_)) => continue,
                Err(NotYours::Over) | Ok(Task::GivenUp) => break,
                Ok(Task::LookUp(claim, _)) => match step {
                    Step::Dies(_) => continue,
                    Step::Refused => (claim, Came::Later { why: Reason::Overloaded, after: None }),
                    Step::Taken | Step::Lost(_) if arrived > 0 => (claim, Came::Taken),
                    Step::Taken | Step::Lost(_) => (claim, Came::NotThere),
                },
                Ok(Task::Send(claim)) => {
                    let came = match step {
                        Step::Taken => { arrived += 1; Came::Taken }
                        Step::Refused => Came::Later { why: Reason::Overloaded, after: None },
                        Step::Lost(there) => { arrived += usize::from(there); Came::Unknown }
                        Step::Dies(there) => { arrived += usize::from(there); continue }
                    };
                    (claim, came)
                }
            };
            notice.settle(claim, came, (now, 0.5), can_ask).unwrap();
            prop_assert!(arrived <= 1);
        }
        prop_assert!(arrived <= 1);
        if let State::Sent { .. } = notice.state {
            prop_assert_eq!(arrived, 1);
        }
    }
}
