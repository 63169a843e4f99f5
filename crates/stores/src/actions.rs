//! What a business asks of a call in progress, in the Leases table: from the API that keeps it to the session that
//! carries it out, and back.
//!
//! | pk | what |
//! |---|---|
//! | `action#<call>` | `asked`, the ids of the call's actions in their order; `muted`, what the last one left |
//! | `action#<call>#<id>` | one action: `body`, `state`, `why` it was not done, the `epoch` that took it |
//!
//! An action is put with its place in the list in one transaction, so that it is known by its id and in order, or not
//! at all. A session takes it in one transaction with the fence: one that has lost its call is refused.

mod erase;

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::types::{ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update};
use domain::action::{ACTIONS_MAX, NotDone, TAKEN_WITHIN};
use domain::{ActionId, ActionState, CallAction, CallSid, Epoch, Timestamp};

use crate::batch_get::batch_get;
use crate::item::{Draft, LEASE_UNTIL, Row, number, text, to_json};
use crate::plans::{self, SUPERSEDED, fence_action};
use crate::random;
use crate::table::{Key, PK, Table, WriteOutcome};
use crate::transaction::{Action, Transacted, transact};
use crate::{StoreError, item};
use platform::Aws;

pub use erase::Eraser;

/// What the keys of these rows begin with.
pub const KEYS: &str = "action#";

/// How long what came of an action can be looked up.
const KEPT: Duration = Duration::from_secs(48 * 60 * 60);

const ASKED: &str = "asked";
const MUTED: &str = "muted";
const BODY: &str = "body";
const STATE: &str = "state";
const WHY: &str = "why";
const EPOCH: &str = "epoch";
const ASKED_AT: &str = "asked_at";

/// An action as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Its name in the call.
    pub id: ActionId,
    /// What was asked.
    pub action: CallAction,
    /// When.
    pub asked_at: Timestamp,
    /// How far it is. An action that no session took in time has expired.
    pub state: ActionState,
}

/// What became of asking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// It is kept.
    New(Standing),
    /// It was kept before, under the same key.
    Existing(Standing),
    /// Another action was kept under the same key.
    KeyTaken,
    /// The call has had its number of actions.
    TooMany,
}

/// Held by the API.
#[derive(Debug, Clone)]
pub struct Requests {
    leases: Table,
}

impl Requests {
    /// `table` is the name of Leases.
    pub fn new(aws: &Aws, table: &str) -> Self {
        Self { leases: Table::new(aws, table) }
    }

    /// Keeps an action for the call's session, once. An action that is not for a session is kept as taken by the
    /// asker, who carries it out.
    ///
    /// # Errors
    /// [`StoreError`]; asking again is safe.
    pub async fn ask(
        &self,
        call: &CallSid,
        id: &ActionId,
        action: &CallAction,
        now: Timestamp,
    ) -> Result<Asked, StoreError> {
        let leases = &self.leases;
        let state = if action.is_for_session() { ActionState::Pending } else { ActionState::Taken };
        let draft = Draft::default()
            .text(BODY, to_json(&leases.name, BODY, action)?)
            .text(STATE, state.as_str())
            .number(EPOCH, 0)
            .time(ASKED_AT, now)
            .time(LEASE_UNTIL, now.plus(TAKEN_WITHIN))
            .expires(now.plus(KEPT));
        let mut actions = vec![leases.put_new_action(&key(call, id), draft)];
        if action.is_for_session() {
            actions.push(self.enlist(call, id, now));
        }
        let identity = random::id(&leases.name)?;
        let refused = match transact(leases, &actions, &identity).await? {
            Transacted::Done => {
                let standing = Standing { id: id.clone(), action: action.clone(), asked_at: now, state };
                return Ok(Asked::New(standing));
            }
            Transacted::Refused(refused) => refused,
        };
        let Some(Action::Refused(Some(row))) = refused.into_iter().next() else { return Ok(Asked::TooMany) };
        let standing = standing(id, &leases.row(row), now)?;
        Ok(if standing.action == *action { Asked::Existing(standing) } else { Asked::KeyTaken })
    }

    /// An action as it stands.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn get(
        &self,
        call: &CallSid,
        id: &ActionId,
        now: Timestamp,
    ) -> Result<Option<Standing>, StoreError> {
        let Some(row) = self.leases.get(&key(call, id)).await? else { return Ok(None) };
        standing(id, &row, now).map(Some)
    }

    /// Records what came of an action that the asker carried out. The first word stands.
    ///
    /// # Errors
    /// [`StoreError`]; recording it again is safe.
    pub async fn settle(&self, call: &CallSid, id: &ActionId, state: ActionState) -> Result<(), StoreError> {
        settle(&self.leases, call, id, Epoch(0), state).await.map(drop)
    }

    /// Its place behind the call's other actions.
    fn enlist(&self, call: &CallSid, id: &ActionId, now: Timestamp) -> TransactWriteItem {
        let list = |ids: Vec<_>| aws_sdk_dynamodb::types::AttributeValue::L(ids);
        let update = Update::builder()
            .table_name(&*self.leases.name)
            .set_key(Some(queue_key(call).attributes()))
            .update_expression(
                "SET asked = list_append(if_not_exists(asked, :none), :id), expires_at = :expires",
            )
            .condition_expression("attribute_not_exists(asked) OR size(asked) < :most")
            .expression_attribute_values(":none", list(vec![]))
            .expression_attribute_values(":id", list(vec![text(id.as_str())]))
            .expression_attribute_values(":most", number(ACTIONS_MAX))
            .expression_attribute_values(":expires", number(now.plus(KEPT).secs()));
        // Building fails only without a table, key or expression; all are given.
        TransactWriteItem::builder().set_update(update.build().ok()).build()
    }
}

/// What earlier sessions were asked for and what still holds for the next one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Steered {
    /// The agent is muted.
    pub muted: bool,
    /// The notes that the agent was given, in their order.
    pub notes: Vec<String>,
}

/// Held by the bridge.
#[derive(Debug, Clone)]
pub struct Inbox {
    leases: Table,
}

impl Inbox {
    /// `table` is the name of Leases.
    pub fn new(aws: &Aws, table: &str) -> Self {
        Self { leases: Table::new(aws, table) }
    }

    /// The ids of the actions that were asked of each of these calls, in their order. A call without any is left out.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn asked(&self, calls: &[CallSid]) -> Result<HashMap<CallSid, Vec<ActionId>>, StoreError> {
        let keys = calls.iter().map(|call| queue_key(call).attributes()).collect();
        let rows = batch_get(&self.leases, keys).await?;
        rows.iter().map(|row| Ok((row.parsed(PK, call_of)?, ids(row)?))).collect()
    }

    /// Takes an action for the session of `epoch`, once. `None`: it was taken, or its time is over. What a lost session
    /// had taken is taken over if doing it again does no harm; otherwise what came of it is not known.
    ///
    /// # Errors
    /// [`StoreError::Conditional`] when a later session has the call.
    pub async fn take(
        &self,
        call: &CallSid,
        id: &ActionId,
        epoch: Epoch,
        now: Timestamp,
    ) -> Result<Option<CallAction>, StoreError> {
        let leases = &self.leases;
        let Some(row) = leases.get(&key(call, id)).await? else { return Ok(None) };
        let action: CallAction = row.json(BODY)?;
        let holder: u32 = row.number(EPOCH)?;
        let next = match state_of(&row)? {
            ActionState::Pending if row.time(LEASE_UNTIL)? < now => ActionState::NotDone(NotDone::Expired),
            ActionState::Pending => ActionState::Taken,
            // The answer to an earlier try was lost.
            ActionState::Taken if holder == epoch.0 => return Ok(Some(action)),
            ActionState::Taken if holder > epoch.0 => return Ok(None),
            ActionState::Taken if action.may_be_repeated() => ActionState::Taken,
            ActionState::Taken => ActionState::Unknown,
            ActionState::Done | ActionState::NotDone(_) | ActionState::Unknown => return Ok(None),
        };
        let update = Update::builder()
            .table_name(&*leases.name)
            .set_key(Some(key(call, id).attributes()))
            .update_expression("SET #state = :next, epoch = :epoch, why = :why")
            .condition_expression("#state = :seen AND epoch = :holder")
            .expression_attribute_names("#state", STATE)
            .expression_attribute_values(":next", text(next.as_str()))
            .expression_attribute_values(":why", text(why_of(next)))
            .expression_attribute_values(":seen", text(row.text(STATE)?))
            .expression_attribute_values(":epoch", number(epoch))
            .expression_attribute_values(":holder", number(holder));
        let update = TransactWriteItem::builder().set_update(update.build().ok()).build();
        let actions = [fence_action(leases, call, epoch), update];
        let identity = random::id(&leases.name)?;
        match transact(leases, &actions, &identity).await? {
            Transacted::Done => Ok((next == ActionState::Taken).then_some(action)),
            Transacted::Refused(refused) if matches!(refused.first(), Some(Action::Refused(_))) => {
                plans::fenced("action");
                Err(leases.forbidden(SUPERSEDED))
            }
            Transacted::Refused(_) => Ok(None),
        }
    }

    /// Records what came of an action that the session of `epoch` had taken: `Pending` gives it back. `false` when a
    /// later session has taken it.
    ///
    /// # Errors
    /// [`StoreError`]; recording it again is safe.
    pub async fn settle(
        &self,
        call: &CallSid,
        id: &ActionId,
        epoch: Epoch,
        state: ActionState,
    ) -> Result<bool, StoreError> {
        settle(&self.leases, call, id, epoch, state).await
    }

    /// Notes whether the agent is muted, for the session that may go on with the call.
    ///
    /// # Errors
    /// [`StoreError::Conditional`] when a later session has the call.
    pub async fn note_muted(&self, call: &CallSid, epoch: Epoch, muted: bool) -> Result<(), StoreError> {
        let leases = &self.leases;
        let update = Update::builder()
            .table_name(&*leases.name)
            .set_key(Some(queue_key(call).attributes()))
            .update_expression("SET muted = :muted")
            .condition_expression("attribute_exists(asked)")
            .expression_attribute_values(":muted", number(u8::from(muted)));
        let update = TransactWriteItem::builder().set_update(update.build().ok()).build();
        let identity = random::id(&leases.name)?;
        match transact(leases, &[fence_action(leases, call, epoch), update], &identity).await? {
            Transacted::Refused(refused) if matches!(refused.first(), Some(Action::Refused(_))) => {
                plans::fenced("action");
                Err(leases.forbidden(SUPERSEDED))
            }
            Transacted::Done | Transacted::Refused(_) => Ok(()),
        }
    }

    /// What the sessions before this one were asked for and what still holds.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn steered(&self, call: &CallSid) -> Result<Steered, StoreError> {
        let Some(queue) = self.leases.get(&queue_key(call)).await? else { return Ok(Steered::default()) };
        let muted = queue.optional_number::<u8>(MUTED)?.is_some_and(|muted| muted != 0);
        let keys: Vec<String> = ids(&queue)?.iter().map(|id| pk(call, id)).collect();
        if keys.is_empty() {
            return Ok(Steered { muted, notes: vec![] });
        }
        let wanted = keys.iter().map(|pk| Key::single(pk).attributes()).collect();
        let mut notes = HashMap::new();
        for row in batch_get(&self.leases, wanted).await? {
            if let (ActionState::Done, CallAction::NoteToAgent { text }) = (state_of(&row)?, row.json(BODY)?)
            {
                notes.insert(row.text(PK)?.to_owned(), text.as_str().to_owned());
            }
        }
        Ok(Steered { muted, notes: keys.iter().filter_map(|key| notes.remove(key)).collect() })
    }
}

async fn settle(
    leases: &Table,
    call: &CallSid,
    id: &ActionId,
    epoch: Epoch,
    state: ActionState,
) -> Result<bool, StoreError> {
    let request = leases
        .client
        .update_item()
        .table_name(&*leases.name)
        .set_key(Some(key(call, id).attributes()))
        .update_expression("SET #state = :state, why = :why")
        .condition_expression("epoch = :epoch AND (#state = :taken OR #state = :state)")
        .expression_attribute_names("#state", STATE)
        .expression_attribute_values(":state", text(state.as_str()))
        .expression_attribute_values(":why", text(why_of(state)))
        .expression_attribute_values(":taken", text(ActionState::Taken.as_str()))
        .expression_attribute_values(":epoch", number(epoch))
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::None);
    Ok(matches!(leases.outcome(request.send().await)?, WriteOutcome::Done(_)))
}

fn queue_key(call: &CallSid) -> Key {
    Key::single(format!("{KEYS}{call}"))
}

/// The call in the key of its list.
fn call_of(pk: &str) -> Result<CallSid, domain::ids::InvalidId> {
    CallSid::parse(pk.strip_prefix(KEYS).unwrap_or_default())
}

fn pk(call: &CallSid, id: &ActionId) -> String {
    format!("{KEYS}{call}#{id}")
}

fn key(call: &CallSid, id: &ActionId) -> Key {
    Key::single(pk(call, id))
}

fn ids(queue: &Row) -> Result<Vec<ActionId>, StoreError> {
    let texts = queue.texts(ASKED)?.into_iter();
    texts.map(|text| ActionId::parse(text).map_err(|_| queue.corrupt(ASKED))).collect()
}

/// Why an action was not done; empty for every other state, since the expression names the value in any case.
fn why_of(state: ActionState) -> &'static str {
    match state {
        ActionState::NotDone(why) => why.as_str(),
        ActionState::Pending | ActionState::Taken | ActionState::Done | ActionState::Unknown => "",
    }
}

fn state_of(row: &Row) -> Result<ActionState, StoreError> {
    Ok(match row.text(STATE)? {
        "pending" => ActionState::Pending,
        "taken" => ActionState::Taken,
        "done" => ActionState::Done,
        "unknown" => ActionState::Unknown,
        "not_done" => ActionState::NotDone(row.parsed(WHY, |why| NotDone::parse(why).ok_or(()))?),
        _ => return Err(row.corrupt(STATE)),
    })
}

fn standing(id: &ActionId, row: &item::Row, now: Timestamp) -> Result<Standing, StoreError> {
    let state = match state_of(row)? {
        ActionState::Pending if row.time(LEASE_UNTIL)? < now => ActionState::NotDone(NotDone::Expired),
        state => state,
    };
    Ok(Standing { id: id.clone(), action: row.json(BODY)?, asked_at: row.time(ASKED_AT)?, state })
}
