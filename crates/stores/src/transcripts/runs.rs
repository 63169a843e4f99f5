//! Requests to reprocess a call: numbered, one at a time, the last one authorised wins.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::transcript::{Reprocessing, Run, RunOutcome, Stage};
use domain::{CallSid, Timestamp};

use crate::StoreError;
use crate::digest::sha256_hex;
use crate::item::{Draft, number, text, to_json};
use crate::random;
use crate::table::{Key, Table};
use crate::transaction::{Transacted, transact};
use platform::backoff::{CONTENTION, Tries};

use super::{OUTCOME, RUN, STAGES, Writer, authority_key, current_run, partition, reprocessing, run_key};

/// What became of a request to reprocess.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Authorised {
    /// This request authorised the run.
    New(Reprocessing),
    /// The same was asked for before: by this key, or by a run that is still open.
    Same(Reprocessing),
    /// Something else is being done to this call: wait for its end.
    Busy(Reprocessing),
}

impl Writer {
    /// Authorises the next run. From then on no earlier one can move the final pointer.
    ///
    /// # Errors
    /// [`StoreError`]; asking again with the same `key` gives the same run.
    pub async fn authorise(
        &self,
        call: &CallSid,
        stages: &BTreeSet<Stage>,
        key: Option<&str>,
        now: Timestamp,
    ) -> Result<Authorised, StoreError> {
        let table = &self.transcripts;
        let key = key.map(|key| Key::new(partition(call), format!("key#{}", sha256_hex(key.as_bytes()))));
        let mut tries = Tries::with(CONTENTION);
        while tries.next().await {
            if let Some(key) = &key
                && let Some(row) = table.get(key).await?
            {
                let run = Run(row.number(RUN)?);
                let known = reprocessing(table, call, run).await?;
                return Ok(Authorised::Same(known.ok_or_else(|| row.corrupt(RUN))?));
            }
            let (current, request) = current_run(table, call).await?;
            if let Some(open) = request.filter(|request| request.is_open(now)) {
                let same = open.stages == *stages;
                return Ok(if same { Authorised::Same(open) } else { Authorised::Busy(open) });
            }
            let hands_on = !stages.contains(&Stage::Transcript);
            let next = Reprocessing {
                run: current.next(),
                stages: stages.clone(),
                asked_at: now,
                outcome: hands_on.then_some(RunOutcome::HandedOn),
            };
            let mut actions = vec![
                authority_action(table, call, current),
                table.put_new_action(&run_key(call, next.run), draft(table, &next)?),
            ];
            if let Some(key) = &key {
                actions.push(table.put_new_action(key, Draft::default().number(RUN, next.run)));
            }
            match transact(table, &actions, &random::id(&table.name)?).await? {
                Transacted::Done => return Ok(Authorised::New(next)),
                Transacted::Refused(_) => {}
            }
        }
        Err(StoreError::Contended { table: table.name.to_string() })
    }

    /// Notes what came of a run. The first outcome stands.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn note_outcome(
        &self,
        call: &CallSid,
        run: Run,
        outcome: RunOutcome,
    ) -> Result<(), StoreError> {
        let update = self
            .transcripts
            .client
            .update_item()
            .table_name(&*self.transcripts.name)
            .set_key(Some(run_key(call, run).attributes()))
            .update_expression("SET outcome = :outcome")
            .condition_expression("attribute_exists(pk) AND attribute_not_exists(outcome)")
            .expression_attribute_values(":outcome", text(outcome.as_str()));
        self.transcripts.outcome(update.send().await).map(drop)
    }
}

/// Gives the authority over the pointer to the run behind `current`.
pub(super) fn authority_action(table: &Table, call: &CallSid, current: Run) -> TransactWriteItem {
    let item = authority_key(call).item(Draft::default().number(RUN, current.next()));
    table.put_action(item, |put| {
        put.condition_expression("attribute_not_exists(pk) OR run = :current")
            .expression_attribute_values(":current", number(current))
    })
}

fn draft(table: &Table, request: &Reprocessing) -> Result<Draft, StoreError> {
    let outcome = request.outcome.map(RunOutcome::as_str);
    Ok(Draft::default()
        .text(STAGES, to_json(&table.name, STAGES, &request.stages)?)
        .time("at", request.asked_at)
        .optional_text(OUTCOME, outcome))
}
