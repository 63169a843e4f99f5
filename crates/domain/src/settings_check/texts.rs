//! The texts that an agent is told, and those that a caller hears word for word.

use std::borrow::Cow;

use super::{Findings, MAX_TEXT_BYTES, Severity};
use crate::announcement::{MAX_TEXT_CHARACTERS, Wording};
use crate::business::{Settings, VoicemailPolicy};
use crate::hours::Outside;
use crate::locale::Said;
use crate::prompt::lint::{self, Facts, Lint, Text, Use};
use crate::{Announcement, Business};

/// A text with its path, and what it is for.
struct Told<'a> {
    path: Cow<'static, str>,
    text: &'a str,
    to: To,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum To {
    /// To the agent.
    Agent(Use),
    /// To the caller, word for word.
    Caller,
}

pub(super) fn check(business: &Business, settings: &Settings, found: &mut Findings) {
    let told = told(settings);
    let facts = Facts {
        business_name: &business.name,
        placeholders: &[],
        languages: &settings.voice.languages,
        week: settings.hours.as_ref().map(|hours| &hours.week),
        tools: &settings.tools,
        also_able: &[],
    };
    for Told { path, text, to } in &told {
        let use_as = if let To::Agent(use_as) = to { *use_as } else { Use::Greeting };
        let text = Text { path, text, use_as };
        for lint::Finding { path, place: _, lint } in lint::lint(&[text], &facts) {
            if *to != To::Caller || holds_for_callers(&lint) {
                found.add(&path, lint.severity(), lint.code(), lint);
            }
        }
    }
    announcements(settings, found);
    channels(settings, found);
    size(settings, &told, found);
}

/// What the agent does or how long it speaks is no matter of a text that Twilio says.
const fn holds_for_callers(lint: &Lint) -> bool {
    !matches!(lint, Lint::Blank | Lint::TooLong { .. } | Lint::LongGreeting | Lint::NoTool(_))
}

/// Every text of the settings in which a business speaks.
fn told(settings: &Settings) -> Vec<Told<'_>> {
    let mut told = vec![];
    let mut agent =
        |path: Cow<'static, str>, text, use_as| told.push(Told { path, text, to: To::Agent(use_as) });
    for Text { path, text, use_as } in lint::texts(&settings.prompts) {
        agent(path.to_owned().into(), text, use_as);
    }
    for (channel, prompt) in settings.prompts.each() {
        for (tag, own) in &prompt.languages {
            let path = |field| format!("prompts.{channel}.languages[{tag}].{field}").into();
            if let Some(text) = &own.instructions {
                agent(path("instructions"), text, Use::Instructions);
            }
            if let Some(text) = &own.greeting {
                agent(path("greeting"), text, Use::Greeting);
            }
        }
    }
    for (path, outside) in outsides(settings) {
        if let Outside::Agent { instructions } = outside {
            // Its length and whether it is blank are for the opening hours to judge.
            if !instructions.trim().is_empty() {
                agent(format!("{path}.agent.instructions").into(), instructions, Use::Instructions);
            }
        }
    }
    for (path, announcement) in heard(settings) {
        if let Wording::Say { text, .. } = announcement.wording() {
            told.push(Told { path: format!("{path}.say.text").into(), text, to: To::Caller });
        }
    }
    if let VoicemailPolicy::LeaveMessage { text } = &settings.policies.conversation.voicemail {
        let path = "policies.conversation.voicemail.leave_message.text".into();
        told.push(Told { path, text, to: To::Caller });
    }
    told
}

/// What happens outside the opening hours, on ordinary days and on others.
fn outsides(settings: &Settings) -> Vec<(String, &Outside)> {
    let Some(hours) = &settings.hours else { return vec![] };
    let holidays = hours.holidays.iter().map(|rule| rule.outside.as_ref()).enumerate();
    let exceptions = hours.exceptions.iter().map(|rule| rule.outside.as_ref()).enumerate();
    let of = |name: &'static str| {
        move |(index, outside): (usize, Option<_>)| Some((format!("hours.{name}[{index}].outside"), outside?))
    };
    [("hours.outside".to_owned(), &hours.outside)]
        .into_iter()
        .chain(holidays.filter_map(of("holidays")))
        .chain(exceptions.filter_map(of("exceptions")))
        .collect()
}

/// What Twilio says in the business's own words.
fn heard(settings: &Settings) -> Vec<(String, &Announcement)> {
    let words = Said::ALL.iter().filter_map(|said| {
        let own = settings.words.get(*said).as_ref()?;
        Some((format!("words.{}", said.as_str()), own))
    });
    let policies = &settings.policies;
    let consent = policies.consent.iter().map(|own| ("policies.consent".to_owned(), own));
    words.chain(consent).collect()
}

fn announcements(settings: &Settings, found: &mut Findings) {
    for (path, announcement) in heard(settings) {
        if let Wording::Say { language: None, voice: Some(_), .. } = announcement.wording() {
            found.warning(
                &format!("{path}.say.voice"),
                "voice_without_language",
                "Twilio takes this voice for one of en-US and says nothing if it is not: give its `language`, too",
            );
        }
    }
    if let VoicemailPolicy::LeaveMessage { text } = &settings.policies.conversation.voicemail
        && (text.trim().is_empty() || text.chars().count() > MAX_TEXT_CHARACTERS)
    {
        found.error(
            "policies.conversation.voicemail.leave_message.text",
            "message",
            format_args!(
                "the message for answering machines must have 1 to {MAX_TEXT_CHARACTERS} characters"
            ),
        );
    }
    let policies = &settings.policies;
    if policies.record_calls && policies.consent.is_none() {
        found.warning(
            "policies.consent",
            "no_notice",
            "calls are recorded and callers hear no notice before: many countries require one",
        );
    }
}

fn channels(settings: &Settings, found: &mut Findings) {
    let prompts = &settings.prompts;
    if prompts.each().next().is_none() {
        let detail =
            "no channel has a prompt, so no call can be carried: give one to `inbound` or `outbound`";
        found.error("prompts", "no_prompt", detail);
    } else if prompts.inbound.is_none() {
        let detail = "calls that come in have no prompt, so each of them is refused";
        found.warning("prompts.inbound", "no_inbound_prompt", detail);
    }
}

fn size(settings: &Settings, told: &[Told<'_>], found: &mut Findings) {
    let texts: usize = told.iter().map(|told| told.text.len()).sum();
    let tools = settings.tools.http.iter();
    let tools: usize =
        tools.map(|tool| tool.description.len() + tool.parameters.len() + tool.url.len()).sum();
    if texts + tools > MAX_TEXT_BYTES {
        let detail = format_args!(
            "the texts of prompts, tools and announcements have {} bytes and may have {MAX_TEXT_BYTES}: shorten some",
            texts + tools
        );
        found.add("", Severity::Error, "too_large", detail);
    }
}
