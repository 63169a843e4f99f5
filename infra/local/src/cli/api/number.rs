//! `switchboard number`.

use anyhow::bail;
use clap::{ArgGroup, Subcommand};
use http::Method;
use serde::Serialize;

use super::client::{Answer, Client};

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Command {
    /// List the numbers of the business
    List,
    /// Give the business a number
    Take {
        /// The number, E.164, such as +43720123456
        number: String,
        /// What the business calls it
        #[arg(long)]
        label: Option<String>,
        /// The settings channel that its calls run with
        #[arg(long, value_name = "NAME")]
        channel: Option<String>,
        /// Tell Twilio where its calls go
        #[arg(long)]
        set_up: bool,
    },
    /// Change what a number is called, or the settings that its calls run with
    #[command(group = ArgGroup::new("change").args(["label", "channel"]).required(true).multiple(true))]
    Change {
        /// The number, E.164
        number: String,
        /// What the business calls it; empty: nothing
        #[arg(long)]
        label: Option<String>,
        /// The settings channel that its calls run with; `published`: none
        #[arg(long, value_name = "NAME")]
        channel: Option<String>,
    },
    /// Say whether Twilio sends the number's calls here; exits with an error if not
    Check {
        /// The number, E.164
        number: String,
    },
    /// Tell Twilio where the number's calls go
    SetUp {
        /// The number, E.164
        number: String,
    },
    /// Give a number back
    Release {
        /// The number, E.164
        number: String,
    },
    /// Hand a number over to another business
    Move {
        /// The number, E.164
        number: String,
        /// The other business
        #[arg(long, value_name = "ID")]
        to: String,
    },
}

#[derive(Serialize)]
struct New {
    number: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    channel: Option<String>,
    set_up: bool,
}

#[derive(Serialize)]
struct Change {
    /// Null takes the label away.
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<Option<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    channel: Option<String>,
}

#[derive(Serialize)]
struct Move {
    to: String,
}

pub(super) async fn run(client: &Client, command: Command) -> anyhow::Result<()> {
    let at = |number: &str| format!("/numbers/{number}");
    match command {
        Command::List => {
            let answer = client.ask(Method::GET, "/numbers")?.send().await?;
            let columns =
                [("NUMBER", "/number"), ("LABEL", "/label"), ("CHANNEL", "/channel"), ("SINCE", "/since")];
            client.list(&answer.body, "numbers", &columns)?;
        }
        Command::Take { number, label, channel, set_up } => {
            let new = New { number, label, channel, set_up };
            let answer = client.ask(Method::POST, "/numbers")?.json(&new).send().await?;
            client.done(&answer.body, format_args!("{} is the business's", new.number))?;
        }
        Command::Change { number, label, channel } => {
            let label = label.map(|label| Some(label).filter(|label| !label.is_empty()));
            let ask = client.ask(Method::PATCH, &at(&number))?;
            let answer = ask.json(&Change { label, channel }).send().await?;
            let channel = answer.body["channel"].as_str().unwrap_or_default();
            let line = format!("new calls of {number} run with `{channel}` within half a minute");
            client.done(&answer.body, line)?;
        }
        Command::Check { number } => {
            let answer = client.ask(Method::GET, &format!("{}/check", at(&number)))?.send().await?;
            checked(client, &number, &answer)?;
        }
        Command::SetUp { number } => {
            let answer = client.ask(Method::PUT, &format!("{}/check", at(&number)))?.send().await?;
            checked(client, &number, &answer)?;
        }
        Command::Release { number } => {
            let answer = client.ask(Method::DELETE, &at(&number))?.send().await?;
            client
                .done(&answer.body, format_args!("{number} is released: its calls are refused politely"))?;
        }
        Command::Move { number, to } => {
            let ask = client.ask(Method::POST, &format!("{}/move", at(&number)))?;
            let answer = ask.json(&Move { to: to.clone() }).send().await?;
            client.done(&answer.body, format_args!("{number} is {to}'s"))?;
        }
    }
    Ok(())
}

fn checked(client: &Client, number: &str, answer: &Answer) -> anyhow::Result<()> {
    client.show(&answer.body)?;
    if answer.body["ok"] != true {
        bail!(
            "Twilio does not send the calls of {number} here: `switchboard number set-up {number}` tells it to"
        );
    }
    Ok(())
}
