//! What the operator of a campaign asks for: its people as a file, who would be called next, when it will be over, and an end that
//! ends its calls as well.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use acceptance::World;
use acceptance::outbound::dials;
use acceptance::sandbox::QueueSandbox;
use futures_util::future::join_all;
use http::Method;
use platform::clock;
use serde_json::{Value, json};
use simulator::audio::speech;
use simulator::openai::{OpenAiConfig, Reply, Script};
use simulator::twilio::{CallStatus, Callee, CallerScript, CallerStep, EndedBy};

use super::campaigns::{
    CAMPAIGNS, at_a_time_for_calls, checked, completed, does_not, entries, file, made, number, speaks,
    started, step, wanted, when, world,
};
use super::contacts::ask;

/// A page of a campaign's file, and where the next one is.
async fn page(world: &World, path: &str) -> (String, Option<String>) {
    let asked = world.http.get(world.url(path)).bearer_auth(world.identity.api_key.expose());
    let answer = asked.send().await.unwrap();
    assert_eq!(answer.status(), 200, "{path}");
    assert_eq!(answer.headers()["content-type"], "text/csv; charset=utf-8");
    let link = answer.headers().get("link").map(|link| link.to_str().unwrap().to_owned());
    let next = link.map(|link| link.split(['<', '>']).nth(1).unwrap().to_owned());
    (answer.text().await.unwrap(), next)
}

/// The whole file, and how many pages it took.
async fn exported(world: &World, id: &str, query: &str) -> (String, usize) {
    let (mut text, mut pages) = (String::new(), 0);
    let mut path = Some(format!("{CAMPAIGNS}/{id}/entries.csv{query}"));
    while let Some(asked) = path.take() {
        let (more, next) = page(world, &asked).await;
        text.push_str(&more);
        (path, pages) = (next, pages + 1);
    }
    (text, pages)
}

/// The rows by their columns. No cell of these tests has a separator in it.
fn rows(text: &str) -> Vec<BTreeMap<&str, &str>> {
    let mut lines = text.strip_prefix('\u{FEFF}').expect("a mark").split_terminator("\r\n");
    let headers: Vec<&str> = lines.next().unwrap().split(',').collect();
    lines.map(|line| headers.iter().copied().zip(line.split(',')).collect()).collect()
}

/// The file says of each person what became of them, in words and by both clocks, and no spreadsheet runs a cell of it. Its pages are
/// one file, however long they are.
async fn a_campaign_is_exported_as_one_file_in_pages() {
    let world = world().await;
    world.twilio.set_callee(number(101), does_not(CallStatus::NoAnswer));
    let people = format!(
        "phone,name,thing,time_zone\n{},=1+1,@car,America/New_York\n{},Dana,bicycle,\n{},Eve,bicycle,America/New_York\n",
        number(101),
        number(102),
        number(103)
    );
    let mut new = wanted(&world);
    new["hours"] = json!({ "monday": ["00:00-24:00"] });
    for day in ["tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] {
        new["hours"][day] = json!(["00:00-24:00"]);
    }
    let (id, ready) = checked(&world, "export", &people, new).await;
    assert_eq!(ready["report"]["valid"], 3, "{ready:#}");
    let list = format!("/v1/do-not-call/{}", number(103).replace('+', "%2B"));
    assert_eq!(ask(&world, Method::PUT, &list, ("x", "y"), &json!({})).await.0, 200);
    let (empty, _) = exported(&world, &id, "").await;
    assert!(rows(&empty).is_empty(), "it was not started: {empty}");
    assert_eq!(step(&world, &id, "start").await.0, 202);
    world
        .until(|| async {
            let (_, campaign) = world.get(&format!("{CAMPAIGNS}/{id}")).await;
            let sums = &campaign["progress"];
            (sums["done"]["no_answer"] == 1 && sums["skipped"]["do_not_call"] == 1).then_some(())
        })
        .await;
    assert_eq!(step(&world, &id, "stop").await.0, 202);
    when(&world, &id, "stopped").await;
    let (whole, pages) = exported(&world, &id, "").await;
    assert_eq!(pages, 1);
    let (parted, pages) = exported(&world, &id, "?limit=1").await;
    assert!(pages >= 3, "{pages}");
    assert_eq!(parted, whole);
    let all = rows(&whole);
    let of = |n: usize, names: &[&str]| names.iter().map(|name| all[n][name]).collect::<Vec<_>>();
    let told = ["number", "phone", "name", "var_thing", "state", "outcome", "attempts"];
    assert_eq!(of(0, &told), ["0", "'+12025550101", "'=1+1", "'@car", "done", "no_answer", "1"]);
    assert_eq!(of(2, &["state", "reason"]), ["skipped", "the person asked this business not to be called"]);
    let sid = all[0]["last_call"];
    assert!(sid.starts_with("CA"), "{sid}");
    let at = clock::from_rfc3339(all[0]["last_at_utc"]).unwrap();
    let local = domain::zone::Zone::parse("America/New_York").unwrap().local(at);
    assert_eq!(all[0]["last_at_local"], local.strftime("%Y-%m-%d %H:%M:%S").to_string());
    for (query, status) in [("?limit=0", 400), ("?limit=1001", 400), ("?format=csv", 400), ("?cursor=x", 400)]
    {
        let refused = world.get(&format!("{CAMPAIGNS}/{id}/entries.csv{query}")).await;
        assert_eq!(refused.0, status, "{query}: {}", refused.1);
    }
    // A cursor of the list is not one of the file.
    let (_, list) = world.get(&format!("{CAMPAIGNS}/{id}/entries?limit=1")).await;
    let cursor = list["next"].as_str().unwrap();
    assert_eq!(world.get(&format!("{CAMPAIGNS}/{id}/entries.csv?cursor={cursor}")).await.0, 400);
}

/// A page has a thousand rows at most, and each person stands in the file once.
async fn a_long_campaign_is_exported_whole() {
    const PEOPLE: usize = 1_203;
    let world = world().await;
    let numbers = (0..PEOPLE).map(|n| format!("+1202556{n:04},America/New_York\n"));
    let people = format!("phone,time_zone\n{}", numbers.collect::<String>());
    let mut new = wanted(&world);
    (new["reason"], new["starts_at"]) = (json!("hello"), json!("2999-01-01T00:00:00Z"));
    let id = started(&world, "long", &people, new).await;
    when(&world, &id, "running").await;
    let (whole, pages) = exported(&world, &id, "").await;
    let all = rows(&whole);
    let numbers: BTreeSet<&str> = all.iter().map(|row| row["phone"]).collect();
    assert_eq!((pages, all.len(), numbers.len()), (2, PEOPLE, PEOPLE));
    assert!(
        all.iter().enumerate().all(|(n, row)| row["number"] == n.to_string()),
        "in the order of the file"
    );
}

/// Everybody whom a list of those who would be called names, a page at a time.
async fn previewed(world: &World, id: &str) -> Vec<Value> {
    let (mut all, mut path) = (vec![], format!("{CAMPAIGNS}/{id}/preview?limit=1"));
    loop {
        let (status, page) = world.get(&path).await;
        assert_eq!(status, 200, "{page}");
        all.extend(page["people"].as_array().unwrap().iter().cloned());
        match page["next"].as_str() {
            Some(next) => path = format!("{CAMPAIGNS}/{id}/preview?limit=1&cursor={next}"),
            None => return all,
        }
    }
}

/// Before and after the start the list says who would be called, when by both clocks, and why not, and no call is placed for it. What
/// it says is what happens.
async fn those_who_would_be_called_are_shown_and_no_call_is_placed() {
    let world = world().await;
    world.twilio.set_callee(number(201), does_not(CallStatus::NoAnswer));
    let people = format!(
        "phone,name,thing,time_zone,not_before\n{},Dana,car,America/New_York,\n{},Eve,car,America/New_York,\n{},Ada,car,\
         America/New_York,2999-01-01T00:00:00Z\n",
        number(201),
        number(202),
        number(203)
    );
    let draft = made(&world, "draft", "phone\n", wanted(&world)).await;
    assert_eq!(previewed(&world, &draft).await, [json!(null); 0], "its file was not checked");
    let (id, _) = checked(&world, "preview", &people, wanted(&world)).await;
    let list = format!("/v1/do-not-call/{}", number(202).replace('+', "%2B"));
    assert_eq!(ask(&world, Method::PUT, &list, ("x", "y"), &json!({})).await.0, 200);
    let before = previewed(&world, &id).await;
    let told = |one: &Value| (one["to"].clone(), one["skipped"].clone(), one["at"].is_null());
    let wanted_of = |n: usize, skipped: Value, never: bool| (json!(number(n)), skipped, never);
    let expected = [
        wanted_of(201, json!(null), false),
        wanted_of(202, json!("do_not_call"), true),
        wanted_of(203, json!(null), false),
    ];
    assert_eq!(before.iter().map(told).collect::<Vec<_>>(), expected, "{before:#?}");
    let at = clock::from_rfc3339(before[0]["at"].as_str().unwrap()).unwrap();
    assert!(at <= world.now(), "it may be called now");
    let shown = |zone: domain::zone::Zone| zone.local(at).strftime("%Y-%m-%dT%H:%M:%S").to_string();
    assert_eq!(before[0]["callee_time"], shown(domain::zone::Zone::parse("America/New_York").unwrap()));
    assert_eq!(before[0]["business_time"], shown(world.business.business.zone()));
    assert!(before[1]["detail"].as_str().unwrap().contains("not to be called"));
    assert!(before[2]["at"].as_str().unwrap() >= "2999-01-01", "{:#}", before[2]);
    let (_, first) = world.get(&format!("{CAMPAIGNS}/{id}/preview")).await;
    assert_eq!((&first["each"]["seconds"], first["next"].is_null()), (&json!(null), true), "{first:#}");
    assert!(first["each"]["micros_at_most"].as_u64() > Some(0), "{first:#}");
    assert_eq!(dials(&world), 0);
    assert_eq!(step(&world, &id, "start").await.0, 202);
    world
        .until(|| async {
            let all = entries(&world, &id).await;
            (all.len() == 3 && all[0].2 == "no_answer" && all[1].2 == "do_not_call").then_some(())
        })
        .await;
    let after = previewed(&world, &id).await;
    assert_eq!(after.iter().map(told).collect::<Vec<_>>(), expected[2..], "{after:#?}");
    // What is left is known at the rate that was seen, or why it is not.
    let (_, campaign) = world.get(&format!("{CAMPAIGNS}/{id}")).await;
    assert_eq!(campaign["progress"]["hours"].as_object().unwrap().values().next().unwrap()["answer_rate"], 0);
    assert_eq!(step(&world, &id, "stop").await.0, 202);
    when(&world, &id, "stopped").await;
    assert_eq!(previewed(&world, &id).await, [json!(null); 0], "it calls no more");
    let refused = world.get(&format!("{CAMPAIGNS}/{id}/preview?limit=101")).await;
    assert_eq!(refused.0, 400, "{}", refused.1);
}

/// A campaign that runs says when it will be over; before anything was seen, that this is not known.
async fn a_campaign_says_when_it_will_be_over() {
    let world = world().await;
    for n in 301..304 {
        world.twilio.set_callee(number(n), does_not(CallStatus::NoAnswer));
    }
    let mut new = wanted(&world);
    new["starts_at"] = json!(clock::rfc3339(world.now().plus(Duration::from_secs(600))));
    let id = started(&world, "forecast", &file(301..304), new).await;
    let running = when(&world, &id, "running").await;
    let unknown = json!({ "per_hour": null, "ends_at": null, "unknown": "nothing_seen", "is_cut": false });
    assert_eq!(running["forecast"], unknown);
    let (_, list) = world.get(CAMPAIGNS).await;
    assert!(list["campaigns"][0]["forecast"].is_null(), "{list:#}");
    world.time_passes(Duration::from_secs(610));
    assert_eq!(step(&world, &id, "resume").await.0, 202, "a worker looks");
    let told = world
        .until(|| async {
            let (_, campaign) = world.get(&format!("{CAMPAIGNS}/{id}")).await;
            let done = campaign["progress"]["entries"]["done"].as_u64().unwrap_or(0);
            (campaign["state"] == "running" && done > 0).then_some(campaign)
        })
        .await;
    let forecast = &told["forecast"];
    assert!(forecast["per_hour"].as_u64() > Some(0), "{forecast}");
    let ends = clock::from_rfc3339(forecast["ends_at"].as_str().unwrap()).unwrap();
    assert!(ends >= world.now().minus(Duration::from_secs(60)), "{forecast}");
    let done = completed(&world, &id).await;
    assert!(done["forecast"].is_null(), "{done:#}");
}

/// A person who listens for a minute, unless the agent ends the call.
fn listens() -> Callee {
    Callee::answers(CallerScript::new(vec![CallerStep::Pause { ms: 60_000 }, CallerStep::HangUp]))
}

async fn stopped_with_goodbye(world: &World, id: &str) -> (u16, Value) {
    let path = format!("{CAMPAIGNS}/{id}/stop");
    ask(world, Method::POST, &path, ("x", "y"), &json!({ "hangup": true })).await
}

/// The agent says goodbye in the call that runs, once, however many workers are at it and however often it is asked for, and the entry
/// settles as after any call.
async fn a_campaign_that_is_stopped_with_a_goodbye_ends_its_calls() {
    let script = Script::new(Reply::say(&speech::AGENT_GREETING), vec![]);
    let world = World::with(acceptance::WorldConfig {
        openai: OpenAiConfig { script, ..OpenAiConfig::default() },
        twilio: |twilio| twilio.dials_every = Duration::ZERO,
        ..acceptance::WorldConfig::default()
    })
    .await;
    at_a_time_for_calls(&world);
    world.twilio.set_callee(number(401), listens());
    let id = started(&world, "goodbye", &file([401, 402]), wanted(&world)).await;
    let call = world.twilio.nth_call(0).await.unwrap();
    world.record_when(call.sid(), |record| record.status == "in-progress").await;
    let path = format!("{CAMPAIGNS}/{id}/stop");
    let odd = ask(&world, Method::POST, &path, ("x", "y"), &json!({ "hangup": "now" })).await;
    assert_eq!(odd.0, 422, "{}", odd.1);
    // First without a goodbye: the call goes on, and is ended later.
    assert_eq!(step(&world, &id, "stop").await.0, 202);
    let (first, second) = tokio::join!(stopped_with_goodbye(&world, &id), stopped_with_goodbye(&world, &id));
    assert_eq!((first.0, second.0), (202, 202), "{} {}", first.1, second.1);
    let business = world.business.business.id.to_string();
    let job = json!({ "job": "work", "business": business, "campaign": id });
    let worker = QueueSandbox::start(&world, "campaign-step", &[]).await;
    assert!(join_all((0..6).map(|_| worker.does(&job, 1))).await.into_iter().all(|done| done));
    let outcome = call.finished().await;
    assert_eq!(outcome.ended_by, EndedBy::Rest);
    let record = world.record_when(call.sid(), |record| record.status == "completed").await;
    assert_eq!(record.end_reason(), "requested");
    let asked = world.sessions().into_iter().flat_map(|session| session.received_of("response.create"));
    let kinds =
        asked.map(|one| one.value["response"]["metadata"]["kind"].as_str().unwrap_or_default().to_owned());
    assert_eq!(kinds.filter(|kind| kind == "goodbye").count(), 1);
    when(&world, &id, "stopped").await;
    let all = entries(&world, &id).await;
    let came: Vec<&str> = all.iter().map(|entry| entry.2.as_str()).collect();
    assert_eq!(came, ["silent", "stopped"], "{all:#?}");
    assert_eq!(stopped_with_goodbye(&world, &id).await.0, 202, "again");
    assert_eq!(dials(&world), 1);
}

/// A call that rings has no agent to say goodbye: it is given up.
async fn a_call_that_rings_is_given_up_with_its_campaign() {
    let world = world().await;
    world.twilio.set_callee(number(501), Callee { rings: Duration::from_secs(40), ..listens() });
    let id = started(&world, "rings", &file([501, 502]), wanted(&world)).await;
    let call = world.twilio.nth_call(0).await.unwrap();
    world
        .until(|| async {
            let all = entries(&world, &id).await;
            (all.first()?.1 == "calling").then_some(())
        })
        .await;
    assert_eq!(stopped_with_goodbye(&world, &id).await.0, 202);
    call.finished().await;
    when(&world, &id, "stopped").await;
    let all = entries(&world, &id).await;
    let came: Vec<&str> = all.iter().map(|entry| entry.2.as_str()).collect();
    assert_eq!(came, ["canceled", "stopped"], "{all:#?}");
}

/// A goal is a fact that the summing-up of a call says. It counts once for each person, whenever it becomes known and however many
/// workers ask, and what the calls cost is told for each that reached it.
async fn a_goal_is_counted_once_for_each_person() {
    let world = world().await;
    world.twilio.set_callee(number(601), speaks());
    world.twilio.set_callee(number(602), does_not(CallStatus::NoAnswer));
    let new = |goal: Value| {
        let mut new = wanted(&world);
        (new["goal"], new["bytes"]) = (goal, json!(9));
        new
    };
    for odd in [
        json!({ "lead_status": "platinum" }),
        json!({ "field": "age" }),
        json!({ "lead_status": "booked", "value": "x" }),
        json!({ "field": "" }),
        json!({}),
    ] {
        let asked = ask(&world, Method::POST, CAMPAIGNS, ("idempotency-key", "odd"), &new(odd)).await;
        assert_eq!((asked.0, &asked.1["errors"][0]["pointer"]), (422, &json!("/goal")), "{}", asked.1);
    }
    let booked = new(json!({ "lead_status": "booked" }));
    let id = started(&world, "goal", &file(601..603), booked).await;
    let done = completed(&world, &id).await;
    assert_eq!(done["goal"], json!({ "lead_status": "booked", "field": null, "value": null }));
    let (_, page) = world.get(&format!("{CAMPAIGNS}/{id}/entries")).await;
    let sid = page["entries"][0]["attempts"][0]["call"].as_str().unwrap();
    assert_eq!(world.complete_record(sid).await.lead_status, "booked");
    let business = world.business.business.id.to_string();
    let job = json!({ "job": "work", "business": business, "campaign": id });
    let workers = join_all((0..3).map(|_| QueueSandbox::start(&world, "campaign-step", &[]))).await;
    let looks = async || {
        world.time_passes(Duration::from_secs(240));
        assert!(
            join_all(workers.iter().map(|worker| worker.does(&job, 1))).await.into_iter().all(|done| done)
        );
        world.get(&format!("{CAMPAIGNS}/{id}")).await.1["progress"].clone()
    };
    let progress = world
        .until(|| async {
            let progress = looks().await;
            (progress["goal"]["awaited"] == 0).then_some(progress)
        })
        .await;
    let goal = &progress["goal"];
    assert_eq!((&goal["reached"], &goal["rate"]), (&json!(1), &json!(100)), "{goal}");
    assert!(goal["micros"].as_u64() > Some(0) && goal["micros_each"] == goal["micros"], "{goal}");
    assert_eq!(looks().await, progress, "it is counted once");
    let (whole, _) = exported(&world, &id, "").await;
    let goals: Vec<&str> = rows(&whole).iter().map(|row| row["goal"]).collect();
    assert_eq!(goals, ["reached", ""]);
}

acceptance::tests![
    a_campaign_is_exported_as_one_file_in_pages,
    a_long_campaign_is_exported_whole,
    those_who_would_be_called_are_shown_and_no_call_is_placed,
    a_campaign_says_when_it_will_be_over,
    a_campaign_that_is_stopped_with_a_goodbye_ends_its_calls,
    a_call_that_rings_is_given_up_with_its_campaign,
    a_goal_is_counted_once_for_each_person,
];
