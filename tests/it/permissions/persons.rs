//! The role of the function that erases persons.

use acceptance::World;
use acceptance::aws_proxy::AwsProxy;
use acceptance::phones::{NUMBER, Way};
use acceptance::sandbox::{HttpSandbox, QueueSandbox};
use aws_sdk_dynamodb::types::AttributeValue;
use domain::messages::{Left, Mark};
use domain::tools::TakenMessage;
use domain::{CallSid, Epoch, testing};
use http::Method;
use local::demo::story;
use serde_json::{Value, json};
use simulator::phone::{File, What};
use stores::{messages, turns};

use super::compare;
use crate::contact_files::{begun, checked, run};
use crate::contacts::{ask, booked_for};
use crate::leads::source;
use crate::person_erasure::contact_of;

/// Something of every kind for a person, in a call that is over.
pub(super) async fn has_something_of_every_kind(world: &World) -> String {
    let mut spec = world.spec(story::own_recording(vec![0xFF; 800]));
    NUMBER.clone_into(&mut spec.from);
    let call = world.twilio.call(spec);
    let path = format!("/v1/calls/{}/actions", call.sid());
    let note = json!({ "action": "note_to_agent", "text": "The wheel is bent." });
    let asked = || ask(world, Method::POST, &path, ("idempotency-key", "note"), &note);
    world.until(|| async { (asked().await.0 < 300).then_some(()) }).await;
    let sid = call.finished().await.call_sid.clone();
    world.complete_record(&sid).await;
    let table = |name: &'static str| world.system.name(name).unwrap();
    let message = TakenMessage { recipient: None, text: "The wheel is bent.".into(), callback: None };
    let writer = turns::Writer::new(&world.system.aws, table("TurnsTable"), table("LeasesTable"));
    let call = CallSid::parse(&sid).unwrap();
    writer.put_message(&call, Epoch::FIRST, "wheel", &message, world.now()).await.unwrap();
    let business = world.business.business.id.clone();
    let of_call = domain::Call { sid: call, business: business.clone(), ..testing::call(1, world.now()) };
    let left = Left::message(&of_call, "wheel", world.now(), &message);
    assert!(
        messages::Writer::new(&world.system.aws, table("MessagesTable"))
            .put(&business, &left, None)
            .await
            .unwrap()
    );
    let marks = messages::Marks::new(&world.system.aws, table("MessagesTable"));
    let by = domain::access::KeyId::parse("abcd1234").unwrap();
    marks.set(&business, &left, &Mark { by, name: "Ada".into(), at: world.now() }).await.unwrap();
    let phone = world.phone(Way::Sms);
    let picture = File::new("picture.jpg", "image/jpeg", b"\xFF\xD8\xFF\xE0....".as_slice());
    phone.send(What::Media { files: vec![picture], caption: "Look".into() }).await.unwrap();
    phone.say("STOP").await.unwrap();
    world.thread_when(|thread| thread.stopped_at.is_some()).await;
    world.texts_settle().await;
    booked_for(world, NUMBER).await;
    let path = format!("/v1/do-not-call/{NUMBER}");
    let listed = ask(world, Method::PUT, &path, ("x", "y"), &json!({ "reason": "asked for it" })).await;
    assert_eq!(listed.0, 200, "{}", listed.1);
    let form = source(world, "form", json!({})).await;
    assert_eq!(form.sends(world, &json!({ "phone": NUMBER })).await.status, 202);
    let campaigns =
        stores::campaigns::Writer::new(&world.system.aws, table("CampaignsTable"), table("EventsTable"));
    let person = domain::campaign::entry::Person {
        to: domain::PhoneNumber::parse(NUMBER).unwrap(),
        name: None,
        zone: None,
        language: None,
        not_before: None,
        consent: None,
        vars: Default::default(),
    };
    let campaign = domain::campaign::CampaignId::of(&business, "spring");
    campaigns.load(&business, &campaign, 0, vec![person], world.now()).await.unwrap();
    let file = format!("name,phone\nDana,{NUMBER}\n");
    let import = begun(world, "import", file.as_bytes(), json!({})).await;
    checked(world, &import).await;
    run(world, &import).await;
    let contact = contact_of(world, NUMBER).await.unwrap();
    for area in ["notes", "tasks"] {
        let path = format!("/v1/contacts/{contact}/{area}");
        let made = ask(world, Method::POST, &path, ("idempotency-key", area), &json!({ "text": "a" })).await;
        assert_eq!(made.0, 201);
    }
    let export =
        ask(world, Method::POST, "/v1/contacts/exports", ("idempotency-key", "e"), &json!(null)).await;
    let path = format!("/v1/contacts/exports/{}", export.1["id"].as_str().unwrap());
    world.until(|| async { (world.get(&path).await.1["state"] == "done").then_some(()) }).await;
    contact
}

/// Everything that an erasure may meet, once: from a call that goes on to the second round, and what is given up.
async fn the_role_of_erasing_persons_fits() {
    let world = super::world().await;
    let contact = has_something_of_every_kind(&world).await;
    let proxy = AwsProxy::of(&world).await;
    let mut sinks = vec![];
    for (variable, queue) in [
        ("QUEUE_PERSONS", "PersonsQueue"),
        ("DLQ_PERSONS", "PersonsDlq"),
        ("QUEUE_RECORDINGS", "RecordingsQueue"),
    ] {
        sinks.push((variable, super::aside(&world, queue).await));
    }
    let sinks: Vec<_> = sinks.iter().map(|(variable, queue)| (*variable, queue.as_str())).collect();
    let api = HttpSandbox::start(&world, "contacts", &sinks[..1]).await;
    let worker =
        QueueSandbox::start(&world, "person-step", &[&sinks[..], &proxy.everywhere()].concat()).await;
    let asked = world.http.post(api.url.join(&format!("/v1/contacts/{contact}/erasure")).unwrap());
    let asked = asked.bearer_auth(world.identity.api_key.expose()).header("idempotency-key", "erase");
    let erasure: Value =
        asked.json(&json!({ "confirm": contact })).send().await.unwrap().json().await.unwrap();
    let business = &world.business.business.id;
    let job = json!({ "job": "erase", "business": business.as_str(), "erasure": erasure["id"] });
    assert!(worker.does(&job, 1).await && worker.does(&job, 1).await);
    let (_, report) = world.get(&format!("/v1/contacts/erasures/{}", erasure["id"].as_str().unwrap())).await;
    for step in report["steps"].as_array().unwrap().iter().filter(|step| step["step"] != "log") {
        assert_ne!(step["count"], 0, "there is nothing of it to erase: {report:#}");
    }
    // What fails comes back, and what is no job is buried.
    let broken = format!("prq_{}", "9".repeat(32));
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let put = world.system.aws.dynamodb.put_item().table_name(world.system.name("ContactsTable").unwrap());
    let put = put.item("pk", text(&format!("erasure#{business}"))).item("body", text("nothing"));
    put.item("sk", text(&format!("request#{broken}"))).send().await.unwrap();
    let job = json!({ "job": "erase", "business": business.as_str(), "erasure": broken });
    assert!(!worker.does(&job, 1).await);
    assert!(worker.does(&json!({ "job": "none" }), 1).await);
    compare("PersonStepFunction", &proxy);
}

acceptance::tests![the_role_of_erasing_persons_fits];
