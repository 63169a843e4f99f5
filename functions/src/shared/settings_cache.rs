//! The caches in front of a call's settings.
//!
//! Two caches with two rules: the *published pointer* of a business is re-read every 30 s; a *compiled prompt*
//! ([`PromptCache`]) is kept under everything that it is made of, so it is never invalidated, only evicted.

use std::sync::Arc;
use std::time::Duration;

use domain::prompt::{Channel, Compiled, NoPrompt};
use domain::{BusinessId, Call, PhoneNumber, Revision};
use moka::future::Cache;
use stores::StoreError;
use stores::businesses::{self, Published};

use super::prompt_cache::PromptCache;
use crate::edge::parts::{Needs, Opener, Part};

/// How stale a published pointer may be.
const POINTER_TTL: Duration = Duration::from_secs(30);
/// Numbers and businesses held at once.
const MAX_POINTERS: u64 = 10_000;

/// What the functions of calls ask for a call's settings.
pub(crate) struct SettingsCache {
    businesses: businesses::Reader,
    by_number: Cache<PhoneNumber, BusinessId>,
    published: Cache<BusinessId, Arc<Published>>,
    prompts: PromptCache,
}

impl Part for SettingsCache {
    fn declare(needs: &mut Needs<'_>) -> Opener<Self> {
        let businesses = businesses::Reader::declare(needs);
        Box::new(move |deployment| Ok(Self::new(businesses(deployment)?)))
    }
}

impl SettingsCache {
    fn new(businesses: businesses::Reader) -> Self {
        Self {
            businesses,
            by_number: Cache::builder().max_capacity(MAX_POINTERS).time_to_live(POINTER_TTL).build(),
            published: Cache::builder().max_capacity(MAX_POINTERS).time_to_live(POINTER_TTL).build(),
            prompts: PromptCache::default(),
        }
    }

    /// The business that owns a number. Absence is never cached: a number just provisioned works at once.
    pub(crate) async fn of_number(&self, number: &PhoneNumber) -> Result<Option<Arc<Published>>, StoreError> {
        let business = match self.by_number.get(number).await {
            Some(business) => business,
            None => {
                let Some(business) = self.businesses.by_number(number).await? else { return Ok(None) };
                self.by_number.insert(number.clone(), business.clone()).await;
                business
            }
        };
        self.of_business(&business).await
    }

    /// What is remembered of the business that owns a number, without asking the store.
    pub(crate) async fn remembered(&self, number: &PhoneNumber) -> Option<Arc<Published>> {
        self.published.get(&self.by_number.get(number).await?).await
    }

    pub(crate) async fn of_business(
        &self,
        business: &BusinessId,
    ) -> Result<Option<Arc<Published>>, StoreError> {
        if let Some(published) = self.published.get(business).await {
            return Ok(Some(published));
        }
        let Some(published) = self.businesses.published(business).await? else { return Ok(None) };
        let published = Arc::new(published);
        self.published.insert(business.clone(), Arc::clone(&published)).await;
        Ok(Some(published))
    }

    /// The business with the revision that a call began with, published or not by now.
    pub(crate) async fn pinned(
        &self,
        business: &BusinessId,
        revision: Revision,
    ) -> Result<Option<Arc<Published>>, StoreError> {
        let Some(published) = self.of_business(business).await? else { return Ok(None) };
        if published.settings.revision == revision {
            return Ok(Some(published));
        }
        let settings = self.businesses.settings(business, revision).await?;
        let business = || published.business.clone();
        Ok(settings.map(|settings| Arc::new(Published { business: business(), settings })))
    }

    /// The business of a call with the revision that it began with. `None` for a call that began without one.
    pub(crate) async fn of_call(&self, call: &Call) -> Result<Option<Arc<Published>>, StoreError> {
        match call.revision {
            Some(revision) => self.pinned(&call.business, revision).await,
            None => Ok(None),
        }
    }

    /// The compiled prompt of a channel.
    ///
    /// # Errors
    /// [`NoPrompt`].
    pub(crate) async fn prompt(
        &self,
        published: &Published,
        channel: Channel,
        language: Option<&str>,
    ) -> Result<Arc<Compiled>, NoPrompt> {
        self.prompts.get(published, channel, language).await
    }
}
