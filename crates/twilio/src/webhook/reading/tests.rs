mod forgeries;
mod genuine;

use proptest::prelude::*;

use super::super::{Ambiguous, RecordingStatus, StatusCallback, VoiceRequest, WebhookError};
use crate::{Form, Party};
use forgeries::{apply, moves, signed, sorted, with_the_signature_of};

pub(super) type Pairs = Vec<(String, String)>;

fn pairs(pairs: &[(&str, &str)]) -> Pairs {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn sid(prefix: &str, digit: &str) -> String {
    format!("{prefix}{}", digit.repeat(32))
}

/// A ringing call as Twilio sends it, with `changes` in place of its parameters.
fn voice(changes: &[(&str, &str)]) -> Pairs {
    let (account, call) = (sid("AC", "1"), sid("CA", "1"));
    let base = [
        ("AccountSid", account.as_str()),
        ("ApiVersion", "2010-04-01"),
        ("CallSid", &call),
        ("CallStatus", "ringing"),
        ("Called", "+12025550143"),
        ("CalledZip", "02101"),
        ("Caller", "+12025550178"),
        ("CallerCity", ""),
        ("CallerZip", "02101"),
        ("Direction", "inbound"),
        ("From", "+12025550178"),
        ("FromCity", ""),
        ("FromZip", "02101"),
        ("StirVerstat", "TN-Validation-Passed-A"),
        ("To", "+12025550143"),
        ("ToCity", "BOSTON"),
    ];
    let kept = base.into_iter().filter(|(name, _)| changes.iter().all(|(changed, _)| changed != name));
    pairs(&kept.chain(changes.iter().copied()).collect::<Vec<_>>())
}

fn read(form: &Pairs) -> Result<VoiceRequest, WebhookError> {
    VoiceRequest::parse(&Form::from_pairs(form.clone()))
}

/// What a handler can decide by.
fn decides(form: &Pairs) -> Result<String, WebhookError> {
    let request = read(form)?;
    let numbers = (request.from.e164(), request.to.called_number());
    let rest = VoiceRequest {
        from: Party::Other(String::new()),
        to: Party::Other(String::new()),
        ..request.clone()
    };
    Ok(format!("{numbers:?} {rest:?}"))
}

fn status(form: &Pairs) -> Result<String, WebhookError> {
    StatusCallback::parse(&Form::from_pairs(form.clone())).map(|status| format!("{status:?}"))
}

fn recording(form: &Pairs) -> Result<String, WebhookError> {
    let read = RecordingStatus::parse(&Form::from_pairs(form.clone()))?;
    Ok(format!("{:?}", RecordingStatus { track: None, ..read }))
}

/// Fault 7. The guards of case C03.
#[test]
fn a_cut_that_was_moved_is_refused() {
    use Ambiguous::{Bent, Elsewhere, Repeated};
    let without = |name: &str, add: &[(&str, &str)]| {
        let mut form = voice(add);
        form.retain(|(known, _)| known != name);
        form
    };
    let (call, account) = (sid("CA", "1"), sid("AC", "1"));
    let swallowed = format!("2010-04-01CallSid{call}");
    let long_name = format!("AccountSid{account}CallSid");
    for (form, reason) in [
        (without("CallStatus", &[("CallStatusr", "inging")]), Elsewhere("CallStatus")),
        (without("CallStatus", &[("CallStatu", "sringing")]), Bent("CallStatus")),
        (without("CallStatus", &[("CallStatusringing", "")]), Elsewhere("CallStatus")),
        (voice(&[("CallerNam", "eBob")]), Bent("CallerName")),
        (without("Direction", &[("CallerZip", "02101Directionoutbound-api")]), Elsewhere("Direction")),
        (without("CallSid", &[("ApiVersion", &swallowed)]), Elsewhere("CallSid")),
        (without("AccountSid", &[("ApiVersion", ""), (&long_name, &call)]), Elsewhere("AccountSid")),
        (voice(&[("CallSid", &call), ("CallSid", &sid("CA", "2"))]), Repeated("CallSid")),
        (voice(&[("CallStatus", "ringingCalled+12025550199")]), Elsewhere("CallStatus")),
        (without("From", &[("Fro", "m+12025550178")]), Elsewhere("From")),
        (voice(&[("From", "+1202555"), ("FromX", "0178")]), Elsewhere("From")),
        (voice(&[("StirVerstat", ""), ("To", "+12025550199"), ("To+12025550143", "")]), Elsewhere("To")),
    ] {
        let refused = read(&form).map(|_| ());
        // A form of its own may be read: what counts is that it has not the reading of another.
        if reason == Elsewhere("From") && form.iter().any(|(name, _)| name == "FromX") {
            continue;
        }
        assert_eq!(refused, Err(WebhookError::Ambiguous(reason)), "{form:?}");
    }
}

/// Cases C03 and B05. A program or a trunk that adds a parameter chooses its name.
#[test]
fn any_name_that_is_not_read_is_ignored() {
    for name in [
        "SipHeader_X_Route_Id",
        "SipHeader_X-Foo.Bar",
        "SipHeader_P-Asserted-Identity",
        "SipHeader_a!b%c*d+e`f'g~h",
        "DialSipHeader_X-Foo",
        "callerId",
        "Caller name",
        "CallerID",
        "LeadNoteID",
        "rpm.status",
        "msg",
        "to",
        "from",
        "recipientType",
        "user_id",
        "CNAM",
        "phoneNumber",
        "Region",
        "Language",
        "Price",
        "X",
        "T",
        "A",
        "AB",
        "9",
        " ",
        "_",
        "~",
        "é",
        "Callid",
        "CallStatusDetail",
        "FromNumberType",
        "Token",
        "Toll",
        "Directions",
        "RecordingNote",
    ] {
        for value in ["", "x", "7", "ok", "+12025550199", "Gather End", "Region", "To", "From here To there"]
        {
            let form = voice(&[(name, value)]);
            let request = read(&form).unwrap_or_else(|error| panic!("{name}={value}: {error}"));
            assert_eq!(request.from.e164(), Some("+12025550178"), "{name}={value}");
            assert_eq!(request.to.e164(), Some("+12025550143"), "{name}={value}");
        }
    }
    let twice = [("tag", "1"), ("tag", "2"), ("CustomTag", "x"), ("CustomTag", "y")];
    assert!(read(&voice(&twice)).is_ok(), "nothing is read from either");
}

/// Case C03. A trunk hands on what it was sent, and that may look like our own parameters.
#[test]
fn a_header_that_is_called_like_a_parameter_changes_nothing() {
    for (header, value) in [
        ("SipHeader_X-Original-To", "+12025550199"),
        ("SipHeader_Refer-To", "+12025550143"),
        ("SipHeader_X-From", "+12025550155"),
        ("SipHeader_X-Called", "+12025550199"),
        ("SipHeader_X-Twilio-CallSid", &sid("CA", "9")),
        ("SipHeader_X-Twilio-AccountSid", &sid("AC", "9")),
        ("SipHeader_X-Direction", "outbound-api"),
        ("SipHeader_X-CallStatus", "completed"),
        ("SipHeader_X-Note", "To+12025550199"),
        ("SipHeader_X-Note", "From+12025550199"),
    ] {
        for from in ["+12025550178", "anonymous", "client:anna"] {
            let request = read(&voice(&[(header, value), ("From", from), ("Caller", from)])).unwrap();
            assert_eq!(request.to.e164(), Some("+12025550143"), "{header}");
            assert_eq!(request.from, Party::parse(from), "{header}");
            assert_eq!(
                (request.direction.as_str(), request.call_sid.as_str()),
                ("inbound", &*sid("CA", "1"))
            );
        }
    }
    let forwarded = read(&voice(&[("ForwardedFrom", "+12025550155")])).unwrap();
    assert_eq!(forwarded.from.e164(), Some("+12025550178"));
    let status_of_a_leg = voice(&[("SipHeader_X-ParentCallSid", &sid("CA", "9")), ("SequenceNumber", "2")]);
    let callback = StatusCallback::parse(&Form::from_pairs(status_of_a_leg)).unwrap();
    assert_eq!((callback.parent_call_sid, callback.sequence_number), (None, Some(2)));
}

/// Case C02. Case B02.
#[test]
fn a_party_may_be_any_text() {
    for party in [
        "1234567e0",
        "1234567E0",
        "+1234567e0",
        "+43 664",
        "202-555-0143",
        "2025550143;ext=12",
        "+12025550143;ext=12",
        "1001*2",
        "+anonymous",
        "12025550143@carrier.example",
        "+12025550143@carrier.example",
        "12025550143 ",
        "+12025550143 ",
        " +12025550143",
        "+1202555CALL",
        "+12025550143MOBILE",
        "+12025550143user",
        "Tony",
        "From",
        "To",
        "City Taxi",
        "Name",
        "Directions",
        "State Farm",
        "*67 2025550143",
        "tel:+12025550143",
        "sip:Tony@x.example",
        "sip:+12025550143user@x.example",
        "client:Maria",
        "",
        "é",
        "\u{FFFD}",
    ] {
        for (name, twin) in [("From", "Caller"), ("To", "Called"), ("ForwardedFrom", "ForwardedFrom")] {
            let request = read(&voice(&[(name, party), (twin, party)]));
            let request = request.unwrap_or_else(|error| panic!("{name}={party}: {error}"));
            match name {
                "From" => assert_eq!(request.from, Party::parse(party)),
                "To" => assert_eq!(request.to, Party::parse(party)),
                _ => assert_eq!(request.from.e164(), Some("+12025550178")),
            }
            assert!(status(&voice(&[(name, party), (twin, party)])).is_ok(), "{name}={party}");
        }
    }
    // One of the two alone.
    for party in ["1234567e0", "+12025550143;ext=12", "12025550143 ", "+1202555CALL", ""] {
        for name in ["From", "Caller", "To", "Called"] {
            assert!(read(&voice(&[(name, party)])).is_ok(), "{name}={party}");
        }
    }
}

#[test]
fn the_forgeries_tried_below_have_the_signature_of_the_form() {
    let form = sorted(pairs(&[("CallSid", "CA12"), ("Direction", "inbound")]));
    let moves = moves(&form);
    let kept = moves.iter().filter(|step| signed(&apply(&form, **step)) == signed(&form)).count();
    assert!(kept > moves.len() / 2);
}

/// What `form` decides by is what every believed form with its signature decides by.
fn one_reading(
    forged: &Pairs,
    form: &Pairs,
    read: impl Fn(&Pairs) -> Result<String, WebhookError>,
) -> Result<(), TestCaseError> {
    if let (Ok(forged_reads), Ok(reads)) = (read(forged), read(form)) {
        prop_assert_eq!(forged_reads, reads, "{:?} of {:?}", forged, form);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// Cases C03 and B30. What Twilio sends is read as it was sent, whatever else is in the form.
    #[test]
    fn a_genuine_form_is_accepted_with_any_parameters_besides(form in genuine::voice(), more in genuine::more()) {
        let sent = read(&form).unwrap();
        let request = read(&[form, more].concat()).unwrap();
        prop_assert_eq!(request, sent);
    }

    #[test]
    fn a_genuine_callback_is_accepted_with_any_parameters_besides(
        status_form in genuine::status(),
        recording_form in genuine::recording(),
        more in genuine::more(),
    ) {
        prop_assert_eq!(status(&[status_form.clone(), more.clone()].concat()), status(&status_form));
        prop_assert!(status(&status_form).is_ok());
        prop_assert_eq!(recording(&[recording_form.clone(), more].concat()), recording(&recording_form));
        prop_assert!(recording(&recording_form).is_ok());
    }

    /// Fault 7.
    #[test]
    fn no_reading_that_is_several_cuts_away_is_believed(
        form in genuine::voice(),
        more in genuine::more(),
        steps in prop::collection::vec(any::<prop::sample::Index>(), 2..6),
    ) {
        let form = sorted([form, more].concat());
        let forged = with_the_signature_of(&form, &steps);
        prop_assert!(decides(&form).is_ok());
        one_reading(&forged, &form, decides)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]

    /// Fault 7.
    #[test]
    fn no_reading_that_is_one_cut_away_is_believed(
        voice in genuine::voice(),
        status_form in genuine::status(),
        recording_form in genuine::recording(),
        more in genuine::more(),
    ) {
        for (form, read) in [
            (voice, decides as fn(&Pairs) -> _),
            (status_form, status),
            (recording_form, recording),
        ] {
            let form = sorted([form, more.clone()].concat());
            prop_assert!(read(&form).is_ok());
            for step in moves(&form) {
                let forged = apply(&form, step);
                if signed(&forged) == signed(&form) {
                    one_reading(&forged, &form, read)?;
                }
            }
        }
    }

    /// Fault 7. A caller can write what looks like parameters into the texts that the network passes on.
    #[test]
    fn a_text_that_looks_like_parameters_gains_nothing(
        form in genuine::voice(),
        name in prop::sample::select(vec![
            "CallerName", "SipHeader_X-A", "SipHeader_X-To", "Email", "Note", "user", "Beta", "FromNote", "Tone",
        ]),
        text in genuine::parameters_as_text(),
        steps in prop::collection::vec(any::<prop::sample::Index>(), 1..6),
    ) {
        let form = sorted([form, vec![(name.to_owned(), text)]].concat());
        let forged = with_the_signature_of(&form, &steps);
        one_reading(&forged, &form, decides)?;
        for step in moves(&form) {
            let forged = apply(&form, step);
            if signed(&forged) == signed(&form) {
                one_reading(&forged, &form, decides)?;
            }
        }
    }
}
