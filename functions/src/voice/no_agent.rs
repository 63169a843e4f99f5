//! No agent can be had: the model is lost or refuses us, the streams break, or the call was never let in.
//!
//! The caller is offered what the business has instead, one thing after the other: a person's phone, voicemail, an
//! apology. Every answer is a function of the call's settings and of what Twilio reports, so copies are alike, and
//! none of them is silence.

use std::time::Duration;

use domain::Timestamp;
use domain::business::Voicemail;
use domain::business::bounds::IN_PLACE_OF_AGENT;
use domain::call::Refusal;
use domain::locale::Said;
use domain::reception::{Reception, reception};
use stores::businesses::Published;
use twilio::twiml::{Record, Response as Twiml, Verb};

use super::phrases::{self, Phrasebook};
use crate::edge::verified_form::Gate;
use crate::shared::callbacks;

/// Silence that ends a message.
const MESSAGE_PAUSE_S: u32 = 5;

/// Why there is no agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Why {
    /// There was one, or was to be one.
    Lost,
    /// The call was never let in.
    Refused(Refusal),
}

impl Why {
    /// Said before a person is rung.
    const fn sorry(self) -> Said {
        match self {
            Self::Lost => Said::ConnectingTrouble,
            Self::Refused(Refusal::AtCapacity) => Said::ConnectingBusy,
            Self::Refused(
                Refusal::NoPrompt
                | Refusal::UnknownNumber
                | Refusal::Closed
                | Refusal::CapReached
                | Refusal::Suspended,
            ) => Said::Connecting,
        }
    }

    const fn last_words(self) -> Said {
        match self {
            Self::Lost => Said::Apology,
            Self::Refused(reason) => phrases::refusal(reason),
        }
    }
}

/// What a call that was refused is offered, with the business that it belongs to. Every copy of a webhook is told the
/// same: what holds outside the opening hours is decided by when the call began.
pub(super) fn refused(
    gate: &Gate,
    reason: Refusal,
    opened_at: Timestamp,
    published: Option<&Published>,
) -> Twiml {
    match (reason, published) {
        (Refusal::Closed, Some(published)) => closed(gate, published, opened_at),
        // Neither a person is rung for a business that is not served, nor a message taken.
        (Refusal::Suspended, published) => Phrasebook::of(published).ending(phrases::refusal(reason)),
        (reason, published) => offer(gate, Why::Refused(reason), published),
    }
}

/// What a business has outside its opening hours, in place of the agent.
pub(super) fn closed(gate: &Gate, published: &Published, opened_at: Timestamp) -> Twiml {
    let Published { business, settings } = published;
    let phrases = Phrasebook::of(Some(published));
    let policy = &settings.policies.when_no_agent;
    let message = |longest: &Voicemail| record(gate, &phrases, Said::ClosedVoicemail, longest);
    match reception(business, settings, opened_at) {
        Reception::Forward(entry) => {
            let action = gate.url(callbacks::AFTER_FALLBACK);
            let dial = phrases::dial(&entry.number, None, whole_seconds(policy.ring_for), action);
            Twiml::new().then(phrases.say(Said::Connecting)).then(dial)
        }
        Reception::Voicemail => message(&policy.voicemail.clone().unwrap_or_default()),
        // The profile's time zone was changed since, or the entry is gone.
        Reception::Agent { .. } | Reception::Closed => {
            policy.voicemail.as_ref().map_or_else(|| phrases.ending(Said::Closed), message)
        }
    }
}

/// The first thing that the business has. `None`: nothing is known of it.
pub(super) fn offer(gate: &Gate, why: Why, published: Option<&Published>) -> Twiml {
    let phrases = Phrasebook::of(published);
    let Some(Published { business, settings }) = published else { return phrases.ending(why.last_words()) };
    let policy = &settings.policies.when_no_agent;
    match &business.fallback_number {
        Some(number) => {
            let action = gate.url(callbacks::AFTER_FALLBACK);
            let ring_for_s = whole_seconds(policy.ring_for);
            Twiml::new().then(phrases.say(why.sorry())).then(phrases::dial(number, None, ring_for_s, action))
        }
        None => match &policy.voicemail {
            Some(longest) => record(gate, &phrases, Said::Voicemail, longest),
            None => phrases.ending(why.last_words()),
        },
    }
}

/// The person who was rung did not answer.
pub(super) fn message_or_goodbye(
    gate: &Gate,
    refusal: Option<Refusal>,
    published: Option<&Published>,
) -> Twiml {
    let phrases = Phrasebook::of(published);
    let asks = if refusal == Some(Refusal::Closed) { Said::ClosedVoicemail } else { Said::Voicemail };
    match published.and_then(|published| published.settings.policies.when_no_agent.voicemail.as_ref()) {
        Some(longest) => record(gate, &phrases, asks, longest),
        None => phrases.ending(Said::NotAvailable),
    }
}

/// Asks for a message and takes it.
fn record(gate: &Gate, phrases: &Phrasebook<'_>, asks: Said, Voicemail { max_length }: &Voicemail) -> Twiml {
    let record = Record {
        // Without an action Twilio would ask for this document again, and again.
        action: Some(gate.url(callbacks::AFTER_MESSAGE)),
        play_beep: true,
        timeout_s: MESSAGE_PAUSE_S,
        max_length_s: whole_seconds(*max_length),
        recording_status_callback: Some(gate.url(callbacks::RECORDING_STATUS)),
    };
    let message = Twiml::new().then(phrases.say(asks)).then(record);
    // Reached when nothing was said: then there is no recording and no action.
    message.then(phrases.say(Said::NoMessage)).then(Verb::Hangup)
}

fn whole_seconds(duration: Duration) -> u32 {
    u32::try_from(duration.clamp(IN_PLACE_OF_AGENT.min, IN_PLACE_OF_AGENT.max).as_secs()).unwrap_or(u32::MAX)
}
