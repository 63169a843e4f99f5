//! What every route of the API answers, held as snapshots: a change of an answer is seen in the change that makes it.
//!
//! One file in `snapshots` holds the answers of one function. Ids, times and measurements differ from run to run and
//! are replaced by their kind. Each answer of the API is also what the OpenAPI document says of its route. `INSTA_UPDATE=always` writes the files anew.

mod actions;
mod appointments;
mod calls;
mod campaigns;
mod contacts;
mod endpoints;
mod leads;
mod limits;
mod messages;
mod notifications;
mod setting_up;
mod sign_in;
mod test_calls;
mod texts;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use acceptance::webhook::{Webhook, call_sid};
use acceptance::{World, WorldConfig, described::Described, outbound::order};
use functions::edge::api::BUSINESSES;
use http::Method;
use regex::Regex;
use reqwest::redirect::Policy;
use serde_json::{Value, json};
use simulator::audio::speech;
use simulator::openai::{OpenAiConfig, Reply, Script, Step};
use simulator::twilio::{CallerScript, CallerStep};

/// A greeting, a goodbye of the caller, and the agent's own.
fn short_conversation() -> (OpenAiConfig, CallerScript) {
    let farewell = Reply::say(&speech::AGENT_BYE).and_call("end_call", "{}");
    let script =
        Script::new(Reply::say(&speech::AGENT_GREETING), vec![Step::clip(&speech::CALLER_BYE, farewell)]);
    let caller = CallerScript::new(vec![
        CallerStep::WaitForAgent { quiet_ms: 500, max_ms: 15_000 },
        CallerStep::Say { mulaw: speech::CALLER_BYE.mulaw().to_vec(), label: "bye".into() },
    ]);
    (OpenAiConfig { script, ..OpenAiConfig::default() }, caller)
}

/// The answers by function, each under its route.
struct Answers<'a> {
    world: &'a World,
    browser: reqwest::Client,
    routes: Vec<(String, String, String)>,
    seen: BTreeSet<(String, String)>,
    text: BTreeMap<String, String>,
    described: Described,
}

/// What is sent besides method and path.
#[derive(Default)]
struct Extra {
    headers: Vec<(&'static str, String)>,
    body: Option<Value>,
    keyless: bool,
}

fn json_body(body: Value) -> Extra {
    Extra { body: Some(body), ..Extra::default() }
}

fn header(name: &'static str, value: &str) -> Extra {
    Extra { headers: vec![(name, value.to_owned())], ..Extra::default() }
}

fn keyless() -> Extra {
    Extra { keyless: true, ..Extra::default() }
}

impl<'a> Answers<'a> {
    fn of(world: &'a World) -> Self {
        let routes = acceptance::routes::all().into_iter();
        let routes = routes.map(|route| (route.method, route.path, route.function));
        Self {
            world,
            browser: reqwest::Client::builder().redirect(Policy::none()).build().unwrap(),
            // HEAD is GET without its body; an operator has a business's routes under its name; files have tests of their own.
            routes: routes
                .filter(|(method, path, _)| method != "HEAD" && !path.starts_with(BUSINESSES))
                .filter(|(_, _, of)| !["api-document", "console"].contains(&of.as_str()))
                .collect(),
            seen: BTreeSet::new(),
            text: BTreeMap::new(),
            described: Described::default(),
        }
    }

    /// Asks, records what came, and gives status and body.
    async fn ask(
        &mut self,
        case: &str,
        method: Method,
        route: &str,
        path: &str,
        extra: Extra,
    ) -> (u16, String) {
        let mut request = self.browser.request(method.clone(), self.world.url(path));
        if !extra.keyless {
            request = request.bearer_auth(self.world.identity.api_key.expose());
        }
        for (name, value) in extra.headers {
            request = request.header(name, value);
        }
        if let Some(body) = extra.body {
            request = request.json(&body);
        }
        let response = request.send().await.expect("the API answers");
        let status = response.status().as_u16();
        let headers: Vec<(&str, String)> = [
            "content-type",
            "location",
            "etag",
            "link",
            "idempotency-replayed",
            "retry-after",
            "www-authenticate",
        ]
        .into_iter()
        .filter_map(|name| Some((name, response.headers().get(name)?.to_str().ok()?.to_owned())))
        .collect();
        let body = response.text().await.expect("a body");
        self.record(case, method.as_str(), route, status, &headers, &body);
        (status, body)
    }

    /// Sends a webhook as Twilio signs it, and records what it was answered.
    async fn webhook(&mut self, case: &str, route: &str, webhook: &Webhook) {
        let (status, body) = webhook.send(self.world).await;
        self.record(case, "POST", route, status, &[], &body);
    }

    fn record(
        &mut self,
        case: &str,
        method: &str,
        route: &str,
        status: u16,
        headers: &[(&str, String)],
        body: &str,
    ) {
        let found = self.routes.iter().find(|(m, path, _)| m == method && path == route);
        let (_, _, function) =
            found.unwrap_or_else(|| panic!("{method} {route} is no route of the template"));
        self.seen.insert((method.to_owned(), route.to_owned()));
        let kind = headers.iter().find(|(name, _)| *name == "content-type").map_or("", |(_, kind)| kind);
        let fault = self.described.fault(method, route, status, kind, body);
        assert_eq!(fault, None, "{case}: {body}");
        let text = self.text.entry(function.clone()).or_default();
        writeln!(text, "## {method} {route}: {case}\n{status}").unwrap();
        for (name, value) in headers {
            writeln!(text, "{name}: {}", redacted(value)).unwrap();
        }
        let shown = match serde_json::from_str::<Value>(body) {
            Ok(json) => serde_json::to_string_pretty(&without_measurements("", json)).unwrap(),
            Err(_) => body.to_owned(),
        };
        writeln!(text, "{}\n", redacted(&shown)).unwrap();
    }
}

/// Numbers that are measured or depend on the order of events, by the end of their name; everything within `usage`, `parts` and `session` is.
const MEASURED: [&str; 10] =
    ["id", "_ms", "_us", "bytes", "usd_micros", "duration_s", "expires_in", "_per_peak", "caller", "agent"];
/// Lists whose length is the conversation's affair: the first entry shows their shape.
const CUT: [&str; 4] = ["turns", "entries", "caller", "agent"];

fn without_measurements(name: &str, value: Value) -> Value {
    match value {
        Value::Number(_) if MEASURED.iter().any(|end| name.ends_with(end)) => "[number]".into(),
        Value::Object(fields) => {
            let within = |key: &str| match name {
                "usage" | "parts" | "session" => format!("{name}/{key}_ms"),
                _ if name.starts_with("session/") => format!("{name}/{key}_ms"),
                _ => key.to_owned(),
            };
            fields
                .into_iter()
                .map(|(key, value)| {
                    let value = without_measurements(&within(&key), value);
                    (key, value)
                })
                .collect()
        }
        Value::Array(mut items) => {
            if CUT.contains(&name) {
                items.truncate(1);
            }
            let items = items.into_iter().map(|item| without_measurements(name, item));
            let mut items: Vec<Value> = items.collect();
            if ["events", "keys", "shares"].contains(&name) {
                // What comes within one second has no order of its own, nor have links and keys by their random names.
                items.sort_by_key(|event| redacted(&event.to_string()));
            }
            items.into()
        }
        value => value,
    }
}

fn redacted(text: &str) -> String {
    let kinds = [
        (r"http://127\.0\.0\.1:\d+/[^\x22\s]*X-Amz[^\x22\s]*", "[presigned]"),
        (r"http://127\.0\.0\.1:\d+", "[base]"),
        (r"ws://127\.0\.0\.1:\d+", "[media]"),
        (r#"name="token" value="[^"]+""#, r#"name="token" value="[token]""#),
        (r#""token": "\d+\.[^"]+""#, r#""token": "[token]""#),
        (r#""\d+\.[0-9a-f]{16}\.[0-9A-Za-z]{8}\.[A-Za-z0-9_-]{43}""#, r#""[token]""#),
        (r"/s/[A-Za-z0-9_-]{43}", "/s/[token]"),
        (r"/feeds/[0-9a-f]{32}\.ics", "/feeds/[secret].ics"),
        (r"\b(CA|RE|MZ|AC)[0-9a-f]{32}\b", "$1[hex]"),
        (r"\b(ctc|imp|exp|evt|prq|lead)_[0-9a-f]{32}\b", "${1}_[hex]"),
        (r"whsec_[A-Za-z0-9+/=]+", "whsec_[secret]"),
        (r"\b[0-9a-f]{64}\b", "[sha256]"),
        (r#""[A-Za-z0-9_-]{43}""#, r#""[id]""#),
        (r#""[0-9a-f]{32}""#, r#""[pseudonym]""#),
        (r"swb_(bus|op|inv)_[A-Za-z0-9]{36}", "swb_$1_[key]"),
        (r"/authorize\?[^\x22\s]*", "/authorize?[attempt]"),
        (r#""issuer": "127\.0\.0\.1:\d+""#, r#""issuer": "[host]""#),
        (r"swb_(bus|op)_[A-Za-z0-9]{8}…", "swb_$1_[id]…"),
        (
            r#""(id|key|by|asked_by|author|created_by|replaced_by|invited_by)": "[A-Za-z0-9]{8}""#,
            r#""$1": "[key id]""#,
        ),
        (r"/v1/keys/[A-Za-z0-9]{8}\b", "/v1/keys/[key id]"),
        (r#""request": "[A-Za-z0-9_-]+""#, r#""request": "[request]""#),
        (r#""\d{4}-\d\d-\d\d""#, r#""[day]""#),
        (r"urn:request:[A-Za-z0-9_-]+", "urn:request:[id]"),
        (r#""next": "[A-Za-z0-9_-]+""#, r#""next": "[cursor]""#),
        (r"cursor=[A-Za-z0-9_-]+>", "cursor=[cursor]>"),
        (r#""local": "[^"]+""#, r#""local": "[local time]""#),
        // How much was told before differs with how soon the workers are at it.
        (r#""sequence": \d{2,}"#, r#""sequence": [number]"#),
        (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "[time]"),
    ];
    kinds.iter().fold(text.to_owned(), |text, (kind, name)| {
        Regex::new(kind).unwrap().replace_all(&text, *name).into_owned()
    })
}

/// Each route is asked at least once; an answer without a record fails the test.
async fn every_route_answers_as_recorded() {
    let (openai, caller) = short_conversation();
    let world = Box::pin(World::with(WorldConfig { openai, ..WorldConfig::default() })).await;
    let outcome = world.call(caller).await;
    let record = world.complete_record(&outcome.call_sid).await;
    let (sid, recording) = (outcome.call_sid.as_str(), record.recording().sid.clone());
    let mut answers = Answers::of(&world);
    of_twilio(&mut answers).await;
    calls::of_calls(&mut answers, sid, &recording).await;
    of_prompts(&mut answers).await;
    of_outbound_calls(&mut answers).await;
    actions::of_actions(&mut answers, sid).await;
    test_calls::of_test_calls(&mut answers, sid).await;
    of_transcripts(&mut answers, sid).await;
    for (of, path) in [
        ("/v1/calls/{sid}/recording", format!("/v1/calls/{sid}/recording")),
        ("/v1/calls/{sid}/recordings/{recording}", format!("/v1/calls/{sid}/recordings/{recording}")),
    ] {
        of_recordings(&mut answers, of, &path).await;
    }
    limits::of_limits(&mut answers).await;
    appointments::of_appointments(&mut answers).await;
    messages::of_messages(&mut answers, sid).await;
    texts::of_texts(&mut answers).await;
    contacts::of_contacts(&mut answers).await;
    endpoints::of_endpoints(&mut answers).await;
    leads::of_leads(&mut answers).await;
    notifications::of_notifications(&mut answers).await;
    campaigns::of_campaigns(&mut answers).await;
    sign_in::of_signing_in(&mut answers).await;
    setting_up::of_all(&mut answers).await;

    let routes: BTreeSet<(String, String)> =
        answers.routes.iter().map(|(method, path, _)| (method.clone(), path.clone())).collect();
    let unasked: Vec<_> = routes.difference(&answers.seen).collect();
    assert!(unasked.is_empty(), "routes whose answer is not recorded: {unasked:?}");
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| {
        for (function, text) in &answers.text {
            insta::assert_snapshot!(function.as_str(), text);
        }
    });
}

async fn of_twilio(answers: &mut Answers<'_>) {
    let world = answers.world;
    let call = call_sid(1);
    let rings = Webhook::inbound(world, &call);
    answers.webhook("a phone rings", "/twilio/voice/inbound", &rings).await;
    answers.webhook("unsigned", "/twilio/voice/inbound", &rings.clone().unsigned()).await;
    let stranger = Webhook::inbound(world, &call_sid(2)).field("To", "+12025550199");
    answers.webhook("a number of no business", "/twilio/voice/inbound", &stranger).await;
    let answered = rings.clone().field("CallStatus", "in-progress");
    let lost = answered.clone().at("/twilio/voice/after-stream?epoch=1");
    answers.webhook("the stream was lost", "/twilio/voice/after-stream", &lost).await;
    let dial = |path: &str, status: &str| answered.clone().at(path).field("DialCallStatus", status);
    let path = "/twilio/voice/after-dial";
    answers
        .webhook("the dialled person answered", path, &dial(&format!("{path}?epoch=1"), "completed"))
        .await;
    answers
        .webhook("the dialled person did not answer", path, &dial(&format!("{path}?epoch=2"), "no-answer"))
        .await;
    let path = "/twilio/voice/no-agent/after-dial";
    answers.webhook("the fallback number did not answer", path, &dial(path, "no-answer")).await;
    let path = "/twilio/voice/no-agent/after-message";
    answers.webhook("a message was left", path, &answered.clone().at(path)).await;
    let path = "/twilio/voice/outbound";
    answers
        .webhook("a call that was not ordered", path, &answered.clone().at(&format!("{path}?dial=unknown")))
        .await;
    let path = "/twilio/voice/amd";
    answers.webhook("a verdict", path, &answered.clone().at(path).field("AnsweredBy", "human")).await;
    let path = "/twilio/stream/status";
    let stream = answered.clone().at(path).field("StreamEvent", "stream-started");
    let stream = stream.field("StreamSid", &format!("MZ{}", "1".repeat(32))).field("StreamName", "agent");
    answers.webhook("a stream began", path, &stream).await;
    let path = "/twilio/recording";
    let begun = Webhook::post(path)
        .field("CallSid", &call)
        .field("AccountSid", &world.identity.account_sid)
        .field("RecordingSid", &format!("RE{}", "1".repeat(32)))
        .field("RecordingStatus", "in-progress")
        .field("RecordingSource", "StartCallRecordingTwiML");
    answers.webhook("a recording began", path, &begun).await;
    let over = Webhook::status(world, &call, "completed", 3);
    answers.webhook("a call is over", "/twilio/voice/status", &over).await;
}

async fn of_prompts(answers: &mut Answers<'_>) {
    let (get, post) = (Method::GET, Method::POST);
    let route = "/v1/prompt";
    answers.ask("a channel's", get.clone(), route, "/v1/prompt?channel=inbound", Extra::default()).await;
    let unknown = "/v1/prompt?channel=inbound&revision=99";
    answers.ask("no such revision", get.clone(), route, unknown, Extra::default()).await;
    answers
        .ask(
            "a channel without a prompt",
            get.clone(),
            route,
            "/v1/prompt?channel=whatsapp",
            Extra::default(),
        )
        .await;
    answers.ask("no such channel", get, route, "/v1/prompt?channel=fax", Extra::default()).await;
    let route = "/v1/prompt/preview";
    let call = json!({
        "channel": "outbound", "at": "2026-12-04T09:05:00Z",
        "caller": { "number": "+12025550178", "name": "Dana Levi", "notes": ["Prefers mornings."] },
        "task": { "reason": "the service of your bicycle" }
    });
    answers.ask("a call that is placed", post.clone(), route, route, json_body(call)).await;
    let draft = json!({ "channel": "inbound", "settings": { "revision": 1 } });
    answers.ask("a draft that lacks fields", post.clone(), route, route, json_body(draft)).await;
    let unknown = json!({ "channel": "inbound", "caller": { "nmae": "Dana" } });
    answers.ask("an unknown field", post, route, route, json_body(unknown)).await;
}

async fn of_outbound_calls(answers: &mut Answers<'_>) {
    let body = order(answers.world);
    let post = Method::POST;
    let route = "/v1/calls";
    let with_key = |key: &str, body: Value| Extra { body: Some(body), ..header("idempotency-key", key) };
    answers.ask("a call", post.clone(), route, route, with_key("one", body.clone())).await;
    answers.ask("without a key of its own", post.clone(), route, route, json_body(body)).await;
    let unknown = json!({ "from": "x", "to": "y", "when": "now" });
    answers.ask("an unknown field", post.clone(), route, route, with_key("two", unknown)).await;
    let own = answers.world.business.number.as_e164();
    let barred = json!({ "from": own, "to": own });
    answers.ask("to the number that calls", post, route, route, with_key("three", barred)).await;
}

async fn of_transcripts(answers: &mut Answers<'_>, sid: &str) {
    let route = "/v1/calls/{sid}/transcript";
    let path = format!("/v1/calls/{sid}/transcript");
    answers.ask("the final one", Method::GET, route, &path, Extra::default()).await;
    answers.ask("no such version", Method::GET, route, &format!("{path}?version=99"), Extra::default()).await;
    let lines = json!({ "lines": [{ "speaker": "agent", "text": "Hello.", "start_ms": 20 }] });
    answers.ask("no state that was seen", Method::PUT, route, &path, json_body(lines.clone())).await;
    let stale = Extra { body: Some(lines.clone()), ..header("if-match", "\"v99\"") };
    answers.ask("a state that has changed", Method::PUT, route, &path, stale).await;
    let edit = Extra { body: Some(lines), ..header("if-match", "\"v1\"") };
    answers.ask("a correction", Method::PUT, route, &path, edit).await;
    let unknown = json!({ "lines": [{ "text": "Hello.", "mood": "gay" }] });
    let unknown = Extra { body: Some(unknown), ..header("if-match", "\"v2\"") };
    answers.ask("an unknown field", Method::PUT, route, &path, unknown).await;

    let route = "/v1/calls/{sid}/reprocess";
    let path = format!("/v1/calls/{sid}/reprocess");
    let stages = json!({ "stages": ["summary"] });
    let (status, run) = answers.ask("a stage", Method::POST, route, &path, json_body(stages)).await;
    answers.ask("no stages", Method::POST, route, &path, json_body(json!({ "stages": [] }))).await;
    assert_eq!(status, 202);
    let run: Value = serde_json::from_str(&run).unwrap();
    let run = run["run"].to_string();
    let state = || async {
        let (_, run) = answers.world.get(&format!("{path}/{run}")).await;
        (run["state"] != "running").then_some(())
    };
    answers.world.until(state).await;
    let route = "/v1/calls/{sid}/reprocess/{run}";
    answers.ask("a run that is over", Method::GET, route, &format!("{path}/{run}"), Extra::default()).await;
    answers.ask("no such run", Method::GET, route, &format!("{path}/99"), Extra::default()).await;
}

/// The recording is the same under both of its addresses; the last one that is asked deletes it.
async fn of_recordings(answers: &mut Answers<'_>, of: &str, path: &str) {
    let (hold, shares) = (format!("{of}/hold"), format!("{of}/shares"));
    answers.ask("held", Method::PUT, &hold, &format!("{path}/hold"), Extra::default()).await;
    answers.ask("held", Method::DELETE, of, path, Extra::default()).await;
    answers.ask("let go", Method::DELETE, &hold, &format!("{path}/hold"), Extra::default()).await;
    let at = format!("{path}/shares");
    let wish =
        json!({ "expires_in": 3_600, "max_views": 2, "passcode": "harbour-7", "disposition": "inline" });
    let (status, share) = answers.ask("a link", Method::POST, &shares, &at, json_body(wish)).await;
    assert_eq!(status, 201, "{share}");
    let share: Value = serde_json::from_str(&share).unwrap();
    answers.ask("an unknown field", Method::POST, &shares, &at, json_body(json!({ "views": 2 }))).await;
    let url = share["url"].as_str().unwrap();
    let link = format!("/s/{}", url.rsplit('/').next().unwrap());
    calls::of_a_link(answers, &link).await;
    answers.ask("the links and their visits", Method::GET, &shares, &at, Extra::default()).await;
    let one = format!("{at}/{}", share["id"].as_str().unwrap());
    answers.ask("no more", Method::DELETE, &format!("{shares}/{{share}}"), &one, Extra::default()).await;
    if of.ends_with("{recording}") {
        answers.ask("deleted", Method::DELETE, of, path, Extra::default()).await;
        answers.ask("deleted before", Method::DELETE, of, path, Extra::default()).await;
    }
}

acceptance::tests![every_route_answers_as_recorded];
