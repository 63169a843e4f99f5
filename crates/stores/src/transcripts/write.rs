//! Versions and the pointer to the final one.

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::transcript::{Run, Source, TranscriptLine};
use domain::{CallSid, Timestamp, Transcript, event};

use crate::events::{self, Telling};
use crate::item::{Draft, number as number_value, to_json};
use crate::random;
use crate::table::{ABSENT, Key, Table};
use crate::transaction::{Action, Transacted, transact};
use crate::{StoreError, chunks};
use platform::backoff::{CONTENTION, Tries};

use super::runs::authority_action;
use super::{
    BODY, MOVES, NUMBER, Pointer, REASON, RUN, SOURCE, Writer, authority_key, current_run, final_key,
    input_key, inputs, partition, pointer, refused_key, version, version_sk,
};

/// What became of an attempt to move the pointer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pointed {
    /// It points there.
    Set,
    /// A later run was authorised meanwhile; the pointer is its to move.
    Superseded,
    /// Another worker of the same run moved it first: look again and decide anew.
    Moved,
}

/// What became of an edit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edited {
    /// The edit is the final version; this is the pointer to it.
    Stored(Pointer),
    /// The pointer is not where the editor saw it.
    Stale,
    /// There is nothing to edit yet.
    NotFinal,
}

impl Writer {
    /// Stores a version under the next number, unless its input, source and run, has given one already: that one
    /// stands. The version as it is stored.
    ///
    /// # Errors
    /// [`StoreError`]; putting again is safe.
    pub async fn put_version(&self, transcript: &Transcript) -> Result<Transcript, StoreError> {
        let table = &self.transcripts;
        let mut tries = Tries::with(CONTENTION);
        while tries.next().await {
            let known = inputs(table, &transcript.call).await?;
            let own = known.iter().find(|i| (i.source, i.run) == (transcript.source, transcript.run));
            if let Some(input) = own {
                let standing = version(table, &transcript.call, input.number).await?;
                return standing.ok_or_else(|| table.forbidden("a version that was stored is gone"));
            }
            let number = 1 + known.iter().map(|input| input.number).max().unwrap_or(0);
            let numbered = Transcript { number, ..transcript.clone() };
            let actions = version_actions(table, &numbered).await?;
            match transact(table, &actions, &random::id(&table.name)?).await? {
                Transacted::Done => return Ok(numbered),
                Transacted::Refused(_) => {}
            }
        }
        Err(StoreError::Contended { table: table.name.to_string() })
    }

    /// Moves the pointer in the name of `run` and tells the business, if it is where `seen` says (`None`: not set) and no later run was
    /// authorised.
    ///
    /// # Errors
    /// [`StoreError`]; moving it again is safe.
    pub async fn set_final(
        &self,
        call: &CallSid,
        (source, number): (Source, Option<u32>),
        run: Run,
        seen: Option<Pointer>,
        now: Timestamp,
        told: Telling<'_>,
    ) -> Result<Pointed, StoreError> {
        let table = &self.transcripts;
        let next = Pointer { source, number, run, moves: seen.map_or(0, |seen| seen.moves) + 1, at: now };
        let authority = table.check_action(&authority_key(call), |check| {
            check
                .condition_expression("attribute_not_exists(pk) OR run = :run")
                .expression_attribute_values(":run", number_value(run))
        });
        let mut actions = vec![authority, pointer_action(table, call, &next, seen)];
        actions.extend(tell(told, &next)?);
        match transact(table, &actions, &random::id(&table.name)?).await? {
            Transacted::Done => Ok(Pointed::Set),
            Transacted::Refused(refused) => match refused.into_iter().next() {
                Some(Action::Refused(_)) => Ok(Pointed::Superseded),
                Some(Action::Willing) | None => {
                    let same = |standing: Pointer| (standing.source, standing.number) == (source, number);
                    let standing = pointer(table, call).await?;
                    Ok(if standing.is_some_and(same) { Pointed::Set } else { Pointed::Moved })
                }
            },
        }
    }

    /// Stores what a person made of the transcript and makes it final, all in one transaction: `seen_moves` is the
    /// pointer's count that the person saw. An edit is a run of its own, so nothing that was authorised before it
    /// can undo it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn edit(
        &self,
        call: &CallSid,
        lines: Vec<TranscriptLine>,
        seen_moves: u64,
        now: Timestamp,
        told: Telling<'_>,
    ) -> Result<Edited, StoreError> {
        let table = &self.transcripts;
        let mut tries = Tries::with(CONTENTION);
        let edited = Transcript::new(call, Source::Edited, lines, now);
        while tries.next().await {
            let Some(seen) = pointer(table, call).await? else { return Ok(Edited::NotFinal) };
            if u64::from(seen.moves) != seen_moves {
                return Ok(Edited::Stale);
            }
            let (current, _) = current_run(table, call).await?;
            let run = current.next();
            let number = 1 + inputs(table, call).await?.iter().map(|input| input.number).max().unwrap_or(0);
            let version = Transcript { number, run, ..edited.clone() };
            let next =
                Pointer { source: Source::Edited, number: Some(number), run, moves: seen.moves + 1, at: now };
            let mut actions = version_actions(table, &version).await?;
            actions.push(authority_action(table, call, current));
            actions.push(pointer_action(table, call, &next, Some(seen)));
            actions.extend(tell(told, &next)?);
            match transact(table, &actions, &random::id(&table.name)?).await? {
                Transacted::Done => return Ok(Edited::Stored(next)),
                Transacted::Refused(_) => {}
            }
        }
        Err(StoreError::Contended { table: table.name.to_string() })
    }

    /// Notes that the recording cannot be transcribed in this run, so that it is not tried for ever. The first reason
    /// stands.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn refuse_recording(
        &self,
        call: &CallSid,
        run: Run,
        reason: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let draft = Draft::default().text(REASON, reason).time("at", now);
        self.transcripts.put_new(&refused_key(call, run), draft).await.map(drop)
    }
}

/// That the pointer is moved, as the business is told of it.
fn tell(told: Telling<'_>, next: &Pointer) -> Result<Option<TransactWriteItem>, StoreError> {
    let tell = |(events, call): (&events::Writer, _)| {
        events.tell(&event::transcript(call, (next.source, next.number), next.moves, next.at))
    };
    told.map(tell).transpose()
}

/// A version's head and its input. The further parts of a long one are written at once: their keys hold its digest,
/// so they are read only if the head stands.
async fn version_actions(
    table: &Table,
    transcript: &Transcript,
) -> Result<Vec<TransactWriteItem>, StoreError> {
    let (pk, sk) = (partition(&transcript.call), version_sk(transcript.number));
    let body = to_json(&table.name, BODY, transcript)?;
    let chunked = chunks::split(&pk, &sk, Draft::default().time("at", transcript.at), &body);
    for (key, draft) in chunked.further {
        table.put(&key, draft).await?;
    }
    let input = input_key(&transcript.call, transcript.source, transcript.run);
    Ok(vec![
        table.put_new_action(&input, Draft::default().number(NUMBER, transcript.number)),
        table.put_new_action(&Key::new(pk, sk), chunked.head),
    ])
}

fn pointer_action(table: &Table, call: &CallSid, next: &Pointer, seen: Option<Pointer>) -> TransactWriteItem {
    let draft = Draft::default()
        .text(SOURCE, next.source.as_str())
        .optional_number(NUMBER, next.number)
        .number(RUN, next.run)
        .number(MOVES, next.moves)
        .optional_text("previous", seen.map(|seen| seen.source.as_str()))
        .time("at", next.at);
    table.put_action(final_key(call).item(draft), |put| match seen {
        None => put.condition_expression(ABSENT),
        Some(seen) => put
            .condition_expression("moves = :seen")
            .expression_attribute_values(":seen", number_value(seen.moves)),
    })
}
