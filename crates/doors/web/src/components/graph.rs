//! A graph drawn in columns, from what comes first on the left to what follows on the right: boxes that are links, and lines between them.
//! Drawn on the server as SVG, so it needs no script; it scrolls sideways where it is wider than the window.

use maud::{Markup, html};

/// A box.
#[derive(Debug, Clone, Default)]
pub struct GraphNode {
    /// Its column: 0 is the middle, less lies before it, more behind.
    pub column: i64,
    /// Its first line, such as a key.
    pub label: String,
    /// Its second line.
    pub title: String,
    /// What it is, for those who hear the page, such as `requirement`.
    pub kind: String,
    /// Where it leads.
    pub href: String,
}

/// Boxes of one column at most; a last line says how many more there are.
pub const GRAPH_ROWS: usize = 12;

const WIDTH: i64 = 168;
const HEIGHT: i64 = 44;
const GAP: i64 = 32;
const STEP: i64 = HEIGHT + 12;
/// Letters of the second line; what is longer is cut, and said whole to whoever points at the box.
const LETTERS: usize = 24;

/// The graph. `lines` are pairs of places in `nodes`; those to boxes that are not drawn are left out.
#[must_use]
pub fn graph(label: &str, nodes: &[GraphNode], lines: &[(usize, usize)]) -> Markup {
    let first = nodes.iter().map(|node| node.column).min().unwrap_or(0);
    let last = nodes.iter().map(|node| node.column).max().unwrap_or(0);
    let columns: Vec<Vec<usize>> =
        (first..=last).map(|column| (0..nodes.len()).filter(|at| nodes[*at].column == column).collect()).collect();
    let size = |count: usize| i64::try_from(count).unwrap_or(i64::MAX / STEP - 1);
    let tallest = columns.iter().map(|column| column.len().min(GRAPH_ROWS + 1)).max().unwrap_or(1);
    let (wide, high) = (size(columns.len()) * (WIDTH + GAP) - GAP, size(tallest) * STEP);
    let mut places: Vec<Option<(i64, i64)>> = vec![None; nodes.len()];
    let mut more: Vec<(i64, i64, usize)> = Vec::new();
    for (at, column) in columns.iter().enumerate() {
        let rows = column.len().min(GRAPH_ROWS + 1);
        let (x, top) = (size(at) * (WIDTH + GAP), (high - size(rows) * STEP) / 2);
        for (row, node) in column.iter().take(GRAPH_ROWS).enumerate() {
            places[*node] = Some((x, top + size(row) * STEP));
        }
        if column.len() > GRAPH_ROWS {
            more.push((x, top + size(GRAPH_ROWS) * STEP, column.len() - GRAPH_ROWS));
        }
    }
    let drawn = lines.iter().filter_map(|(from, to)| places.get(*from).copied()?.zip(places.get(*to).copied()?));
    html! {
        div class="graph" role="region" aria-label=(label) tabindex="0" {
            svg width=(wide) height=(high) viewBox={ "0 0 " (wide) " " (high) } role="group" aria-label=(label) {
                @for (from, to) in drawn { path class="edge" d=(curve(from, to)) {} }
                @for (node, place) in nodes.iter().zip(&places) {
                    @if let Some((x, y)) = place {
                        a href=(node.href) class=[(node.column == 0).then_some("here")] {
                            svg x=(x) y=(y) width=(WIDTH) height=(HEIGHT) {
                                title { (node.kind) ": " (node.title) }
                                rect x="0.5" y="0.5" width=(WIDTH - 1) height=(HEIGHT - 1) rx="6" {}
                                text x="10" y="18" class="name" { (node.label) }
                                text x="10" y="35" { (cut(&node.title)) }
                            }
                        }
                    }
                }
                @for (x, y, count) in &more { text class="more" x=(x + 10) y=(y + 18) { "and " (count) " more, in the list" } }
            }
        }
    }
}

fn cut(title: &str) -> String {
    if title.chars().count() <= LETTERS {
        return title.to_owned();
    }
    let kept: String = title.chars().take(LETTERS - 1).collect();
    format!("{}…", kept.trim_end())
}

/// From the right side of one box to the left side of another; between the left sides where the other is not further right.
fn curve(from: (i64, i64), to: (i64, i64)) -> String {
    if to.0 <= from.0 {
        let (y1, y2, bend) = (from.1 + HEIGHT / 2, to.1 + HEIGHT / 2, from.0.min(to.0) - GAP / 2);
        return format!("M{} {y1}C{bend} {y1} {bend} {y2} {} {y2}", from.0, to.0);
    }
    let (x1, y1) = (from.0 + WIDTH, from.1 + HEIGHT / 2);
    let (x2, y2) = (to.0, to.1 + HEIGHT / 2);
    let bend = GAP / 2;
    format!("M{x1} {y1}C{} {y1} {} {y2} {x2} {y2}", x1 + bend, x2 - bend)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_into_a_column_is_counted_and_lines_to_it_are_left_out() {
        let node = |column, n: usize| GraphNode {
            column,
            label: format!("TC-{n}"),
            title: "<b>".to_owned(),
            kind: "test case".to_owned(),
            href: format!("/impact?record={n}"),
        };
        let mut nodes = vec![node(0, 0)];
        nodes.extend((1..=15).map(|n| node(1, n)));
        let lines: Vec<(usize, usize)> = (1..=15).map(|n| (0, n)).collect();
        let html = graph("Impact", &nodes, &lines).into_string();
        assert_eq!(html.matches("class=\"edge\"").count(), 12);
        assert!(html.contains("and 3 more, in the list") && html.contains("TC-12") && !html.contains("TC-13<"));
        assert!(html.contains("&lt;b&gt;") && !html.contains("<b>"));
    }
}
