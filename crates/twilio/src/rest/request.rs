use crate::Form;

/// Longest TwiML that goes into a parameter, in characters; longer instructions need an address.
pub const TWIML_PARAMETER_CHARACTERS: usize = 4000;

/// TwiML for a parameter is longer than [`TWIML_PARAMETER_CHARACTERS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the TwiML has {characters} characters, more than {TWIML_PARAMETER_CHARACTERS}: redirect to an address instead"
)]
pub struct TwimlTooLong {
    /// Characters given.
    pub characters: usize,
}

/// Ends a call, ringing or live. A call that is already over answers with an error of
/// [`ErrorClass::AlreadyOver`](super::ErrorClass::AlreadyOver).
pub fn hang_up() -> Form {
    Form::from_pairs([("Status", "completed")])
}

/// Cancels a call that is not answered yet; a live one goes on.
pub fn cancel() -> Form {
    Form::from_pairs([("Status", "canceled")])
}

/// Ends whatever the call is doing, its stream included, and goes on with the instructions at `url`.
pub fn redirect(url: &str) -> Form {
    Form::from_pairs([("Url", url), ("Method", "POST")])
}

/// Ends whatever the call is doing, its stream included, and goes on with `twiml`.
///
/// # Errors
/// [`TwimlTooLong`].
pub fn replace_twiml(twiml: &str) -> Result<Form, TwimlTooLong> {
    let characters = twiml.chars().count();
    if characters > TWIML_PARAMETER_CHARACTERS {
        return Err(TwimlTooLong { characters });
    }
    Ok(Form::from_pairs([("Twiml", twiml)]))
}

/// A call to be placed. The API has no idempotency key: a request whose answer is lost may have
/// dialled, so look for the call before trying again.
#[derive(Clone, Copy)]
pub struct NewCall<'a> {
    /// Whom to call, in international form.
    pub to: &'a str,
    /// One of the account's numbers.
    pub from: &'a str,
    /// Where the instructions are.
    pub url: &'a str,
    /// Where to report all of the call's progress.
    pub status_callback: &'a str,
    /// How long to let it ring, in seconds; at most 600.
    pub timeout_s: u32,
    /// The longest the call may last, in seconds.
    pub time_limit_s: u32,
    /// Answering-machine detection, without making the called person wait for its verdict.
    pub machine_detection: Option<MachineDetection<'a>>,
}

/// Asynchronous answering-machine detection (AMD).
#[derive(Clone, Copy)]
pub struct MachineDetection<'a> {
    /// Wait for the end of a machine's greeting, to leave a message, instead of reporting its start.
    pub until_message_end: bool,
    /// Where to report the verdict.
    pub status_callback: &'a str,
}

impl NewCall<'_> {
    /// The body of the request.
    pub fn form(&self) -> Form {
        let (timeout, time_limit) = (self.timeout_s.to_string(), self.time_limit_s.to_string());
        let mut pairs = vec![
            ("To", self.to),
            ("From", self.from),
            ("Url", self.url),
            ("Timeout", &timeout),
            ("TimeLimit", &time_limit),
            ("StatusCallback", self.status_callback),
        ];
        pairs.extend(
            ["initiated", "ringing", "answered", "completed"].map(|event| ("StatusCallbackEvent", event)),
        );
        if let Some(detection) = self.machine_detection {
            let mode = if detection.until_message_end { "DetectMessageEnd" } else { "Enable" };
            pairs.extend([
                ("MachineDetection", mode),
                ("AsyncAmd", "true"),
                ("AsyncAmdStatusCallback", detection.status_callback),
            ]);
        }
        Form::from_pairs(pairs)
    }
}
