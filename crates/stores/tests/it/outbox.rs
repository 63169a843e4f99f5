//! What a business is owed to know: put with what causes it, in one order, once.

use domain::cost::CallCost;
use domain::event::Type;
use domain::insight::InsightOutcome;
use domain::transcript::Run;
use domain::usage::{Conversation, Entry};
use domain::{Call, CallStatus, Insights, testing};
use stores::StoreError;
use stores::events::{self, MAX_BODY_BYTES, NewEvent};
use stores::transcripts::{Reader, Writer};
use stores::usage;

use crate::world::{NOW, TABLE, World, all_at_once, business_id, call_sid};

fn insights(call: u32, run: u32) -> Insights {
    Insights {
        call: call_sid(call),
        run,
        input: format!("input {run}"),
        source: None,
        outcome: InsightOutcome::Done,
        summary: None,
        extraction: vec![],
        voided: vec![],
        lead_status: None,
        model: None,
        usage: vec![],
        at: NOW,
    }
}

fn cost(day: &str) -> CallCost {
    CallCost { as_of: day.into(), parts: vec![] }
}

fn event(call: u32, body: &str) -> NewEvent {
    NewEvent {
        business: testing::business().id,
        id: format!("event {call}"),
        kind: Type::CallCompleted,
        call: Some(call_sid(call)),
        direction: None,
        body: body.into(),
        at: NOW,
    }
}

fn entry(call: u32, run: u32) -> Entry {
    let call = Call { status: CallStatus::Completed, ..testing::call(call, NOW) };
    let zone = testing::business().zone();
    let later = Entry::of_run(&call, Run(run - 1), &cost("day"), NOW, &zone);
    later.unwrap_or_else(|| Entry::of_call(&call, &cost("day"), Conversation::default(), &zone).unwrap())
}

struct Outbox {
    transcripts: Writer,
    reader: Reader,
    events: events::Writer,
    told: events::Reader,
    sequencer: events::Sequencer,
    usage: usage::Writer,
    _world: World,
}

impl Outbox {
    async fn new() -> Self {
        let world = World::new().await;
        Self {
            transcripts: Writer::new(&world.aws, TABLE),
            reader: Reader::new(&world.aws, TABLE),
            events: events::Writer::new(&world.aws, TABLE),
            told: events::Reader::new(&world.aws, TABLE),
            sequencer: events::Sequencer::new(&world.aws, TABLE),
            usage: usage::Writer::new(&world.aws, TABLE),
            _world: world,
        }
    }

    async fn record(&self, call: u32, run: u32) -> Result<bool, StoreError> {
        self.record_with(&insights(call, run), &cost("2027-01-01"), &event(call, "{}"), entry(call, run))
            .await
    }

    async fn record_with(
        &self,
        insights: &Insights,
        cost: &CallCost,
        event: &NewEvent,
        entry: Entry,
    ) -> Result<bool, StoreError> {
        let (usage, told) = ((&self.usage, entry), (&self.events, event));
        self.transcripts.record_insights(insights, cost, usage, told).await
    }

    async fn told(&self, after: u64, limit: u16) -> Vec<(u64, String)> {
        self.sequencer.number(&testing::business().id).await.unwrap();
        let told = self.told.after(&testing::business().id, after, limit).await.unwrap().events;
        told.into_iter().map(|event| (event.sequence, event.id)).collect()
    }
}

/// Faults 19 and 39. A run, its cost and its event are there together or not at all, and once.
#[tokio::test]
async fn a_run_is_recorded_once_with_its_cost_and_its_event() {
    let outbox = Outbox::new().await;
    assert_eq!(outbox.reader.cost(&call_sid(1)).await, Ok(None));
    assert_eq!(outbox.record(1, 1).await, Ok(true));
    let again = CallCost { as_of: "another day".into(), ..cost("") };
    let again = outbox.record_with(&insights(1, 1), &again, &event(1, "{}"), entry(1, 1)).await;
    assert_eq!(again, Ok(false));
    assert_eq!(outbox.told(0, 100).await, [(1, "event 1".to_owned())]);
    assert_eq!(outbox.record(1, 2).await, Ok(true));
    assert_eq!(outbox.told(0, 100).await, [(1, "event 1".to_owned()), (2, "event 1".to_owned())]);
    assert_eq!(outbox.reader.cost(&call_sid(1)).await, Ok(Some(cost("2027-01-01"))));
    assert!(outbox.reader.insights(&call_sid(1)).await.unwrap() == [insights(1, 1), insights(1, 2)]);
    assert!(outbox.reader.insights(&call_sid(2)).await.unwrap().is_empty());
}

/// An event that no one has read has no number yet, and is put whatever else happens in the business.
#[tokio::test]
async fn a_run_that_is_recorded_again_tells_nothing_more_whether_its_event_has_a_number_or_not() {
    let outbox = Outbox::new().await;
    assert_eq!(outbox.record(1, 1).await, Ok(true));
    assert_eq!(outbox.record(1, 1).await, Ok(false));
    assert_eq!(outbox.told(0, 100).await.len(), 1);
    assert_eq!(outbox.record(1, 1).await, Ok(false));
    assert_eq!(outbox.told(0, 100).await.len(), 1);
}

/// Fifty things happen in one business while eight workers number what is there: none fails or waits for another, each event
/// has one number, and there is no gap. The figures are printed.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fifty_causes_at_once_are_told_of_in_one_order_by_eight_that_number_them() {
    const CAUSES: u32 = 50;
    let outbox = std::sync::Arc::new(Outbox::new().await);
    let causes = (1..=CAUSES).map(|call| {
        let outbox = std::sync::Arc::clone(&outbox);
        async move {
            let begun = std::time::Instant::now();
            assert_eq!(outbox.record(call, 1).await, Ok(true));
            begun.elapsed()
        }
    });
    let workers = (0..8).map(|_| {
        let outbox = std::sync::Arc::clone(&outbox);
        async move {
            for _ in 0..5 {
                outbox.sequencer.number(&testing::business().id).await.unwrap();
                tokio::task::yield_now().await;
            }
        }
    });
    let (took, _) =
        tokio::join!(all_at_once(causes.collect::<Vec<_>>()), all_at_once(workers.collect::<Vec<_>>()));
    let told = outbox.told(0, 100).await;
    assert!(told.iter().map(|(sequence, _)| *sequence).eq(1..=u64::from(CAUSES)), "{told:?}");
    let mut names: Vec<&String> = told.iter().map(|(_, id)| id).collect();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), CAUSES as usize, "each once");
    println!("{CAUSES} causes at once: the slowest took {:?}", took.iter().max().unwrap());
}

/// More than one transaction has room for, by count and by size.
#[tokio::test]
async fn what_waits_is_numbered_in_the_order_of_its_times() {
    let outbox = Outbox::new().await;
    for call in (1..=90).rev() {
        let body = if call % 10 == 0 { "x".repeat(MAX_BODY_BYTES) } else { "{}".to_owned() };
        let event =
            NewEvent { at: NOW.plus(std::time::Duration::from_secs(call.into())), ..event(call, &body) };
        let done = outbox.record_with(&insights(call, 1), &cost("day"), &event, entry(call, 1)).await;
        assert_eq!(done, Ok(true));
    }
    let told = outbox.told(0, 100).await;
    let expected: Vec<(u64, String)> = (1..=90).map(|n| (n, format!("event {n}"))).collect();
    let mut all = told.clone();
    while let Some((last, _)) = all.last().filter(|(last, _)| *last < 90).cloned() {
        all.extend(outbox.told(last, 100).await);
    }
    assert_eq!(all, expected);
}

/// A reader who has seen number n has seen all before it. Pages follow each other without a gap.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rivals_are_told_of_in_one_order_without_a_gap() {
    let outbox = std::sync::Arc::new(Outbox::new().await);
    let rivals = (1..=6).map(|call| {
        let outbox = std::sync::Arc::clone(&outbox);
        async move { outbox.record(call, 1).await.unwrap() }
    });
    assert_eq!(all_at_once(rivals.collect::<Vec<_>>()).await, [true; 6]);
    let numbers: Vec<u64> = outbox.told(0, 100).await.into_iter().map(|(sequence, _)| sequence).collect();
    assert_eq!(numbers, [1, 2, 3, 4, 5, 6]);
    let of = |told: Vec<(u64, String)>| told.into_iter().map(|(sequence, _)| sequence).collect::<Vec<_>>();
    assert_eq!(of(outbox.told(0, 2).await), [1, 2]);
    assert_eq!(of(outbox.told(2, 2).await), [3, 4]);
    assert_eq!(of(outbox.told(5, 0).await), [6], "a page has one event at least");
    assert_eq!(of(outbox.told(6, 100).await), [0_u64; 0]);
    assert_eq!(outbox.told.after(&business_id("castle"), 0, 100).await.map(|told| told.events.len()), Ok(0));
}

/// Fault 27. The largest body that there may be is kept whole; a larger one is refused before anything is written.
#[tokio::test]
async fn an_event_has_a_largest_body() {
    let outbox = Outbox::new().await;
    let put = async |run: u32, bytes: usize| {
        let event = event(1, &"x".repeat(bytes));
        outbox.record_with(&insights(1, run), &cost("day"), &event, entry(1, run)).await
    };
    assert_eq!(put(1, MAX_BODY_BYTES).await, Ok(true));
    let refused = put(2, MAX_BODY_BYTES + 1).await;
    assert!(matches!(refused, Err(StoreError::Corrupt { .. })), "{refused:?}");
    assert_eq!(outbox.sequencer.number(&testing::business().id).await, Ok(false));
    let told = outbox.told.after(&testing::business().id, 0, 100).await.unwrap().events;
    assert_eq!(told.iter().map(|event| event.body.len()).collect::<Vec<_>>(), [MAX_BODY_BYTES]);
    assert_eq!(
        (told[0].call.clone(), told[0].kind.as_str(), told[0].at),
        (Some(call_sid(1)), "call.completed", NOW)
    );
    assert_eq!(outbox.reader.insights(&call_sid(1)).await.unwrap().len(), 1);
}
