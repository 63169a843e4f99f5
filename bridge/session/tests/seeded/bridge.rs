//! The processes that carry the call, one after the other, and what is asked when one has lost it.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::plan::HistoryItem;
use domain::turn::EndReason;
use domain::{CallAction, CallPlan, Epoch, Timestamp, Turn};
use session::Session;
use session::input::ResponseReason as Reason;

use crate::events::Ev;
use crate::fixtures::ms;
use crate::laws::Laws;
use crate::line::Line;
use crate::model::Leg;
use crate::world::World;

/// Twilio asks for other instructions this often before a person takes over.
const RESUMES_MAX: usize = 3;

/// One process's part in the call.
pub(crate) struct Bridge {
    pub(crate) session: Session,
    pub(crate) line: Line,
    pub(crate) legs: Vec<Leg>,
    /// The connection asked for last, until it is used or came to nothing.
    pub(crate) attempt: Option<usize>,
    pub(crate) in_use: Option<usize>,
    pub(crate) laws: Laws,
    /// One way to and from the model.
    pub(crate) up: u64,
    pub(crate) down: u64,
    pub(crate) plan: CallPlan,
    /// The caller's stream ends here.
    pub(crate) attached: bool,
    pub(crate) over: bool,
    pub(crate) stalled_until: u64,
    pub(crate) frame_ms: u64,
    pub(crate) timestamp_ms: u64,
    pub(crate) reasons: BTreeMap<String, Reason>,
    pub(crate) asked: BTreeMap<u32, CallAction>,
}

impl World {
    /// A new stream to a new bridge.
    pub(crate) fn stream(&mut self, plan: CallPlan) {
        let b = self.bridges.len();
        let delay = self.rng.between(10, 80);
        let millis = |duration: Duration| u64::try_from(duration.as_millis()).unwrap();
        self.bridges.push(Bridge {
            session: Session::new(self.instant(), Timestamp::from_secs(1_000).plus(ms(self.now))),
            line: Line::new(delay),
            legs: vec![],
            attempt: None,
            in_use: None,
            laws: Laws::new(self.now, millis(plan.conversation.max_call)),
            up: self.rng.between(10, 60),
            down: self.rng.between(10, 60),
            plan,
            attached: true,
            over: false,
            stalled_until: 0,
            frame_ms: self.rng.pick(&[20, 200, 200, 200]),
            timestamp_ms: 0,
            reasons: BTreeMap::new(),
            asked: BTreeMap::new(),
        });
        self.silent_since = self.now;
        if !self.fault("stream without a start", 4) {
            self.at(20, Ev::Start { b });
        }
        self.at(40, Ev::Frame { b });
        self.plan_actions(b);
        if self.fault("bridge killed", 25) {
            let after = self.rng.between(100, 120_000);
            self.at(after, Ev::Crash { b });
        } else if self.fault("bridge a zombie", 15) {
            let after = self.rng.between(100, 120_000);
            self.at(after, Ev::Zombie { b });
        } else if self.fault("drain", 25) {
            let after = self.rng.between(100, 120_000);
            let within = self.rng.pick(&[4_000, 20_000, 100_000]);
            self.at(after, Ev::Drain { b, within });
        } else if self.fault("bridge stalls", 30) {
            let (after, millis) = (self.rng.between(100, 120_000), self.rng.between(500, 20_000));
            self.at(after, Ev::Stall { b, millis });
        } else if self.fault("stream cut", 15) {
            let after = self.rng.between(100, 120_000);
            self.at(after, Ev::Lost { b });
        }
    }

    /// The caller's stream is not at this bridge any more: Twilio asks what follows. `end` is why, as far as the
    /// bridge lived to tell, and whether it had said nothing by then.
    pub(crate) fn stream_left(&mut self, b: usize, end: Option<(EndReason, bool)>) {
        if !std::mem::replace(&mut self.bridges[b].attached, false) || self.over {
            return;
        }
        let resumes = match end {
            None | Some((EndReason::Drained | EndReason::CallerLost | EndReason::Internal, _)) => {
                self.bridges.len() <= RESUMES_MAX
            }
            Some(_) => false,
        };
        if !resumes {
            self.over = true;
            return;
        }
        let plan = &mut self.bridges[b].plan;
        let unheard = plan.epoch == Epoch::FIRST && end.is_some_and(|(_, unheard)| unheard);
        if !unheard {
            plan.greeting = None;
        }
        let after = if end.is_some() { self.rng.between(150, 600) } else { self.rng.between(800, 2_500) };
        self.at(after, Ev::Resume);
    }

    /// The next epoch begins, with what was said before.
    pub(crate) fn resume(&mut self) {
        if self.over {
            return;
        }
        let mut plan = self.bridges[self.bridges.len() - 1].plan.clone();
        plan.epoch = plan.epoch.next();
        let most = plan.conversation.max_call;
        plan.conversation.max_call = most.saturating_sub(ms(self.now)).max(Duration::from_secs(30));
        plan.history = self.turns.iter().flat_map(history).collect();
        self.stream(plan);
    }
}

fn history(turn: &Turn) -> Vec<HistoryItem> {
    let tools = turn.tool_calls.iter().filter_map(|call| {
        Some(HistoryItem::Tool {
            call_id: call.call_id.clone(),
            name: call.name.clone(),
            arguments: call.arguments.clone(),
            output: call.output.clone()?,
        })
    });
    let said =
        (!turn.text.is_empty()).then(|| HistoryItem::Said { speaker: turn.speaker, text: turn.text.clone() });
    said.into_iter().chain(tools).collect()
}
