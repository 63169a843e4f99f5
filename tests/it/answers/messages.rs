//! What callers left, listed and dealt with.

use super::*;
use crate::messages::left_in;

pub(super) async fn of_messages(answers: &mut Answers<'_>, sid: &str) {
    let world = answers.world;
    let left = left_in(world, sid);
    let table = world.system.name("MessagesTable").unwrap();
    let writer = stores::messages::Writer::new(&world.system.aws, table);
    assert!(writer.put(&world.business.business.id, &left, None).await.unwrap());
    let route = "/v1/messages";
    answers.ask("without words", Method::GET, route, route, Extra::default()).await;
    let waiting = format!("{route}?state=waiting&kind=message&include=words");
    answers.ask("those that wait", Method::GET, route, &waiting, Extra::default()).await;
    answers.ask("no state", Method::GET, route, &format!("{route}?state=open"), Extra::default()).await;
    let (route, path) = ("/v1/messages/{message}", format!("/v1/messages/{}", left.id));
    let done = || json_body(json!({ "state": "done" }));
    answers.ask("done", Method::PATCH, route, &path, done()).await;
    let done_ones = "/v1/messages?state=done";
    answers.ask("those that are done", Method::GET, "/v1/messages", done_ones, Extra::default()).await;
    let waits = json_body(json!({ "state": "waiting" }));
    answers.ask("taken back", Method::PATCH, route, &path, waits).await;
    answers.ask("no state", Method::PATCH, route, &path, json_body(json!({ "state": "read" }))).await;
    answers.ask("no such message", Method::PATCH, route, "/v1/messages/x", done()).await;
}
