//! CloudFormation's intrinsic functions, the few that an environment variable uses.

use serde_yaml_ng::Value;

use super::TemplateError;

/// Gives names on this machine to what the template only refers to.
pub trait Resolve {
    /// `!Ref`: a parameter's value, a table's or bucket's name, a queue's URL.
    fn reference(&self, name: &str) -> Option<String>;

    /// The value of an environment variable.
    fn value(&self, value: &Value) -> Result<String, TemplateError> {
        let unresolved = || TemplateError::Unresolved(format!("{value:?}"));
        match value {
            Value::String(text) => Ok(text.clone()),
            Value::Number(number) => Ok(number.to_string()),
            Value::Bool(flag) => Ok(flag.to_string()),
            Value::Tagged(tagged) if tagged.tag == "Ref" => {
                tagged.value.as_str().and_then(|name| self.reference(name)).ok_or_else(unresolved)
            }
            Value::Tagged(tagged) if tagged.tag == "Sub" => {
                substitute(tagged.value.as_str().ok_or_else(unresolved)?, |name| self.reference(name))
                    .ok_or_else(unresolved)
            }
            // `!Join [",", !Ref List]`: a list parameter is kept joined here already.
            Value::Tagged(tagged) if tagged.tag == "Join" => match tagged.value.get(1) {
                Some(list @ Value::Tagged(_)) => self.value(list),
                _ => Err(unresolved()),
            },
            _ => Err(unresolved()),
        }
    }
}

/// `${Name}` replaced by what `lookup` says; `None` when it does not know one of them.
fn substitute(text: &str, lookup: impl Fn(&str) -> Option<String>) -> Option<String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        let end = start + rest[start..].find('}')?;
        out.push_str(&rest[..start]);
        out.push_str(&lookup(&rest[start + 2..end])?);
        rest = &rest[end + 1..];
    }
    out.push_str(rest);
    Some(out)
}

/// The name in `!Ref Name`.
pub(super) fn reference_of(value: &Value) -> Option<&str> {
    match value {
        Value::Tagged(tagged) if tagged.tag == "Ref" => tagged.value.as_str(),
        _ => None,
    }
}

/// The resource in `!GetAtt Resource.Attribute`.
pub(super) fn attribute_of(value: &Value) -> Option<String> {
    match value {
        Value::Tagged(tagged) if tagged.tag == "GetAtt" => {
            tagged.value.as_str()?.split_once('.').map(|(resource, _)| resource.to_owned())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Names;
    impl Resolve for Names {
        fn reference(&self, name: &str) -> Option<String> {
            (name == "Host").then(|| "calls.example.com".to_owned())
        }
    }

    fn yaml(text: &str) -> Value {
        serde_yaml_ng::from_str(text).unwrap()
    }

    #[test]
    fn references_and_substitutions_are_filled_in() {
        assert_eq!(Names.value(&yaml("!Ref Host")).unwrap(), "calls.example.com");
        assert_eq!(Names.value(&yaml("!Sub https://${Host}/x")).unwrap(), "https://calls.example.com/x");
        assert_eq!(Names.value(&yaml("!Join [',', !Ref Host]")).unwrap(), "calls.example.com");
        assert_eq!(Names.value(&yaml("plain")).unwrap(), "plain");
    }

    #[test]
    fn what_is_unknown_is_an_error_and_not_an_empty_text() {
        assert!(Names.value(&yaml("!Ref Nobody")).is_err());
        assert!(Names.value(&yaml("!Sub https://${Nobody}")).is_err());
    }
}
