//! A page shows what a list gives: whoever may read only some records sees on every page that can be reached those of them
//! that stand there, and no other. The walk follows links, so a page that is added is covered without being named here.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};

use axum::body::{Body, to_bytes};
use kernel::{ColumnType, Ctx, Request, Served};
use serde_json::json;
use testkit::{Person, World};
use tower::ServiceExt as _;
use uuid::Uuid;

use crate::world;

/// What is told along with other records: an environment's name with what runs there, where reports find a test case with the
/// test case.
const TOLD_ALONG: [&str; 2] = ["environments", "test-case-aliases"];
/// Examples of each kind.
const EACH: u8 = 4;

/// A site with rows of every kind in a project, each recognised by a word that stands in all its texts.
struct Scene {
    world: World,
    site: axum::Router,
    /// The word of each row, by resource and identifier.
    words: BTreeMap<(&'static str, String), String>,
}

impl Scene {
    async fn new() -> Self {
        let world = world().await;
        let site = web::router(Arc::new(web::Site {
            kernel: world.kernel.clone(),
            authenticator: world.authenticator.clone(),
            spool: std::env::temp_dir(),
            file_bytes: 1 << 20,
            after_upload: Box::new(|_, _| {}),
            openapi: Box::new(|| Arc::new(json!({}))),
        }));
        let mut scene = Self { world, site, words: BTreeMap::new() };
        for served in scene.world.kernel.catalogue.resources().filter(|served| served.table.has("project_id")) {
            for number in 0..EACH {
                // Of some there can be one only.
                let _ = scene.world.example(&scene.world.home, served.resource.name, number).await;
            }
        }
        scene.mark().await;
        scene
    }

    /// Writes into every free text of every row the word of the row, as far as the checks of its table let it.
    async fn mark(&mut self) {
        let admin = self.world.superuser().await.unwrap();
        let begin = format!(
            "set session_replication_role = replica; set app.current_organization_id = '{}'; set app.project_access = 'all'",
            self.world.home.id
        );
        admin.batch_execute(&begin).await.unwrap();
        for served in self.world.kernel.catalogue.resources() {
            let (name, table) = (served.resource.name, served.resource.table);
            if !served.table.has("project_id") || !served.table.has("id") || TOLD_ALONG.contains(&name) {
                continue;
            }
            let sql = format!("select id::text from {table} where organization_id = $1 and project_id is not null");
            for row in admin.query(&sql, &[&self.world.home.id]).await.unwrap() {
                let (id, word) = (row.get::<_, String>(0), format!("zq{}zq", self.words.len()));
                for column in served.visible().filter(|column| is_free(served, column)) {
                    let _ = admin
                        .batch_execute(&format!("update {table} set {} = '{word}' where id = '{id}'", column.name))
                        .await;
                }
                self.words.insert((name, id), word);
            }
        }
    }

    async fn set(&self, statements: &str) {
        let tx = self.world.home.ctx(&self.world.kernel).begin().await.unwrap();
        tx.batch(statements).await.unwrap();
        tx.commit().await.unwrap();
    }

    async fn ctx(&self, person: &Person) -> Ctx {
        let principal = self.world.authenticator.principal(&person.token).await.unwrap();
        Ctx::new(self.world.kernel.clone(), principal, Request::default())
    }

    /// The words of the rows that lists give to `person`.
    async fn listed(&self, person: &Person) -> BTreeSet<String> {
        let ctx = self.ctx(person).await;
        let kinds: BTreeSet<&str> = self.words.keys().map(|(name, _)| *name).collect();
        let mut words = BTreeSet::new();
        for name in kinds {
            let served = self.world.kernel.catalogue.get(name).unwrap();
            for one in kernel::reached(&ctx, served, "read", &ctx.environment(), None, 1000).await.unwrap() {
                words.extend(self.words.get(&(name, one.id)).cloned());
            }
        }
        words
    }

    async fn open(&self, person: &Person, path: &str) -> Opened {
        let request = axum::http::Request::builder()
            .uri(path)
            .header("cookie", format!("{}={}", web::SESSION_COOKIE, person.token))
            .body(Body::empty())
            .unwrap();
        let response = self.site.clone().oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let body = to_bytes(response.into_body(), 64 << 20).await.unwrap();
        let body = String::from_utf8_lossy(&body).into_owned();
        let read = without_choices(&body);
        let words = read.split("zq").filter(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()));
        Opened { status, words: words.map(|number| format!("zq{number}zq")).collect(), body }
    }
}

/// A page without its forms: what they offer to choose from is for those who may write.
fn without_choices(body: &str) -> String {
    let mut pieces = body.split("<form method=\"post\"");
    let mut rest = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        rest.push_str(piece.split_once("</form>").map_or("", |(_, after)| after));
    }
    rest
}

fn is_free(served: &Served, column: &kernel::Column) -> bool {
    let fixed = served.resource.key.contains(&column.name.as_str())
        || served.resource.status.as_ref().is_some_and(|moves| moves.column == column.name)
        || ["key", "slug"].contains(&column.name.as_str());
    column.kind == ColumnType::Text && column.check.values.is_none() && !column.generated && !fixed
}

/// What came back.
struct Opened {
    status: u16,
    words: BTreeSet<String>,
    body: String,
}

impl Opened {
    /// Where the page leads, questions aside.
    fn links(&self) -> impl Iterator<Item = String> {
        self.body
            .split("href=\"")
            .skip(1)
            .filter_map(|rest| rest.split('"').next())
            .map(|link| link.split(['?', '#']).next().unwrap_or_default().to_owned())
    }
}

fn is_page(path: &str) -> bool {
    let elsewhere = ["/assets", "/v1", "/docs", "/design", "/sign", "/access", "/find", "/healthz", "/openapi"];
    path.starts_with('/') && !path.starts_with("//") && !elsewhere.iter().any(|start| path.starts_with(start))
}

/// Whether everything on it that somebody may read has to be there for them: the lists of a project, and their files.
fn is_list(path: &str) -> bool {
    path.strip_prefix("/p/").and_then(|rest| rest.split_once('/')).is_some_and(|(_, section)| !section.contains('/'))
}

/// Every page that can be reached from the start, as somebody sees it who may read everything.
async fn all_pages(scene: &Scene, person: &Person) -> BTreeMap<String, BTreeSet<String>> {
    let (mut pages, mut next) = (BTreeMap::new(), VecDeque::from(["/".to_owned()]));
    while let Some(path) = next.pop_front() {
        if pages.contains_key(&path) {
            continue;
        }
        let opened = scene.open(person, &path).await;
        if opened.status == 200 {
            next.extend(opened.links().filter(|link| is_page(link) && !pages.contains_key(link)));
        }
        assert!(opened.status < 400 || path.ends_with("/import"), "{path}: {}", opened.status);
        pages.insert(path, opened.words);
    }
    pages
}

/// Somebody who may enter every project and read all links, and of everything else the rows of `words`: under a condition for
/// each kind, or one by one as far as rows can be named so.
async fn reader(scene: &Scene, name: &str, one_by_one: bool, some: impl Fn(usize) -> bool) -> Person {
    let person = scene.world.home.join(&scene.world.kernel, name).await.unwrap();
    let mut ids: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (at, (resource, id)) in scene.words.keys().enumerate() {
        if some(at) {
            let kind = scene.world.kernel.catalogue.get(resource).unwrap().resource.permission;
            ids.entry(kind).or_default().push(id);
        }
    }
    let held = match one_by_one {
        true => "p.name like '%:read' or p.name like '%:export'".to_owned(),
        false => format!("p.name like '{name}:%'"),
    };
    let mut sql = format!(
        "insert into authz.roles (name, display_name) values ('{name}_enters', 'Enters'), ('{name}_reads', 'Reads');
         insert into authz.role_permissions (role_id, permission_id)
         select r.id, p.id from authz.roles r, authz.permissions p
          where r.name = '{name}_enters' and p.name in ('project:read', 'trace_link:read');
         insert into authz.user_roles (user_id, role_id)
         select '{user}', id from authz.roles where name = '{name}_enters';",
        user = person.user_id,
    );
    for (kind, ids) in &ids {
        if one_by_one {
            continue;
        }
        let condition = json!({"in": [{"var": "resource.id"}, ids]});
        sql += &format!(
            "insert into authz.permissions (name, display_name, resource_type_id, action, conditions)
             select '{name}:{kind}_' || action, 'Part', resource_type_id, action, '{condition}'
               from authz.permissions where name in ('{kind}:read', '{kind}:export');"
        );
    }
    sql += &format!(
        "insert into authz.role_permissions (role_id, permission_id)
         select r.id, p.id from authz.roles r, authz.permissions p where r.name = '{name}_reads' and ({held});"
    );
    if one_by_one {
        let listed: Vec<&str> = ids.values().flatten().copied().collect();
        sql += &format!(
            "with made as (
               insert into authz.resources (resource_type_id, name, entity_id)
               select t.id, '{name}', e.id from platform.entities e join authz.resource_types t on t.name = 'project'
                where e.id = any ('{{{}}}'::uuid[]) returning id)
             insert into authz.user_roles (user_id, role_id, resource_scope_id)
             select '{}', r.id, m.id from made m, authz.roles r where r.name = '{name}_reads';",
            listed.join(","),
            person.user_id,
        );
    } else {
        sql += &format!(
            "insert into authz.user_roles (user_id, role_id) select '{}', id from authz.roles where name = '{name}_reads';",
            person.user_id
        );
    }
    scene.set(&sql).await;
    person
}

#[tokio::test]
async fn a_page_shows_what_a_list_gives_to_who_may_read_only_some_records() {
    let scene = Scene::new().await;
    let pages = all_pages(&scene, &scene.world.home.owner).await;
    let conditional = reader(&scene, "conditional", false, |at| at % 2 == 0).await;
    let single = reader(&scene, "single", true, |at| at % 2 == 1).await;
    let nobody = reader(&scene, "nobody", false, |_| false).await;
    let mut faults = Vec::new();
    for (who, least) in [(&conditional, 8), (&single, 4), (&nobody, 0)] {
        let readable = scene.listed(who).await;
        let mut telling = 0;
        for (path, all) in &pages {
            let opened = scene.open(who, path).await;
            let shown = &opened.words;
            let besides: Vec<_> = shown.difference(&readable).map(|word| called(&scene, word)).collect();
            if !besides.is_empty() {
                faults.push(format!("{} sees on {path} what no list gives: {besides:?}", who.name));
            }
            if least == 0 || !is_list(path) {
                continue;
            }
            let expected: BTreeSet<String> = all.intersection(&readable).cloned().collect();
            telling += usize::from(!expected.is_empty() && expected.len() < all.len());
            let missing: Vec<_> = expected.difference(shown).map(|word| called(&scene, word)).collect();
            // Whoever may read none of a kind is refused its list, as by the API.
            let is_refused = opened.status == 403 && expected.is_empty();
            if !missing.is_empty() || !(opened.status == 200 || is_refused) {
                faults.push(format!("{} gets {} for {path}, and misses {missing:?}", who.name, opened.status));
            }
        }
        if telling < least {
            faults.push(format!("only {telling} lists show {} some of their rows and hide others", who.name));
        }
    }
    assert!(faults.is_empty(), "{} pages\n{}", pages.len(), faults.join("\n"));
    eprintln!("{} pages, {} rows", pages.len(), scene.words.len());
}

/// Which row a word belongs to.
fn called(scene: &Scene, word: &str) -> (&'static str, Uuid) {
    let (key, _) = scene.words.iter().find(|(_, one)| *one == word).unwrap();
    (key.0, key.1.parse().unwrap())
}
