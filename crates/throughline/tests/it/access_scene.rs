//! A world for proofs about access: rows of many kinds with values and nulls at random, in projects of which some are
//! private, and people who hold nothing until a policy says so.

use std::collections::{BTreeMap, BTreeSet};

use authz::condition::{Condition, Type, Vocabulary as _};
use kernel::{Ctx, Request, Served};
use rand::{RngExt as _, rngs::StdRng};
use serde_json::{Value, json};
use testkit::{Person, World};
use tokio_postgres::Client;
use uuid::Uuid;

use crate::world;

/// What is looked at: kinds with projects and without, parts of wholes, keys of several columns, what belongs to somebody, and
/// what tells of other kinds.
pub(crate) const LOOKED_AT: [&str; 18] = [
    "projects",
    "project-members",
    "requirements",
    "requirement-items",
    "features",
    "test-cases",
    "test-case-steps",
    "defects",
    "builds",
    "environments",
    "documents",
    "document-versions",
    "comments",
    "teams",
    "reports",
    "sessions",
    "api-tokens",
    "activity",
];

/// What is made and how many, wholes before their parts.
const MADE: [(&str, u8); 12] = [
    ("requirements", 24),
    ("features", 10),
    ("test-cases", 16),
    ("defects", 16),
    ("builds", 12),
    ("environments", 8),
    ("documents", 16),
    ("teams", 6),
    ("reports", 8),
    ("requirement-items", 20),
    ("test-case-steps", 14),
    ("document-versions", 10),
];

/// Columns that make rows what they are, or hang on others.
const FIXED: [&str; 7] = ["id", "key", "slug", "version_number", "position", "row_version", "deleted_at"];

pub(crate) struct Scene {
    pub(crate) world: World,
    pub(crate) admin: Client,
    pub(crate) people: Vec<Actor>,
    /// Somebody who may ask about anybody, and sees only projects that are open to all.
    pub(crate) auditor: Person,
    pub(crate) projects: Vec<Uuid>,
    /// Live rows of each resource: their identifiers.
    pub(crate) rows: BTreeMap<&'static str, Vec<String>>,
    /// Nodes of the tree of resources, and what each stands for.
    pub(crate) nodes: Vec<Uuid>,
    /// Values that occur, by kind and attribute.
    values: BTreeMap<(&'static str, String), Vec<Value>>,
}

/// Somebody who asks.
#[derive(Clone)]
pub(crate) struct Actor {
    pub(crate) person: Person,
    pub(crate) acts_for: Option<Uuid>,
    /// Whether they come with a token that covers only some of what they hold.
    pub(crate) narrowed: bool,
}

impl Scene {
    pub(crate) async fn new(random: &mut StdRng) -> Self {
        let world = world().await;
        let admin = world.superuser().await.unwrap();
        admin
            .batch_execute(&format!(
                "set session_replication_role = replica; set app.current_organization_id = '{}'; \
                 set app.current_user_id = '{}'; set app.project_access = 'all'",
                world.home.id, world.home.owner.user_id
            ))
            .await
            .unwrap();
        let auditor = world.home.join(&world.kernel, "auditor").await.unwrap();
        let sql = "insert into authz.user_permissions (user_id, permission_id) select $1, id from authz.permissions
                   where organization_id = platform.current_organization() and name like '%:read'";
        admin.execute(sql, &[&auditor.user_id]).await.unwrap();
        let mut scene = Self {
            world,
            admin,
            auditor,
            people: Vec::new(),
            projects: Vec::new(),
            rows: BTreeMap::new(),
            nodes: Vec::new(),
            values: BTreeMap::new(),
        };
        scene.people().await;
        scene.make(random).await;
        scene.blur(random).await;
        scene.plant(random).await;
        scene.learn().await;
        scene
    }

    /// Three people, one of them with a token besides that was made for reading alone, and an agent of the first.
    async fn people(&mut self) {
        let home = &self.world.home;
        for name in ["ada", "bela", "cleo"] {
            let person = home.join(&self.world.kernel, name).await.unwrap();
            self.people.push(Actor { person, acts_for: None, narrowed: false });
        }
        let owner = self.people[0].person.clone();
        let person = home.agent(&self.world.kernel, &owner).await.unwrap();
        self.people.push(Actor { person, acts_for: Some(owner.user_id), narrowed: false });
        let (token, cleo) = (vault::Token::generate(vault::TokenKind::Api), self.people[2].person.clone());
        self.admin
            .execute(
                "insert into identity.api_tokens (id, user_id, name, token_prefix, token_hash, scopes)
                 values (platform.uuid_v7(), $1, 'narrow', $2, $3, '{requirement:read,*:export,document:read,project:read}')",
                &[&cleo.user_id, &token.shown_prefix(), &token.digest().as_slice()],
            )
            .await
            .unwrap();
        let person = Person { token: token.reveal().to_owned(), ..cleo };
        self.people.push(Actor { person, acts_for: None, narrowed: true });
        for (name, department) in [("ada", "safety"), ("bela", "sales")] {
            let sql = "update identity.memberships set department = $2 from identity.users u where u.id = user_id and u.display_name = $1";
            self.admin.execute(sql, &[&name, &department]).await.unwrap();
        }
    }

    async fn create(&self, resource: &str, bodies: Vec<Value>) -> Vec<String> {
        let items: Vec<Value> = bodies.iter().map(|data| json!({"action": "create", "data": data})).collect();
        let path = format!("/v1/{resource}/bulk");
        let made = self.world.post(path, &json!({"items": items})).by(&self.world.home.owner).send().await.expect(200);
        let made = made.json();
        assert_eq!(made["failed"], 0, "{resource}: {made}");
        made["results"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect()
    }

    async fn make(&mut self, random: &mut StdRng) {
        let visible = ["private", "private", "private", "internal", "public"];
        let body = |(at, visibility)| json!({"name": format!("Example {at}"), "slug": format!("place-{at}"), "visibility": visibility});
        let made = self.create("projects", visible.into_iter().enumerate().map(body).collect()).await;
        self.projects = made.iter().map(|id| id.parse().unwrap()).collect();
        let mut all = BTreeMap::from([("projects", made)]);
        for (resource, count) in MADE {
            let served = self.world.kernel.catalogue.get(resource).unwrap();
            let (column, wholes) = served.resource.parent.unwrap_or(("project_id", "projects"));
            let mut bodies = Vec::new();
            for at in 0..count {
                let mut body = self.world.creation_body(&self.world.home, resource, at).await.unwrap();
                if let Some(wholes) = all.get(wholes).filter(|_| served.table.has(column)) {
                    body[column] = json!(wholes[random.random_range(0..wholes.len())]);
                }
                bodies.push(body);
            }
            all.insert(resource, self.create(resource, bodies).await);
        }
        let mut comments = Vec::new();
        for at in 0..20 {
            let of = ["requirements", "defects", "documents"][at % 3];
            let entity = &all[of][random.random_range(0..all[of].len())];
            let table = self.world.kernel.catalogue.get(of).unwrap().resource.table;
            let sql = format!("select project_id from {table} where id = $1");
            let project: Option<Uuid> =
                self.admin.query_one(&sql, &[&entity.parse::<Uuid>().unwrap()]).await.unwrap().get(0);
            comments.push(json!({"entity_id": entity, "project_id": project, "body": format!("Example {at}")}));
        }
        self.create("comments", comments).await;
        for project in &self.projects {
            let sql = "insert into work.project_members (project_id, user_id, role_id)
                       select $1, u, r.id from unnest($2::uuid[]) u, authz.roles r where r.template_code = 'viewer' and r.organization_id = platform.current_organization()";
            let known = [self.world.home.developer.user_id, self.world.home.viewer.user_id];
            self.admin.execute(sql, &[&project, &known.as_slice()]).await.unwrap();
        }
        for resource in LOOKED_AT {
            let mut rows = self.ids_where(resource, "$2::text[] = '{}'", &[]).await;
            rows.truncate(40);
            assert!(!rows.is_empty(), "there are no {resource}");
            self.rows.insert(resource, rows);
        }
    }

    /// The identifiers of live rows that meet a condition, in order; `$2` stands for `values`.
    pub(crate) async fn ids_where(&self, resource: &str, condition: &str, values: &[String]) -> Vec<String> {
        let served = self.served(resource);
        let keys: Vec<String> = served.resource.key.iter().map(|key| format!("t.{key}::text")).collect();
        let (id, table) = (keys.join(" || '~' || "), served.resource.table);
        let live = if served.is_soft() { "deleted_at is null" } else { "true" };
        let sql =
            format!("select {id} from {table} t where organization_id = $1 and {live} and {condition} order by 1");
        let rows = self.admin.query(&sql, &[&self.world.home.id, &values]).await.unwrap();
        let mut ids: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
        ids.sort_unstable();
        ids
    }

    /// Sets columns to values and nulls at random, as far as the checks of the table let it.
    async fn blur(&self, random: &mut StdRng) {
        let people: Vec<Uuid> = self.people.iter().map(|actor| actor.person.user_id).collect();
        for (resource, ids) in &self.rows {
            let served = self.world.kernel.catalogue.get(resource).unwrap();
            if ["sessions", "api-tokens", "activity", "project-members"].contains(resource) {
                continue;
            }
            for id in ids {
                for column in served.visible().filter(|column| !column.generated) {
                    let name = column.name.as_str();
                    let is_person = name == "created_by" || name.ends_with("user_id") || name == "assigned_to";
                    let links = name == "project_id" || (name.ends_with("_id") && !is_person);
                    let is_fixed = FIXED.contains(&name) || links || (*resource == "projects" && name == "visibility");
                    if is_fixed || random.random_bool(0.4) {
                        continue;
                    }
                    let value = match (random_value(served, name, random), column.nullable && random.random_bool(0.3)) {
                        (_, true) => "null".to_owned(),
                        _ if is_person => format!("'{}'", people[random.random_range(0..people.len())]),
                        (Some(value), _) => value,
                        (None, _) => continue,
                    };
                    let sql = format!("update {} set {name} = {value} where id = '{id}'", served.resource.table);
                    // What a check of the table refuses stays as it was.
                    let _ = self.admin.batch_execute(&sql).await;
                }
            }
        }
    }

    /// A tree of resources: folders with projects and records below.
    async fn plant(&mut self, random: &mut StdRng) {
        let nodes = "insert into authz.resources (resource_type_id, external_id, entity_id, name, parent_resource_id, attributes)
                     select t.id, $2, $3, $2, $4, $5 from authz.resource_types t where t.name = $1 returning id";
        let mut stands: Vec<(&str, Option<Uuid>)> = vec![("project", None), ("project", None), ("document", None)];
        stands.extend(self.projects.iter().map(|id| ("project", Some(*id))));
        for (resource, kind) in
            [("requirements", "requirement"), ("documents", "document"), ("test-cases", "test_case")]
        {
            stands.extend(self.rows[resource].iter().take(8).map(|id| (kind, Some(id.parse().unwrap()))));
        }
        for (at, (kind, entity)) in stands.into_iter().enumerate() {
            let above = (!self.nodes.is_empty() && random.random_bool(0.6))
                .then(|| self.nodes[random.random_range(0..self.nodes.len())]);
            let attributes = json!({"colour": if at % 2 == 0 { "red" } else { "blue" }});
            let row = self.admin.query_one(nodes, &[&kind, &format!("node-{at}"), &entity, &above, &attributes]).await;
            self.nodes.push(row.unwrap().get(0));
        }
    }

    /// Notes which values occur, so that conditions meet some rows and miss others.
    async fn learn(&mut self) {
        for resource in LOOKED_AT {
            let served = self.world.kernel.catalogue.get(resource).unwrap();
            for column in served.visible() {
                let sql = format!(
                    "select distinct to_jsonb({}) from {} where organization_id = $1 and {0} is not null limit 6",
                    column.name, served.resource.table
                );
                let rows = self.admin.query(&sql, &[&self.world.home.id]).await.unwrap();
                let known = self.values.entry((served.resource.permission, column.name.clone())).or_default();
                known.extend(rows.iter().map(|row| row.get::<_, Value>(0)));
            }
        }
    }

    /// A condition on things of `kind`, or on nothing but who asks and how when it is `None`.
    pub(crate) fn condition(&self, kind: Option<&'static str>, random: &mut StdRng) -> Value {
        let words = match kind {
            Some(kind) => self.world.kernel.catalogue.words_of(kind),
            None => self.world.kernel.catalogue.words_of_context(),
        };
        loop {
            let document = self.part(kind, 2, random);
            if Condition::parse(&document, &words).is_ok() {
                return document;
            }
        }
    }

    fn part(&self, kind: Option<&'static str>, depth: u32, random: &mut StdRng) -> Value {
        let more = |random: &mut StdRng| self.part(kind, depth - 1, random);
        match random.random_range(0..10) {
            0 if depth > 0 => json!({"and": [more(random), more(random)]}),
            1 if depth > 0 => json!({"or": [more(random), more(random)]}),
            2 if depth > 0 => json!({"!": [more(random)]}),
            3 if depth > 0 => json!({"if": [more(random), more(random), more(random)]}),
            _ => self.leaf(kind, random),
        }
    }

    fn leaf(&self, kind: Option<&'static str>, random: &mut StdRng) -> Value {
        let words = match kind {
            Some(kind) => self.world.kernel.catalogue.words_of(kind),
            None => self.world.kernel.catalogue.words_of_context(),
        };
        let mut names = words.names();
        names.retain(|name| kind.is_none() || name.starts_with("resource.") || name == "subject.department");
        if kind.is_some() {
            names.push("resource.attributes.colour".to_owned());
        }
        let name = names[random.random_range(0..names.len())].clone();
        let var = json!({"var": name});
        let literal = self.literal(kind, &name, random);
        let other = match words.type_of(&name) {
            Some(Type::Bool) => return var,
            Some(Type::Id) if random.random_bool(0.5) => json!({"var": "subject.id"}),
            Some(Type::Texts) => return json!({"in": [literal, var]}),
            Some(Type::Address) => {
                let network = ["127.0.0.0/8", "10.0.0.0/8"][random.random_range(0..2)];
                return json!({"in_network": [var, network]});
            }
            _ => literal,
        };
        match random.random_range(0..8) {
            0 => json!({"==": [var, null]}),
            1 => json!({"!=": [var, null]}),
            2 => json!({"!=": [var, other]}),
            3 => json!({"<=": [var, other]}),
            4 if !other.is_object() => json!({"in": [var, [other]]}),
            5 => json!({"starts_with": [var, other]}),
            6 if !other.is_object() => json!({"==": [{"var": [name, other]}, other]}),
            _ => json!({"==": [var, other]}),
        }
    }

    fn literal(&self, kind: Option<&'static str>, name: &str, random: &mut StdRng) -> Value {
        let pick = |values: &[Value], random: &mut StdRng| values[random.random_range(0..values.len())].clone();
        let bare = name.strip_prefix("resource.").unwrap_or_default();
        if let Some(values) =
            self.values.get(&(kind.unwrap_or_default(), bare.to_owned())).filter(|some| !some.is_empty())
        {
            return pick(values, random);
        }
        let texts = match name {
            "subject.department" => ["safety", "sales"],
            "subject.kind" => ["person", "agent"],
            "environment.authentication" => ["password", "token"],
            "action.name" => ["read", "update"],
            "resource.attributes.colour" => ["red", "blue"],
            "environment.time" => ["2020-01-01T00:00:00Z", "2040-01-01T00:00:00Z"],
            "resource.owner" | "subject.id" | "resource.project_id" => {
                return match random.random_bool(0.5) {
                    true => json!(self.people[random.random_range(0..self.people.len())].person.user_id),
                    false => json!(self.projects[random.random_range(0..self.projects.len())]),
                };
            }
            _ => ["ada", "Example 1"],
        };
        json!(texts[random.random_range(0..2)])
    }

    /// Asks as somebody would over the network.
    pub(crate) async fn ctx(&self, actor: &Actor) -> Ctx {
        let principal = self.world.authenticator.principal(&actor.person.token).await.unwrap();
        let request = Request { address: Some([127, 0, 0, 1].into()), ..Request::default() };
        Ctx::new(self.world.kernel.clone(), principal, request)
    }

    /// Those of the identifiers that are looked at: a policy brings rows of its own, and what happened grows by itself.
    pub(crate) fn known(&self, resource: &str, ids: impl IntoIterator<Item = String>) -> BTreeSet<String> {
        ids.into_iter().filter(|id| self.rows[resource].binary_search(id).is_ok()).collect()
    }

    pub(crate) fn served(&self, resource: &str) -> &Served {
        self.world.kernel.catalogue.get(resource).unwrap()
    }
}

/// A value of a column, as SQL.
fn random_value(served: &Served, name: &str, random: &mut StdRng) -> Option<String> {
    let column = served.visible_column(name)?;
    if let Some(values) = &column.check.values {
        return Some(format!("'{}'", values[random.random_range(0..values.len())]));
    }
    let number = random.random_range(0..4);
    let moment = ["2026-01-31T12:00:00Z", "2026-11-01T00:00:00.000001Z", "2040-01-01T00:00:00Z"];
    match column.kind {
        kernel::ColumnType::Text => Some(format!("'{}'", ["Example 1", "Example 2", "ada", "Beispiel"][number])),
        kernel::ColumnType::Int2 | kernel::ColumnType::Int4 | kernel::ColumnType::Int8 => Some(number.to_string()),
        kernel::ColumnType::Numeric(..) => Some(format!("{number}.5")),
        kernel::ColumnType::Bool => Some((number > 1).to_string()),
        kernel::ColumnType::Timestamptz => Some(format!("'{}'", moment[number % 3])),
        _ => None,
    }
}
