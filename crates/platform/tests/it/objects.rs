use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use platform::objects::{MAX_LINK_TTL, NewObject, ObjectError, Objects, PART_BYTES, PutOutcome};

use crate::world::{BUCKET, World, all_at_once};
use scripted::{Answer, Scripted};

fn objects(world: &World) -> Objects {
    Objects::new(&world.aws, BUCKET)
}

fn digest(bytes: &[u8]) -> String {
    use sha2::Digest as _;
    hex::encode(sha2::Sha256::digest(bytes))
}

fn new(key: &str) -> NewObject {
    let metadata = BTreeMap::from([("call".to_owned(), "CA1".to_owned())]);
    NewObject { key: key.to_owned(), content_type: "audio/x-wav", metadata, tag: Some(("kept", "30-days")) }
}

async fn put(objects: &Objects, key: &str, bytes: &[u8]) -> Result<PutOutcome, ObjectError> {
    objects.put_if_absent(&new(key), Bytes::copy_from_slice(bytes), &digest(bytes)).await
}

/// What no length, part or chunk divides evenly.
fn pattern(bytes: usize) -> Vec<u8> {
    (0..bytes).map(|n| (n % 251) as u8).collect()
}

/// How many uploads S3 would bill for though they are no objects.
async fn unfinished(world: &World) -> usize {
    let listed = world.aws.s3.list_multipart_uploads().bucket(BUCKET).send().await.unwrap();
    listed.uploads().len()
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
    assert_eq!(objects(&world).get_range("recordings/a.wav", 0..64).await.unwrap(), vec![winners[0]; 64]);
}

/// One PutObject, a multipart upload with a remainder, and one that fills its parts exactly.
#[tokio::test]
async fn an_upload_of_any_length_arrives_whole_and_holds_one_part_at_most() {
    let world = World::with_bucket().await;
    let objects = objects(&world);
    for length in [3_000_000, 2 * PART_BYTES + 1_234_567, 2 * PART_BYTES] {
        let (key, bytes) = (format!("{length}.wav"), pattern(length));
        let mut upload = objects.upload(new(&key));
        for chunk in bytes.chunks(100_003) {
            upload.write(chunk).await.unwrap();
            assert!(upload.held_bytes() <= PART_BYTES);
            assert_eq!(objects.head(&key).await.unwrap(), None, "nothing is visible before the end");
        }
        let uploaded = upload.complete().await.unwrap();
        assert_eq!((uploaded.outcome, uploaded.bytes), (PutOutcome::Stored, length as u64));
        assert_eq!(uploaded.sha256, digest(&bytes));

        let head = objects.head(&key).await.unwrap().unwrap();
        assert_eq!((head.bytes, head.content_type.as_deref()), (length as u64, Some("audio/x-wav")));
        assert_eq!(objects.digest(&key).await.unwrap(), Some(digest(&bytes)), "known or read again");
        assert_eq!(objects.get_range(&key, 0..length as u64).await.unwrap(), bytes);
        assert_eq!(objects.get_range(&key, 250..260).await.unwrap(), bytes[250..260]);
        assert!(objects.get_range(&key, 7..7).await.unwrap().is_empty());
        let tags = world.aws.s3.get_object_tagging().bucket(BUCKET).key(&key).send().await.unwrap();
        assert_eq!(tags.tag_set()[0].value(), "30-days");
    }
    assert_eq!(unfinished(&world).await, 0);
}

/// Fault 34. What is given up leaves neither an object nor parts that are paid for.
#[tokio::test]
async fn an_upload_that_is_aborted_leaves_nothing() {
    let world = World::with_bucket().await;
    let mut upload = objects(&world).upload(new("a.wav"));
    upload.write(&pattern(PART_BYTES + 1)).await.unwrap();
    assert_eq!(unfinished(&world).await, 1, "the first part is on its way");
    upload.abort().await;
    assert_eq!(unfinished(&world).await, 0);
    assert_eq!(objects(&world).head("a.wav").await.unwrap(), None);
}

/// Fault 36. Of rivals that all sent everything, one becomes the object; the others' parts are gone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_multipart_uploads_of_one_key_one_wins() {
    let world = World::with_bucket().await;
    let rivals = (0u8..4).map(|n| {
        let mut upload = objects(&world).upload(new("a.wav"));
        async move {
            upload.write(&vec![n; PART_BYTES + 7]).await.unwrap();
            upload.complete().await.unwrap()
        }
    });
    let outcomes = all_at_once(rivals).await;
    let winners: Vec<_> = outcomes.iter().filter(|uploaded| uploaded.outcome == PutOutcome::Stored).collect();
    assert_eq!(winners.len(), 1);
    let stands = objects(&world).digest("a.wav").await.unwrap();
    assert_eq!(stands.as_ref(), Some(&winners[0].sha256));
    assert_eq!(unfinished(&world).await, 0);
}

/// Fault 35. S3 asks for less: the client waits and sends the same again; the key makes that safe.
#[tokio::test]
async fn a_busy_s3_is_asked_again_for_the_same_key() {
    let busy = || Answer::new(503, "<Error><Code>SlowDown</Code><Message>less</Message></Error>");
    let s3 = Scripted::serve([busy(), busy(), Answer::new(200, "")]).await;
    let world = World::with_s3_at(&s3.url).await;
    assert_eq!(put(&objects(&world), "a.wav", b"words").await.unwrap(), PutOutcome::Stored);
    let asked = s3.asked();
    assert_eq!(asked.len(), 3);
    assert!(asked.iter().all(|request| request.line.starts_with(&format!("PUT /{BUCKET}/a.wav"))));
    assert!(asked.iter().all(|request| request.header("if-none-match") == Some("*")));

    let s3 = Scripted::serve([busy(), busy(), busy()]).await;
    let world = World::with_s3_at(&s3.url).await;
    let error = put(&objects(&world), "a.wav", b"words").await.unwrap_err();
    assert!(error.is_retryable(), "then the job comes again: {error}");
}

#[tokio::test]
async fn a_deleted_object_is_gone_and_a_tag_is_replaced() {
    let world = World::with_bucket().await;
    let objects = objects(&world);
    put(&objects, "a.wav", b"words").await.unwrap();
    objects.set_tag("a.wav", "kept", "hold").await.unwrap();
    let tags = world.aws.s3.get_object_tagging().bucket(BUCKET).key("a.wav").send().await.unwrap();
    assert_eq!(tags.tag_set().iter().map(|tag| tag.value()).collect::<Vec<_>>(), ["hold"]);
    for _ in 0..2 {
        objects.delete("a.wav").await.unwrap();
    }
    assert_eq!(objects.head("a.wav").await.unwrap(), None);
    assert!(matches!(objects.set_tag("a.wav", "kept", "hold").await, Err(ObjectError::NotFound)));
}

#[tokio::test]
async fn what_is_not_there_is_said_so() {
    let world = World::with_bucket().await;
    let objects = objects(&world);
    assert_eq!(objects.head("nothing").await.unwrap(), None);
    assert!(matches!(objects.get_range("nothing", 0..1).await, Err(ObjectError::NotFound)));
}

/// Fault 33.
#[tokio::test]
async fn bytes_that_are_not_those_of_the_digest_never_become_an_object() {
    let world = World::with_bucket().await;
    let objects = objects(&world);
    let body = Bytes::from_static(b"cut sho");
    let refused = objects.put_if_absent(&new("a.wav"), body, &digest(b"cut short")).await;
    assert!(refused.is_err(), "{refused:?}");
    assert_eq!(objects.head("a.wav").await.unwrap(), None);
    let no_digest = objects.put_if_absent(&new("a.wav"), Bytes::from_static(b"x"), "abc").await;
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
