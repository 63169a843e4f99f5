//! Numbers that a business does not call.

use std::time::Duration;

use stores::do_not_call::{Entry, Reader, Writer};

use crate::world::{NOW, TABLE, World, business_id, phone};

#[tokio::test]
async fn a_number_is_on_the_list_of_its_business_from_the_first_time_on() {
    let world = World::new().await;
    let (writer, reader) = (Writer::new(&world.aws, TABLE), Reader::new(&world.aws, TABLE));
    let [harbour, castle] = ["harbour", "castle"].map(business_id);
    assert_eq!(reader.entry(&harbour, &phone(1)).await, Ok(None));
    let first = Entry { number: phone(1), since: NOW, reason: Some("asked so".into()) };
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
