//! What a file is, by its first bytes; its name only tells apart what looks alike. Nobody is believed: a media type that a stranger
//! chooses could make a browser run what looks like a picture.

/// What nothing tells.
const BYTES: &str = "application/octet-stream";

/// What begins with these bytes is this.
const BEGINNINGS: [(&[u8], &str); 9] = [
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
    (b"\xd7\xcd\xc6\x9a", "image/wmf"),
    (b"%PDF-", "application/pdf"),
    (b"{\\rtf", "application/rtf"),
];

/// Documents of office programs, which are archives or compound files, by the ending of their name.
const OFFICE: [(&str, &str); 6] = [
    ("docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ("pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
    ("doc", "application/msword"),
    ("xls", "application/vnd.ms-excel"),
    ("ppt", "application/vnd.ms-powerpoint"),
];

/// The media type of a file. Never one that a browser takes for a page of this site.
pub(super) fn media_type(name: &str, content: &[u8]) -> &'static str {
    let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase()).unwrap_or_default();
    if let Some((_, kind)) = BEGINNINGS.iter().find(|(beginning, _)| content.starts_with(beginning)) {
        return kind;
    }
    if content.starts_with(b"RIFF") && content.get(8..12) == Some(b"WEBP") {
        return "image/webp";
    }
    if content.get(40..44) == Some(b" EMF") && content.starts_with(&[1, 0, 0, 0]) {
        return "image/emf";
    }
    if content.starts_with(b"BM") && ending == "bmp" {
        return "image/bmp";
    }
    let of_office = |is_packed: bool| {
        OFFICE.iter().find(|(one, _)| *one == ending && one.ends_with('x') == is_packed).map(|(_, kind)| *kind)
    };
    if content.starts_with(b"PK\x03\x04") {
        return of_office(true).unwrap_or("application/zip");
    }
    if content.starts_with(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") {
        return of_office(false).unwrap_or("application/x-ole-storage");
    }
    text(&ending, content).unwrap_or(BYTES)
}

fn text(ending: &str, content: &[u8]) -> Option<&'static str> {
    let text = std::str::from_utf8(content).ok()?;
    if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        return None;
    }
    let begins = text.trim_start_matches(['\u{FEFF}', ' ', '\n', '\r', '\t']);
    if begins.starts_with('<') {
        return match ending {
            "svg" if begins.contains("<svg") => Some("image/svg+xml"),
            "xml" => Some("application/xml"),
            _ => None,
        };
    }
    match ending {
        "txt" | "md" => Some("text/plain"),
        "csv" => Some("text/csv"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_tells_and_not_the_name() {
        let mut emf = vec![1, 0, 0, 0];
        emf.resize(40, 0);
        emf.extend_from_slice(b" EMF");
        let cases: [(&str, &[u8], &str); 16] = [
            ("a.html", b"\x89PNG\r\n\x1a\n<script>", "image/png"),
            ("a.png", b"<html><script>x()</script>", BYTES),
            ("a.html", b"<html>", BYTES),
            ("a", b"\xff\xd8\xff\xe0", "image/jpeg"),
            ("a.gif", b"GIF89a..", "image/gif"),
            ("a.bin", b"RIFF\x01\x00\x00\x00WEBPVP8 ", "image/webp"),
            ("a.svg", b"<?xml version='1.0'?><svg xmlns='x'/>", "image/svg+xml"),
            ("a.jpg", b"<svg xmlns='x'/>", BYTES),
            ("a.emf", &emf, "image/emf"),
            ("a.bmp", b"BM....", "image/bmp"),
            ("a.txt", b"BMW drives", "text/plain"),
            ("a.docx", b"PK\x03\x04", OFFICE[0].1),
            ("a.doc", b"PK\x03\x04", "application/zip"),
            ("a.DOC", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/msword"),
            ("a.txt", b"a\0b", BYTES),
            ("a.ole", b"", BYTES),
        ];
        for (name, content, kind) in cases {
            assert_eq!(media_type(name, content), kind, "{name}");
        }
    }
}
