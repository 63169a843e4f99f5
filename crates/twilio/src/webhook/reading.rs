//! One signature, one reading.
//!
//! Twilio signs names and values one after the other, with nothing in between: `CallSid=CA1&CallStatus=busy` and
//! `CallSid=CA1CallStatusbusy` have the same signature. So who has seen one webhook can send its text again, cut
//! into other parameters. What a webhook does not read may be cut as one likes, and Twilio adds parameters
//! without notice, businesses and SIP trunks add theirs under any name. What it *reads* is protected by one rule:
//!
//! > The signed text is searched for every place where the parameter could stand: its name, then a value of its
//! > kind, up to where another name can begin. The form is believed if it reads the parameter at the only such
//! > place, or not at all if there is no such place.
//!
//! The places depend on the text alone, so two forms with one signature that are both believed read the same.
//! They are few, because parameters are signed in the order of their names: between `Direction` and `From` no
//! name can begin with a small letter, and behind `From` no `Direction` can follow. `landmarks`, which every
//! form of a kind has, divide the text; the way from each to the next must be one that sorted names could have
//! taken.
//!
//! A telephone number in `From` or `To` may stand in another parameter as well, in a header of a SIP trunk for
//! instance. Twilio says both numbers twice (`Caller`, `Called`), in different parts of the text: the place that
//! agrees with its twin is the right one.
//!
//! What has no place is not of its kind: such a value is unreadable, and it is for the webhook whether it can do
//! without. A party that is no number is text, and where a text ends is not protected: nothing is decided by it.

mod kind;
mod places;
#[cfg(test)]
mod tests;

use super::names::DOCUMENTED;
use crate::Form;

pub(crate) use kind::Kind;
use places::Text;

/// A parameter that a webhook reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Param {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    /// In every form of the webhook's kind.
    landmark: bool,
}

impl Param {
    pub(crate) const fn landmark(name: &'static str, kind: Kind) -> Self {
        Self { name, kind, landmark: true }
    }

    pub(crate) const fn optional(name: &'static str, kind: Kind) -> Self {
        Self { name, kind, landmark: false }
    }
}

/// Why the parameters of a correctly signed form are not believed. Prints neither a value nor a name that
/// Twilio does not document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Ambiguous {
    /// Two different values of a parameter that is read.
    #[error("{0} occurs twice with different values")]
    Repeated(&'static str),
    /// What was signed has the parameter at another place, or at several.
    #[error("{0} stands elsewhere in what was signed than in the form")]
    Elsewhere(&'static str),
    /// A name that is a documented one cut off within a word, before the rest of it.
    #[error("a name is {0} cut short")]
    Bent(&'static str),
}

/// The values of `params` in `form`, in their order: `None` for a parameter that is missing or unreadable.
///
/// # Errors
/// [`Ambiguous`] when another reading of what was signed is as good.
pub(super) fn read<'a>(form: &'a Form, params: &[Param]) -> Result<Vec<Option<&'a str>>, Ambiguous> {
    let sorted = form.sorted();
    if let Some(documented) = sorted.iter().find_map(|(name, value)| bent(name, value)) {
        return Err(Ambiguous::Bent(documented));
    }
    let text = Text::of(&sorted, params);
    params.iter().map(|param| value(form, &text, param)).collect()
}

fn value<'a>(form: &'a Form, text: &Text, param: &Param) -> Result<Option<&'a str>, Ambiguous> {
    let found = form.first(param.name);
    if form.values(param.name).any(|value| Some(value) != found) {
        return Err(Ambiguous::Repeated(param.name));
    }
    let elsewhere = Err(Ambiguous::Elsewhere(param.name));
    let places = text.places(param);
    if let Kind::Party { .. } = param.kind {
        // Only the number is protected.
        return match (places.as_slice(), found.and_then(kind::number)) {
            ([], None) => Ok(found),
            ([only], Some(number)) if *only == number => Ok(found),
            _ => elsewhere,
        };
    }
    match (places.as_slice(), found) {
        ([], None) => Ok(None),
        // A value of its kind, but where it cannot have been signed.
        ([], Some(value)) if param.kind.is(value) => elsewhere,
        ([], Some(_)) => Ok(None),
        ([only], Some(value)) if *only == value => Ok(found),
        ([_], _) => elsewhere,
        // Neither can be believed. No decision rests on a number or a date, so its absence does no harm.
        (_, Some(_)) if matches!(param.kind, Kind::Number | Kind::Date) => Ok(None),
        _ => elsewhere,
    }
}

/// The documented name that `name` and the beginning of `value` spell, if the cut between them is within its
/// second word or a later one. No sender uses such a name of its own.
fn bent(name: &str, value: &str) -> Option<&'static str> {
    let capitals = name.bytes().filter(u8::is_ascii_uppercase).count();
    DOCUMENTED.iter().copied().find(|documented| {
        capitals > 1
            && documented.strip_prefix(name).is_some_and(|rest| {
                rest.starts_with(|next: char| next.is_ascii_lowercase()) && value.starts_with(rest)
            })
    })
}
