//! The way to the issuer and back.
//!
//! An attempt begins with a request of our own page, so that no foreign page can begin one, and no link can make a person
//! a member who did not ask for it. What the browser keeps of it, and what comes back from the issuer, must be of one
//! attempt, which is taken once. If something goes wrong on the way back, the person is sent to the console with a word that
//! it has a sentence for: nothing that the issuer or a link says is shown.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{AppendHeaders, IntoResponse, Response};
use domain::access::oidc::{Attempt, AttemptToken, NotSignedIn, Person};
use domain::access::{ApiKey, Membership, NotInvited, StoredKey};
use http::request::Parts;
use http::{HeaderValue, StatusCode, header};
use platform::telemetry::{Unit, metric};
use providers::oidc::{Oidc, OidcError, Request, Return};
use stores::members::Accepted;

use super::SignIns;
use super::shapes::{BeginSignIn, BegunSignIn, CameBack, IssuerView};
use crate::edge::address;
use crate::edge::api::credential;
use crate::edge::api::input::Body;
use crate::edge::problem::Problem;

/// Where the issuer sends a browser back to.
const CALLBACK: &str = "/v1/sign-in/oidc/callback";

/// How people may sign in at this deployment.
#[utoipa::path(
    get,
    path = "/v1/sign-in/oidc",
    operation_id = "get_issuer",
    responses((status = 200, description = "The issuer, if there is one.", body = IssuerView)),
)]
pub(super) async fn issuer(State(app): State<Arc<SignIns>>) -> Response {
    Json(IssuerView { issuer: app.issuer.0.as_ref().map(Oidc::host) }).into_response()
}

/// Begins an attempt to sign in through the issuer, and says where it goes on. `Set-Cookie` binds it to the browser.
#[utoipa::path(
    post,
    path = "/v1/sign-in/oidc",
    operation_id = "begin_sign_in",
    request_body = BeginSignIn,
    responses(
        (status = 200, description = "The issuer's page.", body = BegunSignIn),
        (status = 403, description = "The request comes from a page of another origin."),
        (status = 409, description = "The deployment has no issuer, or the invitation cannot be accepted any more."),
    ),
)]
pub(super) async fn begin(
    State(app): State<Arc<SignIns>>,
    parts: Parts,
    Body(wish): Body<BeginSignIn>,
) -> Result<Response, Problem> {
    credential::of_our_page(&parts)?;
    let issuer = app.issuer.get()?;
    let invited = match &wish.invitation {
        Some(text) => Some(app.invited(text.expose()).await?.id),
        None => None,
    };
    let random = platform::random::bytes().ok_or_else(Problem::unavailable)?;
    let token = AttemptToken::of_random(&random);
    let (state, nonce) = (token.state(), token.nonce(&app.token_key));
    let request = Request {
        redirect_uri: &app.callback(),
        state: &state,
        nonce: &nonce,
        challenge: &token.challenge(&app.token_key),
    };
    let url = issuer.sign_in_at(request).await.map_err(|error| {
        complain(error);
        Problem::unavailable()
            .detail("the issuer through which people sign in cannot be used: try again shortly")
    })?;
    app.attempts.begin(&state, &Attempt { began_at: app.clock.now(), invited }).await?;
    let cookie = credential::set_attempt(&parts, Some(&token)).ok_or_else(Problem::unavailable)?;
    Ok(([(header::SET_COOKIE, cookie)], Json(BegunSignIn { url: url.as_str() })).into_response())
}

/// Where the issuer sends the browser back to. The person is sent on to the console: signed in, or with the reason why not
/// as `sign-in` behind its `#`.
#[utoipa::path(
    get,
    path = "/v1/sign-in/oidc/callback",
    operation_id = "end_sign_in",
    params(CameBack),
    responses((status = 303, description = "On to the console.")),
)]
pub(super) async fn come_back(State(app): State<Arc<SignIns>>, mut parts: Parts) -> Response {
    let begun = credential::attempt(&parts);
    let came = match axum::extract::Query::<CameBack>::try_from_uri(&parts.uri) {
        Ok(axum::extract::Query(came)) => Box::pin(app.came_back(&mut parts, begun, came)).await,
        Err(_) => Err(NotSignedIn::IssuerAnswer),
    };
    let (place, signed_in) = match came {
        Ok(cookie) => (String::new(), Some(cookie)),
        Err(reason) => {
            tracing::info!(reason = reason.as_str(), "a person is not signed in");
            (format!("#/?sign-in={}", reason.as_str()), None)
        }
    };
    let location = format!("{}{place}", address::of(&app.base, "/console"));
    let cookies = [credential::set_attempt(&parts, None), signed_in].into_iter().flatten();
    let cookies: Vec<_> = cookies.map(|cookie: HeaderValue| (header::SET_COOKIE, cookie)).collect();
    (StatusCode::SEE_OTHER, [(header::LOCATION, location)], AppendHeaders(cookies)).into_response()
}

impl SignIns {
    /// The address that is registered at the issuer.
    fn callback(&self) -> String {
        address::of(&self.base, CALLBACK)
    }

    /// The member whom a link invites, if the invitation may be accepted.
    async fn invited(&self, text: &str) -> Result<StoredKey, Problem> {
        let refused = |reason: NotInvited| {
            Problem::new(StatusCode::CONFLICT, "not invited").code(reason.code()).detail(reason.to_string())
        };
        let unknown = || refused(NotInvited::InvitationUnknown);
        let shown = ApiKey::parse(text.trim()).map_err(|_| unknown())?;
        let key = self.keys.key(&shown.id()).await?.ok_or_else(unknown)?;
        match key.invited_with(&shown, self.clock.now()) {
            Ok(()) => Ok(key),
            // The member whose link it is may use it again, to sign in; any other person is told at the end of the way.
            Err(NotInvited::InvitationOver) if self.members.joined(&key.id).await?.is_some() => Ok(key),
            Err(reason) => Err(refused(reason)),
        }
    }

    async fn came_back(
        &self,
        parts: &mut Parts,
        begun: Option<AttemptToken>,
        came: CameBack,
    ) -> Result<HeaderValue, NotSignedIn> {
        let issuer = self.issuer.0.as_ref().ok_or(NotSignedIn::IssuerAnswer)?;
        let state = came.state.unwrap_or_default();
        let token = begun.filter(|token| token.is(&state)).ok_or(NotSignedIn::AnotherBrowser)?;
        let attempt = self.attempts.take(&state).await.map_err(failed)?;
        let now = self.clock.now();
        let attempt = attempt.filter(|attempt| !attempt.is_over(now)).ok_or(NotSignedIn::AttemptOver)?;
        if came.iss.is_some_and(|named| named != issuer.issuer()) {
            return Err(NotSignedIn::IssuerAnswer);
        }
        let code = match (came.code, came.error.as_deref()) {
            (_, Some("access_denied")) => return Err(NotSignedIn::Cancelled),
            (Some(code), None) => code,
            (None, None) | (_, Some(_)) => return Err(NotSignedIn::IssuerAnswer),
        };
        let returned = Return {
            code: &code,
            redirect_uri: &self.callback(),
            verifier: &token.verifier(&self.token_key),
            nonce: &token.nonce(&self.token_key),
        };
        let person = issuer.identify(returned, now).await.map_err(complain)?;
        let (membership, key) = match attempt.invited {
            Some(id) => {
                let key = self.keys.key(&id).await.map_err(failed)?;
                let key = key.ok_or(NotSignedIn::InvitationUnknown)?;
                (self.join(parts, &key, &person).await?, key)
            }
            None => self.last_used(&person).await?.ok_or(NotSignedIn::NoMember)?,
        };
        let member = membership.prove(&person.id, &key).ok_or(NotSignedIn::NoMember)?;
        let signed_in =
            self.gatekeeper.sign_in_as(parts, member, now).await.map_err(|_| NotSignedIn::Unavailable)?;
        self.joining.note_use(&membership, now).await.map_err(failed)?;
        Ok(signed_in.cookie)
    }

    /// Makes a person the member that was invited, or finds that they are it.
    async fn join(
        &self,
        parts: &mut Parts,
        key: &StoredKey,
        person: &Person,
    ) -> Result<Membership, NotSignedIn> {
        let now = self.clock.now();
        let membership = Membership { person: person.id.clone(), key: key.id.clone(), used_at: now };
        let known = self.members.joined(&key.id).await.map_err(failed)?;
        match known {
            Some(_) if key.revoked_at.is_some() => return Err(NotSignedIn::InvitationUnknown),
            Some(joined) if joined.person == person.id => return Ok(membership),
            Some(_) => return Err(NotSignedIn::InvitationUsed),
            None => key.invited(now)?,
        }
        let noted = self.gatekeeper.note_acceptance(parts, key).await;
        let entry = noted.map_err(|_| NotSignedIn::Unavailable)?;
        let accepted = self.joining.accept(key, person, now).await.map_err(failed)?;
        let (status, outcome) = match accepted {
            Accepted::Done => (StatusCode::SEE_OTHER, Ok(membership)),
            Accepted::Another => (StatusCode::CONFLICT, Err(NotSignedIn::InvitationUsed)),
            Accepted::Overtaken => (StatusCode::CONFLICT, Err(NotSignedIn::InvitationUnknown)),
            Accepted::TooMany => (StatusCode::CONFLICT, Err(NotSignedIn::TooManyBusinesses)),
        };
        self.gatekeeper.note_accepted(&entry, status).await;
        if outcome.is_ok() {
            tracing::info!(key = %key.id, "a person becomes a member");
        }
        outcome
    }

    /// The business that a person signed in to last, of those that they are still a member of.
    async fn last_used(&self, person: &Person) -> Result<Option<(Membership, StoredKey)>, NotSignedIn> {
        for membership in self.members.of(&person.id).await.map_err(failed)? {
            let key = self.keys.key(&membership.key).await.map_err(failed)?;
            if let Some(key) = key.filter(|key| key.revoked_at.is_none()) {
                return Ok(Some((membership, key)));
            }
        }
        Ok(None)
    }
}

fn failed(error: stores::StoreError) -> NotSignedIn {
    tracing::error!(%error, "store failed");
    NotSignedIn::Unavailable
}

/// Tells the operator what is wrong with the issuer, and the person what kind of trouble it is.
fn complain(error: OidcError) -> NotSignedIn {
    tracing::warn!(%error, "the issuer identifies no person");
    let reason = match error {
        OidcError::Unreachable(_) => NotSignedIn::IssuerUnreachable,
        OidcError::Answer(_) | OidcError::Refused { .. } => NotSignedIn::IssuerAnswer,
        OidcError::Signature(_) | OidcError::Token(_) => NotSignedIn::IdToken,
    };
    metric("IssuerFailures", 1.0, Unit::Count, &[("Reason", reason.as_str())]);
    reason
}
