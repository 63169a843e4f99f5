//! Secrets Manager, as far as the product asks it.

use local_aws::Config;

use crate::support::{Clients, code, start, start_with};

async fn text(clients: &Clients, id: &str) -> String {
    let value = clients.secrets.get_secret_value().secret_id(id).send().await.unwrap();
    value.secret_string.unwrap()
}

#[tokio::test]
async fn a_secret_is_made_read_changed_and_deleted() {
    let (_endpoints, clients) = start().await;
    let secrets = &clients.secrets;
    let name = "stack/businesses/shop";
    let read = || secrets.get_secret_value().secret_id(name).send();
    assert_eq!(code(read().await), "ResourceNotFoundException");
    let put = |text: &str| secrets.put_secret_value().secret_id(name).secret_string(text).send();
    assert_eq!(code(put("one").await), "ResourceNotFoundException");
    let create = |text: &str| secrets.create_secret().name(name).secret_string(text).send();
    let arn = create("one").await.unwrap().arn.unwrap();
    assert_eq!(code(create("two").await), "ResourceExistsException");
    assert_eq!(
        (text(&clients, name).await, text(&clients, &arn).await),
        ("one".to_owned(), "one".to_owned())
    );
    put("two").await.unwrap();
    assert_eq!(text(&clients, name).await, "two");

    secrets.delete_secret().secret_id(name).send().await.unwrap();
    assert_eq!(code(read().await), "InvalidRequestException", "it waits for its deletion");
    assert_eq!(code(create("three").await), "InvalidRequestException");
    let gone = || secrets.delete_secret().secret_id(name).force_delete_without_recovery(true).send();
    gone().await.unwrap();
    gone().await.unwrap();
    assert_eq!(code(read().await), "ResourceNotFoundException");
    create("three").await.unwrap();
    assert_eq!(
        code(secrets.create_secret().name("a b").secret_string("x").send().await),
        "InvalidParameterException"
    );
    assert_eq!(code(put("").await), "InvalidParameterException");
    assert_eq!(code(secrets.list_secrets().send().await), "UnknownOperationException");
}

/// One request that comes twice is one; the SDK names each with a token of its own.
#[tokio::test]
async fn a_repeated_request_changes_nothing() {
    let (_endpoints, clients) = start().await;
    let create = |text: &str| {
        let request = clients.secrets.create_secret().name("shop").secret_string(text);
        request.client_request_token("00000000-0000-4000-8000-000000000000").send()
    };
    create("one").await.unwrap();
    create("one").await.unwrap();
    assert_eq!(code(create("two").await), "ResourceExistsException");
    assert_eq!(text(&clients, "shop").await, "one");
}

#[tokio::test]
async fn a_secret_outlives_the_endpoints() {
    let folder = tempfile::tempdir().unwrap();
    let config = || Config { data_dir: Some(folder.path().to_owned()), ..Config::default() };
    let (endpoints, clients) = start_with(config()).await;
    clients.secrets.create_secret().name("shop").secret_string("kept").send().await.unwrap();
    endpoints.shutdown().await;
    let (_endpoints, clients) = start_with(config()).await;
    assert_eq!(text(&clients, "shop").await, "kept");
}
