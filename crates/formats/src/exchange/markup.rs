//! Formatted text of other tools as plain text that says the same: what is shown is never their markup.
//!
//! Paragraphs, lists, line breaks, rows of tables and preformatted text keep their shape by line ends and signs; links and
//! embedded things are named; scripts and style sheets are passed over. Whatever is left is text, so nothing in it can run,
//! frame or fetch anything.

use super::dom::{Element, Node};

/// Elements that stand on lines of their own.
const BLOCKS: [&str; 19] = [
    "address",
    "blockquote",
    "body",
    "center",
    "dd",
    "div",
    "dl",
    "dt",
    "fieldset",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "p",
    "section",
    "table",
];

/// The text of an element of XHTML, and the names of what is embedded in it.
pub(crate) fn plain(element: &Element) -> (String, Vec<String>) {
    let mut writer = Writer::default();
    writer.children(element);
    let text = writer.out.trim_matches(['\n', ' ', '\t']).to_owned();
    (text, writer.embedded)
}

#[derive(Default)]
struct Writer {
    out: String,
    embedded: Vec<String>,
    /// Inside these lists; the number of the next item where they are numbered.
    lists: Vec<Option<u32>>,
    preformatted: bool,
    /// A blank is due before the next word.
    blank: bool,
}

impl Writer {
    fn children(&mut self, element: &Element) {
        for node in &element.children {
            match node {
                Node::Text(text) => self.text(text),
                Node::Element(element) => self.element(element),
            }
        }
    }

    fn text(&mut self, text: &str) {
        if self.preformatted {
            self.out.push_str(text);
            return;
        }
        for character in text.chars() {
            // A no-break space stays: it was meant.
            if matches!(character, ' ' | '\t' | '\n') {
                self.blank = true;
                continue;
            }
            self.word();
            self.out.push(character);
        }
    }

    /// Writes the blank that is due, unless a line begins.
    fn word(&mut self) {
        if std::mem::take(&mut self.blank)
            && !self.out.is_empty()
            && !self.out.ends_with('\n')
            && !self.out.ends_with(' ')
        {
            self.out.push(' ');
        }
    }

    /// Begins a line; with `apart`, after an empty one.
    fn line(&mut self, apart: bool) {
        self.blank = false;
        let wanted = if apart { 2 } else { 1 };
        let now = self.out.len() - self.out.trim_end_matches('\n').len();
        if !self.out.is_empty() {
            for _ in now..wanted {
                self.out.push('\n');
            }
        }
    }

    fn element(&mut self, element: &Element) {
        let name = element.local().to_ascii_lowercase();
        match name.as_str() {
            "script" | "style" | "head" | "iframe" | "template" => {}
            "br" => {
                self.blank = false;
                self.out.push('\n');
            }
            "hr" => {
                self.line(true);
                self.out.push_str("---");
                self.line(true);
            }
            "ul" | "ol" => {
                self.line(self.lists.is_empty());
                self.lists.push((name == "ol").then_some(1));
                self.children(element);
                self.lists.pop();
                self.line(self.lists.is_empty());
            }
            "li" => self.item(element),
            "tr" => {
                self.line(false);
                let cells: Vec<&Element> = element.elements().collect();
                for (at, cell) in cells.into_iter().enumerate() {
                    if at > 0 {
                        self.out.push_str(" | ");
                    }
                    let (text, embedded) = plain(cell);
                    self.out.push_str(&text.replace('\n', " "));
                    self.embedded.extend(embedded);
                }
                self.line(false);
            }
            "pre" => {
                self.line(true);
                let before = std::mem::replace(&mut self.preformatted, true);
                self.children(element);
                self.preformatted = before;
                self.line(true);
            }
            "a" => {
                let before = self.out.len();
                self.children(element);
                let target = element.attribute("href").map(str::trim).unwrap_or_default();
                if is_link(target) && !self.out[before..].contains(target) {
                    self.word();
                    self.out.push_str(&format!(" <{target}>"));
                }
            }
            "object" | "img" | "embed" => self.embedded(element),
            other if BLOCKS.contains(&other) => {
                let apart = !matches!(other, "div" | "dd" | "dt") && self.lists.is_empty();
                self.line(apart);
                self.children(element);
                self.line(apart);
            }
            _ => self.children(element),
        }
    }

    fn item(&mut self, element: &Element) {
        self.line(false);
        let depth = self.lists.len().saturating_sub(1);
        self.out.push_str(&"  ".repeat(depth));
        match self.lists.last_mut() {
            Some(Some(number)) => {
                let sign = format!("{number}. ");
                *number += 1;
                self.out.push_str(&sign);
            }
            _ => self.out.push_str("- "),
        }
        self.children(element);
        self.line(false);
    }

    /// What is embedded is named; of several forms of one thing the outer one counts.
    fn embedded(&mut self, element: &Element) {
        let place = element.attribute("data").or_else(|| element.attribute("src")).map(str::trim).unwrap_or_default();
        let before = self.out.len();
        let said = element.attribute("alt").map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
        match said {
            Some(text) => self.text(&text),
            None => self.children(element),
        }
        if !place.is_empty() && !place.starts_with("data:") {
            if self.out[before..].trim().is_empty() {
                let name = place.rsplit('/').next().unwrap_or(place).to_owned();
                self.blank = self.blank || !self.out.is_empty();
                self.word();
                self.out.push_str(&format!("[{name}]"));
            }
            self.embedded.push(place.to_owned());
        }
    }
}

fn is_link(target: &str) -> bool {
    ["https://", "http://", "mailto:"].iter().any(|begin| target.starts_with(begin))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        plain(&Element::parse(text).expect("one element")).0
    }

    #[test]
    fn the_shape_of_a_text_stays() {
        assert_eq!(shown("<div>One\n  <b>two</b>.<br/>Three</div>"), "One two.\nThree");
        assert_eq!(shown("<x:div><x:p>One</x:p><x:p>Two</x:p></x:div>"), "One\n\nTwo");
        assert_eq!(
            shown("<div>A<ul><li>b<ol><li>c</li><li>d</li></ol></li><li>e</li></ul>f</div>"),
            "A\n\n- b\n  1. c\n  2. d\n- e\n\nf"
        );
        assert_eq!(shown("<table><tr><td>a</td><td>b<br/>c</td></tr><tr><td>d</td><td/></tr></table>"), "a | b c\nd |");
        assert_eq!(shown("<div><pre>a\n  b</pre></div>"), "a\n  b");
    }

    /// Proves REQ-65.4.
    #[test]
    fn what_could_run_frame_or_fetch_is_not_kept_in_what_is_shown() {
        let text = "<div>a<script>alert(1)</script><iframe src='https://x/y'>b</iframe><style>c</style>\
            <a href='javascript:d()'>e</a> <a href='https://x.example/f'>g</a><img src='https://x/h.png' onerror='i()'/>&lt;j&gt;</div>";
        assert_eq!(shown(text), "ae g <https://x.example/f> [h.png]<j>");
    }

    #[test]
    fn what_is_embedded_is_named() {
        let (text, embedded) = plain(
            &Element::parse("<div><object data='a/b.rtf' type='application/rtf'><object data='a/b.png'>a picture</object></object></div>")
                .expect("one element"),
        );
        assert_eq!((text.as_str(), embedded.len()), ("a picture", 2));
    }
}
