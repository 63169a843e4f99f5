//! `POST /v1/responses`: the request's rules and the shape of an answer.

use axum::Json;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::{reading, schema};
use crate::openai::answers::Answer;
use crate::openai::fields::Fields;
use crate::openai::models::Purpose;
use crate::openai::refusal::ApiRefusal;
use crate::openai::script::{Part, Reply};
use crate::openai::shared::Shared;
use crate::openai::talk;

const PARAMETERS: &[&str] = &[
    "model",
    "instructions",
    "input",
    "max_output_tokens",
    "reasoning",
    "store",
    "safety_identifier",
    "prompt_cache_key",
    "metadata",
    "service_tier",
    "text",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    "previous_response_id",
    "include",
    "truncation",
    "temperature",
    "top_p",
    "stream",
    "background",
];

const MAX_SCHEMA_NAME_CHARS: usize = 64;
const MAX_SAFETY_IDENTIFIER_CHARS: usize = 128;

/// Characters of one text token, roughly.
const CHARS_PER_TOKEN: usize = 4;

/// What a request asks its answer to look like.
struct Wanted<'a> {
    name: &'a str,
    schema: &'a Value,
}

/// Checks a request and answers it: from the queue, by the schema's name, or with an example.
pub(super) fn answer(shared: &Shared, body: &Value) -> Result<Response, ApiRefusal> {
    let request = Fields::of(body, "")?;
    let wanted = check(shared, &request)?;
    let prepared = || {
        let Some(wanted) = wanted else {
            let talk = talk::answer(&shared.config.talk, body);
            return talk.unwrap_or_else(|| Answer::Text("This is a simulated answer.".to_owned()));
        };
        let by_name = shared.config.answers_by_format.get(wanted.name).cloned();
        let read = || reading::answer(wanted.schema, &words(body), &shared.config.facts);
        Answer::Json(by_name.unwrap_or_else(read))
    };
    let answer = shared.next_answer().unwrap_or_else(prepared);
    Ok(match answer {
        Answer::Fault(fault) => fault.into_response(),
        Answer::Refused { param } => {
            let message = format!("Unsupported parameter: '{param}' is not supported with this model.");
            return Err(ApiRefusal::new("unsupported_parameter", message).at(param));
        }
        answer => Json(response(&request, &answer, shared.next_number())).into_response(),
    })
}

/// Everything that is said in the request's input.
fn words(body: &Value) -> String {
    let messages =
        body["input"].as_array().into_iter().flatten().filter_map(|message| message["content"].as_str());
    let mut words: Vec<&str> = messages.collect();
    words.extend(body["input"].as_str());
    words.join("\n")
}

fn check<'a>(shared: &Shared, request: &Fields<'a>) -> Result<Option<Wanted<'a>>, ApiRefusal> {
    request.only(PARAMETERS)?;
    shared.check_model(request.required_string("model")?, Purpose::Text)?;
    request.string("instructions")?;
    let input = request.require("input")?;
    let is_given =
        |value: &Value| value.as_array().map_or_else(|| value.is_string(), |list| !list.is_empty());
    if !is_given(input) {
        return Err(ApiRefusal::invalid("input", "a string or an array of input items"));
    }
    request.integer("max_output_tokens", 1..=i64::MAX)?;
    request.boolean("store")?;
    for key in ["stream", "background"] {
        if request.boolean(key)? == Some(true) {
            return Err(ApiRefusal::invalid(key, "false: the simulator answers at once"));
        }
    }
    if request.string("safety_identifier")?.is_some_and(|id| id.len() > MAX_SAFETY_IDENTIFIER_CHARS) {
        return Err(ApiRefusal::invalid("safety_identifier", "at most 128 characters"));
    }
    if let Some(reasoning) = request.object("reasoning")? {
        reasoning.only(&["effort", "summary"])?;
        reasoning.one_of("effort", &["none", "minimal", "low", "medium", "high", "xhigh", "max"])?;
    }
    check_tools(request)?;
    let Some(text) = request.object("text")? else { return Ok(None) };
    text.only(&["verbosity", "format"])?;
    text.one_of("verbosity", &["low", "medium", "high"])?;
    text.object("format")?.map_or(Ok(None), |format| check_format(&format))
}

fn check_tools(request: &Fields<'_>) -> Result<(), ApiRefusal> {
    for (index, tool) in request.list("tools")?.into_iter().flatten().enumerate() {
        let tool = Fields::of(tool, format!("tools[{index}]"))?;
        tool.one_of("type", &["function"])?;
        tool.only(&["type", "name", "description", "parameters", "strict"])?;
        tool.required_string("name")?;
        let parameters = tool.require("parameters")?;
        if tool.boolean("strict")? != Some(false) {
            schema::check(parameters)?;
        }
    }
    Ok(())
}

fn check_format<'a>(format: &Fields<'a>) -> Result<Option<Wanted<'a>>, ApiRefusal> {
    format.required_string("type")?;
    if format.one_of("type", &["text", "json_schema"])? == Some("text") {
        return Ok(None);
    }
    format.only(&["type", "name", "description", "schema", "strict"])?;
    let name = format.required_string("name")?;
    let clean = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if name.is_empty() || name.len() > MAX_SCHEMA_NAME_CHARS || !name.chars().all(clean) {
        return Err(ApiRefusal::invalid("text.format.name", "1 to 64 letters, digits, '_' and '-'"));
    }
    let schema = format.require("schema")?;
    if format.boolean("strict")? == Some(true) {
        schema::check(schema)?;
    }
    Ok(Some(Wanted { name, schema }))
}

/// Arguments with what tools have told in them, as in a script of the Realtime API: `{{tool/pointer}}` is the text at that JSON
/// pointer of what the tool told last.
fn filled(arguments: &str, input: &Value) -> String {
    let items = || input.as_array().into_iter().flatten();
    let told = |tool: &str, pointer: &str| {
        let last = items().rfind(|item| item["type"] == "function_call" && item["name"] == tool)?;
        let is_output =
            |item: &&Value| item["type"] == "function_call_output" && item["call_id"] == last["call_id"];
        let output = items().rfind(is_output)?["output"].as_str()?;
        let output: Value = serde_json::from_str(output).ok()?;
        output.pointer(pointer)?.as_str().map(str::to_owned)
    };
    let mut reply = Reply::call("", arguments);
    reply.fill(told);
    match reply.parts.into_iter().next() {
        Some(Part::ToolCall(call)) => call.arguments,
        _ => arguments.to_owned(),
    }
}

/// What differs between the answers.
#[derive(Default)]
struct ResponseEnd {
    status: &'static str,
    item: Option<Value>,
    error: Value,
    incomplete: Value,
}

/// A response object. Its message never comes first: a client that reads `output[0]` finds the
/// reasoning there.
fn response(request: &Fields<'_>, answer: &Answer, number: usize) -> Value {
    let message = |content: Value| {
        json!({
            "type": "message",
            "id": format!("msg_{number}"),
            "role": "assistant",
            "status": "completed",
            "content": [content],
        })
    };
    let text = |text: &str| message(json!({ "type": "output_text", "text": text, "annotations": [] }));
    let completed =
        |item: Value| ResponseEnd { status: "completed", item: Some(item), ..ResponseEnd::default() };
    let failed = |code: &str| ResponseEnd {
        status: "failed",
        error: json!({ "code": code, "message": "The simulator was told to fail here." }),
        ..ResponseEnd::default()
    };
    let ResponseEnd { status, item, error, incomplete } = match answer {
        Answer::Text(words) => completed(text(words)),
        Answer::Json(value) => completed(text(&value.to_string())),
        Answer::Call { name, arguments } => completed(json!({
            "type": "function_call",
            "id": format!("fc_{number}"),
            "call_id": format!("call_{number}"),
            "name": name,
            "arguments": filled(arguments, request.get("input").unwrap_or(&Value::Null)),
            "status": "completed",
        })),
        Answer::Refusal(words) => completed(message(json!({ "type": "refusal", "refusal": words }))),
        Answer::Incomplete { reason } => ResponseEnd {
            status: "incomplete",
            incomplete: json!({ "reason": reason }),
            ..ResponseEnd::default()
        },
        Answer::Failed { code } => failed(code),
        Answer::Fault(fault) => failed(&fault.code),
        Answer::Refused { .. } => failed("unsupported_parameter"),
    };
    let tokens = |value: &Value| value.to_string().len() / CHARS_PER_TOKEN;
    let input = tokens(request.get("input").unwrap_or(&Value::Null))
        + tokens(request.get("instructions").unwrap_or(&Value::Null));
    let output = item.as_ref().map_or(0, |item| tokens(&item["content"]));
    let reasoning = json!({ "type": "reasoning", "id": format!("rs_{number}"), "summary": [] });
    let items: Vec<Value> = std::iter::once(reasoning).chain(item).collect();
    json!({
        "id": format!("resp_{number}"),
        "object": "response",
        "created_at": 1_795_000_000,
        "status": status,
        "error": error,
        "incomplete_details": incomplete,
        "model": request.get("model"),
        "output": items,
        "store": request.given("store").and_then(Value::as_bool).unwrap_or(true),
        "metadata": request.given("metadata").cloned().unwrap_or_else(|| json!({})),
        "usage": {
            "input_tokens": input,
            "input_tokens_details": { "cached_tokens": 0, "cache_write_tokens": 0 },
            "output_tokens": output + 32,
            "output_tokens_details": { "reasoning_tokens": 32 },
            "total_tokens": input + output + 32,
        },
    })
}
