//! The way through the issuer and back: what binds it to one browser, and what an issuer that errs comes to.

use std::sync::Arc;
use std::time::Duration;

use acceptance::World;
use acceptance::people::{self, Window};
use http::Method;
use serde_json::json;
use simulator::oidc::{Issuer, Misbehaviour};
use url::Url;

const ADA: &str = "ada@example.com";

fn issuer(world: &World) -> &Issuer {
    world.issuer.as_ref().unwrap()
}

/// The text at the end of an invitation's link.
async fn invite(world: &World) -> String {
    people::invite(world, "Ada", "viewer").await.1
}

/// A member, in a window that is signed in.
async fn member(world: &World) -> Window<'_> {
    let text = invite(world).await;
    let mut window = Window::new(world);
    assert_eq!(window.sign_in(ADA, Some(&text)).await, "");
    window
}

/// The page is told the issuer's host without a key, and the address has what the standards ask for.
async fn an_attempt_is_begun_with_everything_that_binds_it(world: World) {
    let mut window = Window::new(&world);
    let url: Url = issuer(&world).url.parse().unwrap();
    let host = format!("{}:{}", url.host_str().unwrap(), url.port().unwrap());
    assert_eq!(window.get("/v1/sign-in/oidc").await.body, json!({ "issuer": host }));
    let [one, two] = [window.begin(None).await.unwrap(), window.begin(None).await.unwrap()];
    assert_eq!((one.path(), one.origin()), ("/authorize", url.origin()));
    let said = |url: &Url, name: &str| {
        let found = url.query_pairs().find(|(known, _)| known == name);
        found.unwrap_or_else(|| panic!("{name}: {url}")).1.into_owned()
    };
    for name in ["state", "nonce", "code_challenge"] {
        assert!(said(&one, name).len() >= 43 && said(&one, name) != said(&two, name), "{name}");
    }
    assert_eq!(said(&one, "redirect_uri"), world.url("/v1/sign-in/oidc/callback").as_str());
    for (name, value) in
        [("response_type", "code"), ("code_challenge_method", "S256"), ("scope", "openid email")]
    {
        assert_eq!(said(&one, name), value);
    }
    let cookie = &window.cookies["switchboard-oidc"];
    assert!(!one.as_str().contains(cookie) && !two.as_str().contains(cookie), "it stays in the browser");
    // Nothing is asked of the issuer that need not be.
    assert_eq!(issuer(&world).keys_asked_for(), 0);
    let wrong = window.ask(Method::POST, "/v1/sign-in/oidc", Some(json!({ "invite": "x" }))).await;
    assert_eq!((wrong.status, &wrong.body["errors"][0]["pointer"]), (422, &"/invite".into()));
}

/// No page of another origin begins an attempt: so no link makes a person a member, or signs one in.
async fn a_foreign_page_begins_nothing(world: World) {
    let text = invite(&world).await;
    for site in ["cross-site", "same-site", "none"] {
        let request = world.http.post(world.url("/v1/sign-in/oidc")).header("sec-fetch-site", site);
        let request = request.header("x-requested-with", "switchboard").json(&json!({ "invitation": text }));
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 403, "{site}");
        assert!(!answer.headers().contains_key("set-cookie"));
    }
    let get = world.http.get(world.url(&format!("/v1/sign-in/oidc?invitation={text}"))).send().await.unwrap();
    assert!(!get.headers().contains_key("set-cookie"), "a link begins nothing");
}

/// What comes back is taken once, from the browser that began it, within ten minutes.
async fn an_attempt_is_taken_once_by_its_own_browser(world: World) {
    member(&world).await;
    let (mut own, mut other) = (Window::new(&world), Window::new(&world));
    let page = own.begin(None).await.unwrap();
    let address = own.at_the_issuer(&page, ADA).await;

    let without = Window::new(&world).come_back(&address).await;
    assert_eq!(without, "#/?sign-in=another_browser", "no cookie");
    other.begin(None).await.unwrap();
    assert_eq!(
        other.come_back(&address).await,
        "#/?sign-in=another_browser",
        "the cookie of another attempt"
    );
    assert_eq!(other.get("/v1/sign-in").await.status, 401);

    let kept = own.cookies["switchboard-oidc"].clone();
    assert_eq!(own.come_back(&address).await, "", "strangers have not used it up");
    assert!(!own.cookies.contains_key("switchboard-oidc"), "the cookie is taken away");
    assert_eq!(own.come_back(&address).await, "#/?sign-in=another_browser", "again");
    let mut replay = Window::new(&world);
    replay.cookies.insert("switchboard-oidc".to_owned(), kept);
    assert_eq!(replay.come_back(&address).await, "#/?sign-in=attempt_over", "again with the cookie");
    assert_eq!(replay.get("/v1/sign-in").await.status, 401);

    let page = own.begin(None).await.unwrap();
    let mut address = own.at_the_issuer(&page, ADA).await;
    address.query_pairs_mut().append_pair("state", "another");
    assert_eq!(own.come_back(&address).await, "#/?sign-in=issuer_answer", "two states");

    let page = own.begin(None).await.unwrap();
    let address = own.at_the_issuer(&page, ADA).await;
    world.time_passes(Duration::from_secs(10 * 60));
    assert_eq!(own.come_back(&address).await, "#/?sign-in=attempt_over", "too late");
}

/// A code that was stolen is of no use in another attempt: the verifier is another one.
async fn a_stolen_code_is_refused(world: World) {
    member(&world).await;
    let (mut own, mut thief) = (Window::new(&world), Window::new(&world));
    let page = own.begin(None).await.unwrap();
    let stolen = own.at_the_issuer(&page, ADA).await;
    let code = stolen.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned();
    let page = thief.begin(None).await.unwrap();
    let mut address = thief.at_the_issuer(&page, "eve@example.com").await;
    let pairs: Vec<(String, String)> = address
        .query_pairs()
        .map(|(name, value)| {
            (name.to_string(), if name == "code" { code.clone() } else { value.to_string() })
        })
        .collect();
    address.query_pairs_mut().clear().extend_pairs(pairs);
    assert_eq!(thief.come_back(&address).await, "#/?sign-in=issuer_answer");
    assert_eq!(issuer(&world).violations(), ["code_verifier is not that of code_challenge"]);
}

/// Each way in which an issuer errs has its reason, signs no person in, and uses no invitation up.
async fn an_issuer_that_errs_signs_no_person_in(world: World) {
    let text = invite(&world).await;
    for (how, reason) in [
        (Misbehaviour::WrongNonce, "id_token"),
        (Misbehaviour::WrongAudience, "id_token"),
        (Misbehaviour::WrongIssuer, "id_token"),
        (Misbehaviour::WrongParty, "id_token"),
        (Misbehaviour::Unsigned, "id_token"),
        (Misbehaviour::SharedSecret, "id_token"),
        (Misbehaviour::Expired, "id_token"),
        (Misbehaviour::Future, "id_token"),
        (Misbehaviour::UnknownKey, "id_token"),
        (Misbehaviour::ForeignSignature, "id_token"),
        (Misbehaviour::NoSubject, "id_token"),
        (Misbehaviour::Huge, "issuer_answer"),
        (Misbehaviour::Slow, "issuer_unreachable"),
        (Misbehaviour::Redirect, "issuer_answer"),
        (Misbehaviour::Broken, "issuer_unreachable"),
        (Misbehaviour::NoJson, "issuer_answer"),
        (Misbehaviour::MixUp, "issuer_answer"),
    ] {
        issuer(&world).misbehave(Some(how));
        let mut window = Window::new(&world);
        assert_eq!(window.sign_in(ADA, Some(&text)).await, reason, "{how:?}");
        assert!(!window.cookies.contains_key("switchboard"), "{how:?}");
    }
    issuer(&world).misbehave(None);
    assert_eq!(Window::new(&world).sign_in(ADA, Some(&text)).await, "", "once it is well again");
}

/// A person who says no at the issuer comes back to the console; nothing that the issuer says is shown.
async fn a_person_may_break_it_off(world: World) {
    let text = invite(&world).await;
    let mut window = Window::new(&world);
    assert_eq!(window.sign_in("", Some(&text)).await, "cancelled");
    let page = window.begin(None).await.unwrap();
    let mut address = window.at_the_issuer(&page, ADA).await;
    let state = address.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
    address.query_pairs_mut().clear().append_pair("state", &state).append_pair("error", "<b>temporarily</b>");
    assert_eq!(window.come_back(&address).await, "#/?sign-in=issuer_answer");
    assert_eq!(window.sign_in(ADA, None).await, "no_member", "the invitation was not accepted");
    assert_eq!(window.sign_in(ADA, Some(&text)).await, "");
}

/// Keys of the issuer are held, and asked for anew when a token names one that is not among them.
async fn the_issuers_keys_may_change(world: World) {
    let text = invite(&world).await;
    let sign_in = async |invitation: Option<&str>| {
        assert_eq!(Window::new(&world).sign_in(ADA, invitation).await, "");
        issuer(&world).keys_asked_for()
    };
    assert_eq!(sign_in(Some(&text)).await, 1);
    assert_eq!(sign_in(None).await, 1, "they are held");
    issuer(&world).rotate();
    assert_eq!(sign_in(None).await, 2, "another key, of another algorithm");
    issuer(&world).rotate();
    assert_eq!(sign_in(None).await, 3);
    assert_eq!(issuer(&world).violations(), [] as [String; 0]);
}

/// The session cookie is a new one at each sign-in, and a page of another site cannot use it.
async fn each_sign_in_has_a_cookie_of_its_own(world: Arc<World>) {
    let mut window = member(&world).await;
    let first = window.cookies["switchboard"].clone();
    assert_eq!(window.sign_in(ADA, None).await, "");
    assert_ne!(window.cookies["switchboard"], first);
    let cookie = format!("switchboard={}", window.cookies["switchboard"]);
    let request = world.http.post(world.url("/v1/sign-in/business")).header("cookie", cookie);
    let request = request.header("sec-fetch-site", "cross-site").header("x-requested-with", "switchboard");
    let answer = request.json(&json!({ "business": "x" })).send().await.unwrap();
    assert_eq!(answer.status(), 403);
}

acceptance::tests![
    an_attempt_is_begun_with_everything_that_binds_it,
    a_foreign_page_begins_nothing,
    an_attempt_is_taken_once_by_its_own_browser,
    a_stolen_code_is_refused,
    an_issuer_that_errs_signs_no_person_in,
    a_person_may_break_it_off,
    the_issuers_keys_may_change,
    each_sign_in_has_a_cookie_of_its_own,
];
