//! What an event says of a person, and the event without it: the table of types says where. That it happened stays, with its times.
//!
//! The body is read as it stands, since bodies of every earlier version are to be found.

use std::collections::BTreeSet;

use domain::contact::ContactId;
use domain::contact::erasure::Trace;
use domain::event::{Blank, Type};
use domain::phone::HIDDEN;
use domain::texts::ThreadId;
use domain::{CallSid, PhoneNumber};
use serde_json::{Map, Value};
use stores::events::Event;

/// Whose events are looked for.
pub(crate) struct PersonInEvents<'a> {
    calls: BTreeSet<&'a CallSid>,
    /// Calls whose events are left as they are.
    held: Option<&'a BTreeSet<CallSid>>,
    threads: &'a BTreeSet<ThreadId>,
    contacts: BTreeSet<String>,
    numbers: BTreeSet<String>,
}

impl<'a> PersonInEvents<'a> {
    /// The person of a trace, with the calls that are held.
    pub(crate) fn of(trace: &'a Trace) -> Self {
        Self {
            calls: trace.calls.iter().collect(),
            held: None,
            threads: &trace.threads,
            contacts: trace.contacts.iter().map(ContactId::to_string).collect(),
            numbers: trace.numbers().iter().map(|number| PhoneNumber::as_e164(number).to_owned()).collect(),
        }
    }

    /// The same without the calls that are held.
    pub(crate) fn not_held(trace: &'a Trace) -> Self {
        Self { held: Some(&trace.held), ..Self::of(trace) }
    }

    /// The body without the person. `None`: it is another one's, or there is nothing of a person in it.
    pub(crate) fn taken_out_of(&self, event: &Event) -> Option<String> {
        let before: Value = serde_json::from_str(&event.body).ok()?;
        let is_theirs = match &event.call {
            Some(call) if self.held.is_some_and(|held| held.contains(call)) => false,
            Some(call) if self.calls.contains(call) => true,
            Some(_) | None => self.is_in(&before),
        };
        // A type that is not in the table any more is read as the one that says most.
        let kind = Type::parse(&event.kind).unwrap_or(Type::CallCompleted);
        is_theirs
            .then(|| without(kind, &before))
            .filter(|after| *after != before)
            .map(|after| after.to_string())
    }

    fn is_in(&self, body: &Value) -> bool {
        let text = |pointer| body.pointer(pointer).and_then(Value::as_str);
        let contacts = [text("/contact"), text("/contact/id"), text("/call/contact")];
        text("/thread").is_some_and(|thread| self.threads.iter().any(|one| one.as_str() == thread))
            || contacts.into_iter().flatten().any(|contact| self.contacts.contains(contact))
            || text("/number").is_some_and(|number| self.numbers.contains(number))
    }
}

fn without(kind: Type, before: &Value) -> Value {
    let mut after = before.clone();
    if let Some(call) = after.get_mut("call").and_then(Value::as_object_mut) {
        if call.get("direction").and_then(Value::as_str) == Some("outbound") {
            call.insert("to".to_owned(), Value::Null);
        } else {
            call.insert("from".to_owned(), Value::from(HIDDEN));
        }
    }
    if let Some(links) = after.get_mut("links").and_then(Value::as_object_mut) {
        // Whose path it is would still say who it was.
        links.remove("contact");
    }
    for (pointer, blank) in kind.personal() {
        if let Some(said) = after.pointer_mut(pointer) {
            *said = match blank {
                Blank::Null => Value::Null,
                Blank::Empty => Value::from(""),
                Blank::NoList => Value::Array(vec![]),
                Blank::NoFields => Value::Object(Map::new()),
            };
        }
    }
    after
}

#[cfg(test)]
mod tests {
    use domain::Timestamp;
    use domain::testing;

    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_795_000_000);

    fn event(kind: Type, call: Option<CallSid>, body: &str) -> Event {
        let (id, kind) = (String::new(), kind.name().to_owned());
        Event { sequence: 1, id, kind, call, direction: None, body: body.to_owned(), at: NOW }
    }

    fn trace() -> Trace {
        let example: Value = serde_json::from_str(Type::ContactCreated.example()).unwrap();
        let contact = ContactId::parse(example["contact"]["id"].as_str().unwrap()).unwrap();
        let thread: Value = serde_json::from_str(Type::MessageReceived.example()).unwrap();
        let thread = ThreadId::parse(thread["thread"].as_str().unwrap()).unwrap();
        let call = CallSid::parse("CA0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a").unwrap();
        Trace {
            contacts: [contact].into(),
            threads: [thread].into(),
            calls: [call].into(),
            ..Trace::default()
        }
    }

    /// Of every type, by the call, the thread or the contact that its example is of: nothing is left by which the person
    /// could be known, and a second time changes nothing.
    #[test]
    fn of_an_event_of_any_type_the_person_goes_and_that_it_happened_stays() {
        let trace = trace();
        let person = PersonInEvents::not_held(&trace);
        for kind in Type::ALL {
            let example: Value = serde_json::from_str(kind.example()).unwrap();
            let call = example.pointer("/call/sid").and_then(Value::as_str);
            let call = call.map(|sid| CallSid::parse(sid).unwrap());
            let before = event(*kind, call.clone(), kind.example());
            let Some(after) = person.taken_out_of(&before) else {
                assert!(kind.personal().is_empty(), "{}", kind.name());
                continue;
            };
            for gone in ["+12025550178", "Dana", "bicycle", "wheel", "refund", "asked for an offer"] {
                assert!(!after.contains(gone), "{}: {gone}: {after}", kind.name());
            }
            let [read, mut links] = [after.as_str(), kind.example()]
                .map(|text| serde_json::from_str::<Value>(text).unwrap()["links"].clone());
            links.as_object_mut().unwrap().remove("contact");
            assert_eq!(read, links, "what is there is still found: {}", kind.name());
            assert_eq!(person.taken_out_of(&event(*kind, call, &after)), None, "{}: once", kind.name());
        }
    }

    #[test]
    fn of_a_call_that_was_placed_the_called_number_goes() {
        let trace = trace();
        let call = trace.calls.first().cloned();
        let body =
            r#"{ "call": { "direction": "outbound", "from": "+12025550100", "to": "+436641234567" } }"#;
        let without = PersonInEvents::of(&trace).taken_out_of(&event(Type::CallStarted, call, body)).unwrap();
        assert!(without.contains("+12025550100") && !without.contains("+43664"), "{without}");
    }

    /// A call that is held keeps what it says, and what is another one's is left.
    #[test]
    fn what_is_held_and_what_is_another_ones_is_left() {
        let whole = trace();
        let call = whole.calls.first().cloned();
        let held = Trace { held: whole.calls.clone(), ..whole.clone() };
        let completed = event(Type::CallCompleted, call, Type::CallCompleted.example());
        assert_eq!(PersonInEvents::not_held(&held).taken_out_of(&completed), None);
        let other =
            event(Type::CallCompleted, Some(testing::call_sid(9)), r#"{"call":{"from":"+1"},"summary":1}"#);
        assert_eq!(PersonInEvents::of(&whole).taken_out_of(&other), None);
        let unknown = Trace::default();
        for kind in Type::ALL {
            assert_eq!(PersonInEvents::of(&unknown).taken_out_of(&event(*kind, None, kind.example())), None);
        }
        assert_eq!(
            PersonInEvents::of(&whole).taken_out_of(&event(Type::UsageWarning, None, "not JSON")),
            None
        );
    }
}
