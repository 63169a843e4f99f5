//! What arrives at a phone.

use jiff::Timestamp;

/// A text of the business.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// The carrier's name of it.
    pub key: String,
    /// The words; blank for a template.
    pub body: String,
    /// The template: at Twilio its sid, at Meta its name.
    pub template: Option<String>,
    /// What the template's places hold: at Twilio JSON, at Meta the values, divided by a line each.
    pub variables: Option<String>,
    /// Addresses of pictures and the like.
    pub media: Vec<String>,
    /// Where it went to, as the business wrote it.
    pub to: String,
    /// When the carrier took it.
    pub at: Timestamp,
    /// Where Twilio reports what becomes of it; at Meta what comes back with each status.
    pub callback: Option<String>,
}

impl Received {
    /// Whether it is free words, which over WhatsApp need an open window.
    pub const fn is_free(&self) -> bool {
        self.template.is_none()
    }
}
