//! Any bytes are read or refused, how they arrive does not matter, and what is kept can be stored.
#![no_main]

use std::io::BufReader;

use formats::Limits;
use formats::cyclonedx::{Event, Reader};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let limits = Limits { max_record_bytes: 4096, ..Limits::default() };
    let whole: Vec<_> = Reader::new(bytes, limits.clone()).collect();
    let pieces: Vec<_> = Reader::new(BufReader::with_capacity(1, bytes), limits).collect();
    assert_eq!(whole, pieces);
    for event in whole {
        match event {
            Ok(Event::Component(component)) => assert!(!component.name.contains('\0')),
            Ok(Event::Vulnerability(found)) => assert!(!found.id.contains('\0')),
            Ok(Event::Finding(finding)) => panic!("{finding:?}"),
            Ok(Event::Finished(totals)) => assert!(totals.components_top <= totals.components),
            Err(error) => assert!(error.line >= 1),
        }
    }
});
