//! Any two versions have an order that holds both ways, no key is the beginning of another, and any range is read or not. The first byte
//! chooses the scheme; versions stand on lines of their own.
#![no_main]

use formats::version::{Interval, Scheme, range};
use libfuzzer_sys::fuzz_target;

const KINDS: [&str; 9] = ["npm", "nuget", "pypi", "maven", "deb", "rpm", "apk", "gem", "composer"];

fuzz_target!(|bytes: &[u8]| {
    let Some((first, bytes)) = bytes.split_first() else { return };
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let kind = KINDS[usize::from(*first) % KINDS.len()];
    let Some(scheme) = Scheme::of(kind) else { return };
    let keys: Vec<Vec<u8>> = text.lines().filter_map(|line| scheme.key(line)).collect();
    for (at, key) in keys.iter().enumerate() {
        assert!(key.first().is_some_and(|byte| *byte < 0xFF) && key.len() < 2000);
        for other in &keys[at + 1..] {
            assert!(key == other || !key.starts_with(other) && !other.starts_with(key), "{key:?} {other:?}");
            assert_eq!(Interval::of(key.clone()).contains(other), key == other);
        }
    }
    for line in text.lines() {
        let (own, foreign) = (format!("vers:{kind}/{line}"), format!("vers:semver/{line}"));
        for read in [range(line, Some(kind)), range(&own, None), range(&foreign, Some(kind))].into_iter().flatten() {
            for pair in read.meant.windows(2).chain(read.unsure.windows(2)) {
                assert!(pair[0].high.is_some() && pair[0].high < pair[1].low, "{pair:?}");
            }
        }
    }
});
