//! Giving out all that is kept of one person: what is given, what is left out and why, and how far it is.
//!
//! An export and an [erasure](super::erasure) go by one list of owners of data, [`Step`]: of each owner it is said here whether
//! an export gives what it has. Workers that come at once, and those that come again, are kept apart by attempts: each attempt
//! writes a file of its own, and the one that is still the latest when its file is whole has written the export.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantArray};

use super::erasure::Step;
use super::{ContactId, PersonRequestId};
use crate::Timestamp;
use crate::access::KeyId;

/// How long one attempt may take: longer than the function that makes it runs.
pub const ATTEMPT: Duration = Duration::from_secs(15 * 60);
/// Attempts that are made before it is given up.
pub const MAX_ATTEMPTS: u32 = 5;
/// The most bytes of recordings and of what came with texts that one export has: what one attempt can copy. What is left out is
/// named, and can be fetched by itself.
pub const MAX_FILE_BYTES: u64 = 20 * 1024 * 1024 * 1024;
/// How long the file is kept.
pub const KEPT: Duration = Duration::from_secs(7 * 86_400);

/// Why something is not in an export.
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
pub enum LeftOut {
    /// It repeats for a while what other files of the export say.
    Copy,
    /// It is kept so that a merge or an import can be undone, for a month at most.
    Undo,
    /// It is of other people, too.
    Others,
    /// It is the log of what people and programs of the business did.
    Log,
    /// There is no file of it: it was deleted, was not kept, or is not there yet.
    NoFile,
    /// There is more than one export holds.
    TooMuch,
}

impl LeftOut {
    /// Every reason.
    pub const ALL: &[Self] = Self::VARIANTS;

    /// The word by which it is stored and shown.
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// What a reader of the report is told.
    pub const fn detail(self) -> &'static str {
        match self {
            Self::Copy => {
                "repeats for a while what other files here say, and is deleted by itself; hashes of numbers say nothing \
                 without the key of the deployment"
            }
            Self::Undo => {
                "is kept so that a merge can be undone, for a month at most: what the contact was before"
            }
            Self::Others => "is of other people too, and says nothing of the person that is not given here",
            Self::Log => "says what people and programs of the business did: who asked for what, and when",
            Self::NoFile => "has no file: it was deleted, was not kept, or is not there yet",
            Self::TooMuch => "is more than one export holds: it can be fetched by itself",
        }
    }
}

impl Step {
    /// Why an export leaves out what this owner has; `None`: it gives that.
    pub const fn left_out(self) -> Option<LeftOut> {
        match self {
            Self::Contact
            | Self::Recordings
            | Self::Messages
            | Self::Turns
            | Self::Transcripts
            | Self::Calls
            | Self::Events
            | Self::Texts
            | Self::Wishes
            | Self::DoNotCall
            | Self::Campaigns
            | Self::Leads
            | Self::Appointments => None,
            Self::Plans => Some(LeftOut::Copy),
            Self::Files => Some(LeftOut::Others),
            Self::Log => Some(LeftOut::Log),
        }
    }
}

/// What an export has of one owner of data.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportPart {
    /// How much is given: entries, calls, files.
    pub count: u64,
    /// How much is left out for each reason; 0: it is not counted.
    #[serde(default)]
    pub left_out: BTreeMap<LeftOut, u64>,
}

/// What an export has of each owner of data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ExportReport(pub BTreeMap<Step, ExportPart>);

impl Default for ExportReport {
    fn default() -> Self {
        let part = |step: &Step| {
            let left_out = step.left_out().map(|why| (why, 0)).into_iter().collect();
            (*step, ExportPart { count: 0, left_out })
        };
        Self(Step::ALL.iter().map(part).collect())
    }
}

impl ExportReport {
    /// Counts what is given.
    pub fn give(&mut self, step: Step, count: u64) {
        self.0.entry(step).or_default().count += count;
    }

    /// Counts what is left out.
    pub fn leave_out(&mut self, step: Step, why: LeftOut, count: u64) {
        *self.0.entry(step).or_default().left_out.entry(why).or_default() += count;
    }
}

/// How far an export of a person is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, IntoStaticStr, VariantArray)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum PersonExportState {
    /// It is being written.
    Writing,
    /// The file is there.
    Done,
    /// It was given up, or the contact is gone: ask for another one.
    Failed,
}

impl PersonExportState {
    /// Every state.
    pub const ALL: &[Self] = Self::VARIANTS;

    /// The word by which it is stored and shown.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// The file of an export.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportFile {
    /// Its length.
    pub bytes: u64,
    /// Hexadecimal.
    pub sha256: String,
    /// When it was written.
    pub at: Timestamp,
}

/// An export of all that is kept of one person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonExport {
    /// Its name, and when it was asked for.
    pub id: PersonRequestId,
    /// The contact.
    pub contact: ContactId,
    /// Every contact that is in it: this one, and those that went into it. An erasure of one of them erases the file.
    #[serde(default)]
    pub contacts: BTreeSet<ContactId>,
    /// The key with which it was asked for.
    pub by: KeyId,
    /// How far it is.
    pub state: PersonExportState,
    /// Attempts that were begun.
    #[serde(default)]
    pub attempts: u32,
    /// Until when the last one has it.
    #[serde(default)]
    pub until: Option<Timestamp>,
    /// What is in it.
    #[serde(default)]
    pub report: Option<ExportReport>,
    /// The file.
    #[serde(default)]
    pub file: Option<ExportFile>,
    /// Raised by every write.
    #[serde(default)]
    pub version: u64,
}

/// What a worker is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begin {
    /// Write the file, as this attempt.
    Attempt(u32),
    /// Another worker writes it; it has it until then.
    Busy(Timestamp),
    /// Nothing: it is over.
    Over,
}

impl PersonExport {
    /// A new one.
    pub fn new(id: PersonRequestId, contact: ContactId, by: KeyId) -> Self {
        Self {
            id,
            contact,
            contacts: [contact].into(),
            by,
            state: PersonExportState::Writing,
            attempts: 0,
            until: None,
            report: None,
            file: None,
            version: 0,
        }
    }

    /// What a worker is to do at `now`. An attempt counts once the export is written with it.
    pub fn begin(&mut self, now: Timestamp) -> Begin {
        if self.state != PersonExportState::Writing {
            return Begin::Over;
        }
        if let Some(until) = self.until.filter(|until| now < *until) {
            return Begin::Busy(until);
        }
        if self.attempts >= MAX_ATTEMPTS {
            self.fail();
            return Begin::Over;
        }
        self.attempts += 1;
        self.until = Some(now.plus(ATTEMPT));
        Begin::Attempt(self.attempts)
    }

    /// Ends the attempt without a file: another one may begin at once.
    pub fn let_go(&mut self) {
        self.until = None;
    }

    /// Gives it up.
    pub fn fail(&mut self) {
        (self.state, self.until) = (PersonExportState::Failed, None);
    }

    /// The file of the last attempt is the export.
    pub fn done(&mut self, report: ExportReport, file: ExportFile) {
        (self.state, self.until) = (PersonExportState::Done, None);
        (self.report, self.file) = (Some(report), Some(file));
    }

    /// When its file stops being there, if it is there at `now`.
    pub fn kept_until(&self, now: Timestamp) -> Option<Timestamp> {
        let until = self.file.as_ref()?.at.plus(KEPT);
        (self.state == PersonExportState::Done && now < until).then_some(until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_795_000_000);

    fn export() -> PersonExport {
        let by = KeyId::parse("abcd1234").unwrap();
        PersonExport::new(PersonRequestId::new(NOW, 2), ContactId::new(NOW, 1), by)
    }

    #[test]
    fn of_many_workers_one_writes() {
        let mut export = export();
        assert_eq!(export.begin(NOW), Begin::Attempt(1));
        assert_eq!(export.begin(NOW), Begin::Busy(NOW.plus(ATTEMPT)));
        let later = NOW.plus(ATTEMPT);
        assert_eq!(export.begin(later), Begin::Attempt(2), "the first one is taken for dead");
        export.let_go();
        assert_eq!(export.begin(later), Begin::Attempt(3), "it failed and said so");
        let file = ExportFile { bytes: 7, sha256: "00".into(), at: later };
        export.done(ExportReport::default(), file);
        assert_eq!(export.begin(later.plus(ATTEMPT)), Begin::Over);
        assert_eq!(export.kept_until(later), Some(later.plus(KEPT)));
        assert_eq!(export.kept_until(later.plus(KEPT)), None, "the bucket has dropped it");
    }

    #[test]
    fn what_never_succeeds_is_given_up() {
        let mut export = export();
        for attempt in 1..=MAX_ATTEMPTS {
            assert_eq!(export.begin(NOW), Begin::Attempt(attempt));
            export.let_go();
        }
        assert_eq!(export.begin(NOW), Begin::Over);
        assert_eq!((export.state, export.kept_until(NOW)), (PersonExportState::Failed, None));
    }

    #[test]
    fn the_report_names_every_owner_of_data() {
        let mut report = ExportReport::default();
        report.give(Step::Calls, 2);
        report.leave_out(Step::Recordings, LeftOut::NoFile, 1);
        assert!(Step::ALL.iter().all(|step| report.0.contains_key(step)));
        assert_eq!(report.0[&Step::Calls], ExportPart { count: 2, left_out: BTreeMap::new() });
        assert_eq!(report.0[&Step::Recordings].left_out[&LeftOut::NoFile], 1);
        assert_eq!(report.0[&Step::Log].left_out[&LeftOut::Log], 0);
    }
}
