//! One signature, one reading.
//!
//! `Sid=CA1&SidAccount=AC1` and `SidCA1SidAccount=AC1` have the same signature: between the names
//! and values that are signed there is nothing. So a form that verifies is accepted only if its
//! parameters are cut where the signed text itself shows a cut. Each rule closes one way to move a
//! cut:
//!
//! 1. A documented name carries a value of its shape. Sids, numbers and Twilio's own words contain no
//!    capital followed by a small letter, and every name starts with one: nothing can be cut out of
//!    such a value, and nothing can be glued to it.
//! 2. A documented name occurs once. A parameter forged out of a text collides with the real one.
//! 3. The longest documented name wins: `Caller` with the value `NameBob` is `CallerName`.
//! 4. No open text contains a documented name with a fitting value, if that parameter would sort
//!    right there: it was glued in.
//! 5. Twilio adds parameters without notice, so an unknown name is allowed if it looks like one,
//!    but not where a documented name that is missing could have been stretched or cut short to make it
//!    (`CallStatusr`, `CallSi`). Directly after open text it needs two words: `Smith` is a piece
//!    of the text, `CallerReputation` is not.
//!
//! What stays open, since both readings look genuine, is the end of a *text*: a documented
//! parameter typed into it by the caller, if the form has none of that name, and an undocumented
//! parameter behind it. Hence the rule for handlers: what decides comes from parameters that the
//! webhook always has, and text is only text.

use super::names::{Shape, Vocabulary, sip_header};

/// Longest undocumented name that is tolerated, in bytes.
const MAX_NAME_BYTES: usize = 64;

/// Why the parameters of a correctly signed form are not trusted. No variant prints a value or an unknown name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Ambiguous {
    /// A name that Twilio neither documents nor would choose.
    #[error("the form has a parameter with an unknown name")]
    UnknownName,
    /// A documented parameter with two different values.
    #[error("{0} occurs twice with different values")]
    Repeated(&'static str),
    /// A documented parameter whose value cannot be its own.
    #[error("the value of {0} is not of its kind")]
    Value(&'static str),
    /// A parameter has swallowed another.
    #[error("{0} is inside another parameter")]
    Glued(&'static str),
}

/// Checks `parameters`, sorted and without repetitions, as they are signed.
pub(super) fn check(parameters: &[(&str, &str)]) -> Result<(), Ambiguous> {
    let vocabulary = Vocabulary::of(parameters.iter().map(|(name, _)| *name));
    let form = Reading { vocabulary, parameters };
    (0..parameters.len()).try_for_each(|position| form.parameter(position))
}

struct Reading<'a> {
    vocabulary: Vocabulary,
    parameters: &'a [(&'a str, &'a str)],
}

impl Reading<'_> {
    fn parameter(&self, position: usize) -> Result<(), Ambiguous> {
        let (name, value) = self.parameters[position];
        let previous = position.checked_sub(1).map(|previous| self.parameters[previous]);
        let next = self.parameters.get(position + 1).map(|(next, _)| *next);
        let open_text_before = previous.filter(|(name, value)| self.is_open(name, value));

        match self.vocabulary.shape(name) {
            Some(shape) => {
                let known = self.documented(name);
                if next == Some(name) {
                    return Err(Ambiguous::Repeated(known));
                }
                if !shape.fits(value) {
                    return Err(Ambiguous::Value(known));
                }
                if let Some(longer) = self.longer_name(name, value) {
                    return Err(Ambiguous::Glued(longer));
                }
            }
            None => {
                let words = words(name).ok_or(Ambiguous::UnknownName)?;
                if self.is_a_bent_name(name) || (open_text_before.is_some() && words < 2) {
                    return Err(Ambiguous::UnknownName);
                }
                let after = previous.map_or("", |(previous, _)| previous);
                self.refuse_glued(&format!("{}{value}", &name[1..]), after, next)?;
            }
        }
        if let Some((before, text)) = open_text_before
            && let Some(cut) = self.name_across(before, text, name)
        {
            return Err(Ambiguous::Glued(cut));
        }
        if self.is_open(name, value) {
            let header = sip_header(name).unwrap_or_default();
            self.refuse_glued(&format!("{header}{value}"), name, next)?;
        }
        Ok(())
    }

    fn is_open(&self, name: &str, value: &str) -> bool {
        self.vocabulary.shape(name).unwrap_or(Shape::Text).is_open(value)
    }

    fn documented(&self, name: &str) -> &'static str {
        self.vocabulary.names().find(|(known, _)| *known == name).map_or("a parameter", |(known, _)| known)
    }

    fn is_present(&self, name: &str) -> bool {
        self.parameters.binary_search_by(|(present, _)| present.cmp(&name)).is_ok()
    }

    /// Rule 3.
    fn longer_name(&self, name: &str, value: &str) -> Option<&'static str> {
        let mut names = self.vocabulary.names().map(|(known, _)| known);
        names.find(|known| {
            known.strip_prefix(name).is_some_and(|rest| !rest.is_empty() && value.starts_with(rest))
        })
    }

    /// Rule 4, for a `text` that lies between the parameters `after` and `before`.
    fn refuse_glued(&self, text: &str, after: &str, before: Option<&str>) -> Result<(), Ambiguous> {
        for (start, _) in text.char_indices().filter(|(_, c)| c.is_ascii_uppercase()) {
            for (known, shape) in self.vocabulary.names() {
                let sorts_here = after < known && before.is_none_or(|before| known < before);
                if sorts_here && text[start..].strip_prefix(known).is_some_and(|rest| shape.fits(rest)) {
                    return Err(Ambiguous::Glued(known));
                }
            }
        }
        Ok(())
    }

    /// A documented name that begins in `text`, the value of `before`, and goes on in `name`.
    fn name_across(&self, before: &str, text: &str, name: &str) -> Option<&'static str> {
        let mut names = self.vocabulary.names().map(|(known, _)| known).filter(|known| before < *known);
        names.find(|known| {
            (1..known.len()).any(|cut| {
                let (head, tail) = known.split_at(cut);
                text.ends_with(head) && (tail.starts_with(name) || name.starts_with(tail))
            })
        })
    }

    /// Rule 5: an unknown name that is a documented but absent one, stretched or cut short.
    fn is_a_bent_name(&self, name: &str) -> bool {
        let mut names = self.vocabulary.names().map(|(known, _)| known);
        names.any(|known| (known.starts_with(name) || name.starts_with(known)) && !self.is_present(known))
    }
}

/// How many words an undocumented name has, if it has the shape of Twilio's names: capitalised words
/// run together, and at most two digits at the end.
fn words(name: &str) -> Option<usize> {
    let letters = name.trim_end_matches(|c: char| c.is_ascii_digit());
    let words = letters.bytes().filter(u8::is_ascii_uppercase).count();
    let bytes = letters.as_bytes();
    let well_formed = name.len() <= MAX_NAME_BYTES
        && name.len() - letters.len() <= 2
        && bytes.first().is_some_and(u8::is_ascii_uppercase)
        && bytes.last().is_some_and(u8::is_ascii_lowercase)
        && bytes.iter().all(u8::is_ascii_alphabetic)
        && !bytes.windows(2).any(|pair| pair[0].is_ascii_uppercase() && pair[1].is_ascii_uppercase());
    well_formed.then_some(words)
}
