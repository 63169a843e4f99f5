//! The voice webhooks, and the requests that begin a call: the only writers of a call.

pub mod after_stream;
pub mod campaigns;
mod continuation;
mod history;
pub mod inbound;
mod known_caller;
pub mod lead_calls;
mod month_caps;
mod no_agent;
mod ordered_calls;
pub mod outbound;
mod phrases;
mod plan;
pub mod reminders;
mod resumption;
pub mod status;
mod status_recorder;
mod stream_twiml;
pub mod sweep;
pub mod test_calls;
mod twiml_answer;

use std::time::Duration;

use domain::PhoneNumber;
use domain::phone::Caller;
use platform::telemetry::{Unit, metric};
use stores::businesses::Published;
use stores::calls;
use stores::capacity::Pool;
use twilio::Party;

use crate::edge::parts::{Needs, Opener, Part};

/// Twilio waits 5 s for an answer (`rt` in [`DELIVERY`]); the caller should hear an apology before.
///
/// [`DELIVERY`]: crate::edge::verified_form::DELIVERY
pub const ANSWER_WITHIN: Duration = Duration::from_secs(4);

/// A slot heals by itself when nothing releases it: a little longer than any call may last.
const SLOT_MARGIN: Duration = Duration::from_secs(10 * 60);

/// The writer of calls, which only these functions have.
impl Part for calls::Writer {
    fn declare(needs: &mut Needs<'_>) -> Opener<Self> {
        let (calls, leases) = (needs.table("TABLE_CALLS"), needs.table("TABLE_LEASES"));
        let events = needs.table("TABLE_EVENTS");
        Box::new(move |deployment| Ok(Self::new(&deployment.aws, &calls, &leases, &events)))
    }
}

/// A call that found no slot.
fn count_refused(pool: Pool) {
    metric("CallsAtCapacity", 1.0, Unit::Count, &[("Pool", pool.as_str())]);
}

fn slot_ttl(published: &Published) -> Duration {
    published.settings.policies.conversation.max_call + SLOT_MARGIN
}

/// Twilio's word for a party, as ours.
fn caller(party: &Party) -> Caller {
    match party {
        Party::E164(text) => match PhoneNumber::parse(text) {
            Ok(number) => Caller::Number(number),
            Err(_) => Caller::Other(text.clone()),
        },
        Party::Hidden(_) => Caller::Hidden,
        Party::Client(text) | Party::Sip(text) | Party::Other(text) => Caller::Other(text.clone()),
    }
}
