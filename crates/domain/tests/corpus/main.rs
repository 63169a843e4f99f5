//! What fuzzing is given and what it found, tried again: see `tests/fuzz/README.md`. The check is the fuzz target's.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod wav_header;

/// Fault 31. Fault 33.
#[test]
fn every_header_is_read_or_refused_and_never_believed_beyond_the_file() {
    let folder = format!("{}/../../tests/fuzz/corpus/wav_header", env!("CARGO_MANIFEST_DIR"));
    let inputs: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(inputs.len() >= 8, "the corpus is gone");
    for input in inputs {
        wav_header::check(&std::fs::read(input).unwrap());
    }
}
