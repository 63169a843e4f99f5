//! `switchboard business`.

use anyhow::{Context as _, ensure};
use clap::{Args, Subcommand};
use http::Method;
use serde::Serialize;

use super::client::Client;

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Command {
    /// List the businesses of the deployment
    List {
        /// Only those whose id or name contains this
        #[arg(long)]
        search: Option<String>,
        /// Only those of this standing: active, suspended, leaving
        #[arg(long)]
        standing: Option<String>,
    },
    /// Set a business up; it has no number and no settings yet
    Create(New),
    /// Show a business
    Show { id: String },
    /// Change a profile
    Change(Change),
    /// Have its calls refused politely
    Suspend {
        id: String,
        /// Why, for the operators
        #[arg(long)]
        reason: Option<String>,
    },
    /// Have it served again
    Resume { id: String },
    /// Delete it in 30 days; until then it can be resumed
    Delete {
        id: String,
        /// Say that it is meant
        #[arg(long)]
        yes: bool,
    },
}

#[derive(Debug, Args, Serialize)]
pub(in crate::cli) struct New {
    /// Its key in every path: lower-case letters, digits and hyphens
    id: String,
    /// Its name, as the agent says it
    #[arg(long)]
    name: String,
    /// IANA name of its time zone, such as Europe/Vienna
    #[arg(long)]
    time_zone: String,
    /// Calls that it may have at once
    #[arg(long)]
    max_concurrent_calls: Option<u16>,
    /// Where a call goes when no agent can be had, E.164
    #[arg(long)]
    fallback_number: Option<String>,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Change {
    id: String,
    #[command(flatten)]
    fields: Fields,
}

#[derive(Debug, Args, Serialize)]
struct Fields {
    /// Its name, as the agent says it
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// IANA name of its time zone
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    time_zone: Option<String>,
    /// Calls that it may have at once; for operators
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    max_concurrent_calls: Option<u16>,
    /// Where a call goes when no agent can be had, E.164
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    fallback_number: Option<String>,
}

#[derive(Serialize)]
struct Reason {
    reason: Option<String>,
}

fn path(id: &str) -> String {
    format!("/v1/businesses/{id}")
}

pub(super) async fn run(client: &Client, command: Command) -> anyhow::Result<()> {
    match command {
        Command::List { search, standing } => {
            let ask = client.ask_at(Method::GET, "/v1/businesses")?;
            let limit = Some("100".to_owned());
            let answer = ask.query(&[("q", search), ("standing", standing), ("limit", limit)]).send().await?;
            let columns = [("ID", "/id"), ("NAME", "/name"), ("STANDING", "/standing")];
            client.list(&answer.body, "businesses", &columns)?;
        }
        Command::Create(new) => {
            let answer = client.ask_at(Method::POST, "/v1/businesses")?.json(&new).send().await?;
            client.done(&answer.body, format_args!("{} is set up; give it a number and settings", new.id))?;
        }
        Command::Show { id } => {
            client.show(&client.ask_at(Method::GET, &path(&id))?.send().await?.body)?;
        }
        Command::Change(Change { id, fields }) => {
            let seen = client.ask_at(Method::GET, &path(&id))?.send().await?;
            let seen = seen.etag().context("the API tells no version of the profile")?;
            let ask = client.ask_at(Method::PATCH, &path(&id))?.header("if-match", seen);
            client.show(&ask.json(&fields).send().await?.body)?;
        }
        Command::Suspend { id, reason } => {
            let ask = client.ask_at(Method::POST, &format!("{}/suspend", path(&id)))?;
            let answer = ask.json(&Reason { reason }).send().await?;
            client.done(&answer.body, format_args!("{id} is suspended: its calls are refused politely"))?;
        }
        Command::Resume { id } => {
            let answer = client.ask_at(Method::POST, &format!("{}/resume", path(&id)))?.send().await?;
            client.done(&answer.body, format_args!("{id} is served again"))?;
        }
        Command::Delete { id, yes } => {
            ensure!(yes, "{id} would be deleted in 30 days: say --yes if that is meant");
            let answer = client.ask_at(Method::DELETE, &path(&id))?.send().await?;
            let gone_at = answer.body["gone_at"].as_str().unwrap_or_default().to_owned();
            client.done(&answer.body, format_args!("{id} is deleted at {gone_at}; resume it to keep it"))?;
        }
    }
    Ok(())
}
