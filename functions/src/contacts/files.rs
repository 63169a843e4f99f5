//! Contacts in files: an import is uploaded, checked, run and undone; an export is written and fetched.
//!
//! Files are too long for a request, so they go to a bucket and come from one by links that are signed. What is done with
//! them is done by jobs, a slice at a time.

pub(super) mod api;
pub(super) mod exporting;
pub(super) mod importing;
mod shapes;
mod splitting;

use std::collections::BTreeMap;

use domain::BusinessId;
use domain::contact::import::{Import, ImportPhase};
use domain::contact::person_export::PersonExport;
use domain::contact::sheet::Code;
use domain::contact::{ExportId, ImportId};
use platform::objects::{ObjectError, Pieces, Upload};
use url::Url;

use crate::edge::parts::parts;
use crate::shared::file_bucket::{self, FileBucket};
use crate::shared::of_person::file_of;
use crate::shared::table_file::rows::FileRow;
use crate::shared::table_file::writing::CSV;

/// What there is to say of a row of an import.
pub(super) type RowProblem = file_bucket::RowProblem<Code>;

parts! {
    /// Where files of contacts lie. What is done with is deleted at once.
    pub(super) struct Files {
        bucket: FileBucket,
    }
}

impl Files {
    fn of_import(business: &BusinessId, import: ImportId) -> String {
        format!("imports/{business}/{import}")
    }

    fn file(business: &BusinessId, import: ImportId) -> String {
        format!("{}/file", Self::of_import(business, import))
    }

    /// What one check made of the file: a file that is checked again is read anew.
    fn rows(business: &BusinessId, import: &Import, slice: u32) -> String {
        let check = import.check.as_ref().map_or(0, |check| check.began_at.0);
        format!("{}/{check}/rows/{slice}", Self::of_import(business, import.id))
    }

    fn problems(business: &BusinessId, import: &Import, phase: ImportPhase, slice: u32) -> String {
        let check = import.check.as_ref().map_or(0, |check| check.began_at.0);
        format!("{}/{check}/{}/{slice}", Self::of_import(business, import.id), phase.as_str())
    }

    fn export(business: &BusinessId, export: ExportId) -> String {
        format!("exports/{business}/{export}")
    }

    /// A request by which the file of an import is put.
    pub(super) async fn link_to_put(
        &self,
        business: &BusinessId,
        import: &Import,
    ) -> Result<(Url, BTreeMap<String, String>), ObjectError> {
        self.bucket.link_to_put(&Self::file(business, import.id), import.bytes).await
    }

    /// A link to an export.
    pub(super) async fn link_to_get(
        &self,
        business: &BusinessId,
        export: ExportId,
    ) -> Result<Url, ObjectError> {
        self.bucket.link_to_get(&Self::export(business, export), "contacts.csv").await
    }

    /// A link to the archive of a person's export.
    pub(super) async fn link_to_person(
        &self,
        business: &BusinessId,
        export: &PersonExport,
    ) -> Result<Url, ObjectError> {
        let key = file_of(business, export.id, export.attempts);
        self.bucket.link_to_get(&key, &format!("{}.zip", export.id)).await
    }

    pub(super) async fn read_file(
        &self,
        business: &BusinessId,
        import: &Import,
    ) -> Result<Option<Pieces>, ObjectError> {
        self.bucket.read(&Self::file(business, import.id)).await
    }

    async fn put_rows(
        &self,
        business: &BusinessId,
        import: &Import,
        slice: u32,
        rows: &[FileRow],
    ) -> Result<(), ObjectError> {
        self.bucket.put(Self::rows(business, import, slice), rows).await
    }

    async fn get_rows(
        &self,
        business: &BusinessId,
        import: &Import,
        slice: u32,
    ) -> Result<Option<Vec<FileRow>>, ObjectError> {
        self.bucket.get(&Self::rows(business, import, slice)).await
    }

    pub(super) async fn put_problems(
        &self,
        business: &BusinessId,
        import: &Import,
        (phase, slice): (ImportPhase, u32),
        problems: &[RowProblem],
    ) -> Result<(), ObjectError> {
        self.bucket.put(Self::problems(business, import, phase, slice), problems).await
    }

    /// `None`: they are not kept any more.
    pub(super) async fn get_problems(
        &self,
        business: &BusinessId,
        import: &Import,
        (phase, slice): (ImportPhase, u32),
    ) -> Result<Option<Vec<RowProblem>>, ObjectError> {
        self.bucket.get(&Self::problems(business, import, phase, slice)).await
    }

    pub(super) fn begin_export(&self, business: &BusinessId, export: ExportId) -> Upload {
        self.bucket.upload(Self::export(business, export), CSV)
    }

    /// Deletes the file of an import and its rows: what persons are in it is nowhere else than in the contacts then.
    pub(super) async fn forget(&self, business: &BusinessId, import: &Import) -> Result<(), ObjectError> {
        for slice in 0..import.found.as_ref().map_or(0, |found| found.slices) {
            self.bucket.delete(&Self::rows(business, import, slice)).await?;
        }
        self.bucket.delete(&Self::file(business, import.id)).await
    }
}
