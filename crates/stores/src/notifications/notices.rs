//! Events on their way to receivers: what is due, and how each is moved under its version.

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::notification::ReceiverId;
use domain::notification::notice::{KEPT, Notice, Tried};
use domain::{BusinessId, Timestamp};
use serde::{Deserialize, Serialize};

use super::{BODY, NOTICE_KEYS, Reader, VERSION, Writer};
use crate::events::Event;
use crate::item::{Draft, Row, names, number, time_sk, to_json, values};
use crate::table::{Key, SK, Table, next_key};
use crate::transaction::{Transacted, transact};
use crate::{StoreError, random};

const AT: &str = "at#";
const DUE: &str = "due#";
const NAME: &str = "name";
const KIND: &str = "kind";
const GIVEN_AT: &str = "given_at";
const ATTEMPTS: &str = "attempts";

/// What is read at once of what is due.
const DUE_AT_ONCE: i32 = 25;

/// Which notification: of which event, to whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The place of its event in the business's order.
    pub sequence: u64,
    /// The receiver.
    pub receiver: ReceiverId,
}

/// A notification as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredNotice {
    /// Which.
    pub place: Place,
    /// The name of its event.
    pub event: String,
    /// The type of its event.
    pub kind: String,
    /// When it was given to the receiver.
    pub given_at: Timestamp,
    /// Where it stands.
    pub notice: Notice,
    /// The latest attempts, in their order.
    pub attempts: Vec<Tried>,
    version: u64,
}

/// Notifications, that of the latest event first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticePage {
    /// Those of this page.
    pub notices: Vec<StoredNotice>,
    /// The one that the next page begins behind; `None` at the end.
    pub next: Option<Place>,
}

/// Whether a notification was moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Save {
    /// It stands so.
    Done(StoredNotice),
    /// Another worker was faster.
    Overtaken,
}

impl Place {
    fn text(&self) -> String {
        format!("{:012}#{}", self.sequence, self.receiver)
    }

    fn parse(text: &str) -> Option<Self> {
        let (sequence, receiver) = text.split_once('#')?;
        Some(Self { sequence: sequence.parse().ok()?, receiver: ReceiverId::parse(receiver).ok()? })
    }

    fn row_key(&self, business: &BusinessId) -> Key {
        Key::new(pk(business), format!("{AT}{}", self.text()))
    }

    fn due_key(&self, business: &BusinessId, due: Timestamp) -> Key {
        Key::new(pk(business), format!("{DUE}{}#{}", time_sk(due), self.text()))
    }
}

impl StoredNotice {
    pub(super) fn new(place: Place, event: &Event, notice: Notice, now: Timestamp) -> Self {
        let (name, kind) = (event.id.clone(), event.kind.clone());
        Self { place, event: name, kind, given_at: now, notice, attempts: vec![], version: 1 }
    }

    /// The puts of a new one, with the row by which it is found.
    pub(super) fn puts(
        &self,
        table: &Table,
        business: &BusinessId,
    ) -> Result<Vec<TransactWriteItem>, StoreError> {
        let mut puts = vec![table.put_new_action(&self.place.row_key(business), self.draft(table)?)];
        puts.extend(self.notice.due().map(|due| self.due_put(table, business, due)));
        Ok(puts)
    }

    fn due_put(&self, table: &Table, business: &BusinessId, due: Timestamp) -> TransactWriteItem {
        let row = Draft::default().expires(self.until());
        table.put_action(self.place.due_key(business, due).item(row), |put| put)
    }

    /// Until when it is kept.
    fn until(&self) -> Timestamp {
        self.given_at.plus(KEPT)
    }

    fn draft(&self, table: &Table) -> Result<Draft, StoreError> {
        Ok(Draft::default()
            .text(BODY, to_json(&table.name, BODY, &self.notice)?)
            .text(NAME, &self.event)
            .text(KIND, &self.kind)
            .time(GIVEN_AT, self.given_at)
            .text(ATTEMPTS, to_json(&table.name, ATTEMPTS, &self.attempts)?)
            .number(VERSION, self.version)
            .expires(self.until()))
    }
}

impl Reader {
    /// One notification. `None`: it was never made, or is too old.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn notice(
        &self,
        business: &BusinessId,
        place: &Place,
        now: Timestamp,
    ) -> Result<Option<StoredNotice>, StoreError> {
        let row = self.table.get(&place.row_key(business)).await?;
        let found = row.as_ref().map(stored).transpose()?;
        Ok(found.filter(|found| now < found.until()))
    }

    /// At most `limit` notifications of a business behind this one, that of the latest event first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn notices(
        &self,
        business: &BusinessId,
        behind: Option<&Place>,
        limit: u16,
        now: Timestamp,
    ) -> Result<NoticePage, StoreError> {
        let table = &self.table;
        // One more tells whether there is another page; that of the cursor is read again and left out.
        let one_more = i32::from(limit) + 1 + i32::from(behind.is_some());
        let last = behind.map_or_else(|| format!("{AT}~"), |place| format!("{AT}{}", place.text()));
        let page = table
            .spanning(&pk(business), AT, &last)
            .scan_index_forward(false)
            .limit(one_more)
            .send()
            .await
            .map_err(|error| table.error(&error))?;
        let cut = next_key(page.last_evaluated_key).is_some();
        let rows = page.items.unwrap_or_default().into_iter().map(|item| table.row(item));
        let mut notices = rows.map(|row| stored(&row)).collect::<Result<Vec<_>, _>>()?;
        notices.retain(|one| Some(&one.place) != behind);
        let more = cut || notices.len() > usize::from(limit);
        notices.truncate(usize::from(limit));
        let next = notices.last().filter(|_| more).map(|last| last.place.clone());
        notices.retain(|one| now < one.until());
        Ok(NoticePage { notices, next })
    }

    /// Those notifications of a business that a worker has to look at by `by`, those that waited longest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn due(
        &self,
        business: &BusinessId,
        by: Timestamp,
    ) -> Result<Vec<(Timestamp, Place)>, StoreError> {
        let table = &self.table;
        let page = table
            .spanning(&pk(business), DUE, &format!("{DUE}{}#~", time_sk(by)))
            .limit(DUE_AT_ONCE)
            .send()
            .await
            .map_err(|error| table.error(&error))?;
        let rows = page.items.unwrap_or_default().into_iter().map(|item| table.row(item));
        rows.map(|row: Row| row.parsed(SK, |sk| due_of(sk).ok_or(()))).collect()
    }
}

impl Writer {
    /// Moves a notification from what was read. The row by which it is found moves with it.
    ///
    /// # Errors
    /// [`StoreError`]. After one it may have been moved: look before it is done again.
    pub async fn move_notice(
        &self,
        business: &BusinessId,
        seen: &StoredNotice,
        notice: Notice,
        attempts: Vec<Tried>,
    ) -> Result<Save, StoreError> {
        let table = &self.table;
        let new = StoredNotice { notice, attempts, version: seen.version + 1, ..seen.clone() };
        let item = seen.place.row_key(business).item(new.draft(table)?);
        let mut actions = vec![table.put_action(item, |put| {
            put.condition_expression("#version = :version")
                .set_expression_attribute_names(Some(names(&[VERSION])))
                .set_expression_attribute_values(Some(values(&[("version", number(seen.version))])))
        })];
        let (old, due) = (seen.notice.due(), new.notice.due());
        if old != due {
            let key = |due: Timestamp| seen.place.due_key(business, due);
            actions.extend(old.map(|old| table.delete_action(&key(old), |delete| delete)));
            actions.extend(due.map(|due| new.due_put(table, business, due)));
        }
        match transact(table, &actions, &random::id(&table.name)?).await? {
            Transacted::Done => Ok(Save::Done(new)),
            Transacted::Refused(_) => Ok(Save::Overtaken),
        }
    }

    /// Takes a row off the list of what is due whose notification is not there, or is due at another time.
    ///
    /// # Errors
    /// [`StoreError`]; asking again is safe.
    pub async fn drop_due(
        &self,
        business: &BusinessId,
        due: Timestamp,
        place: &Place,
    ) -> Result<(), StoreError> {
        self.table.delete(&place.due_key(business, due)).await.map(drop)
    }
}

fn stored(row: &Row) -> Result<StoredNotice, StoreError> {
    let place = |sk: &str| sk.strip_prefix(AT).and_then(Place::parse).ok_or(());
    Ok(StoredNotice {
        place: row.parsed(SK, place)?,
        event: row.text(NAME)?.to_owned(),
        kind: row.text(KIND)?.to_owned(),
        given_at: row.time(GIVEN_AT)?,
        notice: row.json(BODY)?,
        attempts: row.json(ATTEMPTS)?,
        version: row.number(VERSION)?,
    })
}

fn pk(business: &BusinessId) -> String {
    format!("{NOTICE_KEYS}{business}")
}

fn due_of(sk: &str) -> Option<(Timestamp, Place)> {
    let (due, place) = sk.strip_prefix(DUE)?.split_once('#')?;
    Some((Timestamp(due.parse().ok()?), Place::parse(place)?))
}
