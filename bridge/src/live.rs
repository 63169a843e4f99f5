//! A window on calls while they happen, for a person in front of a terminal. Nothing depends on it: a slow
//! or absent watcher costs a call nothing.

use domain::{CallSid, Speaker};
use session::output::Event;
use tokio::sync::broadcast;

/// Events that a watcher may lag behind before it loses the oldest.
const CAPACITY_EVENTS: usize = 1024;

#[derive(Debug, Clone)]
pub struct LiveEvent {
    pub call: CallSid,
    pub kind: LiveKind,
}

#[derive(Clone)]
pub enum LiveKind {
    Event(Event),
    /// What one of the two just said. Personal data: to be shown, never to be logged.
    Said {
        speaker: Speaker,
        text: String,
    },
}

impl std::fmt::Debug for LiveKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Event(event) => f.debug_tuple("Event").field(event).finish(),
            Self::Said { speaker, text } => f
                .debug_struct("Said")
                .field("speaker", speaker)
                .field("chars", &text.chars().count())
                .finish(),
        }
    }
}

/// Where live events go. The default sends them nowhere and never builds them.
#[derive(Debug, Clone, Default)]
pub struct LiveEvents(Option<broadcast::Sender<LiveEvent>>);

impl LiveEvents {
    /// Events for any number of watchers, each made by [`subscribe`](Self::subscribe).
    pub fn broadcasting() -> Self {
        Self(Some(broadcast::channel(CAPACITY_EVENTS).0))
    }

    /// `None` when nothing is broadcast.
    pub fn subscribe(&self) -> Option<broadcast::Receiver<LiveEvent>> {
        self.0.as_ref().map(broadcast::Sender::subscribe)
    }

    pub(crate) fn publish(&self, call: Option<&CallSid>, kind: impl FnOnce() -> LiveKind) {
        if let (Some(sender), Some(call)) = (&self.0, call) {
            // An error means that there is no watcher at the moment.
            let _ = sender.send(LiveEvent { call: call.clone(), kind: kind() });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call() -> CallSid {
        CallSid::parse(&format!("CA{}", "7".repeat(32))).unwrap()
    }

    #[test]
    fn without_watchers_an_event_is_not_even_built() {
        LiveEvents::default().publish(Some(&call()), || unreachable!("nobody asked for it"));
    }

    #[test]
    fn a_watcher_sees_what_was_said_and_its_debug_form_does_not() {
        let live = LiveEvents::broadcasting();
        let mut watcher = live.subscribe().unwrap();
        live.publish(Some(&call()), || LiveKind::Said { speaker: Speaker::Caller, text: "my secret".into() });
        let seen = watcher.try_recv().unwrap();
        assert!(matches!(&seen.kind, LiveKind::Said { text, .. } if text == "my secret"));
        assert!(!format!("{seen:?}").contains("secret"));
    }
}
