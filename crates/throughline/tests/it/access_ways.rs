//! The ways by which rows are asked for, each held to what single checks say.

use std::collections::{BTreeMap, BTreeSet};

use kernel::{Ctx, Export, Read, Record, Relation, SearchQuery, Update, authorise};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use serde_json::{Value, json};

use crate::{
    access_policy::ACTIONS,
    access_scene::{Actor, Scene},
    rows,
};

type Ids = BTreeSet<String>;

/// A way that gave other rows than the check.
pub(crate) struct Differs {
    pub(crate) who: usize,
    pub(crate) way: String,
    pub(crate) resource: &'static str,
    /// What has to be asked again to see it.
    pub(crate) resources: Vec<&'static str>,
    pub(crate) missing: Vec<String>,
    pub(crate) besides: Vec<String>,
}

/// Everything that is asked of one person.
pub(crate) struct Asking<'a> {
    scene: &'a Scene,
    who: usize,
    actor: &'a Actor,
    ctx: Ctx,
    resources: Vec<&'static str>,
    random: StdRng,
    /// What single checks allow, by resource and action.
    allowed: BTreeMap<(&'static str, &'static str), Ids>,
    /// How many checks that took.
    pub(crate) checks: usize,
}

impl<'a> Asking<'a> {
    pub(crate) async fn new(scene: &'a Scene, who: usize, seed: u64, resources: &[&'static str]) -> Self {
        let actor = &scene.people[who];
        let (ctx, random) = (scene.ctx(actor).await, StdRng::seed_from_u64(seed));
        let (resources, allowed) = (resources.to_vec(), BTreeMap::new());
        Self { scene, who, actor, ctx, resources, random, allowed, checks: 0 }
    }

    pub(crate) async fn agrees(&mut self) -> Result<(), Differs> {
        self.check().await;
        self.lists().await?;
        self.reached().await?;
        self.single().await?;
        self.included().await?;
        self.searched().await
    }

    /// How many checks said yes.
    pub(crate) fn yes(&self) -> usize {
        self.allowed.values().map(Ids::len).sum()
    }

    fn may(&self, resource: &'static str, action: &'static str) -> &Ids {
        &self.allowed[&(resource, action)]
    }

    fn same(&self, way: &str, resource: &'static str, expected: &Ids, found: &Ids) -> Result<(), Differs> {
        if expected == found {
            return Ok(());
        }
        let resources = if way.starts_with("include") { self.resources.clone() } else { vec![resource] };
        let missing = expected.difference(found).cloned().collect();
        let besides = found.difference(expected).cloned().collect();
        Err(Differs { who: self.who, way: way.to_owned(), resource, resources, missing, besides })
    }

    /// Asks the check about every row. What tells of other kinds is asked over the door, which alone knows of them.
    async fn check(&mut self) {
        let tx = self.ctx.begin_read().await.unwrap();
        for &resource in &self.resources {
            let (served, ids) = (self.scene.served(resource), &self.scene.rows[resource]);
            let mut yes = [Ids::new(), Ids::new(), Ids::new()];
            for id in ids {
                self.checks += ACTIONS.len();
                let Ok(record) = Record::find(&tx, served, id, false).await else { continue };
                let answers = [
                    authorise::<Read, _>(&self.ctx, record.clone()).is_ok(),
                    authorise::<Update, _>(&self.ctx, record.clone()).is_ok(),
                    authorise::<Export, _>(&self.ctx, record).is_ok(),
                ];
                for (yes, _) in yes.iter_mut().zip(answers).filter(|(_, answer)| *answer) {
                    yes.insert(id.clone());
                }
            }
            if served.resource.tells_of.is_some() {
                yes[0] = self.read(resource, ids.iter()).await;
            }
            for (action, yes) in ACTIONS.into_iter().zip(yes) {
                self.allowed.insert((resource, action), yes);
            }
        }
        tx.commit().await.unwrap();
    }

    /// Those that are shown when they are asked for by name.
    async fn read(&self, resource: &str, ids: impl Iterator<Item = &String>) -> Ids {
        let mut shown = Ids::new();
        for id in ids {
            let path = format!("/v1/{resource}/{id}");
            if self.scene.world.get(path).by(&self.actor.person).send().await.status == 200 {
                shown.insert(id.clone());
            }
        }
        shown
    }

    /// All pages of a list; none when nothing of it is for them.
    async fn pages(&self, resource: &str, limit: u32, more: &str) -> Vec<Value> {
        let (mut pages, mut cursor) = (Vec::new(), String::new());
        loop {
            let path = format!("/v1/{resource}?limit={limit}{more}{cursor}");
            let answer = self.scene.world.get(path).by(&self.actor.person).send().await;
            if answer.status == 403 {
                return pages;
            }
            pages.push(answer.expect(200).json());
            match pages.last().unwrap()["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return pages,
            }
        }
    }

    async fn lists(&self) -> Result<(), Differs> {
        for &resource in &self.resources {
            let pages = self.pages(resource, 20, "&count=exact&fields=id").await;
            let found: Ids = pages.iter().flat_map(rows).map(id_of).collect();
            for page in &pages {
                let (counted, listed) = (Ids::from([page["count"].to_string()]), Ids::from([found.len().to_string()]));
                self.same("count=exact", resource, &listed, &counted)?;
            }
            self.same("list", resource, self.may(resource, "read"), &self.scene.known(resource, found))?;
            let ndjson = self.scene.world.get(format!("/v1/{resource}")).header("accept", "application/x-ndjson");
            let answer = ndjson.by(&self.actor.person).send().await;
            let lines = if answer.status == 403 { String::new() } else { answer.expect(200).text() };
            let found = lines.lines().map(|line| id_of(&serde_json::from_str(line).unwrap()));
            let found = self.scene.known(resource, found);
            if self.scene.served(resource).resource.tells_of.is_none() {
                self.same("export", resource, self.may(resource, "export"), &found)?;
            }
        }
        Ok(())
    }

    /// The rows that are reached, as the engine's filter gives them and, of some, as the standard's search for resources.
    async fn reached(&mut self) -> Result<(), Differs> {
        for ((resource, action), expected) in &self.allowed {
            let served = self.scene.served(resource);
            if served.resource.tells_of.is_some() {
                continue;
            }
            let needed = served.resource.needs(action);
            let environment = self.ctx.environment();
            let found = kernel::reached(&self.ctx, served, needed, &environment, None, 1000).await.unwrap();
            let found = self.scene.known(resource, found.into_iter().map(|one| one.id));
            self.same(&format!("reached, to {action}"), resource, expected, &found)?;
            // Whom a token stands for is asked about without the limits of the token.
            let is_asked = self.resources.len() == 1 || self.random.random_bool(0.15);
            if self.actor.narrowed || !is_asked {
                continue;
            }
            let question = json!({
                "subject": {"type": "user", "id": "me"}, "action": {"name": action}, "resource": {"type": resource},
                "page": {"limit": 200},
            });
            let answer = self.scene.world.post("/v1/access/search/resource", &question).by(&self.actor.person);
            // An action that there is not for this kind.
            let answer = answer.send().await;
            if answer.status == 422 {
                continue;
            }
            let answer = answer.expect(200).json();
            let found = self.scene.known(resource, answer["results"].as_array().unwrap().iter().map(id_of));
            self.same(&format!("search/resource, to {action}"), resource, expected, &found)?;
        }
        Ok(())
    }

    /// Single questions, as a read and in the words of the standard: some of every kind, asked by themselves and about them
    /// by others, of whom one sees every project and one only what is open.
    async fn single(&mut self) -> Result<(), Differs> {
        let mut some = Vec::new();
        for &resource in &self.resources {
            let ids = &self.scene.rows[resource];
            for _ in 0..3 {
                some.push((resource, ids[self.random.random_range(0..ids.len())].clone()));
            }
        }
        for &resource in &self.resources {
            let asked: Ids = some.iter().filter(|(of, _)| *of == resource).map(|(_, id)| id.clone()).collect();
            let expected = self.may(resource, "read").intersection(&asked).cloned().collect();
            self.same("read", resource, &expected, &self.read(resource, asked.iter()).await)?;
        }
        if self.actor.narrowed {
            return Ok(());
        }
        // Of oneself the circumstances are known; of others they are told.
        let strength = if self.actor.acts_for.is_some() { "token" } else { "password" };
        let questions: Vec<Value> =
            some.iter().map(|(resource, id)| json!({"resource": {"type": resource, "id": id}})).collect();
        let question = json!({
            "subject": {"type": "user", "id": self.actor.person.user_id}, "action": {"name": "read"},
            "context": {"address": "127.0.0.1", "authentication": strength}, "evaluations": questions,
        });
        for asker in [&self.actor.person, &self.scene.world.home.owner, &self.scene.auditor] {
            let asked = self.scene.world.post("/v1/access/evaluations", &question).by(asker);
            let answers = asked.send().await.expect(200).json();
            for ((resource, id), answer) in some.iter().zip(answers["evaluations"].as_array().unwrap()) {
                let is = |yes: bool| if yes { Ids::from([id.clone()]) } else { Ids::new() };
                let (expected, found) = (is(self.may(resource, "read").contains(id)), is(answer["decision"] == true));
                // What the asker does not see is not there for them: private projects, and even for an owner private documents.
                if found.is_empty() && asker.user_id != self.actor.person.user_id {
                    let path = format!("/v1/{resource}/{id}");
                    if self.scene.world.get(path).by(asker).send().await.status == 404 {
                        continue;
                    }
                }
                self.same(&format!("evaluation, asked by {}", asker.name), resource, &expected, &found)?;
            }
        }
        Ok(())
    }

    /// What is included beside a list is what could be read by itself.
    async fn included(&mut self) -> Result<(), Differs> {
        for at in 0..self.resources.len() {
            let resource = self.resources[at];
            let served = self.scene.served(resource);
            let there = |relation: &Relation| match relation {
                Relation::One { resource, .. } | Relation::Many { resource, .. } => *resource,
            };
            let relations: Vec<_> =
                served.relations.iter().filter(|(_, relation)| self.resources.contains(&there(relation))).collect();
            if relations.is_empty() || self.random.random_bool(0.5) {
                continue;
            }
            let (name, relation) = relations[self.random.random_range(0..relations.len())];
            let pages = self.pages(resource, 200, &format!("&include={name}")).await;
            let included = pages.iter().flat_map(|page| page["included"][name].as_array().unwrap());
            let found = self.scene.known(there(relation), included.map(id_of));
            let listed: Vec<&Value> = pages.iter().flat_map(rows).collect();
            let linked = match relation {
                Relation::One { column, .. } => {
                    listed.iter().filter_map(|row| Some(row[column.as_str()].as_str()?.to_owned())).collect()
                }
                Relation::Many { resource, column } => {
                    let ids: Vec<String> = listed.into_iter().map(id_of).collect();
                    self.scene.ids_where(resource, &format!("{column}::text = any($2)"), &ids).await
                }
            };
            let linked: Ids = linked.into_iter().collect();
            let expected = self.may(there(relation), "read").intersection(&linked).cloned().collect();
            self.same(&format!("include={name} of {resource}"), there(relation), &expected, &found)?;
        }
        Ok(())
    }

    /// Search finds what fits the words and may be read: the same rows, and counts of them.
    async fn searched(&self) -> Result<(), Differs> {
        let query = SearchQuery { text: "example".into(), limit: 1000, with_facets: true, ..SearchQuery::default() };
        let tx = self.ctx.begin_read().await.unwrap();
        let own = kernel::search(&self.ctx, &tx, &query).await.unwrap();
        tx.commit().await.unwrap();
        let sql = "select e.id::text from platform.entities e where e.search_vector @@ platform.search_query($1)";
        let fits = self.scene.admin.query(sql, &[&query.text]).await.unwrap();
        let fits: Ids = fits.iter().map(|row| row.get(0)).collect();
        for &resource in &self.resources {
            let declared = self.scene.served(resource).resource;
            if declared.searched.is_none() {
                continue;
            }
            let expected: Ids = fits.intersection(self.may(resource, "read")).cloned().collect();
            let hits = own.hits.iter().filter(|hit| hit.collection == resource);
            let found = self.scene.known(resource, hits.map(|hit| hit.id.to_string()));
            self.same("search", resource, &expected, &found)?;
            let types = own.facets.get("type").into_iter().flatten();
            let counted: i64 = types.filter(|one| one.value == declared.permission).map(|one| one.count).sum();
            let (expected, counted) = (Ids::from([expected.len().to_string()]), Ids::from([counted.to_string()]));
            self.same("facets of search", resource, &expected, &counted)?;
        }
        Ok(())
    }
}

fn id_of(row: &Value) -> String {
    row["id"].as_str().unwrap().to_owned()
}
