//! Numbers that a business does not call.

use std::time::Duration;

use domain::do_not_call::Source;
use domain::testing::call_sid;
use stores::do_not_call::{Entry, Eraser, Reader, Recorder, Writer};

use crate::world::{NOW, TABLE, World, business_id, phone};

#[tokio::test]
async fn a_number_is_on_the_list_of_its_business_from_the_first_time_on() {
    let world = World::new().await;
    let (writer, reader) = (Writer::new(&world.aws, TABLE), Reader::new(&world.aws, TABLE));
    let [harbour, castle] = ["harbour", "castle"].map(business_id);
    assert_eq!(reader.entry(&harbour, &phone(1)).await, Ok(None));
    let first = Entry {
        number: phone(1),
        since: NOW,
        reason: Some("asked so".into()),
        source: Some(Source::Api),
        call: None,
    };
    assert_eq!(writer.put(&harbour, &phone(1), Some("asked so"), NOW).await, Ok(first.clone()));
    let later = NOW.plus(Duration::from_secs(60));
    assert_eq!(
        writer.put(&harbour, &phone(1), None, later).await,
        Ok(Entry { reason: None, ..first.clone() })
    );
    assert_eq!(reader.entry(&harbour, &phone(1)).await, Ok(Some(Entry { reason: None, ..first })));
    assert_eq!(reader.entry(&castle, &phone(1)).await, Ok(None), "each business has a list of its own");
    assert_eq!(writer.remove(&castle, &phone(1)).await, Ok(false));
    assert_eq!(writer.remove(&harbour, &phone(1)).await, Ok(true));
    assert_eq!(writer.remove(&harbour, &phone(1)).await, Ok(false));
}

/// Fault 73. The bridge and the step behind the call, or either of them twice.
#[tokio::test]
async fn what_a_person_asks_for_in_a_call_is_done_once() {
    let world = World::new().await;
    let (writer, reader) = (Writer::new(&world.aws, TABLE), Reader::new(&world.aws, TABLE));
    let (recorder, harbour) = (Recorder::new(&world.aws, TABLE), business_id("harbour"));
    let later = NOW.plus(Duration::from_secs(60));
    let put = async |call: u32, reason, now| {
        recorder.put((&harbour, &call_sid(call)), &phone(1), reason, now).await.unwrap()
    };
    assert!(put(1, Some("too many calls"), NOW).await);
    assert!(!put(1, None, later).await, "it is done");
    let entry = Entry {
        number: phone(1),
        since: NOW,
        reason: Some("too many calls".into()),
        source: Some(Source::Call),
        call: Some(call_sid(1)),
    };
    assert_eq!(reader.entry(&harbour, &phone(1)).await, Ok(Some(entry.clone())));
    assert_eq!(
        reader.list(&harbour, 10, None).await.unwrap().entries,
        std::slice::from_ref(&entry),
        "and nothing else"
    );
    // People of the business change the reason, and take the number off: the call asks for nothing any more.
    let changed = writer.put(&harbour, &phone(1), None, later).await;
    assert_eq!(changed, Ok(Entry { reason: None, ..entry }));
    assert_eq!(writer.remove(&harbour, &phone(1)).await, Ok(true));
    assert!(!put(1, Some("too many calls"), later).await);
    assert_eq!(reader.entry(&harbour, &phone(1)).await, Ok(None));
    assert!(put(2, None, later).await, "another call, in which they ask again");
}

#[tokio::test]
async fn a_number_that_is_on_the_list_stays_there_as_it_is() {
    let world = World::new().await;
    let (writer, reader) = (Writer::new(&world.aws, TABLE), Reader::new(&world.aws, TABLE));
    let (recorder, harbour) = (Recorder::new(&world.aws, TABLE), business_id("harbour"));
    let listed = writer.put(&harbour, &phone(1), Some("asked so"), NOW).await.unwrap();
    let put = async || recorder.put((&harbour, &call_sid(1)), &phone(1), None, NOW).await;
    assert_eq!(put().await, Ok(false));
    assert_eq!(reader.entry(&harbour, &phone(1)).await, Ok(Some(listed)));
    assert_eq!(writer.remove(&harbour, &phone(1)).await, Ok(true));
    assert_eq!(put().await, Ok(false), "the list had what the call asked for");
    assert_eq!(reader.entry(&harbour, &phone(1)).await, Ok(None));
}

/// The number has to stay; what leads to the person's words goes.
#[tokio::test]
async fn a_person_who_is_erased_leaves_a_number_and_how_it_came() {
    let world = World::new().await;
    let (reader, eraser) = (Reader::new(&world.aws, TABLE), Eraser::new(&world.aws, TABLE));
    let (recorder, harbour) = (Recorder::new(&world.aws, TABLE), business_id("harbour"));
    recorder.put((&harbour, &call_sid(1)), &phone(1), None, NOW).await.unwrap();
    assert_eq!(eraser.forget_reason(&harbour, &phone(1)).await, Ok(Some(true)));
    assert_eq!(eraser.forget_reason(&harbour, &phone(1)).await, Ok(Some(false)), "again");
    let left = Entry { number: phone(1), since: NOW, reason: None, source: Some(Source::Call), call: None };
    assert_eq!(reader.entry(&harbour, &phone(1)).await, Ok(Some(left)));
}

#[tokio::test]
async fn a_list_is_walked_page_by_page_while_it_changes() {
    let world = World::new().await;
    let (writer, reader) = (Writer::new(&world.aws, TABLE), Reader::new(&world.aws, TABLE));
    let (harbour, castle) = (business_id("harbour"), business_id("castle"));
    for n in [2, 4, 6, 8, 10] {
        writer.put(&harbour, &phone(n), None, NOW).await.unwrap();
    }
    let numbers = |entries: &[Entry]| entries.iter().map(|entry| entry.number.clone()).collect::<Vec<_>>();
    let first = reader.list(&harbour, 2, None).await.unwrap();
    assert_eq!(numbers(&first.entries), [phone(2), phone(4)]);
    let after = first.next.unwrap();
    // What comes before the position, and its own entry, change nothing for the next page.
    writer.put(&harbour, &phone(3), None, NOW).await.unwrap();
    writer.remove(&harbour, &phone(4)).await.unwrap();
    writer.put(&harbour, &phone(7), None, NOW).await.unwrap();
    let second = reader.list(&harbour, 3, Some(&after)).await.unwrap();
    assert_eq!(numbers(&second.entries), [phone(6), phone(7), phone(8)]);
    let last = reader.list(&harbour, 100, second.next.as_ref()).await.unwrap();
    assert_eq!((numbers(&last.entries), last.next), (vec![phone(10)], None));
    assert_eq!(reader.list(&castle, 2, Some(&after)).await.unwrap().entries, []);
}
