//! Where the processor time of a round went: the generator, the server, PostgreSQL. On two cores that are always busy, the
//! time each process takes for a request is the better half of the explanation of a ratio.

use std::{fs, time::Instant};

use decisions::{children_ms, processor_ms};

/// Processor time used so far, in milliseconds.
#[derive(Debug, Clone, Copy, Default)]
pub struct Used {
    /// The load generator: this process, or pgbench.
    pub generator: f64,
    /// The server under test; zero when the generator talks to PostgreSQL itself.
    pub server: f64,
    /// PostgreSQL, all its processes.
    pub database: f64,
}

impl Used {
    /// All of it together.
    #[must_use]
    pub fn all(self) -> f64 {
        self.generator + self.server + self.database
    }

    /// What was used since `before`, for each of `count` requests, in microseconds.
    #[must_use]
    pub fn per_request(self, before: Self, count: u64) -> Self {
        let each = |now: f64, then: f64| (now - then) * 1e3 / count.max(1) as f64;
        Self {
            generator: each(self.generator, before.generator),
            server: each(self.server, before.server),
            database: each(self.database, before.database),
        }
    }
}

/// The processes of one peer.
#[derive(Debug, Clone, Copy)]
pub struct Processes {
    /// The server, where there is one.
    pub server: Option<u32>,
    /// PostgreSQL's first process.
    pub postmaster: u32,
}

impl Processes {
    /// What they have used so far.
    #[must_use]
    pub fn used(self) -> Used {
        let of = |pid: &str| processor_ms(pid).unwrap_or(0.0);
        let postmaster = self.postmaster.to_string();
        // Those that ended are counted with the parent that waited for them.
        let ended = ended_children_ms(&postmaster);
        let living: f64 = children(self.postmaster).iter().map(|pid| of(pid)).sum();
        Used {
            generator: of("self") + children_ms().unwrap_or(0.0),
            server: self.server.map_or(0.0, |pid| of(&pid.to_string())),
            database: of(&postmaster) + ended + living,
        }
    }
}

fn fields(pid: &str) -> Option<Vec<String>> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    Some(stat.rsplit(')').next()?.split_whitespace().map(str::to_owned).collect())
}

fn ended_children_ms(pid: &str) -> f64 {
    let fields = fields(pid).unwrap_or_default();
    fields.iter().skip(13).take(2).filter_map(|field| field.parse::<f64>().ok()).sum::<f64>() * 10.0
}

fn children(parent: u32) -> Vec<String> {
    let parent = parent.to_string();
    let Ok(directory) = fs::read_dir("/proc") else { return Vec::new() };
    directory
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| name.bytes().all(|byte| byte.is_ascii_digit()))
        .filter(|pid| fields(pid).is_some_and(|fields| fields.get(1) == Some(&parent)))
        .collect()
}

/// A field of `/proc/<pid>/status` such as `VmHWM`, in MiB.
#[must_use]
pub fn memory_mib(pid: u32, field: &str) -> Option<f64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<f64>().ok()? / 1024.0)
}

/// Starts the measurement of the peak (`VmHWM`) anew.
///
/// # Errors
/// When `/proc/<pid>/clear_refs` cannot be written.
pub fn reset_peak(pid: u32) -> std::io::Result<()> {
    fs::write(format!("/proc/{pid}/clear_refs"), "5")
}

/// The share of the machine that others used while `work` ran is what makes a round worth less: the load before it.
#[must_use]
pub fn load_average() -> String {
    fs::read_to_string("/proc/loadavg").unwrap_or_default().split(' ').take(1).collect()
}

/// Milliseconds since `start`.
#[must_use]
pub fn ms(start: Instant) -> f64 {
    start.elapsed().as_secs_f64() * 1e3
}
