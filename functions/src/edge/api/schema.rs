//! How the OpenAPI document describes values that many requests and answers have: ids, numbers, and words of a list.
//!
//! Words of an answer are open (`x-extensible-enum`): a client has to bear with a new one.

use domain::access::Role;
use domain::action::NotDone;
use domain::campaign::entry::{Skip, Wait};
use domain::campaign::forecast::Unknown;
use domain::campaign::retry::Outcome;
use domain::campaign::sheet::RowCode;
use domain::campaign::{Pause, Purpose};
use domain::contact::erasure::{ErasureState, Kept, Step, Waits};
use domain::contact::import::ImportState;
use domain::contact::person_export::{LeftOut, PersonExportState};
use domain::contact::sheet::{Code, DateOrder, Mode, Weight};
use domain::contact::{EntryKind, FieldKind, HandleKind, StatusKind};
use domain::cost::PartKind;
use domain::endpoint::Disabled;
use domain::endpoint::attempt::Failure;
use domain::endpoint::delivery::State;
use domain::endpoint::filter::Calls;
use domain::event::{API_VERSIONS, NAMES};
use domain::insight::Void;
use domain::lead::LeadState;
use domain::lead::calling::Calling;
use domain::lead::proof::ProofKind;
use domain::messages::{MessageKind, MessageState};
use domain::notification::reason::Reason;
use domain::notification::{self, Cause};
use domain::recording::DeletionReason;
use domain::texts::Medium;
use domain::texts::media::NotKept;
use domain::texts::outgoing::{Delivery, Receipt};
use domain::transcript::{RunOutcome, Source, Stage};
use domain::turn::{EndReason, TurnState};
use domain::usage::{Level, Meter};
use domain::{CallStatus, Speaker, campaign, do_not_call};
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
    /// The id of an endpoint.
    EndpointId = "^[0-9a-f]{32}$", "0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e";
    /// The id of a receiver of notifications.
    ReceiverId = "^[0-9a-f]{32}$", "0a0b0a0b0a0b0a0b0a0b0a0b0a0b0a0b";
    /// The id of a campaign.
    CampaignId = "^[0-9a-f]{32}$", "0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f";
    /// The id of a source of leads.
    LeadSourceId = "^[0-9a-f]{32}$", "1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a";
    /// The id of a lead.
    LeadId = "^lead_[0-9a-f]{32}$", "lead_019da1c37f00d0d0d0d0d0d0d0d0d0d0";
    /// The id of a calendar or a service: the business chooses it.
    OfferedId = "^[a-z0-9-]{1,32}$", "haircut";
    /// The id of an import of contacts.
    ImportId = "^imp_[0-9a-f]{32}$", "imp_019da1c37f00d0d0d0d0d0d0d0d0d0d0";
    /// The id of an export of contacts.
    ExportId = "^exp_[0-9a-f]{32}$", "exp_019da1c37f00d0d0d0d0d0d0d0d0d0d0";
    /// The id of a request about a person: to erase all that is kept of them.
    PersonRequestId = "^prq_[0-9a-f]{32}$", "prq_019da1c37f00d0d0d0d0d0d0d0d0d0d0";
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
    TextWayWord = ["in", "out", "tool"];
    /// What a text is.
    TextKindWord = ["text", "media", "location", "card", "choice", "order", "reaction", "edit", "deletion", "system", "echo", "unsupported", "template", "tool"];
    /// Why what came with a text is not kept.
    MediaNotKeptWord = NotKept::ALL.iter().map(|why| why.as_str());
    /// In whose name a text was sent; `notice`: the product's own; `business`: unasked, such as a reminder.
    TextAuthorWord = ["agent", "person", "notice", "business"];
    /// Where a text that was sent stands, or whether a tool did what it was asked.
    TextStatusWord = Delivery::ALL.iter().map(|delivery| delivery.as_str()).chain(["done", "not_done"]);
    /// How it ended for a text whose carrier never said whether it arrived.
    TextReceiptWord = Receipt::ALL.iter().map(|receipt| receipt.as_str());
    /// How an appointment stands.
    AppointmentStatusWord = ["held", "booked", "cancelled", "done", "no_show"];
    /// What happens while a calendar of another system cannot be read.
    WhileAwayWord = ["refuse", "own_calendar"];
    /// Why a calendar of another system was not read.
    NotReadWord = domain::appointments::NotRead::ALL;
    /// How a reminder stands.
    ReminderStatusWord = ["owed", "sent", "missed"];
    /// In which way a person was reminded.
    ReminderWayWord = ["sms", "whatsapp", "call"];
    /// Why a person was not reminded.
    ReminderMissedWord = domain::appointments::Missed::ALL;
    /// What kind a handle is of.
    HandleKindWord = HandleKind::ALL;
    /// What happened with a contact.
    EntryKindWord = EntryKind::ALL;
    /// How far an import is.
    ImportStateWord = ImportState::ALL;
    /// What an import does with contacts that are there already.
    ImportModeWord = Mode::ALL;
    /// What there is to say of a row or a cell.
    ImportProblemWord = Code::ALL;
    /// What becomes of a row or a cell.
    ImportWeightWord = Weight::ALL;
    /// How far an export is.
    ExportStateWord = ["writing", "done"];
    /// How far the erasing of a person is.
    ErasureStateWord = ErasureState::ALL;
    /// An owner of data.
    ErasureStepWord = Step::ALL;
    /// How far a step of an erasure is.
    ErasureStepStateWord = ["pending", "waiting", "kept", "done"];
    /// What a step of an erasure waits for.
    ErasureWaitsWord = Waits::ALL;
    /// Why something is kept of a person who is erased.
    ErasureKeptWord = Kept::ALL;
    /// How far the export of a person is.
    PersonExportStateWord = PersonExportState::ALL;
    /// Why something is not in the export of a person.
    LeftOutWord = LeftOut::ALL;
    /// How a file is put.
    UploadMethod = ["PUT"];
    /// What is capped.
    MeterWord = [Meter::Minutes, Meter::Money];
    /// How near the use is to a cap: `warning` from 80 % on; at `reached` new calls are refused.
    LevelWord = [Level::Within, Level::Warning, Level::Reached];
    /// Why an endpoint is told nothing: its owner wants it so, it answered with 410, or it took nothing for days.
    EndpointDisabledWord = [Disabled::Requested, Disabled::Gone, Disabled::Failing];
    /// How far an event is on its way to an endpoint.
    EventDeliveryStateWord = State::WORDS;
    /// How an attempt failed.
    EventFailureWord = Failure::WORDS;
    /// Where a receiver of notifications is reached.
    ReceiverKindWord = notification::Kind::ALL;
    /// Why a receiver is told nothing: its owner wants it so, the room is gone, or the person wants no texts.
    ReceiverDisabledWord = notification::Disabled::ALL;
    /// How far a notification is.
    NotificationStateWord = notification::notice::State::WORDS;
    /// Why a notification was not taken.
    NotificationReasonWord = Reason::ALL;
    /// A type of event.
    EventTypeWord = NAMES;
    /// What the calls of a campaign are for.
    CampaignPurposeWord = Purpose::ALL;
    /// How far a campaign is.
    CampaignStateWord = campaign::State::ALL;
    /// Why a campaign is paused.
    CampaignPauseWord = Pause::ALL;
    /// How far an entry of a campaign is.
    CampaignEntryStateWord = campaign::entry::State::WORDS;
    /// What a call of a campaign came to.
    CampaignOutcomeWord = Outcome::ALL;
    /// Why an entry of a campaign waits.
    CampaignWaitWord = Wait::ALL;
    /// Why an entry of a campaign is not called.
    CampaignSkipWord = Skip::ALL;
    /// Why it is not known when a campaign will be over.
    CampaignForecastWord = Unknown::ALL;
    /// What there is to say of a row of a campaign's file.
    CampaignRowWord = RowCode::ALL;
    /// Through what a number came to be on the list of those that are not called: the API, or a call in which the person asked for it.
    DoNotCallSourceWord = do_not_call::Source::ALL;
    /// How what is sent to a source of leads proves itself.
    LeadProofWord = ProofKind::ALL;
    /// What became of a lead.
    LeadStateWord = LeadState::ALL;
    /// How far the call to the person of a lead is.
    LeadCallWord = Calling::WORDS;
    /// The order of the parts of a day.
    DateOrderWord = DateOrder::ALL;
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
    /// A form in which endpoints are told.
    ApiVersionChoice = API_VERSIONS;
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
    /// What happens while a calendar of another system cannot be read.
    WhileAwayChoice = ["refuse", "own_calendar"];
    /// In which way people are reminded.
    ReminderWayChoice = ["sms", "whatsapp", "call"];
    /// Of which calls an endpoint is told: of those that no other endpoint of the business is told of with `no_other`. Events
    /// that tell of no call are not touched by a direction.
    EndpointCallsChoice = [Calls::All, Calls::Inbound, Calls::Outbound, Calls::NoOther];
    /// Where a receiver of notifications is reached.
    ReceiverKindChoice = notification::Kind::ALL;
    /// What a receiver is told of: a message was left, or a recorded one; no agent had a call; the agent gave a thread to the people
    /// of the business; a month comes near a cap; an endpoint or a receiver is told nothing any more.
    NotificationCauseChoice = Cause::ALL;
    /// What kind a handle is of.
    HandleKindChoice = HandleKind::ALL;
    /// What happened with a contact.
    EntryKindFilter = EntryKind::ALL;
    /// What is done with contacts that are there already: nothing; what is not known is filled in; what forms, files and
    /// profiles said is replaced as well.
    ImportModeChoice = Mode::ALL;
    /// The order of the parts of a day: the day first, or the month.
    DateOrderChoice = DateOrder::ALL;
    /// How what is sent to a source of leads proves itself: by the secret in `X-Webhook-Secret`, by a signature of Standard
    /// Webhooks, or by HMAC-SHA256 of the body, hexadecimal, in a header.
    LeadProofChoice = ProofKind::ALL;
    /// What the people of a source are called for: something that they have with the business, or to sell them something.
    LeadPurposeChoice = Purpose::ALL;
    /// In which form a lead is sent.
    LeadRawChoice = ["json", "form"];
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
        "insights", "cost", "contact",
    ];
    /// What is told of messages besides.
    MessageIncludeWord = ["words"];
    /// A part of the records in a list of calls.
    ListIncludeWord = ["last_turn", "session", "recordings", "insights", "cost", "contact"];
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
