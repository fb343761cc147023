//! Merging the entries of a file that a report lists in several places.

use std::collections::BTreeMap;
use std::collections::HashMap;

use crate::Limits;
use crate::coverage::record::{FileCoverage, Ratio, Totals};

/// What is known of one line.
#[derive(Debug, Clone, Copy, Default)]
struct Line {
    hits: u64,
    /// Listed by a class or record itself; otherwise only by a method.
    own: bool,
    branches: Ratio,
}

/// One file while it is being read.
#[derive(Debug, Default)]
struct File {
    component: String,
    path: String,
    lines: BTreeMap<u64, Line>,
    /// Branches that have names of their own (lcov): line, block, branch.
    named_branches: BTreeMap<(u64, String, String), bool>,
    functions: BTreeMap<(u64, String), bool>,
}

/// All files of a report, in the order of their first appearance.
#[derive(Debug)]
pub(super) struct Files {
    files: Vec<File>,
    by_path: HashMap<String, usize>,
    current: usize,
    entries: u64,
    max_files: usize,
    max_entries: u64,
}

impl Files {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            files: Vec::new(),
            by_path: HashMap::new(),
            current: 0,
            entries: 0,
            max_files: limits.max_files,
            max_entries: limits.max_lines,
        }
    }

    /// What follows is about this file. The reason, when there are too many.
    pub(super) fn enter(&mut self, component: &str, path: &str) -> Result<(), String> {
        if let Some(&known) = self.by_path.get(path) {
            self.current = known;
            return Ok(());
        }
        if self.files.len() == self.max_files {
            return Err(format!("the report covers more than {} files", self.max_files));
        }
        self.current = self.files.len();
        self.by_path.insert(path.to_owned(), self.current);
        self.files.push(File { component: component.to_owned(), path: path.to_owned(), ..File::default() });
        Ok(())
    }

    /// A line of the current file. Said several times, hits add up and the best of its branches counts.
    pub(super) fn line(&mut self, number: u64, hits: u64, own: bool, branches: Ratio) -> Result<(), String> {
        let Some(file) = self.files.get_mut(self.current) else {
            return Ok(());
        };
        let before = file.lines.len();
        let line = file.lines.entry(number).or_default();
        if own && !line.own {
            // What only a method said before is replaced by what the class says.
            *line = Line { hits, own, branches };
        } else if own == line.own {
            line.hits = line.hits.saturating_add(hits);
            line.branches.total = line.branches.total.max(branches.total);
            line.branches.covered = line.branches.covered.max(branches.covered);
        }
        let added = file.lines.len() > before;
        self.counted(added)
    }

    /// A branch of the current file that has a name.
    pub(super) fn branch(&mut self, line: u64, block: &str, branch: &str, taken: bool) -> Result<(), String> {
        let Some(file) = self.files.get_mut(self.current) else {
            return Ok(());
        };
        let before = file.named_branches.len();
        *file.named_branches.entry((line, block.to_owned(), branch.to_owned())).or_default() |= taken;
        let added = file.named_branches.len() > before;
        self.counted(added)
    }

    /// A function of the current file.
    pub(super) fn function(&mut self, line: u64, name: &str, called: bool) -> Result<(), String> {
        let Some(file) = self.files.get_mut(self.current) else {
            return Ok(());
        };
        let before = file.functions.len();
        *file.functions.entry((line, name.to_owned())).or_default() |= called;
        let added = file.functions.len() > before;
        self.counted(added)
    }

    fn counted(&mut self, added: bool) -> Result<(), String> {
        self.entries += u64::from(added);
        if self.entries > self.max_entries {
            return Err(format!("the report covers more than {} lines", self.max_entries));
        }
        Ok(())
    }

    /// The finished records; sums go to `totals`.
    pub(super) fn finish(self, totals: &mut Totals) -> Vec<FileCoverage> {
        totals.max_hits = self
            .files
            .iter()
            .flat_map(|file| file.lines.values())
            .filter(|line| line.own)
            .map(|line| line.hits)
            .max()
            .unwrap_or(0);
        let records: Vec<FileCoverage> = self.files.into_iter().map(File::finish).collect();
        for record in &records {
            add(totals, record);
        }
        records
    }
}

/// Adds one file to the sums.
pub(super) fn add(totals: &mut Totals, record: &FileCoverage) {
    totals.files += 1;
    totals.lines.add(record.lines);
    totals.branches.add(record.branches);
    totals.method_only_lines.add(record.method_only_lines);
    totals.functions.add(record.functions);
}

impl File {
    fn finish(self) -> FileCoverage {
        let mut record = FileCoverage { component: self.component, path: self.path, ..FileCoverage::default() };
        for line in self.lines.values() {
            if line.own {
                record.lines.count(line.hits > 0);
                record.branches.add(line.branches);
            } else {
                record.method_only_lines.count(line.hits > 0);
            }
        }
        for &taken in self.named_branches.values() {
            record.branches.count(taken);
        }
        for &called in self.functions.values() {
            record.functions.count(called);
        }
        record
    }
}
