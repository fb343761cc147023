//! Asking services how they are: every few minutes, those instances that name an address for it.
//!
//! Whoever may record a service could make the server call any address. So it calls only those whose every address lies in a
//! network that whoever runs the server named, follows no redirect, uses no proxy and reads no answer beyond its status.

use std::{net::IpAddr, sync::Arc, time::Duration};

use insight::watching::{EVERY, Health, Instance, claim_instances, forget, keep_health};
use ipnet::IpNet;
use kernel::Kernel;
use tokio::time::Instant;
use tokio_postgres::Client;
use uuid::Uuid;
use wire::Way;

use crate::{database, failure::Failure, within};

/// How long a service may take to answer, the search for its address included.
const PATIENCE: Duration = Duration::from_secs(5);
/// What took longer than this is late.
const LATE: Duration = Duration::from_secs(2);
/// How long after the server came up it asks first: later than it measures itself, so that after days without a server its
/// own alerts are measured again before they are forgotten.
const SETTLE: Duration = Duration::from_secs(90);
/// How many are asked at a time.
const AT_ONCE: usize = 8;

/// Whom to ask, and how long to wait.
struct Asking {
    networks: Vec<IpNet>,
    late: Duration,
    patience: Duration,
}

/// Asks until the server ends. Without networks nobody is asked, and what is no longer measured is closed all the same.
pub(crate) async fn always(owner: Way, kernel: Arc<Kernel>, networks: Vec<IpNet>) {
    let asking = Asking { networks, late: LATE, patience: PATIENCE };
    tokio::time::sleep(SETTLE).await;
    loop {
        if let Err(failure) = everywhere(&owner, &kernel, &asking).await {
            tracing::warn!("services could not be asked how they are: {failure}");
        }
        tokio::time::sleep(EVERY.unsigned_abs()).await;
    }
}

async fn everywhere(owner: &Way, kernel: &Arc<Kernel>, asking: &Asking) -> Result<(), Failure> {
    let all = async |client: &Client| Ok(client.query("select platform.all_organizations()", &[]).await?);
    for row in database::talk(owner, all).await? {
        let organization: Uuid = row.get(0);
        // What goes wrong in one is no reason to leave out the others.
        if let Err(failure) = in_one(kernel, organization, asking).await {
            tracing::warn!(organization.id = %organization, "its services could not be asked how they are: {failure}");
        }
    }
    Ok(())
}

/// Asks the instances of one organisation that are due, and closes the alerts of what is no longer measured.
async fn in_one(kernel: &Arc<Kernel>, organization: Uuid, asking: &Asking) -> Result<(), Failure> {
    let ctx = within::organization(kernel, organization, "health checks");
    let due = if asking.networks.is_empty() { Vec::new() } else { claim_instances(&ctx).await? };
    let mut asked = Vec::new();
    for some in due.chunks(AT_ONCE) {
        let answers = some.iter().map(|instance| async move { (instance, ask(&instance.url, asking).await) });
        for (instance, answer) in futures_util::future::join_all(answers).await {
            match answer {
                Some(health) => asked.push((instance.clone(), health)),
                None => told_apart(instance),
            }
        }
    }
    if !asked.is_empty() {
        keep_health(&ctx, &asked).await?;
    }
    Ok(forget(&ctx).await?)
}

fn told_apart(instance: &Instance) {
    tracing::debug!(instance.id = %instance.id, "is not asked: its address is in no network of health_check_networks");
}

/// How the service behind an address is; one that takes too long is not well. `None`: it may not be asked.
async fn ask(address: &str, asking: &Asking) -> Option<Health> {
    tokio::time::timeout(asking.patience, call(address, asking)).await.unwrap_or(Some(Health::Unhealthy))
}

async fn call(address: &str, asking: &Asking) -> Option<Health> {
    let url = reqwest::Url::parse(address).ok()?;
    let (host, port) = (url.host_str()?.trim_matches(['[', ']']).to_owned(), url.port_or_known_default()?);
    let Ok(found) = tokio::net::lookup_host((host.as_str(), port)).await else { return Some(Health::Unhealthy) };
    let found: Vec<_> = found.collect();
    if !found.iter().all(|one| is_within(one.ip(), &asking.networks)) {
        return None;
    }
    // Fails when it has been done already, which is fine.
    let _ = rustls::crypto::ring::default_provider().install_default();
    // The address that was looked at is the one that is called, whatever the name says a moment later.
    let client = reqwest::Client::builder()
        .resolve_to_addrs(&host, &found)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .build()
        .ok()?;
    let began = Instant::now();
    let answer = client.get(url).header("user-agent", "throughline health check").send().await;
    Some(match answer {
        Ok(answer) if answer.status().is_success() && began.elapsed() <= asking.late => Health::Healthy,
        Ok(answer) if answer.status().is_success() => Health::Degraded,
        _ => Health::Unhealthy,
    })
}

fn is_within(address: IpAddr, networks: &[IpNet]) -> bool {
    let address = address.to_canonical();
    networks.iter().any(|network| network.contains(&address))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use axum::{Router, http::StatusCode, response::Redirect, routing::get};
    use insight::watching::{Sample, keep, open_alerts};
    use serde_json::json;

    use super::*;

    async fn service() -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let app = Router::new()
            .route("/well", get(|| async { "fine" }))
            .route("/ill", get(|| async { StatusCode::SERVICE_UNAVAILABLE }))
            .route("/never", get(std::future::pending::<&str>))
            .route("/elsewhere", get(|| async { Redirect::temporary("/well") }));
        tokio::spawn(async move { axum::serve(listener, app).await });
        address
    }

    /// Asks in these networks, and has as much patience as a busy machine needs.
    fn patient(networks: &[&str]) -> Asking {
        let networks = networks.iter().map(|network| network.parse().unwrap()).collect();
        Asking { networks, late: Duration::from_secs(600), patience: Duration::from_secs(600) }
    }

    /// Only what lies in a named network is called, and nothing is followed.
    #[tokio::test]
    async fn services_are_asked_in_named_networks_only() {
        let address = service().await;
        let (here, elsewhere) = (patient(&["127.0.0.0/8", "::1/128"]), patient(&["192.0.2.0/24"]));
        assert_eq!(ask(&format!("{address}/well"), &here).await, Some(Health::Healthy));
        assert_eq!(ask(&format!("{address}/ill"), &here).await, Some(Health::Unhealthy));
        assert_eq!(ask(&format!("{address}/elsewhere"), &here).await, Some(Health::Unhealthy), "not followed");
        assert_eq!(ask(&format!("{address}/well"), &elsewhere).await, None, "not called");
        assert_eq!(ask("http://127.0.0.1:1/", &here).await, Some(Health::Unhealthy), "nobody is there");
        assert!(is_within("::ffff:127.0.0.1".parse().unwrap(), &here.networks), "the same address in other words");
    }

    #[tokio::test]
    async fn who_answers_late_or_never_is_told_apart() {
        let address = service().await;
        let hurried = Asking { late: Duration::ZERO, ..patient(&["127.0.0.0/8"]) };
        assert_eq!(ask(&format!("{address}/well"), &hurried).await, Some(Health::Degraded));
        let impatient = Asking { patience: Duration::from_millis(20), ..patient(&["127.0.0.0/8"]) };
        assert_eq!(ask(&format!("{address}/never"), &impatient).await, Some(Health::Unhealthy));
    }

    /// Nothing of the organisation is asked any more, and still its alert does not stay open.
    #[tokio::test]
    async fn an_alert_of_a_service_that_nobody_asks_is_closed() {
        let world = testkit::World::new(throughline::resources(), throughline::operations()).await.unwrap();
        let ctx = || world.home.ctx(&world.kernel);
        for _ in 0..3 {
            world.clock.advance(jiff::SignedDuration::from_mins(5));
            keep(&ctx(), vec![Sample::of("service.availability", "Payments", 0.0)]).await.unwrap();
        }
        let open = async || {
            let tx = ctx().begin_read().await.unwrap();
            let open = open_alerts(&tx).await.unwrap().len();
            tx.commit().await.unwrap();
            open
        };
        in_one(&world.kernel, world.home.id, &patient(&["127.0.0.0/8"])).await.unwrap();
        assert_eq!(open().await, 1, "it was measured just now");
        world.clock.advance(jiff::SignedDuration::from_hours(25));
        in_one(&world.kernel, world.home.id, &patient(&[])).await.unwrap();
        assert_eq!(open().await, 0);
    }

    /// Proves REQ-77.10.
    #[tokio::test]
    async fn how_services_are_is_kept() {
        let world = testkit::World::new(throughline::resources(), throughline::operations()).await.unwrap();
        let address = service().await;
        let service = json!({"name": "Payments", "service_type": "api"});
        let made = world.post("/v1/services", &service).by(&world.home.owner).send().await.expect(201).json();
        for (port, path) in [(1, "/well"), (2, "/ill"), (3, "")] {
            let mut body = json!({"service_id": made["id"], "version": "1", "host": "127.0.0.1", "port": port});
            if !path.is_empty() {
                body["health_check_url"] = json!(format!("{address}{path}"));
            }
            world.post("/v1/service-instances", &body).by(&world.home.owner).send().await.expect(201);
        }
        let here = patient(&["127.0.0.0/8"]);
        in_one(&world.kernel, world.home.id, &here).await.unwrap();
        // Once more at the same moment, as another server would: everybody was asked just now.
        in_one(&world.kernel, world.home.id, &here).await.unwrap();
        let shown = world.get("/v1/service-instances").by(&world.home.owner).send().await.expect(200).json();
        let state = |port: i64| {
            let found = shown["data"].as_array().unwrap().iter().find(|one| one["port"] == port).unwrap();
            (found["health_status"].as_str().unwrap().to_owned(), found["last_health_check_at"].is_null())
        };
        assert_eq!(state(1), ("healthy".into(), false));
        assert_eq!(state(2), ("unhealthy".into(), false));
        assert_eq!(state(3), ("unknown".into(), true), "nobody asks who does not want to be asked");
        let samples = world.get("/v1/metric-samples").by(&world.home.owner).send().await.expect(200).json();
        let samples = samples["data"].as_array().unwrap();
        assert_eq!(samples.len(), 1, "one for the service: {samples:?}");
        assert_eq!((samples[0]["value"].as_f64(), &samples[0]["service_id"]), (Some(50.0), &made["id"]));
    }
}
