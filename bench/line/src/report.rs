//! What was found, as Markdown: ratios with their spread, the goals beside them, and the reason where one is missed.

use std::fmt::Write as _;

use decisions::{median, spread};

/// A goal for a figure.
#[derive(Debug, Clone, Copy)]
pub enum Goal {
    /// It should be this or more.
    AtLeast(f64),
    /// It should be this or less.
    AtMost(f64),
    /// Shown for comparison.
    None,
}

/// One section of the report.
#[derive(Default)]
pub struct Section {
    title: String,
    notes: Vec<String>,
    figures: Vec<(String, Vec<f64>, &'static str, Goal)>,
    missed: Vec<String>,
    tables: Vec<String>,
}

impl Section {
    /// An empty section.
    #[must_use]
    pub fn new(title: &str) -> Self {
        Self { title: title.to_owned(), ..Self::default() }
    }

    /// A sentence on what was done.
    pub fn note(&mut self, text: impl Into<String>) {
        self.notes.push(text.into());
    }

    /// A figure, of as many rounds as there are values; `reason` is shown when the median misses the goal.
    pub fn figure(&mut self, what: &str, values: &[f64], unit: &'static str, goal: Goal, reason: &str) {
        if !met(goal, median(values)) {
            self.missed.push(format!("{what}: {reason}"));
        }
        self.figures.push((what.to_owned(), values.to_vec(), unit, goal));
    }

    /// A table that explains the figures.
    pub fn table(&mut self, caption: &str, head: &[&str], rows: &[Vec<String>]) {
        let mut text = format!("{caption}\n\n| {} |\n|{}\n", head.join(" | "), "---|".repeat(head.len()));
        for row in rows {
            let _ = writeln!(text, "| {} |", row.join(" | "));
        }
        self.tables.push(text);
    }

    /// The section as Markdown.
    #[must_use]
    pub fn markdown(&self) -> String {
        let mut text = format!("## {}\n\n", self.title);
        for note in &self.notes {
            let _ = writeln!(text, "{note}\n");
        }
        text.push_str("| Figure | Median | Spread | Rounds | Goal | |\n|---|---|---|---|---|---|\n");
        for (what, values, unit, goal) in &self.figures {
            let (middle, (low, high)) = (median(values), spread(values));
            let verdict = match (goal, met(*goal, middle)) {
                (Goal::None, _) => "",
                (_, true) => "met",
                (_, false) => "**missed**",
            };
            let goal = match goal {
                Goal::AtLeast(goal) => format!("≥ {}{unit}", short(*goal)),
                Goal::AtMost(goal) => format!("≤ {}{unit}", short(*goal)),
                Goal::None => String::new(),
            };
            let _ = writeln!(
                text,
                "| {what} | {}{unit} | {}–{} | {} | {goal} | {verdict} |",
                short(middle),
                short(low),
                short(high),
                values.len()
            );
        }
        for reason in &self.missed {
            let _ = write!(text, "\nMissed – {reason}\n");
        }
        for table in &self.tables {
            let _ = write!(text, "\n{table}");
        }
        text
    }
}

fn met(goal: Goal, value: f64) -> bool {
    match goal {
        Goal::AtLeast(goal) => value >= goal,
        Goal::AtMost(goal) => value <= goal,
        Goal::None => true,
    }
}

/// A figure with as many digits as it deserves.
#[must_use]
pub fn short(value: f64) -> String {
    if value.abs() >= 100.0 {
        format!("{value:.0}")
    } else if value.abs() >= 10.0 {
        format!("{value:.1}")
    } else {
        format!("{value:.2}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missed_goal_is_named_with_its_reason() {
        let mut section = Section::new("P0");
        section.figure("against itself", &[0.5, 0.3, 0.4], "×", Goal::AtLeast(0.45), "it is slow");
        section.figure("size", &[10.0], " MiB", Goal::AtMost(20.0), "it is large");
        let text = section.markdown();
        assert!(text.contains("| against itself | 0.40× | 0.30–0.50 | 3 | ≥ 0.45× | **missed** |"), "{text}");
        assert!(text.contains("Missed – against itself: it is slow"), "{text}");
        assert!(!text.contains("it is large"), "{text}");
    }
}
