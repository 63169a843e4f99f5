//! Answers as tables for people.

use serde_json::Value;
use tabled::builder::Builder;
use tabled::settings::Style;

/// A column: its heading, and a JSON pointer to what stands in it.
pub(super) type Column = (&'static str, &'static str);

/// Rows with their headings.
pub(super) fn of(rows: Option<&Vec<Value>>, columns: &[Column]) -> String {
    let rows = rows.map(Vec::as_slice).unwrap_or_default();
    if rows.is_empty() {
        return "none".to_owned();
    }
    let mut table = Builder::default();
    table.push_record(columns.iter().map(|(heading, _)| *heading));
    for row in rows {
        table.push_record(columns.iter().map(|(_, pointer)| word(row.pointer(pointer))));
    }
    table.build().with(Style::blank()).to_string()
}

/// The fields of one thing, a line each; what lies deeper is shown as JSON.
pub(super) fn fields(of: &Value) -> String {
    let Some(fields) = of.as_object() else { return word(Some(of)) };
    let mut table = Builder::default();
    for (name, value) in fields {
        table.push_record([name.clone(), word(Some(value))]);
    }
    table.build().with(Style::blank()).to_string()
}

fn word(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => "-".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(items)) if items.iter().all(Value::is_string) => {
            let words: Vec<_> = items.iter().filter_map(Value::as_str).collect();
            if words.is_empty() { "-".to_owned() } else { words.join(" ") }
        }
        Some(other) => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_table_has_its_headings_and_a_dash_for_nothing() {
        let rows = vec![json!({ "id": "a", "label": null, "scopes": ["x", "y"] }), json!({ "id": "b" })];
        let table = of(Some(&rows), &[("ID", "/id"), ("LABEL", "/label"), ("SCOPES", "/scopes")]);
        let lines: Vec<Vec<&str>> = table.lines().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(lines, [vec!["ID", "LABEL", "SCOPES"], vec!["a", "-", "x", "y"], vec!["b", "-", "-"]]);
        assert_eq!(of(Some(&vec![]), &[("ID", "/id")]), "none");
        assert!(fields(&json!({ "name": "Shop", "calls": 2 })).contains("Shop"));
    }
}
