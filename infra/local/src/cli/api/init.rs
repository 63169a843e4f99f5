//! `switchboard init`: a first business, from a TOML file or from questions. Doing it again changes nothing.

use std::io::{self, BufRead as _, Write as _};
use std::path::PathBuf;

use anyhow::{Context as _, ensure};
use clap::Args;
use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::client::Client;
use super::settings;
use crate::cli::say;

#[derive(Debug, Args)]
pub(in crate::cli) struct Init {
    /// A TOML file with id, name, time_zone, number and optionally language, greeting, instructions, set_up; without it
    /// you are asked
    file: Option<PathBuf>,
}

/// What a first business is made of.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct First {
    /// Its key in every path.
    id: String,
    /// Its name, as the agent says it.
    name: String,
    /// IANA name.
    time_zone: String,
    /// Its number, E.164.
    number: String,
    /// The language of its callers; English without it.
    language: Option<String>,
    /// What the agent opens with; the usual greeting of the language without it.
    greeting: Option<String>,
    /// The business's own instructions; the usual ones of the language without them.
    instructions: Option<String>,
    /// Whether Twilio is told where the number's calls go.
    #[serde(default)]
    set_up: bool,
}

#[derive(Serialize)]
struct NewBusiness<'a> {
    id: &'a str,
    name: &'a str,
    time_zone: &'a str,
}

#[derive(Serialize)]
struct NewKey {
    name: &'static str,
    role: &'static str,
}

#[derive(Serialize)]
struct NewNumber<'a> {
    number: &'a str,
    set_up: bool,
}

pub(super) async fn run(client: &Client, wanted: Init) -> anyhow::Result<()> {
    ensure!(client.business().is_none(), "`init` makes a business: leave --business out");
    let first = match wanted.file {
        Some(path) => {
            let text =
                std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
            toml::from_str(&text)
                .with_context(|| format!("{} does not describe a business", path.display()))?
        }
        None => asked()?,
    };
    let once = format!("init-{}", first.id);
    let new = NewBusiness { id: &first.id, name: &first.name, time_zone: &first.time_zone };
    let ask = client.ask_at(Method::POST, "/v1/businesses")?.header("idempotency-key", &once);
    ask.json(&new).send().await?;
    say(format_args!("{} is set up", first.id))?;

    let client = client.acting_for(&first.id);
    let number = NewNumber { number: &first.number, set_up: first.set_up };
    client.ask(Method::POST, "/numbers")?.json(&number).send().await?;
    say(format_args!("{} is its number", first.number))?;

    let revisions = client.ask(Method::GET, "/settings/revisions")?.send().await?;
    if revisions.body["published"].is_null() {
        let ask = client.ask(Method::GET, "/settings/draft")?;
        let answer = ask.query(&[("language", first.language.clone())]).send().await?;
        let seen = answer.etag();
        let mut draft = answer.body;
        for (field, text) in [("greeting", &first.greeting), ("instructions", &first.instructions)] {
            if let Some(text) = text {
                draft["prompts"]["inbound"][field] = Value::String(text.clone());
            }
        }
        let mut save = client.ask(Method::PUT, "/settings/draft")?.json(&draft);
        if let Some(seen) = seen {
            save = save.header("if-match", seen);
        }
        save.send().await?;
        let note = Some("made by `switchboard init`".into());
        let publish = settings::Publish { note, ..settings::Publish::default() };
        settings::published(&client, "/settings/publish", &publish).await?;
    } else {
        say("it has settings already: they stay as they are")?;
    }
    let key = NewKey { name: "owner", role: "owner" };
    let ask = client.ask(Method::POST, "/keys")?.header("idempotency-key", &once);
    let made = ask.json(&key).send().await?;
    say(format_args!(
        "its key, which is not shown again: {}",
        made.body["key"].as_str().unwrap_or_default()
    ))?;
    Ok(())
}

/// Asks a person.
fn asked() -> anyhow::Result<First> {
    let mut lines = io::stdin().lock().lines();
    let mut ask = |question: &str, usual: Option<&str>| -> anyhow::Result<String> {
        let mut out = io::stderr().lock();
        match usual {
            Some(usual) => write!(out, "{question} [{usual}]: ")?,
            None => write!(out, "{question}: ")?,
        }
        out.flush()?;
        let line = lines.next().transpose()?.unwrap_or_default();
        let line = line.trim();
        match (line, usual) {
            ("", Some(usual)) => Ok(usual.to_owned()),
            ("", None) => anyhow::bail!("{question}: an answer is needed"),
            (line, _) => Ok(line.to_owned()),
        }
    };
    let name = ask("The name of the business, as the agent says it", None)?;
    let usual: String = name
        .to_lowercase()
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join("-");
    Ok(First {
        id: ask("Its id, in every path", Some(&usual))?,
        name,
        time_zone: ask("Its time zone", Some("Europe/Vienna"))?,
        number: ask("Its number, E.164", None)?,
        language: Some(ask("The language of its callers", Some("en"))?),
        greeting: None,
        instructions: None,
        set_up: ask("Shall Twilio be told where its calls go (yes or no)", Some("yes"))? == "yes",
    })
}
