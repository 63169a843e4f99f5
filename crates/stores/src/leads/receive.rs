//! How a lead is taken in: once, with its contact.

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::contact::{Contact, Entry, Handle};
use domain::lead::{Lead, LeadSourceId, LeadState, ONCE_FOR, PER_MINUTE};
use domain::{BusinessId, Timestamp};
use platform::Aws;
use platform::backoff::{CONTENTION, Tries};

use super::{BUSINESS, LEAD, Raw, SOURCE, contact_pk, due_key, lead_draft, lead_key, leads_pk, stored_lead};
use crate::contacts::joined::{Joining, join};
use crate::digest::sha256_hex;
use crate::item::{Draft, LEASE_UNTIL, number};
use crate::table::{ABSENT, Key, Table, WriteOutcome};
use crate::{StoreError, events};

const ONCE: &str = "once#";
const RATE: &str = "rate#";
const DIGEST: &str = "digest";
const MINUTE_S: u64 = 60;

/// A lead that is to be taken in.
#[derive(Clone, Copy)]
pub struct Arriving<'a> {
    /// The lead, as it is if it joins no contact yet.
    pub lead: &'a Lead,
    /// What was sent.
    pub raw: &'a Raw,
    /// What makes two of them one: the sender's key, or a digest of the bytes.
    pub key: &'a str,
    /// By what its person is found, the surest first.
    pub handles: &'a [Handle],
    /// Writes the lead into the contact, which is new or not, and says what its timeline is told.
    pub fill: &'a (dyn Fn(&mut Contact, bool) -> Vec<Entry> + Send + Sync),
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Arrived {
    /// It is in.
    New(Lead),
    /// An earlier one of its key is it.
    Before(Lead),
    /// Its key was used for something else.
    Reused,
    /// It came before, and was erased with its person.
    Gone,
}

/// Held by what takes leads in.
#[derive(Debug, Clone)]
pub struct Receiver {
    contacts: Table,
    events: events::Writer,
}

impl Receiver {
    /// `table` is the name of Contacts, `events` that of Events: the business is told of a new contact and of a lead that moves.
    pub fn new(aws: &Aws, table: &str, events: &str) -> Self {
        Self { contacts: Table::new(aws, table), events: events::Writer::new(aws, events) }
    }

    /// Counts what came to a source in this minute. `None`: there is room for it; otherwise the seconds until there is.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn count(
        &self,
        business: &BusinessId,
        source: &LeadSourceId,
        now: Timestamp,
    ) -> Result<Option<u64>, StoreError> {
        let table = &self.contacts;
        let seconds = u64::try_from(now.secs()).unwrap_or_default();
        let row = Key::new(leads_pk(business, source), format!("{RATE}{}", seconds / MINUTE_S));
        let request = table
            .client
            .update_item()
            .table_name(&*table.name)
            .set_key(Some(row.attributes()))
            .update_expression("ADD came :one SET expires_at = :expires")
            .condition_expression("attribute_not_exists(came) OR came < :limit")
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":limit", number(PER_MINUTE))
            .expression_attribute_values(":expires", number(seconds + 2 * MINUTE_S));
        Ok(match table.outcome(request.send().await)? {
            WriteOutcome::Done(_) => None,
            WriteOutcome::Refused(_) => Some(MINUTE_S - seconds % MINUTE_S),
        })
    }

    /// The lead that came under this key within a day.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn before(
        &self,
        business: &BusinessId,
        source: &LeadSourceId,
        (key, raw): (&str, &Raw),
        now: Timestamp,
    ) -> Result<Option<Arrived>, StoreError> {
        let table = &self.contacts;
        let Some(row) = table.get(&once_key(business, source, key)).await? else { return Ok(None) };
        if row.optional_time(LEASE_UNTIL)?.is_some_and(|until| until <= now) {
            return Ok(None);
        }
        if row.text(DIGEST)? != digest(raw) {
            return Ok(Some(Arrived::Reused));
        }
        let lead = lead_key(business, source, row.parsed(LEAD, domain::contact::LeadId::parse)?);
        let lead = table.get(&lead).await?.as_ref().map(stored_lead).transpose()?;
        Ok(Some(lead.map_or(Arrived::Gone, |stored| Arrived::Before(stored.lead))))
    }

    /// Takes a lead in with its contact: the one to which the first of its handles belongs, or a new one.
    ///
    /// # Errors
    /// [`StoreError`]; the same again takes in nothing.
    pub async fn take(&self, business: &BusinessId, new: Arriving<'_>) -> Result<Arrived, StoreError> {
        let table = &self.contacts;
        let (now, source) = (new.lead.id.at(), &new.lead.source);
        let mut tries = Tries::with(CONTENTION);
        while tries.next().await {
            if let Some(before) = self.before(business, source, (new.key, new.raw), now).await? {
                return Ok(before);
            }
            let beside = |contact: &Contact, is_new: bool| {
                let state = if is_new { LeadState::Created } else { LeadState::Joined };
                let lead = Lead { state, contact: Some(contact.id), ..new.lead.clone() };
                Ok((self.rows(business, &lead, &new)?, lead))
            };
            let joining =
                Joining { table, events: &self.events, business, handles: new.handles, fill: new.fill, now };
            if let Some(lead) = join(&joining, beside).await? {
                return Ok(Arrived::New(lead));
            }
            // Another copy was first, or the contact was changed in this moment: it is looked at anew.
        }
        Err(table.contended())
    }

    /// Keeps that a lead was refused, and why. Nothing of what was sent is kept: it could not be found to be erased.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn refuse(&self, business: &BusinessId, lead: &Lead) -> Result<(), StoreError> {
        let key = lead_key(business, &lead.source, lead.id);
        self.contacts.put(&key, lead_draft(&self.contacts, lead, None)?).await
    }

    fn rows(
        &self,
        business: &BusinessId,
        lead: &Lead,
        new: &Arriving<'_>,
    ) -> Result<Vec<TransactWriteItem>, StoreError> {
        let (table, now) = (&self.contacts, lead.id.at());
        let name = lead.id.to_string();
        let once = Draft::default().text(LEAD, &name).text(DIGEST, digest(new.raw));
        let once = once_key(business, &lead.source, new.key).item(once.until(now.plus(ONCE_FOR)));
        let mut actions = vec![
            table.put_action(once, |put| {
                put.condition_expression(format!("{ABSENT} OR {LEASE_UNTIL} <= :now"))
                    .expression_attribute_values(":now", number(now.0))
            }),
            table.put_new_action(
                &lead_key(business, &lead.source, lead.id),
                lead_draft(table, lead, Some(new.raw))?,
            ),
        ];
        if let Some(contact) = lead.contact {
            let about = Draft::default().text(SOURCE, lead.source.as_str());
            let about = about.expires(now.plus(domain::lead::KEPT));
            actions.push(
                table.put_action(Key::new(contact_pk(business, contact), &name).item(about), |put| put),
            );
        }
        if matches!(lead.call, domain::lead::calling::Calling::Ordered { .. }) {
            let due = Draft::default().text(BUSINESS, business.as_str()).text(SOURCE, lead.source.as_str());
            actions.push(table.put_action(due_key(lead.id).item(due.text(LEAD, &name)), |put| put));
        }
        Ok(actions)
    }
}

fn once_key(business: &BusinessId, source: &LeadSourceId, key: &str) -> Key {
    Key::new(leads_pk(business, source), format!("{ONCE}{}", sha256_hex(key)))
}

fn digest(raw: &Raw) -> String {
    sha256_hex(&raw.body)
}
