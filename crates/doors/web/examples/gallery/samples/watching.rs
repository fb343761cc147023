//! Health: alerts of both kinds, figures that are met, missed, not wanted and not measured lately, and lines with gaps.

use web::components::OverTime;
use web::views::watching::{Alert, Figure, Group, Standing, View};

use super::{ODD, ago, s};

pub(super) fn health(measured: bool) -> View {
    let span = |name: &str, text: &str, current| (s(text), format!("/health?span={name}"), current);
    let spans = vec![span("day", "A day", true), span("week", "A week", false), span("month", "A month", false)];
    if !measured {
        return View { spans, ..View::default() };
    }
    let alert = |name: &str, of: Option<&str>, is_critical, now: &str, wanted: &str| Alert {
        name: s(name),
        of: of.map(s),
        is_critical,
        now: s(now),
        wanted: s(wanted),
        since: ago(48),
        advice: s("Look for slow statements (platform.v_slow_queries), and for callers that ask for much at once."),
    };
    View {
        spans,
        alerts: vec![
            alert("Room on the disk", None, true, "0.9 GB", "more than 5.3 GB"),
            alert(
                "Time to answer, 95 of 100",
                Some("a-host-with-a-rather-long-name.example:7400"),
                false,
                "1.8 s",
                "less than 1.0 s",
            ),
        ],
        groups: vec![
            Group {
                id: s("requests"),
                title: s("Requests"),
                figures: vec![
                    figure(
                        "Time to answer, 95 of 100",
                        Some("one:7400"),
                        Some("1.8 s"),
                        "less than 1.0 s",
                        Standing::Missed,
                        40,
                    ),
                    figure(
                        "Requests a second",
                        Some("one:7400"),
                        Some("12.25 requests a second"),
                        "",
                        Standing::Untold,
                        25,
                    ),
                ],
            },
            Group {
                id: s("disk"),
                title: s("Disk"),
                figures: vec![
                    figure("Room on the disk", None, Some("0.9 GB"), "more than 5.3 GB", Standing::Critical, 96),
                    figure(ODD, None, None, "exactly 0 partitions", Standing::Untold, 1),
                    figure("Connections", None, Some("7 connections"), "less than 80.0 %", Standing::Met, 12),
                ],
            },
        ],
        are_more: true,
    }
}

/// A figure with so many points, the middle third of them missing.
fn figure(name: &str, of: Option<&str>, now: Option<&str>, wanted: &str, standing: Standing, points: i64) -> Figure {
    let point = |n: i64| (1000 * n / points.max(2), (n * 37) % 101);
    let stretches = match points {
        1 => vec![vec![(500, 50)]],
        points => vec![(0..points / 3).map(point).collect(), (2 * points / 3..points).map(point).collect()],
    };
    Figure {
        name: s(name),
        metric: s("db.example"),
        of: of.map(s),
        about: s("What it tells, in a sentence."),
        now: now.map(s),
        wanted: s(wanted),
        standing,
        line: OverTime {
            words: format!("{name}: from 12 ms to 1.8 s, 340 ms at the end"),
            ends: [s("1.8 s"), s("12 ms")],
            span: [s("3 Nov, 12:00"), s("4 Nov, 12:00")],
            stretches,
        },
    }
}
