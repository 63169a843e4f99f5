//! The world's clock, and what waits for it in queues.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_sqs::types::QueueAttributeName;
use domain::Timestamp;
use platform::env::{ClockedEnv, MapEnv};

use super::World;

/// No worker holds a lease for longer without extending it.
const LONGEST_LEASE: Duration = Duration::from_secs(150);

impl World {
    /// Puts the world's clock forward. Stores, functions, bridge, queues and Twilio's calendar go by it: leases and
    /// cooldowns lapse, links expire, and messages that are delayed until then are received at once.
    ///
    /// What goes on meanwhile does not move: a call's audio, waits within a process, signatures. With AWS that is not
    /// the embedded one (`SWITCHBOARD_TEST_AWS`) messages come when their time has passed in fact. The shared world is
    /// no place for this: all its tests would age.
    pub fn time_passes(&self, time: Duration) {
        self.time.send_modify(|ahead| *ahead += time);
    }

    /// So much time passes that a worker which is silent has lost its lease, and that one failure has cooled down.
    pub fn leases_lapse(&self) {
        self.time_passes(LONGEST_LEASE);
    }

    /// The day does not end within this time: if it would, the next one begins. For what is counted by the day, in UTC.
    pub fn has_a_day_of(&self, time: Duration) {
        let day = Duration::from_secs(24 * 60 * 60);
        let over = self.now().since(Timestamp::from_secs(0)).as_secs() % day.as_secs();
        let left = day - Duration::from_secs(over);
        if left < time {
            self.time_passes(left);
        }
    }

    /// The time by the world's clock.
    pub fn now(&self) -> Timestamp {
        self.system.aws.clock.now()
    }

    /// Variables for a component that a test starts beside the world's own, with the world's clock.
    pub fn env(&self, vars: BTreeMap<String, String>) -> ClockedEnv {
        ClockedEnv { vars: MapEnv(vars), clock: self.system.aws.clock.clone() }
    }

    /// Waits until a message of this queue is delayed, then lets its delay pass.
    #[track_caller]
    pub fn delay_passes(&self, queue: &'static str, delay: Duration) -> impl Future<Output = ()> {
        let delayed = self.until(move || async move {
            let delayed = QueueAttributeName::ApproximateNumberOfMessagesDelayed;
            (self.messages(queue, &[delayed]).await > 0).then_some(())
        });
        async move {
            delayed.await;
            self.time_passes(delay);
        }
    }

    /// Waits until these queues hold no message, neither waiting, nor delayed, nor being worked on.
    #[track_caller]
    pub fn works_everything_off(&self, queues: &'static [&'static str]) -> impl Future<Output = ()> {
        self.until(move || async move {
            let counts = [
                QueueAttributeName::ApproximateNumberOfMessages,
                QueueAttributeName::ApproximateNumberOfMessagesDelayed,
                QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
            ];
            for queue in queues {
                if self.messages(queue, &counts).await > 0 {
                    return None;
                }
            }
            Some(())
        })
    }

    /// The messages of a queue that these attributes count.
    async fn messages(&self, queue: &'static str, counts: &[QueueAttributeName]) -> u64 {
        let url = self.system.name(queue).expect("a queue");
        let request = self.system.aws.sqs.get_queue_attributes().queue_url(url);
        let answer = request.attribute_names(QueueAttributeName::All).send().await.expect("it is told");
        let attributes = answer.attributes.unwrap_or_default();
        let count =
            |name| attributes.get(name).and_then(|count| count.parse::<u64>().ok()).unwrap_or_default();
        counts.iter().map(count).sum()
    }
}
