//! Makes a business callable: profile, number, first settings revision, published pointer, API key.
//!
//! Every step is a conditional write, so doing it again changes nothing and doing it halfway is repaired by
//! doing it again.

use domain::tools::InvalidToolbox;
use domain::{Business, PhoneNumber, Secret, Settings};
use stores::StoreError;
use stores::businesses::Writer;

#[derive(Debug, Clone)]
pub struct NewBusiness {
    pub business: Business,
    pub number: PhoneNumber,
    pub settings: Settings,
    /// Stored as a hash only; this is the last place that knows it.
    pub api_key: Secret,
}

#[derive(Debug, thiserror::Error)]
pub enum ProvisionError {
    #[error(transparent)]
    Tools(#[from] InvalidToolbox),
    #[error(transparent)]
    Store(#[from] StoreError),
}

pub async fn provision(businesses: &Writer, new: &NewBusiness) -> Result<(), ProvisionError> {
    new.settings.tools.check()?;
    Ok(businesses.provision(&new.business, &new.number, &new.settings, &new.api_key).await?)
}
