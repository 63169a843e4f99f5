//! A business from nothing to its first call by the API alone, as an operator and the business itself would do it.

use std::sync::Arc;

use acceptance::World;
use acceptance::client::{Client, operator, own};
use acceptance::sandbox::HttpSandbox;
use acceptance::webhook::{Webhook, new_call_sid};
use domain::PhoneNumber;
use http::Method;
use serde_json::{Value, json};
use stores::businesses;

/// A business of its own for one test.
async fn new_business<'a>(operator: &Client<'a>, id: &str) -> Client<'a> {
    let wish = json!({ "id": id, "name": "Castle Bakery", "time_zone": "Europe/Vienna" });
    let made = operator.post("/v1/businesses", wish).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let wish = json!({ "name": "owner", "role": "owner" });
    let key = operator.post(&format!("/v1/businesses/{id}/keys"), wish).await;
    assert_eq!(key.status, 201, "{}", key.body);
    Client { world: operator.world, key: key.body["key"].as_str().unwrap().to_owned() }
}

/// Nothing but the API is used, and the call at the end is answered by the agent that was set up.
async fn a_business_is_set_up_by_the_api_alone_and_called(world: Arc<World>) {
    let operator = operator(&world);
    let bakery = new_business(&operator, "castle-bakery").await;
    let number = "+12025550121";
    let taken =
        bakery.post("/v1/numbers", json!({ "number": number, "label": "shop", "set_up": true })).await;
    assert_eq!(taken.status, 201, "{}", taken.body);
    let checked = bakery.get(&format!("/v1/numbers/{number}/check")).await;
    assert_eq!(checked.body["ok"], true, "{}", checked.body);
    assert!(
        checked.body["voice_url"]["is"]
            .as_str()
            .unwrap()
            .ends_with(&format!("/twilio/voice/inbound#{}", functions::edge::verified_form::DELIVERY))
    );

    let sid = new_call_sid();
    let early = Webhook::inbound(&world, &sid).field("To", number).send(&world).await;
    assert!(early.1.contains("not in service"), "nothing is published: {}", early.1);
    let mut draft = bakery.get("/v1/settings/draft?language=de").await.body;
    assert_eq!(draft["voice"]["languages"], json!(["de"]));
    draft["prompts"]["inbound"]["greeting"] = "Castle Bakery, what may I bake for you?".into();
    let saved = bakery.send(Method::PUT, "/v1/settings/draft", &[], Some(draft)).await;
    assert_eq!((saved.status, &saved.body["publishable"]), (200, &json!(true)), "{}", saved.body);
    let published = bakery.post("/v1/settings/publish", json!({ "note": "the first" })).await;
    assert_eq!((published.status, &published.body["revision"]), (201, &json!(1)), "{}", published.body);

    let sid = new_call_sid();
    let answered = Webhook::inbound(&world, &sid).field("To", number).send(&world).await;
    assert!(answered.1.contains("<Stream"), "{}", answered.1);
    let call = bakery.get(&format!("/v1/calls/{sid}")).await;
    assert_eq!((call.status, &call.body["settings_revision"]), (200, &json!(1)), "{}", call.body);
    assert_eq!(own(&world).get(&format!("/v1/calls/{sid}")).await.status, 404, "to another business");
    let listed = operator.get("/v1/businesses?q=castle").await;
    assert_eq!(listed.body["businesses"][0]["id"], "castle-bakery", "{}", listed.body);
}

/// A hundred copies of a request are one business, and of a key's request one key.
async fn a_request_that_is_repeated_has_one_effect_and_one_answer(world: Arc<World>) {
    let operator = operator(&world);
    let copies = |path: &'static str, body: Value| {
        let operator = &operator;
        async move {
            let one = || operator.send(Method::POST, path, &[("idempotency-key", "k")], Some(body.clone()));
            futures_util::future::join_all((0..100).map(|_| one())).await
        }
    };
    let wish = json!({ "id": "hundred", "name": "A Hundred", "time_zone": "UTC" });
    let made = copies("/v1/businesses", wish.clone()).await;
    assert!(made.iter().all(|answer| answer.status == 201 && answer.body == made[0].body));
    let key = json!({ "name": "one of a hundred", "scopes": ["calls:read"] });
    let made = copies("/v1/businesses/hundred/keys", key.clone()).await;
    assert!(made.iter().all(|answer| answer.status == 201 && answer.body["key"] == made[0].body["key"]));
    assert_eq!(operator.get("/v1/businesses/hundred/keys").await.body["keys"].as_array().unwrap().len(), 1);

    let again = [("idempotency-key", "k")];
    let other = json!({ "name": "another", "scopes": ["calls:read"] });
    let reused = operator.send(Method::POST, "/v1/businesses/hundred/keys", &again, Some(other)).await;
    assert_eq!((reused.status, &reused.body["code"]), (422, &json!("idempotency_key_reused")));
    let other = json!({ "id": "hundred", "name": "Another", "time_zone": "UTC" });
    let taken = operator.send(Method::POST, "/v1/businesses", &again, Some(other)).await;
    assert_eq!((taken.status, &taken.body["code"]), (409, &json!("id_taken")));
}

/// Of fifty edits of one state one is made.
async fn no_edit_undoes_another_unseen(world: Arc<World>) {
    let operator = operator(&world);
    new_business(&operator, "fifty").await;
    let path = "/v1/businesses/fifty";
    let seen = operator.get(path).await.etag();
    let edit = |n: usize| {
        let (operator, seen) = (&operator, &seen);
        async move {
            let body = Some(json!({ "name": format!("Edit {n}") }));
            operator.send(Method::PATCH, path, &[("if-match", seen)], body).await
        }
    };
    let edits = futures_util::future::join_all((0..50).map(edit)).await;
    let count = |status| edits.iter().filter(|edit| edit.status == status).count();
    assert_eq!((count(200), count(412)), (1, 49));
    let now = operator.get(path).await;
    assert!(edits.iter().filter(|edit| edit.status == 412).all(|edit| edit.etag() == now.etag()));
    let done = edits.iter().find(|edit| edit.status == 200).unwrap();
    assert_eq!(now.body, done.body);
    let unseen = operator.send(Method::PATCH, path, &[], Some(json!({ "name": "x" }))).await;
    assert_eq!((unseen.status, &unseen.body["code"]), (428, &json!("precondition_required")));
}

/// What is wrong is pointed at, and nothing of it is stored.
async fn what_is_wrong_with_a_business_is_said_by_field(world: Arc<World>) {
    let operator = operator(&world);
    let wrong = operator
        .post("/v1/businesses", json!({ "id": "wrong", "name": " ", "time_zone": "Europe/Atlantis" }))
        .await;
    let pointers: Vec<&str> = wrong.body["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["pointer"].as_str().unwrap())
        .collect();
    assert_eq!((wrong.status, pointers), (422, vec!["/name", "/time_zone"]), "{}", wrong.body);
    let unknown =
        operator.post("/v1/businesses", json!({ "id": "wrong", "name": "x", "timezone": "UTC" })).await;
    assert_eq!((unknown.status, &unknown.body["errors"][0]["pointer"]), (422, &json!("/timezone")));
    assert_eq!(operator.get("/v1/businesses/wrong").await.status, 404);

    let shop = new_business(&operator, "right").await;
    let seen = shop.get("/v1/businesses/right").await.etag();
    let raise = Some(json!({ "max_concurrent_calls": 500 }));
    let refused =
        shop.send(Method::PATCH, "/v1/businesses/right", &[("if-match", &seen)], raise.clone()).await;
    assert_eq!((refused.status, &refused.body["code"]), (403, &json!("operators_field")));
    let raised = operator.send(Method::PATCH, "/v1/businesses/right", &[("if-match", &seen)], raise).await;
    assert_eq!((raised.status, &raised.body["max_concurrent_calls"]), (200, &json!(500)));
}

/// Keys: no more than the asking one has, changed over with an overlap, and gone when they are revoked.
async fn keys_are_given_rotated_and_taken_back(world: Arc<World>) {
    let operator = operator(&world);
    let shop = new_business(&operator, "key-shop").await;
    let admin = shop.post("/v1/keys", json!({ "name": "admin", "role": "admin" })).await;
    let admin = Client { world: &world, key: admin.body["key"].as_str().unwrap().to_owned() };
    let refused = admin.post("/v1/keys", json!({ "name": "more", "role": "owner" })).await;
    assert_eq!(refused.status, 403, "an admin makes no keys");
    let operators = shop.post("/v1/keys", json!({ "name": "x", "scopes": ["businesses:read"] })).await;
    assert_eq!((operators.status, &operators.body["errors"][0]["code"]), (422, &json!("operators_scope")));

    let made = shop.post("/v1/keys", json!({ "name": "till", "scopes": ["calls:read"] })).await;
    let id = made.body["id"].as_str().unwrap().to_owned();
    let till = Client { world: &world, key: made.body["key"].as_str().unwrap().to_owned() };
    assert_eq!(till.get("/v1/calls").await.status, 200);
    let shown = shop.get(&format!("/v1/keys/{id}")).await;
    assert!(shown.body.get("key").is_none() && shown.body["last_used"].is_string(), "{}", shown.body);
    let rotated = shop.post(&format!("/v1/keys/{id}/rotate"), json!({ "overlap_s": 3_600 })).await;
    assert_eq!(rotated.status, 201, "{}", rotated.body);
    let successor = Client { world: &world, key: rotated.body["key"].as_str().unwrap().to_owned() };
    assert_eq!((till.get("/v1/calls").await.status, successor.get("/v1/calls").await.status), (200, 200));
    let twice = shop.post(&format!("/v1/keys/{id}/rotate"), json!({})).await;
    assert_eq!((twice.status, &twice.body["code"]), (409, &json!("replaced")));
    let revoked = shop.send(Method::DELETE, &format!("/v1/keys/{id}"), &[], None).await;
    assert_eq!((revoked.status, till.get("/v1/calls").await.status), (204, 401));
    assert_eq!(successor.get("/v1/calls").await.status, 200);
    assert_eq!(own(&world).get(&format!("/v1/keys/{id}")).await.status, 404, "to another business");

    let log = shop.get("/v1/audit").await;
    let paths: Vec<&str> =
        log.body["entries"].as_array().unwrap().iter().filter_map(|e| e["path"].as_str()).collect();
    assert!(paths.contains(&format!("/v1/keys/{id}/rotate").as_str()), "{paths:?}");
}

/// The first operator's key can be replaced, and is good for nothing then.
async fn the_first_operator_key_is_replaced() {
    let world = World::start().await;
    let first = operator(&world);
    let id = &first.key["swb_op_".len()..][..8];
    let made = first.post("/v1/keys", json!({ "name": "ops", "scopes": ["keys:read", "keys:write"] })).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let next = Client { world: &world, key: made.body["key"].as_str().unwrap().to_owned() };
    assert_eq!(next.get("/v1/businesses").await.status, 403, "it has the scopes that it was given");
    assert_eq!(next.send(Method::DELETE, &format!("/v1/keys/{id}"), &[], None).await.status, 204);
    assert_eq!(first.get("/v1/keys").await.status, 401);
    assert_eq!(next.get("/v1/keys").await.status, 200);
}

/// A key for a business that is not there, such as a misspelt one, opens nothing and is not made.
async fn no_key_is_made_for_a_business_that_does_not_exist(world: Arc<World>) {
    let operator = operator(&world);
    let path = "/v1/businesses/no-such-shop/keys";
    for headers in [&[][..], &[("idempotency-key", "k")]] {
        let wish = Some(json!({ "name": "owner", "role": "owner" }));
        let refused = operator.send(Method::POST, path, headers, wish).await;
        assert_eq!((refused.status, &refused.body["detail"]), (404, &json!("there is no such business")));
        assert_eq!(refused.body.get("key"), None);
    }
    assert_eq!(operator.get(path).await.body["keys"], json!([]));
}

/// Numbers: one business at a time, moved by the operator, released by their own.
async fn a_number_belongs_to_one_business_at_a_time(world: Arc<World>) {
    let operator = operator(&world);
    let (one, two) =
        (new_business(&operator, "number-one").await, new_business(&operator, "number-two").await);
    let number = "+12025550131";
    assert_eq!(one.post("/v1/numbers", json!({ "number": number })).await.status, 201);
    let taken = two.post("/v1/numbers", json!({ "number": number })).await;
    assert_eq!((taken.status, &taken.body["code"]), (409, &json!("taken")));
    assert_eq!(two.get(&format!("/v1/numbers/{number}")).await.status, 404);
    for (wrong, code) in [("12025550131", "e164"), ("+19005550131", "barred"), ("+120255501", "barred")] {
        let refused = one.post("/v1/numbers", json!({ "number": wrong })).await;
        assert_eq!(
            (refused.status, &refused.body["errors"][0]["code"]),
            (422, &json!(code)),
            "{}",
            refused.body
        );
    }
    let label = Some(json!({ "label": "billing" }));
    let renamed = one.send(Method::PATCH, &format!("/v1/numbers/{number}"), &[], label).await;
    assert_eq!((renamed.status, &renamed.body["label"]), (200, &json!("billing")));
    let own_move = one.post(&format!("/v1/numbers/{number}/move"), json!({ "to": "number-two" })).await;
    assert_eq!(own_move.status, 403);
    let path = format!("/v1/businesses/number-one/numbers/{number}/move");
    let (plain, to_two) = (format!("/v1/numbers/{number}/move"), json!({ "to": "number-two" }));
    assert_eq!(operator.post(&path.replace("-one", "-two"), to_two.clone()).await.status, 404, "not theirs");
    assert_eq!(operator.post(&path, to_two.clone()).await.status, 200);
    assert_eq!(operator.post(&plain, json!({ "to": "number-one" })).await.status, 200, "named by itself");
    assert_eq!(operator.post(&plain, to_two).await.status, 200);
    assert_eq!(one.get("/v1/numbers").await.body["numbers"], json!([]));
    assert_eq!(two.get("/v1/numbers").await.body["numbers"][0]["number"], number);
    let released = two.send(Method::DELETE, &format!("/v1/numbers/{number}"), &[], None).await;
    assert_eq!(released.status, 204);
    let reader = businesses::Reader::new(&world.system.aws, world.system.name("BusinessesTable").unwrap());
    assert_eq!(reader.number(&PhoneNumber::parse(number).unwrap()).await, Ok(None));
}

/// Settings: drafts by author, publication on what was seen, differences by area, and back again.
async fn settings_are_drafted_compared_published_and_restored(world: Arc<World>) {
    let operator = operator(&world);
    let shop = new_business(&operator, "settings-shop").await;
    let first = shop.get("/v1/settings/draft").await.body;
    let saved = shop.send(Method::PUT, "/v1/settings/draft", &[], Some(first.clone())).await;
    assert_eq!(saved.status, 200, "{}", saved.body);
    assert_eq!(shop.post("/v1/settings/publish", json!({})).await.status, 201);
    let published = shop.get("/v1/settings").await;
    assert_eq!(published.etag(), "\"v1\"");
    assert_eq!(shop.get("/v1/settings/draft").await.body, published.body, "the draft is gone");

    let mut second = published.body.clone();
    second["voice"]["voice"] = "cedar".into();
    shop.send(Method::PUT, "/v1/settings/draft", &[], Some(second.clone())).await;
    let stale = shop.send(Method::PUT, "/v1/settings/draft", &[("if-match", "\"v7\"")], Some(second)).await;
    assert_eq!(stale.status, 412);
    let changes = shop.get("/v1/settings/diff?from=1&to=draft").await;
    assert_eq!(
        changes.body["areas"],
        json!([{ "area": "voice", "changes": [{ "pointer": "/voice/voice", "before": "marin", "after": "cedar" }] }])
    );
    assert_eq!(shop.post("/v1/settings/publish", json!({})).await.status, 428);
    let publish = async |seen: &str| {
        shop.send(Method::POST, "/v1/settings/publish", &[("if-match", seen)], Some(json!({}))).await
    };
    assert_eq!(publish("\"v9\"").await.status, 412);
    assert_eq!(publish("\"v1\"").await.body["revision"], 2);
    let back = Some(json!({ "note": "marin after all" }));
    let restored =
        shop.send(Method::POST, "/v1/settings/revisions/1/restore", &[("if-match", "\"v2\"")], back).await;
    assert_eq!((restored.status, &restored.body["revision"]), (201, &json!(3)), "{}", restored.body);
    let list = shop.get("/v1/settings/revisions").await.body;
    assert_eq!((&list["published"], &list["revisions"][2]["note"]), (&json!(3), &json!("marin after all")));
    assert_eq!(shop.get("/v1/settings").await.body["voice"]["voice"], "marin");

    let mut broken = published.body.clone();
    broken["voice"]["languages"] = json!(["xx-yy-zz"]);
    let found = shop.post("/v1/settings/validate", broken.clone()).await;
    assert_eq!((found.status, &found.body["publishable"]), (200, &json!(false)), "{}", found.body);
    assert!(found.body["findings"][0]["pointer"].as_str().unwrap().starts_with("/voice/languages"));
    shop.send(Method::PUT, "/v1/settings/draft", &[], Some(broken)).await;
    let refused = publish("\"v3\"").await;
    assert_eq!(refused.status, 422, "{}", refused.body);
    assert_eq!(shop.get("/v1/settings").await.etag(), "\"v3\"");
    let mut misspelt = published.body;
    misspelt["policies"]["consnet"] = Value::Null;
    let refused = shop.send(Method::PUT, "/v1/settings/draft", &[], Some(misspelt)).await;
    assert_eq!(refused.body["errors"][0]["pointer"], "/policies/consnet", "{}", refused.body);
}

/// Lengths of time are words, with bounds that are told in the same words; the form in which they were stored before is
/// not taken any more.
async fn a_length_of_time_is_written_in_words(world: Arc<World>) {
    let shop = new_business(&operator(&world), "time-shop").await;
    let settings = shop.get("/v1/settings/draft").await.body;
    let at = "/policies/conversation/max_call";
    assert_eq!(settings.pointer(at), Some(&json!("30m")));
    let with = |value: Value| {
        let mut settings = settings.clone();
        *settings.pointer_mut(at).unwrap() = value;
        settings
    };
    for (value, told) in [
        (json!({ "secs": 1_800, "nanos": 0 }), "write this length of time as `30m`"),
        (json!("half an hour"), "such as `25s`, `500ms`, `1m30s` or `2h`"),
        (json!(1_800), "such as `25s`"),
        (json!("99999999999999999999h"), "more than `10000d`"),
    ] {
        for (method, path) in [(Method::PUT, "/v1/settings/draft"), (Method::POST, "/v1/settings/validate")] {
            let refused = shop.send(method, path, &[], Some(with(value.clone()))).await;
            let (status, pointer, code, detail) = refused.refusal();
            assert_eq!((status, pointer, code), (422, at, "shape"), "{value}: {}", refused.body);
            assert!(detail.contains(told), "{value}: {detail}");
        }
    }
    let short = shop.post("/v1/settings/validate", with(json!("9s"))).await;
    let finding = &short.body["findings"][0];
    assert_eq!(
        (&finding["pointer"], &finding["code"]),
        (&json!(at), &json!("out_of_bounds")),
        "{}",
        short.body
    );
    assert_eq!(finding["detail"], "give a length of time from `10s` to `4h`");
    let saved = shop.send(Method::PUT, "/v1/settings/draft", &[], Some(with(json!("90s")))).await;
    assert_eq!(saved.status, 200, "{}", saved.body);
    assert_eq!(shop.get("/v1/settings/draft").await.body.pointer(at), Some(&json!("1m30s")));
}

/// A field that settings do not have is refused by its name wherever settings come in, as JSON and as TOML, on every level.
async fn an_unknown_field_is_refused_wherever_settings_come_in(world: Arc<World>) {
    let shop = new_business(&operator(&world), "field-shop").await;
    let settings = shop.get("/v1/settings/draft").await.body;
    for (pointer, near) in [
        ("/outbond", Some("outbound")),
        ("/voice/langauges", Some("voice.languages")),
        ("/voice/turn_detection/Server/treshold", Some("voice.turn_detection.Server.threshold")),
        ("/voice/turn_detection/extra", None),
        ("/policies/conversation/phrases/goodbye", Some("policies.conversation.phrases.goodbyes")),
        ("/insights/fields/0/descripton", Some("insights.fields[0].description")),
        ("/outbound/hours/mondya", Some("outbound.hours.monday")),
        ("/outbound/per_day/call", Some("outbound.per_day.calls")),
        ("/consent", Some("policies.consent")),
    ] {
        let mut strange = settings.clone();
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        let parent = strange.pointer_mut(parent).unwrap().as_object_mut().unwrap();
        // In the place of what is meant, so that a field that must be there is missing, too.
        if let Some(field) = near.and_then(|near| near.rsplit('.').next()) {
            parent.remove(field);
        }
        parent.insert(name.to_owned(), json!("x"));
        let toml = toml::to_string(&without_null(strange.clone())).unwrap();
        let preview = json!({ "channel": "inbound", "settings": strange });
        let answers = [
            (
                shop.send(Method::PUT, "/v1/settings/draft", &[], Some(strange.clone())).await,
                pointer.to_owned(),
            ),
            (shop.post("/v1/settings/validate", strange).await, pointer.to_owned()),
            (shop.post("/v1/prompt/preview", preview).await, format!("/settings{pointer}")),
            (
                shop.text(Method::PUT, "/v1/settings/draft", "application/toml", toml).await,
                pointer.to_owned(),
            ),
        ];
        for (refused, pointer) in answers {
            let (status, at, code, detail) = refused.refusal();
            assert_eq!((status, at, code), (422, pointer.as_str(), "unknown_field"), "{}", refused.body);
            let meant = near.is_none_or(|near| detail.contains(&format!("did you mean `{near}`?")));
            assert!(meant, "{detail}");
        }
    }
}

/// TOML has no null.
fn without_null(value: Value) -> Value {
    match value {
        Value::Object(fields) => fields
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| (name, without_null(value)))
            .collect(),
        Value::Array(items) => items.into_iter().map(without_null).collect(),
        plain => plain,
    }
}

/// A suspended business's calls are refused politely, those that it orders as well, and it can be taken back.
async fn a_suspended_business_is_not_served_until_it_is_resumed() {
    let world = World::start().await;
    let (operator, shop) = (operator(&world), own(&world));
    let id = world.business.business.id.as_str();
    let at = |what: &str| format!("/v1/businesses/{id}/{what}");
    // A sandbox believes what it read in the last half minute, so each call meets a new one.
    let rings = async || {
        let inbound = HttpSandbox::start(&world, "voice-inbound", &[]).await;
        inbound.receives(&world, &Webhook::inbound(&world, &new_call_sid())).await.1
    };
    assert_eq!(shop.post(&at("suspend"), json!({})).await.status, 403);
    let suspended = operator.post(&at("suspend"), json!({ "reason": "unpaid" })).await;
    assert_eq!((suspended.status, &suspended.body["standing"]), (200, &json!("suspended")));
    let again = operator.post(&at("suspend"), json!({ "reason": "another" })).await;
    assert_eq!(again.body, suspended.body, "it stays as it was");
    let refused = rings().await;
    assert!(
        refused.contains("<Say") && refused.contains("<Hangup") && !refused.contains("<Stream"),
        "{refused}"
    );
    let calls = shop.get("/v1/calls").await;
    assert_eq!(calls.body["calls"][0]["refusal"], "suspended", "{}", calls.body);
    let order = acceptance::outbound::place(&world, "k", &acceptance::outbound::order(&world)).await;
    assert_eq!((order.status, &order.body["code"]), (422, &json!("suspended")));

    let leaving = operator.send(Method::DELETE, &format!("/v1/businesses/{id}"), &[], None).await;
    assert_eq!((leaving.status, &leaving.body["standing"]), (202, &json!("leaving")), "{}", leaving.body);
    assert!(leaving.body["gone_at"].is_string());
    assert_eq!(operator.get("/v1/businesses?standing=leaving").await.body["businesses"][0]["id"], id);
    assert_eq!(operator.post(&at("resume"), json!({})).await.body["standing"], "active");
    assert!(rings().await.contains("<Stream"), "its calls are answered again");
}

acceptance::tests![
    no_key_is_made_for_a_business_that_does_not_exist,
    a_length_of_time_is_written_in_words,
    an_unknown_field_is_refused_wherever_settings_come_in,
    a_suspended_business_is_not_served_until_it_is_resumed,
    a_business_is_set_up_by_the_api_alone_and_called,
    a_request_that_is_repeated_has_one_effect_and_one_answer,
    no_edit_undoes_another_unseen,
    what_is_wrong_with_a_business_is_said_by_field,
    keys_are_given_rotated_and_taken_back,
    the_first_operator_key_is_replaced,
    a_number_belongs_to_one_business_at_a_time,
    settings_are_drafted_compared_published_and_restored,
];
