//! What fuzzing is given and what it found, tried again: see `tests/fuzz/README.md`. The checks are the fuzz targets'.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

mod stream_message;
mod twiml;
mod webhook_form;

/// Every input in the corpus of this name.
fn replay(corpus: &str, check: impl Fn(&[u8])) {
    let folder = format!("{}/../../tests/fuzz/corpus/{corpus}", env!("CARGO_MANIFEST_DIR"));
    let inputs: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(inputs.len() >= 8, "the corpus of {corpus} is gone");
    for input in inputs {
        check(&std::fs::read(input).unwrap());
    }
}

/// Fault 48. Fault 49. Fault 50.
#[test]
fn every_stream_message_is_read_alike_by_both_parsers() {
    replay("stream_message", stream_message::check);
}

/// Fault 7. Fault 8. Fault 11.
#[test]
fn every_form_is_read_as_it_was_signed_or_not_at_all() {
    replay("webhook_form", webhook_form::check);
}

#[test]
fn every_text_reads_back_out_of_twiml() {
    replay("twiml", twiml::check);
}
