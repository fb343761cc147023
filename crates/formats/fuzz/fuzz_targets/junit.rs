//! Any bytes are read or refused, how they arrive does not matter, and what is kept can be stored.
#![no_main]

use std::io::BufReader;

use formats::Limits;
use formats::junit::{Event, Reader, requirement_references, split_name, test_keys};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let limits = Limits { text_head_bytes: 16, text_tail_bytes: 8, ..Limits::default() };
    let whole: Vec<_> = Reader::new(bytes, limits.clone()).collect();
    let pieces: Vec<_> = Reader::new(BufReader::with_capacity(1, bytes), limits).collect();
    assert_eq!(whole, pieces);
    for event in whole {
        if let Ok(Event::Case(case)) = event {
            let _ = (requirement_references(&case), test_keys(&case));
            let name = case.name.unwrap_or_default();
            let _ = split_name(&name);
            assert!(!name.contains('\0'));
        }
    }
});
