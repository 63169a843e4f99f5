#![no_main]

#[path = "../../../crates/openai/tests/corpus/model_event.rs"]
mod check;

libfuzzer_sys::fuzz_target!(|input: &[u8]| check::check(input));
