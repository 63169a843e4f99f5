//! How people are reminded, as a business says it, and the reminders of an appointment, as they are shown.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use domain::appointments::{AppointmentId, Outcome, Reminded, Reminder, Reminding, Way, WayWord, by_day};
use domain::texts::template::Template;
use domain::{PhoneNumber, Timestamp};
use serde::{Deserialize, Serialize};
use stores::appointments::RemindersOf;
use utoipa::ToSchema;

use super::Appointments;
use super::week::WeekBody;
use crate::edge::api::requester::Tenant;
use crate::edge::api::schema;
use crate::edge::problem::Problem;
use crate::shared::shapes::Time;

/// How people are reminded of a service's appointments.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ServiceReminding, example = json!({ "from": "+12025550143", "by": [{ "way": "sms" }, { "way": "call" }] }))]
pub(super) struct RemindingBody {
    /// A number of the business, from which texts and calls come.
    #[schema(value_type = schema::E164)]
    from: String,
    /// The first way that is possible is taken.
    #[schema(min_items = 1, max_items = 3)]
    by: Vec<WayBody>,
    /// When people may be reminded, by clocks in the calendar's zone; null or left out: each day from 8 to 21. What is due
    /// at another time waits for the next one before the appointment.
    #[serde(default)]
    hours: Option<WeekBody>,
}

/// One way in which a person is reminded. In its words `{{name}}`, `{{service}}`, `{{time}}`, `{{business_name}}` and
/// `{{calendar}}` are filled in.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ServiceReminderWay)]
struct WayBody {
    #[schema(value_type = schema::ReminderWayChoice)]
    way: WayWord,
    /// The words of an SMS; null or left out: the product's own, in the business's first language.
    #[serde(default)]
    #[schema(max_length = 500)]
    text: Option<String>,
    /// The template of WhatsApp: over Twilio its content sid, over Meta its name.
    #[serde(default)]
    #[schema(max_length = 512)]
    template: Option<String>,
    /// Over Meta the language under which the template was approved.
    #[serde(default)]
    #[schema(max_length = 15)]
    language: Option<String>,
    /// What the template's places hold, by their names or numbers.
    #[serde(default)]
    variables: BTreeMap<String, String>,
    /// Meta's name of the sender; null or left out: the number is at Twilio.
    #[serde(default)]
    #[schema(pattern = "^[0-9]{1,32}$")]
    phone_number_id: Option<String>,
}

impl WayBody {
    fn read(self, index: usize) -> Result<Way, Problem> {
        let Self { way, text, template, language, variables, phone_number_id } = self;
        let of_whatsapp = language.is_some() || !variables.is_empty() || phone_number_id.is_some();
        match (way, template) {
            (WayWord::Sms, None) if !of_whatsapp => Ok(Way::Sms { text }),
            (WayWord::WhatsApp, Some(name)) if text.is_none() => {
                let template = Template { name, language, variables };
                Ok(Way::WhatsApp { template, phone_number_id })
            }
            (WayWord::Call, None) if !of_whatsapp && text.is_none() => Ok(Way::Call {}),
            _ => Err(Problem::invalid(
                format!("/remind/by/{index}"),
                "one_way",
                "`text` goes with `sms`, and `template` with all about it goes with `whatsapp`, which needs it",
            )),
        }
    }

    fn new(way: &Way) -> Self {
        let empty = Self {
            way: way.word(),
            text: None,
            template: None,
            language: None,
            variables: BTreeMap::new(),
            phone_number_id: None,
        };
        match way.clone() {
            Way::Sms { text } => Self { text, ..empty },
            Way::WhatsApp { template: Template { name, language, variables }, phone_number_id } => {
                Self { template: Some(name), language, variables, phone_number_id, ..empty }
            }
            Way::Call {} => empty,
        }
    }
}

impl RemindingBody {
    pub(super) fn read(self) -> Result<Reminding, Problem> {
        let from = PhoneNumber::parse(&self.from)
            .map_err(|error| Problem::invalid("/remind/from", "number", error.to_string()))?;
        let by = self.by.into_iter().enumerate().map(|(index, way)| way.read(index));
        let by = by.collect::<Result<Vec<_>, _>>()?;
        Ok(Reminding { from, by, hours: self.hours.map_or_else(by_day, Into::into) })
    }

    pub(super) fn new(reminding: &Reminding) -> Self {
        Self {
            from: reminding.from.as_e164().to_owned(),
            by: reminding.by.iter().map(WayBody::new).collect(),
            hours: Some(reminding.hours.clone().into()),
        }
    }
}

/// A reminder of an appointment.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AppointmentReminder)]
struct ReminderView {
    /// How many minutes before the beginning it is due.
    before_minutes: u32,
    /// When the appointment begins, or began by this reminder: one that was moved has others.
    start: Time,
    #[schema(value_type = schema::ReminderStatusWord)]
    status: &'static str,
    /// When it is due; null once it was sent or missed.
    due: Option<Time>,
    /// When it was sent or missed; null while it is owed.
    at: Option<Time>,
    /// By which way it was sent; null if it was not.
    #[schema(value_type = Option<schema::ReminderWayWord>)]
    way: Option<&'static str>,
    /// Why it was missed; null if it was not.
    #[schema(value_type = Option<schema::ReminderMissedWord>)]
    reason: Option<&'static str>,
}

impl ReminderView {
    fn owed(reminder: &Reminder) -> Self {
        Self {
            before_minutes: reminder.before_minutes,
            start: Time(reminder.start),
            status: "owed",
            due: Some(Time(reminder.due)),
            at: None,
            way: None,
            reason: None,
        }
    }

    fn over(reminded: &Reminded) -> Self {
        let (status, way, reason) = match reminded.outcome {
            Outcome::Sent { way } => ("sent", Some(way.as_str()), None),
            Outcome::Missed { why } => ("missed", None, Some(why.as_str())),
        };
        let Reminded { start, before_minutes, at, .. } = *reminded;
        Self { before_minutes, start: Time(start), status, due: None, at: Some(Time(at)), way, reason }
    }

    const fn moment(&self) -> (Timestamp, u32) {
        (self.start.0, u32::MAX - self.before_minutes)
    }
}

/// The reminders of an appointment.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AppointmentReminderList)]
struct ReminderList {
    /// By the appointment's time, the earliest reminder first.
    reminders: Vec<ReminderView>,
}

/// The reminders of an appointment: those that are owed, and what became of the others.
#[utoipa::path(
    get,
    path = "/v1/appointments/{appointment}/reminders",
    operation_id = "list_reminders",
    responses((status = 200, description = "The reminders.", body = ReminderList)),
)]
pub(super) async fn of_appointment(
    State(app): State<Arc<Appointments>>,
    tenant: Tenant,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let unknown = || Problem::not_found("appointment");
    let id = AppointmentId::parse(&id).map_err(|_| unknown())?;
    let RemindersOf { owed, over } = app.reader.reminders(&tenant.0, &id).await?.ok_or_else(unknown)?;
    let mut reminders: Vec<ReminderView> =
        owed.iter().map(ReminderView::owed).chain(over.iter().map(ReminderView::over)).collect();
    reminders.sort_by_key(ReminderView::moment);
    Ok(Json(ReminderList { reminders }).into_response())
}
