#![no_main]

#[path = "../../../crates/domain/tests/corpus/wav_header.rs"]
mod check;

libfuzzer_sys::fuzz_target!(|input: &[u8]| check::check(input));
