//! A person who leaves something everywhere, each thing with a word of its own.

use acceptance::phones::{BURST, NUMBER, Way, answers_texts};
use acceptance::{World, WorldConfig};
use functions::businesses::provision::NewBusiness;
use http::Method;
use serde_json::json;
use simulator::audio::speech;
use simulator::openai::{Fact, OpenAiConfig, Reply, Script, Step, Talk};
use simulator::phone::{File, What};
use simulator::twilio::{CallerScript, CallerStep};

use super::contact_of;
use crate::contact_files::{begun, checked, run};
use crate::contacts::ask;
use crate::leads::source;

pub(crate) const NAME: &str = "Xanthippe";
pub(crate) const ADDRESS: &str = "xanthippe@quillfeather.example";
pub(crate) const NOTE: &str = "okapi";
pub(crate) const TASK: &str = "axolotl";
pub(crate) const FIELD: &str = "capybara";
pub(crate) const LEFT: &str = "quagga";
pub(crate) const TEXTED: &str = "zebu";
pub(crate) const MEDIUM: &str = "wombat";
pub(crate) const WRITTEN: &str = "pangolin";
pub(crate) const REASON: &str = "bandicoot";
pub(crate) const SAID: &str = "I would like to bring my bicycle in for a service";

pub(crate) const CANARIES: [&str; 12] =
    [NUMBER, NAME, ADDRESS, NOTE, TASK, FIELD, LEFT, TEXTED, MEDIUM, WRITTEN, REASON, SAID];

pub(crate) fn listen() -> CallerStep {
    CallerStep::WaitForAgent { quiet_ms: 700, max_ms: 15_000 }
}

pub(crate) fn say(clip: &speech::Clip) -> CallerStep {
    CallerStep::Say { mulaw: clip.mulaw().to_vec(), label: "words".into() }
}

/// A business whose agent takes a message, in a call and in writing, and gives threads to people.
pub(crate) fn config() -> WorldConfig {
    let left = json!({ "message": format!("The {LEFT} is ill.") });
    let reply = Reply::call("take_message", &left).then(Reply::say(&speech::AGENT_CONFIRM));
    let bye = Reply::say(&speech::AGENT_BYE).and_call("end_call", "{}");
    let steps = vec![Step::clip(&speech::CALLER_SERVICE, reply), Step::clip(&speech::CALLER_BYE, bye)];
    WorldConfig {
        openai: OpenAiConfig {
            script: Script::new(Reply::say(&speech::AGENT_GREETING), steps),
            talk: vec![
                Talk::says(&[], "")
                    .calling("take_message", &format!(r#"{{"message":"The {WRITTEN} wants feed."}}"#))
                    .calling(
                        "hand_over",
                        &format!(r#"{{"reason":"It is about a {REASON}","say":"A colleague answers."}}"#),
                    ),
            ],
            facts: vec![Fact::new("service", "bicycle service", SAID)],
            ..OpenAiConfig::default()
        },
        business: |new: &mut NewBusiness| {
            answers_texts(new);
            new.settings.tools.take_messages = true;
        },
        ..WorldConfig::default()
    }
}

/// The person calls, says something and leaves a message; the call is recorded, transcribed and summed up.
pub(crate) async fn calls(world: &World) -> String {
    let steps = vec![listen(), say(&speech::CALLER_SERVICE), listen(), say(&speech::CALLER_BYE), listen()];
    let mut spec = world.spec(CallerScript::new(steps));
    NUMBER.clone_into(&mut spec.from);
    let sid = world.twilio.call(spec).finished().await.call_sid.clone();
    world.complete_record(&sid).await;
    let listed = async || world.get("/v1/messages?include=words").await.1.to_string().contains(LEFT);
    world.until(|| async { listed().await.then_some(()) }).await;
    // What follows the call is over, as far as nothing is put off.
    world.until(|| async { settled(world, &sid).await.then_some(()) }).await;
    sid
}

pub(crate) async fn settled(world: &World, sid: &str) -> bool {
    let table = world.system.name("CallsTable").unwrap();
    let calls = stores::calls::Eraser::new(&world.system.aws, table);
    let call = calls.call(&domain::CallSid::parse(sid).unwrap()).await.unwrap();
    call.is_some_and(|call| call.is_settled)
}

/// The person texts, with a picture, and wants no texts after that.
pub(crate) async fn texts(world: &World) {
    let phone = world.phone(Way::Sms);
    let picture = [b"\xFF\xD8\xFF\xE0".as_slice(), MEDIUM.as_bytes()].concat();
    let files = vec![File::new("picture.jpg", "image/jpeg", picture)];
    let caption = format!("My {TEXTED} needs new shoes.");
    phone.send(What::Media { files, caption }).await.unwrap();
    let thread = world.thread_with(1).await;
    world
        .until(|| async {
            let (_, texts) = world.get(&format!("{}/texts", thread.path())).await;
            let first = texts["texts"].as_array().unwrap().last().unwrap();
            first["attachments"][0]["url"].as_str().map(drop)
        })
        .await;
    world.time_passes(BURST);
    world.thread_when(|thread| thread.owner.kind == "person").await;
    phone.say("STOP").await.unwrap();
    world.thread_when(|thread| thread.stopped_at.is_some()).await;
    world.texts_settle().await;
}

/// What people of the business write about the contact: name and address come in a file.
pub(crate) async fn is_written_about(world: &World) -> String {
    let file = format!("name,phone,email\n{NAME} Quillfeather,{NUMBER},{ADDRESS}\n");
    let import = begun(world, "import", file.as_bytes(), json!({})).await;
    checked(world, &import).await;
    run(world, &import).await;
    let contact = contact_of(world, NUMBER).await.unwrap();
    let path = format!("/v1/contacts/{contact}");
    let fields = json!({ "fields": [{ "key": "animal", "label": "Animal", "kind": "text" }] });
    assert_eq!(ask(world, Method::PUT, "/v1/contacts/fields", ("if-match", "\"v0\""), &fields).await.0, 200);
    let (_, known) = world.get(&path).await;
    let tag = world.http.get(world.url(&path)).bearer_auth(world.identity.api_key.expose());
    let tag = tag.send().await.unwrap().headers()["etag"].to_str().unwrap().to_owned();
    let field = json!({ "fields": { "animal": FIELD } });
    let changed = ask(world, Method::PATCH, &path, ("if-match", &tag), &field).await;
    assert_eq!(changed.0, 200, "{known} {}", changed.1);
    for (area, words) in [("notes", NOTE), ("tasks", TASK)] {
        let body = json!({ "text": format!("Wants the {words}.") });
        let path = format!("{path}/{area}");
        assert_eq!(ask(world, Method::POST, &path, ("idempotency-key", area), &body).await.0, 201);
    }
    let form = source(world, "form", json!({})).await;
    let lead = json!({ "phone": NUMBER, "name": NAME, "message": format!("Wants the {NOTE}.") });
    assert_eq!(form.sends(world, &lead).await.status, 202);
    let export =
        ask(world, Method::POST, "/v1/contacts/exports", ("idempotency-key", "e"), &json!(null)).await;
    let path = format!("/v1/contacts/exports/{}", export.1["id"].as_str().unwrap());
    world.until(|| async { (world.get(&path).await.1["state"] == "done").then_some(()) }).await;
    contact
}
