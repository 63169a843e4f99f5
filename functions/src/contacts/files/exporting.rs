//! All contacts of a business are written into a file that reads back as they are.

use domain::BusinessId;
use domain::contact::ExportId;
use domain::contact::sheet::{cells, headers};
use platform::objects::ObjectError;
use stores::contacts::files::{Export, ExportState};
use stores::contacts::{Reader, Writer};

use super::Files;
use crate::edge::batch::JobError;
use crate::edge::parts::parts;
use crate::shared::table_file::writing::{MARK, written};

/// Contacts of one read.
const PAGE: u16 = 100;

parts! {
    /// Writes exports.
    pub(in super::super) struct Exporting {
        reader: Reader,
        writer: Writer,
        files: Files,
    }
}

impl Exporting {
    /// Writes an export. One that was cut off is begun anew; one that is there stays.
    pub(in super::super) async fn write(&self, business: &BusinessId, id: ExportId) -> Result<(), JobError> {
        let Some(mut export) = self.reader.file::<Export>(business, id).await? else { return Ok(()) };
        if export.state == ExportState::Done {
            return Ok(());
        }
        let (fields, pipeline) =
            tokio::try_join!(self.reader.fields(business), self.reader.pipeline(business))?;
        let (schema, pipeline) = (fields.value, pipeline.value);
        let mut upload = self.files.begin_export(business, id);
        let mut contacts = 0_u32;
        let written = async {
            upload.write(MARK).await?;
            upload.write(&line(std::iter::once(headers(&schema)))?).await?;
            let mut behind = None;
            loop {
                let page = self.reader.list(business, PAGE, behind, |_| true).await?;
                let rows = page.contacts.iter().map(|stored| cells(&stored.contact, &schema, &pipeline));
                upload.write(&line(rows)?).await?;
                contacts = contacts.saturating_add(u32::try_from(page.contacts.len()).unwrap_or(u32::MAX));
                behind = page.next;
                if behind.is_none() {
                    return Ok::<(), JobError>(());
                }
            }
        };
        if let Err(error) = written.await {
            upload.abort().await;
            return Err(error);
        }
        // If another job was first, its file is as good.
        let uploaded = upload.complete().await?;
        (export.state, export.contacts, export.bytes) = (ExportState::Done, contacts, uploaded.bytes);
        self.writer.save_file(business, &mut export).await?;
        Ok(())
    }
}

fn line(rows: impl Iterator<Item = Vec<String>>) -> Result<Vec<u8>, ObjectError> {
    written(rows).map_err(|error| ObjectError::Rejected { code: error.to_string() })
}
