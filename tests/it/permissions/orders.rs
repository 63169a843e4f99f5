//! Orders of calls, as the functions that place and follow them meet them.

use acceptance::World;
use acceptance::lease::fill_deployment;
use acceptance::sandbox::HttpSandbox;
use acceptance::webhook::{Webhook, call_sid};
use domain::DialId;
use simulator::twilio::RestFault;

/// Orders that Twilio turns down, so that only this test dials: their calls come by hand.
pub(super) async fn outbound_calls(world: &World, outbound: &HttpSandbox, status: &HttpSandbox) {
    let place = async |key: &'static str| {
        let key_of_business = world.identity.api_key.expose();
        let request = world.http.post(outbound.url.join("/v1/calls").unwrap()).bearer_auth(key_of_business);
        let request = request.header("Idempotency-Key", key).json(&acceptance::outbound::order(world));
        request.send().await.unwrap().status().as_u16()
    };
    let dial =
        |path: &str, key: &str| format!("{path}?dial={}", DialId::of(&world.business.business.id, key));
    let [first, second, third] = [11, 12, 13].map(call_sid);
    fill_deployment(world, true).await;
    assert_eq!(place("nowhere").await, 429, "the deployment is full");
    fill_deployment(world, false).await;
    let fault = |status, code| RestFault { status, code, retry_after_s: None, carried_out: false };
    world.twilio.fail_next_request(fault(400, 21215));
    assert_eq!(place("first").await, 422);
    // One call is heard of by its webhook, after a callback that named no order; the others by their callbacks.
    Webhook::status(world, &first, "initiated", 0).send(world).await;
    let answered = Webhook::inbound(world, &first).at(&dial("/twilio/voice/outbound", "first"));
    assert!(outbound.receives(world, &answered).await.1.contains("<Stream"));
    assert_eq!(place("fourth").await, 429, "the line is taken");
    let completed = Webhook::status(world, &first, "completed", 3);
    assert_eq!(status.receives(world, &completed).await.0, 204);
    for (key, sid) in [("second", &second), ("third", &third)] {
        // Twilio's answer is lost, so what was taken for the call stays taken until the call is over.
        world.twilio.fail_next_request(fault(500, 20500));
        assert_eq!(place(key).await, 503);
        let initiated = Webhook::status(world, sid, "initiated", 0).at(&dial("/twilio/voice/status", key));
        assert_eq!(status.receives(world, &initiated).await.0, 204);
        assert_eq!(world.get(&format!("/v1/calls/{sid}")).await.1["direction"], "outbound");
        if key == "second" {
            let completed = Webhook::status(world, sid, "completed", 3);
            assert_eq!(status.receives(world, &completed).await.0, 204);
        }
    }
    let verdict = Webhook::inbound(world, &second).at("/twilio/voice/amd").field("AnsweredBy", "human");
    assert_eq!(status.receives(world, &verdict).await.0, 204);
}
