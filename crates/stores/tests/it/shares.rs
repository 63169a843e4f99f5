use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::share::{Disposition, FREE_GUESSES, FREE_GUESSES_OF_ALL, PACE, Share, ShareEnd};
use domain::{Secret, Timestamp};
use stores::recordings::{Access, Guess, Reader, Taken, Writer, token_hash};

use crate::world::{NOW, TABLE, World, all_at_once, business_id, call_sid, recording_sid};

fn share(max_views: u32) -> Share {
    Share {
        id: "one".into(),
        business: business_id("harbour"),
        call: call_sid(1),
        recording: recording_sid(1),
        disposition: Disposition::Inline,
        created_at: NOW,
        ends_at: NOW.plus(Duration::from_secs(60)),
        max_views,
        views: 0,
        passcode: Some("$argon2id$".into()),
        wrong_passcodes: 0,
        next_guess_at: None,
        slowed_until: None,
        revoked_at: None,
    }
}

fn token() -> Secret {
    Secret::new("a token of 43 characters, as far as we know")
}

/// Fault 38. The token opens the link and is nowhere in the store.
#[tokio::test]
async fn a_link_is_found_by_its_token_which_is_kept_as_a_hash() {
    let world = World::new().await;
    let (writer, reader) = (Writer::new(&world.aws, TABLE), Reader::new(&world.aws, TABLE));
    writer.share(&share(3), &token()).await.unwrap();
    assert_eq!(reader.share_of(&token()).await, Ok(Some(share(3))));
    assert_eq!(reader.share_of(&Secret::new("another")).await, Ok(None));
    assert_eq!(reader.shares(&call_sid(1)).await, Ok(vec![share(3)]));
    assert_eq!(reader.shares(&call_sid(2)).await, Ok(vec![]));
    assert!(world.item(&format!("share#{}", token_hash(&token())), "share").await.is_some());
    let rows = world.aws.dynamodb.scan().table_name(TABLE).send().await.unwrap();
    assert!(!format!("{:?}", rows.items()).contains(token().expose()));
}

/// Fault 38. The limit holds however many come at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_fifty_views_at_once_the_number_that_the_link_allows_passes() {
    let world = World::new().await;
    let writer = Writer::new(&world.aws, TABLE);
    writer.share(&share(3), &token()).await.unwrap();
    let views = (0..50).map(|_| {
        let writer = writer.clone();
        async move { writer.view(&share(3), NOW).await.unwrap() }
    });
    let views = all_at_once(views).await;
    assert_eq!(views.iter().filter(|view| **view == Taken::Yes).count(), 3);
    let used = Reader::new(&world.aws, TABLE).share_of(&token()).await.unwrap().unwrap();
    assert_eq!((used.views, used.end(NOW)), (3, Some(ShareEnd::UsedUp)));
}

/// Only the guesser pauses, and the link goes on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guesser_is_slowed_down_and_others_are_not() {
    let world = World::new().await;
    let (writer, reader) = (Writer::new(&world.aws, TABLE), Reader::new(&world.aws, TABLE));
    writer.share(&share(9), &token()).await.unwrap();
    for _ in 0..2 * FREE_GUESSES {
        assert_eq!(writer.try_passcode(&share(9), "owner", NOW).await, Ok(Guess::Counted));
        writer.right_passcode(&share(9), "owner").await.unwrap();
    }
    for _ in 0..FREE_GUESSES {
        assert_eq!(writer.try_passcode(&share(9), "guesser", NOW).await, Ok(Guess::Counted));
    }
    let minute = Duration::from_secs(60);
    assert_eq!(writer.try_passcode(&share(9), "guesser", NOW).await, Ok(Guess::TooSoon(minute)));
    assert_eq!(writer.try_passcode(&share(9), "stranger", NOW).await, Ok(Guess::Counted));
    let slowed = reader.share_of(&token()).await.unwrap().unwrap();
    assert_eq!((slowed.wrong_passcodes, slowed.slowed_until), (FREE_GUESSES + 1, Some(NOW.plus(minute))));
    assert_eq!(slowed.end(NOW), None);
    let later = NOW.plus(minute).minus(Duration::from_secs(1));
    assert_eq!(
        writer.try_passcode(&slowed, "guesser", later).await,
        Ok(Guess::TooSoon(Duration::from_secs(1)))
    );
    assert_eq!(writer.view(&slowed, NOW).await, Ok(Taken::Yes), "guessing ends nothing");
}

/// However many try at once from one address, they get as far as one after another would.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rivals_try_no_more_often_than_one_after_another_could() {
    let world = World::new().await;
    let writer = Writer::new(&world.aws, TABLE);
    writer.share(&share(9), &token()).await.unwrap();
    let mut counted = 0;
    for _ in 0..3 {
        let tries = (0..20).map(|_| {
            let writer = writer.clone();
            async move { writer.try_passcode(&share(9), "guesser", NOW).await.unwrap() }
        });
        counted += all_at_once(tries).await.iter().filter(|tried| **tried == Guess::Counted).count();
    }
    assert!((1..=FREE_GUESSES as usize).contains(&counted), "{counted}");
}

/// A guesser with many addresses meets the link's own pace; who was right before does not.
#[tokio::test]
async fn a_link_guessed_at_from_all_sides_sets_a_pace_for_strangers() {
    let world = World::new().await;
    let (writer, reader) = (Writer::new(&world.aws, TABLE), Reader::new(&world.aws, TABLE));
    let link = Share { ends_at: NOW.plus(4 * PACE), ..share(9) };
    writer.share(&link, &token()).await.unwrap();
    assert_eq!(writer.try_passcode(&link, "owner", NOW).await, Ok(Guess::Counted));
    writer.right_passcode(&link, "owner").await.unwrap();
    let now = async || reader.share_of(&token()).await.unwrap().unwrap();
    for n in 0..FREE_GUESSES_OF_ALL {
        let guess = writer.try_passcode(&now().await, &format!("address {n}"), NOW).await;
        assert_eq!(guess, Ok(Guess::Counted));
    }
    let paced = now().await;
    assert_eq!((paced.next_guess_at, paced.slowed_until), (Some(NOW.plus(PACE)), Some(NOW.plus(PACE))));
    assert_eq!(writer.try_passcode(&paced, "a new one", NOW).await, Ok(Guess::TooSoon(PACE)));
    let stale = Share { next_guess_at: None, ..paced.clone() };
    assert!(matches!(writer.try_passcode(&stale, "a new one", NOW).await, Ok(Guess::TooSoon(_))));
    assert_eq!(writer.try_passcode(&paced, "owner", NOW).await, Ok(Guess::Counted));
    assert_eq!(writer.try_passcode(&paced, "a new one", NOW.plus(PACE)).await, Ok(Guess::Counted));
    let next = now().await;
    assert_eq!(next.next_guess_at, Some(NOW.plus(2 * PACE)), "one of them all in each pace");
}

/// Fault 38.
#[tokio::test]
async fn a_link_that_expired_or_was_revoked_grants_nothing() {
    let world = World::new().await;
    let (writer, reader) = (Writer::new(&world.aws, TABLE), Reader::new(&world.aws, TABLE));
    writer.share(&share(9), &token()).await.unwrap();
    assert_eq!(writer.view(&share(9), share(9).ends_at).await, Ok(Taken::No));
    assert_eq!(writer.revoke(&call_sid(2), "one", NOW).await, Ok(Taken::No), "another call's link");
    for later in [0, 1] {
        let at = NOW.plus(Duration::from_secs(later));
        assert_eq!(writer.revoke(&call_sid(1), "one", at).await, Ok(Taken::Yes));
    }
    let revoked = reader.share_of(&token()).await.unwrap().unwrap();
    assert_eq!((revoked.revoked_at, revoked.end(NOW)), (Some(NOW), Some(ShareEnd::Revoked)));
    assert_eq!(writer.view(&revoked, NOW).await, Ok(Taken::No));
}

#[tokio::test]
async fn visits_are_kept_newest_first() {
    let world = World::new().await;
    let (writer, reader) = (Writer::new(&world.aws, TABLE), Reader::new(&world.aws, TABLE));
    writer.share(&share(9), &token()).await.unwrap();
    let visit = |n: i64| Access {
        at: Timestamp(NOW.0 + n),
        outcome: "viewed".into(),
        address: (n == 2).then(|| "pseudonym".into()),
    };
    for n in [1, 2] {
        writer.accessed(&share(9), &visit(n)).await.unwrap();
    }
    writer.viewed(&share(9), &visit(1)).await.unwrap();
    assert_eq!(reader.accesses("one").await.unwrap(), [visit(2), visit(1), visit(1)]);
}

/// A link that is hammered fills its log up to a bound; a view is always written.
#[tokio::test]
async fn the_log_of_a_link_has_room_for_a_thousand_visits_and_for_every_view() {
    let world = World::new().await;
    let (writer, reader) = (Writer::new(&world.aws, TABLE), Reader::new(&world.aws, TABLE));
    writer.share(&share(9), &token()).await.unwrap();
    // As after 999 visits.
    let visits = world.aws.dynamodb.update_item().table_name(TABLE);
    let visits = visits.key("pk", AttributeValue::S(format!("call#{}", call_sid(1))));
    let visits =
        visits.key("sk", AttributeValue::S("share#one".into())).update_expression("SET accesses = :n");
    visits.expression_attribute_values(":n", AttributeValue::N("999".into())).send().await.unwrap();
    let visit = |n: i64| Access { at: Timestamp(NOW.0 + n), outcome: "expired".into(), address: None };
    for n in [1, 2] {
        writer.accessed(&share(9), &visit(n)).await.unwrap();
    }
    assert_eq!(reader.accesses("one").await.unwrap(), [visit(1)]);
    writer.viewed(&share(9), &visit(3)).await.unwrap();
    assert_eq!(reader.accesses("one").await.unwrap(), [visit(3), visit(1)]);
}

/// A guess is refused while the pause lasts, and not at its end.
#[tokio::test]
async fn a_pause_ends_at_its_time() {
    let world = World::new().await;
    let writer = Writer::new(&world.aws, TABLE);
    let link = Share { ends_at: NOW.plus(PACE * 9), ..share(9) };
    writer.share(&link, &token()).await.unwrap();
    for _ in 0..FREE_GUESSES {
        assert_eq!(writer.try_passcode(&link, "guesser", NOW).await, Ok(Guess::Counted));
    }
    let Guess::TooSoon(pause) = writer.try_passcode(&link, "guesser", NOW).await.unwrap() else { panic!() };
    let before = NOW.plus(pause).minus(Duration::from_millis(1));
    let left = Duration::from_millis(1);
    assert_eq!(writer.try_passcode(&link, "guesser", before).await, Ok(Guess::TooSoon(left)));
    assert_eq!(writer.try_passcode(&link, "guesser", NOW.plus(pause)).await, Ok(Guess::Counted));
}
