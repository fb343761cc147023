//! How much of a stranger's file a reader is willing to take.

/// Bounds for one file. Going over a bound that protects the reader refuses the file; going over one that only
/// decides how much text is worth keeping shortens the text and counts what was left out.
///
/// The defaults accept every report seen in practice, among them 100 MB reports with 200,000 cases, while one reader
/// stays within a few megabytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the file before decoding. Default 4 GiB. Over it: refused.
    pub max_total_bytes: u64,
    /// Elements inside one another. Default 128. Over it: refused.
    pub max_depth: usize,
    /// Bytes of one XML tag with all its attributes, or of one line of a line-based format. Default 4 MiB, because
    /// some frameworks put whole page sources into a `message` attribute. Over it: refused.
    pub max_tag_bytes: usize,
    /// Attributes of one XML tag. Default 1,000. Over it: refused.
    pub max_attributes: usize,
    /// Test cases in one report. Default 5,000,000. Over it: refused.
    pub max_cases: u64,
    /// Suites in one report. Default 1,000,000. Over it: refused.
    pub max_suites: u64,
    /// Properties of one test case. Default 10,000. Over it: refused.
    pub max_properties: usize,
    /// Failure, error and skipped elements kept for one test case. Default 100. All are counted; those over it are
    /// not kept.
    pub max_problems: usize,
    /// Rerun and flaky attempts kept for one test case. Default 100. All are counted; those over it are not kept.
    pub max_attempts: usize,
    /// Bytes kept from the beginning of a failure detail or captured output. Default 32 KiB.
    pub text_head_bytes: usize,
    /// Bytes kept from the end of a failure detail or captured output. Default 32 KiB.
    pub text_tail_bytes: usize,
    /// Source files in one coverage report. Default 1,000,000. Over it: refused.
    pub max_files: usize,
    /// Distinct source lines in one coverage report. Default 20,000,000. Over it: refused.
    pub max_lines: u64,
    /// Bytes of one requirement document, which is read whole. Default 1 MiB. Over it: refused.
    pub max_document_bytes: u64,
    /// Findings, components or vulnerabilities in one report. Default 5,000,000. Over it: refused.
    pub max_findings: u64,
    /// Bytes kept of one record of a report of findings or components, such as one result or the rules of one tool. Default
    /// 64 MiB. Over it: refused.
    pub max_record_bytes: usize,
    /// Bytes of text of a file of requirements or issues, which is held whole because its records refer to each other.
    /// Default 64 MiB. Over it: refused.
    pub max_exchange_bytes: usize,
    /// Records of such a file. Default 200,000. Over it: refused.
    pub max_records: usize,
    /// Bytes that the members of an archive have together once unpacked. Default 256 MiB. Over it: refused.
    pub max_unpacked_bytes: u64,
    /// Members of an archive. Default 2,000. Over it: refused.
    pub max_members: usize,
    /// Bytes of one file that is kept of an archive. Default 16 MiB. Over it: refused.
    pub max_member_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_total_bytes: 4 << 30,
            max_depth: 128,
            max_tag_bytes: 4 << 20,
            max_attributes: 1_000,
            max_cases: 5_000_000,
            max_suites: 1_000_000,
            max_properties: 10_000,
            max_problems: 100,
            max_attempts: 100,
            text_head_bytes: 32 << 10,
            text_tail_bytes: 32 << 10,
            max_files: 1_000_000,
            max_lines: 20_000_000,
            max_document_bytes: 1 << 20,
            max_findings: 5_000_000,
            max_record_bytes: 64 << 20,
            max_exchange_bytes: 64 << 20,
            max_records: 200_000,
            max_unpacked_bytes: 256 << 20,
            max_members: 2_000,
            max_member_bytes: 16 << 20,
        }
    }
}
