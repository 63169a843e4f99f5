//! The one loop of a call.
//!
//! An input is handed to the session, its outputs are carried out, and only when nothing more can be read at
//! once is everything flushed: one write per wake-up, however many frames came together. Claiming, connecting
//! and hanging up are futures beside the sockets; nothing in this loop waits for anything else.

mod actions;
mod effects;
mod end;
mod legs;
mod timer;
mod wake;

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::token::{StreamKind, TokenKey};
use domain::{CallPlan, CallSid, Direction, Epoch, Secret, Speaker, Timestamp};
use platform::Clock;
use platform::rate_limit::RateLimited;
use session::input::{ClaimRefusal, ModelEvent, ModelLoss};
use session::output::{Audio, Close};
use session::{Input, Output, Session, Unpolled};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use self::actions::OpenActions;
use self::effects::{Effect, Effects};
use self::legs::{Legs, NextRead};
use self::timer::Timer;
use self::wake::Wake;
use crate::actions::ActionWatch;
use crate::caller_socket::{self, CallerRead, CallerSocket};
use crate::entrance::Entrance;
use crate::listening::{CallTap, Taps, Told};
use crate::live::{LiveEvents, LiveKind};
use crate::meters::Meters;
use crate::model_socket::{self, ModelConnector, ModelRead, ModelSocket};
use crate::outbox::Overflow;
use crate::ports::{Ports, Steered};
use crate::tools;
use crate::writer::TurnWriter;

/// How long a peer may leave a ping unanswered, and below the 60 s after which a load balancer drops a quiet
/// connection.
const KEEP_ALIVE: Duration = Duration::from_secs(10);

/// What all calls of a process share.
pub(crate) struct Context<P> {
    pub(crate) ports: Arc<P>,
    pub(crate) token_key: TokenKey,
    pub(crate) connector: Arc<ModelConnector>,
    pub(crate) live: LiveEvents,
    pub(crate) taps: Arc<Taps>,
    pub(crate) actions: Arc<ActionWatch>,
    pub(crate) writers: TaskTracker,
    pub(crate) drain_timeout: Duration,
    /// Limits the log lines about streams that become no call: a peer that can sign an upgrade can open any number.
    pub(crate) callless: RateLimited,
    pub(crate) clock: Clock,
}

pub(crate) struct CallDriver<P> {
    context: Arc<Context<P>>,
    /// By which door the stream came, and the account that it must be of.
    entrance: Entrance,
    session: Session,
    caller: CallerSocket,
    legs: Legs,
    effects: Effects,
    /// Inputs that carrying out an output gave rise to: they wait until all its siblings are carried out.
    backlog: VecDeque<Input<'static>>,
    timer: Timer,
    keep_alive_at: Instant,
    meters: Meters,
    started_at: Timestamp,
    /// Known from the stream's start on, proven once there is a plan.
    sid: Option<CallSid>,
    plan: Option<Arc<CallPlan>>,
    writer: Option<TurnWriter>,
    actions: OpenActions,
    /// Where people listen, from the plan on.
    tap: Option<CallTap>,
    close: Option<Close>,
    unflushed_inputs: usize,
    /// Whose turn it is to be read first, so that a flood from one side cannot starve the other.
    model_first: bool,
}

impl<P: Ports> CallDriver<P> {
    pub(crate) fn new(
        context: Arc<Context<P>>,
        entrance: Entrance,
        caller: CallerSocket,
        shutdown: CancellationToken,
    ) -> Self {
        let (now, started_at) = (Instant::now(), context.clock.now());
        let mut effects = Effects::new();
        effects.drain(shutdown);
        Self {
            context,
            entrance,
            session: Session::new(now, started_at),
            caller,
            legs: Legs::default(),
            effects,
            backlog: VecDeque::new(),
            timer: Timer::new(now + KEEP_ALIVE),
            keep_alive_at: now + KEEP_ALIVE,
            meters: Meters::new(),
            started_at,
            sid: None,
            plan: None,
            writer: None,
            actions: OpenActions::default(),
            tap: None,
            close: None,
            unflushed_inputs: 0,
            model_first: false,
        }
    }

    pub(crate) async fn run(mut self) {
        while self.close.is_none() {
            tokio::task::consume_budget().await;
            let wake = poll_fn(|cx| self.poll_wake(cx)).await;
            self.handle(wake);
        }
        Box::pin(self.finish()).await;
    }

    fn handle(&mut self, wake: Wake) {
        let now = Instant::now();
        match wake {
            Wake::Caller(CallerRead::Frame(frame)) => {
                let parsed = caller_socket::parse(&frame);
                if let Some(input) = self.caller.input(now, &parsed) {
                    self.feed(now, input);
                }
            }
            Wake::Caller(CallerRead::Alive) => {
                if let Some(input) = self.caller.alive(now) {
                    self.feed(now, input);
                }
            }
            Wake::Caller(CallerRead::Binary) => {
                if let Some(input) = self.caller.binary(now) {
                    self.feed(now, input);
                }
            }
            Wake::Caller(CallerRead::Gone) => self.feed(now, Input::CallerGone),
            Wake::Caller(CallerRead::Misbehaved) => self.feed(now, Input::CallerMisbehaved),
            Wake::Model(ModelRead::Frame(frame)) => {
                let parsed = model_socket::parse(&frame);
                if let Some(input) = self.legs.current.as_mut().and_then(|model| model.input(&parsed)) {
                    self.feed(now, input);
                }
            }
            Wake::Model(ModelRead::Lost(loss)) => self.feed(now, Input::ModelGone(loss)),
            Wake::NextModel(NextRead::Ready { lifetime, warm, left_out }) => {
                self.meters.connected(warm, &left_out);
                self.feed(now, Input::ModelReady { lifetime });
            }
            Wake::NextModel(NextRead::Frame(frame)) => {
                if let Some(input) = self.legs.next_input(&model_socket::parse(&frame)) {
                    self.feed(now, input);
                }
            }
            Wake::NextModel(NextRead::Lost(loss)) => self.feed(now, Input::ConnectFailed(loss)),
            Wake::NextModel(NextRead::Refused(error)) => {
                tracing::error!(call = self.sid_or_none(), %error, "no model for this call");
                self.feed(now, Input::ConnectFailed(error.loss()));
            }
            Wake::Effect(effect) => self.effect(now, effect),
            Wake::Deadline => self.deadline(now),
        }
        while let Some(input) = self.backlog.pop_front() {
            self.feed(now, input);
        }
    }

    /// One input, then all its outputs.
    fn feed(&mut self, now: Instant, input: Input<'_>) {
        if self.close.is_some() {
            return;
        }
        if let Input::ModelGone(loss) = &input {
            tracing::error!(call = self.sid_or_none(), ?loss, "the model was lost");
            self.legs.current = None;
        } else if let Input::ConnectFailed(_) = &input {
            self.legs.drop_next();
        }
        self.show(&input);
        let payload = payload(&input);
        if let (Some(tap), Input::CallerAudio(_)) = (&mut self.tap, &input) {
            tap.caller(payload);
        }
        let taken = self.session.handle_input(now, input);
        self.drain_outputs(now, taken, payload);
    }

    fn deadline(&mut self, now: Instant) {
        if now >= self.keep_alive_at {
            self.keep_alive_at = now + KEEP_ALIVE;
            self.caller.keep_alive();
            self.backlog.extend(self.legs.keep_alive());
        }
        if self.session.poll_timeout().is_some_and(|(deadline, _)| now >= deadline) {
            let taken = self.session.handle_timeout(now);
            self.drain_outputs(now, taken, &[]);
        }
    }

    fn effect(&mut self, now: Instant, effect: Effect) {
        match effect {
            Effect::Drain => self.feed(now, Input::Drain { within: self.context.drain_timeout }),
            Effect::Claimed(Ok((plan, Steered { muted, notes }))) => {
                self.authorised(&plan);
                self.actions.begin(muted);
                let resumed = plan.epoch > Epoch::FIRST;
                self.feed(now, Input::Claimed(plan));
                if resumed {
                    self.feed(now, Input::Steered { muted, notes });
                }
            }
            Effect::Claimed(Err(refusal)) => self.feed(now, Input::ClaimRefused(refusal)),
            Effect::ToolDone { call_id, answer: tools::ToolAnswer { output, transfer } } => {
                self.feed(now, Input::ToolDone { call_id: &call_id, output, transfer });
            }
            Effect::HungUp { ok } => {
                self.feed(now, Input::HungUp { ok });
                // A browser's line is this socket: nothing else would close it.
                if ok && self.entrance.kind == StreamKind::Browser {
                    self.feed(now, Input::CallerStopped);
                }
            }
            Effect::Superseded => self.feed(now, Input::Superseded),
            Effect::AnsweredBy(verdict) => self.feed(now, Input::AnsweredBy(verdict)),
            Effect::NoVerdict => {}
            Effect::Action { number, id, action, inbox } => {
                if let Some(plan) = &self.plan {
                    let (ports, clock) = (Arc::clone(&self.context.ports), self.context.clock.clone());
                    self.effects.next_action(ports, clock, plan.call.clone(), plan.epoch, inbox);
                }
                self.actions.told(number, id, action.clone());
                self.feed(now, Input::Action { number, action });
            }
        }
    }

    fn authorised(&mut self, plan: &CallPlan) {
        tracing::info!(
            call = %plan.call,
            epoch = plan.epoch.0,
            business = %plan.business,
            revision = plan.revision.0,
            "call started"
        );
        let (ports, tasks) = (Arc::clone(&self.context.ports), &self.context.writers);
        if plan.direction == Direction::Outbound && plan.epoch == Epoch::FIRST {
            let clock = self.context.clock.clone();
            self.effects.answered_by(Arc::clone(&ports), clock, plan.call.clone());
        }
        let (clock, inbox) = (self.context.clock.clone(), self.context.actions.inbox(plan.call.clone()));
        self.effects.next_action(Arc::clone(&ports), clock, plan.call.clone(), plan.epoch, inbox);
        let superseded = CancellationToken::new();
        self.effects.watch_fence(superseded.clone());
        self.writer = Some(TurnWriter::spawn(ports, plan.call.clone(), superseded, tasks));
        self.tap = Some(self.context.taps.install(plan.call.clone()));
        self.plan = Some(Arc::new(plan.clone()));
    }

    /// Carries out all outputs of what was just handled. `payload` is what some of them mean.
    fn drain_outputs(&mut self, now: Instant, taken: Result<(), Unpolled>, payload: &[u8]) {
        let payload = match taken {
            Ok(()) => payload,
            // A mistake of this loop's, which polls every output: what still waits does not mean this payload.
            Err(unpolled) => {
                tracing::error!(call = self.sid_or_none(), %unpolled, "an input of the session was lost");
                &[]
            }
        };
        while let Some(output) = self.session.poll_output() {
            self.perform(now, output, payload);
        }
    }

    fn perform(&mut self, now: Instant, output: Output, payload: &[u8]) {
        match output {
            Output::AudioToModel(audio) => {
                if self.legs.current.is_some() {
                    self.meters.up.forwarded(now);
                }
                self.queue_to_model(|model| match audio {
                    Audio::Current => model.append(payload),
                    Audio::Kept(kept) => model.append(&kept),
                    Audio::Silence(silence) => {
                        model.append_silence(silence);
                        Ok(())
                    }
                });
            }
            Output::ToModel(command) => self.queue_to_model(|model| model.command(command)),
            Output::AudioToCaller => {
                self.meters.down.forwarded(now);
                if let Some(tap) = &self.tap {
                    tap.agent(payload);
                }
                let queued = self.caller.audio(payload);
                self.queued_to_caller(queued);
            }
            Output::MarkToCaller(mark) => {
                let queued = self.caller.mark(mark);
                self.queued_to_caller(queued);
            }
            Output::ClearCaller => {
                self.meters.cleared(now);
                if let Some(tap) = &self.tap {
                    tap.clear();
                }
                let queued = self.caller.clear();
                self.queued_to_caller(queued);
            }
            Output::Claim { call, stream: _, token } => self.claim(call, &token),
            Output::ConnectModel => {
                if let Some(plan) = &self.plan {
                    self.legs.connect(Arc::clone(&self.context.connector), Arc::clone(plan));
                }
            }
            Output::UseModel => {
                if let Some(replaced) = self.legs.switch() {
                    self.context.writers.spawn(replaced.close());
                }
            }
            Output::RunTool { call_id: id, name, arguments } => {
                if let Some(plan) = &self.plan {
                    let (ports, call) =
                        (Arc::clone(&self.context.ports), tools::ToolInvocation { id, name, arguments });
                    self.effects.run_tool(ports, Arc::clone(plan), call);
                }
            }
            Output::HangUp => {
                if let Some(plan) = &self.plan {
                    self.effects.hang_up(Arc::clone(&self.context.ports), Arc::clone(plan));
                }
            }
            Output::ActionSettled { number, settled } => {
                if let Some(plan) = &self.plan {
                    let (ports, tasks) = (Arc::clone(&self.context.ports), &self.context.writers);
                    self.actions.settled(ports, plan, number, settled, tasks);
                }
            }
            Output::Turn(turn) => {
                if let Some(writer) = &self.writer {
                    writer.turn(turn);
                }
            }
            Output::Event(event) => {
                if let Some(tap) = &self.tap {
                    tap.tell(|| Told::of(&event));
                }
                self.context.live.publish(self.sid.as_ref(), || LiveKind::Event(event));
            }
            Output::Close(close) => self.close = Some(close),
        }
    }

    /// Neither a stream of another account nor a token that was not minted for this call and door reaches the store.
    fn claim(&mut self, call: CallSid, token: &Secret) {
        let Entrance { kind, signer } = &self.entrance;
        let ours = self.caller.is_of_account(signer.account.as_str());
        match self.context.token_key.verify(*kind, &call, token.expose()) {
            Ok(epoch) if ours => {
                let now = self.context.clock.now();
                let (ports, signer) = (Arc::clone(&self.context.ports), signer.clone());
                self.effects.claim(ports, signer, (call.clone(), epoch), now);
            }
            Ok(_) | Err(_) => self.backlog.push_back(Input::ClaimRefused(ClaimRefusal::NotYours)),
        }
        self.sid = Some(call);
    }

    fn queue_to_model(&mut self, queue: impl FnOnce(&mut ModelSocket) -> Result<(), Overflow>) {
        // Without a model there is no one to tell, and the session already knows that.
        if let Some(Err(overflow)) = self.legs.current.as_mut().map(queue) {
            tracing::error!(call = self.sid_or_none(), %overflow, "the model stopped reading");
            self.legs.current = None;
            self.backlog.push_back(Input::ModelGone(ModelLoss::Transient));
        }
    }

    fn queued_to_caller(&mut self, queued: Result<(), Overflow>) {
        if let Err(overflow) = queued {
            tracing::error!(call = self.sid_or_none(), %overflow, "the caller's line stopped reading");
            self.backlog.push_back(Input::CallerGone);
        }
    }

    /// Shows watchers what was just said; everything else shows itself through the session's events.
    fn show(&self, input: &Input<'_>) {
        let (speaker, text) = if let Input::Model(ModelEvent::CallerTranscript { text, .. }) = input {
            (Speaker::Caller, text)
        } else if let Input::Model(ModelEvent::AgentTranscript { text, .. }) = input {
            (Speaker::Agent, text)
        } else {
            return;
        };
        if let Some(tap) = &self.tap {
            tap.tell(|| Some(Told::Said { speaker, text }));
        }
        let said = || LiveKind::Said { speaker, text: (*text).to_owned() };
        self.context.live.publish(self.sid.as_ref(), said);
    }

    fn sid_or_none(&self) -> &str {
        self.sid.as_ref().map_or("none", CallSid::as_str)
    }
}

/// What the session means by the payload of the input being handled.
fn payload<'a>(input: &Input<'a>) -> &'a [u8] {
    if let Input::CallerAudio(audio) = input {
        audio.payload
    } else if let Input::Model(ModelEvent::Audio(audio)) = input {
        audio.payload
    } else {
        &[]
    }
}
