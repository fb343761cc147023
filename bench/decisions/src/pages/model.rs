//! What the page shows.

use serde::Serialize;

/// A link of the navigation.
#[derive(Serialize)]
pub struct Link {
    /// Where it leads.
    pub href: String,
    /// What it says.
    pub label: String,
    /// Whether it leads to the page that is shown.
    pub current: bool,
}

/// A test, and with it a column.
#[derive(Serialize)]
pub struct Test {
    /// Its name, with characters that HTML escapes.
    pub name: String,
    /// Where it leads.
    pub href: String,
}

/// A requirement, and with it a row.
#[derive(Serialize)]
pub struct Requirement {
    /// The human key.
    pub key: String,
    /// Where it leads.
    pub href: String,
    /// One line, with characters that HTML escapes.
    pub title: String,
    /// Where it stands.
    pub status: &'static str,
    /// Acceptance criteria that a passing result proves.
    pub proven: u32,
    /// Acceptance criteria in all.
    pub criteria: u32,
    /// One for each test of the page.
    pub cells: Vec<Cell>,
}

/// The latest result of a test for a requirement.
#[derive(Serialize)]
pub struct Cell {
    /// `passed`, `failed`, `skipped`, or empty where the test says nothing about the requirement.
    /// How the result ended.
    pub state: &'static str,
    /// Where it leads.
    pub href: String,
    /// What the failure said.
    pub note: Option<String>,
}

/// The whole page.
#[derive(Serialize)]
pub struct Matrix {
    /// Whose page it is.
    pub organisation: String,
    /// Which project it shows.
    pub project: String,
    /// The links of the layout.
    pub navigation: Vec<Link>,
    /// The columns.
    pub tests: Vec<Test>,
    /// The rows.
    pub rows: Vec<Requirement>,
}

/// A matrix of the given size with names that need escaping.
pub fn matrix(rows: usize, columns: usize) -> Matrix {
    let states = ["passed", "failed", "skipped", "", "passed"];
    Matrix {
        organisation: "Ada & Sons".to_owned(),
        project: "Parser <core>".to_owned(),
        navigation: [
            "Overview",
            "Requirements",
            "Matrix",
            "Builds",
            "Defects",
            "Deployments",
            "Import",
        ]
        .into_iter()
        .map(|label| Link {
            href: format!("/parser/{}", label.to_lowercase()),
            label: label.to_owned(),
            current: label == "Matrix",
        })
        .collect(),
        tests: (0..columns)
            .map(|n| Test {
                name: format!("reads Vec<u{n}> & \"quotes\" in suite {n}"),
                href: format!("/parser/tests/TC-{n}?from=1&to=2"),
            })
            .collect(),
        rows: (0..rows)
            .map(|row| Requirement {
                key: format!("REQ-{row}"),
                href: format!("/parser/requirements/REQ-{row}"),
                title: format!(
                    "A list of <{row}> items is sorted & \"filtered\", and what doesn't fit is said"
                ),
                status: ["draft", "approved", "in_progress", "completed"][row % 4],
                proven: (row % 5) as u32,
                criteria: 5,
                cells: (0..columns)
                    .map(|column| Cell {
                        state: states[(row + column) % states.len()],
                        href: format!("/parser/results/{row}-{column}"),
                        note: (row % 7 == 0)
                            .then(|| format!("expected <{column}> & got \"{row}\"")),
                    })
                    .collect(),
            })
            .collect(),
    }
}
