//! The order of an outbound call: everything that placing and carrying it will need.

use domain::business::VoicemailPolicy;
use domain::prompt::Compiled;
use domain::{Call, CallPlan, DialId, DialOrder, Timestamp};
use providers::twilio_rest::TwilioAccounts;
use stores::businesses::Published;

use super::api::WantedCall;
use crate::edge::problem::Problem;
use crate::shared::about_contact::Told;
use crate::voice::{plan, slot_ttl};

/// The order and the plan of a call, from the settings that hold now.
///
/// # Errors
/// 503 for a malformed id, which is a defect of the deployment.
pub(super) fn order(
    twilio: &TwilioAccounts,
    published: &Published,
    compiled: &Compiled,
    id: DialId,
    WantedCall { from, to, zone, task, series }: WantedCall,
    callee: &Told,
    now: Timestamp,
) -> Result<(DialOrder, CallPlan), Problem> {
    let business = &published.business;
    let stand_in = id.stand_in().map_err(|_| Problem::unavailable())?;
    let order = DialOrder {
        id,
        account: twilio.of_business(&business.id, business.twilio_account.as_ref()).account_sid().clone(),
        business: business.id.clone(),
        revision: published.settings.revision,
        from,
        to,
        zone,
        task,
        requested_at: now,
        max_concurrent_calls: business.max_concurrent_calls,
        slot_ttl: slot_ttl(published),
        series,
    };
    let call = Call { contact: callee.id, ..order.call(stand_in) };
    let mut plan = plan::first(&call, published, compiled, callee, now);
    plan.call_back = order.series.as_ref().and_then(|series| series.call_back.clone());
    if order.series.as_ref().is_some_and(|series| series.leaves_no_message) {
        plan.conversation.voicemail = VoicemailPolicy::HangUp;
    }
    Ok((order, plan))
}
