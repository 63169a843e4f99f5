//! Compiled prompts, each under everything that it is made of.
//!
//! A miss costs tens of microseconds and no read: the settings are here by then. To store the compiled text with its revision
//! would cost a read for each sandbox and each revision in place of that, and it would keep the product's own rules as
//! they were at the day of publication.

use std::sync::Arc;

use domain::prompt::{self, Channel, Compiled, NoPrompt};
use domain::{BusinessId, Revision};
use moka::future::Cache;
use platform::telemetry::{self, Unit};
use stores::businesses::Published;

/// Compiled prompts held at once.
const MAX_PROMPTS: u64 = 1_000;

/// What a compiled prompt is made of: a revision never changes, and of the profile the prompt holds the name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct PromptKey {
    business: BusinessId,
    name: String,
    revision: Revision,
    channel: Channel,
    language: Option<String>,
}

pub(crate) struct PromptCache(Cache<PromptKey, Arc<Compiled>>);

impl Default for PromptCache {
    fn default() -> Self {
        Self(Cache::new(MAX_PROMPTS))
    }
}

impl PromptCache {
    /// The compiled prompt of a channel, for an agent that opens in `language` or in the business's first one.
    ///
    /// # Errors
    /// [`NoPrompt`].
    pub(crate) async fn get(
        &self,
        Published { business, settings }: &Published,
        channel: Channel,
        language: Option<&str>,
    ) -> Result<Arc<Compiled>, NoPrompt> {
        let key = PromptKey {
            business: business.id.clone(),
            name: business.name.clone(),
            revision: settings.revision,
            channel,
            language: language.map(str::to_owned),
        };
        let held = self.0.get(&key).await;
        // Its average is the hit rate.
        telemetry::metric("PromptCacheHits", f64::from(u8::from(held.is_some())), Unit::Count, &[]);
        if let Some(compiled) = held {
            return Ok(compiled);
        }
        let compiled = Arc::new(prompt::compile(business, settings, channel, language)?);
        self.0.insert(key, Arc::clone(&compiled)).await;
        Ok(compiled)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use domain::testing;

    use super::*;

    const BUSINESSES: usize = 20;
    const SANDBOXES: usize = 4;
    const CALLS: usize = 2_000;

    /// The same random numbers at every run.
    struct Draw(u64);

    impl Draw {
        /// The index of a weight, by the weights.
        fn of(&mut self, weights: &[u64]) -> usize {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            let mut left = self.0 % weights.iter().sum::<u64>();
            let found = weights.iter().position(|weight| match left.checked_sub(*weight) {
                Some(rest) => {
                    left = rest;
                    false
                }
                None => true,
            });
            found.unwrap_or_default()
        }
    }

    fn published(business: usize, revision: u32) -> Published {
        let id = BusinessId::parse(&format!("b{business}")).unwrap();
        let business = domain::Business { id, ..testing::business() };
        Published {
            business,
            settings: domain::Settings { revision: Revision(revision), ..testing::settings() },
        }
    }

    /// A few businesses have most of the calls, the first sandbox that is free takes a call, and every business publishes
    /// anew in the meantime.
    #[tokio::test]
    async fn nine_of_ten_calls_find_their_prompt_compiled() {
        let caches: Vec<PromptCache> = (0..SANDBOXES).map(|_| PromptCache::default()).collect();
        let by_business: Vec<u64> = (1..=BUSINESSES as u64).map(|rank| 1_000 / rank).collect();
        let by_sandbox = [55, 25, 13, 7];
        let (mut draw, mut seen, mut found) = (Draw(0x5EED), BTreeSet::new(), 0);
        for call in 0..CALLS {
            let (business, sandbox) = (draw.of(&by_business), draw.of(&by_sandbox));
            let revision = if call * BUSINESSES < CALLS * (business + 1) { 1 } else { 2 };
            let compiled =
                caches[sandbox].get(&published(business, revision), Channel::Inbound, None).await.unwrap();
            // The caches keep it, so no other one gets its place.
            found += usize::from(!seen.insert(Arc::as_ptr(&compiled) as usize));
        }
        assert!(found * 10 > CALLS * 9, "{found} of {CALLS}");
        assert!(seen.len() > BUSINESSES * SANDBOXES, "every sandbox compiles for itself: {}", seen.len());
    }

    #[tokio::test]
    async fn a_business_that_is_renamed_is_called_by_its_new_name() {
        let cache = PromptCache::default();
        let before = published(1, 1);
        let mut after = before.clone();
        after.business.name = "Castle Bicycle Workshop".into();
        let greeting = async |published: &Published| {
            cache.get(published, Channel::Inbound, None).await.unwrap().greeting.clone()
        };
        assert!(greeting(&before).await.contains("Harbour"));
        assert!(greeting(&after).await.contains("Castle"));
    }
}
