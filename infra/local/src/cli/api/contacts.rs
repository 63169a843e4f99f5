//! `switchboard contacts`: the people whom a business knows, in lists and in files.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use clap::{Args, Subcommand, ValueEnum};
use http::Method;
use serde::Serialize;
use serde_json::Value;
use url::Url;

use super::client::Client;
use super::table;
use crate::cli::say;

/// How long a step of an import, or an export, is waited for.
const PATIENCE: Duration = Duration::from_secs(15 * 60);
/// How often it is asked for.
const ASKED_EVERY: Duration = Duration::from_millis(500);

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Command {
    /// List contacts, the newest first
    List(List),
    /// Take contacts in from a CSV file: what it would do is shown first, and done with --yes
    Import(Import),
    /// Take back what an import did, within 24 hours
    Undo {
        /// Its id, as `import` shows it
        id: String,
    },
    /// Write all contacts into a CSV file that `import` takes back unchanged; with --contact, all that is kept of one person into
    /// a zip archive
    Export {
        /// The file to write; it must not be there yet
        file: PathBuf,
        /// The person, by the contact's id
        #[arg(long, value_name = "CONTACT")]
        contact: Option<String>,
    },
    /// Erase all that is kept of a person, everywhere: it cannot be taken back
    Erase {
        /// The contact's id
        contact: String,
        /// The same id once more
        #[arg(long)]
        confirm: String,
    },
    /// List what is being erased and what was; with an id, the report of one
    Erasures {
        /// Its id, as `erase` shows it
        id: Option<String>,
    },
}

#[derive(Debug, Args)]
pub(in crate::cli) struct List {
    /// The beginnings of words of the name
    #[arg(long)]
    name: Option<String>,
    /// The contact of this number
    #[arg(long, conflicts_with = "email")]
    number: Option<String>,
    /// The contact of this e-mail address
    #[arg(long)]
    email: Option<String>,
    /// A tag that they have
    #[arg(long)]
    tag: Option<String>,
    /// Contacts to list at most
    #[arg(long, default_value_t = 25, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
    /// List all that fit
    #[arg(long, conflicts_with = "limit")]
    all: bool,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Import {
    /// The CSV file, with headers in its first row
    file: PathBuf,
    /// Show what it would do, and change nothing
    #[arg(long, conflicts_with = "yes")]
    dry_run: bool,
    /// Take the rows over without asking
    #[arg(long)]
    yes: bool,
    /// What is done with contacts that are there already
    #[arg(long, value_enum, default_value = "fill")]
    mode: Mode,
    /// The country of numbers without a country code, such as AT
    #[arg(long)]
    country: Option<String>,
    /// The order of the parts of days with slashes
    #[arg(long, value_enum)]
    date_order: Option<DateOrder>,
    /// The encoding, such as windows-1255; without it, it is found out
    #[arg(long)]
    encoding: Option<String>,
    /// Take people in again who were erased
    #[arg(long)]
    take_erased: bool,
    /// Problems to show at most
    #[arg(long, default_value_t = 50)]
    problems: usize,
}

#[derive(Debug, Clone, Copy, ValueEnum, Serialize)]
#[serde(rename_all = "snake_case")]
enum Mode {
    /// They are left as they are
    Create,
    /// What is not known of them is filled in
    Fill,
    /// What forms, files and profiles said is replaced too
    Overwrite,
}

#[derive(Debug, Clone, Copy, ValueEnum, Serialize)]
#[serde(rename_all = "snake_case")]
enum DateOrder {
    /// The day first
    Dmy,
    /// The month first
    Mdy,
}

#[derive(Serialize)]
struct NewImport<'a> {
    bytes: usize,
    mode: Mode,
    #[serde(skip_serializing_if = "Option::is_none")]
    country: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    date_order: Option<DateOrder>,
    #[serde(skip_serializing_if = "Option::is_none")]
    encoding: Option<&'a str>,
    take_erased: bool,
}

pub(super) async fn run(client: &Client, command: Command) -> anyhow::Result<()> {
    match command {
        Command::List(wanted) => list(client, &wanted).await,
        Command::Import(wanted) => import(client, &wanted).await,
        Command::Undo { id } => {
            client.ask(Method::POST, &format!("/contacts/imports/{id}/undo"))?.send().await?;
            let undone = settled(client, &format!("/contacts/imports/{id}"), &["undone"]).await?;
            Ok(client.show(&undone)?)
        }
        Command::Export { file, contact: None } => export(client, &file).await,
        Command::Export { file, contact: Some(contact) } => export_person(client, &file, &contact).await,
        Command::Erase { contact, confirm } => {
            let key = super::calls::random()?;
            let path = format!("/contacts/{contact}/erasure");
            let ask = client.ask(Method::POST, &path)?.header("idempotency-key", key);
            let begun = ask.json(&serde_json::json!({ "confirm": confirm })).send().await?.body;
            Ok(client.show(&begun)?)
        }
        Command::Erasures { id: Some(id) } => {
            Ok(client
                .show(&client.ask(Method::GET, &format!("/contacts/erasures/{id}"))?.send().await?.body)?)
        }
        Command::Erasures { id: None } => {
            let all = client.ask(Method::GET, "/contacts/erasures")?.send().await?.body;
            let columns = [
                ("ID", "/id"),
                ("CONTACT", "/contact"),
                ("ASKED AT", "/asked_at"),
                ("STATE", "/state"),
                ("ENDED AT", "/ended_at"),
            ];
            Ok(client.list(&all, "erasures", &columns)?)
        }
    }
}

async fn list(client: &Client, wanted: &List) -> anyhow::Result<()> {
    let most = if wanted.all { usize::MAX } else { usize::try_from(wanted.limit)? };
    let query = [
        ("name", wanted.name.clone()),
        ("number", wanted.number.clone()),
        ("email", wanted.email.clone()),
        ("tag", wanted.tag.clone()),
    ];
    let ask = || Ok(client.ask(Method::GET, "/contacts")?.query(&query));
    let found = client.walk("contacts", most, ask).await?;
    let columns = [
        ("ID", "/id"),
        ("NAME", "/name/value"),
        ("HANDLE", "/handles/0/value"),
        ("COMPANY", "/company/value"),
        ("STATUS", "/lead/status"),
    ];
    client.list(&found, "contacts", &columns)?;
    if !found["next"].is_null() && !client.wants_json() {
        say("There may be more: say --all, or a higher --limit")?;
    }
    Ok(())
}

async fn import(client: &Client, wanted: &Import) -> anyhow::Result<()> {
    let bytes =
        std::fs::read(&wanted.file).with_context(|| format!("cannot read {}", wanted.file.display()))?;
    let new = NewImport {
        bytes: bytes.len(),
        mode: wanted.mode,
        country: wanted.country.as_deref(),
        date_order: wanted.date_order,
        encoding: wanted.encoding.as_deref(),
        take_erased: wanted.take_erased,
    };
    let key = super::calls::random()?;
    let ask = client.ask(Method::POST, "/contacts/imports")?.header("idempotency-key", key);
    let begun = ask.json(&new).send().await?.body;
    put(client, &begun["upload"], bytes).await?;
    let id = begun["id"].as_str().context("the API gave the import no id")?;
    let path = format!("/contacts/imports/{id}");
    client.ask(Method::POST, &format!("{path}/check"))?.send().await?;
    let checked = settled(client, &path, &["checked", "refused"]).await?;
    if checked["state"] == "refused" {
        anyhow::bail!(
            "the file is refused: {}",
            checked["refused"]["detail"].as_str().unwrap_or("no reason")
        );
    }
    let problems = problems(client, &path, wanted.problems).await?;
    if wanted.dry_run || !wanted.yes {
        return shown(client, wanted, &checked, &problems);
    }
    client.ask(Method::POST, &format!("{path}/run"))?.send().await?;
    let done = settled(client, &path, &["done"]).await?;
    Ok(client.show(&done)?)
}

fn shown(client: &Client, wanted: &Import, checked: &Value, problems: &[Value]) -> anyhow::Result<()> {
    if client.wants_json() {
        return Ok(client.show(&serde_json::json!({ "import": checked, "problems": problems }))?);
    }
    let check = &checked["check"];
    let count = |name: &str| check[name].as_u64().unwrap_or(0);
    let file = &checked["file"];
    let encoding = file["encoding"].as_str().unwrap_or_default();
    let guess =
        if file["encoding_guessed"] == true { " (a guess: say --encoding if it is wrong)" } else { "" };
    say(format!("{} rows in {encoding}{guess}", file["rows"]))?;
    let headers = file["headers"].as_array().into_iter().flatten();
    let left_out: Vec<&str> = headers
        .filter(|header| header["column"].is_null())
        .filter_map(|header| header["header"].as_str())
        .collect();
    if !left_out.is_empty() {
        say(format!("Columns that are left out: {}", left_out.join(", ")))?;
    }
    say(format!(
        "{} new, {} changed, {} unchanged, {} left out, {} empty",
        count("created"),
        count("updated"),
        count("unchanged"),
        count("left_out"),
        count("empty"),
    ))?;
    if count("erased") > 0 {
        say(format!(
            "{} rows are of people who were erased: --take-erased takes them in again",
            count("erased")
        ))?;
    }
    if !problems.is_empty() {
        let rows: Vec<Value> = problems.to_vec();
        let columns = [
            ("LINE", "/line"),
            ("COLUMN", "/column"),
            ("BECAUSE", "/code"),
            ("WHAT", "/weight"),
            ("DETAIL", "/detail"),
        ];
        say(table::of(Some(&rows), &columns))?;
        let all = usize::try_from(count("problems")).unwrap_or(usize::MAX);
        if all > rows.len() {
            say(format!("There are {all} in all: say --problems with a higher number"))?;
        }
    }
    if !wanted.dry_run {
        say("Nothing was changed: say --yes to take the rows over")?;
    }
    Ok(())
}

pub(super) async fn problems(client: &Client, path: &str, most: usize) -> anyhow::Result<Vec<Value>> {
    let ask = || client.ask(Method::GET, &format!("{path}/problems"));
    let mut found: Vec<Value> = vec![];
    let mut cursor: Option<String> = None;
    while found.len() < most {
        let page = ask()?.query(&[("cursor", cursor.take())]).send().await?.body;
        found.extend(page["problems"].as_array().into_iter().flatten().cloned());
        match page["next"].as_str() {
            Some(next) => cursor = Some(next.to_owned()),
            None => break,
        }
    }
    found.truncate(most);
    Ok(found)
}

/// Puts the file where the API says, as it says.
pub(super) async fn put(client: &Client, upload: &Value, bytes: Vec<u8>) -> anyhow::Result<()> {
    let url: Url = upload["url"].as_str().context("the API gave no place for the file")?.parse()?;
    let mut request = client.put(url);
    for (name, value) in upload["headers"].as_object().into_iter().flatten() {
        request = request.header(name, value.as_str().unwrap_or_default());
    }
    let answer = request.body(bytes).send().await.context("the file was not taken")?;
    anyhow::ensure!(answer.status().is_success(), "the file was not taken: {}", answer.status());
    Ok(())
}

async fn export(client: &Client, file: &Path) -> anyhow::Result<()> {
    anyhow::ensure!(!file.exists(), "{} is there already", file.display());
    let key = super::calls::random()?;
    let ask = client.ask(Method::POST, "/contacts/exports")?.header("idempotency-key", key);
    let begun = ask.send().await?.body;
    let id = begun["id"].as_str().context("the API gave the export no id")?;
    let done = settled(client, &format!("/contacts/exports/{id}"), &["done"]).await?;
    fetch(client, &done, file).await?;
    Ok(client.done(&done, format!("{} contacts in {}", done["contacts"], file.display()))?)
}

async fn export_person(client: &Client, file: &Path, contact: &str) -> anyhow::Result<()> {
    anyhow::ensure!(!file.exists(), "{} is there already", file.display());
    let path = format!("/contacts/{contact}/export");
    let ask = client.ask(Method::POST, &path)?.header("idempotency-key", super::calls::random()?);
    let begun = ask.send().await?.body;
    let id = begun["id"].as_str().context("the API gave the export no id")?;
    let done = settled(client, &format!("{path}/{id}"), &["done", "failed"]).await?;
    anyhow::ensure!(done["state"] == "done", "the export could not be written: ask for another one");
    fetch(client, &done, file).await?;
    if client.wants_json() {
        return Ok(client.show(&done)?);
    }
    let parts: Vec<Value> = done["parts"].as_array().cloned().unwrap_or_default();
    let columns = [("WHAT", "/part"), ("GIVEN", "/count"), ("LEFT OUT", "/left_out/0/detail")];
    say(table::of(Some(&parts), &columns))?;
    Ok(client.done(&done, format!("All that is kept of {contact} in {}", file.display()))?)
}

/// Fetches the file of an export, a piece at a time.
async fn fetch(client: &Client, done: &Value, file: &Path) -> anyhow::Result<()> {
    let url: Url = done["url"].as_str().context("the API gave no place of the file")?.parse()?;
    let mut answer = client.plain(url).send().await.context("the file did not come")?;
    anyhow::ensure!(answer.status().is_success(), "the file did not come: {}", answer.status());
    let cannot = || format!("cannot write {}", file.display());
    let mut written = std::fs::File::create_new(file).with_context(cannot)?;
    while let Some(piece) = answer.chunk().await.context("the file did not come whole")? {
        written.write_all(&piece).with_context(cannot)?;
    }
    Ok(())
}

/// What is there, once it is in one of these states.
async fn settled(client: &Client, path: &str, states: &[&str]) -> anyhow::Result<Value> {
    let until = tokio::time::Instant::now() + PATIENCE;
    loop {
        let body = client.ask(Method::GET, path)?.send().await?.body;
        if body["state"].as_str().is_some_and(|state| states.contains(&state)) {
            return Ok(body);
        }
        anyhow::ensure!(tokio::time::Instant::now() < until, "it goes on for too long: look at {path} later");
        tokio::time::sleep(ASKED_EVERY).await;
    }
}
