//! Calls, listed and read, and their recordings.

use acceptance::record::with_everything;
use http::Method;

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
