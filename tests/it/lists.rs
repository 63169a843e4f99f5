//! Lists of the API: walked while they change, filtered, and refused to a cursor that is not theirs.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Instant;

use acceptance::record::with_everything;
use acceptance::suite::report;
use acceptance::webhook::{Webhook, call_sid};
use acceptance::{World, WorldConfig};
use aws_sdk_dynamodb::types::{AttributeValue, DeleteRequest, PutRequest, WriteRequest};
use http::{Method, header};
use local::demo::story;
use serde_json::{Value, json};

/// Calls that are there before the walk.
const OLD: u32 = 300;
/// DynamoDB's limit on one BatchWriteItem.
const BATCH: usize = 25;

fn sid(n: u32) -> String {
    format!("CA{n:032x}")
}

struct Answer {
    status: u16,
    link: Option<String>,
    body: Value,
}

async fn get(world: &World, path: &str, key: &str) -> Answer {
    let answer = world.http.get(world.url(path)).bearer_auth(key).send().await.unwrap();
    let link = answer.headers().get(header::LINK).map(|link| link.to_str().unwrap().to_owned());
    Answer { status: answer.status().as_u16(), link, body: answer.json().await.unwrap() }
}

/// The address in `Link: <address>; rel="next"`.
fn next(answer: &Answer) -> Option<String> {
    let link = answer.link.as_ref()?;
    let (address, rest) = link.strip_prefix('<').unwrap().split_once('>').unwrap();
    assert_eq!(rest, "; rel=\"next\"");
    let cursor = answer.body["next"].as_str().expect("the body names the same page");
    assert!(address.ends_with(&format!("cursor={cursor}")), "{address}");
    Some(address.to_owned())
}

/// Rows of calls, each like one that a webhook opened.
struct Rows<'a> {
    world: &'a World,
    sample: HashMap<String, AttributeValue>,
}

impl<'a> Rows<'a> {
    async fn of(world: &'a World) -> Self {
        let first = sid(999_999);
        Webhook::inbound(world, &first).send(world).await;
        let (table, key) = (Self::table(world), Self::key(&first));
        let get =
            world.system.aws.dynamodb.get_item().table_name(table).set_key(Some(key)).consistent_read(true);
        let sample = get.send().await.unwrap().item.unwrap();
        let rows = Self { world, sample };
        rows.write(vec![Self::delete(&first)]).await;
        rows
    }

    fn table(world: &World) -> &str {
        world.system.name("CallsTable").unwrap()
    }

    fn key(sid: &str) -> HashMap<String, AttributeValue> {
        let pairs = [("pk", format!("call#{sid}")), ("sk", "call".to_owned())];
        pairs.map(|(name, value)| (name.to_owned(), AttributeValue::S(value))).into()
    }

    fn put(&self, n: u32, opened_at: i64) -> WriteRequest {
        let mut item = self.sample.clone();
        item.extend(Self::key(&sid(n)));
        item.insert("opened_at".to_owned(), AttributeValue::N(opened_at.to_string()));
        let put = PutRequest::builder().set_item(Some(item)).build().unwrap();
        WriteRequest::builder().put_request(put).build()
    }

    fn delete(sid: &str) -> WriteRequest {
        let delete = DeleteRequest::builder().set_key(Some(Self::key(sid))).build().unwrap();
        WriteRequest::builder().delete_request(delete).build()
    }

    async fn write(&self, requests: Vec<WriteRequest>) {
        for batch in requests.chunks(BATCH) {
            let dynamodb = &self.world.system.aws.dynamodb;
            let request = dynamodb.batch_write_item().request_items(Self::table(self.world), batch.to_vec());
            request.send().await.unwrap();
        }
    }
}

/// By its links, from the newest and from the oldest: each old call once, and none twice.
async fn a_walk_by_links_sees_each_old_call_once_while_others_come_and_go(world: World) {
    let rows = Rows::of(&world).await;
    rows.write((0..OLD).map(|n| rows.put(n, i64::from(n / 3))).collect()).await;
    let business = world.business.business.id.to_string();
    let (operator, own) = (world.identity.operator_key.expose(), world.identity.api_key.expose());
    let of_operator = format!("/v1/businesses/{business}/calls?limit=25");
    let mut inserted = OLD;
    for (mut path, key) in
        [("/v1/calls?limit=25&order=asc&direction=inbound".to_owned(), own), (of_operator, operator)]
    {
        let (begun, mut seen) = (path.split('?').next().unwrap().to_owned(), BTreeMap::<String, u32>::new());
        loop {
            assert!(path.starts_with(&begun), "{path}");
            let page = get(&world, &path, key).await;
            assert_eq!(page.status, 200, "{}", page.body);
            let calls = page.body["calls"].as_array().unwrap();
            for call in calls {
                *seen.entry(call["sid"].as_str().unwrap().to_owned()).or_default() += 1;
            }
            let Some(next) = next(&page) else { break };
            path = next;
            let spread = [-1, i64::from(OLD), i64::from(inserted % 100), i64::from(inserted % 97)];
            let new = (inserted..inserted + 4).map(|n| rows.put(n, spread[n as usize % spread.len()]));
            let new: Vec<_> = new.collect();
            // Of those that came before, and the one at which the page ended, if it is put back behind the walk's end.
            let gone = (inserted.saturating_sub(2).max(OLD)..inserted).map(|n| Rows::delete(&sid(n)));
            rows.write(gone.chain(new).collect()).await;
            inserted += 4;
        }
        assert_eq!(seen.values().filter(|times| **times != 1).count(), 0, "a call came twice");
        let missing = (0..OLD).filter(|n| !seen.contains_key(&sid(*n))).count();
        assert_eq!(missing, 0, "old calls were passed over");
    }
}

/// A cursor that was altered or made up, and one of another list, business, filter or order.
async fn a_cursor_is_good_for_what_it_was_given_for_and_nothing_else(world: World) {
    for seed in 1..=3 {
        Webhook::inbound(&world, &call_sid(seed)).send(&world).await;
    }
    let other = world.another_business().await;
    let (key, operator) = (world.identity.api_key.expose(), world.identity.operator_key.expose());
    for number in ["+12025550187", "+12025550188"] {
        let url = world.url(&format!("/v1/do-not-call/{number}"));
        assert!(world.http.put(url).bearer_auth(key).send().await.unwrap().status().is_success());
    }
    let first = get(&world, "/v1/calls?limit=1&status=live", key).await;
    let cursor = first.body["next"].as_str().unwrap().to_owned();
    let good = get(&world, &format!("/v1/calls?limit=2&status=live&cursor={cursor}"), key).await;
    assert_eq!((good.status, good.body["calls"].as_array().unwrap().len()), (200, 2), "{}", good.body);

    let numbers = get(&world, "/v1/do-not-call?limit=1", key).await;
    let of_numbers = numbers.body["next"].as_str().unwrap();
    let business = &world.business.business.id;
    let mut flipped = cursor.clone();
    flipped.replace_range(10..11, if &cursor[10..11] == "A" { "B" } else { "A" });
    let refused = [
        (format!("/v1/calls?cursor={cursor}"), key),
        (format!("/v1/calls?status=live&order=asc&cursor={cursor}"), key),
        (format!("/v1/calls?status=live&direction=inbound&cursor={cursor}"), key),
        (format!("/v1/calls?status=live&cursor={flipped}"), key),
        (format!("/v1/calls?status=live&cursor={}", &cursor[..cursor.len() - 4]), key),
        (format!("/v1/calls?status=live&cursor={cursor}"), other.api_key.expose()),
        (format!("/v1/calls?status=live&cursor={of_numbers}"), key),
        ("/v1/calls?cursor=AWhhcmJvdXI".to_owned(), key),
        ("/v1/calls?cursor=%00".to_owned(), key),
        (format!("/v1/do-not-call?cursor={cursor}"), key),
        (format!("/v1/events?cursor={cursor}"), key),
        (format!("/v1/messages?cursor={cursor}"), key),
        (format!("/v1/audit?cursor={cursor}"), key),
        (format!("/v1/businesses?cursor={cursor}"), operator),
    ];
    for (path, key) in refused {
        let answer = get(&world, &path, key).await;
        assert_eq!((answer.status, &answer.body["code"]), (400, &json!("cursor_invalid")), "{path}");
        let detail = answer.body["detail"].as_str().unwrap();
        assert!(detail.contains("start again"), "{detail}");
    }
    // The same list by way of an operator is the same list.
    let path = format!("/v1/businesses/{business}/calls?status=live&cursor={cursor}");
    assert_eq!(get(&world, &path, operator).await.status, 200);
}

/// Every list that is paged, in small pages.
async fn every_list_is_walked_in_pages(world: World) {
    world.another_business().await;
    let (key, operator) = (world.identity.api_key.expose(), world.identity.operator_key.expose());
    for n in [1, 2, 3] {
        let url = world.url(&format!("/v1/do-not-call/+1202555018{n}"));
        assert!(world.http.put(url).bearer_auth(key).send().await.unwrap().status().is_success());
        Webhook::inbound(&world, &call_sid(n)).send(&world).await;
    }
    for (path, at, least, key) in [
        ("/v1/calls?limit=1", "calls", 3, key),
        ("/v1/do-not-call?limit=1", "numbers", 3, key),
        // Reading the log is in the log: a walk of single entries would never come to its end.
        ("/v1/audit?limit=3", "entries", 3, key),
        ("/v1/businesses?limit=1", "businesses", 2, operator),
    ] {
        let (mut path, mut found) = (path.to_owned(), vec![]);
        loop {
            let page = get(&world, &path, key).await;
            assert_eq!(page.status, 200, "{path}: {}", page.body);
            found.extend(page.body[at].as_array().unwrap().iter().map(ToString::to_string));
            let Some(next) = next(&page) else { break };
            path = next;
        }
        let walked = found.len();
        found.sort();
        found.dedup();
        assert!(
            walked >= least && found.len() == walked,
            "{at}: {walked}, {} of them different",
            found.len()
        );
    }
}

/// What a call's own row says and what lies elsewhere are filters alike, and `include` says what else is told.
async fn calls_are_found_by_what_they_came_to(world: World) {
    let outcome = world.call(story::caller()).await;
    let record = world.complete_record(&outcome.call_sid).await;
    Webhook::inbound(&world, &call_sid(7)).field("From", "+12025550199").send(&world).await;
    let key = world.identity.api_key.expose();
    let [number, party] = [&record.to, &record.from].map(|number| number.replace('+', "%2B"));
    let ours = json!([outcome.call_sid]);
    for (query, found) in [
        (format!("number={number}&party={party}&direction=inbound&status=completed"), true),
        (format!("party={party}&has_recording=true&min_duration_ms=1"), true),
        ("end_reason=agent_hang_up&lead_status=booked&has_recording=true&order=asc".to_owned(), true),
        ("end_reason=caller_hang_up".to_owned(), false),
        ("lead_status=new".to_owned(), false),
        ("has_recording=false&status=completed".to_owned(), false),
        (format!("party={number}"), false),
        ("min_duration_ms=3600000".to_owned(), false),
        ("opened_before=2000-01-01T00:00:00Z".to_owned(), false),
        ("opened_after=2000-01-01T00:00:00Z&status=completed".to_owned(), true),
    ] {
        let page = get(&world, &format!("/v1/calls?{query}"), key).await;
        assert_eq!(page.status, 200, "{query}: {}", page.body);
        let sids: Value =
            page.body["calls"].as_array().unwrap().iter().map(|call| call["sid"].clone()).collect();
        assert_eq!(sids, if found { ours.clone() } else { json!([]) }, "{query}");
    }
    for (query, named) in [
        ("status=ended", "status"),
        ("direction=sideways", "direction"),
        ("end_reason=bored", "end_reason"),
        ("number=0172", "number"),
        ("opened_after=yesterday", "opened_after"),
        ("include=turns", "include"),
        ("direction=inbound&direction=outbound", "direction"),
    ] {
        let refused = get(&world, &format!("/v1/calls?{query}"), key).await;
        assert_eq!(refused.status, 400, "{query}");
        assert!(refused.body["detail"].as_str().unwrap().contains(named), "{query}: {}", refused.body);
    }

    let small = get(&world, &format!("/v1/calls/{}", outcome.call_sid), key).await.body;
    let whole = get(&world, &with_everything(&outcome.call_sid), key).await.body;
    let parts =
        ["events", "turns", "messages", "session", "recording", "voicemail", "transcript", "summary", "cost"];
    for part in parts {
        assert!(small.get(part).is_none() && whole.get(part).is_some(), "{part}");
    }
    let listed = get(&world, "/v1/calls?status=completed&include=session,insights", key).await.body;
    let (listed, session) = (&listed["calls"][0], &whole["session"]);
    assert_eq!((&listed["session"], &listed["lead_status"]), (session, &json!("booked")));
    assert!(listed.get("cost").is_none() && listed.get("turns").is_none(), "{listed}");
}

/// One request tells of all calls what was said last, to those who may read it, and nothing to one who knows it already.
async fn calls_are_followed_by_one_request_that_costs_little_while_nothing_is_said(world: World) {
    let outcome = world.call(story::caller()).await;
    let record = world.complete_record(&outcome.call_sid).await;
    Webhook::inbound(&world, &call_sid(8)).send(&world).await;
    let key = world.identity.api_key.expose();
    let path = "/v1/calls?order=asc&include=last_turn";
    let ask = async |path: &str, held: &str| {
        let request = world.http.get(world.url(path)).bearer_auth(key).header(header::IF_NONE_MATCH, held);
        let answer = request.send().await.unwrap();
        let tag = answer.headers()[header::ETAG].to_str().unwrap().to_owned();
        (answer.status().as_u16(), tag, answer.text().await.unwrap())
    };
    let (status, tag, body) = ask(path, "").await;
    let listed: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(status, 200, "{body}");
    let last = record.turns.last().unwrap();
    assert_eq!(listed["calls"][0]["last_turn"]["text"], last.text.as_str());
    assert_eq!(listed["calls"][1]["last_turn"], Value::Null, "nothing was said yet");
    assert_eq!(ask(path, &tag).await, (304, tag.clone(), String::new()));
    Webhook::inbound(&world, &call_sid(9)).send(&world).await;
    let (status, other, _) = ask(path, &tag).await;
    assert!(status == 200 && other != tag);
    let one = format!("/v1/calls/{}?include=turns", outcome.call_sid);
    let (_, tag, _) = ask(&one, "").await;
    assert_eq!(ask(&one, &tag).await.0, 304);

    let wish = json!({ "name": "reports", "role": "viewer" });
    let made = world.http.post(world.url("/v1/keys")).bearer_auth(key).json(&wish).send().await.unwrap();
    let viewer = made.json::<Value>().await.unwrap()["key"].as_str().unwrap().to_owned();
    assert_eq!(get(&world, "/v1/calls?include=session", &viewer).await.status, 200);
    assert_eq!(get(&world, path, &viewer).await.status, 403, "a viewer reads no conversation");
}

/// The same request again is answered alike, and says that it is one.
async fn a_repeated_request_says_that_its_answer_is_one_of_before(world: Arc<World>) {
    let key = world.identity.api_key.expose();
    let ask = async || {
        let request = world.http.request(Method::POST, world.url("/v1/keys")).bearer_auth(key);
        let request = request.header("idempotency-key", "lists-1");
        let answer = request.json(&json!({ "name": "reports", "role": "viewer" })).send().await.unwrap();
        let replayed =
            answer.headers().get("idempotency-replayed").map(|told| told.to_str().unwrap().to_owned());
        (answer.status().as_u16(), replayed, answer.json::<Value>().await.unwrap())
    };
    let (first, again) = (ask().await, ask().await);
    assert_eq!((first.0, first.1.as_deref()), (201, None));
    assert_eq!((again.0, again.1.as_deref()), (201, Some("true")));
    assert_eq!(first.2["key"], again.2["key"]);
}

/// Prints how long a page of 25 takes over HTTP, with filters, among ten thousand calls.
async fn a_page_among_ten_thousand_calls_takes() {
    let world = World::with(WorldConfig::default()).await;
    let rows = Rows::of(&world).await;
    rows.write((0..10_000).map(|n| rows.put(n, i64::from(n))).collect()).await;
    let key = world.identity.api_key.expose();
    for query in
        ["", "direction=inbound&opened_after=1970-01-01T00:00:05Z", "status=completed", "has_recording=false"]
    {
        let mut took = vec![];
        for _ in 0..20 {
            let begun = Instant::now();
            let page = get(&world, &format!("/v1/calls?limit=25&{query}"), key).await;
            took.push(begun.elapsed());
            assert_eq!(page.status, 200, "{}", page.body);
        }
        took.sort();
        report(&format!("a page of 25 with `{query}`: p50 {:?}, longest {:?}", took[10], took[19]));
    }
}

acceptance::tests![
    a_walk_by_links_sees_each_old_call_once_while_others_come_and_go,
    a_cursor_is_good_for_what_it_was_given_for_and_nothing_else,
    every_list_is_walked_in_pages,
    calls_are_found_by_what_they_came_to,
    calls_are_followed_by_one_request_that_costs_little_while_nothing_is_said,
    a_repeated_request_says_that_its_answer_is_one_of_before,
    a_page_among_ten_thousand_calls_takes,
];
