//! The person at the other end of a call, as the business's contacts know them: the contact that the call is pinned to, and
//! what the agent is told.
//!
//! The first call from a number makes the contact. A call does not wait for it longer than a moment: without an answer in
//! time it goes on as one from a stranger.

use std::time::Duration;

use domain::contact::{ContactId, FieldSchema, Handle, Note};
use domain::prompt::caller::{AboutCaller, NamePolicy};
use domain::{Business, PhoneNumber, Timestamp};
use platform::telemetry::{Unit, metric};
use stores::contacts::{First, Stored};
use stores::{StoreError, contacts};
use tokio::time::{Instant, timeout_at};

use crate::edge::parts::{parts, table_parts};

/// How long a call is kept waiting for it. The store answers in milliseconds; when it does not, a second of ringing is better
/// than being a stranger.
const PATIENCE: Duration = Duration::from_secs(1);
/// The notes that the agent is told, the newest ones.
const NOTES: usize = 10;

table_parts! {
    First: "TABLE_CONTACTS";
}

parts! {
    /// Finds the contact at the other end, or makes it.
    pub(super) struct KnownCaller {
        first: First,
        contacts: contacts::Reader,
    }
}

/// What is known of the person at the other end.
#[derive(Default)]
pub(super) struct Met {
    /// The contact; `None`: the number was withheld, or the contacts could not be asked in time.
    pub(super) id: Option<ContactId>,
    name: Option<String>,
    policy: NamePolicy,
    notes: Vec<String>,
    history: Vec<String>,
}

impl Met {
    /// What the agent is told.
    pub(super) fn about(&self) -> AboutCaller<'_> {
        AboutCaller {
            name: self.name.as_deref(),
            name_policy: self.policy,
            notes: &self.notes,
            history: &self.history,
        }
    }
}

impl KnownCaller {
    /// The contact of this number. Nothing that fails here keeps a call waiting or ends it.
    pub(super) async fn meet(
        &self,
        business: &Business,
        number: Option<&PhoneNumber>,
        now: Timestamp,
    ) -> Met {
        let Some(number) = number else { return Met::default() };
        let until = Instant::now() + PATIENCE;
        let asked = timeout_at(until, self.first.of(&business.id, &Handle::phone(number), now)).await;
        let (stored, is_new) = match asked {
            Ok(Ok(found)) => found,
            Ok(Err(error)) => {
                lost(business, &error.to_string());
                return Met::default();
            }
            Err(_) => {
                lost(business, "no answer in time");
                return Met::default();
            }
        };
        let mut met = Met {
            id: Some(stored.contact.id),
            name: stored.contact.name().map(|name| name.value.clone()),
            policy: stored.contact.name_policy.unwrap_or_default(),
            ..Met::default()
        };
        // Of a contact that was made in this moment nothing else is known.
        if is_new {
            return met;
        }
        let history = stored.contact.last_call.iter();
        let day = |at| business.zone().day(at);
        met.history = history.map(|last| format!("{}: {}", day(last.at), last.summary)).collect();
        match timeout_at(until, self.besides(business, &stored)).await {
            Ok(Ok((fields, notes))) => {
                let fields = fields.told(&stored.contact).map(|(label, value)| format!("{label}: {value}"));
                met.notes = fields.chain(notes.into_iter().map(|note| note.text)).collect();
            }
            Ok(Err(error)) => lost(business, &error.to_string()),
            Err(_) => lost(business, "no answer in time"),
        }
        met
    }

    async fn besides(
        &self,
        business: &Business,
        stored: &Stored,
    ) -> Result<(FieldSchema, Vec<Note>), StoreError> {
        let ids: Vec<ContactId> = stored.contact.all_ids().copied().collect();
        let (fields, notes) = tokio::try_join!(
            self.contacts.fields(&business.id),
            self.contacts.told_notes(&business.id, &ids, NOTES),
        )?;
        Ok((fields.value, notes))
    }
}

fn lost(business: &Business, why: &str) {
    metric("ContactsNotAsked", 1.0, Unit::Count, &[]);
    tracing::warn!(business = %business.id, why, "a call goes on without what the contacts know");
}
