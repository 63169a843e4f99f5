//! Reads calendars that a business names by their address. Such an address may lead anywhere, so it is looked at before and
//! after its name is resolved, again at each step of a redirect, and time and size are bounded. It is never printed: it is the
//! right to the calendar.

use std::time::Duration;

use domain::Secret;
use domain::appointments::NotRead;
use reqwest::header::{ACCEPT, LOCATION};
use reqwest::{Client, Response};
use tokio::time::{Instant, timeout_at};
use url::Url;

use crate::bounded_body::{NoBody, bounded_body};
use crate::public_address::Reach;
use platform::tls::NoTrustStore;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// From the beginning of the first request to the end of the answer.
pub const WITHIN: Duration = Duration::from_secs(8);
/// Steps from one address to the next, at most.
const REDIRECTS_MAX: usize = 3;
/// The largest calendar, bytes.
pub const MAX_BYTES: usize = 5 * 1024 * 1024;

/// Reads calendars of other systems.
#[derive(Debug, Clone)]
pub struct CalendarClient {
    client: Client,
    reach: Reach,
}

impl CalendarClient {
    /// A client that goes as far as `reach`.
    ///
    /// # Errors
    /// [`NoTrustStore`].
    pub fn new(reach: Reach) -> Result<Self, NoTrustStore> {
        let client = reach.client(CONNECT_TIMEOUT)?;
        Ok(Self { client, reach })
    }

    /// Whether an address may be read, as far as that is seen without asking; `webcal` is `https`.
    ///
    /// # Errors
    /// [`NotRead::Address`].
    pub fn address(&self, text: &str) -> Result<Url, NotRead> {
        let text = text.trim();
        let plain = ["webcal://", "webcals://"].iter().find_map(|scheme| text.strip_prefix(scheme));
        let text = plain.map_or_else(|| text.to_owned(), |rest| format!("https://{rest}"));
        let url = Url::parse(&text).map_err(|_| NotRead::Address)?;
        self.reach.check(&url).map_err(|_| NotRead::Address)?;
        Ok(url)
    }

    /// The text of a calendar.
    ///
    /// # Errors
    /// [`NotRead`].
    pub async fn read(&self, address: &Secret) -> Result<String, NotRead> {
        let deadline = Instant::now() + WITHIN;
        timeout_at(deadline, self.follow(address)).await.unwrap_or(Err(NotRead::Timeout))
    }

    async fn follow(&self, address: &Secret) -> Result<String, NotRead> {
        let mut url = self.address(address.expose())?;
        for _ in 0..=REDIRECTS_MAX {
            let request =
                self.client.get(url.clone()).header(ACCEPT, "text/calendar, text/plain;q=0.5, */*;q=0.1");
            // What reqwest says of an error names the address.
            let response = request.send().await.map_err(|error| match error.is_timeout() {
                true => NotRead::Timeout,
                false => NotRead::Unreachable,
            })?;
            if response.status().is_success() {
                return text(response).await;
            }
            if !response.status().is_redirection() {
                return Err(NotRead::Status);
            }
            let next = response.headers().get(LOCATION).and_then(|next| next.to_str().ok());
            let next = next.and_then(|next| url.join(next).ok()).ok_or(NotRead::Redirects)?;
            self.reach.check(&next).map_err(|_| NotRead::Address)?;
            url = next;
        }
        Err(NotRead::Redirects)
    }
}

/// The body, which is UTF-8 by the standard; what is not is replaced, and then no time of it.
async fn text(mut response: Response) -> Result<String, NotRead> {
    let bytes = bounded_body(&mut response, MAX_BYTES).await.map_err(|no_body| match no_body {
        NoBody::TooLong => NotRead::TooLarge,
        // A part of a calendar says that the rest is free.
        NoBody::Cut(_) => NotRead::Unreachable,
    })?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
