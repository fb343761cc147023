//! Any bytes are read or refused, how they arrive does not matter, and what is kept can be stored.
#![no_main]

use std::io::BufReader;

use formats::Limits;
use formats::sarif::{Event, Reader, survey};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let limits = Limits { max_record_bytes: 4096, ..Limits::default() };
    let known = survey(bytes, &limits);
    assert_eq!(known, survey(BufReader::with_capacity(1, bytes), &limits));
    let Ok(known) = known else { return };
    let whole: Vec<_> = Reader::new(bytes, &limits, &known).collect();
    let pieces: Vec<_> = Reader::new(BufReader::with_capacity(1, bytes), &limits, &known).collect();
    assert_eq!(whole, pieces);
    for event in whole {
        if let Ok(Event::Finding(finding)) = event {
            assert!(!finding.identity().contains('\0') && !finding.message.contains('\0'));
            let _ = finding.is_suppressed();
        }
    }
});
