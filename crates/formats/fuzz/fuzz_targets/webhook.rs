//! Any bytes are read or refused, and what is read can be stored.
#![no_main]

use formats::webhook::{Fact, Provider, read};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    // The first line is the event, as a header says it.
    let end = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(0);
    let event = String::from_utf8_lossy(&bytes[..end]);
    for provider in [Provider::GitHub, Provider::GitLab, Provider::Forgejo] {
        let Ok(delivery) = read(provider, &event, &bytes[end..]) else { continue };
        assert!(!delivery.facts.is_empty() || !delivery.notes.is_empty());
        for fact in delivery.facts {
            if let Fact::Commit(commit) = fact {
                assert!(!commit.message.contains('\0') && commit.hash.len() >= 40);
            }
        }
    }
});
