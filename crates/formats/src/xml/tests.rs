#![allow(clippy::unwrap_used)]
use std::io::{BufReader, Read};

use super::*;

/// Hands out one byte at a time, the way a slow network does.
struct Slow<'a>(&'a [u8]);

impl Read for Slow<'_> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let taken = self.0.len().min(out.len()).min(1);
        out[..taken].copy_from_slice(&self.0[..taken]);
        self.0 = &self.0[taken..];
        Ok(taken)
    }
}

fn walk<R: BufRead>(reader: R) -> Result<String, ReadError> {
    let mut xml = Xml::new(reader, &Limits { max_depth: 4, max_tag_bytes: 200, ..Limits::default() });
    let mut out = String::new();
    let mut last_was_text = false;
    loop {
        let token = xml.next()?;
        match token {
            Token::Start => {
                out.push_str(&format!("<{}", xml.name()));
                for name in ["a", "b"] {
                    if let Some(value) = xml.attribute(name) {
                        out.push_str(&format!(" {name}={value:?}"));
                    }
                }
                out.push('>');
            }
            Token::End => out.push_str(&format!("</{}>", xml.name())),
            Token::Text => {
                if !last_was_text {
                    out.push('|');
                }
                out.push_str(xml.text(&mut [0; 4]));
            }
            Token::Finished => return Ok(out),
        }
        last_was_text = token == Token::Text;
    }
}

fn read(bytes: &[u8]) -> Result<String, ReadError> {
    let whole = walk(bytes);
    let slow = walk(BufReader::with_capacity(1, Slow(bytes)));
    assert_eq!(whole, slow, "how the bytes arrive must not matter");
    whole
}

fn reason(text: &str) -> String {
    read(text.as_bytes()).unwrap_err().to_string()
}

#[test]
fn elements_attributes_and_text() {
    let text = "<?xml version='1.0'?><!-- > --><r a='1 &lt;\n2' b=\"'\"><x:e/>a&#65;&amp;<![CDATA[<&]]]]></r>\n";
    assert_eq!(read(text.as_bytes()).unwrap(), "<r a=\"1 < 2\" b=\"'\"><e></e>|aA&<&]]</r>");
}

/// Proves REQ-28.5.
#[test]
fn every_encoding_reads_the_same() {
    let body = "<r a='ä€𒍺'>ü</r>";
    let expected = "<r a=\"ä€𒍺\">|ü</r>";
    assert_eq!(read(body.as_bytes()).unwrap(), expected);
    assert_eq!(read(format!("\u{FEFF}{body}").as_bytes()).unwrap(), expected);
    for declared in ["UTF-16", "UTF-16 LE", "utf-16le"] {
        let text = format!("<?xml version=\"1.0\" encoding=\"{declared}\"?>{body}");
        let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!(read(&little).unwrap(), expected);
        assert_eq!(read(&big).unwrap(), expected);
        assert_eq!(read(&[&[0xFF, 0xFE], little.as_slice()].concat()).unwrap(), expected);
        assert_eq!(read(&[&[0xFE, 0xFF], big.as_slice()].concat()).unwrap(), expected);
        assert_eq!(read(text.as_bytes()).unwrap(), expected, "transcoded to UTF-8, declaration left as it was");
    }
    let latin = b"<?xml version='1.0' encoding='ISO-8859-1'?><r a='\xE4'>\xFC</r>";
    assert_eq!(read(latin).unwrap(), "<r a=\"ä\">|ü</r>");
}

#[test]
fn an_unknown_encoding_is_refused_by_name() {
    assert!(reason("<?xml version='1.0' encoding='klingon'?><r/>").contains("`klingon`"));
}

#[test]
fn what_cannot_be_stored_is_replaced_and_counted() {
    let bytes = b"<r a='\x1b[0m'>\n\0x\xFFy&#0;&#x1B;</r>";
    assert_eq!(read(bytes).unwrap(), "<r a=\"\u{FFFD}[0m\">|\n\u{FFFD}x\u{FFFD}y\u{FFFD}\u{FFFD}</r>");
    let mut xml = Xml::new(&bytes[..], &Limits::default());
    while xml.next().unwrap() != Token::Finished {}
    assert_eq!(xml.replaced(), Replaced { count: 3, first_line: 1 });
}

#[test]
fn line_ends_become_newlines() {
    assert_eq!(read(b"<r>a\r\nb\rc\r\r\nd&#13;</r>").unwrap(), "<r>|a\nb\nc\n\nd\r</r>");
}

#[test]
fn a_dtd_by_name_is_stepped_over_and_one_with_declarations_is_refused() {
    assert_eq!(read(b"<!DOCTYPE r PUBLIC '-//X//EN' \"a>b.dtd\">\n<r/>").unwrap(), "<r></r>");
    assert!(reason("<!DOCTYPE r [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><r>&x;</r>").contains("own DTD"));
    assert!(reason("<!DOCTYPE r SYSTEM 'x.dtd' [ ]><r/>").contains("own DTD"));
    assert!(reason("<r>&nbsp;</r>").contains("`&nbsp;` is not known"));
    assert!(reason("<r a='&xxe;'/>").contains("`&xxe;` is not known"));
}

#[test]
fn what_is_not_well_formed_is_refused_with_its_place() {
    assert_eq!(reason(""), "line 1: the file is empty");
    assert!(reason(" \n ").contains("no element"));
    assert!(reason("this is not an XML!\n").starts_with("line 1: this is not XML"));
    assert!(reason("<r>\n<a>\n").contains("line 3: the file ends inside <a>, which was opened on line 2"));
    assert!(reason("<r><a></r>").contains("</r> closes nothing: <a>, opened on line 1"));
    assert!(reason("<r/><r/>").contains("second root"));
    assert!(reason("<r/>x").contains("after the end"));
    assert!(reason("<r a=1/>").contains("not quoted"));
    assert!(reason("<r a='1' a='2'/>").contains("given twice"));
    assert!(reason("<r a='1'b='2'/>").contains("not well formed"));
    assert!(reason("<r a='<'/>").contains("&lt;"));
    assert!(reason("<r>1 < 2</r>").contains("&lt;"));
    assert!(reason("<r>a & b</r>").contains("&amp;"));
    assert!(reason("<r>&quééééééééééé</r>").contains("`&qu` is not a complete reference"));
    assert!(reason("<r><![CDATA[").contains("inside a CDATA section that began on line 1"));
    assert!(reason("<r><!-- ").contains("inside a comment"));
    assert!(reason("<r a='").contains("middle of a tag"));
    let error = read(b"<r>\n  <b></c></r>").unwrap_err();
    assert_eq!((error.line, error.column), (2, Some(6)));
}

#[test]
fn depth_and_tag_length_are_bounded() {
    assert!(read(b"<a><a><a><a/></a></a></a>").is_ok());
    assert!(reason("<a><a><a><a><a/></a></a></a></a>").contains("more than 4 deep"));
    assert!(reason(&format!("<a a='{}'/>", "x".repeat(300))).contains("longer than 200 bytes"));
    let mut xml = Xml::new(&b"<r>0123456789</r>"[..], &Limits { max_total_bytes: 10, ..Limits::default() });
    assert!(xml.next().unwrap_err().reason.contains("larger than the 10 bytes"));
}
