//! Reading a JSON object strictly: a key that is not known is refused, as the API refuses it.

use std::fmt::Display;
use std::ops::RangeInclusive;

use serde_json::{Map, Value};

use super::refusal::ApiRefusal;

/// A JSON object and where it stands in the request, e.g. `session.audio.input`.
pub(crate) struct Fields<'a> {
    path: String,
    map: &'a Map<String, Value>,
}

impl<'a> Fields<'a> {
    pub(crate) fn of(value: &'a Value, path: impl Into<String>) -> Result<Self, ApiRefusal> {
        let path = path.into();
        match value.as_object() {
            Some(map) => Ok(Self { path, map }),
            None => Err(ApiRefusal::invalid(&path, "an object")),
        }
    }

    /// Refuses the first key that is not in `allowed`.
    pub(crate) fn only(&self, allowed: &[&str]) -> Result<(), ApiRefusal> {
        match self.map.keys().find(|key| !allowed.contains(&key.as_str())) {
            Some(key) => Err(ApiRefusal::unknown_parameter(&self.at(key))),
            None => Ok(()),
        }
    }

    /// The full path of a key of this object.
    pub(crate) fn at(&self, key: impl Display) -> String {
        if self.path.is_empty() { key.to_string() } else { format!("{}.{key}", self.path) }
    }

    pub(crate) fn get(&self, key: &str) -> Option<&'a Value> {
        self.map.get(key)
    }

    /// The value unless it is absent or null.
    pub(crate) fn given(&self, key: &str) -> Option<&'a Value> {
        self.get(key).filter(|value| !value.is_null())
    }

    pub(crate) fn require(&self, key: &str) -> Result<&'a Value, ApiRefusal> {
        self.given(key).ok_or_else(|| ApiRefusal::missing(&self.at(key)))
    }

    pub(crate) fn object(&self, key: &str) -> Result<Option<Fields<'a>>, ApiRefusal> {
        self.given(key).map(|value| Fields::of(value, self.at(key))).transpose()
    }

    pub(crate) fn required_object(&self, key: &str) -> Result<Fields<'a>, ApiRefusal> {
        Fields::of(self.require(key)?, self.at(key))
    }

    pub(crate) fn string(&self, key: &str) -> Result<Option<&'a str>, ApiRefusal> {
        self.typed(key, Value::as_str, "a string")
    }

    pub(crate) fn required_string(&self, key: &str) -> Result<&'a str, ApiRefusal> {
        self.require(key)?;
        self.string(key)?.ok_or_else(|| ApiRefusal::missing(&self.at(key)))
    }

    /// A string of a closed set.
    pub(crate) fn one_of(&self, key: &str, allowed: &[&str]) -> Result<Option<&'a str>, ApiRefusal> {
        match self.string(key)? {
            Some(word) if !allowed.contains(&word) => {
                let message =
                    format!("Invalid value: '{word}'. Supported values are: '{}'.", allowed.join("', '"));
                Err(ApiRefusal::new("invalid_value", message).at(self.at(key)))
            }
            word => Ok(word),
        }
    }

    pub(crate) fn boolean(&self, key: &str) -> Result<Option<bool>, ApiRefusal> {
        self.typed(key, Value::as_bool, "a boolean")
    }

    pub(crate) fn integer(&self, key: &str, range: RangeInclusive<i64>) -> Result<Option<i64>, ApiRefusal> {
        let expected = format!("an integer from {} to {}", range.start(), range.end());
        self.typed(key, |value| value.as_i64().filter(|n| range.contains(n)), &expected)
    }

    pub(crate) fn number(&self, key: &str, range: RangeInclusive<f64>) -> Result<Option<f64>, ApiRefusal> {
        let expected = format!("a number from {} to {}", range.start(), range.end());
        self.typed(key, |value| value.as_f64().filter(|n| range.contains(n)), &expected)
    }

    pub(crate) fn list(&self, key: &str) -> Result<Option<&'a Vec<Value>>, ApiRefusal> {
        self.typed(key, Value::as_array, "an array")
    }

    /// A list whose every entry is a string.
    pub(crate) fn strings(&self, key: &str) -> Result<Option<Vec<&'a str>>, ApiRefusal> {
        let expected = "an array of strings";
        self.typed(key, |value| value.as_array()?.iter().map(Value::as_str).collect(), expected)
    }

    fn typed<T>(
        &self,
        key: &str,
        read: impl Fn(&'a Value) -> Option<T>,
        expected: &str,
    ) -> Result<Option<T>, ApiRefusal> {
        let Some(value) = self.given(key) else { return Ok(None) };
        read(value).map(Some).ok_or_else(|| ApiRefusal::invalid(&self.at(key), expected))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_unknown_key_is_named_with_its_path() {
        let value = json!({ "rate": 8_000, "type": "audio/pcmu" });
        let refusal = Fields::of(&value, "session.audio.input.format").unwrap().only(&["type"]).unwrap_err();
        assert_eq!(refusal.code, "unknown_parameter");
        assert_eq!(refusal.param.as_deref(), Some("session.audio.input.format.rate"));
    }

    #[test]
    fn null_counts_as_absent_but_a_wrong_type_does_not() {
        let value = json!({ "voice": null, "speed": "fast" });
        let fields = Fields::of(&value, "").unwrap();
        assert_eq!(fields.string("voice").unwrap(), None);
        assert_eq!(fields.number("speed", 0.25..=1.5).unwrap_err().param.as_deref(), Some("speed"));
        assert_eq!(fields.require("voice").unwrap_err().code, "missing_required_parameter");
    }

    #[test]
    fn a_number_outside_its_range_is_refused() {
        let value = json!({ "threshold": 1.5 });
        let refusal = Fields::of(&value, "td").unwrap().number("threshold", 0.0..=1.0).unwrap_err();
        assert_eq!(refusal.message, "Invalid 'td.threshold'. Expected a number from 0 to 1.");
    }
}
