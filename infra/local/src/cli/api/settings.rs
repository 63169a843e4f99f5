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
    /// Print the published settings, a channel's, or a revision, as TOML
    Show {
        /// A revision's number; without it, what is published
        #[arg(long, conflicts_with = "channel")]
        revision: Option<u32>,
        /// A settings channel
        #[arg(long, value_name = "NAME")]
        channel: Option<String>,
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
    /// Show what changed between two settings
    Diff {
        /// A revision's number, `draft`, `published`, or a settings channel
        from: String,
        /// A revision's number, `draft`, `published`, or a settings channel
        to: String,
    },
    /// List the revisions with their authors and notes
    Revisions,
    /// List the settings channels with their revisions
    Channels,
    /// Publish the draft
    Publish(Publish),
    /// Publish an earlier revision again
    Restore {
        /// The revision's number
        revision: u32,
        #[command(flatten)]
        publish: Publish,
    },
    /// Take a settings channel away; its revisions stay
    RemoveChannel {
        /// The channel's name
        #[arg(value_name = "NAME")]
        channel: String,
    },
    /// Throw the draft away
    Discard,
}

/// What is said about a publication, and where it holds.
#[derive(Debug, Default, Args, Serialize)]
pub(in crate::cli) struct Publish {
    /// What is new and why, for those who read the list of revisions
    #[arg(long)]
    pub(super) note: Option<String>,
    /// The settings channel to publish to; without it, for all numbers on none
    #[arg(long, value_name = "NAME")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) channel: Option<String>,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Prompt {
    /// inbound or outbound
    #[arg(long, default_value = "inbound")]
    channel: String,
    /// A revision; without it, what is published
    #[arg(long, conflicts_with = "number")]
    revision: Option<u32>,
    /// A number of the business: the settings of its calls
    #[arg(long)]
    number: Option<String>,
    /// One of the business's languages
    #[arg(long)]
    language: Option<String>,
}

pub(super) async fn run(client: &Client, command: Command) -> anyhow::Result<()> {
    match command {
        Command::Show { revision, channel } => {
            let path =
                revision.map_or_else(|| "/settings".to_owned(), |n| format!("/settings/revisions/{n}"));
            say(as_toml(client, &path, &[("channel", channel)]).await?)?;
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
        Command::Channels => {
            let answer = client.ask(Method::GET, "/settings/revisions")?.send().await?;
            client.list(&answer.body, "channels", &[("CHANNEL", "/channel"), ("REVISION", "/revision")])?;
        }
        Command::Publish(publish) => published(client, "/settings/publish", &publish).await?,
        Command::Restore { revision, publish } => {
            published(client, &format!("/settings/revisions/{revision}/restore"), &publish).await?;
        }
        Command::RemoveChannel { channel } => {
            let answer = client.ask(Method::DELETE, &format!("/settings/channels/{channel}"))?.send().await?;
            client.done(&answer.body, format_args!("there is no channel `{channel}` any more"))?;
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
pub(super) async fn published(client: &Client, path: &str, publish: &Publish) -> anyhow::Result<()> {
    let list = client.ask(Method::GET, "/settings/revisions")?.send().await?;
    let mut ask = client.ask(Method::POST, path)?.json(publish);
    if let Some(in_force) = in_force(&list.body, publish.channel.as_deref()) {
        ask = ask.header("if-match", format!("\"v{in_force}\""));
    }
    let answer = ask.send().await?;
    let (revision, channel) = (&answer.body["revision"], &answer.body["channel"]);
    let of = match channel.as_str() {
        None | Some("published") => String::new(),
        Some(channel) => format!(" of the numbers on `{channel}`"),
    };
    let line = format!("revision {revision} is in force for new calls{of} within half a minute");
    client.done(&answer.body, line)?;
    Ok(())
}

/// The revision to which a channel points.
fn in_force(list: &Value, channel: Option<&str>) -> Option<u64> {
    let Some(channel) = channel.filter(|channel| *channel != "published") else {
        return list["published"].as_u64();
    };
    list["channels"].as_array()?.iter().find(|one| one["channel"] == channel)?["revision"].as_u64()
}

pub(super) async fn prompt(client: &Client, wanted: Prompt) -> anyhow::Result<()> {
    let revision = wanted.revision.map(|revision| revision.to_string());
    let query = [
        ("channel", Some(wanted.channel)),
        ("revision", revision),
        ("number", wanted.number),
        ("language", wanted.language),
    ];
    let answer = client.ask(Method::GET, "/prompt")?.query(&query).send().await?;
    match answer.body["instructions"].as_str() {
        Some(instructions) => client.done(&answer.body, instructions)?,
        None => client.show(&answer.body)?,
    }
    Ok(())
}
