//! Imports and exports in requests and answers.

use std::collections::BTreeMap;

use domain::contact::import::{
    Counts, HeaderUse, Import, ImportOptions, ImportState, MAX_FILE_BYTES, Progress,
};
use domain::contact::sheet::{Code, DateOrder, HowToRead, Mode, Weight};
use domain::contact::{ExportId, ImportId};
use domain::numbering::Country;
use serde::{Deserialize, Serialize};
use stores::contacts::files::{Export, ExportState};
use utoipa::{IntoParams, ToSchema};

use super::RowProblem;
use crate::edge::api::schema;
use crate::edge::problem::{FieldError, Problem};
use crate::shared::file_bucket::LINK_TTL;
use crate::shared::shapes::Time;
use crate::shared::table_file::encoding::{is_delimiter, named};

/// A new import.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewContactImport, example = json!({ "bytes": 51_200, "mode": "fill", "country": "AT" }))]
pub(in super::super) struct NewImport {
    /// The length of the file; 64 MiB at most, and 50,000 rows.
    #[schema(minimum = 1, maximum = 67_108_864)]
    bytes: u64,
    /// What is done with contacts that are there already; `fill` without it.
    #[serde(default)]
    #[schema(value_type = schema::ImportModeChoice, required = false)]
    mode: Option<Mode>,
    /// The country of numbers without a country code, two capital letters.
    #[serde(default)]
    #[schema(max_length = 2)]
    country: Option<String>,
    /// The order of the parts of days with slashes.
    #[serde(default)]
    #[schema(value_type = Option<schema::DateOrderChoice>)]
    date_order: Option<DateOrder>,
    /// The encoding, such as `windows-1255`; without it, it is found out.
    #[serde(default)]
    #[schema(max_length = 40)]
    encoding: Option<String>,
    /// What parts the cells: `,`, `;`, a tab or `|`; without it, it is found out.
    #[serde(default)]
    #[schema(max_length = 1)]
    delimiter: Option<String>,
    /// What headers mean, where their words do not say it: `name`, `first_name`, `last_name`, `phone`, `email`, `whatsapp`,
    /// `whatsapp_parent`, `external`, `name_policy`, `language`, `time_zone`, `company`, `tags`, `owner`, `status`, `id`, or
    /// `field.` and the key of a field. Null leaves the column out.
    #[serde(default)]
    columns: BTreeMap<String, Option<String>>,
    /// Whether people who were erased are taken in again. Without it their rows are left out, and counted as `erased`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[schema(default = false)]
    take_erased: bool,
}

impl NewImport {
    /// Tells whether two requests ask for the same.
    pub(super) fn fingerprint(&self) -> String {
        serde_json::to_string(&("import", self)).unwrap_or_default()
    }

    /// What is asked for, and the length of the file.
    pub(super) fn read(self) -> Result<(ImportOptions, u64), Problem> {
        let mut errors = vec![];
        let mut wrong = |pointer: &str, code: &str, detail: String| {
            let (pointer, code) = (pointer.to_owned(), code.to_owned());
            errors.push(FieldError { pointer, code, detail });
        };
        if !(1..=MAX_FILE_BYTES).contains(&self.bytes) {
            wrong("/bytes", "range", format!("give the length of the file, 1 to {MAX_FILE_BYTES} bytes"));
        }
        let country = self.country.as_deref().map(Country::parse).transpose();
        let country = country.unwrap_or_else(|error| {
            wrong("/country", "unknown", error.to_string());
            None
        });
        if self.encoding.as_deref().is_some_and(|label| named(label).is_none()) {
            let detail = "give the name of an encoding, such as `utf-8`, `windows-1252` or `windows-1255`";
            wrong("/encoding", "unknown", detail.to_owned());
        }
        let delimiter = self.delimiter.as_ref().and_then(|text| text.chars().next());
        if self.delimiter.is_some() && !delimiter.is_some_and(is_delimiter) {
            wrong("/delimiter", "unknown", "give `,`, `;`, a tab or `|`".to_owned());
        }
        if self.columns.len() > domain::contact::sheet::MAX_COLUMNS {
            wrong("/columns", "length", "give 100 headers at most".to_owned());
        }
        if !errors.is_empty() {
            return Err(Problem::fields(errors));
        }
        let options = ImportOptions {
            mode: self.mode.unwrap_or_default(),
            how: HowToRead { country, date_order: self.date_order },
            encoding: self.encoding,
            delimiter,
            columns: self.columns,
            take_erased: self.take_erased,
        };
        Ok((options, self.bytes))
    }
}

/// A header of the file, and the column that it was taken for.
#[derive(Serialize, ToSchema)]
#[schema(as = ContactFileHeader)]
struct HeaderView<'a> {
    header: &'a str,
    /// Null: the column is left out.
    column: Option<&'a str>,
}

/// What was found in the file.
#[derive(Serialize, ToSchema)]
#[schema(as = ContactFileFound)]
struct FoundView<'a> {
    encoding: &'a str,
    /// Whether the encoding is a guess: the file has no mark, and is not UTF-8.
    encoding_guessed: bool,
    delimiter: char,
    headers: Vec<HeaderView<'a>>,
    /// The rows, without the one of the headers.
    rows: u32,
}

/// Why the file is refused.
#[derive(Serialize, ToSchema)]
#[schema(as = ContactFileRefusal)]
struct RefusedView<'a> {
    code: &'a str,
    detail: &'a str,
}

/// How far a check, a run or an undoing is.
#[derive(Serialize, ToSchema)]
#[schema(as = ContactImportProgress)]
struct ProgressView {
    began_at: Time,
    /// Null: it goes on.
    ended_at: Option<Time>,
    /// Rows that were looked at.
    rows: u32,
    /// New contacts; of a check: that a run would make; of an undoing: that were taken away.
    created: u32,
    /// Contacts that were changed; of an undoing: that are again what they were.
    updated: u32,
    /// Rows that bring nothing new.
    unchanged: u32,
    /// Rows that are left out, each with its reason among the problems; of an undoing: contacts that were changed since.
    left_out: u32,
    /// Empty rows.
    empty: u32,
    /// Rows of people who were erased, among those that are left out.
    erased: u32,
    /// What there is to say of cells and rows, all in all.
    problems: u32,
}

impl ProgressView {
    fn new(progress: &Progress) -> Self {
        let Counts { rows, created, updated, unchanged, left_out, empty, erased, problems } = progress.counts;
        let (began_at, ended_at) = (Time(progress.began_at), progress.ended_at.map(Time));
        Self { began_at, ended_at, rows, created, updated, unchanged, left_out, empty, erased, problems }
    }
}

/// Where the file goes.
#[derive(Serialize, ToSchema)]
#[schema(as = ContactFileUpload)]
pub(super) struct UploadView {
    /// Good for 15 minutes, once, for a file of the length that was said.
    #[schema(value_type = String, format = "uri")]
    url: String,
    #[schema(value_type = schema::UploadMethod)]
    method: &'static str,
    /// The request must have these headers.
    headers: BTreeMap<String, String>,
    expires_in_seconds: u64,
}

impl UploadView {
    pub(super) fn new(url: String, headers: BTreeMap<String, String>) -> Self {
        Self { url, method: "PUT", headers, expires_in_seconds: LINK_TTL.as_secs() }
    }
}

/// An import of contacts.
#[derive(Serialize, ToSchema)]
#[schema(as = ContactImport)]
pub(super) struct ImportView<'a> {
    #[schema(value_type = schema::ImportId)]
    id: ImportId,
    created_at: Time,
    #[schema(value_type = schema::ImportStateWord)]
    state: ImportState,
    #[schema(value_type = schema::ImportModeWord)]
    mode: Mode,
    /// Where the file goes; null once it is no longer waited for.
    upload: Option<UploadView>,
    /// Null until the file was read.
    file: Option<FoundView<'a>>,
    /// Null: the file is not refused.
    refused: Option<RefusedView<'a>>,
    check: Option<ProgressView>,
    run: Option<ProgressView>,
    undo: Option<ProgressView>,
}

impl<'a> ImportView<'a> {
    pub(super) fn new(import: &'a Import, upload: Option<UploadView>) -> Self {
        let header =
            |header: &'a HeaderUse| HeaderView { header: &header.header, column: header.column.as_deref() };
        let file = import.found.as_ref().map(|found| FoundView {
            encoding: &found.encoding,
            encoding_guessed: found.guessed,
            delimiter: found.delimiter,
            headers: found.headers.iter().map(header).collect(),
            rows: found.rows,
        });
        let refused = import.refused.as_ref();
        Self {
            id: import.id,
            created_at: Time(import.id.at()),
            state: import.state,
            mode: import.options.mode,
            upload,
            file,
            refused: refused.map(|refused| RefusedView { code: &refused.code, detail: &refused.detail }),
            check: import.check.as_ref().map(ProgressView::new),
            run: import.run.as_ref().map(ProgressView::new),
            undo: import.undo.as_ref().map(ProgressView::new),
        }
    }
}

/// The newest imports, the newest first; fifty at most.
#[derive(Serialize, ToSchema)]
#[schema(as = ContactImports)]
pub(super) struct ImportList<'a> {
    imports: Vec<ImportView<'a>>,
}

impl<'a> ImportList<'a> {
    pub(super) fn new(imports: &'a [Import]) -> Self {
        Self { imports: imports.iter().map(|import| ImportView::new(import, None)).collect() }
    }
}

/// The query of an import's problems. Unknown parameters are refused with 400.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in super::super) struct ListProblems {
    /// `next` of the page before.
    #[param(value_type = Option<schema::Cursor>, nullable = false)]
    pub(super) cursor: Option<String>,
}

/// Something about a row. It names the place and never what stands there.
#[derive(Serialize, ToSchema)]
#[schema(as = ContactImportProblem)]
struct ProblemView<'a> {
    /// The line in which the row begins, from 1.
    line: u32,
    /// The header of the column; null: it is of the row.
    column: Option<&'a str>,
    #[schema(value_type = schema::ImportProblemWord)]
    code: Code,
    /// What becomes of it: `row`, the row is left out; `cell`, the cell is; `note`, it is taken, in a way that is to be known.
    #[schema(value_type = schema::ImportWeightWord)]
    weight: Weight,
    detail: &'static str,
}

/// What there is to say of an import's rows, in their order.
#[derive(Serialize, ToSchema)]
#[schema(as = ContactImportProblems)]
pub(super) struct ProblemList<'a> {
    problems: Vec<ProblemView<'a>>,
    /// The cursor of the next page; null on the last one. A page may be empty and yet have a `next`.
    #[schema(value_type = Option<schema::Cursor>)]
    next: Option<String>,
}

impl<'a> ProblemList<'a> {
    pub(super) fn new(problems: &'a [RowProblem], next: Option<String>) -> Self {
        let view = |problem: &'a RowProblem| ProblemView {
            line: problem.line,
            column: problem.column.as_deref(),
            code: problem.code,
            weight: problem.code.weight(),
            detail: problem.code.detail(),
        };
        Self { problems: problems.iter().map(view).collect(), next }
    }
}

/// An export of all contacts.
#[derive(Serialize, ToSchema)]
#[schema(as = ContactExport)]
pub(super) struct ExportView {
    #[schema(value_type = schema::ExportId)]
    id: ExportId,
    created_at: Time,
    #[schema(value_type = schema::ExportStateWord)]
    state: ExportState,
    /// The contacts in it.
    contacts: u32,
    /// The length of the file.
    bytes: u64,
    /// Where the file is, for 15 minutes; null until it is written.
    #[schema(value_type = Option<String>, format = "uri")]
    url: Option<String>,
}

impl ExportView {
    pub(super) fn new(export: &Export, url: Option<String>) -> Self {
        let Export { id, state, contacts, bytes, .. } = *export;
        Self { id, created_at: Time(id.at()), state, contacts, bytes, url }
    }
}
