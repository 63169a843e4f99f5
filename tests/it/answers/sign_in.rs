//! People who sign in at the console.

use super::*;

pub(super) async fn of_signing_in(answers: &mut Answers<'_>) {
    let route = "/v1/sign-in";
    let key = answers.world.identity.api_key.expose().to_owned();
    let ours = |body: Option<Value>| Extra {
        headers: vec![("x-requested-with", "switchboard".to_owned())],
        body,
        keyless: true,
    };
    let shown = |key: &str| Some(json!({ "key": key }));
    answers.ask("a key", Method::POST, route, route, ours(shown(&key))).await;
    answers.ask("no key of ours", Method::POST, route, route, ours(shown("guess"))).await;
    answers.ask("another field", Method::POST, route, route, ours(Some(json!({ "kay": "" })))).await;
    let foreign = Extra { headers: vec![], ..ours(shown(&key)) };
    answers.ask("from a foreign page", Method::POST, route, route, foreign).await;
    answers.ask("who asks", Method::GET, route, route, Extra::default()).await;
    answers.ask("without a key", Method::GET, route, route, keyless()).await;
    answers.ask("without a sign-in", Method::DELETE, route, route, Extra::default()).await;
    let to = "/v1/sign-in/business";
    let own = json!({ "business": answers.world.business.business.id.as_str() });
    answers.ask("a key is no person", Method::POST, to, to, json_body(own)).await;
    let issuer = "/v1/sign-in/oidc";
    answers.ask("the issuer", Method::GET, issuer, issuer, keyless()).await;
    answers.ask("an attempt", Method::POST, issuer, issuer, ours(Some(json!({})))).await;
    let invited = json!({ "invitation": "swb_inv_guess" });
    answers.ask("no such invitation", Method::POST, issuer, issuer, ours(Some(invited))).await;
    let foreign = Extra { headers: vec![], ..ours(Some(json!({}))) };
    answers.ask("begun by a foreign page", Method::POST, issuer, issuer, foreign).await;
    let back = "/v1/sign-in/oidc/callback";
    answers.ask("no attempt", Method::GET, back, &format!("{back}?state=x&code=y"), keyless()).await;
    let all = "/v1/sign-in/all";
    answers.ask("everywhere", Method::DELETE, all, all, Extra::default()).await;
}
