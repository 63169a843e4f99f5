//! Threads and their texts, as the API tells them.

use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::World;
use crate::client::{Answer, own};

/// A thread.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct ThreadRecord {
    pub id: String,
    pub medium: String,
    /// The business's number.
    pub number: String,
    /// The person, as the carrier names them.
    pub person: String,
    pub phone: Option<String>,
    pub name: Option<String>,
    pub owner: OwnerRecord,
    /// Texts in it.
    pub texts: u64,
    pub waiting: bool,
    pub window_open: bool,
    pub window_until: Option<String>,
    pub stopped_at: Option<String>,
}

/// Who answers in a thread.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct OwnerRecord {
    /// `agent` or `person`.
    pub kind: String,
    pub name: Option<String>,
}

/// A text of a thread.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct TextRecord {
    pub number: u64,
    /// `in` or `out`.
    pub way: String,
    pub kind: String,
    pub text: String,
    pub template: Option<String>,
    pub author: Option<String>,
    pub status: Option<String>,
    pub failure: Option<FailureRecord>,
    pub receipt: Option<String>,
}

/// Why a text failed.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct FailureRecord {
    pub code: String,
    pub carrier_code: Option<u32>,
    pub detail: String,
}

impl ThreadRecord {
    /// Its address.
    pub fn path(&self) -> String {
        format!("/v1/threads/{}", self.id)
    }
}

fn read<T: for<'a> Deserialize<'a>>(value: &Value) -> T {
    T::deserialize(value).unwrap_or_else(|error| panic!("{error}\n{value:#}"))
}

impl World {
    /// All threads, the one that was written in last first.
    ///
    /// # Panics
    /// If the API does not tell them.
    pub async fn threads(&self) -> Vec<ThreadRecord> {
        let (status, list) = self.get("/v1/threads?limit=100").await;
        assert_eq!(status, 200, "{list}");
        list["threads"].as_array().expect("a list").iter().map(read).collect()
    }

    /// The only thread, as soon as `ready` says so.
    ///
    /// # Panics
    /// If there are several, or it never is.
    pub async fn thread_when(&self, ready: impl Fn(&ThreadRecord) -> bool) -> ThreadRecord {
        let look = || async {
            let mut threads = self.threads().await;
            assert!(threads.len() <= 1, "{threads:#?}");
            threads.pop().filter(|thread| ready(thread))
        };
        self.until(look).await
    }

    /// The only thread, once there are this number of texts in it.
    ///
    /// # Panics
    /// If there are several, or it never is.
    pub async fn thread_with(&self, texts: u64) -> ThreadRecord {
        self.thread_when(|thread| thread.texts >= texts).await
    }

    /// The texts of a thread, the newest first.
    ///
    /// # Panics
    /// If the API does not tell them.
    pub async fn texts_of(&self, thread: &ThreadRecord) -> Vec<TextRecord> {
        let (status, list) = self.get(&format!("{}/texts?limit=100", thread.path())).await;
        assert_eq!(status, 200, "{list}");
        list["texts"].as_array().expect("a list").iter().map(read).collect()
    }

    /// The newest text of a thread, as soon as `ready` says so.
    ///
    /// # Panics
    /// If it never is.
    pub async fn newest_when(
        &self,
        thread: &ThreadRecord,
        ready: impl Fn(&TextRecord) -> bool,
    ) -> TextRecord {
        let look = || async { self.texts_of(thread).await.into_iter().next().filter(|text| ready(text)) };
        self.until(look).await
    }

    /// A person of the business writes in a thread.
    pub async fn writes(&self, thread: &ThreadRecord, key: &str, body: Value) -> Answer {
        let path = format!("{}/texts", thread.path());
        own(self).send(Method::POST, &path, &[("idempotency-key", key)], Some(body)).await
    }

    /// The thread gets another owner: `agent` or `person`.
    pub async fn owned_by(&self, thread: &ThreadRecord, owner: &str) -> Answer {
        own(self).send(Method::PATCH, &thread.path(), &[], Some(json!({ "owner": owner }))).await
    }
}
