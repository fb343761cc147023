//! Search: what fits is found, nobody finds more than they may read, and what is counted adds up.

use std::collections::BTreeSet;

use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use serde_json::{Value, json};
use testkit::{Person, World};

use crate::{rows, world};

async fn made(world: &World, collection: &str, body: &Value) -> String {
    let answer = world.post(format!("/v1/{collection}"), body).by(&world.home.owner).send().await.expect(201).json();
    answer["id"].as_str().unwrap().to_owned()
}

async fn project(world: &World, slug: &str, visibility: &str) -> String {
    made(world, "projects", &json!({"name": format!("Place {slug}"), "slug": slug, "visibility": visibility})).await
}

async fn requirement(world: &World, project: &str, title: &str, description: &str) -> String {
    let body = json!({"project_id": project, "title": title, "description": description});
    made(world, "requirements", &body).await
}

async fn search(world: &World, who: &Person, pairs: &[(&str, &str)]) -> Value {
    world.get("/v1/search").query(pairs).by(who).send().await.expect(200).json()
}

fn titles(page: &Value) -> Vec<String> {
    rows(page).iter().map(|row| row["title"].as_str().unwrap().to_owned()).collect()
}

fn ids(page: &Value) -> BTreeSet<String> {
    rows(page).iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn words_phrases_or_not_and_beginnings_mean_what_they_say() {
    let world = world().await;
    let place = project(&world, "words", "internal").await;
    for (title, text) in [
        ("Xylophones are tuned", "Every xylophone is tuned by hand"),
        ("Tuning of zithers", "The zither and its strings"),
        ("Strings for xylophones", "Nothing is said here"),
    ] {
        requirement(&world, &place, title, text).await;
    }
    let owner = &world.home.owner;
    let cases: &[(&str, &[&str])] = &[
        ("xylophone", &["Strings for xylophones", "Xylophones are tuned"]),
        ("xylophone strings", &["Strings for xylophones"]),
        ("xylophone -strings", &["Xylophones are tuned"]),
        ("\"tuned by hand\"", &["Xylophones are tuned"]),
        ("\"hand by tuned\"", &[]),
        ("zither or hand", &["Tuning of zithers", "Xylophones are tuned"]),
        ("xylo", &["Strings for xylophones", "Xylophones are tuned"]),
        ("xylo ", &[]),
        ("the", &[]),
        ("REQ-2", &["Tuning of zithers"]),
        ("'; drop table x; -- <b>", &[]),
    ];
    for (text, expected) in cases {
        let page = search(&world, owner, &[("q", text), ("project", &place)]).await;
        let mut found = titles(&page);
        found.sort();
        assert_eq!(found, *expected, "{text}");
        assert_eq!(page["total"], expected.len(), "{text}");
    }
    let first = search(&world, owner, &[("q", "REQ-3"), ("project", "words")]).await;
    assert_eq!(titles(&first)[0], "Strings for xylophones", "an exact key comes first");
}

#[tokio::test]
async fn results_are_what_a_checked_read_allows() {
    let world = world().await;
    let mut random = StdRng::seed_from_u64(39);
    let words = ["quokka", "wombat", "numbat", "bilby"];
    let mut all: Vec<(String, String)> = Vec::new();
    for (at, visibility) in ["internal", "private", "public", "private"].into_iter().enumerate() {
        let place = project(&world, &format!("zoo-{at}"), visibility).await;
        for _ in 0..6 {
            let text: Vec<&str> = (0..3).map(|_| words[random.random_range(0..words.len())]).collect();
            all.push((requirement(&world, &place, &text.join(" "), "An animal").await, text.join(" ")));
        }
    }
    let mut people: Vec<(&str, &Person)> = world.home.roles().into();
    people.push(("stranger abroad", &world.abroad.owner));
    for (role, who) in people {
        for word in words {
            let mut readable = BTreeSet::new();
            for (id, text) in &all {
                if text.contains(word) && world.get(format!("/v1/requirements/{id}")).by(who).send().await.status == 200
                {
                    readable.insert(id.clone());
                }
            }
            let page = search(&world, who, &[("q", word), ("limit", "100")]).await;
            assert_eq!(ids(&page), readable, "{role} looks for {word}");
            let counted: i64 = page["facets"]["type"]
                .as_array()
                .map_or(0, |values| values.iter().map(|value| value["count"].as_i64().unwrap()).sum());
            assert_eq!(page["total"], counted, "counts by type add up to the total");
        }
    }
}

/// Every count says what narrowing by it would find.
#[tokio::test]
async fn narrowing_by_a_count_finds_as_many() {
    let world = world().await;
    let owner = &world.home.owner;
    let mut records = Vec::new();
    for (slug, many) in [("meadow", 3), ("forest", 2)] {
        let place = project(&world, slug, "internal").await;
        for at in 0..many {
            records.push((place.clone(), requirement(&world, &place, "A curlew", &format!("number {at}")).await));
        }
        let case = json!({"project_id": place, "name": "A curlew is heard"});
        made(&world, "test-cases", &case).await;
    }
    let (place, first) = &records[0];
    let path = format!("/v1/requirements/{first}");
    let change = json!({"status": "approved", "assigned_to_user_id": world.home.developer.user_id});
    world.patch(&path, &change).by(owner).send().await.expect(200);
    let tag = made(&world, "tags", &json!({"name": "wader"})).await;
    let tagged = json!({"project_id": place, "entity_id": first, "tag_id": tag});
    world.post("/v1/entity-tags", &tagged).by(owner).send().await.expect(201);

    let page = search(&world, owner, &[("q", "curlew")]).await;
    assert_eq!(page["total"], 7);
    for (facet, values) in [("type", 2), ("project", 2), ("status", 3), ("owner", 1), ("tag", 1), ("month", 1)] {
        let counts = page["facets"][facet].as_array().unwrap();
        assert_eq!(counts.len(), values, "{facet}: {counts:?}");
        for count in counts {
            let value = count["value"].as_str().unwrap();
            let first_day = format!("{value}-01");
            let narrowed: Vec<(&str, &str)> = match facet {
                "month" => vec![("q", "curlew"), ("from", &first_day)],
                _ => vec![("q", "curlew"), (facet, value)],
            };
            let found = search(&world, owner, &narrowed).await;
            assert_eq!(found["total"], count["count"], "{facet} {value}");
        }
    }
    assert_eq!(page["facets"]["project"][0]["count"], 4, "the most frequent comes first");
}

#[tokio::test]
async fn nobody_gets_an_answer_and_questions_that_mean_nothing_are_refused() {
    let world = world().await;
    world.get("/v1/search").query(&[("q", "a")]).send().await.expect(401);
    for (name, value) in
        [("q", ""), ("limit", "500"), ("type", "nothing"), ("owner", "x"), ("cursor", "x"), ("sort", "id")]
    {
        let mut pairs = vec![(name, value)];
        if name != "q" {
            pairs.push(("q", "a"));
        }
        let refused = world.get("/v1/search").query(&pairs).by(&world.home.owner).send().await.expect(400);
        assert_eq!(refused.header("content-type"), Some("application/problem+json"), "{name}");
    }
}

/// Whatever is passed to the function by hand, it answers with no more than the settings may see.
#[tokio::test]
async fn a_hostile_caller_of_the_function_gets_no_further() {
    let world = world().await;
    let open = project(&world, "fort-open", "internal").await;
    let closed = project(&world, "fort-closed", "private").await;
    let seen = requirement(&world, &open, "Drawbridge outside", "x").await;
    requirement(&world, &closed, "Drawbridge inside", "x").await;
    let client = world.application().await.unwrap();
    let ask = async |organization: &str, user: &str, words: &str| {
        client.batch_execute("begin").await.unwrap();
        if !organization.is_empty() {
            let settings = format!(
                "set local app.current_organization_id = '{organization}'; set local app.current_user_id = '{user}'"
            );
            client.batch_execute(&settings).await.unwrap();
        }
        let sql = "select platform.search($1, array['REQ-1'], array['requirement', 'conversation', 'report'], \
            array['requirement'], $2)::text";
        let closed: uuid::Uuid = closed.parse().unwrap();
        let row = client.query_one(sql, &[&words, &vec![closed]]).await.unwrap();
        client.batch_execute("rollback").await.unwrap();
        serde_json::from_str::<Value>(row.get(0)).unwrap()
    };
    let home = world.home.id.to_string();
    let viewer = world.home.viewer.user_id.to_string();
    assert_eq!(ask(&home, &viewer, "drawbridge").await["total"], 1, "the private project stays private");
    assert_eq!(ask(&home, &viewer, "drawbridge").await["hits"], json!([seen]));
    assert_eq!(ask("", "", "drawbridge").await["total"], 0, "without an organisation there is nothing");
    let abroad = world.abroad.id.to_string();
    let words = format!("drawbridge or @o{home}");
    assert_eq!(ask(&abroad, &viewer, &words).await["hits"], json!([]), "words name no other organisation");
    let denied = client.query("set role throughline_search", &[]).await;
    assert!(denied.is_err(), "the application cannot become the role");
}

#[tokio::test]
async fn what_fits_is_marked_and_what_is_stored_is_left_as_it_is() {
    let world = world().await;
    let place = project(&world, "marks", "internal").await;
    let title = "<script>alert('gazebo')</script> &amp; \u{2}gazebo\u{3}";
    requirement(&world, &place, title, "A <b>gazebo</b> stands in the garden").await;
    let page = search(&world, &world.home.owner, &[("q", "gazebo"), ("project", &place)]).await;
    let row = &rows(&page)[0];
    let joined = |pieces: &Value| -> String {
        pieces.as_array().unwrap().iter().map(|piece| piece["text"].as_str().unwrap()).collect()
    };
    assert_eq!(joined(&row["title_pieces"]), title.replace(['\u{2}', '\u{3}'], ""));
    let fitting: Vec<&Value> =
        row["excerpt_pieces"].as_array().unwrap().iter().filter(|piece| piece["fits"] == true).collect();
    assert_eq!(fitting.len(), 1);
    assert_eq!(fitting[0]["text"], "gazebo");
    assert!(joined(&row["excerpt_pieces"]).contains("gazebo</b>"));
}

#[tokio::test]
async fn among_very_many_records_words_mean_what_they_mean_among_few() {
    let world = world().await;
    let place = project(&world, "many", "internal").await;
    // Enough that a beginning that most of them have is not read from the index where the other words say enough.
    let fill = "
insert into platform.entities (id, entity_type, project_id, title, status, search_vector)
select platform.uuid_v7(), 'requirement', $1, words, 'draft', to_tsvector('english', words)
from (select case when n <= 20 then 'Rare then commonplace' when n <= 40 then 'Rare commons here' when n <= 60 then 'Rare alone'
                  when n % 3 = 0 then 'Commons of all' when n % 3 = 1 then 'Commonplace things' else 'Nothing of it' end as words
        from generate_series(1, 60000) n) w";
    let tx = world.home.ctx(&world.kernel).begin().await.unwrap();
    tx.execute(fill, &[&place.parse::<uuid::Uuid>().unwrap()]).await.unwrap();
    tx.commit().await.unwrap();

    let found = async |text: &str| {
        let page = search(&world, &world.home.owner, &[("q", text), ("limit", "1")]).await;
        (page["total"].as_i64(), page["total_at_least"].as_i64().unwrap())
    };
    for (text, expected) in [
        ("rare common", 40),
        ("rare commonpl", 20),
        ("rare commons", 40),
        ("rare commons ", 20),
        ("\"rare commons\"", 20),
        ("rare -commonplace", 40),
        ("rare -\"then commonplace\" comm", 20),
        ("rare", 60),
    ] {
        assert_eq!(found(text).await, (Some(expected), expected), "{text}");
    }
    for text in ["comm", "commons", "commonpl", "common or rare", "alone or comm", "-rare comm"] {
        assert_eq!(found(text).await, (None, 1000), "{text}");
    }
}
