//! Limits and manners of a conversation.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::phrases::OwnPhrases;

/// Limits and manners of a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct ConversationPolicy {
    /// After this long without speech on either side the agent asks whether the caller is still there.
    #[serde(with = "crate::duration")]
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub silence_prompt_after: Duration,
    /// How many such prompts may go unanswered before the agent says goodbye.
    pub max_silence_prompts: u8,
    /// Sounds without a recognised word for this long are hold music or a bad line: the agent says goodbye. It
    /// needs a transcription model.
    #[serde(with = "crate::duration")]
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub max_wordless: Duration,
    /// No call lasts longer.
    #[serde(with = "crate::duration")]
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub max_call: Duration,
    /// The agent says that the call is about to end this long before its end; zero: it does not.
    #[serde(with = "crate::duration")]
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub warn_before_end: Duration,
    /// While the greeting plays, the caller's first sounds do not interrupt it.
    pub protect_greeting: bool,
    /// How long the caller must go on speaking before the agent stops; zero: it stops at once. Counted between the
    /// turn detection's word that speech began and that it stopped, so with server detection only what is beyond
    /// its `silence_duration_ms` lets short sounds pass. What passed is answered after all if it was more than
    /// a sound of listening.
    #[serde(with = "crate::duration")]
    #[cfg_attr(feature = "schema", schema(value_type = String))]
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
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
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
