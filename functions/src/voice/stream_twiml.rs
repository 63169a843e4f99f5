//! The one builder of the TwiML that opens a stream to the bridge.

use domain::ids::AccountSid;
use domain::locale::Said;
use domain::token::{StreamKind, TokenKey};
use domain::{BusinessId, Call, CallSid, Epoch};
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

/// A call, and what carries it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Carried<'a> {
    pub(super) call: &'a CallSid,
    pub(super) account: &'a AccountSid,
    pub(super) business: &'a BusinessId,
}

impl<'a> From<&'a Call> for Carried<'a> {
    fn from(call: &'a Call) -> Self {
        Self { call: &call.sid, account: &call.account, business: &call.business }
    }
}

impl StreamTwiml {
    /// The call's first stream, after what its business has every caller hear, and recorded if it wants that. The
    /// announcement is TwiML's: it is exact, it is over before anything is recorded, and no later epoch says it again.
    /// The recording begins before the stream and goes on to the end of the call, so no later epoch begins another.
    pub(super) fn first(&self, gate: &Gate, of: Carried<'_>, published: &Published) -> Twiml {
        let phrases = Phrasebook::of(Some(published));
        let policies = &published.settings.policies;
        let announcement = policies.consent.as_ref().map(|consent| phrases.announce(consent));
        let recording = policies
            .record_calls
            .then(|| StartRecording { recording_status_callback: gate.url(callbacks::RECORDING_STATUS) });
        let before = announcement.into_iter().fold(Twiml::new(), Twiml::then);
        let before = recording.into_iter().fold(before, Twiml::then);
        self.stream(before, gate, of, Epoch::FIRST, &phrases)
    }

    /// The stream of a later epoch.
    pub(super) fn later(
        &self,
        gate: &Gate,
        of: Carried<'_>,
        epoch: Epoch,
        published: Option<&Published>,
    ) -> Twiml {
        self.stream(Twiml::new(), gate, of, epoch, &Phrasebook::of(published))
    }

    /// A function of call and epoch, and of the settings that the call began with. The verbs behind `<Connect>` are reached only if Twilio skips the
    /// action after an abnormal drop, which its documentation leaves open: even then there is no silence.
    fn stream(
        &self,
        before: Twiml,
        gate: &Gate,
        of: Carried<'_>,
        epoch: Epoch,
        phrases: &Phrasebook<'_>,
    ) -> Twiml {
        let token = self.token_key.mint(StreamKind::Twilio, of.call, epoch);
        // The bridge must know with which keys a stream is signed before anything is said in it.
        let mut url = self.stream_url.to_string();
        if !gate.is_of_deployment(of.account) {
            url.push_str(&self.token_key.door(of.business, of.account));
        }
        let stream = Stream {
            url,
            name: Some("agent".to_owned()),
            status_callback: Some(gate.url(callbacks::STREAM_STATUS)),
            parameters: vec![("token".to_owned(), token.expose().to_owned())],
        };
        let action = Some(gate.url(&callbacks::after_stream(epoch)));
        before.then(Connect { action, stream }).then(phrases.say(Said::Apology)).then(Verb::Hangup)
    }
}
