//! Tools that a model may call besides the session's own `end_call`.
//!
//! A tool's answer is JSON for the model, errors included: the model must be able to tell the caller that
//! something did not work.

use serde_json::json;

/// Tool outputs longer than this are refused: they would crowd out the conversation.
pub(crate) const MAX_OUTPUT_BYTES: usize = 16 * 1024;

/// Runs a tool to its answer. No tool is registered, so every name is unknown; the deadline is the session's.
pub(crate) fn run(name: &str) -> String {
    let mut output =
        json!({ "error": "unknown_tool", "message": format!("there is no tool named {name}") }).to_string();
    if output.len() > MAX_OUTPUT_BYTES {
        output = json!({ "error": "unknown_tool" }).to_string();
    }
    output
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_tool_is_an_error_the_model_can_read() {
        let answer: serde_json::Value = serde_json::from_str(&run("book\"me")).unwrap();
        assert_eq!(answer["error"], "unknown_tool");
        assert_eq!(answer["message"], "there is no tool named book\"me");
    }

    #[test]
    fn an_answer_is_bounded_whatever_the_model_calls_it() {
        assert!(run(&"x".repeat(MAX_OUTPUT_BYTES)).len() <= MAX_OUTPUT_BYTES);
    }
}
