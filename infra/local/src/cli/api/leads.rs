//! `switchboard leads`: where leads come from, and those that came.

use std::collections::BTreeMap;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use http::Method;
use serde::Serialize;

use super::client::Client;
use crate::cli::say;

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Command {
    /// List sources of leads
    Sources,
    /// Make a source, and show its address and its secret, the secret once
    Add(Box<Add>),
    /// Take a source away: what is sent to it is refused from then on
    Remove {
        /// Its id, as `sources` shows it
        id: String,
    },
    /// Let a source take leads, or none with --off
    Enable {
        /// Its id, as `sources` shows it
        id: String,
        /// It takes none
        #[arg(long)]
        off: bool,
    },
    /// Give a source another secret, and show it, once
    Rotate(Rotate),
    /// Say what would be read of something that is sent to a source; nothing is kept of it
    Test {
        /// Its id, as `sources` shows it
        id: String,
        /// What would be sent
        body: String,
        /// It is a form, and no JSON
        #[arg(long)]
        form: bool,
    },
    /// List the leads that came from a source, the newest first
    List(List),
    /// Show a lead with what was sent
    Show {
        /// The source, as `sources` shows it
        id: String,
        /// The lead, as `list` shows it
        lead: String,
    },
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Add {
    /// What people call it
    name: String,
    /// How what is sent proves itself: secret, standard_webhooks, body_hmac
    #[arg(long, default_value = "secret")]
    proof: String,
    /// A part of a lead and the way to it, such as phone=contact.phone; it may be said again. Without it the parts are known by
    /// their names
    #[arg(long = "map", value_name = "PART=WAY", value_parser = part)]
    mapping: Vec<(String, String)>,
    /// The country of telephone numbers without a country code, two capital letters
    #[arg(long)]
    country: Option<String>,
    /// The id of the status that its people get in the pipeline
    #[arg(long)]
    status: Option<String>,
    /// A tag that its people get; it may be said again
    #[arg(long = "tag", value_name = "TAG")]
    tags: Vec<String>,
    /// What its people are called for: service or marketing
    #[arg(long, default_value = "service")]
    purpose: String,
    /// What people agree to with the form, in its words
    #[arg(long)]
    consent: Option<String>,
    /// Have its people called at once, from this number of the business
    #[arg(long, value_name = "NUMBER")]
    call_from: Option<String>,
    /// Why they are called, for the agent to say
    #[arg(long, requires = "call_from")]
    reason: Option<String>,
    /// Names the request: the same key makes one source, however often it is sent
    #[arg(long = "idempotency-key", value_name = "KEY")]
    once: Option<String>,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Rotate {
    /// The source, as `sources` shows it
    id: String,
    /// How long the secret before it is good as well, hours
    #[arg(long, default_value_t = 24)]
    overlap_hours: u64,
    /// Names the request: the same key gives one secret, however often it is sent
    #[arg(long = "idempotency-key", value_name = "KEY")]
    once: String,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct List {
    /// The source, as `sources` shows it
    id: String,
    /// Leads to list at most
    #[arg(long, default_value_t = 25, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
    /// List all of them, not the newest page alone
    #[arg(long, conflicts_with = "limit")]
    all: bool,
}

fn part(text: &str) -> Result<(String, String), String> {
    let (part, way) = text.split_once('=').ok_or("give it as PART=WAY, such as phone=contact.phone")?;
    Ok((part.to_owned(), way.to_owned()))
}

#[derive(Serialize)]
struct CallNow<'a> {
    from: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
}

#[derive(Serialize)]
struct New<'a> {
    name: &'a str,
    proof: &'a str,
    mapping: BTreeMap<&'a str, Vec<&'a str>>,
    purpose: &'a str,
    tags: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    country: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    consent: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    call_now: Option<CallNow<'a>>,
}

#[derive(Serialize)]
struct Change {
    enabled: bool,
}

#[derive(Serialize)]
struct Rotation {
    overlap_hours: u64,
}

#[derive(Serialize)]
struct Sample<'a> {
    body: &'a str,
    kind: &'static str,
}

pub(super) async fn run(client: &Client, command: Command) -> anyhow::Result<()> {
    match command {
        Command::Sources => sources(client).await,
        Command::Add(wanted) => add(client, &wanted).await,
        Command::Remove { id } => {
            let (path, version) = seen(client, &id).await?;
            client.ask(Method::DELETE, &path)?.header("if-match", version).send().await?;
            Ok(say(format!("{id} is gone"))?)
        }
        Command::Enable { id, off } => {
            let (path, version) = seen(client, &id).await?;
            let ask = client.ask(Method::PATCH, &path)?.header("if-match", version);
            Ok(client.show(&ask.json(&Change { enabled: !off }).send().await?.body)?)
        }
        Command::Rotate(Rotate { id, overlap_hours, once }) => {
            let ask = client.ask(Method::POST, &format!("/lead-sources/{id}/rotate"))?;
            let ask = ask.header("idempotency-key", once).json(&Rotation { overlap_hours });
            Ok(client.show(&ask.send().await?.body)?)
        }
        Command::Test { id, body, form } => {
            let ask = client.ask(Method::POST, &format!("/lead-sources/{id}/test"))?;
            let sample = Sample { body: &body, kind: if form { "form" } else { "json" } };
            Ok(client.show(&ask.json(&sample).send().await?.body)?)
        }
        Command::List(wanted) => list(client, &wanted).await,
        Command::Show { id, lead } => {
            let ask = client.ask(Method::GET, &format!("/lead-sources/{id}/leads/{lead}"))?;
            Ok(client.show(&ask.send().await?.body)?)
        }
    }
}

/// A source's path, and the version that it has.
async fn seen(client: &Client, id: &str) -> anyhow::Result<(String, String)> {
    let path = format!("/lead-sources/{id}");
    let seen = client.ask(Method::GET, &path)?.send().await?;
    let version = seen.etag().context("the API's answer has no version")?;
    Ok((path, version))
}

async fn sources(client: &Client) -> anyhow::Result<()> {
    let found = client.ask(Method::GET, "/lead-sources")?.send().await?;
    let columns = [
        ("ID", "/id"),
        ("NAME", "/name"),
        ("URL", "/url"),
        ("PROOF", "/proof"),
        ("ENABLED", "/enabled"),
        ("CALLS FROM", "/call_now/from"),
    ];
    Ok(client.list(&found.body, "sources", &columns)?)
}

async fn add(client: &Client, wanted: &Add) -> anyhow::Result<()> {
    let mut mapping: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (part, way) in &wanted.mapping {
        mapping.entry(part).or_default().push(way);
    }
    let new = New {
        name: &wanted.name,
        proof: &wanted.proof,
        mapping,
        purpose: &wanted.purpose,
        tags: &wanted.tags,
        country: wanted.country.as_deref(),
        status: wanted.status.as_deref(),
        consent: wanted.consent.as_deref(),
        call_now: wanted.call_from.as_deref().map(|from| CallNow { from, reason: wanted.reason.as_deref() }),
    };
    // The same name is the same source: a command that is repeated makes no second one.
    let key = wanted.once.clone().unwrap_or_else(|| format!("cli-{}", wanted.name));
    let key: String =
        key.chars().map(|letter| if letter.is_ascii_graphic() { letter } else { '_' }).collect();
    let key: String = key.chars().take(255).collect();
    let ask = client.ask(Method::POST, "/lead-sources")?.header("idempotency-key", key);
    Ok(client.show(&ask.json(&new).send().await?.body)?)
}

async fn list(client: &Client, wanted: &List) -> anyhow::Result<()> {
    let most = if wanted.all { usize::MAX } else { usize::try_from(wanted.limit)? };
    let ask = || client.ask(Method::GET, &format!("/lead-sources/{}/leads", wanted.id));
    let found = client.walk("leads", most, ask).await?;
    let columns = [
        ("ID", "/id"),
        ("CAME", "/came_at"),
        ("STATE", "/state"),
        ("CONTACT", "/contact"),
        ("CALL", "/call/state"),
        ("WHY NOT", "/call/why"),
        ("NOTE", "/notes/0/detail"),
    ];
    client.list(&found, "leads", &columns)?;
    if !found["next"].is_null() && !client.wants_json() {
        say("There may be more: say --all, or a higher --limit")?;
    }
    Ok(())
}
