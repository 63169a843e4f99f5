//! Concurrent histories of the claims, over a way that loses requests and answers, against what each claim is when
//! nothing happens at once. An operation whose answer was lost for good is unknown, not failed.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use aws_sdk_dynamodb::config::retry::{RetryConfig, RetryPartition};
use aws_sdk_dynamodb::types::AttributeValue;
use domain::{Epoch, Timestamp};
use platform::{Aws, Clock};
use stores::calls::{OpenCall, Opened, Writer};
use stores::leases::{Begun, Lease, LeaseError, Leases, WorkKind};
use stores::plans::Plans;

use crate::linear::{Model, Recorder, is_linearizable};
use crate::lossy::Lossy;
use crate::world::{LEASES, NOW, TABLE, World, all_at_once, call, call_sid, open_call};

/// One step of the tests' time: so long that a history's real time does not count.
const STEP: Duration = Duration::from_secs(1_000);
/// In steps: a lease is over between the second and the third one after it began.
const TTL: Duration = Duration::from_millis(2_500_000);
const KEEP: Duration = Duration::from_secs(24 * 60 * 60);
const HISTORIES: u64 = 40;
const CLIENTS: u64 = 4;
const OPERATIONS: u64 = 6;
/// Of this many messages one is lost.
const ONE_IN: u64 = 6;

/// A store behind a way that loses, asked without patience: two attempts, and the second one at once.
async fn world() -> (World, Lossy) {
    let (mut world, lossy) = World::lossy().await;
    let retries = RetryConfig::standard().with_max_attempts(2).with_initial_backoff(Duration::from_millis(1));
    // The SDK gives all clients of a process one allowance of retries: what is lost here is not the other tests'.
    let own = RetryPartition::new("histories");
    let config = world.aws.dynamodb.config().to_builder().retry_config(retries).retry_partition(own).build();
    world.aws.dynamodb = aws_sdk_dynamodb::Client::from_conf(config);
    (world, lossy)
}

/// Small and seeded, so that a history that fails can be had again.
#[derive(Clone)]
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }
}

/// The work of one key, as [`Leases`] says it is. Holders are told apart by the number of their begin.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
struct Work {
    epoch: u64,
    held: Option<Held>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Held {
    by: u64,
    until_step: i64,
    is: Is,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Is {
    InProgress,
    Released,
    Done,
}

#[derive(Debug, Clone)]
enum LeaseOp {
    Begin { number: u64, step: i64 },
    Finish { by: u64 },
    Release { by: u64 },
    Extend { by: u64 },
}

#[derive(Debug, Clone, PartialEq)]
enum LeaseRet {
    Won {
        epoch: u64,
    },
    Busy,
    /// Done by this begin.
    Done {
        by: u64,
    },
    Held,
    Fenced,
}

impl Model for Work {
    type Op = LeaseOp;
    type Ret = LeaseRet;

    fn step(&self, op: &LeaseOp) -> Vec<(LeaseRet, Self)> {
        let (by, is, until_step) = match op {
            LeaseOp::Begin { number, step } => {
                return match &self.held {
                    Some(held) if held.until_step > *step => match held.is {
                        Is::Done => vec![(LeaseRet::Done { by: held.by }, self.clone())],
                        Is::InProgress | Is::Released => vec![(LeaseRet::Busy, self.clone())],
                    },
                    _ => {
                        let epoch = self.epoch + 1;
                        let held = Held { by: *number, until_step: step + 3, is: Is::InProgress };
                        let next = Self { epoch, held: Some(held) };
                        // Won, and taken over since, before the one whose answer was lost could ask again.
                        vec![(LeaseRet::Won { epoch }, next.clone()), (LeaseRet::Busy, next)]
                    }
                };
            }
            LeaseOp::Finish { by } => (*by, Is::Done, i64::MAX),
            // The cooldown is over before the first step.
            LeaseOp::Release { by } => (*by, Is::Released, 1),
            LeaseOp::Extend { by } => (*by, Is::InProgress, 11),
        };
        match &self.held {
            Some(held) if held.by == by && held.is == Is::InProgress => {
                let next = Self { held: Some(Held { by, until_step, is }), ..self.clone() };
                let mut outcomes = vec![(LeaseRet::Held, next.clone())];
                // Done, and taken over since, before the holder, whose answer was lost, could ask again.
                if is != Is::Done {
                    outcomes.push((LeaseRet::Fenced, next));
                }
                outcomes
            }
            // To be told once more what one did already.
            Some(held) if held.by == by && held.is == is => vec![(LeaseRet::Held, self.clone())],
            _ => vec![(LeaseRet::Fenced, self.clone())],
        }
    }
}

/// What the clients of one history share.
struct Bench {
    leases: Leases,
    id: String,
    begun: AtomicU64,
    step: AtomicI64,
    started: Timestamp,
    record: Recorder<Work>,
}

impl Bench {
    async fn client(self: Arc<Self>, mut dice: Dice) {
        let mut mine: Vec<(u64, Lease)> = vec![];
        for _ in 0..OPERATIONS {
            let choice = if mine.is_empty() { 0 } else { dice.below(5) };
            if choice < 2 {
                let (number, step) = (
                    self.begun.fetch_add(1, Ordering::SeqCst),
                    self.step.fetch_add(i64::from(dice.below(3) == 0), Ordering::SeqCst),
                );
                let now = self.started.plus(STEP * u32::try_from(step).unwrap());
                let entry = self.record.invokes(LeaseOp::Begin { number, step });
                match self.leases.begin(WorkKind::Tool, &self.id, TTL, now).await {
                    Ok(Begun::Won(lease)) => {
                        self.record.returns(entry, LeaseRet::Won { epoch: lease.epoch });
                        mine.push((number, lease));
                    }
                    Ok(Begun::InProgress { .. }) => self.record.returns(entry, LeaseRet::Busy),
                    Ok(Begun::Done { result }) => {
                        self.record.returns(entry, LeaseRet::Done { by: result.parse().unwrap() });
                    }
                    Err(error) => assert!(error.is_retryable(), "{error}"),
                }
                continue;
            }
            let index = usize::try_from(dice.below(mine.len() as u64)).unwrap();
            let (by, lease) = &mine[index];
            let by = *by;
            let (entry, outcome) = match choice {
                2 => {
                    let entry = self.record.invokes(LeaseOp::Finish { by });
                    (entry, self.leases.finish(lease, &by.to_string(), KEEP).await)
                }
                3 => {
                    let entry = self.record.invokes(LeaseOp::Release { by });
                    (entry, self.leases.release(lease).await.map(drop))
                }
                _ => {
                    let entry = self.record.invokes(LeaseOp::Extend { by });
                    (entry, self.leases.extend(lease, STEP * 10 + STEP / 2).await)
                }
            };
            match outcome {
                Ok(()) => self.record.returns(entry, LeaseRet::Held),
                Err(LeaseError::Fenced) => self.record.returns(entry, LeaseRet::Fenced),
                Err(LeaseError::Store(error)) => assert!(error.is_retryable(), "{error}"),
            }
        }
    }
}

/// Faults 19, 21 and 24. Acquire, renew, give up, finish and take over, at once and with answers lost.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn leases_are_linearizable() {
    let (world, lossy) = world().await;
    let mut unknown = 0;
    for seed in 0..HISTORIES {
        let bench = Arc::new(Bench {
            leases: Leases::new(&world.aws, LEASES),
            id: seed.to_string(),
            begun: AtomicU64::new(0),
            step: AtomicI64::new(1),
            started: Clock::system().now(),
            record: Recorder::new(),
        });
        lossy.lose_by_chance(seed + 1, ONE_IN);
        let clients = (0..CLIENTS).map(|client| Arc::clone(&bench).client(Dice(seed * CLIENTS + client)));
        all_at_once(clients).await;
        let history = bench.record.history();
        unknown += history.iter().filter(|entry| entry.returned.is_none()).count();
        assert!(is_linearizable(Work::default(), &history), "seed {seed}: {history:#?}");
    }
    assert!(unknown > 0, "answers were lost for good");
}

/// What everybody would write first: look, and take it if it is free.
async fn careless_begin(aws: &Aws, id: &str, number: u64, meet: &tokio::sync::Barrier) -> LeaseRet {
    let key = AttributeValue::S(format!("careless#{id}"));
    let read = aws.dynamodb.get_item().table_name(LEASES).consistent_read(true).key("pk", key.clone());
    let held = read.send().await.unwrap().item.is_some();
    meet.wait().await;
    if held {
        return LeaseRet::Busy;
    }
    let put = aws.dynamodb.put_item().table_name(LEASES).item("pk", key);
    put.item("by", AttributeValue::N(number.to_string())).send().await.unwrap();
    LeaseRet::Won { epoch: 1 }
}

/// The check can fail: the same one finds a claim that has no condition.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_claim_without_a_condition_is_found_out() {
    let world = World::new().await;
    let record = Arc::new(Recorder::<Work>::new());
    let meet = Arc::new(tokio::sync::Barrier::new(2));
    let clients = (0..2).map(|number| {
        let (aws, record, meet) = (world.aws.clone(), Arc::clone(&record), Arc::clone(&meet));
        async move {
            let entry = record.invokes(LeaseOp::Begin { number, step: 1 });
            record.returns(entry, careless_begin(&aws, "1", number, &meet).await);
        }
    });
    all_at_once(clients).await;
    assert!(!is_linearizable(Work::default(), &record.history()), "{:?}", record.history());
}

/// One plan: the first claim has it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct OnePlan {
    claimed: bool,
}

impl Model for OnePlan {
    type Op = ();
    type Ret = bool;

    fn step(&self, (): &()) -> Vec<(bool, Self)> {
        vec![(!self.claimed, Self { claimed: true })]
    }
}

/// Faults 24 and 56. Of streams that claim one plan at once, one has it; and it does no harm that the answer
/// to its claim was.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_claim_of_a_plan_is_linearizable() {
    let (world, lossy) = world().await;
    let writer = Writer::new(&world.aws, TABLE, LEASES, TABLE);
    for seed in 0..HISTORIES {
        let n = u32::try_from(seed).unwrap();
        lossy.lose(0..0);
        writer.open(&OpenCall { slots: None, ..open_call(n, 4) }).await.unwrap();
        lossy.lose_by_chance(seed + 1, ONE_IN);
        let record = Arc::new(Recorder::<OnePlan>::new());
        let clients = (0..CLIENTS).map(|_| {
            let (plans, record) = (Plans::new(&world.aws, LEASES), Arc::clone(&record));
            async move {
                for _ in 0..2 {
                    let entry = record.invokes(());
                    match plans.claim(&call_sid(n), Epoch::FIRST, NOW).await {
                        Ok(plan) => record.returns(entry, plan.is_some()),
                        Err(error) => assert!(error.is_retryable(), "{error}"),
                    }
                }
            }
        });
        all_at_once(clients).await;
        let history = record.history();
        assert!(is_linearizable(OnePlan { claimed: false }, &history), "seed {seed}: {history:#?}");
    }
}

/// The lines of one business: which calls were opened, and which of them hold a line.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
struct Lines {
    opened: u64,
    holding: u64,
}

const LINES: u32 = 2;

#[derive(Debug, Clone)]
enum LineOp {
    Open(u32),
    Release(u32),
}

#[derive(Debug, Clone, PartialEq)]
enum LineRet {
    New,
    Existing,
    Full,
    Released,
}

impl Model for Lines {
    type Op = LineOp;
    type Ret = LineRet;

    fn step(&self, op: &LineOp) -> Vec<(LineRet, Self)> {
        match op {
            LineOp::Open(n) if self.opened & 1 << n != 0 => vec![(LineRet::Existing, self.clone())],
            LineOp::Open(n) => {
                // Lines are looked at one after the other, so a line that moves may be missed: a call may be turned
                // away while there is room, and never let in while there is no room.
                let mut outcomes = vec![(LineRet::Full, self.clone())];
                if self.holding.count_ones() < LINES {
                    let bit = 1 << n;
                    outcomes.push((
                        LineRet::New,
                        Self { opened: self.opened | bit, holding: self.holding | bit },
                    ));
                }
                outcomes
            }
            LineOp::Release(n) => {
                vec![(LineRet::Released, Self { holding: self.holding & !(1 << n), ..self.clone() })]
            }
        }
    }
}

/// Faults 1 and 24. Whatever is opened, released and lost at once, no business has more calls than lines, and no
/// call has two.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn capacity_is_linearizable() {
    let (world, lossy) = world().await;
    for seed in 0..HISTORIES {
        lossy.lose_by_chance(seed + 1, ONE_IN * 2);
        let record = Arc::new(Recorder::<Lines>::new());
        let clients = (0..CLIENTS).map(|client| {
            let (writer, record) = (Writer::new(&world.aws, TABLE, LEASES, TABLE), Arc::clone(&record));
            async move {
                let mut dice = Dice(seed * CLIENTS + client);
                for _ in 0..OPERATIONS {
                    // Six calls for four clients: copies of a webhook meet.
                    let n = u32::try_from(dice.below(6)).unwrap();
                    let sid = 1_000 * u32::try_from(seed + 1).unwrap() + n;
                    if dice.below(3) == 0 {
                        let entry = record.invokes(LineOp::Release(n));
                        match writer.give_back(&on_line_of(seed, sid), NOW).await {
                            Ok(()) => record.returns(entry, LineRet::Released),
                            Err(error) => assert!(error.is_retryable(), "{error}"),
                        }
                        continue;
                    }
                    let mut request = open_call(sid, u16::try_from(LINES).unwrap());
                    request.call = on_line_of(seed, sid);
                    if let Some(slots) = &mut request.slots {
                        slots.business = request.call.business.clone();
                    }
                    let entry = record.invokes(LineOp::Open(n));
                    match writer.open(&request).await {
                        Ok(Opened::New { .. }) => record.returns(entry, LineRet::New),
                        Ok(Opened::Existing(_)) => record.returns(entry, LineRet::Existing),
                        Ok(Opened::AtCapacity(_)) => record.returns(entry, LineRet::Full),
                        Err(error) => assert!(error.is_retryable(), "{error}"),
                    }
                }
            }
        });
        all_at_once(clients).await;
        let history = record.history();
        assert!(is_linearizable(Lines::default(), &history), "seed {seed}: {history:#?}");
    }
}

/// A business for each history, so that none begins with another one's calls.
fn on_line_of(seed: u64, sid: u32) -> domain::Call {
    domain::Call { business: crate::world::business_id(&format!("harbour-{seed}")), ..call(sid) }
}
