use std::time::Duration;

use domain::Timestamp;
use domain::access::{ApiKey, KeyId, KeyKind, KeyOwner};
use domain::zone::utc_day;
use stores::requests::{Entry, Rate, Reader, Writer};

use crate::world::{TABLE, World, business_id};

/// The first second of a minute.
const NOW: Timestamp = Timestamp(1_795_000_020_000);

fn key(n: u8) -> KeyId {
    ApiKey::of_random(KeyKind::Business, &[n; 32]).id()
}

fn entry(request: &str, business: &str) -> Entry {
    Entry {
        at: NOW,
        request: request.to_owned(),
        key: key(1),
        business: Some(business_id(business)),
        scope: "calls:write".to_owned(),
        method: "POST".to_owned(),
        path: "/v1/calls".to_owned(),
        source: Some("203.0.113.9".to_owned()),
        status: None,
    }
}

#[tokio::test]
async fn the_log_of_a_day_has_each_request_with_its_answer() {
    let world = World::new().await;
    let (writer, reader) = (Writer::new(&world.aws, TABLE), Reader::new(&world.aws, TABLE));
    let entries = [entry("a", "harbour"), entry("a#b", "harbour"), entry("b", "harbour")];
    for entry in &entries {
        writer.note(entry).await.unwrap();
    }
    writer.note_answer(&entries[0], 201).await.unwrap();
    writer.note_answer(&entries[2], 422).await.unwrap();
    writer.note(&entry("c", "garden")).await.unwrap();
    writer.note(&Entry { at: NOW.plus(Duration::from_secs(86_400)), ..entry("d", "harbour") }).await.unwrap();
    let owner = |business| KeyOwner::Business(business_id(business));
    for limit in [1, 2, 3, 100] {
        let (mut day, mut after) = (vec![], None);
        loop {
            let page = reader.on(&owner("harbour"), utc_day(NOW), limit, after.as_ref()).await.unwrap();
            assert!(page.entries.len() <= limit.into());
            day.extend(page.entries);
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        let told: Vec<_> = day.iter().map(|entry| (entry.request.as_str(), entry.status)).collect();
        assert_eq!(told, [("a", Some(201)), ("a#b", None), ("b", Some(422))], "pages of {limit}");
        assert_eq!(day[1], entries[1]);
    }
    assert_eq!(reader.on(&owner("garden"), utc_day(NOW), 100, None).await.unwrap().entries.len(), 1);
    assert_eq!(reader.on(&KeyOwner::Operator, utc_day(NOW), 100, None).await.unwrap().entries, []);
}

#[tokio::test]
async fn a_keys_minute_has_room_for_its_limit_and_no_more_over_all_clients() {
    const LIMIT: u32 = 50;
    let world = World::new().await;
    let writer = Writer::new(&world.aws, TABLE);
    let clients = (0..10).map(|_| {
        let writer = writer.clone();
        tokio::spawn(async move {
            let mut within = 0;
            for _ in 0..10 {
                let counted = writer.count(&key(1), LIMIT, NOW).await.unwrap();
                within += u32::from(matches!(counted, Rate::Within { .. }));
            }
            within
        })
    });
    let mut within = 0;
    for client in clients.collect::<Vec<_>>() {
        within += client.await.unwrap();
    }
    assert_eq!(within, LIMIT);
    let later = NOW.plus(Duration::from_secs(17));
    assert_eq!(writer.count(&key(1), LIMIT, later).await, Ok(Rate::Exceeded { resets_in: 43 }));
    let other = writer.count(&key(2), LIMIT, later).await;
    assert_eq!(other, Ok(Rate::Within { left: LIMIT - 1, resets_in: 43 }), "another key has its own");
    let next = writer.count(&key(1), LIMIT, NOW.plus(Duration::from_secs(60))).await;
    assert_eq!(next, Ok(Rate::Within { left: LIMIT - 1, resets_in: 60 }));
}

#[tokio::test]
async fn the_days_of_a_keys_use_are_known() {
    let world = World::new().await;
    let (writer, reader) = (Writer::new(&world.aws, TABLE), Reader::new(&world.aws, TABLE));
    let tomorrow = NOW.plus(Duration::from_secs(86_400));
    for at in [tomorrow, NOW, NOW] {
        writer.note_use(&key(1), at).await.unwrap();
    }
    assert_eq!(reader.days_of_use(&key(1)).await, Ok(vec![utc_day(NOW), utc_day(tomorrow)]));
    assert_eq!(reader.days_of_use(&key(2)).await, Ok(vec![]));
    assert_eq!(reader.last_use(&key(1)).await, Ok(Some(utc_day(tomorrow))));
    assert_eq!(reader.last_use(&key(2)).await, Ok(None));
}
