//! Where a call is listened to.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::CallSid;
use domain::listening::MAX_LISTENERS;
use tokio::sync::broadcast;
use tokio_tungstenite::tungstenite::{Bytes, Message};

use super::told::Told;

/// The caller's frames of 20 ms are sent this many bytes at a time, 100 ms: a listener does not notice, and is woken a fifth
/// as often.
const CALLER_BYTES: usize = 800;
/// Messages that a listener may be behind, several seconds of a call. A deaf listener keeps no more than this alive.
const BEHIND: usize = 64;
const CALLER: u8 = 0;
const AGENT: u8 = 1;

/// The calls of this process that can be listened to.
#[derive(Debug, Default)]
pub(crate) struct Taps {
    calls: Mutex<HashMap<CallSid, Arc<Tap>>>,
}

/// One call, as its listeners find it.
#[derive(Debug, Default)]
struct Tap {
    /// Whether there may be listeners.
    open: AtomicBool,
    /// Made for the first listener, so that a call without one pays nothing for it.
    messages: Mutex<Option<broadcast::Sender<Message>>>,
}

/// Too many listen to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{MAX_LISTENERS} listen to the call already")]
pub(super) struct Crowded;

impl Taps {
    /// Puts a tap into a call, for as long as what is returned lives. A session that goes on with a call here replaces the
    /// tap of the lost one, whose listeners are sent away.
    pub(crate) fn install(self: &Arc<Self>, call: CallSid) -> CallTap {
        let tap = Arc::new(Tap::default());
        self.lock().insert(call.clone(), Arc::clone(&tap));
        CallTap { taps: Arc::clone(self), call, tap, caller: Vec::new() }
    }

    /// What is said from now on in a call; `None`: this process does not carry it. The lock is held meanwhile, so that no one
    /// listens to a call whose end takes its tap away.
    pub(super) fn listen(&self, call: &CallSid) -> Option<Result<broadcast::Receiver<Message>, Crowded>> {
        self.lock().get(call).map(|tap| tap.listen())
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<CallSid, Arc<Tap>>> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tap {
    fn listen(&self) -> Result<broadcast::Receiver<Message>, Crowded> {
        let mut messages = self.lock();
        let sender = messages.get_or_insert_with(|| broadcast::channel(BEHIND).0);
        if sender.receiver_count() >= MAX_LISTENERS {
            return Err(Crowded);
        }
        let receiver = sender.subscribe();
        self.open.store(true, Ordering::Release);
        Ok(receiver)
    }

    fn is_open(&self) -> bool {
        self.open.load(Ordering::Acquire)
    }

    fn send(&self, message: Message) {
        let mut messages = self.lock();
        let heard = messages.as_ref().is_some_and(|sender| sender.send(message).is_ok());
        if !heard {
            *messages = None;
            self.open.store(false, Ordering::Release);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<broadcast::Sender<Message>>> {
        self.messages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The call's own end of its tap.
#[derive(Debug)]
pub(crate) struct CallTap {
    taps: Arc<Taps>,
    call: CallSid,
    tap: Arc<Tap>,
    /// What the caller said and was not handed on yet, behind the byte that says whose it is.
    caller: Vec<u8>,
}

impl CallTap {
    /// Hands on what the caller said: mu-law in base64.
    pub(crate) fn caller(&mut self, payload: &[u8]) {
        if !self.tap.is_open() {
            self.caller = Vec::new();
            return;
        }
        if self.caller.is_empty() {
            self.caller.reserve_exact(1 + CALLER_BYTES);
            self.caller.push(CALLER);
        }
        // What is no base64 is not heard by the model either.
        let _ = STANDARD.decode_vec(payload, &mut self.caller);
        if self.caller.len() > CALLER_BYTES {
            self.tap.send(Message::Binary(Bytes::from(std::mem::take(&mut self.caller))));
        }
    }

    /// Hands on what the agent says: mu-law in base64.
    pub(crate) fn agent(&self, payload: &[u8]) {
        if !self.tap.is_open() {
            return;
        }
        let mut sound = vec![AGENT];
        let _ = STANDARD.decode_vec(payload, &mut sound);
        self.tap.send(Message::Binary(Bytes::from(sound)));
    }

    /// Hands on an event, which is not even made without a listener.
    pub(crate) fn tell<'a>(&self, told: impl FnOnce() -> Option<Told<'a>>) {
        if self.tap.is_open()
            && let Some(message) = told().as_ref().and_then(Told::message)
        {
            self.tap.send(message);
        }
    }

    /// Hands on that the agent's side throws away what it has not played.
    pub(crate) fn clear(&self) {
        self.tell(|| Some(Told::Clear));
    }
}

impl Drop for CallTap {
    fn drop(&mut self) {
        let mut calls = self.taps.lock();
        // A session that went on with the call has put a tap of its own there.
        if calls.get(&self.call).is_some_and(|standing| Arc::ptr_eq(standing, &self.tap)) {
            calls.remove(&self.call);
        }
        drop(calls);
        // Its listeners learn of the end when the last message is read.
        *self.tap.lock() = None;
        self.tap.open.store(false, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use domain::testing::call_sid;
    use tokio::sync::broadcast::error::TryRecvError;

    use super::*;

    fn frame(byte: u8) -> String {
        STANDARD.encode([byte; 160])
    }

    fn taps() -> Arc<Taps> {
        Arc::default()
    }

    #[test]
    fn nothing_is_made_while_no_one_listens() {
        let mut call = taps().install(call_sid(1));
        for _ in 0..20 {
            call.caller(frame(1).as_bytes());
        }
        call.agent(frame(2).as_bytes());
        call.tell(|| unreachable!("it is made for listeners alone"));
        assert_eq!((call.caller.capacity(), call.tap.lock().is_some()), (0, false));
    }

    #[test]
    fn all_listeners_get_the_same_and_the_caller_in_tenths_of_a_second() {
        let taps = taps();
        let mut call = taps.install(call_sid(1));
        let tap = Arc::clone(&taps.lock()[&call_sid(1)]);
        let mut listeners = [tap.listen().unwrap(), tap.listen().unwrap()];
        for n in 0..7 {
            call.caller(frame(n).as_bytes());
        }
        call.agent(frame(9).as_bytes());
        call.clear();
        for listener in &mut listeners {
            let caller = listener.try_recv().unwrap().into_data();
            let expected: Vec<u8> = std::iter::once(CALLER).chain((0..5).flat_map(|n| [n; 160])).collect();
            assert_eq!(caller, expected);
            let agent = listener.try_recv().unwrap().into_data();
            assert_eq!((agent[0], agent.len()), (AGENT, 161));
            assert_eq!(listener.try_recv().unwrap().to_text().unwrap(), r#"{"event":"clear"}"#);
            assert_eq!(listener.try_recv().unwrap_err(), TryRecvError::Empty);
        }
    }

    #[test]
    fn a_listener_that_does_not_keep_up_loses_its_place_and_holds_nothing_up() {
        let taps = taps();
        let call = taps.install(call_sid(1));
        let mut deaf = taps.listen(&call_sid(1)).unwrap().unwrap();
        for _ in 0..BEHIND + 10 {
            call.agent(frame(1).as_bytes());
        }
        assert!(matches!(deaf.try_recv(), Err(TryRecvError::Lagged(_))));
    }

    #[test]
    fn the_tap_shuts_behind_the_last_listener_and_the_end_of_the_call_is_told() {
        let taps = taps();
        let call = taps.install(call_sid(1));
        let tap = Arc::clone(&taps.lock()[&call_sid(1)]);
        drop(tap.listen().unwrap());
        call.clear();
        assert!(!tap.is_open(), "nothing more is made");
        let mut listener = tap.listen().unwrap();
        drop(call);
        assert_eq!(listener.try_recv().unwrap_err(), TryRecvError::Closed);
        assert!(taps.listen(&call_sid(1)).is_none());
    }

    #[test]
    fn twenty_listen_and_a_session_that_goes_on_keeps_its_own_tap() {
        let taps = taps();
        let first = taps.install(call_sid(1));
        let tap = Arc::clone(&taps.lock()[&call_sid(1)]);
        let listeners: Vec<_> = (0..MAX_LISTENERS).map(|_| tap.listen().unwrap()).collect();
        assert_eq!(tap.listen().map(drop), Err(Crowded));
        drop(listeners);
        assert!(tap.listen().is_ok());
        let second = taps.install(call_sid(1));
        drop(first);
        assert!(taps.listen(&call_sid(1)).is_some(), "the call goes on");
        drop(second);
        assert!(taps.listen(&call_sid(1)).is_none());
    }
}
