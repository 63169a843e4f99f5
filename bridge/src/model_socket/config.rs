//! The Realtime session that a plan asks for.

use domain::CallPlan;
use domain::business::{self, Voice};
use openai::realtime::SessionConfig;
use openai::realtime::session::{
    Eagerness, InputTranscription, InvalidSession, SemanticVad, ServerVad, Tool, TurnDetection,
};
use providers::toolbox::Offered;

use crate::tools;

pub(crate) fn session_config(plan: &CallPlan) -> Result<SessionConfig, InvalidSession> {
    SessionConfig::phone()
        .instructions(plan.instructions.as_str())
        .voice(plan.voice.voice.as_str())
        .turn_detection(turn_detection(&plan.voice.turn_detection))
        .transcription(transcription(&plan.voice))
        .tools(tools::offered(plan).into_iter().map(tool).collect())
        .build()
}

/// The server answers the caller by itself, which saves a round trip per turn. It never interrupts by itself:
/// it does not know what the caller has heard.
fn turn_detection(detection: &business::TurnDetection) -> TurnDetection {
    let (create_response, interrupt_response) = (true, false);
    match *detection {
        business::TurnDetection::Server { threshold, prefix_padding_ms, silence_duration_ms } => {
            TurnDetection::ServerVad(ServerVad {
                threshold: thousandths(threshold),
                prefix_padding_ms,
                silence_duration_ms,
                create_response,
                interrupt_response,
                idle_timeout_ms: None,
            })
        }
        business::TurnDetection::Semantic { eagerness } => TurnDetection::SemanticVad(SemanticVad {
            eagerness: match eagerness {
                business::Eagerness::Low => Eagerness::Low,
                business::Eagerness::Medium => Eagerness::Medium,
                business::Eagerness::High => Eagerness::High,
                business::Eagerness::Auto => Eagerness::Auto,
            },
            create_response,
            interrupt_response,
        }),
    }
}

/// 0.6 as it was configured, not as the nearest `f32` prints once widened.
fn thousandths(threshold: f32) -> f64 {
    (f64::from(threshold) * 1_000.0).round() / 1_000.0
}

fn transcription(voice: &Voice) -> Option<InputTranscription> {
    voice.transcription_model.as_ref().map(|model| {
        InputTranscription::new(model.as_str())
            .languages(voice.languages.iter().cloned())
            .keywords(voice.keywords.iter().map(String::as_str))
    })
}

fn tool(Offered { name, description, parameters }: Offered) -> Tool {
    Tool { name, description, parameters }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn plan(turn_detection: business::TurnDetection, transcription_model: Option<&str>) -> CallPlan {
        let mut plan = crate::testing::plan();
        plan.voice.turn_detection = turn_detection;
        plan.voice.transcription_model = transcription_model.map(str::to_owned);
        plan
    }

    fn sent(plan: &CallPlan) -> Value {
        serde_json::to_value(session_config(plan).unwrap()).unwrap()
    }

    #[test]
    fn the_line_is_mu_law_both_ways_and_interruption_is_ours() {
        let session = sent(&plan(business::TurnDetection::default(), Some("gpt-transcribe")));
        assert_eq!(session["audio"]["input"]["format"], json!({ "type": "audio/pcmu" }));
        assert_eq!(session["audio"]["output"]["format"], json!({ "type": "audio/pcmu" }));
        let detection = &session["audio"]["input"]["turn_detection"];
        assert_eq!(detection["threshold"], json!(0.6));
        assert_eq!(detection["create_response"], json!(true));
        assert_eq!(detection["interrupt_response"], json!(false));
        assert_eq!(session["audio"]["input"]["transcription"]["keywords"], json!(["Shimano"]));
        assert_eq!(session["tools"][0]["name"], "end_call");
    }

    #[test]
    fn without_a_transcription_model_the_callers_side_is_not_transcribed() {
        let semantic = business::TurnDetection::Semantic { eagerness: business::Eagerness::High };
        let session = sent(&plan(semantic, None));
        assert_eq!(session["audio"]["input"]["transcription"], Value::Null);
        assert_eq!(session["audio"]["input"]["turn_detection"]["eagerness"], "high");
        assert_eq!(session["audio"]["input"]["turn_detection"]["interrupt_response"], json!(false));
    }

    #[test]
    fn settings_the_server_would_reject_are_refused_before_connecting() {
        let loud = business::TurnDetection::Server {
            threshold: 6.0,
            prefix_padding_ms: 300,
            silence_duration_ms: 500,
        };
        assert!(session_config(&plan(loud, None)).is_err());
    }
}
