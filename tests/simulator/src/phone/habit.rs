//! What a phone does by itself with what arrives.

use std::collections::HashSet;
use std::sync::{Arc, Weak};

use tokio::task::AbortHandle;

use super::received::Received;
use super::report::Report;
use super::{Inner, Phone};

/// What an answering person or program says to a text; `None`: nothing.
type Answers = Arc<dyn Fn(&Received) -> Option<String> + Send + Sync>;

/// What a phone does with each text of the business.
#[derive(Clone)]
pub struct Habit {
    /// What is reported of a text that arrives, in this order.
    reports: &'static [&'static str],
    /// The error that is reported in place of that.
    fails: Option<u32>,
    answers: Option<Answers>,
    /// The carrier knows what became of a text, and its callbacks are lost.
    loses_callbacks: bool,
}

impl std::fmt::Debug for Habit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Habit")
            .field("reports", &self.reports)
            .field("fails", &self.fails)
            .finish_non_exhaustive()
    }
}

impl Habit {
    /// It receives and does not say that anything was read.
    pub const RECEIVES: Self =
        Self { reports: &["sent", "delivered"], fails: None, answers: None, loses_callbacks: false };
    /// The person reads everything at once.
    pub const READS: Self =
        Self { reports: &["sent", "delivered", "read"], fails: None, answers: None, loses_callbacks: false };
    /// `read` comes without `delivered`, which is usual.
    pub const READS_ALONE: Self =
        Self { reports: &["sent", "read"], fails: None, answers: None, loses_callbacks: false };
    /// The phone is off: a text leaves the carrier, and that is all.
    pub const IS_OFF: Self = Self { reports: &["sent"], fails: None, answers: None, loses_callbacks: false };

    /// Everything fails with this code.
    pub const fn fails(code: u32) -> Self {
        Self { reports: &[], fails: Some(code), answers: None, loses_callbacks: false }
    }

    /// The same, and each callback is lost: the carrier knows what became of a text, and only who asks it is told.
    #[must_use]
    pub const fn and_loses_callbacks(mut self) -> Self {
        self.loses_callbacks = true;
        self
    }

    /// The same, and each text is answered at once.
    #[must_use]
    pub fn and_answers(
        mut self,
        answers: impl Fn(&Received) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        self.answers = Some(Arc::new(answers));
        self
    }
}

/// The error of free words that come when the window is closed.
const WINDOW_CLOSED_AT_TWILIO: u32 = 63_016;
const WINDOW_CLOSED_AT_META: u32 = 131_047;

/// Runs until the phone is gone or does something else. What arrived before is left as it is.
pub(super) fn run(phone: Weak<Inner>, habit: Habit) -> AbortHandle {
    let before = phone.upgrade().map(|inner| Phone(inner).received()).unwrap_or_default();
    let mut done: HashSet<String> = before.into_iter().map(|text| text.key).collect();
    let task = async move {
        loop {
            let Some(inner) = phone.upgrade() else { return };
            let mut changes = inner.line.changes();
            changes.borrow_and_update();
            let phone_now = Phone(inner);
            let received = phone_now.received();
            for text in &received {
                if done.insert(text.key.clone()) {
                    one(&phone_now, text, &habit).await;
                }
            }
            // What the carrier has forgotten comes no more.
            done.retain(|key| received.iter().any(|text| text.key == *key));
            drop(phone_now);
            if changes.changed().await.is_err() {
                return;
            }
        }
    };
    tokio::spawn(task).abort_handle()
}

async fn one(phone: &Phone, text: &Received, habit: &Habit) {
    let report = async |report: &Report| match habit.loses_callbacks {
        true => phone.0.line.keep_back(text, report),
        false => drop(phone.report(text, report).await),
    };
    if text.is_free() && !phone.window_is_open() {
        let code = if phone.0.line.is_meta() { WINDOW_CLOSED_AT_META } else { WINDOW_CLOSED_AT_TWILIO };
        report(&Report::failed(code)).await;
        return;
    }
    if let Some(code) = habit.fails {
        report(&Report::failed(code)).await;
        return;
    }
    for status in habit.reports {
        // SMS knows no reading.
        if *status != "read" || phone.0.line.has_window() {
            report(&Report::new(status)).await;
        }
    }
    if let Some(words) = habit.answers.as_ref().and_then(|answers| answers(text)) {
        // A program that answers does not look at what came of it.
        let _ = phone.say(&words).await;
    }
}
