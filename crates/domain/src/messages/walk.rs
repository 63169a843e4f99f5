//! A page of the list, made of several reads: which to make next, and what they come to.

use std::collections::VecDeque;

use super::MessageId;

/// Reads that one page is made of at most: what they find, few or none, is the page.
const READS: usize = 10;

/// All names from one to another, both of them included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The lowest, that of the oldest.
    pub from: MessageId,
    /// The highest, that of the newest.
    pub to: MessageId,
}

impl Span {
    /// Every name that there can be.
    pub const ALL: Self = Self { from: MessageId(0), to: MessageId(u128::MAX) };

    /// What of it is older than `behind`.
    fn before(self, behind: MessageId) -> Option<Self> {
        let to = self.to.min(MessageId(behind.0.checked_sub(1)?));
        (self.from <= to).then_some(Self { to, ..self })
    }
}

/// Things of the list, the newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// Those that are wanted.
    pub found: Vec<T>,
    /// Everything that was not looked at yet is older than this; `None` at the end.
    pub next: Option<MessageId>,
}

/// A page that is being made.
#[derive(Debug)]
pub struct Walk<T> {
    /// What was not looked at yet, the newest first.
    spans: VecDeque<Span>,
    limit: usize,
    reads: usize,
    found: Vec<T>,
}

impl<T> Walk<T> {
    /// Through what of these spans, the newest of which is the first, is older than `behind`.
    pub fn new(spans: Vec<Span>, behind: Option<MessageId>, limit: usize) -> Self {
        let spans = spans.into_iter().filter_map(|span| match behind {
            Some(behind) => span.before(behind),
            None => Some(span),
        });
        Self { spans: spans.collect(), limit, reads: READS, found: vec![] }
    }

    /// What is to be read next, from its newest on. `None`: the page is made.
    pub fn next_read(&self) -> Option<Span> {
        let more = self.reads > 0 && self.found.len() < self.limit;
        self.spans.front().copied().filter(|_| more)
    }

    /// What was read of it: the newest first, of each whether it is wanted, and whether there is `more` behind the last.
    pub fn take(&mut self, read: Vec<(MessageId, Option<T>)>, more: bool) {
        self.reads = self.reads.saturating_sub(1);
        let Some(span) = self.spans.pop_front() else { return };
        let mut rest = Some(span).filter(|_| more && read.is_empty());
        let mut read = read.into_iter();
        while let Some((id, wanted)) = read.next() {
            self.found.extend(wanted);
            let is_full = self.found.len() >= self.limit;
            if is_full || read.len() == 0 {
                // What was read and does not fit is read again for the next page.
                rest = span.before(id).filter(|_| more || read.len() > 0);
                break;
            }
        }
        if let Some(rest) = rest {
            self.spans.push_front(rest);
        }
    }

    /// The page.
    pub fn finish(self) -> Page<T> {
        let above = |span: &Span| MessageId(span.to.0.saturating_add(1));
        Page { next: self.spans.front().map(above), found: self.found }
    }
}
