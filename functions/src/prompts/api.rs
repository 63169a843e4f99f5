//! The requests and the answers of `/v1/prompt`.

use domain::dial::CallTask;
use domain::language::Tongue;
use domain::prompt::caller::{AboutCaller, NamePolicy};
use domain::prompt::{self, Channel, Compiled, ListeningHint};
use domain::reception::Reception;
use domain::{Business, Caller, PhoneNumber, Revision, Settings, Timestamp};
use http::StatusCode;
use platform::clock;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use stores::businesses::document;
use utoipa::{IntoParams, ToSchema};

use crate::edge::api::input::object;
use crate::edge::api::schema;
use crate::edge::problem::Problem;
use crate::shared::settings_document::refused;
use crate::shared::shapes::Time;

/// The query of `GET /v1/prompt`. Unknown fields are refused with 400.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct PromptOf {
    /// The channel; calls that come in without it.
    #[param(value_type = Option<PromptChannel>, nullable = false)]
    channel: Option<String>,
    /// A revision of the settings; the published one without it.
    #[param(minimum = 1, maximum = 4_294_967_295_u32, nullable = false)]
    revision: Option<u32>,
    /// A number of the business, E.164, whose calls' settings are meant.
    #[param(value_type = Option<schema::E164>, nullable = false)]
    number: Option<String>,
    /// The language that the agent opens in, a code or a tag; the business's first one without it.
    #[param(pattern = r"^[A-Za-z]{2,8}([-_][A-Za-z0-9]{1,8})*$", example = "de-AT", nullable = false)]
    language: Option<String>,
}

/// The body of `POST /v1/prompt/preview`. Unknown fields are refused with 422.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "channel": "inbound",
    "at": "2026-12-24T17:30:00Z",
    "caller": { "number": "+12025550178", "name": "Dana Levi", "notes": ["Prefers mornings."] },
}))]
pub(super) struct PreviewOf {
    /// The channel.
    #[schema(value_type = PromptChannel)]
    channel: String,
    /// A revision of the settings; the published one without it.
    #[schema(minimum = 1)]
    revision: Option<u32>,
    /// A number of the business, E.164, in place of a revision: the settings of its calls.
    #[schema(value_type = Option<schema::E164>)]
    number: Option<String>,
    /// The draft that was saved with this key, in place of a revision.
    #[serde(default)]
    draft: bool,
    /// Settings that are not stored, in place of a revision.
    #[schema(value_type = Option<Settings>)]
    settings: Option<Box<RawValue>>,
    /// The language that the agent opens in, a code or a tag; the business's first one without it.
    #[schema(pattern = r"^[A-Za-z]{2,8}([-_][A-Za-z0-9]{1,8})*$", example = "de-AT")]
    language: Option<String>,
    /// When the call begins, RFC 3339; now without it.
    #[schema(format = DateTime)]
    at: Option<String>,
    /// The other party; without it, a caller who withholds the number.
    #[serde(default, deserialize_with = "object")]
    caller: CallerOf,
    /// What a call that is placed is for.
    task: Option<TaskOf>,
}

/// The other party of a call that is previewed.
#[derive(Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
struct CallerOf {
    /// E.164. Without it the number is withheld.
    #[schema(value_type = Option<schema::E164>)]
    number: Option<String>,
    /// The name in the business's records.
    name: Option<String>,
    /// What the agent may do with the name; `ask` without it.
    #[schema(value_type = Option<UseOfName>)]
    name_policy: Option<String>,
    /// Appointments that stand, the earliest first.
    appointments: Vec<String>,
    /// What the business noted.
    notes: Vec<String>,
    /// Earlier conversations, the latest first.
    history: Vec<String>,
}

/// A channel, as the document names it.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
#[expect(dead_code, reason = "only the document knows it")]
enum PromptChannel {
    Inbound,
    Outbound,
    WhatsApp,
}

/// What an agent may do with a name: ask whether it speaks with that person, use it, or not be told it.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "only the document knows it")]
enum UseOfName {
    Ask,
    Use,
    Never,
}

/// As in `POST /v1/calls`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TaskOf {
    reason: Option<String>,
    context: Option<String>,
}

/// Settings that are stored for calls.
pub(super) enum Which {
    /// What is published.
    Published,
    /// A revision.
    Revision(Revision),
    /// Those of a number's calls.
    Number(PhoneNumber),
}

impl Which {
    fn of(revision: Option<u32>, number: Option<&str>) -> Result<Self, String> {
        match (revision, number) {
            (Some(_), Some(_)) => Err("give a revision or a number, not both".to_owned()),
            (Some(revision), None) => Ok(Self::Revision(Revision(revision))),
            (None, Some(number)) => {
                PhoneNumber::parse(number).map(Self::Number).map_err(|error| error.to_string())
            }
            (None, None) => Ok(Self::Published),
        }
    }
}

/// The settings that a preview is of.
pub(super) enum What {
    /// Settings that are stored for calls.
    Stored(Which),
    /// The draft of the key.
    Draft,
    /// Settings that were sent along.
    Sent(Box<Settings>),
}

const CHANNELS: &str = "give `inbound`, `outbound` or `whatsapp`";
const LANGUAGE: &str = "no language has this code: give one such as `de` or `de-AT`";

impl PromptOf {
    pub(super) fn which(&self) -> Result<Which, Problem> {
        let which = Which::of(self.revision, self.number.as_deref());
        which.map_err(|detail| Problem::bad_request(format!("the query is refused: `number`: {detail}")))
    }

    pub(super) fn channel(&self) -> Result<Channel, Problem> {
        let channel = self.channel.as_deref().map_or(Some(Channel::Inbound), Channel::parse);
        channel.ok_or_else(|| Problem::bad_request(format!("the query is refused: `channel`: {CHANNELS}")))
    }

    pub(super) fn language(&self) -> Result<Option<&str>, Problem> {
        let language = self.language.as_deref();
        match language.is_none_or(|tag| Tongue::parse(tag).is_some()) {
            true => Ok(language),
            // The address is well formed, and there is no prompt in a language that does not exist.
            false => Err(Problem::new(StatusCode::NOT_FOUND, "no prompt").detail(LANGUAGE)),
        }
    }
}

impl PreviewOf {
    pub(super) fn channel(&self) -> Result<Channel, Problem> {
        Channel::parse(&self.channel).ok_or_else(|| Problem::invalid("/channel", "unknown", CHANNELS))
    }

    pub(super) fn language(&self) -> Result<Option<&str>, Problem> {
        let language = self.language.as_deref();
        match language.is_none_or(|tag| Tongue::parse(tag).is_some()) {
            true => Ok(language),
            false => Err(Problem::invalid("/language", "unknown_language", LANGUAGE)),
        }
    }

    pub(super) fn at(&self) -> Result<Option<Timestamp>, Problem> {
        let Some(at) = &self.at else { return Ok(None) };
        let read = clock::from_rfc3339(at);
        let detail = "give a moment such as `2026-11-20T13:05:09Z`";
        read.map(Some).ok_or_else(|| Problem::invalid("/at", "time", detail))
    }

    pub(super) fn caller(&self) -> Result<Caller, Problem> {
        let Some(number) = &self.caller.number else { return Ok(Caller::Hidden) };
        let number = PhoneNumber::parse(number);
        number
            .map(Caller::Number)
            .map_err(|error| Problem::invalid("/caller/number", "number", error.to_string()))
    }

    pub(super) fn about(&self) -> Result<AboutCaller<'_>, Problem> {
        let CallerOf { number: _, name, name_policy, appointments, notes, history } = &self.caller;
        let policy = name_policy.as_deref().map_or_else(|| Some(NamePolicy::default()), NamePolicy::parse);
        let unknown = || Problem::invalid("/caller/name_policy", "unknown", "give `ask`, `use` or `never`");
        let name_policy = policy.ok_or_else(unknown)?;
        Ok(AboutCaller { name: name.as_deref(), name_policy, appointments, notes, history })
    }

    /// Every call that is placed is for something, if only for what the settings say.
    pub(super) fn task(&self, channel: Channel) -> Result<Option<CallTask>, Problem> {
        let task = self.task.as_ref().map(|TaskOf { reason, context }| CallTask {
            reason: reason.clone(),
            context: context.clone(),
            language: None,
        });
        match channel {
            Channel::Outbound => Ok(Some(task.unwrap_or_default())),
            Channel::Inbound | Channel::WhatsApp if task.is_some() => {
                Err(Problem::invalid("/task", "not_outbound", "only a call that is placed has a task"))
            }
            Channel::Inbound | Channel::WhatsApp => Ok(None),
        }
    }

    /// What is to be shown.
    pub(super) fn what(&self) -> Result<What, Problem> {
        let given = [
            ("/draft", self.draft),
            ("/settings", self.settings.is_some()),
            ("/number", self.number.is_some()),
            ("/revision", self.revision.is_some()),
        ];
        let given: Vec<&str> =
            given.into_iter().filter(|(_, given)| *given).map(|(pointer, _)| pointer).collect();
        if let [pointer, _, ..] = given.as_slice() {
            let detail = "give one of a revision, a number, the draft and settings";
            return Err(Problem::invalid(*pointer, "not_both", detail));
        }
        let json = match &self.settings {
            Some(json) => json.get(),
            None if self.draft => return Ok(What::Draft),
            None => {
                let which = Which::of(self.revision, self.number.as_deref());
                let which = which.map_err(|detail| Problem::invalid("/number", "number", detail))?;
                return Ok(What::Stored(which));
            }
        };
        let settings = document::settings(json).map_err(|invalid| refused("/settings", &invalid))?;
        Ok(What::Sent(Box::new(settings)))
    }
}

/// A prompt as the model gets it.
#[derive(Serialize, ToSchema)]
#[schema(as = Prompt)]
pub(super) struct PromptView<'a> {
    /// The channel.
    #[schema(value_type = PromptChannel)]
    channel: &'static str,
    /// The revision of the settings that it is made of.
    revision: u32,
    /// The language that the agent opens in.
    language: Option<&'a str>,
    /// The model's instructions.
    instructions: &'a str,
    /// What the agent opens with.
    greeting: &'a str,
    /// What the model may call, in the order in which it is told.
    tools: Vec<ToolView<'a>>,
    /// What transcription is told to expect.
    listening: ListeningView,
    /// How many tokens the instructions are about: a quarter of one for each ASCII character, half of one for every other.
    /// No tokenizer is asked.
    estimated_tokens: usize,
    /// SHA-256 of the instructions, hexadecimal: equal instructions have equal hashes.
    hash: String,
}

/// A tool as the model is told of it.
#[derive(Serialize, ToSchema)]
#[schema(as = PromptTool)]
struct ToolView<'a> {
    name: &'a str,
    description: String,
    /// JSON Schema of the arguments of a tool of the business's own; `null` for the product's tools and for a schema
    /// that is not JSON, whose tool is not offered.
    #[schema(value_type = Option<Object>)]
    parameters: Option<&'a RawValue>,
}

/// What transcription is told to expect.
#[derive(Serialize, ToSchema)]
#[schema(as = Listening)]
struct ListeningView {
    context: String,
    keywords: Vec<String>,
    languages: Vec<String>,
}

/// What answers a call that is previewed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum AnsweredBy {
    /// The agent.
    Agent,
    /// The business is closed and takes a message.
    Voicemail,
    /// The business is closed and has a person rung.
    Person,
    /// The business is closed and has nothing else.
    Announcement,
}

impl From<Reception<'_>> for AnsweredBy {
    fn from(reception: Reception<'_>) -> Self {
        match reception {
            Reception::Agent { .. } => Self::Agent,
            Reception::Voicemail => Self::Voicemail,
            Reception::Forward(_) => Self::Person,
            Reception::Closed => Self::Announcement,
        }
    }
}

/// What a call would come to.
#[derive(Serialize, ToSchema)]
#[schema(as = Preview)]
pub(super) struct PreviewView<'a> {
    /// When it would begin.
    pub(super) at: Time,
    /// What would answer it.
    pub(super) answered_by: AnsweredBy,
    /// What the model would get; `null` where no agent answers.
    pub(super) prompt: Option<PromptView<'a>>,
}

impl<'a> PromptView<'a> {
    /// `instructions` are the compiled ones, with a call's behind them or without.
    pub(super) fn new(
        channel: Channel,
        language: Option<&'a str>,
        business: &Business,
        settings: &'a Settings,
        compiled: &'a Compiled,
        instructions: &'a str,
    ) -> Self {
        let ListeningHint { context, keywords, languages } = prompt::for_listening(business, settings);
        let tools = match channel {
            Channel::Inbound => prompt::tools::described(&settings.tools),
            Channel::Outbound => prompt::tools::described_when_calling(&settings.tools),
            Channel::WhatsApp => prompt::tools::described_in_writing(&settings.tools),
        };
        let tools = tools.into_iter().map(|tool| ToolView {
            name: tool.name,
            description: tool.description,
            parameters: tool.own.and_then(|own| serde_json::from_str(&own.parameters).ok()),
        });
        Self {
            channel: channel.as_str(),
            revision: settings.revision.0,
            language: language.or_else(|| settings.voice.languages.first().map(String::as_str)),
            instructions,
            greeting: &compiled.greeting,
            tools: tools.collect(),
            listening: ListeningView { context, keywords, languages },
            estimated_tokens: prompt::measure::estimated_tokens(instructions),
            hash: domain::digest::sha256_hex(instructions),
        }
    }
}
