//! Forms as Twilio sends them, and what others add to them.

use proptest::prelude::*;

use super::Pairs;

fn sid(prefix: &'static str) -> BoxedStrategy<String> {
    "[0-9a-f]{32}".prop_map(move |digits| format!("{prefix}{digits}")).boxed()
}

fn number() -> BoxedStrategy<String> {
    "\\+[1-9][0-9]{7,12}".boxed()
}

fn party() -> BoxedStrategy<String> {
    let odd = [
        "anonymous",
        "",
        "client:anna",
        "client:Maria",
        "sip:Tony@x.example",
        "1234567e0",
        "+1234567E0",
        "2025550143;ext=12",
        "+1202555MOBILE",
        "City Taxi",
        "+12025550143 ",
        "sip:+12025550143@x.example",
        "whatsapp:+12025550143",
    ];
    prop_oneof![4 => number(), 3 => prop::sample::select(odd.map(str::to_owned).to_vec())].boxed()
}

fn place() -> BoxedStrategy<String> {
    prop_oneof![Just(String::new()), "[A-Z]{2,12}", "[A-Z][a-z]{1,8}( [A-Z][a-z]{1,6})?"].boxed()
}

fn maybe(name: &'static str, value: BoxedStrategy<String>) -> BoxedStrategy<Option<(String, String)>> {
    prop::option::of(value.prop_map(move |value| (name.to_owned(), value))).boxed()
}

fn word(words: &[&str]) -> BoxedStrategy<String> {
    prop::sample::select(words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>()).boxed()
}

fn form(
    parameters: Vec<(&'static str, BoxedStrategy<String>)>,
    optional: Vec<BoxedStrategy<Option<(String, String)>>>,
) -> BoxedStrategy<Pairs> {
    let parameters: Vec<_> = parameters
        .into_iter()
        .map(|(name, value)| value.prop_map(move |value| (name.to_owned(), value)))
        .collect();
    (parameters, optional)
        .prop_map(|(parameters, optional)| {
            parameters.into_iter().chain(optional.into_iter().flatten()).collect()
        })
        .boxed()
}

/// Twilio says both parties twice.
fn with_twins(form: BoxedStrategy<Pairs>) -> BoxedStrategy<Pairs> {
    form.prop_map(|mut form: Pairs| {
        for (name, twin) in [("From", "Caller"), ("To", "Called")] {
            let value = form.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
            form.extend(value.map(|value| (twin.to_owned(), value)));
        }
        form
    })
    .boxed()
}

fn of_a_call(
    statuses: &[&str],
    optional: Vec<BoxedStrategy<Option<(String, String)>>>,
) -> BoxedStrategy<Pairs> {
    let mut more = vec![
        maybe("CalledCity", place()),
        maybe("CalledZip", "[0-9]{0,5}".boxed()),
        maybe("CallerCity", place()),
        maybe("CallerCountry", place()),
        maybe("CallerName", "[A-Za-z][a-z]{0,6}( [A-Z][a-z]{1,6}){0,2}".boxed()),
        maybe("FromCity", place()),
        maybe("FromZip", "[0-9]{0,5}".boxed()),
        maybe("ForwardedFrom", party()),
        maybe("StirVerstat", Just("TN-Validation-Passed-A".to_owned()).boxed()),
        maybe("ToCity", place()),
        maybe("ToState", place()),
    ];
    more.extend(optional);
    with_twins(form(
        vec![
            ("AccountSid", sid("AC")),
            ("ApiVersion", Just("2010-04-01".to_owned()).boxed()),
            ("CallSid", sid("CA")),
            ("CallStatus", word(statuses)),
            ("Direction", word(&["inbound", "outbound-api", "outbound-dial", "trunking-originating", "new"])),
            ("From", party()),
            ("To", party()),
        ],
        more,
    ))
}

pub(super) fn voice() -> BoxedStrategy<Pairs> {
    of_a_call(&["ringing", "in-progress", "completed", "parked"], vec![])
}

pub(super) fn status() -> BoxedStrategy<Pairs> {
    of_a_call(
        &["initiated", "ringing", "in-progress", "completed", "busy", "no-answer"],
        vec![
            maybe("CallDuration", "[0-9]{1,4}|-1|12\\.0|".boxed()),
            maybe("CallbackSource", Just("call-progress-events".to_owned()).boxed()),
            maybe("Duration", "[0-9]".boxed()),
            maybe("ErrorCode", "[0-9]{5}".boxed()),
            maybe("ParentCallSid", sid("CA")),
            maybe("SequenceNumber", "[0-9]".boxed()),
            maybe("SipResponseCode", "[2-6][0-9]{2}|486 Busy Here".boxed()),
            maybe("Timestamp", "(Mon|Fri), [0-9]{2} Nov 2026 1[0-9]:00:00 \\+0000|today|".boxed()),
        ],
    )
}

pub(super) fn recording() -> BoxedStrategy<Pairs> {
    form(
        vec![
            ("AccountSid", sid("AC")),
            ("CallSid", sid("CA")),
            ("RecordingSid", sid("RE")),
            ("RecordingStatus", word(&["in-progress", "completed", "absent", "new"])),
            ("RecordingUrl", Just("https://api.twilio.com/2010-04-01/Recordings/RE1".to_owned()).boxed()),
        ],
        vec![
            maybe("ErrorCode", "[0-9]{1,5}".boxed()),
            maybe(
                "EncryptionDetails",
                Just(r#"{"iv":"8I2hhNIY","public_key_sid":"CR1"}"#.to_owned()).boxed(),
            ),
            maybe("RecordingChannels", "[12]".boxed()),
            maybe("RecordingDuration", "[0-9]{1,4}|-1| |".boxed()),
            maybe(
                "RecordingSource",
                word(&["OutboundAPI", "StartCallRecordingTwiML", "RecordVerb", "NewVerbAPI"]),
            ),
            maybe("RecordingStartTime", "Thu, 29 Jul 2021 11:2[0-9]:33 \\+0000".boxed()),
            maybe("RecordingTrack", word(&["both", "inbound"])),
        ],
    )
}

/// Parameters that Twilio adds one day, and those of Voice SDK applications and SIP trunks.
pub(super) fn more() -> BoxedStrategy<Pairs> {
    let name = prop_oneof![
        "[A-Z][a-z]{2,8}",
        "[A-Z][a-z]{2,6}[A-Z][a-z]{1,6}",
        "[a-z]{1,8}",
        "[a-z]{2,5}[A-Z][a-z]{1,5}",
        "[a-z]{1,4}[_. -][A-Za-z0-9]{1,6}",
        "SipHeader_X-[A-Za-z0-9._!%*+`'~-]{1,12}",
        "(Called|Caller|From|To|Call|Sip|Recording)[A-Z][a-z]{2,6}",
        "[0-9]{1,3}",
    ];
    let value = prop_oneof![
        "[ -~]{0,16}",
        "[A-Z][a-z]{0,8}",
        number(),
        Just("From here To there, Direction south".to_owned()),
        Just("Jos\u{e9}".to_owned()),
    ];
    let is_new =
        |(name, _): &(String, String)| !super::super::super::names::DOCUMENTED.contains(&name.as_str());
    prop::collection::vec((name, value).prop_filter("a documented name is not a new one", is_new), 0..6)
        .boxed()
}

/// A text by an author who knows how parameters are signed.
pub(super) fn parameters_as_text() -> BoxedStrategy<String> {
    let piece = prop_oneof![
        number().prop_map(|number| format!("To{number}")),
        number().prop_map(|number| format!("From{number}")),
        number().prop_map(|number| format!("Called{number}")),
        number().prop_map(|number| format!("Caller{number}")),
        sid("CA").prop_map(|sid| format!("CallSid{sid}")),
        sid("AC").prop_map(|sid| format!("AccountSid{sid}")),
        word(&["ringing", "completed"]).prop_map(|word| format!("CallStatus{word}")),
        word(&["inbound", "outbound-api"]).prop_map(|word| format!("Direction{word}")),
        "[A-Za-z]{0,6}",
    ];
    prop::collection::vec(piece, 1..5).prop_map(|pieces| pieces.concat()).boxed()
}
