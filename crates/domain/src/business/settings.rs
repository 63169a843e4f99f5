//! One revision of a business's settings, and its prompts.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Policies, Voice};
use crate::hours::OpeningHours;
use crate::insight::InsightPolicy;
use crate::language::Tongue;
use crate::locale::OwnWords;
use crate::outbound::OutboundPolicy;
use crate::{Revision, Toolbox};

/// One revision of how a business's calls are conducted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Settings {
    /// The number of the revision. It is given at publication; what a draft says of it is not believed.
    #[serde(default = "Settings::unpublished")]
    #[cfg_attr(feature = "schema", schema(value_type = u32))]
    pub revision: Revision,
    /// What the agent is told, by channel: none ever stands in for another.
    pub prompts: Prompts,
    /// How the agent sounds and listens.
    pub voice: Voice,
    /// What is recorded, transcribed and allowed.
    pub policies: Policies,
    /// What the agent may do besides talking and hanging up.
    #[serde(default)]
    pub tools: Toolbox,
    /// What is to be found out from a call once it is over.
    #[serde(default)]
    pub insights: InsightPolicy,
    /// When calls are answered as usual, and what happens at other times. Without it, always.
    #[serde(default)]
    pub hours: Option<OpeningHours>,
    /// What Twilio says in the agent's place, where it is not what the product says in the business's language.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schema(value_type = crate::schema::OwnWords))]
    pub words: Box<OwnWords>,
    /// Who may be called, when, and how often.
    #[serde(default)]
    pub outbound: OutboundPolicy,
    /// Calls were to be recorded and are not, because of a field that was not understood. It is found out at each
    /// reading and never stored.
    #[serde(skip)]
    pub recording_withheld: bool,
}

impl Settings {
    /// Settings in which nothing else was chosen.
    pub fn new(revision: Revision, prompts: Prompts, voice: Voice) -> Self {
        Self {
            revision,
            prompts,
            voice,
            policies: Policies::default(),
            tools: Toolbox::default(),
            insights: InsightPolicy::default(),
            hours: None,
            words: Box::default(),
            outbound: OutboundPolicy::default(),
            recording_withheld: false,
        }
    }

    /// The tag of a language that callers speak, if it is one of the settings': the same tag, or one of the same language.
    pub fn language(&self, wanted: &str) -> Option<&str> {
        let tags = || self.voice.languages.iter().map(String::as_str);
        let same = tags().find(|tag| tag.eq_ignore_ascii_case(wanted));
        let of_one_language = || {
            let wanted = Tongue::parse(wanted)?;
            tags().find(|tag| Tongue::parse(tag) == Some(wanted))
        };
        same.or_else(of_one_language)
    }

    /// The settings of a call whose agent opens in this language: its tag stands before the others.
    #[must_use]
    pub fn opening_in(mut self, language: Option<&str>) -> Self {
        if let Some(own) = language.and_then(|wanted| self.language(wanted)).map(str::to_owned) {
            self.voice.languages.retain(|tag| *tag != own);
            self.voice.languages.insert(0, own);
        }
        self
    }

    const fn unpublished() -> Revision {
        Revision(0)
    }

    /// These settings, as they hold when parts of what was written are not understood, each given by its path, such
    /// as `policies.consnet`. A call is served all the same. But what a lost field may have protected people from
    /// does not happen: with a policy that is not understood, which may be the notice that the call is recorded, no
    /// call is recorded; with an outbound policy that is not understood no call is placed; and a tool of which a field
    /// is not understood is taken for one that must act only once.
    #[must_use]
    pub fn with_unknown<'a>(mut self, paths: impl IntoIterator<Item = &'a str>) -> Self {
        const HARMLESS: [&str; 6] = ["prompts", "voice", "tools", "insights", "hours", "outbound"];
        for path in paths {
            let (area, rest) = path.split_once('.').unwrap_or((path, ""));
            if rest.is_empty() || !HARMLESS.contains(&area) {
                self.recording_withheld |= self.policies.record_calls;
                self.policies.record_calls = false;
            }
            // A name beside the areas may be that of the policy itself.
            self.outbound.not_understood |= rest.is_empty() || area == "outbound";
            let index =
                path.strip_prefix("tools.http[").and_then(|rest| rest.split(']').next()?.parse().ok());
            if let Some(tool) = index.and_then(|index: usize| self.tools.http.get_mut(index)) {
                tool.once = true;
            }
        }
        self
    }
}

/// The prompts of the channels that a business serves. A channel without one has no agent.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Prompts {
    /// For calls that come in.
    pub inbound: Option<ChannelPrompt>,
    /// For calls that are placed.
    pub outbound: Option<ChannelPrompt>,
    /// For messages over WhatsApp.
    pub whatsapp: Option<ChannelPrompt>,
}

impl Prompts {
    /// The channels that have a prompt, by their names in settings.
    pub fn each(&self) -> impl Iterator<Item = (&'static str, &ChannelPrompt)> {
        let Self { inbound, outbound, whatsapp } = self;
        let channels = [("inbound", inbound), ("outbound", outbound), ("whatsapp", whatsapp)];
        channels.into_iter().filter_map(|(name, prompt)| Some((name, prompt.as_ref()?)))
    }
}

/// What an agent is told on one channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ChannelPrompt {
    /// The business's own instructions to the model.
    pub instructions: String,
    /// What the agent opens with. `{{business_name}}` is filled in.
    pub greeting: String,
    /// Texts of their own for some languages, by code or tag.
    #[serde(default)]
    pub languages: BTreeMap<String, PromptInLanguage>,
}

/// What an agent is told on one channel when it opens in one language. What is left out is the channel's, never
/// another channel's.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct PromptInLanguage {
    /// In place of the channel's instructions.
    pub instructions: Option<String>,
    /// In place of the channel's greeting.
    pub greeting: Option<String>,
}

impl ChannelPrompt {
    /// The same texts for all languages.
    pub fn new(instructions: impl Into<String>, greeting: impl Into<String>) -> Self {
        Self { instructions: instructions.into(), greeting: greeting.into(), languages: BTreeMap::new() }
    }
}
