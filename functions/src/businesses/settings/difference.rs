//! What changed between two settings, field by field.

use domain::Settings;
use serde_json::Value;

/// One field that differs.
#[derive(Debug, PartialEq)]
pub(super) struct Change {
    /// Where it stands, a JSON pointer.
    pub(super) pointer: String,
    /// What it was; `None`: it was not there.
    pub(super) before: Option<Value>,
    /// What it is; `None`: it is not there any more.
    pub(super) after: Option<Value>,
}

/// Every field that differs, in their order. The number of the revision is left out.
pub(super) fn between(before: &Settings, after: &Settings) -> Vec<Change> {
    let value = |settings: &Settings| serde_json::to_value(settings).unwrap_or_default();
    let mut changes = vec![];
    compare(Some(&value(before)), Some(&value(after)), "", &mut changes);
    changes.retain(|change| change.pointer != "/revision");
    changes
}

fn compare(before: Option<&Value>, after: Option<&Value>, at: &str, changes: &mut Vec<Change>) {
    match (before, after) {
        (Some(before), Some(after)) if before == after => {}
        (Some(Value::Object(old)), Some(Value::Object(new))) => {
            let mut names: Vec<&String> = old.keys().chain(new.keys()).collect();
            names.sort();
            names.dedup();
            for name in names {
                let token = name.replace('~', "~0").replace('/', "~1");
                compare(old.get(name), new.get(name), &format!("{at}/{token}"), changes);
            }
        }
        (Some(Value::Array(old)), Some(Value::Array(new))) => {
            for index in 0..old.len().max(new.len()) {
                compare(old.get(index), new.get(index), &format!("{at}/{index}"), changes);
            }
        }
        (None, None) => {}
        (before, after) => {
            changes.push(Change { pointer: at.to_owned(), before: before.cloned(), after: after.cloned() })
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::testing::settings;

    use super::*;

    #[test]
    fn each_field_that_differs_is_pointed_at_and_no_other() {
        let before = settings();
        assert_eq!(between(&before, &before), []);
        let mut after = settings();
        after.revision = domain::Revision(7);
        assert_eq!(between(&before, &after), [], "another number is no change");
        after.voice.voice = "cedar".into();
        after.voice.languages.push("de".into());
        let changes = between(&before, &after);
        let told: Vec<_> =
            changes.iter().map(|change| (change.pointer.as_str(), change.before.is_some())).collect();
        assert_eq!(told, [("/voice/languages/1", false), ("/voice/voice", true)]);
        assert_eq!(changes[1].after, Some("cedar".into()));
    }
}
