//! The one prompt builder.
//!
//! [`compile`] is a pure function of (business, settings revision, channel), so its result may be cached for
//! ever under that key. What belongs to one call, the caller and the date, is appended by [`for_call`] and
//! never cached: one caller's data cannot reach another's prompt.

pub mod lint;

use crate::business::bounds::MAX_KEYWORDS;
use crate::business::{Business, ChannelPrompt, Settings};
use crate::dial::CallTask;
use crate::language;
use crate::phone::Caller;

/// The ways on which an agent speaks for a business.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Channel {
    /// Calls that come in.
    Inbound,
    /// Calls that are placed.
    Outbound,
    /// Messages over WhatsApp.
    WhatsApp,
}

/// What every call of one (business, revision, channel) has in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compiled {
    /// The model's instructions.
    pub instructions: String,
    /// What the agent opens with, the business's name filled in.
    pub greeting: String,
}

/// A channel without a prompt of its own has no agent: another channel's prompt would say the wrong things.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the published settings have no prompt for the {0:?} channel")]
pub struct NoPrompt(pub Channel);

/// What is known of one call before it is answered.
#[derive(Debug, Clone)]
pub struct CallContext<'a> {
    /// The other party.
    pub caller: &'a Caller,
    /// What an outbound call is for; `None` for an inbound one.
    pub task: Option<&'a CallTask>,
    /// The business's local date and time as words, for example `Friday 20 November 2026, 14:05`.
    pub local_time: &'a str,
}

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

/// The instructions and greeting of one channel.
pub fn compile(business: &Business, settings: &Settings, channel: Channel) -> Result<Compiled, NoPrompt> {
    let prompts = &settings.prompts;
    let (prompt, rules) = match channel {
        Channel::Inbound => (&prompts.inbound, VOICE_RULES),
        Channel::Outbound => (&prompts.outbound, VOICE_RULES),
        Channel::WhatsApp => (&prompts.whatsapp, TEXT_RULES),
    };
    let ChannelPrompt { instructions, greeting, languages: _ } = prompt.as_ref().ok_or(NoPrompt(channel))?;
    let fill = |text: &str| text.replace("{{business_name}}", &business.name);
    let language = match settings.voice.languages.first() {
        Some(code) => {
            format!("Begin in the language with the ISO 639-1 code {code} and follow the caller's. ")
        }
        None => String::new(),
    };
    let role = match channel {
        Channel::Inbound => "The caller rang the business.",
        Channel::Outbound => "You rang this person on behalf of the business.",
        Channel::WhatsApp => "This person wrote to the business.",
    };
    Ok(Compiled {
        instructions: format!(
            "{rules}\n{language}{role}\n\n# {name}\n{body}",
            name = business.name,
            body = fill(instructions).trim()
        ),
        greeting: fill(greeting).trim().to_owned(),
    })
}

/// The compiled instructions with one call's context behind them.
pub fn for_call(compiled: &Compiled, context: &CallContext<'_>) -> String {
    if let Some(task) = context.task {
        return for_outbound_call(compiled, task, context.local_time);
    }
    let caller = match context.caller {
        Caller::Number(_) => "The caller's number is known to the business.",
        Caller::Hidden => "The caller withheld the number.",
        Caller::Other(_) => "The caller is not calling from a telephone number.",
    };
    format!("{}\n\n# This call\nIt is {}. {caller}", compiled.instructions, context.local_time)
}

fn for_outbound_call(compiled: &Compiled, task: &CallTask, local_time: &str) -> String {
    let mut text = format!("{}\n\n# This call\nIt is {local_time}.", compiled.instructions);
    if let Some(reason) = &task.reason {
        text.push_str(&format!(" You are calling about: {reason}."));
    }
    if let Some(context) = &task.context {
        text.push_str(&format!("\nWhat the business says about it:\n{context}"));
    }
    text
}

/// What the model is asked to say first. These instructions replace the session's for that one response,
/// so they carry the wording themselves.
pub fn greeting_instructions(greeting: &str) -> String {
    format!(
        "Greet the caller. Say exactly this, in this wording, and then wait for an answer: \"{greeting}\""
    )
}

/// What a transcription model is told to listen for. No caller is in it: it is the same for all calls of a
/// revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListeningHint {
    /// One sentence of context.
    pub context: String,
    /// Names and terms.
    pub keywords: Vec<String>,
    /// ISO 639-1 codes; none: any language.
    pub languages: Vec<String>,
}

/// What transcription should expect on calls of these settings.
pub fn for_listening(business: &Business, settings: &Settings) -> ListeningHint {
    let mut keywords: Vec<String> = Vec::new();
    for word in [&business.name].into_iter().chain(&settings.voice.keywords) {
        let word = word.trim();
        if !word.is_empty() && keywords.len() < MAX_KEYWORDS && !keywords.iter().any(|known| known == word) {
            keywords.push(word.to_owned());
        }
    }
    ListeningHint {
        context: format!("A telephone call with {}.", business.name.trim()),
        keywords,
        languages: language::hints(&settings.voice.languages),
    }
}

impl ListeningHint {
    /// All of it as one text: what a model that gives its hint back would say.
    pub fn words(&self) -> String {
        format!("{} {}", self.context, self.keywords.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::PhoneNumber;
    use crate::business::Prompts;
    use crate::testing::{self, business};

    fn settings(inbound: Option<&str>, outbound: Option<&str>) -> Settings {
        let prompt = |text: &str| ChannelPrompt::new(text, "Hello, {{business_name}}.");
        let prompts =
            Prompts { inbound: inbound.map(prompt), outbound: outbound.map(prompt), whatsapp: None };
        Settings { prompts, ..testing::settings() }
    }

    #[test]
    fn a_channel_without_a_prompt_never_borrows_another_channels() {
        let only_outbound = settings(None, Some("Sell bicycles."));
        assert_eq!(compile(&business(), &only_outbound, Channel::Inbound), Err(NoPrompt(Channel::Inbound)));
        assert!(compile(&business(), &only_outbound, Channel::Outbound).is_ok());
    }

    #[test]
    fn the_business_name_is_filled_in_everywhere() {
        let compiled = compile(
            &business(),
            &settings(Some("You are Robin of {{business_name}}."), None),
            Channel::Inbound,
        )
        .unwrap();
        assert_eq!(compiled.greeting, "Hello, Harbour Bicycle Workshop.");
        assert!(compiled.instructions.contains("You are Robin of Harbour Bicycle Workshop."));
        assert!(!compiled.instructions.contains("{{"));
    }

    #[test]
    fn a_callers_context_is_behind_the_common_part_and_holds_no_number() {
        let compiled = compile(&business(), &settings(Some("Be kind."), None), Channel::Inbound).unwrap();
        let caller = Caller::Number(PhoneNumber::parse("+43720123456").unwrap());
        let text =
            for_call(&compiled, &CallContext { caller: &caller, task: None, local_time: "Friday, 14:05" });
        assert!(text.starts_with(&compiled.instructions));
        assert!(!text.contains("720123456"));
    }

    #[test]
    fn transcription_listens_for_the_business_and_its_terms() {
        let mut settings = settings(Some("Be kind."), None);
        settings.voice.keywords = vec!["Rohloff".into(), " ".into(), "Rohloff".into()];
        let hint = for_listening(&business(), &settings);
        assert_eq!(hint.keywords, ["Harbour Bicycle Workshop", "Rohloff"]);
        assert_eq!(hint.context, "A telephone call with Harbour Bicycle Workshop.");
        assert_eq!(hint.languages, ["en"]);
        settings.voice.languages = vec!["fil-PH".into()];
        assert_eq!(for_listening(&business(), &settings).languages, ["tl"], "in the model's own code");
    }

    #[test]
    fn an_outbound_call_is_told_what_it_is_for() {
        let compiled = compile(&business(), &settings(None, Some("Be kind.")), Channel::Outbound).unwrap();
        let task = CallTask { reason: Some("the service".into()), context: Some("Wheel 3 is bent.".into()) };
        let caller = Caller::Hidden;
        let context = CallContext { caller: &caller, task: Some(&task), local_time: "Friday, 14:05" };
        let text = for_call(&compiled, &context);
        assert!(text.starts_with(&compiled.instructions));
        assert!(text.contains("the service") && text.contains("Wheel 3 is bent.") && text.contains("14:05"));
        assert!(!text.contains("withheld"), "nobody called");
    }
}
