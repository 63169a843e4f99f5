use proptest::prelude::*;

use super::super::names::Vocabulary;
use super::super::{canonical, reading};
use super::*;

type Pairs = Vec<(String, String)>;

fn accepted(pairs: &[(&str, &str)]) -> Result<(), Ambiguous> {
    let form = Form::from_pairs(pairs.iter().copied());
    reading::check(&canonical::parameters(&form))
}

/// Fault 7.
#[test]
fn a_captured_signature_does_not_verify_parameters_cut_elsewhere() {
    let url = "https://api.callcentre.example/twilio/status";
    let sent = Form::from_pairs([("Sid", "CA1"), ("SidAccount", "AC1")]);
    let forged = Form::from_pairs([("SidCA1SidAccount", "AC1")]);
    assert_eq!(sha1(url, &sent), sha1(url, &forged));
    assert_eq!(
        verifier(TOKEN).verify_form(url, forged, &sha1(url, &sent), None),
        Err(Refused::Ambiguous(Ambiguous::UnknownName))
    );

    let nothing_left = Form::default();
    let swallowed = format!("{url}SidCA1SidAccountAC1");
    assert_eq!(sha1(&swallowed, &nothing_left), sha1(url, &sent));
    assert_eq!(
        verifier(TOKEN).verify_form(url, nothing_left, &sha1(url, &sent), None),
        Err(Refused::Mismatch),
        "a longer URL has the signature, but no route has that URL"
    );
}

/// Fault 7.
#[test]
fn each_way_to_move_a_cut_is_refused() {
    use Ambiguous::{Glued, Repeated, UnknownName, Value};
    let cases: [(&[(&str, &str)], Ambiguous); 10] = [
        (&[("CallStatusr", "inging")], UnknownName),
        (&[("CallSi", "dCA1")], UnknownName),
        (&[("CallStatusringingDirection", "inbound")], UnknownName),
        (&[("CallStatus", "ringingDirectioninbound")], Value("CallStatus")),
        (&[("CallSid", "CA1"), ("CallSid", "CA2")], Repeated("CallSid")),
        (&[("Caller", "NameBob")], Glued("CallerName")),
        (&[("CallerName", "BobCallerZip1010"), ("Direction", "inbound")], Glued("CallerZip")),
        (&[("CallerName", "Bob "), ("Smith", "")], UnknownName),
        (&[("Caller", "client:aRecording"), ("StatusOf", "")], Glued("RecordingStatus")),
        (&[("SipHeader_X-AStirVerstat", "TN"), ("To", "+43720123456")], Glued("StirVerstat")),
    ];
    for (form, reason) in cases {
        assert!(form.is_sorted());
        assert_eq!(accepted(form), Err(reason), "{form:?}");
    }
}

#[test]
fn parameters_that_twilio_may_add_and_words_of_a_caller_are_accepted() {
    let voice = [("Caller", "+4366412345678"), ("Direction", "inbound"), ("To", "+43720123456")];
    for added in ["CallerReputation", "TrunkSid", "ToCarrier", "SipHeader_X-Account", "Region", "Layer2"] {
        assert_eq!(accepted(&[&voice[..], &[(added, "Some Value 1")]].concat()), Ok(()), "{added}");
    }
    for spoken in ["From here To there", "Directions, please", "Digits 12", "Called you", "To"] {
        let form = [("SpeechResult", spoken), ("To", "+43720123456"), ("CallSid", "CA1")];
        assert_eq!(accepted(&form), Ok(()), "{spoken}");
        let form = [("Body", spoken), ("MessageSid", "SM1"), ("From", "whatsapp:+4366412345678")];
        assert_eq!(accepted(&form), Ok(()), "{spoken}");
    }
    for party in
        ["anonymous", "Anonymous", "", "client:anna", "sip:anna@example.com", "+266696687", "86282452253"]
    {
        assert_eq!(accepted(&[("From", party), ("To", "+43720123456")]), Ok(()), "{party}");
    }
}

/// A genuine form: always the parameters of a voice webhook, any of the optional ones, and perhaps
/// one that is not documented yet.
fn genuine() -> impl Strategy<Value = Pairs> {
    let sid = |prefix: &'static str| "[0-9a-f]{32}".prop_map(move |digits| format!("{prefix}{digits}"));
    let number = || "\\+[1-9][0-9]{7,12}".boxed();
    let place =
        || prop_oneof![Just(String::new()), "[A-Z]{2,12}", "[A-Z][a-z]{1,8}( [A-Z][a-z]{1,6})?"].boxed();
    let status = prop::sample::select(vec!["queued", "ringing", "in-progress", "completed", "no-answer"]);
    let required = (
        sid("AC"),
        sid("CA"),
        status.prop_map(str::to_owned),
        prop_oneof![number(), Just("anonymous".to_owned()), Just("client:anna".to_owned())],
        number(),
    )
        .prop_map(|(account, call, status, from, to)| {
            [
                ("AccountSid", account),
                ("ApiVersion", "2010-04-01".to_owned()),
                ("CallSid", call),
                ("CallStatus", status),
                ("Direction", "inbound".to_owned()),
                ("From", from),
                ("To", to),
            ]
        });
    let optional = |name: &'static str, value: BoxedStrategy<String>| {
        prop::option::of(value.prop_map(move |value| (name, value)))
    };
    let texts = (
        optional("CallerCity", place()),
        optional("CallerCountry", place()),
        optional("CallerName", "[A-Za-z][a-z]{0,6}( [A-Z][a-z]{1,6}){0,2}".boxed()),
        optional("FromCity", place()),
        optional("FromZip", "[0-9]{0,5}".boxed()),
        optional("ToState", place()),
        optional("Timestamp", Just("Fri, 20 Nov 2026 10:00:00 +0000".to_owned()).boxed()),
    );
    let closed = (
        optional("Caller", number()),
        optional("ParentCallSid", sid("CA").boxed()),
        optional("CallDuration", "[0-9]{1,4}".boxed()),
        optional("SequenceNumber", "[0-9]".boxed()),
        optional("AnsweredBy", Just("machine_start".to_owned()).boxed()),
        optional("DialCallSid", sid("CA").boxed()),
        optional("ApiRegion", "[a-z]{0,5}".boxed()),
    );
    (required, texts, closed).prop_map(|(required, t, c)| {
        let optional = [t.0, t.1, t.2, t.3, t.4, t.5, t.6, c.0, c.1, c.2, c.3, c.4, c.5, c.6];
        required
            .into_iter()
            .chain(optional.into_iter().flatten())
            .map(|(name, value)| (name.to_owned(), value))
            .collect()
    })
}

fn check(pairs: &Pairs) -> Result<(), Ambiguous> {
    reading::check(&canonical::parameters(&Form::from_pairs(pairs.clone())))
}

fn signed(pairs: &Pairs) -> Vec<u8> {
    canonical::concatenate(&canonical::parameters(&Form::from_pairs(pairs.clone())))
}

fn sorted(mut pairs: Pairs) -> Pairs {
    pairs.sort();
    pairs
}

/// What a handler can see of `pairs`: nobody reads a parameter that is not documented.
fn documented(pairs: &Pairs) -> Pairs {
    let is_documented = |name: &str| Vocabulary::Voice.shape(name).is_some();
    sorted(pairs.iter().filter(|(name, _)| is_documented(name)).cloned().collect())
}

/// One way to cut what is signed elsewhere; positions are indices into the sorted parameters.
#[derive(Debug, Clone, Copy)]
enum Move {
    /// The name of a parameter ends elsewhere.
    Rename { at: usize, end: usize },
    /// A piece of a value becomes a name.
    Split { at: usize, start: usize, end: usize },
    /// A value takes in the whole next parameter.
    Swallow { at: usize },
    /// A name takes in its value and the next name.
    Stretch { at: usize },
    /// The next name begins elsewhere.
    Shift { at: usize, start: usize },
}

fn moves(pairs: &Pairs) -> Vec<Move> {
    let mut moves = Vec::new();
    for (at, (name, value)) in pairs.iter().enumerate() {
        moves.extend((1..=name.len() + value.len()).map(|end| Move::Rename { at, end }));
        for start in 0..value.len() {
            moves.extend((start + 1..=value.len()).map(|end| Move::Split { at, start, end }));
        }
        if let Some((next, _)) = pairs.get(at + 1) {
            moves.extend([Move::Swallow { at }, Move::Stretch { at }]);
            moves.extend((0..value.len() + next.len()).map(|start| Move::Shift { at, start }));
        }
    }
    moves
}

fn apply(pairs: &Pairs, step: Move) -> Pairs {
    let pair = |at: usize| (pairs[at].0.as_str(), pairs[at].1.as_str());
    let (range, with) = match step {
        Move::Rename { at, end } => {
            let whole = pair(at).0.to_owned() + pair(at).1;
            (at..at + 1, vec![(whole[..end].to_owned(), whole[end..].to_owned())])
        }
        Move::Split { at, start, end } => {
            let (name, value) = pair(at);
            let cut = [(name, &value[..start]), (&value[start..end], &value[end..])];
            (at..at + 1, cut.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec())
        }
        Move::Swallow { at } => {
            let ((name, value), (next, next_value)) = (pair(at), pair(at + 1));
            (at..at + 2, vec![(name.to_owned(), format!("{value}{next}{next_value}"))])
        }
        Move::Stretch { at } => {
            let ((name, value), (next, next_value)) = (pair(at), pair(at + 1));
            (at..at + 2, vec![(format!("{name}{value}{next}"), next_value.to_owned())])
        }
        Move::Shift { at, start } => {
            let ((name, value), (next, next_value)) = (pair(at), pair(at + 1));
            let both = value.to_owned() + next;
            let cut = [(name, &both[..start]), (&both[start..], next_value)];
            (at..at + 2, cut.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec())
        }
    };
    let mut forged = pairs.clone();
    forged.splice(range, with);
    forged
}

/// How many moves are looked at to find one that keeps the signature.
const MOVES_TRIED: usize = 100;

fn refused_if_forged(forged: &Pairs, form: &Pairs) -> Result<(), TestCaseError> {
    if signed(forged) == signed(form) && documented(forged) != documented(form) {
        prop_assert!(check(forged).is_err(), "{forged:?}");
    }
    Ok(())
}

#[test]
fn the_forgeries_tried_below_have_the_signature_of_the_form() {
    let form = sorted(vec![("CallSid".into(), "CA12".into()), ("Direction".into(), "inbound".into())]);
    let with_its_signature = |step: &&Move| signed(&apply(&form, **step)) == signed(&form);
    let moves = moves(&form);
    assert!(moves.iter().filter(with_its_signature).count() > moves.len() / 2);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn a_genuine_form_is_accepted(form in genuine()) {
        prop_assert_eq!(check(&form), Ok(()));
    }

    /// Fault 7.
    #[test]
    fn no_reading_that_is_several_cuts_away_is_accepted(
        form in genuine(),
        steps in prop::collection::vec(any::<prop::sample::Index>(), 2..5),
    ) {
        let form = sorted(form);
        let forged = steps.into_iter().fold(form.clone(), |forged, step| {
            let moves = moves(&forged);
            let from = step.index(moves.len());
            let mut next = moves[from..].iter().take(MOVES_TRIED).map(|step| apply(&forged, *step));
            next.find(|next| signed(next) == signed(&form)).unwrap_or(forged)
        });
        refused_if_forged(&forged, &form)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Fault 7.
    #[test]
    fn no_reading_that_is_one_cut_away_is_accepted(form in genuine()) {
        let form = sorted(form);
        for step in moves(&form) {
            refused_if_forged(&apply(&form, step), &form)?;
        }
    }
}
