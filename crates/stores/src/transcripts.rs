//! The transcripts of a call: its versions, the pointer to the final one, and the runs that may move it.
//!
//! | pk | sk | what |
//! |---|---|---|
//! | `call#<sid>` | `version#<number>` | one version; long ones have further parts behind it |
//! | `call#<sid>` | `input#<source>#<run>` | which version was made from that: each input gives one version |
//! | `call#<sid>` | `final` | which version is final, and how often the pointer has moved |
//! | `call#<sid>` | `run` | the run that may move the pointer; absent: the call's own |
//! | `call#<sid>` | `run#<run>` | a request to reprocess, and what came of it |
//! | `call#<sid>` | `key#<digest>` | the run that an idempotency key stands for |
//! | `call#<sid>` | `refused#<run>` | transcribing the recording cannot succeed in that run, and why |
//!
//! What follows from the final transcript is in the module `insights`.

use domain::transcript::{Reprocessing, Run, RunOutcome, Source};
use domain::{CallSid, Timestamp, Transcript};

use crate::StoreError;
use crate::chunks;
use crate::item::Row;
use crate::table::{Key, SK, Table};
use platform::Aws;

mod erase;
mod insights;
mod runs;
mod write;

pub use erase::Eraser;
pub use runs::Authorised;
pub use write::{Edited, Pointed};

const BODY: &str = "body";
const SOURCE: &str = "source";
const REASON: &str = "reason";
const NUMBER: &str = "number";
const RUN: &str = "run";
const MOVES: &str = "moves";
const STAGES: &str = "stages";
const OUTCOME: &str = "outcome";

/// Where the final pointer points.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pointer {
    /// What the words were taken from.
    pub source: Source,
    /// The version; [`Source::Failed`] has none.
    pub number: Option<u32>,
    /// The run that moved it last.
    pub run: Run,
    /// How often it has moved, from 1. A request to move it names the move that it has seen.
    pub moves: u32,
    /// When it was set.
    pub at: Timestamp,
}

/// What a version was made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Input {
    /// What the words were taken from.
    pub source: Source,
    /// The run that made it.
    pub run: Run,
    /// The version it gave.
    pub number: u32,
}

/// Held by the transcripts functions.
#[derive(Debug, Clone)]
pub struct Writer {
    transcripts: Table,
}

impl Writer {
    /// `table` is the name of Transcripts.
    pub fn new(aws: &Aws, table: &str) -> Self {
        Self { transcripts: Table::new(aws, table) }
    }
}

/// Held by everything that reads transcripts and may not write them.
#[derive(Debug, Clone)]
pub struct Reader {
    transcripts: Table,
}

impl Reader {
    /// `table` is the name of Transcripts.
    pub fn new(aws: &Aws, table: &str) -> Self {
        Self { transcripts: Table::new(aws, table) }
    }

    /// The final source and its transcript; [`Source::Failed`] has none. `None` while nothing is final.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn final_transcript(
        &self,
        call: &CallSid,
    ) -> Result<Option<(Source, Option<Transcript>)>, StoreError> {
        let Some(pointer) = self.pointer(call).await? else { return Ok(None) };
        let version = match pointer.number {
            Some(number) => self.version(call, number).await?,
            None => None,
        };
        Ok(Some((pointer.source, version)))
    }

    /// `None` while nothing is final.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn pointer(&self, call: &CallSid) -> Result<Option<Pointer>, StoreError> {
        pointer(&self.transcripts, call).await
    }

    /// # Errors
    /// [`StoreError`].
    pub async fn version(&self, call: &CallSid, number: u32) -> Result<Option<Transcript>, StoreError> {
        version(&self.transcripts, call, number).await
    }

    /// Every version, in the order of their numbers.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn versions(&self, call: &CallSid) -> Result<Vec<Transcript>, StoreError> {
        transcripts(&self.transcripts.query(&partition(call), "version#").await?)
    }

    /// What the versions were made from.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn inputs(&self, call: &CallSid) -> Result<Vec<Input>, StoreError> {
        inputs(&self.transcripts, call).await
    }

    /// Why the recording cannot be transcribed in this run, if that is known.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn recording_refused(&self, call: &CallSid, run: Run) -> Result<Option<String>, StoreError> {
        let row = self.transcripts.get(&refused_key(call, run)).await?;
        row.map(|row| row.text(REASON).map(str::to_owned)).transpose()
    }

    /// The run that may move the pointer, and the request behind it, if there was one: an edit has none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn current_run(&self, call: &CallSid) -> Result<(Run, Option<Reprocessing>), StoreError> {
        current_run(&self.transcripts, call).await
    }

    /// # Errors
    /// [`StoreError`].
    pub async fn reprocessing(&self, call: &CallSid, run: Run) -> Result<Option<Reprocessing>, StoreError> {
        reprocessing(&self.transcripts, call, run).await
    }
}

async fn pointer(table: &Table, call: &CallSid) -> Result<Option<Pointer>, StoreError> {
    table.get(&final_key(call)).await?.map(|row| pointer_of(&row)).transpose()
}

fn pointer_of(row: &Row) -> Result<Pointer, StoreError> {
    Ok(Pointer {
        source: row.parsed(SOURCE, |word| Source::parse(word).ok_or(()))?,
        number: row.optional_number(NUMBER)?,
        run: Run(row.number(RUN)?),
        moves: row.number(MOVES)?,
        at: row.time("at")?,
    })
}

async fn version(table: &Table, call: &CallSid, number: u32) -> Result<Option<Transcript>, StoreError> {
    Ok(transcripts(&table.query(&partition(call), &version_sk(number)).await?)?.pop())
}

fn transcripts(rows: &[Row]) -> Result<Vec<Transcript>, StoreError> {
    let whole = chunks::join(rows)?.into_iter();
    whole.map(|(row, body)| serde_json::from_str(&body).map_err(|_| row.corrupt(BODY))).collect()
}

async fn inputs(table: &Table, call: &CallSid) -> Result<Vec<Input>, StoreError> {
    let rows = table.query(&partition(call), "input#").await?;
    let input = |row: &Row| {
        let (source, run) = row.parsed(SK, |sk| {
            let (source, run) = sk.trim_start_matches("input#").split_once('#').ok_or(())?;
            Ok::<_, ()>((Source::parse(source).ok_or(())?, Run(run.parse().map_err(drop)?)))
        })?;
        Ok(Input { source, run, number: row.number(NUMBER)? })
    };
    rows.iter().map(input).collect()
}

async fn current_run(table: &Table, call: &CallSid) -> Result<(Run, Option<Reprocessing>), StoreError> {
    let Some(row) = table.get(&authority_key(call)).await? else { return Ok((Run::FIRST, None)) };
    let run = Run(row.number(RUN)?);
    Ok((run, reprocessing(table, call, run).await?))
}

async fn reprocessing(table: &Table, call: &CallSid, run: Run) -> Result<Option<Reprocessing>, StoreError> {
    let Some(row) = table.get(&run_key(call, run)).await? else { return Ok(None) };
    Ok(Some(Reprocessing {
        run,
        stages: row.json(STAGES)?,
        asked_at: row.time("at")?,
        outcome: row.optional_parsed(OUTCOME, |word| RunOutcome::parse(word).ok_or(()))?,
    }))
}

fn partition(call: &CallSid) -> String {
    format!("call#{call}")
}

fn version_sk(number: u32) -> String {
    format!("version#{number:06}")
}

fn input_key(call: &CallSid, source: Source, run: Run) -> Key {
    Key::new(partition(call), format!("input#{}#{run}", source.as_str()))
}

fn final_key(call: &CallSid) -> Key {
    Key::new(partition(call), "final")
}

fn authority_key(call: &CallSid) -> Key {
    Key::new(partition(call), "run")
}

fn run_key(call: &CallSid, run: Run) -> Key {
    Key::new(partition(call), format!("run#{:06}", run.0))
}

fn refused_key(call: &CallSid, run: Run) -> Key {
    Key::new(partition(call), format!("refused#{run}"))
}
