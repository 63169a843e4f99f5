//! Receivers in requests.

use domain::contact::{Handle, HandleKind};
use domain::hours::Week;
use domain::notification::words::Words;
use domain::notification::{
    self, Address, Cause, Disabled, Kind, MAX_NAME_CHARS, MAX_URL, Receiver, ReceiverId, Rule, TemplateName,
};
use domain::{PhoneNumber, Secret, Timestamp};
use providers::endpoint_http::EndpointClient;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::edge::api::input::present;
use crate::edge::api::schema;
use crate::edge::problem::Problem;

/// A receiver as it is to be.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "name": "The shop's room",
    "kind": "slack",
    "url": "https://hooks.slack.com/services/your/own/address",
    "rules": [{ "on": "message_taken" }, { "on": "low_budget", "urgent": true }],
}))]
pub(super) struct NewReceiver {
    /// What people call it.
    #[schema(min_length = 1, max_length = 80)]
    name: String,
    /// What it is. It does not change.
    #[schema(value_type = schema::ReceiverKindChoice)]
    kind: Kind,
    /// The address of an incoming webhook of Slack, or of a workflow of Teams that posts cards: `https`, in a public network. Who
    /// knows it can write there, so it is not shown again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 2000, required = false, nullable = false)]
    url: Option<String>,
    /// The number of the person, E.164, for SMS and WhatsApp; their address for e-mail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 254, required = false, nullable = false)]
    to: Option<String>,
    /// The business's number that SMS and WhatsApp come from, E.164.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<schema::E164>, required = false, nullable = false)]
    from: Option<String>,
    /// Meta's name of the WhatsApp sender; without it the number is at Twilio.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 64, required = false, nullable = false)]
    phone_number_id: Option<String>,
    /// The WhatsApp template; without it words are sent, which WhatsApp takes for a day after the person has written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    template: Option<TemplateBody>,
    /// What it is told of, each at most once.
    #[schema(min_items = 1, max_items = 6)]
    rules: Vec<RuleBody>,
    /// When it is told nothing, by the business's clocks: what happens then is told when they end, except what is urgent. Null:
    /// it is told at any time.
    #[serde(default)]
    #[schema(required = false)]
    quiet_hours: Option<Week>,
}

/// A template of WhatsApp with three places: 1 is the title, 2 what happened, 3 the link.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ReceiverTemplate)]
pub(super) struct TemplateBody {
    /// Twilio's content sid, or the template's name at Meta.
    #[schema(min_length = 1, max_length = 512)]
    name: String,
    /// The language under which Meta has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 15, required = false)]
    language: Option<String>,
}

/// What was given of where a receiver is reached.
struct Given {
    url: Option<String>,
    to: Option<String>,
    from: Option<String>,
    phone_number_id: Option<String>,
    template: Option<TemplateBody>,
}

/// What a receiver is told of.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ReceiverRule)]
pub(super) struct RuleBody {
    #[schema(value_type = schema::NotificationCauseChoice)]
    pub(super) on: Cause,
    /// It is told in quiet hours, too.
    #[serde(default)]
    pub(super) urgent: bool,
}

/// A change of a receiver. What is left out stays.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(example = json!({ "enabled": true }))]
pub(super) struct ReceiverChange {
    #[schema(min_length = 1, max_length = 80, required = false, nullable = false)]
    name: Option<String>,
    /// Another address of the same kind; what is left out of it stays.
    #[schema(min_length = 1, max_length = 2000, required = false, nullable = false)]
    url: Option<String>,
    #[schema(min_length = 1, max_length = 254, required = false, nullable = false)]
    to: Option<String>,
    #[schema(value_type = Option<schema::E164>, required = false, nullable = false)]
    from: Option<String>,
    #[schema(max_length = 64, required = false, nullable = false)]
    phone_number_id: Option<String>,
    #[schema(required = false, nullable = false)]
    template: Option<TemplateBody>,
    #[schema(min_items = 1, max_items = 6, required = false, nullable = false)]
    rules: Option<Vec<RuleBody>>,
    /// Null: it is told at any time.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<Week>, required = false)]
    quiet_hours: Option<Option<Week>>,
    /// Whether it is told.
    #[schema(required = false, nullable = false)]
    enabled: Option<bool>,
}

impl NewReceiver {
    /// Tells whether two requests ask for the same.
    pub(super) fn fingerprint(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    pub(super) fn receiver(
        self,
        id: ReceiverId,
        client: &EndpointClient,
        now: Timestamp,
    ) -> Result<Receiver, Problem> {
        let Self { url, to, from, phone_number_id, template, .. } = self;
        let given = Given { url, to, from, phone_number_id, template };
        Ok(Receiver {
            id,
            name: name(self.name)?,
            address: given.of_kind(self.kind, None, client)?,
            rules: rules(self.rules)?,
            quiet: quiet(self.quiet_hours)?,
            disabled: None,
            created_at: now,
            begins_behind: 0,
        })
    }
}

impl ReceiverChange {
    pub(super) fn apply(
        self,
        receiver: &mut Receiver,
        client: &EndpointClient,
        now: Timestamp,
    ) -> Result<(), Problem> {
        if let Some(given) = self.name {
            receiver.name = name(given)?;
        }
        let Self { url, to, from, phone_number_id, template, .. } = self;
        let given = Given { url, to, from, phone_number_id, template };
        if given.is_any() {
            let before = &receiver.address;
            receiver.address = given.of_kind(before.kind(), Some(before), client)?;
        }
        if let Some(given) = self.rules {
            receiver.rules = rules(given)?;
        }
        if let Some(given) = self.quiet_hours {
            receiver.quiet = quiet(given)?;
        }
        match (self.enabled, receiver.disabled) {
            (Some(true), _) => receiver.disabled = None,
            (Some(false), None) => receiver.disabled = Some((Disabled::Requested, now)),
            (Some(false), Some(_)) | (None, _) => {}
        }
        Ok(())
    }
}

impl Given {
    const fn is_any(&self) -> bool {
        self.url.is_some()
            || self.to.is_some()
            || self.from.is_some()
            || self.phone_number_id.is_some()
            || self.template.is_some()
    }

    /// An address of this kind, in place of the one before. What belongs to another kind is refused.
    fn of_kind(
        self,
        kind: Kind,
        before: Option<&Address>,
        client: &EndpointClient,
    ) -> Result<Address, Problem> {
        let is_room = matches!(kind, Kind::Slack | Kind::Teams);
        let of_whatsapp = self.phone_number_id.is_some() || self.template.is_some();
        let strange = match kind {
            Kind::Slack | Kind::Teams if self.to.is_some() || self.from.is_some() || of_whatsapp => "/to",
            Kind::Email | Kind::Sms | Kind::WhatsApp if self.url.is_some() => "/url",
            Kind::Email if self.from.is_some() => "/from",
            Kind::Email | Kind::Sms if of_whatsapp => "/template",
            _ => "",
        };
        if !strange.is_empty() {
            let detail = format!("a receiver of the kind `{}` has no such address", kind.as_str());
            return Err(Problem::invalid(strange, "kind", detail));
        }
        if is_room {
            let missing = || Problem::invalid("/url", "missing", "give the address of the room's webhook");
            let url = room(self.url.ok_or_else(missing)?, client)?;
            return Ok(if kind == Kind::Slack { Address::Slack { url } } else { Address::Teams { url } });
        }
        if kind == Kind::Email {
            let missing = || Problem::invalid("/to", "missing", "give the person's e-mail address");
            let given = self.to.ok_or_else(missing)?;
            let read = Handle::read(HandleKind::Email, &given);
            let wrong = |_| Problem::invalid("/to", "address", "give an e-mail address");
            return Ok(Address::Email { to: read.map_err(wrong)?.value().to_owned() });
        }
        let (to, from, id, template) = match before {
            Some(Address::Sms { to, from }) => (Some(to), Some(from), None, None),
            Some(Address::WhatsApp { to, from, phone_number_id, template }) => {
                (Some(to), Some(from), phone_number_id.clone(), template.clone())
            }
            Some(Address::Slack { .. } | Address::Teams { .. } | Address::Email { .. }) | None => {
                (None, None, None, None)
            }
        };
        let to = number(self.to, to, "/to", "the person's number")?;
        let from = number(self.from, from, "/from", "a number of the business")?;
        if kind == Kind::Sms {
            return Ok(Address::Sms { to, from });
        }
        let given = self.template.map(|TemplateBody { name, language }| TemplateName { name, language });
        let (phone_number_id, template) = (self.phone_number_id.or(id), given.or(template));
        let address = Address::WhatsApp { to, from, phone_number_id, template };
        let carrier = address.sender().map(|sender| sender.carrier);
        if let (Address::WhatsApp { template: Some(name), .. }, Some(carrier)) = (&address, carrier) {
            let sample = Words { title: "1".into(), text: "2".into(), open: "", link: "3".into() };
            name.filled(&sample)
                .check(&carrier)
                .map_err(|error| Problem::invalid("/template", error.code(), error.to_string()))?;
        }
        Ok(address)
    }
}

/// A number as it is given, or as it was before.
fn number(
    given: Option<String>,
    before: Option<&PhoneNumber>,
    pointer: &'static str,
    what: &str,
) -> Result<PhoneNumber, Problem> {
    let Some(given) = given else {
        let missing = || Problem::invalid(pointer, "missing", format!("give {what}"));
        return before.cloned().ok_or_else(missing);
    };
    let wrong = |_| Problem::invalid(pointer, "number", "give a number in E.164, such as +12025550178");
    PhoneNumber::parse(&given).map_err(wrong)
}

fn name(given: String) -> Result<String, Problem> {
    let length = given.trim().chars().count();
    if length == 0 || given.chars().count() > MAX_NAME_CHARS || given.chars().any(char::is_control) {
        let detail = format!("give 1 to {MAX_NAME_CHARS} characters, on one line");
        return Err(Problem::invalid("/name", "length", detail));
    }
    Ok(given)
}

/// An address that leads into no network of ours, as far as that is seen without asking; it is looked at again when it is used.
fn room(url: String, client: &EndpointClient) -> Result<Secret, Problem> {
    if url.len() > MAX_URL {
        return Err(Problem::invalid("/url", "length", format!("give {MAX_URL} bytes at most")));
    }
    client.check(&url).map_err(|_| {
        let detail =
            "give an address that begins with https://, carries no user name, and leads to a public network";
        Problem::invalid("/url", "address", detail)
    })?;
    Ok(Secret::new(url))
}

fn rules(given: Vec<RuleBody>) -> Result<Vec<Rule>, Problem> {
    if given.is_empty() {
        return Err(Problem::invalid("/rules", "length", "name at least one thing that it is told of"));
    }
    let mut rules: Vec<Rule> = vec![];
    for (index, RuleBody { on, urgent }) in given.into_iter().enumerate() {
        if rules.iter().any(|rule| rule.on == on) {
            let detail = format!("`{}` is there twice", on.as_str());
            return Err(Problem::invalid(format!("/rules/{index}/on"), "twice", detail));
        }
        rules.push(Rule { on, urgent });
    }
    Ok(rules)
}

fn quiet(given: Option<Week>) -> Result<Option<Week>, Problem> {
    let given = given.filter(|week| !week.is_empty());
    if given.as_ref().is_some_and(|week| !notification::ends(week)) {
        let detail =
            "quiet hours that never end tell nobody anything: leave some time, or disable the receiver";
        return Err(Problem::invalid("/quiet_hours", "never_end", detail));
    }
    Ok(given)
}
