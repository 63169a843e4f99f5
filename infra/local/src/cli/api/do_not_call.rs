//! `switchboard do-not-call`: numbers that the business does not call.

use clap::{Args, Subcommand};
use http::Method;
use serde::Serialize;

use super::client::Client;
use crate::cli::say;

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Command {
    /// List the numbers, and through what each came to be there: the API, or a call in which the person asked for it
    List(List),
    /// Put a number on the list
    Add {
        /// The number, as E.164
        number: String,
        /// Why it is not called
        #[arg(long)]
        reason: Option<String>,
    },
    /// Take a number off the list: it may be called again
    Remove {
        /// The number, as E.164
        number: String,
    },
}

#[derive(Debug, Args)]
pub(in crate::cli) struct List {
    /// Numbers to list at most
    #[arg(long, default_value_t = 25, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
    /// List all numbers, however many there are
    #[arg(long, conflicts_with = "limit")]
    all: bool,
}

#[derive(Serialize)]
struct Listing {
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

fn at(number: &str) -> String {
    format!("/do-not-call/{number}")
}

pub(super) async fn run(client: &Client, command: Command) -> anyhow::Result<()> {
    match command {
        Command::List(wanted) => list(client, &wanted).await,
        Command::Add { number, reason } => {
            let ask = client.ask(Method::PUT, &at(&number))?.json(&Listing { reason });
            Ok(client.done(&ask.send().await?.body, format_args!("{number} is not called any more"))?)
        }
        Command::Remove { number } => {
            let answer = client.ask(Method::DELETE, &at(&number))?.send().await?;
            Ok(client.done(&answer.body, format_args!("{number} may be called again"))?)
        }
    }
}

async fn list(client: &Client, wanted: &List) -> anyhow::Result<()> {
    let most = if wanted.all { usize::MAX } else { usize::try_from(wanted.limit)? };
    let found = client.walk("numbers", most, || client.ask(Method::GET, "/do-not-call")).await?;
    let columns = [
        ("NUMBER", "/number"),
        ("SINCE", "/since"),
        ("SOURCE", "/source"),
        ("CALL", "/call"),
        ("REASON", "/reason"),
    ];
    client.list(&found, "numbers", &columns)?;
    if !found["next"].is_null() && !client.wants_json() {
        say("There may be more: say --all, or a higher --limit")?;
    }
    Ok(())
}
