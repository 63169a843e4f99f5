//! One call, from its first ring to its last word, across all the bridges that carry it. Everything in it comes
//! from one seed: what the caller does, what the model makes of it, and what breaks.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::hash::{DefaultHasher, Hasher};
use std::rc::Rc;
use std::time::{Duration, Instant};

use domain::Turn;
use session::Phase;

use crate::actions;
use crate::bridge::Bridge;
use crate::caller::Caller;
use crate::events::Ev;
use crate::fixtures::{ms, plan};
use crate::rng::Rng;
use crate::tally::Tally;

/// The longest that a caller of an undisturbed call hears nothing and says nothing: the silence after which the
/// agent asks, and a slow answer.
const DEAD_AIR_CALM: Duration = Duration::from_secs(13);
/// The same with everything breaking: the model does not come, comes, is silent, is asked again, and goes.
const DEAD_AIR_ROUGH: Duration = Duration::from_secs(60);
/// Steps that are shown of a call that broke a law.
const LAST_STEPS: usize = 80;
/// A call that takes more has got stuck.
const STEPS_MAX: u64 = 2_000_000;

pub(crate) struct World {
    pub(crate) rng: Rng,
    pub(crate) tally: Tally,
    pub(crate) now: u64,
    pub(crate) bridges: Vec<Bridge>,
    pub(crate) caller: Caller,
    /// The lifetime of a model's session.
    pub(crate) lifetime: u64,
    /// How much goes wrong: nothing, the usual, or everything.
    pub(crate) trouble: u64,
    origin: Instant,
    pub(crate) queue: BTreeMap<(u64, u64), Ev>,
    scheduled: u64,
    ids: u64,
    pub(crate) sounds: BTreeMap<u64, Rc<[u8]>>,
    pub(crate) turns: Vec<Turn>,
    pub(crate) ran: BTreeSet<String>,
    pub(crate) greeted_by: BTreeSet<String>,
    pub(crate) silent_since: u64,
    /// The business muted the agent.
    pub(crate) muted: bool,
    pub(crate) actions: u32,
    pub(crate) over: bool,
    pub(crate) digest: DefaultHasher,
    pub(crate) steps: Option<VecDeque<String>>,
}

/// What came of a call.
pub(crate) struct CallReport {
    pub(crate) tally: Tally,
    pub(crate) digest: u64,
}

impl World {
    pub(crate) fn new(seed: u64, origin: Instant, traced: bool) -> Self {
        let mut rng = Rng::new(seed);
        let trouble = rng.pick(&[0, 1, 1, 1, 4]);
        let lifetime = rng.pick(&[3_600_000, 3_600_000, 600_000, 90_000, 30_000]);
        let caller = Caller::new(&mut rng);
        Self {
            rng,
            tally: Tally::default(),
            now: 0,
            bridges: vec![],
            caller,
            lifetime: if trouble == 0 { 3_600_000 } else { lifetime },
            trouble,
            origin,
            queue: BTreeMap::new(),
            scheduled: 0,
            ids: 0,
            sounds: BTreeMap::new(),
            turns: vec![],
            ran: BTreeSet::new(),
            greeted_by: BTreeSet::new(),
            silent_since: 0,
            muted: false,
            actions: 0,
            over: false,
            digest: DefaultHasher::new(),
            steps: traced.then(VecDeque::new),
        }
    }

    /// The last steps of a traced call.
    pub(crate) fn last_steps(&self) -> impl Iterator<Item = &String> {
        self.steps.iter().flatten()
    }

    /// The whole call.
    pub(crate) fn run(&mut self) -> CallReport {
        let mut first = plan();
        first.conversation.max_call = ms(self.rng.between(60_000, 1_200_000));
        first.conversation.protect_greeting = self.rng.per_mille(300);
        first.conversation.min_interruption = ms(self.rng.pick(&[0, 0, 800]));
        if self.rng.per_mille(100) {
            first.voice.transcription_model = None;
        }
        first.tools.directory = vec![actions::workshop()];
        self.stream(first);
        self.at(500, Ev::Look);
        self.at(300, Ev::Caller);
        while let Some(at) = self.next_moment().filter(|_| !self.has_ended()) {
            self.now = at;
            self.tally.steps += 1;
            assert!(self.tally.steps < STEPS_MAX, "the call never ends");
            self.step();
        }
        assert!(self.has_ended(), "a session is waiting for nothing");
        self.tally.calls = 1;
        self.tally.sessions = self.bridges.len() as u64;
        self.tally.talked = ms(self.now);
        self.tally.greetings = self.greeted_by.len() as u64;
        CallReport { tally: std::mem::take(&mut self.tally), digest: self.digest.finish() }
    }

    pub(crate) fn at(&mut self, after: u64, ev: Ev) {
        self.scheduled += 1;
        self.queue.insert((self.now + after, self.scheduled), ev);
    }

    /// Whether this goes wrong here; what does is counted.
    pub(crate) fn fault(&mut self, kind: &'static str, per_mille: u64) -> bool {
        let happens = self.trouble > 0 && self.rng.per_mille(per_mille * self.trouble);
        if happens {
            self.tally.fault(kind);
        }
        happens
    }

    pub(crate) fn id(&mut self, kind: &str) -> String {
        self.ids += 1;
        format!("{kind}_{}", self.ids)
    }

    /// The bridge that the caller's stream is at.
    pub(crate) fn attached(&self) -> Option<usize> {
        self.bridges.iter().rposition(|bridge| bridge.attached)
    }

    pub(crate) fn instant(&self) -> Instant {
        self.origin + ms(self.now)
    }

    /// The next event or timeout, whichever is first.
    fn next_moment(&self) -> Option<u64> {
        let event = self.queue.keys().next().map(|(at, _)| *at);
        let timeout = self.next_timeout().map(|(at, _)| at);
        event.into_iter().chain(timeout).min()
    }

    fn next_timeout(&self) -> Option<(u64, usize)> {
        let due = |(b, bridge): (usize, &Bridge)| {
            let (at, _) = bridge.session.poll_timeout().filter(|_| !bridge.over)?;
            let millis = at.saturating_duration_since(self.origin).as_micros().div_ceil(1_000);
            Some((u64::try_from(millis).unwrap().max(bridge.stalled_until).max(self.now), b))
        };
        self.bridges.iter().enumerate().filter_map(due).min()
    }

    fn step(&mut self) {
        let event = self.queue.first_key_value().map(|((at, _), _)| *at);
        if let Some((at, b)) = self.next_timeout().filter(|(at, _)| event.is_none_or(|event| *at < event)) {
            debug_assert_eq!(at, self.now);
            return self.timeout(b);
        }
        let Some((_, ev)) = self.queue.pop_first() else { return };
        let bridge = ev.session().map(|b| &self.bridges[b]);
        if bridge.is_some_and(|bridge| bridge.over) {
            return;
        }
        if let Some(until) = bridge.map(|bridge| bridge.stalled_until).filter(|until| *until > self.now) {
            return self.at(until - self.now, ev);
        }
        if self.steps.is_some()
            && !matches!(ev, Ev::Frame { .. } | Ev::Look | Ev::Caller | Ev::LineDue { .. })
        {
            self.trace(format!("{ev:?}"));
        }
        self.happen(ev);
    }

    pub(crate) fn trace(&mut self, step: String) {
        let now = self.now;
        let Some(steps) = &mut self.steps else { return };
        if steps.len() == LAST_STEPS {
            steps.pop_front();
        }
        steps.push_back(format!("{:>9.3}  {step}", now as f64 / 1_000.0));
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.over && self.bridges.iter().all(|bridge| bridge.over)
    }

    /// Whether the caller has been left alone for too long.
    pub(crate) fn look(&mut self) {
        self.at(500, Ev::Look);
        let Some(b) = self.attached().filter(|_| !self.over) else { return };
        let bridge = &self.bridges[b];
        let talks = bridge.session.phase() == Phase::Live || bridge.session.phase() == Phase::Connecting;
        let stalled = bridge.stalled_until > self.now;
        if bridge.line.is_audible(self.now)
            || self.caller.is_speaking(self.now)
            || !talks
            || stalled
            || self.muted
        {
            self.silent_since = self.now;
            return;
        }
        let since = self.silent_since.max(bridge.line.sounds_until().min(self.now));
        let dead = ms(self.now - since);
        let rough = self.trouble > 0;
        let longest = &mut self.tally.dead_air[usize::from(rough)];
        *longest = (*longest).max(dead);
        let bound = if rough { DEAD_AIR_ROUGH } else { DEAD_AIR_CALM };
        assert!(dead <= bound, "silence on both sides for {dead:?}");
    }
}
