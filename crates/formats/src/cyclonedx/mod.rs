//! CycloneDX 1.0–1.7 (ECMA-424), JSON and XML: components, and vulnerabilities with what was found out about them (VEX).
//!
//! A document is read piece by piece: one component with what lies inside it, one vulnerability. Services and dependencies are
//! counted; the graph of dependencies is not followed, so it may be cyclic. XML becomes the shape of the JSON, attributes being
//! members, so that both are understood by the same code. The vulnerability extension of 1.2 inside components is read as well.

mod gathered;
mod json;
mod understand;
mod version;
mod xml;

use std::io::{BufRead, Chain, Cursor, Read};

pub use crate::purl::{Package, package};
pub use crate::supply::{Affected, AffectedVersion, Analysis, Component, Event, Severity, Totals, Vulnerability};

use crate::{Limits, ReadError};

/// Reads a document of either shape.
pub struct Reader<R>(Shape<R>);

/// What was taken to decide, and the rest.
type Whole<R> = Chain<Cursor<Vec<u8>>, R>;

/// What the namespaces of the format begin with; the version follows.
pub(crate) const NAMESPACE: &str = "http://cyclonedx.org/schema/bom/";

/// How far the first decisive byte is looked for.
const BEGINNING_BYTES: usize = 64 << 10;

enum Shape<R> {
    Undecided(R, Limits),
    Json(Box<json::Reader<Whole<R>>>),
    Xml(Box<xml::Reader<Whole<R>>>),
    Ended,
}

impl<R: BufRead> Reader<R> {
    /// Reads whatever begins with `<` as XML and anything else as JSON.
    pub fn new(inner: R, limits: Limits) -> Self {
        Self(Shape::Undecided(inner, limits))
    }

    fn step(&mut self) -> Result<Option<Event>, ReadError> {
        if matches!(self.0, Shape::Undecided(..))
            && let Shape::Undecided(mut inner, limits) = std::mem::replace(&mut self.0, Shape::Ended)
        {
            let beginning = beginning(&mut inner)?;
            let is_xml = beginning.last() == Some(&b'<');
            let inner = Cursor::new(beginning).chain(inner);
            self.0 = if is_xml {
                Shape::Xml(Box::new(xml::Reader::new(inner, &limits)))
            } else {
                Shape::Json(Box::new(json::Reader::new(inner, &limits)))
            };
        }
        match &mut self.0 {
            Shape::Json(reader) => reader.step().map(Some),
            Shape::Xml(reader) => reader.step().map(Some),
            Shape::Undecided(..) | Shape::Ended => Ok(None),
        }
    }
}

/// Takes what decides the shape: everything up to the first byte that is neither white space, nor zero, nor part of a byte order
/// mark. It is put back in front of the rest by the caller.
pub(crate) fn beginning<R: BufRead>(inner: &mut R) -> Result<Vec<u8>, ReadError> {
    let mut taken = Vec::new();
    for byte in inner.by_ref().bytes().take(BEGINNING_BYTES) {
        let byte =
            byte.map_err(|error| ReadError::at_line(1, format!("the file could not be read further: {error}")))?;
        taken.push(byte);
        if decides(byte) {
            break;
        }
    }
    Ok(taken)
}

fn decides(byte: u8) -> bool {
    !matches!(byte, 0 | 0xEF | 0xBB | 0xBF | 0xFE | 0xFF) && !byte.is_ascii_whitespace()
}

impl<R: BufRead> Iterator for Reader<R> {
    type Item = Result<Event, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        let event = self.step().transpose()?;
        if !matches!(event, Ok(Event::Component(_) | Event::Vulnerability(_))) {
            self.0 = Shape::Ended;
        }
        Some(event)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(text: &str) -> Vec<Event> {
        Reader::new(text.as_bytes(), Limits::default()).collect::<Result<_, _>>().expect("readable")
    }

    #[test]
    fn nested_components_come_one_by_one_and_twins_are_alike() {
        let json = events(
            r#"{"bomFormat":"CycloneDX","specVersion":"1.5","version":1,"metadata":{"component":{"type":"application","name":"shop","bom-ref":"root"}},
            "components":[{"type":"library","bom-ref":"a","group":"g","name":"n","version":"1","purl":"pkg:maven/g/n@1",
            "licenses":[{"license":{"id":"MIT"}},{"license":{"name":"Own"}}],"components":[{"type":"file","name":"inner","version":"2"}]}],
            "dependencies":[{"ref":"a","dependsOn":["b"]},{"ref":"b","dependsOn":["a"]}],
            "vulnerabilities":[{"id":"CVE-2024-1","ratings":[{"severity":"low"},{"severity":"high","score":7.5}],"cwes":[79],
            "analysis":{"state":"not_affected","justification":"code_not_reachable"},"affects":[{"ref":"a","versions":[{"range":"vers:maven/<2","status":"affected"}]}]}]}"#,
        );
        let xml = events(
            r#"<bom xmlns="http://cyclonedx.org/schema/bom/1.5" version="1"><metadata><component type="application" bom-ref="root"><name>shop</name></component></metadata>
            <components><component type="library" bom-ref="a"><group>g</group><name>n</name><version>1</version>
            <licenses><license><id>MIT</id></license><license><name>Own</name></license></licenses><purl>pkg:maven/g/n@1</purl>
            <components><component type="file"><name>inner</name><version>2</version></component></components></component></components>
            <dependencies><dependency ref="a"><dependency ref="b"/></dependency><dependency ref="b"><dependency ref="a"/></dependency></dependencies>
            <vulnerabilities><vulnerability><id>CVE-2024-1</id><ratings><rating><severity>low</severity></rating><rating><score>7.5</score><severity>high</severity></rating></ratings>
            <cwes><cwe>79</cwe></cwes><analysis><state>not_affected</state><justification>code_not_reachable</justification></analysis>
            <affects><target><ref>a</ref><versions><version><range>vers:maven/&lt;2</range><status>affected</status></version></versions></target></affects>
            </vulnerability></vulnerabilities></bom>"#,
        );
        assert_eq!(json, xml);
        assert_eq!(json.len(), 5);
        let Event::Vulnerability(found) = &json[3] else { panic!("{:?}", json[3]) };
        assert_eq!((found.severity, found.score), (Some(Severity::High), Some(7.5)));
        let Event::Finished(totals) = &json[4] else { panic!("{:?}", json[4]) };
        assert_eq!((totals.components, totals.components_top, totals.dependencies), (2, 1, 2));
    }

    #[test]
    fn the_extension_of_1_2_is_read_inside_components() {
        let all = events(
            r#"<bom xmlns="http://cyclonedx.org/schema/bom/1.2" xmlns:v="http://cyclonedx.org/schema/ext/vulnerability/1.0"><components>
            <component type="library" bom-ref="x"><name>n</name><version>1</version><v:vulnerabilities><v:vulnerability ref="x"><v:id>CVE-2018-7489</v:id>
            <v:ratings><v:rating><v:score><v:base>9.8</v:base></v:score><v:severity>Critical</v:severity></v:rating></v:ratings>
            </v:vulnerability></v:vulnerabilities></component></components></bom>"#,
        );
        let Event::Vulnerability(found) = &all[1] else { panic!("{:?}", all[1]) };
        assert_eq!(
            (found.id.as_str(), found.severity, found.score),
            ("CVE-2018-7489", Some(Severity::Critical), Some(9.8))
        );
        assert_eq!(found.affects[0].reference, "x");
    }

    #[test]
    fn how_a_file_arrives_does_not_matter() {
        let text = "\u{FEFF}\n <bom xmlns='http://cyclonedx.org/schema/bom/1.4'><components><component><name>n</name></component></components></bom>";
        let pieces = std::io::BufReader::with_capacity(1, text.as_bytes());
        let all: Result<Vec<Event>, _> = Reader::new(pieces, Limits::default()).collect();
        assert_eq!(all.expect("readable"), events(text));
    }

    #[test]
    fn what_is_no_bom_is_refused() {
        for text in [
            "{}",
            r#"{"bomFormat":"AnotherFormat","specVersion":"1.4"}"#,
            r#"{"bomFormat":"CycloneDX","specVersion":"2.0"}"#,
            "<bom/>",
            r#"<bom xmlns="http://cyclonedx.org/schema/bom/1.4"><components>"#,
            r#"{"bomFormat":"CycloneDX","specVersion":"1.4","components":[{"#,
        ] {
            assert!(Reader::new(text.as_bytes(), Limits::default()).any(|event| event.is_err()), "{text}");
        }
    }
}
