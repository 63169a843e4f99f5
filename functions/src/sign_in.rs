//! A person signs in at the console with a key, and out again. The key is shown once; a cookie stands for it.

mod shapes;

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{StatusCode, header};
use utoipa_axum::routes;

use crate::edge::api::ApiFunction;
use crate::edge::api::admission::{Gatekeeper, SignedIn};
use crate::edge::api::input::Body;
use crate::edge::api::requester::Requester;
use crate::edge::api::routes::Routes;
use crate::edge::parts::parts;
use crate::edge::problem::Problem;
use shapes::{RequesterView, ShowKey};

parts! {
    pub struct SignIns {
        gatekeeper: Gatekeeper,
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
    let SignedIn { requester, cookie } = app.gatekeeper.sign_in(&mut parts, shown.key.expose()).await?;
    Ok(([(header::SET_COOKIE, cookie)], Json(RequesterView::new(&requester))).into_response())
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

/// Whose key the request came with, and what it may do.
#[utoipa::path(
    get,
    path = "/v1/sign-in",
    operation_id = "get_requester",
    responses((status = 200, description = "The key and its scopes.", body = RequesterView)),
)]
async fn requester(requester: Requester) -> Response {
    Json(RequesterView::new(&requester)).into_response()
}

impl SignIns {
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
