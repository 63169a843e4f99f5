//! Receivers in answers.

use domain::hours::Week;
use domain::notification::reason::Reason;
use domain::notification::{Address, Disabled, Kind, Receiver, ReceiverId};
use serde::Serialize;
use utoipa::ToSchema;

use super::requests::RuleBody;
use super::sending::Sent;
use crate::edge::api::schema;
use crate::shared::shapes::{Millis, Time};

/// Who is notified, and of what.
#[derive(Serialize, ToSchema)]
#[schema(as = Receiver)]
pub(super) struct ReceiverView<'a> {
    #[schema(value_type = schema::ReceiverId)]
    id: &'a ReceiverId,
    name: &'a str,
    #[schema(value_type = schema::ReceiverKindWord)]
    kind: Kind,
    /// Where it is reached; of a room's address, by which everybody could write there, its host and its end.
    address: String,
    /// The business's number that texts come from; null: it is told by no text.
    #[schema(value_type = Option<schema::E164>)]
    from: Option<String>,
    /// The WhatsApp template; null: words are sent.
    template: Option<&'a str>,
    rules: Vec<RuleBody>,
    /// When it is told nothing, by the business's clocks; null: it is told at any time.
    quiet_hours: Option<&'a Week>,
    /// Whether it is told.
    enabled: bool,
    /// Why it is not; null: it is.
    #[schema(value_type = Option<schema::ReceiverDisabledWord>)]
    disabled_reason: Option<Disabled>,
    /// Since when it is not; null: it is.
    disabled_at: Option<Time>,
    created_at: Time,
}

/// The receivers of a business.
#[derive(Serialize, ToSchema)]
pub(super) struct ReceiverList<'a> {
    pub(super) receivers: Vec<ReceiverView<'a>>,
}

/// What came of a test.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReceiverTest)]
pub(super) struct TestView {
    /// Whether it was taken.
    taken: bool,
    /// Why it was not; null: it was.
    #[schema(value_type = Option<schema::NotificationReasonWord>)]
    reason: Option<Reason>,
    /// The other side's code, such as a status of HTTP; null: there was no answer.
    code: Option<u32>,
    /// How long the answer took.
    took_ms: Millis,
}

impl<'a> ReceiverView<'a> {
    pub(super) fn new(receiver: &'a Receiver) -> Self {
        let rules = receiver.rules.iter().map(|rule| RuleBody { on: rule.on, urgent: rule.urgent });
        Self {
            id: &receiver.id,
            name: &receiver.name,
            kind: receiver.address.kind(),
            address: receiver.address.shown(),
            from: receiver.address.sender().map(|sender| sender.number.as_e164().to_owned()),
            template: match &receiver.address {
                Address::WhatsApp { template, .. } => {
                    template.as_ref().map(|template| template.name.as_str())
                }
                Address::Slack { .. }
                | Address::Teams { .. }
                | Address::Email { .. }
                | Address::Sms { .. } => None,
            },
            rules: rules.collect(),
            quiet_hours: receiver.quiet.as_ref(),
            enabled: receiver.disabled.is_none(),
            disabled_reason: receiver.disabled.map(|(why, _)| why),
            disabled_at: receiver.disabled.map(|(_, at)| Time(at)),
            created_at: Time(receiver.created_at),
        }
    }
}

impl TestView {
    pub(super) fn new(sent: &Sent) -> Self {
        let reason = sent.came.reason();
        Self { taken: reason.is_none(), reason, code: sent.code, took_ms: Millis(sent.took) }
    }
}
