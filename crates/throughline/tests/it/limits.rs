//! How much anybody may ask for, and what they are told when it is too much.

use std::{net::IpAddr, sync::Arc};

use axum::Extension;
use shared::{Rate, RateLimits};
use testkit::World;

use crate::world;

async fn limited(principal: &str, address: &str) -> World {
    let mut world = world().await;
    let limits = RateLimits::new(principal.parse().unwrap(), address.parse().unwrap(), Rate::OFF);
    world.router = world.router.clone().layer(Extension(Arc::new(limits)));
    world
}

const ELSEWHERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 7));
const FAR_AWAY: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(198, 51, 100, 7));

#[tokio::test]
async fn who_asks_for_too_much_is_told_when_to_come_again() {
    let world = limited("1/m:5", "off").await;
    let (developer, viewer) = (&world.home.developer, &world.home.viewer);
    let ask = |person, from| world.get("/v1/me").by(person).from(from).send();
    for _ in 0..5 {
        ask(developer, ELSEWHERE).await.expect(200);
    }
    let told = ask(developer, ELSEWHERE).await.expect(429);
    assert_eq!(told.header("content-type"), Some("application/problem+json"));
    assert_eq!(told.json()["type"], "/problems/too-many-requests");
    let wait: u32 = told.header("retry-after").unwrap().parse().unwrap();
    assert!((50..=60).contains(&wait) && told.text().contains(&format!("Wait {wait} s")), "{}", told.text());
    ask(developer, FAR_AWAY).await.expect(429);
    ask(viewer, ELSEWHERE).await.expect(200);
    let token = world.post("/v1/api-tokens", &serde_json::json!({"name": "t", "scopes": ["*"]})).by(developer);
    let token = token.send().await.expect(201).json()["token"].as_str().unwrap().to_owned();
    world.get("/v1/me").bearing(&token).from(ELSEWHERE).send().await.expect(429);
    ask(developer, IpAddr::from([127, 0, 0, 1])).await.expect(200);
    world.get("/v1/me").by(developer).header("x-forwarded-for", "127.0.0.1").send().await.expect(429);
}

#[tokio::test]
async fn an_address_is_refused_before_anybody_looks_who_asks() {
    let world = limited("off", "1/m:5").await;
    for _ in 0..4 {
        world.get("/v1/me").bearing("tlp_made_up").from(ELSEWHERE).send().await.expect(401);
    }
    world.get("/openapi.json").from(ELSEWHERE).send().await.expect(200);
    let told = world.get("/v1/me").by(&world.home.owner).from(ELSEWHERE).send().await.expect(429);
    assert!(told.header("retry-after").is_some() && told.text().contains("from this address"), "{}", told.text());
    world.get("/v1/nothing").from(ELSEWHERE).send().await.expect(429);
    for path in ["/healthz", "/readyz"] {
        world.get(path).from(ELSEWHERE).send().await.expect(200);
    }
    world.get("/v1/me").by(&world.home.owner).from(FAR_AWAY).send().await.expect(200);
    world.get("/v1/me").by(&world.home.owner).send().await.expect(200);
}
