//! A text that came in: SMS, MMS or WhatsApp.

use std::fmt;

use super::WebhookError;
use super::fields::Fields;
use super::names::{ACCOUNT_SID, MESSAGE_SID, TEXT_FROM, TEXT_TO};
use super::reading::Param;
use crate::{Form, Sid, SidKind};

/// What both parties of a text over WhatsApp begin with.
const WHATSAPP: &str = "whatsapp:";
/// Media of one text, at most (Twilio's Messages resource).
const MAX_MEDIA: usize = 10;

/// The request that Twilio makes for a text to one of the account's numbers (Twilio docs, "Messaging webhooks"). Which
/// parameters there are depends on the medium, and Twilio adds some without notice.
///
/// Account, sid and numbers are protected as in a call's webhooks. The rest is what a person wrote or chose: a cut in it
/// gives other words to the same person.
#[derive(Clone, PartialEq, Eq)]
pub struct IncomingMessage {
    /// Twilio's name of the text.
    pub message_sid: Sid,
    /// The account or subaccount.
    pub account_sid: Sid,
    /// Where it came from, as received: a number, `whatsapp:` and a number, or `whatsapp:` and an id of the person.
    pub from: String,
    /// Where it went to, in the same form.
    pub to: String,
    /// The messaging service that received it.
    pub messaging_service_sid: Option<String>,
    /// The words; blank for a picture without words.
    pub body: String,
    /// Pictures, voice notes and documents, in their order.
    pub media: Vec<IncomingMedia>,
    /// Twilio's word for what it is, such as `text`, `image` or `interactive`.
    pub message_type: Option<String>,
    /// What carrier rules took it for: `STOP`, `START` or `HELP`.
    pub opt_out_type: Option<String>,
    /// What the person calls themselves.
    pub profile_name: Option<String>,
    /// The person's number, digits alone.
    pub wa_id: Option<String>,
    /// The person's id at this business, with its `whatsapp:`.
    pub external_user_id: Option<String>,
    /// The person's id at the business's parent, with its `whatsapp:`.
    pub parent_external_user_id: Option<String>,
    /// The text that it answers.
    pub replied_to: Option<String>,
    /// What a button says that the person pressed, or a row of a list that they chose.
    pub choice: Option<String>,
    /// What the button stands for.
    pub choice_payload: Option<String>,
    /// A form that the person filled in, or another interaction: JSON.
    pub interaction: Option<String>,
    /// A place, as received.
    pub location: Option<Location>,
}

/// One medium of a text.
#[derive(Clone, PartialEq, Eq)]
pub struct IncomingMedia {
    /// Where Twilio has it. Nothing is known of the host: it is checked before credentials go there.
    pub url: String,
    /// What Twilio says that it is.
    pub content_type: Option<String>,
}

/// A place that a person sent.
#[derive(Clone, PartialEq, Eq)]
pub struct Location {
    /// Degrees, as received.
    pub latitude: String,
    /// Degrees, as received.
    pub longitude: String,
    /// The address, if there is one.
    pub address: Option<String>,
    /// What the place is called.
    pub label: Option<String>,
}

impl IncomingMessage {
    pub(super) const READS: [Param; 4] = [ACCOUNT_SID, TEXT_FROM, MESSAGE_SID, TEXT_TO];

    /// Reads a verified form.
    ///
    /// # Errors
    /// [`WebhookError`] when a sid or a party is missing or malformed, or what was signed can be read in another way.
    pub fn parse(form: &Form) -> Result<Self, WebhookError> {
        let fields = Fields::read(form, &Self::READS)?;
        let party = |param: &Param| {
            let text = fields.optional(param).map(str::trim).filter(|text| !text.is_empty());
            text.map(str::to_owned).ok_or(WebhookError::Missing(param.name))
        };
        let location = fields.text("Latitude").zip(fields.text("Longitude"));
        Ok(Self {
            message_sid: fields.sid(&MESSAGE_SID, SidKind::Message)?,
            account_sid: fields.sid(&ACCOUNT_SID, SidKind::Account)?,
            from: party(&TEXT_FROM)?,
            to: party(&TEXT_TO)?,
            messaging_service_sid: fields.text("MessagingServiceSid"),
            body: fields.text("Body").unwrap_or_default(),
            media: media(form),
            message_type: fields.text("MessageType"),
            opt_out_type: fields.text("OptOutType"),
            profile_name: fields.text("ProfileName"),
            wa_id: fields.text("WaId"),
            external_user_id: fields.text("ExternalUserId"),
            parent_external_user_id: fields.text("ParentExternalUserId"),
            replied_to: fields.text("OriginalRepliedMessageSid"),
            choice: fields.text("ButtonText").or_else(|| fields.text("ListTitle")),
            choice_payload: fields.text("ButtonPayload").or_else(|| fields.text("ListId")),
            interaction: fields.text("FlowData").or_else(|| fields.text("InteractiveData")),
            location: location.map(|(latitude, longitude)| Location {
                latitude,
                longitude,
                address: fields.text("Address"),
                label: fields.text("Label"),
            }),
        })
    }

    /// Whether it came over WhatsApp.
    pub fn is_whatsapp(&self) -> bool {
        self.to.starts_with(WHATSAPP)
    }

    /// The number that it went to, without what it went over.
    pub fn to_number(&self) -> &str {
        self.to.strip_prefix(WHATSAPP).unwrap_or(&self.to)
    }
}

/// The media that have an address, however many the form says there are.
fn media(form: &Form) -> Vec<IncomingMedia> {
    let value = |name: String| form.values(&name).next().filter(|value| !value.is_empty()).map(str::to_owned);
    let media = (0..MAX_MEDIA).filter_map(|n| {
        let content_type = value(format!("MediaContentType{n}"));
        value(format!("MediaUrl{n}")).map(|url| IncomingMedia { url, content_type })
    });
    media.collect()
}

/// Identifiers alone: the rest is personal.
impl fmt::Debug for IncomingMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IncomingMessage")
            .field("message_sid", &self.message_sid)
            .field("account_sid", &self.account_sid)
            .field("message_type", &self.message_type)
            .field("media", &self.media.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::webhook::Ambiguous;

    fn sid(prefix: &str, digit: &str) -> String {
        format!("{prefix}{}", digit.repeat(32))
    }

    /// A press of a button as Twilio delivered one, with other names and numbers.
    fn form(changes: &[(&str, &str)]) -> Form {
        let (account, message, earlier) = (sid("AC", "1"), sid("SM", "8"), sid("MM", "5"));
        let metadata =
            r#"{"type":"whatsapp","data":{"context":{"ProfileName":"Ayu","WaId":"6285100000000"}}}"#;
        let base = [
            ("OriginalRepliedMessageSender", "whatsapp:+14155550100"),
            ("ExternalUserId", "whatsapp:ID.4566546130240823"),
            ("SmsMessageSid", message.as_str()),
            ("FrequentlyForwarded", "false"),
            ("NumMedia", "0"),
            ("ProfileName", "Ayu"),
            ("MessageType", "interactive"),
            ("SmsSid", &message),
            ("WaId", "6285100000000"),
            ("SmsStatus", "received"),
            ("Body", "Konfirmasi"),
            ("Forwarded", "false"),
            ("ButtonText", "Konfirmasi"),
            ("To", "whatsapp:+14155550100"),
            ("ButtonPayload", "confirm-17"),
            ("NumSegments", "1"),
            ("ReferralNumMedia", "0"),
            ("MessageSid", &message),
            ("AccountSid", &account),
            ("OriginalRepliedMessageSid", &earlier),
            ("ChannelMetadata", metadata),
            ("From", "whatsapp:+6285100000000"),
            ("ApiVersion", "2010-04-01"),
        ];
        let kept = base.iter().filter(|(name, _)| changes.iter().all(|(changed, _)| changed != name));
        Form::from_pairs(kept.chain(changes).copied())
    }

    fn read(changes: &[(&str, &str)]) -> IncomingMessage {
        IncomingMessage::parse(&form(changes)).unwrap()
    }

    #[test]
    fn a_press_of_a_button_is_read() {
        let message = read(&[]);
        assert_eq!(message.message_sid.as_str(), sid("SM", "8"));
        assert_eq!((message.from.as_str(), message.to_number()), ("whatsapp:+6285100000000", "+14155550100"));
        assert_eq!(
            (message.choice.as_deref(), message.choice_payload.as_deref()),
            (Some("Konfirmasi"), Some("confirm-17"))
        );
        assert_eq!(message.replied_to, Some(sid("MM", "5")));
        assert!(message.is_whatsapp() && message.media.is_empty());
    }

    #[test]
    fn a_person_may_have_no_number() {
        for from in ["whatsapp:US.13491208655302741918", "whatsapp:ID.4566546130240823"] {
            assert_eq!(read(&[("From", from), ("WaId", "")]).from, from);
        }
    }

    #[test]
    fn an_sms_with_pictures_is_read() {
        let message = read(&[
            ("From", "+6285100000000"),
            ("To", "+14155550100"),
            ("FromCity", ""),
            ("NumMedia", "x"),
            ("MediaUrl0", "https://api.twilio.com/a"),
            ("MediaContentType0", "image/jpeg"),
            ("MediaUrl1", ""),
            ("MediaUrl2", "https://api.twilio.com/c"),
            ("OptOutType", "STOP"),
            ("Latitude", "48.2"),
        ]);
        assert!(!message.is_whatsapp());
        assert_eq!(message.media.len(), 2);
        assert_eq!(message.media[0].content_type.as_deref(), Some("image/jpeg"));
        assert!(message.opt_out_type.as_deref() == Some("STOP") && message.location.is_none());
    }

    /// What a person writes is theirs; the names of parameters in it change nothing.
    #[test]
    fn words_that_look_like_parameters_are_words() {
        for body in [
            "",
            "From here To there",
            "MessageSid",
            "AccountSid: SM1 From+ To+",
            "ToCity Vienna FromZip 1010",
            "From +436641234567",
            "whatsapp:+436641234567",
        ] {
            let message = read(&[("Body", body)]);
            assert_eq!((message.body.as_str(), message.to_number()), (body, "+14155550100"), "{body}");
        }
    }

    /// One signature, one reading: who has seen a webhook cannot send it again in another person's name. So words that
    /// stand directly before the sender and look like one are not believed at all.
    #[test]
    fn a_number_in_the_words_cannot_be_made_the_senders() {
        let (account, message) = (sid("AC", "1"), sid("SM", "8"));
        let sms = |body: &str, from: &str| {
            let pairs = [
                ("AccountSid", account.as_str()),
                ("Body", body),
                ("From", from),
                ("MessageSid", &message),
                ("To", "+43720123456"),
            ];
            IncomingMessage::parse(&Form::from_pairs(pairs)).map(|message| message.from)
        };
        assert_eq!(sms("Hello", "+6285100000000").as_deref(), Ok("+6285100000000"));
        let elsewhere = Err(Ambiguous::Elsewhere("From").into());
        assert_eq!(sms("From+436641234567", "+6285100000000"), elsewhere);
        assert_eq!(sms("", "+436641234567From+6285100000000"), elsewhere, "the same text, cut otherwise");
        // With a name behind it that sorts before the sender's it can be nothing but words.
        assert_eq!(read(&[("Body", "From+436641234567")]).from, "whatsapp:+6285100000000");
        let twice = form(&[("To", "+43720123456"), ("To", "+43720123457")]);
        assert_eq!(IncomingMessage::parse(&twice), Err(Ambiguous::Repeated("To").into()));
        let blank = form(&[("From", " ")]);
        assert_eq!(IncomingMessage::parse(&blank), Err(WebhookError::Missing("From")));
    }

    #[test]
    fn nothing_personal_is_printed() {
        let shown = format!("{:?}", read(&[]));
        assert!(
            !shown.contains("Ayu") && !shown.contains("62851") && !shown.contains("Konfirmasi"),
            "{shown}"
        );
    }
}
