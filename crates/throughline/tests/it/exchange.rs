//! Requirements go out as ReqIF and lists as workbooks to whoever may export them, and to nobody else.

use testkit::World;

use crate::world;

/// The slug of the first project.
async fn slug(world: &World) -> String {
    let page = world.get("/v1/projects?limit=1").by(&world.home.owner).send().await.expect(200).json();
    page["data"][0]["slug"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn requirements_go_out_as_reqif_to_whoever_may_export_them() {
    let world = world().await;
    world.example(&world.home, "requirements", 0).await.unwrap();
    let slug = slug(&world).await;
    let path = format!("/v1/requirements/reqif?project={slug}");
    let answer = world.get(&path).by(&world.home.owner).send().await.expect(200);
    assert_eq!(answer.header("content-type"), Some("application/xml"));
    assert!(answer.text().contains("<SPEC-OBJECT ") && answer.text().contains("ReqIF.ForeignID"), "{}", answer.text());
    world.get(&path).send().await.expect(401);
    world.get(&path).by(&world.abroad.owner).send().await.expect(404);
    for (wrong, status) in [("", 400), ("?project=a&project=b", 400), ("?document=x", 400), ("?project=no-such", 404)] {
        world.get(format!("/v1/requirements/reqif{wrong}")).by(&world.home.owner).send().await.expect(status);
    }
    let nothing = format!("{path}&document=01998a44-7d21-7b3e-9c55-0a1f5e6d7c8b");
    world.get(nothing).by(&world.home.owner).send().await.expect(404);
}

/// The archive, and a file of it by itself: whoever may read the requirements of the project, and nobody else.
#[tokio::test]
async fn files_beside_requirements_go_out_as_they_came() {
    let world = world().await;
    let file = world.example(&world.home, "exchange-files", 0).await.unwrap();
    let path = format!("/v1/exchange-files/{file}");
    let record = world.get(&path).by(&world.home.viewer).send().await.expect(200).json();
    assert_eq!((&record["size_bytes"], record.get("content")), (&serde_json::json!(3), None), "{record}");
    let content = format!("{path}/content");
    let answer = world.get(&content).by(&world.home.viewer).send().await.expect(200);
    assert_eq!((answer.text().as_str(), answer.header("content-type")), ("abc", Some("text/plain")));
    assert_eq!(answer.header("content-disposition"), Some(format!("attachment; filename=\"{file}.txt\"").as_str()));
    assert_eq!(answer.header("cache-control"), Some("private, no-cache"));
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    let tag = answer.header("etag").unwrap().to_owned();
    assert_eq!(tag.trim_matches('"'), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    let again = world.get(&content).by(&world.home.viewer).header("if-none-match", &tag).send().await.expect(304);
    assert!(again.body.is_empty());
    world.get(&content).send().await.expect(401);
    world.get(&content).by(&world.abroad.owner).send().await.expect(404);
    world.get(format!("{content}?x=1")).by(&world.home.owner).send().await.expect(400);
    let nothing = "/v1/exchange-files/01998a44-7d21-7b3e-9c55-0a1f5e6d7c8b/content";
    world.get(nothing).by(&world.home.owner).send().await.expect(404);

    let archive = format!("/v1/requirements/reqifz?project={}", slug(&world).await);
    let answer = world.get(&archive).by(&world.home.owner).send().await.expect(200);
    assert_eq!(answer.header("content-type"), Some("application/zip"));
    assert!(answer.body.starts_with(b"PK\x03\x04"));
    world.get(&archive).send().await.expect(401);
    world.get(&archive).by(&world.abroad.owner).send().await.expect(404);
}

#[tokio::test]
async fn a_list_comes_as_a_workbook() {
    let world = world().await;
    world.example(&world.home, "requirements", 0).await.unwrap();
    let kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    let call = world.get("/v1/requirements").header("accept", kind).by(&world.home.owner);
    let answer = call.send().await.expect(200);
    assert_eq!(answer.header("content-type"), Some(kind));
    assert!(
        answer.body.starts_with(b"PK")
            && answer.header("content-disposition").unwrap().ends_with("requirements.xlsx\"")
    );
}
