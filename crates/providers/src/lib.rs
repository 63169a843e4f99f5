//! HTTP APIs of other companies, as a client: Twilio's, Meta's, OpenAI's, and the tools of a business.
//!
//! Shapes and error classes of the first three are the pure crates `twilio`, `meta` and `openai`; here they are sent.
//!
//! | module | what it reaches |
//! |---|---|
//! | [`twilio_rest`] | Twilio's REST API: calls, recordings and texts |
//! | [`meta_graph`] | Meta's Graph API: texts over WhatsApp |
//! | [`texts`] | either of the two, to send a text |
//! | [`openai_http`] | OpenAI's HTTP API: file transcription and Responses |
//! | [`realtime_echo`] | the Realtime API, for one short session |
//! | [`probe`] | our own addresses, as others reach them |
//! | [`oidc`] | an issuer of OpenID Connect |
//! | [`calendar_http`] | calendars of other systems |
//! | [`endpoint_http`] | endpoints of businesses, which are told what happened |
//! | [`tool_http`], [`public_address`] | the businesses' own tools, and which addresses they may have |
#![warn(missing_docs)]

mod bounded_body;
pub mod calendar_http;
pub mod endpoint_http;
pub mod meta_graph;
pub mod oidc;
pub mod openai_http;
pub mod probe;
pub mod public_address;
pub mod realtime_echo;
pub mod text_media;
pub mod texts;
pub mod tool_http;
pub mod toolbox;
pub mod twilio_rest;
