//! OpenAI's HTTP API: file transcription and Responses. Shapes and error classes are the `openai` crate's.

use std::time::{Duration, SystemTime};

use backon::{ExponentialBuilder, Retryable as _};
use bytes::Bytes;
use domain::Secret;
use openai::http_error::{
    BACKOFF_CAP, BACKOFF_FIRST, ErrorHeaders, HttpError, MAX_RETRIES, Retry, shortened,
};
use openai::models::{ListedModel, ModelListShape, read_list};
use openai::responses::{ReplyShape, ResponsesReply, ResponsesRequest};
use openai::transcription::{
    AudioContainer, FileError, FilePart, Transcription, TranscriptionRequest, TranscriptionShape,
};
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use reqwest::multipart::{Form, Part};
use reqwest::{Client, RequestBuilder};
use tokio::time::Instant;
use url::Url;

use crate::bounded_body::{NoBody, bounded_body};
use platform::backoff::random_unit;
use platform::telemetry::{Unit, metric};
use platform::tls;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Answers are a few kilobytes; the transcript of an hour is some hundred.
pub const MAX_ANSWER_BYTES: usize = 8 * 1024 * 1024;

/// Why OpenAI gave no answer. Never contains what was sent or said.
#[derive(Debug, thiserror::Error)]
pub enum OpenAiError {
    /// OpenAI answered with an error.
    #[error(transparent)]
    Http(Box<HttpError>),
    /// The request or its answer did not get through; what failed.
    #[error("OpenAI cannot be reached: {0}")]
    Network(&'static str),
    /// There was no answer in time.
    #[error("OpenAI gave no answer within the deadline")]
    Deadline,
    /// The answer is longer than [`MAX_ANSWER_BYTES`].
    #[error("OpenAI's answer is over {MAX_ANSWER_BYTES} bytes")]
    AnswerTooLarge,
    /// The recording cannot be sent.
    #[error(transparent)]
    File(#[from] FileError),
    /// The answer is not one of the transcription API.
    #[error(transparent)]
    Transcription(#[from] TranscriptionShape),
    /// The answer is not one of the Responses API.
    #[error(transparent)]
    Reply(#[from] ReplyShape),
    /// The answer is no list of models.
    #[error(transparent)]
    Models(#[from] ModelListShape),
    /// The HTTP client cannot be made; why.
    #[error("the HTTP client cannot be used: {0}")]
    Client(&'static str),
}

impl OpenAiError {
    /// Whether the same request may succeed later.
    pub const fn is_retryable(&self) -> bool {
        match self {
            Self::Http(error) => !matches!(error.retry, Retry::No),
            Self::Network(_) | Self::Deadline | Self::Transcription(_) | Self::Reply(_) | Self::Models(_) => {
                true
            }
            Self::AnswerTooLarge | Self::File(_) | Self::Client(_) => false,
        }
    }

    /// How long the server wants to be left alone, if it said so.
    pub const fn asked_wait(&self) -> Option<Duration> {
        match self {
            Self::Http(error) => error.retry.asked(),
            _ => None,
        }
    }

    /// [`HttpError::is_busy`].
    pub fn is_busy(&self) -> bool {
        matches!(self, Self::Http(error) if error.is_busy())
    }

    /// The answer's own error, if there was an answer.
    pub fn http(&self) -> Option<&HttpError> {
        match self {
            Self::Http(error) => Some(error),
            _ => None,
        }
    }

    /// [`HttpError::refuses_model`].
    pub fn refuses_model(&self) -> bool {
        matches!(self, Self::Http(error) if error.refuses_model())
    }

    /// [`HttpError::refuses_account`].
    pub fn refuses_account(&self) -> bool {
        matches!(self, Self::Http(error) if error.refuses_account())
    }
}

impl From<HttpError> for OpenAiError {
    fn from(error: HttpError) -> Self {
        Self::Http(Box::new(error))
    }
}

/// The longest waits before another attempt, where the server names none.
const WAITS: ExponentialBuilder = ExponentialBuilder::new()
    .with_min_delay(BACKOFF_FIRST)
    .with_max_delay(BACKOFF_CAP)
    .with_max_times(MAX_RETRIES);

/// OpenAI's HTTP API: transcription and Responses.
#[derive(Debug, Clone)]
pub struct OpenAiHttp {
    client: Client,
    base: String,
    key: Secret,
}

impl OpenAiHttp {
    /// `base` has the version in it, as `https://api.openai.com/v1` does.
    ///
    /// # Errors
    /// [`OpenAiError::Client`] when the system has no usable TLS trust store.
    pub fn new(base: &Url, key: Secret) -> Result<Self, OpenAiError> {
        let client = tls::client().map_err(|_| OpenAiError::Client("no TLS trust store"))?;
        let client = client.connect_timeout(CONNECT_TIMEOUT).build();
        let client = client.map_err(|_| OpenAiError::Client("no TLS provider"))?;
        Ok(Self { client, base: base.as_str().trim_end_matches('/').to_owned(), key })
    }

    /// Transcribes a recording of at most 25 MiB, with the retries that are worth it, until `deadline`.
    ///
    /// # Errors
    /// [`OpenAiError`].
    pub async fn transcribe(
        &self,
        request: &TranscriptionRequest,
        container: AudioContainer,
        audio: Bytes,
        deadline: Instant,
    ) -> Result<Transcription, OpenAiError> {
        let file = FilePart::new(container, audio.len() as u64)?;
        let body = self
            .send(deadline, || {
                let length = audio.len() as u64;
                let part = Part::stream_with_length(audio.clone(), length)
                    .file_name(file.file_name)
                    .mime_str(file.content_type)
                    .map_err(|_| OpenAiError::Client("a content type"))?;
                let fields = request.fields().into_iter();
                let form = fields.fold(Form::new(), |form, (name, value)| form.text(name, value.to_owned()));
                let url = format!("{}/audio/transcriptions", self.base);
                Ok(self.client.post(url).multipart(form.part("file", part)))
            })
            .await?;
        Ok(Transcription::parse(&body)?)
    }

    /// Asks for a written answer, with the retries that are worth it, until `deadline`.
    ///
    /// # Errors
    /// [`OpenAiError`]. A refusal or an incomplete answer is a [`ResponsesReply`].
    pub async fn respond(
        &self,
        request: &ResponsesRequest,
        deadline: Instant,
    ) -> Result<ResponsesReply, OpenAiError> {
        let json = Bytes::from(request.to_json());
        let body = self
            .send(deadline, || {
                let post = self.client.post(format!("{}/responses", self.base));
                Ok(post.header(CONTENT_TYPE, "application/json").body(json.clone()))
            })
            .await?;
        Ok(ResponsesReply::parse(&body)?)
    }

    /// The models that the project may use.
    ///
    /// # Errors
    /// [`OpenAiError`].
    pub async fn models(&self, deadline: Instant) -> Result<Vec<ListedModel>, OpenAiError> {
        let body = self.send(deadline, || Ok(self.client.get(format!("{}/models", self.base)))).await?;
        Ok(read_list(&body)?)
    }

    async fn send(
        &self,
        deadline: Instant,
        build: impl Fn() -> Result<RequestBuilder, OpenAiError>,
    ) -> Result<Bytes, OpenAiError> {
        let once = || async {
            let once = self.send_once(build()?);
            tokio::time::timeout_at(deadline, once).await.unwrap_or(Err(OpenAiError::Deadline))
        };
        once.retry(WAITS)
            .when(|error| matches!(error, OpenAiError::Network(_)) || error.http().is_some_and(may_pass_soon))
            .adjust(|error, longest| {
                let asked = error.http().and_then(|http| http.retry.asked());
                let wait = asked.or_else(|| longest.map(|longest| shortened(longest, random_unit())));
                // After the last wait there is no other try, whatever is asked for.
                wait.filter(|wait| longest.is_some() && Instant::now() + *wait < deadline)
            })
            .await
    }

    async fn send_once(&self, request: RequestBuilder) -> Result<Bytes, OpenAiError> {
        let sent = request.bearer_auth(self.key.expose()).send().await;
        let mut response = sent.map_err(|error| network(&error))?;
        let body = bounded_body(&mut response, MAX_ANSWER_BYTES).await.map_err(|no_body| match no_body {
            NoBody::TooLong => OpenAiError::AnswerTooLarge,
            NoBody::Cut(error) => network(&error),
        })?;
        if response.status().is_success() {
            return Ok(body.into());
        }
        let headers = response.headers();
        let headers = ErrorHeaders {
            request_id: header(headers, "x-request-id"),
            should_retry: header(headers, "x-should-retry"),
            retry_after_ms: header(headers, "retry-after-ms"),
            retry_after: header(headers, "retry-after"),
        };
        let status = response.status().as_u16();
        let error = HttpError::new(status, headers, &body, SystemTime::now());
        if error.refuses_account() {
            tracing::error!(%error, "OpenAI serves this account no longer");
            metric("OpenAiAccountRefused", 1.0, Unit::Count, &[]);
        }
        Err(error.into())
    }
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// Tells the author of a setting that a model does not take it, so that requests go without it. `business` is whose
/// setting it is.
pub fn tell_refused(business: &str, model: &str, setting: &'static str, error: &OpenAiError) {
    tracing::warn!(business, model, setting, %error, "a model refuses a setting that it can do without: it is left out");
    metric("ModelSettingsRefused", 1.0, Unit::Count, &[("Setting", setting)]);
}

/// Reqwest's own text names the URL; what matters fits in a few words.
fn network(error: &reqwest::Error) -> OpenAiError {
    OpenAiError::Network(if error.is_connect() {
        "no connection"
    } else if error.is_timeout() {
        "a timeout"
    } else {
        "the connection broke"
    })
}

/// Whether the same request may succeed within this one's time.
const fn may_pass_soon(error: &HttpError) -> bool {
    matches!(error.retry, Retry::After(_) | Retry::Backoff)
}
