//! Asking an address of our own from outside: what Twilio and everyone else would be answered there.

use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, DATE};
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder};
use twilio::Form;
use url::Url;

use platform::tls;

/// For a request and the head of its answer.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unreached(&'static str);

/// The head of an answer. Its body is not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// The HTTP status.
    pub status: u16,
    /// The header `Date`, as received.
    pub date: Option<String>,
}

/// A client that follows no redirect.
#[derive(Debug, Clone)]
pub struct Probe {
    client: Client,
}

impl Probe {
    /// # Errors
    /// [`Unreached`] when the system has no usable TLS trust store.
    pub fn new() -> Result<Self, Unreached> {
        let client = tls::client().map_err(|_| Unreached("no TLS trust store"))?;
        let client = client.timeout(TIMEOUT).redirect(Policy::none()).build();
        Ok(Self { client: client.map_err(|_| Unreached("no TLS provider"))? })
    }

    /// Asks for a page.
    ///
    /// # Errors
    /// [`Unreached`].
    pub async fn get(&self, url: &Url) -> Result<Answered, Unreached> {
        answered(self.client.get(url.clone())).await
    }

    /// Sends a webhook with this signature.
    ///
    /// # Errors
    /// [`Unreached`].
    pub async fn post(&self, url: &Url, form: &Form, signature: &str) -> Result<Answered, Unreached> {
        let post = self.client.post(url.clone()).header("x-twilio-signature", signature);
        answered(post.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(form.encode())).await
    }
}

async fn answered(request: RequestBuilder) -> Result<Answered, Unreached> {
    let answer = request.send().await.map_err(|error| {
        Unreached(match () {
            () if error.is_timeout() => "there is no answer in time",
            () if error.is_connect() => "there is no connection: look at its DNS and its certificate",
            () => "the connection broke",
        })
    })?;
    let date = answer.headers().get(DATE).and_then(|date| date.to_str().ok());
    Ok(Answered { status: answer.status().as_u16(), date: date.map(str::to_owned) })
}
