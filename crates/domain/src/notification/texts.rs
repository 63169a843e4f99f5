//! Notifications as texts: who sends them to whom, and what they say.

use std::collections::BTreeMap;

use super::words::Words;
use super::{Address, TemplateName};
use crate::PhoneNumber;
use crate::texts::outgoing::Content;
use crate::texts::template::{MAX_VALUE_CHARS, Template};
use crate::texts::{Body, Carrier, Handle, Medium, Sender};

/// A notification as a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextTold {
    /// From.
    pub sender: Sender,
    /// To.
    pub person: Handle,
    /// What it says.
    pub content: Content,
}

impl Address {
    /// The sender of texts to it; `None`: it is told by no text.
    pub fn sender(&self) -> Option<Sender> {
        let sender =
            |medium, number: &PhoneNumber, carrier| Sender { medium, number: number.clone(), carrier };
        match self {
            Self::Sms { from, .. } => Some(sender(Medium::Sms, from, Carrier::Twilio)),
            Self::WhatsApp { from, phone_number_id, .. } => {
                let carrier = phone_number_id
                    .as_ref()
                    .map_or(Carrier::Twilio, |id| Carrier::Meta { phone_number_id: id.clone() });
                Some(sender(Medium::WhatsApp, from, carrier))
            }
            Self::Slack { .. } | Self::Teams { .. } | Self::Email { .. } => None,
        }
    }

    /// These words as a text to it; `None`: it is told by no text.
    pub fn text(&self, words: &Words) -> Option<TextTold> {
        let sender = self.sender()?;
        let (to, template) = match self {
            Self::Sms { to, .. } => (to, None),
            Self::WhatsApp { to, template, .. } => (to, template.as_ref()),
            Self::Slack { .. } | Self::Teams { .. } | Self::Email { .. } => return None,
        };
        let content = match template {
            Some(template) => Content::Template(template.filled(words)),
            None => Content::Words(Body::received(&words.plain())),
        };
        Some(TextTold { sender, person: Handle::parse(to.as_e164()).ok()?, content })
    }
}

impl TemplateName {
    /// The template with these words in its places.
    pub fn filled(&self, words: &Words) -> Template {
        let value = |text: &str| text.chars().take(MAX_VALUE_CHARS).collect::<String>();
        let places = [("1", value(&words.title)), ("2", value(&words.text)), ("3", value(&words.link))];
        let variables: BTreeMap<String, String> =
            places.into_iter().map(|(place, text)| (place.to_owned(), text)).collect();
        Template { name: self.name.clone(), language: self.language.clone(), variables }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notification::words::{Told, What, Who};

    fn words() -> Words {
        let link = "https://calls.example/console#/b/harbour/messages?n=7";
        let who = Who { name: Some("Dana"), number: None };
        Words::of(&Told { business: "Harbour", what: What::Voicemail, who, link }, "en")
    }

    fn number(text: &str) -> PhoneNumber {
        PhoneNumber::parse(text).unwrap()
    }

    #[test]
    fn a_text_comes_from_the_business_and_says_all_or_fills_a_template_in() {
        let (to, from) = (number("+12025550178"), number("+12025550100"));
        let sms = Address::Sms { to: to.clone(), from: from.clone() }.text(&words()).unwrap();
        assert_eq!((sms.person.as_str(), &sms.sender.number), ("+12025550178", &from));
        assert!(matches!(&sms.content, Content::Words(body) if body.as_str().ends_with("?n=7")));
        let template = Some(TemplateName { name: "told".into(), language: Some("en".into()) });
        let phone_number_id = Some("1055".to_owned());
        let address = Address::WhatsApp { to, from, phone_number_id, template };
        let text = address.text(&words()).unwrap();
        let Content::Template(filled) = &text.content else { panic!() };
        assert_eq!(filled.check(&text.sender.carrier), Ok(()));
        assert_eq!(filled.variables["2"], "Dana left a recorded message.");
        assert!(!address.can_be_asked(), "Meta has no list");
    }
}
