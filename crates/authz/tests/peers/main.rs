//! What other engines ask of themselves, asked of ours where it maps, and counted by reason where it does not.
//!
//! The samples lie outside the repository; `THROUGHLINE_SAMPLES` names another place. Without them the tests say so and pass: they
//! belong to the machines that have the samples. `UPDATE_GOLDEN=1` writes the tables of `docs/access.md` anew.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

mod cel;
mod cerbos;
mod model;
mod openfga;
mod plans;

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

const PAGE: &str = "../../docs/access.md";

/// How the cases of a suite went.
#[derive(Default)]
struct Tally {
    agreed: u32,
    differ: Vec<String>,
    skipped: BTreeMap<String, u32>,
}

impl Tally {
    fn skip(&mut self, reason: impl Into<String>) {
        *self.skipped.entry(reason.into()).or_default() += 1;
    }

    fn compare<T: PartialEq + std::fmt::Debug>(&mut self, case: &str, ours: T, theirs: T) {
        if ours == theirs {
            self.agreed += 1;
        } else {
            self.differ.push(format!("{case}: {ours:?}, and there {theirs:?}"));
        }
    }

    /// The table for the page; fails when a case that maps gives another answer.
    fn table(&self, cases: &str) -> String {
        assert!(
            self.differ.is_empty(),
            "{} of the cases that map differ:\n{}",
            self.differ.len(),
            self.differ.join("\n")
        );
        let skipped: u32 = self.skipped.values().sum();
        let mut table = format!(
            "Of {} {cases} {} map and give the same answer, and none gives another. The other {skipped}:\n\n\
             | Cases | Why they do not map |\n|---:|---|\n",
            self.agreed + skipped,
            self.agreed
        );
        let mut reasons: Vec<_> = self.skipped.iter().collect();
        reasons.sort_by(|(left, fewer), (right, more)| more.cmp(fewer).then(left.cmp(right)));
        for (reason, count) in reasons {
            writeln!(table, "| {count} | {reason} |").unwrap();
        }
        table
    }
}

/// A file of the samples; none without them.
fn sample(name: &str) -> Option<Vec<u8>> {
    let place = std::env::var_os("THROUGHLINE_SAMPLES")
        .map(PathBuf::from)
        .unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/samples"));
    let read = fs::read(place.join("authz").join(name));
    if read.is_err() {
        eprintln!("no {name} at {}: nothing was checked", place.display());
    }
    read.ok()
}

/// Holds what stands on the page between two marks to what is so, or puts it there.
fn block(name: &str, now: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE);
    let page = fs::read_to_string(&path).unwrap();
    let (start, end) = (format!("<!-- {name} -->\n"), format!("<!-- end of {name} -->"));
    let (before, rest) = page.split_once(&start).unwrap();
    let (written, after) = rest.split_once(&end).unwrap();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, format!("{before}{start}{now}{end}{after}")).unwrap();
        return;
    }
    assert!(
        written == now,
        "docs/access.md is not up to date about {name}: run this test with UPDATE_GOLDEN=1 and look at what changed. It should \
         say:\n{now}"
    );
}
