use std::str::FromStr;

use super::WebhookError;
use crate::{Form, Party, Redacted, Sid, SidKind};

/// Reads single parameters of a form. A blank value is an absent one, as Twilio sends blanks for
/// what it does not know.
#[derive(Clone, Copy)]
pub(super) struct Fields<'a>(pub(super) &'a Form);

impl<'a> Fields<'a> {
    pub(super) fn optional(self, name: &'static str) -> Result<Option<&'a str>, WebhookError> {
        let mut values = self.0.values(name);
        let Some(value) = values.next() else { return Ok(None) };
        if values.any(|other| other != value) {
            return Err(WebhookError::Repeated(name));
        }
        Ok(Some(value).filter(|value| !value.is_empty()))
    }

    pub(super) fn required(self, name: &'static str) -> Result<&'a str, WebhookError> {
        self.optional(name)?.ok_or(WebhookError::Missing(name))
    }

    pub(super) fn sid(self, name: &'static str, kind: SidKind) -> Result<Sid, WebhookError> {
        parse_sid(name, kind, self.required(name)?)
    }

    pub(super) fn optional_sid(self, name: &'static str, kind: SidKind) -> Result<Option<Sid>, WebhookError> {
        self.optional(name)?.map(|value| parse_sid(name, kind, value)).transpose()
    }

    pub(super) fn number<N: FromStr>(self, name: &'static str) -> Result<Option<N>, WebhookError> {
        let parse = |value: &str| value.parse().map_err(|_| WebhookError::Number(name));
        self.optional(name)?.map(parse).transpose()
    }

    /// A party must be present but may be blank: that is how some networks withhold a number.
    pub(super) fn party(self, name: &'static str) -> Result<Party, WebhookError> {
        let value = self.optional(name)?.or_else(|| self.0.first(name));
        value.map(Party::parse).ok_or(WebhookError::Missing(name))
    }

    pub(super) fn text(self, name: &'static str) -> Result<Option<Redacted>, WebhookError> {
        Ok(self.optional(name)?.map(Redacted::new))
    }

    pub(super) fn word(self, name: &'static str) -> Result<Option<String>, WebhookError> {
        Ok(self.optional(name)?.map(str::to_owned))
    }
}

fn parse_sid(name: &'static str, kind: SidKind, value: &str) -> Result<Sid, WebhookError> {
    Sid::parse(kind, value).map_err(|error| WebhookError::Sid(name, error))
}
