//! `switchboard campaigns`: people of a file are called one after another.

use std::io::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use clap::{Args, Subcommand, ValueEnum};
use http::Method;
use serde::Serialize;
use serde_json::Value;

use super::client::Client;
use super::contacts::{problems, put};
use crate::cli::say;

/// How often it is asked how far a check is.
const ASKS_EVERY: Duration = Duration::from_secs(1);

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Command {
    /// List campaigns
    List,
    /// Make a campaign from a CSV file and show what its check found; no call begins before it is started
    Create(Create),
    /// Show a campaign and its progress
    Show {
        /// Its id, as `list` shows it
        id: String,
    },
    /// Start a campaign that was checked
    Start {
        /// Its id, as `list` shows it
        id: String,
    },
    /// Begin no calls until it is resumed
    Pause {
        /// Its id, as `list` shows it
        id: String,
    },
    /// Let a campaign go on
    Resume {
        /// Its id, as `list` shows it
        id: String,
    },
    /// End a campaign: those who were not called are skipped
    Stop {
        /// Its id, as `list` shows it
        id: String,
        /// Have calls that run ended with a goodbye, and give up those that ring
        #[arg(long)]
        hangup: bool,
    },
    /// List who would be called next, when, or why not; no call is placed
    Preview {
        /// The campaign, as `list` shows it
        id: String,
        /// People to list at most
        #[arg(long, default_value_t = 25, value_parser = clap::value_parser!(u32).range(1..))]
        limit: u32,
    },
    /// List the people of a campaign, and what their calls came to
    Entries {
        /// The campaign, as `list` shows it
        id: String,
    },
    /// Write the people of a campaign as CSV to the standard output, with what their calls came to
    Export {
        /// The campaign, as `list` shows it
        id: String,
    },
}

/// What the calls are for.
#[derive(Debug, Clone, Copy, ValueEnum, Serialize)]
#[serde(rename_all = "snake_case")]
enum Purpose {
    /// About something that the person has with the business
    Service,
    /// To sell: each row needs a consent
    Marketing,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Create {
    /// A CSV file with a column `phone`; `name`, `time_zone`, `language`, `not_before` and `consent` are known, the rest are variables
    file: PathBuf,
    /// What people call it
    #[arg(long)]
    name: String,
    /// A number of the business to call from. It may be said again
    #[arg(long = "from", value_name = "NUMBER", required = true)]
    from: Vec<String>,
    /// What the calls are for
    #[arg(long, value_enum, default_value = "service")]
    purpose: Purpose,
    /// Why the call is made, for the agent to say; `{{name}}` and every column may stand in it
    #[arg(long)]
    reason: Option<String>,
    /// What the agent should know; the same
    #[arg(long)]
    context: Option<String>,
    /// The country of numbers without a country code, two capital letters
    #[arg(long)]
    country: Option<String>,
    /// The most calls at once
    #[arg(long, default_value_t = 10)]
    at_once: u16,
    /// Problems of rows to show at most
    #[arg(long, default_value_t = 25)]
    problems: usize,
}

#[derive(Serialize)]
struct New<'a> {
    name: &'a str,
    purpose: Purpose,
    from: &'a [String],
    bytes: usize,
    reason: Option<&'a str>,
    context: Option<&'a str>,
    country: Option<&'a str>,
    at_once: u16,
}

#[derive(Serialize)]
struct Stop {
    hangup: bool,
}

pub(super) async fn run(client: &Client, command: Command) -> anyhow::Result<()> {
    let step = async |id: &str, step: &str| -> anyhow::Result<()> {
        let ask = client.ask(Method::POST, &format!("/campaigns/{id}/{step}"))?;
        Ok(client.show(&ask.send().await?.body)?)
    };
    match command {
        Command::List => list(client).await,
        Command::Create(wanted) => create(client, &wanted).await,
        Command::Show { id } => {
            let found = client.ask(Method::GET, &format!("/campaigns/{id}"))?.send().await?;
            Ok(client.show(&found.body)?)
        }
        Command::Start { id } => step(&id, "start").await,
        Command::Pause { id } => step(&id, "pause").await,
        Command::Resume { id } => step(&id, "resume").await,
        Command::Stop { id, hangup } => {
            let ask = client.ask(Method::POST, &format!("/campaigns/{id}/stop"))?;
            Ok(client.show(&ask.json(&Stop { hangup }).send().await?.body)?)
        }
        Command::Preview { id, limit } => preview(client, &id, limit).await,
        Command::Entries { id } => entries(client, &id).await,
        Command::Export { id } => export(client, &id).await,
    }
}

async fn list(client: &Client) -> anyhow::Result<()> {
    let found = client.ask(Method::GET, "/campaigns")?.send().await?;
    let columns = [
        ("ID", "/id"),
        ("NAME", "/name"),
        ("STATE", "/state"),
        ("PAUSED FOR", "/pause/code"),
        ("PEOPLE", "/progress/total"),
        ("CALLS", "/progress/calls"),
        ("ANSWERED %", "/progress/answer_rate"),
    ];
    Ok(client.list(&found.body, "campaigns", &columns)?)
}

async fn create(client: &Client, wanted: &Create) -> anyhow::Result<()> {
    let bytes =
        std::fs::read(&wanted.file).with_context(|| format!("cannot read {}", wanted.file.display()))?;
    let new = New {
        name: &wanted.name,
        purpose: wanted.purpose,
        from: &wanted.from,
        bytes: bytes.len(),
        reason: wanted.reason.as_deref(),
        context: wanted.context.as_deref(),
        country: wanted.country.as_deref(),
        at_once: wanted.at_once,
    };
    let key = super::calls::random()?;
    let ask = client.ask(Method::POST, "/campaigns")?.header("idempotency-key", key);
    let made = ask.json(&new).send().await?.body;
    put(client, &made["upload"], bytes).await?;
    let id = made["id"].as_str().context("the API gave the campaign no id")?;
    let path = format!("/campaigns/{id}");
    client.ask(Method::POST, &format!("{path}/check"))?.send().await?;
    let checked = loop {
        let campaign = client.ask(Method::GET, &path)?.send().await?.body;
        if campaign["state"] != "checking" {
            break campaign;
        }
        tokio::time::sleep(ASKS_EVERY).await;
    };
    let problems = problems(client, &path, wanted.problems).await?;
    if client.wants_json() {
        return Ok(client.show(&serde_json::json!({ "campaign": checked, "problems": problems }))?);
    }
    shown(id, &checked["report"], &problems)
}

fn shown(id: &str, report: &Value, problems: &[Value]) -> anyhow::Result<()> {
    if let Some(detail) = report["refused"]["detail"].as_str() {
        anyhow::bail!("the file is refused: {detail}");
    }
    say(format!(
        "{} rows: {} will be called, {} are left out",
        report["rows"], report["valid"], report["left_out"]
    ))?;
    for problem in problems {
        let column = problem["column"].as_str().map(|column| format!(", {column}")).unwrap_or_default();
        let detail = problem["detail"].as_str().unwrap_or_default();
        say(format!("line {}{column}: {detail}", problem["line"]))?;
    }
    for missing in report["missing"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        say(format!("The words need `{missing}`, and the file has no such column"))?;
    }
    Ok(say(format!("Start it: switchboard campaigns start {id}"))?)
}

async fn entries(client: &Client, id: &str) -> anyhow::Result<()> {
    let ask = || client.ask(Method::GET, &format!("/campaigns/{id}/entries"));
    let found = client.walk("entries", usize::MAX, ask).await?;
    let columns = [
        ("NUMBER", "/number"),
        ("TO", "/to"),
        ("NAME", "/name"),
        ("STATE", "/state"),
        ("OUTCOME", "/outcome"),
        ("SKIPPED", "/skipped"),
        ("WAITS FOR", "/waiting_for"),
        ("NEXT", "/next_at"),
    ];
    Ok(client.list(&found, "entries", &columns)?)
}

/// Page by page, so that a file of any length needs the memory of one.
async fn export(client: &Client, id: &str) -> anyhow::Result<()> {
    let mut cursor = None::<String>;
    loop {
        let ask = client.ask(Method::GET, &format!("/campaigns/{id}/entries.csv"))?;
        let (page, next) = ask.query(&[("cursor", cursor)]).send_for_page().await?;
        std::io::stdout().write_all(&page)?;
        match next {
            Some(next) => cursor = Some(next),
            None => return Ok(std::io::stdout().flush()?),
        }
    }
}

async fn preview(client: &Client, id: &str, most: u32) -> anyhow::Result<()> {
    let ask = || client.ask(Method::GET, &format!("/campaigns/{id}/preview"));
    let found = client.walk("people", usize::try_from(most)?, ask).await?;
    let columns = [
        ("NUMBER", "/number"),
        ("TO", "/to"),
        ("NAME", "/name"),
        ("AT", "/at"),
        ("THEIR TIME", "/callee_time"),
        ("OUR TIME", "/business_time"),
        ("WHY NOT", "/detail"),
    ];
    Ok(client.list(&found, "people", &columns)?)
}
