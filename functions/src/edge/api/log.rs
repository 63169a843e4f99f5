//! The log of requests: which of them are in it, and how one gets there.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::FromRequestParts;
use domain::access::{Denied, KeyId, Scope, StoredKey};
use http::request::Parts;
use http::{Method, StatusCode};
use platform::telemetry::{Unit, metric};
use stores::requests::{self, Entry};
use tokio::sync::OnceCell;

use crate::edge::problem::Problem;

/// A page that is open asks for the same words each second, and a program for the next events: what a key reads at one path
/// in this time is one entry.
const READING: Duration = Duration::from_secs(5 * 60);
/// What one process remembers to have noted; more of it is noted again.
const MAX_NOTED: usize = 10_000;

/// That a key reads what stands at a path, in one span of [`READING`].
pub(super) type Reading = (KeyId, String, u64);

/// A request's place in the log.
#[derive(Clone)]
pub struct Log(Arc<Place>);

struct Place {
    requests: requests::Writer,
    read: Noted<Reading>,
    key: Arc<StoredKey>,
    /// As the route has it.
    entry: Entry,
    begun: OnceCell<Entry>,
}

impl Log {
    pub(super) fn new(
        requests: requests::Writer,
        read: Noted<Reading>,
        key: Arc<StoredKey>,
        entry: Entry,
    ) -> Self {
        Self(Arc::new(Place { requests, read, key, entry, begun: OnceCell::new() }))
    }

    /// Puts the request in if it belongs there: everything that changes something, and every reading of what people said,
    /// of who they are, of their recordings, of keys and of secrets.
    pub(super) async fn admits(&self, method: &Method, scope: Option<Scope>) -> Result<(), Problem> {
        let is_confidential = matches!(
            scope,
            Some(Scope::RecordingsRead | Scope::KeysRead | Scope::AuditRead | Scope::SecretsRead)
        );
        if let Some(
            words @ (Scope::TranscriptsRead | Scope::TextsRead | Scope::ContactsRead | Scope::ContactsExport),
        ) = scope.filter(|_| method.is_safe())
        {
            self.reads(words).await
        } else if is_confidential || !method.is_safe() {
            self.begin_as(&self.0.entry.scope).await
        } else {
            Ok(())
        }
    }

    async fn begin_as(&self, scope: &str) -> Result<(), Problem> {
        let noting = async || {
            let entry = Entry { scope: scope.to_owned(), ..self.0.entry.clone() };
            self.0.requests.note(&entry).await?;
            Ok::<_, Problem>(entry)
        };
        self.0.begun.get_or_try_init(noting).await?;
        Ok(())
    }

    /// Adds what the request was answered, if it is in the log.
    pub(super) async fn end(&self, status: StatusCode) {
        let Some(entry) = self.0.begun.get() else { return };
        if let Err(error) = self.0.requests.note_answer(entry, status.as_u16()).await {
            tracing::error!(%error, request = entry.request, status = status.as_u16(), "the log lacks an answer");
            metric("AuditAnswersLost", 1.0, Unit::Count, &[]);
        }
    }

    /// The request reads what people said, whatever its route's own scope is. What the key read at this path in the last
    /// minutes is not put in again.
    ///
    /// # Errors
    /// 403 for a key without the scope; 503 when the log cannot be written.
    pub async fn reads(&self, scope: Scope) -> Result<(), Problem> {
        let Place { key, entry, read, .. } = &*self.0;
        if !key.scopes.contains(&scope) {
            return Err(Problem::forbidden(Denied::Scope(scope)));
        }
        let span = u64::try_from(entry.at.secs()).unwrap_or_default() / READING.as_secs();
        let reading = (key.id.clone(), entry.path.clone(), span);
        if !read.has(&reading) {
            self.begin_as(scope.as_str()).await?;
            read.add(reading);
        }
        Ok(())
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Log {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.extensions.get().cloned().ok_or_else(Problem::unauthorised)
    }
}

/// What this process has noted.
#[derive(Debug, Clone)]
pub(super) struct Noted<T>(Arc<Mutex<BTreeSet<T>>>);

impl<T> Default for Noted<T> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<T: Ord> Noted<T> {
    pub(super) fn has(&self, noted: &T) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(noted)
    }

    pub(super) fn add(&self, noted: T) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MAX_NOTED {
            known.clear();
        }
        known.insert(noted);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_noted_is_bounded() {
        let noted = Noted::default();
        for each in 0..MAX_NOTED {
            noted.add(each);
        }
        assert!(noted.has(&0) && noted.has(&(MAX_NOTED - 1)));
        noted.add(MAX_NOTED);
        assert!(noted.has(&MAX_NOTED) && !noted.has(&0));
    }
}
