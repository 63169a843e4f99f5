//! `switchboard settings` and `switchboard prompt`.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use http::Method;
use serde::Serialize;
use serde_json::Value;

use super::client::{Answer, Ask, Client};
use super::table;
use crate::cli::say;

const TOML: &str = "application/toml";
const JSON: &str = "application/json";

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Command {
    /// Print the published settings, or a revision, as TOML
    Show {
        /// A revision's number; without it, what is published
        #[arg(long)]
        revision: Option<u32>,
    },
    /// Print the draft as TOML; without one, what a draft is begun from
    Draft {
        /// The language of the prompt to begin from, of a business that has published nothing
        #[arg(long)]
        language: Option<String>,
    },
    /// Save a TOML or JSON file as the draft, and say what is wrong with it
    Save {
        /// Settings as TOML, or as JSON if its name ends so
        file: PathBuf,
    },
    /// Say what is wrong with a file, or with the draft; exits with an error if it cannot be published
    Validate {
        /// Settings as TOML or JSON; without it, the draft
        file: Option<PathBuf>,
    },
    /// Show what changed between two revisions; `draft` is one, too
    Diff {
        /// A revision's number, or `draft`
        from: String,
        /// A revision's number, or `draft`
        to: String,
    },
    /// List the revisions with their authors and notes
    Revisions,
    /// Publish the draft
    Publish {
        /// What is new, for those who read the list of revisions
        #[arg(long)]
        note: Option<String>,
    },
    /// Publish an earlier revision again
    Restore {
        /// The revision's number
        revision: u32,
        /// Why, for those who read the list of revisions
        #[arg(long)]
        note: Option<String>,
    },
    /// Throw the draft away
    Discard,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Prompt {
    /// inbound or outbound
    #[arg(long, default_value = "inbound")]
    channel: String,
    /// A revision; without it, what is published
    #[arg(long)]
    revision: Option<u32>,
    /// One of the business's languages
    #[arg(long)]
    language: Option<String>,
}

#[derive(Serialize)]
struct Note {
    note: Option<String>,
}

pub(super) async fn run(client: &Client, command: Command) -> anyhow::Result<()> {
    match command {
        Command::Show { revision } => {
            let path =
                revision.map_or_else(|| "/settings".to_owned(), |n| format!("/settings/revisions/{n}"));
            say(as_toml(client, &path, &[]).await?)?;
        }
        Command::Draft { language } => {
            say(as_toml(client, "/settings/draft", &[("language", language)]).await?)?;
        }
        Command::Save { file } => {
            let seen = client.ask(Method::GET, "/settings/draft")?.send().await?.etag();
            let mut ask = with_file(client.ask(Method::PUT, "/settings/draft")?, &file)?;
            if let Some(seen) = seen {
                ask = ask.header("if-match", seen);
            }
            findings(client, &ask.send().await?)?;
        }
        Command::Validate { file } => {
            let ask = client.ask(Method::POST, "/settings/validate")?;
            let ask = match &file {
                Some(file) => with_file(ask, file)?,
                None => ask,
            };
            let answer = ask.send().await?;
            findings(client, &answer)?;
            if answer.body["publishable"] != true {
                bail!("it cannot be published so");
            }
        }
        Command::Diff { from, to } => {
            let ask = client.ask(Method::GET, "/settings/diff")?;
            let answer = ask.query(&[("from", Some(from)), ("to", Some(to))]).send().await?;
            differences(client, &answer.body)?;
        }
        Command::Revisions => {
            let answer = client.ask(Method::GET, "/settings/revisions")?.send().await?;
            let columns = [
                ("REVISION", "/revision"),
                ("PUBLISHED", "/published_at"),
                ("AUTHOR", "/author"),
                ("NOTE", "/note"),
            ];
            client.list(&answer.body, "revisions", &columns)?;
        }
        Command::Publish { note } => published(client, "/settings/publish", note).await?,
        Command::Restore { revision, note } => {
            published(client, &format!("/settings/revisions/{revision}/restore"), note).await?;
        }
        Command::Discard => {
            let answer = client.ask(Method::DELETE, "/settings/draft")?.send().await?;
            client.done(&answer.body, "there is no draft any more")?;
        }
    }
    Ok(())
}

async fn as_toml(client: &Client, path: &str, query: &[(&str, Option<String>)]) -> anyhow::Result<String> {
    client.ask(Method::GET, path)?.query(query).header("accept", TOML).send_for_text().await
}

/// A file by its ending.
pub(super) fn with_file<'a>(ask: Ask<'a>, file: &Path) -> anyhow::Result<Ask<'a>> {
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let is_json = file.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("json"));
    Ok(ask.text(if is_json { JSON } else { TOML }, text))
}

fn findings(client: &Client, answer: &Answer) -> anyhow::Result<()> {
    let columns = [("SEVERITY", "/severity"), ("WHERE", "/pointer"), ("WHAT", "/detail")];
    client.list(&answer.body, "findings", &columns)?;
    Ok(())
}

fn differences(client: &Client, body: &Value) -> anyhow::Result<()> {
    let areas = body["areas"].as_array().map(Vec::as_slice).unwrap_or_default();
    let changes: Vec<Value> =
        areas.iter().flat_map(|area| area["changes"].as_array().into_iter().flatten()).cloned().collect();
    let columns = [("WHERE", "/pointer"), ("BEFORE", "/before"), ("AFTER", "/after")];
    client.done(body, table::of(Some(&changes), &columns))?;
    Ok(())
}

/// Publishes what `path` does, on the state that is in force now.
pub(super) async fn published(client: &Client, path: &str, note: Option<String>) -> anyhow::Result<()> {
    let list = client.ask(Method::GET, "/settings/revisions")?.send().await?;
    let mut ask = client.ask(Method::POST, path)?.json(&Note { note });
    if let Some(in_force) = list.body["published"].as_u64() {
        ask = ask.header("if-match", format!("\"v{in_force}\""));
    }
    let answer = ask.send().await?;
    let line = format!("revision {} is in force for new calls within half a minute", answer.body["revision"]);
    client.done(&answer.body, line)?;
    Ok(())
}

pub(super) async fn prompt(client: &Client, wanted: Prompt) -> anyhow::Result<()> {
    let revision = wanted.revision.map(|revision| revision.to_string());
    let query = [("channel", Some(wanted.channel)), ("revision", revision), ("language", wanted.language)];
    let answer = client.ask(Method::GET, "/prompt")?.query(&query).send().await?;
    match answer.body["instructions"].as_str() {
        Some(instructions) => client.done(&answer.body, instructions)?,
        None => client.show(&answer.body)?,
    }
    Ok(())
}
