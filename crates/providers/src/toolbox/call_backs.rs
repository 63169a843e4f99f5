//! What the model is told of the arguments by which it has a person called back. What they mean is in `domain::call_back`.

use domain::call_back::MAX_MINUTES;
use serde_json::{Value, json};

/// JSON Schema of the tool's arguments.
pub(super) fn parameters() -> Value {
    let text = |description: &str, max: usize| json!({ "type": "string", "description": description, "maxLength": max });
    let word = |description: &str, words: &[&str]| json!({ "type": "string", "description": description, "enum": words });
    json!({
        "type": "object",
        "properties": {
            "in_minutes": {
                "type": "integer",
                "description": "In how many minutes, only if the person said how long from now: 60 for \"in an hour\"",
                "minimum": 1,
                "maximum": MAX_MINUTES,
            },
            "day": text("The day as the person said it, one of: a weekday (`Tuesday`, `יום שלישי`), `today`, `tomorrow`, `day after tomorrow`, a date with month and day `12-03`, or a date that this tool gave `2026-12-03`. Compute no date yourself", 32),
            "week": word("Which week, only if the person said so: `next` for \"next Tuesday\"", &["this", "next"]),
            "part": word("The part of the day, if the person said that and no hour", &["morning", "afternoon", "evening"]),
            "at": text("The hour: `16:30`, `4:30pm`, or `4` exactly as the person said it if it is not clear which half of the day is meant", 10),
            "time_zone": text("Where the person is, as an IANA name such as `America/Chicago`, only if they said in which city they are", 64),
            "offer": text("The `offer` of a time that this tool gave and the person took, copied exactly, and then nothing else", 20),
        },
        "required": [],
        "additionalProperties": false,
    })
}
