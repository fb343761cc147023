//! Load on an HTTP endpoint: so many connections, each sending its next request when the last was answered.

use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use crate::{Failure, http::Connection};

/// What one round gave.
#[derive(Debug, Clone)]
pub struct Round {
    /// Answers a second.
    pub rate: f64,
    /// Answers in all.
    pub count: u64,
    /// The middle answer time, in milliseconds.
    pub p50_ms: f64,
    /// The answer time that 95 % kept to, in milliseconds.
    pub p95_ms: f64,
    /// Bytes of a body, the mean.
    pub bytes: f64,
}

/// Sends what `next` makes of a running number, over `connections` connections, for `time`.
///
/// # Errors
/// When an answer is not `200`: a refused request is no answer worth counting.
pub async fn run(
    address: SocketAddr,
    connections: usize,
    time: Duration,
    next: Arc<dyn Fn(u64) -> Vec<u8> + Send + Sync>,
) -> Result<Round, Failure> {
    let started = Instant::now();
    let until = started + time;
    let mut tasks = Vec::new();
    for worker in 0..connections as u64 {
        let next = next.clone();
        tasks.push(tokio::spawn(async move {
            let mut connection = Connection::open(address).await?;
            let mut times: Vec<u32> = Vec::with_capacity(1 << 16);
            let mut bytes = 0_usize;
            // A fixed sequence that differs by connection, spread over all records.
            let mut state = 0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(worker + 1);
            while Instant::now() < until {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                let request = next(state);
                let sent = Instant::now();
                let answer = connection.exchange(&request).await?;
                if answer.status != 200 {
                    return Err(format!(
                        "{} answered {}: {}",
                        String::from_utf8_lossy(&request).lines().next().unwrap_or_default(),
                        answer.status,
                        String::from_utf8_lossy(answer.body)
                    )
                    .into());
                }
                bytes += answer.body.len();
                times.push(u32::try_from(sent.elapsed().as_micros()).unwrap_or(u32::MAX));
            }
            Ok::<_, Failure>((times, bytes))
        }));
    }
    let (mut times, mut bytes) = (Vec::new(), 0);
    for task in tasks {
        let (some, more) = task.await??;
        times.extend(some);
        bytes += more;
    }
    let seconds = started.elapsed().as_secs_f64();
    if times.is_empty() {
        return Err("no request was answered in the time of a round".into());
    }
    times.sort_unstable();
    let at = |share: f64| f64::from(times[((times.len() - 1) as f64 * share) as usize]) / 1e3;
    Ok(Round {
        rate: times.len() as f64 / seconds,
        count: times.len() as u64,
        p50_ms: at(0.5),
        p95_ms: at(0.95),
        bytes: bytes as f64 / times.len() as f64,
    })
}
