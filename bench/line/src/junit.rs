//! Reports like those of large test suites: many cases, some of which failed and said why, all of them talkative.

use std::fmt::Write as _;

/// A report of `cases` cases with about `output` bytes of captured output in each. One case in 50 fails with a stack trace,
/// one in 100 was skipped, one in 200 names a requirement; `broken` is a case that fails as well.
#[must_use]
pub fn report(cases: usize, output: usize, broken: Option<usize>) -> String {
    const PER_SUITE: usize = 500;
    let mut text = String::with_capacity(cases * (output + 220) + 1024);
    text.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");
    for suite in 0..cases.div_ceil(PER_SUITE) {
        let of_suite = PER_SUITE.min(cases - suite * PER_SUITE);
        let class = format!("org.example.payments.module{}.Suite{suite}Test", suite % 40);
        let _ = writeln!(text, "  <testsuite name=\"{class}\" tests=\"{of_suite}\" timestamp=\"2026-11-02T08:00:00\">");
        for at in 0..of_suite {
            let number = suite * PER_SUITE + at;
            case(&mut text, &class, number, output, number % 50 == 3 || broken == Some(number));
        }
        text.push_str("  </testsuite>\n");
    }
    text.push_str("</testsuites>\n");
    text
}

fn case(text: &mut String, class: &str, number: usize, output: usize, fails: bool) {
    let _ = write!(
        text,
        "    <testcase classname=\"{class}\" name=\"rejectsAnOrderOverTheLimit{number}\" time=\"{}.{:03}\">",
        number % 3,
        number % 1000
    );
    if number % 200 == 7 {
        let requirement = 1 + number / 200;
        let _ = write!(text, "<properties><property name=\"requirement\" value=\"REQ-{requirement}\"/></properties>");
    }
    if fails {
        let _ = write!(
            text,
            "<failure type=\"AssertionError\" message=\"expected &lt;{number}&gt; but was &lt;{}&gt;\">",
            number + 1
        );
        for line in 0..12 {
            let _ = writeln!(text, "\tat org.example.payments.Ledger.book(Ledger.java:{})", number % 900 + line);
        }
        text.push_str("</failure>");
    } else if number % 100 == 10 {
        text.push_str("<skipped message=\"not on this platform\"/>");
    }
    if output > 0 {
        text.push_str("<system-out><![CDATA[");
        let end = text.len() + output;
        let mut line = 0;
        while text.len() < end {
            let _ = writeln!(
                text,
                "08:00:{:02}.{:03} INFO ledger booked {number} step {line} balance 1024.00 EUR",
                line % 60,
                number % 1000
            );
            line += 1;
        }
        text.push_str("]]></system-out>");
    }
    text.push_str("</testcase>\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_has_as_many_cases_as_asked_for() {
        let text = report(1_200, 100, Some(7));
        assert_eq!(text.matches("<testcase ").count(), 1_200);
        assert_eq!(text.matches("<failure ").count(), 25);
        assert_eq!(text.matches("<skipped ").count(), 12);
    }
}
