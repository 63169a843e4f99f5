use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

const NOW: Timestamp = Timestamp::from_secs(1_795_000_000);
const EXPECTED: Expected<'_> =
    Expected { issuer: "https://id.example", client_id: "switchboard", nonce: "n-1" };

fn good() -> Value {
    json!({
        "iss": "https://id.example", "sub": "ada", "aud": "switchboard", "nonce": "n-1",
        "exp": NOW.secs() + 300, "iat": NOW.secs(), "email": "ada@example.com", "email_verified": true,
        "at_hash": "ignored",
    })
}

/// The good token with other values; null takes a claim away.
fn judged(changes: Value) -> Result<Person, TokenFault> {
    let mut token = good();
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => drop(token.as_object_mut().unwrap().remove(name)),
            value => token[name] = value.clone(),
        }
    }
    serde_json::from_value::<Claims>(token).unwrap().person(EXPECTED, NOW)
}

#[test]
fn a_good_token_names_the_person() {
    let person = judged(json!({})).unwrap();
    assert_eq!(person.id, PersonId::of("https://id.example", "ada"));
    assert_eq!(person.email.as_ref().map(Email::as_str), Some("ada@example.com"));
    assert!(!format!("{person:?}").contains("ada"));
    for good in [
        json!({ "aud": ["switchboard"] }),
        json!({ "aud": ["other", "switchboard"], "azp": "switchboard" }),
        json!({ "azp": "switchboard" }),
        json!({ "exp": NOW.secs() - 59 }),
        json!({ "iat": NOW.secs() + 60, "nbf": NOW.secs() + 60 }),
        json!({ "exp": (NOW.secs() + 1) as f64 + 0.5 }),
    ] {
        assert_eq!(judged(good.clone()).as_ref(), Ok(&person), "{good}");
    }
}

#[test]
fn each_fault_has_its_name() {
    for (changes, fault) in [
        (json!({ "iss": "https://id.example/" }), TokenFault::Issuer),
        (json!({ "iss": "https://evil.example" }), TokenFault::Issuer),
        (json!({ "aud": "other" }), TokenFault::Audience),
        (json!({ "aud": [] }), TokenFault::Audience),
        (json!({ "aud": ["other", "switchboard"] }), TokenFault::Audience),
        (json!({ "aud": ["other", "switchboard"], "azp": "other" }), TokenFault::Audience),
        (json!({ "azp": "other" }), TokenFault::Audience),
        (json!({ "exp": NOW.secs() - 60 }), TokenFault::Expired),
        (json!({ "iat": NOW.secs() + 61 }), TokenFault::Future),
        (json!({ "nbf": NOW.secs() + 61 }), TokenFault::Future),
        (json!({ "nonce": "n-2" }), TokenFault::Nonce),
        (json!({ "nonce": null }), TokenFault::Nonce),
        (json!({ "sub": "" }), TokenFault::Subject),
        (json!({ "sub": "x".repeat(256) }), TokenFault::Subject),
    ] {
        assert_eq!(judged(changes.clone()), Err(fault), "{changes}");
    }
    for missing in ["iss", "sub", "aud", "exp", "iat"] {
        let mut token = good();
        token.as_object_mut().unwrap().remove(missing);
        assert!(serde_json::from_value::<Claims>(token).is_err(), "{missing}");
    }
}

#[test]
fn an_address_that_is_not_verified_is_not_shown() {
    for (verified, shown) in [
        (json!(true), true),
        (json!("true"), true),
        (json!(false), false),
        (json!("false"), false),
        (Value::Null, false),
    ] {
        let person = judged(json!({ "email_verified": verified })).unwrap();
        assert_eq!(person.email.is_some(), shown, "{verified}");
    }
    assert_eq!(judged(json!({ "email": "x".repeat(255) })).unwrap().email, None);
}

/// RFC 7636, appendix B, has the challenge of one verifier; ours is made of one in the same way.
#[test]
fn a_challenge_is_the_hash_of_its_verifier() {
    let key = TokenKey::new(Secret::new("k".repeat(32))).unwrap();
    let token = AttemptToken::of_random(&[7; 32]);
    let known = Sha256::digest("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
    assert_eq!(URL_SAFE_NO_PAD.encode(known), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    let verifier = token.verifier(&key);
    assert_eq!(verifier.expose().len(), 43);
    assert_eq!(token.challenge(&key), URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.expose())));
}

#[test]
fn every_refused_invitation_is_a_reason_of_the_page() {
    for reason in [NotInvited::InvitationUnknown, NotInvited::InvitationOver, NotInvited::InvitationUsed] {
        assert_eq!(NotSignedIn::from(reason).as_str(), reason.code());
    }
    let words: std::collections::BTreeSet<&str> =
        NotSignedIn::ALL.iter().map(|reason| reason.as_str()).collect();
    assert_eq!(words.len(), NotSignedIn::ALL.len());
    assert!(words.iter().all(|word| word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')));
}

proptest! {
    /// What comes back by way of the issuer tells neither the cookie, the verifier nor the nonce.
    #[test]
    fn a_state_is_its_attempts_and_tells_nothing(random in any::<[u8; 32]>(), other in any::<[u8; 32]>()) {
        prop_assume!(random != other);
        let key = TokenKey::new(Secret::new("k".repeat(32))).unwrap();
        let [token, other] = [random, other].map(|random| AttemptToken::of_random(&random));
        prop_assert!(token.is(&token.state()) && !other.is(&token.state()));
        prop_assert_eq!(&AttemptToken::parse(token.secret().expose()).unwrap(), &token);
        let all = [
            token.secret().expose().to_owned(),
            token.state(),
            token.verifier(&key).expose().to_owned(),
            token.challenge(&key),
            token.nonce(&key),
        ];
        for (at, one) in all.iter().enumerate() {
            prop_assert!(all.iter().skip(at + 1).all(|another| one != another));
        }
    }

    #[test]
    fn a_person_is_of_one_issuer(issuer in "[a-z:/.]{1,30}", subject in ".{1,30}", more in "[a-z]{1,3}") {
        let person = PersonId::of(&issuer, &subject);
        prop_assert_eq!(PersonId::parse(person.as_str()), Ok(person.clone()));
        prop_assert_ne!(&person, &PersonId::of(&format!("{issuer}{more}"), &subject));
        prop_assert_ne!(&person, &PersonId::of(&issuer, &format!("{more}{subject}")));
    }

    /// No token that is older than its end passes, whatever else it says.
    #[test]
    fn no_token_outlives_its_end(exp in any::<i32>(), iat in any::<i32>()) {
        let passes = judged(json!({ "exp": exp, "iat": iat })).is_ok();
        let now = NOW.secs();
        prop_assert_eq!(passes, i64::from(exp) + 60 > now && i64::from(iat) - 60 <= now);
    }
}
