use aws_sdk_dynamodb::types::AttributeValue;
use domain::business::Policies;
use domain::tools::HttpTool;
use domain::{BusinessId, Revision, Settings};
use stores::StoreError;
use stores::businesses::{Published, Reader, Writer};

use crate::world::{TABLE, World, business, business_id, phone, settings};

async fn owner(reader: &Reader, n: u32) -> Option<BusinessId> {
    reader.number(&phone(n)).await.unwrap().map(|number| number.business)
}

#[tokio::test]
async fn a_business_is_found_by_its_number_with_what_it_published() {
    let world = World::new().await;
    let (writer, reader) = (Writer::new(&world.aws, TABLE), Reader::new(&world.aws, TABLE));
    let id = business_id("harbour");
    assert_eq!(reader.published(&id).await, Ok(None));
    for _ in 0..2 {
        writer.provision(&business("harbour"), &phone(1), &settings(1, "Be kind.")).await.unwrap();
    }
    assert_eq!(owner(&reader, 1).await, Some(id.clone()));
    assert_eq!(owner(&reader, 2).await, None);
    let published = Published { business: business("harbour"), settings: settings(1, "Be kind.") };
    assert_eq!(reader.published(&id).await, Ok(Some(published)));
}

/// Fault 10.
#[tokio::test]
async fn a_number_cannot_be_taken_from_another_business() {
    let world = World::new().await;
    let (writer, reader) = (Writer::new(&world.aws, TABLE), Reader::new(&world.aws, TABLE));
    writer.provision(&business("harbour"), &phone(1), &settings(1, "a")).await.unwrap();
    let taken = writer.provision(&business("garden"), &phone(1), &settings(1, "b")).await;
    let Err(error @ StoreError::Conditional { .. }) = taken else { panic!("{taken:?}") };
    assert!(error.to_string().contains("phone number") && !error.to_string().contains("720"), "{error}");
    assert_eq!(owner(&reader, 1).await, Some(business_id("harbour")));
    assert_eq!(reader.published(&business_id("garden")).await, Ok(None));
}

/// Historic failure 32.
#[tokio::test]
async fn a_revision_is_immutable_and_a_second_one_does_not_publish_itself() {
    let world = World::new().await;
    let (writer, reader) = (Writer::new(&world.aws, TABLE), Reader::new(&world.aws, TABLE));
    let id = business_id("harbour");
    let provision = |settings| {
        let writer = writer.clone();
        async move { writer.provision(&business("harbour"), &phone(1), &settings).await }
    };
    provision(settings(1, "first")).await.unwrap();
    let changed = provision(settings(1, "changed")).await;
    assert!(matches!(changed, Err(StoreError::Conditional { .. })), "{changed:?}");
    provision(settings(2, "second")).await.unwrap();

    assert_eq!(reader.settings(&id, Revision(1)).await, Ok(Some(settings(1, "first"))));
    assert_eq!(reader.settings(&id, Revision(2)).await, Ok(Some(settings(2, "second"))));
    assert_eq!(reader.settings(&id, Revision(3)).await, Ok(None));
    let published = reader.published(&id).await.unwrap().unwrap();
    assert_eq!(published.settings.revision, Revision(1));
}

/// Puts the first revision's document in another spelling, as an operator's hand may.
async fn respell(world: &World, change: impl FnOnce(&mut serde_json::Value)) {
    let key = |name: &str| AttributeValue::S(name.to_owned());
    let (pk, sk) = (key("business#harbour"), key("settings#0000000001"));
    let get = world.aws.dynamodb.get_item().table_name(TABLE).key("pk", pk).key("sk", sk);
    let mut item = get.send().await.unwrap().item.unwrap();
    let mut body = serde_json::from_str(item["body"].as_s().unwrap()).unwrap();
    change(&mut body);
    item.insert("body".into(), AttributeValue::S(body.to_string()));
    world.aws.dynamodb.put_item().table_name(TABLE).set_item(Some(item)).send().await.unwrap();
}

/// A notice whose name was misspelt is never heard, and so is no notice: no caller is recorded, and a tool that may
/// have been meant to act once acts once. The rest is as it was written.
#[tokio::test]
async fn settings_that_are_not_understood_are_read_in_the_way_that_harms_no_one() {
    let tool = |name: &str| HttpTool {
        name: name.into(),
        description: "Books.".into(),
        parameters: "{}".into(),
        url: "https://tools.example/book".into(),
        timeout: std::time::Duration::from_secs(5),
        once: false,
    };
    let mut written = settings(1, "Be kind.");
    written.policies.record_calls = true;
    written.tools.http = vec![tool("look"), tool("book")];
    let read = |name: &'static str, change: fn(&mut serde_json::Value)| {
        let written = written.clone();
        Box::pin(async move {
            let world = World::new().await;
            let writer = Writer::new(&world.aws, TABLE);
            let provision = async || writer.provision(&business("harbour"), &phone(1), &written).await;
            provision().await.unwrap();
            respell(&world, change).await;
            let again = provision().await;
            assert!(matches!(again, Err(StoreError::Conditional { .. })), "{name}: not the same: {again:?}");
            let reader = Reader::new(&world.aws, TABLE);
            let published = reader.published(&business_id("harbour")).await.unwrap().unwrap();
            let pinned = reader.settings(&business_id("harbour"), Revision(1)).await.unwrap();
            assert_eq!(pinned.as_ref(), Some(&published.settings), "{name}");
            published.settings
        })
    };
    let unrecorded = {
        let mut unrecorded = written.clone();
        unrecorded.policies.record_calls = false;
        unrecorded.recording_withheld = true;
        unrecorded
    };
    let consnet = |body: &mut serde_json::Value| {
        body["policies"]["consnet"] = serde_json::json!({"say": {"text": "This call is recorded."}});
    };
    assert_eq!(read("policies", consnet).await, unrecorded);
    let undialled = |mut settings: Settings| {
        settings.outbound.not_understood = true;
        settings
    };
    let top = read("top", |body| body["consent"] = true.into()).await;
    assert_eq!(top, undialled(unrecorded.clone()), "a name beside the areas may be that of either policy");
    let outbound = read("outbound", |body| body["outbound"]["per_day"]["call"] = 3.into()).await;
    assert_eq!(outbound, undialled(written.clone()));
    let deep = |body: &mut serde_json::Value| body["policies"]["recording"]["retentoin"] = "days30".into();
    assert_eq!(read("deep", deep).await, unrecorded);
    let once = read("tool", |body| body["tools"]["http"][1]["onec"] = true.into()).await;
    let onces = |settings: &Settings| settings.tools.http.iter().map(|tool| tool.once).collect::<Vec<_>>();
    assert_eq!((onces(&once), once.policies.record_calls), (vec![false, true], true));
    for area in ["prompts", "voice", "tools", "insights", "hours"] {
        let read = read(
            area,
            match area {
                "prompts" => |body| body["prompts"]["inbuond"] = 1.into(),
                "voice" => |body| body["voice"]["sped"] = 1.into(),
                "hours" => {
                    |body| body["hours"] = serde_json::json!({"week": {"mondya": []}, "outside": "voicemail"})
                }
                "tools" => |body| body["tools"]["take_mesages"] = true.into(),
                _ => |body| body["insights"]["feilds"] = 1.into(),
            },
        );
        let mut read = read.await;
        // Hours of which a field is not understood are kept by what is.
        assert_eq!(read.hours.take().is_some(), area == "hours");
        assert_eq!(read, written, "{area}");
    }
}

/// A profile is read whatever else stands in it: there is nothing in it that protects anybody.
#[tokio::test]
async fn a_profile_with_an_unknown_field_is_read() {
    let world = World::new().await;
    let writer = Writer::new(&world.aws, TABLE);
    writer.provision(&business("harbour"), &phone(1), &settings(1, "a")).await.unwrap();
    let update = world.aws.dynamodb.update_item().table_name(TABLE);
    let mut body = serde_json::to_value(business("harbour")).unwrap();
    body["fallback_nubmer"] = "+12025550101".into();
    let update = update
        .key("pk", AttributeValue::S("business#harbour".into()))
        .key("sk", AttributeValue::S("profile".into()))
        .update_expression("SET body = :body")
        .expression_attribute_values(":body", AttributeValue::S(body.to_string()));
    update.send().await.unwrap();
    let reader = Reader::new(&world.aws, TABLE);
    assert_eq!(reader.business(&business_id("harbour")).await, Ok(Some(business("harbour"))));
}

/// Policies as the guide to operations writes them; what a caller could not hear is found when they are read.
#[test]
fn the_words_that_twilio_speaks_for_a_business_are_checked_when_they_are_read() {
    let policies = |consent: &str| {
        format!(
            r#"{{"record_calls": true, "transcript": "realtime_first", "conversation": {{}},
            "consent": {consent},
            "when_no_agent": {{"ring_for": {{"secs": 25, "nanos": 0}},
                "voicemail": {{}}}}}}"#
        )
    };
    let read: Policies = serde_json::from_str(&policies(
        r#"{"say": {"text": "This call is recorded.", "language": "en-GB"}}"#,
    ))
    .unwrap();
    let written = serde_json::to_string(&read).unwrap();
    assert_eq!(serde_json::from_str::<Policies>(&written).unwrap(), read);
    for broken in [r#"{"say": {"text": " "}}"#, r#"{"play": {"url": "http://example.com/a.mp3"}}"#] {
        let error = serde_json::from_str::<Policies>(&policies(broken)).unwrap_err();
        assert!(error.to_string().contains("an announcement"), "{error}");
    }
}
