//! The rows of Contacts, which hold many families.

#[allow(clippy::wildcard_imports, reason = "folders and helpers that the list alone is made of")]
use super::kinds::*;
use crate::{contacts, leads};

pub(super) const CONTACTS_ROWS: [Rows; 9] = [
    Rows {
        table: "Contacts",
        keys: &[contacts::CONTACT_KEYS],
        holds: "the people whom a business knows: what identifies them and what is known of them, merges and their undoing, \
                the business's own fields and statuses",
        writers: &[
            writer("contacts", CONTACTS),
            Handle { module: "contacts", name: "First", folders: VOICE_AND_TEXTS },
            Handle { module: "contacts", name: "Learner", folders: TRANSCRIPTS },
            Handle { module: "leads", name: "Receiver", folders: LEADS },
            eraser("contacts"),
        ],
        roles: CONTACT_ROLES,
    },
    Rows {
        table: "Contacts",
        keys: &[contacts::TIMELINE_KEYS],
        holds: "what happened with contacts, each entry told by the owner of the fact under a name of its own",
        writers: &[
            writer("contacts", CONTACTS),
            Handle { module: "contacts", name: "First", folders: VOICE_AND_TEXTS },
            Handle { module: "contacts", name: "Learner", folders: TRANSCRIPTS },
            Handle { module: "leads", name: "Receiver", folders: LEADS },
            writer("appointments", AGENTS_AND_APPOINTMENTS),
            eraser("contacts"),
        ],
        roles: TIMELINE_ROLES,
    },
    Rows {
        table: "Contacts",
        keys: &[contacts::files::FILE_KEYS],
        holds: "how far imports and exports of contacts are, and exports of one person",
        writers: &[writer("contacts", CONTACTS), person_exports(), eraser("contacts")],
        roles: &["ContactsFunction", "ContactStepFunction", "PersonStepFunction", "PersonExportFunction"],
    },
    Rows {
        table: "Contacts",
        keys: &[contacts::taken::ROW_KEYS],
        holds: "what each row of an import did, put once with what it did",
        writers: &[writer("contacts", CONTACTS), eraser("contacts")],
        roles: &["ContactStepFunction", "PersonStepFunction"],
    },
    Rows {
        table: "Contacts",
        keys: &[contacts::NOTE_KEYS, contacts::TASK_KEYS],
        holds: "what people noted of contacts, and what is to be done about them",
        writers: &[writer("contacts", CONTACTS), eraser("contacts")],
        roles: &["ContactsFunction", "PersonStepFunction"],
    },
    Rows {
        table: "Contacts",
        keys: &[contacts::ERASURE_KEYS],
        holds: "requests to erase all that is kept of a person: how far each is, and whom it is about until it is over; handles of those who were erased, hashed",
        writers: &[writer("contacts", CONTACTS), eraser("contacts")],
        roles: &["ContactsFunction", "PersonStepFunction"],
    },
    Rows {
        table: "Contacts",
        keys: &[leads::SOURCE_KEYS, leads::DOOR_KEYS],
        holds: "where leads come from: how each source proves itself and is read; whose source it is; how many there are",
        writers: &[Handle { module: "leads", name: "SourceWriter", folders: LEADS }],
        roles: &["LeadSourcesFunction"],
    },
    Rows {
        table: "Contacts",
        keys: &[leads::LEAD_KEYS],
        holds: "leads that came, with what was sent, for a month; which came under a key, which are about a contact, how many in a minute",
        writers: &[
            Handle { module: "leads", name: "Receiver", folders: LEADS },
            Handle { module: "leads", name: "CallWriter", folders: VOICE },
            eraser("leads"),
        ],
        roles: &["LeadsFunction", "LeadCallsFunction", "PersonStepFunction"],
    },
    Rows {
        table: "Contacts",
        keys: &[leads::DUE_KEYS],
        holds: "that the person of a lead is to be called",
        writers: &[
            Handle { module: "leads", name: "Receiver", folders: LEADS },
            Handle { module: "leads", name: "CallWriter", folders: VOICE },
        ],
        roles: &["LeadsFunction", "LeadCallsFunction"],
    },
];
