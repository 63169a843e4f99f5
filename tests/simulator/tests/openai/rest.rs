//! Transcription, Responses and models over HTTP.

use std::collections::BTreeMap;
use std::io::Cursor;
use std::time::Duration;

use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use simulator::openai::{Answer, HttpFault, OpenAi, OpenAiConfig, Script, Transcription};

struct Api {
    openai: OpenAi,
    http: reqwest::Client,
}

struct Reply {
    status: u16,
    retry_after: Option<String>,
    body: Value,
}

impl Api {
    async fn start(config: OpenAiConfig) -> Self {
        // Fails when another test was first, and then any provider is as good.
        rustls::crypto::ring::default_provider().install_default().unwrap_or_default();
        Self { openai: OpenAi::start(config).await.unwrap(), http: reqwest::Client::new() }
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Reply {
        let response = request.bearer_auth("simulated").send().await.unwrap();
        let header = |name| {
            response
                .headers()
                .get(name)
                .map(|value: &reqwest::header::HeaderValue| value.to_str().unwrap().to_owned())
        };
        assert!(header("x-request-id").is_some());
        let (status, retry_after) = (response.status().as_u16(), header("retry-after"));
        Reply { status, retry_after, body: response.json().await.unwrap() }
    }

    async fn transcribe(&self, form: Form) -> Reply {
        self.send(self.http.post(format!("{}/audio/transcriptions", self.openai.api_url)).multipart(form))
            .await
    }

    async fn respond(&self, body: Value) -> Reply {
        self.send(self.http.post(format!("{}/responses", self.openai.api_url)).json(&body)).await
    }
}

impl Reply {
    fn code(&self) -> &str {
        self.body["error"]["code"].as_str().unwrap_or_default()
    }
}

fn recording() -> Part {
    let spec = hound::WavSpec {
        channels: 2,
        sample_rate: 8_000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut bytes = Cursor::new(Vec::new());
    let mut writer = hound::WavWriter::new(&mut bytes, spec).unwrap();
    (0..16_000).for_each(|_| writer.write_sample(0_i16).unwrap());
    writer.finalize().unwrap();
    Part::bytes(bytes.into_inner()).file_name("call.wav").mime_str("audio/wav").unwrap()
}

fn form() -> Form {
    Form::new().part("file", recording()).text("model", "gpt-transcribe")
}

fn ask(more: Value) -> Value {
    let mut body = json!({ "model": "gpt-6-luna", "input": "Summarise.", "store": false });
    for (key, value) in more.as_object().unwrap() {
        body[key] = value.clone();
    }
    body
}

fn summary_format() -> Value {
    let schema = json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["summary"],
        "properties": { "summary": { "type": "string" } },
    });
    json!({ "text": { "format": { "type": "json_schema", "name": "call_summary", "strict": true, "schema": schema } } })
}

/// The words of the answer, found where they are and not where they first seem to be.
fn words(body: &Value) -> &str {
    let items = body["output"].as_array().unwrap();
    let message = items.iter().find(|item| item["type"] == "message").unwrap();
    message["content"][0]["text"].as_str().unwrap()
}

#[tokio::test]
async fn a_recording_becomes_the_queued_text_and_then_the_script() {
    let transcriptions = vec![Transcription::Text("Thursday, please.".to_owned())];
    let api = Api::start(OpenAiConfig { transcriptions, ..OpenAiConfig::default() }).await;
    let first = api.transcribe(form().text("languages[]", "en").text("keywords[]", "Harbour")).await;
    assert_eq!((first.status, first.body["text"].as_str()), (200, Some("Thursday, please.")));
    assert_eq!(first.body["usage"], json!({ "type": "duration", "seconds": 1.0 }));
    let second = api.transcribe(form()).await;
    assert_eq!(second.body["text"], Script::bicycle_workshop().text());
    let logged = &api.openai.requests()[0];
    assert_eq!(logged.body["file"]["name"], "call.wav");
    assert_eq!(logged.body["languages[]"], json!(["en"]));
}

#[tokio::test]
async fn a_wrong_form_is_refused() {
    let api = Api::start(OpenAiConfig::default()).await;
    let file = |name: &'static str, kind| {
        let part = Part::bytes(b"RIFF".as_slice()).file_name(name).mime_str(kind).unwrap();
        Form::new().part("file", part).text("model", "gpt-transcribe")
    };
    let nameless = Form::new().part("file", Part::bytes(vec![0; 64])).text("model", "gpt-transcribe");
    let wrong = [
        (Form::new().part("file", recording()), 400, "missing_required_parameter"),
        (Form::new().text("model", "gpt-transcribe"), 400, "missing_required_parameter"),
        (Form::new().part("file", recording()).text("model", "gpt-9"), 404, "model_not_found"),
        (Form::new().part("file", recording()).text("model", "gpt-6-luna"), 400, "invalid_value"),
        (form().text("language", "en").text("languages[]", "de"), 400, "invalid_value"),
        (form().text("language", "english"), 400, "invalid_language_format"),
        (form().text("response_format", "srt"), 400, "invalid_value"),
        (form().text("temprature", "0"), 400, "unknown_parameter"),
        (nameless, 400, "invalid_value"),
        (file("call", "audio/wav"), 400, "invalid_value"),
        (file("call.txt", "text/plain"), 400, "invalid_value"),
        (file("call.wav", "audio/wav"), 400, "invalid_value"),
    ];
    for (index, (form, status, code)) in wrong.into_iter().enumerate() {
        let reply = api.transcribe(form).await;
        assert_eq!((reply.status, reply.code()), (status, code), "form {index}: {}", reply.body);
    }
}

#[tokio::test]
async fn a_file_beyond_the_limit_is_too_large() {
    let api = Api::start(OpenAiConfig::default()).await;
    let big = Part::bytes(vec![0; 26_214_401]).file_name("call.mp3").mime_str("audio/mpeg").unwrap();
    let reply = api.transcribe(Form::new().part("file", big).text("model", "gpt-transcribe")).await;
    assert_eq!((reply.status, reply.code()), (413, "file_too_large"));
}

#[tokio::test]
async fn faults_come_in_their_turn() {
    let transcriptions = vec![
        Transcription::Fault(HttpFault::rate_limited(Duration::from_secs(2))),
        Transcription::Fault(HttpFault::insufficient_quota()),
        Transcription::Fault(HttpFault::server_error()),
        Transcription::Text(String::new()),
    ];
    let api = Api::start(OpenAiConfig { transcriptions, ..OpenAiConfig::default() }).await;
    let limited = api.transcribe(form()).await;
    assert_eq!((limited.status, limited.code()), (429, "rate_limit_exceeded"));
    assert_eq!(limited.retry_after.as_deref(), Some("2"));
    let broke = api.transcribe(form()).await;
    assert_eq!((broke.status, broke.code(), broke.retry_after.as_ref()), (429, "insufficient_quota", None));
    assert_eq!(api.transcribe(form()).await.status, 500);
    assert_eq!(api.transcribe(form()).await.body["text"], "");
}

#[tokio::test]
async fn a_strict_schema_is_answered_from_the_queue_by_name_or_by_example() {
    let prepared = json!({ "summary": "A service on Thursday." });
    let answers_by_format = BTreeMap::from([("call_summary".to_owned(), prepared.clone())]);
    let api = Api::start(OpenAiConfig { answers_by_format, ..OpenAiConfig::default() }).await;
    let queued = json!({ "summary": "Queued." });
    api.openai.answer_with(Answer::Json(queued.clone()));
    let json_of = |reply: &Reply| serde_json::from_str::<Value>(words(&reply.body)).unwrap();
    assert_eq!(json_of(&api.respond(ask(summary_format())).await), queued);
    let by_name = api.respond(ask(summary_format())).await;
    assert_eq!(json_of(&by_name), prepared);
    assert_eq!(by_name.body["output"][0]["type"], "reasoning");
    assert_eq!(by_name.body["store"], false);
    assert!(by_name.body["usage"]["total_tokens"].as_u64() > Some(32));

    let mut other = ask(summary_format());
    other["text"]["format"]["name"] = json!("call_extract");
    assert_eq!(
        json_of(&api.respond(other).await),
        json!({ "summary": "1 lines were said, 0 of them by the caller." })
    );
}

#[tokio::test]
async fn a_wrong_request_is_refused() {
    let api = Api::start(OpenAiConfig::default()).await;
    let mut open = summary_format();
    open["text"]["format"]["schema"]["additionalProperties"] = json!(true);
    let mut unnamed = summary_format();
    unnamed["text"]["format"]["name"] = json!("call summary");
    let wrong = [
        (ask(json!({ "model": "gpt-9" })), 404, "model_not_found"),
        (ask(json!({ "model": "gpt-realtime-2.1" })), 400, "invalid_value"),
        (ask(json!({ "input": [] })), 400, "invalid_value"),
        (ask(json!({ "messages": [] })), 400, "unknown_parameter"),
        (ask(json!({ "store": "no" })), 400, "invalid_value"),
        (ask(json!({ "reasoning": { "effort": "huge" } })), 400, "invalid_value"),
        (ask(open), 400, "invalid_json_schema"),
        (ask(unnamed), 400, "invalid_value"),
    ];
    for (body, status, code) in wrong {
        let reply = api.respond(body.clone()).await;
        assert_eq!((reply.status, reply.code()), (status, code), "{body}");
    }
}

#[tokio::test]
async fn an_answer_of_200_can_still_be_no_answer() {
    let answers = vec![
        Answer::Refusal("I cannot help with that.".to_owned()),
        Answer::Incomplete { reason: "max_output_tokens".to_owned() },
        Answer::Failed { code: "server_error".to_owned() },
        Answer::Call { name: "book".to_owned(), arguments: "{}".to_owned() },
        Answer::Fault(HttpFault::server_error()),
    ];
    let api = Api::start(OpenAiConfig { answers, ..OpenAiConfig::default() }).await;
    let refusal = api.respond(ask(json!({}))).await;
    assert_eq!(refusal.body["output"][1]["content"][0]["type"], "refusal");
    let incomplete = api.respond(ask(json!({}))).await;
    assert_eq!((incomplete.status, incomplete.body["status"].as_str()), (200, Some("incomplete")));
    assert_eq!(incomplete.body["output"].as_array().unwrap().len(), 1);
    let failed = api.respond(ask(json!({}))).await;
    assert_eq!((failed.status, failed.body["error"]["code"].as_str()), (200, Some("server_error")));
    let call = api.respond(ask(json!({}))).await;
    assert_eq!(call.body["output"][1]["name"], "book");
    assert_eq!(api.respond(ask(json!({}))).await.status, 500);
}

#[tokio::test]
async fn models_say_when_they_end() {
    let api = Api::start(OpenAiConfig::default()).await;
    let list = api.send(api.http.get(format!("{}/models", api.openai.api_url))).await;
    let date = |id: &str| {
        let models = list.body["data"].as_array().unwrap();
        models.iter().find(|model| model["id"] == id).unwrap()["shutdown_date"].clone()
    };
    assert_eq!(date("gpt-realtime-2.1"), Value::Null);
    assert_eq!(date("whisper-1"), "2027-02-26");
}

#[tokio::test]
async fn every_endpoint_asks_for_the_key() {
    let api = Api::start(OpenAiConfig::default()).await;
    let url = |path: &str| format!("{}/{path}", api.openai.api_url);
    let requests = [
        api.http.get(url("models")),
        api.http.post(url("responses")).json(&ask(json!({}))),
        api.http.post(url("audio/transcriptions")).multipart(form()),
    ];
    for request in requests {
        let response = request.bearer_auth("wrong").send().await.unwrap();
        assert_eq!(response.status().as_u16(), 401);
    }
}
