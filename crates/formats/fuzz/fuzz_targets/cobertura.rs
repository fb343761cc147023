//! Any bytes are read or refused, and how they arrive does not matter.
#![no_main]

use std::io::BufReader;

use formats::Limits;
use formats::coverage::cobertura::Reader;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let whole: Vec<_> = Reader::new(bytes, Limits::default()).collect();
    let pieces: Vec<_> = Reader::new(BufReader::with_capacity(1, bytes), Limits::default()).collect();
    assert_eq!(whole, pieces);
});
