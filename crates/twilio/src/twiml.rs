//! TwiML: what Twilio should do with a call.
//!
//! A [`Response`] is a list of typed verbs, written by an XML writer that escapes every value, so
//! that no name, prompt or spoken word can add an element. What Twilio would reject, drop in
//! silence or ignore is an error here, at [`Response::to_xml`].

mod element;
mod verbs;

#[cfg(test)]
mod tests;

pub use verbs::{
    Connect, Dial, Number, Pause, Play, Record, Redirect, Reject, Say, StartRecording, Stream, Verb,
};

use element::Element;

/// Largest document that Twilio reads (error 11750).
pub const MAX_DOCUMENT_BYTES: usize = 64 * 1024;

/// A stream parameter's name and value have to stay below this together, in characters.
pub const MAX_PARAMETER_CHARACTERS: usize = 500;

/// Why instructions would not do what they say. Names the field, never its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TwimlError {
    /// Twilio opens streams over TLS only, and drops queries in silence.
    #[error("the stream's URL must be wss: (ws: on loopback) with a host, and have no query or fragment")]
    StreamUrl,
    /// An address that is not HTTPS.
    #[error("{0} must be https: (http: on loopback) with a host, or a path from the root")]
    Url(&'static str),
    /// A stream parameter longer than [`MAX_PARAMETER_CHARACTERS`], or without a name.
    #[error("a stream parameter has no name, or {MAX_PARAMETER_CHARACTERS} characters or more")]
    Parameter,
    /// A number to dial, or to show, that is not in international form.
    #[error("{0} must be a number in international form")]
    Number(&'static str),
    /// `<Reject>` works on a call that nothing has answered yet.
    #[error("Reject must be the first verb")]
    RejectNotFirst,
    /// More than [`MAX_DOCUMENT_BYTES`].
    #[error("the document is larger than {MAX_DOCUMENT_BYTES} bytes")]
    TooLarge,
}

/// Instructions for a call, in order. Without any the call ends.
#[derive(Clone, Default)]
pub struct Response {
    verbs: Vec<Verb>,
}

impl Response {
    /// No instructions yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds `verb` at the end.
    #[must_use]
    pub fn then(mut self, verb: impl Into<Verb>) -> Self {
        self.verbs.push(verb.into());
        self
    }

    /// The document, to be served as `text/xml`. Characters that XML cannot hold are left out.
    ///
    /// # Errors
    /// [`TwimlError`] for anything Twilio would not carry out as written.
    pub fn to_xml(&self) -> Result<String, TwimlError> {
        if self.verbs.iter().skip(1).any(|verb| matches!(verb, Verb::Reject(_))) {
            return Err(TwimlError::RejectNotFirst);
        }
        let mut response = Element::new("Response");
        for verb in &self.verbs {
            response = response.child(verb.element()?);
        }
        response.document(MAX_DOCUMENT_BYTES).ok_or(TwimlError::TooLarge)
    }
}

/// The verbs' names: their values are personal or secret.
impl std::fmt::Debug for Response {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.verbs.iter().map(Verb::name)).finish()
    }
}
