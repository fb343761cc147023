//! Any bytes are read or refused, how they arrive does not matter, and what is kept can be stored. The first byte chooses the
//! format.
#![no_main]

use std::io::{BufReader, Cursor};

use formats::junit::{Event, requirement_references, test_keys};
use formats::{Format, Limits, ReadError, results};
use libfuzzer_sys::fuzz_target;

const FORMATS: [Format; 11] = [
    Format::Nunit,
    Format::Trx,
    Format::XunitNet,
    Format::Ctest,
    Format::Robot,
    Format::GoTest,
    Format::Mocha,
    Format::Rspec,
    Format::Dart,
    Format::Bazel,
    Format::JenkinsTests,
];

fuzz_target!(|bytes: &[u8]| {
    let Some((first, bytes)) = bytes.split_first() else { return };
    let format = FORMATS[usize::from(*first) % FORMATS.len()];
    let limits = Limits { text_head_bytes: 16, text_tail_bytes: 8, ..Limits::default() };
    let read = |capacity| -> Result<Vec<Event>, ReadError> {
        let file = BufReader::with_capacity(capacity, Cursor::new(bytes));
        results::open(format, file, limits.clone())?.collect()
    };
    let whole = read(1 << 16);
    assert_eq!(whole, read(1));
    for event in whole.into_iter().flatten() {
        if let Event::Case(case) = event {
            let _ = (requirement_references(&case), test_keys(&case));
            assert!(!case.name.unwrap_or_default().contains('\0'));
        }
    }
});
