//! The transcripts of a call: its versions, the pointer to the final one, and what was refused.
//!
//! | pk | sk | what |
//! |---|---|---|
//! | `call#<sid>` | `version#<source>` | one version; long ones have further parts behind it |
//! | `call#<sid>` | `final` | which source is final |
//! | `call#<sid>` | `refused#recording` | transcribing the recording cannot succeed, and why |

use domain::transcript::Source;
use domain::{CallSid, Timestamp, Transcript};

use crate::Aws;
use crate::item::{Draft, Row, text, to_json};
use crate::stores::StoreError;
use crate::stores::chunks;
use crate::stores::table::{ABSENT, Key, Outcome, Table};

const BODY: &str = "body";
const SOURCE: &str = "source";
const REASON: &str = "reason";

/// Held by the transcripts functions.
#[derive(Debug, Clone)]
pub struct Writer {
    transcripts: Table,
}

impl Writer {
    pub fn new(aws: &Aws, table: &str) -> Self {
        Self { transcripts: Table::new(aws, table) }
    }

    /// Puts the version of its source. The first one stands; `true` when this one is it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn put_version(&self, transcript: &Transcript) -> Result<bool, StoreError> {
        let (pk, sk) = (partition(&transcript.call), version_sk(transcript.source));
        let body = to_json(&self.transcripts.name, BODY, transcript)?;
        let chunked = chunks::split(&pk, &sk, Draft::default().time("at", transcript.at), &body);
        for (key, draft) in chunked.further {
            self.transcripts.put(&key, draft).await?;
        }
        let outcome = self.transcripts.put_new(&Key::new(pk, sk), chunked.head).await?;
        Ok(matches!(outcome, Outcome::Done(())))
    }

    /// Points at the final source, if the pointer is what `expect` says (`None`: not set). Setting it to
    /// where it points already succeeds.
    ///
    /// # Errors
    /// [`StoreError::Conditional`] when somebody else moved the pointer: look again and decide anew.
    pub async fn set_final(
        &self,
        call: &CallSid,
        source: Source,
        now: Timestamp,
        expect: Option<Source>,
    ) -> Result<(), StoreError> {
        let draft = Draft::default()
            .text(SOURCE, source.as_str())
            .optional_text("previous", expect.map(Source::as_str))
            .time("at", now);
        let put = self
            .transcripts
            .client
            .put_item()
            .table_name(&*self.transcripts.name)
            .set_item(Some(final_key(call).item(draft)))
            .return_values_on_condition_check_failure(
                aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure::AllOld,
            );
        let put = match expect {
            None => put.condition_expression(ABSENT),
            Some(expected) => put
                .condition_expression("#source = :expected")
                .expression_attribute_names("#source", SOURCE)
                .expression_attribute_values(":expected", text(expected.as_str())),
        };
        match self.transcripts.settle(put.send().await)? {
            Outcome::Done(_) => Ok(()),
            Outcome::Refused(Some(row)) if source_of(&row)? == source => Ok(()),
            Outcome::Refused(_) => {
                Err(self.transcripts.forbidden("the final transcript is not the one that was expected"))
            }
        }
    }

    /// Notes that the recording cannot be transcribed, so that nobody tries for ever. The first reason stands.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn refuse_recording(
        &self,
        call: &CallSid,
        reason: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let draft = Draft::default().text(REASON, reason).time("at", now);
        self.transcripts.put_new(&refused_key(call), draft).await.map(drop)
    }
}

#[derive(Debug, Clone)]
pub struct Reader {
    transcripts: Table,
}

impl Reader {
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
        let Some(row) = self.transcripts.get(&final_key(call)).await? else { return Ok(None) };
        let source = source_of(&row)?;
        Ok(Some((source, self.version(call, source).await?)))
    }

    /// # Errors
    /// [`StoreError`].
    pub async fn version(&self, call: &CallSid, source: Source) -> Result<Option<Transcript>, StoreError> {
        let rows = self.transcripts.query(&partition(call), &version_sk(source)).await?;
        let head = chunks::join(&rows)?.pop();
        head.map(|(row, body)| serde_json::from_str(&body).map_err(|_| row.corrupt(BODY))).transpose()
    }

    /// Why the recording cannot be transcribed, if that is known.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn recording_refused(&self, call: &CallSid) -> Result<Option<String>, StoreError> {
        let row = self.transcripts.get(&refused_key(call)).await?;
        row.map(|row| row.text(REASON).map(str::to_owned)).transpose()
    }
}

fn partition(call: &CallSid) -> String {
    format!("call#{call}")
}

fn version_sk(source: Source) -> String {
    format!("version#{}", source.as_str())
}

fn final_key(call: &CallSid) -> Key {
    Key::new(partition(call), "final")
}

fn refused_key(call: &CallSid) -> Key {
    Key::new(partition(call), "refused#recording")
}

fn source_of(row: &Row) -> Result<Source, StoreError> {
    row.parsed(SOURCE, |word| Source::parse(word).ok_or(()))
}
