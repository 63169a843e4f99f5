//! A person signs in at the console, with a key or through an issuer of OpenID Connect, and out again. A cookie stands for
//! the key that was shown, or for the member's.

mod business;
mod issuer;
mod oidc;
mod shapes;

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::token::TokenKey;
use http::request::Parts;
use http::{StatusCode, header};
use platform::Clock;
use stores::{keys, members, sign_in_attempts};
use url::Url;
use utoipa_axum::routes;

use crate::edge::api::ApiFunction;
use crate::edge::api::admission::{Gatekeeper, SignedIn};
use crate::edge::api::input::Body;
use crate::edge::api::requester::Requester;
use crate::edge::api::routes::Routes;
use crate::edge::parts::{Needs, Opener, Part, parts, table_parts};
use crate::edge::problem::Problem;
use issuer::SignInIssuer;
use shapes::{RequesterView, ShowKey};

table_parts! {
    stores::sign_in_attempts::Writer: "TABLE_REQUESTS";
}

impl Part for members::Writer {
    fn declare(needs: &mut Needs<'_>) -> Opener<Self> {
        let (members, keys) = (needs.table("TABLE_MEMBERS"), needs.table("TABLE_KEYS"));
        Box::new(move |deployment| Ok(Self::new(&deployment.aws, &members, &keys)))
    }
}

parts! {
    pub struct SignIns {
        gatekeeper: Gatekeeper,
        clock: Clock,
        keys: keys::Reader,
        members: members::Reader,
        joining: members::Writer,
        attempts: sign_in_attempts::Writer,
        issuer: SignInIssuer,
        token_key: TokenKey,
        base: Url => |needs| needs.public_base(),
    }
}

impl ApiFunction for SignIns {
    const NAME: &'static str = "sign-in";

    fn gatekeeper(&self) -> &Gatekeeper {
        &self.gatekeeper
    }

    fn routes() -> Routes<Arc<Self>> {
        Routes::new()
            .open(routes!(sign_in))
            .of_any_key(routes!(sign_out))
            .of_any_key(routes!(sign_out_everywhere))
            .of_any_key(routes!(requester))
            .open(routes!(oidc::issuer))
            .open(routes!(oidc::begin))
            .open(routes!(oidc::come_back))
            .of_any_key(routes!(business::switch))
    }
}

/// Signs a person in: `Set-Cookie` has what stands for the key from now on, for an hour without a request or twelve in
/// all.
#[utoipa::path(
    post,
    path = "/v1/sign-in",
    operation_id = "sign_in",
    request_body = ShowKey,
    responses(
        (status = 200, description = "The person is signed in.", body = RequesterView),
        (status = 401, description = "The key is not known and good."),
        (status = 403, description = "The request comes from a page of another origin, or the key may not be used from here."),
        (status = 429, description = "The key made too many requests in this minute."),
    ),
)]
async fn sign_in(
    State(app): State<Arc<SignIns>>,
    mut parts: Parts,
    Body(shown): Body<ShowKey>,
) -> Result<Response, Problem> {
    let signed_in = app.gatekeeper.sign_in(&mut parts, shown.key.expose()).await?;
    app.signed_in(signed_in).await
}

/// Ends the sign-in that the request came with.
#[utoipa::path(
    delete,
    path = "/v1/sign-in",
    operation_id = "sign_out",
    responses((status = 204, description = "The person is signed out.")),
)]
async fn sign_out(
    State(app): State<Arc<SignIns>>,
    requester: Requester,
    parts: Parts,
) -> Result<Response, Problem> {
    app.signed_out(&parts, &requester, false).await
}

/// Ends every sign-in with the key of this one, in all browsers.
#[utoipa::path(
    delete,
    path = "/v1/sign-in/all",
    operation_id = "sign_out_everywhere",
    responses((status = 204, description = "Everybody who was signed in with the key is signed out.")),
)]
async fn sign_out_everywhere(
    State(app): State<Arc<SignIns>>,
    requester: Requester,
    parts: Parts,
) -> Result<Response, Problem> {
    app.signed_out(&parts, &requester, true).await
}

/// Whose key the request came with, and what it may do; of a member also the businesses that the person may switch to.
#[utoipa::path(
    get,
    path = "/v1/sign-in",
    operation_id = "get_requester",
    responses((status = 200, description = "The key and its scopes.", body = RequesterView)),
)]
async fn requester(State(app): State<Arc<SignIns>>, requester: Requester) -> Result<Response, Problem> {
    let businesses = app.businesses(&requester).await?;
    Ok(Json(RequesterView::new(&requester, businesses)).into_response())
}

impl SignIns {
    async fn signed_in(&self, SignedIn { requester, cookie }: SignedIn) -> Result<Response, Problem> {
        let businesses = self.businesses(&requester).await?;
        let view = Json(RequesterView::new(&requester, businesses));
        Ok(([(header::SET_COOKIE, cookie)], view).into_response())
    }

    async fn signed_out(
        &self,
        parts: &Parts,
        requester: &Requester,
        everywhere: bool,
    ) -> Result<Response, Problem> {
        let cookie = self.gatekeeper.sign_out(parts, requester, everywhere).await?;
        let mut answer = StatusCode::NO_CONTENT.into_response();
        if let Some(cookie) = cookie {
            answer.headers_mut().insert(header::SET_COOKIE, cookie);
        }
        Ok(answer)
    }
}
