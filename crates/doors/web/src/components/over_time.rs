//! A measured value over time, drawn on the server as SVG; what it shows is said in words beside it.

use maud::{Markup, html};

/// A line, ready to be drawn.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OverTime {
    /// What the drawing shows, in a sentence.
    pub words: String,
    /// The words at the upper and the lower end of the axis of values.
    pub ends: [String; 2],
    /// The words at the first and the last moment.
    pub span: [String; 2],
    /// Stretches without a gap: thousandths of the span from the left, hundredths of the height from the lower end.
    pub stretches: Vec<Vec<(i64, i64)>>,
}

/// The line, with its ends named. Where nothing was measured the line is broken, not drawn on.
#[must_use]
pub fn over_time(line: &OverTime) -> Markup {
    let path = |stretch: &[(i64, i64)]| -> String {
        let step = |(n, (x, y)): (usize, &(i64, i64))| format!("{}{x} {}", if n == 0 { "M" } else { "L" }, 108 - y);
        stretch.iter().enumerate().map(step).collect()
    };
    html! {
        figure class="chart low" {
            div class="plot" {
                div class="axis-y" aria-hidden="true" { span { (line.ends[0]) } span { (line.ends[1]) } }
                svg viewBox="0 0 1000 116" preserveAspectRatio="none" role="img" aria-label=(line.words) {
                    @for y in [8, 108] { path class="grid" d={ "M0 " (y) "H1000" } {} }
                    @for stretch in &line.stretches {
                        @match stretch.as_slice() {
                            [(x, y)] => path class="point" d={ "M" (x) " " (108 - y) "h0" } {},
                            stretch => path class="trace" d=(path(stretch)) {},
                        }
                    }
                }
                div class="axis-x" aria-hidden="true" { span { (line.span[0]) } span { (line.span[1]) } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_breaks_the_line() {
        let stretches = vec![vec![(0, 0), (100, 50)], vec![(500, 100)], vec![(900, 10), (1000, 20)]];
        let drawn = over_time(&OverTime { words: "Size".into(), stretches, ..OverTime::default() }).into_string();
        assert_eq!(drawn.matches("class=\"trace\"").count(), 2, "{drawn}");
        assert!(drawn.contains("d=\"M0 108L100 58\"") && drawn.contains("d=\"M500 8h0\""), "{drawn}");
        assert!(drawn.contains("role=\"img\" aria-label=\"Size\""), "{drawn}");
    }
}
