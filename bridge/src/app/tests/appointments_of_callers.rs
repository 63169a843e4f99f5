//! The tools about appointments against real stores.

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::Value;
use stores::appointments::{CALENDAR_KEYS, SERVICE_KEYS};

use super::*;

impl World {
    /// The plan of a call to a business that has a calendar.
    async fn with_calendar(&self, call: usize) -> CallPlan {
        let plan = self.plan(call, 1);
        let calendar = json!({
            "id": "anna", "name": "Anna", "time_zone": "Europe/Vienna", "seats": 1, "active": true,
            "week": { "monday": ["08:00-18:00"], "tuesday": ["08:00-18:00"], "wednesday": ["08:00-18:00"] },
        });
        let service = json!({
            "id": "trim", "name": "Trim", "minutes": 30, "window_days": 60, "step_minutes": 30, "seats": 1,
            "calendars": ["anna"], "active": true,
        });
        // As the API of appointments writes them.
        for (keys, id, body) in [(CALENDAR_KEYS, "anna", calendar), (SERVICE_KEYS, "trim", service)] {
            let text = |text: &str| AttributeValue::S(text.to_owned());
            let put = self.aws.dynamodb.put_item().table_name(APPOINTMENTS);
            let put = put.item("pk", text(&format!("{keys}{}", plan.business))).item("sk", text(id));
            let put =
                put.item("body", text(&body.to_string())).item("version", AttributeValue::N("1".to_owned()));
            put.send().await.unwrap();
        }
        CallPlan {
            tools: Toolbox { appointments: true, ..Toolbox::default() },
            caller: Some(domain::testing::phone(u32::try_from(call).unwrap())),
            ..plan
        }
    }
}

async fn tell(ports: &StorePorts, plan: &CallPlan, name: &str, arguments: Value) -> Value {
    serde_json::from_str(&ask(ports, plan, "call_1", name, &arguments.to_string()).await).unwrap()
}

/// A caller looks for a time, books it, moves it and calls it off; whatever the model makes up books nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_books_moves_and_calls_off_an_appointment() {
    let world = World::new().await;
    let ports = world.ports();
    let plan = world.with_calendar(1).await;
    let asked = |name: &'static str, arguments: Value| tell(&ports, &plan, name, arguments);
    let found = asked("find_slots", json!({ "week": "next", "part": "afternoon" })).await;
    let slot = |n: usize| found["slots"][n]["slot"].as_str().unwrap();
    assert_eq!(found["slots"].as_array().unwrap().len(), 3, "{found}");
    let say = found["slots"][0]["say"].as_str().unwrap();
    assert!(say.contains(':') && say.contains(','), "{say}");
    for made_up in ["2026-12-03T14:00", &slot(0)[1..], "AAAAAAAAAAAAAAAAAAAAAAAAAAA"] {
        let refused = asked("book_appointment", json!({ "slot": made_up, "name": "Maria Huber" })).await;
        assert_eq!(refused["error"], "invalid_slot", "{refused}");
    }
    let book = |n: usize| json!({ "slot": slot(n), "name": "Maria Huber" });
    let booked = asked("book_appointment", book(0)).await;
    assert_eq!(
        (&booked["ok"], &booked["done"], &booked["say"]),
        (&json!(true), &json!("booked"), &json!(say))
    );
    // The session that goes on after this one was lost books the same.
    let resumed = CallPlan { epoch: Epoch(2), ..plan.clone() };
    let again = tell(&world.ports(), &resumed, "book_appointment", book(0)).await;
    assert_eq!(again["appointment"], booked["appointment"]);
    let other = CallPlan { call: CallSid::parse(&format!("CA{:032x}", 77)).unwrap(), ..plan.clone() };
    let stolen = tell(&ports, &other, "book_appointment", book(1)).await;
    assert_eq!(stolen["error"], "invalid_slot", "a token of another call");
    let id = booked["appointment"].as_str().unwrap();
    let moved = asked("reschedule_appointment", json!({ "appointment": id, "slot": slot(1) })).await;
    assert_eq!((&moved["done"], &moved["say"]), (&json!("moved"), &found["slots"][1]["say"]));
    let mine = asked("my_appointments", json!({})).await;
    assert_eq!(mine["appointments"].as_array().unwrap().len(), 1, "{mine}");
    // Another caller neither sees it nor cancels it, even by its id.
    let stranger = CallPlan { caller: Some(domain::testing::phone(9)), ..plan.clone() };
    assert_eq!(tell(&ports, &stranger, "my_appointments", json!({})).await, json!({ "appointments": [] }));
    let hidden = CallPlan { caller: None, ..plan.clone() };
    for plan in [&stranger, &hidden] {
        let refused = tell(&ports, plan, "cancel_appointment", json!({ "appointment": id })).await;
        assert_eq!(refused["error"], "not_yours", "{refused}");
    }
    assert_eq!(tell(&ports, &hidden, "book_appointment", book(2)).await["error"], "needs_phone");
    let gone = asked("cancel_appointment", json!({ "appointment": id })).await;
    assert_eq!(gone["done"], "cancelled", "{gone}");
    assert_eq!(asked("my_appointments", json!({})).await, json!({ "appointments": [] }));
    // The same time once more is another appointment.
    let anew = asked("book_appointment", book(0)).await;
    assert_eq!((&anew["done"], anew["appointment"] == booked["appointment"]), (&json!("booked"), false));
}

/// A time that was taken meanwhile is refused with others that are near, and what has two meanings is asked about.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_time_that_is_taken_comes_with_others() {
    let world = World::new().await;
    let ports = world.ports();
    let (plan, other) = (world.with_calendar(1).await, world.with_calendar(2).await);
    let find = json!({ "week": "next", "part": "morning" });
    let ours = tell(&ports, &plan, "find_slots", find.clone()).await;
    let theirs = tell(&ports, &other, "find_slots", find).await;
    let book = |slot: &Value| json!({ "slot": slot, "name": "Maria" });
    let booked = tell(&ports, &plan, "book_appointment", book(&ours["slots"][0]["slot"])).await;
    assert_eq!(booked["ok"], true);
    let refused = tell(&ports, &other, "book_appointment", book(&theirs["slots"][0]["slot"])).await;
    assert_eq!(refused["error"], "slot_taken");
    let instead = tell(&ports, &other, "book_appointment", book(&refused["alternatives"][0]["slot"])).await;
    assert_eq!(instead["ok"], true, "{instead}");
    for (hint, code) in [
        (json!({ "day": "2020-12-03" }), "day_is_past"),
        (json!({ "day": "some day" }), "unknown_day"),
        (json!({ "day": "tomorrow", "after": "10:00", "before": "9:00am" }), "no_time_left"),
    ] {
        let told = tell(&ports, &plan, "find_slots", hint).await;
        assert_eq!(told["question"], code, "{told}");
    }
    for wrong in [json!({ "after": "four" }), json!({ "when": "now" }), json!({ "week": "last" })] {
        assert_eq!(tell(&ports, &plan, "find_slots", wrong).await["error"], "invalid_arguments");
    }
    let none = CallPlan { business: BusinessId::parse("castle").unwrap(), ..plan.clone() };
    assert_eq!(tell(&ports, &none, "find_slots", json!({})).await["error"], "unknown_service");
    // What the business has not switched on is no tool.
    let off = CallPlan { tools: Toolbox::default(), ..plan };
    assert_eq!(tell(&ports, &off, "find_slots", json!({})).await["error"], "unknown_tool");
}
