//! The API's address, the key, and one request.

use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::Args;
use http::Method;
use reqwest::header::{ETAG, HeaderMap, LINK};
use reqwest::{RequestBuilder, Response};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use url::Url;

use super::table;
use crate::cli::say;

/// The most entries that the API puts on one page.
const LARGEST_PAGE: usize = 100;

/// Where the API is, and who asks.
#[derive(Debug, Args)]
pub(in crate::cli) struct Target {
    /// Where the API is: `https://` and the deployment's PublicHost
    #[arg(long, env = "SWITCHBOARD_URL", global = true)]
    url: Option<Url>,
    /// The API key, of a business or of an operator
    #[arg(long, env = "SWITCHBOARD_KEY", hide_env_values = true, global = true)]
    key: Option<String>,
    /// A TOML file with `url`, `key` and `business`, for what is not said otherwise
    #[arg(long, env = "SWITCHBOARD_PROFILE", value_name = "FILE", global = true)]
    profile: Option<PathBuf>,
    /// The business that an operator's key acts for
    #[arg(long, value_name = "ID", global = true)]
    business: Option<String>,
    /// Print the API's answer as JSON
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Profile {
    url: Option<String>,
    key: Option<String>,
    business: Option<String>,
}

impl Profile {
    fn read(path: &Path) -> anyhow::Result<Self> {
        let text =
            std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        toml::from_str(&text).with_context(|| format!("{} is no profile", path.display()))
    }
}

impl Target {
    pub(super) fn client(self) -> anyhow::Result<Client> {
        let profile = self.profile.as_deref().map(Profile::read).transpose()?.unwrap_or_default();
        let missing = |what: &str, variable: &str| {
            format!(
                "no {what}: give --{what}, set {variable}, or name a --profile. Beside a running local system, \
                     `switchboard env` prints both"
            )
        };
        let named =
            profile.url.as_deref().map(Url::parse).transpose().context("the profile's url is no URL")?;
        Ok(Client {
            url: self.url.or(named).with_context(|| missing("url", "SWITCHBOARD_URL"))?,
            key: self.key.or(profile.key).with_context(|| missing("key", "SWITCHBOARD_KEY"))?,
            business: self.business.or(profile.business),
            json: self.json,
            http: reqwest::Client::new(),
        })
    }
}

/// Asks one API with one key.
pub(super) struct Client {
    url: Url,
    key: String,
    business: Option<String>,
    json: bool,
    http: reqwest::Client,
}

/// What the API answered.
pub(super) struct Answer {
    pub(super) body: Value,
    headers: HeaderMap,
}

impl Answer {
    /// The state that a write of it must name.
    pub(super) fn etag(&self) -> Option<String> {
        Some(self.headers.get(ETAG)?.to_str().ok()?.to_owned())
    }
}

/// A request under way.
pub(super) struct Ask<'a> {
    client: &'a Client,
    method: Method,
    url: Url,
    headers: Vec<(&'static str, String)>,
    body: Option<String>,
}

impl Client {
    /// A request about a business: the key's own, or the one that is named.
    pub(super) fn ask(&self, method: Method, path: &str) -> anyhow::Result<Ask<'_>> {
        match &self.business {
            Some(business) => self.ask_at(method, &format!("/v1/businesses/{business}{path}")),
            None => self.ask_at(method, &format!("/v1{path}")),
        }
    }

    /// A request at a whole path.
    pub(super) fn ask_at(&self, method: Method, path: &str) -> anyhow::Result<Ask<'_>> {
        let base = self.url.as_str().trim_end_matches('/');
        let url = Url::parse(&format!("{base}{path}")).context("that is no path of the API")?;
        Ok(Ask { client: self, method, url, headers: vec![], body: None })
    }

    /// Where the API is.
    pub(super) const fn url(&self) -> &Url {
        &self.url
    }

    /// The key's text.
    pub(super) fn key(&self) -> &str {
        &self.key
    }

    /// Whether the answer is for a program.
    pub(super) const fn wants_json(&self) -> bool {
        self.json
    }

    /// A question at a whole path whose answer may be of any kind.
    pub(super) fn get(&self, path: &str) -> RequestBuilder {
        let base = self.url.as_str().trim_end_matches('/');
        self.http.get(format!("{base}{path}")).bearer_auth(&self.key)
    }

    /// A question at another address, without the key.
    pub(super) fn plain(&self, url: Url) -> RequestBuilder {
        self.http.get(url)
    }

    /// Sends a file to another address, without the key.
    pub(super) fn put(&self, url: Url) -> RequestBuilder {
        self.http.put(url)
    }

    /// The business that was named.
    pub(super) fn business(&self) -> Option<&str> {
        self.business.as_deref()
    }

    /// The same for another business.
    pub(super) fn acting_for(&self, business: &str) -> Self {
        Self {
            url: self.url.clone(),
            key: self.key.clone(),
            business: Some(business.to_owned()),
            json: self.json,
            http: self.http.clone(),
        }
    }

    /// The entries of a list, page by page, `most` of them at most; `next` says whether there may be more.
    pub(super) async fn walk<'a>(
        &'a self,
        at: &str,
        most: usize,
        ask: impl Fn() -> anyhow::Result<Ask<'a>>,
    ) -> anyhow::Result<Value> {
        let (mut found, mut cursor) = (vec![], None::<String>);
        loop {
            let limit = LARGEST_PAGE.min(most - found.len());
            let page = ask()?.query(&[("limit", Some(limit.to_string())), ("cursor", cursor)]);
            let mut page = page.send().await?.body;
            found.append(page[at].as_array_mut().context("the API's answer is no list")?);
            cursor = page["next"].as_str().map(str::to_owned);
            if cursor.is_none() || found.len() >= most {
                return Ok(json!({ at: found, "next": cursor }));
            }
        }
    }

    /// Prints a list as a table, or the answer as JSON.
    pub(super) fn list(&self, body: &Value, at: &str, columns: &[table::Column]) -> io::Result<()> {
        if self.json { say(pretty(body)) } else { say(table::of(body[at].as_array(), columns)) }
    }

    /// Prints one thing, field by field, or the answer as JSON.
    pub(super) fn show(&self, body: &Value) -> io::Result<()> {
        if self.json { say(pretty(body)) } else { say(table::fields(body)) }
    }

    /// Prints a line for a person, or the answer as JSON.
    pub(super) fn done(&self, body: &Value, line: impl std::fmt::Display) -> io::Result<()> {
        if self.json && !body.is_null() { say(pretty(body)) } else { say(line) }
    }
}

pub(super) fn pretty(body: &Value) -> String {
    serde_json::to_string_pretty(body).unwrap_or_default()
}

impl Ask<'_> {
    pub(super) fn query(mut self, pairs: &[(&str, Option<String>)]) -> Self {
        for (name, value) in pairs.iter().filter_map(|(name, value)| Some((name, value.as_ref()?))) {
            self.url.query_pairs_mut().append_pair(name, value);
        }
        self
    }

    pub(super) fn header(mut self, name: &'static str, value: impl AsRef<str>) -> Self {
        self.headers.push((name, value.as_ref().to_owned()));
        self
    }

    pub(super) fn json(self, body: &impl Serialize) -> Self {
        // Our own bodies are structs with names for fields: they can be written.
        self.text("application/json", serde_json::to_string(body).unwrap_or_default())
    }

    pub(super) fn text(mut self, kind: &str, body: String) -> Self {
        self.body = Some(body);
        self.header("content-type", kind)
    }

    /// The answer, if it is a success.
    pub(super) async fn send(self) -> anyhow::Result<Answer> {
        let response = self.answered().await?;
        let headers = response.headers().clone();
        let text = response.text().await?;
        let body = if text.is_empty() { Value::Null } else { serde_json::from_str(&text)? };
        Ok(Answer { body, headers })
    }

    /// The text of the answer, if it is a success.
    pub(super) async fn send_for_text(self) -> anyhow::Result<String> {
        Ok(self.answered().await?.text().await?)
    }

    /// The text of a page, if it is a success, and the cursor of the next one, which its `Link` names.
    pub(super) async fn send_for_page(self) -> anyhow::Result<(Vec<u8>, Option<String>)> {
        let base = self.url.clone();
        let response = self.answered().await?;
        let link = response.headers().get(LINK).and_then(|link| link.to_str().ok());
        let next = link.and_then(|link| base.join(link.split(['<', '>']).nth(1)?).ok());
        let named = |url: Url| {
            url.query_pairs().find(|(name, _)| name == "cursor").map(|(_, cursor)| cursor.into_owned())
        };
        let cursor = next.and_then(named);
        Ok((response.bytes().await?.to_vec(), cursor))
    }

    async fn answered(self) -> anyhow::Result<Response> {
        let Self { client, method, url, headers, body } = self;
        let request = client.http.request(method, url).bearer_auth(&client.key);
        let request = headers.into_iter().fold(request, |request, (name, value)| request.header(name, value));
        let request = body.into_iter().fold(request, reqwest::RequestBuilder::body);
        let response = request.send().await.with_context(|| format!("{} does not answer", client.url))?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let problem: Problem = response.json().await.unwrap_or_default();
        bail!("{}", problem.words(status.as_u16()))
    }
}

/// An error of the API, as far as a person needs it.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Problem {
    code: String,
    detail: String,
    instance: String,
    errors: Vec<FieldError>,
}

#[derive(Deserialize)]
struct FieldError {
    pointer: String,
    detail: String,
}

impl Problem {
    fn words(&self, status: u16) -> String {
        let mut words = format!("{status} {}", self.code);
        match self.errors.as_slice() {
            [] if self.detail.is_empty() => {}
            [] => words.push_str(&format!(": {}", self.detail)),
            errors => {
                for FieldError { pointer, detail } in errors {
                    words.push_str(&format!("\n  {pointer}: {detail}"));
                }
            }
        }
        if !self.instance.is_empty() {
            words.push_str(&format!("\n  ({})", self.instance));
        }
        words
    }
}
