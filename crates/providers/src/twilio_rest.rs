//! Twilio's REST API, as far as calls and recordings need it. Addresses, bodies and error classes are the
//! `twilio` crate's.

use std::time::Duration;

use bytes::Bytes;
use domain::ids::AccountSid;
use domain::{CallSid, PhoneNumber, RecordingSid, Secret};
use reqwest::header::{CONTENT_TYPE, HeaderMap, LOCATION, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder, Response};
use serde::de::DeserializeOwned;
use twilio::rest::{
    self, AccountResource, Api, Balance, CallList, CallResource, Channels, DiallingCountry, ErrorBody,
    ErrorClass, NewCall, NumberList, NumberResource, NumberSetup, RecordingList, RecordingResource,
};
use twilio::{Form, Sid};
use url::Url;

use crate::bounded_body::bounded_body;
use platform::tls;

mod accounts;
mod texts;

pub use accounts::TwilioAccounts;
use accounts::{Token, Unsent};
pub use texts::SendError;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// For a request and its whole answer, media excepted.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);
/// A download that delivers nothing for this long is dead.
const MEDIA_READ_TIMEOUT: Duration = Duration::from_secs(30);
/// The longest list of a call's recordings is some ten kilobytes.
const MAX_ANSWER_BYTES: usize = 1024 * 1024;
/// The longest wait that Twilio asks for.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(120);

/// Why Twilio did not do it. Its own messages may quote numbers and are dropped.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TwilioError {
    /// No such call or recording, not yet or no more.
    #[error("Twilio knows no such resource, or not in a state for this")]
    NotFound,
    /// The credentials are refused.
    #[error("Twilio refused the credentials: check the account sid and the auth token")]
    Auth,
    /// Twilio asks for fewer requests.
    #[error("Twilio asks for fewer requests: try again later")]
    RateLimited {
        /// When to try again, if it says so.
        after: Option<Duration>,
    },
    /// With Twilio's error code or, where it gave none, the HTTP status.
    #[error("Twilio refused the request ({0}): see its error dictionary")]
    Permanent(u32),
    /// No answer, or a failure of Twilio's. The request may have been carried out.
    #[error("Twilio gave no usable answer: try again")]
    Transient,
    /// The settings cannot be used; why.
    #[error("Twilio cannot be called: {0}")]
    Settings(&'static str),
    /// The account is one that a business brought, and its keys are not kept: they were removed, or the business left
    /// the account too long ago.
    #[error("the keys of the business's Twilio account are not kept: set them again")]
    NoKeys,
    /// The keys that the business brought cannot be read now.
    #[error("the keys of the business's Twilio account cannot be read now: try again")]
    KeysUnavailable,
}

impl TwilioError {
    /// Whether the same request may succeed later.
    pub const fn is_retryable(&self) -> bool {
        match self {
            Self::RateLimited { .. } | Self::Transient | Self::KeysUnavailable => true,
            Self::NotFound | Self::Auth | Self::Permanent(_) | Self::Settings(_) | Self::NoKeys => false,
        }
    }
}

/// Why there is no call, as far as that is known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlaceError {
    /// Twilio has certainly not dialled.
    #[error(transparent)]
    NotPlaced(TwilioError),
    /// The answer was lost, or was none: Twilio may have dialled. Asking again may dial twice.
    #[error("it is not known whether Twilio has placed the call")]
    Unknown,
}

/// One account.
#[derive(Debug, Clone)]
pub struct TwilioRest {
    client: Client,
    api: Api,
    account: AccountSid,
    token: Token,
    /// The simulator has no TLS; whatever the API redirects to is held to the API's own standard.
    plain_http: bool,
}

impl TwilioRest {
    /// `base` is [`rest::DEFAULT_BASE`], or another region's or the simulator's address.
    ///
    /// # Errors
    /// [`TwilioError::Settings`] for a malformed account sid, or without a TLS trust store.
    pub fn new(base: &Url, account_sid: &str, auth_token: Secret) -> Result<Self, TwilioError> {
        let account = AccountSid::parse(account_sid)
            .map_err(|_| TwilioError::Settings("the account sid is not AC and 32 hexadecimal digits"))?;
        let client = tls::client()
            .map_err(|_| TwilioError::Settings("no TLS trust store"))?
            .connect_timeout(CONNECT_TIMEOUT)
            .read_timeout(MEDIA_READ_TIMEOUT)
            // A redirect must not carry the account's credentials to wherever it leads.
            .redirect(Policy::none())
            .build()
            .map_err(|_| TwilioError::Settings("no TLS provider"))?;
        let api = Api::new(base.as_str(), account.as_str());
        let token = Token::Fixed(auth_token);
        Ok(Self { client, api, account, token, plain_http: base.scheme() == "http" })
    }

    /// Another account at the same address, over the same connections.
    fn other(&self, base: &Url, account: &AccountSid, token: Token) -> Self {
        let api = Api::new(base.as_str(), account.as_str());
        Self {
            client: self.client.clone(),
            api,
            account: account.clone(),
            token,
            plain_http: self.plain_http,
        }
    }

    /// The account that it asks in the name of.
    pub const fn account_sid(&self) -> &AccountSid {
        &self.account
    }

    /// A call as it stands.
    ///
    /// # Errors
    /// [`TwilioError::NotFound`] for a call that Twilio does not know, or has deleted.
    pub async fn call(&self, call: &CallSid) -> Result<CallResource, TwilioError> {
        parse(&self.answer(self.client.get(self.api.call(&call_sid(call)?))).await?)
    }

    /// Ends a call. A call that is over already, or that Twilio no longer knows, is a success.
    ///
    /// # Errors
    /// [`TwilioError`]; hanging up again is safe.
    pub async fn hang_up(&self, call: &CallSid) -> Result<(), TwilioError> {
        match self.post(&self.api.call(&call_sid(call)?), &rest::hang_up()).await {
            Ok(_) | Err(TwilioError::NotFound) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Cancels a call that was not answered yet.
    ///
    /// # Errors
    /// [`TwilioError::NotFound`] for a call that was answered, is over, or is not known. Cancelling again is safe.
    pub async fn cancel(&self, call: &CallSid) -> Result<(), TwilioError> {
        self.post(&self.api.call(&call_sid(call)?), &rest::cancel()).await.map(drop)
    }

    /// Asks for an outbound call, once: this is never repeated here.
    ///
    /// # Errors
    /// [`PlaceError`] tells whether a telephone may ring all the same.
    pub async fn place_call(&self, call: &NewCall<'_>) -> Result<CallSid, PlaceError> {
        let post = self.client.post(self.api.calls());
        let post = post.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(call.form().encode());
        let sent = self.send(post.timeout(REQUEST_TIMEOUT)).await;
        let mut response = sent.map_err(|error| match error {
            Unsent::Keys(error) => PlaceError::NotPlaced(error),
            Unsent::Http(error) if error.is_connect() || error.is_builder() => {
                PlaceError::NotPlaced(TwilioError::Transient)
            }
            Unsent::Http(_) => PlaceError::Unknown,
        })?;
        let body = body_of(&mut response).await.map_err(|_| PlaceError::Unknown)?;
        if !response.status().is_success() {
            return Err(match failure(&response, &body) {
                TwilioError::Transient => PlaceError::Unknown,
                refused => PlaceError::NotPlaced(refused),
            });
        }
        let placed: CallResource = parse(&body).map_err(|_| PlaceError::Unknown)?;
        CallSid::parse(placed.sid.as_str()).map_err(|_| PlaceError::Unknown)
    }

    /// The latest calls from one number to another, newest first. A call that was asked for a moment ago may be
    /// missing.
    ///
    /// # Errors
    /// [`TwilioError`].
    pub async fn calls_between(
        &self,
        from: &PhoneNumber,
        to: &PhoneNumber,
    ) -> Result<Vec<CallResource>, TwilioError> {
        let url = self.api.calls_between(from.as_e164(), to.as_e164());
        let body = self.answer(self.client.get(url)).await?;
        Ok(parse::<CallList>(&body)?.calls)
    }

    /// The account.
    ///
    /// # Errors
    /// [`TwilioError`].
    pub async fn account(&self) -> Result<AccountResource, TwilioError> {
        parse(&self.answer(self.client.get(self.api.account())).await?)
    }
    /// Whether a country may be called, by its two letters.
    ///
    /// # Errors
    /// [`TwilioError::NotFound`] for a country that Twilio does not know.
    pub async fn dialling_country(&self, country: &str) -> Result<DiallingCountry, TwilioError> {
        parse(&self.answer(self.client.get(self.api.dialling_country(country))).await?)
    }

    /// What the account has left to spend.
    ///
    /// # Errors
    /// [`TwilioError::NotFound`] for an account that pays in another way, as subaccounts do.
    pub async fn balance(&self) -> Result<Balance, TwilioError> {
        parse(&self.answer(self.client.get(self.api.balance())).await?)
    }

    /// A number of the account. `None`: the account has no such number.
    ///
    /// # Errors
    /// [`TwilioError`].
    pub async fn number(&self, number: &PhoneNumber) -> Result<Option<NumberResource>, TwilioError> {
        let url = self.api.numbers_like(number.as_e164());
        let list: NumberList = parse(&self.answer(self.client.get(url)).await?)?;
        // The filter also finds parts of numbers.
        Ok(list.incoming_phone_numbers.into_iter().find(|found| found.phone_number == number.as_e164()))
    }

    /// Tells Twilio where a number's calls and their callbacks go, and gives the number as it is then.
    ///
    /// # Errors
    /// [`TwilioError`]; telling it again is safe.
    pub async fn set_number_up(
        &self,
        number: &Sid,
        setup: &NumberSetup,
    ) -> Result<NumberResource, TwilioError> {
        parse(&self.post(&self.api.number(number), &setup.form()).await?)
    }

    /// The recordings of a call, newest first. One that was made a moment ago may be missing, one that was deleted is.
    ///
    /// # Errors
    /// [`TwilioError`].
    pub async fn recordings_of(&self, call: &CallSid) -> Result<Vec<RecordingResource>, TwilioError> {
        let url = self.api.call_recordings(&call_sid(call)?);
        let body = self.answer(self.client.get(url)).await?;
        Ok(parse::<RecordingList>(&body)?.recordings)
    }

    /// A recording as it stands, for 40 days also one that was deleted.
    ///
    /// # Errors
    /// [`TwilioError::NotFound`] for one that Twilio does not know yet, or not any more.
    pub async fn recording(&self, recording: &RecordingSid) -> Result<RecordingResource, TwilioError> {
        let sid = Sid::recording(recording.as_str()).map_err(|_| TwilioError::NotFound)?;
        parse(&self.answer(self.client.get(self.api.recording_or_what_is_left(&sid))).await?)
    }

    /// Opens the WAV file of a recording. When two channels are asked for and there is only one, that one is
    /// delivered (Twilio answers 400: Recordings resource docs).
    ///
    /// # Errors
    /// [`TwilioError::NotFound`] shortly after the recording was announced as well as after its deletion.
    pub async fn recording_media(
        &self,
        recording: &RecordingSid,
        channels: u16,
    ) -> Result<Media, TwilioError> {
        let sid = Sid::recording(recording.as_str()).map_err(|_| TwilioError::NotFound)?;
        if channels >= 2 {
            let response = self.media(&self.api.recording_media(&sid, Channels::Dual)).await?;
            if response.status().as_u16() != 400 {
                return Media::open(response, channels).await;
            }
        }
        Media::open(self.media(&self.api.recording_media(&sid, Channels::Mono)).await?, 1).await
    }

    /// Deletes a recording and its media. One that Twilio no longer knows is deleted.
    ///
    /// # Errors
    /// [`TwilioError`]; a recording that is still in progress is refused. Deleting again is safe.
    pub async fn delete_recording(&self, recording: &RecordingSid) -> Result<(), TwilioError> {
        let sid = Sid::recording(recording.as_str()).map_err(|_| TwilioError::NotFound)?;
        match self.answer(self.client.delete(self.api.recording(&sid))).await {
            Ok(_) | Err(TwilioError::NotFound) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// The answer of the API or, if it redirects, of where it leads, which gets no credentials. One redirect
    /// is Twilio's way; a second one is refused.
    async fn media(&self, url: &str) -> Result<Response, TwilioError> {
        let response = self.send(self.client.get(url)).await?;
        if !response.status().is_redirection() {
            return Ok(response);
        }
        let location = response.headers().get(LOCATION).and_then(|location| location.to_str().ok());
        let target = location.and_then(|location| response.url().join(location).ok());
        let allowed = |url: &Url| url.scheme() == "https" || (self.plain_http && url.scheme() == "http");
        let status = u32::from(response.status().as_u16());
        let target = target.filter(allowed).ok_or(TwilioError::Permanent(status))?;
        let stored = self.client.get(target).send().await.map_err(|_| TwilioError::Transient)?;
        match stored.status().as_u16() {
            // The link is good for a short time; asking the API again gives a new one.
            401 | 403 => Err(TwilioError::Transient),
            300..=399 => Err(TwilioError::Permanent(u32::from(stored.status().as_u16()))),
            _ => Ok(stored),
        }
    }

    async fn post(&self, url: &str, form: &Form) -> Result<Vec<u8>, TwilioError> {
        let post = self.client.post(url).header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.answer(post.body(form.encode())).await
    }

    /// The body of a success.
    async fn answer(&self, request: RequestBuilder) -> Result<Vec<u8>, TwilioError> {
        let mut response = self.send(request.timeout(REQUEST_TIMEOUT)).await?;
        let body = body_of(&mut response).await?;
        if response.status().is_success() { Ok(body) } else { Err(failure(&response, &body)) }
    }

    /// Sends a request with the account's token. A token that a business brought and that is refused is read once more,
    /// and if it is another one by now, the request is sent with that: what was refused has had no effect.
    async fn send(&self, request: RequestBuilder) -> Result<Response, Unsent> {
        let again = request.try_clone();
        let token = self.token.current(&self.account).await?;
        let response = self.authorised(request, &token).send().await.map_err(Unsent::Http)?;
        if response.status().as_u16() != 401 {
            return Ok(response);
        }
        match (again, self.token.instead_of(&token, &self.account).await) {
            (Some(again), Some(token)) => self.authorised(again, &token).send().await.map_err(Unsent::Http),
            _ => Ok(response),
        }
    }

    fn authorised(&self, request: RequestBuilder, token: &Secret) -> RequestBuilder {
        request.basic_auth(&self.account, Some(token.expose()))
    }
}

/// A recording on its way.
#[derive(Debug)]
pub struct Media {
    /// The channels that were asked for in the end.
    pub channels: u16,
    /// The media type that was announced.
    pub content_type: Option<String>,
    /// The announced length, to be compared with what arrived.
    pub content_length: Option<u64>,
    response: Response,
}

impl Media {
    /// The next bytes; `None` at the end.
    ///
    /// # Errors
    /// [`TwilioError::Transient`] when the download broke.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, TwilioError> {
        self.response.chunk().await.map_err(|_| TwilioError::Transient)
    }

    async fn open(mut response: Response, channels: u16) -> Result<Self, TwilioError> {
        if !response.status().is_success() {
            let body = body_of(&mut response).await?;
            return Err(failure(&response, &body));
        }
        let content_type = response.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        Ok(Self {
            channels,
            content_type: content_type.map(str::to_owned),
            content_length: response.content_length(),
            response,
        })
    }
}

async fn body_of(response: &mut Response) -> Result<Vec<u8>, TwilioError> {
    bounded_body(response, MAX_ANSWER_BYTES).await.map_err(|_| TwilioError::Transient)
}

fn failure(response: &Response, body: &[u8]) -> TwilioError {
    let status = response.status().as_u16();
    let code = serde_json::from_slice::<ErrorBody>(body).ok().map(|error| error.code);
    match ErrorClass::of(status, code) {
        ErrorClass::AlreadyOver => TwilioError::NotFound,
        ErrorClass::Auth => TwilioError::Auth,
        ErrorClass::RateLimited => TwilioError::RateLimited { after: retry_after(response.headers()) },
        ErrorClass::Retryable => TwilioError::Transient,
        ErrorClass::Permanent if matches!(status, 404 | 410) => TwilioError::NotFound,
        ErrorClass::Permanent => TwilioError::Permanent(code.unwrap_or_else(|| status.into())),
    }
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds).min(MAX_RETRY_AFTER))
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, TwilioError> {
    serde_json::from_slice(body).map_err(|_| TwilioError::Transient)
}

fn call_sid(call: &CallSid) -> Result<Sid, TwilioError> {
    Sid::call(call.as_str()).map_err(|_| TwilioError::NotFound)
}
