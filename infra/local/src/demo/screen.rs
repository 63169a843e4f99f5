//! A call on the terminal while it happens: the line as the caller hears it, and what the session decides.

use std::time::Duration;

use bridge::{LiveEvent, LiveKind};
use domain::Speaker;
use session::output::Event;
use simulator::twilio::{CallEvent, CallEventKind};

/// One line of the live view: when, who, what.
pub struct Shown {
    pub at: Duration,
    who: &'static str,
    what: String,
}

impl std::fmt::Display for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "  {:>6.2} s  {:<8} {}", self.at.as_secs_f64(), self.who, self.what)
    }
}

/// What the line carried. `at` is the time since the call was placed.
pub fn line_event(at: Duration, event: &CallEvent) -> Option<Shown> {
    use CallEventKind as Kind;
    let (who, what) = match &event.kind {
        Kind::Status(status) => ("call", status.as_str().to_owned()),
        Kind::StreamOpened { .. } => ("call", "media stream open".to_owned()),
        Kind::AgentSpeechStarted => ("agent", "speaking".to_owned()),
        Kind::AgentSpeechStopped => ("agent", "silent".to_owned()),
        Kind::CallerSpeechStarted(_) => ("caller", "speaking".to_owned()),
        Kind::CallerSpeechEnded(_) => ("caller", "silent".to_owned()),
        Kind::Cleared { dropped_ms } => ("line", format!("cleared: {dropped_ms} ms that were never heard")),
        Kind::Said(text) => ("call", format!("<Say> {}", &**text)),
        Kind::RecordingStarted { .. } => ("call", "recording".to_owned()),
        Kind::Dtmf(digit) => ("caller", format!("pressed {digit}")),
        Kind::Dialled { status } => ("call", format!("<Dial> {status}")),
        Kind::Debugger { code, message } => ("twilio", format!("{code} {message}")),
        Kind::Ended(by) => ("call", format!("over, ended by {by:?}")),
        Kind::StreamFellBehind
        | Kind::Webhook { .. }
        | Kind::StreamClosed { .. }
        | Kind::MarkReturned { .. } => return None,
    };
    Some(Shown { at, who, what })
}

/// What the session decided and what was said.
pub fn live_event(at: Duration, event: &LiveEvent) -> Option<Shown> {
    let ms = |duration: Duration| duration.as_millis();
    let (who, what) = match &event.kind {
        LiveKind::Said { speaker: Speaker::Caller, text } => ("caller", format!("\u{201c}{text}\u{201d}")),
        LiveKind::Said { speaker: Speaker::Agent, text } => ("agent", format!("\u{201c}{text}\u{201d}")),
        LiveKind::Event(event) => match event {
            Event::ModelReady { after_start } => {
                ("session", format!("model ready {} ms after the stream's start", ms(*after_start)))
            }
            Event::GreetingStarted { after_start } => {
                ("session", format!("greeting on the line {} ms after the stream's start", ms(*after_start)))
            }
            Event::AgentSpeaking { latency: Some(latency), .. } => (
                "session",
                format!("answer on the line {} ms after the turn's end was noticed", ms(*latency)),
            ),
            Event::BargeIn { heard, dropped } => {
                ("session", format!("barge-in: heard {} ms, dropped {} ms unheard", ms(*heard), ms(*dropped)))
            }
            Event::ToolCalled { name } => ("tool", format!("{name} called")),
            Event::ToolAnswered { name } => ("tool", format!("{name} answered")),
            Event::SilencePrompt { number } => ("session", format!("silence: prompt {number}")),
            Event::HangUpRequested { reason } => ("session", format!("hang-up: {}", reason.as_str())),
            Event::ModelLost => ("session", "model lost".to_owned()),
            Event::Authorised
            | Event::GreetingRequested { .. }
            | Event::CallerSpeaking
            | Event::CallerSilent
            | Event::AgentSpeaking { latency: None, .. }
            | Event::AgentSilent => return None,
        },
    };
    Some(Shown { at, who, what })
}
