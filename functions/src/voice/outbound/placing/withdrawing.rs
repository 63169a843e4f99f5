//! Taking an order back, and finding out what became of it.

use domain::outbound::AtMost;
use domain::{BusinessId, CallSid, DialId};
use stores::businesses::Published;
use stores::leases::{Begun, WorkKind};

use super::{KEPT, Placing, REFUSED, SETTLED_AFTER, in_progress, outcome};
use crate::edge::problem::Problem;

/// What the lease keeps of an order that was taken back.
const WITHDRAWN: &str = "refused:withdrawn";

impl Placing {
    /// The call that came of the order of this key. `None`: none did, and none ever will: an executor that was asleep finds the
    /// order taken back.
    ///
    /// # Errors
    /// A [`Problem`] while that is not known: another executor is at it, or Twilio's list cannot be read.
    pub(in crate::voice) async fn withdraw(
        &self,
        business: &BusinessId,
        key: &str,
    ) -> Result<Option<CallSid>, Problem> {
        let id = DialId::of(business, key);
        if let Some(call) = self.linked(&id).await? {
            return Ok(Some(call));
        }
        let now = self.clock.now();
        let lease = match self.leases.begin(WorkKind::Dial, id.as_str(), SETTLED_AFTER, now).await? {
            Begun::Won(lease) => lease,
            Begun::Done { result } if result.starts_with(REFUSED) => return Ok(None),
            Begun::Done { result } => return outcome(&result).map(Some),
            Begun::InProgress { until } => return Err(in_progress(until, now)),
        };
        let dial = self.ordered.dials.get(&id).await?;
        if let Some(dial) = &dial
            && lease.epoch > 1
            && let Some(call) = self.find(dial).await?
        {
            return Ok(Some(self.placed(&lease, dial, call).await?));
        }
        self.leases.finish(&lease, WITHDRAWN, KEPT).await.map_err(|error| self.lost(error))?;
        if let Some(dial) = &dial {
            self.release(dial, dial.slots.as_ref()).await;
        }
        Ok(None)
    }

    /// The call that an order of this key has come to, as far as its webhooks have said so.
    ///
    /// # Errors
    /// A [`Problem`] of the store.
    pub(in crate::voice) async fn known_call(
        &self,
        business: &BusinessId,
        key: &str,
    ) -> Result<Option<CallSid>, Problem> {
        Ok(self.linked(&DialId::of(business, key)).await?)
    }

    /// The most that a call of these settings may come to.
    pub(in crate::voice) fn most(&self, published: &Published) -> AtMost {
        self.policy.most(published)
    }
}
