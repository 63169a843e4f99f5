//! The role of the function that lists what callers left.

use acceptance::aws_proxy::AwsProxy;
use acceptance::sandbox::HttpSandbox;
use domain::messages::{Left, MessageId, MessageKind, Origin, What};
use domain::{CallSid, RecordingSid};
use local::demo::story;
use serde_json::json;
use stores::messages::Writer;

use super::{compare, world};
use crate::messages::left_in;

async fn the_role_of_the_list_of_messages_fits() {
    let world = world().await;
    let outcome = world.call(story::caller()).await;
    let record = world.complete_record(&outcome.call_sid).await;
    // A voicemail whose words are looked up where a call's are.
    let (call, sid) = (CallSid::parse(&record.sid).unwrap(), &record.recording().sid);
    let voicemail = Left {
        id: MessageId::of(world.now(), &Origin::Call(call.clone()), MessageKind::Voicemail, sid),
        origin: Origin::Call(call),
        caller: None,
        what: What::Voicemail(RecordingSid::parse(sid).unwrap()),
    };
    let message = left_in(&world, &record.sid);
    let writer = Writer::new(&world.system.aws, world.system.name("MessagesTable").unwrap());
    for left in [&message, &voicemail] {
        assert!(writer.put(&world.business.business.id, left, None).await.unwrap());
    }
    let proxy = AwsProxy::of(&world).await;
    let api = HttpSandbox::start(&world, "messages", &proxy.everywhere()).await;
    let key = world.identity.api_key.expose();
    for path in ["/v1/messages?include=words", "/v1/messages?state=waiting&limit=1"] {
        let answer = world.http.get(api.url.join(path).unwrap()).bearer_auth(key).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
    }
    for state in ["done", "waiting"] {
        let url = api.url.join(&format!("/v1/messages/{}", message.id)).unwrap();
        let change = world.http.patch(url).bearer_auth(key).json(&json!({ "state": state }));
        assert_eq!(change.send().await.unwrap().status(), 200, "{state}");
    }
    compare("MessagesFunction", &proxy);
}

acceptance::tests![the_role_of_the_list_of_messages_fits];
