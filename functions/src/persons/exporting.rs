//! Gives out all that is kept of one person: an archive in the bucket of files, written in one go by one worker at a time.
//!
//! An attempt is begun by a write under the version that was read, so of many workers one begins it; it writes a file of its own,
//! and counts if the export is still as it left it when the file is whole. One that comes too late, or whose export was
//! erased meanwhile, takes its own file away again. Nothing that it reads is changed.

use domain::BusinessId;
use domain::contact::PersonRequestId;
use domain::contact::erasure::Trace;
use domain::contact::person_export::{Begin, ExportFile, ExportReport, PersonExport};
use platform::Clock;
use platform::objects::Objects;
use stores::contacts::{PersonExports, Stored};

use super::whose::Finder;
use crate::edge::QueueFunction;
use crate::edge::batch::{Delivery, JobError};
use crate::edge::inbox::Inbox;
use crate::edge::parts::{Needs, Opener, Part, parts};
use crate::jobs::PersonExportJob;
use crate::shared::file_bucket::FileBucket;
use crate::shared::of_person::{About, Bag, OfPerson, Person, file_of};

const ZIP: &str = "application/zip";

parts! {
    struct Tools {
        clock: Clock,
        finder: Finder,
        rows: PersonExports,
        objects: Objects,
        exports: FileBucket,
        inbox: Inbox<PersonExportJob>,
    }
}

/// Exports persons with what all features give of them.
pub(crate) struct Exporter<S> {
    tools: Tools,
    sources: S,
}

impl<S: Part + 'static> Part for Exporter<S> {
    fn declare(needs: &mut Needs<'_>) -> Opener<Self> {
        let (tools, sources) = (Tools::declare(needs), S::declare(needs));
        Box::new(move |deployment| Ok(Self { tools: tools(deployment)?, sources: sources(deployment)? }))
    }
}

impl<S: OfPerson> QueueFunction for Exporter<S> {
    const NAME: &'static str = "person-export";

    type Job = PersonExportJob;

    fn inbox(&self) -> &Inbox<PersonExportJob> {
        &self.tools.inbox
    }

    async fn handle(&self, job: PersonExportJob, _: Delivery) -> Result<(), JobError> {
        match job {
            PersonExportJob::Export { business, export } => Box::pin(self.export(&business, export)).await,
        }
    }
}

impl<S: OfPerson> Exporter<S> {
    async fn export(&self, business: &BusinessId, id: PersonRequestId) -> Result<(), JobError> {
        let Tools { clock, finder, rows, .. } = &self.tools;
        let Some(mut export) = finder.contacts.file::<PersonExport>(business, id).await? else {
            return Ok(());
        };
        let was = export.state;
        let attempt = match export.begin(clock.now()) {
            Begin::Busy(until) => return Err(JobError::in_progress(until)),
            Begin::Over => {
                // It is given up in this moment.
                if export.state != was {
                    rows.save(business, &mut export).await?;
                }
                return Ok(());
            }
            Begin::Attempt(attempt) => attempt,
        };
        let stored = finder.contacts.one(business, export.contact).await?;
        let Some(stored) = stored else {
            export.fail();
            rows.save(business, &mut export).await?;
            return Ok(());
        };
        export.contacts.extend(stored.contact.all_ids());
        if !rows.save(business, &mut export).await? {
            // Another worker begins it in this moment, or it was erased.
            return Err(JobError::new("changed", "another worker has begun it"));
        }
        let written = Box::pin(self.write(business, (&export, &stored), attempt)).await;
        let (report, file) = match written {
            Ok(written) => written,
            Err(error) => {
                export.let_go();
                if let Err(error) = rows.save(business, &mut export).await {
                    tracing::warn!(%error, %business, export = %id, "an attempt that failed is waited for");
                }
                return Err(error);
            }
        };
        export.done(report, file);
        let kept = rows.save(business, &mut export).await;
        // It may be kept all the same, if the answer was lost.
        let is_kept = matches!(kept, Ok(true)) || {
            let now_is = finder.contacts.file::<PersonExport>(business, id).await?;
            now_is.is_some_and(|now_is| now_is.file == export.file)
        };
        // Files of attempts that died behind their upload, or this one's, which came too late.
        let (first, end) = if is_kept { (1, attempt) } else { (attempt, attempt + 1) };
        for attempt in first..end {
            self.tools.exports.delete(&file_of(business, id, attempt)).await?;
        }
        if is_kept {
            tracing::info!(%business, export = %id, "a person was exported");
            return Ok(());
        }
        kept.map(drop).map_err(JobError::from)
    }

    /// Writes the file of an attempt.
    async fn write(
        &self,
        business: &BusinessId,
        (export, stored): (&PersonExport, &Stored),
        attempt: u32,
    ) -> Result<(ExportReport, ExportFile), JobError> {
        let Tools { clock, finder, objects, exports, .. } = &self.tools;
        let mut trace = Trace::default();
        trace.learn(&stored.contact);
        finder.gather(business, (stored.contact.id, export.id.at()), &mut trace).await?;
        let key = file_of(business, export.id, attempt);
        let upload = exports.upload(key, ZIP);
        let mut bag = Bag::new(upload, objects.clone(), S::STEPS);
        let person = Person { business, stored, trace: &trace };
        if let Err(error) = self.sources.give(&person, &mut bag).await {
            Box::pin(bag.abort()).await;
            return Err(error);
        }
        let about = About { export: export.id, contact: export.contact, now: clock.now() };
        let (report, uploaded) = Box::pin(bag.finish(&about)).await?;
        let file = ExportFile { bytes: uploaded.bytes, sha256: uploaded.sha256, at: about.now };
        Ok((report, file))
    }
}
