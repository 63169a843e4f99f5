//! Status callbacks: each is kept once, and moves the call by the rule in [`domain::Call::apply`].

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::call::Applied;
use domain::call::StatusEvent;
use domain::own_account::Signer;
use domain::{Call, CallSid};

use crate::StoreError;
use crate::dial_limits::DayReservation;
use crate::item::{Attributes, Row, number};
use crate::random;
use crate::table::{ABSENT, Table, WriteOutcome};
use crate::transaction::{Action, Transacted, transact};
use platform::backoff::{CONTENTION, Tries};

use super::row::{EPOCH, OPEN_ID, VERSION, call_draft, call_key, event_draft};
use super::settle::UNSETTLED;
use super::{Slots, StatusOutcome, Writer, early, event_key, row, without_personal_data};

/// The event's place in every transaction here.
const EVENT_ACTION: usize = 0;

/// `None`: the call is not for `by` to speak of, and nothing was written.
pub(super) async fn record(
    writer: &Writer,
    sid: &CallSid,
    key: &str,
    event: &StatusEvent,
    params: &BTreeMap<String, String>,
    by: Option<&Signer>,
) -> Result<Option<StatusOutcome>, StoreError> {
    let Writer { calls, events, .. } = writer;
    let event_row = || Ok(event_draft(event, without_personal_data(&calls.name, params)?));
    // Copies of one callback are alike; their transactions must not be taken for one repeated.
    let copy = random::id(&calls.name)?;
    let mut tries = Tries::with(CONTENTION);
    while tries.next().await {
        let put_event = calls.put_new_action(&event_key(sid, key), event_row()?);
        let identity = format!("{copy}#{}", tries.number());
        let Some(standing) = Standing::read(calls, sid).await? else {
            let actions = [put_event, early::add(calls, sid), not_opened(calls, sid)];
            match transact(calls, &actions, &identity).await? {
                Transacted::Done => {
                    return Ok(Some(StatusOutcome { moved: false, duplicate: false, call: None }));
                }
                Transacted::Refused(refused) if known(&refused) => {
                    return Ok(Some(StatusOutcome { moved: false, duplicate: true, call: None }));
                }
                // The call was opened in between.
                Transacted::Refused(_) => continue,
            }
        };
        if by.is_some_and(|by| !by.speaks_for(&standing.call.account, &standing.call.business)) {
            return Ok(None);
        }
        let mut call = standing.call.clone();
        let moved = call.apply(event) == Applied::Moved;
        if call == standing.call {
            let outcome = calls.put_new(&event_key(sid, key), event_row()?).await?;
            let duplicate = matches!(outcome, WriteOutcome::Refused(_));
            return Ok(Some(StatusOutcome { moved: false, duplicate, call: Some(call) }));
        }
        let mut actions = vec![put_event, standing.replace(calls, &call)?];
        if moved && let Some(happened) = domain::event::missed(&call) {
            actions.push(events.tell(&happened)?);
        }
        match transact(calls, &actions, &identity).await? {
            Transacted::Done => return Ok(Some(StatusOutcome { moved, duplicate: false, call: Some(call) })),
            Transacted::Refused(refused) if known(&refused) => {
                return Ok(Some(StatusOutcome { moved: false, duplicate: true, call: Some(standing.call) }));
            }
            // Another callback was faster; what it left is read again.
            Transacted::Refused(_) => {}
        }
    }
    Err(StoreError::Contended { table: calls.name.to_string() })
}

fn known(refused: &[Action]) -> bool {
    matches!(refused.get(EVENT_ACTION), Some(Action::Refused(_)))
}

/// A call as it was read, and what a write must find unchanged.
struct Standing {
    row: Row,
    call: Call,
    version: u64,
}

impl Standing {
    async fn read(calls: &Table, sid: &CallSid) -> Result<Option<Self>, StoreError> {
        let Some(row) = calls.get(&call_key(sid)).await? else { return Ok(None) };
        Ok(Some(Self { call: row::call(&row)?, version: row.number(VERSION)?, row }))
    }

    /// Puts `call` in its place, if its version is unchanged and the status does not fall.
    fn replace(&self, calls: &Table, call: &Call) -> Result<TransactWriteItem, StoreError> {
        let draft = call_draft(&calls.name, call)?
            .number(VERSION, self.version + 1)
            .text(OPEN_ID, self.row.text(OPEN_ID)?)
            .number(EPOCH, self.row.number::<u32>(EPOCH)?)
            .optional_text(UNSETTLED, self.row.optional_text(UNSETTLED)?);
        let draft = Slots::note(Slots::noted(&self.row)?, draft);
        let draft = DayReservation::note(DayReservation::noted(&self.row)?.as_ref(), draft);
        let item: Attributes = call_key(&call.sid).item(draft);
        Ok(calls.put_action(item, |put| {
            put.condition_expression("version = :seen AND status_rank <= :rank")
                .expression_attribute_values(":seen", number(self.version))
                .expression_attribute_values(":rank", number(call.status.rank()))
        }))
    }
}

fn not_opened(calls: &Table, sid: &CallSid) -> TransactWriteItem {
    calls.check_action(&call_key(sid), |check| check.condition_expression(ABSENT))
}
