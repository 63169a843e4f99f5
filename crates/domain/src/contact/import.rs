//! An import of contacts: a file that is checked, then taken over row by row, and may be undone.
//!
//! The rows are worked off in slices. The import keeps which slice is next, so that each is counted once however often its
//! job runs, and so that work which was cut off goes on where it was.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantArray};

use super::ImportId;
use super::sheet::{HowToRead, Mode};
use crate::Timestamp;
use crate::access::KeyId;

/// The longest file, bytes.
pub const MAX_FILE_BYTES: u64 = 64 * 1024 * 1024;
/// The rows of a slice.
pub const SLICE_ROWS: u32 = 500;
/// How long a file waits to be uploaded, checked and run.
pub const FILE_KEPT: Duration = Duration::from_secs(24 * 60 * 60);
/// How long an import can be undone after its run.
pub const UNDO_IMPORT_FOR: Duration = Duration::from_secs(24 * 60 * 60);
/// How long an import and its counts are kept.
pub const IMPORT_KEPT: Duration = Duration::from_secs(90 * 24 * 60 * 60);

/// Behind the last line of every file.
const NO_LINE: u32 = 9_999_999;

/// How far an import is.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    IntoStaticStr,
    VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum ImportState {
    /// It waits for its file.
    Waiting,
    /// The file is read, and compared with the contacts that there are. Nothing is changed.
    Checking,
    /// The report of the check is there.
    Checked,
    /// The rows are taken over.
    Running,
    /// All rows are taken over or left out.
    Done,
    /// What it did is taken back.
    Undoing,
    /// What it did is taken back, apart from contacts that were changed since.
    Undone,
    /// The file cannot be read as contacts.
    Refused,
    /// It was ended before its run.
    Cancelled,
}

impl ImportState {
    /// Every state.
    pub const ALL: &[Self] = Self::VARIANTS;

    /// The word by which it is stored and shown.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// What the rows came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counts {
    /// Rows that were looked at.
    pub rows: u32,
    /// Contacts that are new; of an undoing: that were taken away.
    pub created: u32,
    /// Contacts that were changed; of an undoing: that are again what they were.
    pub updated: u32,
    /// Rows that brought nothing new.
    pub unchanged: u32,
    /// Rows that were left out, each with its reason; of an undoing: contacts that were changed since.
    pub left_out: u32,
    /// Empty rows.
    pub empty: u32,
    /// Rows of people who were erased, among those that were left out.
    #[serde(default)]
    pub erased: u32,
    /// What there is to say of cells and rows, all in all.
    pub problems: u32,
}

impl Counts {
    /// Both together.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self {
            rows: self.rows.saturating_add(other.rows),
            created: self.created.saturating_add(other.created),
            updated: self.updated.saturating_add(other.updated),
            unchanged: self.unchanged.saturating_add(other.unchanged),
            left_out: self.left_out.saturating_add(other.left_out),
            empty: self.empty.saturating_add(other.empty),
            erased: self.erased.saturating_add(other.erased),
            problems: self.problems.saturating_add(other.problems),
        }
    }
}

/// How far the work on an import is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// The slice that is next, from 0. An undoing goes from the last line to the first: what stands before this line is
    /// left.
    pub next: u32,
    /// What came of those before.
    pub counts: Counts,
    /// When it began.
    pub began_at: Timestamp,
    /// When it ended.
    #[serde(default)]
    pub ended_at: Option<Timestamp>,
}

impl Progress {
    /// A beginning.
    pub const fn new(now: Timestamp) -> Self {
        let counts = Counts {
            rows: 0,
            created: 0,
            updated: 0,
            unchanged: 0,
            left_out: 0,
            empty: 0,
            erased: 0,
            problems: 0,
        };
        Self { next: 0, counts, began_at: now, ended_at: None }
    }
}

/// What an import does, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, IntoStaticStr, VariantArray)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum ImportPhase {
    /// Says what a run would do.
    Check,
    /// Takes the rows over.
    Run,
    /// Takes back what the run did.
    Undo,
}

impl ImportPhase {
    /// The word by which it is stored and shown.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// A header and what it was taken for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeaderUse {
    /// As it stands in the file, its first 100 characters.
    pub header: String,
    /// The column; `None`: it is left out.
    pub column: Option<String>,
}

/// What was found in the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// The encoding, by its name.
    pub encoding: String,
    /// Whether that is a guess: the file has no mark, and is not UTF-8.
    pub guessed: bool,
    /// What parts the cells.
    pub delimiter: char,
    /// The headers.
    pub headers: Vec<HeaderUse>,
    /// The rows, empty ones among them.
    pub rows: u32,
    /// The slices that they were put into.
    pub slices: u32,
}

/// Why a file is no table of contacts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRefused {
    /// The word for programs.
    pub code: String,
    /// What would be right.
    pub detail: String,
}

/// What is asked for with an import.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ImportOptions {
    /// What is done with contacts that are there already.
    #[serde(default)]
    pub mode: Mode,
    /// How cells are read.
    #[serde(default)]
    pub how: HowToRead,
    /// The encoding, if the client says it.
    #[serde(default)]
    pub encoding: Option<String>,
    /// What parts the cells, if the client says it.
    #[serde(default)]
    pub delimiter: Option<char>,
    /// What headers mean; `None`: the column is left out.
    #[serde(default)]
    pub columns: BTreeMap<String, Option<String>>,
    /// Whether people who were erased are taken in again.
    #[serde(default)]
    pub take_erased: bool,
}

/// An import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Import {
    /// Its name.
    pub id: ImportId,
    /// The key with which it was asked for.
    pub by: KeyId,
    /// What is asked for.
    pub options: ImportOptions,
    /// The length of the file, bytes.
    pub bytes: u64,
    /// How far it is.
    pub state: ImportState,
    /// What was found in the file.
    #[serde(default)]
    pub found: Option<Found>,
    /// Why the file is refused.
    #[serde(default)]
    pub refused: Option<FileRefused>,
    /// The check.
    #[serde(default)]
    pub check: Option<Progress>,
    /// The run.
    #[serde(default)]
    pub run: Option<Progress>,
    /// Its undoing.
    #[serde(default)]
    pub undo: Option<Progress>,
    /// Raised by every write.
    #[serde(default)]
    pub version: u64,
}

/// Why an import does not take a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotNow {
    /// It is not in a state for it.
    #[error("the import is `{}`", .0.as_str())]
    State(ImportState),
    /// It is too long ago.
    #[error("it is too late for that")]
    TooLate,
}

impl Import {
    /// An import that waits for its file.
    pub fn new(id: ImportId, by: KeyId, options: ImportOptions, bytes: u64) -> Self {
        Self {
            id,
            by,
            options,
            bytes,
            state: ImportState::Waiting,
            found: None,
            refused: None,
            check: None,
            run: None,
            undo: None,
            version: 0,
        }
    }

    /// Begins a phase. `Ok(false)`: it has begun already. A check can be repeated, also after one that was refused for its
    /// columns, as long as the file is kept.
    ///
    /// # Errors
    /// [`NotNow`].
    pub fn begin(&mut self, phase: ImportPhase, now: Timestamp) -> Result<bool, NotNow> {
        use ImportState as State;
        let kept = now.since(self.id.at()) < FILE_KEPT;
        match (phase, self.state) {
            (ImportPhase::Check, State::Waiting | State::Checked | State::Refused) if kept => {
                (self.found, self.refused) = (None, None);
                self.check = Some(Progress::new(now));
                self.state = State::Checking;
            }
            (ImportPhase::Run, State::Checked) if kept => {
                self.run = Some(Progress::new(now));
                self.state = State::Running;
            }
            (ImportPhase::Undo, State::Done) => {
                let ended = self.run.as_ref().and_then(|run| run.ended_at);
                if ended.is_none_or(|ended| now.since(ended) > UNDO_IMPORT_FOR) {
                    return Err(NotNow::TooLate);
                }
                self.undo = Some(Progress { next: NO_LINE, ..Progress::new(now) });
                self.state = State::Undoing;
            }
            (ImportPhase::Check, State::Checking)
            | (ImportPhase::Run, State::Running | State::Done)
            | (ImportPhase::Undo, State::Undoing | State::Undone) => return Ok(false),
            (ImportPhase::Check, State::Waiting | State::Checked | State::Refused)
            | (ImportPhase::Run, State::Checked) => return Err(NotNow::TooLate),
            (_, state) => return Err(NotNow::State(state)),
        }
        Ok(true)
    }

    /// The phase in which work is to be done.
    pub const fn phase(&self) -> Option<ImportPhase> {
        match self.state {
            ImportState::Checking => Some(ImportPhase::Check),
            ImportState::Running => Some(ImportPhase::Run),
            ImportState::Undoing => Some(ImportPhase::Undo),
            ImportState::Waiting
            | ImportState::Checked
            | ImportState::Done
            | ImportState::Undone
            | ImportState::Refused
            | ImportState::Cancelled => None,
        }
    }

    /// How far the work of the present phase is.
    pub const fn progress(&self) -> Option<&Progress> {
        match self.phase() {
            Some(ImportPhase::Check) => self.check.as_ref(),
            Some(ImportPhase::Run) => self.run.as_ref(),
            Some(ImportPhase::Undo) => self.undo.as_ref(),
            None => None,
        }
    }

    /// Notes that the work is done up to `next`, and what came of it. `done`: nothing is left to do.
    pub fn worked(&mut self, next: u32, counts: Counts, done: bool, now: Timestamp) {
        let (progress, after) = match self.state {
            ImportState::Checking => (&mut self.check, ImportState::Checked),
            ImportState::Running => (&mut self.run, ImportState::Done),
            ImportState::Undoing => (&mut self.undo, ImportState::Undone),
            _ => return,
        };
        let Some(progress) = progress else { return };
        progress.next = next;
        progress.counts = progress.counts.and(counts);
        if done {
            progress.ended_at = Some(now);
            self.state = after;
        }
    }

    /// Notes that the file is no table of contacts.
    pub fn refuse(&mut self, refused: FileRefused, now: Timestamp) {
        self.refused = Some(refused);
        self.state = ImportState::Refused;
        if let Some(check) = &mut self.check {
            check.ended_at = Some(now);
        }
    }

    /// Whether a file of it may lie in the store.
    pub const fn has_file(&self) -> bool {
        !matches!(
            self.state,
            ImportState::Done | ImportState::Undoing | ImportState::Undone | ImportState::Cancelled
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_795_179_909_000);

    fn import() -> Import {
        let by = KeyId::parse("abcdefgh").unwrap();
        Import::new(ImportId::new(NOW, 1), by, ImportOptions::default(), 10)
    }

    fn counts(rows: u32) -> Counts {
        Counts { rows, created: rows, ..Counts::default() }
    }

    #[test]
    fn an_import_is_checked_then_run_then_undone() {
        let mut import = import();
        assert_eq!(import.begin(ImportPhase::Run, NOW), Err(NotNow::State(ImportState::Waiting)));
        assert_eq!(import.begin(ImportPhase::Check, NOW), Ok(true));
        assert_eq!(import.begin(ImportPhase::Check, NOW), Ok(false), "it has begun");
        import.worked(1, counts(500), false, NOW);
        import.worked(2, counts(20), true, NOW);
        let check = import.check.unwrap();
        assert_eq!(
            (import.state, check.counts, check.ended_at),
            (ImportState::Checked, counts(520), Some(NOW))
        );
        assert_eq!(import.begin(ImportPhase::Run, NOW), Ok(true));
        import.worked(2, counts(520), true, NOW);
        assert_eq!(import.begin(ImportPhase::Run, NOW), Ok(false), "it is done");
        assert_eq!(import.begin(ImportPhase::Check, NOW), Err(NotNow::State(ImportState::Done)));
        assert!(!import.has_file());
        let late = NOW.plus(UNDO_IMPORT_FOR + Duration::from_millis(1));
        assert_eq!(import.begin(ImportPhase::Undo, late), Err(NotNow::TooLate));
        assert_eq!(import.begin(ImportPhase::Undo, NOW.plus(UNDO_IMPORT_FOR)), Ok(true));
        import.worked(520, counts(520), true, NOW);
        assert_eq!(import.begin(ImportPhase::Undo, NOW), Ok(false));
        assert_eq!(import.state, ImportState::Undone);
    }

    #[test]
    fn a_file_that_was_refused_is_checked_again_as_long_as_it_is_kept() {
        let mut import = import();
        import.begin(ImportPhase::Check, NOW).unwrap();
        import.refuse(FileRefused { code: "no_person".into(), detail: String::new() }, NOW);
        assert_eq!(import.begin(ImportPhase::Run, NOW), Err(NotNow::State(ImportState::Refused)));
        assert_eq!(import.begin(ImportPhase::Check, NOW.plus(FILE_KEPT)), Err(NotNow::TooLate));
        assert_eq!(import.begin(ImportPhase::Check, NOW), Ok(true));
        assert_eq!(import.refused, None);
    }
}
