//! What crosses on the wire: a client sends while an event that makes its own wrong is still on the way to it.

use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

use crate::openai::refusal::ApiRefusal;

/// What is older has reached a client on any machine.
const ON_ITS_WAY: Duration = Duration::from_secs(2);

/// What the model did last without being asked for it.
#[derive(Debug, Default)]
pub(super) struct Crossing {
    ended: Option<(String, Instant)>,
    began: Option<Instant>,
}

impl Crossing {
    /// A response came to its end.
    pub(super) fn ended(&mut self, response: &str) {
        self.ended = Some((response.to_owned(), Instant::now()));
    }

    /// A response began because the caller had spoken or was silent.
    pub(super) fn began(&mut self) {
        self.began = Some(Instant::now());
    }

    /// Whether the client could not know why its event is refused, so that it made no mistake.
    pub(super) fn explains(&self, refusal: &ApiRefusal, event: &Value) -> bool {
        match refusal.code.as_str() {
            "response_cancel_not_active" => {
                let ended = self.ended.as_ref().filter(|(id, _)| event["response_id"] == id.as_str());
                ended.is_some_and(|(_, at)| at.elapsed() < ON_ITS_WAY)
            }
            "conversation_already_has_active_response" => {
                self.began.is_some_and(|at| at.elapsed() < ON_ITS_WAY)
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn only_what_is_on_its_way_explains_a_refusal() {
        let late = ApiRefusal::new("response_cancel_not_active", "");
        let second = ApiRefusal::new("conversation_already_has_active_response", "");
        let cancels = json!({ "response_id": "resp_1" });
        let mut crossing = Crossing::default();
        assert!(!crossing.explains(&late, &cancels) && !crossing.explains(&second, &json!({})));
        crossing.ended("resp_1");
        crossing.began();
        assert!(crossing.explains(&late, &cancels) && crossing.explains(&second, &json!({})));
        assert!(!crossing.explains(&late, &json!({ "response_id": "resp_0" })), "another one");
        assert!(!crossing.explains(&late, &json!({})), "none is named");
        assert!(!crossing.explains(&ApiRefusal::new("invalid_value", ""), &cancels));
        tokio::time::advance(ON_ITS_WAY).await;
        assert!(!crossing.explains(&late, &cancels) && !crossing.explains(&second, &json!({})));
    }
}
