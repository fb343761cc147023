//! Questions about access, in the words of the OpenID AuthZEN Authorization API 1.0
//! (<https://openid.net/specs/authorization-api-1_0.html>): one question, several, and the three searches. What the
//! standard leaves open is ours: `context` may name circumstances and changes, and says why.

use std::net::IpAddr;

use authorization::evaluation::{Asked, Changes, Evaluator, Thing, Who};
use authz::{Environment, Explanation, Strength};
use axum::{
    Json,
    http::{HeaderMap, StatusCode, header},
    response::Response,
};
use base::{Problem, ProblemKind};
use jiff::Timestamp;
use kernel::{Catalogue, Ctx, Error, Served};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::{
    ApiProblem, Caller,
    answer::{Sent, json as answer_json, parse},
};

/// Questions of one request, at most.
pub(crate) const MOST_QUESTIONS: usize = 100;
/// Results of a page of a search, unless asked otherwise, and at most.
const ROWS: usize = 50;
pub(crate) const MOST_ROWS: usize = 200;

#[derive(Debug, Clone, Deserialize)]
struct Subject {
    #[serde(rename = "type")]
    _kind: String,
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    properties: SubjectProperties,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct SubjectProperties {
    on_behalf_of: Option<Uuid>,
}

#[derive(Debug, Clone, Deserialize)]
struct Action {
    name: String,
}

#[derive(Debug, Clone, Deserialize)]
struct Resource {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    properties: Map<String, Value>,
}

/// What the asker says of the circumstances, and what would be otherwise.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Context {
    time: Option<Timestamp>,
    address: Option<IpAddr>,
    authentication: Option<Authentication>,
    explain: bool,
    what_if: WhatIf,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Authentication {
    None,
    Token,
    Password,
    Server,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct WhatIf {
    with: Vec<With>,
    without: Vec<Uuid>,
}

#[derive(Debug, Clone, Deserialize)]
struct With {
    role: String,
    #[serde(default)]
    project: Option<Uuid>,
}

#[derive(Debug, Clone, Deserialize)]
struct Evaluation {
    subject: Option<Subject>,
    action: Option<Action>,
    resource: Option<Resource>,
    #[serde(default)]
    context: Option<Context>,
}

#[derive(Debug, Deserialize)]
struct Evaluations {
    #[serde(flatten)]
    usual: Evaluation,
    #[serde(default)]
    evaluations: Vec<Evaluation>,
    #[serde(default)]
    options: Options,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Options {
    evaluations_semantic: Semantic,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Semantic {
    #[default]
    ExecuteAll,
    DenyOnFirstDeny,
    PermitOnFirstPermit,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Page {
    token: Option<String>,
    limit: Option<usize>,
}

#[derive(Debug, Deserialize)]
struct Search {
    #[serde(flatten)]
    question: Evaluation,
    #[serde(default)]
    page: Page,
}

fn read<T: DeserializeOwned>(headers: &HeaderMap, body: &bytes::Bytes) -> Result<T, Problem> {
    let value = parse(headers, body)?;
    if !value.is_object() {
        return Err(Problem::bad_request("The body must be a JSON object."));
    }
    serde_json::from_value(value).map_err(|error| Problem::invalid(format!("The question cannot be read: {error}.")))
}

fn missing(member: &str) -> Problem {
    Problem::invalid(format!("`{member}` is missing.")).field(format!("/{}", member.replace('.', "/")), "is needed")
}

/// `POST /v1/access/evaluation`
pub(crate) async fn evaluation(
    Caller(ctx): Caller,
    headers: HeaderMap,
    Sent(body): Sent,
) -> Result<Response, ApiProblem> {
    let question: Evaluation = read(&headers, &body)?;
    let answered = async {
        let mut evaluator = Evaluator::new(&ctx).await?;
        decide(&ctx, &mut evaluator, &question).await
    };
    let answer = answered.await.map_err(|error| ApiProblem::of(&ctx, &error))?;
    Ok(respond(&answer))
}

/// `POST /v1/access/evaluations`
pub(crate) async fn evaluations(
    Caller(ctx): Caller,
    headers: HeaderMap,
    Sent(body): Sent,
) -> Result<Response, ApiProblem> {
    let all: Evaluations = read(&headers, &body)?;
    if all.evaluations.len() > MOST_QUESTIONS {
        return Err(Problem::invalid(format!("At most {MOST_QUESTIONS} questions are answered at once.")).into());
    }
    let answered = async {
        let mut evaluator = Evaluator::new(&ctx).await?;
        if all.evaluations.is_empty() {
            return decide(&ctx, &mut evaluator, &all.usual).await;
        }
        let mut answers = Vec::new();
        for one in &all.evaluations {
            let question = Evaluation {
                subject: one.subject.clone().or_else(|| all.usual.subject.clone()),
                action: one.action.clone().or_else(|| all.usual.action.clone()),
                resource: one.resource.clone().or_else(|| all.usual.resource.clone()),
                context: one.context.clone().or_else(|| all.usual.context.clone()),
            };
            let answer = decide(&ctx, &mut evaluator, &question).await?;
            let decision = answer["decision"] == true;
            answers.push(answer);
            match all.options.evaluations_semantic {
                Semantic::DenyOnFirstDeny if !decision => break,
                Semantic::PermitOnFirstPermit if decision => break,
                _ => {}
            }
        }
        Ok(json!({"evaluations": answers}))
    };
    let answer = answered.await.map_err(|error: Error| ApiProblem::of(&ctx, &error))?;
    Ok(respond(&answer))
}

async fn decide(ctx: &Ctx, evaluator: &mut Evaluator<'_>, question: &Evaluation) -> Result<Value, Error> {
    let subject = question.subject.as_ref().ok_or_else(|| missing("subject"))?;
    let action = question.action.as_ref().ok_or_else(|| missing("action"))?;
    let resource = question.resource.as_ref().ok_or_else(|| missing("resource"))?;
    let id = subject.id.as_deref().ok_or_else(|| missing("subject.id"))?;
    resource.id.as_ref().ok_or_else(|| missing("resource.id"))?;
    let context = question.context.clone().unwrap_or_default();
    let asking = async {
        let mut who = evaluator.who(id).await?;
        who.on_behalf_of = subject.properties.on_behalf_of.or(who.on_behalf_of);
        let asked = Asked {
            environment: environment(ctx, &who, &context),
            changes: changes(&context),
            who,
            action: action.name.clone(),
            thing: thing(ctx.catalogue(), resource)?,
        };
        evaluator.answer(&asked).await
    };
    match asking.await {
        Ok(explanation) => Ok(decision(&explanation, context.explain)),
        Err(error) => refused(error),
    }
}

/// What cannot be found or does not exist is a no, not a fault of the question.
fn refused(error: Error) -> Result<Value, Error> {
    match error.problem() {
        Some(problem)
            if matches!(problem.kind, ProblemKind::NotFound | ProblemKind::Invalid | ProblemKind::Conflict) =>
        {
            Ok(json!({"decision": false, "context": {"reason": problem.detail}}))
        }
        _ => Err(error),
    }
}

fn decision(explanation: &Explanation, explain: bool) -> Value {
    let mut context = json!({"reason": explanation.reason, "until": explanation.until});
    if explain {
        context["explanation"] = serde_json::to_value(explanation).unwrap_or_default();
    }
    json!({"decision": explanation.allowed, "context": context})
}

/// Circumstances as they are told; of oneself, what is not told is as it is.
fn environment(ctx: &Ctx, who: &Who, context: &Context) -> Environment {
    let own = ctx.environment();
    let mut environment = if who.id == ctx.principal.user_id { own } else { Environment::at(own.time) };
    if let Some(time) = context.time {
        environment.time = time;
    }
    environment.address = context.address.or(environment.address);
    if let Some(authentication) = context.authentication {
        environment.authentication = match authentication {
            Authentication::None => Strength::None,
            Authentication::Token => Strength::Token,
            Authentication::Password => Strength::Password,
            Authentication::Server => Strength::Server,
        };
    }
    environment
}

fn changes(context: &Context) -> Changes {
    let with = context.what_if.with.iter().map(|with| (with.role.clone(), with.project)).collect();
    Changes { with, without: context.what_if.without.clone() }
}

/// What a type and an identifier mean: a record of ours, everything (`*`), or a thing of another system.
fn thing(catalogue: &Catalogue, resource: &Resource) -> Result<Thing, Problem> {
    let id = resource.id.clone().unwrap_or_default();
    let is_external = resource.properties.get("external") == Some(&Value::Bool(true));
    let project = resource.properties.get("project").and_then(Value::as_str).and_then(|text| text.parse().ok());
    let served = served(catalogue, &resource.kind);
    let kind = served.map_or_else(|| resource.kind.clone(), |served| served.resource.permission.to_owned());
    Ok(match served {
        _ if is_external => Thing::External { kind, id, properties: resource.properties.clone() },
        _ if id == "*" => Thing::All { kind, project },
        Some(served) => Thing::Record { resource: served.resource.name, id },
        None => Thing::External { kind, id, properties: resource.properties.clone() },
    })
}

/// The resource that a type means: its collection (`requirements`), or its permission type (`requirement`), which stands for
/// the records of that name.
fn served<'a>(catalogue: &'a Catalogue, kind: &str) -> Option<&'a Served> {
    let by_kind = || catalogue.resources().filter(|served| served.resource.permission == kind);
    catalogue
        .get(kind)
        .or_else(|| by_kind().find(|served| served.resource.words().replace(' ', "_") == kind))
        .or_else(|| by_kind().next())
}

/// `POST /v1/access/search/subject`
pub(crate) async fn search_subject(
    Caller(ctx): Caller,
    headers: HeaderMap,
    Sent(body): Sent,
) -> Result<Response, ApiProblem> {
    let search: Search = read(&headers, &body)?;
    let limit = limit(&search.page)?;
    let after = token::<Uuid>(&search.page)?;
    search.question.subject.ok_or_else(|| missing("subject"))?;
    let action = search.question.action.ok_or_else(|| missing("action"))?;
    let resource = search.question.resource.ok_or_else(|| missing("resource"))?;
    let context = search.question.context.unwrap_or_default();
    resource.id.as_ref().ok_or_else(|| missing("resource.id"))?;
    let thing = thing(ctx.catalogue(), &resource)?;
    let environment = Environment { time: context.time.unwrap_or(ctx.now()), ..Environment::at(ctx.now()) };
    let finding = async {
        let mut evaluator = Evaluator::new(&ctx).await?;
        evaluator.who_may(&thing, &action.name, &environment, after, limit).await
    };
    let (found, next): (Vec<_>, _) = empty_if_missing(finding.await).map_err(|error| ApiProblem::of(&ctx, &error))?;
    let results: Vec<Value> = found
        .iter()
        .map(|(who, why)| {
            json!({
                "type": kind_word(who),
                "id": who.id,
                "properties": {"name": who.name, "email": who.email, "reason": why.reason, "until": why.until},
            })
        })
        .collect();
    Ok(respond(&page(results, next.map(|id| id.to_string()))))
}

fn kind_word(who: &Who) -> &'static str {
    match who.kind {
        kernel::PrincipalKind::Person => "user",
        kernel::PrincipalKind::Agent => "agent",
        kernel::PrincipalKind::Service => "service",
    }
}

/// `POST /v1/access/search/resource`
pub(crate) async fn search_resource(
    Caller(ctx): Caller,
    headers: HeaderMap,
    Sent(body): Sent,
) -> Result<Response, ApiProblem> {
    let search: Search = read(&headers, &body)?;
    let limit = limit(&search.page)?;
    let subject = search.question.subject.ok_or_else(|| missing("subject"))?;
    let id = subject.id.ok_or_else(|| missing("subject.id"))?;
    let action = search.question.action.ok_or_else(|| missing("action"))?;
    let resource = search.question.resource.ok_or_else(|| missing("resource"))?;
    let context = search.question.context.unwrap_or_default();
    if search.page.token.as_ref().is_some_and(|token| token.contains('\0')) {
        return Err(Problem::invalid("`page.token` is none that this search gave.").into());
    }
    let Some(served) = served(ctx.catalogue(), &resource.kind) else {
        return Ok(respond(&page(Vec::new(), None)));
    };
    let finding = async {
        let mut evaluator = Evaluator::new(&ctx).await?;
        let who = evaluator.who(&id).await?;
        let environment = environment(&ctx, &who, &context);
        let after = search.page.token.as_deref().filter(|token| !token.is_empty());
        evaluator.what_may(&who, served, &action.name, &environment, after, limit).await
    };
    let found = empty_if_missing(finding.await).map_err(|error| ApiProblem::of(&ctx, &error))?;
    let next = (found.len() == limit).then(|| found.last().map(|last| last.id.clone())).flatten();
    let results: Vec<Value> = found
        .iter()
        .map(|one| json!({"type": resource.kind, "id": one.id, "properties": {"title": one.title}}))
        .collect();
    Ok(respond(&page(results, next)))
}

/// `POST /v1/access/search/action`
pub(crate) async fn search_action(
    Caller(ctx): Caller,
    headers: HeaderMap,
    Sent(body): Sent,
) -> Result<Response, ApiProblem> {
    let search: Search = read(&headers, &body)?;
    let subject = search.question.subject.as_ref().ok_or_else(|| missing("subject"))?;
    subject.id.as_ref().ok_or_else(|| missing("subject.id"))?;
    let resource = search.question.resource.clone().ok_or_else(|| missing("resource"))?;
    resource.id.as_ref().ok_or_else(|| missing("resource.id"))?;
    let thing = thing(ctx.catalogue(), &resource)?;
    let kind = match &thing {
        Thing::All { kind, .. } | Thing::External { kind, .. } => kind.clone(),
        Thing::Record { resource, .. } => {
            ctx.catalogue().get(resource).map(|served| served.resource.permission.to_owned()).unwrap_or_default()
        }
    };
    let finding = async {
        let mut evaluator = Evaluator::new(&ctx).await?;
        let actions = evaluator.questions().into_iter().filter(|(known, _)| *known == kind).map(|(_, action)| action);
        let mut allowed = Vec::new();
        for name in actions.collect::<Vec<_>>() {
            let question = Evaluation { action: Some(Action { name: name.clone() }), ..search.question.clone() };
            let answer = decide(&ctx, &mut evaluator, &question).await?;
            if answer["decision"] == true {
                allowed.push(json!({"name": name, "properties": {"reason": answer["context"]["reason"]}}));
            }
        }
        Ok(allowed)
    };
    let results = empty_if_missing(finding.await).map_err(|error| ApiProblem::of(&ctx, &error))?;
    Ok(respond(&page(results, None)))
}

fn empty_if_missing<T: Default>(found: Result<T, Error>) -> Result<T, Error> {
    found.or_else(|error| match error.problem() {
        Some(problem) if matches!(problem.kind, ProblemKind::NotFound | ProblemKind::Conflict) => Ok(T::default()),
        Some(problem) if problem.kind == ProblemKind::Invalid && problem.errors.is_empty() => Ok(T::default()),
        _ => Err(error),
    })
}

fn limit(page: &Page) -> Result<usize, Problem> {
    match page.limit.unwrap_or(ROWS) {
        limit @ 1..=MOST_ROWS => Ok(limit),
        _ => {
            Err(Problem::invalid("The page is too long.")
                .field("/page/limit", format!("must be from 1 to {MOST_ROWS}")))
        }
    }
}

fn token<T: std::str::FromStr>(page: &Page) -> Result<Option<T>, Problem> {
    let given = page.token.as_deref().filter(|token| !token.is_empty());
    given
        .map(|token| {
            token.parse().map_err(|_| {
                Problem::invalid("The page is not known.").field("/page/token", "is none that this search gave")
            })
        })
        .transpose()
}

fn page(results: Vec<Value>, next: Option<String>) -> Value {
    json!({"page": {"next_token": next.unwrap_or_default(), "count": results.len()}, "results": results})
}

fn respond(body: &Value) -> Response {
    answer_json(StatusCode::OK, body.to_string())
}

/// `GET /.well-known/authzen-configuration`: where the questions are asked (§9 of the standard).
pub(crate) async fn metadata(headers: HeaderMap) -> Json<Value> {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
    let secure = headers.get("x-forwarded-proto").is_some_and(|scheme| scheme == "https");
    let base = format!("{}://{host}", if secure { "https" } else { "http" });
    Json(json!({
        "policy_decision_point": base,
        "access_evaluation_endpoint": format!("{base}/v1/access/evaluation"),
        "access_evaluations_endpoint": format!("{base}/v1/access/evaluations"),
        "search_subject_endpoint": format!("{base}/v1/access/search/subject"),
        "search_resource_endpoint": format!("{base}/v1/access/search/resource"),
        "search_action_endpoint": format!("{base}/v1/access/search/action"),
    }))
}
