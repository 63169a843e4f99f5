//! New contacts: those that people make, and those that a first call or text makes.

use std::time::Duration;

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::contact::{Contact, ContactId};
use domain::{BusinessId, Timestamp, event};
use platform::backoff::{CONTENTION, Tries};

use super::{
    CONTACT, NotSaved, Stored, Writer, draft, handle_key, is_not_too_large, key, partition, resolved,
    word_key,
};
use crate::StoreError;
use crate::digest::sha256_hex;
use crate::events;
use crate::item::{Draft, LEASE_UNTIL, Row, number};
use crate::random;
use crate::table::{ABSENT, Key, Table};
use crate::transaction::{Action, Transacted, transact};

const REQUEST: &str = "request#";
const DIGEST: &str = "digest";
/// How long the key of a request is taken. A client that heard no answer asks again within minutes.
const REQUESTS_KEPT: Duration = Duration::from_secs(48 * 60 * 60);

/// Whether a request's row still says something: the store may drop it late.
pub(super) fn stands(row: &Row, now: Timestamp) -> bool {
    // A row without an end was written before they had one.
    row.optional_time(LEASE_UNTIL).is_ok_and(|until| until.is_none_or(|until| now < until))
}

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

    /// Keeps what the request made, once until the key is free again.
    pub(super) fn once(
        &self,
        table: &Table,
        business: &BusinessId,
        made: &str,
        now: Timestamp,
    ) -> TransactWriteItem {
        let note = Draft::default().text(CONTACT, made).text(DIGEST, sha256_hex(self.body));
        let note = note.until(now.plus(REQUESTS_KEPT));
        table.put_action(self.row(business).item(note), |put| {
            put.condition_expression(format!("{ABSENT} OR {LEASE_UNTIL} <= :now"))
                .expression_attribute_values(":now", number(now.0))
        })
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
}

impl Writer {
    /// Makes a contact. Its handles are its own from then on.
    ///
    /// # Errors
    /// [`NotSaved`]; the same request again makes no second contact.
    pub async fn create(
        &self,
        business: &BusinessId,
        contact: Contact,
        request: Request<'_>,
        now: Timestamp,
    ) -> Result<Created, NotSaved> {
        let table = &self.contacts;
        is_not_too_large(table, &contact)?;
        let row = request.row(business);
        let mut tries = Tries::with(CONTENTION);
        while tries.next().await {
            let before = table.get(&row).await?;
            if let Some(before) = before.filter(|before| stands(before, now)) {
                if !request.is_of(&before)? {
                    return Ok(Created::Reused);
                }
                let made = before.parsed(CONTACT, ContactId::parse)?;
                return Ok(resolved(table, business, made).await?.map_or(Created::Gone, Created::Before));
            }
            let stored = Stored::next(contact.clone(), 0, now);
            let mut actions = new_actions(table, business, &stored, (&self.events, "api"))?;
            actions.push(request.once(table, business, &contact.id.to_string(), now));
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
                    return Err(NotSaved::Taken { handle: handle.clone(), by });
                }
            }
        }
        Err(table.contended().into())
    }
}

/// The contact, then the guards of its handles, then the words of its name, and that the business is told of it.
pub(super) fn new_actions(
    table: &Table,
    business: &BusinessId,
    stored: &Stored,
    (events, origin): (&events::Writer, &'static str),
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
    actions.push(events.tell(&event::contact_created(business, contact, origin, stored.updated_at))?);
    Ok(actions)
}
