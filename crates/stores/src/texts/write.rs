//! Keeping a thread's next state.

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::contact::ContactId;
use domain::texts::consent::{Consent, Wish};
use domain::texts::incoming::Incoming;
use domain::texts::outgoing::Outgoing;
use domain::texts::thread::Thread;
use domain::texts::{Handle, Text, ThreadId};
use domain::{BusinessId, Timestamp};
use platform::Aws;
use platform::backoff::{CONTENTION, Tries};

use super::beside::{Beside, is_refused};
use super::{
    AT, BODY, BUSINESS, KEPT_FOR, Kept, NUMBER, STEP, THREAD, TURN, VERSION, WISH, carried_key, consent_key,
    handle_key, head_key, list_partition, list_sk, text_draft, text_key, wish_partition,
};
use crate::StoreError;
use crate::item::{Draft, number, to_json};
use crate::random;
use crate::table::{Key, Table, WriteOutcome};
use crate::transaction::{Action, Transacted, transact};

/// A thread's next state with what it brings.
#[derive(Debug)]
pub struct Change<'a> {
    /// The state that was seen; `None`: the thread is new.
    pub before: Option<&'a Thread>,
    /// The next one.
    pub after: &'a Thread,
    /// Texts that come with it, by their numbers.
    pub texts: &'a [(u64, Text)],
    /// The carrier's name of the text that came, and its number.
    pub carried: Option<(&'a str, u64)>,
    /// Handles that lead to the thread from now on.
    pub handles: &'a [&'a Handle],
    /// A wish that one of its texts was.
    pub wish: Option<Wished<'a>>,
    /// What it brings besides.
    pub beside: Beside<'a>,
}

/// A wish of a person.
#[derive(Debug, Clone, Copy)]
pub struct Wished<'a> {
    /// What is wanted.
    pub wish: Wish,
    /// The number of the text.
    pub number: u64,
    /// The person's contact, under each of its ids: it holds for all of their threads.
    pub contacts: &'a [ContactId],
}

/// What became of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stored {
    /// It is kept.
    Done,
    /// The text is there already.
    Duplicate,
    /// Another step was kept meanwhile: look again.
    Raced,
}

/// Held by the functions that receive, answer and send texts.
#[derive(Debug, Clone)]
pub struct Writer {
    pub(super) texts: Table,
}

impl Writer {
    /// `table` is the name of Texts.
    pub fn new(aws: &Aws, table: &str) -> Self {
        Self { texts: Table::new(aws, table) }
    }

    /// Keeps a thread's next state, if the one before is the one that was seen.
    ///
    /// # Errors
    /// [`StoreError`]; keeping it again is safe.
    pub async fn store(&self, change: &Change<'_>, now: Timestamp) -> Result<Stored, StoreError> {
        let table = &self.texts;
        let Change { before, after, texts, carried, handles, wish, mut beside } = *change;
        let (business, id) = (&after.business, &after.id);
        let end = now.plus(KEPT_FOR);
        let mut actions = vec![];
        if let Some((name, number)) = carried {
            actions.push(self.put_carried(name, business, id, number, end));
        }
        let head = Draft::default()
            .text(BODY, to_json(&table.name, BODY, after)?)
            .number(STEP, after.step)
            .number(TURN, after.turn)
            .expires(end);
        let head = head_key(business, id).item(head);
        actions.push(table.put_action(head, |put| {
            match before {
                None => put.condition_expression(crate::table::ABSENT),
                Some(before) => put
                    .condition_expression("#step = :seen")
                    .expression_attribute_names("#step", STEP)
                    .expression_attribute_values(":seen", number(before.step)),
            }
        }));
        for (number, text) in texts {
            let draft = text_draft(table, text, 1, now)?;
            actions.push(table.put_new_action(&text_key(business, id, *number), draft));
        }
        for handle in handles {
            let draft = Draft::default().text(THREAD, id.as_str()).expires(end);
            let key = handle_key(business, &after.sender, handle);
            actions.push(table.put_new_action(&key, draft));
        }
        if let Some(Wished { wish, number, contacts }) = wish {
            let standing = Consent::Open.after(wish, now);
            for contact in contacts.iter().filter(|_| wish != Wish::Help) {
                let draft = Draft::default().text(BODY, to_json(&table.name, BODY, &standing)?).time(AT, now);
                actions.push(table.put_action(consent_key(business, *contact).item(draft), |put| put));
            }
            let key = Key::new(wish_partition(business), format!("{}#{number:012}", list_sk(now, id)));
            let draft = Draft::default()
                .text(WISH, wish.as_str())
                .text(THREAD, id.as_str())
                .number(NUMBER, number)
                .time(AT, now);
            actions.push(table.put_new_action(&key, draft));
        }
        let listed_before = before.map(|before| list_sk(before.last_at, id));
        let listed = list_sk(after.last_at, id);
        if listed_before.as_ref() != Some(&listed) {
            let put = Draft::default().text(THREAD, id.as_str()).expires(end);
            let key = Key::new(list_partition(business), listed);
            actions.push(table.put_action(key.item(put), |put| put));
            if let Some(old) = listed_before {
                actions.push(table.delete_action(&Key::new(list_partition(business), old), |delete| delete));
            }
        }
        let mut tries = Tries::with(CONTENTION);
        while tries.next().await {
            let [event, left, told] = beside.actions(business)?;
            let sizes = [event.len(), left.len()];
            let all: Vec<TransactWriteItem> =
                actions.iter().cloned().chain(event).chain(left).chain(told).collect();
            let refused = match transact(table, &all, &random::id(&table.name)?).await {
                Ok(Transacted::Done) => return Ok(Stored::Done),
                Ok(Transacted::Refused(refused)) => refused,
                // Steps of a busy thread get in one another's way: who looks again sees the other's.
                Err(StoreError::Contended { .. }) => return Ok(Stored::Raced),
                Err(error) => return Err(error),
            };
            let (own, besides) = refused.split_at(actions.len().min(refused.len()));
            if is_refused(own) || besides.is_empty() {
                return Ok(match own.first() {
                    Some(Action::Refused(_)) if carried.is_some() => Stored::Duplicate,
                    Some(Action::Refused(_) | Action::Willing) | None => Stored::Raced,
                });
            }
            let (event, besides) = besides.split_at(sizes[0].min(besides.len()));
            let (left, told) = besides.split_at(sizes[1].min(besides.len()));
            beside = beside.without([event, left, told]);
        }
        Ok(Stored::Raced)
    }

    /// Keeps what became of a text that is sent, if it is as it was seen. With `turn`, only while the thread is in that turn:
    /// a text of the agent's is not sent once a person has the thread.
    ///
    /// # Errors
    /// [`StoreError`]; keeping it again is safe.
    pub async fn store_sent(
        &self,
        (business, thread): (&BusinessId, &ThreadId),
        seen: &Kept,
        now_is: &Outgoing,
        turn: Option<u32>,
        now: Timestamp,
    ) -> Result<Stored, StoreError> {
        let table = &self.texts;
        let text = Text::Out(Box::new(now_is.clone()));
        let draft = text_draft(table, &text, seen.version + 1, now)?;
        let item = text_key(business, thread, seen.number).item(draft);
        let mut actions = vec![table.put_action(item, |put| {
            put.condition_expression("#version = :seen")
                .expression_attribute_names("#version", VERSION)
                .expression_attribute_values(":seen", number(seen.version))
        })];
        if let Some(turn) = turn {
            actions.push(table.check_action(&head_key(business, thread), |check| {
                check
                    .condition_expression("#turn = :turn")
                    .expression_attribute_names("#turn", TURN)
                    .expression_attribute_values(":turn", number(turn))
            }));
        }
        actions.extend(super::looks::actions(table, (business, thread, seen.number), &seen.text, &text, now));
        let known = matches!(&seen.text, Text::Out(before) if before.key.is_some());
        if let Some(name) = now_is.key.as_deref().filter(|_| !known) {
            let end = now.plus(KEPT_FOR);
            // A callback may have told the name already.
            let draft = carried_draft(business, thread, seen.number).expires(end);
            actions.push(table.put_action(carried_key(name).item(draft), |put| put));
        }
        match transact(table, &actions, &random::id(&table.name)?).await {
            Ok(Transacted::Done) => Ok(Stored::Done),
            Ok(Transacted::Refused(_)) | Err(StoreError::Contended { .. }) => Ok(Stored::Raced),
            Err(error) => Err(error),
        }
    }

    /// Keeps what became of the media of a text that came, if the text is as it was seen.
    ///
    /// # Errors
    /// [`StoreError`]; keeping it again is safe.
    pub async fn store_media(
        &self,
        (business, thread): (&BusinessId, &ThreadId),
        seen: &Kept,
        now_is: &Incoming,
        now: Timestamp,
    ) -> Result<Stored, StoreError> {
        let table = &self.texts;
        let text = Text::In(Box::new(now_is.clone()));
        let draft = text_draft(table, &text, seen.version + 1, now)?;
        let item = text_key(business, thread, seen.number).item(draft);
        let put = table.client.put_item().table_name(&*table.name).set_item(Some(item));
        let put = put
            .condition_expression("#version = :seen")
            .expression_attribute_names("#version", VERSION)
            .expression_attribute_values(":seen", number(seen.version));
        Ok(match table.outcome(put.send().await)? {
            WriteOutcome::Done(_) => Stored::Done,
            WriteOutcome::Refused(_) => Stored::Raced,
        })
    }

    fn put_carried(
        &self,
        name: &str,
        business: &BusinessId,
        thread: &ThreadId,
        number: u64,
        end: Timestamp,
    ) -> TransactWriteItem {
        let draft = carried_draft(business, thread, number).expires(end);
        self.texts.put_new_action(&carried_key(name), draft)
    }
}

fn carried_draft(business: &BusinessId, thread: &ThreadId, number: u64) -> Draft {
    Draft::default().text(BUSINESS, business.as_str()).text(THREAD, thread.as_str()).number(NUMBER, number)
}
