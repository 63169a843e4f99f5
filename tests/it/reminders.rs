//! Reminders of appointments: each is sent once, at the time that the appointment has now, in a way that is possible.

use std::time::Duration;

use acceptance::outbound::{CALLEE, dials};
use acceptance::sandbox::{QueueSandbox, ScheduleSandbox};
use acceptance::webhook::Webhook;
use acceptance::{World, WorldConfig};
use domain::Timestamp;
use domain::hours::{DAYS, Week};
use futures_util::future::join_all;
use http::Method;
use platform::clock::{from_rfc3339, rfc3339};
use serde_json::{Map, Value, json};
use simulator::twilio::{Callee, CallerScript, CallerStep, RestFault, SentText};

const HOUR: Duration = Duration::from_secs(3_600);
const ALL_DAY: &str = "00:00-24:00";

fn every_day(span: &str) -> Value {
    Value::Object(DAYS.iter().map(|(_, day)| ((*day).to_owned(), json!([span]))).collect::<Map<_, _>>())
}

async fn ask(world: &World, method: Method, path: &str, headers: &[(&str, &str)], body: &Value) -> Value {
    let request = world.http.request(method.clone(), world.url(path));
    let request = request.bearer_auth(world.identity.api_key.expose());
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    let request = if body.is_null() { request } else { request.json(body) };
    let answer = request.send().await.unwrap();
    let status = answer.status();
    let text = answer.text().await.unwrap();
    assert!(status.is_success(), "{method} {path}: {status} {text}");
    serde_json::from_str(&text).unwrap()
}

/// A business with a service of which people are reminded an hour before, and an appointment in five hours and a bit.
struct Booked<'a> {
    world: &'a World,
    id: String,
    start: Timestamp,
    ticker: ScheduleSandbox,
}

impl<'a> Booked<'a> {
    async fn new(world: &'a World, by: Value, hours: &Value) -> Self {
        let calendar = json!({ "name": "Anna", "time_zone": "UTC", "week": every_day(ALL_DAY) });
        ask(world, Method::PUT, "/v1/appointments/calendars/anna", &[], &calendar).await;
        let remind = json!({ "from": world.business.number.as_e164(), "by": by, "hours": hours });
        let service = json!({
            "name": "Trim", "minutes": 60, "calendars": ["anna"], "reminders": [60], "remind": remind,
        });
        ask(world, Method::PUT, "/v1/appointments/services/trim", &[], &service).await;
        let ticker = ScheduleSandbox::start(world, "appointment-reminders", &[]).await;
        let mut booked = Self { world, id: String::new(), start: Timestamp(0), ticker };
        booked.start = booked.free_from(5 * HOUR).await;
        let person = json!({ "name": "Maria Huber", "number": CALLEE });
        let new = json!({ "service": "trim", "start": rfc3339(booked.start), "person": person });
        let made = ask(world, Method::POST, "/v1/appointments", &[("idempotency-key", "one")], &new).await;
        booked.id = made["id"].as_str().unwrap().to_owned();
        booked
    }

    /// The first time that is free so long from now.
    async fn free_from(&self, later: Duration) -> Timestamp {
        let from = rfc3339(self.world.now().plus(later));
        let slots = format!("/v1/appointments/slots?service=trim&limit=1&from={from}");
        let slots = ask(self.world, Method::GET, &slots, &[], &Value::Null).await;
        from_rfc3339(slots["slots"][0]["start"].as_str().unwrap()).unwrap()
    }

    async fn change(&self, version: &str, change: Value) {
        let path = format!("/v1/appointments/{}", self.id);
        ask(self.world, Method::PATCH, &path, &[("if-match", version)], &change).await;
    }

    /// Lets time pass until then, and a tick beside nineteen copies of it.
    async fn ticks_at(&self, at: Timestamp) {
        self.world.time_passes(at.since(self.world.now()));
        let now = self.world.now();
        let ticks = join_all((0..20).map(|_| self.ticker.ticks(now))).await;
        assert!(ticks.contains(&true), "each tick left something undone");
    }

    async fn reminders(&self) -> Vec<Value> {
        let path = format!("/v1/appointments/{}/reminders", self.id);
        let list = ask(self.world, Method::GET, &path, &[], &Value::Null).await;
        list["reminders"].as_array().unwrap().clone()
    }

    async fn only_reminder(&self) -> (String, String) {
        let reminders = self.reminders().await;
        assert_eq!(reminders.len(), 1, "{reminders:?}");
        let word = |name: &str| reminders[0][name].as_str().unwrap_or_default().to_owned();
        (word("status"), word("way") + &word("reason"))
    }
}

/// Everything that was sent, once nothing waits in the queue of texts.
async fn sent(world: &World) -> Vec<SentText> {
    world.works_everything_off(&["TextsQueue"]).await;
    world.twilio.texts()
}

/// The first beginning of the grid after a moment.
fn next_quarter(at: Timestamp) -> Timestamp {
    const QUARTER_MS: i64 = 15 * 60 * 1_000;
    Timestamp((at.0.div_euclid(QUARTER_MS) + 1) * QUARTER_MS)
}

/// What clocks in UTC show.
fn clock(at: Timestamp) -> String {
    rfc3339(at)[11..16].to_owned()
}

fn pair(status: &str, how: &str) -> (String, String) {
    (status.to_owned(), how.to_owned())
}

/// Trap 11 of appointments: a move cancels the old reminders and sends the new ones, each once.
async fn an_appointment_that_was_moved_is_reminded_of_once_and_at_its_new_time() {
    let world = World::start().await;
    let booked = Booked::new(&world, json!([{ "way": "sms" }]), &every_day(ALL_DAY)).await;
    let moved_to = booked.free_from(8 * HOUR).await;
    booked.change("\"v1\"", json!({ "start": rfc3339(moved_to) })).await;
    booked.ticks_at(booked.start.minus(HOUR)).await;
    assert_eq!(sent(&world).await.len(), 0, "the old time");
    assert_eq!(booked.only_reminder().await, pair("owed", ""));
    booked.ticks_at(moved_to.minus(HOUR)).await;
    let texts = sent(&world).await;
    assert_eq!(texts.len(), 1, "{texts:?}");
    assert!(texts[0].body.contains("Trim") && texts[0].to == CALLEE, "{texts:?}");
    assert_eq!(booked.only_reminder().await, pair("sent", "sms"));
    booked.ticks_at(moved_to.plus(HOUR)).await;
    assert_eq!(sent(&world).await.len(), 1, "no tick sends it again");
    let (_, threads) = world.get("/v1/threads").await;
    let thread = threads["threads"][0]["id"].as_str().unwrap();
    let (_, texts) = world.get(&format!("/v1/threads/{thread}/texts")).await;
    assert_eq!(texts["texts"][0]["author"], "business");
}

async fn an_appointment_that_was_called_off_is_not_reminded_of() {
    let world = World::start().await;
    let booked = Booked::new(&world, json!([{ "way": "sms" }]), &every_day(ALL_DAY)).await;
    booked.change("\"v1\"", json!({ "status": "cancelled" })).await;
    booked.ticks_at(booked.start.minus(HOUR)).await;
    booked.ticks_at(booked.start.plus(HOUR)).await;
    assert_eq!(sent(&world).await.len(), 0);
    assert_eq!(booked.reminders().await, Vec::<Value>::new());
}

/// The hours are those of clocks in the calendar's zone.
async fn a_reminder_waits_for_the_hours_in_which_people_may_be_reminded() {
    let world = World::start().await;
    // Half an hour after the reminder is due, and half an hour before the appointment.
    let start = next_quarter(world.now().plus(5 * HOUR));
    let opens = start.minus(HOUR / 2);
    let hours = every_day(&format!("{}-{}", clock(opens), clock(opens.plus(HOUR / 4))));
    let booked = Booked::new(&world, json!([{ "way": "sms" }]), &hours).await;
    assert_eq!(booked.start, start);
    booked.ticks_at(start.minus(HOUR)).await;
    assert_eq!((sent(&world).await.len(), booked.only_reminder().await), (0, pair("owed", "")));
    booked.ticks_at(opens).await;
    assert_eq!((sent(&world).await.len(), booked.only_reminder().await), (1, pair("sent", "sms")));
}

async fn a_reminder_without_a_time_before_the_appointment_is_missed() {
    let world = World::start().await;
    let start = next_quarter(world.now().plus(5 * HOUR));
    let hours = every_day(&format!("{}-{}", clock(start), clock(start.plus(HOUR))));
    let booked = Booked::new(&world, json!([{ "way": "sms" }]), &hours).await;
    booked.ticks_at(start.minus(HOUR)).await;
    assert_eq!(booked.only_reminder().await, pair("missed", "no_time_left"));
    assert_eq!(sent(&world).await.len(), 0);
}

/// A person who wants no texts is reminded in the next way, or not at all.
async fn a_person_who_wants_no_texts_gets_none() {
    let world = World::start().await;
    let booked = Booked::new(&world, json!([{ "way": "sms" }]), &every_day(ALL_DAY)).await;
    let sid = format!("SM{:032x}", 7);
    let stop = Webhook::post("/twilio/messages")
        .field("MessageSid", &sid)
        .field("SmsSid", &sid)
        .field("AccountSid", &world.identity.account_sid)
        .field("From", CALLEE)
        .field("To", world.business.number.as_e164())
        .field("Body", "STOP")
        .field("NumMedia", "0");
    assert_eq!(stop.send(&world).await.0, 200);
    let before = sent(&world).await.len();
    booked.ticks_at(booked.start.minus(HOUR)).await;
    assert_eq!(booked.only_reminder().await, pair("missed", "opted_out"));
    assert_eq!(sent(&world).await.len(), before);
}

/// A text of the person over WhatsApp.
async fn writes_over_whatsapp(world: &World, n: u32, body: &str) {
    let sid = format!("SM{n:032x}");
    let text = Webhook::post("/twilio/messages")
        .field("MessageSid", &sid)
        .field("SmsSid", &sid)
        .field("AccountSid", &world.identity.account_sid)
        .field("From", &format!("whatsapp:{CALLEE}"))
        .field("To", &format!("whatsapp:{}", world.business.number.as_e164()))
        .field("WaId", CALLEE.trim_start_matches('+'))
        .field("Body", body)
        .field("NumMedia", "0");
    assert_eq!(text.send(world).await.0, 200);
    world.works_everything_off(&["TextsQueue"]).await;
}

/// A person has said on another thread that they want no texts, and no thread yet exists for a reminder.
async fn a_stop_on_another_thread_keeps_a_reminder_from_opening_one() {
    let world = World::start().await;
    let booked = Booked::new(&world, json!([{ "way": "sms" }]), &every_day(ALL_DAY)).await;
    writes_over_whatsapp(&world, 7, "STOP").await;
    let before = sent(&world).await.len();
    booked.ticks_at(booked.start.minus(HOUR)).await;
    assert_eq!(booked.only_reminder().await, pair("missed", "opted_out"));
    assert_eq!(sent(&world).await.len(), before);
}

/// The thread that a reminder opens belongs to the person's contact: a stop that comes later on another thread holds for it.
async fn a_thread_that_a_reminder_opens_heeds_a_stop_on_another_one() {
    let world = World::start().await;
    let booked = Booked::new(&world, json!([{ "way": "sms" }]), &every_day(ALL_DAY)).await;
    booked.ticks_at(booked.start.minus(HOUR)).await;
    assert_eq!(sent(&world).await.len(), 1);
    let (_, threads) = world.get("/v1/threads").await;
    let thread = threads["threads"][0].clone();
    writes_over_whatsapp(&world, 7, "STOP").await;
    let (_, contacts) = world.get(&format!("/v1/contacts?number={}", CALLEE.replace('+', "%2B"))).await;
    assert_eq!(thread["contact"], contacts["contacts"][0]["id"]);
    let path = format!("/v1/threads/{}/texts", thread["id"].as_str().unwrap());
    let write = world.http.post(world.url(&path)).bearer_auth(world.identity.api_key.expose());
    let write = write.header("idempotency-key", "k1").json(&json!({ "text": "An offer" }));
    let answer = write.send().await.unwrap();
    let status = answer.status();
    let refused: Value = answer.json().await.unwrap();
    assert_eq!((status.as_u16(), &refused["code"]), (409, &json!("opted_out")), "{refused}");
}

/// Twilio's answer is lost: the text is looked for, and not sent twice.
async fn a_reminder_whose_sending_is_unknown_is_looked_up() {
    let world = World::start().await;
    let booked = Booked::new(&world, json!([{ "way": "sms" }]), &every_day(ALL_DAY)).await;
    let lost = RestFault { status: 500, code: 20_500, retry_after_s: None, carried_out: true };
    world.twilio.fail_next_request(lost);
    booked.ticks_at(booked.start.minus(HOUR)).await;
    world.delay_passes("TextsQueue", Duration::from_secs(31)).await;
    assert_eq!(sent(&world).await.len(), 1);
    assert_eq!(booked.only_reminder().await, pair("sent", "sms"));
}

/// A tick that was cut off after it had told the text tells it once more, under the same name.
async fn a_text_that_is_told_twice_is_sent_once() {
    let world = World::start().await;
    let worker = QueueSandbox::start(&world, "text-step", &[]).await;
    let told = json!({ "job": "tell", "text": {
        "name": "reminder-1", "business": world.business.business.id.as_str(),
        "sender": {
            "medium": "sms", "number": world.business.number.as_e164(), "carrier": { "provider": "twilio" },
        },
        "person": CALLEE, "content": { "words": "Tomorrow at nine." },
    }});
    let told = &told;
    let done = join_all((0..20).map(|n| worker.does(told, n + 1))).await;
    assert!(done.iter().all(|done| *done));
    assert_eq!(sent(&world).await.len(), 1);
}

/// A call that reminds is an order like every other one: once, and by the outbound policy.
async fn a_call_reminds_once_and_waits_for_the_policys_hours() {
    let script = CallerScript::new(vec![CallerStep::HangUp]);
    let world = World::with(WorldConfig {
        business: |new| {
            new.settings.outbound.hours = Week::of(&DAYS.map(|(day, _)| day), &[ALL_DAY.parse().unwrap()]);
        },
        ..WorldConfig::default()
    })
    .await;
    world.twilio.set_callee(CALLEE, Callee::answers(script));
    let booked = Booked::new(&world, json!([{ "way": "call" }]), &every_day(ALL_DAY)).await;
    let due = booked.start.minus(HOUR);
    world.time_passes(due.since(world.now()));
    // Copies that find the order under way ask again later, so a tick may leave that to the next one.
    join_all((0..4).map(|_| booked.ticker.ticks(due))).await;
    for minutes in 1..=2 {
        booked.ticker.ticks(due.plus(Duration::from_secs(61 * minutes))).await;
    }
    assert_eq!(dials(&world), 1);
    assert_eq!(booked.only_reminder().await, pair("sent", "call"));
}

acceptance::tests![
    an_appointment_that_was_moved_is_reminded_of_once_and_at_its_new_time,
    an_appointment_that_was_called_off_is_not_reminded_of,
    a_reminder_waits_for_the_hours_in_which_people_may_be_reminded,
    a_reminder_without_a_time_before_the_appointment_is_missed,
    a_person_who_wants_no_texts_gets_none,
    a_stop_on_another_thread_keeps_a_reminder_from_opening_one,
    a_thread_that_a_reminder_opens_heeds_a_stop_on_another_one,
    a_reminder_whose_sending_is_unknown_is_looked_up,
    a_text_that_is_told_twice_is_sent_once,
    a_call_reminds_once_and_waits_for_the_policys_hours,
];
