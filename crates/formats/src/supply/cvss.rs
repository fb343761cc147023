//! The base score of a CVSS vector: versions 3.0 and 3.1 (§7.1 of the specification). Others have tables of their own and are not worked out.

/// From 0 to 10. `None`: not a vector of these versions, or one that is not complete.
pub(super) fn base_score(vector: &str) -> Option<f64> {
    let metrics = vector.trim().strip_prefix("CVSS:3.").and_then(|rest| rest.split_once('/'))?.1;
    let metric = |name: &str| {
        metrics.split('/').filter_map(|one| one.split_once(':')).find(|(own, _)| *own == name).map(|(_, value)| value)
    };
    let changed = match metric("S")? {
        "C" => true,
        "U" => false,
        _ => return None,
    };
    let of = |name: &str, values: &[(&str, f64)]| {
        let value = metric(name)?;
        values.iter().find(|(own, _)| *own == value).map(|(_, weight)| *weight)
    };
    let access = of("AV", &[("N", 0.85), ("A", 0.62), ("L", 0.55), ("P", 0.2)])?;
    let complexity = of("AC", &[("L", 0.77), ("H", 0.44)])?;
    let privileges = if changed {
        of("PR", &[("N", 0.85), ("L", 0.68), ("H", 0.5)])?
    } else {
        of("PR", &[("N", 0.85), ("L", 0.62), ("H", 0.27)])?
    };
    let interaction = of("UI", &[("N", 0.85), ("R", 0.62)])?;
    let harm = [("H", 0.56), ("L", 0.22), ("N", 0.0)];
    let (confidentiality, integrity, availability) = (of("C", &harm)?, of("I", &harm)?, of("A", &harm)?);
    let sub_score = 1.0 - (1.0 - confidentiality) * (1.0 - integrity) * (1.0 - availability);
    let impact =
        if changed { 7.52 * (sub_score - 0.029) - 3.25 * (sub_score - 0.02).powi(15) } else { 6.42 * sub_score };
    if impact <= 0.0 {
        return Some(0.0);
    }
    let sum = impact + 8.22 * access * complexity * privileges * interaction;
    let score = (if changed { 1.08 * sum } else { sum }).min(10.0);
    // Rounded up to a tenth, in whole numbers so that nothing is lost (Appendix A of 3.1).
    let whole = (score * 100_000.0).round() as i64;
    let tenths = if whole % 10_000 == 0 { whole / 10_000 } else { whole / 10_000 + 1 };
    Some(tenths as f64 / 10.0)
}

#[cfg(test)]
mod tests {
    use super::base_score;

    #[test]
    fn scores_are_those_of_the_published_examples() {
        for (vector, score) in [
            ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", Some(9.8)),
            ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H", Some(10.0)),
            ("CVSS:3.0/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N", Some(6.1)),
            ("CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:C/C:L/I:L/A:N", Some(6.4)),
            ("CVSS:3.1/AV:N/AC:H/PR:N/UI:R/S:U/C:L/I:N/A:N", Some(3.1)),
            ("CVSS:3.1/AV:L/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N", Some(0.0)),
            ("CVSS:3.1/AV:N/AC:L", None),
            ("AV:N/AC:L/Au:N/C:N/I:P/A:N", None),
            ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", None),
        ] {
            assert_eq!(base_score(vector), score, "{vector}");
        }
    }
}
