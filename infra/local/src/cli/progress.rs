//! How far a long command is, for a person who waits: on a terminal, and never beside JSON.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// Redrawn this often while nothing else happens.
const TICK: Duration = Duration::from_millis(120);

/// A line on the terminal's standard error. Where that is no terminal, nothing is drawn.
pub(super) struct Progress(ProgressBar);

impl Progress {
    /// Work of unknown length.
    pub(super) fn spinner(quiet: bool) -> Self {
        let bar = if quiet { ProgressBar::hidden() } else { ProgressBar::new_spinner() };
        bar.enable_steady_tick(TICK);
        Self(bar)
    }

    /// Work of a known number of pieces.
    pub(super) fn bar(pieces: u64, quiet: bool) -> Self {
        let bar = if quiet { ProgressBar::hidden() } else { ProgressBar::new(pieces) };
        // The template is a constant, so that it is always understood.
        let style = ProgressStyle::with_template("{msg} [{bar:30}] {pos} of {len}, {eta} left");
        if let Ok(style) = style {
            bar.set_style(style.progress_chars("=> "));
        }
        Self(bar)
    }

    /// What is done now.
    pub(super) fn at(&self, what: impl Into<std::borrow::Cow<'static, str>>) {
        self.0.set_message(what);
    }

    /// One more piece is done.
    pub(super) fn piece(&self) {
        self.0.inc(1);
    }
}

impl Drop for Progress {
    /// Nothing of the line is left before what the command prints, be it an error.
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
