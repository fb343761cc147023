//! Times how long a test waits for its database: `fresh ROUNDS`.

use std::time::Instant;

#[tokio::main]
async fn main() -> Result<(), testkit::Failure> {
    let rounds: usize = std::env::args().nth(1).ok_or("usage: fresh ROUNDS")?.parse()?;
    let began = Instant::now();
    drop(testkit::Database::fresh().await?);
    println!("first of all, server and template included: {:.3} s", began.elapsed().as_secs_f64());
    let (mut made, mut dropped) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        let began = Instant::now();
        let database = testkit::Database::fresh().await?;
        made.push(began.elapsed().as_secs_f64() * 1000.0);
        let began = Instant::now();
        drop(database);
        dropped.push(began.elapsed().as_secs_f64() * 1000.0);
    }
    for (what, mut times) in [("fresh", made), ("drop", dropped)] {
        times.sort_by(f64::total_cmp);
        println!("{what}: median {:.1} ms, worst {:.1} ms, n = {rounds}", times[rounds / 2], times[rounds - 1]);
    }
    testkit::stop_shared_cluster().await
}
