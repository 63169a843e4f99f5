//! E-mail through SES: one request of its API v2 (`SendEmail`), signed here. The SDK's crate for it would be among the largest of
//! the deployment, for one operation.
//!
//! SES has no key by which a repeated request is known, and no list of what was sent, so a request is made once: what may have
//! been taken is told apart from what certainly was not.

use std::time::{Duration, SystemTime};

use aws_credential_types::provider::{ProvideCredentials as _, SharedCredentialsProvider};
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use reqwest::header::CONTENT_TYPE;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::tls::{self, NoTrustStore};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
const TIMEOUT: Duration = Duration::from_secs(15);
const SERVICE: &str = "ses";
const PATH: &str = "v2/email/outbound-emails";
const JSON: &str = "application/json";

/// Where SES is, and as whom it is asked.
#[derive(Debug, Clone)]
pub struct Ses {
    pub(crate) url: Option<Url>,
    pub(crate) region: String,
    pub(crate) credentials: Option<SharedCredentialsProvider>,
}

/// Sends e-mails.
#[derive(Debug, Clone)]
pub struct Mailer {
    http: reqwest::Client,
    ses: Ses,
}

/// An e-mail of plain text.
#[derive(Debug, Clone, Copy)]
pub struct Mail<'a> {
    /// An address that SES knows to be ours.
    pub from: &'a str,
    /// The person's.
    pub to: &'a str,
    /// One line.
    pub subject: &'a str,
    /// What it says.
    pub text: &'a str,
}

/// Why SES has not taken an e-mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotMailed {
    /// It certainly has not, and may later.
    #[error("SES takes no e-mail at the moment")]
    Later,
    /// It certainly has not, and will not: the e-mail, or its sender.
    #[error("SES does not take the e-mail: HTTP {0}")]
    Refused(u16),
    /// The role may not send, or has no credentials.
    #[error("SES does not let us send e-mails")]
    Forbidden,
    /// It may have.
    #[error("it is not known whether SES has taken the e-mail")]
    Unknown,
}

/// `SendEmail`, in SES's words.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Request<'a> {
    from_email_address: &'a str,
    destination: Destination<'a>,
    content: Content<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Destination<'a> {
    to_addresses: [&'a str; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Content<'a> {
    simple: Simple<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Simple<'a> {
    subject: Text<'a>,
    body: Body<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Body<'a> {
    text: Text<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Text<'a> {
    data: &'a str,
    charset: &'static str,
}

/// What SES says of a request that it refuses: the name of the error is in a header, or here.
#[derive(Deserialize)]
struct Refusal {
    #[serde(default, rename = "__type")]
    kind: String,
}

impl Mailer {
    /// Asks SES where it is.
    ///
    /// # Errors
    /// [`NoTrustStore`].
    pub fn new(ses: Ses) -> Result<Self, NoTrustStore> {
        let http = tls::client()?.connect_timeout(CONNECT_TIMEOUT).timeout(TIMEOUT).no_proxy();
        Ok(Self { http: http.build().map_err(|_| NoTrustStore)?, ses })
    }

    /// Sends an e-mail, once.
    ///
    /// # Errors
    /// [`NotMailed`].
    pub async fn send(&self, mail: &Mail<'_>) -> Result<(), NotMailed> {
        let text = |data| Text { data, charset: "UTF-8" };
        let request = Request {
            from_email_address: mail.from,
            destination: Destination { to_addresses: [mail.to] },
            content: Content {
                simple: Simple { subject: text(mail.subject), body: Body { text: text(mail.text) } },
            },
        };
        let body = serde_json::to_string(&request).map_err(|_| NotMailed::Refused(0))?;
        let url = self.url().ok_or(NotMailed::Forbidden)?;
        let signed = self.signed(&url, &body).await.ok_or(NotMailed::Forbidden)?;
        let post = self.http.post(url).header(CONTENT_TYPE, JSON).body(body);
        let post = signed.into_iter().fold(post, |post, (name, value)| post.header(name, value));
        let answer = post.send().await.map_err(|error| match error.is_connect() || error.is_builder() {
            true => NotMailed::Later,
            false => NotMailed::Unknown,
        })?;
        let status = answer.status().as_u16();
        let named = answer.headers().get("x-amzn-errortype").and_then(|name| name.to_str().ok());
        let named = named.unwrap_or_default().to_owned();
        if (200..300).contains(&status) {
            return Ok(());
        }
        let told = answer.json::<Refusal>().await.map(|refusal| refusal.kind).unwrap_or_default();
        Err(refused(status, &format!("{named} {told}")))
    }

    fn url(&self) -> Option<Url> {
        match &self.ses.url {
            Some(url) => url.join(PATH).ok(),
            None => Url::parse(&format!("https://email.{}.amazonaws.com/{PATH}", self.ses.region)).ok(),
        }
    }

    /// The headers that sign a request.
    async fn signed(&self, url: &Url, body: &str) -> Option<Vec<(String, String)>> {
        let credentials = self.ses.credentials.as_ref()?.provide_credentials().await.ok()?;
        let identity = credentials.into();
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.ses.region)
            .name(SERVICE)
            // SES compares it with its own clock.
            .time(SystemTime::now())
            .settings(SigningSettings::default())
            .build()
            .ok()?
            .into();
        let headers = [(CONTENT_TYPE.as_str(), JSON)].into_iter();
        let request =
            SignableRequest::new("POST", url.as_str(), headers, SignableBody::Bytes(body.as_bytes())).ok()?;
        let (instructions, _) = sign(request, &params).ok()?.into_parts();
        let headers = instructions.headers();
        Some(headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }
}

/// What a status and the names of an error mean (SES API v2, common errors and those of `SendEmail`).
fn refused(status: u16, named: &str) -> NotMailed {
    let is = |name: &str| named.contains(name);
    match status {
        429 => NotMailed::Later,
        _ if is("TooManyRequests") || is("LimitExceeded") || is("Throttling") || is("SendingPaused") => {
            NotMailed::Later
        }
        401 | 403 => NotMailed::Forbidden,
        500..=599 => NotMailed::Unknown,
        _ => NotMailed::Refused(status),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ses_refuses_passes_or_does_not() {
        assert_eq!(refused(429, "TooManyRequestsException"), NotMailed::Later);
        assert_eq!(refused(400, "LimitExceededException"), NotMailed::Later);
        assert_eq!(refused(400, "MessageRejected"), NotMailed::Refused(400));
        assert_eq!(refused(400, "MailFromDomainNotVerifiedException"), NotMailed::Refused(400));
        assert_eq!(refused(403, "AccessDeniedException"), NotMailed::Forbidden);
        assert_eq!(refused(500, ""), NotMailed::Unknown, "it may have taken it");
    }
}
