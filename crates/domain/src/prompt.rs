//! The one prompt builder.
//!
//! [`compile`] is a pure function of (business, settings revision, channel, language), so its result may be cached for
//! as long as they are the same. What belongs to one call, the caller and the moment, is appended by [`for_call`] and
//! never cached: one caller's data cannot reach another's prompt, and the model's own cache of prompts finds the long
//! common part at the beginning.
//!
//! Layers, in this order: rules of the medium, languages and manners, direction, opening hours, the business's own
//! words, tools; then the call: the moment, what holds outside the opening hours, what is known of the other party.

pub mod caller;
mod layers;
pub mod lint;
mod listening;
pub mod measure;
mod moment;
pub mod tools;

use crate::Timestamp;
use crate::business::{Business, ChannelPrompt, Prompts, Settings};
use crate::dial::CallTask;
use crate::language::Tongue;
use crate::locale::BUSINESS_NAME;
use crate::phone::Caller;
use crate::reception::{Reception, reception};

use caller::AboutCaller;

pub use listening::{ListeningHint, for_listening};

/// The ways on which an agent speaks for a business.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, strum::IntoStaticStr, strum::EnumString)]
#[strum(serialize_all = "snake_case")]
pub enum Channel {
    /// Calls that come in.
    Inbound,
    /// Calls that are placed.
    Outbound,
    /// Messages over WhatsApp.
    #[strum(serialize = "whatsapp")]
    WhatsApp,
}

impl Channel {
    /// Its name in settings.
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// From its name in settings.
    pub fn parse(text: &str) -> Option<Self> {
        text.parse().ok()
    }

    const fn of(self, prompts: &Prompts) -> Option<&ChannelPrompt> {
        match self {
            Self::Inbound => prompts.inbound.as_ref(),
            Self::Outbound => prompts.outbound.as_ref(),
            Self::WhatsApp => prompts.whatsapp.as_ref(),
        }
    }
}

/// What every call of one (business, revision, channel, language) has in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compiled {
    /// The model's instructions.
    pub instructions: String,
    /// What the agent opens with, the business's name filled in.
    pub greeting: String,
}

/// A channel without a prompt of its own has no agent: another channel's prompt would say the wrong things.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the settings have no prompt for the {} channel", .0.as_str())]
pub struct NoPrompt(pub Channel);

/// What is known of one call before it is answered.
#[derive(Debug, Clone, Copy)]
pub struct CallContext<'a> {
    /// The other party.
    pub caller: &'a Caller,
    /// What an outbound call is for; `None` for an inbound one.
    pub task: Option<&'a CallTask>,
    /// What records say of the other party.
    pub about: AboutCaller<'a>,
    /// When it begins.
    pub now: Timestamp,
}

/// The instructions and greeting of one channel for an agent that opens in `language`, or in the business's first one.
///
/// # Errors
/// [`NoPrompt`].
pub fn compile(
    business: &Business,
    settings: &Settings,
    channel: Channel,
    language: Option<&str>,
) -> Result<Compiled, NoPrompt> {
    let prompt = channel.of(&settings.prompts).ok_or(NoPrompt(channel))?;
    let opens_in = language.or_else(|| settings.voice.languages.first().map(String::as_str));
    let (instructions, greeting) = texts(prompt, opens_in);
    let layers = [
        layers::medium(channel).to_owned(),
        layers::languages(&settings.voice.languages, opens_in),
        layers::direction(channel).to_owned(),
        settings.hours.as_ref().map_or_else(String::new, |hours| layers::hours(&hours.week)),
        format!("# {}\n{}", business.name.trim(), filled(instructions, business).trim()),
        layers::tools(&settings.tools, channel),
    ];
    Ok(Compiled { instructions: joined(&layers), greeting: filled(greeting, business).trim().to_owned() })
}

/// The compiled instructions with one call's context behind them.
pub fn for_call(
    compiled: &Compiled,
    business: &Business,
    settings: &Settings,
    context: &CallContext<'_>,
) -> String {
    let hours = settings.hours.as_ref();
    let mut this_call = format!("# This call\n{}", moment::of(hours, &business.time_zone, context.now));
    let more = match context.task {
        Some(task) => caller::task(task),
        None => {
            this_call.push('\n');
            this_call.push_str(caller::calling(context.caller));
            match reception(business, settings, context.now) {
                Reception::Agent { after_hours: Some(text) } => {
                    format!("# Outside the opening hours\n{}", filled(text, business).trim())
                }
                Reception::Agent { after_hours: None }
                | Reception::Voicemail
                | Reception::Forward(_)
                | Reception::Closed => String::new(),
            }
        }
    };
    joined(&[compiled.instructions.clone(), this_call, more, context.about.told()])
}

/// The compiled instructions with the moment of a reply in writing, and what records say of the person, behind them.
pub fn for_thread(
    compiled: &Compiled,
    business: &Business,
    settings: &Settings,
    about: &AboutCaller<'_>,
    now: Timestamp,
) -> String {
    let moment = moment::of(settings.hours.as_ref(), &business.time_zone, now);
    joined(&[compiled.instructions.clone(), format!("# This conversation\n{moment}"), about.told()])
}

/// A channel's texts for a language: those under its tag, else those of a language that is nearly the same, else the
/// channel's own; each by itself.
fn texts<'a>(prompt: &'a ChannelPrompt, language: Option<&str>) -> (&'a str, &'a str) {
    let own = language.filter(|_| !prompt.languages.is_empty()).and_then(|tag| {
        let same = prompt.languages.iter().find(|(own, _)| own.eq_ignore_ascii_case(tag));
        let kin = || {
            let wanted = Tongue::parse(tag)?;
            prompt.languages.iter().find(|(own, _)| Tongue::parse(own).is_some_and(|own| own.is_kin(&wanted)))
        };
        same.or_else(kin).map(|(_, own)| own)
    });
    let instructions = own.and_then(|own| own.instructions.as_deref());
    let greeting = own.and_then(|own| own.greeting.as_deref());
    (instructions.unwrap_or(&prompt.instructions), greeting.unwrap_or(&prompt.greeting))
}

/// A text of a business's with its name in place.
pub fn filled(text: &str, business: &Business) -> String {
    text.replace(BUSINESS_NAME, business.name.trim())
}

fn joined(layers: &[String]) -> String {
    let parts: Vec<&str> =
        layers.iter().map(|layer| layer.trim()).filter(|layer| !layer.is_empty()).collect();
    parts.join("\n\n")
}

/// What the model is asked to say first. These instructions replace the session's for that one response,
/// so they carry the wording themselves.
pub fn greeting_instructions(greeting: &str) -> String {
    format!(
        "Greet the caller. Say exactly this, in this wording, and then wait for an answer: \"{greeting}\""
    )
}

#[cfg(test)]
mod tests;
