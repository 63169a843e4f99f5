//! What callers left, and what of it is done: each thing once, its counts always those of the rows, and pages without gaps.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use domain::access::KeyId;
use domain::messages::{Left, Mark, MessageId, MessageKind, MessageState, Tally, Wanted};
use domain::recording::RecordingKind;
use domain::tools::TakenMessage;
use domain::{BusinessId, Recording, RecordingState, Timestamp, testing};
use stores::messages::{Marks, Reader, Writer};

use crate::world::{NOW, TABLE, World, all_at_once, business_id, call_sid, recording_sid};

const DAY: Duration = Duration::from_secs(24 * 3_600);

/// What a test needs of the list of `harbour`.
struct Desk {
    writer: Arc<Writer>,
    marks: Arc<Marks>,
    reader: Reader,
    harbour: BusinessId,
}

impl Desk {
    fn of(world: &World) -> Self {
        Self {
            writer: Arc::new(Writer::new(&world.aws, TABLE)),
            marks: Arc::new(Marks::new(&world.aws, TABLE)),
            reader: Reader::new(&world.aws, TABLE),
            harbour: business_id("harbour"),
        }
    }

    async fn walk(&self, wanted: Wanted, limit: u16) -> Vec<MessageId> {
        let (mut seen, mut behind) = (vec![], None);
        loop {
            let page = self.reader.list(&self.harbour, &wanted, limit, behind).await.unwrap();
            assert!(page.entries.len() <= usize::from(limit));
            seen.extend(page.entries.iter().map(|(left, _)| left.id));
            behind = page.next;
            if behind.is_none() {
                return seen;
            }
        }
    }

    async fn waiting(&self) -> Tally {
        self.reader.waiting(&self.harbour).await.unwrap()
    }
}

fn message(n: u32, at: Timestamp) -> Left {
    let call = testing::call(n, NOW);
    let text = format!("Message {n}.");
    let message = TakenMessage { recipient: Some("Ms Byrne".into()), text, callback: None };
    Left::message(&call, "name", at, &message)
}

fn voicemail(n: u32, at: Timestamp) -> Left {
    let call = testing::call(n, NOW);
    let announced = RecordingState::Announced;
    let recording = Recording::new(recording_sid(n), call_sid(n), call.business.clone(), announced, at);
    Left::voicemail(&call, &Recording { kind: RecordingKind::Voicemail, ..recording }).unwrap()
}

fn mark(name: &str, at: Timestamp) -> Mark {
    Mark { by: KeyId::parse("E1EwthbN").unwrap(), name: name.into(), at }
}

fn only(state: MessageState) -> Wanted {
    Wanted { state: Some(state), kind: None }
}

/// Jobs repeat, and workers meet.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_put_by_several_at_once_is_there_and_counted_once() {
    let world = World::new().await;
    let desk = Desk::of(&world);
    let puts = (0..12).map(|n| {
        let (writer, harbour) = (Arc::clone(&desk.writer), desk.harbour.clone());
        async move { writer.put(&harbour, &message(n % 3, NOW), None).await.unwrap() }
    });
    let put = all_at_once(puts.collect::<Vec<_>>()).await;
    assert_eq!(put.iter().filter(|put| **put).count(), 3, "{put:?}");
    assert!(desk.writer.put(&desk.harbour, &voicemail(7, NOW), None).await.unwrap());
    assert!(!desk.writer.put(&desk.harbour, &voicemail(7, NOW), None).await.unwrap());
    assert_eq!(desk.waiting().await, Tally { messages: 3, voicemails: 1 });
    assert_eq!(desk.walk(Wanted::default(), 2).await.len(), 4);
    let one = message(1, NOW);
    assert_eq!(desk.reader.one(&desk.harbour, one.id).await.unwrap(), Some(one.clone()), "as it was left");
    let castle = business_id("castle");
    assert_eq!(desk.reader.one(&castle, one.id).await.unwrap(), None, "each business has a list of its own");
    assert_eq!(desk.reader.waiting(&castle).await.unwrap(), Tally::default());
}

/// The answer to the first attempt is lost, and the job does it again.
#[tokio::test]
async fn a_put_whose_answer_is_lost_counts_once() {
    let (world, lossy) = World::lossy().await;
    let desk = Desk::of(&world);
    let left = message(1, NOW);
    // The look comes first; then the answers to every attempt of the client's are lost.
    lossy.lose(1..4);
    assert!(desk.writer.put(&desk.harbour, &left, None).await.is_err());
    assert!(lossy.lost_all());
    assert!(!desk.writer.put(&desk.harbour, &left, None).await.unwrap());
    assert_eq!(desk.waiting().await, Tally { messages: 1, voicemails: 0 });
    lossy.lose(0..3);
    assert!(desk.marks.set(&desk.harbour, &left, &mark("desk", NOW)).await.is_err());
    let stands = desk.marks.set(&desk.harbour, &left, &mark("another desk", NOW)).await.unwrap();
    assert_eq!((stands.name.as_str(), desk.waiting().await), ("desk", Tally::default()));
    lossy.lose(0..1);
    assert!(
        desk.marks.take_off(&desk.harbour, &left).await.unwrap(),
        "the client repeats what it was not answered"
    );
    assert_eq!(desk.waiting().await.messages, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_several_who_are_done_with_something_the_first_one_counts_until_it_is_taken_back() {
    let world = World::new().await;
    let desk = Desk::of(&world);
    let left = message(1, NOW);
    desk.writer.put(&desk.harbour, &left, None).await.unwrap();
    let sets = (0..8).map(|n| {
        let (marks, harbour, left) = (Arc::clone(&desk.marks), desk.harbour.clone(), left.clone());
        async move { marks.set(&harbour, &left, &mark(&format!("desk {n}"), NOW)).await.unwrap() }
    });
    let stands = all_at_once(sets.collect::<Vec<_>>()).await;
    assert!(stands.iter().all(|mark| *mark == stands[0]), "{stands:?}");
    assert_eq!(desk.waiting().await, Tally::default());
    let done = desk.reader.list(&desk.harbour, &only(MessageState::Done), 25, None).await.unwrap();
    assert_eq!(done.entries, [(left.clone(), Some(stands[0].clone()))]);
    assert!(desk.marks.take_off(&desk.harbour, &left).await.unwrap());
    assert!(!desk.marks.take_off(&desk.harbour, &left).await.unwrap());
    assert_eq!(desk.waiting().await.messages, 1);
    let later = mark("night desk", NOW.plus(DAY));
    assert_eq!(desk.marks.set(&desk.harbour, &left, &later).await.unwrap(), later);
}

#[tokio::test]
async fn pages_have_everything_once_whatever_is_asked_for() {
    let world = World::new().await;
    let desk = Desk::of(&world);
    let mut all = vec![];
    for n in 0..130_u32 {
        // Some in the same millisecond, over nine days.
        let at = NOW.plus(DAY * (n / 16)).plus(Duration::from_millis(u64::from(n % 3)));
        let left = if n % 5 == 0 { voicemail(n, at) } else { message(n, at) };
        desk.writer.put(&desk.harbour, &left, None).await.unwrap();
        // All of some days, and a few of others.
        let done = n < 64 || n % 7 == 0;
        if done {
            desk.marks.set(&desk.harbour, &left, &mark("desk", NOW)).await.unwrap();
        }
        all.push((left, done));
    }
    all.sort_by_key(|(left, _)| std::cmp::Reverse(left.id));
    let ids = |keep: fn(&(Left, bool)) -> bool| -> Vec<MessageId> {
        all.iter().filter(|one| keep(one)).map(|(left, _)| left.id).collect()
    };
    let voicemails = Wanted { state: Some(MessageState::Waiting), kind: Some(MessageKind::Voicemail) };
    for (wanted, expected) in [
        (Wanted::default(), ids(|_| true)),
        (only(MessageState::Waiting), ids(|(_, done)| !done)),
        (only(MessageState::Done), ids(|(_, done)| *done)),
        (voicemails, ids(|(left, done)| !done && left.kind() == MessageKind::Voicemail)),
        (
            Wanted { kind: Some(MessageKind::Message), state: None },
            ids(|(left, _)| left.kind() == MessageKind::Message),
        ),
    ] {
        for limit in [1, 7, 100] {
            assert_eq!(desk.walk(wanted, limit).await, expected, "{wanted:?} by {limit}");
        }
    }
    let waiting = ids(|(_, done)| !done).len();
    assert_eq!(desk.waiting().await.of(None), u64::try_from(waiting).unwrap());
}

/// The oldest of a thousand waits: it is found at once, although everything since is done.
#[tokio::test]
async fn what_waits_is_found_however_much_was_done_since() {
    let world = World::new().await;
    let desk = Desk::of(&world);
    let oldest = message(0, NOW);
    desk.writer.put(&desk.harbour, &oldest, None).await.unwrap();
    for n in 1..300_u32 {
        let left = message(n, NOW.plus(DAY * (1 + n / 100)));
        desk.writer.put(&desk.harbour, &left, None).await.unwrap();
        desk.marks.set(&desk.harbour, &left, &mark("desk", NOW)).await.unwrap();
    }
    let page = desk.reader.list(&desk.harbour, &only(MessageState::Waiting), 1, None).await.unwrap();
    let found: BTreeSet<MessageId> = page.entries.iter().map(|(left, _)| left.id).collect();
    assert_eq!((found, page.next), ([oldest.id].into(), None));
}
