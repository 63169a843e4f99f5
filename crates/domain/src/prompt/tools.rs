//! What the model is told of each tool that it is offered.

use crate::tools::{
    BOOK_APPOINTMENT, CANCEL_APPOINTMENT, END_CALL, FIND_SLOTS, HttpTool, MY_APPOINTMENTS,
    RESCHEDULE_APPOINTMENT, TAKE_MESSAGE, TRANSFER_CALL, Toolbox,
};

/// What the model is told of the tools about appointments.
const APPOINTMENTS: [(&str, &str); 5] = [
    (
        FIND_SLOTS,
        "Looks for free times. Pass on what the caller said of the day and the hour; the business's own clock makes a date \
         of it. Offer only times that it gives. If it gives a question, ask the caller.",
    ),
    (
        BOOK_APPOINTMENT,
        "Books one of the offered times, after you have read it back with the service and the caller has agreed. Ask for \
         the caller's full name before. Say that it is booked only after this tool has answered with ok.",
    ),
    (
        RESCHEDULE_APPOINTMENT,
        "Moves one of the caller's appointments to an offered time, after the caller has agreed. Say that it is moved only \
         after this tool has answered with ok; until then the old time stands. Never cancel first.",
    ),
    (
        CANCEL_APPOINTMENT,
        "Cancels one of the caller's appointments, after you have named it and the caller has agreed. Say that it is \
         cancelled only after this tool has answered with ok.",
    ),
    (
        MY_APPOINTMENTS,
        "Tells the appointments under the number that the caller calls from. Those of others are told to no one.",
    ),
];

/// A tool as the model is told of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Described<'a> {
    /// The name by which the model calls it.
    pub name: &'a str,
    /// What it does and when to use it.
    pub description: String,
    /// The business's own tool; `None`: the product's.
    pub own: Option<&'a HttpTool>,
}

/// The tools that a toolbox offers, in the order in which the model is told of them.
pub fn described(toolbox: &Toolbox) -> Vec<Described<'_>> {
    let product = |name, description: String| Described { name, description, own: None };
    let mut tools = vec![product(
        END_CALL,
        "Ends the call. Use it once the caller has said goodbye or the matter is settled, after a short goodbye of \
         your own."
            .to_owned(),
    )];
    if !toolbox.directory.is_empty() {
        let people: Vec<String> =
            toolbox.directory.iter().map(|entry| format!("{}: {}", entry.id, entry.label)).collect();
        let description = format!(
            "Connects the caller with a person. Use it when the caller asks for one, or when you cannot help. Say \
             first that you are connecting them. To whom: {}.",
            people.join("; ")
        );
        tools.push(product(TRANSFER_CALL, description));
    }
    if toolbox.take_messages {
        let description = "Notes a message for the business. Use it when the caller wants to leave one or to be \
                           called back; read it back to the caller first.";
        tools.push(product(TAKE_MESSAGE, description.to_owned()));
    }
    if toolbox.appointments {
        tools.extend(APPOINTMENTS.map(|(name, description)| product(name, description.to_owned())));
    }
    tools.extend(toolbox.http.iter().map(|own| Described {
        name: &own.name,
        description: own.description.clone(),
        own: Some(own),
    }));
    tools
}
