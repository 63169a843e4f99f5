//! Sending texts, by either carrier. What a refusal means is `domain::texts::failure`'s.

use std::time::Duration;

use domain::Timestamp;
use domain::texts::failure::Failure;
use domain::texts::outgoing::{Answered, Content, Delivery, Fate, VALIDITY};
use domain::texts::template::Template;
use domain::texts::{Handle, Medium, Sender};
use meta::graph::Outgoing;
use platform::clock;
use twilio::rest::{MessageContent, MessageResource, NewMessage};

use crate::meta_graph::{GraphError, MetaGraph};
use crate::twilio_rest::{SendError, TwilioError, TwilioRest};

/// How far the carrier's clock may be behind ours.
const CLOCKS: Duration = Duration::from_secs(10);

/// A text on its way to a carrier.
#[derive(Debug, Clone, Copy)]
pub struct Letter<'a> {
    /// From.
    pub sender: &'a Sender,
    /// To.
    pub person: &'a Handle,
    /// What it says.
    pub content: &'a Content,
    /// Our own name of it, which comes back with what becomes of it.
    pub send_id: &'a str,
    /// Where Twilio reports that; `None`: no function waits for it.
    pub status_callback: Option<&'a str>,
    /// The end of its words by which it is known among others to the same person; `None`: all of them.
    pub known_by: Option<&'a str>,
}

/// A text that a carrier has taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// The carrier's name of it.
    pub key: String,
    /// Where it stands.
    pub fate: Fate,
}

/// Why a carrier has not taken a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotTaken {
    /// It certainly has not.
    #[error("the carrier does not take the text: {}", .failure.as_str())]
    Refused {
        /// What that means.
        failure: Failure,
        /// The carrier's code.
        code: Option<u32>,
        /// How long the carrier wants to be left alone.
        after: Option<Duration>,
    },
    /// It may have.
    #[error("it is not known whether the carrier has taken the text")]
    Unknown,
}

/// What sends texts: an account at a carrier.
pub trait Texts: Send + Sync {
    /// Asks the carrier to send a text, once.
    fn send(&self, letter: &Letter<'_>) -> impl Future<Output = Result<Taken, NotTaken>> + Send;

    /// Whether the carrier has taken a text whose answer was lost, `since` it was asked. `None`: it has not, or does not tell.
    fn look_up(
        &self,
        letter: &Letter<'_>,
        since: Timestamp,
    ) -> impl Future<Output = Result<Option<Taken>, NotTaken>> + Send;

    /// What became of a text that the carrier has taken under this name.
    fn ask(&self, key: &str) -> impl Future<Output = Answered> + Send;

    /// Shows the person that an answer to their text is being written. It is a courtesy: what fails is not told.
    fn show_writing(&self, sender: &Sender, text: &str) -> impl Future<Output = ()> + Send;
}

/// The sender as Twilio writes it.
fn from(sender: &Sender) -> String {
    match sender.medium {
        Medium::Sms => sender.number.as_e164().to_owned(),
        Medium::WhatsApp => format!("whatsapp:{}", sender.number.as_e164()),
    }
}

/// The person as Twilio writes them. A handle that came from Twilio is sent back as it is.
fn to(sender: &Sender, person: &Handle) -> String {
    let text = person.as_str();
    match sender.medium {
        Medium::WhatsApp if !text.starts_with("whatsapp:") => match person.phone() {
            Some(number) => format!("whatsapp:{}", number.as_e164()),
            None => format!("whatsapp:{text}"),
        },
        Medium::WhatsApp | Medium::Sms => text.to_owned(),
    }
}

fn taken(message: &MessageResource) -> Option<Taken> {
    let delivery = Delivery::of_twilio(&message.status).unwrap_or(Delivery::Accepted);
    let fate = Fate { delivery, code: message.error_code };
    message.sid().map(|sid| Taken { key: sid.as_str().to_owned(), fate })
}

fn refused(error: TwilioError, code: Option<u32>) -> NotTaken {
    let (failure, after) = match error {
        TwilioError::RateLimited { after } => (Failure::SenderBusy, after),
        TwilioError::Auth | TwilioError::NoKeys | TwilioError::Settings(_) => (Failure::Credentials, None),
        TwilioError::Transient | TwilioError::KeysUnavailable => (Failure::Passing, None),
        TwilioError::NotFound => (code.map_or(Failure::Refused, Failure::of_twilio), None),
        TwilioError::Permanent(code) => (Failure::of_twilio(code), None),
    };
    NotTaken::Refused { failure, code, after }
}

impl Texts for TwilioRest {
    async fn send(&self, letter: &Letter<'_>) -> Result<Taken, NotTaken> {
        let variables = variables(letter.content);
        let content = match letter.content {
            Content::Words(body) => MessageContent::Body(body.as_str()),
            Content::Template(Template { name, .. }) => {
                MessageContent::Template { content_sid: name, variables: &variables }
            }
        };
        let new = NewMessage {
            to: &to(letter.sender, letter.person),
            from: &from(letter.sender),
            content,
            status_callback: letter.status_callback,
            validity_s: u32::try_from(VALIDITY.as_secs()).unwrap_or(u32::MAX),
        };
        let message = self.send_text(&new).await.map_err(|error| match error {
            SendError::NotTaken { error, code } => refused(error, code),
            SendError::Unknown => NotTaken::Unknown,
        })?;
        taken(&message).ok_or(NotTaken::Unknown)
    }

    /// By what it says: Twilio keeps no name of ours. Of a template it does not tell that, so the newest is taken.
    async fn look_up(&self, letter: &Letter<'_>, since: Timestamp) -> Result<Option<Taken>, NotTaken> {
        let (from, to) = (from(letter.sender), to(letter.sender, letter.person));
        let earliest = since.minus(CLOCKS);
        let day: String = clock::rfc3339(earliest).chars().take(10).collect();
        let found = self.texts_between(&from, &to, &day).await.map_err(|error| refused(error, None))?;
        let is_it = |message: &&MessageResource| {
            let created = message.date_created.as_deref().and_then(clock::from_rfc2822);
            let is_new = created.is_none_or(|created| created >= earliest);
            is_new
                && match letter.content {
                    Content::Words(body) => match letter.known_by {
                        Some(end) => message.body.ends_with(end),
                        None => message.body == body.as_str(),
                    },
                    Content::Template(_) => true,
                }
        };
        Ok(found.iter().find(is_it).and_then(taken))
    }

    async fn ask(&self, key: &str) -> Answered {
        match self.text(key).await {
            Ok(message) => Delivery::of_twilio(&message.status).map_or(Answered::Nothing, |delivery| {
                Answered::Stands(Fate { delivery, code: message.error_code })
            }),
            Err(TwilioError::NotFound) => Answered::NoSuchText,
            Err(error) => {
                tracing::warn!(%error, "Twilio does not say what became of a text");
                Answered::Nothing
            }
        }
    }

    async fn show_writing(&self, sender: &Sender, text: &str) {
        if sender.medium == Medium::WhatsApp
            && let Err(error) = TwilioRest::show_writing(self, text).await
        {
            tracing::debug!(%error, "the sign of writing was not shown");
        }
    }
}

/// What a template's places hold, as Twilio wants it: a JSON object of texts.
fn variables(content: &Content) -> String {
    match content {
        Content::Words(_) => String::new(),
        Content::Template(template) => serde_json::to_string(&template.variables).unwrap_or_default(),
    }
}

/// A sender at Meta.
#[derive(Debug, Clone)]
pub struct MetaSender {
    /// The API.
    pub graph: MetaGraph,
    /// Meta's name of the sender.
    pub phone_number_id: String,
}

impl Texts for MetaSender {
    async fn send(&self, letter: &Letter<'_>) -> Result<Taken, NotTaken> {
        let phone = letter.person.phone();
        let person = phone.as_ref().map_or_else(|| letter.person.as_str(), |number| number.as_e164());
        let person = person.strip_prefix("whatsapp:").unwrap_or(person);
        let sent = match letter.content {
            Content::Words(body) => {
                let text = Outgoing::words(person, body.as_str(), letter.send_id);
                self.graph.send(&self.phone_number_id, &text).await
            }
            Content::Template(template) => {
                let (places, language) =
                    (template.in_order(), template.language.as_deref().unwrap_or_default());
                let text = Outgoing::template(person, &template.name, language, &places, letter.send_id);
                self.graph.send(&self.phone_number_id, &text).await
            }
        };
        match sent {
            Ok(key) => Ok(Taken { key, fate: Fate::of(Delivery::Accepted) }),
            Err(GraphError::Refused { code }) => {
                let failure = match code {
                    401 => Failure::Credentials,
                    429 => Failure::SenderBusy,
                    code => Failure::of_meta(code),
                };
                Err(NotTaken::Refused { failure, code: Some(code), after: None })
            }
            Err(GraphError::NotSent) => {
                Err(NotTaken::Refused { failure: Failure::Passing, code: None, after: None })
            }
            Err(GraphError::Settings(_)) => {
                Err(NotTaken::Refused { failure: Failure::Credentials, code: None, after: None })
            }
            Err(GraphError::Unknown) => Err(NotTaken::Unknown),
        }
    }

    /// Meta has no list of what was sent: only a callback tells.
    async fn look_up(&self, _: &Letter<'_>, _: Timestamp) -> Result<Option<Taken>, NotTaken> {
        Ok(None)
    }

    /// Meta has no request for that either.
    async fn ask(&self, _: &str) -> Answered {
        Answered::CannotBeAsked
    }

    async fn show_writing(&self, _: &Sender, text: &str) {
        if let Err(error) = self.graph.show_writing(&self.phone_number_id, text).await {
            tracing::debug!(%error, "the sign of writing was not shown");
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::PhoneNumber;
    use domain::texts::Carrier;

    use super::*;

    #[test]
    fn an_answer_goes_to_the_address_that_the_text_came_from() {
        let number = PhoneNumber::parse("+43720123456").unwrap();
        let sender = |medium| Sender { medium, number: number.clone(), carrier: Carrier::Twilio };
        let to = |medium, text: &str| to(&sender(medium), &Handle::parse(text).unwrap());
        for same in
            ["whatsapp:+436641234567", "whatsapp:US.13491208655302741918", "whatsapp:ID.4566546130240823"]
        {
            assert_eq!(to(Medium::WhatsApp, same), same);
        }
        assert_eq!(to(Medium::Sms, "+436641234567"), "+436641234567");
        // A sender that came to Twilio from Meta.
        assert_eq!(to(Medium::WhatsApp, "436641234567"), "whatsapp:+436641234567");
        assert_eq!(to(Medium::WhatsApp, "US.1349"), "whatsapp:US.1349");
        assert_eq!(from(&sender(Medium::WhatsApp)), "whatsapp:+43720123456");
    }

    #[test]
    fn what_twilio_refuses_is_read_by_its_code() {
        let failure = |error, code| match refused(error, code) {
            NotTaken::Refused { failure, .. } => failure,
            NotTaken::Unknown => panic!("it is known"),
        };
        assert_eq!(failure(TwilioError::Permanent(63_016), Some(63_016)), Failure::WindowClosed);
        assert_eq!(failure(TwilioError::Permanent(21_610), Some(21_610)), Failure::OptedOut);
        assert_eq!(failure(TwilioError::RateLimited { after: None }, Some(20_429)), Failure::SenderBusy);
        assert_eq!(failure(TwilioError::Auth, None), Failure::Credentials);
    }
}
