//! What the measurements of `docs/decisions` share: rounds, medians and the processor time of a process.
//!
//! A lone time on a shared machine says little. Every measurement here runs its candidates in turn, round after round, and
//! reports the median of each candidate together with its ratio to the first one.

pub mod encode;
pub mod pages;
pub mod scratch;

use std::{fs, io};

/// The middle value; the mean of the two middle values when their number is even. Zero for no values.
#[must_use]
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    match sorted.len() {
        0 => 0.0,
        n if n % 2 == 1 => sorted[n / 2],
        n => f64::midpoint(sorted[n / 2 - 1], sorted[n / 2]),
    }
}

/// Smallest and largest of the values, to show how far the rounds spread.
#[must_use]
pub fn spread(values: &[f64]) -> (f64, f64) {
    values
        .iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| {
            (low.min(*v), high.max(*v))
        })
}

/// Processor time (user and system) that a process has used so far, in milliseconds, with the 10 ms grain of Linux's `/proc`.
///
/// # Errors
/// When the process is gone or its `/proc/<pid>/stat` cannot be read.
pub fn processor_ms(pid: &str) -> io::Result<f64> {
    ticks_ms(pid, 11)
}

/// The same for all children of this process that have ended, and theirs.
///
/// # Errors
/// When `/proc/self/stat` cannot be read.
pub fn children_ms() -> io::Result<f64> {
    ticks_ms("self", 13)
}

/// Processor time of the calling thread so far, in microseconds, by the scheduler's own count.
///
/// # Errors
/// When the kernel keeps no `/proc/thread-self/schedstat`.
pub fn thread_us() -> io::Result<f64> {
    let stat = fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanoseconds: Option<u64> = stat
        .split_whitespace()
        .next()
        .and_then(|field| field.parse().ok());
    nanoseconds
        .map(|ns| ns as f64 / 1e3)
        .ok_or_else(|| io::Error::other("schedstat has no figure"))
}

/// Two neighbouring fields of `/proc/<pid>/stat`, counted from behind the name, which is in brackets and may hold blanks.
fn ticks_ms(pid: &str, first: usize) -> io::Result<f64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let fields = after_name.split_whitespace().skip(first).take(2);
    let ticks: u64 = fields.filter_map(|field| field.parse::<u64>().ok()).sum();
    Ok(ticks as f64 * 10.0)
}

/// One line that names the machine, for the head of a report.
#[must_use]
pub fn machine() -> String {
    let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpuinfo
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .unwrap_or(" : unknown");
    let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let kib: u64 = memory
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:"))
        .and_then(|rest| rest.split_whitespace().next()?.parse().ok())
        .unwrap_or(0);
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    format!(
        "{cores} cores ({}), {} GiB",
        model.trim_start_matches([' ', '\t', ':']),
        kib >> 20
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_value() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), 2.5);
        assert_eq!(spread(&[3.0, 1.0, 2.0]), (1.0, 3.0));
    }
}
