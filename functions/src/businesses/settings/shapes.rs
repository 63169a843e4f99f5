//! The requests and answers about settings.

use domain::Revision;
use domain::numbers::{ChannelName, SettingsChannel};
use domain::settings_check::{Finding, Severity};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use stores::businesses::RevisionNote;
use utoipa::{IntoParams, ToSchema};

use super::difference::Change;
use crate::edge::api::schema;
use crate::edge::problem::Problem;
use crate::shared::shapes::Time;

const MAX_NOTE_CHARS: usize = 500;

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

/// The settings channel that is meant.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct OfChannel {
    /// A settings channel; what is published without it.
    #[param(value_type = Option<schema::SettingsChannel>, nullable = false)]
    channel: Option<String>,
}

impl OfChannel {
    pub(super) fn channel(&self) -> Result<SettingsChannel, Problem> {
        let channel = self.channel.as_deref().map(SettingsChannel::parse).transpose();
        channel.map(Option::unwrap_or_default).map_err(|error| Problem::bad_request(error.to_string()))
    }
}

/// What the author says about a publication, and where it is to hold.
#[derive(Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = PublishSettings, example = json!({"note": "new greeting"}))]
pub(super) struct Publish {
    /// Shown in the list of revisions.
    #[schema(max_length = 500)]
    note: Option<String>,
    /// The settings channel to publish to, which begins with the first publication; for all numbers on no channel
    /// without it.
    #[schema(value_type = Option<schema::SettingsChannel>)]
    channel: Option<String>,
}

impl Publish {
    pub(super) fn note(&self) -> Option<&str> {
        self.note.as_deref()
    }

    /// The channel, if everything is as it should be.
    pub(super) fn check(&self) -> Result<SettingsChannel, Problem> {
        if self.note.as_ref().is_some_and(|note| note.chars().count() > MAX_NOTE_CHARS) {
            let detail = format!("give {MAX_NOTE_CHARS} characters at most");
            return Err(Problem::invalid("/note", "length", detail));
        }
        let channel = self.channel.as_deref().map(SettingsChannel::parse).transpose();
        let channel = channel.map_err(|error| Problem::invalid("/channel", "channel", error.to_string()))?;
        Ok(channel.unwrap_or_default())
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
    /// The settings channel that it was published to; `published`: for all numbers on no channel.
    #[schema(value_type = schema::SettingsChannel)]
    channel: String,
    /// What is likely a mistake in it.
    warnings: Vec<FindingView>,
}

impl Published {
    pub(super) fn new(revision: Revision, channel: &SettingsChannel, findings: &[Finding]) -> Self {
        let warnings = findings.iter().map(FindingView::new).collect();
        Self { revision: revision.0, channel: channel.as_str().to_owned(), warnings }
    }
}

/// Every revision, the first one first.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RevisionList {
    /// The one that calls of numbers on no settings channel run with.
    published: Option<u32>,
    /// The settings channels, by name.
    channels: Vec<ChannelView>,
    revisions: Vec<RevisionView>,
}

/// A settings channel: calls of the numbers on it run with its revision.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SettingsChannelOfBusiness)]
struct ChannelView {
    #[schema(value_type = schema::SettingsChannel)]
    channel: String,
    revision: u32,
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
    pub(super) fn new(
        revisions: &[RevisionNote],
        published: Option<Revision>,
        channels: &[(ChannelName, Revision)],
    ) -> Self {
        let channel = |(name, revision): &(ChannelName, Revision)| ChannelView {
            channel: name.to_string(),
            revision: revision.0,
        };
        let view = |note: &RevisionNote| RevisionView {
            revision: note.revision.0,
            author: note.author.as_ref().map(ToString::to_string),
            note: note.note.clone(),
            published_at: note.published_at.map(Time),
        };
        Self {
            published: published.map(|revision| revision.0),
            channels: channels.iter().map(channel).collect(),
            revisions: revisions.iter().map(view).collect(),
        }
    }
}

/// Which two settings are compared.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct WhichTwo {
    /// A revision, `draft`, `published`, or a settings channel.
    #[param(pattern = "^([a-z][a-z0-9-]{0,31}|[1-9][0-9]{0,8})$")]
    pub(super) from: String,
    /// A revision, `draft`, `published`, or a settings channel.
    #[param(pattern = "^([a-z][a-z0-9-]{0,31}|[1-9][0-9]{0,8})$")]
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
