use std::time::Duration;

use domain::access::oidc::{ATTEMPT_LASTS, Attempt, Email, Person, PersonId};
use domain::access::{
    ApiKey, KeyKind, KeyOwner, MAX_MEMBERSHIPS, Membership, NewKey, NewMember, Role, StoredKey,
};
use domain::{BusinessId, Timestamp};
use stores::members::{Accepted, Eraser, Reader, Writer};
use stores::{keys, sign_in_attempts};

use crate::world::{TABLE, World, business_id};

const NOW: Timestamp = Timestamp(1_795_000_000_000);

fn member(business: &BusinessId, n: u8) -> StoredKey {
    let text = ApiKey::of_random(KeyKind::Business, &[99; 32]);
    let wish = NewKey { name: "owner".into(), role: Some(Role::Owner), ..NewKey::default() };
    let by = wish.issue(KeyOwner::Business(business.clone()), &text, NOW, None).unwrap();
    let text = ApiKey::of_random(KeyKind::Invitation, &[n; 32]);
    NewMember { name: format!("member {n}"), role: Role::Viewer }
        .invite(business.clone(), &text, NOW, &by)
        .unwrap()
}

fn person(name: &str) -> Person {
    let email = Email::new(&format!("{name}@example.com"));
    Person { id: PersonId::of("https://id.example", name), email }
}

struct Stores {
    world: World,
    keys: keys::Writer,
    reader: Reader,
    writer: Writer,
    eraser: Eraser,
}

/// All in one table: their keys begin otherwise.
async fn stores() -> Stores {
    let world = World::new().await;
    let aws = &world.aws;
    Stores {
        keys: keys::Writer::new(aws, TABLE),
        reader: Reader::new(aws, TABLE),
        writer: Writer::new(aws, TABLE, TABLE),
        eraser: Eraser::new(aws, TABLE),
        world,
    }
}

/// Fault 10.
#[tokio::test]
async fn of_two_who_accept_at_the_same_time_one_is_the_member() {
    let stores = stores().await;
    let key = member(&business_id("harbour"), 1);
    stores.keys.add(&key).await.unwrap();
    let (ada, eve) = (person("ada"), person("eve"));
    let both = tokio::join!(stores.writer.accept(&key, &ada, NOW), stores.writer.accept(&key, &eve, NOW));
    let accepted = [both.0.unwrap(), both.1.unwrap()];
    assert!(accepted.contains(&Accepted::Done) && accepted.contains(&Accepted::Another), "{accepted:?}");
    let (first, second) = if accepted[0] == Accepted::Done { (ada, eve) } else { (eve, ada) };
    let joined = stores.reader.joined(&key.id).await.unwrap().unwrap();
    assert_eq!((&joined.person, &joined.email, joined.at), (&first.id, &first.email, NOW));
    assert_eq!(stores.reader.of(&second.id).await, Ok(vec![]));
    let later = NOW.plus(Duration::from_secs(60));
    assert_eq!(stores.writer.accept(&key, &first, later).await, Ok(Accepted::Done), "again");
    assert_eq!(stores.reader.joined(&key.id).await.unwrap().unwrap().at, NOW);
}

#[tokio::test]
async fn a_member_who_was_removed_meanwhile_is_not_joined() {
    let stores = stores().await;
    let seen = member(&business_id("harbour"), 1);
    stores.keys.add(&seen).await.unwrap();
    let mut gone = seen.clone();
    gone.revoke(NOW);
    assert_eq!(stores.keys.remove(&seen, &gone).await, Ok(keys::Written::Done));
    let ada = person("ada");
    assert_eq!(stores.writer.accept(&seen, &ada, NOW).await, Ok(Accepted::Overtaken));
    assert_eq!(stores.reader.joined(&seen.id).await, Ok(None));
    assert_eq!(stores.reader.of(&ada.id).await, Ok(vec![]));
    let keys = keys::Reader::new(&stores.world.aws, TABLE);
    assert_eq!(keys.of(&seen.owner).await, Ok(vec![]), "in no list");
    assert_eq!(keys.key(&seen.id).await, Ok(Some(gone.clone())), "and known as revoked");
    assert_eq!(stores.keys.remove(&seen, &gone).await, Ok(keys::Written::Overtaken));
}

#[tokio::test]
async fn the_business_of_last_time_is_in_front_and_what_is_forgotten_leaves_nothing() {
    let stores = stores().await;
    let ada = person("ada");
    let all: Vec<StoredKey> = (1..=3).map(|n| member(&business_id("harbour"), n)).collect();
    for key in &all {
        stores.keys.add(key).await.unwrap();
        assert_eq!(stores.writer.accept(key, &ada, NOW).await, Ok(Accepted::Done));
    }
    let later = NOW.plus(Duration::from_secs(60));
    let of = |key: &StoredKey| Membership { person: ada.id.clone(), key: key.id.clone(), used_at: NOW };
    stores.writer.note_use(&of(&all[1]), later).await.unwrap();
    let found = stores.reader.of(&ada.id).await.unwrap();
    assert_eq!((found.len(), &found[0]), (3, &Membership { used_at: later, ..of(&all[1]) }));
    for _ in 0..2 {
        stores.eraser.forget(&all[1].id).await.unwrap();
    }
    stores.writer.note_use(&of(&all[1]), later).await.unwrap();
    assert_eq!(stores.reader.joined(&all[1].id).await, Ok(None));
    assert_eq!(stores.reader.of(&ada.id).await.unwrap().len(), 2, "a use brings none back");
}

#[tokio::test]
async fn a_person_has_a_bounded_number_of_businesses() {
    let stores = stores().await;
    let ada = person("ada");
    let all: Vec<StoredKey> =
        (0..=MAX_MEMBERSHIPS).map(|n| member(&business_id("harbour"), n as u8)).collect();
    for (n, key) in all.iter().enumerate() {
        stores.keys.add(key).await.unwrap();
        let expected = if n < MAX_MEMBERSHIPS { Accepted::Done } else { Accepted::TooMany };
        assert_eq!(stores.writer.accept(key, &ada, NOW).await, Ok(expected), "{n}");
    }
}

#[tokio::test]
async fn an_attempt_is_taken_once() {
    let world = World::new().await;
    let writer = sign_in_attempts::Writer::new(&world.aws, TABLE);
    let invited = Some(member(&business_id("harbour"), 1).id);
    let attempt = Attempt { began_at: NOW, invited };
    writer.begin("one", &attempt).await.unwrap();
    writer.begin("two", &Attempt { invited: None, ..attempt.clone() }).await.unwrap();
    assert_eq!(writer.take("three").await, Ok(None));
    let taken = tokio::join!(writer.take("one"), writer.take("one"));
    let taken: Vec<Attempt> = [taken.0.unwrap(), taken.1.unwrap()].into_iter().flatten().collect();
    assert_eq!(taken, [attempt]);
    let two = writer.take("two").await.unwrap().unwrap();
    assert!(!two.is_over(NOW) && two.is_over(NOW.plus(ATTEMPT_LASTS)));
}
