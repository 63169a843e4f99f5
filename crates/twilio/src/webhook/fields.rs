use std::str::FromStr;

use super::WebhookError;
use super::reading::{self, Param};
use crate::{Form, Party, Sid, SidError, SidKind};

/// The parameters that a webhook reads, checked to have one reading. A blank or unreadable value is an absent one.
pub(super) struct Fields<'a> {
    form: &'a Form,
    values: Vec<(Param, Option<&'a str>)>,
}

impl<'a> Fields<'a> {
    pub(super) fn read(form: &'a Form, params: &[Param]) -> Result<Self, WebhookError> {
        let values = reading::read(form, params)?;
        Ok(Self { form, values: params.iter().copied().zip(values).collect() })
    }

    /// The value of a parameter that was asked for.
    fn value(&self, param: &Param) -> Option<&'a str> {
        self.values.iter().find(|(read, _)| read == param).and_then(|(_, value)| *value)
    }

    pub(super) fn sid(&self, param: &Param, kind: SidKind) -> Result<Sid, WebhookError> {
        match self.value(param) {
            Some(value) => Sid::parse(kind, value).map_err(|error| WebhookError::Sid(param.name, error)),
            // There, but not a sid.
            None if self.form.first(param.name).is_some_and(|value| !value.is_empty()) => {
                Err(WebhookError::Sid(param.name, SidError(kind)))
            }
            None => Err(WebhookError::Missing(param.name)),
        }
    }

    pub(super) fn optional_sid(&self, param: &Param, kind: SidKind) -> Option<Sid> {
        Sid::parse(kind, self.value(param)?).ok()
    }

    /// A word of Twilio's, blank if it is unreadable.
    pub(super) fn word(&self, param: &Param) -> &'a str {
        self.value(param).unwrap_or_default()
    }

    pub(super) fn optional(&self, param: &Param) -> Option<&'a str> {
        self.value(param)
    }

    /// `None` also for a number that is out of range.
    pub(super) fn number<N: FromStr>(&self, param: &Param) -> Option<N> {
        self.value(param)?.parse().ok()
    }

    /// A blank or absent party is a withheld one: that is how some networks withhold a number.
    pub(super) fn party(&self, param: &Param) -> Party {
        Party::parse(self.value(param).unwrap_or_default())
    }

    /// A parameter that decides nothing. It is not protected.
    pub(super) fn text(&self, name: &'static str) -> Option<String> {
        self.form.first(name).filter(|value| !value.is_empty()).map(str::to_owned)
    }
}
