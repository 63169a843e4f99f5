//! The accounts that calls are carried by, and where the token of each is.

use domain::ids::AccountSid;
use domain::own_account::OwnAccounts;
use domain::{BusinessId, Secret};
use platform::Clock;
use platform::business_secrets::{self, Unavailable};
use url::Url;

use super::{TwilioError, TwilioRest};

/// Why a request has no answer.
pub(super) enum Unsent {
    Keys(TwilioError),
    Http(reqwest::Error),
}

impl From<Unsent> for TwilioError {
    fn from(unsent: Unsent) -> Self {
        match unsent {
            Unsent::Keys(error) => error,
            Unsent::Http(_) => Self::Transient,
        }
    }
}

/// Where an account's token is.
#[derive(Debug, Clone)]
pub(super) enum Token {
    Fixed(Secret),
    /// In the secret of the business that brought the account.
    OfBusiness {
        secrets: business_secrets::Reader,
        business: BusinessId,
        clock: Clock,
    },
}

impl Token {
    pub(super) async fn current(&self, account: &AccountSid) -> Result<Secret, Unsent> {
        let found = match self {
            Self::Fixed(token) => return Ok(token.clone()),
            Self::OfBusiness { secrets, business, .. } => secrets.of(business).await,
        };
        let found = found.map_err(|Unavailable { .. }| Unsent::Keys(TwilioError::KeysUnavailable))?;
        self.of(account, found.as_deref()).ok_or(Unsent::Keys(TwilioError::NoKeys))
    }

    /// The token by now, if it is another one than `refused`.
    pub(super) async fn instead_of(&self, refused: &Secret, account: &AccountSid) -> Option<Secret> {
        let Self::OfBusiness { secrets, business, .. } = self else { return None };
        let found = secrets.again(business).await.ok()?;
        self.of(account, found.as_deref()).filter(|token| token != refused)
    }

    fn of(&self, account: &AccountSid, found: Option<&OwnAccounts>) -> Option<Secret> {
        let Self::OfBusiness { clock, .. } = self else { return None };
        Some(found?.keys(account, clock.now())?.auth_token.clone())
    }
}

/// Every account that calls are carried by: the deployment's, and those that businesses brought.
#[derive(Debug, Clone)]
pub struct TwilioAccounts {
    deployment: TwilioRest,
    base: Url,
    secrets: business_secrets::Reader,
    clock: Clock,
}

impl TwilioAccounts {
    /// `deployment` is the deployment's own account at `base`.
    pub fn new(deployment: TwilioRest, base: Url, secrets: business_secrets::Reader, clock: Clock) -> Self {
        Self { deployment, base, secrets, clock }
    }

    /// The deployment's own account.
    pub const fn deployment(&self) -> &TwilioRest {
        &self.deployment
    }

    /// The account that a call of the business is carried by, whether the business has it or has left it.
    pub fn of_call(&self, account: &AccountSid, business: &BusinessId) -> TwilioRest {
        if account == self.deployment.account_sid() {
            return self.deployment.clone();
        }
        let (secrets, clock) = (self.secrets.clone(), self.clock.clone());
        let token = Token::OfBusiness { secrets, business: business.clone(), clock };
        self.deployment.other(&self.base, account, token)
    }

    /// The account that new calls of the business begin in, and that has its numbers: the one that it `brought`, if it did.
    pub fn of_business(&self, business: &BusinessId, brought: Option<&AccountSid>) -> TwilioRest {
        match brought {
            Some(account) => self.of_call(account, business),
            None => self.deployment.clone(),
        }
    }

    /// An account with a token that is not stored yet.
    pub fn on_trial(&self, account: &AccountSid, token: Secret) -> TwilioRest {
        self.deployment.other(&self.base, account, Token::Fixed(token))
    }
}
