//! One business, its settings, a call to it, the call's plan and its turns: the values that tests begin from and change
//! what they are about.
#![expect(clippy::unwrap_used, reason = "the texts are constants, and only tests call this")]

use std::time::Duration;

use crate::business::{ChannelPrompt, ConversationPolicy, Policies, Prompts, TurnDetection, Voice};
use crate::ids::AccountSid;
use crate::insight::InsightPolicy;
use crate::outbound::OutboundPolicy;
use crate::plan::Resumption;
use crate::turn::{EndReason, TurnState, Usage};
use crate::usage::Caps;
use crate::{
    Business, BusinessId, Call, CallPlan, CallSid, CallStatus, Caller, Direction, Epoch, PhoneNumber,
    Revision, SessionReport, Settings, Speaker, Timestamp, Toolbox, Turn,
};

/// A call's sid: one for each `n`.
pub fn call_sid(n: u32) -> CallSid {
    CallSid::parse(&format!("CA{n:032x}")).unwrap()
}

/// A number of its own for each `n` below a million.
pub fn phone(n: u32) -> PhoneNumber {
    PhoneNumber::parse(&format!("+43720{n:06}")).unwrap()
}

/// The business `harbour`.
pub fn business() -> Business {
    Business {
        id: BusinessId::parse("harbour").unwrap(),
        name: "Harbour Bicycle Workshop".into(),
        time_zone: "Europe/Vienna".into(),
        max_concurrent_calls: 4,
        fallback_number: None,
        caps: Caps::default(),
        twilio_account: None,
        twilio_keys_until: None,
        twilio_change_until: None,
        standing: Default::default(),
    }
}

/// An English agent whose callers are transcribed.
pub fn voice() -> Voice {
    Voice {
        model: "gpt-realtime-2.1".into(),
        voice: "marin".into(),
        languages: vec!["en".into()],
        transcription_model: Some("gpt-transcribe".into()),
        keywords: vec![],
        turn_detection: TurnDetection::default(),
    }
}

/// The first settings of [`business`]: calls that come in are answered and recorded.
pub fn settings() -> Settings {
    let inbound = ChannelPrompt::new("You are Robin.", "Hello, {{business_name}}.");
    Settings {
        revision: Revision::FIRST,
        prompts: Prompts { inbound: Some(inbound), outbound: None, whatsapp: None },
        voice: voice(),
        policies: Policies { record_calls: true, ..Policies::default() },
        tools: Toolbox::default(),
        insights: InsightPolicy::default(),
        hours: None,
        words: Box::default(),
        outbound: OutboundPolicy::default(),
        recording_withheld: false,
    }
}

/// A call to [`business`] that rings, from [`phone`] `n` to [`phone`] 0, opened at `now`.
pub fn call(n: u32, now: Timestamp) -> Call {
    Call {
        sid: call_sid(n),
        account: AccountSid::parse(&format!("AC{}", "1".repeat(32))).unwrap(),
        business: business().id,
        from: Caller::Number(phone(n)),
        to: Some(phone(0)),
        status: CallStatus::Ringing,
        direction: Direction::Inbound,
        twilio_direction: "inbound".into(),
        revision: Some(Revision::FIRST),
        opened_at: now,
        answered_at: None,
        ended_at: None,
        duration: None,
        refusal: None,
        draft: false,
        sip_response_code: None,
        error_code: None,
        task: None,
        contact: None,
    }
}

/// The plan of the first session of a call to [`business`], with a greeting and without tools.
pub fn plan(n: u32) -> CallPlan {
    CallPlan {
        call: call_sid(n),
        epoch: Epoch::FIRST,
        business: business().id,
        revision: Revision::FIRST,
        direction: Direction::Inbound,
        minted_at: Timestamp(0),
        voice: voice(),
        conversation: ConversationPolicy::default(),
        instructions: "You are Robin.".into(),
        greeting: Some("Harbour Bicycle Workshop, good morning.".into()),
        history: vec![],
        resumption: Resumption::default(),
        tools: Toolbox::default(),
        caller: None,
        introduction: None,
        safety_identifier: "opaque".into(),
        contact: None,
        merged: vec![],
        call_back: None,
        account: AccountSid::parse(&format!("AC{}", "1".repeat(32))).unwrap(),
    }
}

/// A complete turn of call 1: the first of its first session, of unknown length.
pub fn turn(speaker: Speaker, text: &str) -> Turn {
    Turn {
        call: call_sid(1),
        epoch: Epoch::FIRST,
        position: 0,
        item: "item_0".into(),
        speaker,
        state: TurnState::Complete,
        text: text.into(),
        at: Timestamp(0),
        model_since: None,
        spoken: Duration::ZERO,
        heard: Duration::ZERO,
        latency: None,
        steps: Default::default(),
        tool_calls: vec![],
    }
}

/// The report of a session of call 1 in which nothing happened.
pub fn report(epoch: Epoch, end: EndReason) -> SessionReport {
    SessionReport {
        call: call_sid(1),
        epoch,
        end,
        transfer_to: None,
        started_at: Timestamp(0),
        ended_at: Timestamp(0),
        turns: 0,
        greeting_requested: None,
        greeting_heard: None,
        turn_latency_p50: None,
        turn_latency_max: None,
        added_up_p50_us: None,
        added_up_p99_us: None,
        added_down_p50_us: None,
        added_down_p99_us: None,
        barge_ins: 0,
        unbacked_claims: 0,
        barge_in_clear_max_us: None,
        frames_in: 0,
        frames_forwarded: 0,
        frames_dropped: 0,
        padded: Duration::ZERO,
        agent_audio_sent: Duration::ZERO,
        agent_audio_heard: Duration::ZERO,
        usage: Usage::default(),
        settings_left_out: vec![],
    }
}
