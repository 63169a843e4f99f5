//! The caches in front of a call's settings.
//!
//! Two caches with two rules: the *published pointer* of a business is re-read every 30 s; a *compiled prompt*
//! ([`PromptCache`]) is kept under everything that it is made of, so it is never invalidated, only evicted.

use std::sync::Arc;
use std::time::Duration;

use domain::numbers::SettingsChannel;
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
    by_number: Cache<PhoneNumber, (BusinessId, SettingsChannel)>,
    published: Cache<(BusinessId, SettingsChannel), Arc<Published>>,
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

    /// The business that owns a number, with the settings that the number's calls run with. Absence is never cached: a
    /// number just provisioned works at once.
    pub(crate) async fn of_number(&self, number: &PhoneNumber) -> Result<Option<Arc<Published>>, StoreError> {
        let (business, channel) = match self.by_number.get(number).await {
            Some(known) => known,
            None => {
                let Some(own) = self.businesses.number(number).await? else { return Ok(None) };
                let known = (own.business, own.settings);
                self.by_number.insert(number.clone(), known.clone()).await;
                known
            }
        };
        self.on_channel(&business, channel).await
    }

    /// What is remembered of the business that owns a number, without asking the store.
    pub(crate) async fn remembered(&self, number: &PhoneNumber) -> Option<Arc<Published>> {
        self.published.get(&self.by_number.get(number).await?).await
    }

    /// The published settings of a business.
    pub(crate) async fn of_business(
        &self,
        business: &BusinessId,
    ) -> Result<Option<Arc<Published>>, StoreError> {
        self.on_channel(business, SettingsChannel::Published).await
    }

    /// The settings of a channel. A number's channel is there as long as the number is on it; were it not, a call would
    /// run with what is published.
    async fn on_channel(
        &self,
        business: &BusinessId,
        channel: SettingsChannel,
    ) -> Result<Option<Arc<Published>>, StoreError> {
        let key = (business.clone(), channel);
        if let Some(published) = self.published.get(&key).await {
            return Ok(Some(published));
        }
        let mut found = self.businesses.on_channel(business, &key.1).await?;
        if found.is_none() && key.1 != SettingsChannel::Published {
            tracing::error!(%business, channel = key.1.as_str(), "a number is on a settings channel that is gone");
            found = self.businesses.published(business).await?;
        }
        let Some(published) = found.map(Arc::new) else { return Ok(None) };
        self.published.insert(key, Arc::clone(&published)).await;
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

    /// The business of a call with the revision that it began with, and the call's own language first. `None` for a call
    /// that began without a revision.
    pub(crate) async fn of_call(&self, call: &Call) -> Result<Option<Arc<Published>>, StoreError> {
        let Some(revision) = call.revision else { return Ok(None) };
        let pinned = self.pinned(&call.business, revision).await?;
        Ok(pinned.map(|pinned| opening_in(pinned, call.language())))
    }

    /// The compiled prompt of a prompts' channel.
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

/// The settings of a call whose agent opens in this language.
pub(crate) fn opening_in(published: Arc<Published>, language: Option<&str>) -> Arc<Published> {
    if language.is_none() {
        return published;
    }
    let Published { business, settings } = Arc::unwrap_or_clone(published);
    Arc::new(Published { business, settings: settings.opening_in(language) })
}
