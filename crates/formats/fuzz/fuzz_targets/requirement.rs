//! Any bytes are read as a requirement or refused.
#![no_main]

use formats::{Limits, requirement};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(requirement) = requirement::read(bytes, &Limits::default()) {
        assert!(!requirement.key.is_empty() && !requirement.title.is_empty());
    }
});
