use std::collections::BTreeMap;
use std::time::Duration;

use domain::call::{CallStatus, StatusEvent};
use domain::{CallPlan, Epoch};
use stores::calls::{Reader, ResumeCall, Resumed, Writer};
use stores::plans::Plans;

use crate::world::{LEASES, NOW, TABLE, TOKEN_TTL, World, all_at_once, call_sid, open_call};

struct Calls {
    world: World,
    writer: Writer,
    reader: Reader,
    plans: Plans,
}

impl Calls {
    /// With call 1 open.
    async fn with_one(world: World) -> Self {
        let writer = Writer::new(&world.aws, TABLE, LEASES, TABLE);
        writer.open(&open_call(1, 4)).await.unwrap();
        let (reader, plans) = (Reader::new(&world.aws, TABLE), Plans::new(&world.aws, LEASES));
        Self { world, writer, reader, plans }
    }

    async fn claim(&self, epoch: u32) -> Option<CallPlan> {
        self.plans.claim(&call_sid(1), Epoch(epoch), NOW).await.unwrap()
    }

    async fn epoch(&self) -> u32 {
        self.reader.with_epoch(&call_sid(1)).await.unwrap().unwrap().1.0
    }

    async fn status(&self, status: CallStatus) {
        let event = StatusEvent {
            status,
            sequence: None,
            at: NOW,
            duration: None,
            twilio_direction: None,
            sip_response_code: None,
            error_code: None,
        };
        let key = format!("call-{}", status.as_str());
        self.writer.record_status(&call_sid(1), &key, &event, &BTreeMap::new()).await.unwrap();
    }
}

fn next(epoch: u32) -> ResumeCall {
    let plan = CallPlan { epoch: Epoch(epoch), greeting: None, ..open_call(1, 4).plan.unwrap() };
    ResumeCall { plan, token_ttl: TOKEN_TTL, now: NOW }
}

/// Fault 1, of the request that asks what follows a stream.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_copies_begin_one_epoch() {
    let calls = Calls::with_one(World::new().await).await;
    calls.claim(1).await.unwrap();
    let copies = (0..100).map(|copy| {
        let (writer, at) = (calls.writer.clone(), NOW.plus(Duration::from_millis(copy)));
        async move { writer.resume(&ResumeCall { now: at, ..next(2) }).await.unwrap() }
    });
    let outcomes = all_at_once(copies).await;
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == Resumed::Minted).count(), 1);
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == Resumed::Already).count(), 99);
    assert_eq!(calls.world.leases("session#").await.len(), 1);
    assert_eq!(calls.epoch().await, 2);
}

#[tokio::test]
async fn a_copy_after_the_claim_mints_no_second_plan() {
    let calls = Calls::with_one(World::new().await).await;
    calls.claim(1).await.unwrap();
    assert_eq!(calls.writer.resume(&next(2)).await, Ok(Resumed::Minted));
    assert_eq!(calls.claim(2).await, Some(next(2).plan), "the caller was greeted in the first epoch");
    assert_eq!(calls.writer.resume(&next(2)).await, Ok(Resumed::Already));
    assert_eq!(calls.claim(2).await, None);
    assert_eq!(calls.writer.resume(&next(3)).await, Ok(Resumed::Minted));
    assert_eq!(calls.writer.resume(&next(2)).await, Ok(Resumed::Already), "a late copy changes nothing");
    assert_eq!(calls.epoch().await, 3);
}

/// The lost epoch ends with the next one's beginning, and a caller who was not greeted yet is greeted in the next.
#[tokio::test]
async fn an_unclaimed_plan_is_withdrawn_and_leaves_its_greeting() {
    let calls = Calls::with_one(World::new().await).await;
    assert_eq!(calls.writer.resume(&next(2)).await, Ok(Resumed::Minted));
    assert_eq!(calls.claim(1).await, None, "a stream that comes late finds nothing");
    assert_eq!(calls.writer.resume(&next(3)).await, Ok(Resumed::Minted));
    assert_eq!(calls.claim(2).await, None);
    let plan = calls.claim(3).await.unwrap();
    assert_eq!(plan.greeting, open_call(1, 4).plan.unwrap().greeting);
    assert_eq!(calls.writer.resume(&next(4)).await, Ok(Resumed::Minted));
    assert_eq!(calls.claim(4).await.unwrap().greeting, None, "one greeting is one claim's");
}

/// The stream of the lost epoch and the epoch after it race: they never both greet.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_claim_and_a_resume_at_once_leave_one_greeting() {
    for _ in 0..20 {
        let calls = Calls::with_one(World::new().await).await;
        let (plans, writer) = (calls.plans.clone(), calls.writer.clone());
        let claim = tokio::spawn(async move { plans.claim(&call_sid(1), Epoch(1), NOW).await.unwrap() });
        let resume = tokio::spawn(async move { writer.resume(&next(2)).await.unwrap() });
        let (first, resumed) = (claim.await.unwrap(), resume.await.unwrap());
        assert_eq!(resumed, Resumed::Minted);
        let second = calls.claim(2).await.unwrap();
        let greetings = first.and_then(|plan| plan.greeting).into_iter().chain(second.greeting).count();
        assert_eq!(greetings, 1);
    }
}

#[tokio::test]
async fn a_call_that_is_over_or_unknown_or_not_so_far_is_not_resumed() {
    let calls = Calls::with_one(World::new().await).await;
    assert_eq!(calls.writer.resume(&next(3)).await, Ok(Resumed::NotLive), "there was no epoch 2");
    calls.status(CallStatus::Completed).await;
    assert_eq!(calls.writer.resume(&next(2)).await, Ok(Resumed::NotLive));
    let mut unknown = next(2);
    unknown.plan.call = call_sid(9);
    assert_eq!(calls.writer.resume(&unknown).await, Ok(Resumed::NotLive));
    assert_eq!(calls.world.leases("session#").await.len(), 1, "only the plan the call was opened with");
}

#[tokio::test]
async fn a_callback_keeps_the_epoch_and_the_epoch_keeps_the_status() {
    let calls = Calls::with_one(World::new().await).await;
    calls.writer.resume(&next(2)).await.unwrap();
    calls.status(CallStatus::InProgress).await;
    assert_eq!(calls.epoch().await, 2);
    calls.writer.resume(&next(3)).await.unwrap();
    let (call, epoch) = calls.reader.with_epoch(&call_sid(1)).await.unwrap().unwrap();
    assert_eq!((call.status, epoch), (CallStatus::InProgress, Epoch(3)));
}

/// Fault 24.
#[tokio::test]
async fn a_resume_whose_answer_was_lost_is_still_one() {
    let (world, lossy) = World::lossy().await;
    let calls = Calls::with_one(world).await;
    calls.claim(1).await.unwrap();
    // The second answer is the transaction's: the first tells whether the old plan is there.
    lossy.lose(1..2);
    let resumed = calls.writer.resume(&next(2)).await.unwrap();
    assert!(lossy.lost_all());
    assert_eq!(resumed, Resumed::Minted);
    assert_eq!(calls.world.leases("session#").await.len(), 1);
}
