use std::collections::BTreeMap;
use std::io::Write as _;
use std::time::Duration;

use bytes::Bytes;
use platform::objects::{MAX_LINK_TTL, ObjectBody, ObjectError, Objects, PutOutcome};

use crate::world::{BUCKET, World, all_at_once};

fn objects(world: &World) -> Objects {
    Objects::new(&world.aws, BUCKET)
}

fn digest(bytes: &[u8]) -> String {
    use sha2::Digest as _;
    hex::encode(sha2::Sha256::digest(bytes))
}

async fn put(objects: &Objects, key: &str, bytes: &[u8]) -> Result<PutOutcome, ObjectError> {
    let body = ObjectBody::Bytes(Bytes::copy_from_slice(bytes));
    objects.put_if_absent(key, "audio/x-wav", &BTreeMap::new(), body, &digest(bytes)).await
}

/// Fault 36.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_who_put_one_key_one_wins_and_its_object_stands() {
    let world = World::with_bucket().await;
    let puts = (0u8..12).map(|n| {
        let objects = objects(&world);
        async move { (n, put(&objects, "recordings/a.wav", &[n; 64]).await.unwrap()) }
    });
    let outcomes = all_at_once(puts).await;
    let winners: Vec<u8> =
        outcomes.into_iter().filter(|(_, put)| *put == PutOutcome::Stored).map(|(n, _)| n).collect();
    assert_eq!(winners.len(), 1, "{winners:?}");
    assert_eq!(objects(&world).get_bytes("recordings/a.wav").await.unwrap(), vec![winners[0]; 64]);
}

#[tokio::test]
async fn a_file_arrives_whole_and_tells_what_it_is() {
    let world = World::with_bucket().await;
    let objects = objects(&world);
    let bytes: Vec<u8> = (0..3_000_000u32).map(|n| (n % 251) as u8).collect();
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(&bytes).unwrap();
    let metadata = BTreeMap::from([("call".to_owned(), "CA1".to_owned())]);
    let body = ObjectBody::File(file.path().to_owned());
    let put = objects.put_if_absent("a.wav", "audio/x-wav", &metadata, body, &digest(&bytes)).await.unwrap();
    assert_eq!(put, PutOutcome::Stored);

    let head = objects.head("a.wav").await.unwrap().unwrap();
    assert_eq!((head.bytes, head.content_type.as_deref()), (3_000_000, Some("audio/x-wav")));
    assert_eq!(head.sha256, Some(digest(&bytes)));
    assert_eq!(objects.get_bytes("a.wav").await.unwrap(), bytes);
    assert_eq!(objects.get_range("a.wav", 250..260).await.unwrap(), bytes[250..260]);
    assert!(objects.get_range("a.wav", 7..7).await.unwrap().is_empty());
}

#[tokio::test]
async fn what_is_not_there_is_said_so() {
    let world = World::with_bucket().await;
    let objects = objects(&world);
    assert_eq!(objects.head("nothing").await.unwrap(), None);
    assert!(matches!(objects.get_bytes("nothing").await, Err(ObjectError::NotFound)));
}

/// Fault 33.
#[tokio::test]
async fn bytes_that_are_not_those_of_the_digest_never_become_an_object() {
    let world = World::with_bucket().await;
    let objects = objects(&world);
    let body = ObjectBody::Bytes(Bytes::from_static(b"cut sho"));
    let refused =
        objects.put_if_absent("a.wav", "audio/x-wav", &BTreeMap::new(), body, &digest(b"cut short")).await;
    assert!(refused.is_err(), "{refused:?}");
    assert_eq!(objects.head("a.wav").await.unwrap(), None);
    let body = ObjectBody::Bytes(Bytes::from_static(b"x"));
    let no_digest = objects.put_if_absent("a.wav", "audio/x-wav", &BTreeMap::new(), body, "abc").await;
    assert!(matches!(no_digest, Err(ObjectError::Digest)), "{no_digest:?}");
}

/// Fault 38.
#[tokio::test]
async fn a_link_reads_its_object_and_is_good_for_a_week_at_most() {
    let world = World::with_bucket().await;
    let objects = objects(&world);
    put(&objects, "a b.wav", b"words").await.unwrap();
    let disposition = "attachment; filename=\"call.wav\"";
    let link = objects.presign_get("a b.wav", Duration::from_secs(60), Some(disposition)).await.unwrap();
    let response = reqwest::get(link.clone()).await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-disposition"], disposition);
    assert_eq!(response.bytes().await.unwrap(), "words");

    let mut other = link;
    other.set_path(&format!("/{BUCKET}/other.wav"));
    assert_eq!(reqwest::get(other).await.unwrap().status(), 403);
    for ttl in [Duration::ZERO, MAX_LINK_TTL + Duration::from_secs(1)] {
        assert!(matches!(objects.presign_get("a b.wav", ttl, None).await, Err(ObjectError::LinkTtl)));
    }
}
