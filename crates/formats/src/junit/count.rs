//! What every reader of test results does alike: cases counted by how they ended, declared totals added up, outputs joined.

use crate::excerpt::Collector;
use crate::junit::record::{Case, Counts, Declared, Outcome, Totals};
use crate::junit::time::TimeNote;
use crate::{Excerpt, Limits};

/// Decides how a complete case ended and counts it in the totals and in the suite it stands in.
pub(crate) fn count_case(case: &mut Case, totals: &mut Totals, own: Option<&mut Counts>) {
    case.outcome = match (case.errors, case.failures, case.skipped) {
        (1.., _, _) => Outcome::Error,
        (_, 1.., _) => Outcome::Failed,
        (_, _, 1..) => Outcome::Skipped,
        _ => Outcome::Passed,
    };
    totals.cases_with_error += u64::from(case.errors > 0);
    totals.cases_with_failure += u64::from(case.failures > 0);
    totals.cases_with_skipped += u64::from(case.skipped > 0);
    totals.cases_not_run += u64::from(case.not_run());
    totals.cases_without_name += u64::from(case.name.is_none());
    totals.cases_without_class_name += u64::from(case.class_name.is_none());
    totals.retried_cases += u64::from(case.attempts_counted > 0);
    match case.time.map(|time| time.note) {
        None | Some(Some(TimeNote::Empty)) => totals.cases_without_time += 1,
        Some(Some(TimeNote::Negative)) => totals.negative_times += 1,
        Some(Some(TimeNote::Unparseable)) => totals.unparseable_times += 1,
        Some(Some(TimeNote::Grouped) | None) => {}
    }
    for counts in own.into_iter().chain([&mut totals.counts]) {
        counts.cases += 1;
        match case.outcome {
            Outcome::Passed => counts.passed += 1,
            Outcome::Failed => counts.failed += 1,
            Outcome::Error => counts.error += 1,
            Outcome::Skipped => counts.skipped += 1,
        }
        counts.case_time_ms += case.time.and_then(|time| time.milliseconds).unwrap_or(0.0);
    }
}

/// A case of which nothing is known yet.
pub(crate) fn empty_case() -> Case {
    Case {
        suite: None,
        class_name: None,
        name: None,
        parameters: None,
        file: None,
        line: None,
        time: None,
        timestamp: None,
        status: None,
        result: None,
        outcome: Outcome::Passed,
        failures: 0,
        errors: 0,
        skipped: 0,
        problems: Vec::new(),
        attempts: Vec::new(),
        attempts_counted: 0,
        assertions: None,
        properties: Vec::new(),
        system_out: None,
        system_err: None,
        source_line: 0,
    }
}

/// A second `<system-out>` of the same case continues the first.
pub(crate) fn join(place: &mut Option<Excerpt>, output: Excerpt, limits: &Limits) {
    match place {
        None => *place = Some(output),
        Some(first) => {
            let mut collector = Collector::new(limits.text_head_bytes, limits.text_tail_bytes);
            collector.push_excerpt(first);
            collector.push_excerpt(&output);
            *first = collector.finish();
        }
    }
}

/// Adds totals that a further suite declares.
pub(crate) fn add_declared(sum: &mut Declared, more: &Declared) {
    let pairs = [
        (&mut sum.tests, more.tests),
        (&mut sum.failures, more.failures),
        (&mut sum.errors, more.errors),
        (&mut sum.skipped, more.skipped),
        (&mut sum.disabled, more.disabled),
        (&mut sum.assertions, more.assertions),
    ];
    for (sum, more) in pairs {
        if let Some(more) = more {
            *sum = Some(sum.unwrap_or(0).saturating_add(more));
        }
    }
}
