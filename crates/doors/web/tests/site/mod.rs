//! A site on a database of its own, and a browser for it.
#![allow(dead_code, reason = "each test program uses what it needs")]

use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::ConnectInfo,
    http::{HeaderMap, Method, Request, StatusCode, header},
};
use identity::{Authenticator, FirstOrganization, first_organization};
use kernel::{Call, Catalogue, Ctx, Kernel, PoolOptions, Principal, Schema, Store, Subject};
use serde_json::json;
use tower::ServiceExt as _;
use vault::{Passwords, signing::SigningKey};
use web::Site;

pub(crate) const PASSWORD: &str = "a quiet harbour at dawn";

/// A site with one organisation.
pub(crate) struct World {
    pub(crate) router: Router,
    pub(crate) kernel: Arc<Kernel>,
    pub(crate) owner: Arc<Principal>,
    pub(crate) spool: tempfile::TempDir,
    _database: testkit::Database,
}

impl World {
    pub(crate) async fn new() -> Self {
        let database = testkit::Database::fresh().await.unwrap();
        let store = Store::new(database.application_config.clone(), &PoolOptions::default()).unwrap();
        let schema = Schema::read(&store).await.unwrap();
        let resources = identity::RESOURCES
            .iter()
            .chain(&work::RESOURCES)
            .chain(&work::PLANNING)
            .chain(&quality::RESOURCES)
            .chain(&delivery::RESOURCES)
            .chain(&assurance::RESOURCES)
            .chain(&authorization::RESOURCES)
            .chain(&documents::RESOURCES)
            .chain(&operations::RESOURCES)
            .copied();
        let operations = identity::operations()
            .into_iter()
            .chain(quality::operations())
            .chain(work::operations())
            .chain(delivery::operations())
            .chain(assurance::operations())
            .chain(authorization::operations())
            .collect();
        let catalogue = Catalogue::new(resources, operations, schema).unwrap();
        let kernel = Arc::new(Kernel::new(store, catalogue).with_signing_key(SigningKey::from_seed([7; 32])));
        let owner = Arc::new(organization(&kernel, "harbour", "olga@example.test").await);
        let spool = tempfile::tempdir().unwrap();
        let imports = quality::Imports::new(kernel.clone(), spool.path(), 2);
        let site = Site {
            kernel: kernel.clone(),
            authenticator: Arc::new(Authenticator::new(kernel.clone(), Passwords::cheap())),
            spool: spool.path().to_owned(),
            file_bytes: 1 << 20,
            after_upload: Box::new(move |ctx, output| imports.start_queued(ctx, output)),
            openapi: Box::new(|| {
                Arc::new(json!({
                    "info": {"version": "0", "description": "All of it."},
                    "tags": [{"name": "projects", "description": "Projects."}],
                    "paths": {"/v1/projects": {"get": {"tags": ["projects"], "operationId": "list_projects",
                        "summary": "List projects", "responses": {"200": {"description": "A page."}}}}},
                }))
            }),
        };
        Self { router: web::router(Arc::new(site)), kernel, owner, spool, _database: database }
    }

    /// A context of the organisation's owner.
    pub(crate) fn ctx(&self) -> Ctx {
        Ctx::new(self.kernel.clone(), self.owner.clone(), kernel::Request::default())
    }

    /// Another organisation with an owner of its own.
    pub(crate) async fn other(&self, slug: &'static str, email: &'static str) {
        organization(&self.kernel, slug, email).await;
    }

    /// Makes somebody a member with a role.
    pub(crate) async fn invite(&self, email: &str, role: &str) {
        let ctx = self.ctx();
        let operation = ctx
            .catalogue()
            .operations()
            .find(|one| one.subject == Subject::Collection("memberships") && one.name == "invite")
            .cloned()
            .unwrap();
        let mut tx = ctx.begin().await.unwrap();
        let input = json!({"email": email, "display_name": email, "role": role, "password": PASSWORD});
        operation.run(&ctx, &mut tx, Call { id: None, input }).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// Runs statements in the organisation. For what no page can make.
    pub(crate) async fn sql(&self, statements: &str) {
        let tx = self.ctx().begin().await.unwrap();
        tx.batch(statements).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// One number out of the organisation's data.
    pub(crate) async fn number(&self, sql: &str) -> i64 {
        let tx = self.ctx().begin_read().await.unwrap();
        tx.query_one(sql, &[]).await.unwrap().get(0)
    }

    pub(crate) fn browser(&self) -> Browser {
        Browser { router: self.router.clone(), cookies: BTreeMap::new(), csrf: String::new(), peer: None }
    }

    /// A browser that is signed in.
    pub(crate) async fn signed_in(&self, email: &str) -> Browser {
        let mut browser = self.browser();
        browser.get("/sign-in").await;
        let page = browser.post("/sign-in", &[("email", email), ("password", PASSWORD)]).await;
        assert_eq!(page.status, StatusCode::SEE_OTHER, "{email} cannot sign in: {}", page.body);
        browser.get("/").await;
        browser
    }
}

async fn organization(kernel: &Arc<Kernel>, slug: &str, email: &str) -> Principal {
    let first = FirstOrganization { name: slug, slug, owner: "Olga Owner", email, password: PASSWORD };
    first_organization(kernel, &Passwords::cheap(), &first).await.unwrap()
}

/// The identifier of a member by their address.
pub(crate) async fn id_of(world: &World, email: &str) -> String {
    let tx = world.ctx().begin_read().await.unwrap();
    let sql = "select u.id::text from identity.users u where u.email = $1";
    tx.query_one(sql, &[&email]).await.unwrap().get(0)
}

/// One text out of the organisation's data.
pub(crate) async fn one(world: &World, sql: &str) -> String {
    let tx = world.ctx().begin_read().await.unwrap();
    tx.query_one(sql, &[]).await.unwrap().get(0)
}

/// The text of a page without its tags.
pub(crate) fn text(page: &Page) -> String {
    let mut out = String::new();
    let mut inside = false;
    for c in page.body.chars() {
        match c {
            '<' => inside = true,
            '>' => {
                inside = false;
                out.push(' ');
            }
            c if !inside => out.push(c),
            _ => {}
        }
    }
    out.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What came back.
pub(crate) struct Page {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Page {
    pub(crate) fn location(&self) -> &str {
        self.headers.get(header::LOCATION).map_or("", |value| value.to_str().unwrap())
    }
}

/// Keeps cookies and the token of the last form, as a browser does.
pub(crate) struct Browser {
    router: Router,
    pub(crate) cookies: BTreeMap<String, String>,
    pub(crate) csrf: String,
    /// Where its requests come from; nowhere, when it does not matter.
    pub(crate) peer: Option<IpAddr>,
}

impl Browser {
    pub(crate) async fn get(&mut self, path: &str) -> Page {
        self.send(Method::GET, path, Body::empty(), &[]).await
    }

    /// Posts a form with the token of the page before.
    pub(crate) async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Page {
        let csrf = self.csrf.clone();
        let mut all = vec![("csrf", csrf.as_str())];
        all.extend(fields);
        self.post_with(path, &all, &[("sec-fetch-site", "same-origin")]).await
    }

    /// Posts a form with files: the fields first, then each file as `files`.
    pub(crate) async fn upload(&mut self, path: &str, fields: &[(&str, &str)], files: &[(&str, &str)]) -> Page {
        let files: Vec<(&str, &[u8])> = files.iter().map(|(name, content)| (*name, content.as_bytes())).collect();
        self.upload_bytes(path, fields, &files).await
    }

    /// The same with files that are no text.
    pub(crate) async fn upload_bytes(&mut self, path: &str, fields: &[(&str, &str)], files: &[(&str, &[u8])]) -> Page {
        const EDGE: &str = "----edge-of-the-parts";
        let mut body = Vec::new();
        for (name, value) in fields {
            let part = format!("--{EDGE}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
            body.extend_from_slice(part.as_bytes());
        }
        for (name, content) in files {
            let head = format!(
                "--{EDGE}\r\nContent-Disposition: form-data; name=\"files\"; filename=\"{name}\"\r\nContent-Type: text/xml\r\n\r\n"
            );
            body.extend_from_slice(head.as_bytes());
            body.extend_from_slice(content);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(format!("--{EDGE}--\r\n").as_bytes());
        let kind = format!("multipart/form-data; boundary={EDGE}");
        let headers = [("content-type", kind.as_str()), ("sec-fetch-site", "same-origin")];
        self.send(Method::POST, path, Body::from(body), &headers).await
    }

    /// Gets a page that was seen before.
    pub(crate) async fn get_again(&mut self, path: &str, tag: &str) -> Page {
        self.send(Method::GET, path, Body::empty(), &[("if-none-match", tag)]).await
    }

    pub(crate) async fn post_with(&mut self, path: &str, fields: &[(&str, &str)], headers: &[(&str, &str)]) -> Page {
        let body = serde_urlencoded::to_string(fields).unwrap();
        let mut with = vec![("content-type", "application/x-www-form-urlencoded")];
        with.extend(headers);
        self.send(Method::POST, path, Body::from(body), &with).await
    }

    async fn send(&mut self, method: Method, path: &str, body: Body, headers: &[(&str, &str)]) -> Page {
        let jar: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut request =
            Request::builder().method(method).uri(path).header("cookie", jar.join("; ")).header("host", "site.test");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut request = request.body(body).unwrap();
        if let Some(peer) = self.peer {
            request.extensions_mut().insert(ConnectInfo(SocketAddr::new(peer, 1)));
        }
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        for cookie in parts.headers.get_all(header::SET_COOKIE) {
            let cookie = cookie.to_str().unwrap();
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            if cookie.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        // What is no text, such as an archive, is looked at by its headers.
        let body = String::from_utf8_lossy(&to_bytes(body, usize::MAX).await.unwrap()).into_owned();
        if let Some((_, rest)) = body.split_once("name=\"csrf\" value=\"") {
            rest.split('"').next().unwrap().clone_into(&mut self.csrf);
        }
        Page { status: parts.status, headers: parts.headers, body }
    }
}
