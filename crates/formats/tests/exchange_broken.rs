//! Files that are broken in many ways are read or refused, within bounds and without a panic. The fuzz target does the same for hours;
//! this is what every run of the tests can do, from the same seeds.
#![allow(clippy::unwrap_used)]

use std::io::{BufReader, Cursor};
use std::path::PathBuf;

use formats::exchange::{Profile, files, read};
use formats::{Format, Limits, recognise};

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

fn seeds() -> Vec<(String, Format, Vec<u8>)> {
    let place = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds/exchange");
    let mut seeds: Vec<_> = std::fs::read_dir(place)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let bytes = std::fs::read(&path).unwrap();
            let format = Format::EXCHANGE[usize::from(bytes[0] - b'a')];
            (path.file_name().unwrap().to_string_lossy().into_owned(), format, bytes[1..].to_vec())
        })
        .collect();
    seeds.sort_by(|one, other| one.0.cmp(&other.0));
    seeds
}

#[test]
fn every_seed_is_read_and_recognised_as_what_it_is() {
    for (name, format, bytes) in seeds() {
        let document = read(format, Cursor::new(&bytes), "A1.yml", &Profile::default(), &Limits::default());
        let document = document.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(!document.records.is_empty() && document.errors.is_empty(), "{name}: {:?}", document.errors);
        assert_eq!(recognise(&bytes), formats::Recognised::Format(format), "{name}");
    }
}

#[test]
fn how_a_file_arrives_does_not_matter() {
    for (name, format, bytes) in seeds() {
        let (profile, limits) = (Profile::default(), Limits::default());
        let whole = read(format, Cursor::new(&bytes), "A1.yml", &profile, &limits);
        let pieces = read(format, BufReader::with_capacity(1, Cursor::new(&bytes)), "A1.yml", &profile, &limits);
        assert_eq!(whole, pieces, "{name}");
    }
}

#[test]
fn broken_files_are_read_or_refused() {
    let limits = Limits {
        max_exchange_bytes: 1 << 16,
        max_records: 100,
        max_unpacked_bytes: 1 << 16,
        max_members: 10,
        max_member_bytes: 1 << 12,
        ..Limits::default()
    };
    let mut numbers = Numbers(0x2545_F491_4F6C_DD1D);
    let seeds = seeds();
    for (name, format, bytes) in &seeds {
        for round in 0..400 {
            let mut broken = bytes.clone();
            for _ in 0..=numbers.below(4) {
                let at = numbers.below(broken.len());
                match numbers.below(5) {
                    0 => broken[at] = numbers.below(256) as u8,
                    1 => broken.truncate(at.max(1)),
                    2 => broken.insert(at, b"<>&\"'{}[],:;|\n\x00\xff=-#"[numbers.below(19)]),
                    3 => {
                        let end = (at + numbers.below(40)).min(broken.len());
                        let piece = broken[at..end].to_vec();
                        let to = numbers.below(broken.len());
                        broken.splice(to..to, piece);
                    }
                    _ => {
                        let end = (at + numbers.below(20)).min(broken.len());
                        broken.drain(at..end);
                        broken.push(b' ');
                    }
                }
            }
            // Also as a file of another format than it is.
            let format = if round % 8 == 0 { seeds[numbers.below(seeds.len())].1 } else { *format };
            if format == Format::Reqifz
                && let Ok(files) = files(Cursor::new(&broken), &limits)
            {
                for file in files.map_while(Result::ok) {
                    assert!(file.content.len() <= 1 << 12, "{name}: {}", file.name);
                    assert!(file.name.split('/').all(|part| !matches!(part, "" | "." | "..")), "{name}: {}", file.name);
                }
            }
            match read(format, Cursor::new(&broken), "A1.yml", &Profile::default(), &limits) {
                Ok(document) => {
                    for record in &document.records {
                        let texts = [&record.identifier, &record.title, &record.text];
                        assert!(texts.iter().all(|text| !text.contains('\0')), "{name}: {record:?}");
                    }
                }
                Err(error) => assert!(error.line >= 1 && error.reason.len() > 5, "{name}: {error}"),
            }
        }
    }
}
