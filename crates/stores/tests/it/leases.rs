use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};
use std::time::Duration;

use domain::Timestamp;
use platform::Clock;
use proptest::prelude::*;
use stores::heartbeat::Heartbeat;
use stores::leases::{Begun, COOLDOWN, Lease, LeaseError, Leases, MIN_LEASE, WorkKind};

use crate::world::{LEASES, World, all_at_once};

const TTL: Duration = Duration::from_secs(30);
const KEEP: Duration = Duration::from_secs(24 * 60 * 60);

fn leases(world: &World) -> Leases {
    Leases::new(&world.aws, LEASES)
}

async fn won(leases: &Leases, ttl: Duration, now: Timestamp) -> Lease {
    match leases.begin(WorkKind::RecordingArchive, "RE1", ttl, now).await.unwrap() {
        Begun::Won(lease) => lease,
        other => panic!("{other:?}"),
    }
}

/// Fault 36.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_who_begin_at_once_one_has_the_work() {
    let world = World::new().await;
    let now = Clock::system().now();
    let begins = (0..30).map(|_| {
        let leases = leases(&world);
        async move { leases.begin(WorkKind::RecordingArchive, "RE1", TTL, now).await.unwrap() }
    });
    let outcomes = all_at_once(begins).await;
    let won = outcomes.iter().filter(|begun| matches!(begun, Begun::Won(_))).count();
    let told = outcomes.iter().filter(|begun| **begun == Begun::InProgress { until: now.plus(TTL) }).count();
    assert_eq!((won, told), (1, 29));
}

/// Fault 19.
#[tokio::test]
async fn what_is_done_is_answered_with_its_result_until_it_is_forgotten() {
    let world = World::new().await;
    let leases = leases(&world);
    let now = Clock::system().now();
    let lease = won(&leases, TTL, now).await;
    leases.finish(&lease, "archived", KEEP).await.unwrap();
    leases.finish(&lease, "archived", KEEP).await.unwrap();
    let done = Begun::Done { result: "archived".into() };
    assert_eq!(leases.begin(WorkKind::RecordingArchive, "RE1", TTL, now.plus(TTL * 2)).await, Ok(done));

    let forgotten = now.plus(KEEP * 2);
    assert_eq!(won(&leases, TTL, forgotten).await.epoch, 2);
}

/// Fault 17.
#[tokio::test]
async fn work_whose_holder_died_is_taken_over_when_its_lease_is_over() {
    let world = World::new().await;
    let leases = leases(&world);
    let now = Clock::system().now();
    let first = won(&leases, TTL, now).await;
    let early = now.plus(TTL - Duration::from_millis(1));
    let busy = Begun::InProgress { until: now.plus(TTL) };
    assert_eq!(leases.begin(WorkKind::RecordingArchive, "RE1", TTL, early).await, Ok(busy));

    let second = won(&leases, TTL, now.plus(TTL)).await;
    assert_eq!((first.epoch, second.epoch), (1, 2));
    assert_ne!(first.owner, second.owner);
}

/// Fault 21.
#[tokio::test]
async fn a_zombie_may_neither_finish_nor_extend_nor_release() {
    let world = World::new().await;
    let leases = leases(&world);
    let now = Clock::system().now();
    let zombie = won(&leases, TTL, now).await;
    let winner = won(&leases, TTL, now.plus(TTL)).await;
    assert_eq!(leases.finish(&zombie, "wrong", KEEP).await, Err(LeaseError::Fenced));
    assert_eq!(leases.extend(&zombie, TTL).await, Err(LeaseError::Fenced));
    assert_eq!(leases.release(&zombie).await, Err(LeaseError::Fenced));
    leases.finish(&winner, "right", KEEP).await.unwrap();
    assert_eq!(leases.finish(&zombie, "wrong", KEEP).await, Err(LeaseError::Fenced));
    let done = Begun::Done { result: "right".into() };
    assert_eq!(leases.begin(WorkKind::RecordingArchive, "RE1", TTL, now).await, Ok(done));
}

/// Fault 14. A host whose clock is ten minutes fast takes over what is not over: the work is done twice, and ends once.
#[tokio::test]
async fn a_fast_clock_takes_over_early_and_there_is_still_one_result() {
    let world = World::new().await;
    let leases = leases(&world);
    let now = Clock::system().now();
    let right = won(&leases, TTL, now).await;
    let fast = won(&leases, TTL, now.plus(Duration::from_secs(600))).await;
    assert_eq!(leases.finish(&right, "first", KEEP).await, Err(LeaseError::Fenced));
    leases.finish(&fast, "second", KEEP).await.unwrap();
    let slow = now.minus(Duration::from_secs(600));
    let done = Begun::Done { result: "second".into() };
    assert_eq!(leases.begin(WorkKind::RecordingArchive, "RE1", TTL, slow).await, Ok(done));
}

/// Fault 24.
#[tokio::test]
async fn a_holder_who_did_not_hear_the_answer_is_told_again() {
    let (world, lossy) = World::lossy().await;
    let leases = leases(&world);
    lossy.lose(0..1);
    let lease = won(&leases, TTL, Clock::system().now()).await;
    assert!(lossy.lost_all());
    assert_eq!(lease.epoch, 1, "it was counted once");
    lossy.lose(0..1);
    assert_eq!(leases.finish(&lease, "archived", KEEP).await, Ok(()));
    assert!(lossy.lost_all());
}

#[tokio::test]
async fn work_that_was_given_up_waits_for_its_cooldown_and_not_for_its_lease() {
    let world = World::new().await;
    let leases = leases(&world);
    let now = Clock::system().now();
    let lease = won(&leases, KEEP, now).await;
    let until = leases.release(&lease).await.unwrap();
    assert!(until > now && until < now.plus(KEEP));
    assert_eq!(
        leases.begin(WorkKind::RecordingArchive, "RE1", TTL, now).await,
        Ok(Begun::InProgress { until })
    );
    assert_eq!(leases.finish(&lease, "late", KEEP).await, Err(LeaseError::Fenced), "it was given up");
    assert_eq!(won(&leases, TTL, until).await.epoch, 2);
}

/// A cooldown belongs to the work, and not to the holder that failed or the message that asked for it.
#[tokio::test]
async fn a_cooldown_grows_with_every_failure_in_a_row() {
    let world = World::new().await;
    let leases = leases(&world);
    let mut waits = vec![];
    let mut now = Clock::system().now();
    for _ in 0..3 {
        let lease = won(&leases, TTL, now).await;
        let released_at = Clock::system().now();
        now = leases.release(&lease).await.unwrap();
        waits.push(now.since(released_at));
    }
    for (wait, most) in waits.iter().zip([1, 5, 25]) {
        assert!(*wait <= COOLDOWN * most + TTL && *wait >= (COOLDOWN * most).mul_f64(0.75), "{waits:?}");
    }
    // A holder that hands the work back without having failed starts the count anew.
    let lease = won(&leases, TTL, now).await;
    leases.hand_back(&lease, Duration::ZERO).await.unwrap();
    let lease = won(&leases, TTL, now).await;
    let released_at = Clock::system().now();
    let until = leases.release(&lease).await.unwrap();
    assert!(until.since(released_at) <= COOLDOWN + TTL);
}

/// Faults 17 and 21. The next holder goes on where the last one stopped, and a zombie adds nothing.
#[tokio::test]
async fn finished_parts_are_there_for_the_next_holder_and_a_zombie_keeps_none() {
    let world = World::new().await;
    let leases = leases(&world);
    let now = Clock::system().now();
    let first = won(&leases, TTL, now).await;
    leases.keep_part(&first, "a", "said").await.unwrap();
    let second = won(&leases, TTL, now.plus(TTL)).await;
    assert_eq!(leases.keep_part(&first, "b", "invented").await, Err(LeaseError::Fenced));
    assert_eq!(leases.part(&second, "a", now).await, Ok(Some("said".to_owned())));
    assert_eq!(leases.part(&second, "b", now).await, Ok(None));
    assert_eq!(leases.part(&second, "a", now.plus(KEEP * 2)).await, Ok(None), "not for ever, TTL or no TTL");
    leases.keep_part(&second, "c", &"x".repeat(1 << 20)).await.unwrap();
    assert_eq!(leases.part(&second, "c", now).await, Ok(None), "too large: done again");
    let largest = "x".repeat(256 * 1024);
    leases.keep_part(&second, "e", &largest).await.unwrap();
    assert!(leases.part(&second, "e", now).await == Ok(Some(largest)), "the largest that is kept");
    leases.finish(&second, "done", KEEP).await.unwrap();
    assert_eq!(leases.keep_part(&second, "d", "late").await, Err(LeaseError::Fenced));
}

/// The first holder has no earlier one, so nothing is read; a part is of use until its day is over.
#[tokio::test]
async fn a_part_is_for_later_holders_and_for_a_day() {
    const DAY: Duration = Duration::from_secs(24 * 60 * 60);
    let world = World::new().await;
    let leases = leases(&world);
    let now = Clock::system().now();
    let first = won(&leases, TTL, now).await;
    leases.keep_part(&first, "a", "said").await.unwrap();
    let kept = Clock::system().now();
    assert_eq!(leases.part(&first, "a", now).await, Ok(None));
    let second = won(&leases, TTL, now.plus(TTL)).await;
    let before = now.plus(DAY).minus(Duration::from_millis(1));
    assert_eq!(leases.part(&second, "a", before).await, Ok(Some("said".to_owned())));
    assert_eq!(leases.part(&second, "a", kept.plus(DAY)).await, Ok(None));
}

/// Fault 24.
#[tokio::test]
async fn a_part_whose_answer_was_lost_is_kept_once() {
    let (world, lossy) = World::lossy().await;
    let leases = leases(&world);
    let now = Clock::system().now();
    let lease = won(&leases, TTL, now).await;
    lossy.lose(0..1);
    assert_eq!(leases.keep_part(&lease, "a", "said").await, Ok(()));
    assert!(lossy.lost_all());
    let next = won(&leases, TTL, now.plus(TTL)).await;
    assert_eq!(leases.part(&next, "a", now).await, Ok(Some("said".to_owned())));
}

/// Fault 40.
#[tokio::test]
async fn an_extended_lease_is_not_taken_over_at_its_first_end() {
    let world = World::new().await;
    let leases = leases(&world);
    let now = Clock::system().now();
    let lease = won(&leases, TTL, now).await;
    leases.extend(&lease, KEEP).await.unwrap();
    let begun = leases.begin(WorkKind::RecordingArchive, "RE1", TTL, now.plus(TTL * 2)).await.unwrap();
    assert!(matches!(begun, Begun::InProgress { until } if until >= now.plus(KEEP)), "{begun:?}");
}

/// Fault 20.
#[tokio::test]
async fn a_lease_for_no_time_at_all_still_holds_for_a_moment() {
    let world = World::new().await;
    let leases = leases(&world);
    let now = Clock::system().now();
    won(&leases, Duration::ZERO, now).await;
    let begun = leases.begin(WorkKind::RecordingArchive, "RE1", TTL, now).await;
    assert_eq!(begun, Ok(Begun::InProgress { until: now.plus(MIN_LEASE) }));
}

#[tokio::test]
async fn kinds_and_ids_are_apart() {
    let world = World::new().await;
    let leases = leases(&world);
    let now = Clock::system().now();
    won(&leases, TTL, now).await;
    for (kind, id) in [(WorkKind::RecordingArchive, "RE2"), (WorkKind::Transcribe, "RE1")] {
        assert!(matches!(leases.begin(kind, id, TTL, now).await, Ok(Begun::Won(_))), "{kind:?} {id}");
    }
}

/// What one executor does, on the one clock of a test.
#[derive(Debug, Clone)]
struct Executor {
    /// Moves the clock before it begins, milliseconds.
    arrives_after: i64,
    /// Moves the clock while it works; may well be longer than its lease.
    works_for: i64,
    gives_up: bool,
}

fn executor() -> impl Strategy<Value = Executor> {
    (0i64..40_000, 0i64..90_000, prop::bool::weighted(0.2))
        .prop_map(|(arrives_after, works_for, gives_up)| Executor { arrives_after, works_for, gives_up })
}

async fn execute(
    leases: Leases,
    id: String,
    executor: Executor,
    time: Arc<AtomicI64>,
    finished: Arc<AtomicU32>,
) {
    let now = Timestamp(time.fetch_add(executor.arrives_after, Ordering::SeqCst));
    let Begun::Won(lease) = leases.begin(WorkKind::Tool, &id, TTL, now).await.unwrap() else { return };
    time.fetch_add(executor.works_for, Ordering::SeqCst);
    tokio::task::yield_now().await;
    let end = if executor.gives_up {
        leases.release(&lease).await.map(drop)
    } else {
        leases.finish(&lease, &lease.owner, KEEP).await
    };
    match end {
        Ok(()) if executor.gives_up => {}
        Ok(()) => {
            finished.fetch_add(1, Ordering::SeqCst);
        }
        Err(LeaseError::Fenced) => {}
        Err(LeaseError::Store(error)) => panic!("{error}"),
    }
}

/// Fault 21.
#[test]
fn however_executors_pause_at_most_one_finishes_and_its_result_stands() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let world = runtime.block_on(World::new());
    let case = AtomicU32::new(0);
    let run = |executors: Vec<Executor>| {
        let id = case.fetch_add(1, Ordering::SeqCst).to_string();
        let (time, finished) =
            (Arc::new(AtomicI64::new(Clock::system().now().0)), Arc::new(AtomicU32::new(0)));
        runtime.block_on(async {
            let all = executors.into_iter().map(|executor| {
                execute(leases(&world), id.clone(), executor, Arc::clone(&time), Arc::clone(&finished))
            });
            all_at_once(all).await;
            let at = Timestamp(time.load(Ordering::SeqCst));
            let after = leases(&world).begin(WorkKind::Tool, &id, TTL, at).await.unwrap();
            (finished.load(Ordering::SeqCst), after)
        })
    };
    proptest!(ProptestConfig::with_cases(40), |(executors in prop::collection::vec(executor(), 2..8))| {
        let (finished, after) = run(executors);
        prop_assert!(finished <= 1);
        prop_assert_eq!(finished == 1, matches!(after, Begun::Done { .. }), "{:?}", after);
    });
}

/// Fault 40. A short lease is held for as long as its work takes, and is free soon after the worker is gone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_heartbeat_holds_a_lease_and_notices_when_it_is_lost() {
    const TTL: Duration = Duration::from_secs(5);
    let world = World::new().await;
    let leases = leases(&world);
    let began = Clock::system().now();
    let lease = won(&leases, TTL, began).await;
    let heartbeat = Heartbeat::start(&leases, &lease, TTL);
    // Until it has been held far beyond its end.
    loop {
        tokio::time::sleep(TTL / 10).await;
        let rival =
            leases.begin(WorkKind::RecordingArchive, "RE1", TTL, Clock::system().now()).await.unwrap();
        let Begun::InProgress { until } = rival else { panic!("{rival:?}") };
        assert_eq!(heartbeat.check(), Ok(()));
        if until > began.plus(TTL * 5 / 2) {
            break;
        }
    }
    // A worker whose clock says that it is long over takes it.
    let far = Clock::system().now().plus(TTL * 60);
    assert!(matches!(
        leases.begin(WorkKind::RecordingArchive, "RE1", TTL, far).await.unwrap(),
        Begun::Won(_)
    ));
    while heartbeat.check().is_ok() {
        tokio::time::sleep(TTL / 100).await;
    }
    assert_eq!(heartbeat.check(), Err(LeaseError::Fenced));
    assert_eq!(leases.finish(&lease, "done", TTL).await, Err(LeaseError::Fenced));
}

/// Fault 40. What cannot be taken back is asked for anew: a holder that slept through its beats does not know yet.
#[tokio::test]
async fn a_heartbeat_confirms_by_asking() {
    let world = World::new().await;
    let leases = leases(&world);
    let lease = won(&leases, KEEP, Clock::system().now()).await;
    // Its first beat is hours away.
    let heartbeat = Heartbeat::start(&leases, &lease, KEEP);
    assert_eq!(heartbeat.confirm().await, Ok(()));
    let begun = leases.begin(WorkKind::RecordingArchive, "RE1", TTL, Clock::system().now()).await.unwrap();
    let Begun::InProgress { until } = begun else { panic!("{begun:?}") };
    assert!(matches!(
        leases.begin(WorkKind::RecordingArchive, "RE1", TTL, until).await.unwrap(),
        Begun::Won(_)
    ));
    assert_eq!(heartbeat.check(), Ok(()), "it has not been told");
    assert_eq!(heartbeat.confirm().await, Err(LeaseError::Fenced));
}
