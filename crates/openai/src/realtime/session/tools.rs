use serde::{Serialize, Serializer};
use serde_json::Value;

/// A function the model may call. Realtime has no `strict` at this level: arguments must be checked.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "type", rename = "function")]
pub struct Tool {
    /// The name by which the model calls it.
    pub name: String,
    /// What it does and when to call it.
    pub description: String,
    /// JSON Schema of the arguments object.
    pub parameters: Value,
}

/// Whether the model may, must or must not call a tool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ToolChoice {
    /// The model decides.
    Auto,
    /// It may call no tool.
    None,
    /// Some tool, the model's choice.
    Required,
    /// This one.
    Function(String),
}

impl Serialize for ToolChoice {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        #[serde(tag = "type", rename = "function")]
        struct Function<'a> {
            name: &'a str,
        }

        match self {
            Self::Auto => serializer.serialize_str("auto"),
            Self::None => serializer.serialize_str("none"),
            Self::Required => serializer.serialize_str("required"),
            Self::Function(name) => Function { name }.serialize(serializer),
        }
    }
}
