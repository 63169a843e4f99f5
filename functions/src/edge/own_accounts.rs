//! Webhooks of Twilio accounts that businesses brought: whose keys they must be signed with.
//!
//! A webhook names its account, and may lie. What it says about a call that is open here must come from the account and
//! the business of that call; what it says about another call, or about a text, from the business that has the number. Only the keys of
//! that one business are tried, so that no business's signature is good for another's call.

use std::time::Duration;

use domain::ids::AccountSid;
use domain::own_account::{OwnAccounts, Signer};
use domain::{BusinessId, CallSid, PhoneNumber};
use moka::future::Cache;
use platform::Clock;
use platform::business_secrets::{self, Unavailable};
use stores::{StoreError, businesses, calls};
use twilio::Party;
use twilio::form::Form;
use twilio::signature::{self, Verifier};

use super::parts::parts;

/// How stale the owner of a number may be.
const OWNER_TTL: Duration = Duration::from_secs(30);
/// Numbers whose owners are held at once.
const MAX_OWNERS: u64 = 10_000;

/// Who has a number. No secret is looked for of a business that never brought an account.
#[derive(Debug, Clone)]
struct Owner {
    business: BusinessId,
    /// The account that it brought.
    account: Option<AccountSid>,
    /// Whether keys of accounts that it left are kept.
    left_some: bool,
}

type Owners = Cache<PhoneNumber, Owner>;

parts! {
    pub(super) struct BroughtAccounts {
        clock: Clock,
        calls: calls::Reader,
        businesses: businesses::Reader,
        secrets: business_secrets::Reader,
        owners: Owners = Cache::builder().max_capacity(MAX_OWNERS).time_to_live(OWNER_TTL).build(),
    }
}

/// Why a webhook of an account that is not the deployment's is not believed.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotBelieved {
    #[error("no business has brought this account for the call or number")]
    NoOwner,
    #[error(transparent)]
    Signature(#[from] signature::Refused),
    /// The call is one of the account, and there are no keys to check with.
    #[error("the keys of the business's Twilio account are not kept")]
    NoKeys,
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a webhook carries of its signature.
#[derive(Clone, Copy)]
pub(super) struct Signed<'a> {
    pub(super) url: &'a str,
    pub(super) signature: &'a str,
    pub(super) settings: Option<&'a str>,
}

impl BroughtAccounts {
    /// Who signed the form, if it was signed with keys of the one business that it may come from. Keys that do not fit are
    /// read once more, since they may have been changed.
    pub(super) async fn verify(
        &self,
        account: AccountSid,
        form: Form,
        signed: Signed<'_>,
    ) -> Result<(signature::Verified<Form>, Signer), NotBelieved> {
        // A request without one is refused before anything is read for it.
        if signed.signature.is_empty() {
            return Err(signature::Refused::Unsigned.into());
        }
        let business = self.whose(&account, &form).await?.ok_or(NotBelieved::NoOwner)?;
        let held = self.secrets.of(&business).await?;
        let verified = match self.check(held.as_deref(), &account, form.clone(), signed) {
            Err(NotBelieved::Signature(signature::Refused::Mismatch) | NotBelieved::NoKeys) => {
                let anew = self.secrets.again(&business).await?;
                self.check(anew.as_deref(), &account, form, signed)?
            }
            checked => checked?,
        };
        Ok((verified, Signer { account, business: Some(business) }))
    }

    fn check(
        &self,
        accounts: Option<&OwnAccounts>,
        account: &AccountSid,
        form: Form,
        Signed { url, signature, settings }: Signed<'_>,
    ) -> Result<signature::Verified<Form>, NotBelieved> {
        let keys = accounts.and_then(|accounts| accounts.keys(account, self.clock.now()));
        let tokens = keys.ok_or(NotBelieved::NoKeys)?.tokens().map(|token| token.expose());
        let verifier = Verifier::configured(tokens, []).map_err(|_| NotBelieved::NoKeys)?;
        Ok(verifier.verify_form(url, form, signature, settings)?)
    }

    /// The business that the webhook must come from.
    async fn whose(&self, account: &AccountSid, form: &Form) -> Result<Option<BusinessId>, StoreError> {
        // A leg belongs to the call that dialled it.
        let sid = form.first("ParentCallSid").filter(|sid| !sid.is_empty()).or_else(|| form.first("CallSid"));
        match sid.and_then(|sid| CallSid::parse(sid).ok()) {
            Some(sid) => {
                if let Some(call) = self.calls.call(&sid).await? {
                    return Ok((call.account == *account).then_some(call.business));
                }
            }
            // A text is of no call: its number says whose it is.
            None if form.first("MessageSid").is_some_and(|sid| !sid.is_empty()) => {}
            None => return Ok(None),
        }
        let mut had_another = None;
        for name in ["To", "From"] {
            let number = form.first(name).and_then(|text| Party::parse(text).called_number());
            let Some(number) = number.and_then(|text| PhoneNumber::parse(&text).ok()) else { continue };
            let Some(owner) = self.owner(&number).await? else { continue };
            if owner.account.as_ref() == Some(account) {
                return Ok(Some(owner.business));
            }
            if owner.left_some && had_another.is_none() {
                had_another = Some(owner.business);
            }
        }
        Ok(had_another)
    }

    /// The business that has the number.
    async fn owner(&self, number: &PhoneNumber) -> Result<Option<Owner>, StoreError> {
        if let Some(owner) = self.owners.get(number).await {
            return Ok(Some(owner));
        }
        let Some(own) = self.businesses.number(number).await? else { return Ok(None) };
        let id = own.business;
        let Some(business) = self.businesses.business(&id).await? else { return Ok(None) };
        let owner = Owner {
            business: id,
            account: business.twilio_account,
            left_some: business.twilio_keys_until.is_some_and(|until| until > self.clock.now()),
        };
        self.owners.insert(number.clone(), owner.clone()).await;
        Ok(Some(owner))
    }
}
