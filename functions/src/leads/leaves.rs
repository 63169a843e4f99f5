//! What is sent to a source, as texts with the ways to them.

use domain::lead::mapping::{FieldPath, Leaf};
use domain::lead::names::named;
use http::{HeaderMap, StatusCode, header};
use serde_json::Value;
use stores::leads::{Raw, RawKind};
use url::form_urlencoded;

use crate::edge::problem::Problem;

/// The most texts of one body.
const MAX_LEAVES: usize = 500;
/// The deepest way.
const MAX_DEPTH: usize = 16;
/// The longest text that is looked at, characters: no part of a lead is longer.
const MAX_CHARS: usize = 4_000;

/// A body as it came: JSON or a form, by what its header says. Scripts that send JSON as plain text are understood.
///
/// # Errors
/// 415 for another type, 400 for bytes that are no text.
pub(super) fn raw(headers: &HeaderMap, body: &[u8]) -> Result<Raw, Problem> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let kind = match kind.as_str() {
        "application/x-www-form-urlencoded" => RawKind::Form,
        "application/json" | "text/json" | "text/plain" | "" => RawKind::Json,
        other if other.ends_with("+json") => RawKind::Json,
        _ => {
            return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported media type")
                .detail("send `application/json` or `application/x-www-form-urlencoded`"));
        }
    };
    let body = std::str::from_utf8(body).map_err(|_| Problem::bad_request("the body is not UTF-8"))?;
    Ok(Raw { kind, body: body.to_owned() })
}

/// The texts of a body.
///
/// # Errors
/// 400 for what is no JSON, 422 for JSON of another shape, and for more than a form has.
pub(super) fn leaves(raw: &Raw) -> Result<Vec<Leaf>, Problem> {
    let mut leaves = vec![];
    match raw.kind {
        RawKind::Form => {
            for (name, value) in form_urlencoded::parse(raw.body.as_bytes()).take(MAX_LEAVES + 1) {
                push(&mut leaves, FieldPath::read(&name), &value);
            }
        }
        RawKind::Json => {
            let value: Value =
                serde_json::from_str(&raw.body).map_err(|_| Problem::bad_request("the body is not JSON"))?;
            if !value.is_object() && !value.is_array() {
                return Err(Problem::invalid("", "shape", "send an object with the fields of the form"));
            }
            walk(&mut leaves, &FieldPath::root(), &value, 0);
        }
    }
    if leaves.len() > MAX_LEAVES {
        return Err(Problem::invalid("", "length", format!("send {MAX_LEAVES} fields at most")));
    }
    Ok(named(leaves))
}

fn walk(leaves: &mut Vec<Leaf>, path: &FieldPath, value: &Value, depth: usize) {
    if leaves.len() > MAX_LEAVES || depth > MAX_DEPTH {
        return;
    }
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                walk(leaves, &path.then(name), value, depth + 1);
            }
        }
        Value::Array(values) => {
            for (place, value) in values.iter().enumerate() {
                walk(leaves, &path.at(place), value, depth + 1);
            }
        }
        Value::String(text) => push(leaves, path.clone(), text),
        Value::Number(number) => push(leaves, path.clone(), &number.to_string()),
        Value::Bool(flag) => push(leaves, path.clone(), if *flag { "true" } else { "false" }),
        Value::Null => {}
    }
}

fn push(leaves: &mut Vec<Leaf>, path: FieldPath, text: &str) {
    leaves.push(Leaf { path, text: text.chars().take(MAX_CHARS + 1).collect() });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(kind: RawKind, body: &str) -> Vec<(String, String)> {
        let leaves = leaves(&Raw { kind, body: body.to_owned() }).unwrap();
        leaves.into_iter().map(|leaf| (leaf.path.to_string(), leaf.text)).collect()
    }

    #[test]
    fn json_and_forms_are_texts_with_ways() {
        let pair = |path: &str, text: &str| (path.to_owned(), text.to_owned());
        let json = r#"{"contact":{"phone":12025550143,"ok":true,"none":null},"answers":[{"value":"a"}]}"#;
        assert_eq!(
            read(RawKind::Json, json),
            [pair("answers[0].value", "a"), pair("contact.ok", "true"), pair("contact.phone", "12025550143")]
        );
        let form = "fields%5Bname%5D%5Bvalue%5D=Dana+Levi&phone=%2B12025550143";
        assert_eq!(
            read(RawKind::Form, form),
            [pair("fields.name.value", "Dana Levi"), pair("phone", "+12025550143")]
        );
    }

    #[test]
    fn what_is_no_form_is_refused() {
        let status = |kind, body: &str| leaves(&Raw { kind, body: body.to_owned() }).unwrap_err().status();
        assert_eq!(status(RawKind::Json, "{"), 400);
        assert_eq!(status(RawKind::Json, "7"), 422);
        let many = format!("[{}]", vec!["1"; MAX_LEAVES + 1].join(","));
        assert_eq!(status(RawKind::Json, &many), 422);
        let deep = format!("{}{}", "[".repeat(100), "]".repeat(100));
        assert!(read(RawKind::Json, &deep).is_empty());
        let headers = |kind: &str| HeaderMap::from_iter([(header::CONTENT_TYPE, kind.parse().unwrap())]);
        assert_eq!(raw(&headers("multipart/form-data; boundary=x"), b"").unwrap_err().status(), 415);
        assert_eq!(raw(&headers("application/json"), &[0xff]).unwrap_err().status(), 400);
        assert_eq!(raw(&headers("text/plain;charset=utf-8"), b"{}").unwrap().kind, RawKind::Json);
    }
}
