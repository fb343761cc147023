//! Any bytes are read as a description of an interface and as builds, or refused; how they arrive does not matter, and what is kept can be
//! stored and stays within its bound.
#![no_main]

use std::io::BufReader;

use formats::{Format, Limits, api, builds};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let limits = Limits { max_exchange_bytes: 1 << 16, max_record_bytes: 1 << 16, max_records: 100, ..Limits::default() };
    let whole = api::read(bytes, &limits);
    assert_eq!(whole, api::read(BufReader::with_capacity(1, bytes), &limits));
    if let Ok(description) = whole {
        assert!(!description.title.is_empty() && description.operations.len() <= 100);
        for one in &description.operations {
            assert!(one.path.starts_with('/') && one.path.chars().count() <= 500 && !one.path.contains('\0'));
            assert!(one.tags.len() <= 50 && one.request_media_types.len() <= 50 && one.response_media_types.len() <= 50);
        }
    }
    let jenkins = builds::read(bytes, &limits);
    assert_eq!(jenkins, builds::read(BufReader::with_capacity(1, bytes), &limits));
    if let Ok(read) = jenkins {
        assert!(read.builds.iter().all(|build| !build.identifier.is_empty() && !build.identifier.contains('\0')));
    }
    let events = builds::survey(Format::Bazel, bytes, &limits);
    assert_eq!(events, builds::survey(Format::Bazel, BufReader::with_capacity(1, bytes), &limits));
});
