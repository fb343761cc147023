//! OpenFGA's own suite: relations become permissions, who has one directly holds a role for the thing, what follows from it is
//! what the role gives, and what a thing hangs on is above it in the tree of resources.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use authz::{
    Environment, Filter, Grants, HeldRole, Holdings, PermissionRow, PermissionScope, Place, Question, Reach,
    RolePermissionRow, RoleRow, Roles, Rule, Source, SourceKind, Subject, Target, Validity,
};
use jiff::Timestamp;
use serde_json::Value as Json;
use uuid::Uuid;

use crate::{
    Tally, block,
    model::{Model, Way},
    sample,
};

/// A thing or a person: its type and its name.
type Named = (String, String);

fn named(text: &str) -> Option<Named> {
    let (kind, name) = text.split_once(':')?;
    (!name.contains('#') && name != "*").then(|| (kind.to_owned(), name.to_owned()))
}

/// An identifier of ours that stands for a text.
fn id(text: &str) -> Uuid {
    let mut hash = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d_u128;
    for byte in text.bytes() {
        hash = (hash ^ u128::from(byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b);
    }
    Uuid::from_u128(hash)
}

fn id_of(thing: &Named) -> Uuid {
    id(&format!("{}:{}", thing.0, thing.1))
}

#[derive(Default)]
struct Store {
    model: Model,
    /// Object, relation, user.
    tuples: BTreeSet<(Named, String, String)>,
}

/// Why a question about a relation is not taken.
type Why = String;

impl Store {
    /// Everything that a relation to a thing follows from: pairs of type and relation whose direct holders have it.
    fn sources(&self, kind: &str, relation: &str) -> Result<BTreeSet<(String, String)>, Why> {
        let (mut found, mut open) = (BTreeSet::new(), vec![(kind.to_owned(), relation.to_owned())]);
        let mut seen = BTreeSet::new();
        while let Some((kind, relation)) = open.pop() {
            if !seen.insert((kind.clone(), relation.clone())) {
                continue;
            }
            for way in self.model.ways(&kind, &relation) {
                match way {
                    Way::Refused(why) => return Err((*why).to_owned()),
                    Way::Direct(_) => {
                        found.insert((kind.clone(), relation.clone()));
                    }
                    Way::Same(other) => open.push((kind.clone(), other.clone())),
                    Way::From { relation, above } => {
                        for kind in self.types_of(&kind, above)? {
                            open.push((kind, relation.clone()));
                        }
                    }
                }
            }
        }
        Ok(found)
    }

    /// The types of what things of a type hang on.
    fn types_of(&self, kind: &str, above: &str) -> Result<Vec<String>, Why> {
        match self.model.ways(kind, above) {
            [Way::Direct(types)] => Ok(types.clone()),
            [Way::Refused(why)] => Err((*why).to_owned()),
            _ => Err("what a thing hangs on is itself worked out".to_owned()),
        }
    }

    /// The relations by which things hang on others.
    fn edges(&self) -> BTreeSet<&str> {
        let ways = self.model.all().flat_map(|(.., ways)| ways);
        ways.filter_map(|way| if let Way::From { above, .. } = way { Some(above.as_str()) } else { None }).collect()
    }

    /// What a thing hangs on, of which ours has one.
    fn tree(&self) -> Result<BTreeMap<Named, Named>, Why> {
        let (mut tree, edges) = (BTreeMap::new(), self.edges());
        for (thing, relation, user) in &self.tuples {
            let Some(above) = named(user).filter(|_| edges.contains(relation.as_str())) else { continue };
            if tree.insert(thing.clone(), above.clone()).is_some_and(|other| other != above) {
                return Err("a thing hangs on two: in the tree of resources it hangs on one".to_owned());
            }
        }
        Ok(tree)
    }

    /// Whether somebody who has `from` to `top` by a tuple has `relation` to `thing`, step by step as the model says.
    fn follows(&self, top: &Named, from: &str, thing: &Named, relation: &str) -> bool {
        let (mut open, mut seen) = (vec![(thing.clone(), relation.to_owned())], BTreeSet::new());
        while let Some((thing, relation)) = open.pop() {
            if !seen.insert((thing.clone(), relation.clone())) {
                continue;
            }
            for way in self.model.ways(&thing.0, &relation) {
                match way {
                    Way::Direct(_) if thing == *top && relation == from => return true,
                    Way::Direct(_) | Way::Refused(_) => {}
                    Way::Same(other) => open.push((thing.clone(), other.clone())),
                    Way::From { relation, above } => {
                        let hangs = self.tuples.iter().filter(|(of, by, _)| *of == thing && by == above);
                        open.extend(hangs.filter_map(|(.., user)| Some((named(user)?, relation.clone()))));
                    }
                }
            }
        }
        false
    }

    fn things(&self, kind: &str) -> BTreeSet<Named> {
        let users = self.tuples.iter().filter_map(|(.., user)| named(user));
        self.tuples.iter().map(|(thing, ..)| thing.clone()).chain(users).filter(|thing| thing.0 == kind).collect()
    }

    /// What everybody who is named holds, for one question: the roles that lead to it, at the things they are held for.
    fn grants(&self, kind: &str, relation: &str, user: &str) -> Result<Grants, Why> {
        let (sources, tree) = (self.sources(kind, relation)?, self.tree()?);
        let permission = id(&format!("permission {kind} {relation}"));
        let role = |(kind, relation): &(String, String)| id(&format!("role {kind} {relation}"));
        let rows = sources.iter().map(|source| RoleRow {
            id: role(source),
            name: format!("{}-{}", source.0, source.1),
            parent: None,
            validity: Validity::ALWAYS,
            held_by: None,
        });
        let asked = PermissionRow {
            id: permission,
            name: format!("{kind}:{relation}"),
            resource_type: kind.to_owned(),
            action: relation.to_owned(),
            scope: PermissionScope::Global,
            rule: Rule::default(),
            requires_approval: false,
            validity: Validity::ALWAYS,
        };
        let gives = sources.iter().map(|source| RolePermissionRow {
            role: role(source),
            permission,
            validity: Validity::ALWAYS,
            rule: Rule::default(),
        });
        let roles = Roles::compile(rows.collect(), vec![asked], gives.collect(), Vec::new());
        let mut held = Vec::new();
        for (top, from, _) in self.tuples.iter().filter(|(.., holder)| holder == user) {
            let source = (top.0.clone(), from.clone());
            // A tuple of a former model says nothing when the relation no longer names such users.
            let kind_of_user = user.split(':').next().unwrap_or_default();
            let names = |way: &Way| matches!(way, Way::Direct(types) if types.iter().any(|one| one == kind_of_user));
            if !sources.contains(&source) || !self.model.ways(&source.0, &source.1).iter().any(names) {
                continue;
            }
            let is_below = |thing: &Named| {
                let (mut at, mut steps) = (Some(thing), 0);
                while let Some(here) = at.filter(|_| steps < 64) {
                    if here == top {
                        return true;
                    }
                    (at, steps) = (tree.get(here), steps + 1);
                }
                false
            };
            let below: BTreeSet<Named> = self.things(kind).into_iter().filter(is_below).collect();
            if below.iter().any(|thing| !self.follows(top, from, thing, relation)) {
                return Err("a relation goes down by some steps and not by all: what is held for a thing holds for all below it".to_owned());
            }
            held.push(HeldRole {
                role: role(&source),
                place: Place::Records(below.iter().map(id_of).collect::<Vec<_>>().into()),
                validity: Validity::ALWAYS,
                rule: Rule::default(),
                source: Source { kind: SourceKind::Assigned, id: None, by: None },
            });
        }
        let subject = Subject { id: id(user), ..Subject::default() };
        Ok(Grants::compile(Arc::new(roles), Holdings { subject, roles: held, ..Holdings::default() }))
    }

    fn check(&self, user: &str, relation: &str, thing: &Named) -> Result<bool, Why> {
        let grants = self.grants(&thing.0, relation, user)?;
        let environment = Environment::at(Timestamp::UNIX_EPOCH);
        let target = Target { record: Some(id_of(thing)), ..Target::default() };
        Ok(grants.allows(&Question { resource_type: &thing.0, action: relation, target, environment: &environment }))
    }

    /// By the filter for lists, which has to name the same things.
    fn list(&self, user: &str, relation: &str, kind: &str) -> Result<BTreeSet<String>, Why> {
        let reach = self.grants(kind, relation, user)?.reach(kind, relation, &Environment::at(Timestamp::UNIX_EPOCH));
        let is_in = |thing: &Named| match &reach {
            Reach::Everything => true,
            Reach::Nothing => false,
            Reach::Parts(parts) => parts.iter().any(|part| {
                part.filters.iter().all(|filter| matches!(filter, Filter::Records(ids) if ids.contains(&id_of(thing))))
            }),
        };
        Ok(self.things(kind).into_iter().filter(is_in).map(|(kind, name)| format!("{kind}:{name}")).collect())
    }
}

/// Why a case is not asked at all.
fn outside(store: &Store, case: &Json, user: Option<&str>, kind: &str, relation: &str) -> Option<Why> {
    let is_there = |name: &str| !case[name].is_null();
    if is_there("errorCode") {
        return Some(
            "the question is an error there: of a relation that is not in the model, or a tuple that it does not take"
                .to_owned(),
        );
    }
    if is_there("contextualTuples") {
        return Some("tuples that hold for one question only".to_owned());
    }
    if user.is_some_and(|user| !user.starts_with("user:") && !user.starts_with("employee:")) {
        return Some("a thing or a group asks: who asks is a person, an agent or a service".to_owned());
    }
    if user.is_some_and(|user| user.ends_with(":*")) {
        return Some("the question is of everybody at once".to_owned());
    }
    (!store.model.has(kind, relation)).then(|| "a relation that the model does not have".to_owned())
}

fn texts(list: &Json) -> BTreeSet<String> {
    list.as_array().into_iter().flatten().filter_map(|one| one.as_str().map(str::to_owned)).collect()
}

fn one(tally: &mut Tally, store: &Store, name: &str, kind: &str, case: &Json) {
    let text = |value: &Json| value.as_str().unwrap_or_default().to_owned();
    match kind {
        "checkAssertions" => {
            let tuple = &case["tuple"];
            let (user, relation) = (text(&tuple["user"]), text(&tuple["relation"]));
            let Some(thing) = named(&text(&tuple["object"])) else { return tally.skip("a thing without a name") };
            let asked = match outside(store, case, Some(&user), &thing.0, &relation) {
                Some(why) => Err(why),
                None => store.check(&user, &relation, &thing),
            };
            match asked {
                Ok(answer) => tally.compare(&format!("{name} {tuple}"), answer, case["expectation"] == true),
                Err(why) => tally.skip(why),
            }
        }
        "listObjectsAssertions" => {
            let request = &case["request"];
            let (user, relation, kind) = (text(&request["user"]), text(&request["relation"]), text(&request["type"]));
            let asked = match outside(store, case, Some(&user), &kind, &relation) {
                Some(why) => Err(why),
                None => store.list(&user, &relation, &kind),
            };
            match asked {
                Ok(found) => tally.compare(&format!("{name} {request}"), found, texts(&case["expectation"])),
                Err(why) => tally.skip(why),
            }
        }
        _ => {
            let request = &case["request"];
            let relation = text(&request["relation"]);
            let Some(thing) = named(&text(&request["object"])) else { return tally.skip("a thing without a name") };
            if texts(&request["filters"]) != BTreeSet::from(["user".to_owned()]) {
                return tally.skip(
                    "a list of things or groups that have a relation: only persons, agents and services hold something",
                );
            }
            if texts(&case["expectation"]).contains("user:*") {
                return tally.skip("the answer is everybody at once");
            }
            let users = store.tuples.iter().filter(|(.., user)| user.starts_with("user:") && named(user).is_some());
            let users: BTreeSet<String> = users.map(|(.., user)| user.clone()).collect();
            let asked = match outside(store, case, None, &thing.0, &relation) {
                Some(why) => Err(why),
                None => users
                    .into_iter()
                    .map(|user| Ok((store.check(&user, &relation, &thing)?, user)))
                    .collect::<Result<Vec<_>, Why>>(),
            };
            match asked {
                Ok(all) => {
                    let found = all.into_iter().filter(|(yes, _)| *yes).map(|(_, user)| user).collect();
                    tally.compare(&format!("{name} {request}"), found, texts(&case["expectation"]));
                }
                Err(why) => tally.skip(why),
            }
        }
    }
}

#[test]
fn the_suite_of_openfga_is_answered_alike_where_it_maps() {
    let Some(bytes) = sample("openfga_consolidated_1_1_tests.yaml") else { return };
    let suite: Json = serde_saphyr::from_slice(&bytes).unwrap();
    let mut tally = Tally::default();
    for test in suite["tests"].as_array().unwrap() {
        let mut store = Store::default();
        for stage in test["stages"].as_array().unwrap() {
            store.model = Model::parse(stage["model"].as_str().unwrap_or_default());
            for tuple in stage["tuples"].as_array().into_iter().flatten() {
                let text = |name: &str| tuple[name].as_str().unwrap_or_default().to_owned();
                let Some(thing) = named(&text("object")) else { continue };
                store.tuples.insert((thing, text("relation"), text("user")));
            }
            for kind in ["checkAssertions", "listObjectsAssertions", "listUsersAssertions"] {
                for case in stage[kind].as_array().into_iter().flatten() {
                    one(&mut tally, &store, test["name"].as_str().unwrap_or_default(), kind, case);
                }
            }
        }
    }
    block("openfga", &tally.table("assertions"));
}
