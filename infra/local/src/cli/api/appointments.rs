//! `switchboard appointments` and `switchboard calendars`.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use http::Method;
use serde::Serialize;
use serde_json::Value;

use super::client::Client;
use crate::cli::say;

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Command {
    /// List appointments, those that begin first in front
    List(List),
    /// List times that are free
    Slots(Slots),
    /// Book a time
    Book(Book),
    /// Call an appointment off
    Cancel {
        /// Its id, as `list` shows it
        id: String,
    },
    /// Say that a person did not come
    NoShow {
        /// Its id, as `list` shows it
        id: String,
    },
    /// List the reminders of an appointment: those that are owed, and what became of the others
    Reminders {
        /// Its id, as `list` shows it
        id: String,
    },
}

#[derive(Debug, Args)]
pub(in crate::cli) struct List {
    /// Those that begin from then on, such as 2026-12-03T00:00:00Z
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Those that begin before then
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// Those of one contact, by its id
    #[arg(long, value_name = "CONTACT")]
    contact: Option<String>,
    /// Appointments to list at most
    #[arg(long, default_value_t = 25, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
    /// List all that fit
    #[arg(long, conflicts_with = "limit")]
    all: bool,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Slots {
    /// The service, by its id
    service: String,
    /// One of its calendars, by its id
    #[arg(long)]
    calendar: Option<String>,
    /// From then on; now without it
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Before then; two weeks later without it
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// Times to list at most
    #[arg(long, default_value_t = 25, value_parser = clap::value_parser!(u32).range(1..=100))]
    limit: u32,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Book {
    /// The service, by its id
    service: String,
    /// When it begins, as `slots` shows it
    start: String,
    /// How the person is called
    name: String,
    /// The person's number, E.164
    #[arg(long)]
    number: Option<String>,
    /// One of the service's calendars, by its id; without it the first one that is free then
    #[arg(long)]
    calendar: Option<String>,
    /// Whatever else matters for it
    #[arg(long)]
    notes: Option<String>,
    /// Names the request: the same key books once, however often it is sent
    #[arg(long = "idempotency-key", value_name = "KEY")]
    once: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Calendars {
    /// List calendars
    List,
    /// Make a calendar, or replace one, from a JSON document
    Put {
        /// Its id, in every path: one that exists is replaced
        id: String,
        /// The document, as the API takes it
        file: PathBuf,
    },
    /// List services
    Services,
    /// Make a service, or replace one, from a JSON document
    PutService {
        /// Its id, in every path: one that exists is replaced
        id: String,
        /// The document, as the API takes it
        file: PathBuf,
    },
    /// Make a secret link for calendar programs, in place of the one that there is
    Feed {
        /// The calendar
        id: String,
        /// Name people in full, with the notes
        #[arg(long)]
        full: bool,
    },
    /// List the calendars of other systems that say when a calendar is taken
    Sources {
        /// The calendar
        id: String,
    },
}

#[derive(Serialize)]
struct New<'a> {
    service: &'a str,
    start: &'a str,
    person: Person<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    calendar: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    notes: Option<&'a str>,
}

#[derive(Serialize)]
struct Person<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<&'a str>,
}

#[derive(Serialize)]
struct Change {
    status: &'static str,
}

#[derive(Serialize)]
struct NewFeed {
    full: bool,
}

pub(super) async fn run(client: &Client, command: Command) -> anyhow::Result<()> {
    match command {
        Command::List(wanted) => list(client, &wanted).await,
        Command::Slots(wanted) => slots(client, wanted).await,
        Command::Book(wanted) => book(client, &wanted).await,
        Command::Cancel { id } => becomes(client, &id, "cancelled").await,
        Command::NoShow { id } => becomes(client, &id, "no_show").await,
        Command::Reminders { id } => {
            let found = client.ask(Method::GET, &format!("/appointments/{id}/reminders"))?.send().await?;
            let columns = [
                ("BEFORE", "/before_minutes"),
                ("STATUS", "/status"),
                ("DUE", "/due"),
                ("AT", "/at"),
                ("WAY", "/way"),
                ("REASON", "/reason"),
            ];
            Ok(client.list(&found.body, "reminders", &columns)?)
        }
    }
}

async fn list(client: &Client, wanted: &List) -> anyhow::Result<()> {
    let most = if wanted.all { usize::MAX } else { usize::try_from(wanted.limit)? };
    let query =
        [("from", wanted.from.clone()), ("until", wanted.until.clone()), ("contact", wanted.contact.clone())];
    let ask = || Ok(client.ask(Method::GET, "/appointments")?.query(&query));
    let found = client.walk("appointments", most, ask).await?;
    let columns = [
        ("ID", "/id"),
        ("START", "/start"),
        ("LOCAL", "/local"),
        ("SERVICE", "/service"),
        ("CALENDAR", "/calendar"),
        ("STATUS", "/status"),
        ("PERSON", "/person/name"),
        ("NUMBER", "/person/number"),
    ];
    client.list(&found, "appointments", &columns)?;
    if !found["next"].is_null() && !client.wants_json() {
        say("There may be more: say --all, or a higher --limit")?;
    }
    Ok(())
}

async fn slots(client: &Client, wanted: Slots) -> anyhow::Result<()> {
    let query = [
        ("service", Some(wanted.service)),
        ("calendar", wanted.calendar),
        ("from", wanted.from),
        ("until", wanted.until),
        ("limit", Some(wanted.limit.to_string())),
    ];
    let found = client.ask(Method::GET, "/appointments/slots")?.query(&query).send().await?;
    let columns = [("START", "/start"), ("LOCAL", "/local"), ("CALENDAR", "/calendar")];
    Ok(client.list(&found.body, "slots", &columns)?)
}

async fn book(client: &Client, wanted: &Book) -> anyhow::Result<()> {
    let Book { service, start, name, number, calendar, notes, once } = wanted;
    let person = Person { name, number: number.as_deref() };
    let new = New { service, start, person, calendar: calendar.as_deref(), notes: notes.as_deref() };
    // The same words are the same appointment: a command that is repeated books nothing twice.
    let key =
        once.clone().unwrap_or_else(|| format!("cli-{service}-{start}-{}", number.as_ref().unwrap_or(name)));
    let ascii: String =
        key.chars().map(|letter| if letter.is_ascii_graphic() { letter } else { '_' }).collect();
    let ask = client.ask(Method::POST, "/appointments")?.header("idempotency-key", ascii);
    Ok(client.show(&ask.json(&new).send().await?.body)?)
}

/// Reads the appointment, and changes it as it was read.
async fn becomes(client: &Client, id: &str, status: &'static str) -> anyhow::Result<()> {
    let path = format!("/appointments/{id}");
    let seen = client.ask(Method::GET, &path)?.send().await?;
    let version = seen.etag().context("the API's answer has no version")?;
    let ask = client.ask(Method::PATCH, &path)?.header("if-match", version);
    Ok(client.show(&ask.json(&Change { status }).send().await?.body)?)
}

pub(super) async fn calendars(client: &Client, command: Calendars) -> anyhow::Result<()> {
    match command {
        Calendars::List => {
            let found = client.ask(Method::GET, "/appointments/calendars")?.send().await?;
            let columns = [
                ("ID", "/id"),
                ("NAME", "/name"),
                ("TIME ZONE", "/time_zone"),
                ("SEATS", "/seats"),
                ("ACTIVE", "/active"),
            ];
            Ok(client.list(&found.body, "calendars", &columns)?)
        }
        Calendars::Services => {
            let found = client.ask(Method::GET, "/appointments/services")?.send().await?;
            let columns = [
                ("ID", "/id"),
                ("NAME", "/name"),
                ("MINUTES", "/minutes"),
                ("CALENDARS", "/calendars"),
                ("PRICE", "/price"),
                ("ACTIVE", "/active"),
            ];
            Ok(client.list(&found.body, "services", &columns)?)
        }
        Calendars::Put { id, file } => put(client, &format!("/appointments/calendars/{id}"), file).await,
        Calendars::PutService { id, file } => {
            put(client, &format!("/appointments/services/{id}"), file).await
        }
        Calendars::Feed { id, full } => {
            let ask = client.ask(Method::POST, &format!("/appointments/calendars/{id}/feed"))?;
            Ok(client.show(&ask.json(&NewFeed { full }).send().await?.body)?)
        }
        Calendars::Sources { id } => {
            let path = format!("/appointments/calendars/{id}/sources");
            let found = client.ask(Method::GET, &path)?.send().await?;
            let columns = [
                ("ID", "/id"),
                ("HOST", "/host"),
                ("READ", "/read_at"),
                ("TRIED", "/tried_at"),
                ("FAILURE", "/failure"),
                ("WHILE AWAY", "/while_away"),
                ("BUSY TIMES", "/busy_times"),
            ];
            Ok(client.list(&found.body, "sources", &columns)?)
        }
    }
}

/// Puts a document where none is, or in place of the one that is there now.
async fn put(client: &Client, path: &str, file: PathBuf) -> anyhow::Result<()> {
    let text = std::fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
    let document: Value =
        serde_json::from_str(&text).with_context(|| format!("{} is no JSON document", file.display()))?;
    let list = path.rsplit_once('/').map_or(path, |(list, _)| list);
    let (at, id) = (list.rsplit('/').next().unwrap_or_default(), path.rsplit('/').next().unwrap_or_default());
    let all = client.ask(Method::GET, list)?.send().await?.body;
    let is_there = all[at].as_array().into_iter().flatten().any(|one| one["id"] == id);
    let mut ask = client.ask(Method::PUT, path)?;
    if is_there {
        let seen = client.ask(Method::GET, path)?.send().await?;
        ask = ask.header("if-match", seen.etag().context("the API's answer has no version")?);
    }
    Ok(client.show(&ask.json(&document).send().await?.body)?)
}
