//! How near a business is to the caps on its month, when a call is about to be let in.
//!
//! Only a business with caps costs a read, and calls that come in share one for half a minute. The sum has the calls
//! that are settled; those that run are not in it, and neither are those of the last half minute.

use std::time::Duration;

use domain::usage::{Level, Month, Reading, standing};
use domain::{Business, BusinessId, Timestamp};
use moka::future::Cache;
use stores::usage::MonthSum;
use stores::{StoreError, usage};

use crate::edge::parts::{Needs, Opener, Part};

/// How stale the sum may be by which a call that comes in is judged.
const REMEMBERED_FOR: Duration = Duration::from_secs(30);
const MAX_REMEMBERED: u64 = 10_000;
/// A caller does not wait longer for it.
const PATIENCE: Duration = Duration::from_millis(500);

pub(super) struct MonthCaps {
    usage: usage::Reader,
    sums: Cache<(BusinessId, Month), MonthSum>,
}

impl Part for MonthCaps {
    fn declare(needs: &mut Needs<'_>) -> Opener<Self> {
        let usage = usage::Reader::declare(needs);
        Box::new(move |deployment| {
            let sums = Cache::builder().max_capacity(MAX_REMEMBERED).time_to_live(REMEMBERED_FOR).build();
            Ok(Self { usage: usage(deployment)?, sums })
        })
    }
}

impl MonthCaps {
    /// Whether a call that comes in now is beyond a cap. A sum that cannot be read in time refuses no caller.
    pub(super) async fn refuse_inbound(&self, business: &Business, now: Timestamp) -> bool {
        if business.caps.is_none() {
            return false;
        }
        let key = (business.id.clone(), Month::of(now, &business.zone()));
        let (id, month) = key.clone();
        let read = async move { self.usage.month(&id, month).await };
        let read = Box::pin(self.sums.try_get_with(key, Box::pin(read)));
        let sum = match tokio::time::timeout(PATIENCE, read).await {
            Ok(Ok(sum)) => sum,
            Ok(Err(error)) => {
                tracing::error!(%error, business = %business.id, "let in without a look at the month's sum");
                return false;
            }
            Err(_) => {
                tracing::error!(business = %business.id, "let in without a look at the month's sum: no answer in time");
                return false;
            }
        };
        standing(&sum.figures, &business.caps).is_some_and(|reading| reading.level == Level::Reached)
    }

    /// The cap that is nearest to being reached, by the sum as it is now.
    pub(super) async fn standing(
        &self,
        business: &Business,
        now: Timestamp,
    ) -> Result<Option<Reading>, StoreError> {
        if business.caps.is_none() {
            return Ok(None);
        }
        let sum = self.usage.month(&business.id, Month::of(now, &business.zone())).await?;
        Ok(standing(&sum.figures, &business.caps))
    }
}
