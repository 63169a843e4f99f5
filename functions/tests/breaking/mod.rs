//! What of a document's changes breaks a client that was made for an earlier one.
//!
//! A request may ask for less and take more; an answer may say more and leave nothing out.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

/// The first part of `info.version`.
pub(crate) fn major(document: &Value) -> &str {
    let version = document["info"]["version"].as_str().unwrap_or_default();
    version.split('.').next().unwrap_or_default()
}

/// Every breaking change from `old` to `new`, one line each.
pub(crate) fn changes(old: &Value, new: &Value) -> Vec<String> {
    let mut diff = Diff { old, new, found: vec![], seen: BTreeSet::new() };
    for (path, item) in object(&old["paths"]) {
        for (method, operation) in object(item) {
            let place = format!("{} {path}", method.to_uppercase());
            match new["paths"][path].get(method) {
                Some(now) => diff.operation(&place, operation, now),
                None => diff.found.push(format!("{place} is gone")),
            }
        }
    }
    diff.found
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Way {
    Request,
    Answer,
}

struct Diff<'a> {
    old: &'a Value,
    new: &'a Value,
    found: Vec<String>,
    /// References that are compared already, or that are being compared: schemas may contain themselves.
    seen: BTreeSet<(Way, &'a str, &'a str)>,
}

fn object(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flat_map(Map::iter)
}

fn array(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn texts(value: &Value) -> BTreeSet<&str> {
    array(value).filter_map(Value::as_str).collect()
}

fn resolved<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    let pointer = value["$ref"].as_str().and_then(|reference| reference.strip_prefix('#'));
    pointer.and_then(|pointer| document.pointer(pointer)).unwrap_or(value)
}

impl<'a> Diff<'a> {
    fn operation(&mut self, place: &str, old: &'a Value, new: &'a Value) {
        if old["operationId"] != new["operationId"] {
            self.found.push(format!(
                "{place}: `operationId` has changed, after which clients name their functions"
            ));
        }
        let key = |parameter: &Value| (parameter["in"].clone(), parameter["name"].clone());
        let (before, now) = (self.old, self.new);
        let [old_parameters, new_parameters] = [(before, old), (now, new)].map(|(document, operation)| {
            array(&operation["parameters"]).map(|one| resolved(document, one)).collect::<Vec<_>>()
        });
        for parameter in &old_parameters {
            let place = format!("{place}: parameter {}", parameter["name"]);
            match new_parameters.iter().find(|now| key(now) == key(parameter)) {
                Some(now) => {
                    if parameter["required"] != true && now["required"] == true {
                        self.found.push(format!("{place} is required now"));
                    }
                    self.schema(Way::Request, &place, &parameter["schema"], &now["schema"]);
                }
                None => self.found.push(format!("{place} is gone")),
            }
        }
        for parameter in new_parameters.iter().filter(|parameter| parameter["required"] == true) {
            if !old_parameters.iter().any(|before| key(before) == key(parameter)) {
                self.found.push(format!("{place}: parameter {} is new and required", parameter["name"]));
            }
        }
        let (before, now) = (&old["requestBody"], &new["requestBody"]);
        if before["required"] != true && now["required"] == true {
            self.found.push(format!("{place}: the body is required now"));
        }
        self.contents(Way::Request, &format!("{place}: body"), before, now);
        for (status, answer) in object(&old["responses"]) {
            let place = format!("{place}: {status}");
            // An error may go; a success is what clients wait for.
            match new["responses"].get(status) {
                Some(now) => {
                    self.contents(Way::Answer, &place, resolved(self.old, answer), resolved(self.new, now))
                }
                None if status.starts_with('2') => self.found.push(format!("{place} is gone")),
                None => {}
            }
        }
    }

    fn contents(&mut self, way: Way, place: &str, old: &'a Value, new: &'a Value) {
        for (kind, content) in object(&old["content"]) {
            match new["content"].get(kind) {
                Some(now) => self.schema(way, place, &content["schema"], &now["schema"]),
                None => self.found.push(format!("{place}: `{kind}` is gone")),
            }
        }
    }

    fn schema(&mut self, way: Way, place: &str, old: &'a Value, new: &'a Value) {
        if let (Some(before), Some(now)) = (old["$ref"].as_str(), new["$ref"].as_str())
            && !self.seen.insert((way, before, now))
        {
            return;
        }
        let (old, new) = (resolved(self.old, old), resolved(self.new, new));
        self.types(way, place, old, new);
        self.words(way, place, old, new);
        self.bounds(way, place, old, new);
        self.properties(way, place, old, new);
        if let (Some(before), Some(now)) = (old.get("items"), new.get("items")) {
            self.schema(way, &format!("{place}/items"), before, now);
        }
        for composed in ["allOf", "oneOf", "anyOf"] {
            let (before, now) = (array(&old[composed]).count(), array(&new[composed]).count());
            let fewer = now < before;
            let more = now > before && before > 0 && way == Way::Answer && composed != "allOf";
            let stricter = now > before && way == Way::Request && composed == "allOf";
            if fewer || more || stricter {
                self.found.push(format!("{place}: `{composed}` has {now} parts in place of {before}"));
            }
            for (before, now) in array(&old[composed]).zip(array(&new[composed])) {
                self.schema(way, place, before, now);
            }
        }
    }

    /// A request may take more types and an answer fewer.
    fn types(&mut self, way: Way, place: &str, old: &Value, new: &Value) {
        let types = |schema: &Value| -> BTreeSet<String> {
            match &schema["type"] {
                Value::String(one) => BTreeSet::from([one.clone()]),
                several => texts(several).into_iter().map(str::to_owned).collect(),
            }
        };
        let (before, now) = (types(old), types(new));
        let (narrow, wide) = match way {
            Way::Request => (&before, &now),
            Way::Answer => (&now, &before),
        };
        let fits = |word: &String| wide.contains(word) || word == "integer" && wide.contains("number");
        // No type is every type.
        if !wide.is_empty() && (narrow.is_empty() || !narrow.iter().all(fits)) {
            self.found.push(format!("{place}: its type was {before:?} and is {now:?}"));
        }
        if old["format"] != new["format"] && !(way == Way::Request && new["format"].is_null()) {
            self.found.push(format!("{place}: its format was {} and is {}", old["format"], new["format"]));
        }
    }

    /// Words of a closed list may be added to a request; an answer's list may not grow, and none may lose a word.
    fn words(&mut self, way: Way, place: &str, old: &Value, new: &Value) {
        for list in ["enum", "x-extensible-enum"] {
            let (before, now) = (texts(&old[list]), texts(&new[list]));
            for word in before.difference(&now).filter(|_| !now.is_empty()) {
                self.found.push(format!("{place}: the word `{word}` is gone"));
            }
            let grown = now.difference(&before).next().filter(|_| !before.is_empty());
            if let (Way::Answer, "enum", Some(word)) = (way, list, grown) {
                self.found.push(format!("{place}: the closed list has a new word, `{word}`"));
            }
        }
        if way == Way::Request && texts(&old["enum"]).is_empty() && !texts(&new["enum"]).is_empty() {
            self.found.push(format!("{place}: it takes words of a list alone now"));
        }
    }

    /// A request's bounds may only widen.
    fn bounds(&mut self, way: Way, place: &str, old: &Value, new: &Value) {
        if way == Way::Answer {
            return;
        }
        for (bound, tighter) in [
            ("minimum", 1.0),
            ("minLength", 1.0),
            ("minItems", 1.0),
            ("maximum", -1.0),
            ("maxLength", -1.0),
            ("maxItems", -1.0),
        ] {
            let Some(now) = new[bound].as_f64() else { continue };
            if old[bound].as_f64().is_none_or(|before| (now - before) * tighter > 0.0) {
                self.found.push(format!("{place}: `{bound}` was {} and is {now}", old[bound]));
            }
        }
        if !new["pattern"].is_null() && old["pattern"] != new["pattern"] {
            self.found.push(format!("{place}: `pattern` was {} and is {}", old["pattern"], new["pattern"]));
        }
    }

    fn properties(&mut self, way: Way, place: &str, old: &'a Value, new: &'a Value) {
        for (name, property) in object(&old["properties"]) {
            match new["properties"].get(name) {
                Some(now) => self.schema(way, &format!("{place}/{name}"), property, now),
                None => self.found.push(format!("{place}: the field `{name}` is gone")),
            }
        }
        let (before, now) = (texts(&old["required"]), texts(&new["required"]));
        match way {
            Way::Request => {
                for name in now.difference(&before) {
                    self.found.push(format!("{place}: the field `{name}` is required now"));
                }
            }
            Way::Answer => {
                for name in before.difference(&now) {
                    self.found.push(format!("{place}: the field `{name}` may be missing now"));
                }
            }
        }
        if way == Way::Request && old["additionalProperties"] != false && new["additionalProperties"] == false
        {
            self.found.push(format!("{place}: unknown fields are refused now"));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn document(request: Value, answer: Value) -> Value {
        json!({
            "info": { "version": "1.2.0" },
            "paths": { "/v1/things": {
                "post": {
                    "operationId": "make_thing",
                    "parameters": [{ "in": "query", "name": "limit", "schema": { "type": "integer", "maximum": 100 } }],
                    "requestBody": { "content": { "application/json": { "schema": { "$ref": "#/components/schemas/New" } } } },
                    "responses": { "201": { "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Thing" } } } } },
                },
                "get": { "operationId": "list_things", "responses": { "200": {} } },
            } },
            "components": { "schemas": { "New": request, "Thing": answer } },
        })
    }

    fn request() -> Value {
        json!({
            "type": "object",
            "required": ["name"],
            "properties": {
                "name": { "type": "string", "maxLength": 80 },
                "kind": { "type": ["string", "null"], "enum": ["a", "b"] },
            },
        })
    }

    fn answer() -> Value {
        json!({
            "type": "object",
            "required": ["id"],
            "properties": {
                "id": { "type": "string" },
                "state": { "type": "string", "enum": ["on", "off"] },
                "part": { "$ref": "#/components/schemas/Thing" },
            },
        })
    }

    /// What is found when a value of the document is replaced, or removed.
    fn after(pointer: &str, value: Option<Value>) -> Vec<String> {
        let old = document(request(), answer());
        let mut new = old.clone();
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        let fields = new.pointer_mut(parent).unwrap().as_object_mut().unwrap();
        let name = name.replace("~1", "/");
        match value {
            Some(value) => drop(fields.insert(name, value)),
            None => drop(fields.remove(&name)),
        }
        changes(&old, &new)
    }

    const NEW: &str = "/components/schemas/New";
    const THING: &str = "/components/schemas/Thing";
    const POST: &str = "/paths/~1v1~1things/post";

    #[test]
    fn a_document_is_compatible_with_itself() {
        let document = document(request(), answer());
        assert_eq!(changes(&document, &document), Vec::<String>::new());
        assert_eq!(major(&document), "1");
    }

    #[test]
    fn what_only_adds_breaks_no_client() {
        let text = || json!({ "type": "string" });
        for (pointer, value) in [
            (format!("{THING}/properties/more"), text()),
            (format!("{NEW}/properties/more"), text()),
            (format!("{NEW}/properties/name/maxLength"), json!(90)),
            (format!("{NEW}/properties/kind/enum"), json!(["a", "b", "c"])),
            (format!("{NEW}/required"), json!([])),
            (format!("{THING}/required"), json!(["id", "state"])),
            (format!("{POST}/responses/202"), json!({})),
            ("/paths/~1v1~1others".to_owned(), json!({ "get": {} })),
        ] {
            assert_eq!(after(&pointer, Some(value)), Vec::<String>::new(), "{pointer}");
        }
    }

    #[test]
    fn what_a_client_relies_on_may_not_go() {
        for pointer in [
            "/paths/~1v1~1things".to_owned(),
            "/paths/~1v1~1things/get".to_owned(),
            format!("{THING}/properties/id"),
            format!("{THING}/required"),
            format!("{NEW}/properties/kind"),
            format!("{POST}/responses/201"),
            format!("{POST}/parameters"),
        ] {
            assert!(!after(&pointer, None).is_empty(), "{pointer}");
        }
    }

    #[test]
    fn what_a_client_sends_must_still_be_taken_and_what_it_gets_must_still_fit() {
        let new_required = json!([
            { "in": "query", "name": "limit", "schema": { "type": "integer", "maximum": 100 } },
            { "in": "query", "name": "day", "required": true, "schema": { "type": "string" } },
        ]);
        for (pointer, value) in [
            (format!("{NEW}/required"), json!(["name", "kind"])),
            (format!("{NEW}/additionalProperties"), json!(false)),
            (format!("{NEW}/properties/name/maxLength"), json!(70)),
            (format!("{NEW}/properties/name/minLength"), json!(1)),
            (format!("{NEW}/properties/name/pattern"), json!("^a")),
            (format!("{NEW}/properties/name/type"), json!("integer")),
            (format!("{NEW}/properties/kind/type"), json!("string")),
            (format!("{NEW}/properties/kind/enum"), json!(["a"])),
            (format!("{THING}/properties/id/type"), json!(["string", "null"])),
            (format!("{THING}/properties/state/enum"), json!(["on"])),
            (format!("{THING}/properties/state/enum"), json!(["on", "off", "new"])),
            (format!("{POST}/requestBody/required"), json!(true)),
            (format!("{POST}/operationId"), json!("create_thing")),
            (format!("{POST}/parameters"), new_required),
        ] {
            assert!(!after(&pointer, Some(value.clone())).is_empty(), "{pointer} {value}");
        }
    }
}
