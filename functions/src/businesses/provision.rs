//! Makes a business callable: profile, number, first settings revision, published pointer, API key.
//!
//! Every step is a conditional write, so doing it again changes nothing and doing it halfway is repaired by
//! doing it again.

use domain::access::{ApiKey, InvalidKey, KeyOwner, Mistake, NewKey, Role};
use domain::tools::InvalidToolbox;
use domain::{Business, PhoneNumber, Secret, Settings, Timestamp};
use stores::{StoreError, businesses, keys};

#[derive(Debug, Clone)]
pub struct NewBusiness {
    pub business: Business,
    pub number: PhoneNumber,
    pub settings: Settings,
    /// Its owner's key. It is stored as a hash only; this is the last place that knows it.
    pub api_key: Secret,
}

#[derive(Debug, thiserror::Error)]
pub enum ProvisionError {
    #[error(transparent)]
    Tools(#[from] InvalidToolbox),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    KeyText(#[from] InvalidKey),
    #[error("the API key cannot be made: {}", .0.iter().map(Mistake::to_string).collect::<Vec<_>>().join("; "))]
    Key(Vec<Mistake>),
}

/// Where a business is written to.
#[derive(Debug, Clone, Copy)]
pub struct Writers<'a> {
    pub businesses: &'a businesses::Writer,
    pub keys: &'a keys::Writer,
}

pub async fn provision(to: Writers<'_>, new: &NewBusiness, now: Timestamp) -> Result<(), ProvisionError> {
    new.settings.tools.check()?;
    let owner = KeyOwner::Business(new.business.id.clone());
    let wish = NewKey { name: "owner".to_owned(), role: Some(Role::Owner), ..NewKey::default() };
    let key = wish.issue(owner, &ApiKey::parse(new.api_key.expose())?, now, None);
    // First, so that nothing is written for a key that another business has.
    to.keys.add(&key.map_err(ProvisionError::Key)?).await?;
    Ok(to.businesses.provision(&new.business, &new.number, &new.settings).await?)
}
