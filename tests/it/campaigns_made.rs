//! What may be a campaign, and what may be started.

use http::Method;
use serde_json::{Value, json};

use super::campaigns::{CAMPAIGNS, checked, step, wanted, world};
use super::contacts::ask;

/// What cannot be a campaign is refused with the place of what is wrong, and a key makes one campaign.
async fn a_campaign_that_cannot_be_is_refused() {
    let world = world().await;
    let new = |name: &str, value: Value| {
        let mut new = wanted(&world);
        new["bytes"] = json!(9);
        new[name] = value;
        new
    };
    for (name, value, pointer) in [
        ("from", json!(["+12025550199"]), "/from/0"),
        ("from", json!([]), "/from"),
        ("bytes", json!(0), "/bytes"),
        ("at_once", json!(0), "/at_once"),
        ("ends_at", json!("tomorrow"), "/ends_at"),
        ("attempts", json!({ "total": 11 }), "/attempts/total"),
        ("country", json!("XX"), "/country"),
        ("reason", json!("x".repeat(201)), "/reason"),
    ] {
        let asked = ask(&world, Method::POST, CAMPAIGNS, ("idempotency-key", "k"), &new(name, value)).await;
        assert_eq!((asked.0, &asked.1["errors"][0]["pointer"]), (422, &json!(pointer)), "{}", asked.1);
    }
    let body = new("name", json!("One"));
    let first = ask(&world, Method::POST, CAMPAIGNS, ("idempotency-key", "k"), &body).await;
    let again = ask(&world, Method::POST, CAMPAIGNS, ("idempotency-key", "k"), &body).await;
    assert_eq!((first.0, again.0, &first.1["id"]), (201, 201, &again.1["id"]));
    let other =
        ask(&world, Method::POST, CAMPAIGNS, ("idempotency-key", "k"), &new("name", json!("Two"))).await;
    assert_eq!(other.0, 422, "{}", other.1);
    let id = first.1["id"].as_str().unwrap();
    let (status, refused) = step(&world, id, "start").await;
    assert_eq!(status, 409, "{refused}");
    // Its words need what the file does not have.
    let rows = "phone\n+12025550100\n";
    let (missing, ready) = checked(&world, "missing", rows, wanted(&world)).await;
    assert_eq!(ready["report"]["missing"], json!(["thing"]), "{ready:#}");
    assert_eq!(step(&world, &missing, "start").await.1["code"], "report");
}

acceptance::tests![a_campaign_that_cannot_be_is_refused];
