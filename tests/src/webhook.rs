//! Webhooks by hand: signed as Twilio signs, for what a simulated call would not do.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use simulator::twilio::{SIGNATURE_HEADER, sign_form};
use url::Url;

use crate::World;

/// A call sid of our own making.
pub fn call_sid(seed: u8) -> String {
    format!("CA{}", hex::encode([seed; 16]))
}

/// A call sid that no other test has.
pub fn new_call_sid() -> String {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).expect("randomness");
    format!("CA{}", hex::encode(bytes))
}

/// A webhook that has not been sent yet.
#[derive(Clone)]
pub struct Webhook {
    path: String,
    fields: BTreeMap<String, String>,
    signature: Signature,
    headers: Vec<(&'static str, String)>,
}

#[derive(Clone)]
enum Signature {
    Correct,
    Missing,
    Is(String),
    WithToken(String),
    WithSharedKey(String),
}

impl Webhook {
    /// The request Twilio makes when a phone rings.
    pub fn inbound(world: &World, call_sid: &str) -> Self {
        Self::post("/twilio/voice/inbound")
            .field("CallSid", call_sid)
            .field("AccountSid", &world.identity.account_sid)
            .field("From", local::demo::business::CALLER)
            .field("To", world.business.number.as_e164())
            .field("CallStatus", "ringing")
            .field("Direction", "inbound")
            .field("ApiVersion", "2010-04-01")
    }

    /// A call progress callback.
    pub fn status(world: &World, call_sid: &str, status: &str, sequence: u32) -> Self {
        let mut webhook = Self::inbound(world, call_sid)
            .field("CallStatus", status)
            .field("SequenceNumber", &sequence.to_string())
            .field("CallbackSource", "call-progress-events")
            .field("Timestamp", "Fri, 20 Nov 2026 13:05:09 +0000");
        webhook.path = "/twilio/voice/status".into();
        if status == "completed" { webhook.field("CallDuration", "7") } else { webhook }
    }

    pub fn post(path: &str) -> Self {
        Self { path: path.into(), fields: BTreeMap::new(), signature: Signature::Correct, headers: vec![] }
    }

    /// The same fields to another address: a path, perhaps with a query.
    pub fn at(mut self, path: &str) -> Self {
        self.path = path.into();
        self
    }

    pub fn field(mut self, name: &str, value: &str) -> Self {
        self.fields.insert(name.into(), value.into());
        self
    }

    pub fn unsigned(mut self) -> Self {
        self.signature = Signature::Missing;
        self
    }

    pub fn signature(mut self, text: &str) -> Self {
        self.signature = Signature::Is(text.into());
        self
    }

    pub fn signed_with(mut self, token: &str) -> Self {
        self.signature = Signature::WithToken(token.into());
        self
    }

    /// With HMAC-SHA256, as a header has to say.
    pub fn signed_with_shared_key(mut self, key: &str) -> Self {
        self.signature = Signature::WithSharedKey(key.into());
        self
    }

    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Sends it and gives status and body.
    pub async fn send(&self, world: &World) -> (u16, String) {
        self.send_to(world, &world.system.api_url).await
    }

    /// The same to another listener than the public address, for which it is signed.
    pub async fn send_to(&self, world: &World, listener: &Url) -> (u16, String) {
        let url = world.url(&self.path);
        let fields: Vec<(String, String)> = self.fields.clone().into_iter().collect();
        let sign = |token: &str| sign_form(token, url.as_str(), &fields);
        let mut request = world.http.post(listener.join(&self.path).expect("a path")).form(&self.fields);
        request = match &self.signature {
            Signature::Correct => request.header(SIGNATURE_HEADER, sign(world.identity.auth_token.expose())),
            Signature::WithToken(token) => request.header(SIGNATURE_HEADER, sign(token)),
            Signature::WithSharedKey(key) => {
                request.header(SIGNATURE_HEADER, with_shared_key(key, url.as_str(), &fields))
            }
            Signature::Is(text) => request.header(SIGNATURE_HEADER, text),
            Signature::Missing => request,
        };
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        let response = request.send().await.expect("the API answers");
        (response.status().as_u16(), response.text().await.expect("a body"))
    }
}

fn with_shared_key(key: &str, url: &str, fields: &[(String, String)]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).expect("any key length");
    mac.update(url.as_bytes());
    // Sorted already, each name once.
    fields.iter().for_each(|(name, value)| mac.update(format!("{name}{value}").as_bytes()));
    STANDARD.encode(mac.finalize().into_bytes())
}

/// The stream token in an answer's TwiML.
pub fn token_in(twiml: &str) -> String {
    let after = twiml.split("name=\"token\" value=\"").nth(1).expect("the answer opens a stream");
    after.split('"').next().expect("a value").to_owned()
}
