//! `switchboard business`.

use anyhow::{Context as _, ensure};
use clap::{Args, Subcommand};
use http::Method;
use serde::Serialize;
use serde_json::Value;

use super::client::Client;
use super::twilio;

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
    Show {
        /// The business
        id: String,
    },
    /// Change a profile
    Change(Change),
    /// Have its calls refused politely
    Suspend {
        /// The business
        id: String,
        /// Why, for the operators
        #[arg(long)]
        reason: Option<String>,
    },
    /// Have it served again
    Resume {
        /// The business
        id: String,
    },
    /// Delete it in 30 days; until then it can be resumed
    Delete {
        /// The business
        id: String,
        /// Say that it is meant
        #[arg(long)]
        yes: bool,
    },
    /// The Twilio account that it brings in place of the deployment's
    Twilio {
        #[command(subcommand)]
        command: twilio::Command,
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
    /// The business
    id: String,
    #[command(flatten)]
    fields: Fields,
    #[command(flatten)]
    caps: Caps,
}

/// The most that it may use in a month. What is not said stays as it is.
#[derive(Debug, Args)]
struct Caps {
    /// Minutes of calls that it may have in a month; `none` for no cap. For operators
    #[arg(long, value_name = "MINUTES", value_parser = minutes)]
    cap_minutes: Option<Cap>,
    /// Dollars that its calls may cost in a month, such as 250 or 99.50; `none` for no cap. For operators
    #[arg(long, value_name = "USD", value_parser = dollars)]
    cap_usd: Option<Cap>,
}

/// A cap; nothing for no cap, which the API takes as null.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(transparent)]
struct Cap(Option<u64>);

const NO_CAP: &str = "none";

fn minutes(text: &str) -> Result<Cap, &'static str> {
    if text == NO_CAP {
        return Ok(Cap(None));
    }
    text.parse().map(|minutes| Cap(Some(minutes))).map_err(|_| "give whole minutes, or `none`")
}

/// In micro-dollars, as the API counts.
fn dollars(text: &str) -> Result<Cap, &'static str> {
    const WRONG: &str = "give dollars with at most six decimals, such as 99.50, or `none`";
    if text == NO_CAP {
        return Ok(Cap(None));
    }
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(part) || part.len() > 6 {
        return Err(WRONG);
    }
    let (whole, part): (u64, u64) = match (whole.parse(), format!("{part:0<6}").parse()) {
        (Ok(whole), Ok(part)) => (whole, part),
        _ => return Err(WRONG),
    };
    let micros = whole.checked_mul(1_000_000).and_then(|whole| whole.checked_add(part));
    micros.map(|micros| Cap(Some(micros))).ok_or(WRONG)
}

/// Both caps: the API changes them together.
#[derive(Serialize)]
struct BothCaps {
    minutes: Cap,
    micros: Cap,
}

#[derive(Serialize)]
struct ProfileChange {
    #[serde(flatten)]
    fields: Fields,
    #[serde(skip_serializing_if = "Option::is_none")]
    caps: Option<BothCaps>,
}

impl Caps {
    /// Those that are said, and the others as they are in the profile; none when nothing is said.
    fn over(&self, profile: &Value) -> Option<BothCaps> {
        if self.cap_minutes.is_none() && self.cap_usd.is_none() {
            return None;
        }
        let now = |name: &str| Cap(profile["caps"][name].as_u64());
        Some(BothCaps {
            minutes: self.cap_minutes.unwrap_or_else(|| now("minutes")),
            micros: self.cap_usd.unwrap_or_else(|| now("micros")),
        })
    }
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
            let query = [("q", search), ("standing", standing)];
            let ask = || Ok(client.ask_at(Method::GET, "/v1/businesses")?.query(&query));
            let found = client.walk("businesses", usize::MAX, ask).await?;
            let columns = [("ID", "/id"), ("NAME", "/name"), ("STANDING", "/standing")];
            client.list(&found, "businesses", &columns)?;
        }
        Command::Create(new) => {
            let answer = client.ask_at(Method::POST, "/v1/businesses")?.json(&new).send().await?;
            client.done(&answer.body, format_args!("{} is set up; give it a number and settings", new.id))?;
        }
        Command::Show { id } => {
            client.show(&client.ask_at(Method::GET, &path(&id))?.send().await?.body)?;
        }
        Command::Change(Change { id, fields, caps }) => {
            let seen = client.ask_at(Method::GET, &path(&id))?.send().await?;
            let change = ProfileChange { fields, caps: caps.over(&seen.body) };
            let seen = seen.etag().context("the API tells no version of the profile")?;
            let ask = client.ask_at(Method::PATCH, &path(&id))?.header("if-match", seen);
            client.show(&ask.json(&change).send().await?.body)?;
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
        Command::Twilio { command } => twilio::run(client, command).await?,
        Command::Delete { id, yes } => {
            ensure!(yes, "{id} would be deleted in 30 days: say --yes if that is meant");
            let answer = client.ask_at(Method::DELETE, &path(&id))?.send().await?;
            let gone_at = answer.body["gone_at"].as_str().unwrap_or_default().to_owned();
            client.done(&answer.body, format_args!("{id} is deleted at {gone_at}; resume it to keep it"))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cap_is_whole_minutes_or_dollars_or_none() {
        assert_eq!(minutes("600"), Ok(Cap(Some(600))));
        assert_eq!((minutes("none"), dollars("none")), (Ok(Cap(None)), Ok(Cap(None))));
        for (text, micros) in [("250", 250_000_000), ("99.50", 99_500_000), ("0.000001", 1), ("0", 0)] {
            assert_eq!(dollars(text), Ok(Cap(Some(micros))), "{text}");
        }
        for wrong in
            ["", "-1", "1.", ".5", "1.0000001", "1e3", "$5", "99999999999999999999", "18446744073710"]
        {
            assert!(dollars(wrong).is_err(), "{wrong}");
        }
        assert!(minutes("1.5").is_err());
    }

    #[test]
    fn a_cap_that_is_not_said_stays_as_it_is() {
        let profile = serde_json::json!({ "caps": { "minutes": 60, "micros": null } });
        let over = |cap_minutes, cap_usd| {
            serde_json::to_value(Caps { cap_minutes, cap_usd }.over(&profile)).unwrap()
        };
        assert_eq!(over(None, None), Value::Null);
        assert_eq!(over(None, Some(Cap(Some(5)))), serde_json::json!({ "minutes": 60, "micros": 5 }));
        assert_eq!(over(Some(Cap(None)), None), serde_json::json!({ "minutes": null, "micros": null }));
    }
}
