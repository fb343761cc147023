//! Starts a private cluster. `start DATA --hold` prints the postmaster's process id and serves until it is killed or its
//! standard input ends; `start measure ROUNDS` times cold and warm starts in directories of its own.

use cluster::{Cluster, Options};
use std::time::Instant;

type Failure = Box<dyn std::error::Error>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [data, "--hold"] => hold(data).await,
        ["measure", rounds] => measure(rounds.parse()?).await,
        _ => Err("usage: start DATA --hold | start measure ROUNDS".into()),
    }
}

async fn hold(data: &str) -> Result<(), Failure> {
    let cluster = Cluster::start(Options::new(data)).await?.supervise();
    println!("{}", cluster.postmaster_pid().ok_or("the server ended at once")?);
    let mut line = String::new();
    tokio::task::spawn_blocking(move || std::io::stdin().read_line(&mut line)).await??;
    cluster.stop().await;
    Ok(())
}

async fn measure(rounds: usize) -> Result<(), Failure> {
    let (mut cold, mut warm, mut stop) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rounds {
        let home = tempfile::tempdir()?;
        let data = home.path().join("data");
        std::fs::set_permissions(home.path(), std::os::unix::fs::PermissionsExt::from_mode(0o711))?;
        for timings in [&mut cold, &mut warm] {
            let began = Instant::now();
            let cluster = Cluster::start(Options::new(&data)).await?;
            first_query(&cluster).await?;
            timings.push(began.elapsed().as_secs_f64());
            let began = Instant::now();
            cluster.stop().await;
            stop.push(began.elapsed().as_secs_f64());
        }
    }
    for (what, mut seconds) in
        [("cold start to first query", cold), ("warm start to first query", warm), ("stop", stop)]
    {
        seconds.sort_by(f64::total_cmp);
        println!(
            "{what}: median {:.3} s, worst {:.3} s, n = {}",
            seconds[seconds.len() / 2],
            seconds[seconds.len() - 1],
            seconds.len()
        );
    }
    Ok(())
}

async fn first_query(cluster: &Cluster) -> Result<(), Failure> {
    let (client, connection) =
        cluster.connections().config(cluster::Role::Owner).connect(tokio_postgres::NoTls).await?;
    tokio::spawn(connection);
    client.query_one("select 1", &[]).await?;
    Ok(())
}
