//! What is the deployment's own: its secret, its tables, its queues.

use std::time::Duration;

use domain::Timestamp;
use futures_util::future::join_all;
use platform::queues::Queue;
use stores::appointments::CALENDAR_KEYS;
use stores::capacity::BUSINESS_KEYS;
use stores::contacts::CONTACT_KEYS;
use stores::events::OUTBOX_KEYS;
use stores::messages::LEFT_KEYS;
use stores::probe;
use stores::sign_ins::SIGN_IN_KEYS;

use super::Finding;
use crate::edge::parts::{Needs, Opener, Part};
use crate::jobs::{InsightsJob, Job, RecordingJob, TranscriptJob};

/// A secret that was not changed for longer is to be rotated.
const MAX_SECRET_AGE: Duration = Duration::from_secs(365 * DAY_S);
const DAY_S: u64 = 24 * 60 * 60;

/// Which keys the secret holds, and since when. Those that are required are there, or no function would have started.
pub(super) struct SecretState {
    changed_at: Option<Timestamp>,
    operator_key: bool,
    previous_token: bool,
    webhook_keys: usize,
}

impl Part for SecretState {
    fn declare(needs: &mut Needs<'_>) -> Opener<Self> {
        needs.secrets();
        Box::new(|deployment| {
            let secrets = deployment.secrets()?;
            Ok(Self {
                changed_at: secrets.changed_at,
                operator_key: secrets.operator_key.is_some(),
                previous_token: secrets.twilio_auth_tokens.len() > 1,
                webhook_keys: secrets.twilio_webhook_keys.len(),
            })
        })
    }
}

impl SecretState {
    pub(super) fn finding(&self) -> Finding {
        let mut holds = vec!["the four required keys".to_owned()];
        if self.operator_key {
            holds.push("a first operator's key".to_owned());
        }
        if self.previous_token {
            holds.push("a previous auth token, whose rotation is to be finished".to_owned());
        }
        if self.webhook_keys > 0 {
            holds.push(format!("{} keys for webhooks", self.webhook_keys));
        }
        Finding::proven(holds.join(", "))
    }
}

impl SecretState {
    /// How old the secret is: a key that was known to a person once may be known to them still.
    pub(super) fn age(&self, now: Timestamp) -> Finding {
        let Some(changed_at) = self.changed_at else {
            return Finding::not_proven("the keys come from the environment, which does not tell their age");
        };
        let age = now.since(changed_at);
        let days = age.as_secs() / DAY_S;
        if age > MAX_SECRET_AGE {
            Finding::warning(format!(
                "the secret was last changed {days} days ago: rotate the auth token, the OpenAI key and the stream token \
             key (infra/README.md)"
            ))
        } else {
            Finding::proven(format!("the secret was last changed {days} days ago"))
        }
    }
}

/// The tables, by the variables that name them, each with the beginning of a key that the role may read.
const TABLES: [(&str, &str); 13] = [
    ("TABLE_BUSINESSES", ""),
    ("TABLE_KEYS", ""),
    ("TABLE_REQUESTS", SIGN_IN_KEYS),
    ("TABLE_CALLS", ""),
    ("TABLE_TURNS", ""),
    ("TABLE_RECORDINGS", ""),
    ("TABLE_TRANSCRIPTS", ""),
    ("TABLE_EVENTS", OUTBOX_KEYS),
    ("TABLE_USAGE", ""),
    ("TABLE_DO_NOT_CALL", ""),
    ("TABLE_MESSAGES", LEFT_KEYS),
    ("TABLE_APPOINTMENTS", CALENDAR_KEYS),
    ("TABLE_CONTACTS", CONTACT_KEYS),
];
/// The one without a sort key.
const LEASES: &str = "TABLE_LEASES";
/// What no row's key ends with.
const NO_ROW: &str = "health";

/// Every table.
pub(super) struct Tables(Vec<probe::Reader>);

impl Part for Tables {
    fn declare(needs: &mut Needs<'_>) -> Opener<Self> {
        let named = TABLES.map(|(variable, keys)| (needs.table(variable), keys));
        let leases = needs.table(LEASES);
        Box::new(move |deployment| {
            let aws = &deployment.aws;
            let sorted =
                named.iter().map(|(table, keys)| probe::Reader::new(aws, table, &format!("{keys}{NO_ROW}")));
            let single = probe::Reader::single(aws, &leases, &format!("{BUSINESS_KEYS}{NO_ROW}"));
            Ok(Self(sorted.chain([single]).collect()))
        })
    }
}

impl Tables {
    pub(super) async fn finding(&self) -> Finding {
        let read = join_all(self.0.iter().map(probe::Reader::read)).await;
        let faults: Vec<String> =
            read.iter().filter_map(|read| read.as_ref().err()).map(ToString::to_string).collect();
        match faults.as_slice() {
            [] => Finding::proven(format!("all {} can be read", self.0.len())),
            faults => Finding::fault(faults.join("; ")),
        }
    }
}

/// The queues of jobs, each with the one that takes what was given up.
pub(super) struct Queues(Vec<(&'static str, Queue, Queue)>);

impl Part for Queues {
    fn declare(needs: &mut Needs<'_>) -> Opener<Self> {
        let named = [
            ("recordings", RecordingJob::QUEUE, RecordingJob::DEAD_LETTERS),
            ("transcripts", TranscriptJob::QUEUE, TranscriptJob::DEAD_LETTERS),
            ("insights", InsightsJob::QUEUE, InsightsJob::DEAD_LETTERS),
        ]
        .map(|(name, queue, dead)| (name, needs.vars.text(queue), needs.vars.text(dead)));
        Box::new(move |deployment| {
            let open = |url: String| Queue::new(&deployment.aws, url);
            Ok(Self(named.into_iter().map(|(name, queue, dead)| (name, open(queue), open(dead))).collect()))
        })
    }
}

impl Queues {
    pub(super) async fn finding(&self) -> Finding {
        let each = self.0.iter().map(async |(name, queue, dead)| {
            let counted = futures_util::try_join!(queue.waiting(), dead.waiting());
            (*name, counted)
        });
        let (mut faults, mut waiting) = (vec![], vec![]);
        for (name, counted) in join_all(each).await {
            match counted {
                Ok((jobs, 0)) => waiting.push(format!("{name} {jobs}")),
                Ok((_, given_up)) => {
                    faults.push(format!("{given_up} jobs of {name} were given up: `switchboard redrive`"));
                }
                Err(error) => faults.push(format!("{name}: {error}")),
            }
        }
        match faults.as_slice() {
            [] => Finding::proven(format!("jobs that wait: {}; none was given up", waiting.join(", "))),
            faults => Finding::fault(faults.join("; ")),
        }
    }
}
