//! Calls, listed and read, and their recordings.

use acceptance::record::with_everything;
use http::Method;
use serde_json::{Value, json};

use super::{Answers, Extra, header, keyless};

pub(super) async fn of_calls(answers: &mut Answers<'_>, sid: &str, recording: &str) {
    let get = Method::GET;
    let route = "/v1/calls";
    answers.ask("without a key", get.clone(), route, route, keyless()).await;
    answers.ask("a page", get.clone(), route, "/v1/calls?limit=1", Extra::default()).await;
    answers.ask("an unknown parameter", get.clone(), route, "/v1/calls?page=2", Extra::default()).await;
    answers.ask("none is live", get.clone(), route, "/v1/calls?status=live", Extra::default()).await;
    let filtered = "/v1/calls?direction=inbound&has_recording=true&include=session,recordings,insights,cost";
    answers.ask("with filters and parts", get.clone(), route, filtered, Extra::default()).await;
    answers.ask("an unknown word", get.clone(), route, "/v1/calls?status=ended", Extra::default()).await;
    answers.ask("a made-up cursor", get.clone(), route, "/v1/calls?cursor=AWhh", Extra::default()).await;
    let route = "/v1/calls/{sid}";
    answers.ask("one that is over", get.clone(), route, &format!("/v1/calls/{sid}"), Extra::default()).await;
    answers.ask("with everything", get.clone(), route, &with_everything(sid), Extra::default()).await;
    let unknown = format!("/v1/calls/{sid}?include=words");
    answers.ask("an unknown part", get.clone(), route, &unknown, Extra::default()).await;
    answers.ask("no such call", get.clone(), route, "/v1/calls/CA1", Extra::default()).await;
    let of = format!("/v1/calls/{sid}");
    let route = "/v1/calls/{sid}/recording";
    let path = format!("{of}/recording");
    answers.ask("a browser", get.clone(), route, &path, Extra::default()).await;
    answers.ask("a program", get.clone(), route, &path, header("accept", "application/json")).await;
    let route = "/v1/calls/{sid}/recordings";
    answers.ask("all of them", get.clone(), route, &format!("{of}/recordings"), Extra::default()).await;
    let route = "/v1/calls/{sid}/recordings/{recording}";
    let path = format!("{of}/recordings/{recording}");
    answers.ask("a program", get.clone(), route, &path, header("accept", "application/json")).await;
    let route = "/v1/calls/{sid}/voicemail";
    answers.ask("there is none", get.clone(), route, &format!("{of}/voicemail"), Extra::default()).await;
    let route = "/v1/events";
    answers.ask("the first one", get.clone(), route, "/v1/events?limit=1", Extra::default()).await;
    answers.ask("a limit of none", get, route, "/v1/events?limit=0", Extra::default()).await;
}

/// A link to a recording, opened by a browser and by a program.
pub(super) async fn of_a_link(answers: &mut Answers<'_>, link: &str) {
    let route = "/s/{token}";
    let program = |body: Option<Value>| Extra { body, keyless: true, ..header("accept", "application/json") };
    answers.ask("a browser looks", Method::GET, route, link, keyless()).await;
    answers.ask("a program looks", Method::GET, route, link, program(None)).await;
    let wrong = program(Some(json!({ "passcode": "wrong" })));
    answers.ask("a wrong passcode", Method::POST, route, link, wrong).await;
    let right = || Some(json!({ "passcode": "harbour-7" }));
    answers.ask("a program opens", Method::POST, route, link, program(right())).await;
    answers.ask("a browser opens", Method::POST, route, link, Extra { body: right(), ..keyless() }).await;
    answers.ask("no more views", Method::POST, route, link, program(right())).await;
    answers.ask("no such link", Method::GET, route, "/s/unknown", program(None)).await;
}
