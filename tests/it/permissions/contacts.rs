//! The role of the function of contacts.

use acceptance::World;
use acceptance::aws_proxy::AwsProxy;
use acceptance::sandbox::{HttpSandbox, QueueSandbox};
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
    let moved =
        writer.set_final(&call, (Source::Recording, Some(number)), run, pointer, world.now(), None).await;
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
    let file = "name\nEve\n";
    let imports = "/v1/contacts/imports";
    let new = json!({ "bytes": file.len() });
    let import = post(imports, "6", new.clone()).await;
    post(imports, "6", new).await;
    ask(Method::GET, imports, &[], None).await;
    let one = format!("{imports}/{import}");
    let (asked, _) = ask(Method::GET, &one, &[], None).await;
    let put = world.http.put(asked["upload"]["url"].as_str().unwrap()).body(file);
    let headers = asked["upload"]["headers"].as_object().unwrap();
    let put = headers.iter().fold(put, |put, (name, value)| put.header(name, value.as_str().unwrap()));
    assert_eq!(put.send().await.unwrap().status(), 200);
    ask(Method::POST, &format!("{one}/check"), &[], None).await;
    world
        .until(|| async {
            let (import, _) = ask(Method::GET, &one, &[], None).await;
            (import["state"] == "checked").then_some(())
        })
        .await;
    ask(Method::GET, &format!("{one}/problems"), &[], None).await;
    // What is not kept any more is missed.
    let bucket = world.system.name("FilesBucket").unwrap();
    let objects = world.system.aws.s3.list_objects_v2().bucket(bucket).send().await.unwrap();
    for object in objects.contents() {
        let delete = world.system.aws.s3.delete_object().bucket(bucket).key(object.key().unwrap());
        delete.send().await.unwrap();
    }
    ask(Method::GET, &format!("{one}/problems"), &[], None).await;
    let export = post("/v1/contacts/exports", "7", json!({})).await;
    let path = format!("/v1/contacts/exports/{export}");
    let url = world
        .until(|| async {
            let (export, _) = ask(Method::GET, &path, &[], None).await;
            export["url"].as_str().map(str::to_owned)
        })
        .await;
    assert_eq!(world.http.get(url).send().await.unwrap().status(), 200);
    let exported = post("/v1/contacts", "11", json!({ "name": "Ada" })).await;
    let path = format!("/v1/contacts/{exported}/export");
    let export = post(&path, "12", json!(null)).await;
    for path in [path.clone(), format!("{path}/{export}")] {
        ask(Method::GET, &path, &[], None).await;
    }
    let erased = post("/v1/contacts", "8", json!({ "name": "Eve" })).await;
    let path = format!("/v1/contacts/{erased}/erasure");
    let erasure = post(&path, "9", json!({ "confirm": erased })).await;
    post(&path, "10", json!({ "confirm": erased })).await;
    for path in ["/v1/contacts/erasures".to_owned(), format!("/v1/contacts/erasures/{erasure}")] {
        ask(Method::GET, &path, &[], None).await;
    }
    compare("ContactsFunction", &proxy);
}

/// The function of imports and exports: a file that is missing, one that makes and changes contacts, their undoing, and an
/// export.
async fn the_role_of_contact_files_fits() {
    let world = world().await;
    let proxy = AwsProxy::of(&world).await;
    let mut sinks = vec![];
    for (variable, queue) in [("QUEUE_CONTACTS", "ContactsQueue"), ("DLQ_CONTACTS", "ContactsDlq")] {
        sinks.push((variable, super::aside(&world, queue).await));
    }
    let queue = sinks[0].1.clone();
    let api = HttpSandbox::start(&world, "contacts", &[("QUEUE_CONTACTS", &queue)]).await;
    let sinks: Vec<_> = sinks.iter().map(|(variable, queue)| (*variable, queue.as_str())).collect();
    let changes = [&sinks[..], &proxy.everywhere()].concat();
    let worker = QueueSandbox::start(&world, "contact-step", &changes).await;
    let key = world.identity.api_key.expose();
    let ask = async |method: Method, path: &str, name: &str, body: Value| {
        let request = world.http.request(method, api.url.join(path).unwrap()).bearer_auth(key);
        let answer = request.header("idempotency-key", name).json(&body).send().await.unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        answer.json::<Value>().await.unwrap()
    };
    let business = world.business.business.id.to_string();
    let import = async |name: &str, file: &str| {
        let imports = "/v1/contacts/imports";
        let wanted = json!({ "bytes": file.len(), "mode": "overwrite" });
        let import = ask(Method::POST, imports, name, wanted).await;
        let id = import["id"].as_str().unwrap().to_owned();
        let job = json!({ "job": "import", "business": business, "import": id });
        let path = format!("{imports}/{id}");
        // Without its file first.
        ask(Method::POST, &format!("{path}/check"), "x", json!(null)).await;
        assert!(worker.does(&job, 1).await);
        let put = world.http.put(import["upload"]["url"].as_str().unwrap()).body(file.to_owned());
        let headers = import["upload"]["headers"].as_object().unwrap();
        let put = headers.iter().fold(put, |put, (name, value)| put.header(name, value.as_str().unwrap()));
        assert_eq!(put.send().await.unwrap().status(), 200);
        for step in ["check", "run"] {
            ask(Method::POST, &format!("{path}/{step}"), "x", json!(null)).await;
            // A job that has read the file hands over to the next one.
            assert!(worker.does(&job, 1).await && worker.does(&job, 1).await);
        }
        (path, job)
    };
    import("1", "name,phone\nDana,+436641234501\n").await;
    let (path, job) = import("2", "name,phone,status\nEve,+436641234502,\nDana,+436641234501,booked\n").await;
    ask(Method::POST, &format!("{path}/undo"), "x", json!(null)).await;
    assert!(worker.does(&job, 1).await);
    let undone = ask(Method::GET, &path, "x", json!(null)).await;
    assert_eq!(
        (&undone["undo"]["created"], &undone["undo"]["updated"]),
        (&json!(1), &json!(1)),
        "{undone:#}"
    );
    let export = ask(Method::POST, "/v1/contacts/exports", "3", json!({})).await;
    let job = json!({ "job": "export", "business": business, "export": export["id"] });
    assert!(worker.does(&job, 1).await);
    // What fails comes back, and what is no job is buried.
    let imports = "/v1/contacts/imports";
    let file = "name\nAda\n";
    let lost = ask(Method::POST, imports, "4", json!({ "bytes": file.len() })).await;
    let put = world.http.put(lost["upload"]["url"].as_str().unwrap()).body(file);
    let headers = lost["upload"]["headers"].as_object().unwrap();
    let put = headers.iter().fold(put, |put, (name, value)| put.header(name, value.as_str().unwrap()));
    assert_eq!(put.send().await.unwrap().status(), 200);
    let job = json!({ "job": "import", "business": business, "import": lost["id"] });
    ask(Method::POST, &format!("{imports}/{}/check", lost["id"].as_str().unwrap()), "x", json!(null)).await;
    assert!(worker.does(&job, 1).await);
    let bucket = world.system.name("FilesBucket").unwrap();
    let objects = world.system.aws.s3.list_objects_v2().bucket(bucket).send().await.unwrap();
    for object in objects.contents() {
        let delete = world.system.aws.s3.delete_object().bucket(bucket).key(object.key().unwrap());
        delete.send().await.unwrap();
    }
    assert!(!worker.does(&job, 1).await, "its rows are gone");
    assert!(worker.does(&json!({ "job": "none" }), 1).await);
    compare("ContactStepFunction", &proxy);
}

acceptance::tests![the_role_of_contacts_fits, the_role_of_contact_files_fits];
