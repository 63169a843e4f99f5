//! Texts over Twilio.

use reqwest::Response;
use reqwest::header::CONTENT_TYPE;
use twilio::rest::{ErrorBody, MessageList, MessageResource, NewMessage, typing};
use twilio::{Sid, SidKind};
use url::Url;

use super::{REQUEST_TIMEOUT, TwilioError, TwilioRest, body_of, failure, parse};
use crate::twilio_rest::accounts::Unsent;

/// Why a text was not sent, as far as that is known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// Twilio has certainly not taken it.
    #[error("{error}")]
    NotTaken {
        /// What it said.
        error: TwilioError,
        /// Its error code.
        code: Option<u32>,
    },
    /// The answer was lost, or was none: Twilio may have taken it.
    #[error("it is not known whether Twilio has taken the text")]
    Unknown,
}

impl TwilioRest {
    /// Asks for a text to be sent, once: this is never repeated here.
    ///
    /// # Errors
    /// [`SendError`] tells whether it may have been sent all the same.
    pub async fn send_text(&self, text: &NewMessage<'_>) -> Result<MessageResource, SendError> {
        let certain = |error| SendError::NotTaken { error, code: None };
        let post = self.client.post(self.api.messages());
        let post = post.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(text.form().encode());
        let mut response = self.send(post.timeout(REQUEST_TIMEOUT)).await.map_err(|error| match error {
            Unsent::Keys(error) => certain(error),
            Unsent::Http(error) if error.is_connect() || error.is_builder() => {
                certain(TwilioError::Transient)
            }
            Unsent::Http(_) => SendError::Unknown,
        })?;
        let body = body_of(&mut response).await.map_err(|_| SendError::Unknown)?;
        if !response.status().is_success() {
            let code = serde_json::from_slice::<ErrorBody>(&body).ok().map(|error| error.code);
            return Err(match failure(&response, &body) {
                TwilioError::Transient => SendError::Unknown,
                error => SendError::NotTaken { error, code },
            });
        }
        parse(&body).map_err(|_| SendError::Unknown)
    }

    /// The latest texts between two parties since a day, `YYYY-MM-DD`, newest first. One that was asked for a moment ago may
    /// be missing.
    ///
    /// # Errors
    /// [`TwilioError`].
    pub async fn texts_between(
        &self,
        from: &str,
        to: &str,
        since: &str,
    ) -> Result<Vec<MessageResource>, TwilioError> {
        let url = self.api.messages_between(from, to, since);
        let body = self.answer(self.client.get(url)).await?;
        Ok(parse::<MessageList>(&body)?.messages)
    }

    /// One text, by Twilio's name of it.
    ///
    /// # Errors
    /// [`TwilioError`].
    pub async fn text(&self, message: &str) -> Result<MessageResource, TwilioError> {
        let message = Sid::parse(SidKind::Message, message).map_err(|_| TwilioError::NotFound)?;
        let body = self.answer(self.client.get(self.api.message(&message))).await?;
        parse(&body)
    }

    /// Whether an address is the API's own, so that it may have the account's credentials.
    pub fn is_own(&self, url: &Url) -> bool {
        Url::parse(&self.api.account()).is_ok_and(|own| own.origin() == url.origin())
    }

    /// What came with a text, by its address in the API or where that leads, which gets no credentials.
    ///
    /// # Errors
    /// [`TwilioError`].
    pub async fn text_media(&self, url: &Url) -> Result<Response, TwilioError> {
        let response = self.media(url.as_str()).await?;
        match response.status().as_u16() {
            401 | 403 => Err(TwilioError::Auth),
            _ => Ok(response),
        }
    }

    /// Shows the person that an answer is being written.
    ///
    /// # Errors
    /// [`TwilioError`]; showing it again is safe.
    pub async fn show_writing(&self, message: &str) -> Result<(), TwilioError> {
        let message = Sid::parse(SidKind::Message, message).map_err(|_| TwilioError::NotFound)?;
        self.post(&self.api.typing(), &typing(&message)).await.map(drop)
    }
}
