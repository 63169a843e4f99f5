//! What a business has, as paths can name it.

use acceptance::World;
use acceptance::outbound;
use acceptance::record::{CallRecord, with_everything};
use acceptance::webhook::call_sid;
use functions::businesses::provision::NewBusiness;
use local::demo::story;
use serde_json::{Value, json};
use simulator::twilio::CallSpec;

use crate::appointments::booked_in;
use crate::messages::left_in;
use crate::texts::kept_in;

/// A recorded call at a business's number, of which something was asked while it went on: its record once it is complete,
/// and the action.
async fn recorded(world: &World, business: &NewBusiness) -> (CallRecord, String) {
    let mut spec = world.spec(story::own_recording(vec![0xFF; 800]));
    spec = CallSpec { to: business.number.as_e164().to_owned(), ..spec };
    let (call, key) = (world.twilio.call(spec), business.api_key.expose());
    let url = world.url(&format!("/v1/calls/{}/actions", call.sid()));
    let note = json!({ "action": "note_to_agent", "text": "The wheel is bent." });
    let action = world
        .until(|| async {
            let note =
                world.http.post(url.clone()).bearer_auth(key).header("idempotency-key", "note").json(&note);
            let action: Value = note.send().await.unwrap().json().await.unwrap();
            action["id"].as_str().map(str::to_owned)
        })
        .await;
    let sid = call.finished().await.call_sid.clone();
    let record = world
        .until(|| async {
            let answer = world.http.get(world.url(&with_everything(&sid))).bearer_auth(key);
            let record: CallRecord = answer.send().await.unwrap().json().await.unwrap();
            let done = record.insights.is_some() && record.recording_state() == "archived";
            done.then_some(record)
        })
        .await;
    (record, action)
}

/// The delivery of a business's first event.
const FIRST: &str = "1";

/// What the parameters of a path stand for.
#[derive(Clone)]
pub(super) struct Ids {
    pub(super) sid: String,
    pub(super) recording: String,
    pub(super) share: String,
    pub(super) run: String,
    pub(super) key: String,
    pub(super) number: String,
    pub(super) revision: String,
    pub(super) channel: String,
    pub(super) action: String,
    pub(super) message: String,
    pub(super) member: String,
    pub(super) thread: String,
    /// Of a calendar, of a service and of a calendar of another system alike.
    pub(super) offered: String,
    pub(super) appointment: String,
    pub(super) contact: String,
    pub(super) note: String,
    pub(super) task: String,
    pub(super) endpoint: String,
    pub(super) receiver: String,
    pub(super) campaign: String,
    pub(super) import: String,
    pub(super) erasure: String,
    pub(super) export: String,
    pub(super) person_export: String,
    pub(super) lead_source: String,
    pub(super) lead: String,
}

impl Ids {
    pub(super) fn fill(&self, path: &str) -> String {
        let named = [
            ("{sid}", &self.sid),
            ("{recording}", &self.recording),
            ("{share}", &self.share),
            ("{run}", &self.run),
            ("{key}", &self.key),
            ("{number}", &self.number),
            ("{revision}", &self.revision),
            ("{channel}", &self.channel),
            ("{action}", &self.action),
            ("{message}", &self.message),
            ("{member}", &self.member),
            ("{thread}", &self.thread),
            ("{calendar}", &self.offered),
            ("{service}", &self.offered),
            ("{source}", &self.offered),
            ("{appointment}", &self.appointment),
            ("{contact}", &self.contact),
            ("{note}", &self.note),
            ("{task}", &self.task),
            ("{endpoint}", &self.endpoint),
            ("{receiver}", &self.receiver),
            ("{campaign}", &self.campaign),
            // The first event of a business is the first delivery to its endpoint.
            ("{delivery}", &FIRST.to_owned()),
            ("{import}", &self.import),
            ("{erasure}", &self.erasure),
            ("{export}", &self.export),
            ("{person_export}", &self.person_export),
            ("{lead_source}", &self.lead_source),
            ("{lead}", &self.lead),
            ("{callee}", &outbound::CALLEE.to_owned()),
        ];
        let filled = named.iter().fold(path.to_owned(), |path, (name, value)| path.replace(name, value));
        assert!(!filled.contains('{'), "{path} has a parameter that this test does not know");
        // Where a query is not left out.
        match path.rsplit('/').next() {
            Some("diff") => format!("{filled}?from=1&to=1"),
            Some("slots") => format!("{filled}?service={}", self.offered),
            _ => filled,
        }
    }
}

/// An endpoint that is disabled: its deliveries stay as they are.
async fn silent_endpoint(world: &World, business: &NewBusiness) -> String {
    let (own, all) = (business.api_key.expose(), "/v1/endpoints");
    let made = world.http.post(world.url(all)).bearer_auth(own).header("idempotency-key", all);
    let made = made.json(&json!({ "url": "http://127.0.0.1:1/" })).send().await.unwrap();
    let made: Value = made.json().await.unwrap();
    let id = made["id"].as_str().unwrap();
    let off =
        world.http.patch(world.url(&format!("{all}/{id}"))).bearer_auth(own).header("if-match", "\"v1\"");
    assert_eq!(off.json(&json!({ "enabled": false })).send().await.unwrap().status(), 200);
    id.to_owned()
}

/// A source of leads, and a lead that came from it.
async fn lead_of(world: &World, business: &NewBusiness) -> (String, String) {
    let (own, all) = (business.api_key.expose(), "/v1/lead-sources");
    let made = world.http.post(world.url(all)).bearer_auth(own).header("idempotency-key", all);
    let made = made.json(&json!({ "name": "Web" })).send().await.unwrap();
    let made: Value = made.json().await.unwrap();
    let text = |name: &str| made[name].as_str().unwrap().to_owned();
    let sent = world.http.post(world.url(&format!("/leads/{}", text("id"))));
    let sent = sent.header("x-webhook-secret", text("secret")).json(&json!({ "email": "lead@example.org" }));
    let taken: Value = sent.send().await.unwrap().json().await.unwrap();
    (text("id"), taken["lead"].as_str().unwrap().to_owned())
}

/// A receiver that is told of nothing that happens here.
async fn silent_receiver(world: &World, business: &NewBusiness) -> String {
    let (own, all) = (business.api_key.expose(), "/v1/notifications/receivers");
    let made = world.http.post(world.url(all)).bearer_auth(own).header("idempotency-key", all);
    let rules = json!([{ "on": "low_budget" }]);
    let new = json!({ "name": "room", "kind": "slack", "url": "http://127.0.0.1:1/", "rules": rules });
    let made: Value = made.json(&new).send().await.unwrap().json().await.unwrap();
    made["id"].as_str().unwrap().to_owned()
}

/// All that one business has, as paths, queries, bodies and headers can name it.
pub(super) async fn ids(world: &World, business: &NewBusiness) -> Ids {
    let endpoint = silent_endpoint(world, business).await;
    let receiver = silent_receiver(world, business).await;
    let (record, action) = recorded(world, business).await;
    let sid = record.sid.clone();
    let post = async |path: &str, body: Value| -> Value {
        let request = world.http.post(world.url(path)).bearer_auth(business.api_key.expose()).json(&body);
        let answer = request.send().await.unwrap();
        assert!(answer.status().is_success(), "{path}");
        answer.json().await.unwrap()
    };
    let list = world.http.put(world.url(&format!("/v1/do-not-call/{}", outbound::CALLEE)));
    assert_eq!(list.bearer_auth(business.api_key.expose()).send().await.unwrap().status(), 200);
    let share = post(&format!("/v1/calls/{sid}/recording/shares"), json!({})).await;
    let run = post(&format!("/v1/calls/{sid}/reprocess"), json!({ "stages": ["summary"] })).await;
    let key = post("/v1/keys", json!({ "name": "one more", "scopes": ["calls:read"] })).await;
    let member = post("/v1/members", json!({ "name": "Ada", "role": "viewer" })).await;
    let channel = format!("of-{}", business.business.id);
    post("/v1/settings/revisions/1/restore", json!({ "channel": channel })).await;
    let own = business.api_key.expose();
    let draft = world.http.get(world.url("/v1/settings")).bearer_auth(own).send().await.unwrap();
    let draft: Value = draft.json().await.unwrap();
    let save = world.http.put(world.url("/v1/settings/draft")).bearer_auth(own).json(&draft);
    assert_eq!(save.send().await.unwrap().status(), 200);
    // The event is the last that comes of it.
    world
        .until(|| async {
            let asked = world.http.get(world.url("/v1/events")).bearer_auth(business.api_key.expose());
            let events: Value = asked.send().await.unwrap().json().await.unwrap();
            let mut kinds = events["events"].as_array().unwrap().iter().map(|event| &event["type"]);
            kinds.any(|kind| kind == "call.updated").then_some(())
        })
        .await;
    let message = left_in(world, &sid);
    let table = world.system.name("MessagesTable").unwrap();
    let writer = stores::messages::Writer::new(&world.system.aws, table);
    assert!(writer.put(&business.business.id, &message, None).await.unwrap());
    let made = async |path: &str, body: Value| -> String {
        let request = world.http.post(world.url(path)).bearer_auth(own).header("idempotency-key", path);
        let answer: Value = request.json(&body).send().await.unwrap().json().await.unwrap();
        answer["id"].as_str().unwrap().to_owned()
    };
    let contact = made("/v1/contacts", json!({ "name": "Dana Levi" })).await;
    let [note, task] = ["notes", "tasks"].map(|area| format!("/v1/contacts/{contact}/{area}"));
    let (note, task) = tokio::join!(made(&note, json!({ "text": "a" })), made(&task, json!({ "text": "a" })));
    let campaign =
        json!({ "name": "One", "purpose": "service", "from": [business.number.as_e164()], "bytes": 9 });
    let campaign = made("/v1/campaigns", campaign).await;
    let import = made("/v1/contacts/imports", json!({ "bytes": 9 })).await;
    // It takes exports along that were made before.
    let erased =
        world.http.post(world.url("/v1/contacts")).bearer_auth(own).header("idempotency-key", "erased");
    let erased: Value = erased.json(&json!({ "name": "Ada" })).send().await.unwrap().json().await.unwrap();
    let erased = erased["id"].as_str().unwrap();
    let erasure = made(&format!("/v1/contacts/{erased}/erasure"), json!({ "confirm": erased })).await;
    let report = world.url(&format!("/v1/contacts/erasures/{erasure}"));
    world
        .until(|| async {
            let asked = world.http.get(report.clone()).bearer_auth(own).send().await.unwrap();
            let report: Value = asked.json().await.unwrap();
            let steps = report["steps"].as_array().unwrap();
            steps.iter().all(|step| step["state"] != "pending").then_some(())
        })
        .await;
    let export = made("/v1/contacts/exports", json!({})).await;
    let written = world.url(&format!("/v1/contacts/exports/{export}"));
    world
        .until(|| async {
            let asked = world.http.get(written.clone()).bearer_auth(own).send().await.unwrap();
            let export: Value = asked.json().await.unwrap();
            (export["state"] == "done").then_some(())
        })
        .await;
    let person_export = made(&format!("/v1/contacts/{contact}/export"), json!({})).await;
    let delivery = world.url(&format!("/v1/endpoints/{endpoint}/deliveries/1"));
    world
        .until(|| async {
            let asked = world.http.get(delivery.clone()).bearer_auth(own).send().await.unwrap();
            (asked.status() == 200).then_some(())
        })
        .await;
    let (lead_source, lead) = lead_of(world, business).await;
    Ids {
        lead_source,
        lead,
        endpoint,
        receiver,
        campaign,
        import,
        erasure,
        export,
        person_export,
        contact,
        note,
        task,
        sid,
        recording: record.recording().sid.clone(),
        share: share["id"].as_str().unwrap().to_owned(),
        run: run["run"].to_string(),
        key: key["id"].as_str().unwrap().to_owned(),
        number: business.number.as_e164().to_owned(),
        revision: "1".into(),
        channel: channel.clone(),
        action,
        message: message.id.to_string(),
        member: member["id"].as_str().unwrap().to_owned(),
        thread: kept_in(world, business).await.to_string(),
        appointment: booked_in(world, business, &channel).await,
        offered: channel,
    }
}

/// Ids of what there is not.
pub(super) fn nothing() -> Ids {
    Ids {
        sid: call_sid(99),
        recording: format!("RE{}", "9".repeat(32)),
        share: "nothing".into(),
        run: "1".into(),
        key: "nothing0".into(),
        number: "+12025550199".into(),
        revision: "99".into(),
        channel: "nothing".into(),
        action: "9".repeat(32),
        message: "9".repeat(32),
        member: "nothing0".into(),
        thread: "9".repeat(32),
        offered: "nothing".into(),
        appointment: "9".repeat(32),
        contact: format!("ctc_{}", "9".repeat(32)),
        note: "9".repeat(32),
        task: "9".repeat(32),
        endpoint: "9".repeat(32),
        receiver: "9".repeat(32),
        campaign: "9".repeat(32),
        import: format!("imp_{}", "9".repeat(32)),
        erasure: format!("prq_{}", "9".repeat(32)),
        export: format!("exp_{}", "9".repeat(32)),
        person_export: format!("prq_{}", "9".repeat(32)),
        lead_source: "9".repeat(32),
        lead: format!("lead_{}", "9".repeat(32)),
    }
}
