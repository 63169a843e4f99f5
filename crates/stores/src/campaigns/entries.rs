//! Entries: how they are made, found and moved.

use std::time::Duration;

use aws_sdk_dynamodb::types::{TransactWriteItem, Update};
use domain::campaign::entry::{Entry, Person};
use domain::campaign::guard::{LOOKS_BACK, Sample};
use domain::campaign::progress::{BUSY, MICROS, MINUTES, Progress};
use domain::campaign::{CampaignId, State};
use domain::{BusinessId, PhoneNumber, Timestamp};

use super::due_list::{self, DueList};
use super::{BODY, NUMBER_KEYS, ONE, Reader, STATE, VERSION, Writer, one_key, sums_key};
use crate::item::{Draft, Row, names, number, text, time_sk, to_json, values};
use crate::table::{Key, SK, next_key};
use crate::transaction::{Action, Transacted, transact};
use crate::{StoreError, random};

const IN_CALL: &str = "busy#";
const SAMPLE: &str = "sample#";
/// The most entries that one page holds. One read gives a megabyte at most, and a page is one read.
const MAX_PAGE: u16 = 1_000;
/// Entries of one transaction: each has three rows, and a transaction has a hundred.
const AT_A_TIME: usize = 30;
/// Bytes of one transaction, which DynamoDB limits to 4 MB.
const BYTES_AT_A_TIME: usize = 2 * 1024 * 1024;
/// How long samples are kept.
const SAMPLES_KEPT: Duration = Duration::from_secs(LOOKS_BACK.as_secs() * 12);

/// An entry as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEntry {
    /// The entry.
    pub entry: Entry,
    /// Counts its writes, from 1.
    pub version: u64,
}

/// Entries in the order of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryPage {
    /// The lowest number first.
    pub entries: Vec<Entry>,
    /// The number that the next page begins behind; `None` at the end.
    pub next: Option<u32>,
}

/// What has to hold beside the entry's version for a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The most calls of the campaign at once.
    pub at_once: u16,
    /// The most that may be spent or kept already, micro-dollars; `None`: any.
    pub micros: Option<u64>,
    /// The most begun minutes, likewise.
    pub minutes: Option<u64>,
}

/// What became of a move.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Moved {
    /// It is done.
    Done(Box<StoredEntry>),
    /// The entry was moved meanwhile.
    Overtaken,
    /// The campaign does not run.
    NotRunning,
    /// No more calls may run at once, or the budget is used up.
    Full,
}

impl Reader {
    /// The entries of all campaigns that are about a number, by their campaign and their place in it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn about(
        &self,
        business: &BusinessId,
        number: &PhoneNumber,
    ) -> Result<Vec<(CampaignId, u32)>, StoreError> {
        let rows = self.table.query_only(&number_pk(business, number), "", SK).await?;
        let named = |sk: &str| {
            let (id, entry) = sk.split_once('#').ok_or(())?;
            Ok::<_, ()>((CampaignId::parse(id).map_err(drop)?, entry.parse::<u32>().map_err(drop)?))
        };
        rows.iter().map(|row| row.parsed(SK, named)).collect()
    }

    /// One entry.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn entry(
        &self,
        business: &BusinessId,
        id: &CampaignId,
        number: u32,
    ) -> Result<Option<StoredEntry>, StoreError> {
        self.table.get(&entry_key(business, id, number)).await?.as_ref().map(stored_entry).transpose()
    }

    /// At most `limit` (1 to 1,000) entries, those behind the number `after`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn entries(
        &self,
        business: &BusinessId,
        id: &CampaignId,
        after: Option<u32>,
        limit: u16,
    ) -> Result<EntryPage, StoreError> {
        let from = after.map_or_else(|| ONE.to_owned(), |after| format!("{}~", sk_of(after)));
        let page = self
            .table
            .spanning(&entries_pk(business, id), &from, &format!("{ONE}~"))
            .limit(i32::from(limit.clamp(1, MAX_PAGE)))
            .send()
            .await
            .map_err(|error| self.table.error(&error))?;
        let more = next_key(page.last_evaluated_key).is_some();
        let rows = page.items.unwrap_or_default().into_iter().map(|item| self.table.row(item));
        let entries =
            rows.map(|row| Ok(stored_entry(&row)?.entry)).collect::<Result<Vec<Entry>, StoreError>>()?;
        let next = entries.last().filter(|_| more).map(|last| last.number);
        Ok(EntryPage { entries, next })
    }

    /// The entries whose call is under way.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn busy(&self, business: &BusinessId, id: &CampaignId) -> Result<Vec<u32>, StoreError> {
        let rows = self.table.query_only(&entries_pk(business, id), IN_CALL, SK).await?;
        let number = |sk: &str| sk.strip_prefix(IN_CALL).unwrap_or_default().parse();
        rows.iter().map(|row| row.parsed(SK, number)).collect()
    }

    /// How the last calls ended, since then.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn samples(
        &self,
        business: &BusinessId,
        id: &CampaignId,
        since: Timestamp,
    ) -> Result<Vec<Sample>, StoreError> {
        let (from, to) = (format!("{SAMPLE}{}", time_sk(since)), format!("{SAMPLE}~"));
        let rows = self.table.between(&entries_pk(business, id), &from, &to).await?;
        rows.iter().map(|row| row.json(BODY)).collect()
    }
}

impl Writer {
    /// Makes the entries of these people, numbered from `first` on. Those that are there stay as they are, so making them again
    /// counts nothing twice.
    ///
    /// # Errors
    /// [`StoreError`]; asking again is safe.
    pub async fn load(
        &self,
        business: &BusinessId,
        id: &CampaignId,
        first: u32,
        people: Vec<Person>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let table = &self.table;
        let (mut actions, mut sums, mut bytes) = (vec![], Progress::default(), 0);
        for (number, person) in (first..).zip(people) {
            let to = person.to.clone();
            let entry = Entry::new(number, person, now);
            let body = to_json(&table.name, BODY, &entry)?;
            if actions.len() / 3 >= AT_A_TIME || bytes + body.len() > BYTES_AT_A_TIME {
                self.load_some(business, id, std::mem::take(&mut actions), &std::mem::take(&mut sums))
                    .await?;
                bytes = 0;
            }
            bytes += body.len();
            let draft = Draft::default().text(BODY, body).number(VERSION, 1);
            actions.push(table.put_new_action(&entry_key(business, id, number), draft));
            let due = DueList::CALL.key(&entries_pk(business, id), entry.state.due().unwrap_or(now), number);
            actions.push(table.put_action(due.item(Draft::default()), |put| put));
            let by_number = number_key(business, &to, id, number);
            actions.push(table.put_action(by_number.item(Draft::default()), |put| put));
            sums.plus(&Progress::of(&entry));
        }
        self.load_some(business, id, actions, &sums).await
    }

    async fn load_some(
        &self,
        business: &BusinessId,
        id: &CampaignId,
        mut actions: Vec<TransactWriteItem>,
        sums: &Progress,
    ) -> Result<(), StoreError> {
        if actions.is_empty() {
            return Ok(());
        }
        actions.push(self.add(business, id, sums, None));
        // Refused: they were made before, all of them.
        transact(&self.table, &actions, &random::id(&self.table.name)?).await.map(drop)
    }

    /// Moves an entry from what was read, with the row by which it is found and what it changes of the sums. With `limits` it is a
    /// claim.
    ///
    /// # Errors
    /// [`StoreError`]. After one it may have been moved: look before it is done again.
    pub async fn move_entry(
        &self,
        business: &BusinessId,
        id: &CampaignId,
        seen: &StoredEntry,
        entry: Entry,
        (limits, sample): (Option<Limits>, Option<&Sample>),
    ) -> Result<Moved, StoreError> {
        let table = &self.table;
        let new = StoredEntry { entry, version: seen.version + 1 };
        let number_of = new.entry.number;
        let draft =
            Draft::default().text(BODY, to_json(&table.name, BODY, &new.entry)?).number(VERSION, new.version);
        let item = entry_key(business, id, number_of).item(draft);
        let mut actions = vec![table.put_action(item, |put| {
            put.condition_expression("#version = :version")
                .set_expression_attribute_names(Some(names(&[VERSION])))
                .set_expression_attribute_values(Some(values(&[("version", number(seen.version))])))
        })];
        let sums = Progress::difference(Some(&seen.entry), &new.entry);
        if !sums.0.is_empty() {
            actions.push(self.add(business, id, &sums, limits));
        }
        if limits.is_some() {
            actions.push(table.check_action(&one_key(business, id), |check| {
                check
                    .condition_expression("#run_state = :running")
                    .set_expression_attribute_names(Some(names(&[STATE])))
                    .set_expression_attribute_values(Some(values(&[(
                        "running",
                        text(State::Running.as_str()),
                    )])))
            }));
        }
        let pk = entries_pk(business, id);
        actions.extend(due_list::moved(table, &pk, &seen.entry, &new.entry));
        let key = Key::new(pk, format!("{IN_CALL}{number_of:06}"));
        match (seen.entry.state.is_busy(), new.entry.state.is_busy()) {
            (false, true) => actions.push(table.put_action(key.item(Draft::default()), |put| put)),
            (true, false) => actions.push(table.delete_action(&key, |delete| delete)),
            _ => {}
        }
        if let Some(sample) = sample {
            let sk = format!("{SAMPLE}{}#{}", time_sk(sample.at), sample.call);
            let draft = Draft::default()
                .text(BODY, to_json(&table.name, BODY, sample)?)
                .expires(sample.at.plus(SAMPLES_KEPT));
            let key = Key::new(entries_pk(business, id), sk);
            actions.push(table.put_action(key.item(draft), |put| put));
        }
        match transact(table, &actions, &random::id(&table.name)?).await? {
            Transacted::Done => Ok(Moved::Done(Box::new(new))),
            Transacted::Refused(refused) => {
                let is_refused = |place: usize| matches!(refused.get(place), Some(Action::Refused(_)));
                Ok(match (is_refused(0), is_refused(2)) {
                    (true, _) => Moved::Overtaken,
                    (false, true) => Moved::NotRunning,
                    (false, false) => Moved::Full,
                })
            }
        }
    }

    /// Adds to the sums, with the limits of a claim as conditions.
    fn add(
        &self,
        business: &BusinessId,
        id: &CampaignId,
        sums: &Progress,
        limits: Option<Limits>,
    ) -> TransactWriteItem {
        let added: Vec<String> = sums.0.keys().map(|name| format!("#{name} :{name}")).collect();
        let sum_names: Vec<&str> = sums.0.keys().map(String::as_str).collect();
        let (mut all_names, mut all_values) = (names(&sum_names), values(&[]));
        all_values.extend(sums.0.iter().map(|(name, sum)| (format!(":{name}"), number(sum))));
        let mut update = Update::builder()
            .table_name(&*self.table.name)
            .set_key(Some(sums_key(business, id).attributes()))
            .update_expression(format!("ADD {}", added.join(", ")));
        if let Some(limits) = limits {
            let busy = Some(u64::from(limits.at_once).saturating_sub(1));
            let mut conditions = vec![];
            for (name, most) in [(BUSY, busy), (MICROS, limits.micros), (MINUTES, limits.minutes)] {
                let Some(most) = most else { continue };
                all_names.insert(format!("#{name}"), name.to_owned());
                all_values.insert(format!(":most_{name}"), number(most));
                conditions.push(format!("(attribute_not_exists(#{name}) OR #{name} <= :most_{name})"));
            }
            update = update.condition_expression(conditions.join(" AND "));
        }
        let update = update
            .set_expression_attribute_names(Some(all_names))
            .set_expression_attribute_values(Some(all_values));
        // Building fails only without table, key or expression; all are given.
        TransactWriteItem::builder().set_update(update.build().ok()).build()
    }
}

fn stored_entry(row: &Row) -> Result<StoredEntry, StoreError> {
    Ok(StoredEntry { entry: row.json(BODY)?, version: row.number(VERSION)? })
}

pub(super) fn entries_pk(business: &BusinessId, id: &CampaignId) -> String {
    format!("{}{business}#{id}", super::ENTRY_KEYS)
}

fn sk_of(number: u32) -> String {
    format!("{ONE}{number:06}")
}

pub(super) fn entry_key(business: &BusinessId, id: &CampaignId, number: u32) -> Key {
    Key::new(entries_pk(business, id), sk_of(number))
}

fn number_pk(business: &BusinessId, to: &PhoneNumber) -> String {
    format!("{NUMBER_KEYS}{business}#{}", to.as_e164())
}

pub(super) fn number_key(business: &BusinessId, to: &PhoneNumber, id: &CampaignId, number: u32) -> Key {
    Key::new(number_pk(business, to), format!("{id}#{number:06}"))
}
