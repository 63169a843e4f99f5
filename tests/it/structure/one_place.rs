//! What the model is told, what transcription is told to expect, and a recording's bytes each come from one place.

use std::sync::LazyLock;

use regex::Regex;

use super::sources;

/// A kind of thing, how its making looks in code, and the files or folders in which it may be made.
struct OnePlace {
    what: &'static str,
    looks_like: &'static str,
    made_in: &'static [&'static str],
}

const PLACES: [OnePlace; 4] = [
    OnePlace {
        what: "text that tells a model what to do",
        looks_like: r#""[^"]*\b([Yy]ou are|Call no tool|[Tt]ell the caller|[Aa]sk the caller|Greet the caller|follow the caller)\b"#,
        made_in: &[
            "bridge/session/src/instructions.rs",
            "crates/domain/src/insight/instructions.rs",
            "crates/domain/src/locale/",
            // What machines say, to be recognised.
            "crates/domain/src/phrases/",
            "crates/domain/src/prompt.rs",
            "crates/domain/src/prompt/",
            // What the model is told of a tool that did not work.
            "crates/providers/src/toolbox/answer.rs",
            // The demonstration's own prompt.
            "infra/local/src/demo/business.rs",
        ],
    },
    OnePlace {
        what: "a hint for transcription",
        looks_like: r"(^|[^t] )ListeningHint \{|\bhints\(|A telephone call with",
        made_in: &["crates/domain/src/language.rs", "crates/domain/src/prompt/listening.rs"],
    },
    OnePlace {
        what: "a request that carries a hint",
        looks_like: r"\.keywords\(",
        made_in: &["bridge/src/model_socket/config.rs", "functions/src/transcripts/turn_transcription.rs"],
    },
    OnePlace {
        what: "a download from Twilio",
        looks_like: r"\brecording_media\(|/Recordings/",
        made_in: &[
            "crates/providers/src/twilio_rest.rs",
            "crates/twilio/src/rest.rs",
            "functions/src/recordings/worker/copy.rs",
        ],
    },
];

/// The code of a file without its tests, comments and the words of its errors.
fn code(text: &str) -> String {
    static UNTOLD: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r#"(?m)^\s*//.*$|#\[(error|expect)\([^\]]*\)\]"#).unwrap());
    let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    UNTOLD.replace_all(code, "").into_owned()
}

fn prompts_hints_and_downloads_are_made_in_one_place_each() {
    let files = sources(&["bridge", "crates", "functions", "infra"]);
    let product = files.iter().filter(|(path, _)| {
        !path.contains("/tests/") && !path.ends_with("tests.rs") && !path.ends_with("testing.rs")
    });
    let product: Vec<_> = product.map(|(path, text)| (path, code(text))).collect();
    for OnePlace { what, looks_like, made_in } in PLACES {
        let making = Regex::new(&format!("(?m){looks_like}")).unwrap();
        let (mut elsewhere, mut found) = (vec![], vec![]);
        for (path, code) in &product {
            let Some(made) = making.find(code) else { continue };
            match made_in.iter().find(|place| path.starts_with(**place)) {
                Some(place) => found.push(*place),
                None => elsewhere.push(format!("{path}: {}", made.as_str().replace('\n', " "))),
            }
        }
        assert!(elsewhere.is_empty(), "{what} is made elsewhere:\n{}", elsewhere.join("\n"));
        for place in made_in {
            assert!(found.contains(place), "{place} makes no {what} any more: take it off the list");
        }
    }
}

/// The check would notice what it is there for.
fn a_prompt_a_hint_or_a_download_elsewhere_would_be_noticed() {
    let notices = |index: usize, line: &str| {
        Regex::new(&format!("(?m){}", PLACES[index].looks_like)).unwrap().is_match(&code(line))
    };
    assert!(notices(0, r#"let prompt = "You are a helpful agent.";"#));
    assert!(!notices(0, "// You are reading a comment."));
    assert!(notices(1, "let hint = ListeningHint { context, keywords, languages };"));
    assert!(!notices(1, "let ListeningHint { context: _, keywords, languages } ="));
    assert!(notices(2, "transcription.keywords(words)"));
    assert!(notices(3, "twilio.recording_media(&sid)") && notices(3, r#"format!("{url}/Recordings/{sid}")"#));
}

acceptance::tests![
    prompts_hints_and_downloads_are_made_in_one_place_each,
    a_prompt_a_hint_or_a_download_elsewhere_would_be_noticed,
];
