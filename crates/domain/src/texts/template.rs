//! Words that the carrier approved before, with places to fill in: what may be sent outside WhatsApp's window.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;

use super::Carrier;

/// Places of one template, at most.
pub const MAX_VARIABLES: usize = 30;
/// The longest value of a place, characters. A whole template has 1,024 at most when it is filled in.
pub const MAX_VALUE_CHARS: usize = 512;

/// A template with what its places hold.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Template {
    /// Twilio's content sid (`HX` and 32 hexadecimal digits), or the template's name at Meta.
    pub name: String,
    /// The language under which Meta has it, such as `de` or `en_US`. Twilio's sid says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// What its places hold, by their name or number.
    #[serde(default)]
    pub variables: BTreeMap<String, String>,
}

// What is filled in is personal.
impl std::fmt::Debug for Template {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Template").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Why a template cannot be sent as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr, thiserror::Error)]
#[strum(serialize_all = "snake_case")]
pub enum BadTemplate {
    /// Twilio's templates have sids.
    #[error("over Twilio a template is named by its content sid: HX and 32 hexadecimal digits")]
    ContentSid,
    /// Meta's templates have names.
    #[error("over Meta a template is named by 1 to 512 of a-z, 0-9 and '_'")]
    Name,
    /// Meta has a template once for each language.
    #[error("over Meta a template needs its language, such as `de` or `en_US`")]
    Language,
    /// A place with a name that no template has.
    #[error("a variable is named by 1 to 64 letters, digits and '_'")]
    VariableName,
    /// A value that no carrier takes.
    #[error("a variable's value has 1 to {MAX_VALUE_CHARS} characters, on one line")]
    VariableValue,
    /// More places than a template has.
    #[error("a template has at most {MAX_VARIABLES} variables")]
    TooMany,
}

impl BadTemplate {
    /// The word for programs.
    pub fn code(&self) -> &'static str {
        self.into()
    }
}

impl Template {
    /// Whether the carrier can be asked to send it.
    ///
    /// # Errors
    /// The first [`BadTemplate`].
    pub fn check(&self, carrier: &Carrier) -> Result<(), BadTemplate> {
        match carrier {
            Carrier::Twilio => {
                let sid = self.name.strip_prefix("HX").is_some_and(crate::ids::is_32_digits);
                if !sid {
                    return Err(BadTemplate::ContentSid);
                }
            }
            Carrier::Meta { .. } => {
                let fits = (1..=512).contains(&self.name.len())
                    && self.name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
                if !fits {
                    return Err(BadTemplate::Name);
                }
                let language = self.language.as_deref().unwrap_or_default();
                let fits = (2..=15).contains(&language.len())
                    && language.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
                if !fits {
                    return Err(BadTemplate::Language);
                }
            }
        }
        if self.variables.len() > MAX_VARIABLES {
            return Err(BadTemplate::TooMany);
        }
        for (name, value) in &self.variables {
            let named = (1..=64).contains(&name.len())
                && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
            if !named {
                return Err(BadTemplate::VariableName);
            }
            let length = value.chars().count();
            if !(1..=MAX_VALUE_CHARS).contains(&length) || value.chars().any(char::is_control) {
                return Err(BadTemplate::VariableValue);
            }
        }
        Ok(())
    }

    /// The places in the order in which Meta wants them: by number, then by name.
    pub fn in_order(&self) -> Vec<(&str, &str)> {
        let mut places: Vec<_> =
            self.variables.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        places.sort_by_key(|(name, _)| (name.parse::<u32>().unwrap_or(u32::MAX), *name));
        places
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(name: &str, language: Option<&str>, variables: &[(&str, &str)]) -> Template {
        let variables =
            variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Template { name: name.into(), language: language.map(str::to_owned), variables }
    }

    #[test]
    fn a_template_is_named_as_its_carrier_names_it() {
        let meta = Carrier::Meta { phone_number_id: "1".into() };
        let sid = format!("HX{}", "a1".repeat(16));
        assert_eq!(template(&sid, None, &[("1", "Anna")]).check(&Carrier::Twilio), Ok(()));
        assert_eq!(template("reminder", None, &[]).check(&Carrier::Twilio), Err(BadTemplate::ContentSid));
        assert_eq!(template("reminder", Some("de_AT"), &[]).check(&meta), Ok(()));
        assert_eq!(template("reminder", None, &[]).check(&meta), Err(BadTemplate::Language));
        assert_eq!(template("Reminder!", Some("de"), &[]).check(&meta), Err(BadTemplate::Name));
        for (name, value, wrong) in [
            ("a b", "x", BadTemplate::VariableName),
            ("1", "", BadTemplate::VariableValue),
            ("1", "a\nb", BadTemplate::VariableValue),
        ] {
            assert_eq!(template("reminder", Some("de"), &[(name, value)]).check(&meta), Err(wrong));
        }
    }

    #[test]
    fn numbered_places_are_in_the_order_of_their_numbers() {
        let template = template("x", None, &[("10", "j"), ("2", "b"), ("1", "a"), ("name", "n")]);
        assert_eq!(template.in_order(), [("1", "a"), ("2", "b"), ("10", "j"), ("name", "n")]);
        assert!(!format!("{template:?}").contains('j'));
    }
}
