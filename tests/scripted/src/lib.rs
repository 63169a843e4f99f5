//! An HTTP server that gives the answers it was told to, in order, and remembers what it was asked.

#![allow(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use url::Url;

/// One request, as it came.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// `GET /path?query`.
    pub line: String,
    pub headers: String,
    pub body: String,
}

impl Asked {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.lines().find_map(|line| {
            let (header, value) = line.split_once(':')?;
            header.eq_ignore_ascii_case(name).then_some(value.trim())
        })
    }
}

/// What to answer; after the last one the connection is closed without an answer.
#[derive(Debug, Clone)]
pub struct Answer {
    status: u16,
    headers: String,
    body: Vec<u8>,
    /// How much of the body is sent before the connection is cut.
    sent: usize,
}

impl Answer {
    pub fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        let body = body.into();
        Self { status, headers: String::new(), sent: body.len(), body }
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push_str(&format!("{name}: {value}\r\n"));
        self
    }

    pub fn cut_after(mut self, bytes: usize) -> Self {
        self.sent = bytes;
        self
    }
}

pub struct Scripted {
    pub url: Url,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Scripted {
    pub async fn serve(answers: impl IntoIterator<Item = Answer>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let mut answers: VecDeque<Answer> = answers.into_iter().collect();
        let remembered = Arc::clone(&asked);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let Some(request) = read(&mut stream).await else { continue };
                remembered.lock().unwrap().push(request);
                if let Some(answer) = answers.pop_front() {
                    write(&mut stream, &answer).await;
                }
            }
        });
        Self { url, asked }
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

async fn read(stream: &mut TcpStream) -> Option<Asked> {
    let (bytes, body) = read_message(stream).await?;
    let head = String::from_utf8_lossy(&bytes[..body]).into_owned();
    let (line, headers) = head.split_once("\r\n")?;
    Some(Asked {
        line: line.trim_end_matches(" HTTP/1.1").to_owned(),
        headers: headers.to_owned(),
        body: String::from_utf8_lossy(&bytes[body..]).into_owned(),
    })
}

/// One whole HTTP/1.1 message with a content length, and where its body begins; `None` when the peer is gone.
pub async fn read_message(stream: &mut TcpStream) -> Option<(Vec<u8>, usize)> {
    let mut bytes = Vec::new();
    let body = loop {
        if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break at + 4;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = Asked { headers: String::from_utf8_lossy(&bytes[..body]).into_owned(), ..Asked::default() };
    let length: usize = head.header("content-length").map_or(0, |length| length.parse().unwrap());
    while bytes.len() < body + length {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
    Some((bytes, body))
}

async fn write(stream: &mut TcpStream, answer: &Answer) {
    let Answer { status, headers, body, sent } = answer;
    let head = format!(
        "HTTP/1.1 {status} scripted\r\nconnection: close\r\ncontent-length: {}\r\n{headers}\r\n",
        body.len()
    );
    // The client may have hung up by now; then the answer is dropped.
    let _gone = stream.write_all(head.as_bytes()).await;
    let _gone = stream.write_all(&body[..*sent]).await;
    let _gone = stream.shutdown().await;
}
