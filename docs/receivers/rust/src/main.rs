//! A receiver of events in Rust, with the library of Standard Webhooks: `SECRET=whsec_... PORT=8080 cargo run`

use std::collections::HashSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};

use http::{HeaderMap, HeaderName, HeaderValue};
use standardwebhooks::Webhook;

/// What a request may have, bytes. An event has 300 KiB at most.
const LARGEST: usize = 1024 * 1024;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let webhook = Webhook::new(&std::env::var("SECRET")?)?;
    let port: u16 = std::env::var("PORT")?.parse()?;
    // In a real receiver this is a table with a unique key, so that a restart forgets nothing.
    let mut seen = HashSet::new();
    for stream in TcpListener::bind(("127.0.0.1", port))?.incoming() {
        if let Err(error) = receive(stream?, &webhook, &mut seen) {
            eprintln!("{error}");
        }
    }
    Ok(())
}

fn receive(
    mut stream: TcpStream,
    webhook: &Webhook,
    seen: &mut HashSet<String>,
) -> Result<(), Box<dyn std::error::Error>> {
    let mut reader = BufReader::new(stream.try_clone()?);
    reader.read_line(&mut String::new())?;
    let mut headers = HeaderMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.insert(name.parse::<HeaderName>()?, value.trim().parse::<HeaderValue>()?);
    }
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    // The bytes as they came: what is parsed and written anew has another signature.
    let mut body = vec![0; text("content-length").parse::<usize>()?.min(LARGEST)];
    reader.read_exact(&mut body)?;
    // It checks the timestamp as well: five minutes.
    let answer = match webhook.verify(&body, &headers) {
        Ok(()) => {
            let id = text("webhook-id").to_owned();
            if seen.insert(id.clone()) {
                println!("{id}"); // Put the event into a queue here, and do the work afterwards.
            }
            "204 No Content"
        }
        Err(_) => "400 Bad Request\r\nContent-Length: 0",
    };
    write!(stream, "HTTP/1.1 {answer}\r\nConnection: close\r\n\r\n")?;
    Ok(())
}
