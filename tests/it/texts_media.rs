//! What comes with a text: kept once, checked, handed out by a short link; a voice note is heard before it is answered.

use std::time::Duration;

use acceptance::{World, audio};
use scripted::{Answer, Scripted};
use serde_json::{Value, json};
use simulator::audio::speech;

use crate::texts::by_webhook::{receives, sent, sms, texts};
use crate::texts::{thread, world};

/// A text with a medium at this address.
fn with_media(world: &World, n: u32, url: &str, kind: &str) -> acceptance::webhook::Webhook {
    sms(world, n, "").field("NumMedia", "1").field("MediaUrl0", url).field("MediaContentType0", kind)
}

/// The attachment of the only text that has one, once it is known what became of it.
async fn settled(world: &World, carrier: &Scripted) -> Value {
    let seen = thread(world, 1).await;
    world.until(|| async { (!carrier.asked().is_empty()).then_some(()) }).await;
    // Until the second attempt, and not so long that the reply would wait no more for what is heard.
    world.time_passes(Duration::from_secs(8));
    world
        .until(|| async {
            let texts = texts(world, &seen).await;
            let first = texts.last().unwrap()["attachments"][0].clone();
            (!first["url"].is_null() || !first["not_kept"].is_null()).then_some(first)
        })
        .await
}

/// The carrier has it after a while. Two copies of the webhook fetch it once, and what is handed out is what came.
async fn a_voice_note_is_kept_and_heard() {
    let world = world(&["We open at nine."]).await;
    let samples = audio::samples(speech::CALLER_SERVICE.mulaw());
    let note = audio::wav(&samples.iter().flat_map(|sample| [*sample, *sample]).collect::<Vec<_>>());
    let carrier = Scripted::serve([Answer::new(404, ""), Answer::new(200, note.clone())]).await;
    let webhook = with_media(&world, 1, carrier.url.as_str(), "audio/wav");
    receives(&world, &webhook).await;
    receives(&world, &webhook).await;
    let kept = settled(&world, &carrier).await;
    assert_eq!((&kept["content_type"], &kept["bytes"]), (&json!("audio/wav"), &json!(note.len())), "{kept}");
    let link = world.http.get(kept["url"].as_str().unwrap()).send().await.unwrap();
    assert_eq!(link.headers()["content-disposition"], "attachment");
    assert_eq!(link.bytes().await.unwrap().to_vec(), note);
    world.texts_settle().await;
    assert_eq!(sent(&world, 1).await.len(), 1);
    let requests = world.openai.requests();
    let heard = requests.iter().filter(|request| request.path == "/v1/audio/transcriptions").count();
    assert_eq!(heard, 1);
    let asked = requests.iter().rfind(|request| request.path == "/v1/responses").unwrap();
    let said = kept["said"].as_str().unwrap_or("a voice note");
    assert!(asked.body["input"].to_string().contains(said), "{said}: {}", asked.body["input"]);
    assert_eq!(carrier.asked().len(), 2, "once when it was not there, once when it was");
}

/// Demand 13 of texts: what is not what it says, and what is too long, is in no bucket.
async fn what_is_not_what_it_says_is_not_kept() {
    for (answer, why) in [
        (Answer::new(200, "<html>"), "wrong_bytes"),
        (Answer::new(200, vec![0xFF; 17 * 1024 * 1024]), "too_large"),
        (Answer::new(403, ""), "refused"),
    ] {
        let world = world(&[]).await;
        let carrier = Scripted::serve([answer]).await;
        receives(&world, &with_media(&world, 1, carrier.url.as_str(), "image/jpeg")).await;
        let lost = settled(&world, &carrier).await;
        assert_eq!((&lost["not_kept"], &lost["url"]), (&json!(why), &Value::Null));
    }
}

acceptance::tests![a_voice_note_is_kept_and_heard, what_is_not_what_it_says_is_not_kept,];
