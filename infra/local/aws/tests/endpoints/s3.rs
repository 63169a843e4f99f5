use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::presigning::PresigningConfig;
use aws_sdk_s3::primitives::{ByteStream, SdkBody};
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart, Delete, ObjectIdentifier, Tag, Tagging};
use bytes::Bytes;
use futures_util::future::join_all;
use local_aws::Endpoints;

use crate::support::{browser, code, pattern, start};

const PART_BYTES: usize = 5 * 1024 * 1024;

async fn bucket() -> (Endpoints, Client) {
    let (endpoints, clients) = start().await;
    clients.s3.create_bucket().bucket("recordings").send().await.unwrap();
    (endpoints, clients.s3)
}

async fn put(client: &Client, key: &str, body: &'static str) -> String {
    let put =
        client.put_object().bucket("recordings").key(key).body(ByteStream::from_static(body.as_bytes()));
    put.send().await.unwrap().e_tag().unwrap().to_owned()
}

async fn get(client: &Client, key: &str) -> Bytes {
    let object = client.get_object().bucket("recordings").key(key).send().await.unwrap();
    object.body.collect().await.unwrap().into_bytes()
}

/// Uploads parts and returns the upload and what completes it.
async fn upload(client: &Client, key: &str, parts: &[Vec<u8>]) -> (String, CompletedMultipartUpload) {
    let begun = client
        .create_multipart_upload()
        .bucket("recordings")
        .key(key)
        .content_type("audio/wav")
        .send()
        .await
        .unwrap();
    let id = begun.upload_id().unwrap().to_owned();
    let mut done = CompletedMultipartUpload::builder();
    for (number, part) in (1..).zip(parts) {
        let put = client.upload_part().bucket("recordings").key(key).upload_id(&id).part_number(number);
        let put = put.body(ByteStream::from(part.clone())).send().await.unwrap();
        done = done.parts(CompletedPart::builder().part_number(number).e_tag(put.e_tag().unwrap()).build());
    }
    (id, done.build())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_twenty_parallel_conditional_puts_one_wins_on_each_of_thirty_keys() {
    let (_endpoints, client) = bucket().await;
    for round in 0..30 {
        let key = format!("race/{round}");
        let puts = (0..20).map(|n| {
            let body = ByteStream::from(format!("body {n}").into_bytes());
            client.put_object().bucket("recordings").key(&key).if_none_match("*").body(body).send()
        });
        let results = join_all(puts).await;
        let winners: Vec<usize> = (0..20).filter(|&n| results[n].is_ok()).collect();
        assert_eq!(winners.len(), 1, "round {round}: {winners:?}");
        for refused in results.into_iter().filter(Result::is_err) {
            assert_eq!(refused.as_ref().unwrap_err().raw_response().unwrap().status().as_u16(), 412);
            assert_eq!(code(refused), "PreconditionFailed");
        }
        assert_eq!(get(&client, &key).await, format!("body {}", winners[0]));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_parallel_writers_who_saw_the_same_version_one_wins() {
    let (_endpoints, client) = bucket().await;
    let seen = put(&client, "k", "first").await;
    let writes = (0..20).map(|n| {
        let body = ByteStream::from(format!("next {n}").into_bytes());
        client.put_object().bucket("recordings").key("k").if_match(&seen).body(body).send()
    });
    assert_eq!(join_all(writes).await.iter().filter(|result| result.is_ok()).count(), 1);
    let missing = client.put_object().bucket("recordings").key("none").if_match(&seen).send().await;
    assert_eq!(code(missing), "NoSuchKey");
}

#[tokio::test]
async fn a_body_of_unknown_length_arrives_whole() {
    let (_endpoints, client) = bucket().await;
    let sent = pattern(3 * 1024 * 1024 + 17);
    let chunks: Vec<Result<Bytes, std::io::Error>> =
        sent.chunks(60_001).map(|chunk| Ok(Bytes::copy_from_slice(chunk))).collect();
    let body = reqwest::Body::wrap_stream(futures_util::stream::iter(chunks));
    let put =
        client.put_object().bucket("recordings").key("stream").content_length(sent.len().try_into().unwrap());
    put.body(ByteStream::new(SdkBody::from_body_1_x(body))).send().await.unwrap();
    assert!(get(&client, "stream").await == sent);
}

#[tokio::test]
async fn what_was_said_of_an_object_comes_back_with_it() {
    let (_endpoints, client) = bucket().await;
    let put =
        client.put_object().bucket("recordings").key("a/é +&.wav").body(ByteStream::from_static(b"audio"));
    let put = put.content_type("audio/wav").content_disposition("inline").cache_control("private");
    let etag = put.metadata("call", "inbound").tagging("kind=recording").send().await.unwrap();

    let head = client.head_object().bucket("recordings").key("a/é +&.wav").send().await.unwrap();
    assert_eq!((head.content_length(), head.e_tag()), (Some(5), etag.e_tag()));
    assert_eq!(head.content_type(), Some("audio/wav"));
    assert_eq!(head.metadata().unwrap()["call"], "inbound");
    assert!(head.last_modified().is_some());
    let object =
        client.get_object().bucket("recordings").key("a/é +&.wav").response_content_disposition("attachment");
    let object = object.send().await.unwrap();
    assert_eq!(object.content_disposition(), Some("attachment"));
    assert_eq!((object.cache_control(), object.tag_count()), (Some("private"), Some(1)));

    let tag = Tag::builder().key("kind").value("voicemail").build().unwrap();
    let tags = Tagging::builder().tag_set(tag.clone()).build().unwrap();
    client.put_object_tagging().bucket("recordings").key("a/é +&.wav").tagging(tags).send().await.unwrap();
    let tags = client.get_object_tagging().bucket("recordings").key("a/é +&.wav").send().await.unwrap();
    assert_eq!(tags.tag_set(), [tag]);
}

#[tokio::test]
async fn a_missing_thing_is_told_apart_from_a_failure() {
    let (_endpoints, client) = bucket().await;
    let head =
        client.head_object().bucket("recordings").key("none").send().await.unwrap_err().into_service_error();
    assert!(head.is_not_found(), "{head:?}");
    let get =
        client.get_object().bucket("recordings").key("none").send().await.unwrap_err().into_service_error();
    assert!(get.is_no_such_key(), "{get:?}");
    let put = client.put_object().bucket("none").key("k").body(ByteStream::from_static(b"x")).send().await;
    assert_eq!(code(put), "NoSuchBucket");
    client.delete_object().bucket("recordings").key("none").send().await.unwrap();
    assert_eq!(code(client.create_bucket().bucket("recordings").send().await), "BucketAlreadyOwnedByYou");
    put_and_fail_to_delete_bucket(&client).await;
}

async fn put_and_fail_to_delete_bucket(client: &Client) {
    put(client, "k", "x").await;
    assert_eq!(code(client.delete_bucket().bucket("recordings").send().await), "BucketNotEmpty");
}

#[tokio::test]
async fn a_listing_pages_and_rolls_up_and_deletion_empties_it() {
    let (_endpoints, client) = bucket().await;
    // A key may be the beginning of another: S3 has no directories.
    for key in ["a", "a/1", "a/2", "b", "c/1"] {
        put(&client, key, "x").await;
    }
    let page = client.list_objects_v2().bucket("recordings").delimiter("/").max_keys(3).send().await.unwrap();
    let keys: Vec<_> = page.contents().iter().filter_map(|object| object.key()).collect();
    let prefixes: Vec<_> = page.common_prefixes().iter().filter_map(|prefix| prefix.prefix()).collect();
    assert_eq!((keys, prefixes, page.is_truncated()), (vec!["a", "b"], vec!["a/"], Some(true)));
    assert!(page.contents()[0].e_tag().is_some());
    let token = page.next_continuation_token().unwrap();
    let page = client
        .list_objects_v2()
        .bucket("recordings")
        .delimiter("/")
        .continuation_token(token)
        .send()
        .await
        .unwrap();
    assert_eq!(page.common_prefixes()[0].prefix(), Some("c/"));

    let keys =
        ["a", "a/1", "a/2", "b", "c/1"].map(|key| ObjectIdentifier::builder().key(key).build().unwrap());
    let delete = Delete::builder().set_objects(Some(keys.into())).build().unwrap();
    let deleted = client.delete_objects().bucket("recordings").delete(delete).send().await.unwrap();
    assert_eq!(deleted.deleted().len(), 5);
    assert_eq!(client.list_objects_v2().bucket("recordings").send().await.unwrap().key_count(), Some(0));
    client.delete_bucket().bucket("recordings").send().await.unwrap();
}

#[tokio::test]
async fn a_multipart_upload_completes_once_and_only_if_its_condition_holds() {
    let (_endpoints, client) = bucket().await;
    put(&client, "k", "taken").await;
    let parts = [pattern(PART_BYTES), pattern(PART_BYTES + 1), pattern(9)];
    let (id, done) = upload(&client, "k", &parts).await;
    let complete = || {
        let complete = client.complete_multipart_upload().bucket("recordings").key("k").upload_id(&id);
        complete.multipart_upload(done.clone())
    };
    assert_eq!(code(complete().if_none_match("*").send().await), "PreconditionFailed");
    assert_eq!(get(&client, "k").await, "taken");

    client.delete_object().bucket("recordings").key("k").send().await.unwrap();
    let completed = complete().if_none_match("*").send().await.unwrap();
    assert!(completed.e_tag().unwrap().ends_with("-3\""));
    assert!(get(&client, "k").await == parts.concat());
    let head = client.head_object().bucket("recordings").key("k").send().await.unwrap();
    assert_eq!(head.content_type(), Some("audio/wav"));
    assert_eq!(code(complete().send().await), "NoSuchUpload");

    let (id, _) = upload(&client, "k", &[pattern(9)]).await;
    let abort = || client.abort_multipart_upload().bucket("recordings").key("k").upload_id(&id).send();
    abort().await.unwrap();
    assert_eq!(code(abort().await), "NoSuchUpload");
    assert!(get(&client, "k").await == parts.concat());
}

#[tokio::test]
async fn a_presigned_link_gives_ranges_until_it_expires_and_nothing_when_altered() {
    let (_endpoints, client) = bucket().await;
    put(&client, "k", "0123456789").await;
    let signed_at = |ago: u64, expires: u64| {
        let start = std::time::SystemTime::now() - Duration::from_secs(ago);
        let config = PresigningConfig::builder().start_time(start).expires_in(Duration::from_secs(expires));
        let request =
            client.get_object().bucket("recordings").key("k").response_content_disposition("attachment");
        let config = config.build().unwrap();
        async move { request.presigned(config).await.unwrap().uri().to_owned() }
    };
    let fetch = |url: String, range: &'static str| async move {
        browser().get(url).header("range", range).send().await.unwrap()
    };
    let link = signed_at(0, 60).await;
    for (range, content_range, body) in [
        ("bytes=2-4", "bytes 2-4/10", "234"),
        ("bytes=7-99", "bytes 7-9/10", "789"),
        ("bytes=-1", "bytes 9-9/10", "9"),
        ("bytes=-99", "bytes 0-9/10", "0123456789"),
    ] {
        let part = fetch(link.clone(), range).await;
        assert_eq!(
            (part.status().as_u16(), &part.headers()["content-range"]),
            (206, &content_range.parse().unwrap())
        );
        assert_eq!(part.headers()["content-disposition"], "attachment");
        assert_eq!(part.text().await.unwrap(), body);
    }
    let of_page = browser().get(&link).header("origin", "https://calls.example.com").send().await.unwrap();
    assert_eq!(of_page.headers()["access-control-allow-origin"], "*", "a page may look at what it plays");
    assert_eq!(fetch(link.clone(), "bytes=0-").await.headers().get("access-control-allow-origin"), None);
    assert_eq!(fetch(link.clone(), "bytes=10-").await.status(), 416);
    assert_eq!(fetch(signed_at(120, 60).await, "bytes=0-").await.status(), 403);
    assert_eq!(fetch(link.replace("/recordings/k", "/recordings/other"), "bytes=0-").await.status(), 403);
    let unsigned = link.split('?').next().unwrap().to_owned();
    assert_eq!(fetch(unsigned, "bytes=0-").await.status(), 403);
}

#[tokio::test]
async fn a_reader_keeps_the_object_it_opened_when_another_takes_its_place() {
    let (_endpoints, client) = bucket().await;
    let old = pattern(8 * 1024 * 1024);
    client
        .put_object()
        .bucket("recordings")
        .key("k")
        .body(ByteStream::from(old.clone()))
        .send()
        .await
        .unwrap();
    let opened = client.get_object().bucket("recordings").key("k").send().await.unwrap();
    put(&client, "k", "new").await;
    assert!(opened.body.collect().await.unwrap().into_bytes() == old);
    assert_eq!(get(&client, "k").await, "new");
}

#[tokio::test]
async fn a_conditional_read_is_told_only_what_it_does_not_know() {
    let (_endpoints, client) = bucket().await;
    let etag = put(&client, "k", "first").await;
    let get = || client.get_object().bucket("recordings").key("k");
    let head = || client.head_object().bucket("recordings").key("k");
    let refused = get().if_match("\"other\"").send().await;
    assert_eq!(refused.as_ref().unwrap_err().raw_response().unwrap().status().as_u16(), 412);
    assert_eq!(code(refused), "PreconditionFailed");
    let known = get().if_none_match(&etag).send().await.unwrap_err();
    let raw = known.raw_response().unwrap();
    assert_eq!((raw.status().as_u16(), raw.headers().get("etag")), (304, Some(etag.as_str())));
    let known = head().if_none_match(&etag).send().await.unwrap_err();
    assert_eq!(known.raw_response().unwrap().status().as_u16(), 304);
    let other = head().if_match("\"other\"").send().await.unwrap_err();
    assert_eq!(other.raw_response().unwrap().status().as_u16(), 412);

    let modified = *head().send().await.unwrap().last_modified().unwrap();
    assert!(get().if_modified_since(modified).send().await.is_err(), "not modified since");
    assert!(get().if_unmodified_since(modified).send().await.is_ok());
    for met in [get().if_match(&etag), get().if_match("*"), get().if_none_match("\"other\"")] {
        assert_eq!(met.send().await.unwrap().body.collect().await.unwrap().into_bytes(), "first");
    }
}

#[tokio::test]
async fn a_checksum_is_kept_and_returned_on_request() {
    use aws_sdk_s3::types::{ChecksumAlgorithm, ChecksumMode, ChecksumType};
    let (_endpoints, client) = bucket().await;
    let body = || ByteStream::from_static(b"123456789");
    let put = |key: &str| client.put_object().bucket("recordings").key(key).body(body());
    let stored = put("crc").checksum_algorithm(ChecksumAlgorithm::Crc32).send().await.unwrap();
    assert_eq!(stored.checksum_crc32(), Some("y/Q5Jg=="));
    let stored = put("sha").checksum_algorithm(ChecksumAlgorithm::Sha256).send().await.unwrap();
    let sha = stored.checksum_sha256().unwrap().to_owned();
    let head = client.head_object().bucket("recordings").key("sha").checksum_mode(ChecksumMode::Enabled);
    let head = head.send().await.unwrap();
    assert_eq!(
        (head.checksum_sha256(), head.checksum_type()),
        (Some(&*sha), Some(&ChecksumType::FullObject))
    );
    let got = client.get_object().bucket("recordings").key("crc").send().await.unwrap();
    assert_eq!(got.checksum_crc32(), Some("y/Q5Jg=="), "the SDK asks, and checks");
    assert_eq!(got.body.collect().await.unwrap().into_bytes(), "123456789");
    let part = client.get_object().bucket("recordings").key("crc").range("bytes=0-3").send().await.unwrap();
    assert_eq!(part.checksum_crc32(), None, "of a part nothing is known");

    let parts = [pattern(PART_BYTES), pattern(9)];
    let (id, done) = upload(&client, "parts", &parts).await;
    let complete = client.complete_multipart_upload().bucket("recordings").key("parts").upload_id(&id);
    let completed = complete.multipart_upload(done).send().await.unwrap();
    let whole = put("whole").body(ByteStream::from(parts.concat()));
    let whole = whole.checksum_algorithm(ChecksumAlgorithm::Crc64Nvme).send().await.unwrap();
    assert_eq!(
        completed.checksum_crc64_nvme(),
        whole.checksum_crc64_nvme(),
        "S3's own, over the whole object"
    );
    assert!(whole.checksum_crc64_nvme().is_some());
    assert!(get(&client, "parts").await == parts.concat());
}

#[tokio::test]
async fn an_object_is_copied_with_what_was_said_of_it_or_with_something_else() {
    use aws_sdk_s3::types::MetadataDirective;
    let (_endpoints, client) = bucket().await;
    client.create_bucket().bucket("other").send().await.unwrap();
    let put = client.put_object().bucket("recordings").key("a/é +.wav").content_type("audio/wav");
    put.metadata("call", "inbound").body(ByteStream::from_static(b"audio")).send().await.unwrap();
    let copy = |to: &str| {
        let copy = client.copy_object().bucket(to).key("copy").copy_source("recordings/a/%C3%A9%20%2B.wav");
        copy.send()
    };
    copy("other").await.unwrap();
    let got = client.get_object().bucket("other").key("copy").send().await.unwrap();
    assert_eq!((got.content_type(), &*got.metadata().unwrap()["call"]), (Some("audio/wav"), "inbound"));
    assert_eq!(got.body.collect().await.unwrap().into_bytes(), "audio");
    let replaced = client.copy_object().bucket("other").key("copy").copy_source("other/copy");
    assert_eq!(code(replaced.clone().send().await), "InvalidRequest");
    let replaced = replaced.metadata_directive(MetadataDirective::Replace).content_type("audio/x-wav");
    replaced.send().await.unwrap();
    let got = client.get_object().bucket("other").key("copy").send().await.unwrap();
    assert_eq!(got.content_type(), Some("audio/x-wav"));
    let missing = client.copy_object().bucket("other").key("k").copy_source("recordings/none").send().await;
    assert_eq!(code(missing), "NoSuchKey");
}

#[tokio::test]
async fn the_older_listing_shows_the_same() {
    let (_endpoints, client) = bucket().await;
    for key in ["a/1", "a/2", "b"] {
        put(&client, key, "x").await;
    }
    let page = client.list_objects().bucket("recordings").delimiter("/").max_keys(1).send().await.unwrap();
    assert_eq!((page.common_prefixes()[0].prefix(), page.next_marker()), (Some("a/"), Some("a/")));
    let page = client.list_objects().bucket("recordings").delimiter("/").marker("a/").send().await.unwrap();
    assert_eq!((page.contents()[0].key(), page.is_truncated()), (Some("b"), Some(false)));
    let location = client.get_bucket_location().bucket("recordings").send().await.unwrap();
    let constraint = location.location_constraint().map(|constraint| constraint.as_str());
    assert!(constraint.is_none_or(str::is_empty), "the first region has none: {constraint:?}");
}
