//! DynamoDB items and what they mean: typed getters whose errors name the table and the attribute, and
//! nothing of the data.

use std::collections::HashMap;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::StoreError;

pub(crate) type Attributes = HashMap<String, AttributeValue>;

/// Attributes by the names that expressions give them: some are words of the language of expressions.
pub(crate) fn names(attributes: &[&str]) -> HashMap<String, String> {
    attributes.iter().map(|name| (format!("#{name}"), (*name).to_owned())).collect()
}

/// Values by the names that expressions give them.
pub(crate) fn values(values: &[(&str, AttributeValue)]) -> Attributes {
    values.iter().map(|(name, value)| (format!(":{name}"), value.clone())).collect()
}

/// A time as a part of a sort key: milliseconds, fifteen digits, in the order of time; before 1970 is 1970.
pub(crate) fn time_sk(at: Timestamp) -> String {
    format!("{:015}", at.0.clamp(0, 999_999_999_999_999))
}

/// The epoch seconds after which DynamoDB may drop an item. It may be days late, so every reader that cares
/// compares a millisecond attribute itself.
pub(crate) const EXPIRES_AT: &str = "expires_at";

/// Until when a row of Leases means anything, milliseconds. Compared in conditions and by readers.
pub(crate) const LEASE_UNTIL: &str = "lease_until";

/// A row of Leases outlives its meaning by this before DynamoDB may drop it, so that clocks need not agree.
pub(crate) const TTL_MARGIN: Duration = Duration::from_secs(60 * 60);

pub(crate) fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

pub(crate) fn number(value: impl ToString) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

/// An item under construction. An absent value is an absent attribute: there are no nulls.
#[derive(Default)]
pub(crate) struct Draft(Attributes);

impl Draft {
    pub(crate) fn text(mut self, name: &str, value: impl Into<String>) -> Self {
        self.0.insert(name.to_owned(), text(value));
        self
    }

    pub(crate) fn number(mut self, name: &str, value: impl ToString) -> Self {
        self.0.insert(name.to_owned(), number(value));
        self
    }

    pub(crate) fn time(self, name: &str, at: Timestamp) -> Self {
        self.number(name, at.0)
    }

    pub(crate) fn optional_text(self, name: &str, value: Option<impl Into<String>>) -> Self {
        match value {
            Some(value) => self.text(name, value),
            None => self,
        }
    }

    pub(crate) fn optional_number(self, name: &str, value: Option<impl ToString>) -> Self {
        match value {
            Some(value) => self.number(name, value),
            None => self,
        }
    }

    pub(crate) fn expires(self, at: Timestamp) -> Self {
        self.number(EXPIRES_AT, at.secs())
    }

    /// A row that means something until `at`, and is dropped some time later.
    pub(crate) fn until(self, at: Timestamp) -> Self {
        self.time(LEASE_UNTIL, at).expires(at.plus(TTL_MARGIN))
    }

    pub(crate) fn finish(self) -> Attributes {
        self.0
    }
}

/// An item as read, with the table it came from.
#[derive(Clone)]
pub(crate) struct Row {
    table: Arc<str>,
    attributes: Attributes,
}

impl Row {
    pub(crate) fn new(table: &Arc<str>, attributes: Attributes) -> Self {
        Self { table: Arc::clone(table), attributes }
    }

    pub(crate) fn text(&self, name: &'static str) -> Result<&str, StoreError> {
        self.optional_text(name)?.ok_or_else(|| self.corrupt(name))
    }

    pub(crate) fn optional_text(&self, name: &'static str) -> Result<Option<&str>, StoreError> {
        match self.attributes.get(name) {
            None => Ok(None),
            Some(value) => value.as_s().map(|text| Some(text.as_str())).map_err(|_| self.corrupt(name)),
        }
    }

    /// A list of texts; an absent one is empty.
    pub(crate) fn texts(&self, name: &'static str) -> Result<Vec<&str>, StoreError> {
        match self.attributes.get(name) {
            None => Ok(vec![]),
            Some(AttributeValue::L(values)) => {
                let texts = values.iter().map(|value| value.as_s().map(String::as_str));
                texts.collect::<Result<_, _>>().map_err(|_| self.corrupt(name))
            }
            Some(_) => Err(self.corrupt(name)),
        }
    }

    pub(crate) fn number<T: FromStr>(&self, name: &'static str) -> Result<T, StoreError> {
        self.optional_number(name)?.ok_or_else(|| self.corrupt(name))
    }

    pub(crate) fn optional_number<T: FromStr>(&self, name: &'static str) -> Result<Option<T>, StoreError> {
        match self.attributes.get(name) {
            None => Ok(None),
            Some(AttributeValue::N(digits)) => digits.parse().map(Some).map_err(|_| self.corrupt(name)),
            Some(_) => Err(self.corrupt(name)),
        }
    }

    /// Every attribute that is a whole number.
    pub(crate) fn numbers(&self) -> impl Iterator<Item = (&str, u64)> {
        let number = |value: &AttributeValue| value.as_n().ok()?.parse().ok();
        self.attributes.iter().filter_map(move |(name, value)| Some((name.as_str(), number(value)?)))
    }

    pub(crate) fn time(&self, name: &'static str) -> Result<Timestamp, StoreError> {
        self.number(name).map(Timestamp)
    }

    pub(crate) fn optional_time(&self, name: &'static str) -> Result<Option<Timestamp>, StoreError> {
        Ok(self.optional_number(name)?.map(Timestamp))
    }

    pub(crate) fn optional_seconds(&self, name: &'static str) -> Result<Option<Duration>, StoreError> {
        Ok(self.optional_number(name)?.map(Duration::from_secs))
    }

    /// A required text that `parse` accepts.
    pub(crate) fn parsed<T, E>(
        &self,
        name: &'static str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<T, StoreError> {
        parse(self.text(name)?).map_err(|_| self.corrupt(name))
    }

    /// A text that `parse` accepts, if there is one.
    pub(crate) fn optional_parsed<T, E>(
        &self,
        name: &'static str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<Option<T>, StoreError> {
        self.optional_text(name)?.map(parse).transpose().map_err(|_| self.corrupt(name))
    }

    pub(crate) fn json<T: DeserializeOwned>(&self, name: &'static str) -> Result<T, StoreError> {
        self.parsed(name, |text| serde_json::from_str(text))
    }

    pub(crate) fn corrupt(&self, attribute: &'static str) -> StoreError {
        StoreError::Corrupt { table: self.table.to_string(), attribute }
    }
}

/// A value as the JSON text of an attribute.
pub(crate) fn to_json<T: Serialize + ?Sized>(
    table: &str,
    attribute: &'static str,
    value: &T,
) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|_| StoreError::Corrupt { table: table.to_owned(), attribute })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row() -> Row {
        let draft = Draft::default().text("word", "canary").number("count", 7).text("body", "{canary");
        Row::new(&Arc::from("calls"), draft.finish())
    }

    #[test]
    fn an_error_names_table_and_attribute_and_nothing_of_the_item() {
        let row = row();
        let errors = [
            row.text("count").map(drop),
            row.number::<u8>("word").map(drop),
            row.json::<Vec<u8>>("body").map(drop),
            row.text("absent").map(drop),
            row.parsed("word", |_| Err::<(), _>(())).map(drop),
        ];
        for (error, attribute) in errors.into_iter().zip(["count", "word", "body", "absent", "word"]) {
            let text = format!("{0} {0:?}", error.unwrap_err());
            assert!(text.contains("calls") && text.contains(attribute), "{text}");
            assert!(!text.contains("canary"), "{text}");
        }
    }

    #[test]
    fn what_is_absent_is_nothing_where_it_may_be() {
        assert_eq!(row().optional_text("absent").unwrap(), None);
        assert_eq!(row().optional_number::<u8>("absent").unwrap(), None);
        assert_eq!(row().number::<u64>("count").unwrap(), 7);
    }
}
