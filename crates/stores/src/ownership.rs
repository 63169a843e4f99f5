//! Who owns which fact: for each table, and each family of rows in Leases, the code that may hold its writer and the
//! roles that may write it.
//!
//! This list is the source. `tests/it/ownership.rs` compares the table in ARCHITECTURE.md, the folders of the code and
//! the roles of the templates with it; `tests/it/permissions.rs` what the functions do.

mod contacts;
mod kinds;

use contacts::CONTACTS_ROWS;

use crate::leases::WorkKind;
use crate::{
    actions, appointments, campaigns, capacity, dial_limits, dials, endpoints, events, messages,
    notifications, plans, requests, sign_in_attempts, sign_ins, verdicts,
};

#[allow(clippy::wildcard_imports, reason = "folders and helpers that this list alone is made of")]
use kinds::*;
pub use kinds::{Handle, Rows, keys_of};

/// Leases of one kind of work.
macro_rules! leased {
    ($kind:ident, $folders:expr, $roles:expr, $holds:literal) => {
        Rows {
            table: "Leases",
            keys: &[WorkKind::$kind.keys()],
            holds: $holds,
            writers: &[work(concat!("WorkKind::", stringify!($kind)), $folders)],
            roles: $roles,
        }
    };
}

/// Every row that the deployment writes, in the order of the document.
pub const OWNERSHIP: &[Rows] = &[
    Rows {
        table: "Businesses",
        keys: &[],
        holds: "profiles and their list, numbers, drafts and revisions of settings, the pointers to the published one and of settings channels",
        writers: &[writer("businesses", BUSINESSES)],
        roles: BUSINESS_ROLES,
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
        writers: &[writer("members", SIGN_IN), eraser_of_business("members")],
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
        writers: &[writer("calls", VOICE), eraser("calls")],
        roles: CALL_ROLES,
    },
    Rows {
        table: "Turns",
        keys: &[],
        holds: "what was said, tool calls, messages left, when a person was promised to be called again, who listened, one report per session",
        writers: &[writer("turns", BRIDGE), eraser("turns")],
        roles: &["Bridge", "PersonStepFunction"],
    },
    Rows {
        table: "Recordings",
        keys: &[],
        holds: "in progress, announced, then archived, failed, lost, absent or deleted; the search for a recording \
                without a callback, and why a call has no recording; share links and their visits",
        writers: &[writer("recordings", RECORDINGS), eraser("recordings")],
        roles: RECORDING_ROLES,
    },
    Rows {
        table: "Transcripts",
        keys: &[],
        holds: "numbered versions (realtime, recording, edited), the final pointer, requests to reprocess; what the \
                call came to and what it cost",
        writers: &[writer("transcripts", TRANSCRIPTS), eraser("transcripts")],
        roles: &[
            "TranscriptStepFunction",
            "TranscriptsFunction",
            "CallInsightsFunction",
            "PersonStepFunction",
        ],
    },
    Rows {
        table: "Events",
        keys: &[events::HAPPENED_KEYS],
        holds: "what a business is owed to know and has no number yet: put in the transaction that causes it, taken away with \
                the one that gives the number",
        writers: TELL,
        roles: TELL_ROLES,
    },
    Rows {
        table: "Events",
        keys: &[events::OUTBOX_KEYS],
        holds: "what a business is owed to know, in order, each under its number, which is given before it is read, in the \
                transaction that takes it from where it waits",
        writers: &[
            sequencer(),
            writer("endpoints", ENDPOINTS),
            writer("notifications", NOTIFICATIONS),
            eraser("events"),
        ],
        roles: NUMBERING_ROLES,
    },
    Rows {
        table: "Events",
        keys: &[endpoints::ENDPOINT_KEYS],
        holds: "endpoints: addresses, filters, headers, since when each takes nothing, who sends to it; up to which event \
                all were given theirs",
        writers: &[writer("endpoints", ENDPOINTS), eraser_of_business("endpoints")],
        roles: &["BusinessSweepFunction", "EndpointsFunction", "EndpointStepFunction"],
    },
    Rows {
        table: "Events",
        keys: &[endpoints::SERVING_KEYS],
        holds: "that a business has endpoints",
        writers: &[writer("endpoints", ENDPOINTS), eraser_of_business("endpoints")],
        roles: &["BusinessSweepFunction", "EndpointsFunction", "EndpointSweepFunction"],
    },
    Rows {
        table: "Events",
        keys: &[endpoints::DELIVERY_KEYS],
        holds: "each event on its way to each endpoint: what was tried, and when it is tried again",
        writers: &[writer("endpoints", ENDPOINTS)],
        roles: &["EndpointsFunction", "EndpointStepFunction"],
    },
    Rows {
        table: "Events",
        keys: &[notifications::RECEIVER_KEYS],
        holds: "receivers of notifications: where each is reached, what it is told of and when; up to which event all were given \
                theirs",
        writers: &[writer("notifications", NOTIFICATIONS), eraser_of_business("notifications")],
        roles: &["BusinessSweepFunction", "NotificationsFunction", "NotificationStepFunction"],
    },
    Rows {
        table: "Events",
        keys: &[notifications::NOTIFYING_KEYS],
        holds: "that a business has receivers",
        writers: &[writer("notifications", NOTIFICATIONS), eraser_of_business("notifications")],
        roles: &["BusinessSweepFunction", "NotificationsFunction", "NotificationSweepFunction"],
    },
    Rows {
        table: "Events",
        keys: &[notifications::NOTICE_KEYS],
        holds: "each event on its way to each receiver, by its name alone: what was tried, and when it is looked at again",
        writers: &[writer("notifications", NOTIFICATIONS)],
        roles: &["NotificationStepFunction", "NotificationSweepFunction"],
    },
    Rows {
        table: "Usage",
        keys: &[],
        holds: "what each call, later run, stored recording and answered text used, put once; the sum of each month, and which level of \
                which cap its business was told of; what happened to the calls of each day",
        writers: &[writer("usage", TRANSCRIPTS_AND_TEXTS)],
        roles: &["CallInsightsFunction", "TextStepFunction"],
    },
    Rows {
        table: "DoNotCall",
        keys: &[],
        holds: "numbers that a business does not call, since when, why and through what; which call's wish is done, put once",
        writers: &[
            writer("do_not_call", DO_NOT_CALL),
            Handle { module: "do_not_call", name: "Recorder", folders: BRIDGE_AND_TRANSCRIPTS },
            eraser("do_not_call"),
        ],
        roles: &["TranscriptStepFunction", "DoNotCallFunction", "Bridge", "PersonStepFunction"],
    },
    Rows {
        table: "Campaigns",
        keys: &[campaigns::CAMPAIGN_KEYS],
        holds: "campaigns: how each is conducted and how far it is; the sums of their entries",
        writers: &[writer("campaigns", VOICE), eraser("campaigns")],
        roles: &["CampaignsFunction", "CampaignStepFunction", "PersonStepFunction"],
    },
    Rows {
        table: "Campaigns",
        keys: &[campaigns::WORK_KEYS],
        holds: "that a campaign has work",
        writers: &[writer("campaigns", VOICE)],
        roles: &["CampaignsFunction", "CampaignStepFunction"],
    },
    Rows {
        table: "Campaigns",
        keys: &[campaigns::ENTRY_KEYS, campaigns::NUMBER_KEYS],
        holds: "the people of campaigns: whom to call and when, what their calls came to; who is at a campaign; which entries are about a number",
        writers: &[writer("campaigns", VOICE), eraser("campaigns")],
        roles: &["CampaignStepFunction", "PersonStepFunction"],
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
        keys: &[appointments::SOURCE_KEYS],
        holds: "calendars of other systems: where they are, and what was read of them, under the naming that was seen",
        writers: &[
            Handle { module: "appointments", name: "CatalogueWriter", folders: APPOINTMENTS },
            Handle { module: "appointments", name: "SourceWriter", folders: APPOINTMENTS },
        ],
        roles: &["AppointmentsFunction", "CalendarSourcesFunction"],
    },
    Rows {
        table: "Appointments",
        keys: &[appointments::FETCH_KEYS],
        holds: "that there is such a calendar",
        writers: &[Handle { module: "appointments", name: "CatalogueWriter", folders: APPOINTMENTS }],
        roles: &["AppointmentsFunction"],
    },
    Rows {
        table: "Appointments",
        keys: &[appointments::AGENDA_KEYS, appointments::APPOINTMENT_KEYS, appointments::PERSON_KEYS],
        holds: "appointments, and what is taken of each calendar on each day: one transaction writes them, and reminders \
                that are owed, under the versions that were read",
        writers: &[writer("appointments", AGENTS_AND_APPOINTMENTS), eraser("appointments")],
        roles: &["AppointmentsFunction", "TextStepFunction", "Bridge", "PersonStepFunction"],
    },
    Rows {
        table: "Appointments",
        keys: &[appointments::START_KEYS],
        holds: "when appointments begin, written with them",
        writers: &[writer("appointments", AGENTS_AND_APPOINTMENTS)],
        roles: &["AppointmentsFunction", "TextStepFunction", "Bridge"],
    },
    Rows {
        table: "Appointments",
        keys: &[appointments::REMINDER_KEYS],
        holds: "reminders that are owed; those that are due are taken off the list, or put off",
        writers: &[writer("appointments", AGENTS_AND_APPOINTMENTS), reminders(), eraser("appointments")],
        roles: REMINDER_ROLES,
    },
    Rows {
        table: "Appointments",
        keys: &[appointments::REMINDED_KEYS],
        holds: "what became of each reminder",
        writers: &[reminders()],
        roles: &["AppointmentRemindersFunction"],
    },
    Rows {
        table: "Messages",
        keys: &[messages::LEFT_KEYS],
        holds: "what callers left, and people who wrote: messages that the agent took, and voicemails, put once; how many, in all and by day",
        writers: &[writer("messages", TRANSCRIPTS_AND_TEXTS), eraser("messages")],
        roles: &["TranscriptStepFunction", "TextStepFunction", "PersonStepFunction"],
    },
    Rows {
        table: "Messages",
        keys: &[messages::DONE_KEYS],
        holds: "who dealt with what callers left, and when; how much of it is done, in all and by day",
        writers: &[Handle { module: "messages", name: "Marks", folders: MESSAGES }, eraser("messages")],
        roles: &["MessagesFunction", "PersonStepFunction"],
    },
    Rows {
        table: "Texts",
        keys: &[],
        holds: "threads, their texts and what became of them, the names of carriers and persons by which they are found, \
                wishes to be left alone",
        writers: &[
            writer("texts", TEXTS),
            Handle { module: "texts", name: "Eraser", folders: BUSINESSES_AND_PERSONS },
        ],
        roles: &["BusinessSweepFunction", "TextStepFunction", "ThreadsFunction", "PersonStepFunction"],
    },
    CONTACTS_ROWS[0],
    CONTACTS_ROWS[1],
    CONTACTS_ROWS[2],
    CONTACTS_ROWS[3],
    CONTACTS_ROWS[4],
    CONTACTS_ROWS[5],
    CONTACTS_ROWS[6],
    CONTACTS_ROWS[7],
    CONTACTS_ROWS[8],
    Rows {
        table: "Leases",
        keys: &[plans::KEYS],
        holds: "plans: the epoch that has the call, and its plan. The voice functions begin an epoch or withdraw \
                its plan; the bridge claims the plan and ends the call",
        writers: &[
            writer("calls", VOICE),
            Handle { module: "plans", name: "Plans", folders: BRIDGE },
            eraser("plans"),
        ],
        roles: PLAN_ROLES,
    },
    Rows {
        table: "Leases",
        keys: &[capacity::BUSINESS_KEYS, capacity::DEPLOYMENT_KEYS],
        holds: "capacity: the slots of a business and of the deployment, each with the call that holds it",
        writers: &[writer("calls", VOICE)],
        roles: CAPACITY_ROLES,
    },
    Rows {
        table: "Leases",
        keys: &[dials::KEYS],
        holds: "orders to place a call, and the one call that came of each",
        writers: &[Handle { module: "dials", name: "Dials", folders: VOICE }],
        roles: DIAL_ROLES,
    },
    Rows {
        table: "Leases",
        keys: &[dial_limits::COOL_DOWN_KEYS, dial_limits::PACE_KEYS],
        holds: "when a number was last called, under a keyed hash of it; calls that an account began in a second",
        writers: &[Handle { module: "dial_limits", name: "DialLimits", folders: VOICE }],
        roles: PLACING_ROLES,
    },
    Rows {
        table: "Leases",
        keys: &[dial_limits::DAY_KEYS],
        holds: "what a business's outbound calls came to on a day; calls that run with the most that they may come to",
        writers: &[
            Handle { module: "dial_limits", name: "DialLimits", folders: VOICE },
            writer("calls", VOICE),
        ],
        roles: DAY_ROLES,
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
            Handle { module: "actions", name: "Requests", folders: ASKING },
            Handle { module: "actions", name: "Inbox", folders: BRIDGE },
            eraser("actions"),
        ],
        roles: &["CallActionsFunction", "CampaignStepFunction", "Bridge", "PersonStepFunction"],
    },
    leased!(Dial, VOICE, PLACING_ROLES, "leases: placing a call that was ordered"),
    leased!(RecordingArchive, RECORDINGS, &["RecordingArchiveFunction"], "leases: copying a recording"),
    leased!(
        Transcribe,
        TRANSCRIPTS,
        &["TranscriptStepFunction"],
        "leases: listening to a recording, and what of it is finished"
    ),
    leased!(Insights, TRANSCRIPTS, &["CallInsightsFunction"], "leases: summing up a call"),
    leased!(Tool, BRIDGE, &["Bridge"], "leases: asking a tool that acts once"),
    leased!(
        TextTool,
        TEXTS,
        &["TextStepFunction"],
        "leases: asking a tool that acts once, for a person who writes"
    ),
];

#[cfg(test)]
mod tests;
