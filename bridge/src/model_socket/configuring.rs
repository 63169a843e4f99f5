//! Configuring a session: once, and again without the optional settings that the model refuses.

use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;

use openai::ApiError;
use openai::realtime::session::OptionalSetting;
use openai::realtime::{ClientEvent, SessionConfig};
use platform::telemetry::{Unit, metric};
use session::Input;
use session::input::ModelLoss;

use super::{ModelRead, ModelSocket, parse};

/// Begins the `event_id` of the configuration, behind which comes its number: an `error` that carries the last one
/// means that nothing was applied.
const CONFIGURE: &str = "configure-";
/// How often a session is configured: each time without what was refused, the last time without all that is optional.
/// Every attempt is a round trip, and the caller hears nothing meanwhile.
pub(super) const MAX_CONFIGURATIONS: u32 = 5;
/// The order that the GA documentation prescribes: no audio before the configuration was echoed.
pub(super) enum Phase {
    AwaitingCreated(Box<SessionConfig>),
    AwaitingUpdated(Box<SessionConfig>),
    Configured,
}

impl ModelSocket {
    /// The optional settings that the model did not take.
    pub(super) fn left_out(&self) -> impl Iterator<Item = &'static str> {
        self.left_out.iter().map(|setting| setting.as_str())
    }

    /// Carries the socket to where its session is what was asked for, and says how long that will last.
    pub(super) async fn configured(&mut self) -> Result<Option<Duration>, ModelLoss> {
        loop {
            let read = poll_fn(|cx| {
                if self.needs_flush()
                    && let Poll::Ready(Err(_)) = self.poll_flush(cx)
                {
                    return Poll::Ready(ModelRead::Lost(ModelLoss::Transient));
                }
                self.poll_receive(cx)
            });
            let frame = match read.await {
                ModelRead::Frame(frame) => frame,
                ModelRead::Lost(loss) => return Err(loss),
            };
            // There is no conversation yet that anything else could be part of.
            if let Some(input) = self.input(&parse(&frame)) {
                if let Input::ModelReady { lifetime } = input {
                    return Ok(lifetime);
                } else if let Input::ModelGone(loss) = input {
                    return Err(loss);
                }
            }
        }
    }

    pub(super) fn configure(&mut self) {
        let phase = std::mem::replace(&mut self.phase, Phase::Configured);
        self.phase = match phase {
            Phase::AwaitingCreated(config) => {
                self.send_config(&config);
                Phase::AwaitingUpdated(config)
            }
            other => other,
        };
    }

    fn send_config(&mut self, config: &SessionConfig) {
        self.configurations += 1;
        let event_id = format!("{CONFIGURE}{}", self.configurations);
        let update = ClientEvent::SessionUpdate { session: config }.to_json(Some(&event_id));
        // The first message of an empty outbox: only instructions beyond every bound cannot fit, and
        // then the session's deadline for the echo ends the call.
        if let Err(overflow) = self.wire.outbox.push_control(&update) {
            tracing::error!(call = %self.call, %overflow, "the instructions are too long to be sent");
        }
    }

    /// Configures again without what was refused. False if that is essential, or nothing is left to do without.
    pub(super) fn configure_without(&mut self, refusal: &ApiError) -> bool {
        let Phase::AwaitingUpdated(mut config) = std::mem::replace(&mut self.phase, Phase::Configured) else {
            return false;
        };
        let left_out = match self.configurations {
            MAX_CONFIGURATIONS.. => vec![],
            attempts if attempts + 1 == MAX_CONFIGURATIONS => {
                // A last attempt that names something essential is no use either.
                match config.leave_out(refusal) {
                    named if named.is_empty() => named,
                    named => [named, config.leave_out_all()].concat(),
                }
            }
            _ => config.leave_out(refusal),
        };
        if !left_out.is_empty() {
            let code = refusal.code.as_deref().or(refusal.kind.as_deref()).unwrap_or("none");
            self.leaves_out(&left_out, code);
            self.send_config(&config);
        }
        self.phase = Phase::AwaitingUpdated(config);
        !left_out.is_empty()
    }

    /// The author of the settings has to hear of it: the agent works, but not as they wanted.
    pub(super) fn leaves_out(&mut self, settings: &[OptionalSetting], code: &str) {
        for setting in settings {
            if self.left_out.contains(setting) {
                continue;
            }
            self.left_out.push(*setting);
            let (call, setting, code) = (&self.call, setting.as_str(), code.escape_default());
            tracing::warn!(%call, setting, %code, "the model refuses an optional setting");
            metric("ModelSettingsRefused", 1.0, Unit::Count, &[("Setting", setting)]);
        }
    }

    /// Whether an error answers the configuration that was sent last. In this phase nothing else was sent.
    pub(super) fn answers_configuration(&self, event_id: Option<&str>) -> bool {
        let last = |id: &str| id.strip_prefix(CONFIGURE) == Some(self.configurations.to_string().as_str());
        matches!(self.phase, Phase::AwaitingUpdated(_)) && event_id.is_none_or(last)
    }
}
