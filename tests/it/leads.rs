//! Leads come in from forms: each proves itself, is read whatever its shape, and is kept once with its contact.

use std::time::Duration;

use acceptance::World;
use acceptance::outbound::CALLEE;
use domain::endpoint::signing::SigningSecret;
use domain::lead::proof::body_mac;
use futures_util::future::join_all;
use http::Method;
use serde_json::{Value, json};

use super::endpoints::{ask, post};
use super::person_erasure::{asks_to_erase, contact_of, report_when};

pub(crate) const SOURCES: &str = "/v1/lead-sources";

/// A source as its sender knows it.
pub(crate) struct Source {
    pub(crate) path: String,
    pub(crate) url: String,
    pub(crate) secret: String,
}

/// Makes a source of the world's business.
pub(crate) async fn source(world: &World, key: &str, more: Value) -> Source {
    let mut new = json!({ "name": format!("Form {key}") });
    new.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let (status, made) = post(world, SOURCES, key, new).await;
    assert_eq!(status, 201, "{made}");
    let text = |name: &str| made[name].as_str().unwrap().to_owned();
    let url = text("url");
    let url = format!("/leads/{}", url.rsplit('/').next().unwrap());
    Source { path: format!("{SOURCES}/{}", text("id")), url, secret: text("secret") }
}

/// What the sender was answered.
pub(crate) struct Answered {
    pub(crate) status: u16,
    pub(crate) body: Value,
    pub(crate) replayed: bool,
}

/// Sends bytes to a source as they are.
pub(crate) async fn send(world: &World, url: &str, headers: &[(&str, &str)], body: &str) -> Answered {
    let request = world.http.post(world.url(url)).body(body.to_owned());
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    let answer = request.send().await.unwrap();
    let replayed = answer.headers().contains_key("idempotency-replayed");
    Answered { status: answer.status().as_u16(), body: answer.json().await.unwrap_or_default(), replayed }
}

impl Source {
    /// Sends JSON with the secret.
    pub(crate) async fn sends(&self, world: &World, body: &Value) -> Answered {
        let headers = [("content-type", "application/json"), ("x-webhook-secret", self.secret.as_str())];
        send(world, &self.url, &headers, &body.to_string()).await
    }

    pub(crate) async fn leads(&self, world: &World) -> Vec<Value> {
        let (status, page) = world.get(&format!("{}/leads", self.path)).await;
        assert_eq!(status, 200, "{page}");
        page["leads"].as_array().unwrap().clone()
    }

    pub(crate) async fn lead(&self, world: &World, answered: &Answered) -> Value {
        let lead = answered.body["lead"].as_str().unwrap();
        let (status, lead) = world.get(&format!("{}/leads/{lead}", self.path)).await;
        assert_eq!(status, 200, "{lead}");
        lead
    }
}

async fn contact(world: &World, answered: &Answered) -> Value {
    let id = answered.body["contact"].as_str().unwrap_or_else(|| panic!("{}", answered.body));
    let (status, contact) = world.get(&format!("/v1/contacts/{id}")).await;
    assert_eq!(status, 200, "{contact}");
    contact
}

/// The events of a type.
pub(crate) async fn events(world: &World, kind: &str) -> Vec<Value> {
    let mut all: Vec<Value> = vec![];
    loop {
        let behind = all.last().map_or(0, |last| last["sequence"].as_u64().unwrap());
        let (_, page) = world.get(&format!("/v1/events?limit=100&after={behind}")).await;
        let page = page["events"].as_array().unwrap();
        if page.is_empty() {
            all.retain(|event| event["type"] == kind);
            return all;
        }
        all.extend(page.iter().cloned());
    }
}

pub(crate) fn wanted(name: &str) -> Value {
    json!({ "name": name, "phone": CALLEE, "time_zone": "America/New_York" })
}

/// A row of a sheet makes a contact with what the source gives; the lead is in the log with what was sent, and in the timeline.
async fn a_row_of_a_sheet_makes_a_contact(world: World) {
    let more = json!({ "status": "qualified", "tags": ["sheet"], "consent": "agrees to be called" });
    let source = source(&world, "sheet", more).await;
    let row = json!({
        "Timestamp": "11/30/2026 10:00:00", "Full Name": "Dana Levi", "Phone Number": "+1 202-555-0143",
        "E-mail": "Dana@Example.org", "Message": "Two wheels, please.",
    });
    let answered = source.sends(&world, &row).await;
    assert_eq!((answered.status, &answered.body["state"]), (202, &json!("created")), "{}", answered.body);
    assert_eq!(answered.body["call"]["state"], "none");
    let contact = contact(&world, &answered).await;
    let name = &contact["name"];
    assert_eq!((&name["value"], &name["source"]), (&json!("Dana Levi"), &json!("form")), "{contact:#}");
    assert_eq!(contact["tags"], json!(["sheet"]));
    assert_eq!((&contact["lead"]["status"], &contact["lead"]["moves"]), (&json!("qualified"), &json!(0)));
    let handles = contact["handles"].as_array().unwrap();
    let values: Vec<&str> = handles.iter().map(|handle| handle["value"].as_str().unwrap()).collect();
    assert_eq!(values, ["+12025550143", "dana@example.org"]);
    let lead = source.lead(&world, &answered).await;
    assert_eq!(lead["raw"], json!({ "kind": "json", "body": row.to_string() }));
    assert_eq!(
        (&lead["message"], &lead["consent"]),
        (&json!("Two wheels, please."), &json!("agrees to be called"))
    );
    let told = events(&world, "contact.created").await;
    assert_eq!((told.len(), &told[0]["data"]["origin"]), (1, &json!("form")));
    let path = format!("/v1/contacts/{}/timeline?kind=lead", contact["id"].as_str().unwrap());
    let (_, timeline) = world.get(&path).await;
    assert_eq!(timeline["entries"][0]["lead"], lead["id"], "{timeline:#}");
    // A month later the lead is over, and its person is not.
    world.time_passes(Duration::from_secs(30 * 86_400));
    assert!(source.leads(&world).await.is_empty());
    assert_eq!(world.get(&format!("{}/leads/{}", source.path, lead["id"].as_str().unwrap())).await.0, 404);
}

/// Forms are nested, in Hebrew, sent as forms and signed as others sign: all are read.
async fn forms_of_many_shapes_are_read() {
    let world = World::start().await;
    let nested = json!({ "mapping": {
        "phone": ["contact.mobile", "answers[0].value"], "name": ["contact.names[1]"], "message": ["answers[1].value"],
    }});
    let mapped = source(&world, "nested", nested).await;
    let body = json!({
        "contact": { "mobile": null, "names": ["x", "Dana Levi"] },
        "answers": [{ "value": "+12025550144" }, { "value": "Call me." }],
    });
    let answered = mapped.sends(&world, &body).await;
    assert_eq!(answered.status, 202, "{}", answered.body);
    assert_eq!(contact(&world, &answered).await["name"]["value"], "Dana Levi");
    assert_eq!(mapped.lead(&world, &answered).await["message"], "Call me.");

    let hebrew = source(&world, "hebrew", json!({ "country": "IL" })).await;
    let body = json!({ "שם מלא": "דנה לוי", "מספר טלפון": "050-234-5678", "דוא\"ל": "dana@example.co.il" });
    let answered = hebrew.sends(&world, &body).await;
    let made = contact(&world, &answered).await;
    assert_eq!(
        (&made["name"]["value"], &made["handles"][0]["value"]),
        (&json!("דנה לוי"), &json!("+972502345678"))
    );

    let form = "fields%5Bname%5D%5Bvalue%5D=Noa+Bar&fields%5Bphone%5D%5Bvalue%5D=052-345-6789";
    let headers =
        [("content-type", "application/x-www-form-urlencoded"), ("x-webhook-secret", &*hebrew.secret)];
    let answered = send(&world, &hebrew.url, &headers, form).await;
    assert_eq!(contact(&world, &answered).await["name"]["value"], "Noa Bar");
    assert_eq!(hebrew.lead(&world, &answered).await["raw"]["kind"], "form");

    let facebook = source(&world, "facebook", json!({ "proof": "body_hmac" })).await;
    let field = |name: &str, value: &str| json!({ "name": name, "values": [value] });
    let fields = json!([field("full_name", "Lee Doe"), field("phone_number", "+12025550145")]);
    let body =
        json!({ "entry": [{ "changes": [{ "field": "leadgen", "value": { "field_data": fields } }] }] });
    let body = body.to_string();
    let mac = body_mac(&SigningSecret::parse(&facebook.secret).unwrap(), body.as_bytes());
    let headers = |mac: &str| {
        [("content-type", "application/json".to_owned()), ("x-hub-signature-256", format!("sha256={mac}"))]
    };
    for (replayed, key) in [(false, "a"), (true, "b")] {
        let headers = headers(&mac);
        let [kind, proof] = &headers;
        let all = [(kind.0, kind.1.as_str()), (proof.0, proof.1.as_str()), ("idempotency-key", key)];
        let answered = send(&world, &facebook.url, &all, &body).await;
        assert_eq!(
            (answered.status, answered.replayed),
            (202, replayed),
            "a key that nobody signed is no other lead"
        );
        assert_eq!(contact(&world, &answered).await["name"]["value"], "Lee Doe");
    }
    let [kind, proof] = &headers(&"0".repeat(64));
    let forged = send(&world, &facebook.url, &[(kind.0, &kind.1), (proof.0, &proof.1)], &body).await;
    assert_eq!(forged.status, 401);
}

/// What does not prove itself is answered like what was sent to no source, and leaves nothing.
async fn what_proves_nothing_is_refused_like_what_leads_nowhere(world: World) {
    let signed = source(&world, "signed", json!({ "proof": "standard_webhooks" })).await;
    let by_secret = source(&world, "secret", json!({})).await;
    let body = wanted("Dana Levi").to_string();
    let secret = SigningSecret::parse(&signed.secret).unwrap();
    let now = world.now();
    let at = |id: &'static str, age: u64| {
        let at = now.minus(Duration::from_secs(age));
        (id, at.secs().to_string(), secret.signature(id, body.as_bytes(), at))
    };
    let sends = async |id: &str, at: &str, signature: &str, body: &str| {
        let headers = [
            ("content-type", "application/json"),
            ("webhook-id", id),
            ("webhook-timestamp", at),
            ("webhook-signature", signature),
        ];
        send(&world, &signed.url, &headers, body).await
    };
    let (id, time, signature) = at("msg_1", 10);
    let proof = [("x-webhook-secret", &*by_secret.secret)];
    let nowhere = send(&world, &format!("/leads/{}", "0".repeat(32)), &proof, &body).await;
    assert_eq!(nowhere.status, 401);
    let (old_id, old_time, old_signature) = at("msg_0", 400);
    for refused in [
        sends(id, &time, "v1,AAAA", &body).await,
        sends("msg_2", &time, &signature, &body).await,
        sends(id, &time, &signature, &body.replace("Dana", "Mallory")).await,
        sends(old_id, &old_time, &old_signature, &body).await,
        send(&world, &signed.url, &[("x-webhook-secret", &*signed.secret)], &body).await,
        send(&world, &by_secret.url, &[("x-webhook-secret", &*signed.secret)], &body).await,
        send(&world, "/leads/nothing", &[], &body).await,
    ] {
        assert_eq!(
            (refused.status, refused.body.as_object().map(|one| one.len())),
            (401, nowhere.body.as_object().map(|one| one.len()))
        );
        for field in ["type", "title", "detail", "code"] {
            assert_eq!(refused.body[field], nowhere.body[field]);
        }
    }
    assert!(signed.leads(&world).await.is_empty() && by_secret.leads(&world).await.is_empty());
    let (first, second) =
        (sends(id, &time, &signature, &body).await, sends(id, &time, &signature, &body).await);
    assert_eq!((first.status, first.replayed, second.replayed), (202, false, true), "a replay does nothing");
    assert_eq!(first.body["lead"], second.body["lead"]);
    let other = wanted("Somebody Else").to_string();
    let (_, time, signature) =
        ("msg_1", now.secs().to_string(), secret.signature("msg_1", other.as_bytes(), now));
    assert_eq!(
        sends("msg_1", &time, &signature, &other).await.status,
        422,
        "its key was used for another one"
    );
}

/// Ten sources, no more; each may be changed, switched off, given another secret and taken away.
async fn a_business_has_ten_sources_and_looks_after_them(world: World) {
    let mut sources = vec![];
    for n in 0..10 {
        sources.push(source(&world, &format!("n{n}"), json!({})).await);
    }
    let (status, full) = post(&world, SOURCES, "n10", json!({ "name": "One more" })).await;
    assert_eq!((status, &full["code"]), (409, &json!("too_many")), "{full}");
    let (status, again) = post(&world, SOURCES, "n0", json!({ "name": "Form n0" })).await;
    assert_eq!((status, again["secret"].as_str()), (201, Some(&*sources[0].secret)));
    let (_, listed) = world.get(SOURCES).await;
    assert!(listed["sources"].as_array().unwrap().len() == 10 && !listed.to_string().contains("whsec_"));

    let first = &sources[0];
    let rotate = format!("{}/rotate", first.path);
    let (_, rotated) = post(&world, &rotate, "r", json!({ "overlap_hours": 1 })).await;
    let newest = Source {
        secret: rotated["secret"].as_str().unwrap().to_owned(),
        path: first.path.clone(),
        url: first.url.clone(),
    };
    assert_ne!(newest.secret, first.secret);
    let body = wanted("Dana Levi");
    assert_eq!(
        (first.sends(&world, &body).await.status, newest.sends(&world, &body).await.status),
        (202, 202)
    );
    world.time_passes(Duration::from_secs(3_601));
    assert_eq!(
        (first.sends(&world, &body).await.status, newest.sends(&world, &body).await.status),
        (401, 202)
    );

    let seen = |version: &'static str| [("if-match", version)];
    let (status, _) =
        ask(&world, Method::PATCH, &first.path, &seen("\"v1\""), json!({ "enabled": false })).await;
    assert_eq!(status, 412);
    let (status, off) =
        ask(&world, Method::PATCH, &first.path, &seen("\"v2\""), json!({ "enabled": false })).await;
    assert_eq!((status, &off["enabled"]), (200, &json!(false)), "{off}");
    let refused = newest.sends(&world, &body).await;
    assert_eq!((refused.status, &refused.body["code"]), (403, &json!("disabled")));
    assert_eq!(ask(&world, Method::DELETE, &first.path, &seen("\"v3\""), Value::Null).await.0, 204);
    assert_eq!(newest.sends(&world, &body).await.status, 401);
    assert_eq!(post(&world, SOURCES, "n10", json!({ "name": "One more" })).await.0, 201, "there is room");

    for (wrong, pointer) in [
        (json!({ "name": "x", "status": "nowhere" }), "/status"),
        (json!({ "name": "x", "mapping": { "owner": ["a"] } }), "/mapping/owner"),
        (json!({ "name": "x", "mapping": { "field.nothing": ["a"] } }), "/mapping/field.nothing"),
        (json!({ "name": "x", "call_now": { "from": CALLEE } }), "/call_now/from"),
        (
            json!({ "name": "x", "purpose": "marketing", "call_now": { "from": world.business.number.as_e164() } }),
            "/consent",
        ),
    ] {
        let (status, problem) = post(&world, SOURCES, "wrong", wrong).await;
        assert_eq!((status, &problem["errors"][0]["pointer"]), (422, &json!(pointer)), "{problem}");
    }
}

/// A person who is known is joined by number or address; what a person of the business typed stands, and no lead goes back.
async fn a_known_person_is_joined_and_what_is_surer_stands(world: World) {
    let source = source(&world, "known", json!({ "status": "qualified" })).await;
    let known = json!({
        "name": "Dana L.", "handles": [{ "kind": "phone", "value": "+12025550146" }],
    });
    let (status, made) = post(&world, "/v1/contacts", "known", known).await;
    assert_eq!(status, 201, "{made}");
    let body = json!({ "phone": "+12025550146", "email": "dana@example.org", "name": "Dana Levi", "company": "Harbour" });
    let joined = source.sends(&world, &body).await;
    assert_eq!((&joined.body["state"], &joined.body["contact"]), (&json!("joined"), &made["id"]));
    let after = contact(&world, &joined).await;
    assert_eq!((&after["name"]["value"], &after["company"]["value"]), (&json!("Dana L."), &json!("Harbour")));
    assert_eq!(after["names"][1]["source"], "form");
    assert_eq!(after["lead"]["status"], "qualified");
    let moved = events(&world, "lead.status_changed").await;
    assert_eq!((moved.len(), &moved[0]["data"]["by"]), (1, &json!("lead_source")));
    // The address leads to the same person now, and a second form replaces nothing of the first.
    let other = json!({ "email": "DANA@example.org", "company": "Castle" });
    let again = source.sends(&world, &other).await;
    assert_eq!(again.body["contact"], made["id"]);
    assert_eq!(contact(&world, &again).await["company"]["value"], "Harbour");
    // The surest thing that is known leads to the person, and what is new is theirs from then on.
    let mixed = json!({ "phone": "+12025550147", "email": "dana@example.org" });
    let mixed = source.sends(&world, &mixed).await;
    assert_eq!(mixed.body["contact"], made["id"], "the number is of nobody, and the address of Dana");
}

/// What cannot be read is refused with the field, and kept without a word of the person; too much and too many are refused.
async fn what_cannot_be_read_is_refused_with_its_field(world: World) {
    let source = source(&world, "refusing", json!({})).await;
    let refused = source.sends(&world, &json!({ "name": "Canary Name", "phone": "0501234567" })).await;
    assert_eq!(
        (refused.status, &refused.body["errors"][0]["pointer"]),
        (422, &json!("/phone")),
        "{}",
        refused.body
    );
    assert_eq!(refused.body["errors"][0]["code"], "no_country");
    let none = source.sends(&world, &json!({ "contact": { "nickname": "Canary Name" } })).await;
    assert_eq!((none.status, &none.body["errors"][0]["code"]), (422, &json!("missing")));
    let leads = source.leads(&world).await;
    assert_eq!(leads.len(), 2);
    assert_eq!((&leads[0]["state"], &leads[0]["paths"]), (&json!("refused"), &json!(["contact.nickname"])));
    assert!(!json!(leads).to_string().contains("Canary Name"));
    let test = format!("{}/test", source.path);
    let sample = json!({ "body": json!({ "phone": "+12025550143", "name": "Dana" }).to_string() });
    let (status, read) = ask(&world, Method::POST, &test, &[], sample).await;
    assert_eq!(
        (status, &read["taken"], read["parts"].as_array().unwrap().len()),
        (200, &json!(true), 2),
        "{read}"
    );
    assert_eq!(source.leads(&world).await.len(), 2, "a test keeps nothing");

    let secret = ("x-webhook-secret", source.secret.as_str());
    let sends = async |kind: &str, body: &str| {
        send(&world, &source.url, &[secret, ("content-type", kind)], body).await.status
    };
    assert_eq!(sends("application/json", "{").await, 400);
    assert_eq!(sends("multipart/form-data", "x").await, 415);
    assert_eq!(sends("application/json", &format!("\"{}\"", "x".repeat(33_000))).await, 413);
    let all = join_all((0..130).map(|n| {
        let body = json!({ "email": format!("n{n}@example.org") });
        let source = &source;
        let world = &world;
        async move { source.sends(world, &body).await.status }
    }));
    let all = all.await;
    let limited = all.iter().filter(|status| **status == 429).count();
    assert!(limited > 0 && all.iter().all(|status| [202, 429].contains(status)), "{limited}");
}

/// With a person go the leads and what was sent; and what comes again under its old key is not taken in anew.
async fn a_persons_leads_go_with_the_person() {
    let world = World::start().await;
    let source = source(&world, "erased", json!({})).await;
    let body = json!({ "phone": "+12025550148", "name": "Okapi Quagga", "message": "tapir" });
    assert_eq!(source.sends(&world, &body).await.status, 202);
    let canaries = ["Okapi", "tapir", "12025550148"];
    for canary in canaries {
        assert!(!world.find(&[canary]).await.is_empty(), "{canary}");
    }
    let contact = contact_of(&world, "+12025550148").await.unwrap();
    let (_, erasure) = asks_to_erase(&world, &contact, "erase").await;
    let report = report_when(&world, &erasure, "done").await;
    let leads = report["steps"].as_array().unwrap().iter().find(|step| step["step"] == "leads").unwrap();
    assert_eq!(leads["count"], 1, "{report:#}");
    let left = world.find(&canaries).await;
    assert!(left.is_empty(), "{left:#?}");
    assert!(source.leads(&world).await.is_empty());
    assert_eq!(source.sends(&world, &body).await.status, 410);
    assert!(world.find(&canaries).await.is_empty());
}

acceptance::tests![
    a_row_of_a_sheet_makes_a_contact,
    forms_of_many_shapes_are_read,
    what_proves_nothing_is_refused_like_what_leads_nowhere,
    a_business_has_ten_sources_and_looks_after_them,
    a_known_person_is_joined_and_what_is_surer_stands,
    what_cannot_be_read_is_refused_with_its_field,
    a_persons_leads_go_with_the_person,
];
