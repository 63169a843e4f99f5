//! The terminal's side: lines are typed, and what is seen at the phone is shown.

use std::io::{IsTerminal as _, Write as _};
use std::time::Duration;

use anyhow::{Context as _, bail};
use futures_util::StreamExt as _;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};

use super::typed::{HELP, Typed, content_type};
use super::{FileNote, MAX_FILE_BYTES, Order, Seen};
use crate::cli::say;

const PROMPT: &str = "> ";
/// A text in several parts is over when nothing more came for so long.
const PAUSE: Duration = Duration::from_millis(1_200);
/// Lines that wait for the system.
const LINES: usize = 64;

pub(super) struct Chat {
    http: reqwest::Client,
    control: String,
    phone: u64,
    screen: mpsc::Receiver<Seen>,
}

impl Chat {
    /// Asks the running system for a phone.
    pub(super) async fn open(control: &str, order: &Order) -> anyhow::Result<Self> {
        let http = reqwest::Client::new();
        let request = http.post(format!("{control}texts")).json(order).send();
        let response = request.await.context("the running system does not answer; was it stopped?")?;
        if !response.status().is_success() {
            bail!("{}", response.text().await?);
        }
        let (shown, mut screen) = mpsc::channel(LINES);
        tokio::spawn(async move {
            let (mut body, mut rest) = (response.bytes_stream(), Vec::new());
            while let Some(Ok(chunk)) = body.next().await {
                rest.extend_from_slice(&chunk);
                while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
                    let line: Vec<u8> = rest.drain(..=end).collect();
                    let Ok(seen) = serde_json::from_slice::<Seen>(&line) else { continue };
                    if shown.send(seen).await.is_err() {
                        return;
                    }
                }
            }
        });
        match screen.recv().await {
            Some(Seen::Ready { phone }) => Ok(Self { http, control: control.to_owned(), phone, screen }),
            _ => bail!("the running system gives no phone"),
        }
    }

    /// Goes on until the input ends or says so.
    pub(super) async fn go_on(self, order: &Order, wait: Duration) -> anyhow::Result<()> {
        let Order { way, from, to, .. } = order;
        say(format_args!("{} from {from} to {to}", way.as_str()))?;
        if std::io::stdin().is_terminal() {
            say("Type a text; /help says what else can be done, /quit ends.")?;
            self.talk().await
        } else {
            self.read_out(wait).await
        }
    }

    /// With a person at the terminal: what is typed and what is seen do not wait for each other.
    async fn talk(mut self) -> anyhow::Result<()> {
        let mut typed = lines();
        prompt();
        loop {
            tokio::select! {
                line = typed.recv() => {
                    let Some(line) = line else { return Ok(()) };
                    match self.carry_out(Typed::read(&line)).await {
                        Ok(Done::Quit) => return Ok(()),
                        Ok(Done::Told(text)) => print(&text),
                        Ok(Done::Acted { .. } | Done::Nothing) => prompt(),
                        Err(error) => print(&format!("  {error:#}")),
                    }
                }
                seen = self.sees() => match seen? {
                    // It was typed a moment ago.
                    Seen::Did { .. } | Seen::Ready { .. } => {}
                    seen => print(&line_of(&seen)),
                },
            }
        }
    }

    /// With a file or a pipe: each line waits for the answer to the one before, and what comes unasked is shown as it comes.
    async fn read_out(mut self, wait: Duration) -> anyhow::Result<()> {
        let mut typed = lines();
        loop {
            let line = tokio::select! {
                line = typed.recv() => line,
                seen = self.sees() => {
                    say(line_of(&seen?))?;
                    continue;
                }
            };
            let Some(line) = line else { return Ok(()) };
            match self.carry_out(Typed::read(&line)).await? {
                Done::Quit => return Ok(()),
                Done::Told(text) => say(text)?,
                Done::Nothing => {}
                Done::Acted { asks } => self.show_answer(asks, wait).await?,
            }
        }
    }

    async fn sees(&mut self) -> anyhow::Result<Seen> {
        self.screen.recv().await.context("the system has stopped")
    }

    /// Shows what is seen until the answer is complete, or has not come in time.
    async fn show_answer(&mut self, asks: bool, wait: Duration) -> anyhow::Result<()> {
        let patience = if asks { wait } else { PAUSE };
        let mut until = Instant::now() + patience;
        let mut answered = false;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            match timeout(left, self.sees()).await {
                Ok(seen) => {
                    let seen = seen?;
                    say(line_of(&seen))?;
                    match seen {
                        Seen::Reported { .. } => {
                            answered = true;
                            until = Instant::now() + PAUSE;
                        }
                        Seen::Refused { .. } => return Ok(()),
                        _ => {}
                    }
                }
                Err(_) if asks && !answered => {
                    return Ok(say(format_args!("           (no answer within {} s)", wait.as_secs()))?);
                }
                Err(_) => return Ok(()),
            }
        }
    }

    async fn carry_out(&self, typed: Typed) -> anyhow::Result<Done> {
        let address = format!("{}texts/{}", self.control, self.phone);
        let (request, asks) = match typed {
            Typed::Nothing => return Ok(Done::Nothing),
            Typed::Quit => return Ok(Done::Quit),
            Typed::Help => return Ok(Done::Told(HELP.to_owned())),
            Typed::Wrong(why) => return Ok(Done::Told(format!("  {why}"))),
            Typed::Act(act) => (self.http.post(address).json(&act), act.asks()),
            Typed::File { path, caption } => {
                let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
                let size = std::fs::metadata(&path)
                    .with_context(|| format!("cannot read {}", path.display()))?
                    .len();
                if usize::try_from(size).unwrap_or(usize::MAX) > MAX_FILE_BYTES {
                    bail!("{} is larger than {} MiB", path.display(), MAX_FILE_BYTES >> 20);
                }
                let bytes =
                    std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
                let note = FileNote {
                    name: name.unwrap_or_default(),
                    content_type: content_type(&path).to_owned(),
                    caption,
                };
                let mut address = url::Url::parse(&format!("{address}/file"))?;
                address
                    .query_pairs_mut()
                    .append_pair("name", &note.name)
                    .append_pair("content_type", &note.content_type)
                    .append_pair("caption", &note.caption);
                (self.http.post(address).body(bytes), true)
            }
        };
        let answer = request.send().await.context("the running system does not answer; was it stopped?")?;
        if !answer.status().is_success() {
            return Ok(Done::Told(format!("  {}", answer.text().await?)));
        }
        Ok(Done::Acted { asks })
    }
}

enum Done {
    Acted { asks: bool },
    Told(String),
    Nothing,
    Quit,
}

/// The lines of the input. Reading one holds its thread until there is one.
fn lines() -> mpsc::Receiver<String> {
    let (lines, typed) = mpsc::channel(LINES);
    std::thread::spawn(move || {
        for line in std::io::stdin().lines() {
            let Ok(line) = line else { return };
            if lines.blocking_send(line).is_err() {
                return;
            }
        }
    });
    typed
}

fn prompt() {
    let _ = write!(std::io::stdout(), "{PROMPT}");
    let _ = std::io::stdout().flush();
}

/// Takes the place of the prompt, which goes one line down. What is half typed stays in the terminal.
fn print(text: &str) {
    let _ = writeln!(std::io::stdout(), "\r\x1b[K{text}");
    prompt();
}

fn line_of(seen: &Seen) -> String {
    let line = |who: &str, what: &str| format!("  {who:<9}{}", what.replace('\n', "\n           "));
    match seen {
        Seen::Ready { .. } => String::new(),
        Seen::Did { what } => line("you", what),
        Seen::Taken => line("", "taken"),
        Seen::Refused { why } => line("", &format!("not taken: {why}")),
        Seen::Writing => line("business", "is writing"),
        Seen::Received { words } => line("business", words),
        Seen::Reported { statuses } => line("", &statuses.join(", ")),
    }
}
