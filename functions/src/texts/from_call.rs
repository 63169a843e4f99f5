//! A text to a person who is on the telephone, as the agent promised it: to the number of the call, and to no other.

use domain::Direction;
use domain::texts::call_text::CallText;
use domain::texts::outgoing::{Author, Content};
use domain::texts::{Carrier, Handle, Medium, Sender};
use platform::telemetry::{Unit, metric};
use stores::calls;

use super::people::People;
use super::steps::{StepError, Threads};
use super::unasked::Unasked;

impl Threads {
    /// Keeps the text in the person's thread, once, and has it sent.
    pub(super) async fn promised(
        &self,
        calls: &calls::Reader,
        people: &People,
        asked: &CallText,
    ) -> Result<(), StepError> {
        let call = calls.call(&asked.call).await?.filter(|call| call.business == asked.business);
        let parties = call.as_ref().and_then(|call| {
            let own = match call.direction {
                Direction::Outbound => call.from.number(),
                Direction::Inbound | Direction::Test | Direction::Unknown => call.to.as_ref(),
            };
            Some((own?.clone(), call.other_party()?.clone()))
        });
        let Some((own, person)) = parties else {
            tracing::warn!(call = %asked.call, "a text for a call without two numbers");
            not_sent("no_number");
            return Ok(());
        };
        let Ok(handle) = Handle::parse(person.as_e164()) else { return Ok(()) };
        let sender = Sender { medium: Medium::Sms, number: own, carrier: Carrier::Twilio };
        let text = Unasked {
            name: format!("call-{}-{}", asked.call, asked.name),
            business: &asked.business,
            sender: &sender,
            person: &handle,
            author: Author::Call { call: asked.call.clone() },
            content: Content::Words(asked.text.clone()),
            shows_refusal: false,
        };
        if let Err(why) = self.send_unasked(people, &text).await? {
            not_sent(why.as_str());
        }
        Ok(())
    }
}

fn not_sent(why: &'static str) {
    metric("TextsNotSent", 1.0, Unit::Count, &[("Reason", why)]);
}
