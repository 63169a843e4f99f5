//! Only a client that has the keys is answered.

use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_s3::presigning::PresigningConfig;
use aws_sdk_s3::primitives::ByteStream;
use local_aws::{Config, Endpoints};

use crate::dynamodb::create_table;
use crate::support::{Clients, browser, code, start};

/// Clients with another secret, or as another user.
fn others(endpoints: &Endpoints, id: Option<&str>) -> Clients {
    Clients::new(|name| {
        let known = endpoints.env().into_iter().find(|(known, _)| known == name).map(|(_, value)| value);
        match (name, id) {
            ("AWS_SECRET_ACCESS_KEY", _) => Some("guessed".to_owned()),
            ("AWS_ACCESS_KEY_ID", Some(id)) => Some(id.to_owned()),
            _ => known,
        }
    })
}

#[tokio::test]
async fn a_wrong_secret_and_an_unknown_key_open_none_of_them() {
    let (endpoints, own) = start().await;
    create_table(&own.dynamodb, "calls").await;
    let queue = own.sqs.create_queue().queue_name("q").send().await.unwrap().queue_url.unwrap();
    own.s3.create_bucket().bucket("recordings").send().await.unwrap();

    let wrong = others(&endpoints, None);
    let put = |clients: &Clients| {
        let item = ("pk", AttributeValue::S("k".into()));
        clients.dynamodb.put_item().table_name("calls").item(item.0, item.1).send()
    };
    assert_eq!(code(put(&wrong).await), "InvalidSignatureException");
    let send = |clients: &Clients| clients.sqs.send_message().queue_url(&queue).message_body("a").send();
    assert_eq!(code(send(&wrong).await), "SignatureDoesNotMatch");
    assert_eq!(code(wrong.s3.list_buckets().send().await), "SignatureDoesNotMatch");
    let read = |clients: &Clients| clients.secrets.get_secret_value().secret_id("shop").send();
    assert_eq!(code(read(&wrong).await), "InvalidSignatureException");

    let stranger = others(&endpoints, Some("somebody"));
    assert_eq!(code(put(&stranger).await), "UnrecognizedClientException");
    assert_eq!(code(send(&stranger).await), "InvalidClientTokenId");
    assert!(stranger.s3.list_buckets().send().await.is_err());

    let items = own.dynamodb.scan().table_name("calls").send().await.unwrap();
    assert_eq!(items.count(), 0);
    assert!(own.sqs.receive_message().queue_url(&queue).send().await.unwrap().messages().is_empty());
}

#[tokio::test]
async fn a_request_without_a_signature_is_refused_whatever_it_asks() {
    let (endpoints, own) = start().await;
    create_table(&own.dynamodb, "calls").await;
    for (url, target) in [
        (&endpoints.sqs, "AmazonSQS.ListQueues"),
        (&endpoints.sqs, "AmazonSQS.Nothing"),
        (&endpoints.dynamodb, "DynamoDB_20120810.ListTables"),
        (&endpoints.dynamodb, "DynamoDB_20120810.DeleteTable"),
    ] {
        let request = browser().post(url.clone()).header("x-amz-target", target);
        let refused =
            request.header("content-type", "application/x-amz-json-1.0").body("{}").send().await.unwrap();
        assert!(refused.status().is_client_error(), "{target}");
        let text = refused.text().await.unwrap();
        assert!(text.contains("MissingAuthenticationTokenException"), "{target}: {text}");
    }
    assert_eq!(own.dynamodb.list_tables().send().await.unwrap().table_names(), ["calls"]);
}

/// Case B20. As on AWS, a client that follows a presigned address with its own `Authorization` is refused there.
#[tokio::test]
async fn a_presigned_address_takes_no_second_authorisation() {
    let (_endpoints, own) = start().await;
    own.s3.create_bucket().bucket("recordings").send().await.unwrap();
    let put = own.s3.put_object().bucket("recordings").key("k").body(ByteStream::from_static(b"audio"));
    put.send().await.unwrap();
    let config = PresigningConfig::expires_in(std::time::Duration::from_secs(60)).unwrap();
    let link = own.s3.get_object().bucket("recordings").key("k").presigned(config).await.unwrap();
    let follow = |authorization: Option<&'static str>| {
        let request = browser().get(link.uri());
        let request =
            authorization.into_iter().fold(request, |request, value| request.header("authorization", value));
        async move { request.send().await.unwrap() }
    };
    assert_eq!(follow(None).await.text().await.unwrap(), "audio");
    for authorization in ["Bearer key", "AWS4-HMAC-SHA256 Credential=a/b", "Basic a2V5"] {
        let refused = follow(Some(authorization)).await;
        assert_eq!(refused.status(), 400, "{authorization}");
        let text = refused.text().await.unwrap();
        assert!(text.contains("InvalidArgument") && text.contains("Only one auth mechanism"), "{text}");
    }
}

#[tokio::test]
async fn the_keys_are_those_of_the_data_directory() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let keys = async |directory: &tempfile::TempDir| {
        let config = Config { data_dir: Some(directory.path().into()), ..Config::default() };
        let endpoints = Endpoints::start(config).await.unwrap();
        let keys = endpoints.credentials().clone();
        endpoints.shutdown().await;
        keys
    };
    let first = keys(&one).await;
    assert_eq!(keys(&one).await, first);
    assert_ne!(keys(&two).await.secret_access_key(), first.secret_access_key());
    assert!(!format!("{first:?}").contains(first.secret_access_key()));
}
