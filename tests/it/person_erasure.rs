//! All that is kept of one person is erased: afterwards their words, names and numbers are nowhere.

pub(crate) mod person;

use std::time::Duration;

use acceptance::canaries::{Found, logged};
use acceptance::phones::{NUMBER, Way};
use acceptance::sandbox::QueueSandbox;
use acceptance::webhook::{Webhook, new_call_sid};
use acceptance::{World, WorldConfig};
use domain::Timestamp;
use domain::access::Scope;
use domain::business::Voicemail;
use functions::businesses::provision::NewBusiness;
use http::Method;
use serde_json::{Value, json};
use simulator::audio::speech;
use simulator::twilio::{CallerScript, CallerStep, DialOutcome, RecordingStatus};

use super::contact_files::{begun, checked, run};
use super::contacts::{ask, booked_for};
use super::messages::key_with;
use person::{CANARIES, NOTE, SAID, calls, config, is_written_about, say, settled, texts};

pub(crate) const ERASURES: &str = "/v1/contacts/erasures";

pub(crate) async fn contact_of(world: &World, number: &str) -> Option<String> {
    let (_, listed) = world.get(&format!("/v1/contacts?number={}", number.replace('+', "%2B"))).await;
    Some(listed["contacts"].get(0)?["id"].as_str()?.to_owned())
}

pub(crate) async fn asks_to_erase(world: &World, contact: &str, key: &str) -> (u16, Value) {
    let path = format!("/v1/contacts/{contact}/erasure");
    ask(world, Method::POST, &path, ("idempotency-key", key), &json!({ "confirm": contact })).await
}

/// The report of an erasure once it is in this state. Minutes pass meanwhile.
pub(crate) async fn report_when(world: &World, erasure: &Value, state: &str) -> Value {
    let path = format!("{ERASURES}/{}", erasure["id"].as_str().unwrap());
    world
        .until(|| async {
            let (_, report) = world.get(&path).await;
            if report["state"] == state {
                return Some(report);
            }
            world.time_passes(Duration::from_secs(120));
            None
        })
        .await
}

fn step<'a>(report: &'a Value, name: &str) -> &'a Value {
    let steps = report["steps"].as_array().unwrap();
    steps.iter().find(|step| step["step"] == name).unwrap_or_else(|| panic!("{name}: {report:#}"))
}

/// What of the found is not forgotten by itself at the time that the report gives.
fn stays(found: Vec<Found>, report: &Value) -> Vec<Found> {
    let until = step(report, "plans")["kept"][0]["until"].as_str().unwrap();
    // The store drops a row an hour after it has lost its meaning.
    let ends = |at: i64| platform::clock::rfc3339(Timestamp::from_secs(at - 3_600));
    let forgotten = |found: &Found| {
        found.place == "LeasesTable" && found.expires_at.is_some_and(|at| ends(at).as_str() <= until)
    };
    found.into_iter().filter(|found| !forgotten(found)).collect()
}

/// The whole of a person: everything that the business may know of one, in every place, and then nothing.
async fn nothing_is_left_of_a_person_who_is_erased() {
    let world = World::with(config()).await;
    let sid = calls(&world).await;
    texts(&world).await;
    let contact = is_written_about(&world).await;
    let appointment = booked_for(&world, NUMBER).await;
    let before = world.find(&CANARIES).await;
    for canary in CANARIES {
        let places: Vec<&str> = before
            .iter()
            .filter(|found| canary.ends_with(&found.canary))
            .map(|found| found.place.as_str())
            .collect();
        assert!(!places.is_empty(), "{canary} is nowhere: the test would find nothing");
    }
    for place in [
        "CallsTable",
        "TurnsTable",
        "TranscriptsTable",
        "MessagesTable",
        "EventsTable",
        "TextsTable",
        "ContactsTable",
        "AppointmentsTable",
        "RecordingsBucket",
        "FilesBucket",
    ] {
        assert!(before.iter().any(|found| found.place == place), "{place} holds nothing of the person");
    }
    assert_eq!(world.objects("RecordingsBucket").await.len(), 2, "the recording and the picture");
    assert_eq!(world.twilio.recordings(&sid).len(), 1);

    let (status, erasure) = asks_to_erase(&world, &contact, "erase").await;
    assert_eq!((status, &erasure["state"]), (202, &json!("running")), "{erasure:#}");
    let report = report_when(&world, &erasure, "done").await;
    world.no_message_is_left().await;

    let left = stays(world.find(&CANARIES).await, &report);
    assert!(left.is_empty(), "{left:#?}");
    assert_eq!(logged(&CANARIES), Vec::<String>::new());
    assert!(world.objects("RecordingsBucket").await.is_empty());
    let files = world.objects("FilesBucket").await;
    assert!(files.iter().all(|(key, _)| !key.starts_with("exports/")), "no export is left");
    let copies = world.twilio.recordings(&sid);
    assert!(copies.iter().all(|copy| copy.status == RecordingStatus::Deleted), "Twilio's is gone, too");
    for (name, least) in [
        ("contact", 6),
        ("recordings", 1),
        ("messages", 1),
        ("turns", 2),
        ("transcripts", 2),
        ("plans", 1),
        ("calls", 1),
        ("events", 1),
        ("texts", 2),
        ("wishes", 1),
        ("appointments", 1),
        ("files", 1),
    ] {
        let step = step(&report, name);
        assert!(step["count"].as_u64().unwrap() >= least, "{name}: {step:#}");
        let state = if ["plans", "wishes"].contains(&name) { "kept" } else { "done" };
        assert_eq!(step["state"], state, "{name}: {step:#}");
    }
    assert_eq!(step(&report, "log")["kept"][0]["why"], "law");
    assert_eq!(step(&report, "wishes")["kept"][0]["why"], "wish", "under a hash");

    // That there was a call stays, and that there was an appointment.
    let record = world.record(&sid).await;
    assert_eq!((record.status.as_str(), record.from.as_str()), ("completed", "hidden"));
    assert!(record.lines().is_empty() && record.cost().usd_micros > 0, "{}", record.outline());
    let (_, called_off) = world.get(&format!("/v1/appointments/{appointment}")).await;
    assert_eq!(
        (&called_off["status"], &called_off["person"]["name"]),
        (&json!("cancelled"), &json!("")),
        "{called_off:#}"
    );
    assert_eq!(world.get("/v1/messages").await.1["waiting"]["count"], 0);
    // To ask again changes nothing.
    assert_eq!(asks_to_erase(&world, &contact, "again").await.1, report);
    assert_eq!(world.get(&format!("/v1/contacts/{contact}")).await.0, 404);
    assert_eq!(world.get(ERASURES).await.1["erasures"], json!([report]));

    // The person writes anew: it is another contact and an empty thread, and that they want no texts stands.
    let phone = world.phone(Way::Sms);
    phone.say("Hello?").await.unwrap();
    let thread = world.thread_with(1).await;
    assert_ne!(contact_of(&world, NUMBER).await.unwrap(), contact);
    assert_eq!(world.texts_of(&thread).await.len(), 1);
    let refused = world.writes(&thread, "k1", json!({ "text": "An offer" })).await;
    assert_eq!((refused.status, refused.code()), (409, "opted_out"), "{}", refused.body);
    phone.say("START").await.unwrap();
    world.thread_with(2).await;
    assert_eq!(world.writes(&thread, "k2", json!({ "text": "An offer" })).await.status, 202);
}

/// What callers leave without an agent is erased with them.
async fn a_voicemail_goes_with_its_caller() {
    fn voicemail(new: &mut NewBusiness) {
        new.settings.policies.when_no_agent.voicemail =
            Some(Voicemail { max_length: Duration::from_secs(20) });
        new.settings.policies.record_calls = false;
    }
    let world = World::with(WorldConfig::without_a_model(401, "invalid_api_key", voicemail)).await;
    let mut spec = world.spec(CallerScript::new(vec![
        CallerStep::WaitForAgent { quiet_ms: 300, max_ms: 20_000 },
        say(&speech::CALLER_SERVICE),
    ]));
    NUMBER.clone_into(&mut spec.from);
    spec.dial = DialOutcome::Busy;
    let sid = world.twilio.call(spec).finished().await.call_sid.clone();
    world
        .record_when(&sid, |record| record.voicemail_state() == "archived" && record.insights.is_some())
        .await;
    world.until(|| async { settled(&world, &sid).await.then_some(()) }).await;
    assert_eq!(world.get("/v1/messages").await.1["waiting"]["voicemails"], 1);
    let contact = contact_of(&world, NUMBER).await.unwrap();
    let (_, erasure) = asks_to_erase(&world, &contact, "erase").await;
    let report = report_when(&world, &erasure, "done").await;
    assert_eq!(step(&report, "recordings")["count"], 1);
    assert_eq!(world.get("/v1/messages").await.1["waiting"]["voicemails"], 0);
    assert!(world.objects("RecordingsBucket").await.is_empty());
    let left = stays(world.find(&[NUMBER, SAID]).await, &report);
    assert!(left.is_empty(), "{left:#?}");
}

/// A legal hold keeps the held call with its words, and nothing else; once it has ended, the rest is erased.
async fn a_legal_hold_keeps_its_call_and_no_other() {
    let world = World::with(config()).await;
    let held = calls(&world).await;
    let other = new_call_sid();
    Webhook::inbound(&world, &other).field("From", NUMBER).send(&world).await;
    assert_eq!(
        Webhook::status(&world, &other, "completed", 3).field("From", NUMBER).send(&world).await.0,
        204
    );
    let contact = contact_of(&world, NUMBER).await.unwrap();
    let note = json!({ "text": format!("Wants the {NOTE}.") });
    let notes = format!("/v1/contacts/{contact}/notes");
    assert_eq!(ask(&world, Method::POST, &notes, ("idempotency-key", "n"), &note).await.0, 201);
    let hold = format!("/v1/calls/{held}/recording/hold");
    assert_eq!(ask(&world, Method::PUT, &hold, ("x", "y"), &json!(null)).await.0, 204);

    let (_, erasure) = asks_to_erase(&world, &contact, "erase").await;
    let report = report_when(&world, &erasure, "held").await;
    for name in ["recordings", "messages", "turns", "transcripts", "calls", "events"] {
        let step = step(&report, name);
        assert_eq!(
            (&step["state"], &step["kept"][0]["why"]),
            (&json!("kept"), &json!("legal_hold")),
            "{step:#}"
        );
        assert_eq!(step["kept"][0]["count"], 1);
    }
    assert_eq!(world.record(&held).await.from, NUMBER);
    assert!(!world.record(&held).await.lines().is_empty());
    assert_eq!(world.record(&other).await.from, "hidden", "the other call names no person");
    assert!(world.find(&[NOTE]).await.is_empty());
    assert_eq!(world.objects("RecordingsBucket").await.len(), 1);

    assert_eq!(ask(&world, Method::DELETE, &hold, ("x", "y"), &json!(null)).await.0, 204);
    let (status, again) = asks_to_erase(&world, &contact, "again").await;
    assert_eq!((status, &again["id"], &again["state"]), (202, &erasure["id"], &json!("running")));
    let report = report_when(&world, &erasure, "done").await;
    assert_eq!(world.record(&held).await.from, "hidden");
    assert!(world.objects("RecordingsBucket").await.is_empty());
    let left = stays(world.find(&CANARIES).await, &report);
    assert!(left.is_empty(), "{left:#?}");
}

/// A call that goes on is waited for, and erased when it is over; one that begins after the request is another person's.
async fn a_call_in_progress_is_waited_for(world: World) {
    let number = "+436641230071";
    let sid = new_call_sid();
    Webhook::inbound(&world, &sid).field("From", number).send(&world).await;
    let contact = contact_of(&world, number).await.unwrap();
    let business = world.business.business.id.to_string();
    let (_, erasure) = asks_to_erase(&world, &contact, "erase-live").await;
    let path = format!("{ERASURES}/{}", erasure["id"].as_str().unwrap());
    let worker = QueueSandbox::start(&world, "person-step", &[]).await;
    let job = json!({ "job": "erase", "business": business, "erasure": erasure["id"] });
    // Beside the system's own worker: of two one goes on.
    let jobs = (0..4).map(|_| worker.does(&job, 1));
    futures_util::future::join_all(jobs).await;
    let waits = world
        .until(|| async {
            let (_, report) = world.get(&path).await;
            (step(&report, "log")["state"] == "kept").then_some(report)
        })
        .await;
    let calls = step(&waits, "calls");
    assert_eq!(
        (&waits["state"], &calls["state"], &calls["waits_for"]),
        (&json!("running"), &json!("waiting"), &json!("call"))
    );
    let later = new_call_sid();
    Webhook::inbound(&world, &later).field("From", number).send(&world).await;
    assert_eq!(Webhook::status(&world, &sid, "completed", 3).field("From", number).send(&world).await.0, 204);
    world
        .until(|| async {
            worker.does(&job, 1).await;
            (world.record(&sid).await.from == "hidden").then_some(())
        })
        .await;
    assert_eq!(world.record(&later).await.from, number);
    let anew = contact_of(&world, number).await.unwrap();
    assert_ne!(anew, contact, "who calls then is met for the first time");
}

/// Fault 10. Another business's contact with the same number stays as it is.
async fn another_businesss_contact_is_untouched(world: World) {
    let number = "+436641230072";
    let other = world.another_business().await;
    let ours = new_call_sid();
    Webhook::inbound(&world, &ours).field("From", number).send(&world).await;
    let theirs = new_call_sid();
    let ringing = Webhook::inbound(&world, &theirs).field("From", number);
    ringing.field("To", other.number.as_e164()).send(&world).await;
    for sid in [&ours, &theirs] {
        assert_eq!(
            Webhook::status(&world, sid, "completed", 3).field("From", number).send(&world).await.0,
            204
        );
        world.until(|| async { settled(&world, sid).await.then_some(()) }).await;
    }
    let contact = contact_of(&world, number).await.unwrap();
    let told = async |path: &str| -> Value {
        let asked = world.http.get(world.url(path)).bearer_auth(other.api_key.expose());
        asked.send().await.unwrap().json().await.unwrap()
    };
    let list = format!("/v1/contacts?number={}", number.replace('+', "%2B"));
    let before = (told(&list).await, told(&format!("/v1/calls/{theirs}")).await);
    // Nor can they ask for it.
    let path = format!("/v1/contacts/{contact}/erasure");
    let foreign = world.http.post(world.url(&path)).bearer_auth(other.api_key.expose());
    let foreign = foreign.header("idempotency-key", "x").json(&json!({ "confirm": contact }));
    assert_eq!(foreign.send().await.unwrap().status(), 404);
    let (_, erasure) = asks_to_erase(&world, &contact, "erase-one").await;
    world.until(|| async { (world.record(&ours).await.from == "hidden").then_some(()) }).await;
    let after = (told(&list).await, told(&format!("/v1/calls/{theirs}")).await);
    assert_eq!(after, before);
    assert_eq!(before.1["from"], number);
    let foreign = told(&format!("{ERASURES}/{}", erasure["id"].as_str().unwrap())).await;
    assert_eq!(foreign["status"], 404);
}

/// Who may not, and what is no contact.
async fn an_erasure_asks_for_its_scope_and_for_a_confirmation(world: World) {
    let new = json!({ "name": "Stays" });
    let (_, contact) =
        ask(&world, Method::POST, "/v1/contacts", ("idempotency-key", "stays-there"), &new).await;
    let id = contact["id"].as_str().unwrap();
    let path = format!("/v1/contacts/{id}/erasure");
    let (writes, _) = key_with(&world, 77, "writes", &[Scope::ContactsRead, Scope::ContactsWrite]).await;
    for (method, path) in [(Method::POST, path.as_str()), (Method::GET, ERASURES)] {
        let asked = world.http.request(method, world.url(path)).bearer_auth(&writes);
        let asked = asked.header("idempotency-key", "k").json(&json!({ "confirm": id }));
        assert_eq!(asked.send().await.unwrap().status(), 403, "{path}");
    }
    let wrong = json!({ "confirm": format!("ctc_{}", "9".repeat(32)) });
    let (status, problem) = ask(&world, Method::POST, &path, ("idempotency-key", "w"), &wrong).await;
    assert_eq!((status, &problem["errors"][0]["pointer"]), (422, &json!("/confirm")), "{problem}");
    assert_eq!(world.get(&format!("/v1/contacts/{id}")).await.0, 200);
    let unknown = format!("ctc_{}", "9".repeat(32));
    assert_eq!(asks_to_erase(&world, &unknown, "n").await.0, 404);
    assert_eq!(world.get(&format!("{ERASURES}/prq_{}", "9".repeat(32))).await.0, 404);
}

/// A file does not bring back unawares a person who was erased: the check says how many rows are of such people, and the run leaves
/// them out, unless the import says otherwise.
async fn an_import_leaves_out_who_was_erased() {
    let world = World::start().await;
    let (number, address) = ("+436641230079", "genet@quillfeather.example");
    let handles = json!([{ "kind": "phone", "value": number }, { "kind": "email", "value": address }]);
    let new = json!({ "name": "Genet", "handles": handles });
    let (_, made) = ask(&world, Method::POST, "/v1/contacts", ("idempotency-key", "genet"), &new).await;
    let (_, erasure) = asks_to_erase(&world, made["id"].as_str().unwrap(), "erase").await;
    report_when(&world, &erasure, "done").await;
    assert!(world.find(&[number, address]).await.is_empty(), "they are known by hashes");
    let file = format!("name,phone,email\nGenet,,{address}\nEve,+436641230080,\nGenet,{number},\n");
    let import = begun(&world, "as-usual", file.as_bytes(), json!({})).await;
    let check = checked(&world, &import).await;
    assert_eq!((&check["check"]["erased"], &check["check"]["created"]), (&json!(2), &json!(1)), "{check:#}");
    let (_, problems) = world.get(&format!("/v1/contacts/imports/{import}/problems")).await;
    let codes: Vec<&Value> =
        problems["problems"].as_array().unwrap().iter().map(|one| &one["code"]).collect();
    assert_eq!(codes, ["erased", "erased"], "{problems:#}");
    run(&world, &import).await;
    assert_eq!(contact_of(&world, number).await, None);
    assert!(contact_of(&world, "+436641230080").await.is_some());
    let import = begun(&world, "again", file.as_bytes(), json!({ "take_erased": true })).await;
    let check = checked(&world, &import).await;
    assert_eq!((&check["check"]["erased"], &check["check"]["created"]), (&json!(0), &json!(2)), "{check:#}");
    run(&world, &import).await;
    assert!(contact_of(&world, number).await.is_some());
    // Who is known again is a contact like any other.
    let import = begun(&world, "later", file.as_bytes(), json!({})).await;
    assert_eq!(checked(&world, &import).await["check"]["erased"], 0);
}

/// A contact that went into another one is not erased by itself; the one that stays is erased with it.
async fn a_merged_contact_is_erased_with_the_one_that_stays(world: World) {
    let person =
        |name: &str, number: &str| json!({ "name": name, "handles": [{ "kind": "phone", "value": number }] });
    let made = async |key: &str, body: Value| -> String {
        let (_, made) = ask(&world, Method::POST, "/v1/contacts", ("idempotency-key", key), &body).await;
        made["id"].as_str().unwrap().to_owned()
    };
    let stays = made("merge-1", person("Narwhal One", "+436641230073")).await;
    let goes = made("merge-2", person("Narwhal Two", "+436641230074")).await;
    let merge = format!("/v1/contacts/{stays}/merge");
    assert_eq!(
        ask(&world, Method::POST, &merge, ("if-match", "\"v1\""), &json!({ "other": goes })).await.0,
        200
    );
    let (status, refused) = asks_to_erase(&world, &goes, "goes").await;
    assert_eq!(status, 409);
    assert!(refused["detail"].as_str().unwrap().contains(&stays), "{refused}");
    assert_eq!(asks_to_erase(&world, &stays, "stays").await.0, 202);
    world
        .until(|| async {
            world
                .find(&["Narwhal", "narwhal", "436641230074"])
                .await
                .iter()
                .all(|found| found.key.starts_with("erasure#"))
                .then_some(())
        })
        .await;
    assert_eq!(world.get(&format!("/v1/contacts/{goes}")).await.0, 404);
}

acceptance::tests![
    nothing_is_left_of_a_person_who_is_erased,
    a_voicemail_goes_with_its_caller,
    a_legal_hold_keeps_its_call_and_no_other,
    a_call_in_progress_is_waited_for,
    another_businesss_contact_is_untouched,
    an_erasure_asks_for_its_scope_and_for_a_confirmation,
    a_merged_contact_is_erased_with_the_one_that_stays,
    an_import_leaves_out_who_was_erased,
];
