//! The role of the function that gives out what is kept of persons.

use acceptance::aws_proxy::AwsProxy;
use acceptance::bucket::remove;
use acceptance::sandbox::{HttpSandbox, QueueSandbox};
use aws_sdk_dynamodb::types::AttributeValue;
use domain::contact::person_export::ATTEMPT;
use serde_json::{Value, json};

use super::compare;
use super::persons::has_something_of_every_kind;

/// Everything that an export may meet, once: a file that is gone, an attempt before it, and what is given up.
async fn the_role_of_exporting_persons_fits() {
    let world = super::world().await;
    let contact = has_something_of_every_kind(&world).await;
    let proxy = AwsProxy::of(&world).await;
    let (queue, dead) =
        (super::aside(&world, "PersonExportsQueue").await, super::aside(&world, "PersonExportsDlq").await);
    let sinks = [("QUEUE_PERSON_EXPORTS", queue.as_str()), ("DLQ_PERSON_EXPORTS", dead.as_str())];
    let api = HttpSandbox::start(&world, "contacts", &sinks[..1]).await;
    let worker =
        QueueSandbox::start(&world, "person-export", &[&sinks[..], &proxy.everywhere()].concat()).await;
    let asked = world.http.post(api.url.join(&format!("/v1/contacts/{contact}/export")).unwrap());
    let asked = asked.bearer_auth(world.identity.api_key.expose()).header("idempotency-key", "export");
    let export: Value = asked.send().await.unwrap().json().await.unwrap();
    // One attempt was begun, and died.
    let table = world.system.name("ContactsTable").unwrap();
    let business = &world.business.business.id;
    let reader = stores::contacts::Reader::new(&world.system.aws, table);
    let id = domain::contact::PersonRequestId::parse(export["id"].as_str().unwrap()).unwrap();
    let row = reader.file::<domain::contact::person_export::PersonExport>(business, id).await.unwrap();
    let mut row = row.unwrap();
    row.begin(world.now());
    assert!(
        stores::contacts::PersonExports::new(&world.system.aws, table)
            .save(business, &mut row)
            .await
            .unwrap()
    );
    world.time_passes(ATTEMPT);
    // What came with a text is gone from the bucket.
    let objects = world.objects("RecordingsBucket").await;
    let picture = objects.iter().find(|(key, _)| key.starts_with("texts/")).unwrap();
    remove(&world, &picture.0).await;
    let job = json!({ "job": "export", "business": business.as_str(), "export": export["id"] });
    assert!(worker.does(&job, 1).await);
    let path = format!("/v1/contacts/{contact}/export/{}", export["id"].as_str().unwrap());
    let (_, report) = world.get(&path).await;
    assert_eq!(report["state"], "done", "{report:#}");
    for part in report["parts"].as_array().unwrap() {
        let is_given = part["count"] != 0;
        assert!(is_given || part["left_out"] != json!([]), "there is nothing of it to give: {report:#}");
    }
    // What fails comes back, and what is no job is buried.
    let broken = format!("prq_{}", "9".repeat(32));
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let put = world.system.aws.dynamodb.put_item().table_name(table);
    let put = put.item("pk", text(&format!("file#{business}"))).item("body", text("nothing"));
    put.item("sk", text(&format!("person#{broken}"))).send().await.unwrap();
    let job = json!({ "job": "export", "business": business.as_str(), "export": broken });
    assert!(!worker.does(&job, 1).await);
    assert!(worker.does(&json!({ "job": "none" }), 1).await);
    compare("PersonExportFunction", &proxy);
}

acceptance::tests![the_role_of_exporting_persons_fits];
