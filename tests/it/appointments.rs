//! Appointments that callers make with the agent, and a model that says what is not so.

use std::collections::BTreeSet;

use acceptance::{World, WorldConfig};
use domain::BusinessId;
use domain::appointments::AppointmentId;
use functions::businesses::provision::NewBusiness;
use serde_json::{Value, json};
use simulator::audio::speech;
use simulator::openai::{OpenAiConfig, Part, Reply, Script, Speech, Step};
use simulator::twilio::{CallerScript, CallerStep};

const DAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
const CLAIM: &str = "Your appointment is booked for Thursday at half past ten.";

fn listen() -> CallerStep {
    CallerStep::WaitForAgent { quiet_ms: 900, max_ms: 15_000 }
}

fn say(clip: &speech::Clip) -> CallerStep {
    CallerStep::Say { mulaw: clip.mulaw().to_vec(), label: "words".into() }
}

/// Speaks three times, and waits for an answer each time.
fn caller() -> CallerScript {
    let words = [&speech::CALLER_SERVICE, &speech::CALLER_BARGE_IN, &speech::CALLER_BYE];
    let turns = words.into_iter().flat_map(|clip| [listen(), say(clip)]);
    CallerScript::new(turns.chain([listen()]).collect())
}

fn goodbye() -> Step {
    Step::clip(&speech::CALLER_BYE, Reply::say(&speech::AGENT_BYE).and_call("end_call", "{}"))
}

fn with_appointments(new: &mut NewBusiness) {
    new.settings.tools.appointments = true;
}

async fn world(first: Reply, second: Reply) -> World {
    let steps = vec![
        Step::clip(&speech::CALLER_SERVICE, first),
        Step::clip(&speech::CALLER_BARGE_IN, second),
        goodbye(),
    ];
    let mut script = Script::new(Reply::say(&speech::AGENT_GREETING), steps);
    script.by_kind.insert("recovery".to_owned(), Reply::say(&speech::AGENT_APOLOGY));
    let openai = OpenAiConfig { script, ..OpenAiConfig::default() };
    let world =
        World::with(WorldConfig { openai, business: with_appointments, ..WorldConfig::default() }).await;
    offer(&world).await;
    world
}

/// An appointment of a business, with a service in a calendar that both have the name `id`.
pub(crate) async fn booked_in(world: &World, business: &NewBusiness, id: &str) -> String {
    let key = business.api_key.expose();
    let sent = async |request: reqwest::RequestBuilder, body: Value| -> Value {
        let answer = request.bearer_auth(key).json(&body).send().await.unwrap();
        assert_eq!(answer.status(), 201);
        answer.json().await.unwrap()
    };
    let week: serde_json::Map<String, Value> =
        DAYS.iter().map(|day| ((*day).to_owned(), json!(["00:00-24:00"]))).collect();
    let path = |of: &str| world.url(&format!("/v1/appointments/{of}/{id}"));
    sent(world.http.put(path("calendars")), json!({ "name": id, "week": week })).await;
    sent(world.http.put(path("services")), json!({ "name": id, "minutes": 60, "calendars": [id] })).await;
    let source = json!({ "url": "http://127.0.0.1:1/anna.ics", "while_away": "own_calendar" });
    let source =
        world.http.put(world.url(&format!("/v1/appointments/calendars/{id}/sources/{id}"))).json(&source);
    assert_eq!(source.bearer_auth(key).send().await.unwrap().status(), 200);
    let slots = world.http.get(world.url(&format!("/v1/appointments/slots?service={id}"))).bearer_auth(key);
    let slots: Value = slots.send().await.unwrap().json().await.unwrap();
    let new = json!({ "service": id, "start": slots["slots"][8]["start"], "person": { "name": "Maria" } });
    let post = world.http.post(world.url("/v1/appointments")).header("idempotency-key", "booked");
    sent(post, new).await["id"].as_str().unwrap().to_owned()
}

/// A calendar that is always open, and a service.
pub(crate) async fn offer(world: &World) {
    let week: serde_json::Map<String, Value> =
        DAYS.iter().map(|day| ((*day).to_owned(), json!(["00:00-24:00"]))).collect();
    for (path, body) in [
        ("/v1/appointments/calendars/anna", json!({ "name": "Anna", "week": week })),
        (
            "/v1/appointments/services/trim",
            json!({
                "name": "Trim", "minutes": 60, "calendars": ["anna"], "reminders": [10],
                "remind": { "from": world.business.number.as_e164(), "by": [{ "way": "sms" }] },
            }),
        ),
    ] {
        let put = world.http.put(world.url(path)).bearer_auth(world.identity.api_key.expose()).json(&body);
        assert_eq!(put.send().await.unwrap().status(), 201, "{path}");
    }
}

async fn appointments(world: &World) -> Vec<Value> {
    let get = world.http.get(world.url("/v1/appointments")).bearer_auth(world.identity.api_key.expose());
    let list: Value = get.send().await.unwrap().json().await.unwrap();
    list["appointments"].as_array().unwrap().clone()
}

/// What the tool of this name told the model, in order.
fn told(world: &World, tool: &str) -> Vec<Value> {
    let conversation = world.sessions().last().unwrap().conversation();
    let calls: BTreeSet<&str> = conversation
        .iter()
        .filter(|item| item["type"] == "function_call" && item["name"] == tool)
        .filter_map(|item| item["call_id"].as_str())
        .collect();
    let outputs = conversation.iter().filter(|item| item["type"] == "function_call_output");
    let of_tool = outputs.filter(|item| item["call_id"].as_str().is_some_and(|id| calls.contains(id)));
    of_tool.map(|item| serde_json::from_str(item["output"].as_str().unwrap()).unwrap()).collect()
}

/// A caller looks for a time, books the first one that is offered, and moves to the second one.
async fn a_caller_books_and_moves_an_appointment() {
    let book = json!({ "slot": "{{find_slots/slots/0/slot}}", "name": "Maria Huber" });
    let booking = Reply::call("find_slots", json!({ "week": "next" }))
        .then(Reply::call("book_appointment", book).then(Reply::say(&speech::AGENT_CONFIRM)));
    let to = json!({
        "appointment": "{{book_appointment/appointment}}", "slot": "{{find_slots/slots/1/slot}}",
    });
    let moving = Reply::call("reschedule_appointment", to).then(Reply::say(&speech::AGENT_CONFIRM));
    let world = world(booking, moving).await;
    let outcome = world.call(caller()).await;
    let record = world.record_when(&outcome.call_sid, |record| record.status == "completed").await;
    let (found, moved) = (told(&world, "find_slots"), told(&world, "reschedule_appointment"));
    assert_eq!(
        (&moved[0]["ok"], &moved[0]["say"]),
        (&json!(true), &found[0]["slots"][1]["say"]),
        "{moved:?}"
    );
    let all = appointments(&world).await;
    assert_eq!(all.len(), 1, "{all:?}");
    assert_eq!((&all[0]["status"], &all[0]["call"]), (&json!("booked"), &json!(outcome.call_sid)));
    let person = &all[0]["person"];
    assert_eq!((&person["name"], &person["number"]), (&json!("Maria Huber"), &json!(record.from)));
    let path = format!("/v1/contacts/{}/timeline?kind=appointment", person["contact"].as_str().unwrap());
    let told = world.get(&path).await.1["entries"].clone();
    let became: Vec<&Value> = told.as_array().unwrap().iter().map(|entry| &entry["became"]).collect();
    assert_eq!(became, ["moved", "booked"], "told to the contact of the call");
    assert_eq!(record.session().unbacked_claims, 0);
}

/// While the caller is asked for their name the time is theirs; then it is one appointment.
async fn a_time_is_held_while_the_caller_is_asked_for_their_name() {
    let slot = "{{find_slots/slots/0/slot}}";
    let holding = Reply::call("find_slots", json!({ "week": "next" })).then(
        Reply::call("book_appointment", json!({ "slot": slot })).then(Reply::say(&speech::AGENT_CONFIRM)),
    );
    let named = json!({ "slot": slot, "name": "Maria Huber" });
    let booking = Reply::call("book_appointment", named).then(Reply::say(&speech::AGENT_CONFIRM));
    let world = world(holding, booking).await;
    let outcome = world.call(caller()).await;
    world.record_when(&outcome.call_sid, |record| record.status == "completed").await;
    let booked = told(&world, "book_appointment");
    assert_eq!(
        (&booked[0]["error"], &booked[1]["done"]),
        (&json!("needs_name"), &json!("booked")),
        "{booked:?}"
    );
    let all = appointments(&world).await;
    assert_eq!(all.len(), 1, "the time that was held is the one that is booked: {all:?}");
    assert_eq!((&all[0]["status"], &all[0]["person"]["name"]), (&json!("booked"), &json!("Maria Huber")));
}

/// A model that makes a token up books nothing, and one that cancels what is not the caller's cancels nothing.
async fn a_model_that_makes_a_time_up_books_nothing() {
    let made_up = json!({ "slot": "2026-12-03T10:30", "name": "Maria Huber" });
    let booking = Reply::call("book_appointment", made_up).then(Reply::say(&speech::AGENT_CONFIRM));
    let cancel = json!({ "appointment": "0".repeat(32) });
    let cancelling = Reply::call("cancel_appointment", cancel).then(Reply::say(&speech::AGENT_CONFIRM));
    let world = world(booking, cancelling).await;
    let outcome = world.call(caller()).await;
    world.record_when(&outcome.call_sid, |record| record.status == "completed").await;
    assert_eq!(told(&world, "book_appointment")[0]["error"], "invalid_slot");
    assert_eq!(told(&world, "cancel_appointment")[0]["error"], "not_yours");
    assert_eq!(appointments(&world).await, Vec::<Value>::new());
}

/// Requirement 9 of appointments. The right id is of no use to a caller whose appointment it is not.
async fn a_caller_cannot_change_what_is_anothers() {
    let id = AppointmentId::of(&BusinessId::parse("harbour-bicycles").unwrap(), "others");
    let cancel = Reply::call("cancel_appointment", json!({ "appointment": id }));
    let to = json!({ "appointment": id, "slot": "{{find_slots/slots/0/slot}}" });
    let moving = Reply::call("find_slots", json!({ "week": "next" }))
        .then(Reply::call("reschedule_appointment", to).then(Reply::say(&speech::AGENT_CONFIRM)));
    let world = world(cancel.then(Reply::say(&speech::AGENT_CONFIRM)), moving).await;
    let slots = world.get("/v1/appointments/slots?service=trim").await.1;
    let person = json!({ "name": "Maria", "number": "+12025550199" });
    let new = json!({ "service": "trim", "start": slots["slots"][8]["start"], "person": person });
    let post = world.http.post(world.url("/v1/appointments")).header("idempotency-key", "others").json(&new);
    let made = post.bearer_auth(world.identity.api_key.expose()).send().await.unwrap();
    assert_eq!(made.json::<Value>().await.unwrap()["id"], json!(id));
    let outcome = world.call(caller()).await;
    world.record_when(&outcome.call_sid, |record| record.status == "completed").await;
    for tool in ["cancel_appointment", "reschedule_appointment"] {
        assert_eq!(told(&world, tool)[0]["error"], "not_yours", "{tool}");
    }
    let all = appointments(&world).await;
    assert_eq!((&all[0]["status"], &all[0]["start"]), (&json!("booked"), &new["start"]));
}

/// Historic failure 28. A model says that it has booked, and has not: the record counts it, and the model is told to take it back.
async fn a_model_that_says_booked_without_a_tool_is_corrected() {
    let lie = Part::Speech(Speech { text: CLAIM.into(), mulaw: speech::AGENT_CONFIRM.mulaw().into() });
    let lying = Reply { parts: vec![lie], ..Reply::default() };
    let world = world(lying, Reply::say(&speech::AGENT_CONFIRM)).await;
    let outcome = world.call(caller()).await;
    let record = world.record_when(&outcome.call_sid, |record| record.status == "completed").await;
    assert_eq!(record.session().unbacked_claims, 1);
    let conversation = serde_json::to_string(&world.sessions().last().unwrap().conversation()).unwrap();
    assert!(conversation.contains("no tool has done that"), "the model is told");
    assert!(conversation.contains(speech::AGENT_APOLOGY.text), "the caller is told");
    assert_eq!(appointments(&world).await, Vec::<Value>::new());
}

acceptance::tests![
    a_caller_books_and_moves_an_appointment,
    a_time_is_held_while_the_caller_is_asked_for_their_name,
    a_model_that_makes_a_time_up_books_nothing,
    a_caller_cannot_change_what_is_anothers,
    a_model_that_says_booked_without_a_tool_is_corrected,
];
