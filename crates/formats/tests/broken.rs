//! Descriptions of interfaces and builds that are broken in many ways are read or refused, within bounds and without a panic. The fuzz
//! targets do the same for hours; this is what every run of the tests can do, from the same seeds.
#![allow(clippy::unwrap_used)]

use std::io::{BufReader, Cursor};
use std::path::PathBuf;

use formats::{Format, Limits, api, builds, recognise, results};

/// Numbers that look random and are the same each time (xorshift).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % most.max(1) as u64) as usize
    }
}

fn seeds() -> Vec<(String, Vec<u8>)> {
    let home = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds");
    let mut seeds = Vec::new();
    for directory in ["api", "results"] {
        for entry in std::fs::read_dir(home.join(directory)).unwrap() {
            let path = entry.unwrap().path();
            let bytes = std::fs::read(&path).unwrap();
            // The first byte of a seed for results chooses the format.
            let bytes = if directory == "results" { bytes[1..].to_vec() } else { bytes };
            seeds.push((format!("{directory}/{}", path.file_name().unwrap().to_string_lossy()), bytes));
        }
    }
    seeds.sort();
    assert_eq!(seeds.len(), 5);
    seeds
}

/// What all readers make of the bytes, in words.
fn everything(bytes: &[u8], capacity: usize, limits: &Limits) -> String {
    let open = || BufReader::with_capacity(capacity, Cursor::new(bytes));
    let results = |format| match results::open(format, open(), limits.clone()) {
        Ok(events) => format!("{:?}", events.collect::<Vec<_>>()),
        Err(error) => format!("{error:?}"),
    };
    format!(
        "{:?} {:?} {:?} {} {}",
        api::read(open(), limits),
        builds::read(open(), limits),
        builds::survey(Format::Bazel, open(), limits),
        results(Format::Bazel),
        results(Format::JenkinsTests)
    )
}

#[test]
fn how_a_file_arrives_does_not_matter() {
    for (name, bytes) in seeds() {
        let limits = Limits::default();
        assert_eq!(everything(&bytes, 1 << 16, &limits), everything(&bytes, 1, &limits), "{name}");
        assert!(matches!(recognise(&bytes), formats::Recognised::Format(_)), "{name}");
    }
}

#[test]
fn broken_files_are_read_or_refused() {
    let limits = Limits {
        max_exchange_bytes: 1 << 14,
        max_record_bytes: 1 << 14,
        max_records: 20,
        max_cases: 50,
        ..Limits::default()
    };
    let mut numbers = Numbers(0x9E37_79B9_7F4A_7C15);
    for (name, bytes) in seeds() {
        let mut refused = 0;
        for _ in 0..300 {
            let mut broken = bytes.clone();
            for _ in 0..=numbers.below(4) {
                let at = numbers.below(broken.len());
                match numbers.below(4) {
                    0 => broken[at] = numbers.below(256) as u8,
                    1 => broken.truncate(at.max(1)),
                    2 => broken.insert(at, b"{}[]\",:&*#\n\x00\xff- "[numbers.below(15)]),
                    _ => {
                        let end = (at + numbers.below(40)).min(broken.len());
                        let piece = broken[at..end].to_vec();
                        broken.splice(at..at, piece);
                    }
                }
            }
            let told = everything(&broken, 1 << 16, &limits);
            assert_eq!(told, everything(&broken, 7, &limits), "{name}");
            assert!(!told.contains('\0'), "{name}");
            refused += usize::from(told.starts_with("Err"));
        }
        assert!(refused > 0, "{name}: nothing that was broken was refused");
    }
}
