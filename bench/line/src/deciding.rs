//! P4: the time of one decision, with the same policy in the engine and its peers; measured by the program `access`, in one process.

use std::{collections::BTreeMap, fmt::Write as _, fs};

use decisions::median;
use line::{
    Failure,
    report::{Goal, Section, short},
};
use serde_json::Value;
use tokio::process::Command;

use crate::{Plan, progress};

/// Assignments of roles to people.
const GRANTS: [u64; 3] = [3_000, 30_000, 300_000];
const OURS: &str = "Throughline";
const FROM_ROWS: &str = "Throughline, from rows";

/// Medians of the rounds, in nanoseconds: by name, condition and number of grants.
type Times = BTreeMap<(String, bool, u64), (Vec<f64>, Vec<f64>)>;

pub(crate) async fn measure(plan: &Plan) -> Result<Section, Failure> {
    progress("P4: one decision");
    let program = std::env::current_exe()?.with_file_name("access");
    let sizes = GRANTS.map(|grants| grants.to_string());
    let output = Command::new(&program).arg(plan.rounds.to_string()).args(sizes).output().await?;
    if !output.status.success() {
        return Err(format!("{} failed: {}", program.display(), String::from_utf8_lossy(&output.stderr)).into());
    }
    let mut times = Times::new();
    for line in String::from_utf8(output.stdout)?.lines() {
        let round: Value = serde_json::from_str(line)?;
        let name = round["name"].as_str().unwrap_or_default().to_owned();
        let key = (name, round["condition"] == true, round["grants"].as_u64().unwrap_or_default());
        let (p50, p95) = times.entry(key).or_default();
        p50.push(round["p50_ns"].as_f64().unwrap_or_default());
        p95.push(round["p95_ns"].as_f64().unwrap_or_default());
    }
    let picture = plan.results.with_file_name("decisions.svg");
    fs::create_dir_all(picture.parent().unwrap_or(&plan.results))?;
    fs::write(&picture, plot(&times))?;
    Ok(section(&times))
}

fn section(times: &Times) -> Section {
    let most = GRANTS[GRANTS.len() - 1];
    let micros = |name: &str, condition: bool, grants: u64| -> Vec<f64> {
        let found = times.get(&(name.to_owned(), condition, grants));
        found.map(|(p50, _)| p50.iter().map(|ns| ns / 1000.0).collect()).unwrap_or_default()
    };
    let mut section = Section::new("P4: one decision");
    section.note(format!(
        "10,000 people, 1,000 roles in chains of eight, up to {most} assignments; half of the questions are granted; every decision is \
         timed by itself, without the look at the clock, and its answer is checked. *From rows* compiles what the person holds for \
         that decision alone, as the first request of somebody does."
    ));
    let reason = "a time, not a ratio, and the neighbours are in it: see the peers of the same run";
    section.figure("p50 without a condition", &micros(OURS, false, most), " µs", Goal::AtMost(1.0), reason);
    section.figure("p50 with a condition", &micros(OURS, true, most), " µs", Goal::AtMost(5.0), reason);
    for condition in [false, true] {
        let ratios: Vec<f64> = micros(OURS, condition, most)
            .iter()
            .zip(micros(OURS, condition, GRANTS[0]))
            .map(|(many, few)| many / few)
            .collect();
        let what = format!("p50 with {most} assignments, of that with {}{}", GRANTS[0], with(condition));
        section.figure(&what, &ratios, "×", Goal::None, "");
        for peer in names(times).filter(|name| !name.starts_with(OURS)) {
            let ratios: Vec<f64> = micros(&peer, condition, most)
                .iter()
                .zip(micros(OURS, condition, most))
                .map(|(theirs, ours)| theirs / ours)
                .collect();
            section.figure(
                &format!("p50 of {peer}, of Throughline's{}", with(condition)),
                &ratios,
                "×",
                Goal::None,
                "",
            );
        }
    }
    let rows: Vec<Vec<String>> = times
        .iter()
        .map(|((name, condition, grants), (p50, p95))| {
            let micros = |values: &[f64]| short(median(values) / 1000.0);
            let has = if *condition { "one" } else { "none" };
            vec![name.clone(), has.to_owned(), grants.to_string(), micros(p50), micros(p95)]
        })
        .collect();
    section.table(
        "Each by number of assignments (medians of the rounds; [drawn](decisions.svg)):",
        &["Engine", "Condition", "Assignments", "p50 µs", "p95 µs"],
        &rows,
    );
    section
}

fn with(condition: bool) -> &'static str {
    if condition { ", with a condition" } else { "" }
}

fn names(times: &Times) -> impl Iterator<Item = String> + use<> {
    let mut names: Vec<String> = times.keys().map(|(name, ..)| name.clone()).collect();
    names.dedup();
    names.sort_by_key(|name| (name != OURS, name != FROM_ROWS, name.clone()));
    names.dedup();
    names.into_iter()
}

/// The p50 over the number of assignments, both logarithmic, without a condition.
fn plot(times: &Times) -> String {
    const COLOURS: [&str; 6] = ["#0b6bcb", "#7aa7d9", "#b3261e", "#946200", "#1b7a3d", "#6b4ea0"];
    let x = |grants: u64| 90.0 + ((grants as f64).log10() - 3.3) * 180.0;
    let y = |ns: f64| 330.0 - (ns.max(10.0).log10() - 1.0) * 42.0;
    let mut svg = String::from(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 720 390\" font-family=\"sans-serif\" font-size=\"12\" role=\"img\">\n\
         <title>Time of one decision by number of assignments</title>\n<rect width=\"720\" height=\"390\" fill=\"#fff\"/>\n",
    );
    for (power, label) in ["10 ns", "100 ns", "1 µs", "10 µs", "100 µs", "1 ms", "10 ms", "100 ms"].iter().enumerate()
    {
        let at = y(10_f64.powi(power as i32 + 1));
        let _ = writeln!(
            svg,
            "<line x1=\"90\" x2=\"500\" y1=\"{at:.0}\" y2=\"{at:.0}\" stroke=\"#ddd\"/><text x=\"82\" y=\"{:.0}\" text-anchor=\"end\">{label}</text>",
            at + 4.0
        );
    }
    for grants in GRANTS {
        let _ = writeln!(svg, "<text x=\"{:.0}\" y=\"352\" text-anchor=\"middle\">{grants}</text>", x(grants));
    }
    svg.push_str("<text x=\"290\" y=\"376\" text-anchor=\"middle\">assignments of roles to people</text>\n");
    for (name, colour) in names(times).zip(COLOURS) {
        let points: Vec<(f64, f64)> = GRANTS
            .iter()
            .filter_map(|grants| Some((x(*grants), y(median(&times.get(&(name.clone(), false, *grants))?.0)))))
            .collect();
        let line: Vec<String> = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        let _ = writeln!(
            svg,
            "<polyline fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\" points=\"{}\"/>",
            line.join(" ")
        );
        for (x, y) in &points {
            let _ = writeln!(svg, "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\" fill=\"{colour}\"/>");
        }
        if let Some((x, y)) = points.last() {
            let _ = writeln!(svg, "<text x=\"{:.0}\" y=\"{:.0}\" fill=\"{colour}\">{name}</text>", x + 10.0, y + 4.0);
        }
    }
    svg.push_str("</svg>\n");
    svg
}
