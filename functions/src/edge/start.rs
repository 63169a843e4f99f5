//! What functions are started with and several of them need.

use platform::aws::Aws;
use platform::env::Parser;
use platform::queues::Queue;
use platform::secrets::Secrets;
use providers::openai_http::OpenAiHttp;
use providers::twilio_rest::TwilioRest;
use url::Url;

use super::StartError;

/// The queue that feeds a function, and where jobs end that it gave up.
pub struct Inbox {
    pub queue: Queue,
    pub dead_letters: Queue,
}

/// An inbox by the URLs of its queues, before there is a client to reach them.
pub struct InboxUrls {
    queue: String,
    dead_letters: String,
}

impl InboxUrls {
    pub fn parse(vars: &mut Parser<'_>, queue: &'static str, dead_letters: &'static str) -> Self {
        Self { queue: vars.text(queue), dead_letters: vars.text(dead_letters) }
    }

    pub fn open(&self, aws: &Aws) -> Inbox {
        Inbox { queue: Queue::new(aws, &self.queue), dead_letters: Queue::new(aws, &self.dead_letters) }
    }
}

/// Models by their names, the one that is asked first in front.
pub fn models(vars: &mut Parser<'_>, name: &'static str) -> Vec<String> {
    let listed = vars.text(name);
    listed.split(',').map(str::trim).filter(|model| !model.is_empty()).map(str::to_owned).collect()
}

/// Twilio's REST API, with the token that is current.
///
/// # Errors
/// [`StartError::Other`] without a token, or without a TLS trust store.
pub fn twilio(url: &Url, secrets: &Secrets) -> Result<TwilioRest, StartError> {
    let token = secrets.twilio_auth_tokens.first().cloned();
    let token = token.ok_or_else(|| StartError::Other("no Twilio auth token".into()))?;
    TwilioRest::new(url, &secrets.twilio_account_sid, token)
        .map_err(|error| StartError::Other(error.to_string()))
}

/// OpenAI's HTTP API.
///
/// # Errors
/// [`StartError::Other`] without a TLS trust store.
pub fn openai(url: &Url, secrets: Secrets) -> Result<OpenAiHttp, StartError> {
    OpenAiHttp::new(url, secrets.openai_api_key).map_err(|error| StartError::Other(error.to_string()))
}
