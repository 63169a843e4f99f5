//! What the model is told of the arguments of the tools about appointments. What they do is in
//! `stores::appointments::desk`, the same for calls and texts.

use domain::tools::{
    BOOK_APPOINTMENT, CANCEL_APPOINTMENT, FIND_SLOTS, MY_APPOINTMENTS, RESCHEDULE_APPOINTMENT,
};
use serde_json::{Value, json};

/// JSON Schema of a tool's arguments. `None`: it is no tool about appointments.
pub(super) fn parameters(name: &str) -> Option<Value> {
    let text = |description: &str, max: usize| json!({ "type": "string", "description": description, "maxLength": max });
    let word = |description: &str, words: &[&str]| json!({ "type": "string", "description": description, "enum": words });
    let clock = |description: &str| {
        text(
            &format!(
                "{description}: `16:30`, `4:30pm`, or `4` exactly as the caller said it if it is not clear which half of the day is meant"
            ),
            10,
        )
    };
    let slot = || text("The `slot` of an offered time, copied exactly; never one that you made", 64);
    let appointment =
        || text("The `appointment` of one that my_appointments or book_appointment gave, copied exactly", 64);
    let (properties, required): (Value, &[&str]) = match name {
        FIND_SLOTS => (
            json!({
                "service": text("The service, by its id or name. Leave it out to learn which services there are", 200),
                "with": text("A person or place that the caller asked for, by name", 200),
                "day": text("The day as the caller said it, one of: a weekday (`Tuesday`, `יום שלישי`), `today`, `tomorrow`, `day after tomorrow`, a date with month and day `12-03`, or a date that a tool gave `2026-12-03`. Compute no date yourself", 32),
                "week": word("Which week, only if the caller said so: `next` for \"next Tuesday\"", &["this", "next"]),
                "part": word("The part of the day, if the caller said so", &["morning", "afternoon", "evening"]),
                "after": clock("Not before this hour"),
                "before": clock("Over by this hour"),
                "at": clock("As near to this hour as can be"),
            }),
            &[],
        ),
        BOOK_APPOINTMENT => (
            json!({
                "slot": slot(),
                "name": text("The caller's full name, as they said it. Leave it out if you still have to ask for it: the time is then held for three minutes", 100),
                "notes": text("Whatever else matters for the appointment, in the caller's words", 1_000),
            }),
            &["slot"],
        ),
        RESCHEDULE_APPOINTMENT => {
            (json!({ "appointment": appointment(), "slot": slot() }), &["appointment", "slot"])
        }
        CANCEL_APPOINTMENT => (json!({ "appointment": appointment() }), &["appointment"]),
        MY_APPOINTMENTS => (json!({}), &[]),
        _ => return None,
    };
    Some(json!({
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    }))
}
