//! The requests and answers about settings.

use domain::Revision;
use domain::settings_check::{Finding, Severity};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use stores::businesses::RevisionNote;
use utoipa::{IntoParams, ToSchema};

use super::difference::Change;
use crate::edge::problem::Problem;
use crate::shared::shapes::Time;

const MAX_NOTE_CHARS: usize = 500;

/// Settings, whole: how a business's calls are conducted.
#[derive(ToSchema)]
#[schema(value_type = Object)]
#[expect(dead_code, reason = "it stands for the domain's settings in the document")]
pub(super) struct SettingsView(Value);

/// What a first draft is begun with.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Beginning {
    /// The language of the prompt to begin from, of a business that has published nothing: `en`, `de`, `fr`, `es`, `he`,
    /// `ar`, `it`, `pt`, `nl`, `pl`, `ru`, `tr`. English without it.
    #[param(nullable = false)]
    pub(super) language: Option<String>,
}

/// What the author says about a publication.
#[derive(Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = PublishNote, example = json!({"note": "new greeting"}))]
pub(super) struct Note {
    /// Shown in the list of revisions.
    #[schema(max_length = 500)]
    pub(super) note: Option<String>,
}

impl Note {
    pub(super) fn check(&self) -> Result<(), Problem> {
        match &self.note {
            Some(note) if note.chars().count() > MAX_NOTE_CHARS => {
                Err(Problem::invalid("/note", "length", format!("give {MAX_NOTE_CHARS} characters at most")))
            }
            Some(_) | None => Ok(()),
        }
    }
}

/// One thing that is wrong with settings, or likely a mistake.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Finding)]
struct FindingView {
    /// The field, a JSON pointer into the settings; empty: the whole.
    pointer: String,
    /// `error`: they cannot be published so; `warning`: they can.
    severity: &'static str,
    /// The word for programs.
    code: &'static str,
    /// What is wrong, and what to do.
    detail: String,
}

impl FindingView {
    fn new(finding: &Finding) -> Self {
        Self {
            pointer: finding.pointer.clone(),
            severity: match finding.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
            },
            code: finding.code,
            detail: finding.detail.clone(),
        }
    }
}

/// What a check of settings found, errors first.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SettingsCheck)]
pub(super) struct Findings {
    /// Whether they can be published.
    publishable: bool,
    findings: Vec<FindingView>,
}

impl Findings {
    pub(super) fn new(findings: &[Finding]) -> Self {
        Self {
            publishable: findings.iter().all(|finding| finding.severity != Severity::Error),
            findings: findings.iter().map(FindingView::new).collect(),
        }
    }
}

/// A publication.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Published {
    /// The new revision.
    revision: u32,
    /// What is likely a mistake in it.
    warnings: Vec<FindingView>,
}

impl Published {
    pub(super) fn new(revision: Revision, findings: &[Finding]) -> Self {
        Self { revision: revision.0, warnings: findings.iter().map(FindingView::new).collect() }
    }
}

/// Every revision, the first one first.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RevisionList {
    /// The one that calls run with.
    published: Option<u32>,
    revisions: Vec<RevisionView>,
}

/// One revision.
#[derive(Debug, Serialize, ToSchema)]
struct RevisionView {
    revision: u32,
    /// The key that published it; null: it was set up with the business.
    author: Option<String>,
    note: Option<String>,
    #[schema(value_type = Option<String>, format = DateTime)]
    published_at: Option<Time>,
}

impl RevisionList {
    pub(super) fn new(revisions: &[RevisionNote], published: Option<Revision>) -> Self {
        let view = |note: &RevisionNote| RevisionView {
            revision: note.revision.0,
            author: note.author.as_ref().map(ToString::to_string),
            note: note.note.clone(),
            published_at: note.published_at.map(Time),
        };
        Self {
            published: published.map(|revision| revision.0),
            revisions: revisions.iter().map(view).collect(),
        }
    }
}

/// Which two settings are compared.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct WhichTwo {
    /// A revision, or `draft`.
    #[param(pattern = "^(draft|[1-9][0-9]{0,8})$")]
    pub(super) from: String,
    /// A revision, or `draft`.
    #[param(pattern = "^(draft|[1-9][0-9]{0,8})$")]
    pub(super) to: String,
}

/// What changed, by area.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Differences {
    from: String,
    to: String,
    areas: Vec<AreaOfChange>,
}

/// The changes of one area, such as `prompts` or `voice`.
#[derive(Debug, Serialize, ToSchema)]
struct AreaOfChange {
    area: String,
    changes: Vec<ChangeView>,
}

/// One field that changed.
#[derive(Debug, Serialize, ToSchema)]
struct ChangeView {
    /// A JSON pointer into the settings.
    pointer: String,
    /// What it was; null: it was not there, or null.
    before: Option<Value>,
    /// What it is; null: it is not there any more, or null.
    after: Option<Value>,
}

impl Differences {
    pub(super) fn new(which: WhichTwo, changes: Vec<Change>) -> Self {
        let mut areas: Vec<AreaOfChange> = vec![];
        for Change { pointer, before, after } in changes {
            let area = pointer.split('/').nth(1).unwrap_or_default().to_owned();
            let change = ChangeView { pointer, before, after };
            match areas.last_mut() {
                Some(last) if last.area == area => last.changes.push(change),
                _ => areas.push(AreaOfChange { area, changes: vec![change] }),
            }
        }
        Self { from: which.from, to: which.to, areas }
    }
}
