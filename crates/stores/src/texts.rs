//! Texts, and the threads that they make.
//!
//! | pk | sk | what |
//! |---|---|---|
//! | `thread#<business>#<thread>` | `head` | the thread's state, by its step |
//! | `thread#<business>#<thread>` | `text#<number>` | a text of it, twelve digits; what came is put once, what is sent changes with what becomes of it |
//! | `threads#<business>` | `<time>#<thread>` | the list, by when the last text was written, fifteen digits of milliseconds |
//! | `carried#<name>` | `text` | which text a carrier's name stands for, either way; put once |
//! | `handle#<digest>` | `thread` | the thread of a handle at a sender; put once |
//! | `wish#<business>` | `<time>#<thread>#<number>` | that a person wanted no texts, or wanted them again; append-only |
//!
//! A thread's next state, the texts that it brings and everything by which they are found are one transaction, whose
//! condition is the step before. So of two workers that saw the same state one is refused, looks again and judges anew.

mod read;
mod write;

use std::time::Duration;

use domain::texts::{Handle, Sender, Text, ThreadId};
use domain::{BusinessId, Timestamp};

use crate::StoreError;
use crate::item::{Draft, Row, to_json};
use crate::table::{Key, Table};

pub use read::{Kept, Place, Position, Reader, ThreadPage};
pub use write::{Change, Stored, Writer};

/// How long a text is kept, and a thread after its last one.
pub const KEPT_FOR: Duration = Duration::from_secs(400 * 24 * 60 * 60);

const HEAD: &str = "head";
const TEXT: &str = "text#";

const BODY: &str = "body";
const STEP: &str = "step";
const TURN: &str = "turn";
const VERSION: &str = "version";
const THREAD: &str = "thread";
const BUSINESS: &str = "business";
const NUMBER: &str = "number";
const WISH: &str = "wish";
const AT: &str = "at";

fn partition(business: &BusinessId, thread: &ThreadId) -> String {
    format!("thread#{business}#{thread}")
}

fn head_key(business: &BusinessId, thread: &ThreadId) -> Key {
    Key::new(partition(business, thread), HEAD)
}

fn text_sk(number: u64) -> String {
    format!("{TEXT}{number:012}")
}

fn text_key(business: &BusinessId, thread: &ThreadId, number: u64) -> Key {
    Key::new(partition(business, thread), text_sk(number))
}

fn list_partition(business: &BusinessId) -> String {
    format!("threads#{business}")
}

fn list_sk(at: Timestamp, thread: &ThreadId) -> String {
    format!("{:015}#{thread}", at.0.max(0))
}

fn carried_key(name: &str) -> Key {
    Key::new(format!("carried#{name}"), "text")
}

fn handle_key(business: &BusinessId, sender: &Sender, handle: &Handle) -> Key {
    Key::new(format!("handle#{}", handle.digest(business, sender)), THREAD)
}

fn text_draft(table: &Table, text: &Text, version: u64, now: Timestamp) -> Result<Draft, StoreError> {
    Ok(Draft::default()
        .text(BODY, to_json(&table.name, BODY, text)?)
        .number(VERSION, version)
        .expires(now.plus(KEPT_FOR)))
}

fn number_of(row: &Row) -> Result<u64, StoreError> {
    row.parsed(crate::table::SK, |sk| sk.trim_start_matches(TEXT).parse())
}
