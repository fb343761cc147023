//! Any bytes are read or refused, how they arrive does not matter, and what is kept can be stored. The first byte chooses the format.
#![no_main]

use std::io::BufReader;

use formats::supply::{Event, Reader, survey};
use formats::version::{Scheme, range};
use formats::{Format, Limits, package};
use libfuzzer_sys::fuzz_target;

const FORMATS: [Format; 8] = [
    Format::Spdx,
    Format::Osv,
    Format::OsvScanner,
    Format::OpenVex,
    Format::Csaf,
    Format::Trivy,
    Format::Grype,
    Format::Gitlab,
];

fuzz_target!(|bytes: &[u8]| {
    let Some((first, bytes)) = bytes.split_first() else { return };
    let format = FORMATS[usize::from(*first) % FORMATS.len()];
    let limits = Limits { max_record_bytes: 4096, ..Limits::default() };
    let known = survey(bytes, &limits, format);
    assert_eq!(known, survey(BufReader::with_capacity(1, bytes), &limits, format));
    let Ok(known) = known else { return };
    let whole: Vec<_> = Reader::new(bytes, &limits, &known).collect();
    let pieces: Vec<_> = Reader::new(BufReader::with_capacity(1, bytes), &limits, &known).collect();
    assert_eq!(whole, pieces);
    for event in whole {
        match event {
            Ok(Event::Component(component)) => {
                assert!(!component.name.contains('\0'));
                if let Some(read) = component.purl.as_deref().and_then(package) {
                    let version = read.version.as_deref().unwrap_or_default();
                    let key = Scheme::of(&read.kind).and_then(|scheme| scheme.key(version));
                    assert!(key.is_none_or(|key| key.len() < 2000));
                }
            }
            Ok(Event::Vulnerability(found)) => {
                assert!(!found.id.contains('\0'));
                for affected in &found.affects {
                    let kind = package(&affected.reference).map(|read| read.kind);
                    for version in affected.versions.iter().filter(|version| version.is_range) {
                        let _ = range(&version.version, kind.as_deref());
                    }
                }
            }
            Ok(Event::Finding(finding)) => assert!(!finding.title.contains('\0') && !finding.identity.is_empty()),
            Ok(Event::Finished(totals)) => assert!(totals.findings <= limits.max_findings),
            Err(error) => assert!(error.line >= 1),
        }
    }
});
