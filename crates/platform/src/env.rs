//! Settings from environment variables: read once, through one reader, all errors reported together.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use domain::Secret;
use url::Url;

use crate::clock::Clock;

/// What a process exits with when its settings are wrong: 64, `EX_USAGE` of sysexits.h, since the variables are to a
/// service what arguments are to a command.
pub const EX_USAGE: u8 = 64;

/// Where variables come from. The local system builds many settings in one process, so nothing below this
/// trait reads the process's own environment.
pub trait Reader: Send + Sync {
    /// The variable's text; `None` when it is not set.
    fn var(&self, name: &str) -> Option<String>;

    /// What the program that is built from these variables asks for the time.
    fn clock(&self) -> Clock {
        Clock::system()
    }
}

/// The process's environment.
#[derive(Debug, Clone, Copy, Default)]
pub struct ProcessEnv;

impl Reader for ProcessEnv {
    fn var(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }
}

/// An environment made of a map. Debug shows the names only: values may be secrets.
#[derive(Clone, Default)]
pub struct MapEnv(pub BTreeMap<String, String>);

impl Reader for MapEnv {
    fn var(&self, name: &str) -> Option<String> {
        self.0.get(name).cloned()
    }
}

impl fmt::Debug for MapEnv {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("MapEnv").field(&self.0.keys()).finish()
    }
}

/// Variables, and another clock than the machine's.
#[derive(Debug, Clone)]
pub struct ClockedEnv {
    /// The variables.
    pub vars: MapEnv,
    /// What is asked for the time.
    pub clock: Clock,
}

impl Reader for ClockedEnv {
    fn var(&self, name: &str) -> Option<String> {
        self.vars.var(name)
    }

    fn clock(&self) -> Clock {
        self.clock.clone()
    }
}

impl<K: Into<String>, V: Into<String>> FromIterator<(K, V)> for MapEnv {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(pairs: I) -> Self {
        Self(pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}

/// Reads variables one by one and remembers what was wrong, so that a deployment is told everything at once.
///
/// A getter whose variable is missing or malformed returns a stand-in; [`Parser::finish`] makes sure that no
/// stand-in is ever used.
pub struct Parser<'a> {
    env: &'a dyn Reader,
    problems: Vec<Problem>,
}

impl<'a> Parser<'a> {
    /// Reads settings from `env`.
    pub fn new(env: &'a dyn Reader) -> Self {
        Self { env, problems: Vec::new() }
    }

    /// A required text. A variable that is set but blank counts as not set, here and everywhere below.
    pub fn text(&mut self, name: &'static str) -> String {
        self.required(name, "a text").unwrap_or_default()
    }

    /// A text that may be left out.
    pub fn optional(&mut self, name: &'static str) -> Option<String> {
        read(self.env, name)
    }

    /// A required absolute URL.
    pub fn url(&mut self, name: &'static str) -> Url {
        match self.required(name, URL) {
            Some(text) => self.parsed_url(name, &text).unwrap_or_else(|| STAND_IN_URL.clone()),
            None => STAND_IN_URL.clone(),
        }
    }

    /// An absolute URL that may be left out.
    pub fn optional_url(&mut self, name: &'static str) -> Option<Url> {
        let text = self.optional(name)?;
        self.parsed_url(name, &text)
    }

    /// A number, or `default` when the variable is not set.
    pub fn number<T: FromStr>(&mut self, name: &'static str, default: T) -> T {
        let Some(text) = self.optional(name) else { return default };
        text.parse().unwrap_or_else(|_| {
            self.wrong(name, std::any::type_name::<T>());
            default
        })
    }

    /// `true` or `false`, or `default` when the variable is not set.
    pub fn flag(&mut self, name: &'static str, default: bool) -> bool {
        match self.optional(name).as_deref() {
            None => default,
            Some("true") => true,
            Some("false") => false,
            Some(_) => {
                self.wrong(name, "true or false");
                default
            }
        }
    }

    /// A required key or token.
    pub fn secret(&mut self, name: &'static str) -> Secret {
        Secret::new(self.required(name, "a key or token").unwrap_or_default())
    }

    /// A key or token that may be left out.
    pub fn optional_secret(&mut self, name: &'static str) -> Option<Secret> {
        self.optional(name).map(Secret::new)
    }

    /// Any other shape: `parse` gives the value, or `None` when the text is not `expected`.
    pub fn parsed<T>(
        &mut self,
        name: &'static str,
        expected: &'static str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let text = self.required(name, expected)?;
        let value = parse(&text);
        if value.is_none() {
            self.wrong(name, expected);
        }
        value
    }

    /// Notes that a variable is set to something unusable. The value itself is never repeated.
    pub fn wrong(&mut self, name: &'static str, expected: &'static str) {
        self.problems.push(Problem { name, expected, set: true });
    }

    /// The settings, if nothing was wrong.
    ///
    /// # Errors
    /// Every variable that is missing or malformed.
    pub fn finish<T>(self, value: T) -> Result<T, SettingsError> {
        if self.problems.is_empty() { Ok(value) } else { Err(SettingsError(self.problems)) }
    }

    fn required(&mut self, name: &'static str, expected: &'static str) -> Option<String> {
        let text = read(self.env, name);
        if text.is_none() {
            self.problems.push(Problem { name, expected, set: false });
        }
        text
    }

    fn parsed_url(&mut self, name: &'static str, text: &str) -> Option<Url> {
        match Url::parse(text) {
            Ok(url) if url.has_host() => Some(url),
            Ok(_) | Err(_) => {
                self.wrong(name, URL);
                None
            }
        }
    }
}

const URL: &str = "an absolute URL";

#[expect(clippy::expect_used, reason = "the text is a constant")]
static STAND_IN_URL: LazyLock<Url> =
    LazyLock::new(|| Url::parse("http://not-set.invalid/").expect("a constant URL parses"));

pub(crate) fn read(env: &dyn Reader, name: &str) -> Option<String> {
    env.var(name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// What is wrong with the environment, every variable at once. Exit with [`EX_USAGE`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingsError(Vec<Problem>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Problem {
    name: &'static str,
    expected: &'static str,
    set: bool,
}

impl SettingsError {
    /// The variables at fault.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.0.iter().map(|problem| problem.name)
    }

    /// Both lists as one, for settings that are read in parts.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the settings are not usable; correct these environment variables:")?;
        for Problem { name, expected, set } in &self.0 {
            let state = if *set { "is malformed" } else { "is not set" };
            write!(f, "\n  {name} {state}: expected {expected}")?;
        }
        Ok(())
    }
}

impl std::error::Error for SettingsError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_wrong_variable_is_reported_at_once_and_no_value_is_repeated() {
        let env: MapEnv =
            [("PORT", "canary-eighty"), ("BASE", "canary/relative"), ("BLANK", "  ")].into_iter().collect();
        let mut parser = Parser::new(&env);
        parser.number("PORT", 80u16);
        parser.url("BASE");
        parser.text("BLANK");
        parser.secret("KEY");
        parser.flag("FLAG", true);
        let error = parser.finish(()).unwrap_err();
        assert_eq!(error.names().collect::<Vec<_>>(), ["PORT", "BASE", "BLANK", "KEY"]);
        let text = format!("{error} {error:?} {env:?}");
        assert!(text.contains("BASE is malformed: expected an absolute URL"), "{text}");
        assert!(text.contains("KEY is not set"), "{text}");
        assert!(!text.contains("canary"), "{text}");
    }

    #[test]
    fn what_is_set_is_read_and_what_is_not_has_its_default() {
        let env: MapEnv = [("BASE", " https://calls.example/ "), ("PORT", "81")].into_iter().collect();
        let mut parser = Parser::new(&env);
        let read = (parser.url("BASE"), parser.number("PORT", 80u16), parser.number("LIMIT", 7u32));
        let (base, port, limit) = parser.finish(read).unwrap();
        assert_eq!((base.as_str(), port, limit), ("https://calls.example/", 81, 7));
    }
}
