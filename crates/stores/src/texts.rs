//! Texts, and the threads that they make.
//!
//! | pk | sk | what |
//! |---|---|---|
//! | `thread#<business>#<thread>` | `head` | the thread's state, by its step |
//! | `thread#<business>#<thread>` | `text#<number>` | a text of it, twelve digits; what came is put once, what is sent changes with what becomes of it |
//! | `threads#<business>` | `<time>#<thread>` | the list, by when the last text was written, fifteen digits of milliseconds |
//! | `carried#<name>` | `text` | which text a carrier's name stands for, either way; put once |
//! | `handle#<digest>` | `thread` | the thread of a handle at a sender; put once |
//! | `consent#<business>` | `<contact>` | whether the person wants texts of the business, on any thread; put with each wish |
//! | `look#<share>` | `<due>#<business>#<thread>#<number>` | that a carrier is to be asked what became of a text from `due` on |
//! | `consent#<business>` | `erased#<hash>` | that a person who is erased wants none, under a keyed hash of each of their handles |
//! | `wish#<business>` | `<time>#<thread>#<number>` | that a person wanted no texts, or wanted them again; append-only |
//!
//! A thread's next state, the texts that it brings and everything by which they are found are one transaction, whose
//! condition is the step before. So of two workers that saw the same state one is refused, looks again and judges anew.

mod beside;
mod erase;
mod looks;
mod read;
mod theirs;
mod write;

use domain::contact::ContactId;
use domain::texts::{Handle, Sender, Text, ThreadId};
use domain::{BusinessId, Timestamp};

use crate::StoreError;
use crate::item::{Draft, Row, time_sk, to_json};
use crate::table::{Key, Table};

pub use beside::Beside;
pub use erase::{ErasedHandle, Eraser, TextsForgotten};
pub use looks::Look;
pub use read::{Kept, Place, Position, Reader, ThreadPage};
pub use theirs::Theirs;
pub use write::{Change, Stored, Wished, Writer};

/// How long a text is kept, and a thread after its last one.
pub const KEPT_FOR: std::time::Duration = crate::LAW_KEEPS;

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
    format!("{}#{thread}", time_sk(at))
}

fn carried_key(name: &str) -> Key {
    Key::new(format!("carried#{name}"), "text")
}

fn handle_key(business: &BusinessId, sender: &Sender, handle: &Handle) -> Key {
    Key::new(format!("handle#{}", handle.digest(business, sender)), THREAD)
}

fn consent_partition(business: &BusinessId) -> String {
    format!("consent#{business}")
}

fn consent_key(business: &BusinessId, contact: ContactId) -> Key {
    Key::new(consent_partition(business), contact.to_string())
}

fn erased_key(business: &BusinessId, handle: &ErasedHandle) -> Key {
    Key::new(consent_partition(business), format!("erased#{}", handle.as_str()))
}

fn wish_partition(business: &BusinessId) -> String {
    format!("wish#{business}")
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
