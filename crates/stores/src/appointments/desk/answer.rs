//! What a model is told.

use domain::appointments::{Appointment, Refusal, Service, say_moment};
use domain::locale::Locale;
use serde::Serialize;

use crate::appointments::Catalogue;

/// A time that can be booked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Offered {
    /// The token to pass back, exactly as it is.
    pub slot: String,
    /// The time in the language of the conversation.
    pub say: String,
    /// In which calendar, if the service has several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub with: Option<String>,
}

/// A service that can be booked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Offer {
    /// What to pass back.
    pub service: String,
    /// What it is called.
    pub name: String,
    /// How long it takes.
    pub minutes: u16,
    /// What it costs, as the business says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price: Option<String>,
}

impl Offer {
    pub(super) fn new(service: &Service, language: &str) -> Self {
        let code = Locale::code_or_english(language);
        Self {
            service: service.id.to_string(),
            name: service.name_in(code).to_owned(),
            minutes: service.minutes,
            price: service.price.clone(),
        }
    }
}

/// An appointment of the person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Listed {
    /// What to pass back.
    pub appointment: String,
    /// The service.
    pub service: String,
    /// The time in the language of the conversation.
    pub say: String,
}

impl Listed {
    pub(super) fn new(appointment: &Appointment, catalogue: &Catalogue, language: &str) -> Self {
        let code = Locale::code_or_english(language);
        let service = catalogue.services.iter().find(|service| service.id == appointment.service);
        let service = service.map_or(appointment.service.as_str(), |service| service.name_in(code));
        Self {
            appointment: appointment.id.to_string(),
            service: service.to_owned(),
            say: say_moment(appointment.time_zone.local(appointment.start), language),
        }
    }
}

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kept {
    /// An appointment was made.
    Booked,
    /// It has another time.
    Moved,
    /// It was called off.
    Cancelled,
}

/// A possible answer to a question: what to pass back, and what to say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Told {
    /// What to pass back.
    pub value: String,
    /// What to say.
    pub say: String,
}

/// The answer of one of the tools.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Answer {
    /// Something was done.
    Done {
        /// Always true.
        ok: bool,
        /// What.
        done: Kept,
        /// The appointment as it is now.
        #[serde(flatten)]
        appointment: Listed,
    },
    /// Nothing was done.
    Refused {
        /// The word of the refusal.
        error: &'static str,
        /// What it means, and what to do.
        message: String,
        /// Times in place of one that is taken.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        alternatives: Vec<Offered>,
    },
    /// The person has to be asked.
    Question {
        /// The word of the question.
        question: &'static str,
        /// What to do.
        message: String,
        /// Possible answers.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        options: Vec<Told>,
    },
    /// Times that are free.
    Slots {
        /// At most three.
        slots: Vec<Offered>,
        /// Whether there are others.
        more: bool,
        /// What to do.
        message: &'static str,
    },
    /// It is not known which service is meant.
    Services {
        /// Those that there are.
        services: Vec<Offer>,
        /// What to do.
        message: &'static str,
    },
    /// The person's own appointments.
    Appointments {
        /// The earliest first.
        appointments: Vec<Listed>,
    },
}

impl Answer {
    /// Nothing was done, for this reason.
    pub fn refused(refusal: Refusal) -> Self {
        Self::refused_with(refusal, vec![])
    }

    pub(super) fn refused_with(refusal: Refusal, alternatives: Vec<Offered>) -> Self {
        let message = format!("Not done: {refusal}. {}", refusal.remedy());
        Self::Refused { error: refusal.code(), message, alternatives }
    }

    /// The time is held, and the person has no name yet.
    pub(super) fn held() -> Self {
        let message = "Not booked yet. The time is held for three minutes: ask for the person's name, and book again with \
                       the same slot."
            .to_owned();
        Self::Refused { error: "needs_name", message, alternatives: vec![] }
    }

    pub(super) fn kept(done: Kept, appointment: &Appointment, catalogue: &Catalogue, language: &str) -> Self {
        Self::Done { ok: true, done, appointment: Listed::new(appointment, catalogue, language) }
    }

    /// Whether an appointment was made, moved or called off.
    pub const fn is_done(&self) -> bool {
        matches!(self, Self::Done { .. })
    }
}
