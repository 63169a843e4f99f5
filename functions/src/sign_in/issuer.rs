//! The issuer of the deployment, if it has one.

use http::StatusCode;
use providers::oidc::{Oidc, Registration};

use crate::edge::StartError;
use crate::edge::parts::{Needs, Opener, Part};
use crate::edge::problem::Problem;

/// `None`: people sign in with keys alone.
pub(super) struct SignInIssuer(pub(super) Option<Oidc>);

impl Part for SignInIssuer {
    fn declare(needs: &mut Needs<'_>) -> Opener<Self> {
        let issuer = needs.issuer();
        needs.secrets();
        Box::new(move |deployment| {
            let Some((issuer, client_id)) = issuer else { return Ok(Self(None)) };
            let secret = deployment.secrets()?.oidc_client_secret.clone();
            let client = Oidc::new(Registration { issuer, client_id, secret });
            client.map(|client| Self(Some(client))).map_err(|error| StartError::Other(error.to_string()))
        })
    }
}

impl SignInIssuer {
    /// The issuer.
    ///
    /// # Errors
    /// 409 when the deployment has no issuer.
    pub(super) fn get(&self) -> Result<&Oidc, Problem> {
        self.0.as_ref().ok_or_else(|| {
            Problem::new(StatusCode::CONFLICT, "no issuer")
                .detail("this deployment signs people in with API keys alone: its operator has set no issuer")
        })
    }
}
