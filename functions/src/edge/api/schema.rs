//! How the OpenAPI document describes values that many requests and answers have: ids, numbers, and words of a list.
//!
//! Words of an answer are open (`x-extensible-enum`): a client has to bear with a new one.

use domain::access::Role;
use domain::action::NotDone;
use domain::contact::{EntryKind, FieldKind, HandleKind, StatusKind};
use domain::cost::PartKind;
use domain::insight::Void;
use domain::messages::{MessageKind, MessageState};
use domain::recording::DeletionReason;
use domain::texts::Medium;
use domain::texts::outgoing::Delivery;
use domain::transcript::{RunOutcome, Source, Stage};
use domain::turn::{EndReason, TurnState};
use domain::usage::{Level, Meter};
use domain::{CallStatus, Speaker};
use serde::Serialize;
use utoipa::openapi::extensions::ExtensionsBuilder;
use utoipa::openapi::schema::SchemaType;
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

pub use domain::schema::E164;

domain::pattern_schemas! {
    /// Twilio's id of a call.
    CallSid = "^CA[0-9a-f]{32}$", "CA0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a";
    /// Twilio's id of a recording.
    RecordingSid = "^RE[0-9a-f]{32}$", "RE0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b";
    /// The id of a business.
    BusinessId = "^[a-z0-9-]{1,64}$", "harbour-bikes";
    /// The id of a share link; not its address.
    ShareId = "^[A-Za-z0-9_-]{43}$", "q6urq6urq6urq6urq6urq6urq6urq6urq6urq6urq6s";
    /// The id of an action on a call.
    ActionId = "^[0-9a-f]{32}$", "0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c";
    /// The id of a message or voicemail that a caller left.
    MessageId = "^[0-9a-f]{32}$", "019da1c37f00d0d0d0d0d0d0d0d0d0d0";
    /// The id of a thread.
    ThreadId = "^[0-9a-f]{32}$", "7d0e7d0e7d0e7d0e7d0e7d0e7d0e7d0e";
    /// The id of an appointment.
    AppointmentId = "^[0-9a-f]{32}$", "0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d";
    /// The id of a calendar or a service: the business chooses it.
    OfferedId = "^[a-z0-9-]{1,32}$", "haircut";
    /// The id of a contact.
    ContactId = "^ctc_[0-9a-f]{32}$", "ctc_019da1c37f00d0d0d0d0d0d0d0d0d0d0";
    /// The id of an entry of a contact's timeline, of a note or of a task.
    EntryId = "^[0-9a-f]{32}$", "019da1c37f00d0d0d0d0d0d0d0d0d0d0";
    /// A key of a field or the id of a status.
    Slug = "^[a-z][a-z0-9_]{0,39}$", "city";
    /// The id of an API key: the characters behind `swb_bus_` or `swb_op_`.
    KeyId = "^[0-9A-Za-z]{8}$", "E1EwthbN";
    /// The name of a settings channel; `published`: none, so what is published holds.
    SettingsChannel = "^[a-z][a-z0-9-]{0,31}$", "trial";
    /// Where a page of a list begins: `next` of the page before. It is good for the same list with the same filters.
    Cursor = "^[A-Za-z0-9_-]{1,1024}$", "AWhhcmJvdXI";
    /// A version of something that is written again, as an `ETag`.
    VersionTag = "^\"v[0-9]{1,18}\"$", "\"v3\"";
    /// The tag of what was answered, as an `ETag`: sent as `If-None-Match`, it is answered with 304 while nothing has changed.
    ContentTag = "^\"[0-9a-f]{32}\"$", "\"e3b0c44298fc1c149afbf4c8996fb924\"";
    /// What makes two requests one: the same for every repetition of a request, another for every other request.
    IdempotencyKey = "^[!-~]([ -~]{0,253}[!-~])?$", "order-17";
    /// The id of an answer; a problem's `instance` names it.
    RequestId = "^[A-Za-z0-9_=-]{1,64}$", "JKJaXmPLvHcESHA=";
    /// The SHA-256 of a recording's bytes, hexadecimal.
    Sha256 = "^[0-9a-f]{64}$", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    /// A month.
    Month = "^[0-9]{4}-(0[1-9]|1[0-2])$", "2026-12";
    /// A day.
    Day = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "2026-12-01";
}

/// Words of a list that may grow.
macro_rules! words {
    ($($(#[doc = $doc:literal])+ $name:ident = $words:expr;)+) => {
        domain::text_schemas! {$(
            $(#[doc = $doc])+
            $name = |text| {
                let extensions = ExtensionsBuilder::new().add("x-extensible-enum", words($words));
                text.extensions(Some(extensions.build()))
            };
        )+}
    };
}

fn words<W: Serialize>(words: impl IntoIterator<Item = W>) -> Vec<serde_json::Value> {
    words.into_iter().filter_map(|word| serde_json::to_value(word).ok()).collect()
}

words! {
    /// A side of the conversation.
    SpeakerWord = [Speaker::Caller, Speaker::Agent];
    /// How a turn ended: `interrupted` is what the agent had generated, of which the caller heard a part.
    TurnStateWord = [TurnState::Complete, TurnState::Interrupted, TurnState::Failed];
    /// How far a call is, in Twilio's words.
    CallStatusWord = CallStatus::ALL.iter().map(|status| status.as_str());
    /// A usual set of scopes.
    RoleWord = Role::ALL;
    /// How far a member is.
    MemberStateWord = ["invited", "expired", "joined"];
    /// Which way a call goes.
    DirectionWord = ["inbound", "outbound", "test", "unknown"];
    /// Why a session ended.
    EndReasonWord = EndReason::ALL.iter().map(|reason| reason.as_str());
    /// Where a transcript's words come from.
    SourceWord = Source::ALL.iter().map(|source| source.as_str());
    /// What is paid for.
    PartKindWord = [
        PartKind::Telephony,
        PartKind::MediaStream,
        PartKind::Recording,
        PartKind::Realtime,
        PartKind::LiveTranscription,
        PartKind::FileTranscription,
        PartKind::Insights,
    ];
    /// Why a value that a model gave does not count.
    VoidWord = [Void::NotSaid, Void::WrongKind];
    /// What a recording is of.
    RecordingKindWord = ["call", "voicemail"];
    /// How far a recording is.
    RecordingStateWord = ["in_progress", "announced", "archived", "failed", "lost", "absent", "deleted"];
    /// Why a recording is gone.
    DeletionReasonWord = [DeletionReason::Requested, DeletionReason::RetentionOver].map(DeletionReason::as_str);
    /// What has become of a run.
    RunStateWord = ["running", "lost", "superseded"]
        .into_iter()
        .chain(RunOutcome::ALL.iter().map(|outcome| outcome.as_str()));
    /// Why a share link is good no more.
    ShareEndWord = ["revoked", "expired", "used_up"];
    /// What a business asks of a call.
    ActionWord = ["end", "transfer", "say", "note_to_agent", "mute_agent", "unmute_agent", "cancel"];
    /// How far an action is.
    ActionStateWord = ["pending", "taken", "done", "not_done", "unknown"];
    /// Why an action was not done.
    NotDoneWord = NotDone::ALL.iter().map(|why| why.as_str());
    /// What a caller left: words that the agent took down, or a recording.
    MessageKindWord = MessageKind::ALL;
    /// Whether it is dealt with.
    MessageStateWord = MessageState::ALL;
    /// What texts go over.
    MediumWord = Medium::ALL;
    /// Who answers in a thread.
    ThreadOwnerWord = ["agent", "person"];
    /// Which way a text went.
    TextWayWord = ["in", "out"];
    /// What a text is.
    TextKindWord = ["text", "media", "location", "card", "choice", "order", "reaction", "edit", "deletion", "system", "echo", "unsupported", "template"];
    /// In whose name a text was sent; `notice`: the product's own.
    TextAuthorWord = ["agent", "person", "notice"];
    /// Where a text that was sent stands.
    TextStatusWord = Delivery::ALL.iter().map(|delivery| delivery.as_str());
    /// How an appointment stands.
    AppointmentStatusWord = ["held", "booked", "cancelled", "done", "no_show"];
    /// What kind a handle is of.
    HandleKindWord = HandleKind::ALL;
    /// What happened with a contact.
    EntryKindWord = EntryKind::ALL;
    /// What is capped.
    MeterWord = [Meter::Minutes, Meter::Money];
    /// How near the use is to a cap: `warning` from 80 % on; at `reached` new calls are refused.
    LevelWord = [Level::Within, Level::Warning, Level::Reached];
    /// What is done once more for a call that is over.
    StageWord = [Stage::Recording, Stage::Transcript, Stage::Summary, Stage::Extraction];
}

/// Words of a request: a list that is closed.
macro_rules! choices {
    ($($(#[doc = $doc:literal])+ $name:ident = $words:expr;)+) => {
        domain::text_schemas! {$(
            $(#[doc = $doc])+
            $name = |text| text.enum_values(Some(words($words)));
        )+}
    };
}

choices! {
    /// `desc`: the call that was opened last comes first.
    OrderFilter = ["desc", "asc"];
    /// How far a call is, in Twilio's words, or `live`: not over.
    StatusFilter = ["live"].into_iter().chain(CallStatus::ALL.iter().map(|status| status.as_str()));
    /// Which way a call goes.
    DirectionFilter = ["inbound", "outbound", "test", "unknown"];
    /// Why a session ended.
    EndReasonFilter = EndReason::ALL.iter().map(|reason| reason.as_str());
    /// What a caller left.
    MessageKindFilter = MessageKind::ALL;
    /// Whether it is dealt with.
    MessageStateFilter = ["waiting", "done", "all"];
    /// `done`: it is dealt with; `waiting`: it is not.
    MessageStateChoice = MessageState::ALL;
    /// Who is to answer: `person`: the holder of the key.
    ThreadOwnerChoice = ["agent", "person"];
    /// What becomes of an appointment: a held one is `booked`, one to come `cancelled`; one that has begun was `done`, or the
    /// person did not come.
    AppointmentStatusChoice = ["booked", "cancelled", "done", "no_show"];
    /// What kind a handle is of.
    HandleKindChoice = HandleKind::ALL;
    /// What happened with a contact.
    EntryKindFilter = EntryKind::ALL;
    /// What a field's values are.
    FieldKindChoice = FieldKind::ALL;
    /// What a status means for the business: it goes on, it came to what the business wants, or to nothing.
    StatusKindChoice = StatusKind::ALL;
    /// Who says so: a person of the business, or a file or another system.
    ContactSourceChoice = ["person", "import"];
    /// How the agent may use the name: it asks first, it uses it, or it is not told.
    NamePolicyChoice = ["ask", "use", "never"];
    /// A part of a call's record.
    IncludeWord = [
        "events", "turns", "last_turn", "messages", "listeners", "session", "sessions", "recordings", "transcript",
        "insights", "cost",
    ];
    /// What is told of messages besides.
    MessageIncludeWord = ["words"];
    /// A part of the records in a list of calls.
    ListIncludeWord = ["last_turn", "session", "recordings", "insights", "cost"];
}

/// Null and nothing else.
#[derive(Debug)]
pub enum Nothing {}

impl PartialSchema for Nothing {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(SchemaType::Type(Type::Null)).into()
    }
}

impl ToSchema for Nothing {}
