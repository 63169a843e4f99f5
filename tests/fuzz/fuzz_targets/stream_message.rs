#![no_main]

#[path = "../../../crates/twilio/tests/corpus/stream_message.rs"]
mod check;

libfuzzer_sys::fuzz_target!(|input: &[u8]| check::check(input));
