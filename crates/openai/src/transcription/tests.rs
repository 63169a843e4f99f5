use super::*;

#[test]
fn gpt_transcribe_gets_its_lists_as_repeated_fields() {
    let request = TranscriptionRequest::new("gpt-transcribe")
        .languages(["de", "en"])
        .keywords(["Harbour", "Bicycle"])
        .prompt("A workshop.");
    assert_eq!(
        request.fields(),
        [
            ("model", "gpt-transcribe"),
            ("response_format", "json"),
            ("languages[]", "de"),
            ("languages[]", "en"),
            ("keywords[]", "Harbour"),
            ("keywords[]", "Bicycle"),
            ("prompt", "A workshop."),
        ]
    );
}

#[test]
fn one_language_or_several_but_never_both_fields() {
    for expected in [&["de"][..], &["de", "en"], &[]] {
        for model in ["gpt-transcribe", "gpt-4o-mini-transcribe"] {
            let request = TranscriptionRequest::new(model).languages(expected).keywords(["x"]);
            let has = |name| request.fields().iter().any(|(field, _)| *field == name);
            assert!(!(has("language") && has("languages[]")), "{model} {expected:?}");
            assert_eq!(has("keywords[]"), model == "gpt-transcribe");
        }
    }
}

/// Fault 43.
#[test]
fn a_file_is_refused_one_byte_over_the_limit() {
    assert!(FilePart::new(AudioContainer::Wav, MAX_FILE_BYTES).is_ok());
    assert_eq!(
        FilePart::new(AudioContainer::Wav, MAX_FILE_BYTES + 1),
        Err(FileError::TooLarge { bytes: MAX_FILE_BYTES + 1 })
    );
    assert_eq!(FilePart::new(AudioContainer::Mp3, 0), Err(FileError::Empty));
}

#[test]
fn the_file_part_names_its_container() {
    let part = FilePart::new(AudioContainer::Wav, 44).unwrap();
    assert_eq!((part.file_name, part.content_type), ("audio.wav", "audio/wav"));
}

/// Fault 45.
#[test]
fn silence_is_an_empty_text_and_not_an_error() {
    let silent = Transcription::parse(br#"{"text":"","languages":null,"usage":null}"#).unwrap();
    assert!(silent.text.is_empty() && silent.languages.is_empty());
}

#[test]
fn usage_comes_in_seconds_in_tokens_or_in_something_new() {
    let usage = |usage: &str| {
        Transcription::parse(
            format!(r#"{{"text":"t","languages":[{{"code":"de"}}],"usage":{usage}}}"#).as_bytes(),
        )
        .unwrap()
        .usage
    };
    assert_eq!(
        usage(r#"{"type":"duration","seconds":61.5}"#),
        Some(TranscriptionUsage::Duration { seconds: 61.5 })
    );
    assert_eq!(
        usage(
            r#"{"type":"tokens","input_tokens":14,"output_tokens":45,"total_tokens":59,
                "input_token_details":{"audio_tokens":13,"text_tokens":1}}"#
        ),
        Some(TranscriptionUsage::Tokens { input_audio: 13, input_text: 1, output: 45 })
    );
    assert_eq!(usage(r#"{"type":"characters","count":9}"#), Some(TranscriptionUsage::Other));
}

/// Case C15.
#[test]
fn an_odd_optional_field_does_not_lose_the_words() {
    for (odd, codes) in [
        (r#""languages":["de","en"]"#, &["de", "en"][..]),
        (r#""languages":"de""#, &["de"]),
        (r#""languages":{"code":"de"}"#, &["de"]),
        (r#""languages":[{"code":"de","probability":0.9},{"name":"x"},null,7,[]]"#, &["de"]),
        (r#""languages":[""]"#, &[]),
        (r#""languages":5"#, &[]),
        (r#""usage":1.5"#, &[]),
        (r#""usage":null"#, &[]),
        (r#""usage":"none""#, &[]),
        (r#""usage":{"type":7,"seconds":"2"}"#, &[]),
        (r#""usage":{"type":"tokens","input_token_details":[],"output_tokens":12.0}"#, &[]),
        (r#""logprobs":{"a":[]},"segments":null,"duration":"2""#, &[]),
    ] {
        let body = format!(r#"{{"text":"Guten Tag","{}"#, &odd[1..]) + "}";
        let read = Transcription::parse(body.as_bytes()).unwrap_or_else(|error| panic!("{body}: {error}"));
        assert_eq!(
            (read.text.as_str(), &read.languages[..]),
            ("Guten Tag", &codes.iter().map(|c| (*c).to_owned()).collect::<Vec<_>>()[..]),
            "{body}"
        );
    }
}

fn refusal(status: u16, code: &str, param: &str) -> HttpError {
    let body = format!(
        r#"{{"error":{{"message":"m","type":"invalid_request_error","code":{code},"param":{param}}}}}"#
    );
    HttpError::new(status, Default::default(), body.as_bytes(), std::time::SystemTime::UNIX_EPOCH)
}

/// Case C07.
#[test]
fn what_a_model_refuses_is_left_out_if_it_can_be() {
    let request = TranscriptionRequest::new("gpt-transcribe")
        .languages(["de", "fr"])
        .keywords(["Harbour"])
        .prompt("A workshop.");
    let refused = |status, code, param| request.refused(&refusal(status, code, param));
    let (languages, keywords, prompt) = (Nicety::Languages, Nicety::Keywords, Nicety::Prompt);
    assert_eq!(refused(400, r#""invalid_language_format""#, r#""language""#), [languages]);
    assert_eq!(refused(400, r#""invalid_value""#, r#""languages[]""#), [languages]);
    assert_eq!(refused(400, r#""invalid_value""#, r#""languages[1]""#), [languages]);
    assert_eq!(refused(400, r#""unsupported_language""#, "null"), [languages]);
    assert_eq!(refused(422, r#""unknown_parameter""#, r#""keywords[]""#), [keywords]);
    assert_eq!(refused(400, "null", r#""prompt""#), [prompt]);
    assert_eq!(
        refused(400, "null", "null"),
        [languages, keywords, prompt],
        "nothing is named: any may be it"
    );
    for (status, code, param) in [
        (400, r#""invalid_value""#, r#""file""#),
        (400, r#""invalid_value""#, r#""model""#),
        (404, r#""model_not_found""#, "null"),
        (401, "null", "null"),
        (429, "null", "null"),
        (500, "null", r#""language""#),
    ] {
        assert_eq!(refused(status, code, param), [], "{status} {code} {param}");
    }
    let bare = [languages, keywords, prompt].into_iter().fold(request, TranscriptionRequest::without);
    assert_eq!(bare.fields(), [("model", "gpt-transcribe"), ("response_format", "json")]);
    assert_eq!(bare.refused(&refusal(400, "null", r#""language""#)), [], "there is an end");
}

#[test]
fn a_body_of_another_shape_is_not_quoted() {
    let error = Transcription::parse(br#"{"text":{"secret":1}}"#).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("secret"));
    assert!(Transcription::parse(b"<html>").is_err());
}
