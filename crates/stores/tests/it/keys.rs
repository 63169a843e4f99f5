use std::time::Duration;

use domain::access::{ApiKey, KeyKind, KeyOwner, NewKey, Role, StoredKey};
use domain::{BusinessId, Timestamp};
use stores::StoreError;
use stores::keys::{Reader, Writer, Written};

use crate::world::{TABLE, World, business_id};

const NOW: Timestamp = Timestamp(1_795_000_000_000);

fn text(n: u8) -> ApiKey {
    ApiKey::of_random(KeyKind::Business, &[n; 32])
}

fn key(business: &BusinessId, n: u8) -> StoredKey {
    let wish = NewKey { name: format!("key {n}"), role: Some(Role::Viewer), ..NewKey::default() };
    wish.issue(KeyOwner::Business(business.clone()), &text(n), NOW, None).unwrap()
}

async fn stores() -> (World, Reader, Writer) {
    let world = World::new().await;
    let (reader, writer) = (Reader::new(&world.aws, TABLE), Writer::new(&world.aws, TABLE));
    (world, reader, writer)
}

#[tokio::test]
async fn a_key_is_found_by_its_id_and_listed_for_its_owner_alone() {
    let (_world, reader, writer) = stores().await;
    let (harbour, garden) = (business_id("harbour"), business_id("garden"));
    let own = [key(&harbour, 1), key(&harbour, 2)];
    for key in &own {
        writer.add(key).await.unwrap();
    }
    writer.add(&key(&garden, 3)).await.unwrap();
    assert_eq!(reader.key(&text(1).id()).await, Ok(Some(own[0].clone())));
    assert_eq!(reader.key(&text(9).id()).await, Ok(None));
    let listed = reader.of(&KeyOwner::Business(harbour)).await.unwrap();
    assert_eq!(listed.len(), 2);
    assert!(own.iter().all(|key| listed.contains(key)));
    assert_eq!(reader.of(&KeyOwner::Operator).await, Ok(vec![]));
}

/// Fault 10.
#[tokio::test]
async fn a_key_is_added_once_and_cannot_be_taken_from_another_business() {
    let (_world, reader, writer) = stores().await;
    let mut own = key(&business_id("harbour"), 1);
    writer.add(&own).await.unwrap();
    let seen = own.clone();
    own.revoke(NOW);
    assert_eq!(writer.replace(Some(&seen), &own).await, Ok(Written::Done));
    writer.add(&seen).await.unwrap();
    assert_eq!(reader.key(&own.id).await, Ok(Some(own.clone())), "adding it again does not bring it back");
    let taken = writer.add(&key(&business_id("garden"), 1)).await;
    assert!(matches!(taken, Err(StoreError::Conditional { .. })), "{taken:?}");
    assert_eq!(reader.of(&KeyOwner::Business(business_id("garden"))).await, Ok(vec![]));
}

#[tokio::test]
async fn of_two_who_rotate_a_key_one_does() {
    let (_world, reader, writer) = stores().await;
    let seen = key(&business_id("harbour"), 1);
    writer.add(&seen).await.unwrap();
    let rotate = async |n: u8| {
        let rotation = seen.rotate(&text(n), NOW, Duration::from_secs(60)).unwrap();
        writer.rotate(Some(&seen), &rotation.old, &rotation.new).await.unwrap()
    };
    assert_eq!([rotate(2).await, rotate(3).await], [Written::Done, Written::Overtaken]);
    assert_eq!(reader.key(&text(3).id()).await, Ok(None), "nothing of the second one is stored");
    assert_eq!(reader.key(&seen.id).await.unwrap().unwrap().replaced_by, Some(text(2).id()));
    let listed = reader.of(&seen.owner).await.unwrap();
    assert_eq!(listed.len(), 2);
}

#[tokio::test]
async fn the_key_itself_is_nowhere_in_the_table() {
    let (world, _, writer) = stores().await;
    writer.add(&key(&business_id("harbour"), 1)).await.unwrap();
    let items = world.aws.dynamodb.scan().table_name(TABLE).send().await.unwrap().items.unwrap();
    assert_eq!(items.len(), 2);
    // The first characters are the key's name.
    let secret = text(1).secret().expose()[16..].to_owned();
    assert!(!format!("{items:?}").contains(&secret));
}
