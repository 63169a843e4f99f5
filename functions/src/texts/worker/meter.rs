//! What the agent's replies add to their business's month.

use domain::Timestamp;
use domain::cost::{CallCost, PriceList, TextUsage};
use domain::texts::thread::Thread;
use domain::usage::Entry;
use domain::zone::Zone;
use stores::{StoreError, usage};

use crate::edge::parts::parts;

parts! {
    pub(super) struct Meter {
        usage: usage::Writer,
        prices: PriceList => |needs| needs.prices(),
    }
}

impl Meter {
    /// Adds what the reply used that was begun in this step of the thread, to a month of the business's `zone`. To do it again
    /// changes nothing.
    pub(super) async fn add(
        &self,
        thread: &Thread,
        used: &[TextUsage],
        now: Timestamp,
        zone: &Zone,
    ) -> Result<(), StoreError> {
        let cost = CallCost::of_text(used, &self.prices);
        self.usage.add(Entry::of_reply(thread, &cost, now, zone)).await.map(drop)
    }
}
