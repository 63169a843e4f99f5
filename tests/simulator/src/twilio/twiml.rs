//! TwiML read as Twilio reads it: names are case-sensitive, what is unknown is reported and skipped.

mod xml;

use std::str::FromStr;

use thiserror::Error;

use self::xml::Element;

/// Longest document, in bytes (error 11750).
pub(crate) const MAX_TWIML_BYTES: usize = 64 * 1024;

/// The document cannot be followed: Twilio error 12100.
#[derive(Debug, Error)]
pub(crate) enum TwimlError {
    #[error("the document is not well-formed XML: {0}")]
    NotWellFormed(String),
    #[error("the document element is <{0}>; it must be <Response>")]
    NotAResponse(String),
}

/// A document and what is wrong with it, if anything (12200).
pub(crate) struct Document {
    pub(crate) verbs: Vec<Verb>,
    pub(crate) warnings: Vec<String>,
}

/// Where an `action` or `<Redirect>` goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ActionAddress {
    /// Absolute, or relative to the document; empty means the document itself.
    pub(crate) url: String,
    pub(crate) get: bool,
}

/// One instruction.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    Say { text: String, times: u32 },
    Play { url: String, times: u32 },
    Pause { seconds: u64 },
    Connect { action: Option<ActionAddress>, stream: StreamNoun },
    Record(RecordVerb),
    StartRecording(RecordingNoun),
    Dial { action: Option<ActionAddress>, timeout_s: u64, numbers: Vec<String> },
    Gather(GatherVerb),
    Redirect(ActionAddress),
    Reject { busy: bool },
    Hangup,
}

/// `<Stream>` under `<Connect>`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct StreamNoun {
    pub(crate) url: String,
    pub(crate) name: Option<String>,
    pub(crate) track: Option<String>,
    pub(crate) status_callback: Option<ActionAddress>,
    pub(crate) parameters: Vec<(String, String)>,
}

/// `<Record>`: a voicemail.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct RecordVerb {
    pub(crate) action: Option<ActionAddress>,
    pub(crate) timeout_s: u64,
    pub(crate) max_length_s: u64,
    pub(crate) finish_on_key: String,
    pub(crate) play_beep: bool,
    pub(crate) status_callback: Option<ActionAddress>,
}

/// `<Recording>` under `<Start>`: the call in the background.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct RecordingNoun {
    pub(crate) dual: bool,
    pub(crate) trim: bool,
    pub(crate) status_callback: Option<ActionAddress>,
    /// Words of `recordingStatusCallbackEvent`.
    pub(crate) events: Vec<String>,
}

/// `<Gather>`: keys pressed, prompts meanwhile.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct GatherVerb {
    pub(crate) action: Option<ActionAddress>,
    pub(crate) timeout_s: u64,
    pub(crate) num_digits: Option<usize>,
    pub(crate) finish_on_key: String,
    pub(crate) action_on_empty_result: bool,
    pub(crate) prompts: Vec<Verb>,
}

/// Reads a document.
pub(crate) fn parse(text: &str) -> Result<Document, TwimlError> {
    let root = xml::parse(text).map_err(TwimlError::NotWellFormed)?;
    if root.name != "Response" {
        return Err(TwimlError::NotAResponse(root.name));
    }
    let mut reader = Reader { warnings: Vec::new() };
    let verbs = reader.verbs(&root);
    Ok(Document { verbs, warnings: reader.warnings })
}

struct Reader {
    warnings: Vec<String>,
}

impl Reader {
    fn verbs(&mut self, parent: &Element) -> Vec<Verb> {
        parent.children.iter().filter_map(|child| self.verb(child)).collect()
    }

    fn verb(&mut self, element: &Element) -> Option<Verb> {
        match element.name.as_str() {
            "Say" => {
                self.check(element, &["voice", "language", "loop"]);
                Some(Verb::Say { text: element.all_text(), times: self.number(element, "loop", 1) })
            }
            "Play" => {
                self.check(element, &["loop", "digits"]);
                Some(Verb::Play { url: element.text(), times: self.number(element, "loop", 1) })
            }
            "Pause" => {
                self.check(element, &["length"]);
                Some(Verb::Pause { seconds: self.number(element, "length", 1) })
            }
            "Connect" => self.connect(element),
            "Record" => Some(self.record(element)),
            "Dial" => Some(self.dial(element)),
            "Gather" => Some(self.gather(element)),
            "Redirect" => {
                self.check(element, &["method"]);
                Some(Verb::Redirect(target(element.text(), element.attribute("method"))))
            }
            "Reject" => {
                self.check(element, &["reason"]);
                Some(Verb::Reject { busy: element.attribute("reason") == Some("busy") })
            }
            "Hangup" => {
                self.check(element, &[]);
                Some(Verb::Hangup)
            }
            "Start" => self.start(element),
            "Stop" => {
                self.warn("<Stop> is not simulated and was skipped".to_owned());
                None
            }
            name => {
                self.warn(format!("<{name}> is not a verb"));
                None
            }
        }
    }

    fn connect(&mut self, element: &Element) -> Option<Verb> {
        self.check(element, &["action", "method"]);
        let mut stream = None;
        for noun in &element.children {
            if noun.name == "Stream" && stream.is_none() {
                stream = Some(self.stream(noun));
            } else {
                self.warn(format!("<{}> is not expected under <Connect> here", noun.name));
            }
        }
        if stream.is_none() {
            self.warn("<Connect> has no <Stream>".to_owned());
        }
        Some(Verb::Connect { action: action(element), stream: stream? })
    }

    fn stream(&mut self, element: &Element) -> StreamNoun {
        self.check(
            element,
            &["url", "name", "track", "statusCallback", "statusCallbackMethod", "connectorName"],
        );
        let mut parameters = Vec::new();
        for child in &element.children {
            match (child.name.as_str(), child.attribute("name"), child.attribute("value")) {
                ("Parameter", Some(name), Some(value)) => {
                    self.check(child, &["name", "value"]);
                    parameters.push((name.to_owned(), value.to_owned()));
                }
                ("Parameter", ..) => self.warn("<Parameter> needs name and value".to_owned()),
                (name, ..) => self.warn(format!("<{name}> is not expected under <Stream>")),
            }
        }
        StreamNoun {
            url: element.attribute("url").unwrap_or_default().to_owned(),
            name: element.attribute("name").map(str::to_owned),
            track: element.attribute("track").map(str::to_owned),
            status_callback: callback(element, "statusCallback", "statusCallbackMethod"),
            parameters,
        }
    }

    fn start(&mut self, element: &Element) -> Option<Verb> {
        self.check(element, &["action", "method"]);
        let mut recording = None;
        for noun in &element.children {
            if noun.name == "Recording" && recording.is_none() {
                recording = Some(self.recording(noun));
            } else {
                self.warn(format!("<{}> under <Start> is not simulated and was skipped", noun.name));
            }
        }
        if element.children.is_empty() {
            self.warn("<Start> starts nothing".to_owned());
        }
        recording.map(Verb::StartRecording)
    }

    fn recording(&mut self, element: &Element) -> RecordingNoun {
        self.check(
            element,
            &[
                "recordingStatusCallback",
                "recordingStatusCallbackMethod",
                "recordingStatusCallbackEvent",
                "trim",
                "track",
                "channels",
            ],
        );
        for (name, values) in [
            ("channels", ["mono", "dual"]),
            ("trim", ["trim-silence", "do-not-trim"]),
            ("recordingStatusCallbackMethod", ["GET", "POST"]),
        ] {
            if element.attribute(name).is_some_and(|value| !values.contains(&value)) {
                self.warn(format!("'{name}' on <Recording> is neither {} nor {}", values[0], values[1]));
            }
        }
        let events = element.attribute("recordingStatusCallbackEvent").unwrap_or_default();
        RecordingNoun {
            dual: element.attribute("channels") != Some("mono"),
            trim: element.attribute("trim") == Some("trim-silence"),
            status_callback: callback(element, "recordingStatusCallback", "recordingStatusCallbackMethod"),
            events: events.split_whitespace().map(str::to_owned).collect(),
        }
    }

    fn record(&mut self, element: &Element) -> Verb {
        self.check(
            element,
            &[
                "action",
                "method",
                "timeout",
                "finishOnKey",
                "maxLength",
                "playBeep",
                "trim",
                "recordingStatusCallback",
                "recordingStatusCallbackMethod",
                "recordingStatusCallbackEvent",
                "transcribe",
                "transcribeCallback",
            ],
        );
        Verb::Record(RecordVerb {
            action: action(element),
            timeout_s: self.number(element, "timeout", 5),
            max_length_s: self.number(element, "maxLength", 3_600),
            finish_on_key: element.attribute("finishOnKey").unwrap_or("1234567890*#").to_owned(),
            play_beep: element.attribute("playBeep") != Some("false"),
            status_callback: callback(element, "recordingStatusCallback", "recordingStatusCallbackMethod"),
        })
    }

    fn dial(&mut self, element: &Element) -> Verb {
        self.check(
            element,
            &[
                "action",
                "method",
                "timeout",
                "timeLimit",
                "callerId",
                "record",
                "recordingStatusCallback",
                "recordingStatusCallbackMethod",
                "recordingStatusCallbackEvent",
                "recordingTrack",
                "answerOnBridge",
                "hangupOnStar",
                "ringTone",
                "sequential",
                "referUrl",
                "trim",
                "events",
            ],
        );
        let mut numbers: Vec<String> =
            Some(element.text()).into_iter().filter(|text| !text.is_empty()).collect();
        for noun in &element.children {
            match noun.name.as_str() {
                "Number" | "Client" | "Sip" | "Conference" | "Queue" => numbers.push(noun.text()),
                name => self.warn(format!("<{name}> is not expected under <Dial>")),
            }
        }
        Verb::Dial { action: action(element), timeout_s: self.number(element, "timeout", 30), numbers }
    }

    fn gather(&mut self, element: &Element) -> Verb {
        self.check(
            element,
            &[
                "input",
                "action",
                "method",
                "timeout",
                "finishOnKey",
                "numDigits",
                "speechTimeout",
                "maxSpeechTime",
                "language",
                "hints",
                "bargeIn",
                "speechModel",
                "enhanced",
                "profanityFilter",
                "actionOnEmptyResult",
                "partialResultCallback",
            ],
        );
        let prompts = self.verbs(element);
        let (prompts, misplaced): (Vec<_>, Vec<_>) = prompts
            .into_iter()
            .partition(|verb| matches!(verb, Verb::Say { .. } | Verb::Play { .. } | Verb::Pause { .. }));
        if !misplaced.is_empty() {
            self.warn("<Gather> may only contain <Say>, <Play> and <Pause>".to_owned());
        }
        Verb::Gather(GatherVerb {
            action: action(element),
            timeout_s: self.number(element, "timeout", 5),
            num_digits: element.attribute("numDigits").and_then(|text| text.parse().ok()),
            finish_on_key: element.attribute("finishOnKey").unwrap_or("#").to_owned(),
            action_on_empty_result: element.attribute("actionOnEmptyResult") == Some("true"),
            prompts,
        })
    }

    fn check(&mut self, element: &Element, known: &[&str]) {
        for (name, _) in &element.attributes {
            if !known.contains(&name.as_str()) {
                self.warn(format!("attribute '{name}' is not allowed on <{}>", element.name));
            }
        }
    }

    fn number<T: FromStr>(&mut self, element: &Element, name: &str, default: T) -> T {
        let Some(text) = element.attribute(name) else { return default };
        text.parse().unwrap_or_else(|_| {
            self.warn(format!("'{text}' is not a value for '{name}' on <{}>", element.name));
            default
        })
    }

    fn warn(&mut self, warning: String) {
        self.warnings.push(warning);
    }
}

fn action(element: &Element) -> Option<ActionAddress> {
    callback(element, "action", "method")
}

fn callback(element: &Element, url: &str, method: &str) -> Option<ActionAddress> {
    element.attribute(url).map(|url| target(url.to_owned(), element.attribute(method)))
}

fn target(url: String, method: Option<&str>) -> ActionAddress {
    ActionAddress { url, get: method == Some("GET") }
}

#[cfg(test)]
mod tests;
