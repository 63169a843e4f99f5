//! How people are reminded of their appointments: by which ways, when, and in which words.

use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;

use super::reminder_words::words_in;
use super::service::Invalid;
use super::{Appointment, Service, say_moment};
use crate::hours::{Covering, DAYS, Span, Week};
use crate::texts::outgoing::Content;
use crate::texts::template::Template;
use crate::texts::{Body, Carrier, Medium, Sender};
use crate::zone::Zone;
use crate::{PhoneNumber, Timestamp};

/// Ways of one service, at most.
pub const WAYS_MAX: usize = 3;
/// The longest words of a reminder over SMS, characters.
pub const REMINDER_MAX_CHARS: usize = 500;
/// The longest text that a carrier takes, characters (Twilio's Messages resource).
const SMS_MAX_CHARS: usize = 1_600;
/// What is filled into a template's place, at most, characters: half of what a place may hold.
const FILLED_MAX_CHARS: usize = 256;
/// What may stand in words and in the places of templates.
const PLACES: [&str; 5] = ["name", "service", "time", "business_name", "calendar"];

/// How people are reminded of a service's appointments.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reminding {
    /// From which of the business's numbers.
    pub from: PhoneNumber,
    /// By which ways: the first one that is possible is taken.
    pub by: Vec<Way>,
    /// When, by clocks in the calendar's zone. What is due at another time waits for the next one before the appointment.
    #[serde(default = "by_day")]
    pub hours: Week,
}

/// One way in which a person is reminded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "way", rename_all = "snake_case", deny_unknown_fields)]
pub enum Way {
    /// By SMS.
    Sms {
        /// The words, with places such as `{{time}}`; without them the product's own in the business's language.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<String>,
    },
    /// By a WhatsApp template: free words are for a day after the person's last text.
    #[serde(rename = "whatsapp")]
    WhatsApp {
        /// The template, whose places hold texts with places such as `{{time}}`.
        template: Template,
        /// Meta's name of the sender; without it the number is at Twilio.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        phone_number_id: Option<String>,
    },
    /// By a call of the agent, under the business's outbound policy.
    Call {},
}

/// The name of a way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum WayWord {
    /// SMS.
    Sms,
    /// A WhatsApp template.
    #[serde(rename = "whatsapp")]
    #[strum(serialize = "whatsapp")]
    WhatsApp,
    /// A call.
    Call,
}

impl WayWord {
    /// The word by which it is stored and shown.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// Why a person is not reminded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Missed {
    /// The service names no way any more.
    NoWay,
    /// The person has no number.
    NoNumber,
    /// The number that reminders come from is not the business's.
    UnknownNumber,
    /// The business is suspended or gone.
    Suspended,
    /// The person wants no texts.
    OptedOut,
    /// The outbound policy is against the call, whatever the time.
    CallRefused,
    /// The template cannot be sent as it is.
    BadTemplate,
    /// Before the appointment there is no time at which the person may be reminded.
    NoTimeLeft,
    /// The appointment had begun before the reminder could be sent.
    TooLate,
}

impl Missed {
    /// Every one of them.
    pub const ALL: [Self; 9] = [
        Self::NoWay,
        Self::NoNumber,
        Self::UnknownNumber,
        Self::Suspended,
        Self::OptedOut,
        Self::CallRefused,
        Self::BadTemplate,
        Self::NoTimeLeft,
        Self::TooLate,
    ];

    /// The word by which it is stored and shown.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// What became of a reminder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// It was handed over to be sent by this way.
    Sent {
        /// The way.
        way: WayWord,
    },
    /// It was not sent, and will not be.
    Missed {
        /// Why.
        why: Missed,
    },
}

/// Whether a way is possible.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Possible {
    /// Now.
    Now,
    /// Not before then.
    From(Timestamp),
    /// Not at all.
    Never(Missed),
}

/// What is to be done with a reminder for which no way was possible at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Otherwise {
    /// Look again then.
    Wait(Timestamp),
    /// Nothing: it is missed.
    Miss(Missed),
}

impl Otherwise {
    /// From what was found of the ways, in their order, for an appointment that begins at `start`: the earliest time before
    /// it, or the reason of the first way.
    pub fn of(found: &[Possible], start: Timestamp) -> Self {
        let times = found.iter().filter_map(|possible| match possible {
            Possible::From(at) => Some(*at),
            Possible::Now | Possible::Never(_) => None,
        });
        let earliest = times.min();
        if let Some(at) = earliest.filter(|at| *at < start) {
            return Self::Wait(at);
        }
        let first = found.iter().find_map(|possible| match possible {
            Possible::Never(why) => Some(*why),
            Possible::Now | Possible::From(_) => None,
        });
        Self::Miss(match earliest {
            Some(_) => Missed::NoTimeLeft,
            None => first.unwrap_or(Missed::NoWay),
        })
    }
}

/// What a reminder tells.
#[derive(Debug, Clone, Copy)]
pub struct Told<'a> {
    /// Of which appointment.
    pub appointment: &'a Appointment,
    /// Its service.
    pub service: &'a Service,
    /// What its calendar is called.
    pub calendar: &'a str,
    /// What the business is called.
    pub business: &'a str,
    /// The language, a BCP 47 tag.
    pub language: &'a str,
}

impl Told<'_> {
    fn service_name(&self) -> &str {
        let code = crate::locale::Locale::code_or_english(self.language);
        self.service.name_in(code)
    }

    /// The words of the product in the language.
    pub fn words(&self) -> String {
        self.filled(words_in(self.language))
    }

    fn filled(&self, form: &str) -> String {
        let time = say_moment(self.appointment.local, self.language);
        let values = [
            ("name", self.appointment.person.name.as_str()),
            ("service", self.service_name()),
            ("time", time.as_str()),
            ("business_name", self.business),
            ("calendar", self.calendar),
        ];
        // In one pass: what a person calls themselves is no form.
        let (mut out, mut rest) = (String::new(), form);
        while let Some((before, behind)) = rest.split_once("{{") {
            out.push_str(before);
            let named = behind.split_once("}}").and_then(|(name, after)| {
                let value = values.iter().find(|(known, _)| *known == name.trim())?.1;
                Some((value, after))
            });
            match named {
                Some((value, after)) => {
                    out.push_str(value);
                    rest = after;
                }
                None => {
                    out.push_str("{{");
                    rest = behind;
                }
            }
        }
        out.push_str(rest);
        out
    }
}

impl Way {
    /// Its name.
    pub const fn word(&self) -> WayWord {
        match self {
            Self::Sms { .. } => WayWord::Sms,
            Self::WhatsApp { .. } => WayWord::WhatsApp,
            Self::Call {} => WayWord::Call,
        }
    }

    /// The sender and the content of a text. `None`: it is a call.
    pub fn text(&self, from: &PhoneNumber, told: &Told<'_>) -> Option<(Sender, Content)> {
        let sender = |medium, carrier| Sender { medium, number: from.clone(), carrier };
        match self {
            Self::Sms { text } => {
                let words = text.as_deref().map_or_else(|| told.words(), |text| told.filled(text));
                let words: String = words.chars().take(SMS_MAX_CHARS).collect();
                Some((sender(Medium::Sms, Carrier::Twilio), Content::Words(Body::received(&words))))
            }
            Self::WhatsApp { template, phone_number_id } => {
                let filled = |form: &String| -> String {
                    let letters = told.filled(form);
                    let letters =
                        letters.chars().map(|letter| if letter.is_control() { ' ' } else { letter });
                    letters.take(FILLED_MAX_CHARS).collect()
                };
                let variables =
                    template.variables.iter().map(|(place, form)| (place.clone(), filled(form))).collect();
                let content = Content::Template(Template { variables, ..template.clone() });
                Some((sender(Medium::WhatsApp, carrier(phone_number_id.as_ref())), content))
            }
            Self::Call {} => None,
        }
    }
}

fn carrier(phone_number_id: Option<&String>) -> Carrier {
    match phone_number_id {
        Some(id) => Carrier::Meta { phone_number_id: id.clone() },
        None => Carrier::Twilio,
    }
}

/// Each day from 8 to 21.
pub fn by_day() -> Week {
    let day: Option<Span> = "08:00-21:00".parse().ok();
    Week::of(&DAYS.map(|(day, _)| day), day.as_slice())
}

impl Reminding {
    /// Whether people may be reminded at `now` by clocks in `zone`, or from when on.
    pub fn possible(&self, now: Timestamp, zone: &Zone) -> Possible {
        match self.hours.covering(now, zone) {
            Covering::Within { .. } => Possible::Now,
            Covering::Outside { until: Some(at) } => Possible::From(at),
            Covering::Outside { until: None } => Possible::Never(Missed::NoTimeLeft),
        }
    }

    /// Everything that is wrong with it, each with its path within a service.
    pub(super) fn lint(&self) -> Vec<Invalid> {
        let mut found = vec![];
        if !(1..=WAYS_MAX).contains(&self.by.len()) {
            found.push(Invalid::new("remind.by", format!("must name 1 to {WAYS_MAX} ways")));
        }
        if self.hours.is_empty() {
            found.push(Invalid::new("remind.hours", "must have a time at which people may be reminded"));
        }
        for (index, way) in self.by.iter().take(WAYS_MAX).enumerate() {
            let path = format!("remind.by[{index}]");
            if self.by.iter().take(index).any(|other| other.word() == way.word()) {
                found.push(Invalid::new(&path, "must name each way once"));
            }
            match way {
                Way::Sms { text } => found.extend(text.as_ref().and_then(|text| bad_text(&path, text))),
                Way::WhatsApp { template, phone_number_id } => {
                    found.extend(bad_template(&path, template, phone_number_id.as_ref()));
                }
                Way::Call {} => {}
            }
        }
        found
    }
}

fn bad_text(path: &str, text: &str) -> Option<Invalid> {
    let fits = !text.trim().is_empty() && text.chars().count() <= REMINDER_MAX_CHARS;
    let path = format!("{path}.text");
    if !fits {
        return Some(Invalid::new(path, format!("must have 1 to {REMINDER_MAX_CHARS} characters")));
    }
    unknown_place(text).then(|| Invalid::new(path, known_places()))
}

fn bad_template(path: &str, template: &Template, phone_number_id: Option<&String>) -> Option<Invalid> {
    let digits = |id: &&String| (1..=32).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_digit());
    if phone_number_id.is_some() && phone_number_id.filter(digits).is_none() {
        return Some(Invalid::new(format!("{path}.phone_number_id"), "must be 1 to 32 digits"));
    }
    let path = format!("{path}.template");
    if let Err(wrong) = template.check(&carrier(phone_number_id)) {
        return Some(Invalid::new(path, wrong.to_string()));
    }
    template.variables.values().any(|form| unknown_place(form)).then(|| Invalid::new(path, known_places()))
}

fn known_places() -> String {
    format!("may have the places {{{{{}}}}} alone", PLACES.join("}}, {{"))
}

/// Whether something stands in double braces that is not filled in.
fn unknown_place(form: &str) -> bool {
    form.split("{{").skip(1).any(|behind| {
        let name = behind.split_once("}}").map(|(name, _)| name.trim());
        name.is_none_or(|name| !PLACES.contains(&name))
    })
}
