//! What tests inside the crate share.

#[path = "../tests/it/support/log.rs"]
pub(crate) mod log;

use domain::business::{ConversationPolicy, TurnDetection, Voice};
use domain::plan::Resumption;
use domain::{BusinessId, CallPlan, CallSid, Direction, Epoch, Revision, Timestamp, Toolbox};

pub(crate) fn plan() -> CallPlan {
    CallPlan {
        call: CallSid::parse(&format!("CA{}", "1".repeat(32))).unwrap(),
        epoch: Epoch::FIRST,
        business: BusinessId::parse("harbour").unwrap(),
        revision: Revision::FIRST,
        direction: Direction::Inbound,
        minted_at: Timestamp(0),
        voice: Voice {
            model: "gpt-realtime-2.1".into(),
            voice: "marin".into(),
            languages: vec!["de".into(), "en".into()],
            transcription_model: Some("gpt-transcribe".into()),
            keywords: vec!["Shimano".into()],
            turn_detection: TurnDetection::default(),
        },
        conversation: ConversationPolicy::default(),
        instructions: "You are Robin.".into(),
        greeting: None,
        history: vec![],
        resumption: Resumption::default(),
        tools: Toolbox::default(),
        introduction: None,
        safety_identifier: "opaque".into(),
    }
}
