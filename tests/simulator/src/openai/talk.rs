//! What a text model says to a person who writes, where no answer was prepared: rules over what the person wrote last.

use serde_json::Value;

use super::answers::Answer;

/// What to a text that holds one of these words is said and done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Talk {
    /// One of these is in the text, in lower case. Without any, every text fits.
    pub hears: Vec<String>,
    /// The tools that are called before anything is said, one after another: a name, and arguments in which
    /// `{{tool/pointer}}` stands for the text at that JSON pointer of what the tool told.
    pub calls: Vec<(String, String)>,
    /// What is said then, with the same places.
    pub says: String,
    /// What is said if a tool is not offered, or a place cannot be filled.
    pub otherwise: String,
}

impl Talk {
    /// Says something.
    pub fn says(hears: &[&str], says: &str) -> Self {
        Self {
            hears: hears.iter().map(|word| (*word).to_owned()).collect(),
            calls: Vec::new(),
            says: says.to_owned(),
            otherwise: says.to_owned(),
        }
    }

    /// Calls a tool before that, after those that are called already.
    #[must_use]
    pub fn calling(mut self, tool: &str, arguments: &str) -> Self {
        self.calls.push((tool.to_owned(), arguments.to_owned()));
        self
    }

    /// Says something else without the tools.
    #[must_use]
    pub fn otherwise(mut self, otherwise: &str) -> Self {
        otherwise.clone_into(&mut self.otherwise);
        self
    }
}

/// The answer by the first rule that fits the request's last text. `None`: no rule fits.
pub(super) fn answer(rules: &[Talk], body: &Value) -> Option<Answer> {
    let input = body["input"].as_array().map_or(&[] as &[Value], Vec::as_slice);
    let asked = input.iter().rposition(|item| item["role"] == "user")?;
    let words = words(&input[asked]["content"]).to_lowercase();
    // People write in bursts; what came last says what is wanted.
    let last = words.lines().next_back().unwrap_or_default();
    let fits = |text: &str, rule: &&Talk| {
        rule.hears.is_empty() || rule.hears.iter().any(|word| text.contains(word.as_str()))
    };
    let specific = |text: &str| rules.iter().find(|rule| !rule.hears.is_empty() && fits(text, rule));
    let rule =
        specific(last).or_else(|| specific(&words)).or_else(|| rules.iter().find(|r| fits(last, r)))?;
    let told = told(&input[asked..]);
    let offered =
        |name: &str| body["tools"].as_array().into_iter().flatten().any(|tool| tool["name"] == name);
    if !rule.calls.iter().all(|(tool, _)| offered(tool)) {
        return Some(Answer::Text(rule.otherwise.clone()));
    }
    Some(match rule.calls.get(told.len()) {
        Some((name, arguments)) => match filled(arguments, &told, true) {
            Some(arguments) => Answer::Call { name: name.clone(), arguments },
            None => Answer::Text(rule.otherwise.clone()),
        },
        None => Answer::Text(filled(&rule.says, &told, false).unwrap_or_else(|| rule.otherwise.clone())),
    })
}

/// A message's words, whether they are a text or parts.
fn words(content: &Value) -> String {
    match content {
        Value::String(words) => words.clone(),
        Value::Array(parts) => {
            parts.iter().filter_map(|part| part["text"].as_str()).collect::<Vec<_>>().join("\n")
        }
        _ => String::new(),
    }
}

/// What tools have told, in their order, each with its name.
fn told(input: &[Value]) -> Vec<(String, Value)> {
    let name = |id: &Value| {
        let call = input.iter().find(|item| item["type"] == "function_call" && item["call_id"] == *id);
        call.and_then(|call| call["name"].as_str()).unwrap_or_default().to_owned()
    };
    let outputs = input.iter().filter(|item| item["type"] == "function_call_output");
    outputs
        .map(|item| {
            let output = item["output"].as_str().and_then(|text| serde_json::from_str(text).ok());
            (name(&item["call_id"]), output.unwrap_or_else(|| item["output"].clone()))
        })
        .collect()
}

/// The text with its places filled; `None` if one of them cannot be.
fn filled(text: &str, told: &[(String, Value)], in_json: bool) -> Option<String> {
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        let (named, after) = after.split_once("}}")?;
        let (tool, pointer) = named.split_once('/')?;
        let (_, output) = told.iter().rev().find(|(name, _)| name == tool)?;
        let value = match output.pointer(&format!("/{pointer}"))? {
            Value::String(text) => text.clone(),
            value => value.to_string(),
        };
        filled.push_str(before);
        let value =
            if in_json { Value::String(value).to_string().trim_matches('"').to_owned() } else { value };
        filled.push_str(&value);
        rest = after;
    }
    filled.push_str(rest);
    Some(filled)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn rules() -> Vec<Talk> {
        vec![
            Talk::says(&["book", "appointment"], "I have {{find_slots/slots/0/say}}.")
                .calling("find_slots", r#"{"day":"Thursday"}"#)
                .otherwise("When would suit you?"),
            Talk::says(&["first"], "It is booked.")
                .calling("find_slots", "{}")
                .calling("book_appointment", r#"{"slot":"{{find_slots/slots/0/slot}}"}"#),
            Talk::says(&["hours"], "From nine to six."),
            Talk::says(&[], "I see."),
        ]
    }

    fn asked(words: &str, tools: &[&str], outputs: &[(&str, Value)]) -> Option<Answer> {
        let mut input = vec![
            json!({ "role": "user", "content": "What are your hours?" }),
            json!({ "role": "assistant", "content": "From nine to six." }),
            json!({ "role": "user", "content": words }),
        ];
        for (n, (name, output)) in outputs.iter().enumerate() {
            input.push(json!({ "type": "function_call", "call_id": n, "name": name, "arguments": "{}" }));
            input.push(json!({ "type": "function_call_output", "call_id": n, "output": output.to_string() }));
        }
        let tools: Vec<Value> =
            tools.iter().map(|name| json!({ "type": "function", "name": name })).collect();
        answer(&rules(), &json!({ "input": input, "tools": tools }))
    }

    fn text(words: &str) -> Option<Answer> {
        Some(Answer::Text(words.to_owned()))
    }

    #[test]
    fn what_was_written_last_decides() {
        assert_eq!(asked("Your hours?", &[], &[]), text("From nine to six."));
        assert_eq!(asked("Hello\nHow nice", &[], &[]), text("I see."));
        assert_eq!(asked("What are your HOURS\nplease", &[], &[]), text("From nine to six."));
        assert_eq!(answer(&rules(), &json!({ "input": "x" })), None);
    }

    #[test]
    fn tools_are_called_one_after_another_if_they_are_offered() {
        let both = ["find_slots", "book_appointment"];
        assert_eq!(asked("Can I book?", &[], &[]), text("When would suit you?"));
        let call = |name: &str, arguments: &str| {
            Some(Answer::Call { name: name.to_owned(), arguments: arguments.to_owned() })
        };
        assert_eq!(asked("Can I book?", &both, &[]), call("find_slots", r#"{"day":"Thursday"}"#));
        let slots = json!({ "slots": [{ "slot": "abc", "say": "Thursday at nine" }] });
        let told = [("find_slots", slots)];
        assert_eq!(asked("Can I book?", &both, &told), text("I have Thursday at nine."));
        assert_eq!(asked("The first", &both, &told), call("book_appointment", r#"{"slot":"abc"}"#));
        let done = [told[0].clone(), ("book_appointment", json!({ "ok": true }))];
        assert_eq!(asked("The first", &both, &done), text("It is booked."));
        assert_eq!(
            asked("Can I book?", &both, &[("find_slots", json!({ "slots": [] }))]),
            text("When would suit you?")
        );
    }
}
