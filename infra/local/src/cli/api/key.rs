//! `switchboard key`, and the first operator's key.

use anyhow::ensure;
use clap::{Args, Subcommand};
use domain::access::KeyKind;
use http::Method;
use local::home::api_key;
use serde::Serialize;

use super::client::Client;
use crate::cli::say;

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Command {
    /// List the keys, without their texts
    List,
    /// Make a key; its text is shown once
    Create(New),
    /// Give a key a successor; the old one stays good for a while
    Rotate {
        /// The key's id, as `key list` shows it
        id: String,
        /// Hours for which the old key stays good
        #[arg(long, value_name = "HOURS", default_value_t = 24)]
        overlap: u64,
    },
    /// Take a key back, at once and for good
    Revoke {
        /// The key's id, as `key list` shows it
        id: String,
    },
}

#[derive(Debug, Args, Serialize)]
pub(in crate::cli) struct New {
    /// What its holder calls it
    #[arg(long)]
    name: String,
    /// A usual set of scopes: viewer, agent, admin, owner
    #[arg(long)]
    role: Option<String>,
    /// A scope such as calls:read; may be given several times
    #[arg(long = "scope", value_name = "SCOPE")]
    scopes: Vec<String>,
    /// A network that it may be used from, such as 203.0.113.0/24; may be given several times
    #[arg(long = "network", value_name = "CIDR")]
    networks: Vec<String>,
    /// When it stops being good, RFC 3339
    #[arg(long, value_name = "TIME")]
    expires_at: Option<String>,
}

#[derive(Serialize)]
struct Overlap {
    overlap_s: u64,
}

pub(super) async fn run(client: &Client, command: Command) -> anyhow::Result<()> {
    match command {
        Command::List => {
            let answer = client.ask(Method::GET, "/keys")?.send().await?;
            let columns = [
                ("ID", "/id"),
                ("NAME", "/name"),
                ("SCOPES", "/scopes"),
                ("EXPIRES", "/expires_at"),
                ("REVOKED", "/revoked_at"),
                ("LAST USED", "/last_used"),
            ];
            client.list(&answer.body, "keys", &columns)?;
        }
        Command::Create(new) => {
            let answer = client.ask(Method::POST, "/keys")?.json(&new).send().await?;
            client.done(&answer.body, answer.body["key"].as_str().unwrap_or_default())?;
        }
        Command::Rotate { id, overlap } => {
            ensure!(overlap <= 168, "the old key may stay good for 168 hours at most");
            let ask = client.ask(Method::POST, &format!("/keys/{id}/rotate"))?;
            let answer = ask.json(&Overlap { overlap_s: overlap * 3_600 }).send().await?;
            client.done(&answer.body, answer.body["key"].as_str().unwrap_or_default())?;
        }
        Command::Revoke { id } => {
            let answer = client.ask(Method::DELETE, &format!("/keys/{id}"))?.send().await?;
            client.done(&answer.body, format_args!("{id} is good for nothing any more"))?;
        }
    }
    Ok(())
}

/// Prints a new operator's key, for `operator_key` of the deployment's secret.
pub(in crate::cli) fn new_key() -> anyhow::Result<()> {
    say(api_key(KeyKind::Operator)?.expose())?;
    Ok(())
}
