use std::collections::BTreeMap;
use std::time::Duration;

use domain::call::StatusEvent;
use domain::call::{CallStatus, Direction};
use domain::{AnsweredBy, Call, Epoch, Timestamp};
use stores::calls::{OpenCall, Opened, Reader, StatusOutcome, Writer};
use stores::plans::Plans;
use stores::verdicts;

use crate::world::{LEASES, TABLE, World, all_at_once, call, call_sid, open_call};

const LIFE: [CallStatus; 4] =
    [CallStatus::Initiated, CallStatus::Ringing, CallStatus::InProgress, CallStatus::Completed];

pub(crate) fn event(status: CallStatus) -> StatusEvent {
    let ended = status.is_terminal();
    StatusEvent {
        status,
        sequence: Some(u32::from(status.rank())),
        at: Timestamp(1_000 * i64::from(status.rank())),
        duration: ended.then(|| Duration::from_secs(7)),
        twilio_direction: Some("outbound-api".into()),
        sip_response_code: ended.then_some(200),
        error_code: None,
    }
}

struct Line {
    world: World,
    writer: Writer,
}

impl Line {
    async fn new() -> Self {
        let world = World::new().await;
        let writer = Writer::new(&world.aws, TABLE, LEASES, TABLE);
        Self { world, writer }
    }

    async fn open(&self, n: u32) -> Opened {
        let mut request = OpenCall { plan: None, slots: None, ..open_call(n, 1) };
        request.call = opened_call(n);
        self.writer.open(&request).await.unwrap()
    }

    async fn record(&self, n: u32, status: CallStatus) -> StatusOutcome {
        record(&self.writer, n, status).await
    }

    async fn call(&self, n: u32) -> Call {
        Reader::new(&self.world.aws, TABLE).call(&call_sid(n)).await.unwrap().unwrap()
    }
}

async fn record(writer: &Writer, n: u32, status: CallStatus) -> StatusOutcome {
    let params = BTreeMap::from([("From".to_owned(), "+43720123456".to_owned())]);
    writer.record_status(&call_sid(n), status.as_str(), &event(status), &params).await.unwrap()
}

fn opened_call(n: u32) -> Call {
    let direction = Direction::Unknown;
    Call { status: CallStatus::Queued, direction, twilio_direction: String::new(), ..call(n) }
}

/// The record that every order must end in. When the answer is learnt after the end, it is history only.
fn expected(n: u32, order: &[CallStatus]) -> Call {
    let mut call = opened_call(n);
    for status in order {
        call.apply(&event(*status));
    }
    call
}

fn permutations(statuses: &[CallStatus]) -> Vec<Vec<CallStatus>> {
    let Some((first, rest)) = statuses.split_first() else { return vec![vec![]] };
    let places = |order: Vec<CallStatus>| {
        (0..=order.len()).map(move |place| {
            let mut order = order.clone();
            order.insert(place, *first);
            order
        })
    };
    permutations(rest).into_iter().flat_map(places).collect()
}

/// Fault 3.
#[tokio::test]
async fn every_order_of_callbacks_ends_in_the_same_status_duration_and_direction() {
    let line = Line::new().await;
    for (n, order) in (0u32..).zip(permutations(&LIFE)) {
        line.open(n).await;
        for status in &order {
            line.record(n, *status).await;
        }
        let call = line.call(n).await;
        assert_eq!(call, expected(n, &order), "{order:?}");
        let ends = (call.status, call.duration, call.direction, call.ended_at);
        let end = (
            CallStatus::Completed,
            Some(Duration::from_secs(7)),
            Direction::Outbound,
            Some(Timestamp(9_000)),
        );
        assert_eq!(ends, end, "{order:?}");
    }
}

/// Fault 3.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn callbacks_that_race_each_other_and_the_opening_lose_nothing() {
    let line = Line::new().await;
    for n in 0..10 {
        let recorders = LIFE.into_iter().chain(LIFE).map(|status| {
            let writer = line.writer.clone();
            async move { record(&writer, n, status).await.duplicate }
        });
        let (duplicates, opened) = tokio::join!(all_at_once(recorders), line.open(n));
        assert_eq!(duplicates.into_iter().filter(|duplicate| *duplicate).count(), LIFE.len());
        assert_eq!(opened, Opened::New { slots: None });
        let call = line.call(n).await;
        assert_eq!((call.status, call.duration), (CallStatus::Completed, Some(Duration::from_secs(7))));
        let events = Reader::new(&line.world.aws, TABLE).events(&call_sid(n)).await.unwrap();
        assert_eq!(events.len(), LIFE.len(), "each callback is kept once");
    }
}

/// Fault 2.
#[tokio::test]
async fn a_repeated_callback_changes_nothing_and_says_so() {
    let line = Line::new().await;
    line.open(1).await;
    let first = line.record(1, CallStatus::InProgress).await;
    assert_eq!((first.moved, first.duplicate), (true, false));
    let before = line.call(1).await;
    let again = line.record(1, CallStatus::InProgress).await;
    assert_eq!((again.moved, again.duplicate), (false, true));
    assert_eq!(again.call, Some(before.clone()));
    assert_eq!(line.call(1).await, before);
}

/// Fault 24.
#[tokio::test]
async fn a_callback_whose_answer_was_lost_is_not_its_own_duplicate() {
    let (world, lossy) = World::lossy().await;
    let line = Line { writer: Writer::new(&world.aws, TABLE, LEASES, TABLE), world };
    line.open(1).await;
    // Answer 0 is to the reading of the call, answer 1 to the transaction.
    lossy.lose(1..2);
    let outcome = line.record(1, CallStatus::InProgress).await;
    assert!(lossy.lost_all());
    assert_eq!((outcome.moved, outcome.duplicate), (true, false));
    assert!(line.record(1, CallStatus::InProgress).await.duplicate);
}

/// Fault 4.
#[tokio::test]
async fn a_late_callback_is_kept_and_does_not_revive_the_call() {
    let line = Line::new().await;
    line.open(1).await;
    line.record(1, CallStatus::Completed).await;
    let late = line.record(1, CallStatus::Ringing).await;
    assert_eq!((late.moved, late.duplicate), (false, false));
    assert_eq!(late.call.map(|call| call.status), Some(CallStatus::Completed));
    let events = Reader::new(&line.world.aws, TABLE).events(&call_sid(1)).await.unwrap();
    let events: BTreeMap<_, _> = events.into_iter().collect();
    assert_eq!(events["ringing"], event(CallStatus::Ringing));
    assert_eq!(events.len(), 2);
}

/// Fault 3.
#[tokio::test]
async fn callbacks_that_come_before_the_call_are_part_of_it_and_open_none() {
    let line = Line::new().await;
    let early = line.record(1, CallStatus::Completed).await;
    assert_eq!(early, StatusOutcome { moved: false, duplicate: false, call: None });
    assert!(line.record(1, CallStatus::Completed).await.duplicate);
    let reader = Reader::new(&line.world.aws, TABLE);
    assert_eq!(reader.call(&call_sid(1)).await, Ok(None), "a callback opens no call");

    // The call is over when it is opened, so it takes no slot and has no plan to claim.
    assert_eq!(line.writer.open(&open_call(1, 1)).await, Ok(Opened::New { slots: None }));
    assert_eq!(line.call(1).await.status, CallStatus::Completed);
    assert_eq!(line.world.leases("").await.len(), 0);
}

#[tokio::test]
async fn the_history_holds_no_telephone_number() {
    let line = Line::new().await;
    line.open(1).await;
    line.record(1, CallStatus::Ringing).await;
    let row = line.world.item(&format!("call#{}", call_sid(1)), "event#ringing").await.unwrap();
    assert!(!format!("{row:?}").contains("720123456"), "{row:?}");
}

/// Whether the call has to be looked at again.
async fn is_unsettled(line: &Line) -> bool {
    let row = line.world.item(&format!("call#{}", call_sid(1)), "call").await.unwrap();
    row.contains_key("unsettled")
}

/// A call that lives is never settled, though a follow-up takes it to be over.
#[tokio::test]
async fn only_a_call_that_is_over_is_settled() {
    let line = Line::new().await;
    line.open(1).await;
    for status in [CallStatus::Ringing, CallStatus::InProgress] {
        line.record(1, status).await;
        line.writer.settle(&call_sid(1)).await.unwrap();
        assert!(is_unsettled(&line).await, "{status:?}");
    }
    line.record(1, CallStatus::NoAnswer).await;
    assert!(is_unsettled(&line).await, "its end has not been followed up");
    line.writer.settle(&call_sid(1)).await.unwrap();
    assert!(!is_unsettled(&line).await);
    line.writer.settle(&call_sid(1)).await.unwrap();
}

/// TTL deletes when it likes: what is too old is not taken, though it is there.
#[tokio::test]
async fn a_verdict_means_something_for_ten_minutes() {
    const MEANS_SOMETHING: Duration = Duration::from_secs(10 * 60);
    let world = World::new().await;
    let (writer, reader) =
        (verdicts::Writer::new(&world.aws, LEASES), verdicts::Reader::new(&world.aws, LEASES));
    let heard = Timestamp(1_000_000);
    assert_eq!(reader.get(&call_sid(1), heard).await, Ok(None));
    writer.put(&call_sid(1), AnsweredBy::MachineEnd, heard).await.unwrap();
    for (now, expected) in [
        (heard, Some(AnsweredBy::MachineEnd)),
        (heard.plus(MEANS_SOMETHING), Some(AnsweredBy::MachineEnd)),
        (heard.plus(MEANS_SOMETHING + Duration::from_millis(1)), None),
    ] {
        assert_eq!(reader.get(&call_sid(1), now).await, Ok(expected), "{now:?}");
    }
    assert_eq!(reader.get(&call_sid(2), heard).await, Ok(None), "another call's");
}

/// A plan that is taken back lets no session begin; one that was claimed before is its session's.
#[tokio::test]
async fn a_plan_that_is_withdrawn_cannot_be_claimed() {
    let world = World::new().await;
    let writer = Writer::new(&world.aws, TABLE, LEASES, TABLE);
    let plans = Plans::new(&world.aws, LEASES);
    let request = open_call(1, 1);
    let call = call_sid(1);
    let claim = || plans.claim(&call, Epoch::FIRST, request.now);
    writer.withdraw_plan(&call_sid(1)).await.unwrap();
    assert_eq!(world.leases("").await.len(), 0, "there is none, and none is made");
    writer.open(&request).await.unwrap();
    writer.withdraw_plan(&call_sid(1)).await.unwrap();
    writer.withdraw_plan(&call_sid(1)).await.unwrap();
    assert_eq!(claim().await, Ok(None));

    let other = open_call(2, 2);
    writer.open(&other).await.unwrap();
    assert!(plans.claim(&call_sid(2), Epoch::FIRST, other.now).await.unwrap().is_some());
    writer.withdraw_plan(&call_sid(2)).await.unwrap();
    assert_eq!(
        plans.is_current(&call_sid(2), Epoch::FIRST).await,
        Ok(true),
        "the session goes on to its end"
    );
}
