//! Small parts that every module's deserialisation needs.

use std::borrow::Cow;

use serde::de::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// The first of two steps: only the `type`, everything else skipped without being interpreted.
#[derive(serde::Deserialize)]
pub(crate) struct Tag<'a> {
    #[serde(rename = "type", borrow)]
    pub(crate) kind: Cow<'a, str>,
}

impl<'a> Tag<'a> {
    pub(crate) fn of(raw: &'a RawValue) -> Result<Cow<'a, str>, serde_json::Error> {
        serde_json::from_str::<Tag<'a>>(raw.get()).map(|tag| tag.kind)
    }
}

/// `null` and an absent field both mean the default: OpenAI uses them interchangeably.
pub(crate) fn null_as_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Option::<T>::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// Writes a value built from our own types into memory.
#[expect(
    clippy::expect_used,
    reason = "a Vec accepts every write, and no request type has a map whose keys are not strings"
)]
pub(crate) fn to_json<T: serde::Serialize>(value: &T) -> Vec<u8> {
    serde_json::to_vec(value).expect("our own request types serialise")
}
