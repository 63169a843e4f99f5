//! An import goes on: the next slice of its rows is checked, taken over, or taken back.

mod undoing;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use domain::BusinessId;
use domain::contact::import::{Counts, Found, Import, ImportPhase};
use domain::contact::sheet::{Applying, Code, Column, Mode, Reading, Sheet, SheetRow, Weight};
use domain::contact::{Contact, ContactId, FieldSchema, Handle, ImportId, Pipeline};
use domain::token::TokenKey;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use platform::Clock;
use stores::contacts::taken::TakenRow;
use stores::contacts::{NotSaved, Reader, Stored, Writer};
use tokio::time::Instant;

use super::splitting::split;
use super::{Files, RowProblem};
use crate::edge::batch::JobError;
use crate::edge::inbox::Jobs;
use crate::edge::parts::parts;
use crate::jobs::ContactJob;
use crate::shared::erased::erased as mark;
use crate::shared::table_file::rows::FileRow;

/// How long a job goes on before it hands over to the next one: well within the function's time.
const AT_A_TIME: Duration = Duration::from_secs(45);
/// Rows that are written at once.
const AT_ONCE: usize = 16;
/// How often a row is tried that others change meanwhile.
const TRIES: usize = 6;

parts! {
    /// Goes on with imports.
    pub(in super::super) struct Importing {
        clock: Clock,
        reader: Reader,
        writer: Writer,
        files: Files,
        key: TokenKey,
        jobs: Jobs<ContactJob>,
    }
}

/// What became of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Came {
    Created,
    Updated,
    Unchanged,
    LeftOut,
    Empty,
}

/// A row that was dealt with.
struct Dealt {
    line: u32,
    came: Came,
    /// By the place of the column.
    codes: Vec<(Option<usize>, Code)>,
}

impl Dealt {
    fn is_erased(&self) -> bool {
        self.codes.iter().any(|(_, code)| *code == Code::Erased)
    }
}

/// What rows are read and written by.
struct How<'a> {
    business: &'a BusinessId,
    import: &'a Import,
    schema: &'a FieldSchema,
    pipeline: &'a Pipeline,
}

impl How<'_> {
    fn applying(&self, now: domain::Timestamp) -> Applying<'_> {
        Applying { mode: self.import.options.mode, pipeline: self.pipeline, by: &self.import.by, now }
    }
}

/// The contacts that rows may be about.
#[derive(Default)]
struct Known {
    ids: HashMap<Handle, ContactId>,
    contacts: HashMap<ContactId, Stored>,
    /// Handles of people who were erased, of those that no contact has.
    erased: HashSet<Handle>,
}

impl Known {
    /// The contact of a row: the one that it names, or that its handles belong to.
    fn of(&self, row: &SheetRow) -> Result<Option<&Stored>, Code> {
        let named = row.id.into_iter();
        let owners = row.handles.iter().filter_map(|handle| self.ids.get(handle).copied());
        let mut found: Vec<&Stored> = named.chain(owners).filter_map(|id| self.contacts.get(&id)).collect();
        found.sort_by_key(|stored| stored.contact.id);
        found.dedup_by_key(|stored| stored.contact.id);
        match found.as_slice() {
            [] => Ok(None),
            [one] => Ok(Some(one)),
            _ => Err(Code::Conflict),
        }
    }
}

impl Importing {
    /// Goes on with an import where it is. A job that comes again, or beside another one, counts nothing twice.
    pub(in super::super) async fn go_on(&self, business: &BusinessId, id: ImportId) -> Result<(), JobError> {
        let until = Instant::now() + AT_A_TIME;
        loop {
            let Some(mut import) = self.reader.file::<Import>(business, id).await? else { return Ok(()) };
            let Some(phase) = import.phase() else {
                if !import.has_file() {
                    self.files.forget(business, &import).await?;
                }
                return Ok(());
            };
            let was_read = import.found.is_some();
            Box::pin(self.step(business, &mut import, phase)).await?;
            // What another job has written meanwhile counts: then this one goes on from there.
            if self.writer.save_file(business, &mut import).await? {
                tracing::info!(%business, import = %id, phase = phase.as_str(), "an import went on");
            }
            // The rows are worked off by jobs of their own: reading the file may have taken long.
            let hands_over = Instant::now() >= until || !was_read;
            if hands_over && import.phase().is_some() {
                let job = ContactJob::Import { business: business.clone(), import: id };
                let sent = self.jobs.send(&job, Duration::ZERO).await;
                return sent.map_err(|error| JobError::new("queue", error));
            }
        }
    }

    async fn step(
        &self,
        business: &BusinessId,
        import: &mut Import,
        phase: ImportPhase,
    ) -> Result<(), JobError> {
        if phase == ImportPhase::Undo {
            return self.undo(business, import).await;
        }
        let (fields, pipeline) =
            tokio::try_join!(self.reader.fields(business), self.reader.pipeline(business))?;
        let (schema, pipeline) = (&fields.value, &pipeline.value);
        let Some(found) = import.found.clone() else {
            match split(&self.files, business, import, (schema, pipeline)).await? {
                Ok(found) => import.found = Some(found),
                Err(refused) => import.refuse(refused, self.clock.now()),
            }
            return Ok(());
        };
        let next = import.progress().map_or(0, |progress| progress.next);
        if next >= found.slices {
            import.worked(next, Counts::default(), true, self.clock.now());
            return Ok(());
        }
        let Some(rows) = self.files.get_rows(business, import, next).await? else {
            return Err(JobError::new("files", "a slice of an import is gone"));
        };
        let how = How { business, import, schema, pipeline };
        let dealt = Box::pin(self.deal(&how, &found, phase, rows)).await?;
        let problems = problems(&dealt, &found);
        let mut counts = count(&dealt);
        counts.problems = u32::try_from(problems.len()).unwrap_or(u32::MAX);
        self.files.put_problems(business, import, (phase, next), &problems).await?;
        import.worked(next + 1, counts, next + 1 >= found.slices, self.clock.now());
        Ok(())
    }

    async fn deal(
        &self,
        how: &How<'_>,
        found: &Found,
        phase: ImportPhase,
        rows: Vec<FileRow>,
    ) -> Result<Vec<Dealt>, JobError> {
        let columns = found.headers.iter().map(|header| header.column.as_deref().and_then(Column::parse));
        let sheet = Sheet { columns: columns.collect() };
        let read = |row: FileRow| {
            let reading = sheet.read(&row.cells, &how.import.options.how, how.schema, how.pipeline);
            (row, reading)
        };
        let rows: Vec<(FileRow, Reading)> = rows.into_iter().map(read).collect();
        let known = self.known(how, rows.iter().filter_map(|(_, reading)| reading.row.as_ref())).await?;
        let mut taken = BTreeMap::new();
        if let (ImportPhase::Run, Some((first, _)), Some((last, _))) = (phase, rows.first(), rows.last()) {
            let lines = (first.line, last.line);
            taken = self.reader.taken_rows(how.business, how.import.id, lines).await?;
            let made = self.take_together(how, &rows, &known, &taken).await?;
            taken.extend(made.into_iter().map(|row| (row.line, row)));
        }
        let (again, once): (Vec<_>, Vec<_>) = rows.into_iter().partition(|(row, _)| row.again);
        let one = |(row, reading): (FileRow, Reading)| self.row(how, phase, row, reading, (&known, &taken));
        let mut dealt: Vec<Dealt> =
            stream::iter(once).map(one).buffer_unordered(AT_ONCE).try_collect().await?;
        // A row of the same person as an earlier one comes after it.
        for row in again {
            dealt.push(Box::pin(one(row)).await?);
        }
        dealt.sort_by_key(|dealt| dealt.line);
        Ok(dealt)
    }

    async fn known(
        &self,
        how: &How<'_>,
        rows: impl Iterator<Item = &SheetRow> + Clone,
    ) -> Result<Known, JobError> {
        let business = how.business;
        let ids = self.reader.ids_of(business, rows.clone().flat_map(|row| &row.handles)).await?;
        let mut erased = HashSet::new();
        if !how.import.options.take_erased {
            let strangers =
                rows.clone().flat_map(|row| &row.handles).filter(|handle| !ids.contains_key(handle));
            let marks: HashMap<_, _> =
                strangers.map(|handle| (mark(&self.key, business, handle), handle)).collect();
            let found = self.reader.erased_among(business, marks.keys().cloned()).await?;
            erased.extend(found.iter().filter_map(|mark| marks.get(mark)).map(|handle| (*handle).clone()));
        }
        let named = rows.filter_map(|row| row.id);
        let contacts = self.reader.by_ids(business, ids.values().copied().chain(named)).await?;
        Ok(Known { ids, contacts, erased })
    }

    async fn row(
        &self,
        how: &How<'_>,
        phase: ImportPhase,
        row: FileRow,
        reading: Reading,
        (known, taken): (&Known, &BTreeMap<u32, TakenRow>),
    ) -> Result<Dealt, JobError> {
        let line = row.line;
        if row.is_empty() {
            return Ok(Dealt { line, came: Came::Empty, codes: vec![] });
        }
        let mut codes = reading.codes;
        let Some(said) = reading.row else { return Ok(Dealt { line, came: Came::LeftOut, codes }) };
        if row.again {
            codes.push((None, Code::Repeated));
        }
        let (came, more) = match (phase, taken.get(&line)) {
            (_, Some(taken)) => (came_of(taken), vec![]),
            (ImportPhase::Run, None) => Box::pin(self.take(how, line, &said, known)).await?,
            (ImportPhase::Check | ImportPhase::Undo, None) => self.would_come(how, &said, row.again, known),
        };
        codes.extend(more.into_iter().map(|code| (None, code)));
        Ok(Dealt { line, came, codes })
    }

    /// What a run would do.
    fn would_come(&self, how: &How<'_>, said: &SheetRow, again: bool, known: &Known) -> (Came, Vec<Code>) {
        match self.plan(how, said, known) {
            // An earlier row makes the contact.
            Plan::Create(_) if again && how.import.options.mode == Mode::Create => {
                (Came::LeftOut, vec![Code::Exists])
            }
            Plan::Create(_) if again => (Came::Updated, vec![]),
            Plan::Create(_) => (Came::Created, vec![]),
            Plan::Change { codes, .. } => (Came::Updated, codes),
            Plan::Nothing(came, codes) => (came, codes),
        }
    }

    fn plan<'k>(&self, how: &How<'_>, said: &SheetRow, known: &'k Known) -> Plan<'k> {
        let now = self.clock.now();
        let applying = how.applying(now);
        let stored = match known.of(said) {
            Ok(Some(stored)) => stored,
            Ok(None) if said.handles.iter().any(|handle| known.erased.contains(handle)) => {
                return Plan::Nothing(Came::LeftOut, vec![Code::Erased]);
            }
            Ok(None) => {
                let Some(random) = super::super::bits() else { return Plan::Nothing(Came::LeftOut, vec![]) };
                let mut contact = Contact::new(ContactId::new(now, random));
                said.begin(&mut contact, &applying);
                return match contact.mistakes().is_empty() {
                    true => Plan::Create(Box::new(contact)),
                    false => Plan::Nothing(Came::LeftOut, vec![Code::TooMuch]),
                };
            }
            Err(code) => return Plan::Nothing(Came::LeftOut, vec![code]),
        };
        let mut after = stored.contact.clone();
        let applied = said.apply(&mut after, &applying);
        let left_out = applied.codes.iter().any(|code| code.weight() == Weight::Row);
        match (left_out, applied.changed) {
            (true, _) => Plan::Nothing(Came::LeftOut, applied.codes),
            (false, false) => Plan::Nothing(Came::Unchanged, applied.codes),
            (false, true) => Plan::Change {
                before: stored,
                after: Box::new(after),
                entries: applied.entries,
                codes: applied.codes,
            },
        }
    }

    /// Makes the contacts of the rows that no contact has, many in one request. What could not be made so is left to
    /// [`take`](Self::take), row by row.
    async fn take_together(
        &self,
        how: &How<'_>,
        rows: &[(FileRow, Reading)],
        known: &Known,
        taken: &BTreeMap<u32, TakenRow>,
    ) -> Result<Vec<TakenRow>, JobError> {
        // One transaction names a key once. A row of the same person as an earlier one says so, unless the fields of contacts
        // have changed since.
        let mut named = HashSet::new();
        let mut create = vec![];
        for (row, reading) in rows {
            let Some(said) = &reading.row else { continue };
            if row.again || row.is_empty() || taken.contains_key(&row.line) {
                continue;
            }
            if let Plan::Create(contact) = self.plan(how, said, known)
                && said.handles.iter().all(|handle| named.insert(handle))
            {
                create.push((row.line, *contact));
            }
        }
        Ok(self.writer.take_new_together(how.business, how.import.id, create, self.clock.now()).await?)
    }

    /// Takes a row over, once.
    async fn take(
        &self,
        how: &How<'_>,
        line: u32,
        said: &SheetRow,
        known: &Known,
    ) -> Result<(Came, Vec<Code>), JobError> {
        let (business, row) = (how.business, (how.import.id, line));
        let mut fresh: Option<Known> = None;
        for _ in 0..TRIES {
            let plan = self.plan(how, said, fresh.as_ref().unwrap_or(known));
            let now = self.clock.now();
            let (written, came, codes) = match plan {
                Plan::Nothing(came, codes) => return Ok((came, codes)),
                Plan::Create(contact) => {
                    (self.writer.take_new(business, row, *contact, now).await, Came::Created, vec![])
                }
                Plan::Change { before, after, entries, codes } => {
                    let change = (before, *after);
                    let written = self.writer.take_into(business, row, change, &entries, now).await;
                    (written, Came::Updated, codes)
                }
            };
            match written {
                Ok(_) => return Ok((came, codes)),
                Err(NotSaved::TooLarge) => return Ok((Came::LeftOut, vec![Code::TooMuch])),
                Err(NotSaved::Store(error)) => return Err(error.into()),
                Err(NotSaved::Overtaken | NotSaved::Taken { .. }) => {}
            }
            // Another job has taken the row, or the contact is not what it was.
            let taken = self.reader.taken_rows(business, how.import.id, (line, line)).await?;
            if let Some(taken) = taken.get(&line) {
                return Ok((came_of(taken), vec![]));
            }
            fresh = Some(self.known(how, std::iter::once(said)).await?);
        }
        Err(JobError::new("contended", "a contact is changed over and over"))
    }
}

/// What is to be done for a row.
enum Plan<'k> {
    Create(Box<Contact>),
    Change { before: &'k Stored, after: Box<Contact>, entries: Vec<domain::contact::Entry>, codes: Vec<Code> },
    Nothing(Came, Vec<Code>),
}

const fn came_of(taken: &TakenRow) -> Came {
    if taken.before.is_some() { Came::Updated } else { Came::Created }
}

fn count(dealt: &[Dealt]) -> Counts {
    let of =
        |came: Came| u32::try_from(dealt.iter().filter(|row| row.came == came).count()).unwrap_or(u32::MAX);
    Counts {
        rows: u32::try_from(dealt.len()).unwrap_or(u32::MAX),
        created: of(Came::Created),
        updated: of(Came::Updated),
        unchanged: of(Came::Unchanged),
        left_out: of(Came::LeftOut),
        empty: of(Came::Empty),
        erased: u32::try_from(dealt.iter().filter(|row| row.is_erased()).count()).unwrap_or(u32::MAX),
        problems: 0,
    }
}

fn problems(dealt: &[Dealt], found: &Found) -> Vec<RowProblem> {
    let header = |place: usize| found.headers.get(place).map(|header| header.header.clone());
    let of = |dealt: &Dealt| {
        let line = dealt.line;
        let codes = dealt.codes.iter();
        codes
            .map(|(place, code)| RowProblem { line, column: place.and_then(header), code: *code })
            .collect::<Vec<_>>()
    };
    dealt.iter().flat_map(of).collect()
}
