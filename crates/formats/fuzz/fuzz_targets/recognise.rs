//! Any beginning of a file is recognised or refused with a reason.
#![no_main]

use formats::{Recognised, recognise};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Recognised::Unknown(reason) = recognise(bytes) {
        assert!(reason.len() > 10);
    }
});
