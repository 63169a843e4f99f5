//! All that is kept of one person is given out, and nothing of another one.

pub(crate) mod archive;

use acceptance::World;
use acceptance::phones::NUMBER;
use acceptance::sandbox::{HttpSandbox, QueueSandbox};
use acceptance::webhook::{Webhook, new_call_sid};
use domain::access::Scope;
use domain::contact::PersonRequestId;
use domain::contact::person_export::{ExportFile, ExportReport, PersonExport};
use http::Method;
use serde_json::{Value, json};
use stores::contacts;

use super::contacts::{ask, booked_for};
use super::messages::key_with;
use super::permissions::aside;
use super::person_erasure::person::{
    CANARIES, LEFT, MEDIUM, WRITTEN, calls, config, is_written_about, settled, texts,
};
use super::person_erasure::{asks_to_erase, contact_of, report_when};
use archive::{Archive, archives, asks_to_export, export_when, part};

/// Another person of the same business, with words of their own.
const OTHERS: [&str; 4] = ["+436641230091", "Ocelotte", "margay", "jaguarundi"];

/// A second person, who calls, has notes and tasks, and books a time.
async fn another_person(world: &World) -> String {
    let [number, name, note, task] = OTHERS;
    let sid = new_call_sid();
    Webhook::inbound(world, &sid).field("From", number).send(world).await;
    assert_eq!(Webhook::status(world, &sid, "completed", 3).field("From", number).send(world).await.0, 204);
    let contact = contact_of(world, number).await.unwrap();
    let path = format!("/v1/contacts/{contact}");
    for (area, words) in [("notes", note), ("tasks", task)] {
        let body = json!({ "text": format!("{name}'s {words}.") });
        let key = format!("other-{area}");
        let path = format!("{path}/{area}");
        let made = ask(world, Method::POST, &path, ("idempotency-key", &key), &body);
        assert_eq!(made.await.0, 201);
    }
    let listed = json!({ "reason": format!("{name} asked for it") });
    assert_eq!(
        ask(world, Method::PUT, &format!("/v1/do-not-call/{number}"), ("x", "y"), &listed).await.0,
        200
    );
    booked_for(world, number).await;
    world.until(|| async { settled(world, &sid).await.then_some(()) }).await;
    contact
}

async fn fetched(world: &World, export: &Value) -> Archive {
    let answer = world.http.get(export["url"].as_str().unwrap()).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let disposition = answer.headers()["content-disposition"].to_str().unwrap().to_owned();
    assert!(disposition.contains("attachment") && disposition.ends_with(".zip\""), "{disposition}");
    let bytes = answer.bytes().await.unwrap();
    assert_eq!(export["bytes"], bytes.len());
    Archive::read(&bytes)
}

/// The whole of a person, as the API tells it, and nothing of another person; and the archive goes when the person is erased.
async fn all_of_a_person_is_given_and_nothing_of_another() {
    let world = World::with(config()).await;
    let sid = calls(&world).await;
    texts(&world).await;
    let contact = is_written_about(&world).await;
    booked_for(&world, NUMBER).await;
    let reason = json!({ "reason": "asked not to be called" });
    assert_eq!(
        ask(&world, Method::PUT, &format!("/v1/do-not-call/{NUMBER}"), ("x", "y"), &reason).await.0,
        200
    );
    let other = another_person(&world).await;

    let (status, export) = asks_to_export(&world, &contact, "export").await;
    assert_eq!((status, &export["url"]), (202, &json!(null)), "{export:#}");
    let export = export_when(&world, &export, "done").await;
    let archive = fetched(&world, &export).await;
    archive.is_as_its_manifest_says();
    for canary in CANARIES {
        assert!(!archive.with(canary).is_empty(), "{canary} is not given");
    }
    for canary in OTHERS.into_iter().chain([other.as_str()]) {
        assert_eq!(archive.with(canary), Vec::<&str>::new(), "{canary} is another person's");
    }
    let readme = String::from_utf8(archive.0["README.txt"].clone()).unwrap();
    assert!(readme.contains("manifest.json") && readme.contains("recordings"), "{readme}");

    // In the shape of the API.
    let get = async |path: &str| world.get(path).await.1;
    assert_eq!(archive.json("contact.json"), get(&format!("/v1/contacts/{contact}")).await);
    let same = |file: &str, field: &str, answer: &Value| {
        assert_eq!(archive.json(file), json!({ field: answer[field] }), "{file}");
        assert_eq!(answer["next"], json!(null), "all of it is on one page");
    };
    same("timeline.json", "entries", &get(&format!("/v1/contacts/{contact}/timeline?limit=100")).await);
    same("tasks.json", "tasks", &get(&format!("/v1/contacts/{contact}/tasks")).await);
    same("messages.json", "messages", &get("/v1/messages?include=words").await);
    same("appointments.json", "appointments", &get(&format!("/v1/appointments?contact={contact}")).await);
    let include = "events,turns,messages,listeners,session,sessions,recordings,transcript,insights";
    let call = get(&format!("/v1/calls/{sid}?include={include}")).await;
    assert_eq!(archive.json(&format!("calls/{sid}/call.json")), call);
    assert_eq!(
        archive.json(&format!("calls/{sid}/recordings.json")),
        get(&format!("/v1/calls/{sid}/recordings")).await
    );
    let version = get(&format!("/v1/calls/{sid}/transcript?version=1")).await;
    assert_eq!(archive.json(&format!("calls/{sid}/transcript-1.json")), version);
    let listed = get(&format!("/v1/do-not-call/{NUMBER}")).await;
    assert_eq!(archive.json("do-not-call.json"), json!({ "numbers": [listed] }));
    let thread = get("/v1/threads").await["threads"][0].clone();
    let id = thread["id"].as_str().unwrap();
    assert_eq!(archive.json(&format!("threads/{id}/thread.json"))["contact"], json!(contact));
    let told = archive.json(&format!("threads/{id}/texts.json"));
    assert_eq!(told["texts"].as_array().unwrap().len(), thread["texts"].as_u64().unwrap() as usize);
    assert_eq!(archive.json("consent.json")["stopped_at"], thread["stopped_at"]);
    assert_eq!(archive.json("consent.json")["texts"], false);
    let events = archive.json("events.json");
    let kinds: Vec<&str> =
        events["events"].as_array().unwrap().iter().filter_map(|event| event["type"].as_str()).collect();
    assert!(kinds.contains(&"call.completed") && kinds.contains(&"thread.handed_over"), "{kinds:?}");
    // What was recorded and what was sent is there byte for byte.
    for (key, body) in world.objects("RecordingsBucket").await {
        assert!(archive.0.values().any(|file| *file == body), "{key} is not given");
    }
    assert_eq!(archive.with(MEDIUM).len(), 1);
    assert!(
        archive.with(LEFT).contains(&"messages.json") && archive.with(WRITTEN).contains(&"messages.json")
    );

    // The report and the manifest say the same: of each owner what is given, or why not.
    let manifest = archive.json("manifest.json");
    assert_eq!(manifest["parts"], export["parts"]);
    assert_eq!((&manifest["export"], &manifest["contact"]), (&export["id"], &json!(contact)));
    for given in [
        "contact",
        "recordings",
        "messages",
        "turns",
        "transcripts",
        "calls",
        "events",
        "texts",
        "wishes",
        "do_not_call",
        "appointments",
    ] {
        let part = part(&export, given);
        assert!(part["count"].as_u64().unwrap() > 0 && part["left_out"] == json!([]), "{part:#}");
    }
    for (left, why) in [("plans", "copy"), ("files", "others"), ("log", "log")] {
        let part = part(&export, left);
        assert_eq!((&part["count"], &part["left_out"][0]["why"]), (&json!(0), &json!(why)), "{part:#}");
    }
    // Who asked for it and who fetched it is in the log.
    let log = get("/v1/audit?limit=100").await;
    let path = format!("/v1/contacts/{contact}/export");
    let logged = |wanted: &str| {
        log["entries"]
            .as_array()
            .unwrap()
            .iter()
            .any(|entry| entry["path"] == wanted && entry["scope"] == "contacts:export")
    };
    assert!(logged(&path) && logged(&format!("{path}/{}", export["id"].as_str().unwrap())), "{log:#}");
    assert_eq!(get(&path).await["exports"][0]["id"], export["id"]);

    // The person is erased, and the archive with them.
    assert_eq!(archives(&world).await.len(), 1);
    let (_, erasure) = asks_to_erase(&world, &contact, "erase").await;
    assert_eq!(asks_to_export(&world, &contact, "too-late").await.0 / 100, 4);
    let report = report_when(&world, &erasure, "done").await;
    let files = report["steps"].as_array().unwrap().iter().find(|step| step["step"] == "files").unwrap();
    assert_eq!(files["count"], 2, "the export of all contacts, and that of the person");
    assert_eq!(archives(&world).await, []);
    let gone = world.http.get(export["url"].as_str().unwrap()).send().await.unwrap();
    assert!(!gone.status().is_success(), "{}", gone.status());
    assert!(
        world
            .find(&[export["id"].as_str().unwrap()])
            .await
            .iter()
            .all(|found| found.place == "RequestsTable" || found.key.contains("request#"))
    );
}

/// Many jobs about one export leave one archive, also when they come at once and again.
async fn of_twenty_workers_one_writes_the_archive(world: World) {
    let queue = aside(&world, "PersonExportsQueue").await;
    let new = json!({ "name": "Serval" });
    let (_, contact) = ask(&world, Method::POST, "/v1/contacts", ("idempotency-key", "serval"), &new).await;
    let contact = contact["id"].as_str().unwrap();
    let (api, worker) = (
        HttpSandbox::start(&world, "contacts", &[("QUEUE_PERSON_EXPORTS", &queue)]).await,
        QueueSandbox::start(&world, "person-export", &[("QUEUE_PERSON_EXPORTS", &queue)]).await,
    );
    let asked = || async {
        let asked = world.http.post(api.url.join(&format!("/v1/contacts/{contact}/export")).unwrap());
        let asked = asked.bearer_auth(world.identity.api_key.expose()).header("idempotency-key", "twenty");
        let answer = asked.send().await.unwrap();
        let replayed = answer.headers().contains_key("idempotency-replayed");
        (answer.json::<Value>().await.unwrap(), replayed)
    };
    let (export, _) = asked().await;
    let (again, _) = asked().await;
    assert_eq!(again["id"], export["id"], "the same request");
    let business = world.business.business.id.to_string();
    let job = json!({ "job": "export", "business": business, "export": export["id"] });
    let done = futures_util::future::join_all((0..20).map(|_| worker.does(&job, 1))).await;
    assert!(done.iter().any(|done| *done), "one has written it");
    let written = export_when(&world, &export, "done").await;
    let all: Vec<_> = archives(&world)
        .await
        .into_iter()
        .filter(|(key, _)| key.contains(export["id"].as_str().unwrap()))
        .collect();
    assert_eq!(all.len(), 1, "{:?}", all.iter().map(|(key, _)| key).collect::<Vec<_>>());
    assert_eq!(written["bytes"], all[0].1.len());
    Archive::read(&all[0].1).is_as_its_manifest_says();
    // Those that met it come again, and find it done.
    assert!(worker.does(&job, 2).await);
    assert_eq!(export_when(&world, &export, "done").await["sha256"], written["sha256"]);
}

/// Who may not, what is no contact, and what went into another one.
async fn an_export_asks_for_its_scope(world: World) {
    let made = async |key: &str, name: &str| {
        let (_, made) =
            ask(&world, Method::POST, "/v1/contacts", ("idempotency-key", key), &json!({ "name": name }))
                .await;
        made["id"].as_str().unwrap().to_owned()
    };
    let (stays, goes) = (made("export-1", "Caracal One").await, made("export-2", "Caracal Two").await);
    let path = format!("/v1/contacts/{stays}/export");
    let scopes = [Scope::ContactsRead, Scope::ContactsWrite, Scope::ContactsErase, Scope::TranscriptsRead];
    let (key, _) = key_with(&world, 78, "reads", &scopes).await;
    for (method, path) in [
        (Method::POST, &path),
        (Method::GET, &path),
        (Method::GET, &format!("{path}/prq_{}", "9".repeat(32))),
    ] {
        let asked =
            world.http.request(method, world.url(path)).bearer_auth(&key).header("idempotency-key", "k");
        assert_eq!(asked.send().await.unwrap().status(), 403, "{path}");
    }
    assert_eq!(asks_to_export(&world, &format!("ctc_{}", "9".repeat(32)), "n").await.0, 404);
    let other = world.another_business().await;
    let foreign =
        world.http.post(world.url(&path)).bearer_auth(other.api_key.expose()).header("idempotency-key", "x");
    assert_eq!(foreign.send().await.unwrap().status(), 404);
    let (_, export) = asks_to_export(&world, &stays, "once").await;
    assert_eq!(asks_to_export(&world, &goes, "once").await.0, 422, "the key was used for another person");
    let merge = format!("/v1/contacts/{stays}/merge");
    assert_eq!(
        ask(&world, Method::POST, &merge, ("if-match", "\"v1\""), &json!({ "other": goes })).await.0,
        200
    );
    let (status, refused) = asks_to_export(&world, &goes, "goes").await;
    assert_eq!(status, 409);
    assert!(refused["detail"].as_str().unwrap().contains(&stays), "{refused}");
    // An export has both from then on, and goes with either.
    let (_, both) = asks_to_export(&world, &stays, "both").await;
    let both = export_when(&world, &both, "done").await;
    let archive = fetched(&world, &both).await;
    assert_eq!(archive.json("contact.json")["merged"], json!([goes]));
    assert_eq!(part(&both, "contact")["left_out"][0]["why"], "undo");
    export_when(&world, &export, "done").await;
}

/// A contact that is gone before its export is written has none.
async fn a_contact_that_is_gone_has_no_export(world: World) {
    let queue = aside(&world, "PersonExportsQueue").await;
    let worker = QueueSandbox::start(&world, "person-export", &[("QUEUE_PERSON_EXPORTS", &queue)]).await;
    let api = HttpSandbox::start(&world, "contacts", &[("QUEUE_PERSON_EXPORTS", &queue)]).await;
    let (_, contact) =
        ask(&world, Method::POST, "/v1/contacts", ("idempotency-key", "gone"), &json!({ "name": "Kodkod" }))
            .await;
    let contact = contact["id"].as_str().unwrap();
    let asked = world.http.post(api.url.join(&format!("/v1/contacts/{contact}/export")).unwrap());
    let asked = asked.bearer_auth(world.identity.api_key.expose()).header("idempotency-key", "gone");
    let export: Value = asked.send().await.unwrap().json().await.unwrap();
    assert_eq!(
        ask(&world, Method::DELETE, &format!("/v1/contacts/{contact}"), ("if-match", "\"v1\""), &json!(null))
            .await
            .0,
        204
    );
    let business = world.business.business.id.to_string();
    let job = json!({ "job": "export", "business": business, "export": export["id"] });
    assert!(worker.does(&job, 1).await && worker.does(&job, 1).await);
    assert!(archives(&world).await.iter().all(|(key, _)| !key.contains(export["id"].as_str().unwrap())));
    assert_eq!(world.get(&format!("/v1/contacts/{contact}/export")).await.0, 404);
}

/// A worker that is at an export when the person is erased can end it no more; and if it dies behind its upload, its file is found
/// by a later round.
async fn an_attempt_that_ends_after_the_erasure_leaves_no_archive() {
    let world = World::start().await;
    let queue = aside(&world, "PersonExportsQueue").await;
    let sinks = [("QUEUE_PERSON_EXPORTS", queue.as_str())];
    let worker = QueueSandbox::start(&world, "person-export", &sinks).await;
    let api = HttpSandbox::start(&world, "contacts", &sinks).await;
    let new = json!({ "name": "Margay" });
    let (_, contact) = ask(&world, Method::POST, "/v1/contacts", ("idempotency-key", "late"), &new).await;
    let contact = contact["id"].as_str().unwrap();
    let asked = world.http.post(api.url.join(&format!("/v1/contacts/{contact}/export")).unwrap());
    let asked = asked.bearer_auth(world.identity.api_key.expose()).header("idempotency-key", "late-export");
    let export: Value = asked.send().await.unwrap().json().await.unwrap();
    let (business, id) = (&world.business.business.id, export["id"].as_str().unwrap());
    let table = world.system.name("ContactsTable").unwrap();
    let reader = contacts::Reader::new(&world.system.aws, table);
    let request = PersonRequestId::parse(id).unwrap();
    let row = || async { reader.file::<PersonExport>(business, request).await.unwrap() };
    let mut at_work = row().await.unwrap();
    at_work.begin(world.now());
    let rows = contacts::PersonExports::new(&world.system.aws, table);
    assert!(rows.save(business, &mut at_work).await.unwrap());

    let (_, erasure) = asks_to_erase(&world, contact, "erase-late").await;
    world.until(|| async { row().await.is_none().then_some(()) }).await;
    at_work.done(ExportReport::default(), ExportFile { bytes: 4, sha256: String::new(), at: world.now() });
    assert!(!rows.save(business, &mut at_work).await.unwrap(), "it can be ended no more");
    let bucket = world.system.name("FilesBucket").unwrap();
    let put = world.system.aws.s3.put_object().bucket(bucket).key(format!("exports/{business}/{id}-1.zip"));
    put.body(b"late".to_vec().into()).send().await.unwrap();
    report_when(&world, &erasure, "done").await;
    assert_eq!(archives(&world).await, []);
    // A job that comes late finds nothing to do.
    let job = json!({ "job": "export", "business": business.as_str(), "export": id });
    assert!(worker.does(&job, 1).await);
    assert_eq!(archives(&world).await, []);
}

acceptance::tests![
    an_attempt_that_ends_after_the_erasure_leaves_no_archive,
    all_of_a_person_is_given_and_nothing_of_another,
    of_twenty_workers_one_writes_the_archive,
    an_export_asks_for_its_scope,
    a_contact_that_is_gone_has_no_export,
];
