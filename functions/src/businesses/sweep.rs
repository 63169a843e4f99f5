//! Deletes businesses whose time to be taken back is over.

use domain::Timestamp;
use domain::access::KeyOwner;
use stores::businesses::{Listed, Reader, Writer};
use stores::{StoreError, keys};

use crate::edge::ScheduledFunction;
use crate::edge::batch::JobError;
use crate::edge::parts::parts;
use crate::edge::tally::Tally;

/// Businesses that are listed at one time.
const PAGE: usize = 100;

parts! {
    pub struct Sweep {
        reader: Reader,
        writer: Writer,
        keys: keys::Reader,
        keys_writer: keys::Writer,
    }
}

impl ScheduledFunction for Sweep {
    const NAME: &'static str = "business-sweep";

    async fn tick(&self, now: Timestamp) -> Result<(), JobError> {
        let (mut leaving, mut after) = (vec![], None);
        loop {
            let page = self.reader.list(None, Some("leaving"), PAGE, after.as_ref()).await?;
            leaving.extend(page.businesses);
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        let (mut deleted, mut failed) = (Tally::default(), Tally::default());
        for Listed { id, .. } in leaving {
            let profile = self.reader.business(&id).await?;
            // Without a profile, an earlier tick came no further.
            if profile.is_some_and(|business| !business.standing.is_gone(now)) {
                continue;
            }
            match self.delete(&id, now).await {
                Ok(()) => deleted.add("business", &id),
                Err(error) => failed.add("business", format_args!("{id}: {error}")),
            }
        }
        deleted.tell("businesses are deleted", |_, _| ());
        failed.complain("businesses are not deleted");
        Ok(())
    }
}

impl Sweep {
    /// The keys first: nothing is asked for a business that is half there.
    async fn delete(&self, id: &domain::BusinessId, now: Timestamp) -> Result<(), StoreError> {
        for key in self.keys.of(&KeyOwner::Business(id.clone())).await? {
            let mut revoked = key.clone();
            revoked.revoke(now);
            if revoked != key {
                // Overtaken by another tick that revokes it, or by its holder: the next tick looks again.
                self.keys_writer.replace(Some(&key), &revoked).await?;
            }
        }
        self.writer.delete(id).await
    }
}
