//! The people whom a business knows, from their first call on.

use acceptance::webhook::{Webhook, new_call_sid};
use acceptance::{World, WorldConfig};
use domain::contact::ContactId;
use domain::{CallSid, Epoch};
use http::Method;
use local::demo::business::CALLER;
use local::demo::story;
use serde_json::{Value, json};
use simulator::openai::{Answer, OpenAiConfig};
use stores::calls;
use stores::plans::Plans;

/// A request to the API, with a header.
pub(crate) async fn ask(
    world: &World,
    method: Method,
    path: &str,
    header: (&str, &str),
    body: &Value,
) -> (u16, Value) {
    let request = world.http.request(method, world.url(path)).bearer_auth(world.identity.api_key.expose());
    let answer = request.header(header.0, header.1).json(body).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap_or_default())
}

/// The contact of the demo's caller, once it fits.
pub(crate) async fn contact_when(world: &World, fits: impl Fn(&Value) -> bool) -> Value {
    let path = format!("/v1/contacts?number={}", CALLER.replace('+', "%2B"));
    world
        .until(|| async {
            let (_, listed) = world.get(&path).await;
            let one = listed["contacts"].get(0).filter(|one| fits(one))?;
            Some(one.clone())
        })
        .await
}

/// What the agent of a next call from the same number is told.
async fn instructions_of_a_next_call(world: &World) -> (String, Option<ContactId>) {
    let sid = new_call_sid();
    Webhook::inbound(world, &sid).field("From", CALLER).send(world).await;
    let plans = Plans::new(&world.system.aws, world.system.name("LeasesTable").unwrap());
    let call = CallSid::parse(&sid).unwrap();
    let plan = plans.claim(&call, Epoch::FIRST, world.now()).await.unwrap().unwrap();
    let table = world.system.name("CallsTable").unwrap();
    let row = calls::Reader::new(&world.system.aws, table).call(&call).await.unwrap().unwrap();
    assert_eq!(row.contact, plan.contact, "call and plan have one contact");
    (plan.instructions, plan.contact)
}

/// A stranger calls, says a name, and is known by it at the second call; what is not for the agent reaches no prompt.
async fn a_stranger_is_known_at_the_second_call() {
    let claim = json!({ "value": "Dana Levi", "quote": "half past ten is perfect", "confidence": 90 });
    let town = json!({ "value": "Graz", "quote": "half past ten is perfect", "confidence": 80 });
    let answer = json!({
        "summary": { "topic": "Service", "details": "A wheel is bent.", "outcome": "Booked.", "next_step": null },
        "fields": { "name": claim, "city": town },
        "lead_status": "booked"
    });
    let openai = OpenAiConfig {
        answers: vec![Answer::Json(answer)],
        facts: story::facts(),
        ..OpenAiConfig::default()
    };
    let world = World::with(WorldConfig {
        openai,
        business: |new| new.settings.policies.record_calls = false,
        ..WorldConfig::default()
    })
    .await;
    let field = |key: &str, readable: bool| json!({ "key": key, "label": key, "kind": "text", "agent_readable": readable, "agent_writable": true });
    let fields = json!({ "fields": [field("city", true), field("secret", false)] });
    let saved = ask(&world, Method::PUT, "/v1/contacts/fields", ("if-match", "\"v0\""), &fields).await;
    assert_eq!(saved.0, 200, "{}", saved.1);

    let outcome = world.call(story::caller()).await;
    let contact = contact_when(&world, |contact| !contact["last_call"].is_null()).await;
    assert_eq!(
        (&contact["name"]["value"], &contact["name"]["source"]),
        (&json!("Dana Levi"), &json!("call"))
    );
    assert_eq!(contact["name"]["call"], json!(outcome.call_sid));
    assert_eq!(contact["fields"]["city"]["quote"], "half past ten is perfect");
    let lead = &contact["lead"];
    assert_eq!((&lead["status"], &lead["suggestion"]["to"]), (&json!("new"), &json!("booked")));
    let path = format!("/v1/contacts/{}", contact["id"].as_str().unwrap());
    let (_, timeline) = world.get(&format!("{path}/timeline")).await;
    let entries = timeline["entries"].as_array().unwrap();
    assert_eq!((entries.len(), &entries[0]["call"]), (1, &json!(outcome.call_sid)), "{timeline:#}");

    let notes = format!("{path}/notes");
    for (key, text, readable) in [("1", "Likes mornings.", true), ("2", "Pays late.", false)] {
        let note = json!({ "text": text, "agent_readable": readable });
        assert_eq!(ask(&world, Method::POST, &notes, ("idempotency-key", key), &note).await.0, 201);
    }
    let secret = json!({ "fields": { "secret": "canary" } });
    let changed = ask(&world, Method::PATCH, &path, ("if-match", "\"v2\""), &secret).await;
    assert_eq!(changed.0, 200, "{}", changed.1);
    let (told, pinned) = instructions_of_a_next_call(&world).await;
    for line in
        ["> Name: Dana Levi", "> Note: city: Graz", "> Note: Likes mornings.", "Service: A wheel is bent."]
    {
        assert!(told.contains(line), "{line}: {told}");
    }
    assert!(!told.contains("canary") && !told.contains("Pays late"), "{told}");
    assert_eq!(pinned.map(|id| id.to_string()).as_deref(), contact["id"].as_str());
    // A name that may not be told is not.
    let never = json!({ "name_policy": "never" });
    assert_eq!(ask(&world, Method::PATCH, &path, ("if-match", "\"v3\""), &never).await.0, 200);
    assert!(!instructions_of_a_next_call(&world).await.0.contains("Dana"));
    // The part that all calls share knows nothing of a person.
    let (_, common) = world.get("/v1/prompt?channel=inbound").await;
    assert!(!common.to_string().contains("Graz"));
}

/// A withheld number has no contact, and is told nothing of another's.
async fn a_withheld_caller_has_no_contact(world: World) {
    let sid = new_call_sid();
    Webhook::inbound(&world, &sid).field("From", "anonymous").send(&world).await;
    let table = world.system.name("CallsTable").unwrap();
    let row = calls::Reader::new(&world.system.aws, table).call(&CallSid::parse(&sid).unwrap()).await;
    assert_eq!(row.unwrap().unwrap().contact, None);
    assert_eq!(world.get("/v1/contacts").await.1["contacts"], json!([]));
}

/// Calls of one number at once have one contact, and those of another business have another one.
async fn calls_at_once_have_one_contact(world: World) {
    let other = world.another_business().await;
    let sids: Vec<String> = (0..12).map(|_| new_call_sid()).collect();
    let ring = async |sid: &String| {
        Webhook::inbound(&world, sid).field("From", CALLER).send(&world).await;
    };
    futures_util::future::join_all(sids.iter().map(ring)).await;
    assert_eq!(world.get("/v1/contacts").await.1["contacts"].as_array().unwrap().len(), 1);
    let theirs = Webhook::inbound(&world, &new_call_sid()).field("From", CALLER);
    theirs.field("To", other.number.as_e164()).send(&world).await;
    let key = other.api_key.expose();
    let listed = world.http.get(world.url("/v1/contacts")).bearer_auth(key).send().await.unwrap();
    let listed: Value = listed.json().await.unwrap();
    let ours = contact_when(&world, |_| true).await;
    assert_eq!(listed["contacts"].as_array().unwrap().len(), 1);
    assert_ne!(listed["contacts"][0]["id"], ours["id"]);
}

/// Books an appointment for a number, in a service that takes an hour at any time.
pub(crate) async fn booked_for(world: &World, number: &str) -> String {
    if world.get("/v1/appointments/services/trim").await.0 == 404 {
        crate::appointments::offer(world).await;
    }
    let (_, slots) = world.get("/v1/appointments/slots?service=trim").await;
    let person = json!({ "name": "Dana", "number": number });
    let new = json!({ "service": "trim", "start": slots["slots"][8]["start"], "person": person });
    let booked = ask(world, Method::POST, "/v1/appointments", ("idempotency-key", number), &new).await;
    assert_eq!(booked.0, 201, "{}", booked.1);
    booked.1["id"].as_str().unwrap().to_owned()
}

/// Merges the contact of the demo's caller into a new one, whose id it gives.
pub(crate) async fn merged_away(world: &World) -> String {
    let caller = contact_when(world, |_| true).await;
    let new = json!({ "name": "Dana Levi" });
    let (_, new) = ask(world, Method::POST, "/v1/contacts", ("idempotency-key", "survivor"), &new).await;
    let survivor = new["id"].as_str().unwrap().to_owned();
    let path = format!("/v1/contacts/{survivor}/merge");
    let merged =
        ask(world, Method::POST, &path, ("if-match", "\"v1\""), &json!({ "other": caller["id"] })).await;
    assert_eq!(merged.0, 200, "{}", merged.1);
    survivor
}

/// A call's record tells the contact that it began with, and what became of it: calls in progress attach to the one that
/// stays.
async fn a_call_tells_its_contact_also_after_a_merge(world: World) {
    let (_, pinned) = instructions_of_a_next_call(&world).await;
    let pinned = pinned.unwrap().to_string();
    let (_, calls) = world.get("/v1/calls?include=contact").await;
    let call = &calls["calls"][0];
    let told = |id: &str, name: Value| json!({ "id": id, "name": name });
    assert_eq!((&call["contact_id"], &call["contact"]), (&json!(pinned), &told(&pinned, Value::Null)));
    let survivor = merged_away(&world).await;
    let path = format!("/v1/calls/{}?include=contact", call["sid"].as_str().unwrap());
    let (_, call) = world.get(&path).await;
    assert_eq!(call["contact_id"], json!(pinned), "a fact of the call does not change");
    assert_eq!(call["contact"], told(&survivor, json!("Dana Levi")));
    // The next call from the number is pinned to the one that stays, and what is told of the old id is read with it.
    let (told, next) = instructions_of_a_next_call(&world).await;
    assert_eq!(next.unwrap().to_string(), survivor);
    assert!(told.contains("> Name: Dana Levi"), "{told}");
    let (_, plain) = world.get(path.split('?').next().unwrap()).await;
    assert!(plain.get("contact").is_none(), "it is told if it is asked for");
}

/// Takes away the row of a call's plan, as if it had run out.
pub(crate) async fn lose_the_plan(world: &World, sid: &str) {
    let delete = world.system.aws.dynamodb.delete_item();
    let delete = delete.table_name(world.system.name("LeasesTable").unwrap());
    let key = aws_sdk_dynamodb::types::AttributeValue::S(format!("session#{sid}"));
    delete.key("pk", key).send().await.unwrap();
}

/// The agent is told of the caller's appointments that stand, and of no other one.
async fn appointments_that_stand_are_told(world: World) {
    let appointment = booked_for(&world, CALLER).await;
    let (told, _) = instructions_of_a_next_call(&world).await;
    assert!(told.contains("> Appointment: ") && told.contains(": Trim"), "{told}");
    // Neither another caller's agent is told, nor that of one who withholds the number.
    for from in ["+12025550188", "anonymous"] {
        let sid = new_call_sid();
        Webhook::inbound(&world, &sid).field("From", from).send(&world).await;
        let plans = Plans::new(&world.system.aws, world.system.name("LeasesTable").unwrap());
        let call = CallSid::parse(&sid).unwrap();
        let plan = plans.claim(&call, Epoch::FIRST, world.now()).await.unwrap().unwrap();
        assert!(!plan.instructions.contains("> Appointment"), "{from}");
    }
    let path = format!("/v1/appointments/{appointment}");
    let cancelled = json!({ "status": "cancelled" });
    let changed = ask(&world, Method::PATCH, &path, ("if-match", "\"v1\""), &cancelled).await;
    assert_eq!(changed.0, 200, "{}", changed.1);
    assert!(!instructions_of_a_next_call(&world).await.0.contains("> Appointment"));
}

/// An agent that takes over a call whose plan is lost is told of the contact as the first one was.
async fn a_call_whose_plan_is_lost_is_told_of_its_contact_again(world: World) {
    instructions_of_a_next_call(&world).await;
    let contact = contact_when(&world, |_| true).await;
    let path = format!("/v1/contacts/{}", contact["id"].as_str().unwrap());
    let named = ask(&world, Method::PATCH, &path, ("if-match", "\"v1\""), &json!({ "name": "Dana" })).await;
    assert_eq!(named.0, 200, "{}", named.1);
    let note = json!({ "text": "Likes mornings.", "agent_readable": true });
    let notes = format!("{path}/notes");
    assert_eq!(ask(&world, Method::POST, &notes, ("idempotency-key", "1"), &note).await.0, 201);
    booked_for(&world, CALLER).await;

    let sid = new_call_sid();
    let ringing = Webhook::inbound(&world, &sid).field("From", CALLER);
    ringing.send(&world).await;
    lose_the_plan(&world, &sid).await;
    let lost = ringing.field("CallStatus", "in-progress").at("/twilio/voice/after-stream?epoch=1");
    assert_eq!(lost.send(&world).await.0, 200);
    let plans = Plans::new(&world.system.aws, world.system.name("LeasesTable").unwrap());
    let call = CallSid::parse(&sid).unwrap();
    let plan = plans.claim(&call, Epoch(2), world.now()).await.unwrap().expect("the call goes on");
    for line in ["> Name: Dana", "> Note: Likes mornings.", "> Appointment: "] {
        assert!(plan.instructions.contains(line), "{line}: {}", plan.instructions);
    }
    assert_eq!(plan.contact.map(|id| id.to_string()).as_deref(), contact["id"].as_str());
}

acceptance::tests![
    a_call_tells_its_contact_also_after_a_merge,
    appointments_that_stand_are_told,
    a_call_whose_plan_is_lost_is_told_of_its_contact_again,
    a_stranger_is_known_at_the_second_call,
    a_withheld_caller_has_no_contact,
    calls_at_once_have_one_contact,
];
