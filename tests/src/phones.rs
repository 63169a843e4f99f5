//! Customers with telephones who text with a world's business.

use std::time::Duration;

use domain::business::ChannelPrompt;
use functions::businesses::provision::NewBusiness;
use simulator::openai::{Answer, ApiRequest, OpenAiConfig};
use simulator::phone::{Person, Phone, Received};

use crate::{World, WorldConfig};

/// A customer's number.
pub const NUMBER: &str = "+436641234567";
/// The id of a customer who hides their number.
pub const USER_ID: &str = "AT.13491208655302741918";

/// A little longer than a burst waits for its reply.
pub const BURST: Duration = Duration::from_secs(3);

/// A business whose agent answers texts, one after another with these words.
pub fn answering(answers: &[&str]) -> WorldConfig {
    answering_with(answers.iter().map(|words| Answer::Text((*words).to_owned())).collect())
}

/// A business whose agent answers texts with what the model gives, one after another.
pub fn answering_with(answers: Vec<Answer>) -> WorldConfig {
    WorldConfig {
        openai: OpenAiConfig { answers, ..OpenAiConfig::default() },
        business: answers_texts,
        ..WorldConfig::default()
    }
}

/// A business whose agent answers texts.
pub fn answers_texts(new: &mut NewBusiness) {
    let prompt = ChannelPrompt::new("You are Robin of {{business_name}}. Answer in writing.", "");
    new.settings.prompts.whatsapp = Some(prompt);
}

/// What a phone goes over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// SMS, over Twilio.
    Sms,
    /// WhatsApp, over Twilio.
    WhatsApp,
    /// WhatsApp, over Meta itself. The world needs an app there.
    Meta,
}

impl Way {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Sms, Self::WhatsApp, Self::Meta];
}

impl World {
    /// The customer with [`NUMBER`].
    pub fn phone(&self, way: Way) -> Phone {
        self.phone_of(way, Person::with_number(NUMBER))
    }

    /// Another person's phone.
    pub fn phone_of(&self, way: Way, person: Person) -> Phone {
        let number = self.business.number.as_e164();
        let mut webhook = self.url("/twilio/messages");
        webhook.set_fragment(Some(functions::edge::verified_form::DELIVERY));
        match way {
            Way::Sms => Phone::sms(&self.twilio, person, number, webhook),
            Way::WhatsApp => Phone::whatsapp(&self.twilio, person, number, webhook),
            Way::Meta => Phone::meta(self.meta(), person, crate::world::sender(&self.business.number)),
        }
    }

    /// What has arrived at a phone, once it is this number of texts.
    ///
    /// # Panics
    /// If they do not come.
    pub async fn arrives(&self, phone: &Phone, count: usize) -> Vec<Received> {
        let look = || async {
            let received = phone.received();
            (received.len() >= count).then_some(received)
        };
        self.until(look).await
    }

    /// The pause after a burst has passed, and nothing waits in the queue of texts any more, however long it was delayed.
    pub async fn texts_settle(&self) {
        self.time_passes(BURST);
        self.works_everything_off(&["TextsQueue"]).await;
    }

    /// What a text model was asked.
    pub fn asked_of_model(&self) -> Vec<ApiRequest> {
        self.openai.requests().into_iter().filter(|request| request.path == "/v1/responses").collect()
    }
}
