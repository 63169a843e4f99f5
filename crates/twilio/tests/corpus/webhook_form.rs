//! The body of a webhook: decoded once, verified as it was signed, and never in two readings that disagree on whose
//! call it is.

use std::collections::HashMap;

use twilio::signature::{Algorithm, Refused, Verifier, sign_form};
use twilio::webhook::{
    AmdCallback, ConnectAction, DialAction, RecordingStatus, StatusCallback, StreamStatus, VoiceRequest,
};
use twilio::{Form, Secret};

const URL: &str = "https://api.example.com/voice?business=1";
/// What a handler decides by. No other cut of a signed form may hold another value of one of these.
const DECIDES: [&str; 5] = ["CallSid", "AccountSid", "CallStatus", "RecordingSid", "StreamSid"];

pub(crate) fn check(body: &[u8]) {
    let Ok(form) = Form::parse(body) else { return };
    // A body may grow beyond its bound when it is written again.
    if let Ok(again) = Form::parse(form.encode().as_bytes()) {
        assert!(again == form, "a form reads back as another");
    }
    let (ours, theirs) = (Secret::new("0123456789abcdef").unwrap(), Secret::new("fedcba9876543210").unwrap());
    let signature = sign_form(Algorithm::HmacSha1, &ours, URL, &form);
    let stranger = Verifier::new(vec![theirs], HashMap::new());
    assert!(matches!(stranger.verify_form(URL, form.clone(), &signature, None), Err(Refused::Mismatch)));

    let verifier = Verifier::new(vec![ours], HashMap::new());
    let verified = match verifier.verify_form(URL, form.clone(), &signature, None) {
        Ok(verified) => verified,
        Err(Refused::Ambiguous(_)) => return,
        Err(refused) => panic!("signed by us and refused: {refused}"),
    };
    let _ = VoiceRequest::parse(&verified);
    let _ = StatusCallback::parse(&verified);
    let _ = StreamStatus::parse(&verified);
    let _ = RecordingStatus::parse(&verified);
    let _ = DialAction::parse(&verified);
    let _ = AmdCallback::parse(&verified);
    let _ = ConnectAction::parse(&verified);

    for forged in other_cuts(&form) {
        let Ok(read) = verifier.verify_form(URL, forged, &signature, None) else { continue };
        for name in DECIDES {
            let signed = form.first(name);
            assert!(signed.is_none() || read.first(name) == signed, "two readings of {name}");
        }
    }
}

/// The form with one cut between a name and its value moved by up to as many characters as names have.
fn other_cuts(form: &Form) -> Vec<Form> {
    let pairs: Vec<(String, String)> =
        form.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let mut forms = vec![];
    for (position, (name, value)) in pairs.iter().enumerate().take(48) {
        let joined = format!("{name}{value}");
        let cuts = joined.char_indices().map(|(at, _)| at).chain([joined.len()]).take(96);
        for at in cuts.filter(|at| *at != name.len()) {
            let (name, value) = joined.split_at(at);
            let mut pairs = pairs.clone();
            pairs[position] = (name.to_owned(), value.to_owned());
            forms.push(Form::from_pairs(pairs));
        }
    }
    forms
}
