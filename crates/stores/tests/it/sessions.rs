//! Whose a call is, and what a later session goes on with.

use domain::{CallPlan, Epoch};
use stores::calls::{Reader, ResumeCall, Resumed, UNSETTLED_SHARDS, Writer};
use stores::plans::Plans;

use crate::world::{LEASES, NOW, TABLE, TOKEN_TTL, World, call_sid, open_call};

struct Line {
    world: World,
    writer: Writer,
    plans: Plans,
}

impl Line {
    /// A call that was opened, and a second one beside it.
    async fn open() -> Self {
        let world = World::new().await;
        let (writer, plans) = (Writer::new(&world.aws, TABLE, LEASES, TABLE), Plans::new(&world.aws, LEASES));
        for n in [1, 2] {
            writer.open(&open_call(n, 4)).await.unwrap();
        }
        Self { world, writer, plans }
    }

    async fn resume(&self, epoch: u32) {
        let plan = CallPlan { epoch: Epoch(epoch), greeting: None, ..open_call(1, 4).plan.unwrap() };
        let resumed = self.writer.resume(&ResumeCall { plan, token_ttl: TOKEN_TTL, now: NOW }).await;
        assert_eq!(resumed, Ok(Resumed::Minted));
    }

    async fn carried(&self, epoch: u32) -> Option<CallPlan> {
        self.writer.carried_plan(&call_sid(1), Epoch(epoch)).await.unwrap()
    }

    async fn is_current(&self, epoch: u32) -> bool {
        self.plans.is_current(&call_sid(1), Epoch(epoch)).await.unwrap()
    }
}

/// Fault 63.
#[tokio::test]
async fn a_session_has_its_call_until_a_later_one_begins() {
    let line = Line::open().await;
    assert!(line.is_current(1).await);
    line.resume(2).await;
    assert_eq!(
        (line.is_current(1).await, line.is_current(2).await, line.is_current(3).await),
        (false, true, true)
    );
    let unknown = line.plans.is_current(&call_sid(9), Epoch::FIRST).await;
    assert_eq!(unknown, Ok(true), "a call without a row has no later session");
    let reader = Reader::new(&line.world.aws, TABLE);
    let epoch = reader.with_epoch(&call_sid(1)).await.unwrap().map(|(call, epoch)| (call.sid, epoch));
    assert_eq!(epoch, Some((call_sid(1), Epoch(2))));
    assert_eq!(reader.with_epoch(&call_sid(9)).await, Ok(None));
}

/// Fault 64. The plan is kept beside the claim, for the session after; nothing is left of it once the call is hung up.
#[tokio::test]
async fn the_plan_of_a_session_is_kept_claimed_or_not_until_the_call_is_ended() {
    let line = Line::open().await;
    let plan = open_call(1, 4).plan;
    assert_eq!(line.carried(1).await, plan, "before the stream began");
    assert_eq!(line.plans.claim(&call_sid(1), Epoch::FIRST, NOW).await, Ok(plan.clone()));
    assert_eq!(line.carried(1).await, plan, "and since");
    assert_eq!(line.carried(2).await, None, "of an epoch that has not begun");
    line.resume(2).await;
    assert_eq!(line.carried(1).await, None, "of an epoch that is over");
    assert_eq!(line.carried(2).await.map(|plan| plan.epoch), Some(Epoch(2)));
    line.plans.claim(&call_sid(1), Epoch(2), NOW).await.unwrap();
    assert_eq!(line.plans.end(&call_sid(1), Epoch(2)).await, Ok(true));
    assert_eq!(line.carried(2).await, None);
    assert_eq!(line.writer.carried_plan(&call_sid(9), Epoch::FIRST).await, Ok(None));
}

/// Every unsettled call is in one of the shards, and only those that were opened before the time.
#[tokio::test]
async fn the_sweep_finds_every_call_that_is_old_enough_in_one_shard() {
    let line = Line::open().await;
    let reader = Reader::new(&line.world.aws, TABLE);
    let found = async |before| {
        let mut found = vec![];
        for shard in 0..UNSETTLED_SHARDS {
            let calls = reader.unsettled(shard, before, 10).await.unwrap();
            found.extend(calls.into_iter().map(|call| call.sid));
        }
        found.sort_by(|a, b| a.as_str().cmp(b.as_str()));
        found
    };
    assert_eq!(found(NOW).await, [], "opened at that time is not before it");
    let later = NOW.plus(std::time::Duration::from_millis(1));
    assert_eq!(found(later).await, [call_sid(1), call_sid(2)]);
    assert_eq!(reader.unsettled(UNSETTLED_SHARDS, later, 10).await, Ok(vec![]));
}
