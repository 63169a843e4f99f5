use super::*;

const TOKEN: &str = "f00dbabe00112233445566778899aabb";
const DOCS_TOKEN: &str = "12345";
const DOCS_URL: &str = "https://mycompany.com/myapp.php?foo=1&bar=2";
const DOCS_SIGNATURE: &str = "RSOYDt4T1cUTdK1PDd93/VVr8B8=";
const VOICE_URL: &str = "https://api.callcentre.example/twilio/voice/inbound?tenant=acme&flow=a%20b";
const STREAM_URL: &str = "wss://media.callcentre.example/twilio/stream";

fn secret(text: &str) -> SigningKey {
    SigningKey::new(text).unwrap()
}

fn verifier(token: &str) -> Verifier {
    Verifier::new(vec![secret(token)], HashMap::new())
}

fn voice_form() -> Form {
    Form::from_pairs([
        ("CallSid", "CA0123456789abcdef0123456789abcdef"),
        ("AccountSid", "AC0123456789abcdef0123456789abcdef"),
        ("From", "+4366412345678"),
        ("To", "+43720123456"),
        ("CallStatus", "ringing"),
        ("Direction", "inbound"),
        ("ApiVersion", "2010-04-01"),
        ("CallerName", "Müller & Söhne"),
        ("Empty", ""),
    ])
}

fn docs_form() -> Form {
    Form::from_pairs([
        ("CallSid", "CA1234567890ABCDE"),
        ("Caller", "+14158675309"),
        ("Digits", "1234"),
        ("From", "+14158675309"),
        ("To", "+18005551212"),
    ])
}

fn sha1(url: &str, form: &Form) -> String {
    sign_form(Algorithm::HmacSha1, &secret(TOKEN), url, form)
}

#[test]
fn a_voice_webhook_verifies_with_and_without_the_default_port() {
    let with_port = VOICE_URL.replace(".example/", ".example:443/");
    for (signed_url, signature) in
        [(VOICE_URL, "s7Dl0j3qz3G9u2CD+nYVyTfvxkY="), (with_port.as_str(), "m56EUkPsWBPkveuBIbJfWXFgh9o=")]
    {
        assert_eq!(sha1(signed_url, &voice_form()), signature);
        for url in [VOICE_URL, &with_port] {
            let verified = verifier(TOKEN).verify_form(url, voice_form(), signature, None);
            assert_eq!(verified.unwrap().into_inner(), voice_form(), "{url}");
        }
    }
}

#[test]
fn the_form_on_the_wire_verifies_once_decoded() {
    let form = Form::parse(voice_form().encode().as_bytes()).unwrap();
    assert!(verifier(TOKEN).verify_form(VOICE_URL, form, "s7Dl0j3qz3G9u2CD+nYVyTfvxkY=", None).is_ok());
}

#[test]
fn the_documented_example_verifies_at_every_way_to_write_its_port() {
    let docs = verifier(DOCS_TOKEN);
    assert!(docs.verify_form(DOCS_URL, docs_form(), DOCS_SIGNATURE, None).is_ok());
    for (url, signature) in [
        ("http://mycompany.com:1234/myapp.php?foo=1&bar=2", "Zmvh+3yNM1Phv2jhDCwEM3q5ebU="),
        ("https://mycompany.com:443/myapp.php?foo=1&bar=2", "kvajT1Ptam85bY51eRf/AJRuM3w="),
        ("http://mycompany.com:80/myapp.php?foo=1&bar=2", "0ZXoZLH/DfblKGATFgpif+LLRf4="),
    ] {
        assert_eq!(sign_form(Algorithm::HmacSha1, &secret(DOCS_TOKEN), url, &docs_form()), signature);
        assert!(docs.verify_form(url, docs_form(), signature, None).is_ok(), "{url}");
    }
    let default_port_spelt_out = "kvajT1Ptam85bY51eRf/AJRuM3w=";
    assert!(docs.verify_form(DOCS_URL, docs_form(), default_port_spelt_out, None).is_ok());
    let http = DOCS_URL.replace("https", "http");
    assert!(docs.verify_form(&http, docs_form(), "0ZXoZLH/DfblKGATFgpif+LLRf4=", None).is_ok());
    assert_eq!(docs.verify_form(&http, docs_form(), DOCS_SIGNATURE, None), Err(Refused::Mismatch));
}

/// Fault 11.
#[test]
fn repeated_values_are_signed_once_each_and_sorted() {
    let status = "https://api.callcentre.example/twilio/status";
    let form = Form::parse(b"Digits=5&Digits=12&A=z&Digits=5&A=a&CallSid=CA1").unwrap();
    assert_eq!(sha1(status, &form), "hv71OvMx/pi80OQVR2Tl+13B3C4=");

    let form = Form::parse(b"Sid=CA123&SidAccount=AC123&Digits=5678&Digits=1234&Digits=1234").unwrap();
    let signature = sign_form(Algorithm::HmacSha1, &secret(DOCS_TOKEN), DOCS_URL, &form);
    assert_eq!(signature, "IK+Dwps556ElfBT0I3Rgjkr1wJU=");
    assert!(verifier(DOCS_TOKEN).verify_form(DOCS_URL, form, &signature, None).is_ok());
}

#[test]
fn a_get_is_signed_by_its_url() {
    let url = "https://api.callcentre.example/twilio/rec?RecordingSid=RE1&CallSid=CA1";
    let signature = "v30KInvEWOdcpTAzwfFYwbc6KaU=";
    assert_eq!(sign_url(Algorithm::HmacSha1, &secret(TOKEN), url), signature);
    assert!(verifier(TOKEN).verify_get(url, signature, None).is_ok());
    assert_eq!(
        verifier(TOKEN).verify_get(&url.replace("RE1", "RE2"), signature, None),
        Err(Refused::Mismatch)
    );
}

#[test]
fn a_body_that_is_not_a_form_is_bound_by_its_hash() {
    let hash = "3cd5f27585c33416f9f3ba7e6283080f99b9800fc003234a093476f25a3dcf0c";
    let url = format!("https://api.callcentre.example/twilio/json?bodySHA256={hash}&x=1");
    let body = r#"{"CallSid":"CA1","note":"grüß dich","n":1}"#.as_bytes();
    fn verify<'a>(url: &str, body: &'a [u8], signature: &str) -> Result<&'a [u8], Refused> {
        verifier(TOKEN).verify_json(url, body, signature, None).map(Verified::into_inner)
    }

    assert_eq!(verify(&url, body, "udyCCXMLBwOcFFMGVArFbOMRD2c="), Ok(body));
    let longer = [body, b" "].concat();
    assert_eq!(verify(&url, &longer, "udyCCXMLBwOcFFMGVArFbOMRD2c="), Err(Refused::BodyHash));

    let bare = "https://api.callcentre.example/twilio/json";
    let sign = |url: &str| sign_url(Algorithm::HmacSha1, &secret(TOKEN), url);
    assert_eq!(verify(bare, body, &sign(bare)), Err(Refused::NoBodyHash));
    let twice = format!("{url}&bodySHA256={hash}");
    assert_eq!(verify(&twice, body, &sign(&twice)), Err(Refused::NoBodyHash));
    let ours = url_with_body_hash(bare, body);
    assert_eq!(verify(&ours, body, &sign(&ours)), Ok(body));
}

#[test]
fn the_documented_json_example_verifies() {
    let url = url_with_body_hash(DOCS_URL, br#"{"property": "value", "boolean": true}"#);
    assert!(url.ends_with("&bodySHA256=0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620"));
    let body = br#"{"property": "value", "boolean": true}"#;
    assert!(verifier(DOCS_TOKEN).verify_json(&url, body, "a9nBmqA0ju/hNViExpshrM61xv4=", None).is_ok());
}

/// Fault 56.
#[test]
fn an_upgrade_verifies_with_a_slash_or_a_port_but_not_with_another_scheme() {
    let stream = verifier(TOKEN);
    for (signed, signature) in [
        (STREAM_URL.to_owned(), "PdGvwqMUCXWwthL/UTmSIV7SXW4="),
        (format!("{STREAM_URL}/"), "60Z/LWRA3rkY95yGRw2O49d3aFA="),
        (STREAM_URL.replace(".example/", ".example:443/"), "huywsU72AIDQ2caMQO3VUq1pNI0="),
    ] {
        assert_eq!(sign_url(Algorithm::HmacSha1, &secret(TOKEN), &signed), signature);
        for configured in [STREAM_URL, &format!("{STREAM_URL}/")] {
            assert!(stream.verify_upgrade(configured, signature, None).is_ok(), "{signed}");
        }
    }
    let over_https = "m7ecD9YcsLngXtpE/jd0l7UNyKg=";
    assert_eq!(
        sign_url(Algorithm::HmacSha1, &secret(TOKEN), &STREAM_URL.replace("wss", "https")),
        over_https
    );
    assert_eq!(stream.verify_upgrade(STREAM_URL, over_https, None), Err(Refused::Mismatch));
    assert_eq!(stream.verify_get(STREAM_URL, "60Z/LWRA3rkY95yGRw2O49d3aFA=", None), Err(Refused::Mismatch));
}

#[test]
fn fragments_that_steer_twilios_retries_are_not_signed() {
    let url = format!("{VOICE_URL}#rc=2&rp=5xx,ct");
    assert_eq!(sha1(&url, &voice_form()), "s7Dl0j3qz3G9u2CD+nYVyTfvxkY=");
    assert!(verifier(TOKEN).verify_form(&url, voice_form(), "s7Dl0j3qz3G9u2CD+nYVyTfvxkY=", None).is_ok());
}

#[test]
fn a_shared_key_signs_with_sha256_and_nothing_else() {
    let signature = "32IdeGcypWp/BdkO3SnOXZxyUxzkRzp388YMIwy5x68=";
    assert_eq!(sign_form(Algorithm::HmacSha256, &secret(TOKEN), VOICE_URL, &voice_form()), signature);

    let keys = HashMap::from([("k1".to_owned(), secret(TOKEN))]);
    let verifier = Verifier::new(vec![secret("another token")], keys);
    let verify =
        |signature, settings| verifier.verify_form(VOICE_URL, voice_form(), signature, settings).map(|_| ());
    assert_eq!(verify(signature, Some("key=k1,algorithm=HMAC_SHA256")), Ok(()));
    assert_eq!(verify(signature, Some("algorithm=HMAC_SHA256, key=k1")), Ok(()));
    assert_eq!(verify(signature, None), Err(Refused::Mismatch));
    assert_eq!(verify(signature, Some("key=k2,algorithm=HMAC_SHA256")), Err(Refused::UnknownKey));
    assert_eq!(
        verify("s7Dl0j3qz3G9u2CD+nYVyTfvxkY=", Some("key=k1,algorithm=HMAC_SHA256")),
        Err(Refused::Mismatch)
    );
    assert_eq!(verify(signature, Some("algorithm=HMAC_SHA256")), Err(Refused::Settings));
    assert_eq!(verify(signature, Some("key=k1,algorithm=HMAC_SHA1")), Err(Refused::Mismatch));
}

#[test]
fn settings_that_name_no_other_algorithm_mean_the_auth_token() {
    let keys = HashMap::from([("k1".to_owned(), secret("another key"))]);
    let verifier = Verifier::new(vec![secret(TOKEN)], keys);
    for settings in ["", "algorithm=HMAC_SHA1", "key=k1", "key=unknown", "key=k1,algorithm=HMAC_SHA1"] {
        let verified =
            verifier.verify_form(VOICE_URL, voice_form(), "s7Dl0j3qz3G9u2CD+nYVyTfvxkY=", Some(settings));
        assert!(verified.is_ok(), "{settings}");
    }
}

/// Case C05. Case B05. Bytes that are no text are signed as they are sent, or as what a signer reads in them.
#[test]
fn a_name_in_another_encoding_verifies() {
    let sent = Form::parse(b"AccountSid=AC1&CallerName=Jos%E9").unwrap();
    let read = Form::parse("AccountSid=AC1&CallerName=Jos%EF%BF%BD".as_bytes()).unwrap();
    for signature in [sha1(VOICE_URL, &sent), sha1(VOICE_URL, &read)] {
        assert!(verifier(TOKEN).verify_form(VOICE_URL, sent.clone(), &signature, None).is_ok());
    }
    assert_ne!(sha1(VOICE_URL, &sent), sha1(VOICE_URL, &read));
    let other = Form::parse(b"AccountSid=AC1&CallerName=Jos%E8").unwrap();
    let verified = verifier(TOKEN).verify_form(VOICE_URL, other, &sha1(VOICE_URL, &sent), None);
    assert_eq!(verified, Err(Refused::Mismatch));
}

/// Fault 7.
#[test]
fn an_address_is_not_cut_off_into_the_form() {
    let path = "https://api.callcentre.example/twilio/after-stream";
    let form = |first: &str| Form::from_pairs([(first, ""), ("AccountSid", "AC1")]);
    let whole = Form::from_pairs([("AccountSid", "AC1")]);
    let signature = sha1(&format!("{path}?epoch=2&x=3"), &whole);
    for (url, first) in [(path.to_owned(), "?epoch=2&x=3"), (format!("{path}?epoch=2"), "&x=3")] {
        let verified = verifier(TOKEN).verify_form(&url, form(first), &signature, None);
        assert_eq!(verified, Err(Refused::Address), "{url}");
    }
}

/// Fault 7.
#[test]
fn a_longer_address_has_the_signature_and_is_no_route() {
    let url = "https://api.callcentre.example/twilio/status";
    let sent = Form::from_pairs([("Sid", "CA1"), ("SidAccount", "AC1")]);
    let swallowed = format!("{url}SidCA1SidAccountAC1");
    assert_eq!(sha1(&swallowed, &Form::default()), sha1(url, &sent));
    assert_eq!(
        verifier(TOKEN).verify_form(url, Form::default(), &sha1(url, &sent), None),
        Err(Refused::Mismatch)
    );
}

/// Fault 15.
#[test]
fn during_a_rotation_both_tokens_verify_and_afterwards_only_the_new_one() {
    let signed_with = |token: &str| sign_form(Algorithm::HmacSha1, &secret(token), VOICE_URL, &voice_form());
    let both = Verifier::new(vec![secret("new"), secret("old")], HashMap::new());
    for token in ["new", "old"] {
        assert!(both.verify_form(VOICE_URL, voice_form(), &signed_with(token), None).is_ok());
    }
    let after = verifier("new").verify_form(VOICE_URL, voice_form(), &signed_with("old"), None);
    assert_eq!(after, Err(Refused::Mismatch));
    let nobody = Verifier::new(Vec::new(), HashMap::new());
    assert_eq!(
        nobody.verify_form(VOICE_URL, voice_form(), &signed_with("new"), None),
        Err(Refused::Mismatch)
    );
}

/// Fault 8.
#[test]
fn a_missing_cut_or_foreign_signature_is_refused() {
    let verify = |signature: &str| verifier(TOKEN).verify_form(VOICE_URL, voice_form(), signature, None);
    assert_eq!(verify("").unwrap_err(), Refused::Unsigned);
    let valid = "s7Dl0j3qz3G9u2CD+nYVyTfvxkY=";
    for cut in 1..valid.len() {
        assert_eq!(verify(&valid[..cut]).unwrap_err(), Refused::Mismatch);
    }
    for foreign in ["ß", "=", "====", "!!!!", &format!(" {valid}"), &format!("{valid}{valid}")] {
        assert_eq!(verify(foreign).unwrap_err(), Refused::Mismatch, "{foreign}");
    }
}

/// Fault 9.
#[test]
fn another_host_or_the_same_in_other_letters_is_another_url() {
    for url in [
        VOICE_URL.replace("callcentre", "CALLCENTRE"),
        VOICE_URL.replace("api.", "evil."),
        VOICE_URL.replace("a%20b", "a b"),
    ] {
        let verified = verifier(TOKEN).verify_form(&url, voice_form(), "s7Dl0j3qz3G9u2CD+nYVyTfvxkY=", None);
        assert_eq!(verified, Err(Refused::Mismatch), "{url}");
    }
}

#[test]
fn a_verifier_prints_no_key() {
    let printed = format!("{:?}", verifier(TOKEN));
    assert_eq!(printed, "Verifier { auth_tokens: 1, shared_keys: 0 }");
}

#[test]
fn keys_with_which_nothing_could_be_checked_are_refused() {
    let configured = |tokens: &[&'static str], keys: &[(&'static str, &'static str)]| {
        Verifier::configured(tokens.iter().copied(), keys.iter().copied()).map(drop)
    };
    assert_eq!(configured(&["token", "previous"], &[("key", "secret")]), Ok(()));
    assert_eq!(configured(&["token"], &[]), Ok(()));
    for tokens in [&[][..], &[" "], &["token", ""]] {
        assert_eq!(configured(tokens, &[]), Err(UnusableKeys::AuthToken), "{tokens:?}");
    }
    assert_eq!(configured(&["token"], &[("key", "secret"), ("other", "\n")]), Err(UnusableKeys::SharedKey));
}
