//! `{{name}}` in a text.

use super::{Facts, Lint, Place};
use crate::braces::{Braces, braces};

/// The longest name that a finding repeats, characters.
const SHOWN_CHARS: usize = 60;

/// What is filled in for the business's name.
const BUSINESS_NAME: &str = "business_name";

/// The names that a text uses.
pub(super) fn used(text: &str) -> impl Iterator<Item = &str> {
    braces(text).into_iter().filter_map(|braces| match braces {
        Braces::Closed(name, _) => Some(name),
        Braces::Open(_) => None,
    })
}

pub(super) fn lint(text: &str, facts: &Facts<'_>) -> Vec<(Place, Lint)> {
    let names = || facts.placeholders.iter().map(|own| own.name).chain([BUSINESS_NAME]);
    let value = |name: &str| match name {
        BUSINESS_NAME => Some(facts.business_name),
        name => facts.placeholders.iter().find(|own| own.name == name).map(|own| own.value),
    };
    let judged = braces(text).into_iter().filter_map(|braces| match braces {
        Braces::Open(range) => Some((Place::of(text, range), Lint::OpenPlaceholder)),
        Braces::Closed(name, range) => {
            let shown = || name.chars().take(SHOWN_CHARS).collect::<String>();
            let lint = match value(name) {
                Some(value) if !value.trim().is_empty() => return None,
                Some(_) => Lint::MissingValue { name: shown() },
                None => {
                    let meant = names().find(|known| plain(known) == plain(name)).map(str::to_owned);
                    Lint::UnknownPlaceholder { name: shown(), meant }
                }
            };
            Some((Place::of(text, range), lint))
        }
    });
    judged.collect()
}

/// Names that differ in case, spaces and underscores alone are meant alike.
fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}
