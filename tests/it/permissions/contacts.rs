//! The role of the function of contacts.

use acceptance::World;
use acceptance::aws_proxy::AwsProxy;
use acceptance::sandbox::HttpSandbox;
use domain::transcript::{Source, TranscriptLine};
use domain::{CallSid, Speaker, Transcript};
use http::Method;
use serde_json::{Value, json};
use stores::transcripts;

use super::{compare, world};

/// Gives a call a final transcript in which its caller says something, so that there is something to learn of the contact.
pub(super) async fn speaks(world: &World, call: &str) {
    let (aws, table) = (&world.system.aws, world.system.name("TranscriptsTable").unwrap());
    let (reader, writer) = (transcripts::Reader::new(aws, table), transcripts::Writer::new(aws, table));
    let call = CallSid::parse(call).unwrap();
    let lines = vec![TranscriptLine::new(Some(Speaker::Caller), "I am Anna.")];
    let words = Transcript::new(&call, Source::Edited, lines, world.now());
    let number = writer.put_version(&words).await.unwrap().number;
    let (pointer, run) = (reader.pointer(&call).await.unwrap(), reader.current_run(&call).await.unwrap().0);
    let moved = writer.set_final(&call, (Source::Recording, Some(number)), run, pointer, world.now()).await;
    assert_eq!(moved, Ok(transcripts::Pointed::Set));
}

/// The function of contacts: everything that can be asked of it, once.
async fn the_role_of_contacts_fits() {
    let world = world().await;
    let key = world.identity.api_key.expose();
    let proxy = AwsProxy::of(&world).await;
    let api = HttpSandbox::start(&world, "contacts", &proxy.everywhere()).await;
    let ask = async |method: Method, path: &str, headers: &[(&str, &str)], body: Option<Value>| {
        let request = world.http.request(method.clone(), api.url.join(path).unwrap()).bearer_auth(key);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let request = body.iter().fold(request, |request, body| request.json(body));
        let answer = request.send().await.unwrap();
        assert!(answer.status().is_success(), "{method} {path}: {}", answer.status());
        let tag = answer.headers().get("etag").map(|tag| tag.to_str().unwrap().to_owned());
        (answer.json::<Value>().await.unwrap_or_default(), tag.unwrap_or_default())
    };
    let post = async |path: &str, name: &str, body: Value| {
        ask(Method::POST, path, &[("idempotency-key", name)], Some(body)).await.0["id"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let phone = json!([{ "kind": "phone", "value": "+12025550171" }]);
    let first = post("/v1/contacts", "1", json!({ "name": "Dana Levi" })).await;
    let second = post("/v1/contacts", "2", json!({ "name": "Dana Levi", "handles": phone })).await;
    let (one, other) = (format!("/v1/contacts/{first}"), json!({ "other": second }));
    for path in [
        "/v1/contacts?name=da",
        "/v1/contacts?number=%2B12025550171",
        "/v1/contacts",
        "/v1/contacts/fields",
        "/v1/contacts/pipeline",
    ] {
        ask(Method::GET, path, &[], None).await;
    }
    let fields = json!({ "fields": [] });
    ask(Method::PUT, "/v1/contacts/fields", &[("if-match", "\"v0\"")], Some(fields)).await;
    let note = json!({ "text": "a note" });
    let notes = format!("{one}/notes");
    for _ in 0..2 {
        post(&notes, "3", note.clone()).await;
    }
    let taken = post(&notes, "4", note).await;
    ask(Method::DELETE, &format!("{notes}/{taken}"), &[], None).await;
    let task = post(&format!("{one}/tasks"), "5", json!({ "text": "a task" })).await;
    let done = json!({ "done": true });
    ask(Method::PATCH, &format!("{one}/tasks/{task}"), &[], Some(done)).await;
    let (_, tag) = ask(Method::GET, &one, &[], None).await;
    let lead = json!({ "status": "booked" });
    let (_, tag) = ask(Method::POST, &format!("{one}/lead"), &[("if-match", &tag)], Some(lead)).await;
    ask(Method::GET, &format!("{one}/candidates"), &[], None).await;
    let (_, tag) =
        ask(Method::POST, &format!("{one}/merge"), &[("if-match", &tag)], Some(other.clone())).await;
    ask(Method::GET, &format!("{one}/timeline"), &[], None).await;
    let (_, tag) = ask(Method::POST, &format!("{one}/unmerge"), &[("if-match", &tag)], Some(other)).await;
    ask(Method::DELETE, &one, &[("if-match", &tag)], None).await;
    compare("ContactsFunction", &proxy);
}

acceptance::tests![the_role_of_contacts_fits];
