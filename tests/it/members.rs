//! Members of a business: invited by a link, signed in through the issuer, given roles, removed.

use std::time::Duration;

use acceptance::client::{Answer, Client};
use acceptance::people::{Window, invite, invite_with};
use acceptance::{World, WorldConfig};
use http::Method;
use serde_json::{Value, json};

const ADA: &str = "ada@example.com";
const EVE: &str = "eve@example.com";
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// What a program asks with the business's own key, an owner's.
async fn ask(world: &World, method: Method, path: &str, body: Option<Value>) -> Answer {
    ask_with(world, world.identity.api_key.expose(), method, path, body).await
}

async fn ask_with(world: &World, key: &str, method: Method, path: &str, body: Option<Value>) -> Answer {
    Client { world, key: key.to_owned() }.send(method, path, &[], body).await
}

async fn members(world: &World) -> Vec<Value> {
    let all = ask(world, Method::GET, "/v1/members", None).await;
    assert_eq!(all.status, 200, "{}", all.body);
    all.body["members"].as_array().unwrap().clone()
}

fn scopes(who: &Answer) -> Vec<&str> {
    who.body["scopes"].as_array().unwrap().iter().map(|scope| scope.as_str().unwrap()).collect()
}

/// The whole way: the link, the issuer, the role's scopes, another role at the next request, the end.
async fn an_invitation_makes_a_member_with_the_scopes_of_the_role(world: World) {
    let (id, text) = invite(&world, "Ada Byron", "agent").await;
    let listed = members(&world).await;
    assert_eq!(
        (listed.len(), &listed[0]["state"], &listed[0]["email"]),
        (1, &"invited".into(), &Value::Null)
    );

    let mut ada = Window::new(&world);
    assert_eq!(ada.sign_in(ADA, Some(&text)).await, "", "signed in");
    let who = ada.get("/v1/sign-in").await;
    let business = world.business.business.id.as_str();
    assert_eq!(
        (&who.body["name"], &who.body["key"], &who.body["role"], &who.body["business"]),
        (&"Ada Byron".into(), &id.as_str().into(), &"agent".into(), &business.into()),
        "{}",
        who.body
    );
    assert_eq!(who.body["businesses"], json!([business]));
    assert!(scopes(&who).contains(&"calls:write") && !scopes(&who).contains(&"settings:write"));
    assert_eq!(ada.get("/v1/calls").await.status, 200);
    assert_eq!(ada.get("/v1/keys").await.status, 403);
    let listed = members(&world).await;
    assert_eq!((&listed[0]["state"], &listed[0]["email"]), (&"joined".into(), &ADA.into()));
    assert!(listed[0]["joined_at"].is_string() && listed[0]["last_used"].is_string());

    let path = format!("/v1/members/{id}");
    let changed = ask(&world, Method::PATCH, &path, Some(json!({ "role": "admin" }))).await;
    assert_eq!((changed.status, &changed.body["role"]), (200, &"admin".into()), "{}", changed.body);
    assert_eq!(ada.get("/v1/keys").await.status, 200, "at the next request");
    ask(&world, Method::PATCH, &path, Some(json!({ "role": "viewer" }))).await;
    assert_eq!(ada.get("/v1/keys").await.status, 403);
    let calls = ada.ask(Method::POST, "/v1/test_calls", Some(json!({}))).await;
    assert_eq!((calls.status, calls.code()), (403, "scope"), "{}", calls.body);

    // No text opens what is the member's, the invitation's neither.
    for key in [text.clone(), text.replace("swb_inv_", "swb_bus_")] {
        assert_eq!(ask_with(&world, &key, Method::GET, "/v1/calls", None).await.status, 401);
    }
    assert_eq!(ask(&world, Method::DELETE, &path, None).await.status, 204);
    assert_eq!(ada.get("/v1/calls").await.status, 401, "the session is over at once");
    assert_eq!(ada.sign_in(ADA, None).await, "no_member");
    assert_eq!(members(&world).await, [] as [Value; 0]);
    assert_eq!(ask(&world, Method::DELETE, &path, None).await.status, 204, "again");
    assert_eq!(ask(&world, Method::PATCH, &path, Some(json!({ "role": "agent" }))).await.status, 404);
    assert_eq!(world.issuer.as_ref().unwrap().violations(), [] as [String; 0]);
}

/// Members are not keys, though they are kept as keys: none of the routes of keys reaches one.
async fn a_member_is_no_key(world: World) {
    let (id, text) = invite(&world, "Ada", "owner").await;
    let keys = ask(&world, Method::GET, "/v1/keys", None).await;
    assert!(!keys.body.to_string().contains(&id), "{}", keys.body);
    for (method, path) in [
        (Method::GET, format!("/v1/keys/{id}")),
        (Method::DELETE, format!("/v1/keys/{id}")),
        (Method::POST, format!("/v1/keys/{id}/rotate")),
    ] {
        assert_eq!(ask(&world, method.clone(), &path, None).await.status, 404, "{method} {path}");
    }
    let own = ask(&world, Method::GET, "/v1/sign-in", None).await.body;
    let path = format!("/v1/members/{}", own["key"].as_str().unwrap());
    assert_eq!(ask(&world, Method::DELETE, &path, None).await.status, 404, "a key is no member");
    assert_eq!((&own["role"], &own["businesses"]), (&Value::Null, &json!([])));
    let mut window = Window::new(&world);
    let shown = window.ask(Method::POST, "/v1/sign-in", Some(json!({ "key": text }))).await;
    assert_eq!((shown.status, shown.code()), (401, "unauthorised"));
}

/// An invitation is for one person, for seven days, and until it is withdrawn.
async fn an_invitation_is_good_once_and_for_a_time(world: World) {
    let refused = async |text: &str| {
        let refused = Window::new(&world).begin(Some(text)).await.unwrap_err();
        assert_eq!(refused.status, 409, "{}", refused.body);
        refused.code().to_owned()
    };
    let (id, text) = invite(&world, "Ada", "viewer").await;
    let (mut ada, mut eve) = (Window::new(&world), Window::new(&world));
    // Both have come as far as the issuer; one is first.
    let eves = eve.begin(Some(&text)).await.unwrap();
    assert_eq!(ada.sign_in(ADA, Some(&text)).await, "");
    let address = eve.at_the_issuer(&eves, EVE).await;
    assert_eq!(eve.come_back(&address).await, "#/?sign-in=invitation_used");
    assert_eq!(eve.get("/v1/sign-in").await.status, 401);
    assert_eq!(eve.sign_in(EVE, Some(&text)).await, "invitation_used");
    assert_eq!(Window::new(&world).sign_in(ADA, Some(&text)).await, "", "the link signs the same person in");

    let (withdrawn, text) = invite(&world, "Bob", "viewer").await;
    let page = eve.begin(Some(&text)).await.unwrap();
    assert_eq!(ask(&world, Method::DELETE, &format!("/v1/members/{withdrawn}"), None).await.status, 204);
    let address = eve.at_the_issuer(&page, EVE).await;
    assert_eq!(eve.come_back(&address).await, "#/?sign-in=invitation_unknown");
    assert_eq!(refused(&text).await, "invitation_unknown");

    let (late, text) = invite(&world, "Carl", "viewer").await;
    world.time_passes(7 * DAY - Duration::from_secs(60));
    let page = eve.begin(Some(&text)).await.unwrap();
    world.time_passes(Duration::from_secs(60));
    let address = eve.at_the_issuer(&page, EVE).await;
    assert_eq!(eve.come_back(&address).await, "#/?sign-in=invitation_over");
    assert_eq!(refused(&text).await, "invitation_over");
    let listed = members(&world).await;
    let state = |id: &str| listed.iter().find(|member| member["id"] == *id).unwrap()["state"].clone();
    assert_eq!((state(&id), state(&late)), ("joined".into(), "expired".into()));

    let cut = &text[..text.len() - 1];
    for nonsense in ["guess", cut, "swb_inv_", world.identity.api_key.expose()] {
        assert_eq!(refused(nonsense).await, "invitation_unknown", "{nonsense}");
    }
}

/// A role is given by those who have all of it, also by members, and every mistake is named.
async fn a_member_gives_no_more_than_it_has(world: World) {
    let (_, text) = invite(&world, "Ada", "owner").await;
    let mut ada = Window::new(&world);
    assert_eq!(ada.sign_in(ADA, Some(&text)).await, "");
    let wish = |role: &str| Some(json!({ "name": "Bob", "role": role }));
    assert_eq!(ada.ask(Method::POST, "/v1/members", wish("admin")).await.status, 201);

    // A key that makes keys and can do little else.
    let keeper = json!({ "name": "keeper", "role": "viewer", "scopes": ["keys:read", "keys:write"] });
    let keeper = ask(&world, Method::POST, "/v1/keys", Some(keeper)).await.body;
    let key = keeper["key"].as_str().unwrap();
    let made = ask_with(&world, key, Method::POST, "/v1/members", wish("viewer")).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let refused = ask_with(&world, key, Method::POST, "/v1/members", wish("agent")).await;
    assert_eq!((refused.status, &refused.body["errors"][0]["pointer"]), (422, &"/role".into()));
    assert_eq!(refused.body["errors"][0]["code"], "not_held");
    let path = format!("/v1/members/{}", made.body["id"].as_str().unwrap());
    let more = ask_with(&world, key, Method::PATCH, &path, Some(json!({ "role": "agent" }))).await;
    assert_eq!((more.status, more.code()), (403, "scope"), "{}", more.body);
    let admins = members(&world).await.into_iter().find(|member| member["role"] == "admin").unwrap();
    let path = format!("/v1/members/{}", admins["id"].as_str().unwrap());
    let less = ask_with(&world, key, Method::PATCH, &path, Some(json!({ "role": "viewer" }))).await;
    assert_eq!((less.status, less.code()), (403, "scope"), "nor takes it");

    for (body, pointer) in [
        (json!({ "name": "", "role": "agent" }), "/name"),
        (json!({ "name": "x".repeat(81), "role": "agent" }), "/name"),
        (json!({ "name": "Bob", "role": "root" }), "/role"),
        (json!({ "name": "Bob", "role": "agent", "scopes": [] }), "/scopes"),
    ] {
        let refused = ask(&world, Method::POST, "/v1/members", Some(body.clone())).await;
        assert_eq!((refused.status, &refused.body["errors"][0]["pointer"]), (422, &pointer.into()), "{body}");
    }
    assert_eq!(ask(&world, Method::DELETE, "/v1/members/nothing0", None).await.status, 404);
    let operator = world.identity.operator_key.expose();
    let nowhere = ask_with(&world, operator, Method::GET, "/v1/members", None).await;
    assert_eq!((nowhere.status, nowhere.code()), (400, "no_business"));
}

/// The same request, sent again, is the same invitation.
async fn a_repeated_invitation_is_one(world: World) {
    let client = Client { world: &world, key: world.identity.api_key.expose().to_owned() };
    let send = async |name: &str| {
        let wish = json!({ "name": name, "role": "viewer" });
        let key = [("idempotency-key", "invite-7")];
        let answer = client.send(Method::POST, "/v1/members", &key, Some(wish)).await;
        (answer.status, answer.headers.contains_key("idempotency-replayed"), answer.body)
    };
    let (first, again) = (send("Ada").await, send("Ada").await);
    assert_eq!((first.0, first.1, again.0, again.1), (201, false, 201, true));
    assert_eq!(first.2, again.2);
    let (status, _, other) = send("Bob").await;
    assert_eq!((status, &other["code"]), (422, &"idempotency_key_reused".into()));
    assert_eq!(members(&world).await.len(), 1);
}

/// A person with several businesses signs in to the one of last time, and may go to another.
async fn a_person_of_several_businesses_goes_from_one_to_another(world: World) {
    let own = world.business.business.id.to_string();
    let other = world.another_business().await;
    let other_key = other.api_key.expose();
    let other = other.business.id.to_string();
    let (_, text) = invite(&world, "Ada", "owner").await;
    let mut ada = Window::new(&world);
    assert_eq!(ada.sign_in(ADA, Some(&text)).await, "");
    world.time_passes(Duration::from_secs(1));
    let client = Client { world: &world, key: other_key.to_owned() };
    let (_, text) = invite_with(&client, "Lady Lovelace", "viewer").await;
    assert_eq!(ada.sign_in(ADA, Some(&text)).await, "");
    let who = ada.get("/v1/sign-in").await.body;
    assert_eq!((&who["business"], &who["role"]), (&other.as_str().into(), &"viewer".into()));
    let mut both = vec![own.clone(), other.clone()];
    both.sort();
    assert_eq!(who["businesses"], json!(both));

    world.time_passes(Duration::from_secs(1));
    let before = ada.cookies["switchboard"].clone();
    let to = |business: &str| Some(json!({ "business": business }));
    let switched = ada.ask(Method::POST, "/v1/sign-in/business", to(&own)).await;
    assert_eq!(
        (switched.status, &switched.body["business"]),
        (200, &own.as_str().into()),
        "{}",
        switched.body
    );
    assert_eq!(ada.get("/v1/keys").await.status, 200, "an owner there");
    let mut old = Window::new(&world);
    old.cookies.insert("switchboard".to_owned(), before);
    assert_eq!(old.get("/v1/calls").await.status, 401, "the sign-in before is over");
    world.time_passes(Duration::from_secs(1));
    let mut again = Window::new(&world);
    assert_eq!(again.sign_in(ADA, None).await, "");
    assert_eq!(again.get("/v1/sign-in").await.body["business"], own.as_str(), "the last one");

    let nowhere = ada.ask(Method::POST, "/v1/sign-in/business", to("nowhere")).await;
    assert_eq!((nowhere.status, nowhere.code()), (404, "not_found"));
    let mut eve = Window::new(&world);
    let (_, text) = invite(&world, "Eve", "owner").await;
    assert_eq!(eve.sign_in(EVE, Some(&text)).await, "");
    let foreign = eve.ask(Method::POST, "/v1/sign-in/business", to(&other)).await;
    assert_eq!(foreign.status, 404, "not hers");
    let with_a_key = ask(&world, Method::POST, "/v1/sign-in/business", to(&own)).await;
    assert_eq!(with_a_key.status, 404, "a key is no person");
    let eves = eve.get("/v1/sign-in").await.body["key"].clone();
    assert_eq!(
        ask_with(&world, other_key, Method::DELETE, &format!("/v1/members/{}", eves.as_str().unwrap()), None)
            .await
            .status,
        404,
        "another business's member"
    );
}

/// Switching does not lengthen a sign-in: twelve hours after the person was at the issuer it is over.
async fn a_switch_does_not_begin_the_day_anew(world: World) {
    let (_, text) = invite(&world, "Ada", "viewer").await;
    let mut ada = Window::new(&world);
    assert_eq!(ada.sign_in(ADA, Some(&text)).await, "");
    let own = json!({ "business": world.business.business.id.as_str() });
    for _ in 0..24 {
        let switched = ada.ask(Method::POST, "/v1/sign-in/business", Some(own.clone())).await;
        assert_eq!(switched.status, 200, "{}", switched.body);
        world.time_passes(Duration::from_secs(30 * 60));
    }
    assert_eq!(ada.get("/v1/calls").await.status, 401);
}

/// What a member did is in the log under the member, with the name, also after the member is gone.
async fn the_log_names_the_member(world: World) {
    let (id, text) = invite(&world, "Ada Byron", "owner").await;
    let mut ada = Window::new(&world);
    assert_eq!(ada.sign_in(ADA, Some(&text)).await, "");
    let made = ada.ask(Method::POST, "/v1/keys", Some(json!({ "name": "till", "role": "viewer" }))).await;
    assert_eq!(made.status, 201, "{}", made.body);
    assert_eq!(ask(&world, Method::DELETE, &format!("/v1/members/{id}"), None).await.status, 204);
    let log = ask(&world, Method::GET, "/v1/audit?limit=100", None).await.body;
    let of_ada: Vec<(&str, &str, u64)> = log["entries"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|entry| entry["key"] == *id && entry["name"] == "Ada Byron")
        .map(|entry| {
            let text = |name: &str| entry[name].as_str().unwrap();
            (text("method"), text("path"), entry["status"].as_u64().unwrap())
        })
        .collect();
    assert_eq!(of_ada, [("GET", "/v1/sign-in/oidc/callback", 303), ("POST", "/v1/keys", 201)], "{log}");
}

/// Without an issuer there are no members, and the console is told so.
async fn a_deployment_without_an_issuer_has_no_members() {
    let world = World::with(WorldConfig { issuer: false, ..WorldConfig::default() }).await;
    let mut window = Window::new(&world);
    assert_eq!(window.get("/v1/sign-in/oidc").await.body, json!({ "issuer": null }));
    let refused = window.begin(None).await.unwrap_err();
    assert_eq!((refused.status, refused.code()), (409, "no_issuer"));
    let wish = Some(json!({ "name": "Ada", "role": "viewer" }));
    let refused = ask(&world, Method::POST, "/v1/members", wish).await;
    assert_eq!((refused.status, refused.code()), (409, "no_issuer"));
    assert_eq!(members(&world).await, [] as [Value; 0]);
    let back = world.url("/v1/sign-in/oidc/callback?code=x&state=y");
    assert_eq!(window.come_back(&back).await, "#/?sign-in=issuer_answer");
}

acceptance::tests![
    an_invitation_makes_a_member_with_the_scopes_of_the_role,
    a_member_is_no_key,
    an_invitation_is_good_once_and_for_a_time,
    a_member_gives_no_more_than_it_has,
    a_repeated_invitation_is_one,
    a_person_of_several_businesses_goes_from_one_to_another,
    a_switch_does_not_begin_the_day_anew,
    the_log_names_the_member,
    a_deployment_without_an_issuer_has_no_members,
];
