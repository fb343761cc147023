//! Writes a laid-out picture as SVG that a browser shows in light and in dark.

use std::fmt::Write;

use super::{Card, HEAD, Leads, Picture, ROW, count, route};
use route::{Piece, Plan};

/// From a card to a name beside it.
pub(super) const BESIDE: i32 = 26;
/// Around the picture.
const MARGIN: i32 = 28;
/// The title's height.
const TITLE: i32 = 44;
/// How round the corners of lines are.
const CORNER: i32 = 5;
/// How many colours lines have.
const COLOURS: usize = 8;

/// Colours are named once for each theme; hovering over a line or a card lifts it.
const STYLE: &str = "
:root { color-scheme: light dark; --paper: #fbfbfd; --card: #ffffff; --head: #eef0f5; --edge: #b9bfcc; --ink: #1d2230; --soft: #626a7c; --name: #f1f3f7;
  --c0: #3b5bdb; --c1: #c2410c; --c2: #0f766e; --c3: #9d174d; --c4: #6d28d9; --c5: #4d7c0f; --c6: #0369a1; --c7: #a16207; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #14161c; --card: #1c1f28; --head: #282d3a; --edge: #454c5e; --ink: #e8eaf1; --soft: #9ba3b6; --name: #222632;
    --c0: #8ea5ff; --c1: #ff9a62; --c2: #4fd1c0; --c3: #ff85b0; --c4: #b99bff; --c5: #a8d45f; --c6: #62c2f5; --c7: #e8bf55; }
}
svg { background: var(--paper); }
text { font: 12px ui-monospace, SFMono-Regular, Menlo, 'DejaVu Sans Mono', Consolas, monospace; fill: var(--ink); }
.title { font: 600 20px ui-sans-serif, system-ui, sans-serif; }
.legend { font: 12px ui-sans-serif, system-ui, sans-serif; fill: var(--soft); }
.name { font: 600 13px ui-monospace, SFMono-Regular, Menlo, 'DejaVu Sans Mono', Consolas, monospace; }
.mark, .remark { font-size: 10px; fill: var(--soft); }
.paper { fill: var(--paper); }
.card { fill: var(--card); stroke: var(--edge); }
.head { fill: var(--head); stroke: var(--edge); }
.rule { stroke: var(--edge); opacity: .45; }
.beside { fill: var(--name); stroke: none; }
.beside-name { font-size: 11px; fill: var(--soft); }
.short, .net path { fill: none; stroke-width: 1.4; }
.short { stroke: var(--soft); }
.maybe { stroke-dasharray: 4 3; }
a:hover .card, a:hover .head { stroke: var(--ink); }
a:hover .beside-name, a:hover .name { text-decoration: underline; }
.net:hover path { stroke-width: 3; }
";

/// The width of a text whose characters are `tenths` of a pixel wide.
pub(super) fn wide(text: &str, tenths: i32) -> i32 {
    (count(text.chars().count()) * tenths + 9) / 10
}

/// The width of a name beside a card.
pub(super) fn chip(name: &str) -> i32 {
    14 + wide(name, 67)
}

/// The picture as a document.
pub(in crate::schema) fn draw(picture: &Picture) -> String {
    let plan = route::plan(&picture.cards);
    let legend = count(picture.legend.len()) * 18 + 18;
    let written = picture.legend.iter().map(|line| wide(line, 66)).max().unwrap_or(0);
    let (width, height) = (plan.width.max(written) + 2 * MARGIN, plan.height + 2 * MARGIN + TITLE + legend);
    let mut svg = String::new();
    let _ = writeln!(
        svg,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"{}\">",
        escape(&picture.title)
    );
    let _ = writeln!(svg, "<title>{}</title>\n<style>{STYLE}", escape(&picture.title));
    for colour in 0..COLOURS {
        let _ = writeln!(
            svg,
            ".n{colour} path {{ stroke: var(--c{colour}); }} .n{colour} circle {{ fill: var(--c{colour}); }}"
        );
    }
    let _ = writeln!(svg, "</style>\n<rect class=\"paper\" width=\"{width}\" height=\"{height}\"/>");
    let _ =
        writeln!(svg, "<text class=\"title\" x=\"{MARGIN}\" y=\"{}\">{}</text>", MARGIN + 20, escape(&picture.title));
    let _ = writeln!(svg, "<g transform=\"translate({MARGIN} {})\">", MARGIN + TITLE);
    nets(&mut svg, picture, &plan);
    for placed in &plan.cards {
        card(&mut svg, placed.card, &picture.cards[placed.card], placed.x, placed.y);
    }
    svg.push_str("</g>\n");
    for (line, text) in picture.legend.iter().enumerate() {
        let y = MARGIN + TITLE + plan.height + 36 + 18 * count(line);
        let _ = writeln!(svg, "<text class=\"legend\" x=\"{MARGIN}\" y=\"{y}\">{}</text>", escape(text));
    }
    svg.push_str("</svg>\n");
    svg
}

fn colour(target: usize) -> usize {
    target % COLOURS
}

/// All lines between cards, a group a net, so that a whole net can be followed.
fn nets(svg: &mut String, picture: &Picture, plan: &Plan) {
    let mut nets: Vec<_> = plan.pieces.iter().map(|piece| piece.net).collect();
    nets.sort();
    nets.dedup();
    for net in nets {
        let _ = writeln!(svg, "<g class=\"net n{}\">", colour(net.target));
        let _ = writeln!(svg, "<title>to {}</title>", escape(&picture.cards[net.target].title));
        for level in plan.levels.iter().filter(|level| level.net == net) {
            let _ = writeln!(svg, "<path d=\"M{} {}H{}\"/>", level.from.0, level.from.1, level.end);
        }
        let pieces: Vec<&Piece> = plan.pieces.iter().filter(|piece| piece.net == net).collect();
        for piece in &pieces {
            line(svg, picture, piece);
        }
        branches(svg, &pieces);
        svg.push_str("</g>\n");
    }
}

/// One piece: level to its track, upright along it, level to its end. The last part is dashed when the column may be empty.
fn line(svg: &mut String, picture: &Picture, piece: &Piece) {
    let ((x, y), (end, end_y)) = (piece.from, piece.to);
    let ahead = (end - x).signum();
    let row = piece.row.map(|(card, row)| &picture.cards[card].rows[row]);
    let class = if row.is_some_and(|row| row.optional) { " class=\"maybe\"" } else { "" };
    if y == end_y {
        let _ =
            writeln!(svg, "<path d=\"M{x} {y}H{}\"/>\n<path{class} d=\"M{} {y}H{end}\"/>", piece.track, piece.track);
    } else {
        let down = (end_y - y).signum();
        let round = CORNER.min((end_y - y).abs() / 2);
        let track = piece.track;
        let (in_x, out_x, in_y, out_y) =
            (track - ahead * round, track + ahead * round, y + down * round, end_y - down * round);
        let _ = writeln!(
            svg,
            "<path d=\"M{x} {y}H{in_x}Q{track} {y} {track} {in_y}V{out_y}Q{track} {end_y} {out_x} {end_y}\"/>"
        );
        let _ = writeln!(svg, "<path{class} d=\"M{out_x} {end_y}H{end}\"/>");
    }
    if let Some(row) = row {
        foot(svg, end, end_y, ahead, row.single);
    }
    if piece.begins {
        bar(svg, x + 7 * ahead, y);
    }
}

/// The end at the referring side: a crow's foot for many rows, a bar for one.
fn foot(svg: &mut String, x: i32, y: i32, ahead: i32, single: bool) {
    if single {
        bar(svg, x - 7 * ahead, y);
    } else {
        let _ = writeln!(svg, "<path d=\"M{x} {}L{} {y}L{x} {}\"/>", y - 5, x - 10 * ahead, y + 5);
    }
}

fn bar(svg: &mut String, x: i32, y: i32) {
    let _ = writeln!(svg, "<path d=\"M{x} {}V{}\"/>", y - 5, y + 5);
}

/// A dot wherever a line leaves its track between the track's two ends.
fn branches(svg: &mut String, pieces: &[&Piece]) {
    let mut tracks: Vec<i32> = pieces.iter().map(|piece| piece.track).collect();
    tracks.sort_unstable();
    tracks.dedup();
    for track in tracks {
        let on: Vec<&&Piece> = pieces.iter().filter(|piece| piece.track == track).collect();
        let mut ends: Vec<i32> = on.iter().flat_map(|piece| [piece.from.1, piece.to.1]).collect();
        ends.sort_unstable();
        ends.dedup();
        let source = on.first().map(|piece| piece.from.1);
        let inner = ends.iter().enumerate().filter(|(at, y)| {
            let at_an_end = *at == 0 || *at + 1 == ends.len();
            // The trunk arrives in the middle, or a branch leaves there; or both lie on one height at an end.
            !at_an_end || (Some(**y) == source && on.len() > 1 && on.iter().any(|piece| piece.to.1 == **y))
        });
        for (_, y) in inner {
            let _ = writeln!(svg, "<circle cx=\"{track}\" cy=\"{y}\" r=\"2.4\"/>");
        }
    }
}

fn card(svg: &mut String, own: usize, card: &Card, x: i32, y: i32) {
    let (width, height) = (card.width(), card.height());
    let _ = writeln!(svg, "<a href=\"{}\"><title>{}</title>", escape(&card.href), escape(&card.tooltip));
    let _ = writeln!(svg, "<rect class=\"card\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"6\"/>");
    let head = if card.rows.is_empty() {
        format!("<rect class=\"head\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"6\"/>")
    } else {
        format!(
            "<path class=\"head\" d=\"M{x} {}V{}q0 -6 6 -6H{}q6 0 6 6V{}z\"/>",
            y + HEAD,
            y + 6,
            x + width - 6,
            y + HEAD
        )
    };
    let _ = writeln!(svg, "{head}");
    let _ = writeln!(svg, "<text class=\"name\" x=\"{}\" y=\"{}\">{}</text>", x + 12, y + 25, escape(&card.title));
    if !card.remark.is_empty() {
        let _ = writeln!(
            svg,
            "<text class=\"remark\" text-anchor=\"end\" x=\"{}\" y=\"{}\">{}</text>",
            x + width - 12,
            y + 25,
            escape(&card.remark)
        );
    }
    for (number, row) in card.rows.iter().enumerate() {
        let middle = y + Card::row_port(number);
        if number > 0 {
            let at = middle - ROW / 2;
            let _ = writeln!(svg, "<path class=\"rule\" d=\"M{} {at}H{}\"/>", x + 1, x + width - 1);
        }
        let _ = writeln!(svg, "<text class=\"mark\" x=\"{}\" y=\"{}\">{}</text>", x + 8, middle + 4, escape(&row.mark));
        let _ = writeln!(svg, "<text x=\"{}\" y=\"{}\">{}</text>", x + 46, middle + 4, escape(&row.label));
    }
    svg.push_str("</a>\n");
    for (number, row) in card.rows.iter().enumerate() {
        let middle = y + Card::row_port(number);
        let class = if row.optional { "short maybe" } else { "short" };
        match &row.leads {
            Leads::Elsewhere { name, href } => {
                let (from, to) = (x + width, x + width + BESIDE);
                let _ = writeln!(svg, "<path class=\"{class}\" d=\"M{from} {middle}H{to}\"/>");
                let end = if row.single {
                    format!("M{} {}V{}", from + 7, middle - 5, middle + 5)
                } else {
                    format!("M{from} {}L{} {middle}L{from} {}", middle - 5, from + 10, middle + 5)
                };
                let _ = writeln!(svg, "<path class=\"short\" d=\"{end}M{} {}V{}\"/>", to - 5, middle - 5, middle + 5);
                let _ = writeln!(svg, "<a href=\"{}\">", escape(href));
                let _ = writeln!(
                    svg,
                    "<rect class=\"beside\" x=\"{to}\" y=\"{}\" width=\"{}\" height=\"16\" rx=\"4\"/>",
                    middle - 8,
                    chip(name)
                );
                let _ = writeln!(
                    svg,
                    "<text class=\"beside-name\" x=\"{}\" y=\"{}\">{}</text></a>",
                    to + 7,
                    middle + 4,
                    escape(name)
                );
            }
            // A line to the card itself: out on the right and back to the head.
            Leads::To(to) if *to == own => {
                let (from, out, back) = (x + width, x + width + 16, y + HEAD - 8);
                let _ = writeln!(svg, "<g class=\"net n{}\">", colour(own));
                let _ = writeln!(
                    svg,
                    "<path d=\"M{out} {}V{}Q{out} {back} {} {back}H{from}\"/>",
                    middle - 5,
                    back + 5,
                    out - 5
                );
                let maybe = if row.optional { " class=\"maybe\"" } else { "" };
                let _ = writeln!(
                    svg,
                    "<path{maybe} d=\"M{from} {middle}H{}Q{out} {middle} {out} {}\"/>",
                    out - 5,
                    middle - 5
                );
                foot(svg, from, middle, -1, row.single);
                bar(svg, from + 7, back);
                svg.push_str("</g>\n");
            }
            Leads::To(_) | Leads::Nowhere => {}
        }
    }
}

/// Text as XML wants it.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
