//! What a coverage report is made of.

use crate::Replaced;

/// One step through a coverage report.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// What was measured in one source file. Each path comes once per component.
    File(Box<FileCoverage>),
    /// The last event of a report that could be read to its end.
    Finished(Box<Totals>),
}

/// How many of how many. `covered` is never above `total`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ratio {
    /// Those that ran.
    pub covered: u64,
    /// All that could run.
    pub total: u64,
}

impl Ratio {
    pub(crate) fn count(&mut self, covered: bool) {
        self.total += 1;
        self.covered += u64::from(covered);
    }

    pub(crate) fn add(&mut self, more: Self) {
        self.covered = self.covered.saturating_add(more.covered);
        self.total = self.total.saturating_add(more.total);
    }

    /// 0 to 100; None when there is nothing to cover, which is not the same as nothing covered.
    #[must_use]
    pub fn percent(&self) -> Option<f64> {
        (self.total > 0).then(|| self.covered as f64 * 100.0 / self.total as f64)
    }
}

/// One source file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FileCoverage {
    /// Cobertura's and JaCoCo's package (with JaCoCo's groups before it, separated by `/`), lcov's test name. Empty when
    /// the report names none. A Cobertura file that occurs in several packages is listed under the first.
    pub component: String,
    /// The path as the tool wrote it, not to be opened.
    pub path: String,
    /// Distinct lines. A line counts as covered when any of its entries was hit.
    pub lines: Ratio,
    /// Distinct branches; what a line says in several entries is merged, see each reader.
    pub branches: Ratio,
    /// Distinct lines that only a method lists and not its class: Swift's converter writes reports of this kind
    /// alone. Not part of `lines`.
    pub method_only_lines: Ratio,
    /// Distinct functions by name and line, where the format tells (lcov), or methods (JaCoCo's counter).
    pub functions: Ratio,
}

impl FileCoverage {
    /// The lines to show: those of the classes, or those of the methods when no class lists any.
    #[must_use]
    pub fn effective_lines(&self) -> Ratio {
        if self.lines.total == 0 { self.method_only_lines } else { self.lines }
    }
}

/// Everything that was counted, and what the report declares.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Totals {
    /// Distinct files.
    pub files: u64,
    /// Distinct lines of distinct files.
    pub lines: Ratio,
    /// Distinct branches.
    pub branches: Ratio,
    /// Lines that only methods list, see [`FileCoverage::method_only_lines`].
    pub method_only_lines: Ratio,
    /// Distinct functions or methods.
    pub functions: Ratio,
    /// The highest number of hits of any line, the hits of its entries added up. 0 for JaCoCo, which counts none.
    pub max_hits: u64,
    /// The entries before merging, as they stand in the file.
    pub entries: LineCounts,
    /// Totals that the report declares.
    pub declared: Declared,
    /// Directories that paths are relative to (Cobertura's `<sources>`), not to be opened.
    pub sources: Vec<String>,
    /// What could not be shown and was replaced by U+FFFD.
    pub replaced: Replaced,
}

/// Entries as they stand in the file, a line that is listed twice counted twice.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LineCounts {
    /// `<package>` elements.
    pub packages: u64,
    /// `<group>` elements (JaCoCo).
    pub groups: u64,
    /// `<class>` elements.
    pub classes: u64,
    /// `<sourcefile>` elements (JaCoCo) or `SF` records (lcov).
    pub files: u64,
    /// Line entries: those of classes (Cobertura), of source files (JaCoCo), `DA` records (lcov).
    pub lines: Ratio,
    /// Line entries inside methods (Cobertura).
    pub method_lines: u64,
    /// Branches of all line entries (`condition-coverage`, `BRDA`, `mb` and `cb`).
    pub branches: Ratio,
    /// Function records (lcov's `FN`), and those that were called at least once.
    pub functions: Ratio,
}

/// Totals as a report declares them. Never take them for counts.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Declared {
    /// Share of lines covered, 0 to 1, as declared (Cobertura's `line-rate`).
    pub line_rate: Option<f64>,
    /// Share of branches covered, 0 to 1, as declared.
    pub branch_rate: Option<f64>,
    /// `lines-valid`, the sum of `LF`, or JaCoCo's `LINE` counter.
    pub lines_total: Option<u64>,
    /// `lines-covered`, the sum of `LH`, or JaCoCo's `LINE` counter.
    pub lines_covered: Option<u64>,
    /// `branches-valid`, the sum of `BRF`, or JaCoCo's `BRANCH` counter.
    pub branches_total: Option<u64>,
    /// `branches-covered`, the sum of `BRH`, or JaCoCo's `BRANCH` counter.
    pub branches_covered: Option<u64>,
    /// JaCoCo's counters of the whole report, in the order of the file.
    pub counters: Vec<(Counter, Ratio)>,
}

/// What a JaCoCo counter counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Counter {
    /// Bytecode instructions.
    Instruction,
    /// Branches.
    Branch,
    /// Source lines.
    Line,
    /// Cyclomatic complexity.
    Complexity,
    /// Methods.
    Method,
    /// Classes.
    Class,
}
