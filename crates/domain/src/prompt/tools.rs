//! What the model is told of each tool that it is offered.

use crate::tools::{
    BOOK_APPOINTMENT, CANCEL_APPOINTMENT, END_CALL, FIND_SLOTS, HAND_OVER, HttpTool, MY_APPOINTMENTS,
    PROMISE_CALL_BACK, RECORD_DO_NOT_CALL, RESCHEDULE_APPOINTMENT, SEND_MESSAGE, TAKE_MESSAGE, TRANSFER_CALL,
    Toolbox,
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

/// The tools of an agent that answers texts, in the order in which the model is told of them: those of a call, but without
/// what needs a line, and with a way to a person.
pub fn described_in_writing(toolbox: &Toolbox) -> Vec<Described<'_>> {
    let spoken = described(toolbox).into_iter();
    let mut tools: Vec<Described<'_>> = spoken
        .filter(|tool| tool.own.is_some() || ![END_CALL, TRANSFER_CALL, SEND_MESSAGE].contains(&tool.name))
        .map(|tool| match tool.own {
            Some(_) => tool,
            None => Described { description: in_writing(&tool.description), ..tool },
        })
        .collect();
    // A business may have given the name to a tool of its own.
    if toolbox.http_tool(HAND_OVER).is_none() {
        let description = "Gives the conversation to a person of the business, who answers from then on. Use it when the \
                           person asks for that, or when you cannot help. `say` is your last message.";
        tools.push(Described { name: HAND_OVER, description: description.to_owned(), own: None });
    }
    tools
}

/// The tools of an agent that has placed the call: those of any call, and the way to be called no more. A business that has a tool of
/// that name keeps it for calls that come in.
pub fn described_when_calling(toolbox: &Toolbox) -> Vec<Described<'_>> {
    let mut tools = described(toolbox);
    tools.retain(|tool| tool.name != RECORD_DO_NOT_CALL);
    let description = "Puts the number that you called on the list of those that the business does not call. Use it as soon as \
                       the person says that they want no more calls, in whatever words; do not ask whether they are sure. Say \
                       that it is recorded only after this tool has answered with ok. Then say goodbye.";
    let tool = Described { name: RECORD_DO_NOT_CALL, description: description.to_owned(), own: None };
    // Behind `end_call`, which every call has.
    tools.insert(tools.len().min(1), tool);
    tools
}

/// The same in a call in which the person may be promised another one.
pub fn described_with_call_back(toolbox: &Toolbox) -> Vec<Described<'_>> {
    let mut tools = described_when_calling(toolbox);
    tools.retain(|tool| tool.name != PROMISE_CALL_BACK);
    let description = "Has the person whom you called called again at a time that they name, if now is a bad moment. Pass on what \
                       they said of the time; the server's own clock makes a date of it. If it gives a question, ask the person; if \
                       it gives another time, offer that. Say that they will be called only after this tool has answered with ok, \
                       and say when. Called again, it replaces the time.";
    let tool = Described { name: PROMISE_CALL_BACK, description: description.to_owned(), own: None };
    // Behind `end_call` and the way to be called no more.
    tools.insert(tools.len().min(2), tool);
    tools
}

/// The product's own words for the telephone, for texts.
fn in_writing(description: &str) -> String {
    description.replace("the caller calls from", "the person writes from").replace("caller", "person")
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
    if toolbox.send_message {
        let description = "Sends the caller an SMS to the number that they call from, and to no other: a link, an address, \
                           a confirmation. Use it after the caller has agreed. Say that it is on its way only after this \
                           tool has answered with ok.";
        tools.push(product(SEND_MESSAGE, description.to_owned()));
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
