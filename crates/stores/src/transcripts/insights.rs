//! What a call came to and what it cost, beside its transcripts, and the event that tells of it.
//!
//! | pk | sk | what |
//! |---|---|---|
//! | `call#<sid>` | `insights#<run>` | one version, six digits; long ones have further parts behind it |
//! | `call#<sid>` | `cost` | what the call cost, as of the latest run |

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::cost::CallCost;
use domain::usage::Entry;
use domain::{CallSid, Insights};

use super::{BODY, Reader, Writer, partition};
use crate::events::{self, NewEvent};
use crate::item::{Draft, to_json};
use crate::random;
use crate::table::Key;
use crate::transaction::{Action, Transacted, transact};
use crate::{StoreError, chunks, usage};
use platform::backoff::{CONTENTION, Tries};

pub(super) const INSIGHTS: &str = "insights#";
const COST: &str = "cost";

/// The place of the usage entry in the transaction.
const ENTRY: usize = 2;

impl Writer {
    /// Records a run, its cost, what it adds to the business's usage and the event that tells of it: all of it or
    /// nothing. `false` when the call has that run already; nothing is written then. An entry whose cause is counted
    /// already is left out.
    ///
    /// # Errors
    /// [`StoreError`]. After one the run may stand: look before it is done again.
    pub async fn record_insights(
        &self,
        insights: &Insights,
        cost: &CallCost,
        (usage, entry): (&usage::Writer, Entry),
        (events, event): (&events::Writer, &NewEvent),
    ) -> Result<bool, StoreError> {
        let table = &self.transcripts;
        let (pk, sk) = (partition(&insights.call), insights_sk(insights.run));
        let body = to_json(&table.name, BODY, insights)?;
        let chunked = chunks::split(&pk, &sk, Draft::default().time("at", insights.at), &body);
        for (key, draft) in chunked.further {
            table.put(&key, draft).await?;
        }
        let version = table.put_new_action(&Key::new(pk, sk), chunked.head);
        let cost = Draft::default().text(BODY, to_json(&table.name, BODY, cost)?).time("at", insights.at);
        let cost = table.put_action(cost_key(&insights.call).item(cost), |put| put);
        let mut fixed = vec![version, cost];
        fixed.extend(usage.actions(&entry));
        let event = events.action(event)?;
        let mut tries = Tries::with(CONTENTION);
        while tries.next().await {
            let mut actions: Vec<TransactWriteItem> = fixed.clone();
            actions.push(event.clone());
            match transact(table, &actions, &random::id(&table.name)?).await? {
                Transacted::Done => return Ok(true),
                Transacted::Refused(refused) if is_refused(&refused, 0) => return Ok(false),
                Transacted::Refused(refused) if fixed.len() > ENTRY && is_refused(&refused, ENTRY) => {
                    fixed.truncate(ENTRY);
                }
                Transacted::Refused(_) => {}
            }
        }
        Err(StoreError::Contended { table: table.name.to_string() })
    }
}

impl Reader {
    /// Every run, the first one first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn insights(&self, call: &CallSid) -> Result<Vec<Insights>, StoreError> {
        let rows = self.transcripts.query(&partition(call), INSIGHTS).await?;
        let bodies = chunks::join(&rows)?.into_iter();
        bodies.map(|(row, body)| serde_json::from_str(&body).map_err(|_| row.corrupt(BODY))).collect()
    }

    /// # Errors
    /// [`StoreError`].
    pub async fn cost(&self, call: &CallSid) -> Result<Option<CallCost>, StoreError> {
        let row = self.transcripts.get(&cost_key(call)).await?;
        row.map(|row| row.json(BODY)).transpose()
    }
}

fn is_refused(actions: &[Action], place: usize) -> bool {
    matches!(actions.get(place), Some(Action::Refused(_)))
}

fn insights_sk(run: u32) -> String {
    format!("{INSIGHTS}{run:06}")
}

fn cost_key(call: &CallSid) -> Key {
    Key::new(partition(call), COST)
}
