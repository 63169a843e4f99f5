//! `switchboard notifications`: who of a business is told of what in words.

use std::collections::BTreeMap;

use anyhow::Context as _;
use clap::{Args, Subcommand, ValueEnum};
use domain::hours::DAYS;
use http::Method;
use serde::Serialize;

use super::client::Client;
use crate::cli::say;

const RECEIVERS: &str = "/notifications/receivers";

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Command {
    /// List receivers
    List,
    /// Make a receiver
    Add(Add),
    /// Take a receiver away
    Remove {
        /// Its id, as `list` shows it
        id: String,
    },
    /// Tell a receiver again
    Enable {
        /// Its id, as `list` shows it
        id: String,
    },
    /// Tell a receiver nothing for now
    Disable {
        /// Its id, as `list` shows it
        id: String,
    },
    /// Send a receiver a test, to see whether it arrives
    Test {
        /// Its id, as `list` shows it
        id: String,
    },
    /// List notifications, the latest first, and what became of each
    Log(Log),
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Kind {
    /// A room of Slack
    Slack,
    /// A room of Microsoft Teams
    Teams,
    /// A person's mailbox
    Email,
    /// A person's telephone, by SMS
    Sms,
    /// A person's WhatsApp
    Whatsapp,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Add {
    /// What people call it
    name: String,
    /// What it is
    #[arg(long, value_enum)]
    kind: Kind,
    /// Where it is: the address of the room's webhook, the person's number or e-mail address
    #[arg(long)]
    to: String,
    /// The business's number that texts come from
    #[arg(long)]
    from: Option<String>,
    /// The WhatsApp template: Twilio's content sid, or its name and language at Meta, such as told:en
    #[arg(long)]
    template: Option<String>,
    /// Meta's name of the WhatsApp sender
    #[arg(long, value_name = "ID")]
    phone_number_id: Option<String>,
    /// What it is told of: `message_taken`, `voicemail`, `missed_call`, `handed_over`, `low_budget`, `unreachable`. It may be said again
    #[arg(long = "on", value_name = "CAUSE", required_unless_present = "urgent")]
    on: Vec<String>,
    /// The same, in quiet hours, too
    #[arg(long, value_name = "CAUSE")]
    urgent: Vec<String>,
    /// When it is told nothing on any day, by the business's clocks, such as 22:00-07:00. It may be said again
    #[arg(long, value_name = "SPAN")]
    quiet: Vec<String>,
    /// Names the request: the same key makes one receiver, however often it is sent
    #[arg(long = "idempotency-key", value_name = "KEY")]
    once: Option<String>,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Log {
    /// Notifications to list at most
    #[arg(long, default_value_t = 25, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
    /// List all of them, not the newest page alone
    #[arg(long, conflicts_with = "limit")]
    all: bool,
}

#[derive(Serialize)]
struct New<'a> {
    name: &'a str,
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone_number_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    template: Option<Template<'a>>,
    rules: Vec<Rule<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    quiet_hours: Option<BTreeMap<&'static str, &'a [String]>>,
}

#[derive(Serialize)]
struct Template<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<&'a str>,
}

#[derive(Serialize)]
struct Rule<'a> {
    on: &'a str,
    urgent: bool,
}

#[derive(Serialize)]
struct Change {
    enabled: bool,
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
        Command::Enable { id } => enable(client, &id, true).await,
        Command::Disable { id } => enable(client, &id, false).await,
        Command::Test { id } => {
            let ask = client.ask(Method::POST, &format!("{RECEIVERS}/{id}/test"))?;
            Ok(client.show(&ask.send().await?.body)?)
        }
        Command::Log(wanted) => log(client, &wanted).await,
    }
}

/// A receiver's path, and the version that it has.
async fn seen(client: &Client, id: &str) -> anyhow::Result<(String, String)> {
    let path = format!("{RECEIVERS}/{id}");
    let seen = client.ask(Method::GET, &path)?.send().await?;
    let version = seen.etag().context("the API's answer has no version")?;
    Ok((path, version))
}

async fn enable(client: &Client, id: &str, enabled: bool) -> anyhow::Result<()> {
    let (path, version) = seen(client, id).await?;
    let ask = client.ask(Method::PATCH, &path)?.header("if-match", version);
    Ok(client.show(&ask.json(&Change { enabled }).send().await?.body)?)
}

async fn list(client: &Client) -> anyhow::Result<()> {
    let found = client.ask(Method::GET, RECEIVERS)?.send().await?;
    let columns = [
        ("ID", "/id"),
        ("NAME", "/name"),
        ("KIND", "/kind"),
        ("ADDRESS", "/address"),
        ("ENABLED", "/enabled"),
        ("REASON", "/disabled_reason"),
    ];
    Ok(client.list(&found.body, "receivers", &columns)?)
}

async fn add(client: &Client, wanted: &Add) -> anyhow::Result<()> {
    let Add { name, kind, to, from, template, phone_number_id, on, urgent, quiet, once } = wanted;
    let rule = |urgent: bool| move |cause: &'_ String| (cause.clone(), urgent);
    let causes: Vec<(String, bool)> =
        on.iter().map(rule(false)).chain(urgent.iter().map(rule(true))).collect();
    let new = New {
        name,
        kind: match kind {
            Kind::Slack => "slack",
            Kind::Teams => "teams",
            Kind::Email => "email",
            Kind::Sms => "sms",
            Kind::Whatsapp => "whatsapp",
        },
        url: matches!(kind, Kind::Slack | Kind::Teams).then_some(to.as_str()),
        to: matches!(kind, Kind::Email | Kind::Sms | Kind::Whatsapp).then_some(to.as_str()),
        from: from.as_deref(),
        phone_number_id: phone_number_id.as_deref(),
        template: template.as_deref().map(|template| match template.split_once(':') {
            Some((name, language)) => Template { name, language: Some(language) },
            None => Template { name: template, language: None },
        }),
        rules: causes.iter().map(|(on, urgent)| Rule { on, urgent: *urgent }).collect(),
        quiet_hours: (!quiet.is_empty())
            .then(|| DAYS.iter().map(|(_, day)| (*day, quiet.as_slice())).collect()),
    };
    // The same words are the same receiver: a command that is repeated makes no second one.
    let key = once.clone().unwrap_or_else(|| format!("cli-{to}-{name}-{causes:?}-{quiet:?}"));
    let key: String =
        key.chars().map(|letter| if letter.is_ascii_graphic() { letter } else { '_' }).collect();
    let key: String = key.chars().take(255).collect();
    let ask = client.ask(Method::POST, RECEIVERS)?.header("idempotency-key", key);
    Ok(client.show(&ask.json(&new).send().await?.body)?)
}

async fn log(client: &Client, wanted: &Log) -> anyhow::Result<()> {
    let most = if wanted.all { usize::MAX } else { usize::try_from(wanted.limit)? };
    let ask = || client.ask(Method::GET, "/notifications");
    let found = client.walk("notifications", most, ask).await?;
    let columns = [
        ("EVENT", "/sequence"),
        ("TYPE", "/type"),
        ("RECEIVER", "/receiver"),
        ("STATE", "/state"),
        ("REASON", "/reason"),
        ("GIVEN", "/given_at"),
        ("NEXT ATTEMPT", "/next_attempt_at"),
    ];
    client.list(&found, "notifications", &columns)?;
    if !found["next"].is_null() && !client.wants_json() {
        say("There may be more: say --all, or a higher --limit")?;
    }
    Ok(())
}
