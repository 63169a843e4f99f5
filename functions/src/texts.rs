//! Texts: SMS and WhatsApp, over Twilio and over Meta.
//!
//! A webhook puts what it is told into a queue and has answered. The worker takes it from there: it keeps a text in its
//! thread, replies for the agent, sends, and hears what became of what was sent. People read threads and write in them
//! through the API. All of them change a thread by one way, a step that is kept behind the step before (`steps`).

mod api;
mod beside;
mod came;
mod from_call;
pub mod inbound;
pub mod looking;
mod of_carriers;
pub(crate) mod of_person;
mod people;
mod sending;
mod steps;
mod telling;
pub mod threads;
mod unasked;
pub mod worker;

use stores::texts::Writer;

use crate::edge::parts::table_parts;

table_parts! {
    Writer: "TABLE_TEXTS";
}
