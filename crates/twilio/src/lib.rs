//! Twilio's voice and messaging protocols as types: bytes in, values out, and back.
//!
//! No I/O, no async, no clock. What comes from Twilio is parsed once, here, and the rest of the
//! system sees only these types; what goes to Twilio is built here, so that nothing a caller said
//! or a business configured can change the structure of a document.
//!
//! | module | direction | what |
//! |---|---|---|
//! | [`address`] | both | which addresses calls may go over |
//! | [`signature`] | in | `X-Twilio-Signature`: proves a request is Twilio's |
//! | [`form`] | in | bounded `application/x-www-form-urlencoded` bodies |
//! | [`webhook`] | in | the typed callbacks of a call, and of texts |
//! | [`twiml`] | out | call instructions as XML |
//! | [`rest`] | both | bodies, addresses and errors of the REST API |
//! | [`media_stream`] | both | the JSON messages of Media Streams |
#![warn(missing_docs)]

pub mod address;
pub mod form;
pub mod media_stream;
mod party;
pub mod rest;
mod sid;
pub mod signature;
mod signing_key;
pub mod twiml;
pub mod webhook;

pub use form::Form;
pub use party::Party;
pub use sid::{Sid, SidError, SidKind};
pub use signing_key::{EmptyKey, SigningKey};
