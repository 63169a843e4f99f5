use std::time::Duration;

use bytes::Bytes;
use domain::Secret;
use openai::responses::{ResponsesOutcome, ResponsesRequest};
use openai::transcription::{AudioContainer, TranscriptionRequest};
use providers::openai_http::{OpenAiError, OpenAiHttp};
use tokio::time::Instant;

use scripted::{Answer, Scripted};

const ANSWER: &str = r#"{"id":"resp_1","status":"completed","output":[
    {"type":"message","content":[{"type":"output_text","text":"A summary."}]}]}"#;

fn client(server: &Scripted) -> OpenAiHttp {
    OpenAiHttp::new(&server.url.join("v1").unwrap(), Secret::new("key")).unwrap()
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(60)
}

fn request() -> ResponsesRequest {
    ResponsesRequest::new("gpt-6-luna", "Sum up.").user("Hello")
}

fn failure(status: u16, code: &str) -> Answer {
    Answer::new(status, format!(r#"{{"error":{{"message":"about canary","type":"t","code":"{code}"}}}}"#))
}

#[tokio::test]
async fn a_recording_is_sent_with_its_fields_and_comes_back_as_text() {
    let server = Scripted::serve([Answer::new(200, r#"{"text":"Good day."}"#)]).await;
    let ask = TranscriptionRequest::new("gpt-transcribe").languages(["de", "en"]).keywords(["Harbour"]);
    let audio = Bytes::from_static(b"RIFF audio");
    let text = client(&server).transcribe(&ask, AudioContainer::Wav, audio, soon()).await.unwrap();
    assert_eq!(text.text.as_str(), "Good day.");
    let asked = &server.asked()[0];
    assert_eq!(asked.line, "POST /v1/audio/transcriptions");
    assert_eq!(asked.header("authorization"), Some("Bearer key"));
    for part in ["name=\"model\"", "name=\"languages[]\"", "filename=\"audio.wav\"", "RIFF audio"] {
        assert!(asked.body.contains(part), "{part} is missing");
    }
}

#[tokio::test]
async fn a_passing_failure_is_tried_again() {
    let server = Scripted::serve([
        failure(500, "server_error").header("retry-after-ms", "1"),
        failure(429, "rate_limit_exceeded").header("retry-after-ms", "1"),
        Answer::new(200, ANSWER),
    ])
    .await;
    let reply = client(&server).respond(&request(), soon()).await.unwrap();
    assert_eq!(reply.outcome, ResponsesOutcome::Text("A summary.".into()));
    assert_eq!(server.asked().len(), 3);
    assert_eq!(server.asked()[2].line, "POST /v1/responses");
}

/// Fault 44.
#[tokio::test]
async fn an_empty_account_is_not_asked_twice() {
    let server = Scripted::serve([failure(429, "insufficient_quota"), Answer::new(200, ANSWER)]).await;
    let error = client(&server).respond(&request(), soon()).await.unwrap_err();
    assert!(!error.is_retryable());
    assert!(!format!("{error} {error:?}").contains("canary"));
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test]
async fn a_wait_beyond_the_deadline_ends_at_once() {
    let server = Scripted::serve([failure(429, "rate_limit_exceeded").header("retry-after", "100")]).await;
    let error = client(&server).respond(&request(), soon()).await.unwrap_err();
    assert!(matches!(&error, OpenAiError::Http(http) if http.status == 429), "{error}");
    assert!(error.is_retryable(), "later");
    assert_eq!(error.asked_wait(), Some(Duration::from_secs(100)), "and not before");
}

/// New since September.
#[tokio::test]
async fn a_server_without_room_is_left_alone_for_as_long_as_it_says() {
    let wait = Duration::from_millis(300);
    let server = Scripted::serve([
        failure(429, "slow_down").header("retry-after-ms", "300"),
        failure(503, "server_is_overloaded").header("retry-after", "0.3"),
        Answer::new(200, ANSWER),
    ])
    .await;
    let began = Instant::now();
    let reply = client(&server).respond(&request(), soon()).await.unwrap();
    assert_eq!(reply.outcome, ResponsesOutcome::Text("A summary.".into()));
    assert!(began.elapsed() >= 2 * wait, "{:?}", began.elapsed());

    let server = Scripted::serve([failure(503, "server_is_overloaded").header("retry-after", "900")]).await;
    let error = client(&server).respond(&request(), soon()).await.unwrap_err();
    assert!(error.is_busy() && error.is_retryable(), "{error}");
    assert_eq!((error.asked_wait(), server.asked().len()), (Some(Duration::from_secs(900)), 1));
}

#[tokio::test]
async fn attempts_are_bounded() {
    let broken = || failure(503, "server_error").header("retry-after-ms", "1");
    let server = Scripted::serve((0..9).map(|_| broken())).await;
    assert!(client(&server).respond(&request(), soon()).await.is_err());
    assert_eq!(server.asked().len(), 3);
}

/// Fault 43.
#[tokio::test]
async fn a_file_that_is_too_large_is_not_even_sent() {
    let server = Scripted::serve([]).await;
    let audio = Bytes::from(vec![0; 26_214_401]);
    let ask = TranscriptionRequest::new("gpt-transcribe");
    let error = client(&server).transcribe(&ask, AudioContainer::Wav, audio, soon()).await.unwrap_err();
    assert!(matches!(error, OpenAiError::File(_)), "{error}");
    assert!(server.asked().is_empty());
}
