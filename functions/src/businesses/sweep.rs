//! Deletes businesses whose time to be taken back is over, and Twilio keys that are of no use any more.

use domain::access::KeyOwner;
use domain::{BusinessId, Timestamp};
use platform::business_secrets;
use platform::objects::Objects;
use stores::businesses::{Listed, Reader, Saved, Versioned, Writer};
use stores::{StoreError, endpoints, keys, members, notifications, texts};

use crate::edge::ScheduledFunction;
use crate::edge::batch::JobError;
use crate::edge::parts::parts;
use crate::edge::tally::Tally;

parts! {
    pub struct Sweep {
        reader: Reader,
        writer: Writer,
        keys: keys::Reader,
        keys_writer: keys::Writer,
        members: members::Eraser,
        endpoints: endpoints::Eraser,
        notifications: notifications::Eraser,
        texts: texts::Eraser,
        objects: Objects,
        secrets: business_secrets::Writer,
    }
}

impl ScheduledFunction for Sweep {
    const NAME: &'static str = "business-sweep";

    async fn tick(&self, now: Timestamp) -> Result<(), JobError> {
        let (mut deleted, mut failed) = (Tally::default(), Tally::default());
        for Listed { id, .. } in self.reader.every(Some("leaving"), usize::MAX).await?.0 {
            let profile = self.reader.business(&id).await?;
            // Without a profile, an earlier tick came no further.
            if profile.is_some_and(|business| !business.standing.is_gone(now)) {
                continue;
            }
            match self.delete(&id, now).await {
                Ok(true) => deleted.add("business", &id),
                // It has more texts than one tick deletes: the next one goes on.
                Ok(false) => {}
                Err(error) => failed.add("business", format_args!("{id}: {error}")),
            }
        }
        deleted.tell("businesses are deleted", |_, _| ());
        failed.complain("businesses are not deleted");
        self.forget_keys(now).await
    }
}

impl Sweep {
    /// The API keys first: nothing is asked for a business that is half there. `false`: it is not over yet.
    async fn delete(&self, id: &BusinessId, now: Timestamp) -> Result<bool, SweepError> {
        for key in self.keys.of(&KeyOwner::Business(id.clone())).await? {
            let mut revoked = key.clone();
            revoked.revoke(now);
            if revoked != key {
                // Overtaken by another tick that revokes it, or by its holder: the next tick looks again.
                self.keys_writer.replace(Some(&key), &revoked).await?;
            }
            if key.member.is_some() {
                self.members.forget(&key.id).await?;
            }
        }
        let forget = |objects: Vec<String>| async move {
            let all = objects.iter().map(|key| self.objects.delete(key));
            futures_util::future::try_join_all(all).await.is_ok()
        };
        if !self.texts.erase(id, forget).await? {
            return Ok(false);
        }
        self.endpoints.erase(id).await?;
        self.notifications.erase(id).await?;
        self.secrets.delete(id).await?;
        self.writer.delete(id).await?;
        Ok(true)
    }

    /// Deletes the secrets that are of no use any more: of businesses that went back to the deployment's account, once the
    /// keys of the last account that they left are over.
    async fn forget_keys(&self, now: Timestamp) -> Result<(), JobError> {
        let (mut forgotten, mut failed) = (Tally::default(), Tally::default());
        for Listed { id, .. } in self.reader.every(None, usize::MAX).await?.0 {
            match self.forget_keys_of(&id, now).await {
                Ok(true) => forgotten.add("business", &id),
                Ok(false) => {}
                Err(error) => failed.add("business", format_args!("{id}: {error}")),
            }
        }
        forgotten.tell("businesses' Twilio keys are deleted", |_, _| ());
        failed.complain("businesses' Twilio keys are not deleted");
        Ok(())
    }

    /// The secret first: what is noted leads to it.
    async fn forget_keys_of(&self, id: &BusinessId, now: Timestamp) -> Result<bool, SweepError> {
        let Some(Versioned { value: mut business, version }) = self.reader.profile(id).await? else {
            return Ok(false);
        };
        if business.twilio_keys_until.is_none_or(|until| until > now)
            || business.begin_twilio_change(now).is_err()
        {
            return Ok(false);
        }
        let Saved::Done(version) = self.writer.change(&business, version).await? else { return Ok(false) };
        // What was left is over by its own date; the next change of the keys leaves it out.
        if business.twilio_account.is_none() {
            self.secrets.delete(id).await?;
        }
        business.twilio_keys_until = None;
        business.twilio_change_until = None;
        Ok(matches!(self.writer.change(&business, version).await?, Saved::Done(_)))
    }
}

#[derive(Debug, thiserror::Error)]
enum SweepError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Secret(#[from] business_secrets::Unavailable),
}
