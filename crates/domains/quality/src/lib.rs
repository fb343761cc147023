//! Test cases, runs, results, coverage and defects.

mod build_outcomes;
mod defects;
mod exchange_files;
mod find;
mod import_profiles;
mod import_progress;
pub mod imports;
mod junit_export;
mod memory;
mod quarantine;
mod reqif;
mod resources;
mod test_cases;
mod text;

pub use build_outcomes::{
    BuildRef, Changed, Coverage, ImportLine, Outcomes, coverage_of_build, imports_of_build, newly_failing, newly_fixed,
    outcomes_of_build, outcomes_of_builds, requirements_of_build, slowest_tests,
};
pub use defects::{DefectFilter, DefectLine, DefectRecord, FoundResult, find_defect, find_result, list_defects};
pub use exchange_files::{ExchangeFile, exchange_file, exchange_file_pieces, exchange_file_taken, files_named_by};
pub use find::requirements_of_features;
pub use import_profiles::{ImportProfile, import_profiles};
pub use import_progress::{
    ImportedFile, RecentImport, RejectionLine, imports_sent_together, projects_to_import_into, recent_imports,
    rejections_of_imports,
};
pub use imports::Imports;
pub use junit_export::{JUNIT_TYPE, JunitExport, junit_of_build};
pub use memory::{Drift, Failing, Memory, Quarantine, memory_of_test_case};
pub use reqif::{REQIF_TYPE, REQIFZ_TYPE, requirements_as_reqif, requirements_as_reqifz, requirements_taken};
pub use resources::*;
pub use test_cases::{
    Proves, ResultLine, TestCaseFilter, TestCaseLine, TestCaseOrder, TestCaseRecord, criterion, defects_of_test_case,
    find_test_case, list_results_of_build, list_test_cases, requirements_of_test_case, results_of_test_case,
    trends_of_test_cases,
};

/// The operations of this domain.
pub fn operations() -> Vec<kernel::Operation> {
    imports::operations().into_iter().chain(quarantine::operations()).collect()
}
