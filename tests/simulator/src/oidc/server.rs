//! What the issuer answers.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Form, Query, RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::{digest, hmac};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use url::Url;
use uuid::Uuid;

use super::{Grant, Misbehaviour, Shared, page};

type Fields = BTreeMap<String, String>;

/// The life of an ID token, seconds.
const LIFE: u64 = 3_600;

pub(super) async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    let router = Router::new()
        .route("/.well-known/openid-configuration", get(document))
        .route("/keys", get(keys))
        .route("/authorize", get(show).post(answer))
        .route("/token", post(token))
        .with_state(Arc::clone(&shared));
    let stop = async move { shared.shutdown.cancelled().await };
    let _closed = axum::serve(listener, router).with_graceful_shutdown(stop).await;
}

/// OpenID Connect Discovery 1.0, 3.
async fn document(State(issuer): State<Arc<Shared>>) -> Json<Value> {
    let at = |path: &str| format!("{}{path}", issuer.url);
    Json(json!({
        "issuer": issuer.url,
        "authorization_endpoint": at("/authorize"),
        "token_endpoint": at("/token"),
        "jwks_uri": at("/keys"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256", "ES256"],
        "scopes_supported": ["openid", "email"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic"],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": true,
    }))
}

/// The key that signs, and one that is for something else.
async fn keys(State(issuer): State<Arc<Shared>>) -> Json<Value> {
    let current = {
        let mut state = issuer.state();
        state.keys_asked_for += 1;
        state.current
    };
    let mut keys =
        vec![json!({ "kty": "OKP", "crv": "X448", "kid": "unknown-curve", "x": "AA", "use": "enc" })];
    keys.extend(issuer.signers.get(current).map(super::Signer::public));
    Json(json!({ "keys": keys }))
}

/// The page of an authorization request, once it is seen to be a good one (RFC 6749, 4.1.1; RFC 7636, 4.3).
async fn show(
    State(issuer): State<Arc<Shared>>,
    RawQuery(query): RawQuery,
    Query(asked): Query<Fields>,
) -> Response {
    let said = |name: &str| asked.get(name).map(String::as_str).unwrap_or_default();
    let scopes: Vec<&str> = said("scope").split(' ').collect();
    for (good, what) in [
        (said("response_type") == "code", "response_type is not code"),
        (said("client_id") == issuer.config.client_id, "client_id is not known"),
        (said("redirect_uri").ends_with("/v1/sign-in/oidc/callback"), "redirect_uri is not registered"),
        (scopes.contains(&"openid"), "scope lacks openid"),
        (said("state").len() >= 32, "state can be guessed"),
        (said("nonce").len() >= 32, "nonce can be guessed"),
        (said("code_challenge_method") == "S256", "code_challenge_method is not S256"),
        (said("code_challenge").len() == 43, "code_challenge is no SHA-256"),
    ] {
        if !good {
            issuer.violation(what);
            return (StatusCode::BAD_REQUEST, what).into_response();
        }
    }
    Html(page::page(&query.unwrap_or_default())).into_response()
}

/// The person has answered: back to the client.
async fn answer(
    State(issuer): State<Arc<Shared>>,
    Query(asked): Query<Fields>,
    Form(answered): Form<Fields>,
) -> Response {
    let said = |name: &str| asked.get(name).cloned().unwrap_or_default();
    let Ok(mut back) = Url::parse(&said("redirect_uri")) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    back.query_pairs_mut().append_pair("state", &said("state"));
    let named = if issuer.misbehaves(Misbehaviour::MixUp) { "https://other.example" } else { &issuer.url };
    back.query_pairs_mut().append_pair("iss", named).append_pair("session_state", "not of interest");
    if answered.get("answer").is_some_and(|answer| answer == "no") {
        back.query_pairs_mut().append_pair("error", "access_denied");
        back.query_pairs_mut().append_pair("error_description", "<script>the person said no</script>");
    } else {
        let code = Uuid::new_v4().to_string();
        let grant = Grant {
            person: answered.get("person").cloned().unwrap_or_default(),
            redirect_uri: said("redirect_uri"),
            nonce: said("nonce"),
            challenge: said("code_challenge"),
        };
        issuer.state().grants.insert(code.clone(), grant);
        back.query_pairs_mut().append_pair("code", &code);
    }
    Redirect::to(back.as_str()).into_response()
}

/// RFC 6749, 4.1.3 and 5; RFC 7636, 4.6.
async fn token(State(issuer): State<Arc<Shared>>, headers: HeaderMap, Form(sent): Form<Fields>) -> Response {
    let misbehaviour = issuer.state().misbehaviour;
    match misbehaviour {
        Some(Misbehaviour::Slow) => tokio::time::sleep(Duration::from_secs(600)).await,
        Some(Misbehaviour::Redirect) => {
            return Redirect::temporary("https://other.example/token").into_response();
        }
        Some(Misbehaviour::Broken) => return StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        Some(Misbehaviour::NoJson) => return "id_token=guess".into_response(),
        _ => {}
    }
    let refused = |status: StatusCode, error: &str, what: &str| {
        issuer.violation(what);
        (status, Json(json!({ "error": error }))).into_response()
    };
    if !is_client(&issuer, &headers) {
        return refused(
            StatusCode::UNAUTHORIZED,
            "invalid_client",
            "the client's name and secret are not shown",
        );
    }
    let said = |name: &str| sent.get(name).map(String::as_str).unwrap_or_default();
    if said("grant_type") != "authorization_code" {
        return refused(StatusCode::BAD_REQUEST, "unsupported_grant_type", "grant_type is another one");
    }
    // Good once, whatever becomes of it.
    let Some(grant) = issuer.state().grants.remove(said("code")) else {
        return refused(StatusCode::BAD_REQUEST, "invalid_grant", "the code is not known, or was used");
    };
    let challenge = URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, said("code_verifier").as_bytes()));
    if challenge != grant.challenge {
        return refused(
            StatusCode::BAD_REQUEST,
            "invalid_grant",
            "code_verifier is not that of code_challenge",
        );
    }
    if said("redirect_uri") != grant.redirect_uri {
        return refused(StatusCode::BAD_REQUEST, "invalid_grant", "redirect_uri is another one");
    }
    let id_token = match misbehaviour {
        Some(Misbehaviour::Huge) => "x".repeat(4 << 20),
        _ => id_token(&issuer, &grant, misbehaviour),
    };
    Json(json!({ "access_token": "opens nothing", "token_type": "Bearer", "expires_in": LIFE, "id_token": id_token }))
        .into_response()
}

/// Name and secret, form-encoded, then as user and password (RFC 6749, 2.3.1).
fn is_client(issuer: &Shared, headers: &HeaderMap) -> bool {
    let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let pair = format!("{}:{}", encoded(&issuer.config.client_id), encoded(&issuer.config.client_secret));
    let expected = format!("Basic {}", STANDARD.encode(pair));
    headers.get(header::AUTHORIZATION).is_some_and(|shown| shown.as_bytes() == expected.as_bytes())
}

fn id_token(issuer: &Shared, grant: &Grant, misbehaviour: Option<Misbehaviour>) -> String {
    let is = |how| misbehaviour == Some(how);
    let now = issuer.now();
    let at = if is(Misbehaviour::Expired) {
        now - 2 * LIFE
    } else if is(Misbehaviour::Future) {
        now + LIFE
    } else {
        now
    };
    let client = issuer.config.client_id.as_str();
    let mut claims = json!({
        "iss": if is(Misbehaviour::WrongIssuer) { "https://other.example" } else { &issuer.url },
        "sub": format!("subject of {}", grant.person),
        "aud": if is(Misbehaviour::WrongAudience) { "another client" } else { client },
        "exp": at + LIFE,
        "iat": at,
        "nonce": if is(Misbehaviour::WrongNonce) { "another nonce" } else { &grant.nonce },
        "email": grant.person,
        "email_verified": true,
    });
    if is(Misbehaviour::WrongParty) {
        claims["aud"] = json!([client, "another client"]);
        claims["azp"] = "another client".into();
    }
    if is(Misbehaviour::NoSubject) {
        claims["sub"] = "".into();
    }
    let current = issuer.state().current;
    let [signer, other] = [current, current + 1].map(|index| &issuer.signers[index % issuer.signers.len()]);
    let (algorithm, id) = match misbehaviour {
        Some(Misbehaviour::Unsigned) => ("none", signer.id),
        Some(Misbehaviour::SharedSecret) => ("HS256", signer.id),
        Some(Misbehaviour::UnknownKey) => (signer.algorithm, "nowhere"),
        _ => (signer.algorithm, signer.id),
    };
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", part(&json!({ "alg": algorithm, "kid": id, "typ": "JWT" })), part(&claims));
    let signature = match misbehaviour {
        Some(Misbehaviour::Unsigned) => vec![],
        Some(Misbehaviour::SharedSecret) => {
            let key = hmac::Key::new(hmac::HMAC_SHA256, issuer.config.client_secret.as_bytes());
            hmac::sign(&key, signed.as_bytes()).as_ref().to_vec()
        }
        Some(Misbehaviour::ForeignSignature) => other.sign(signed.as_bytes()),
        _ => signer.sign(signed.as_bytes()),
    };
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}
