//! Actions on calls in progress, asked for as a business's own program would.

use reqwest::Url;
use serde_json::Value;

use crate::World;

/// Posts `body` to `/v1/calls/{sid}/{path}` under this `base`, with the key of the world's business: status and answer.
pub async fn post_at(
    world: &World,
    base: &Url,
    (sid, path): (&str, &str),
    key: &str,
    body: &Value,
) -> (u16, Value) {
    let url = base.join(&format!("/v1/calls/{sid}/{path}")).expect("an address");
    let request = world.http.post(url).bearer_auth(world.identity.api_key.expose());
    let response = request.header("Idempotency-Key", key).json(body).send().await.expect("the API answers");
    (response.status().as_u16(), crate::told(response.json().await.unwrap_or(Value::Null)))
}

/// Posts it to the system itself.
pub async fn post(world: &World, target: (&str, &str), key: &str, body: &Value) -> (u16, Value) {
    post_at(world, &world.url("/"), target, key, body).await
}
