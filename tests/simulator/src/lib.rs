//! Twilio, Meta and OpenAI to talk to, an issuer to sign in through and customers with telephones, on real sockets of this
//! machine.
//!
//! The simulator judges Switchboard from the providers' published protocols, so it shares no type and
//! no code with the product: a mistake made in one is not repeated in the other.
//!
//! - [`openai`] answers as the Realtime, transcription and Responses APIs do, from a script.
//! - [`twilio`] places calls: signed webhooks, TwiML, Media Streams with real playout, recordings. It takes texts, too.
//! - [`meta`] is WhatsApp's own Cloud API: the Graph API and its webhooks.
//! - [`phone`] is a person who texts, over either.
//! - [`oidc`] identifies people as an issuer of OpenID Connect does.
//! - [`audio`] holds the G.711 codec, a WAV reader and the spoken clips both sides use.

pub mod audio;
pub mod meta;
pub mod oidc;
pub mod openai;
pub mod phone;
pub mod twilio;
