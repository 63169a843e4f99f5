//! Who is let in to listen to a call, and where.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use domain::CallSid;
use domain::listening::{Grant, LISTEN_PATH, Listener, NotGranted, PROTOCOL};
use domain::token::TokenKey;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, header};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use platform::Clock;
use platform::rate_limit::RateLimited;
use tokio::sync::broadcast::Receiver;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::create_response;

use super::forward::{self, PASSED_ON};
use super::tap::{Crowded, Taps};
use super::view;
use crate::entrance::Entrance;
use crate::ports::Ports;

/// What lets listeners in.
#[derive(Debug)]
pub(crate) struct Door<P> {
    pub(crate) console_origin: String,
    pub(crate) token_key: TokenKey,
    pub(crate) taps: Arc<Taps>,
    pub(crate) ports: Arc<P>,
    pub(crate) clock: Clock,
    refusals: RateLimited,
}

/// Why a view is not let in.
#[derive(Debug, thiserror::Error)]
enum NotLetIn {
    #[error("the page is of another origin than the console")]
    Origin,
    #[error("the request is no handshake of {PROTOCOL}")]
    Handshake,
    #[error(transparent)]
    Token(#[from] NotGranted),
    #[error("the token was used")]
    Used,
    #[error("no task carries the call")]
    NotCarried,
    #[error(transparent)]
    Crowded(#[from] Crowded),
    #[error("the store or the task of the call did not answer: {0}")]
    Unavailable(String),
}

impl NotLetIn {
    const fn answer(&self) -> (StatusCode, &'static str) {
        match self {
            Self::Origin => (StatusCode::FORBIDDEN, "no page of the console"),
            Self::Handshake => {
                (StatusCode::BAD_REQUEST, "a WebSocket handshake with a token is expected here")
            }
            Self::Token(_) | Self::Used => (StatusCode::FORBIDDEN, "the token is not good"),
            Self::NotCarried => (StatusCode::NOT_FOUND, "the call is not going on"),
            Self::Crowded(_) => (StatusCode::TOO_MANY_REQUESTS, "too many listen to the call"),
            Self::Unavailable(_) => (StatusCode::SERVICE_UNAVAILABLE, "try again"),
        }
    }
}

impl<P: Ports> Door<P> {
    pub(crate) fn new(
        console_origin: String,
        token_key: TokenKey,
        taps: Arc<Taps>,
        ports: Arc<P>,
        clock: Clock,
    ) -> Self {
        Self { console_origin, token_key, taps, ports, clock, refusals: RateLimited::default() }
    }

    /// Whether a path is for this door.
    pub(crate) fn is_at(path: &str) -> bool {
        path.strip_prefix(LISTEN_PATH).is_some_and(|rest| rest.starts_with('/'))
    }

    /// Lets the request's view in, here or at the task that carries the call.
    pub(crate) async fn respond(
        &self,
        request: Request<Incoming>,
        head: &Request<()>,
    ) -> Response<Full<Bytes>> {
        match self.let_in(request, head).await {
            Ok(response) => response,
            Err(refused) => {
                if let Some(others) = self.refusals.admit(Instant::now()) {
                    tracing::warn!(%refused, others, "listener refused");
                }
                let (status, text) = refused.answer();
                crate::server::plain(status, text)
            }
        }
    }

    async fn let_in(
        &self,
        mut request: Request<Incoming>,
        head: &Request<()>,
    ) -> Result<Response<Full<Bytes>>, NotLetIn> {
        let headers = head.headers();
        if Entrance::of_page(headers, &self.console_origin).is_none() {
            return Err(NotLetIn::Origin);
        }
        let call = head.uri().path().strip_prefix(LISTEN_PATH).and_then(|rest| rest.strip_prefix('/'));
        let call = call.and_then(|sid| CallSid::parse(sid).ok()).ok_or(NotLetIn::NotCarried)?;
        let token = token(headers).ok_or(NotLetIn::Handshake)?;
        let grant = Grant::of_token(&self.token_key, &call, token, self.clock.now())?;
        let upgraded = hyper::upgrade::on(&mut request);
        let Some(messages) = self.taps.listen(&call) else {
            if headers.contains_key(PASSED_ON) {
                return Err(NotLetIn::NotCarried);
            }
            let carrier = self.ports.carrier(&call).await;
            let carrier = carrier.map_err(|error| NotLetIn::Unavailable(error.to_string()))?;
            let address = carrier.ok_or(NotLetIn::NotCarried)?;
            return forward::pass_on(head, upgraded, address).await.map_err(NotLetIn::Unavailable);
        };
        let mut switching = create_response(head).map_err(|_| NotLetIn::Handshake)?;
        switching.headers_mut().insert(header::SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(PROTOCOL));
        self.begin(&call, grant, messages?, upgraded).await?;
        Ok(switching.map(|()| Full::default()))
    }

    /// The note first: what is heard is noted.
    async fn begin(
        &self,
        call: &CallSid,
        Grant { view, by, .. }: Grant,
        messages: Receiver<Message>,
        upgraded: hyper::upgrade::OnUpgrade,
    ) -> Result<(), NotLetIn> {
        let mut listener = Listener { view, by, began_at: self.clock.now(), ended_at: None };
        let begun = self.ports.begin_listening(call, &listener).await;
        if !begun.map_err(|error| NotLetIn::Unavailable(error.to_string()))? {
            return Err(NotLetIn::Used);
        }
        tracing::info!(%call, key = %listener.by, "a person listens");
        let (ports, clock, call) = (Arc::clone(&self.ports), self.clock.clone(), call.clone());
        tokio::spawn(async move {
            let end = match upgraded.await {
                Ok(upgraded) => view::serve(TokioIo::new(upgraded), messages).await,
                Err(_) => view::End::Left,
            };
            listener.ended_at = Some(clock.now());
            tracing::info!(%call, key = %listener.by, end = end.as_str(), "a person listens no more");
            if let Err(error) = ports.end_listening(&call, &listener).await {
                tracing::error!(%call, %error, "until when a person listened is lost");
            }
        });
        Ok(())
    }
}

/// The token among the subprotocols: the one behind ours.
fn token(headers: &HeaderMap) -> Option<&str> {
    let mut named = headers.get(header::SEC_WEBSOCKET_PROTOCOL)?.to_str().ok()?.split(',').map(str::trim);
    (named.next()? == PROTOCOL).then(|| named.next())?.filter(|_| named.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_stands_behind_the_name_of_the_protocol() {
        let read = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(value));
            token(&headers).map(str::to_owned)
        };
        assert_eq!(read("switchboard.listen.v1, 1.2.3").as_deref(), Some("1.2.3"));
        assert_eq!(read("switchboard.listen.v1,1.2.3").as_deref(), Some("1.2.3"));
        for wrong in
            ["", "1.2.3", "switchboard.listen.v1", "1, switchboard.listen.v1", "switchboard.listen.v1, 1, 2"]
        {
            assert_eq!(read(wrong), None, "{wrong}");
        }
        assert_eq!(token(&HeaderMap::new()), None);
    }
}
