//! Calls that the business asks for, as its own program would.

use serde_json::{Value, json};

use crate::World;

/// Whom the tests call, from the block of numbers kept for fiction.
pub const CALLEE: &str = "+12025550155";

/// What `POST /v1/calls` answered.
#[derive(Debug, Clone, PartialEq)]
pub struct Answered {
    pub status: u16,
    pub body: Value,
    pub retry_after: Option<u64>,
}

impl Answered {
    pub fn sid(&self) -> &str {
        self.body["sid"].as_str().unwrap_or_else(|| panic!("a call was placed: {self:?}"))
    }

    pub fn detail(&self) -> &str {
        self.body["detail"].as_str().unwrap_or_default()
    }
}

/// The body for a call to [`CALLEE`].
pub fn order(world: &World) -> Value {
    json!({ "from": world.business.number.as_e164(), "to": CALLEE, "reason": "your bicycle is ready" })
}

/// Asks for a call.
pub async fn place(world: &World, key: &str, body: &Value) -> Answered {
    let request = world.http.post(world.url("/v1/calls")).bearer_auth(world.identity.api_key.expose());
    let response = request.header("Idempotency-Key", key).json(body).send().await.expect("the API answers");
    let status = response.status().as_u16();
    let retry_after =
        response.headers().get("retry-after").and_then(|value| value.to_str().ok()?.parse().ok());
    Answered { status, retry_after, body: crate::told(response.json().await.unwrap_or(Value::Null)) }
}

/// The time in which an order is not dialled again is over.
pub fn it_is_certain_by_now(world: &World) {
    world.leases_lapse();
}

/// How often Twilio was asked to dial.
pub fn dials(world: &World) -> usize {
    let asked = world.twilio.requests();
    asked.iter().filter(|request| request.method == "POST" && request.path.ends_with("/Calls.json")).count()
}
