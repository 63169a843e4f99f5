//! Who owns which fact: for each table, and each family of rows in Leases, the code that may hold its writer and the
//! roles that may write it.
//!
//! This list is the source. `tests/it/ownership.rs` compares the table in ARCHITECTURE.md, the folders of the code and
//! the roles of the templates with it; `tests/it/permissions.rs` what the functions do.

use crate::leases::WorkKind;
use crate::{
    actions, appointments, capacity, contacts, dial_limits, dials, messages, plans, requests,
    sign_in_attempts, sign_ins, verdicts,
};

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

const BUSINESSES: &[&str] = &["functions/src/businesses", "infra/local/src/demo"];
const VOICE: &[&str] = &["functions/src/voice"];
const RECORDINGS: &[&str] = &["functions/src/recordings"];
const TRANSCRIPTS: &[&str] = &["functions/src/transcripts"];
const CALL_ACTIONS: &[&str] = &["functions/src/call_actions"];
const BRIDGE: &[&str] = &["bridge/src"];
const DO_NOT_CALL: &[&str] = &["functions/src/do_not_call"];
const MESSAGES: &[&str] = &["functions/src/messages"];
const TEXTS: &[&str] = &["functions/src/texts"];
const APPOINTMENTS: &[&str] = &["functions/src/appointments"];
const APPOINTMENTS_AND_BRIDGE: &[&str] = &["functions/src/appointments", "bridge/src"];

const CONTACTS: &[&str] = &["functions/src/contacts"];

const SIGN_IN: &[&str] = &["functions/src/sign_in"];
const EDGE: &[&str] = &["functions/src/edge/api"];

/// The functions of the API.
const API: &[&str] = &[
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
    "PromptsFunction",
    "UsageFunction",
    "DoNotCallFunction",
    "AppointmentsFunction",
    "MessagesFunction",
    "ThreadsFunction",
    "ContactsFunction",
    "HealthFunction",
    "SignInFunction",
];

const fn writer(module: &'static str, folders: &'static [&'static str]) -> Handle {
    Handle { module, name: "Writer", folders }
}

const fn work(name: &'static str, folders: &'static [&'static str]) -> Handle {
    Handle { module: "leases", name, folders }
}

/// Every row that the deployment writes, in the order of the document.
pub const OWNERSHIP: &[Rows] = &[
    Rows {
        table: "Businesses",
        keys: &[],
        holds: "profiles and their list, numbers, drafts and revisions of settings, the pointers to the published one and of settings channels",
        writers: &[writer("businesses", BUSINESSES)],
        roles: &[
            "BusinessesFunction",
            "BusinessSweepFunction",
            "NumbersFunction",
            "SettingsFunction",
            "TwilioAccountFunction",
        ],
    },
    Rows {
        table: "Keys",
        keys: &[],
        holds: "API keys (hashed), members and their invitations among them: owner, scopes, networks, end, successor, \
                role, revocation",
        writers: &[writer("keys", BUSINESSES)],
        roles: &["BusinessSweepFunction", "KeysFunction"],
    },
    Rows {
        table: "Members",
        keys: &[],
        holds: "which person accepted which invitation, put once and deleted with the member; when they last signed in",
        writers: &[
            writer("members", SIGN_IN),
            Handle { module: "members", name: "Eraser", folders: &["functions/src/businesses"] },
        ],
        roles: &["BusinessSweepFunction", "KeysFunction", "SignInFunction"],
    },
    Rows {
        table: "Requests",
        keys: &[requests::AUDIT_KEYS, requests::USE_KEYS],
        holds: "the log of what was asked of the API: every write, every reading of what was said, and the days on \
                which a key was used; append-only",
        writers: &[writer("requests", EDGE)],
        roles: API,
    },
    Rows {
        table: "Requests",
        keys: &[requests::RATE_KEYS],
        holds: "requests of a key in a minute",
        writers: &[writer("requests", EDGE)],
        roles: API,
    },
    Rows {
        table: "Requests",
        keys: &[sign_ins::SIGN_IN_KEYS],
        holds: "people who are signed in at the console (hashed): with which key, since when, when they last asked",
        writers: &[writer("sign_ins", EDGE)],
        roles: API,
    },
    Rows {
        table: "Requests",
        keys: &[sign_ins::LIST_KEYS],
        holds: "the sign-ins of each key, so that all can be ended",
        writers: &[writer("sign_ins", EDGE)],
        roles: &["SignInFunction"],
    },
    Rows {
        table: "Requests",
        keys: &[sign_in_attempts::KEYS],
        holds: "attempts to sign in through an issuer, under the hash of what the browser keeps; each is taken once",
        writers: &[writer("sign_in_attempts", SIGN_IN)],
        roles: &["SignInFunction"],
    },
    Rows {
        table: "Calls",
        keys: &[],
        holds: "the call: status, direction, times, refusal, pinned revision; every provider event, append-only",
        writers: &[writer("calls", VOICE)],
        roles: &[
            "VoiceInboundFunction",
            "VoiceOutboundFunction",
            "VoiceStatusFunction",
            "VoiceAfterStreamFunction",
            "CallSweepFunction",
            "TestCallsFunction",
        ],
    },
    Rows {
        table: "Turns",
        keys: &[],
        holds: "what was said, tool calls, messages left, who listened, one report per session",
        writers: &[writer("turns", BRIDGE)],
        roles: &["Bridge"],
    },
    Rows {
        table: "Recordings",
        keys: &[],
        holds: "in progress, announced, then archived, failed, lost, absent or deleted; the search for a recording \
                without a callback, and why a call has no recording; share links and their visits",
        writers: &[writer("recordings", RECORDINGS)],
        roles: &[
            "RecordingReadyFunction",
            "RecordingArchiveFunction",
            "RecordingSweepFunction",
            "RecordingsFunction",
            "RecordingShareFunction",
        ],
    },
    Rows {
        table: "Transcripts",
        keys: &[],
        holds: "numbered versions (realtime, recording, edited), the final pointer, requests to reprocess; what the \
                call came to and what it cost",
        writers: &[writer("transcripts", TRANSCRIPTS)],
        roles: &["TranscriptStepFunction", "TranscriptsFunction", "CallInsightsFunction"],
    },
    Rows {
        table: "Events",
        keys: &[],
        holds: "what a business is owed to know, in order, put in the transaction that causes it",
        writers: &[writer("events", TRANSCRIPTS)],
        roles: &["CallInsightsFunction"],
    },
    Rows {
        table: "Usage",
        keys: &[],
        holds: "what each call, later run and stored recording used, put once; the sum of each month, and which level of \
                which cap its business was told of; what happened to the calls of each day",
        writers: &[writer("usage", TRANSCRIPTS)],
        roles: &["CallInsightsFunction"],
    },
    Rows {
        table: "DoNotCall",
        keys: &[],
        holds: "numbers that a business does not call, since when and why",
        writers: &[writer("do_not_call", DO_NOT_CALL)],
        roles: &["DoNotCallFunction"],
    },
    Rows {
        table: "Appointments",
        keys: &[appointments::CALENDAR_KEYS, appointments::SERVICE_KEYS, appointments::FEED_KEYS],
        holds: "calendars and services: what a business offers; links of calendars' feeds (hashed)",
        writers: &[Handle { module: "appointments", name: "CatalogueWriter", folders: APPOINTMENTS }],
        roles: &["AppointmentsFunction"],
    },
    Rows {
        table: "Appointments",
        keys: &[
            appointments::AGENDA_KEYS,
            appointments::APPOINTMENT_KEYS,
            appointments::START_KEYS,
            appointments::PERSON_KEYS,
            appointments::REMINDER_KEYS,
        ],
        holds: "appointments, what is taken of each calendar on each day, and reminders that are owed: one transaction \
                writes them under the versions that were read",
        writers: &[writer("appointments", APPOINTMENTS_AND_BRIDGE)],
        roles: &["AppointmentsFunction", "Bridge"],
    },
    Rows {
        table: "Messages",
        keys: &[messages::LEFT_KEYS],
        holds: "what callers left: messages that the agent took, and voicemails, put once; how many, in all and by day",
        writers: &[writer("messages", TRANSCRIPTS)],
        roles: &["TranscriptStepFunction"],
    },
    Rows {
        table: "Messages",
        keys: &[messages::DONE_KEYS],
        holds: "who dealt with what callers left, and when; how much of it is done, in all and by day",
        writers: &[Handle { module: "messages", name: "Marks", folders: MESSAGES }],
        roles: &["MessagesFunction"],
    },
    Rows {
        table: "Texts",
        keys: &[],
        holds: "threads, their texts and what became of them, the names of carriers and persons by which they are found, \
                wishes to be left alone",
        writers: &[writer("texts", TEXTS)],
        roles: &["TextStepFunction", "ThreadsFunction"],
    },
    Rows {
        table: "Contacts",
        keys: &[contacts::CONTACT_KEYS],
        holds: "the people whom a business knows: what identifies them and what is known of them, merges and their undoing, \
                the business's own fields and statuses",
        writers: &[
            writer("contacts", CONTACTS),
            Handle { module: "contacts", name: "First", folders: VOICE },
            Handle { module: "contacts", name: "Learner", folders: TRANSCRIPTS },
        ],
        roles: &["ContactsFunction", "VoiceInboundFunction", "VoiceOutboundFunction", "CallInsightsFunction"],
    },
    Rows {
        table: "Contacts",
        keys: &[contacts::TIMELINE_KEYS],
        holds: "what happened with contacts, each entry told by the owner of the fact under a name of its own",
        writers: &[
            writer("contacts", CONTACTS),
            Handle { module: "contacts", name: "Learner", folders: TRANSCRIPTS },
        ],
        roles: &["ContactsFunction", "TranscriptStepFunction", "CallInsightsFunction"],
    },
    Rows {
        table: "Contacts",
        keys: &[contacts::NOTE_KEYS, contacts::TASK_KEYS],
        holds: "what people noted of contacts, and what is to be done about them",
        writers: &[writer("contacts", CONTACTS)],
        roles: &["ContactsFunction"],
    },
    Rows {
        table: "Leases",
        keys: &[plans::KEYS],
        holds: "plans: the epoch that has the call, and its plan. The voice functions begin an epoch or withdraw \
                its plan; the bridge claims the plan and ends the call",
        writers: &[writer("calls", VOICE), Handle { module: "plans", name: "Plans", folders: BRIDGE }],
        roles: &[
            "VoiceInboundFunction",
            "VoiceOutboundFunction",
            "VoiceStatusFunction",
            "VoiceAfterStreamFunction",
            "CallSweepFunction",
            "TestCallsFunction",
            "Bridge",
        ],
    },
    Rows {
        table: "Leases",
        keys: &[capacity::BUSINESS_KEYS, capacity::DEPLOYMENT_KEYS],
        holds: "capacity: the slots of a business and of the deployment, each with the call that holds it",
        writers: &[writer("calls", VOICE)],
        roles: &[
            "VoiceInboundFunction",
            "VoiceOutboundFunction",
            "VoiceStatusFunction",
            "CallSweepFunction",
            "TestCallsFunction",
        ],
    },
    Rows {
        table: "Leases",
        keys: &[dials::KEYS],
        holds: "orders to place a call, and the one call that came of each",
        writers: &[Handle { module: "dials", name: "Dials", folders: VOICE }],
        roles: &["VoiceOutboundFunction", "VoiceStatusFunction"],
    },
    Rows {
        table: "Leases",
        keys: &[dial_limits::COOL_DOWN_KEYS, dial_limits::PACE_KEYS],
        holds: "when a number was last called, under a keyed hash of it; calls that an account began in a second",
        writers: &[Handle { module: "dial_limits", name: "DialLimits", folders: VOICE }],
        roles: &["VoiceOutboundFunction"],
    },
    Rows {
        table: "Leases",
        keys: &[dial_limits::DAY_KEYS],
        holds: "what a business's outbound calls came to on a day; calls that run with the most that they may come to",
        writers: &[
            Handle { module: "dial_limits", name: "DialLimits", folders: VOICE },
            writer("calls", VOICE),
        ],
        roles: &["VoiceOutboundFunction", "VoiceStatusFunction", "CallSweepFunction"],
    },
    Rows {
        table: "Leases",
        keys: &[verdicts::KEYS],
        holds: "verdicts of machine detection, on their way to the bridge",
        writers: &[writer("verdicts", VOICE)],
        roles: &["VoiceStatusFunction"],
    },
    Rows {
        table: "Leases",
        keys: &[actions::KEYS],
        holds: "what a business asks of a call in progress, on its way to the bridge, and what came of it",
        writers: &[
            Handle { module: "actions", name: "Requests", folders: CALL_ACTIONS },
            Handle { module: "actions", name: "Inbox", folders: BRIDGE },
        ],
        roles: &["CallActionsFunction", "Bridge"],
    },
    Rows {
        table: "Leases",
        keys: &[WorkKind::Dial.keys()],
        holds: "leases: placing a call that was ordered",
        writers: &[work("WorkKind::Dial", VOICE)],
        roles: &["VoiceOutboundFunction"],
    },
    Rows {
        table: "Leases",
        keys: &[WorkKind::RecordingArchive.keys()],
        holds: "leases: copying a recording",
        writers: &[work("WorkKind::RecordingArchive", RECORDINGS)],
        roles: &["RecordingArchiveFunction"],
    },
    Rows {
        table: "Leases",
        keys: &[WorkKind::Transcribe.keys()],
        holds: "leases: listening to a recording, and what of it is finished",
        writers: &[work("WorkKind::Transcribe", TRANSCRIPTS)],
        roles: &["TranscriptStepFunction"],
    },
    Rows {
        table: "Leases",
        keys: &[WorkKind::Insights.keys()],
        holds: "leases: summing up a call",
        writers: &[work("WorkKind::Insights", TRANSCRIPTS)],
        roles: &["CallInsightsFunction"],
    },
    Rows {
        table: "Leases",
        keys: &[WorkKind::Tool.keys()],
        holds: "leases: asking a tool that acts once",
        writers: &[work("WorkKind::Tool", BRIDGE)],
        roles: &["Bridge"],
    },
];

/// What the partition keys of a family begin with, found by its table and one of its keys. `None`: the table has no
/// families, or none with such keys.
#[must_use]
pub fn keys_of(table: &str, partition_key: &str) -> Option<&'static str> {
    let of_table = OWNERSHIP.iter().filter(|rows| rows.table == table);
    of_table.flat_map(|rows| rows.keys).copied().find(|keys| partition_key.starts_with(keys))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_belongs_to_two_families() {
        let all: Vec<&str> = OWNERSHIP.iter().flat_map(|rows| rows.keys).copied().collect();
        assert!(all.len() > 5, "{all:?}");
        for (index, keys) in all.iter().enumerate() {
            assert!(
                keys.ends_with('#') && !keys.contains(['*', '?']),
                "{keys}: a pattern of IAM is made of it"
            );
            let others = all.iter().enumerate().filter(|(other, _)| *other != index);
            assert!(others.into_iter().all(|(_, other)| !other.starts_with(keys)), "{keys}");
        }
        assert_eq!(keys_of("Leases", "once#tool#CA1#part#2"), Some("once#tool#"));
        assert_eq!(keys_of("Leases", "once#toolbox#CA1"), None);
        assert_eq!(keys_of("Calls", "session#CA1"), None);
    }
}
