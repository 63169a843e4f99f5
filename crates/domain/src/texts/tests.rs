use super::*;
use crate::testing;

pub(super) fn sms() -> Sender {
    let number = PhoneNumber::parse("+43720123456").unwrap();
    Sender { medium: Medium::Sms, number, carrier: Carrier::Twilio }
}

pub(super) fn whatsapp() -> Sender {
    Sender { medium: Medium::WhatsApp, ..sms() }
}

pub(super) fn handle(text: &str) -> Handle {
    Handle::parse(text).unwrap()
}

#[test]
fn a_handle_is_kept_byte_for_byte_and_read_for_a_number() {
    for (text, number) in [
        ("+436641234567", Some("+436641234567")),
        ("whatsapp:+436641234567", Some("+436641234567")),
        ("436641234567", Some("+436641234567")),
        ("whatsapp:US.13491208655302741918", None),
        ("US.ENT.11815799212886844830", None),
        ("whatsapp:ID.4566546130240823", None),
        ("whatsapp", None),
        ("87878", None),
    ] {
        let handle = handle(text);
        assert_eq!(handle.as_str(), text);
        assert_eq!(handle.phone().as_ref().map(PhoneNumber::as_e164), number, "{text}");
        assert_eq!(format!("{handle:?}"), "Handle");
    }
    for bad in ["", "a b", "a\u{0}", &"x".repeat(201)] {
        assert!(Handle::parse(bad).is_err());
    }
}

#[test]
fn a_thread_is_one_for_a_person_and_a_sender_on_any_carrier() {
    let business = testing::business().id;
    let of = |sender: &Sender, text: &str| ThreadId::of(&business, sender, &handle(text));
    let meta = Sender { carrier: Carrier::Meta { phone_number_id: "1055".into() }, ..whatsapp() };
    assert_eq!(of(&whatsapp(), "whatsapp:+436641234567"), of(&meta, "436641234567"));
    assert_ne!(of(&whatsapp(), "whatsapp:+436641234567"), of(&sms(), "+436641234567"));
    assert_ne!(of(&meta, "US.1349"), of(&meta, "US.1350"));
    let id = of(&sms(), "+436641234567");
    assert_eq!(ThreadId::parse(id.as_str()), Ok(id));
}

#[test]
fn a_handle_leads_to_a_contact_by_what_it_is() {
    let of = |medium, text: &str| handle(text).of_contact(medium).map(|handle| handle.to_string());
    for (text, contact) in [
        ("whatsapp:+436641234567", "phone:+436641234567"),
        ("436641234567", "phone:+436641234567"),
        ("whatsapp:US.13491208655302741918", "whatsapp:US.13491208655302741918"),
        ("US.ENT.11815799212886844830", "whatsapp_parent:US.ENT.11815799212886844830"),
        ("whatsapp:ID.4566546130240823", "whatsapp:ID.4566546130240823"),
    ] {
        assert_eq!(of(Medium::WhatsApp, text).as_deref(), Some(contact), "{text}");
    }
    assert_eq!(of(Medium::Sms, "+436641234567").as_deref(), Some("phone:+436641234567"));
    assert_eq!(of(Medium::Sms, "BANK"), None, "a name that is no number is anybody's");
}
