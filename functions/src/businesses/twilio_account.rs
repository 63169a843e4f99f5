//! The Twilio account that a business brings in place of the deployment's.
//!
//! Its keys are kept in the business's secret in Secrets Manager, which only this function writes; the profile says which
//! account new calls begin in. The secret comes first when an account is set, and last when it is left, so that a crash in
//! between leaves an account with its keys, and the same request again completes it. One request changes it at a time: the
//! profile says until when the others wait.

mod shapes;

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::access::Scope;
use domain::ids::AccountSid;
use domain::own_account::{AccountKeys, OwnAccounts};
use domain::{Business, BusinessId, Secret};
use http::StatusCode;
use platform::Clock;
use platform::business_secrets::{Unavailable, Writer as Secrets};
use providers::twilio_rest::{TwilioAccounts, TwilioError};
use stores::businesses::{Reader, Saved, Versioned, Writer};
use utoipa_axum::routes;

use crate::edge::answer::no_content;
use crate::edge::api::ApiFunction;
use crate::edge::api::admission::Gatekeeper;
use crate::edge::api::input::Body;
use crate::edge::api::requester::Tenant;
use crate::edge::api::routes::Routes;
use crate::edge::parts::parts;
use crate::edge::problem::Problem;
use shapes::{AccountView, NewAccount, TwilioView, WantedAccount};

/// A change that others overtake is tried so often with what they left.
const TRIES: usize = 5;

parts! {
    pub struct TwilioAccount {
        gatekeeper: Gatekeeper,
        clock: Clock,
        reader: Reader,
        writer: Writer,
        secrets: Secrets,
        twilio: TwilioAccounts,
    }
}

impl ApiFunction for TwilioAccount {
    const NAME: &'static str = "twilio-account";

    fn gatekeeper(&self) -> &Gatekeeper {
        &self.gatekeeper
    }

    fn routes() -> Routes<Arc<Self>> {
        Routes::new()
            .of_business(Scope::SecretsRead, routes!(show))
            .of_business(Scope::SecretsWrite, routes!(set))
            .of_business(Scope::SecretsWrite, routes!(leave))
    }
}

/// The Twilio account that the business brought, if it brought one. Its tokens are never shown.
#[utoipa::path(get, path = "/v1/twilio", operation_id = "get_twilio_account",
    tag = "businesses", responses((status = 200, body = TwilioView), (status = 409, description = "The account's keys were removed from the secret store.")))]
async fn show(State(app): State<Arc<TwilioAccount>>, tenant: Tenant) -> Result<Response, Problem> {
    let business = app.profile(&tenant.0).await?.value;
    let Some(account) = business.twilio_account else {
        return Ok(Json(TwilioView { own: None }).into_response());
    };
    let stored = app.secrets.stored(&tenant.0).await.map_err(unavailable)?;
    // The profile names an account whose keys were removed by hand: nothing works until they are set again.
    let keys = stored.keys(&account, app.clock.now()).ok_or_else(|| {
        Problem::new(StatusCode::CONFLICT, "keys missing")
            .detail(format!("the keys of {account} are not kept any more: set them again"))
    })?;
    Ok(Json(TwilioView { own: Some(AccountView::new(keys)) }).into_response())
}

/// Has the business's calls begin in a Twilio account of its own from now on. The account is asked with the token first,
/// and nothing is changed if it refuses it. Setting the same account again changes its tokens. Calls in progress stay in
/// the account that they began in.
#[utoipa::path(put, path = "/v1/twilio", operation_id = "set_twilio_account",
    tag = "businesses", request_body = NewAccount,
    responses(
        (status = 200, body = AccountView),
        (status = 409, description = "Twilio refuses the account or its token, or it is the deployment's own account, or another change is under way."),
        (status = 502, description = "Twilio does not say whether the token is right. Nothing was changed."),
    ))]
async fn set(
    State(app): State<Arc<TwilioAccount>>,
    tenant: Tenant,
    Body(wish): Body<NewAccount>,
) -> Result<Response, Problem> {
    let WantedAccount { account, auth_token, previous_auth_token } = wish.read()?;
    app.profile(&tenant.0).await?;
    if account == *app.twilio.deployment().account_sid() {
        return Err(Problem::new(StatusCode::CONFLICT, "deployment's account").detail(
            "it is the account of the deployment: a business uses that one as long as it has none of its own",
        ));
    }
    app.try_out(&account, &auth_token).await?;
    app.begin(&tenant.0).await?;
    let now = app.clock.now();
    let keys =
        AccountKeys { account: account.clone(), auth_token, previous_auth_token, set_at: now, left_at: None };
    let stored = app.secrets.stored(&tenant.0).await.map_err(unavailable)?.with(keys.clone(), now);
    app.secrets.store(&tenant.0, &stored).await.map_err(unavailable)?;
    app.switch(&tenant.0, Some(&account), stored).await?;
    tracing::info!(business = %tenant.0, %account, "a business uses its own Twilio account");
    Ok(Json(AccountView::new(&keys)).into_response())
}

/// Has the business's calls begin in the deployment's Twilio account again. Calls in progress stay in the account that they
/// began in, whose keys are kept for 30 days, for their callbacks and recordings. Move the business's numbers to the
/// deployment's account first: calls that still come from the other one are refused.
#[utoipa::path(delete, path = "/v1/twilio", operation_id = "leave_twilio_account",
    tag = "businesses",
    responses(
        (status = 204, description = "New calls begin in the deployment's account."),
        (status = 409, description = "Another change is under way."),
    ))]
async fn leave(State(app): State<Arc<TwilioAccount>>, tenant: Tenant) -> Result<Response, Problem> {
    let business = app.profile(&tenant.0).await?.value;
    if business.twilio_account.is_none() && business.twilio_keys_until.is_none() {
        return Ok(no_content());
    }
    app.begin(&tenant.0).await?;
    let stored = app.secrets.stored(&tenant.0).await.map_err(unavailable)?;
    app.switch(&tenant.0, None, stored).await?;
    tracing::info!(business = %tenant.0, "a business uses the deployment's Twilio account again");
    Ok(no_content())
}

impl TwilioAccount {
    async fn profile(&self, id: &BusinessId) -> Result<Versioned<Business>, Problem> {
        self.reader.profile(id).await?.ok_or_else(|| Problem::not_found("business"))
    }

    /// Whether the token opens the account.
    async fn try_out(&self, account: &AccountSid, token: &Secret) -> Result<(), Problem> {
        let refused = |why: &str| Err(Problem::new(StatusCode::CONFLICT, "refused by twilio").detail(why));
        match self.twilio.on_trial(account, token.clone()).account().await {
            Ok(found) if found.status == "active" => Ok(()),
            Ok(found) => refused(&format!("the account is {}: Twilio's console says why", found.status)),
            Err(TwilioError::Auth | TwilioError::NotFound) => refused(
                "Twilio refuses this account sid with this auth token: copy both from the same account",
            ),
            Err(error) => {
                tracing::warn!(%error, %account, "a Twilio account is not tried out");
                Err(Problem::new(StatusCode::BAD_GATEWAY, "twilio failed").detail(error.to_string()))
            }
        }
    }

    /// Takes the turn to change the account.
    async fn begin(&self, id: &BusinessId) -> Result<(), Problem> {
        let busy = |wait: Duration| {
            Problem::new(StatusCode::CONFLICT, "change under way")
                .detail("another request changes the Twilio account of the business: send this one again")
                .retry_after(wait.as_secs().max(1))
        };
        self.change(id, |business| business.begin_twilio_change(self.clock.now()).map_err(busy)).await
    }

    /// Has new calls begin in `to`, notes when the keys of the accounts that are left are over, and ends the turn.
    async fn switch(
        &self,
        id: &BusinessId,
        to: Option<&AccountSid>,
        stored: OwnAccounts,
    ) -> Result<(), Problem> {
        let left = stored.clone().leaving_others(to, self.clock.now());
        let switched = |business: &mut Business| {
            business.twilio_account = to.cloned();
            business.twilio_keys_until = left.left_until();
            Ok(())
        };
        self.change(id, switched).await?;
        if left != stored {
            self.secrets.store(id, &left).await.map_err(unavailable)?;
        }
        let ended = |business: &mut Business| {
            business.twilio_change_until = None;
            Ok(())
        };
        self.change(id, ended).await
    }

    /// Changes the profile, whatever others change in it meanwhile.
    async fn change(
        &self,
        id: &BusinessId,
        change: impl Fn(&mut Business) -> Result<(), Problem>,
    ) -> Result<(), Problem> {
        for _ in 0..TRIES {
            let Versioned { value: mut business, version } = self.profile(id).await?;
            change(&mut business)?;
            if let Saved::Done(_) = self.writer.change(&business, version).await? {
                return Ok(());
            }
        }
        Err(Problem::unavailable())
    }
}

fn unavailable(error: Unavailable) -> Problem {
    tracing::error!(%error, "a business's secret");
    Problem::unavailable()
}
