//! What happens in the demonstration call, in which a customer books a service and interrupts the agent once, and what the
//! simulated model says to people who text.

use simulator::audio::speech::{self, Clip};
use simulator::openai::{Fact, Reply, Script, Step, Talk};
use simulator::twilio::{CallerScript, CallerStep};

/// How long the agent must be quiet before the caller takes it for the end of a turn.
const QUIET_MS: u64 = 700;
/// The caller does not wait for an answer for ever.
const PATIENCE_MS: u64 = 15_000;
/// How much of the long answer the caller listens to before interrupting.
const LISTENS_MS: u64 = 4_000;

/// The caller's part.
pub fn caller() -> CallerScript {
    CallerScript::new(vec![
        listen(),
        say(&speech::CALLER_SERVICE),
        CallerStep::BargeIn { after_agent_ms: LISTENS_MS },
        say(&speech::CALLER_BARGE_IN),
        listen(),
        say(&speech::CALLER_BYE),
    ])
}

/// The simulated model's part.
pub fn model() -> Script {
    Script::new(
        Reply::say(&speech::AGENT_GREETING),
        vec![
            Step::clip(&speech::CALLER_SERVICE, Reply::say(&speech::AGENT_SLOTS)),
            Step::clip(&speech::CALLER_BARGE_IN, Reply::say(&speech::AGENT_CONFIRM)),
            Step::clip(&speech::CALLER_BYE, Reply::say(&speech::AGENT_BYE).and_call("end_call", "{}")),
        ],
    )
}

/// What the simulated model understands of that conversation. The caller gives no name, so no name is extracted.
pub fn facts() -> Vec<Fact> {
    vec![
        Fact::new("service", "bicycle service", "I would like to bring my bicycle in for a service"),
        Fact::new("requested_time", "10:30", "half past ten is perfect"),
        Fact::new("lead_status", "booked", "Half past ten on Thursday, I have noted that"),
    ]
}

/// What the simulated model says in writing. Where the agent has tools for it, it looks times up, books and takes messages.
pub fn talk() -> Vec<Talk> {
    const FREE: &str =
        "On Thursday morning these are free:\n1. Nine o'clock\n2. Half past ten\nWhich one suits you?";
    const FOUND: &str = "These are free:\n1. The first one: {{find_slots/slots/0/say}}\n2. The second one: \
        {{find_slots/slots/1/say}}\nWhich one suits you?";
    const FIND: &str = "{\"service\":\"service\",\"part\":\"morning\"}";
    const BOOKED: &str = "It is booked: {{book_appointment/say}}. See you then!";
    const NOT_BOOKED: &str = "Thank you, that time is noted for you. See you on Thursday!";
    let books = |hears: &[&str], slot: &str| {
        let book = format!("{{\"slot\":\"{{{{find_slots/slots/{slot}/slot}}}}\",\"name\":\"Anna Steiner\"}}");
        Talk::says(hears, BOOKED)
            .calling("find_slots", FIND)
            .calling("book_appointment", &book)
            .otherwise(NOT_BOOKED)
    };
    const NOTED: &str = "I have noted that. You will hear from us.";
    vec![
        books(&["first one", "nine o'clock"], "0"),
        books(&["second one", "half past ten"], "1"),
        Talk::says(&["book", "appointment", "service", "repair", "brake", "bring"], FOUND)
            .calling("find_slots", FIND)
            .otherwise(FREE),
        Talk::says(&["hour", "open", "close", "when"], "We are open Monday to Saturday, from nine to six."),
        Talk::says(
            &["price", "cost", "how much"],
            "A full service is 89 euros. New parts come on top of that.",
        ),
        Talk::says(&["where", "address"], "At the harbour, quay 7. There is a blue door."),
        Talk::says(
            &["human", "person", "colleague", "someone"],
            "A colleague of mine will write to you here.",
        )
        .calling("hand_over", "{\"reason\":\"The customer asked for a person\"}")
        .otherwise("I have told my colleagues that you would like to talk to one of them."),
        Talk::says(&["tell", "message", "note"], NOTED)
            .calling("take_message", "{\"message\":\"The customer asked for a note to be taken\"}")
            .otherwise(NOTED),
        Talk::says(&["picture or file", "voice note"], "Thank you. What is it about, in a few words?"),
        Talk::says(&["thank", "bye", "great"], "My pleasure. Ride safely!"),
        Talk::says(
            &["hello", "hi", "good morning", "good evening"],
            "Hello, this is Robin. How can I help you today?",
        ),
        Talk::says(
            &[],
            "I am not sure that I understand. You can ask me about opening hours, prices, or a service for your bicycle.",
        ),
    ]
}

/// A caller who says one recording of the user's own and then listens until the agent hangs up.
///
/// The simulated model cannot know what was said, and its transcript says so.
pub fn own_recording(mulaw: Vec<u8>) -> CallerScript {
    CallerScript::new(vec![
        listen(),
        CallerStep::Say { mulaw, label: "your recording".into() },
        listen(),
        CallerStep::HangUp,
    ])
}

/// The simulated model's part when the caller's words are not known in advance.
pub fn model_for_own_recording() -> Script {
    let unknown = "[the simulated model does not understand speech: words unknown]";
    Script::new(
        Reply::say(&speech::AGENT_GREETING),
        vec![Step::text(unknown, Reply::say(&speech::AGENT_CONFIRM))],
    )
}

fn listen() -> CallerStep {
    CallerStep::WaitForAgent { quiet_ms: QUIET_MS, max_ms: PATIENCE_MS }
}

fn say(clip: &Clip) -> CallerStep {
    CallerStep::Say { mulaw: clip.mulaw().to_vec(), label: clip.text.into() }
}
