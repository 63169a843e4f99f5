//! The file of an export of one person: a zip archive that is sent as it is made. No more is held in memory than one part of an
//! upload, one entry, and the names of the files.

use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use domain::Timestamp;
use domain::contact::erasure::Step;
use domain::contact::person_export::{ExportReport, LeftOut, MAX_FILE_BYTES};
use domain::contact::{ContactId, PersonRequestId};
use platform::objects::{ObjectError, Objects, Upload, Uploaded};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use zip::write::{SimpleFileOptions, StreamWriter};
use zip::{CompressionMethod, ZipWriter};

use crate::edge::batch::JobError;
use crate::shared::shapes::Time;

/// Names the shape of the manifest and of the files: raised by a change that a reader has to know of.
const SCHEMA: &str = "switchboard-person/1";
/// What a person is told who opens the archive.
const README: &str = "\
All that is kept of one person, as it was when this archive was written.

manifest.json    what is in here, file by file, and what is left out and why
contact.json     who the person is, and what is known of them and on what it stands
timeline.json    what happened, the newest first, with notes; tasks.json what is to be done
calls/           each call: what was said, the final transcript and its earlier versions, what it came to, its recordings
messages.json    what the person left with the agent
threads/         texts in both directions, with what came with them
consent.json     whether the person wants texts; do-not-call.json whether calls
appointments.json, campaigns.json, leads.json    what was booked, whom campaigns call, and forms that the person filled in
events.json      what the business was told of calls and threads

The files are JSON in UTF-8 in the shape of the API (GET /v1/openapi.json describes it): times are in UTC, lengths of time
in milliseconds where the name ends in _ms. Recordings are WAV files.
";

/// What the archive writes, until it is sent.
#[derive(Clone, Default)]
struct Spool(Arc<Mutex<Vec<u8>>>);

impl Spool {
    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Write for Spool {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// What an archive is about.
pub(crate) struct About {
    pub(crate) export: PersonRequestId,
    pub(crate) contact: ContactId,
    pub(crate) now: Timestamp,
}

/// A file of the archive.
#[derive(Serialize)]
struct FileEntry {
    name: String,
    /// Whose data it is.
    part: Step,
    bytes: u64,
    sha256: String,
}

#[derive(Serialize)]
struct LeftOutEntry {
    why: LeftOut,
    detail: &'static str,
    /// Null: it is not counted.
    count: Option<u64>,
}

#[derive(Serialize)]
struct PartEntry {
    part: Step,
    count: u64,
    left_out: Vec<LeftOutEntry>,
}

/// What is in the archive.
#[derive(Serialize)]
struct Manifest<'a> {
    schema: &'static str,
    export: PersonRequestId,
    contact: ContactId,
    asked_at: Time,
    written_at: Time,
    parts: Vec<PartEntry>,
    files: &'a [FileEntry],
}

/// A file that is being written.
struct Open {
    name: String,
    step: Step,
    hash: Sha256,
    bytes: u64,
}

/// The archive.
pub(crate) struct Bag {
    /// Large, and held over many waits.
    zip: Box<ZipWriter<StreamWriter<Spool>>>,
    spool: Spool,
    upload: Upload,
    /// Where recordings lie, and what came with texts.
    objects: Objects,
    /// The owners that give something.
    steps: &'static [Step],
    open: Option<Open>,
    entries: u64,
    copied: u64,
    report: ExportReport,
    files: Vec<FileEntry>,
}

fn broken(error: impl std::fmt::Display) -> JobError {
    JobError::new("archive", error)
}

impl Bag {
    pub(crate) fn new(upload: Upload, objects: Objects, steps: &'static [Step]) -> Self {
        let spool = Spool::default();
        Self {
            zip: Box::new(ZipWriter::new_stream(spool.clone())),
            spool,
            upload,
            objects,
            steps,
            open: None,
            entries: 0,
            copied: 0,
            report: ExportReport::default(),
            files: vec![],
        }
    }

    /// A file of one value, with how much it counts for its owner.
    pub(crate) async fn file<T: Serialize + Sync>(
        &mut self,
        step: Step,
        name: String,
        count: u64,
        value: &T,
    ) -> Result<(), JobError> {
        self.begin(step, name, false)?;
        let json = serde_json::to_vec_pretty(value).map_err(broken)?;
        self.write(&json).await?;
        self.report.give(step, count);
        self.end().await
    }

    /// Begins a file of a list, as the API has it: an object with one field.
    pub(crate) async fn list(&mut self, step: Step, name: String, field: &str) -> Result<(), JobError> {
        self.begin(step, name, false)?;
        self.entries = 0;
        self.write(format!("{{\n\"{field}\": [").as_bytes()).await
    }

    /// The next entry of the list.
    pub(crate) async fn entry<T: Serialize + Sync>(&mut self, value: &T) -> Result<(), JobError> {
        let mut json = if self.entries == 0 { b"\n".to_vec() } else { b",\n".to_vec() };
        serde_json::to_writer_pretty(&mut json, value).map_err(broken)?;
        self.entries += 1;
        self.write(&json).await
    }

    /// Ends the list. Each entry counts.
    pub(crate) async fn end_list(&mut self) -> Result<(), JobError> {
        self.write(b"\n]\n}\n").await?;
        if let Some(open) = &self.open {
            self.report.give(open.step, self.entries);
        }
        self.end().await
    }

    /// An object of the bucket of recordings, as it is. What is not there, and what is too much, is left out and counted so.
    pub(crate) async fn object(
        &mut self,
        step: Step,
        name: String,
        (key, bytes): (&str, u64),
    ) -> Result<(), JobError> {
        if self.copied.saturating_add(bytes) > MAX_FILE_BYTES {
            self.report.leave_out(step, LeftOut::TooMuch, 1);
            return Ok(());
        }
        let mut pieces = match self.objects.read(key).await {
            Ok(pieces) => pieces,
            Err(ObjectError::NotFound) => {
                self.report.leave_out(step, LeftOut::NoFile, 1);
                return Ok(());
            }
            Err(error) => return Err(error.into()),
        };
        self.begin(step, name, true)?;
        while let Some(piece) = pieces.next().await? {
            self.copied = self.copied.saturating_add(u64::try_from(piece.len()).unwrap_or(u64::MAX));
            self.write(&piece).await?;
        }
        self.report.give(step, 1);
        self.end().await
    }

    /// Counts what is given in a file of another owner.
    pub(crate) fn count(&mut self, step: Step, count: u64) {
        self.report.give(step, count);
    }

    /// Counts what is left out.
    pub(crate) fn leave_out(&mut self, step: Step, why: LeftOut, count: u64) {
        if count > 0 {
            self.report.leave_out(step, why, count);
        }
    }

    /// Says that something may be left out that is not counted.
    pub(crate) fn may_lack(&mut self, step: Step, why: LeftOut) {
        self.report.leave_out(step, why, 0);
    }

    /// Writes what is in the archive, and ends it.
    pub(crate) async fn finish(mut self, about: &About) -> Result<(ExportReport, Uploaded), JobError> {
        match self.close(about).await {
            Ok(()) => Ok((self.report, self.upload.complete().await?)),
            Err(error) => {
                self.upload.abort().await;
                Err(error)
            }
        }
    }

    /// Gives the archive up.
    pub(crate) async fn abort(self) {
        self.upload.abort().await;
    }

    async fn close(&mut self, about: &About) -> Result<(), JobError> {
        let part = |(step, part): (&Step, &domain::contact::person_export::ExportPart)| PartEntry {
            part: *step,
            count: part.count,
            left_out: part
                .left_out
                .iter()
                .map(|(why, count)| LeftOutEntry {
                    why: *why,
                    detail: why.detail(),
                    count: (*count > 0).then_some(*count),
                })
                .collect(),
        };
        let manifest = Manifest {
            schema: SCHEMA,
            export: about.export,
            contact: about.contact,
            asked_at: Time(about.export.at()),
            written_at: Time(about.now),
            parts: self.report.0.iter().map(part).collect(),
            files: &self.files,
        };
        let manifest = serde_json::to_vec_pretty(&manifest).map_err(broken)?;
        for (name, bytes) in [("manifest.json", manifest.as_slice()), ("README.txt", README.as_bytes())] {
            self.zip.start_file(name, options(false)).map_err(broken)?;
            self.zip.write_all(bytes).map_err(broken)?;
        }
        let zip = std::mem::replace(&mut *self.zip, ZipWriter::new_stream(Spool::default()));
        zip.finish().map_err(broken)?;
        self.send().await
    }

    fn begin(&mut self, step: Step, name: String, is_long: bool) -> Result<(), JobError> {
        if !self.steps.contains(&step) {
            return Err(broken("something is given of an owner that is not named"));
        }
        self.zip.start_file(name.as_str(), options(is_long)).map_err(broken)?;
        self.open = Some(Open { name, step, hash: Sha256::new(), bytes: 0 });
        Ok(())
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<(), JobError> {
        if let Some(open) = &mut self.open {
            open.hash.update(bytes);
            open.bytes += u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        }
        self.zip.write_all(bytes).map_err(broken)?;
        self.send().await
    }

    async fn end(&mut self) -> Result<(), JobError> {
        if let Some(Open { name, step, hash, bytes }) = self.open.take() {
            let sha256 = hex::encode(hash.finalize());
            self.files.push(FileEntry { name, part: step, bytes, sha256 });
        }
        self.send().await
    }

    async fn send(&mut self) -> Result<(), JobError> {
        let bytes = self.spool.take();
        Ok(self.upload.write(&bytes).await?)
    }
}

/// The archive says nothing of when its files were written: that is in the manifest. A long file may have more than four
/// gigabytes.
fn options(is_long: bool) -> SimpleFileOptions {
    SimpleFileOptions::default().compression_method(CompressionMethod::Deflated).large_file(is_long)
}
