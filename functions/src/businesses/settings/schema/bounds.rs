//! How far each field of settings may go, by the constants that the check of settings goes by.

use std::time::Duration;

use domain::business::bounds::{
    Bounds, IN_PLACE_OF_AGENT, MAX_CALL, MAX_CHOICES, MAX_DESCRIPTION_CHARS, MAX_KEYWORDS, MAX_LANGUAGES,
    MAX_MODEL_CHARS, MAX_PHRASES, MAX_SILENCE_PROMPTS, MAX_TERM_CHARS, MAX_WORDLESS, MIN_INTERRUPTION,
    SILENCE_PROMPT_AFTER, TURN_PADDING, TURN_SILENCE,
};
use domain::duration::{PATTERN, Words};
use domain::insight::MAX_FIELDS;
use domain::outbound::MAX_COOL_DOWN;
use domain::prompt::lint::{MAX_GREETING_CHARS, MAX_INSTRUCTIONS_CHARS};
use domain::tools::{DIRECTORY_MAX, HTTP_TOOLS_MAX, LABEL_MAX_CHARS, TEXT_MAX_BYTES, TIMEOUT_MAX};
use domain::{announcement, hours};
use serde_json::Value;
use utoipa::Number;
use utoipa::openapi::extensions::ExtensionsBuilder;
use utoipa::openapi::{Object, Schema};

/// Longer than any length of time that is written as we write it.
const TIME_CHARS: usize = 32;
/// A name by which a model calls a tool, or a person of the directory.
const NAME: &str = "^[A-Za-z0-9_-]{1,64}$";
const LANGUAGE: &str = "^[A-Za-z]{2,8}([-_][A-Za-z0-9]{1,8})*$";

/// How far a field may go.
pub(super) enum Bound {
    /// A length of time, written in words.
    Time(Bounds),
    /// Characters of a text.
    Chars(usize, usize),
    /// A text of this form.
    Form(&'static str),
    /// Items of a list.
    Items(usize),
    /// A number.
    From(u64, u64),
}

use Bound::{Chars, Form, From, Items, Time};

const fn up_to(max: Duration) -> Bound {
    Time(Bounds { min: Duration::ZERO, max })
}

/// Every bound, by the component and the field.
pub(super) fn bounds() -> Vec<(&'static str, Bound)> {
    let millis = |bounds: Bounds| {
        let [min, max] =
            [bounds.min, bounds.max].map(|bound| u64::try_from(bound.as_millis()).unwrap_or(u64::MAX));
        From(min, max)
    };
    let term = || Chars(1, MAX_TERM_CHARS);
    let mut bounds = vec![
        ("Settings/revision", From(0, u32::MAX.into())),
        ("ChannelPrompt/instructions", Chars(1, MAX_INSTRUCTIONS_CHARS)),
        ("ChannelPrompt/greeting", Chars(0, MAX_GREETING_CHARS)),
        ("PromptInLanguage/instructions", Chars(1, MAX_INSTRUCTIONS_CHARS)),
        ("PromptInLanguage/greeting", Chars(0, MAX_GREETING_CHARS)),
        ("Voice/model", Chars(1, MAX_MODEL_CHARS)),
        ("Voice/voice", Chars(1, MAX_MODEL_CHARS)),
        ("Voice/transcription_model", Chars(1, MAX_MODEL_CHARS)),
        ("Voice/languages", Items(MAX_LANGUAGES)),
        ("Voice/languages/[]", Form(LANGUAGE)),
        ("Voice/keywords", Items(MAX_KEYWORDS)),
        ("Voice/keywords/[]", term()),
        ("TurnDetectionServer/threshold", From(0, 1)),
        ("TurnDetectionServer/prefix_padding_ms", millis(TURN_PADDING)),
        ("TurnDetectionServer/silence_duration_ms", millis(TURN_SILENCE)),
        ("WhenNoAgent/ring_for", Time(IN_PLACE_OF_AGENT)),
        ("Voicemail/max_length", Time(IN_PLACE_OF_AGENT)),
        ("ConversationPolicy/silence_prompt_after", Time(SILENCE_PROMPT_AFTER)),
        ("ConversationPolicy/max_silence_prompts", From(0, MAX_SILENCE_PROMPTS.into())),
        ("ConversationPolicy/max_wordless", Time(MAX_WORDLESS)),
        ("ConversationPolicy/max_call", Time(MAX_CALL)),
        ("ConversationPolicy/warn_before_end", up_to(MAX_CALL.max)),
        ("ConversationPolicy/min_interruption", Time(MIN_INTERRUPTION)),
        ("VoicemailPolicyLeaveMessage/text", Chars(1, announcement::MAX_TEXT_CHARACTERS)),
        ("OwnPhrases/goodbyes", Items(MAX_PHRASES)),
        ("OwnPhrases/goodbyes/[]", term()),
        ("OwnPhrases/backchannels", Items(MAX_PHRASES)),
        ("OwnPhrases/backchannels/[]", term()),
        ("OwnPhrases/voicemail", Items(MAX_PHRASES)),
        ("OwnPhrases/voicemail/[]", term()),
        ("AnnouncementSay/text", Chars(1, announcement::MAX_TEXT_CHARACTERS)),
        ("AnnouncementSay/language", Chars(1, announcement::MAX_NAME_BYTES)),
        ("AnnouncementSay/voice", Chars(1, announcement::MAX_NAME_BYTES)),
        ("AnnouncementPlay/url", Chars(9, announcement::MAX_URL_BYTES)),
        ("Toolbox/directory", Items(DIRECTORY_MAX)),
        ("Toolbox/http", Items(HTTP_TOOLS_MAX)),
        ("Destination/id", Form(NAME)),
        ("Destination/label", Chars(1, LABEL_MAX_CHARS)),
        ("HttpTool/name", Form(NAME)),
        ("HttpTool/description", Chars(1, TEXT_MAX_BYTES)),
        ("HttpTool/parameters", Chars(1, TEXT_MAX_BYTES)),
        ("HttpTool/url", Chars(1, TEXT_MAX_BYTES)),
        ("HttpTool/timeout", Time(Bounds { min: Duration::from_millis(1), max: TIMEOUT_MAX })),
        ("InsightPolicy/fields", Items(MAX_FIELDS)),
        ("InsightPolicy/lead_statuses", Items(MAX_CHOICES)),
        ("InsightPolicy/lead_statuses/[]", term()),
        ("InsightField/name", term()),
        ("InsightField/description", Chars(0, MAX_DESCRIPTION_CHARS)),
        ("InsightKind/one_of", Items(MAX_CHOICES)),
        ("InsightKind/one_of/[]", term()),
        ("OpeningHours/holidays", Items(hours::MAX_DAYS)),
        ("OpeningHours/exceptions", Items(hours::MAX_DAYS)),
        ("OutsideHoursAgent/instructions", Chars(1, hours::MAX_INSTRUCTIONS_CHARS)),
        ("OutsideHoursForward/to", Form(NAME)),
        ("Holiday/on", Form("^([0-9]{4}-)?[0-9]{2}-[0-9]{2}$")),
        ("Holiday/name", Chars(1, hours::MAX_NAME_CHARS)),
        ("Holiday/open", Items(hours::MAX_SPANS)),
        ("HoursException/name", Chars(1, hours::MAX_NAME_CHARS)),
        ("HoursException/open", Items(hours::MAX_SPANS)),
        ("OutboundPolicy/countries", Items(300)),
        ("OutboundPolicy/countries/[]", Form("^[A-Z]{2}$")),
        ("OutboundPolicy/cool_down", up_to(MAX_COOL_DOWN)),
        ("OutboundPolicy/share", From(0, 100)),
        ("DayCaps/calls", From(0, MAX_WHOLE)),
        ("DayCaps/minutes", From(0, MAX_WHOLE)),
        ("DayCaps/micros", From(0, MAX_WHOLE)),
    ];
    const WEEK: [&str; 7] = [
        "Week/monday",
        "Week/tuesday",
        "Week/wednesday",
        "Week/thursday",
        "Week/friday",
        "Week/saturday",
        "Week/sunday",
    ];
    bounds.extend(WEEK.map(|day| (day, Items(hours::MAX_SPANS))));
    bounds
}

/// The largest whole number that every client can hold.
const MAX_WHOLE: u64 = (1 << 53) - 1;

/// Enters a bound into the schema of its field.
pub(super) fn enter(field: &mut Schema, bound: &Bound) {
    match (field, bound) {
        (Schema::Array(list), Items(max)) => list.max_items = Some(*max),
        (Schema::Object(field), Time(bounds)) => {
            field.pattern = Some(PATTERN.to_owned());
            (field.min_length, field.max_length) = (Some(2), Some(TIME_CHARS));
            let [min, max] = [bounds.min, bounds.max].map(|bound| Words(bound).to_string());
            let told = field.description.take().unwrap_or_default();
            field.description = Some(format!("{told} A length of time in words, from `{min}` to `{max}`."));
            field.examples = vec![Value::from(max.as_str())];
            // JSON Schema has no words for the bounds of a length of time.
            let bounds = Value::from_iter([("minimum", min), ("maximum", max)]);
            field.extensions = Some(ExtensionsBuilder::new().add("x-length-of-time", bounds).build());
        }
        (Schema::Object(field), Chars(min, max)) => {
            (field.min_length, field.max_length) = (Some(*min), Some(*max));
        }
        (Schema::Object(field), Form(pattern)) => field.pattern = Some((*pattern).to_owned()),
        (Schema::Object(field), From(min, max)) => range(field, *min, *max),
        _ => {}
    }
}

fn range(field: &mut Object, min: u64, max: u64) {
    let number = |bound: u64| usize::try_from(bound).ok().map(Number::UInt);
    (field.minimum, field.maximum) = (number(min), number(max));
}
