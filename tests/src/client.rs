//! A program that uses the API with a key.

use http::Method;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};

use crate::World;

/// What the API answered.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Value,
}

impl Answer {
    pub fn etag(&self) -> String {
        self.headers["etag"].to_str().expect("a tag").to_owned()
    }

    /// The word for programs of a problem.
    pub fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }

    /// The pointer, the code and the detail of the first field that is refused.
    pub fn refusal(&self) -> (u16, &str, &str, &str) {
        let error = &self.body["errors"][0];
        let text = |name: &str| error[name].as_str().unwrap_or_default();
        (self.status, text("pointer"), text("code"), text("detail"))
    }
}

/// One client of the API with its key.
pub struct Client<'a> {
    pub world: &'a World,
    pub key: String,
}

impl<'a> Client<'a> {
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<Value>,
    ) -> Answer {
        let mut request = self.world.http.request(method, self.world.url(path)).bearer_auth(&self.key);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await.expect("the API answers");
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        Answer { status, headers, body: crate::told(answer.json().await.unwrap_or(Value::Null)) }
    }

    /// Sends a body of another type than JSON.
    pub async fn text(&self, method: Method, path: &str, kind: &str, body: String) -> Answer {
        let request = self.world.http.request(method, self.world.url(path)).bearer_auth(&self.key);
        let answer = request.header("content-type", kind).body(body).send().await.expect("the API answers");
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        Answer { status, headers, body: crate::told(answer.json().await.unwrap_or(Value::Null)) }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, &[], None).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, &[], Some(body)).await
    }

    /// Publishes settings to a channel, as the state there asks.
    pub async fn publish(&self, settings: &Value, channel: &str) -> Answer {
        let saved = self.send(Method::PUT, "/v1/settings/draft", &[], Some(settings.clone())).await;
        assert_eq!(saved.status, 200, "{}", saved.body);
        let at = self.get(&format!("/v1/settings?channel={channel}")).await;
        let seen = (at.status == 200).then(|| at.etag());
        let seen: Vec<(&str, &str)> = seen.iter().map(|seen| ("if-match", seen.as_str())).collect();
        self.send(Method::POST, "/v1/settings/publish", &seen, Some(json!({ "channel": channel }))).await
    }
}

/// The operator.
pub fn operator(world: &World) -> Client<'_> {
    Client { world, key: world.identity.operator_key.expose().to_owned() }
}

/// The world's first business.
pub fn own(world: &World) -> Client<'_> {
    Client { world, key: world.identity.api_key.expose().to_owned() }
}
