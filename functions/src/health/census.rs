//! What the businesses of the deployment have set up, read once for all checks that need it.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::ids::AccountSid;
use domain::numbering::{Country, countries};
use domain::{BusinessId, PhoneNumber, Settings};
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use providers::twilio_rest::{TwilioAccounts, TwilioRest};
use stores::StoreError;
use stores::businesses::Reader;

use super::Finding;

/// Businesses that are looked at. What there is beyond them is said.
const MAX_BUSINESSES: usize = 500;
/// Businesses that are read at one time.
const AT_ONCE: usize = 8;

/// What was found; the same for every check.
pub(super) type Found = Result<Arc<Census>, Finding>;

/// The businesses, up to the limit.
pub(super) struct Census {
    pub(super) businesses: Vec<Surveyed>,
    /// There are more than were looked at.
    pub(super) more: bool,
}

/// One business.
pub(super) struct Surveyed {
    pub(super) id: BusinessId,
    pub(super) numbers: Vec<PhoneNumber>,
    /// What is published; none: no calls yet.
    pub(super) settings: Option<Settings>,
    /// The Twilio account that it brought.
    pub(super) twilio_account: Option<AccountSid>,
}

impl Surveyed {
    /// The Twilio account that should have its numbers.
    pub(super) fn account(&self, twilio: &TwilioAccounts) -> TwilioRest {
        twilio.of_business(&self.id, self.twilio_account.as_ref())
    }
}

pub(super) async fn take(businesses: &Reader) -> Found {
    read(businesses).await.map(Arc::new).map_err(|error| Finding::not_proven(error.to_string()))
}

async fn read(businesses: &Reader) -> Result<Census, StoreError> {
    let (listed, more) = businesses.every(None, MAX_BUSINESSES).await?;
    let ids = listed.into_iter().map(|listed| listed.id);
    let read = stream::iter(ids).map(async |id| {
        let (numbers, published, profile) = futures_util::try_join!(
            businesses.numbers(&id),
            businesses.published(&id),
            businesses.business(&id),
        )?;
        Ok(Surveyed {
            id,
            numbers: numbers.into_iter().map(|own| own.number).collect(),
            settings: published.map(|published| published.settings),
            twilio_account: profile.and_then(|profile| profile.twilio_account),
        })
    });
    let businesses = read.buffered(AT_ONCE).try_collect().await?;
    Ok(Census { businesses, more })
}

impl Census {
    /// The models that the businesses' calls ask for, each with the businesses that chose it.
    pub(super) fn models(&self) -> BTreeMap<&str, Vec<&BusinessId>> {
        let mut chosen: BTreeMap<&str, Vec<&BusinessId>> = BTreeMap::new();
        for business in &self.businesses {
            let Some(voice) = business.settings.as_ref().map(|settings| &settings.voice) else { continue };
            for model in std::iter::once(&voice.model).chain(&voice.transcription_model) {
                chosen.entry(model).or_default().push(&business.id);
            }
        }
        chosen
    }

    /// Where calls may be placed to: the countries, by the Twilio account whose calls they are.
    pub(super) fn callable(&self) -> BTreeMap<(Option<&AccountSid>, Country), Callable<'_>> {
        let mut callable = BTreeMap::new();
        for business in &self.businesses {
            let Some(policy) = business.settings.as_ref().map(|settings| &settings.outbound) else {
                continue;
            };
            let account = business.twilio_account.as_ref();
            for country in &policy.countries {
                callable.insert((account, *country), Callable { business, is_named: true });
            }
            if policy.countries.is_empty() {
                for country in business.numbers.iter().flat_map(countries) {
                    callable.entry((account, country)).or_insert(Callable { business, is_named: false });
                }
            }
        }
        callable
    }
}

/// Why a country may be called.
#[derive(Clone, Copy)]
pub(super) struct Callable<'a> {
    /// A business that may call there.
    pub(super) business: &'a Surveyed,
    /// Its policy names the country; otherwise it is only the country of its own number.
    pub(super) is_named: bool,
}
