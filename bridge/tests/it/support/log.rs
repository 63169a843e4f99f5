//! What the code under test logs on the thread of the test.
//!
//! One subscriber serves the whole process and is set before the first event. A subscriber of one thread would miss
//! events now and then: tracing remembers an event as unwanted when another thread meets it for the first time just
//! before the subscriber is set.

use std::cell::RefCell;
use std::io;
use std::marker::PhantomData;
use std::sync::Once;

use tracing::Level;
use tracing_subscriber::filter::dynamic_filter_fn;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

thread_local! {
    static LINES: RefCell<Option<Vec<u8>>> = const { RefCell::new(None) };
}

/// Makes ready what [`Log`] needs. Whatever starts code that logs calls this first.
pub(crate) fn install() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        tracing_subscriber::fmt()
            .with_max_level(Level::TRACE)
            .with_writer(|| Line)
            .finish()
            .with(dynamic_filter_fn(|_, _| LINES.with_borrow(Option::is_some)))
            .init();
    });
}

/// Keeps what this thread logs, from TRACE up, until it is dropped.
pub(crate) struct Log(PhantomData<*const ()>);

impl Log {
    pub(crate) fn keep() -> Self {
        install();
        LINES.set(Some(Vec::new()));
        Self(PhantomData)
    }

    /// What was logged since the last time.
    pub(crate) fn take(&self) -> String {
        String::from_utf8(LINES.with_borrow_mut(|lines| lines.replace(Vec::new())).unwrap_or_default())
            .unwrap()
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        LINES.set(None);
    }
}

struct Line;

impl io::Write for Line {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LINES.with_borrow_mut(|lines| lines.get_or_insert_default().extend_from_slice(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
