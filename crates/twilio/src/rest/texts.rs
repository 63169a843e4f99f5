//! Texts over the REST API (Twilio's Messages resource).

use std::fmt;

use serde::Deserialize;

use super::Api;
use crate::{Form, Sid, SidKind};

/// The longest time that Twilio tries to deliver a text, seconds.
pub const MAX_VALIDITY_S: u32 = 36_000;

/// A text to be sent. The API has no idempotency key: a request whose answer is lost may have sent it, so look for it
/// before trying again.
#[derive(Clone, Copy)]
pub struct NewMessage<'a> {
    /// The person, as they wrote: a number, or `whatsapp:` and a number or an id.
    pub to: &'a str,
    /// The sender, in the same form.
    pub from: &'a str,
    /// What it says.
    pub content: MessageContent<'a>,
    /// Where Twilio reports what becomes of it; `None`: it is not reported. The host must have no underscore.
    pub status_callback: Option<&'a str>,
    /// How long Twilio may try, seconds; [`MAX_VALIDITY_S`] at most.
    pub validity_s: u32,
}

/// What a text says.
#[derive(Clone, Copy)]
pub enum MessageContent<'a> {
    /// Words.
    Body(&'a str),
    /// A template.
    Template {
        /// Its content sid.
        content_sid: &'a str,
        /// What its places hold: a JSON object of texts.
        variables: &'a str,
    },
}

impl NewMessage<'_> {
    /// The body of the request.
    pub fn form(&self) -> Form {
        let validity = self.validity_s.clamp(1, MAX_VALIDITY_S).to_string();
        let mut pairs = vec![("To", self.to), ("From", self.from)];
        pairs.extend(self.status_callback.map(|url| ("StatusCallback", url)));
        pairs.push(("ValidityPeriod", &validity));
        match self.content {
            MessageContent::Body(body) => pairs.push(("Body", body)),
            MessageContent::Template { content_sid, variables } => {
                pairs.extend([("ContentSid", content_sid), ("ContentVariables", variables)]);
            }
        }
        Form::from_pairs(pairs)
    }
}

/// A text, as `POST` and `GET` answer.
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub struct MessageResource {
    sid: String,
    /// Twilio's word for where it stands.
    #[serde(default)]
    pub status: String,
    /// A Twilio error code, on failures.
    #[serde(default)]
    pub error_code: Option<u32>,
    /// The words, as they were sent.
    #[serde(default)]
    pub body: String,
    /// When it was asked for, RFC 2822, as received.
    #[serde(default)]
    pub date_created: Option<String>,
}

impl MessageResource {
    /// Twilio's name of it. `None`: the answer is about something else.
    pub fn sid(&self) -> Option<Sid> {
        Sid::parse(SidKind::Message, &self.sid).ok()
    }
}

// What it says is not printed.
impl fmt::Debug for MessageResource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MessageResource")
            .field("sid", &self.sid)
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

/// Texts, first page.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct MessageList {
    /// Newest first.
    pub messages: Vec<MessageResource>,
}

impl Api {
    /// `POST` a [`NewMessage`].
    pub fn messages(&self) -> String {
        format!("{}/Messages.json", self.account_url)
    }

    /// `GET` a [`MessageList`] of the latest texts from `from` to `to` since a day, `YYYY-MM-DD`.
    pub fn messages_between(&self, from: &str, to: &str, since: &str) -> String {
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("From", from)
            .append_pair("To", to)
            .append_pair("DateSent>", since)
            .append_pair("PageSize", "50")
            .finish();
        format!("{}?{query}", self.messages())
    }

    /// `GET` a [`MessageResource`].
    pub fn message(&self, message: &Sid) -> String {
        format!("{}/Messages/{message}.json", self.account_url)
    }

    /// `POST` [`typing`].
    pub fn typing(&self) -> String {
        self.typing_url.clone()
    }
}

/// Shows a person on WhatsApp that their text was seen and an answer is being written, for 25 seconds or until it comes.
pub fn typing(message: &Sid) -> Form {
    Form::from_pairs([("messageId", message.as_str()), ("channel", "whatsapp")])
}

/// Where the sign of writing is, for the API at `base`: a host of its own. Any other host, such as a simulator's, has it
/// itself.
pub(super) fn typing_url(base: &str) -> String {
    let host = match base.split_once("://api.") {
        Some((scheme, rest)) => format!("{scheme}://messaging.{rest}"),
        None => base.to_owned(),
    };
    format!("{host}/v2/Indicators/Typing.json")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn new(content: MessageContent<'_>) -> Form {
        let new = NewMessage {
            to: "whatsapp:+436641234567",
            from: "whatsapp:+43720123456",
            content,
            status_callback: Some("https://calls.example/twilio/messages/status/harbour"),
            validity_s: 99_999,
        };
        new.form()
    }

    #[test]
    fn a_text_is_words_or_a_template_and_never_both() {
        let words = new(MessageContent::Body("Hello & goodbye"));
        assert_eq!(words.first("Body"), Some("Hello & goodbye"));
        assert_eq!((words.first("ContentSid"), words.first("ValidityPeriod")), (None, Some("36000")));
        let template = new(MessageContent::Template { content_sid: "HX1", variables: r#"{"1":"Anna"}"# });
        assert_eq!(
            (template.first("Body"), template.first("ContentVariables")),
            (None, Some(r#"{"1":"Anna"}"#))
        );
    }

    #[test]
    fn a_text_is_found_by_its_parties() {
        let api = Api::new("https://api.twilio.com", "AC1");
        assert_eq!(
            api.messages_between("whatsapp:+1", "+2", "2026-11-30"),
            "https://api.twilio.com/2010-04-01/Accounts/AC1/Messages.json?From=whatsapp%3A%2B1&To=%2B2&DateSent%3E=2026-11-30&PageSize=50"
        );
        assert_eq!(api.typing(), "https://messaging.twilio.com/v2/Indicators/Typing.json");
    }

    #[test]
    fn an_answer_is_read_and_its_words_are_not_printed() {
        let sid = format!("SM{}", "1".repeat(32));
        let json =
            format!(r#"{{"sid":"{sid}","status":"queued","error_code":null,"body":"canary","new":1}}"#);
        let message: MessageResource = serde_json::from_str(&json).unwrap();
        assert_eq!(message.sid().unwrap().as_str(), sid);
        assert!(!format!("{message:?}").contains("canary"));
    }
}
