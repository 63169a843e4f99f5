//! Giving events their numbers.

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::BusinessId;
use platform::Aws;
use platform::backoff::{CONTENTION, Tries};

use super::{AT, BODY, CALL, DIRECTION, ID, KIND, key, last, waiting};
use crate::item::{Draft, Row};
use crate::table::{Key, SK, Table, next_key};
use crate::transaction::{Transacted, transact};
use crate::{StoreError, random};

/// Events of one transaction: each is two of its hundred actions, and all of them together have room for 4 MB.
const AT_ONCE: i32 = 40;
/// The text of the events of one transaction, at most.
const MOST_BYTES: usize = 2 * 1024 * 1024;
/// Transactions of one look: what is left then is another one's, so that no request takes for ever.
const MAX_ROUNDS: usize = 25;

/// Held by what reads events in their order: it gives a number to those that have none.
#[derive(Debug, Clone)]
pub struct Sequencer {
    events: Table,
}

impl Sequencer {
    /// `table` is the name of Events.
    pub fn new(aws: &Aws, table: &str) -> Self {
        Self { events: Table::new(aws, table) }
    }

    /// Gives the business's events that wait their numbers, in the order of their times. `true`: more wait than one look does.
    /// Any number of workers may do it at once: each event gets one number.
    ///
    /// # Errors
    /// [`StoreError`]; asking again is safe.
    pub async fn number(&self, business: &BusinessId) -> Result<bool, StoreError> {
        let table = &self.events;
        let mut tries = Tries::with(CONTENTION.with_max_times(39));
        let mut rounds = 0;
        while tries.next().await {
            loop {
                if rounds == MAX_ROUNDS {
                    return Ok(true);
                }
                let (rows, more) = waiting_rows(table, business, AT_ONCE).await?;
                if rows.is_empty() {
                    return Ok(false);
                }
                let (actions, all) = self.actions(business, &rows).await?;
                match transact(table, &actions, &random::id(&table.name)?).await {
                    Ok(Transacted::Done) if all && !more => return Ok(false),
                    Ok(Transacted::Done) => rounds += 1,
                    // Another worker was faster: what it left is looked at.
                    Ok(Transacted::Refused(_)) | Err(StoreError::Contended { .. }) => break,
                    Err(error) => return Err(error),
                }
            }
        }
        Err(table.contended())
    }

    /// The move of the first of these events to the end of the order, and whether they are all of them.
    async fn actions(
        &self,
        business: &BusinessId,
        rows: &[Row],
    ) -> Result<(Vec<TransactWriteItem>, bool), StoreError> {
        let table = &self.events;
        let mut next = last(table, business).await? + 1;
        let (mut actions, mut bytes) = (vec![], 0);
        for row in rows {
            let body = row.text(BODY)?;
            bytes += body.len();
            if bytes > MOST_BYTES && !actions.is_empty() {
                return Ok((actions, false));
            }
            let draft = Draft::default()
                .text(ID, row.text(ID)?)
                .text(KIND, row.text(KIND)?)
                .optional_text(CALL, row.optional_text(CALL)?)
                .optional_text(DIRECTION, row.optional_text(DIRECTION)?)
                .text(BODY, body)
                .time(AT, row.time(AT)?);
            actions.push(table.put_new_action(&key(business, next), draft));
            let from = Key::new(waiting(business), row.text(SK)?);
            actions.push(
                table.delete_action(&from, |delete| delete.condition_expression("attribute_exists(pk)")),
            );
            next += 1;
        }
        Ok((actions, true))
    }
}

/// The first events of a business that have no number, and whether there are more.
pub(super) async fn waiting_rows(
    events: &Table,
    business: &BusinessId,
    limit: i32,
) -> Result<(Vec<Row>, bool), StoreError> {
    let page = events.starting_with(&waiting(business), "").limit(limit).send().await;
    let page = page.map_err(|error| events.error(&error))?;
    let more = next_key(page.last_evaluated_key).is_some();
    Ok((page.items.unwrap_or_default().into_iter().map(|item| events.row(item)).collect(), more))
}
