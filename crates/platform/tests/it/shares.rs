use std::time::Duration;

use domain::share::{Disposition, MAX_WRONG_PASSCODES, Share, ShareEnd};
use domain::{Secret, Timestamp};
use platform::stores::recordings::{Access, Reader, Taken, Writer, token_hash};

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
async fn of_fifty_views_at_once_as_many_pass_as_the_link_allows() {
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn passcodes_are_tried_a_few_times_and_right_ones_cost_none() {
    let world = World::new().await;
    let writer = Writer::new(&world.aws, TABLE);
    writer.share(&share(9), &token()).await.unwrap();
    for _ in 0..2 * MAX_WRONG_PASSCODES {
        assert_eq!(writer.try_passcode(&share(9), NOW).await, Ok(Taken::Yes));
        writer.right_passcode(&share(9)).await.unwrap();
    }
    let tries = (0..20).map(|_| {
        let writer = writer.clone();
        async move { writer.try_passcode(&share(9), NOW).await.unwrap() }
    });
    let tries = all_at_once(tries).await;
    assert_eq!(tries.iter().filter(|tried| **tried == Taken::Yes).count(), MAX_WRONG_PASSCODES as usize);
    assert_eq!(writer.view(&share(9), NOW).await, Ok(Taken::No), "a locked link shows nothing");
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
    for n in [1, 2, 1] {
        writer.accessed(&share(9), &visit(n)).await.unwrap();
    }
    assert_eq!(reader.accesses("one").await.unwrap(), [visit(2), visit(1), visit(1)]);
}
