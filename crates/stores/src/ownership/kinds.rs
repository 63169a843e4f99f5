//! What an entry of the list says, and the folders and functions that many entries name.

use super::OWNERSHIP;

/// Rows with one owner: a whole table, or the rows of Leases whose partition keys begin with certain words.
#[derive(Debug, Clone, Copy)]
pub struct Rows {
    /// The table's logical id in template.yaml, without `Table` at its end.
    pub table: &'static str,
    /// What the partition keys begin with. Empty: the rows are all rows of the table.
    pub keys: &'static [&'static str],
    /// What the rows say.
    pub holds: &'static str,
    /// Everything through which code can write them.
    pub writers: &'static [Handle],
    /// The logical ids of the functions whose roles may write them; `Bridge` for its task. Empty: no role may.
    pub roles: &'static [&'static str],
}

/// A name of this crate without which the rows cannot be written.
#[derive(Debug, Clone, Copy)]
pub struct Handle {
    /// The module of this crate.
    pub module: &'static str,
    /// The type in it, or the variant of one.
    pub name: &'static str,
    /// Source folders whose code may use it.
    pub folders: &'static [&'static str],
}

/// The functions of the API.
pub(super) const API: &[&str] = &[
    "VoiceOutboundFunction",
    "RecordingsFunction",
    "TranscriptsFunction",
    "EventsFunction",
    "CallsFunction",
    "BusinessesFunction",
    "KeysFunction",
    "NumbersFunction",
    "TwilioAccountFunction",
    "SettingsFunction",
    "CallActionsFunction",
    "TestCallsFunction",
    "CampaignsFunction",
    "LeadSourcesFunction",
    "PromptsFunction",
    "UsageFunction",
    "DoNotCallFunction",
    "AppointmentsFunction",
    "MessagesFunction",
    "ThreadsFunction",
    "ContactsFunction",
    "EndpointsFunction",
    "NotificationsFunction",
    "HealthFunction",
    "SignInFunction",
];

pub(super) const BUSINESSES: &[&str] = &["functions/src/businesses", "infra/local/src/demo"];
pub(super) const BUSINESSES_AND_PERSONS: &[&str] = &["functions/src/businesses", "functions/src/persons"];
pub(super) const VOICE: &[&str] = &["functions/src/voice"];
pub(super) const RECORDINGS: &[&str] = &["functions/src/recordings"];
pub(super) const TRANSCRIPTS: &[&str] = &["functions/src/transcripts"];
pub(super) const ASKING: &[&str] = &["functions/src/call_actions", "functions/src/voice"];
pub(super) const BRIDGE: &[&str] = &["bridge/src"];
pub(super) const DO_NOT_CALL: &[&str] = &["functions/src/do_not_call"];
/// The call itself, and the step that sees to what it could not record.
pub(super) const BRIDGE_AND_TRANSCRIPTS: &[&str] = &["bridge/src", "functions/src/transcripts"];
pub(super) const MESSAGES: &[&str] = &["functions/src/messages"];
pub(super) const TEXTS: &[&str] = &["functions/src/texts"];
pub(super) const APPOINTMENTS: &[&str] = &["functions/src/appointments"];
pub(super) const AGENTS_AND_APPOINTMENTS: &[&str] =
    &["functions/src/appointments", "functions/src/texts", "bridge/src"];
pub(super) const TRANSCRIPTS_AND_TEXTS: &[&str] = &["functions/src/transcripts", "functions/src/texts"];
/// Where the business is told of what others write.
pub(super) const TELLERS: &[&str] =
    &["functions/src/shared/telling.rs", "functions/src/transcripts", "functions/src/texts"];
pub(super) const VOICE_AND_TEXTS: &[&str] = &["functions/src/voice", "functions/src/texts"];
pub(super) const CONTACTS: &[&str] = &["functions/src/contacts"];
pub(super) const PERSONS: &[&str] = &["functions/src/persons"];
pub(super) const ENDPOINTS: &[&str] = &["functions/src/endpoints"];
pub(super) const LEADS: &[&str] = &["functions/src/leads"];
pub(super) const NOTIFICATIONS: &[&str] = &["functions/src/notifications"];
pub(super) const SIGN_IN: &[&str] = &["functions/src/sign_in"];
pub(super) const EDGE: &[&str] = &["functions/src/edge/api"];

pub(super) const fn writer(module: &'static str, folders: &'static [&'static str]) -> Handle {
    Handle { module, name: "Writer", folders }
}

pub(super) const fn eraser(module: &'static str) -> Handle {
    Handle { module, name: "Eraser", folders: PERSONS }
}

pub(super) const fn person_exports() -> Handle {
    Handle { module: "contacts", name: "PersonExports", folders: PERSONS }
}

pub(super) const fn work(name: &'static str, folders: &'static [&'static str]) -> Handle {
    Handle { module: "leases", name, folders }
}

pub(super) const fn eraser_of_business(module: &'static str) -> Handle {
    Handle { module, name: "Eraser", folders: &["functions/src/businesses"] }
}

pub(super) const fn sequencer() -> Handle {
    Handle { module: "events", name: "Sequencer", folders: &["functions/src/events.rs"] }
}

pub(super) const fn reminders() -> Handle {
    Handle { module: "appointments", name: "ReminderWriter", folders: VOICE }
}

/// What the partition keys of a family begin with, found by its table and one of its keys. `None`: the table has no
/// families, or none with such keys.
#[must_use]
pub fn keys_of(table: &str, partition_key: &str) -> Option<&'static str> {
    let of_table = OWNERSHIP.iter().filter(|rows| rows.table == table);
    of_table.flat_map(|rows| rows.keys).copied().find(|keys| partition_key.starts_with(keys))
}

/// The roles that write calls.
pub(super) const CALL_ROLES: &[&str] = &[
    "VoiceInboundFunction",
    "VoiceOutboundFunction",
    "AppointmentRemindersFunction",
    "CampaignStepFunction",
    "LeadCallsFunction",
    "VoiceStatusFunction",
    "VoiceAfterStreamFunction",
    "CallSweepFunction",
    "TestCallsFunction",
    "PersonStepFunction",
];

/// The roles that write plans.
pub(super) const PLAN_ROLES: &[&str] = &[
    "VoiceInboundFunction",
    "VoiceOutboundFunction",
    "AppointmentRemindersFunction",
    "CampaignStepFunction",
    "LeadCallsFunction",
    "VoiceStatusFunction",
    "VoiceAfterStreamFunction",
    "CallSweepFunction",
    "TestCallsFunction",
    "Bridge",
    "PersonStepFunction",
];

/// The roles that take and give back room for calls.
pub(super) const CAPACITY_ROLES: &[&str] = &[
    "VoiceInboundFunction",
    "VoiceOutboundFunction",
    "AppointmentRemindersFunction",
    "CampaignStepFunction",
    "LeadCallsFunction",
    "VoiceStatusFunction",
    "CallSweepFunction",
    "TestCallsFunction",
];

/// Everything that tells a business of what it does, or gives what was told a number.
pub(super) const TELL: &[Handle] = &[
    writer("events", TELLERS),
    writer("calls", VOICE),
    Handle { module: "contacts", name: "First", folders: VOICE_AND_TEXTS },
    writer("contacts", CONTACTS),
    Handle { module: "leads", name: "Receiver", folders: LEADS },
    writer("appointments", AGENTS_AND_APPOINTMENTS),
    sequencer(),
    writer("endpoints", ENDPOINTS),
    writer("notifications", NOTIFICATIONS),
    writer("campaigns", VOICE),
    eraser("appointments"),
    eraser("events"),
];

/// The roles that tell businesses, or give what was told a number.
pub(super) const TELL_ROLES: &[&str] = &[
    "VoiceInboundFunction",
    "VoiceOutboundFunction",
    "AppointmentRemindersFunction",
    "CampaignsFunction",
    "CampaignStepFunction",
    "LeadCallsFunction",
    "VoiceStatusFunction",
    "CallSweepFunction",
    "TestCallsFunction",
    "RecordingArchiveFunction",
    "TranscriptStepFunction",
    "TranscriptsFunction",
    "CallInsightsFunction",
    "TextStepFunction",
    "ContactsFunction",
    "ContactStepFunction",
    "LeadsFunction",
    "AppointmentsFunction",
    "Bridge",
    "EventsFunction",
    "EndpointsFunction",
    "EndpointStepFunction",
    "NotificationsFunction",
    "NotificationStepFunction",
    "PersonStepFunction",
];

/// The roles that give events their numbers.
pub(super) const NUMBERING_ROLES: &[&str] = &[
    "EventsFunction",
    "EndpointsFunction",
    "EndpointStepFunction",
    "NotificationsFunction",
    "NotificationStepFunction",
    "PersonStepFunction",
];

/// The roles that write orders to place a call.
pub(super) const DIAL_ROLES: &[&str] = &[
    "VoiceOutboundFunction",
    "AppointmentRemindersFunction",
    "CampaignStepFunction",
    "LeadCallsFunction",
    "VoiceStatusFunction",
];

/// The roles that place calls.
pub(super) const PLACING_ROLES: &[&str] =
    &["VoiceOutboundFunction", "AppointmentRemindersFunction", "CampaignStepFunction", "LeadCallsFunction"];

/// The roles that write reminders that are owed.
pub(super) const REMINDER_ROLES: &[&str] = &[
    "AppointmentRemindersFunction",
    "AppointmentsFunction",
    "TextStepFunction",
    "Bridge",
    "PersonStepFunction",
];

/// The roles that count what calls come to on a day.
pub(super) const DAY_ROLES: &[&str] = &[
    "VoiceOutboundFunction",
    "AppointmentRemindersFunction",
    "CampaignStepFunction",
    "LeadCallsFunction",
    "VoiceStatusFunction",
    "CallSweepFunction",
];

/// The roles that write recordings.
pub(super) const RECORDING_ROLES: &[&str] = &[
    "RecordingReadyFunction",
    "RecordingArchiveFunction",
    "RecordingSweepFunction",
    "RecordingsFunction",
    "RecordingShareFunction",
    "PersonStepFunction",
];

/// The roles that write contacts.
pub(super) const CONTACT_ROLES: &[&str] = &[
    "ContactsFunction",
    "ContactStepFunction",
    "LeadsFunction",
    "VoiceInboundFunction",
    "VoiceOutboundFunction",
    "AppointmentRemindersFunction",
    "CampaignStepFunction",
    "LeadCallsFunction",
    "CallInsightsFunction",
    "TextStepFunction",
    "PersonStepFunction",
];

/// The roles that tell timelines.
pub(super) const TIMELINE_ROLES: &[&str] = &[
    "ContactsFunction",
    "ContactStepFunction",
    "LeadsFunction",
    "TranscriptStepFunction",
    "CallInsightsFunction",
    "AppointmentsFunction",
    "TextStepFunction",
    "Bridge",
    "PersonStepFunction",
];

/// The roles that write businesses.
pub(super) const BUSINESS_ROLES: &[&str] = &[
    "BusinessesFunction",
    "BusinessSweepFunction",
    "NumbersFunction",
    "SettingsFunction",
    "TwilioAccountFunction",
];
