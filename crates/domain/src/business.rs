//! A business and the settings its calls run with.
//!
//! Settings are immutable revisions: an edit makes revision n + 1 and publishing moves one pointer. A call
//! pins the revision it started with, so nothing that depends on settings is ever invalidated.

pub mod bounds;

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::announcement::Announcement;
use crate::hours::OpeningHours;
use crate::insight::InsightPolicy;
use crate::locale::OwnWords;
use crate::outbound::OutboundPolicy;
use crate::phrases::OwnPhrases;
use crate::recording::Retention;
use crate::usage::Caps;
use crate::zone::Zone;
use crate::{BusinessId, PhoneNumber, Revision, Timestamp, Toolbox};

/// What a business is, apart from how its calls are conducted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Business {
    /// The business's key, given by the operator.
    pub id: BusinessId,
    /// Its name, as the agent says it.
    pub name: String,
    /// IANA name, for the date and time the agent is told.
    pub time_zone: String,
    /// Calls it may have at once. The voice webhook leases one slot per call.
    pub max_concurrent_calls: u16,
    /// Where a call goes when no agent can be had.
    pub fallback_number: Option<PhoneNumber>,
    /// Whether it is served.
    #[serde(default)]
    pub standing: Standing,
    /// The most that it may use in a month. Part of the profile, since a cap holds at once and for every revision.
    #[serde(default)]
    pub caps: Caps,
}

/// The longest name of a business, characters.
pub const MAX_NAME_CHARS: usize = 120;
/// The most calls that a business may have at once.
pub const MAX_CALLS_AT_ONCE: u16 = 10_000;
/// How long a business that is to be deleted can be taken back.
pub const WAITS_BEFORE_DELETION: Duration = Duration::from_secs(30 * 24 * 3_600);

/// Whether a business is served.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state", deny_unknown_fields)]
pub enum Standing {
    /// Its calls are answered and placed.
    #[default]
    Active,
    /// Its calls are refused politely; everything else stays as it is.
    Suspended {
        /// Since when.
        since: Timestamp,
        /// Why, for the operator.
        reason: Option<String>,
    },
    /// As suspended, and deleted once `gone_at` is over.
    Leaving {
        /// Since when.
        since: Timestamp,
        /// When it is deleted.
        gone_at: Timestamp,
    },
}

impl Standing {
    /// Whether its calls are answered and placed.
    pub const fn is_active(&self) -> bool {
        matches!(self, Self::Active)
    }

    /// Whether it is to be deleted by now, and cannot be taken back.
    pub fn is_gone(&self, now: Timestamp) -> bool {
        matches!(self, Self::Leaving { gone_at, .. } if *gone_at <= now)
    }

    /// The word by which it is listed.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended { .. } => "suspended",
            Self::Leaving { .. } => "leaving",
        }
    }
}

impl Business {
    /// The zone of its clocks; UTC if [`time_zone`](Self::time_zone) names none.
    pub fn zone(&self) -> Zone {
        Zone::parse(&self.time_zone).unwrap_or_else(|_| Zone::utc())
    }

    /// Every field that holds what a business cannot have: the field's name, a word for programs, and what would be
    /// right.
    pub fn mistakes(&self) -> Vec<(&'static str, &'static str, String)> {
        let mut mistakes = vec![];
        if self.name.trim().is_empty() || self.name.chars().count() > MAX_NAME_CHARS {
            mistakes.push(("name", "length", format!("give 1 to {MAX_NAME_CHARS} characters")));
        }
        if self.name.chars().any(char::is_control) {
            mistakes.push(("name", "characters", "leave out control characters".to_owned()));
        }
        if Zone::parse(&self.time_zone).is_err() {
            let detail = "give a time zone by its IANA name, such as `Europe/Vienna`";
            mistakes.push(("time_zone", "unknown", detail.to_owned()));
        }
        if !(1..=MAX_CALLS_AT_ONCE).contains(&self.max_concurrent_calls) {
            mistakes.push(("max_concurrent_calls", "range", format!("give 1 to {MAX_CALLS_AT_ONCE}")));
        }
        mistakes
    }
}

/// One revision of how a business's calls are conducted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// Its number; 0, in a document that names none, is given one when it is published.
    #[serde(default = "Settings::unpublished")]
    pub revision: Revision,
    /// Each channel has its own prompt; none ever stands in for another.
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
    /// When calls are answered as usual, and what happens at other times. `None`: always.
    #[serde(default)]
    pub hours: Option<OpeningHours>,
    /// What Twilio says in the agent's place, where it is not what the product says in the business's language.
    #[serde(default)]
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

/// How the agent sounds and listens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Voice {
    /// A Realtime model id. Models are retired within months, so it is data.
    pub model: String,
    /// A Realtime voice name, such as `marin`.
    pub voice: String,
    /// ISO 639-1 codes of the languages callers speak; the first is the one the agent opens in.
    pub languages: Vec<String>,
    /// Model for the caller's words; `None` leaves the caller's side without a realtime transcript.
    pub transcription_model: Option<String>,
    /// Names and terms that transcription should expect.
    pub keywords: Vec<String>,
    /// Who decides when the caller has finished.
    pub turn_detection: TurnDetection,
}

/// Server-side voice activity detection, in the Realtime API's own terms.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum TurnDetection {
    /// The audio's level decides.
    Server {
        /// From 0 to 1; a higher one needs louder speech.
        threshold: f32,
        /// Audio before the speech that belongs to it, milliseconds.
        prefix_padding_ms: u32,
        /// Silence that ends the speech, milliseconds.
        silence_duration_ms: u32,
    },
    /// The words decide.
    Semantic {
        /// How soon a pause counts as the end.
        eagerness: Eagerness,
    },
}

// A threshold is a configured number that is never NaN, so equality is total here.
impl Eq for TurnDetection {}

/// How soon semantic turn detection takes a pause for the end of a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Eagerness {
    /// It waits longest.
    Low,
    /// Between the two.
    Medium,
    /// It answers soonest.
    High,
    /// The model's choice; the API treats it as medium.
    Auto,
}

impl Default for TurnDetection {
    /// A threshold above the API's 0.5: line noise must not cut the agent off.
    fn default() -> Self {
        Self::Server { threshold: 0.6, prefix_padding_ms: 300, silence_duration_ms: 500 }
    }
}

/// What a business allows and wants on its calls.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Policies {
    /// Whether calls are recorded.
    pub record_calls: bool,
    /// What becomes of a recording.
    #[serde(default)]
    pub recording: RecordingPolicy,
    /// Which transcript is final.
    pub transcript: TranscriptPolicy,
    /// Limits and manners of the conversation.
    pub conversation: ConversationPolicy,
    /// What every caller hears first, before the agent and before any recording begins, such as the notice that
    /// the call is recorded.
    #[serde(default)]
    pub consent: Option<Announcement>,
    /// What a caller is offered when no agent can be had.
    #[serde(default)]
    pub when_no_agent: WhenNoAgent,
}

/// What a caller is offered when no agent can be had: first the business's fallback number, if it has one; then, if
/// that call is not answered, voicemail, if the business takes messages; else an apology.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct WhenNoAgent {
    /// How long the fallback number may ring. 5 s to 10 minutes.
    pub ring_for: Duration,
    /// The message that a caller may leave; `None`: none is taken.
    pub voicemail: Option<Voicemail>,
}

impl Default for WhenNoAgent {
    fn default() -> Self {
        Self { ring_for: Duration::from_secs(25), voicemail: None }
    }
}

/// A message that a caller may leave. It is recorded and archived like any call, whatever `record_calls` says.
/// What asks for it is `words.voicemail`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Voicemail {
    /// The longest message. 5 s to 10 minutes.
    pub max_length: Duration,
}

impl Default for Voicemail {
    /// Two minutes.
    fn default() -> Self {
        Self { max_length: Duration::from_secs(120) }
    }
}

/// What becomes of a recording that was archived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RecordingPolicy {
    /// How long a recording is kept.
    pub retention: Retention,
    /// Once the copy is verified, Twilio's own is deleted.
    pub delete_at_twilio: bool,
}

/// Which transcript of a call is the final one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TranscriptPolicy {
    /// The realtime transcript if it is good enough, else the recording's.
    #[default]
    RealtimeFirst,
    /// The recording's transcript replaces the realtime one when it is better.
    RecordingUpgrade,
    /// Always the realtime transcript; the recording is never transcribed.
    RealtimeOnly,
}

/// Limits and manners of a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ConversationPolicy {
    /// After this long without speech on either side the agent asks whether the caller is still there.
    pub silence_prompt_after: Duration,
    /// How many such prompts may go unanswered before the agent says goodbye.
    pub max_silence_prompts: u8,
    /// Sounds without a recognised word for this long are hold music or a bad line: the agent says goodbye. At least
    /// 20 s; needs a transcription model.
    pub max_wordless: Duration,
    /// No call lasts longer.
    pub max_call: Duration,
    /// The agent says that the call is about to end this long before its end; zero: it does not.
    pub warn_before_end: Duration,
    /// While the greeting plays, the caller's first sounds do not interrupt it.
    pub protect_greeting: bool,
    /// How long the caller must go on speaking before the agent stops; zero: it stops at once. Counted between the
    /// turn detection's word that speech began and that it stopped, so with server detection only what is beyond
    /// its `silence_duration_ms` lets short sounds pass. What passed is answered after all if it was more than
    /// a sound of listening.
    pub min_interruption: Duration,
    /// Whether goodbyes that are said without the tool for it end the call, a few seconds later.
    pub end_on_goodbye: bool,
    /// What to do when a machine answers an outbound call.
    pub voicemail: VoicemailPolicy,
    /// The business's own phrases, beside those of its languages.
    pub phrases: OwnPhrases,
}

/// What follows when a machine answers an outbound call.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VoicemailPolicy {
    /// The call ends.
    #[default]
    HangUp,
    /// Exactly this text, once, when the machine's greeting is over; then the call ends. `{{business_name}}` is
    /// filled in.
    LeaveMessage {
        /// What is said to the machine.
        text: String,
    },
}

impl Default for ConversationPolicy {
    fn default() -> Self {
        Self {
            silence_prompt_after: Duration::from_secs(10),
            max_silence_prompts: 2,
            max_wordless: Duration::from_secs(120),
            max_call: Duration::from_secs(30 * 60),
            warn_before_end: Duration::from_secs(60),
            protect_greeting: false,
            min_interruption: Duration::ZERO,
            end_on_goodbye: true,
            voicemail: VoicemailPolicy::default(),
            phrases: OwnPhrases::default(),
        }
    }
}
