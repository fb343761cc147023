//! Random policies, as the rows that say who may do what. A policy is a list of statements, so that one that fails a proof can be
//! made smaller by leaving some out.

use rand::{RngExt as _, rngs::StdRng};
use uuid::Uuid;

use crate::access_scene::{Actor, LOOKED_AT, Scene};

/// What is given and asked.
pub(crate) const ACTIONS: [&str; 3] = ["read", "update", "export"];

/// Rows that are left out together, and what they say to people.
#[derive(Debug, Clone)]
pub(crate) struct Piece {
    sql: String,
    pub(crate) says: String,
}

/// Takes everything away that a policy gave.
const NOTHING: &str = "
    delete from authz.user_permissions where grant_reason = 'proof';
    delete from authz.user_roles g using identity.users u
     where u.id = g.user_id and u.display_name in ('ada', 'bela', 'cleo', 'agent');
    delete from work.project_members m using identity.users u
     where u.id = m.user_id and u.display_name in ('ada', 'bela', 'cleo', 'agent');
    delete from authz.role_permissions p using authz.roles r where r.id = p.role_id and r.name like 'proof-%';
    delete from authz.roles where name like 'proof-%';
    delete from authz.permissions where name like 'proof:%';
    update authz.resources set is_active = true;";

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// The beginning and the end of something, mostly without bounds: past, present and to come.
fn some_span(random: &mut StdRng) -> &'static str {
    const SPANS: [&str; 4] = [
        "now() - interval '2 days', now() + interval '2 days'",
        "null, now() - interval '1 day'",
        "now() + interval '1 day', null",
        "now() - interval '1 day', null",
    ];
    if random.random_bool(0.75) { "null, null" } else { SPANS[random.random_range(0..SPANS.len())] }
}

struct Making<'a> {
    scene: &'a Scene,
    random: &'a mut StdRng,
    pieces: Vec<Piece>,
}

impl Making<'_> {
    fn add(&mut self, sql: String) {
        let says = sql.split_whitespace().collect::<Vec<_>>().join(" ");
        self.pieces.push(Piece { sql, says });
    }

    fn id(&mut self) -> Uuid {
        Uuid::from_u128(self.random.random())
    }

    fn one<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.random.random_range(0..all.len())]
    }

    fn condition(&mut self, kind: Option<&'static str>, often: f64) -> String {
        let document = if self.random.random_bool(often) {
            self.scene.condition(kind, self.random).to_string()
        } else {
            "{}".to_owned()
        };
        quoted(&document)
    }

    fn permissions(&mut self) -> Vec<(Uuid, &'static str)> {
        let mut all = Vec::new();
        for number in 0..40 {
            let (id, span) = (self.id(), some_span(self.random));
            let resource = if number == 0 { "projects" } else { self.one(&LOOKED_AT) };
            let kind = self.scene.served(resource).resource.permission;
            let action = match number {
                0 => "manage_members",
                1..24 => "read",
                _ => self.one(&ACTIONS),
            };
            let scope = self.one(&["global", "global", "global", "project", "self"]);
            let condition = self.condition(Some(kind), 0.5);
            let approval = self.random.random_bool(0.05);
            self.add(format!(
                "insert into authz.permissions (id, name, display_name, resource_type_id, action, scope, conditions, requires_approval, valid_from, valid_until)
                 select '{id}', 'proof:p{number}', 'p{number}', t.id, '{action}', '{scope}', {condition}, {approval}, {span}
                   from authz.resource_types t where t.name = '{kind}'
                    and exists (select from authz.resource_type_actions a where a.resource_type_id = t.id and a.action = '{action}')",
            ));
            all.push((id, kind));
        }
        all
    }

    fn roles(&mut self, permissions: &[(Uuid, &'static str)]) -> Vec<Uuid> {
        let mut all: Vec<Uuid> = Vec::new();
        for number in 0..7 {
            let (id, span) = (self.id(), some_span(self.random));
            let parent = match all.as_slice() {
                [] => "null".to_owned(),
                some if self.random.random_bool(0.5) => format!("'{}'", some[self.random.random_range(0..some.len())]),
                _ => "null".to_owned(),
            };
            let held_by = if number == 6 { self.condition(None, 1.0) } else { "null".to_owned() };
            self.add(format!(
                "insert into authz.roles (id, name, display_name, parent_role_id, valid_from, valid_until, auto_assign_conditions)
                 values ('{id}', 'proof-r{number}', 'r{number}', {parent}, {span}, {held_by})",
            ));
            for _ in 0..self.random.random_range(4..10) {
                let ((permission, kind), span) = (self.one(permissions), some_span(self.random));
                let condition = self.condition(Some(kind), 0.25);
                self.add(format!(
                    "insert into authz.role_permissions (role_id, permission_id, valid_from, valid_until, additional_conditions)
                     select '{id}', id, {span}, {condition} from authz.permissions where id = '{permission}'
                     on conflict do nothing",
                ));
            }
            all.push(id);
        }
        all
    }

    fn place(&mut self) -> String {
        if self.random.random_bool(0.35) { "null".to_owned() } else { format!("'{}'", self.one(&self.scene.nodes)) }
    }

    fn given_to(&mut self, actor: &Actor, roles: &[Uuid], permissions: &[(Uuid, &'static str)]) {
        let user = actor.person.user_id;
        for _ in 0..self.random.random_range(0..3) {
            let (role, place, span) = (self.one(roles), self.place(), some_span(self.random));
            let condition = self.condition(None, 0.25);
            self.add(format!(
                "insert into authz.user_roles (user_id, role_id, resource_scope_id, valid_from, valid_until, context_conditions)
                 values ('{user}', '{role}', {place}, {span}, {condition})",
            ));
        }
        for _ in 0..self.random.random_range(0..3) {
            let (role, project) = (self.one(roles), self.one(&self.scene.projects));
            let is_active = self.random.random_bool(0.85);
            self.add(format!(
                "insert into work.project_members (project_id, user_id, role_id, is_active)
                 values ('{project}', '{user}', '{role}', {is_active}) on conflict do nothing",
            ));
        }
        for _ in 0..self.random.random_range(0..3) {
            let ((permission, kind), place, span) = (self.one(permissions), self.place(), some_span(self.random));
            let condition = self.condition(Some(kind), 0.25);
            let behalf = match actor.acts_for {
                Some(person) if self.random.random_bool(0.5) => format!("'{person}'"),
                None if self.random.random_bool(0.1) => format!("'{}'", self.scene.world.home.owner.user_id),
                _ => "null".to_owned(),
            };
            self.add(format!(
                "insert into authz.user_permissions (user_id, permission_id, resource_id, on_behalf_of_user_id, valid_from, valid_until, additional_conditions, grant_reason)
                 select '{user}', id, {place}, {behalf}, {span}, {condition}, 'proof' from authz.permissions where id = '{permission}'
                 on conflict do nothing",
            ));
        }
    }
}

/// A policy of `random`'s.
pub(crate) fn random_policy(scene: &Scene, random: &mut StdRng) -> Vec<Piece> {
    let mut making = Making { scene, random, pieces: Vec::new() };
    let permissions = making.permissions();
    let roles = making.roles(&permissions);
    for actor in scene.people.iter().filter(|actor| !actor.narrowed) {
        making.given_to(actor, &roles, &permissions);
    }
    for node in &scene.nodes {
        if making.random.random_bool(0.1) {
            making.add(format!("update authz.resources set is_active = false where id = '{node}'"));
        }
    }
    making.pieces
}

/// Puts a policy in the place of the one before. An error: its pieces do not stand by themselves.
pub(crate) async fn put(scene: &Scene, pieces: &[Piece]) -> Result<(), tokio_postgres::Error> {
    let all: Vec<&str> = pieces.iter().map(|piece| piece.sql.as_str()).collect();
    let done = scene.admin.batch_execute(&format!("begin; {NOTHING} {}; commit", all.join("; "))).await;
    if done.is_err() {
        scene.admin.batch_execute("rollback").await?;
    }
    scene.world.authenticator.forget();
    done
}
