//! The one builder of the TwiML that opens a stream to the bridge.

use domain::locale::Said;
use domain::token::TokenKey;
use domain::{CallSid, Epoch};
use stores::businesses::Published;
use twilio::twiml::{Connect, Response as Twiml, StartRecording, Stream, Verb};
use url::Url;

use super::phrases::Phrasebook;
use crate::edge::parts::parts;
use crate::edge::verified_form::Gate;
use crate::shared::callbacks;

parts! {
    /// Where streams go, and what lets them in.
    pub(super) struct StreamTwiml {
        stream_url: Url => |needs| needs.vars.url("STREAM_URL"),
        token_key: TokenKey,
    }
}

impl StreamTwiml {
    /// The call's first stream, after what its business has every caller hear, and recorded if it wants that. The
    /// announcement is TwiML's: it is exact, it is over before anything is recorded, and no later epoch says it again.
    /// The recording begins before the stream and goes on to the end of the call, so no later epoch begins another.
    pub(super) fn first(&self, gate: &Gate, call: &CallSid, published: &Published) -> Twiml {
        let phrases = Phrasebook::of(Some(published));
        let policies = &published.settings.policies;
        let announcement = policies.consent.as_ref().map(|consent| phrases.announce(consent));
        let recording = policies
            .record_calls
            .then(|| StartRecording { recording_status_callback: gate.url(callbacks::RECORDING_STATUS) });
        let before = announcement.into_iter().fold(Twiml::new(), Twiml::then);
        let before = recording.into_iter().fold(before, Twiml::then);
        self.stream(before, gate, call, Epoch::FIRST, &phrases)
    }

    /// The stream of a later epoch.
    pub(super) fn later(
        &self,
        gate: &Gate,
        call: &CallSid,
        epoch: Epoch,
        published: Option<&Published>,
    ) -> Twiml {
        self.stream(Twiml::new(), gate, call, epoch, &Phrasebook::of(published))
    }

    /// A function of call and epoch, and of the settings that the call began with. The verbs behind `<Connect>` are reached only if Twilio skips the
    /// action after an abnormal drop, which its documentation leaves open: even then there is no silence.
    fn stream(
        &self,
        before: Twiml,
        gate: &Gate,
        call: &CallSid,
        epoch: Epoch,
        phrases: &Phrasebook<'_>,
    ) -> Twiml {
        let token = self.token_key.mint(call, epoch);
        let stream = Stream {
            url: self.stream_url.to_string(),
            name: Some("agent".to_owned()),
            status_callback: Some(gate.url(callbacks::STREAM_STATUS)),
            parameters: vec![("token".to_owned(), token.expose().to_owned())],
        };
        let action = Some(gate.url(&callbacks::after_stream(epoch)));
        before.then(Connect { action, stream }).then(phrases.say(Said::Apology)).then(Verb::Hangup)
    }
}
