//! A page of the console that listens to a call while it goes on.

use futures_util::StreamExt as _;
use serde::Deserialize;
use serde_json::Value;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::World;
use crate::media_stream::{PATIENCE, Socket};

/// What `POST /v1/calls/{sid}/listen` answers.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct View {
    pub url: String,
    pub protocols: [String; 2],
    pub expires_at: String,
}

/// Asks for a view of a call: status and answer.
pub async fn ask(world: &World, call: &str, key: &str) -> (u16, Value) {
    let request = world.http.post(world.url(&format!("/v1/calls/{call}/listen"))).bearer_auth(key);
    let answer = request.send().await.expect("the API answers");
    (answer.status().as_u16(), crate::told(answer.json().await.unwrap_or(Value::Null)))
}

/// A view of a call.
pub async fn view(world: &World, call: &str) -> View {
    let (status, body) = ask(world, call, world.identity.api_key.expose()).await;
    assert_eq!(status, 201, "{body}");
    serde_json::from_value(body).expect("a view")
}

/// Opens a view as a page of this origin would.
///
/// # Errors
/// The bridge refuses it.
pub async fn open(view: &View, origin: Option<&str>) -> Result<Socket, Error> {
    let mut request = view.url.as_str().into_client_request()?;
    let protocols = view.protocols.join(", ");
    request.headers_mut().insert("sec-websocket-protocol", protocols.parse().expect("a header"));
    if let Some(origin) = origin {
        request.headers_mut().insert("origin", origin.parse().expect("a header"));
    }
    Ok(tokio_tungstenite::connect_async(request).await?.0)
}

/// The status with which a view is refused.
///
/// # Panics
/// If it is let in.
pub async fn refusal(view: &View, origin: Option<&str>) -> u16 {
    match open(view, origin).await {
        Err(Error::Http(answer)) => answer.status().as_u16(),
        Err(error) => panic!("it is neither let in nor refused: {error}"),
        Ok(_) => panic!("it is let in"),
    }
}

/// What a listener heard and was told.
#[derive(Debug, Default)]
pub struct Heard {
    pub caller: Vec<u8>,
    pub agent: Vec<u8>,
    /// The events, `said` left out.
    pub told: Vec<String>,
    /// Each `speaker: text`.
    pub said: Vec<String>,
    pub closed: Option<u16>,
}

impl Heard {
    /// Listens until the view is over.
    ///
    /// # Panics
    /// If what comes is not of the protocol.
    pub async fn all(mut socket: Socket) -> Self {
        let mut heard = Self::default();
        let listening = async {
            while let Some(message) = socket.next().await {
                match message {
                    Ok(Message::Binary(sound)) => match sound.split_first().expect("a side") {
                        (0, caller) => heard.caller.extend_from_slice(caller),
                        (1, agent) => heard.agent.extend_from_slice(agent),
                        (side, _) => panic!("there is no side {side}"),
                    },
                    Ok(Message::Text(text)) => heard.told(&serde_json::from_str(&text).expect("JSON")),
                    Ok(Message::Close(frame)) => heard.closed = frame.map(|frame| frame.code.into()),
                    Ok(_) => {}
                    Err(_) => break,
                }
            }
        };
        timeout(PATIENCE, listening).await.expect("the view ends");
        heard
    }

    fn told(&mut self, told: &Value) {
        match told["event"].as_str().expect("an event") {
            "said" => {
                let text = |field: &str| told[field].as_str().expect("a text").to_owned();
                self.said.push(format!("{}: {}", text("speaker"), text("text")));
            }
            event => self.told.push(event.to_owned()),
        }
    }
}
