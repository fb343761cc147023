//! Counters and timings of requests, and the request identifier.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderValue, Method},
    middleware::Next,
    response::Response,
};
use jiff::Timestamp;
use kernel::StoreStatus;
use tracing::Instrument as _;

use crate::{App, served::Served};

/// Upper bounds of the duration histogram, in seconds.
pub(crate) const BOUNDS: [f64; 11] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];

/// Routes of those who watch: they are asked all the time, answered at once, and nobody waits for them.
const MONITORS: [&str; 3] = ["/healthz", "/readyz", "/metrics"];

#[derive(Default, Clone)]
pub(crate) struct Timing {
    pub(crate) buckets: [u64; BOUNDS.len()],
    pub(crate) count: u64,
    pub(crate) seconds: f64,
}

/// What was served since the start.
#[derive(Default)]
pub struct Metrics {
    requests: Mutex<BTreeMap<(String, String, u16), Timing>>,
    quality: Mutex<BTreeMap<&'static str, f64>>,
    watched: Mutex<BTreeMap<(String, String), f64>>,
    backups: Mutex<Option<Backups>>,
    security: Mutex<Option<Vec<OpenEvents>>>,
}

/// Security events that are open: a severity, how many, and of how many of them an authority should have been told and was not.
pub type OpenEvents = (String, i64, i64);

/// Severities of security events, each of which has a figure though nothing is open.
const SEVERITIES: [&str; 5] = ["critical", "high", "medium", "low", "info"];

fn render_security(open: &[OpenEvents], text: &mut String) {
    let of = |severity: &str| {
        open.iter().find(|(known, ..)| known == severity).map_or((0, 0), |(_, open, overdue)| (*open, *overdue))
    };
    text.push_str(
        "# HELP throughline_security_events_open Security events that nobody has closed.\n# TYPE throughline_security_events_open gauge\n",
    );
    for severity in SEVERITIES {
        let _ = writeln!(text, "throughline_security_events_open{{severity=\"{severity}\"}} {}", of(severity).0);
    }
    let overdue: i64 = SEVERITIES.iter().map(|severity| of(severity).1).sum();
    let _ = write!(
        text,
        "# HELP throughline_security_notifications_overdue Security events of which an authority should have been told and was not.\n\
         # TYPE throughline_security_notifications_overdue gauge\nthroughline_security_notifications_overdue {overdue}\n"
    );
}

/// How the backups of the embedded database stand.
#[derive(Debug, Default, Clone, Copy)]
pub struct Backups {
    /// When the newest full one ended.
    pub newest: Option<Timestamp>,
    /// How many bytes it takes.
    pub bytes: u64,
    /// Everything acknowledged before this moment is stored.
    pub stored_until: Option<Timestamp>,
    /// How often something could not be stored since the start.
    pub failures: u64,
}

impl Backups {
    fn render(&self, now: Timestamp, text: &mut String) {
        let mut tell = |name: &str, kind: &str, help: &str, value: f64| {
            let _ = write!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}\n");
        };
        let since = |moment: Timestamp| now.duration_since(moment).as_secs_f64().max(0.0);
        if let Some(newest) = self.newest {
            tell("throughline_backup_age_seconds", "gauge", "Since the newest full backup ended.", since(newest));
            tell("throughline_backup_size_bytes", "gauge", "What the newest full backup takes.", self.bytes as f64);
        }
        if let Some(until) = self.stored_until {
            let help = "What would be lost with the disk: since the moment up to which everything is stored.";
            tell("throughline_backup_archive_lag_seconds", "gauge", help, since(until));
        }
        let help = "How often something could not be stored since the start.";
        tell("throughline_backup_failures_total", "counter", help, self.failures as f64);
    }
}

impl Metrics {
    fn note(&self, method: String, route: String, status: u16, seconds: f64) {
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        let timing = requests.entry((method, route, status)).or_default();
        timing.count += 1;
        timing.seconds += seconds;
        for (bucket, bound) in timing.buckets.iter_mut().zip(BOUNDS) {
            *bucket += u64::from(seconds <= bound);
        }
    }

    /// Takes over how good the data are: the share of what is right, by metric.
    pub fn tell_quality(&self, shares: BTreeMap<&'static str, f64>) {
        *self.quality.lock().unwrap_or_else(PoisonError::into_inner) = shares;
    }

    /// Takes over what this server measured and kept last, in place of what was before: the values, by metric and by what it is
    /// of. What another server kept stands in the metrics of that one.
    pub fn tell_watched(&self, values: impl IntoIterator<Item = ((String, String), f64)>) {
        *self.watched.lock().unwrap_or_else(PoisonError::into_inner) = values.into_iter().collect();
    }

    /// Everything that was served since the start, but to those who watch.
    pub fn served(&self) -> Served {
        let mut all = Served::default();
        for ((_, route, status), timing) in &*self.requests.lock().unwrap_or_else(PoisonError::into_inner) {
            if !MONITORS.contains(&route.as_str()) {
                all.add(*status, timing);
            }
        }
        all
    }

    /// How the backups stand, where the server makes some.
    pub fn backups(&self) -> Option<Backups> {
        *self.backups.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes over how the backups stand.
    pub fn tell_backups(&self, backups: Backups) {
        *self.backups.lock().unwrap_or_else(PoisonError::into_inner) = Some(backups);
    }

    /// Takes over which security events are open.
    pub fn tell_security(&self, open: Vec<OpenEvents>) {
        *self.security.lock().unwrap_or_else(PoisonError::into_inner) = Some(open);
    }

    /// The Prometheus text format.
    pub fn render(&self, store: StoreStatus) -> String {
        let mut text = String::from(
            "# HELP throughline_http_request_duration_seconds Time to answer a request.\n\
             # TYPE throughline_http_request_duration_seconds histogram\n",
        );
        let requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let name = "throughline_http_request_duration_seconds";
        for ((method, route, status), timing) in &requests {
            let labels = format!("method=\"{method}\",route=\"{route}\",status=\"{status}\"");
            for (bound, count) in BOUNDS.iter().zip(timing.buckets) {
                let _ = writeln!(text, "{name}_bucket{{{labels},le=\"{bound}\"}} {count}");
            }
            let _ = writeln!(text, "{name}_bucket{{{labels},le=\"+Inf\"}} {}", timing.count);
            let _ = writeln!(text, "{name}_sum{{{labels}}} {}", timing.seconds);
            let _ = writeln!(text, "{name}_count{{{labels}}} {}", timing.count);
        }
        let _ = write!(
            text,
            "# HELP throughline_database_connections Connections to the database by state.\n\
             # TYPE throughline_database_connections gauge\n\
             throughline_database_connections{{state=\"idle\"}} {}\n\
             throughline_database_connections{{state=\"busy\"}} {}\n\
             # HELP throughline_database_waiting Requests that wait for a connection.\n\
             # TYPE throughline_database_waiting gauge\n\
             throughline_database_waiting {}\n",
            store.idle,
            store.open.saturating_sub(store.idle),
            store.waiting,
        );
        text.push_str(
            "# HELP throughline_database_troubles_total What went wrong with the database since the start.\n\
             # TYPE throughline_database_troubles_total counter\n",
        );
        let troubles = store.troubles;
        for (kind, count) in [
            ("statement", troubles.statements),
            ("lock_timeout", troubles.lock_timeouts),
            ("connection", troubles.connections),
            ("wait", troubles.waits),
        ] {
            let _ = writeln!(text, "throughline_database_troubles_total{{kind=\"{kind}\"}} {count}");
        }
        self.render_watched(&mut text);
        let quality = self.quality.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if !quality.is_empty() {
            text.push_str(
                "# HELP throughline_data_quality_ratio Share of the data that is as it should be, as measured last.\n\
                 # TYPE throughline_data_quality_ratio gauge\n",
            );
        }
        for (metric, share) in quality {
            let _ = writeln!(text, "throughline_data_quality_ratio{{metric=\"{metric}\"}} {share}");
        }
        if let Some(backups) = self.backups() {
            backups.render(Timestamp::now(), &mut text);
        }
        if let Some(open) = &*self.security.lock().unwrap_or_else(PoisonError::into_inner) {
            render_security(open, &mut text);
        }
        text
    }

    fn render_watched(&self, text: &mut String) {
        let watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        if !watched.is_empty() {
            text.push_str(
                "# HELP throughline_watched What was measured last, by the name and in the unit of /v1/metric-definitions.\n\
                 # TYPE throughline_watched gauge\n",
            );
        }
        for ((metric, of), value) in &*watched {
            let of = of.replace(['\\', '"', '\n'], "_");
            let _ = writeln!(text, "throughline_watched{{metric=\"{metric}\",of=\"{of}\"}} {value}");
        }
    }
}

/// The label of a method. Callers can make up methods without end, and every label is kept for ever.
fn known(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PATCH" => "PATCH",
        "PUT" => "PUT",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => "other",
    }
}

/// Gives every request an identifier, and notes how long it took. The route, not the path, is the label: it is one of
/// a fixed set.
pub async fn observe(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response {
    let given = request
        .headers()
        .get("x-request-id")
        .and_then(|value| value.to_str().ok())
        .filter(|id| (1..=128).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic()));
    let id = given.map_or_else(|| base::id_at(app.kernel.now()).to_string(), str::to_owned);
    let value = HeaderValue::from_str(&id).unwrap_or(HeaderValue::from_static("-"));
    request.headers_mut().insert("x-request-id", value.clone());
    let method = known(request.method()).to_owned();
    let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str).to_owned();
    let span = tracing::info_span!("request", request.id = %id, http.method = %method, http.route = %route);
    let started = Instant::now();
    let mut response = next.run(request).instrument(span).await;
    app.metrics.note(method, route, response.status().as_u16(), started.elapsed().as_secs_f64());
    response.headers_mut().insert("x-request-id", value);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_severity_has_a_figure_though_nothing_is_open() {
        let metrics = Metrics::default();
        let store = StoreStatus { open: 1, idle: 1, waiting: 0, troubles: kernel::Troubled::default() };
        assert!(!metrics.render(store).contains("security_events"), "nobody has looked yet");
        metrics.tell_security(vec![("high".into(), 3, 1), ("low".into(), 2, 0)]);
        let text = metrics.render(store);
        for line in [
            "throughline_security_events_open{severity=\"critical\"} 0\n",
            "throughline_security_events_open{severity=\"high\"} 3\n",
            "throughline_security_events_open{severity=\"low\"} 2\n",
            "throughline_security_notifications_overdue 1\n",
        ] {
            assert!(text.contains(line), "{line} is not in {text}");
        }
    }
}
