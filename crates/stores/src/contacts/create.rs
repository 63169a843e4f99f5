//! New contacts: those that people make, and those that a first call or text makes.

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::contact::{Contact, ContactId, Handle};
use domain::{BusinessId, Timestamp};
use platform::Aws;
use platform::backoff::{CONTENTION, Tries};

use super::{
    CONTACT, Stored, Writer, draft, guard, handle_key, is_too_large, key, partition, resolved, word_key,
};
use crate::StoreError;
use crate::digest::sha256_hex;
use crate::item::{Draft, Row};
use crate::random;
use crate::table::{Key, Table};
use crate::transaction::{Action, Transacted, transact};

const REQUEST: &str = "request#";
const DIGEST: &str = "digest";

/// A request that makes something, and may come again.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The client's own key of it.
    pub key: &'a str,
    /// What it asks for: another request under the same key is refused.
    pub body: &'a [u8],
}

impl Request<'_> {
    fn row(&self, business: &BusinessId) -> Key {
        Key::new(partition(business), format!("{REQUEST}{}", sha256_hex(self.key.as_bytes())))
    }

    /// Keeps what the request made, once.
    pub(super) fn once(&self, table: &Table, business: &BusinessId, made: &str) -> TransactWriteItem {
        let note = Draft::default().text(CONTACT, made).text(DIGEST, sha256_hex(self.body));
        table.put_new_action(&self.row(business), note)
    }

    /// Whether a row of an earlier request with the same key is of the same request.
    pub(super) fn is_of(&self, row: &Row) -> Result<bool, StoreError> {
        Ok(row.text(DIGEST)? == sha256_hex(self.body))
    }
}

/// What became of a request to make a contact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Created {
    /// It is new.
    New(Stored),
    /// An earlier request with the same key made it.
    Before(Stored),
    /// An earlier request with the same key made a contact that was deleted since.
    Gone,
    /// The key was used for something else.
    Reused,
    /// A handle belongs to another contact.
    Taken {
        /// The handle.
        handle: Handle,
        /// The contact that has it.
        by: ContactId,
    },
    /// It has more than [`MAX_BYTES`](super::MAX_BYTES).
    TooLarge,
}

impl Writer {
    /// Makes a contact. Its handles are its own from then on.
    ///
    /// # Errors
    /// [`StoreError`]; the same request again makes no second contact.
    pub async fn create(
        &self,
        business: &BusinessId,
        contact: Contact,
        request: Request<'_>,
        now: Timestamp,
    ) -> Result<Created, StoreError> {
        let table = &self.contacts;
        if is_too_large(table, &contact)? {
            return Ok(Created::TooLarge);
        }
        let row = request.row(business);
        let mut tries = Tries::with(CONTENTION);
        while tries.next().await {
            if let Some(before) = table.get(&row).await? {
                if !request.is_of(&before)? {
                    return Ok(Created::Reused);
                }
                let made = before.parsed(CONTACT, ContactId::parse)?;
                return Ok(resolved(table, business, made).await?.map_or(Created::Gone, Created::Before));
            }
            let stored = Stored::next(contact.clone(), 0, now);
            let mut actions = new_actions(table, business, &stored)?;
            actions.push(request.once(table, business, &contact.id.to_string()));
            let refused = match transact(table, &actions, &random::id(&table.name)?).await? {
                Transacted::Done => return Ok(Created::New(stored)),
                Transacted::Refused(refused) => refused,
            };
            if matches!(refused.last(), Some(Action::Refused(_))) {
                continue;
            }
            // The guards stand behind the contact, in the order of its handles.
            let guards = contact.handles.iter().zip(refused.iter().skip(1));
            for (handle, action) in guards {
                if let Action::Refused(Some(standing)) = action {
                    let by = table.row(standing.clone()).parsed(CONTACT, ContactId::parse)?;
                    return Ok(Created::Taken { handle: handle.clone(), by });
                }
            }
        }
        Err(table.contended())
    }
}

/// The contact, then the guards of its handles, then the words of its name.
fn new_actions(
    table: &Table,
    business: &BusinessId,
    stored: &Stored,
) -> Result<Vec<TransactWriteItem>, StoreError> {
    let Stored { contact, .. } = stored;
    let id = || Draft::default().text(CONTACT, contact.id.to_string());
    let mut actions = vec![table.put_new_action(&key(business, contact.id), draft(table, stored)?)];
    let guards =
        contact.handles.iter().map(|handle| table.put_new_action(&handle_key(business, handle), id()));
    actions.extend(guards);
    actions.extend(
        stored.words.iter().map(|word| table.put_new_action(&word_key(business, word, contact.id), id())),
    );
    Ok(actions)
}

/// Held by what meets people for the first time: it finds the contact of a handle, or makes it.
#[derive(Debug, Clone)]
pub struct First {
    contacts: Table,
}

impl First {
    /// `table` is the name of Contacts.
    pub fn new(aws: &Aws, table: &str) -> Self {
        Self { contacts: Table::new(aws, table) }
    }

    /// The contact of this handle: the one that there is, or a new one, and whether it is new.
    ///
    /// # Errors
    /// [`StoreError`]; asking again is safe.
    pub async fn of(
        &self,
        business: &BusinessId,
        handle: &Handle,
        now: Timestamp,
    ) -> Result<(Stored, bool), StoreError> {
        let table = &self.contacts;
        let mut tries = Tries::with(CONTENTION);
        while tries.next().await {
            if let Some(known) = guard(table, business, handle).await?
                && let Some(stored) = resolved(table, business, known).await?
            {
                return Ok((stored, false));
            }
            let random = u128::from_str_radix(&random::id(&table.name)?, 16).unwrap_or_default();
            let contact = Contact::first(ContactId::new(now, random), handle.clone());
            let stored = Stored::next(contact, 0, now);
            let actions = new_actions(table, business, &stored)?;
            if matches!(transact(table, &actions, &random::id(&table.name)?).await?, Transacted::Done) {
                return Ok((stored, true));
            }
            // Another one was first: it is found now.
        }
        Err(table.contended())
    }
}
