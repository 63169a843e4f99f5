//! What happened with a contact, what was noted of it, and what is to be done.

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::BusinessId;
use domain::contact::{ContactId, Entry, EntryId, EntryKind, Note, Task, TaskId, What};

use super::{BODY, CONTACT, NOTE_KEYS, Reader, Request, TASK_KEYS, TIMELINE_KEYS, VERSION, Writer, key};
use crate::StoreError;
use crate::item::{Draft, Row, text, to_json};
use crate::random;
use crate::table::{Key, SK, Table, WriteOutcome, next_key};
use crate::transaction::{Action, Transacted, transact};

/// Rows that one page of a filtered timeline looks at, of each of its partitions.
const LOOKED_AT: usize = 400;
/// Rows of one read.
const CHUNK: usize = 100;
/// The tasks of a contact that are shown.
const MAX_TASKS: usize = 500;

/// A page of a timeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimelinePage {
    /// The newest first.
    pub entries: Vec<Entry>,
    /// Where the next page begins; `None` at the end. A page of few entries, or none, with a `next` is not the last one.
    pub next: Option<EntryId>,
}

impl Reader {
    /// At most `limit` entries of these contacts, those that are older than `behind`; of one kind, if one is given.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn timeline(
        &self,
        business: &BusinessId,
        ids: &[ContactId],
        kind: Option<EntryKind>,
        limit: u16,
        behind: Option<EntryId>,
    ) -> Result<TimelinePage, StoreError> {
        let limit = usize::from(limit).clamp(1, CHUNK);
        let families: &[&str] = match kind {
            Some(EntryKind::Note) => &[NOTE_KEYS],
            Some(_) => &[TIMELINE_KEYS],
            None => &[TIMELINE_KEYS, NOTE_KEYS],
        };
        let reads = partitions(business, ids, families);
        let reads = reads.iter().map(|pk| self.newest(pk, kind, limit, behind));
        let parts = futures_util::future::try_join_all(reads).await?;
        // Below the position where one partition's look ended, entries of it may be missing.
        let floor = parts.iter().filter_map(|(_, seen_to)| *seen_to).max();
        let mut entries: Vec<Entry> = parts.into_iter().flat_map(|(entries, _)| entries).collect();
        entries.retain(|entry| floor.is_none_or(|floor| entry.id >= floor));
        entries.sort_by_key(|entry| std::cmp::Reverse(entry.id));
        let more = entries.len() > limit;
        entries.truncate(limit);
        let next = if more { entries.last().map(|last| last.id) } else { floor };
        Ok(TimelinePage { entries, next })
    }

    /// The newest wanted entries of a partition, and how far it was looked at; `None`: to its end.
    async fn newest(
        &self,
        pk: &str,
        kind: Option<EntryKind>,
        limit: usize,
        behind: Option<EntryId>,
    ) -> Result<(Vec<Entry>, Option<EntryId>), StoreError> {
        let table = &self.contacts;
        let (mut entries, mut before, mut seen) = (vec![], behind, 0);
        loop {
            let request = table.client.query().table_name(&*table.name).consistent_read(true);
            let request = request.expression_attribute_values(":pk", text(pk));
            let request = match before {
                Some(before) => request
                    .key_condition_expression("pk = :pk AND sk < :before")
                    .expression_attribute_values(":before", text(before.to_string())),
                None => request.key_condition_expression("pk = :pk"),
            };
            let rows = i32::try_from(CHUNK).unwrap_or(i32::MAX);
            let page = request.scan_index_forward(false).limit(rows).send().await;
            let page = page.map_err(|error| table.error(&error))?;
            let more = next_key(page.last_evaluated_key).is_some();
            for item in page.items.unwrap_or_default() {
                let row = table.row(item);
                let entry = entry(&row)?;
                (before, seen) = (Some(entry.id), seen + 1);
                if kind.is_none_or(|kind| kind == entry.what.kind()) {
                    entries.push(entry);
                }
            }
            if !more {
                return Ok((entries, None));
            }
            if entries.len() > limit || seen >= LOOKED_AT {
                return Ok((entries, before));
            }
        }
    }

    /// The notes of these contacts that the agent is told, the newest first, at most `limit` of the newest 100 of each.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn told_notes(
        &self,
        business: &BusinessId,
        ids: &[ContactId],
        limit: usize,
    ) -> Result<Vec<Note>, StoreError> {
        let page = self.timeline(business, ids, Some(EntryKind::Note), 100, None).await?;
        let notes = page.entries.into_iter().filter_map(|entry| match entry.what {
            What::Note(note) => Some(note),
            _ => None,
        });
        Ok(notes.filter(|note| note.agent_readable).take(limit).collect())
    }

    /// The tasks of these contacts, the newest first, 500 at most.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn tasks(&self, business: &BusinessId, ids: &[ContactId]) -> Result<Vec<Task>, StoreError> {
        let mut tasks = self.every_task(business, ids).await?;
        tasks.truncate(MAX_TASKS);
        Ok(tasks)
    }

    /// The same, however many there are.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn every_task(
        &self,
        business: &BusinessId,
        ids: &[ContactId],
    ) -> Result<Vec<Task>, StoreError> {
        let partitions = partitions(business, ids, &[TASK_KEYS]);
        let reads = partitions.iter().map(|pk| self.contacts.query(pk, ""));
        let rows = futures_util::future::try_join_all(reads).await?;
        let tasks = rows.iter().flatten().map(|row| row.json::<Task>(BODY));
        let mut tasks = tasks.collect::<Result<Vec<_>, _>>()?;
        tasks.sort_by_key(|task| std::cmp::Reverse(task.id));
        Ok(tasks)
    }
}

/// What tells a contact's timeline, as part of a transaction: it is refused if the contact was deleted.
pub(crate) fn telling(
    table: &Table,
    business: &BusinessId,
    id: ContactId,
    entry: &Entry,
) -> Result<[TransactWriteItem; 2], StoreError> {
    let exists = table.check_action(&key(business, id), |check| {
        check.condition_expression(format!("attribute_exists({VERSION})"))
    });
    Ok([entry_action(table, business, id, entry)?, exists])
}

pub(super) async fn tell(
    table: &Table,
    business: &BusinessId,
    id: ContactId,
    entry: &Entry,
) -> Result<bool, StoreError> {
    let actions = telling(table, business, id, entry)?;
    Ok(matches!(transact(table, &actions, &random::id(&table.name)?).await?, Transacted::Done))
}

/// What became of something that was to be put beside a contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Put {
    /// It is there.
    Done,
    /// An earlier request with the same key put it, under this name.
    Before(EntryId),
    /// The key was used for something else.
    Reused,
    /// The contact is not there any more.
    Gone,
}

impl Reader {
    /// One note of these contacts.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn one_note(
        &self,
        business: &BusinessId,
        ids: &[ContactId],
        note: EntryId,
    ) -> Result<Option<Entry>, StoreError> {
        for pk in partitions(business, ids, &[NOTE_KEYS]) {
            if let Some(row) = self.contacts.get(&Key::new(pk, note.to_string())).await? {
                return entry(&row).map(Some);
            }
        }
        Ok(None)
    }
}

impl Writer {
    /// Puts a note beside a contact.
    ///
    /// # Errors
    /// [`StoreError`]; the same request again puts no second note.
    pub async fn note(
        &self,
        business: &BusinessId,
        id: ContactId,
        entry: &Entry,
        request: Request<'_>,
    ) -> Result<Put, StoreError> {
        let body = to_json(&self.contacts.name, BODY, &entry.what)?;
        self.beside(business, id, (NOTE_KEYS, entry.id), body, request).await
    }

    /// Takes a note away. `false`: it is not there.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn remove_note(
        &self,
        business: &BusinessId,
        ids: &[ContactId],
        note: EntryId,
    ) -> Result<bool, StoreError> {
        self.remove(business, ids, (NOTE_KEYS, note)).await
    }

    /// Puts a task beside a contact.
    ///
    /// # Errors
    /// [`StoreError`]; the same request again puts no second task.
    pub async fn task(
        &self,
        business: &BusinessId,
        id: ContactId,
        task: &Task,
        request: Request<'_>,
    ) -> Result<Put, StoreError> {
        let body = to_json(&self.contacts.name, BODY, task)?;
        self.beside(business, id, (TASK_KEYS, task.id), body, request).await
    }

    /// Changes a task, if it is still as it was read. `false`: it is not.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn change_task(
        &self,
        business: &BusinessId,
        ids: &[ContactId],
        (before, after): (&Task, &Task),
    ) -> Result<bool, StoreError> {
        let table = &self.contacts;
        let (seen, body) = (to_json(&table.name, BODY, before)?, to_json(&table.name, BODY, after)?);
        for pk in partitions(business, ids, &[TASK_KEYS]) {
            let row = Key::new(pk, before.id.to_string()).item(Draft::default().text(BODY, &body));
            let request = table.client.put_item().table_name(&*table.name).set_item(Some(row));
            let request = request.condition_expression("body = :seen");
            let request = request.expression_attribute_values(":seen", text(&seen));
            if matches!(table.outcome(request.send().await)?, WriteOutcome::Done(_)) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Takes a task away. `false`: it is not there.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn remove_task(
        &self,
        business: &BusinessId,
        ids: &[ContactId],
        task: TaskId,
    ) -> Result<bool, StoreError> {
        self.remove(business, ids, (TASK_KEYS, task)).await
    }

    async fn beside(
        &self,
        business: &BusinessId,
        id: ContactId,
        (family, name): (&str, EntryId),
        body: String,
        request: Request<'_>,
    ) -> Result<Put, StoreError> {
        let table = &self.contacts;
        let row = Key::new(format!("{family}{business}#{id}"), name.to_string());
        let put = table.put_action(row.item(Draft::default().text(BODY, body)), |put| put);
        let once = request.once(table, business, &name.to_string(), name.at());
        let exists = table.check_action(&key(business, id), |check| {
            check.condition_expression(format!("attribute_exists({VERSION})"))
        });
        let refused = match transact(table, &[once, put, exists], &random::id(&table.name)?).await? {
            Transacted::Done => return Ok(Put::Done),
            Transacted::Refused(refused) => refused,
        };
        let Some(Action::Refused(Some(before))) = refused.into_iter().next() else { return Ok(Put::Gone) };
        let before = table.row(before);
        if !request.is_of(&before)? {
            return Ok(Put::Reused);
        }
        before.parsed(CONTACT, EntryId::parse).map(Put::Before)
    }

    async fn remove(
        &self,
        business: &BusinessId,
        ids: &[ContactId],
        (family, name): (&str, EntryId),
    ) -> Result<bool, StoreError> {
        let table = &self.contacts;
        for pk in partitions(business, ids, &[family]) {
            let request = table.client.delete_item().table_name(&*table.name);
            let request = request.set_key(Some(Key::new(pk, name.to_string()).attributes()));
            let request = request.condition_expression("attribute_exists(pk)");
            if matches!(table.outcome(request.send().await)?, WriteOutcome::Done(_)) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// The partitions of these contacts in these families.
pub(super) fn partitions(business: &BusinessId, ids: &[ContactId], families: &[&str]) -> Vec<String> {
    let of =
        |id: &ContactId| families.iter().map(|family| format!("{family}{business}#{id}")).collect::<Vec<_>>();
    ids.iter().flat_map(of).collect()
}

/// An entry of a timeline, in place of the one of its name.
pub(super) fn entry_action(
    table: &Table,
    business: &BusinessId,
    id: ContactId,
    entry: &Entry,
) -> Result<TransactWriteItem, StoreError> {
    let key = Key::new(format!("{TIMELINE_KEYS}{business}#{id}"), entry.id.to_string());
    let body = to_json(&table.name, BODY, &entry.what)?;
    Ok(table.put_action(key.item(Draft::default().text(BODY, body)), |put| put))
}

fn entry(row: &Row) -> Result<Entry, StoreError> {
    Ok(Entry { id: row.parsed(SK, EntryId::parse)?, what: row.json(BODY)? })
}
