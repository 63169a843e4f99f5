//! The body of a webhook: decoded once, verified as it was signed, and never in two readings that disagree.

use std::collections::HashMap;
use std::fmt::Debug;

use twilio::signature::{Algorithm, Refused, Verifier, sign_form};
use twilio::webhook::{
    AmdCallback, ConnectAction, DialAction, RecordingStatus, StatusCallback, StreamStatus, VoiceRequest,
    WebhookError,
};
use twilio::{Form, Party, SigningKey};

const URL: &str = "https://api.example.com/voice?business=1";

pub(crate) fn check(body: &[u8]) {
    let Ok(form) = Form::parse(body) else { return };
    // A body may grow beyond its bound when it is written again.
    if let Ok(again) = Form::parse(form.encode().as_bytes()) {
        assert!(!form.is_text() || again == form, "a form reads back as another");
    }
    let (ours, theirs) =
        (SigningKey::new("0123456789abcdef").unwrap(), SigningKey::new("fedcba9876543210").unwrap());
    let signature = sign_form(Algorithm::HmacSha1, &ours, URL, &form);
    let stranger = Verifier::new(vec![theirs], HashMap::new());
    assert!(matches!(stranger.verify_form(URL, form.clone(), &signature, None), Err(Refused::Mismatch)));

    let verifier = Verifier::new(vec![ours], HashMap::new());
    match verifier.verify_form(URL, form.clone(), &signature, None) {
        Ok(_) => {}
        Err(Refused::Address) => return,
        Err(refused) => panic!("signed by us and refused: {refused}"),
    }
    let cuts: Vec<Form> = other_cuts(&form)
        .into_iter()
        .filter(|cut| verifier.verify_form(URL, cut.clone(), &signature, None).is_ok())
        .collect();
    one_reading(&form, &cuts, VoiceRequest::parse, voice);
    one_reading(&form, &cuts, ConnectAction::parse, |action| voice(&action.call));
    one_reading(&form, &cuts, DialAction::parse, |dial| {
        format!("{} {:?} {:?}", voice(&dial.call), dial.status, dial.bridged)
    });
    one_reading(&form, &cuts, StatusCallback::parse, |status| format!("{status:?}"));
    one_reading(&form, &cuts, StreamStatus::parse, |stream| format!("{stream:?}"));
    one_reading(&form, &cuts, AmdCallback::parse, |amd| format!("{amd:?}"));
    one_reading(&form, &cuts, RecordingStatus::parse, |recording| {
        // Not protected, and nothing is decided by it.
        format!("{:?}", RecordingStatus { track: None, ..recording.clone() })
    });
}

/// Of a party only the number is protected.
fn voice(request: &VoiceRequest) -> String {
    let numbers = (request.from.e164(), request.to.called_number());
    let rest = VoiceRequest {
        from: Party::Other(String::new()),
        to: Party::Other(String::new()),
        ..request.clone()
    };
    format!("{numbers:?} {rest:?}")
}

/// Of all forms with one signature those that are believed read the same.
fn one_reading<W: Debug>(
    form: &Form,
    cuts: &[Form],
    parse: impl Fn(&Form) -> Result<W, WebhookError>,
    decides: impl Fn(&W) -> String,
) {
    let readings = std::iter::once(form).chain(cuts).filter_map(|form| parse(form).ok());
    let mut readings = readings.map(|webhook| decides(&webhook));
    let Some(first) = readings.next() else { return };
    for reading in readings {
        assert_eq!(reading, first, "two readings");
    }
}

/// The form with one cut between a name and its value moved by up to the length of a name, and with one parameter taken
/// into the one before it.
fn other_cuts(form: &Form) -> Vec<Form> {
    let mut pairs: Vec<(String, String)> =
        form.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    pairs.sort();
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
        if let Some((next, next_value)) = pairs.get(position + 1) {
            let mut swallowed = pairs.clone();
            swallowed.splice(position..position + 2, [(name.clone(), format!("{value}{next}{next_value}"))]);
            forms.push(Form::from_pairs(swallowed));
        }
    }
    forms
}
