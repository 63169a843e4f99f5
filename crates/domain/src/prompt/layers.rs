//! What all calls of a revision have in common, in the words that the model is told.

use super::Channel;
use crate::hours::{DAYS, Span, Week};
use crate::locale::{self, Locale};
use crate::tools::{
    BOOK_APPOINTMENT, CANCEL_APPOINTMENT, END_CALL, HAND_OVER, PROMISE_CALL_BACK, RECORD_DO_NOT_CALL,
    RESCHEDULE_APPOINTMENT, SEND_MESSAGE, TAKE_MESSAGE, TRANSFER_CALL, Toolbox,
};

/// Rules of the medium, not of the business: they hold for every voice call.
const VOICE_RULES: &str = "\
You are on a telephone call. Speak in short, natural sentences and ask one question at a time. \
Say numbers, dates and times as words. If you did not understand, say so and ask once. \
If you were cut off by no more than a sound of listening or a noise, go on where you stopped. \
Never invent facts about the business, and never claim that something was done unless a tool said so. \
When the caller says goodbye or the matter is settled, say a short goodbye and call end_call.";

const TEXT_RULES: &str = "\
You are answering written messages. Be brief and friendly. \
Never invent facts about the business, and never claim that something was done unless a tool said so.";

pub(super) const fn medium(channel: Channel) -> &'static str {
    match channel {
        Channel::Inbound | Channel::Outbound => VOICE_RULES,
        Channel::WhatsApp => TEXT_RULES,
    }
}

pub(super) const fn direction(channel: Channel) -> &'static str {
    match channel {
        Channel::Inbound => "# Direction\nThe caller rang the business.",
        Channel::Outbound => "# Direction\nYou rang this person on behalf of the business.",
        Channel::WhatsApp => "# Direction\nThis person wrote to the business.",
    }
}

/// The language to begin in, and how each of them is spoken.
pub(super) fn languages(tags: &[String], opens_in: Option<&str>) -> String {
    let Some(first) = opens_in else { return String::new() };
    let name = Locale::of(first).map_or_else(
        || format!("the language with the code {first}"),
        |locale| format!("{} ({first})", locale.name),
    );
    let spoken = [first].into_iter().chain(tags.iter().map(String::as_str));
    format!("# Language\nBegin in {name} and follow the caller's language.\n{}", locale::rules(spoken))
}

/// The times of ordinary weeks. Other days are told with the call: which of them matter depends on the day.
pub(super) fn hours(week: &Week) -> String {
    let mut text = "# Opening hours\n".to_owned();
    let mut rest = &DAYS[..];
    while let [(day, name), ..] = rest {
        let spans = week.spans(*day);
        let same = rest.iter().take_while(|(other, _)| week.spans(*other) == spans).count();
        let (days, behind) = rest.split_at(same);
        let last = days.last().map_or(*name, |(_, name)| name);
        let days = match same {
            1 => capitalised(name),
            _ => format!("{} to {}", capitalised(name), capitalised(last)),
        };
        text.push_str(&format!("- {days}: {}\n", times(spans)));
        rest = behind;
    }
    text
}

/// `09:00-12:30 and 13:30-18:00`, or `closed`.
pub(super) fn times(spans: &[Span]) -> String {
    match spans {
        [] => "closed".to_owned(),
        spans => spans.iter().map(ToString::to_string).collect::<Vec<_>>().join(" and "),
    }
}

fn capitalised(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// What the agent can do besides talking, and what it cannot.
pub(super) fn tools(toolbox: &Toolbox, channel: Channel) -> String {
    let mut rules = vec![];
    let (party, here) = match channel {
        Channel::Inbound | Channel::Outbound => ("caller", "call"),
        Channel::WhatsApp => ("person", "conversation"),
    };
    let appointments = [BOOK_APPOINTMENT, RESCHEDULE_APPOINTMENT, CANCEL_APPOINTMENT];
    let appointments = appointments.into_iter().filter(|_| toolbox.appointments);
    let sends = toolbox.send_message && channel != Channel::WhatsApp;
    // What stands for the business's own tool of that name in calls that it places.
    let is_ours =
        |name: &str| channel == Channel::Outbound && [RECORD_DO_NOT_CALL, PROMISE_CALL_BACK].contains(&name);
    let names: Vec<&str> = appointments
        .chain([SEND_MESSAGE].into_iter().filter(|_| sends))
        .chain(toolbox.http.iter().map(|tool| tool.name.as_str()).filter(|name| !is_ours(name)))
        .collect();
    if names.is_empty() {
        rules.push(format!(
            "You have no tool for appointments, orders or messages to the {party}: never say that one is made, changed, \
             cancelled or sent. Say that you cannot do it yourself."
        ));
    } else {
        rules.push(format!(
            "Before you call a tool that books, changes, cancels, orders or sends, say what you are about to do and wait \
             for a yes. It is done only if the tool says so; if it does not, say that it is not done. Your tools of \
             this kind: {}.",
            names.join(", ")
        ));
        rules.push(format!(
            "An appointment exists only if a tool said so in this {here}. Offer only times that a tool or this prompt \
             gives, and repeat day and time before you book."
        ));
    }
    if channel == Channel::WhatsApp {
        rules.push(format!(
            "If the person asks for a human, or you cannot help, use {HAND_OVER}: it is the only way to one."
        ));
        if toolbox.take_messages {
            rules.push(format!(
                "If the person wants the business to be told something, note it with {TAKE_MESSAGE}."
            ));
        }
    }
    if channel != Channel::WhatsApp {
        rules.push(match toolbox.directory.is_empty() {
            true => "You cannot connect the caller with a person: do not offer it.".to_owned(),
            false => {
                format!("Connect the caller with a person by {TRANSFER_CALL} alone, and give out no number.")
            }
        });
        rules.push(match toolbox.take_messages {
            true => format!("If you cannot help, offer to take a message, with {TAKE_MESSAGE}."),
            false => "You cannot take messages: do not offer it.".to_owned(),
        });
        if channel == Channel::Outbound {
            rules.push(format!(
                "If the person does not want to be called again, call {RECORD_DO_NOT_CALL} at once, without a question and without \
                 an attempt to change their mind."
            ));
        }
        rules.push(format!("Only {END_CALL} ends the call."));
    }
    format!("# What you can do\n- {}", rules.join("\n- "))
}
