//! Cerbos's tests of its query planner: a rule that allows becomes a permission of the role, under its condition; a rule that
//! denies becomes a condition on what the same role gives, and a policy for one principal what they hold in person. Each plan is
//! held against our filter for lists and against our check, on every row that the values in the policy and in the plan tell apart.

use std::{borrow::Cow, collections::BTreeMap, io::Read as _, sync::Arc};

use authz::{
    Environment, Filter, Grants, HeldPermission, HeldRole, Holdings, PermissionRow, PermissionScope, Place, Question,
    Reach, RolePermissionRow, RoleRow, Roles, Rule, Source, SourceKind, Subject, Target, Validity,
    condition::{Condition, Facts, Truth, Type, Value, Vocabulary},
};
use serde_json::{Value as Json, json};
use uuid::Uuid;

use crate::{
    Tally, block,
    cel::{self, Expr, Why},
    plans::{self, Row},
    sample,
};

const SCOPED: Why =
    "scopes: a policy that another one narrows or overrides by its place; what is held here for a place only adds";
const AUXILIARY: Why = "`auxData`: claims of a token are no attributes";
const GLOBALS: Why = "`globals`: what a server is set up with is no attribute";
const RUNTIME: Why = "`runtime.effectiveDerivedRoles`: no condition asks which grant it belongs to";
const OBJECT: Why = "an object is a value";
const IN_TEXT: Why = "`in` beside one value: here it looks for a part of a text, there for the text itself";
const NOT_BOOLEAN: Why = "a number stands for a condition: it is refused when it is written, and there it is never met";
const BETWEEN_ROLES: Why = "what one role is denied under a condition and another allowed under one: here a grant counts whatever other \
                            roles say, which is how the plans without such a condition have it";

/// When it is, in the tests of the planner.
const NOW: &str = "2024-01-16T10:18:27.395+13:00";

/// What a policy is read with: who asks, for which kind of thing, and what was learnt of the attributes.
#[derive(Default)]
struct World {
    principal: Json,
    kind: String,
    types: BTreeMap<String, Type>,
    /// Values that make a difference, by attribute.
    values: BTreeMap<String, Vec<Json>>,
}

/// What an expression comes to.
enum Operand {
    Attribute(String),
    Literal(Json),
    Test(Json),
}

impl Vocabulary for World {
    fn type_of(&self, attribute: &str) -> Option<Type> {
        self.types.get(attribute).copied()
    }

    fn names(&self) -> Vec<String> {
        self.types.keys().cloned().collect()
    }
}

fn type_of(value: &Json) -> Result<Type, Why> {
    Ok(match value {
        Json::Bool(_) => Type::Bool,
        Json::Number(_) => Type::Number,
        Json::Array(_) => Type::Texts,
        Json::Object(_) => return Err(OBJECT),
        Json::String(_) | Json::Null => Type::Text,
    })
}

impl World {
    fn learn(&mut self, attribute: &str, ty: Type, value: Option<&Json>) {
        self.types.entry(attribute.to_owned()).or_insert(ty);
        let known = self.values.entry(attribute.to_owned()).or_default();
        known.extend(value.filter(|value| !known.contains(value)).cloned());
    }

    /// The value of an attribute of whoever asks.
    fn of_principal(&self, attribute: &str) -> Option<&Json> {
        match attribute.strip_prefix("subject.")? {
            "principal" => self.principal.get("id"),
            name => self.principal["attr"].get(name),
        }
    }

    fn attribute(&mut self, name: String) -> Result<Operand, Why> {
        if let Some(value) = self.of_principal(&name) {
            let ty = type_of(value)?;
            self.types.insert(name.clone(), ty);
        }
        Ok(Operand::Attribute(name))
    }

    fn operand(&mut self, expression: &Expr, policy: &Json) -> Result<Operand, Why> {
        Ok(match expression {
            Expr::Literal(value) => Operand::Literal(value.clone()),
            Expr::List(list) => {
                let literal =
                    |one: &Expr| if let Expr::Literal(value) = one { Ok(value.clone()) } else { Err(cel::FUNCTION) };
                Operand::Literal(list.iter().map(literal).collect::<Result<Vec<_>, _>>()?.into())
            }
            Expr::Now => {
                self.types.insert("environment.time".to_owned(), Type::Time);
                Operand::Attribute("environment.time".to_owned())
            }
            Expr::Not(part) => Operand::Test(json!({"!": self.test(part, policy)?})),
            Expr::Has(part) => return self.two("!=", part, &Expr::Literal(Json::Null), policy),
            Expr::Two(word @ ("and" | "or"), parts) => {
                Operand::Test(json!({*word: [self.test(&parts[0], policy)?, self.test(&parts[1], policy)?]}))
            }
            Expr::Two(operator, parts) => return self.two(operator, &parts[0], &parts[1], policy),
            Expr::Name(steps) => {
                let steps: Vec<&str> = steps.iter().map(String::as_str).collect();
                match steps.as_slice() {
                    ["request", "resource", rest @ ..] | ["R", rest @ ..] => match rest {
                        ["kind"] => Operand::Literal(json!(self.kind)),
                        ["scope"] => return Err(SCOPED),
                        rest => self.attribute(plans::attribute(&format!("R.{}", rest.join("."))))?,
                    },
                    ["request", "principal", "id"] | ["P", "id"] => self.attribute("subject.principal".to_owned())?,
                    ["request", "principal", "attr", name] | ["P", "attr", name] => {
                        self.attribute(format!("subject.{name}"))?
                    }
                    ["V" | "variables", name] => {
                        let local = || policy["variables"]["local"].get(name);
                        let text = local().or_else(|| policy["variables"].get(name)).and_then(Json::as_str);
                        return self.operand(&cel::parse(text.expect("a variable of the policy"))?, policy);
                    }
                    ["C" | "constants", name] => Operand::Literal(policy["constants"]["local"][name].clone()),
                    ["G", ..] => return Err(GLOBALS),
                    ["runtime", ..] => return Err(RUNTIME),
                    ["request", "aux_data" | "auxData", ..] => return Err(AUXILIARY),
                    steps => panic!("`{}` is not understood", steps.join(".")),
                }
            }
        })
    }

    fn two(&mut self, operator: &'static str, left: &Expr, right: &Expr, policy: &Json) -> Result<Operand, Why> {
        let (left, right) = (self.operand(left, policy)?, self.operand(right, policy)?);
        let var = |name: &str| json!({"var": name});
        let test = match (operator, &left, &right) {
            ("==", Operand::Literal(left), Operand::Literal(right)) => json!(left == right),
            ("!=", Operand::Literal(left), Operand::Literal(right)) => json!(left != right),
            ("in", Operand::Attribute(name), Operand::Literal(Json::Array(list))) => {
                self.learn(name, Type::Text, None);
                list.iter().for_each(|one| self.learn(name, Type::Text, Some(one)));
                json!({"in": [var(name), list]})
            }
            ("in", Operand::Attribute(name), Operand::Attribute(set)) => {
                let list = self.of_principal(set).cloned().unwrap_or_default();
                let Json::Array(list) = list else { return Err(IN_TEXT) };
                list.iter().for_each(|one| self.learn(name, Type::Text, Some(one)));
                json!({"in": [var(name), var(set)]})
            }
            ("in", Operand::Literal(one), Operand::Attribute(set)) => {
                for value in [json!([one]), json!([one, "another"])] {
                    self.learn(set, Type::Texts, Some(&value));
                }
                json!({"in": [one, var(set)]})
            }
            ("in", _, Operand::Literal(Json::Object(_))) => return Err(OBJECT),
            ("in", ..) => return Err(IN_TEXT),
            (_, Operand::Attribute(name), Operand::Literal(value)) => {
                self.learn(name, type_of(value)?, Some(value));
                json!({operator: [var(name), value]})
            }
            (_, Operand::Literal(value), Operand::Attribute(name)) => {
                self.learn(name, type_of(value)?, Some(value));
                json!({operator: [value, var(name)]})
            }
            (_, Operand::Attribute(one), Operand::Attribute(other)) => {
                for (name, beside) in [(one, other), (other, one)] {
                    if let Some(value) = self.of_principal(beside).cloned() {
                        self.learn(name, type_of(&value)?, Some(&value));
                    }
                }
                json!({operator: [var(one), var(other)]})
            }
            _ => panic!("`{operator}` between conditions is not understood"),
        };
        Ok(Operand::Test(test))
    }

    fn test(&mut self, expression: &Expr, policy: &Json) -> Result<Json, Why> {
        match self.operand(expression, policy)? {
            Operand::Test(test) | Operand::Literal(test @ Json::Bool(_)) => Ok(test),
            Operand::Literal(_) => Err(NOT_BOOLEAN),
            Operand::Attribute(name) => {
                self.learn(&name, Type::Bool, None);
                Ok(json!({"var": name}))
            }
        }
    }

    /// The condition of a rule: an expression, or several of which all, some or none have to hold.
    fn matched(&mut self, rule: &Json, policy: &Json) -> Result<Json, Why> {
        if rule.is_null() {
            return Ok(json!(true));
        }
        if let Some(text) = rule["expr"].as_str() {
            return self.test(&cel::parse(text)?, policy);
        }
        let (word, parts) = rule.as_object().and_then(|rule| rule.iter().next()).expect("a condition");
        let parts = parts["of"].as_array().into_iter().flatten();
        let parts = parts.map(|one| self.matched(one, policy)).collect::<Result<Vec<_>, _>>()?;
        Ok(match word.as_str() {
            "all" => json!({"and": parts}),
            "any" => json!({"or": parts}),
            _ => json!({"!": {"or": parts}}),
        })
    }

    /// Every row that the values tell apart; `known` holds for all of them.
    fn rows(&self, known: &Json) -> Vec<Row> {
        let mut rows = vec![Row::new()];
        for (name, ty) in self.types.iter().filter(|(name, _)| name.starts_with("resource.")) {
            let given = name.strip_prefix("resource.").and_then(|name| known.get(name));
            let mut values =
                given.map_or_else(|| self.values.get(name).cloned().unwrap_or_default(), |one| vec![one.clone()]);
            if given.is_none() {
                values.extend(match ty {
                    Type::Bool => vec![json!(true), json!(false)],
                    Type::Number => vec![json!(-1), json!(1000)],
                    Type::Texts => vec![json!([]), json!(["another"])],
                    _ => vec![json!("another")],
                });
            }
            let with = |row: &Row, value: &Json| {
                row.iter()
                    .map(|(name, value)| (name.clone(), value.clone()))
                    .chain([(name.clone(), value.clone())])
                    .collect()
            };
            rows =
                rows.iter().flat_map(|row| values.iter().map(|value| with(row, value)).collect::<Vec<Row>>()).collect();
        }
        rows
    }

    fn value(&self, name: &str, value: &Json) -> Option<Value> {
        match (self.types.get(name)?, value) {
            (Type::Bool, Json::Bool(flag)) => Some(Value::Bool(*flag)),
            (Type::Number, Json::Number(number)) => number.to_string().parse().ok().map(Value::Number),
            (Type::Text, Json::String(text)) => Some(Value::Text(text.clone())),
            (Type::Texts, Json::Array(texts)) => {
                Some(Value::Texts(texts.iter().filter_map(|text| text.as_str().map(str::to_owned)).collect()))
            }
            _ => None,
        }
    }

    fn condition(&self, document: &Json) -> Condition {
        Condition::parse(document, self).unwrap_or_else(|error| panic!("{document}: {error}"))
    }
}

/// A row as our conditions see it.
struct Seen<'w>(&'w World, &'w Row);

impl Facts for Seen<'_> {
    fn value(&self, attribute: &str) -> Option<Cow<'_, Value>> {
        self.0.value(attribute, self.1.get(attribute)?).map(Cow::Owned)
    }
}

fn texts(list: &Json) -> Vec<&str> {
    list.as_array().into_iter().flatten().filter_map(Json::as_str).collect()
}

fn concerns(list: &Json, wanted: &str) -> bool {
    texts(list).iter().any(|one| *one == wanted || *one == "*")
}

/// What the rules say of one action to whoever asks: for each role what it allows and denies, and the same in person.
#[derive(Default)]
struct Said {
    roles: BTreeMap<String, (Vec<Json>, Vec<Json>)>,
    in_person: (Vec<Json>, Vec<Json>),
}

fn put(rule: &Json, test: Json, (allowed, denied): &mut (Vec<Json>, Vec<Json>)) {
    if rule["effect"] == "EFFECT_ALLOW" { allowed.push(test) } else { denied.push(test) }
}

fn said(world: &mut World, policies: &[Json], action: &str) -> Result<Said, Why> {
    let (mut said, kind) = (Said::default(), world.kind.clone());
    let roles: Vec<String> = texts(&world.principal["roles"]).into_iter().map(str::to_owned).collect();
    for document in policies {
        let (of_resource, of_principal) = (&document["resourcePolicy"], &document["principalPolicy"]);
        if of_principal["principal"] == world.principal["id"] {
            let rules = of_principal["rules"].as_array().into_iter().flatten().filter(|rule| rule["resource"] == kind);
            for rule in rules.flat_map(|rule| rule["actions"].as_array().into_iter().flatten()) {
                if concerns(&json!([rule["action"]]), action) {
                    let test = world.matched(&rule["condition"]["match"], document)?;
                    put(rule, test, &mut said.in_person);
                }
            }
        }
        if of_resource["resource"] != world.kind || !of_resource["scope"].is_null() {
            continue;
        }
        for rule in
            of_resource["rules"].as_array().into_iter().flatten().filter(|rule| concerns(&rule["actions"], action))
        {
            for role in &roles {
                let derived = policies.iter().filter(|one| concerns(&of_resource["importDerivedRoles"], name_of(one)));
                let definitions = derived.flat_map(|one| {
                    let all = one["derivedRoles"]["definitions"].as_array().into_iter().flatten();
                    all.map(move |definition| (one, definition))
                });
                let mut met: Vec<(&Json, &Json)> = definitions
                    .filter(|(_, one)| concerns(&rule["derivedRoles"], one["name"].as_str().unwrap_or_default()))
                    .filter(|(_, one)| concerns(&one["parentRoles"], role))
                    .map(|(document, one)| (document, &one["condition"]["match"]))
                    .collect();
                met.extend(concerns(&rule["roles"], role).then_some((&Json::Null, &Json::Null)));
                for (document, condition) in met {
                    let held = world.matched(condition, flat(document))?;
                    let test = world.matched(&rule["condition"]["match"], of_resource)?;
                    put(rule, json!({"and": [held, test]}), said.roles.entry(role.clone()).or_default());
                }
            }
        }
    }
    let is_conditional = |tests: &[Json]| tests.iter().any(|test| *test != json!({"and": [true, true]}));
    let is_torn = said.roles.iter().any(|(role, (allowed, _))| {
        let others = said.roles.iter().filter(|(other, _)| *other != role);
        is_conditional(allowed) && others.into_iter().any(|(_, (_, denied))| is_conditional(denied))
    });
    if is_torn { Err(BETWEEN_ROLES) } else { Ok(said) }
}

fn name_of(document: &Json) -> &str {
    document["derivedRoles"]["name"].as_str().unwrap_or_default()
}

/// Where a document of derived roles keeps its variables: at its top, or beside the definitions.
fn flat(document: &Json) -> &Json {
    if document["derivedRoles"]["variables"].is_null() { document } else { &document["derivedRoles"] }
}

/// What is allowed unless it is denied.
fn unless(allowed: &Json, denied: &[&Json]) -> Json {
    let denials = denied.iter().map(|one| json!({"!": one}));
    json!({"and": std::iter::once(allowed.clone()).chain(denials).collect::<Vec<_>>()})
}

fn grants(world: &World, action: &str, said: &Said) -> Grants {
    let number =
        |text: &str| Uuid::from_u128(text.bytes().fold(7_u128, |sum, byte| sum.wrapping_mul(257) + u128::from(byte)));
    let permission = PermissionRow {
        id: number(action),
        name: action.to_owned(),
        resource_type: world.kind.clone(),
        action: action.to_owned(),
        scope: PermissionScope::Global,
        rule: Rule::default(),
        requires_approval: false,
        validity: Validity::ALWAYS,
    };
    let role = |name: &String| RoleRow {
        id: number(name),
        name: name.clone(),
        parent: None,
        validity: Validity::ALWAYS,
        held_by: None,
    };
    let source = |kind| Source { kind, id: None, by: None };
    let mut gives = Vec::new();
    for (name, (allowed, denied)) in &said.roles {
        let denied: Vec<&Json> = denied.iter().chain(&said.in_person.1).collect();
        gives.extend(allowed.iter().map(|one| RolePermissionRow {
            role: number(name),
            permission: permission.id,
            validity: Validity::ALWAYS,
            rule: Rule::When(world.condition(&unless(one, &denied))),
        }));
    }
    let denied: Vec<&Json> = said.in_person.1.iter().collect();
    let in_person = said.in_person.0.iter().map(|one| HeldPermission {
        permission: permission.id,
        place: Place::Organization,
        on_behalf_of: None,
        validity: Validity::ALWAYS,
        rule: Rule::When(world.condition(&unless(one, &denied))),
        source: source(SourceKind::InPerson),
    });
    let permissions = in_person.collect();
    let held = said.roles.keys().map(|name| HeldRole {
        role: number(name),
        place: Place::Organization,
        validity: Validity::ALWAYS,
        rule: Rule::default(),
        source: source(SourceKind::Assigned),
    });
    let known = world.types.keys().filter(|name| name.starts_with("subject."));
    let attributes = known.filter_map(|name| {
        Some((name.strip_prefix("subject.")?.to_owned(), world.value(name, world.of_principal(name)?)?))
    });
    let subject = Subject { id: number("principal"), attributes: attributes.collect() };
    let roles = held.collect();
    let compiled = Roles::compile(said.roles.keys().map(role).collect(), vec![permission], gives, Vec::new());
    Grants::compile(Arc::new(compiled), Holdings { subject, roles, permissions, ..Holdings::default() })
}

/// Whether our list and our check let a row through; they have to say the same.
fn lets_through(world: &World, grants: &Grants, action: &str, row: &Row) -> bool {
    let environment = Environment::at(NOW.parse().unwrap());
    let facts = Seen(world, row);
    let target = Target { facts: Some(&facts), ..Target::default() };
    let checked = grants.allows(&Question { resource_type: &world.kind, action, target, environment: &environment });
    let fits = |filter: &Filter| matches!(filter, Filter::When(condition) if condition.evaluate(&facts) == Truth::True);
    let listed = match grants.reach(&world.kind, action, &environment) {
        Reach::Everything => true,
        Reach::Nothing => false,
        Reach::Parts(parts) => parts.iter().any(|part| part.filters.iter().all(fits)),
    };
    assert_eq!(checked, listed, "a check and a list differ about {row:?}");
    checked
}

fn answers(suite: &Json, case: &Json, policies: &[Json]) -> Result<(Vec<bool>, Vec<bool>), Why> {
    if !case["resource"]["scope"].is_null() || !suite["principal"]["scope"].is_null() {
        return Err(SCOPED);
    }
    let kind = case["resource"]["kind"].as_str().unwrap_or_default().to_owned();
    let mut world = World { principal: suite["principal"].clone(), kind, ..World::default() };
    let mut actions = texts(&case["actions"]);
    actions.extend(case["action"].as_str());
    let said = actions.iter().map(|action| said(&mut world, policies, action)).collect::<Result<Vec<_>, _>>()?;
    let all: Vec<Grants> = actions.iter().zip(&said).map(|(action, said)| grants(&world, action, said)).collect();
    learn_from(&mut world, &case["want"]);
    let rows = world.rows(&case["resource"]["attr"]);
    // Several actions are allowed where each is.
    let each = |row: &Row| actions.iter().zip(&all).all(|(action, grants)| lets_through(&world, grants, action, row));
    Ok((rows.iter().map(each).collect(), rows.iter().map(|row| plans::holds(&case["want"], row)).collect()))
}

fn learn_from(world: &mut World, plan: &Json) {
    let mut named = Vec::new();
    plans::named(&plan["condition"], &mut named);
    for (name, value) in named {
        let ty = type_of(&value).unwrap_or(Type::Text);
        world.learn(&name, ty, Some(&value).filter(|_| world.types.get(&name).is_none_or(|known| *known == ty)));
    }
}

/// A condition that is simplified: what is left of it holds for the same rows.
fn simplified(case: &Json) -> Result<(Vec<bool>, Vec<bool>), Why> {
    let mut world = World::default();
    let document = match &case["input"]["condition"] {
        Json::Null => json!({}),
        condition => {
            let expression = plans::expression(condition)?;
            world.test(&expression, &Json::Null)?
        }
    };
    let condition = world.condition(&document);
    learn_from(&mut world, &case["wantFilter"]);
    let rows = world.rows(&Json::Null);
    let left = condition.given(&Seen(&world, &Row::new()));
    let ours = rows.iter().map(|row| left.evaluate(&Seen(&world, row)) == Truth::True).collect();
    Ok((ours, rows.iter().map(|row| plans::holds(&case["wantFilter"], row)).collect()))
}

/// Every document of the archive, by its path.
fn documents(bytes: &[u8]) -> BTreeMap<String, Json> {
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(bytes));
    let mut all = BTreeMap::new();
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let path = entry.path().unwrap().to_string_lossy().into_owned();
        if path.ends_with(".yaml") {
            let mut text = Vec::new();
            entry.read_to_end(&mut text).unwrap();
            all.insert(path, serde_saphyr::from_slice(&text).unwrap());
        }
    }
    all
}

#[test]
fn the_query_plans_of_cerbos_let_the_same_resources_through_where_they_map() {
    let Some(bytes) = sample("cerbos_query_planner.tar.gz") else { return };
    let all = documents(&bytes);
    let of = |part: &str| all.iter().filter(|(path, _)| path.contains(part)).collect::<Vec<_>>();
    let policies: Vec<Json> = of("/policies/").into_iter().map(|(_, policy)| policy.clone()).collect();
    let mut tally = Tally::default();
    let mut put = |name: &str, answer: Result<(Vec<bool>, Vec<bool>), Why>| match answer {
        Ok((ours, theirs)) => tally.compare(name, ours, theirs),
        Err(why) => tally.skip(why),
    };
    for (path, suite) in of("/suite/") {
        for case in suite["tests"].as_array().unwrap() {
            put(&format!("{path} {} {}", case["action"], case["resource"]), answers(suite, case, &policies));
        }
    }
    for (path, case) in of("/query_planner_filter/") {
        put(path, simplified(case));
    }
    block("cerbos", &tally.table("plans"));
}
