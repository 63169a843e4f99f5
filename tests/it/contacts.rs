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
async fn ask(world: &World, method: Method, path: &str, header: (&str, &str), body: &Value) -> (u16, Value) {
    let request = world.http.request(method, world.url(path)).bearer_auth(world.identity.api_key.expose());
    let answer = request.header(header.0, header.1).json(body).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap_or_default())
}

/// The contact of the demo's caller, once it fits.
async fn contact_when(world: &World, fits: impl Fn(&Value) -> bool) -> Value {
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

acceptance::tests![
    a_stranger_is_known_at_the_second_call,
    a_withheld_caller_has_no_contact,
    calls_at_once_have_one_contact,
];
