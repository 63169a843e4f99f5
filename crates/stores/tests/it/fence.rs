//! A session that was slow instead of dead, and the one that follows it.

use domain::turn::EndReason;
use domain::{CallPlan, Epoch};
use stores::StoreError;
use stores::calls::{self, ResumeCall, Resumed};
use stores::plans::Plans;
use stores::turns::{Reader, Writer};

use crate::turns::{report, turn};
use crate::world::{LEASES, NOW, TABLE, TOKEN_TTL, World, call_sid, open_call};

struct Call {
    world: World,
    calls: calls::Writer,
    plans: Plans,
    turns: Writer,
}

impl Call {
    /// Open, and claimed by its first session.
    async fn live() -> Self {
        let world = World::new().await;
        let calls = calls::Writer::new(&world.aws, TABLE, LEASES, TABLE);
        calls.open(&open_call(1, 4)).await.unwrap();
        let (plans, turns) = (Plans::new(&world.aws, LEASES), Writer::new(&world.aws, TABLE, LEASES));
        assert!(plans.claim(&call_sid(1), Epoch::FIRST, NOW).await.unwrap().is_some());
        Self { world, calls, plans, turns }
    }

    async fn resumed(&self, epoch: u32) -> Resumed {
        let plan = CallPlan { epoch: Epoch(epoch), greeting: None, ..open_call(1, 4).plan.unwrap() };
        self.calls.resume(&ResumeCall { plan, token_ttl: TOKEN_TTL, now: NOW }).await.unwrap()
    }

    async fn ends(&self, epoch: u32) -> bool {
        self.plans.end(&call_sid(1), Epoch(epoch)).await.unwrap()
    }
}

/// Fault 63: a zombie is fenced from the moment its call was given to another session, though it has not begun.
#[tokio::test]
async fn a_session_whose_call_was_given_to_another_leaves_no_trace() {
    let call = Call::live().await;
    call.turns.put_turns(&[turn(1, 0, "before")]).await.unwrap();
    assert_eq!(call.resumed(2).await, Resumed::Minted);

    let refused = |result| assert!(matches!(result, Err(StoreError::Conditional { .. })), "{result:?}");
    refused(call.turns.put_turns(&[turn(1, 0, "changed"), turn(1, 1, "after")]).await);
    refused(call.turns.put_report(&report(1, EndReason::CallerLost)).await);
    assert!(!call.ends(1).await);

    call.turns.put_turns(&[turn(2, 0, "goes on")]).await.unwrap();
    let reader = Reader::new(&call.world.aws, TABLE);
    let kept = reader.turns(&call_sid(1)).await.unwrap();
    assert!(kept == [turn(1, 0, "before"), turn(2, 0, "goes on")], "{kept:?}");
    assert_eq!(reader.report(&call_sid(1)).await, Ok(None));
    assert!(call.ends(2).await && call.ends(2).await, "to be asked twice is no harm");
}

/// Fault 64: the call is either hung up or resumed, in any order, and never both.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_is_being_hung_up_is_not_resumed_and_the_reverse() {
    let call = Call::live().await;
    assert!(call.ends(1).await);
    assert_eq!(call.resumed(2).await, Resumed::NotLive);
    for _ in 0..20 {
        let call = Call::live().await;
        let (ends, resumed) = tokio::join!(call.ends(1), call.resumed(2));
        assert_eq!(ends, resumed == Resumed::NotLive, "{resumed:?}");
        assert_eq!(call.ends(2).await, !ends);
    }
}

/// Fault 24.
#[tokio::test]
async fn turns_whose_answer_was_lost_are_there_once() {
    let (world, lossy) = World::lossy().await;
    calls::Writer::new(&world.aws, TABLE, LEASES, TABLE).open(&open_call(1, 4)).await.unwrap();
    lossy.lose(0..1);
    Writer::new(&world.aws, TABLE, LEASES).put_turns(&[turn(1, 0, "once")]).await.unwrap();
    assert!(lossy.lost_all());
    let kept = Reader::new(&world.aws, TABLE).turns(&call_sid(1)).await.unwrap();
    assert!(kept == [turn(1, 0, "once")]);
}
