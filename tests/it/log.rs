//! Nothing personal and no secret reaches the log.

use acceptance::{World, log};
use local::demo::{business, story};
use simulator::audio::speech;

/// A whole call with everything that is personal about it, then a look through all that the suite has logged.
async fn numbers_words_and_secrets_are_not_in_the_log(world: World) {
    let outcome = world.call(story::caller()).await;
    world.complete_record(&outcome.call_sid).await;
    let log = log::text();
    assert!(log.contains(&outcome.call_sid), "the call itself is logged, so the log was looked at");
    let identity = &world.identity;
    let canaries = [
        business::NUMBER,
        business::CALLER,
        speech::CALLER_SERVICE.text,
        speech::AGENT_CONFIRM.text,
        identity.auth_token.expose(),
        identity.openai_api_key.expose(),
        identity.stream_token_key.expose(),
        identity.api_key.expose(),
    ];
    for canary in canaries {
        // Numbers lose their plus sign when they are encoded.
        let canary = canary.trim_start_matches('+');
        let told: Vec<_> = log.lines().filter(|line| line.contains(canary)).take(3).collect();
        assert!(told.is_empty(), "a canary is in the log: {}", told.join("\n").replace(canary, "(canary)"));
    }
}

acceptance::tests![numbers_words_and_secrets_are_not_in_the_log,];
