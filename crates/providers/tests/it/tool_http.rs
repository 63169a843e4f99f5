//! A business's tool and what its answers mean, over real sockets.

use std::time::Duration;

use domain::token::TokenKey;
use domain::tools::{ANSWER_MAX_BYTES, Lost, Missed, ToolOutcome, ToolReply};
use domain::{BusinessId, Secret};
use providers::public_address::Reach;
use providers::tool_http::{ToolClient, ToolRequest};
use serde_json::json;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;

use scripted::{Answer, Scripted, read_message};

/// Nothing here takes long but what never ends.
const PATIENT: Duration = Duration::from_secs(30);
const SHORT: Duration = Duration::from_millis(500);

async fn ask(reach: Reach, url: &str, timeout: Duration) -> ToolOutcome {
    let key = TokenKey::new(Secret::new("0123456789abcdef".repeat(2))).unwrap();
    let business = BusinessId::parse("harbour").unwrap();
    let body = json!({ "tool": "book", "arguments": { "day": "Thursday" } });
    let request = ToolRequest { business: &business, url, id: "CA1.effect", body: &body, timeout };
    ToolClient::new(key, reach).unwrap().call(&request).await
}

/// What comes of one answer; the tool was asked once for it.
async fn outcome(answer: Answer) -> ToolOutcome {
    let tool = Scripted::serve([answer]).await;
    let outcome = ask(Reach::AndLoopback, tool.url.as_str(), PATIENT).await;
    assert_eq!(tool.asked().len(), 1);
    outcome
}

fn done(text: &str) -> ToolOutcome {
    ToolOutcome::Done { reply: ToolReply { text: text.to_owned(), cut: false } }
}

/// Cases C11 and B09.
#[tokio::test]
async fn whatever_a_tool_answers_with_a_2xx_it_has_done_it() {
    for (status, body, text) in [
        (200, &b"Accepted"[..], "Accepted"),
        (200, b"", ""),
        (202, b"", ""),
        (200, b"\xEF\xBB\xBF{\"booked\":true}", "{\"booked\":true}"),
        (201, b"<html>Created</html>", "<html>Created</html>"),
        (200, b"{\"price\":NaN}", "{\"price\":NaN}"),
        (203, b"\xFF\xFEno text", "\u{FFFD}\u{FFFD}no text"),
    ] {
        assert_eq!(outcome(Answer::new(status, body)).await, done(text), "{status} {text}");
    }
    assert_eq!(outcome(Answer::new(204, "")).await, done(""));
}

/// Case C11. Its status was heard, and that is what says whether it was done.
#[tokio::test]
async fn an_answer_that_is_too_long_breaks_off_or_never_ends_is_still_one() {
    let cut = |text: String| ToolOutcome::Done { reply: ToolReply { text, cut: true } };
    let long = "x".repeat(5 * ANSWER_MAX_BYTES);
    assert_eq!(outcome(Answer::new(200, long.as_str())).await, cut(long[..ANSWER_MAX_BYTES].to_owned()));
    let exact = &long[..ANSWER_MAX_BYTES];
    assert_eq!(outcome(Answer::new(200, exact)).await, done(exact));
    let broken = Answer::new(200, "{\"booked\":true}").cut_after(4);
    assert_eq!(outcome(broken).await, cut("{\"bo".to_owned()));

    let endless = raw(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\n{\"bo\r\n", true).await;
    assert_eq!(ask(Reach::AndLoopback, &endless, SHORT).await, cut("{\"bo".to_owned()));
}

/// Case C11.
#[tokio::test]
async fn a_refusal_comes_with_its_reason() {
    let taken = Answer::new(409, r#"{"reason":"taken"}"#);
    let reply = ToolReply { text: r#"{"reason":"taken"}"#.into(), cut: false };
    assert_eq!(outcome(taken).await, ToolOutcome::Refused { status: 409, reply });
}

/// Case C11.
#[tokio::test]
async fn what_may_have_been_done_is_unknown_and_no_redirect_is_followed() {
    let elsewhere = Scripted::serve([Answer::new(200, "{}")]).await;
    for status in [301, 302, 303, 307, 308] {
        let moved = Answer::new(status, "").header("location", elsewhere.url.as_str());
        assert_eq!(outcome(moved).await, ToolOutcome::Unknown { why: Lost::Status(status) });
    }
    assert_eq!(elsewhere.asked().len(), 0);
    for status in [500, 502, 504] {
        assert_eq!(
            outcome(Answer::new(status, "")).await,
            ToolOutcome::Unknown { why: Lost::Status(status) }
        );
    }

    let hangs_up = Scripted::serve([]).await;
    let lost = ask(Reach::AndLoopback, hangs_up.url.as_str(), PATIENT).await;
    assert_eq!((lost, hangs_up.asked().len()), (ToolOutcome::Unknown { why: Lost::Connection }, 1));
    let nonsense = raw(b"no HTTP at all\r\n\r\n", false).await;
    let lost = ask(Reach::AndLoopback, &nonsense, PATIENT).await;
    assert_eq!(lost, ToolOutcome::Unknown { why: Lost::Connection });
    let silent = raw(b"", true).await;
    assert_eq!(ask(Reach::AndLoopback, &silent, SHORT).await, ToolOutcome::Unknown { why: Lost::Timeout });
}

/// Case C11.
#[tokio::test]
async fn what_never_reached_the_tool_or_came_too_early_was_not_done() {
    for status in [408, 425, 429, 503] {
        assert_eq!(
            outcome(Answer::new(status, "")).await,
            ToolOutcome::NotDone { why: Missed::Status(status) }
        );
    }
    // That port is closed by now.
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let refused = ask(Reach::AndLoopback, &format!("http://{gone}/"), PATIENT).await;
    assert_eq!(refused, ToolOutcome::NotDone { why: Missed::Unreachable });
    // Speaks, but not TLS.
    let plain = Scripted::serve([Answer::new(200, "{}")]).await;
    let no_tls = plain.url.as_str().replacen("http", "https", 1);
    let refused = ask(Reach::AndLoopback, &no_tls, PATIENT).await;
    assert_eq!(refused, ToolOutcome::NotDone { why: Missed::Unreachable });

    let inner = Scripted::serve([Answer::new(200, "{}")]).await;
    for url in [inner.url.as_str(), "https://169.254.169.254/", "ftp://tools.example/", "no address"] {
        let refused = ask(Reach::Public, url, PATIENT).await;
        assert_eq!(refused, ToolOutcome::NotDone { why: Missed::Address }, "{url}");
    }
    assert_eq!(inner.asked().len(), 0);
}

/// A server that reads a request, writes these bytes, and then leaves or stays.
async fn raw(answer: &'static [u8], stays: bool) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            read_message(&mut stream).await;
            stream.write_all(answer).await.unwrap();
            if stays {
                std::future::pending::<()>().await;
            }
        }
    });
    url
}
