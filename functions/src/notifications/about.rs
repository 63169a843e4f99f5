//! What an event is about, as a notification tells it: read from the event and the contact as they stand when it is sent.
//!
//! A person who was erased meanwhile is in neither, so a notification that waited does not name them.

use domain::contact::ContactId;
use domain::event::Type;
use domain::notification::words::What;
use domain::usage::Meter;
use domain::{BusinessId, CallSid};
use serde_json::Value;
use stores::events::Event;

/// What an event says that matters here. It is made of one event, whose type it fits.
pub(super) struct About {
    kind: Type,
    body: Value,
}

impl About {
    /// `None`: people are not told of events of this type, or it cannot be read.
    pub(super) fn of(event: &Event) -> Option<Self> {
        Some(Self { kind: Type::parse(&event.kind)?, body: serde_json::from_str(&event.body).ok()? })
    }

    fn text(&self, pointer: &str) -> Option<&str> {
        self.body.pointer(pointer).and_then(Value::as_str)
    }

    fn number(&self, pointer: &str) -> u64 {
        self.body.pointer(pointer).and_then(Value::as_u64).unwrap_or_default()
    }

    /// What happened. `None`: people are not told of events of this type.
    pub(super) fn what(&self) -> Option<What<'_>> {
        Some(match self.kind {
            Type::MessageTaken => What::Message { recipient: self.text("/message/for") },
            Type::VoicemailReceived => What::Voicemail,
            Type::CallMissed => What::MissedCall,
            Type::ThreadHandedOver => What::HandedOver,
            Type::UsageWarning | Type::UsageCapReached => What::Budget {
                meter: if self.text("/meter") == Some("money") { Meter::Money } else { Meter::Minutes },
                used: self.number("/used"),
                cap: self.number("/cap"),
                is_reached: self.kind == Type::UsageCapReached,
            },
            Type::EndpointDisabled => {
                let description = self.text("/description").filter(|text| !text.is_empty());
                What::Unreachable { name: description.or_else(|| self.text("/endpoint"))? }
            }
            Type::ReceiverDisabled => What::Unreachable { name: self.text("/name")? },
            _ => return None,
        })
    }

    /// The number of who called or wrote.
    pub(super) fn caller(&self) -> Option<&str> {
        // `hidden` and other words are no numbers.
        let from = self.text("/from").or_else(|| self.text("/call/from"));
        from.filter(|from| from.starts_with('+'))
    }

    /// Their contact.
    pub(super) fn contact(&self) -> Option<ContactId> {
        let id = self.text("/contact").or_else(|| self.text("/call/contact"))?;
        ContactId::parse(id).ok()
    }

    /// Where the console shows more, below its own address.
    pub(super) fn screen(&self, business: &BusinessId) -> String {
        let call = || self.text("/call/sid").and_then(|sid| CallSid::parse(sid).ok());
        let below = match self.kind {
            Type::ThreadHandedOver | Type::MessageTaken if self.text("/thread").is_some() => {
                format!("inbox/{}", self.text("/thread").unwrap_or_default())
            }
            Type::MessageTaken | Type::VoicemailReceived | Type::CallMissed => {
                call().map_or_else(|| "messages".to_owned(), |sid| format!("calls/{sid}"))
            }
            Type::UsageWarning | Type::UsageCapReached => "usage".to_owned(),
            Type::EndpointDisabled => "endpoints".to_owned(),
            _ => "overview".to_owned(),
        };
        format!("/console#/b/{business}/{below}")
    }
}

#[cfg(test)]
mod tests {
    use domain::Timestamp;
    use domain::notification::Cause;
    use domain::notification::words::{Told, Who, Words};

    use super::*;

    fn about(kind: Type) -> About {
        let (id, name) = (String::new(), kind.name().to_owned());
        let body = kind.example().to_owned();
        About::of(&Event { sequence: 1, id, kind: name, call: None, direction: None, body, at: Timestamp(0) })
            .unwrap()
    }

    /// The example of each type of event that a rule may name.
    #[test]
    fn every_cause_is_told_in_words_that_hold_nothing_of_what_was_said() {
        let business = BusinessId::parse("harbour-bikes").unwrap();
        let mut told = vec![];
        for kind in Type::ALL.iter().copied().filter(|kind| Cause::of(*kind).is_some()) {
            let about = about(kind);
            let who = Who { name: None, number: about.caller() };
            let link = about.screen(&business);
            let what = about.what().unwrap();
            let words = Words::of(&Told { business: "Harbour Bikes", what, who, link: &link }, "en");
            told.push(format!("{}: {}", kind.name(), words.plain().replace('\n', " | ")));
        }
        let all = told.join("\n");
        for line in [
            "message.taken: Harbour Bikes: New message | +12025550178 left a message for Robin. | /console#/b/harbour-bikes/calls/CA",
            "voicemail.received: Harbour Bikes: New voicemail | +12025550178 left a recorded message.",
            "call.missed: Harbour Bikes: Missed call | +12025550178 called, and no agent took the call.",
            "with a withheld number over to you. | /console#/b/harbour-bikes/inbox/7d0e",
            "800 minutes of 1000 minutes are used this month. | /console#/b/harbour-bikes/usage",
            "the office's system is told nothing any more. | /console#/b/harbour-bikes/endpoints",
            "The shop's room is told nothing any more.",
        ] {
            assert!(all.contains(line), "{line}: {all}");
        }
        for said in ["bicycle", "refund"] {
            assert!(!all.contains(said), "{all}");
        }
        assert!(Type::ALL.iter().all(|kind| Cause::of(*kind).is_some() == about(*kind).what().is_some()));
    }

    #[test]
    fn who_is_hidden_is_not_named() {
        let body = r#"{ "call": { "sid": "x", "from": "hidden", "contact": null } }"#;
        let about = About { kind: Type::CallMissed, body: serde_json::from_str(body).unwrap() };
        assert_eq!((about.caller(), about.contact()), (None, None));
        let business = BusinessId::parse("harbour").unwrap();
        assert_eq!(about.screen(&business), "/console#/b/harbour/messages");
    }
}
