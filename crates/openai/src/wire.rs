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

/// How a field is read that its event can do without: a value of another shape than the documented one, `null` and an
/// absent field are the same. Use it with `#[serde(default)]` on every such field.
pub(crate) fn optional<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    let raw = <&'de RawValue>::deserialize(deserializer)?;
    Ok(lenient(raw).unwrap_or_default())
}

/// The same for a number that is whole and not negative. Some servers write every number with a fraction, which is
/// cut off; a negative one is as if absent.
pub(crate) fn whole<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + From<Whole>,
{
    let raw = <&'de RawValue>::deserialize(deserializer)?;
    let number = lenient::<f64>(raw).filter(|number| *number >= 0.0 && number.is_finite());
    // More than a u64 holds is as much as one holds.
    Ok(number.map_or_else(T::default, |number| T::from(Whole(number as u64))))
}

/// What [`whole`] found; a field is a plain number, or an `Option` where zero and unknown are not the same.
pub(crate) struct Whole(u64);

impl From<Whole> for u64 {
    fn from(whole: Whole) -> Self {
        whole.0
    }
}

impl From<Whole> for u32 {
    fn from(whole: Whole) -> Self {
        Self::try_from(whole.0).unwrap_or(Self::MAX)
    }
}

impl From<Whole> for Option<u64> {
    fn from(whole: Whole) -> Self {
        Some(whole.0)
    }
}

/// The same for a moment in whole seconds.
pub(crate) fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    let raw = <&'de RawValue>::deserialize(deserializer)?;
    Ok(lenient::<f64>(raw).filter(|number| number.is_finite()).map(|number| number as i64))
}

/// The same for a list, whose unreadable elements are left out.
pub(crate) fn list<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    let elements: Vec<&'de RawValue> = optional(deserializer)?;
    Ok(elements.into_iter().filter_map(lenient).collect())
}

/// What `raw` is, if it is one.
pub(crate) fn lenient<'de, T: Deserialize<'de>>(raw: &'de RawValue) -> Option<T> {
    serde_json::from_str(raw.get()).ok()
}

/// Writes a value built from our own types into memory.
#[expect(
    clippy::expect_used,
    reason = "a Vec accepts every write, and no request type has a map whose keys are not strings"
)]
pub(crate) fn to_json<T: serde::Serialize>(value: &T) -> Vec<u8> {
    serde_json::to_vec(value).expect("our own request types serialise")
}
