//! The Graph API of WhatsApp as shapes: addresses, JSON bodies out, answers and errors in. No HTTP.

use serde::{Deserialize, Serialize};

/// Where the API is.
pub const DEFAULT_BASE: &str = "https://graph.facebook.com";
/// The version that this was written for. Versions live about two years.
pub const DEFAULT_VERSION: &str = "v26.0";

/// Addresses at one version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Graph {
    base: String,
}

impl Graph {
    /// `base` is [`DEFAULT_BASE`] or a simulator's address, without a path.
    pub fn new(base: &str, version: &str) -> Self {
        Self { base: format!("{}/{version}", base.trim_end_matches('/')) }
    }

    /// `POST` an [`Outgoing`] or [`Seen`].
    pub fn messages(&self, phone_number_id: &str) -> String {
        format!("{}/{phone_number_id}/messages", self.base)
    }

    /// `GET` a [`MediaAddress`].
    pub fn media(&self, id: &str) -> String {
        format!("{}/{id}", self.base)
    }
}

/// A text that is sent to a person.
#[derive(Serialize)]
pub struct Outgoing<'a> {
    messaging_product: &'static str,
    recipient_type: &'static str,
    /// A number, digits alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<&'a str>,
    /// The id of a person without a number.
    #[serde(skip_serializing_if = "Option::is_none")]
    recipient: Option<&'a str>,
    #[serde(flatten)]
    what: What<'a>,
    /// Comes back with every status: our own name of it.
    biz_opaque_callback_data: &'a str,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum What<'a> {
    Text { text: Text<'a> },
    Template { template: Template<'a> },
}

#[derive(Serialize)]
struct Text<'a> {
    preview_url: bool,
    body: &'a str,
}

#[derive(Serialize)]
struct Template<'a> {
    name: &'a str,
    language: Language<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    components: Vec<Component<'a>>,
}

#[derive(Serialize)]
struct Language<'a> {
    code: &'a str,
}

#[derive(Serialize)]
struct Component<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    parameters: Vec<Parameter<'a>>,
}

#[derive(Serialize)]
struct Parameter<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    parameter_name: Option<&'a str>,
    text: &'a str,
}

impl<'a> Outgoing<'a> {
    /// Words. `address` is a number, with or without its `+`, or the id of a person.
    pub fn words(address: &'a str, body: &'a str, send_id: &'a str) -> Self {
        Self::new(address, What::Text { text: Text { preview_url: false, body } }, send_id)
    }

    /// A template. `places` are in its order; those with a number for a name are told by their place.
    pub fn template(
        address: &'a str,
        name: &'a str,
        language: &'a str,
        places: &[(&'a str, &'a str)],
        send_id: &'a str,
    ) -> Self {
        let parameter = |(name, text): &(&'a str, &'a str)| Parameter {
            kind: "text",
            parameter_name: name.parse::<u32>().is_err().then_some(*name),
            text,
        };
        let body = Component { kind: "body", parameters: places.iter().map(parameter).collect() };
        let components = if places.is_empty() { vec![] } else { vec![body] };
        let template = Template { name, language: Language { code: language }, components };
        Self::new(address, What::Template { template }, send_id)
    }

    fn new(address: &'a str, what: What<'a>, send_id: &'a str) -> Self {
        let number = address.strip_prefix('+').unwrap_or(address);
        let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        Self {
            messaging_product: "whatsapp",
            recipient_type: "individual",
            to: is_number.then_some(number),
            recipient: (!is_number).then_some(address),
            what,
            biz_opaque_callback_data: send_id,
        }
    }

    /// The body.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// That a message was seen; with a sign that an answer is being written, for 25 seconds or until it comes.
#[derive(Serialize)]
pub struct Seen<'a> {
    messaging_product: &'static str,
    status: &'static str,
    message_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    typing_indicator: Option<Typing>,
}

#[derive(Serialize)]
struct Typing {
    #[serde(rename = "type")]
    kind: &'static str,
}

impl<'a> Seen<'a> {
    /// The message that was seen, by Meta's name.
    pub fn new(message_id: &'a str, writing: bool) -> Self {
        let typing_indicator = writing.then_some(Typing { kind: "text" });
        Self { messaging_product: "whatsapp", status: "read", message_id, typing_indicator }
    }

    /// The body.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// The answer to an [`Outgoing`].
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Sent {
    messages: Vec<SentMessage>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct SentMessage {
    id: String,
}

impl Sent {
    /// Reads an answer: Meta's name of what was sent. `None`: it is no such answer.
    pub fn id(body: &[u8]) -> Option<String> {
        let sent: Self = serde_json::from_slice(body).ok()?;
        sent.messages.into_iter().next().map(|message| message.id)
    }
}

/// Where a medium is, for five minutes.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct MediaAddress {
    /// The address. It wants the token.
    pub url: String,
    /// What Meta says that it is.
    #[serde(default)]
    pub mime_type: Option<String>,
    /// SHA-256 of the bytes.
    #[serde(default)]
    pub sha256: Option<String>,
    /// Bytes.
    #[serde(default)]
    pub file_size: Option<u64>,
}

/// An answer that is an error. Its texts may quote numbers and are dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct ErrorBody {
    error: ErrorCode,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
struct ErrorCode {
    code: u32,
}

impl ErrorBody {
    /// The error's code, if the body has one.
    pub fn code(body: &[u8]) -> Option<u32> {
        serde_json::from_slice::<Self>(body).ok().map(|body| body.error.code)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn value(json: &str) -> Value {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn words_go_to_a_number_or_to_a_person_without_one() {
        let body = value(&Outgoing::words("+436641234567", "At nine.", "t#1").to_json());
        let expected = json!({
            "messaging_product": "whatsapp", "recipient_type": "individual", "to": "436641234567", "type": "text",
            "text": { "preview_url": false, "body": "At nine." }, "biz_opaque_callback_data": "t#1",
        });
        assert_eq!(body, expected);
        let body = value(&Outgoing::words("US.1349", "x", "t#1").to_json());
        assert_eq!((&body["recipient"], body.get("to")), (&json!("US.1349"), None));
    }

    #[test]
    fn a_template_tells_its_places_by_order_or_by_name() {
        let body =
            Outgoing::template("436641234567", "reminder", "de", &[("1", "Anna"), ("time", "nine")], "t#1");
        let body = value(&body.to_json());
        let parameters = json!([
            { "type": "text", "text": "Anna" },
            { "type": "text", "parameter_name": "time", "text": "nine" },
        ]);
        assert_eq!(body["template"]["components"], json!([{ "type": "body", "parameters": parameters }]));
        assert_eq!(body["template"]["language"], json!({ "code": "de" }));
        let bare = value(&Outgoing::template("1", "x", "de", &[], "t").to_json());
        assert_eq!(bare["template"].get("components"), None);
    }

    #[test]
    fn answers_and_errors_are_read() {
        let sent = br#"{"messaging_product":"whatsapp","contacts":[{"input":"1","wa_id":"1"}],"messages":[{"id":"wamid.1"}]}"#;
        assert_eq!(Sent::id(sent), Some("wamid.1".into()));
        assert_eq!(Sent::id(br#"{"messages":[]}"#), None);
        let error =
            br#"{"error":{"message":"(#131047) x","type":"OAuthException","code":131047,"fbtrace_id":"A"}}"#;
        assert_eq!((ErrorBody::code(error), ErrorBody::code(b"<html>")), (Some(131_047), None));
        let seen = value(&Seen::new("wamid.1", true).to_json());
        assert_eq!(seen["typing_indicator"], json!({ "type": "text" }));
        assert_eq!(
            Graph::new("https://graph.facebook.com/", "v26.0").messages("1055"),
            "https://graph.facebook.com/v26.0/1055/messages"
        );
    }
}
