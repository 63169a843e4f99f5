//! Everything the suite logs, kept, so that a test can look for what must not be there.

use std::io;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use tracing_subscriber::fmt::MakeWriter;

/// More than the whole suite logs. A log that is not whole proves nothing, so that nothing can be looked for in it then.
const MAX_BYTES: usize = 64 * 1024 * 1024;

static LOG: OnceLock<Log> = OnceLock::new();

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

/// Starts keeping, once per process. `RUST_LOG` chooses the level; everything from DEBUG up is kept otherwise.
pub fn capture() {
    LOG.get_or_init(|| {
        let log = Log::default();
        let level = std::env::var("RUST_LOG").unwrap_or_else(|_| {
            "debug,hyper=info,aws_runtime=info,aws_smithy=info,aws_sdk=info,h2=info,rustls=info".to_owned()
        });
        // Another subscriber stays if there is one; then there is nothing to look through.
        let _ = tracing_subscriber::fmt()
            .json()
            .with_env_filter(tracing_subscriber::EnvFilter::new(level))
            .with_writer(log.clone())
            .try_init();
        log
    });
}

/// Everything logged so far.
///
/// # Panics
/// If it is more than is kept.
pub fn text() -> String {
    let Some(log) = LOG.get() else { return String::new() };
    let kept = log.0.lock().unwrap_or_else(PoisonError::into_inner);
    assert!(kept.len() < MAX_BYTES, "the log has lines that were not kept");
    String::from_utf8_lossy(&kept).into_owned()
}

/// The last errors and warnings, for the message of a test that fails.
pub fn troubles() -> String {
    troubles_of("")
}

/// Those that name `subject`, such as a call's sid: the tests of a process share its log.
pub fn troubles_of(subject: &str) -> String {
    const LAST: usize = 5;
    const MAX_CHARS: usize = 300;
    let text = text();
    let trouble = |line: &&str| line.contains("\"ERROR\"") || line.contains("\"WARN\"");
    let troubles: Vec<String> = text
        .lines()
        .filter(|line| line.contains(subject))
        .filter(trouble)
        .map(|line| line.chars().take(MAX_CHARS).collect())
        .collect();
    troubles[troubles.len().saturating_sub(LAST)..].join("\n")
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < MAX_BYTES {
            kept.extend_from_slice(bytes);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}
