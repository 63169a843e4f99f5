//! What is left to do when a call has ended.

use std::time::{Duration, Instant};

use domain::CallSid;
use tokio::time::timeout;

use super::CallDriver;
use crate::ports::Ports;
use crate::report;

/// How long a stream stays open for its record to be written. The caller hears nothing meanwhile.
const HAND_OVER_WAIT: Duration = Duration::from_secs(1);

impl<P: Ports> CallDriver<P> {
    /// The record first: when the stream ends Twilio asks what follows, and the answer is in the record.
    pub(super) async fn finish(self) {
        let Some(close) = self.close else { return };
        // What an action did is known before what the session came to: nothing is done a second time.
        let _ = timeout(HAND_OVER_WAIT, self.actions.written()).await;
        let written = match (self.plan, self.writer) {
            (Some(plan), Some(writer)) => {
                let report =
                    report::report(&plan, &close, &self.meters, self.started_at, self.context.clock.now());
                report::log(
                    &plan,
                    &close,
                    &report,
                    self.meters.warm_connects,
                    self.caller.rejected(),
                    self.caller.unplayable(),
                );
                Some(writer.finish(report))
            }
            (None, _) | (_, None) => {
                if let Some(others) = self.context.callless.admit(Instant::now()) {
                    let call = self.sid.as_ref().map_or("none", CallSid::as_str);
                    let rejected_messages = self.caller.rejected();
                    let end = close.reason.as_str();
                    tracing::warn!(call, end, rejected_messages, others, "stream without a call");
                }
                None
            }
        };
        let hand_over = async {
            if let Some(written) = written {
                let _ = timeout(HAND_OVER_WAIT, written).await;
            }
            self.caller.close(close.code).await;
        };
        tokio::join!(hand_over, self.legs.close());
    }
}
