//! Calls of a campaign that is stopped with a goodbye: the agent of each that runs is asked to end it, as a person may ask, and one
//! that still rings is given up. What becomes of the call then settles its entry, as after any call.

use domain::campaign::Campaign;
use domain::campaign::entry::State;
use domain::{ActionId, BusinessId, Call, CallAction, CallSid};
use platform::Clock;
use providers::twilio_rest::{TwilioAccounts, TwilioError};
use stores::StoreError;
use stores::actions::{Asked, Requests};
use stores::calls;
use stores::campaigns::Reader;

use crate::edge::parts::parts;

parts! {
    /// Ends calls.
    pub(super) struct Ending {
        clock: Clock,
        reader: Reader,
        calls: calls::Reader,
        actions: Requests,
        twilio: TwilioAccounts,
    }
}

impl Ending {
    /// Has every call of the campaign ended that is known, each once: the action is kept under the name of the campaign.
    pub(super) async fn end(&self, business: &BusinessId, campaign: &Campaign) -> Result<(), StoreError> {
        for number in self.reader.busy(business, &campaign.id).await? {
            let seen = self.reader.entry(business, &campaign.id, number).await?;
            let Some(State::Calling { call, .. }) = seen.map(|seen| seen.entry.state) else { continue };
            if let Some(call) = self.calls.call(&call).await? {
                Box::pin(self.end_one(campaign, &call)).await?;
            }
        }
        Ok(())
    }

    async fn end_one(&self, campaign: &Campaign, call: &Call) -> Result<(), StoreError> {
        if CallAction::End.fits_call(call).is_ok() {
            return self.ask(campaign, &call.sid).await;
        }
        if CallAction::Cancel.fits_call(call).is_err() {
            return Ok(());
        }
        match self.twilio.of_call(&call.account, &call.business).cancel(&call.sid).await {
            // It was answered, or ended, since it was looked at: the next look says which.
            Ok(()) | Err(TwilioError::NotFound) => {}
            Err(error) => {
                tracing::warn!(campaign = %campaign.id, call = %call.sid, %error,
                    "a call of a campaign that is stopped is not given up yet");
            }
        }
        Ok(())
    }

    /// Asks the call's session to end it, once.
    async fn ask(&self, campaign: &Campaign, call: &CallSid) -> Result<(), StoreError> {
        let id = ActionId::of(call, &format!("stop:{}", campaign.id));
        match self.actions.ask(call, &id, &CallAction::End, self.clock.now()).await? {
            Asked::New(_) => tracing::info!(campaign = %campaign.id, %call, "a call of a campaign is to end"),
            Asked::Existing(_) => {}
            Asked::TooMany | Asked::KeyTaken => {
                tracing::warn!(campaign = %campaign.id, %call, "a call of a campaign ends by itself alone");
            }
        }
        Ok(())
    }
}
