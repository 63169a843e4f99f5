//! `switchboard endpoints`: where a business is told what happened.

use anyhow::Context as _;
use clap::{Args, Subcommand};
use http::Method;
use serde::Serialize;

use super::client::Client;
use crate::cli::say;

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Command {
    /// List endpoints
    List,
    /// Make an endpoint, and show its secret, once
    Add(Add),
    /// Take an endpoint away
    Remove {
        /// Its id, as `list` shows it
        id: String,
    },
    /// Let an endpoint be told again that was disabled
    Enable {
        /// Its id, as `list` shows it
        id: String,
    },
    /// List events on their way to an endpoint, the latest first
    Deliveries(Deliveries),
    /// Send an event to an endpoint once more
    Resend {
        /// The endpoint, as `list` shows it
        id: String,
        /// The delivery, as `deliveries` shows it
        delivery: u64,
    },
    /// Send an endpoint again what it did not take since a moment
    Recover {
        /// The endpoint, as `list` shows it
        id: String,
        /// Since when, such as 2026-12-03T00:00:00Z
        since: String,
    },
    /// Send an endpoint a test event, to see whether it takes it
    Test {
        /// Its id, as `list` shows it
        id: String,
    },
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Add {
    /// Its address, https
    address: String,
    /// A type of events that it is told of, `call.*` for all that begin so; all without it. It may be said again
    #[arg(long = "type", value_name = "TYPE")]
    types: Vec<String>,
    /// What people call it
    #[arg(long, default_value = "")]
    description: String,
    /// Names the request: the same key makes one endpoint, however often it is sent
    #[arg(long = "idempotency-key", value_name = "KEY")]
    once: Option<String>,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Deliveries {
    /// The endpoint, as `list` shows it
    id: String,
    /// Deliveries to list at most
    #[arg(long, default_value_t = 25, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
    /// List all of them, not the newest page alone
    #[arg(long, conflicts_with = "limit")]
    all: bool,
}

#[derive(Serialize)]
struct New<'a> {
    url: &'a str,
    description: &'a str,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    types: &'a [String],
}

#[derive(Serialize)]
struct Change {
    enabled: bool,
}

#[derive(Serialize)]
struct Recovery<'a> {
    since: &'a str,
}

pub(super) async fn run(client: &Client, command: Command) -> anyhow::Result<()> {
    match command {
        Command::List => list(client).await,
        Command::Add(wanted) => add(client, &wanted).await,
        Command::Remove { id } => {
            let (path, version) = seen(client, &id).await?;
            client.ask(Method::DELETE, &path)?.header("if-match", version).send().await?;
            Ok(say(format!("{id} is gone"))?)
        }
        Command::Enable { id } => {
            let (path, version) = seen(client, &id).await?;
            let ask = client.ask(Method::PATCH, &path)?.header("if-match", version);
            Ok(client.show(&ask.json(&Change { enabled: true }).send().await?.body)?)
        }
        Command::Deliveries(wanted) => deliveries(client, &wanted).await,
        Command::Resend { id, delivery } => {
            let path = format!("/endpoints/{id}/deliveries/{delivery}/resend");
            Ok(client.show(&client.ask(Method::POST, &path)?.send().await?.body)?)
        }
        Command::Recover { id, since } => {
            let ask = client.ask(Method::POST, &format!("/endpoints/{id}/recover"))?;
            ask.json(&Recovery { since: &since }).send().await?;
            Ok(say("What was not taken is being sent: `deliveries` tells how far it is")?)
        }
        Command::Test { id } => {
            let ask = client.ask(Method::POST, &format!("/endpoints/{id}/test"))?;
            Ok(client.show(&ask.send().await?.body)?)
        }
    }
}

/// An endpoint's path, and the version that it has.
async fn seen(client: &Client, id: &str) -> anyhow::Result<(String, String)> {
    let path = format!("/endpoints/{id}");
    let seen = client.ask(Method::GET, &path)?.send().await?;
    let version = seen.etag().context("the API's answer has no version")?;
    Ok((path, version))
}

async fn list(client: &Client) -> anyhow::Result<()> {
    let found = client.ask(Method::GET, "/endpoints")?.send().await?;
    let columns = [
        ("ID", "/id"),
        ("URL", "/url"),
        ("TYPES", "/types"),
        ("CALLS", "/calls"),
        ("ENABLED", "/enabled"),
        ("REASON", "/disabled_reason"),
        ("FAILING SINCE", "/failing_since"),
        ("DESCRIPTION", "/description"),
    ];
    Ok(client.list(&found.body, "endpoints", &columns)?)
}

async fn add(client: &Client, wanted: &Add) -> anyhow::Result<()> {
    let Add { address, types, description, once } = wanted;
    // The same words are the same endpoint: a command that is repeated makes no second one.
    let key = once.clone().unwrap_or_else(|| format!("cli-{address}-{}-{description}", types.join(",")));
    let key: String =
        key.chars().map(|letter| if letter.is_ascii_graphic() { letter } else { '_' }).collect();
    let key: String = key.chars().take(255).collect();
    let ask = client.ask(Method::POST, "/endpoints")?.header("idempotency-key", key);
    Ok(client.show(&ask.json(&New { url: address, description, types }).send().await?.body)?)
}

async fn deliveries(client: &Client, wanted: &Deliveries) -> anyhow::Result<()> {
    let most = if wanted.all { usize::MAX } else { usize::try_from(wanted.limit)? };
    let ask = || client.ask(Method::GET, &format!("/endpoints/{}/deliveries", wanted.id));
    let found = client.walk("deliveries", most, ask).await?;
    let columns = [
        ("ID", "/id"),
        ("TYPE", "/type"),
        ("STATE", "/state"),
        ("GIVEN", "/given_at"),
        ("NEXT ATTEMPT", "/next_attempt_at"),
        ("EVENT", "/event"),
    ];
    client.list(&found, "deliveries", &columns)?;
    if !found["next"].is_null() && !client.wants_json() {
        say("There may be more: say --all, or a higher --limit")?;
    }
    Ok(())
}
