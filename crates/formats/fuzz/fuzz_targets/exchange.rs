//! Any bytes are read as requirements or issues or refused; what is kept can be stored, no identifier is empty, and a ReqIF document
//! that was read is written so that it reads the same; files of an archive stay inside it and within their bound. The first byte chooses the format.
#![no_main]

use std::collections::HashMap;
use std::io::Cursor;

use formats::exchange::reqif::{Outgoing, Writer};
use formats::exchange::{Document, Profile, files, member_of, read};
use formats::{Format, Limits};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((first, rest)) = bytes.split_first() else { return };
    // Letters choose, so that a seed is a text file.
    let format = Format::EXCHANGE[usize::from(first.wrapping_sub(b'a')) % Format::EXCHANGE.len()];
    let limits = Limits { max_exchange_bytes: 1 << 20, max_records: 1_000, max_unpacked_bytes: 1 << 20, max_members: 50, max_member_bytes: 1 << 16, ..Limits::default() };
    let profile = Profile::default();
    if format == Format::Reqifz
        && let Ok(files) = files(Cursor::new(rest), &limits)
    {
        for file in files.map_while(Result::ok) {
            assert!(file.content.len() <= 1 << 16 && !file.name.contains(['\0', '\\']));
            assert!(file.name.split('/').all(|part| !matches!(part, "" | "." | "..")));
        }
    }
    if let Ok(text) = std::str::from_utf8(rest)
        && let Some(member) = member_of("a/b.reqif", text)
    {
        assert!(member.split('/').all(|part| !matches!(part, "" | "." | "..")));
    }
    let Ok(document) = read(format, Cursor::new(rest), "a.yml", &profile, &limits) else { return };
    for record in &document.records {
        assert!(!record.identifier.contains('\0') && !record.title.contains('\0') && !record.text.contains('\0'));
        assert!(!record.title.is_empty() || record.identifier.is_empty());
    }
    if format == Format::Reqif && document.errors.is_empty() {
        let mut again = read(format, Cursor::new(written(&document)), "", &profile, &Limits::default()).expect("readable again");
        again.records.iter_mut().zip(&document.records).for_each(|(one, other)| one.line = other.line);
        assert_eq!(again.records, document.records);
    }
});

fn written(document: &Document) -> Vec<u8> {
    let mut writer = Writer::new(Vec::new(), document.frame.clone(), false, "", "").expect("written");
    for record in &document.records {
        let source = record.source.clone().expect("kept");
        writer.object(&Outgoing::Kept { source, changes: Vec::new(), changed_at: String::new() }).expect("written");
    }
    writer.finish(&[], &HashMap::new()).expect("written")
}
