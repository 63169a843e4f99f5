//! The line goes to the bridge: the one builder of the TwiML that opens a stream.

use domain::token::TokenKey;
use domain::{CallSid, Epoch};
use twilio::twiml::{Connect, Response as Twiml, Stream, Verb};
use url::Url;

use super::{after_stream, phrases, status};
use crate::edge::verified_form::Gate;

/// Where streams go, and what lets them in.
pub(crate) struct Line {
    pub(crate) stream_url: Url,
    pub(crate) token_key: TokenKey,
}

impl Line {
    /// A function of call and epoch alone. The verbs behind `<Connect>` are reached only if Twilio skips the
    /// action after an abnormal drop, which its documentation leaves open: even then there is no silence.
    pub(crate) fn connect(&self, gate: &Gate, call: &CallSid, epoch: Epoch) -> Twiml {
        let token = self.token_key.mint(call, epoch);
        let stream = Stream {
            url: self.stream_url.to_string(),
            name: Some("agent".to_owned()),
            status_callback: Some(gate.url(status::STREAM_PATH)),
            parameters: vec![("token".to_owned(), token.expose().to_owned())],
        };
        let action = Some(gate.url(&after_stream::action(epoch)));
        Twiml::new().then(Connect { action, stream }).then(phrases::say(phrases::APOLOGY)).then(Verb::Hangup)
    }
}
