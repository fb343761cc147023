//! A member's page, and giving them a role.

use std::borrow::Cow;

use authorization::{
    OUT_OF_REACH, USER_PERMISSIONS, USER_ROLES,
    evaluation::{Evaluator, Who},
    overview::{self, Given, Of, Person, RoleLine},
};
use authz::{
    Subject,
    condition::{Condition, Facts, Truth, Value as Known},
};
use axum::{
    extract::Path,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use base::Problem;
use kernel::{Ctx, Error, PrincipalKind, Subject as About, Tx, Update};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    super::{
        answer::{see_other, with_status},
        error::{PageError, refused},
        form::{Fields, Posted},
        session::Visitor,
    },
    about_condition, condition_of, explorer, held, input, may_somewhere, perform,
};
use crate::{
    components::{FieldError, FormErrors},
    format::When,
    layout::Section,
    paths,
    state::{GrantState, MemberKind, MemberStatus, Shown as _, Tone},
    views::access::{
        Grant, How, Place,
        explorer::Question,
        member::{Entered, View, page},
    },
};

pub(super) async fn show(visitor: Visitor, Path(id): Path<String>) -> Result<Response, PageError> {
    render(&visitor, &id, View::default()).await
}

/// The page of a member; `base` carries what was entered and refused.
pub(super) async fn render(visitor: &Visitor, id: &str, base: View) -> Result<Response, PageError> {
    let ctx = &visitor.ctx;
    let missing = || Problem::not_found("member");
    let id: Uuid = if id == "me" { ctx.principal.user_id } else { id.parse().map_err(|_| missing())? };
    let is_self = id == ctx.principal.user_id;
    let sees_roles = may_somewhere(ctx, "role", "read");
    let tx = ctx.begin_read().await?;
    let person = overview::people(ctx, &tx, Some(&[id])).await?.pop().ok_or_else(missing)?;
    if !is_self && !sees_roles {
        let reason = ctx.why_not("role", "read", None);
        return Err(Problem::forbidden(format!("You may not read roles: {reason}.")).into());
    }
    let mut grants = Vec::new();
    let holder = (person.name.clone(), held::kind_of(&person.kind), paths::member(&id.to_string()));
    let of = Of { members: Some(&[id]), role: None };
    for one in overview::in_projects(ctx, &tx, of).await? {
        grants.push(held::in_project(ctx, &one, holder.clone()));
    }
    let given = overview::given(ctx, &tx, of).await?;
    let projects = overview::projects(&tx).await?;
    let roles = if sees_roles { overview::roles(ctx, &tx).await? } else { Vec::new() };
    let automatic = automatic(ctx, &tx, &roles, id, &holder).await?;
    let passes_on = is_self && given.iter().any(|one| may_delegate(visitor, one));
    let people = if passes_on { super::people(ctx, &tx).await? } else { Vec::new() };
    let emergencies = if is_self && may_break_glass(visitor) { emergencies(&tx).await? } else { Vec::new() };
    for one in &given {
        let may_revoke = one.revoked.is_none() && may_revoke(visitor, &tx, one).await?;
        grants.push(Grant { may_revoke, may_delegate: may_delegate(visitor, one), ..held::grant(ctx, one) });
    }
    tx.commit().await?;
    grants.extend(automatic);
    // Of others tells only who may read every role: what somebody may do says what they hold.
    let able = match is_self || visitor.may("role", "read", None) {
        true => {
            let mut evaluator = Evaluator::new(ctx).await?;
            let mut names = explorer::names_of(projects.clone());
            let (who, asked) = (who(&person), Question::default());
            Some(explorer::abilities(visitor, &mut evaluator, &who, &asked, &mut names).await?.kinds)
        }
        false => None,
    };

    let page_of = |(id, name): (Uuid, String)| (name, paths::member(&id.to_string()));
    let status = if base.errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let view = View {
        id: id.to_string(),
        is_self,
        kind: Some(held::kind_of(&person.kind)),
        status: MemberStatus::from_code(&person.status),
        owner: person.owner.map(page_of),
        job: person.job_title,
        seen: person.last_seen.map(|at| When::new(at, ctx.now())),
        grants,
        able,
        may_assign: visitor.may("role", "update", None),
        roles: roles
            .iter()
            .filter(|role| role.is_assignable)
            .map(|role| (role.name.clone(), role.title.clone()))
            .collect(),
        kinds: ctx
            .catalogue()
            .resources()
            .filter(|served| served.resource.human_key.is_some())
            .map(|served| (served.resource.name.to_owned(), served.resource.plural_words()))
            .collect(),
        projects: projects.into_iter().map(|(id, _, name)| (id.to_string(), name)).collect(),
        people: people.into_iter().filter(|(value, _)| *value != person.email).collect(),
        emergencies,
        may_erase: !is_self && person.kind == "person" && visitor.may("user", "erase", None),
        name: person.name,
        email: person.email,
        ..base
    };
    let frame = visitor.frame(Section::Members).await?;
    Ok(with_status(status, page(&frame, &view)))
}

/// Whoever may change roles takes anything back; others what they gave or hold.
async fn may_revoke(visitor: &Visitor, tx: &Tx, one: &Given) -> Result<bool, Error> {
    let me = visitor.ctx.principal.user_id;
    let is_mine = one.holder.0 == me || one.by.as_ref().is_some_and(|(by, _)| *by == me);
    if one.is_role && is_mine && visitor.may("role", "delegate", None) {
        return Ok(true);
    }
    let resource = if one.is_role { &USER_ROLES } else { &USER_PERMISSIONS };
    visitor.may_do::<Update>(tx, resource, &one.id.to_string(), None).await
}

fn may_delegate(visitor: &Visitor, one: &Given) -> bool {
    let is_open = one.revoked.is_none() && one.until.is_none_or(|until| until > visitor.ctx.now());
    one.is_role && one.may_delegate > 0 && is_open && one.holder.0 == visitor.ctx.principal.user_id
}

fn may_break_glass(visitor: &Visitor) -> bool {
    visitor.ctx.principal.kind == PrincipalKind::Person && visitor.may("role", "break_glass", None)
}

async fn emergencies(tx: &kernel::Tx) -> Result<Vec<(String, String)>, Error> {
    let all = overview::permissions(tx).await?;
    let in_reach = all.into_iter().filter(|one| !OUT_OF_REACH.contains(&one.kind.as_str()));
    Ok(in_reach.map(|one| (one.name.clone(), one.name)).collect())
}

/// The roles that somebody holds because they meet a condition, or may meet it in some circumstances.
async fn automatic(
    ctx: &Ctx,
    tx: &Tx,
    roles: &[RoleLine],
    person: Uuid,
    holder: &(String, MemberKind, String),
) -> Result<Vec<Grant>, Error> {
    if roles.iter().all(|role| role.automatic.is_none()) {
        return Ok(Vec::new());
    }
    let compiled = kernel::load_roles(tx, ctx.catalogue(), ctx.now()).await?;
    let mut all = kernel::load_holdings(tx, ctx.catalogue(), &compiled, &[person], ctx.now()).await?;
    let Some(holdings) = all.remove(&person) else { return Ok(Vec::new()) };
    let subject = OfSubject(&holdings.subject);
    let words = ctx.catalogue().words_of_context();
    let met = |document: &Value| {
        Condition::parse(document, &words).is_ok_and(|condition| condition.evaluate(&subject) != Truth::False)
    };
    let held = roles.iter().filter_map(|role| Some((role, role.automatic.as_ref().filter(|document| met(document))?)));
    Ok(held
        .map(|(role, document)| Grant {
            id: String::new(),
            holder: holder.clone(),
            title: role.title.clone(),
            href: Some(paths::role(&role.name)),
            how: How::Automatic,
            by: None,
            at: None,
            place: Place { words: "everywhere".to_owned(), href: None },
            from: None,
            until: None,
            state: GrantState::Live,
            ended: None,
            condition: held::in_words(ctx, None, document),
            reason: None,
            hands: 0,
            may_revoke: false,
            may_delegate: false,
            depth: 0,
        })
        .collect())
}

/// What is known of somebody whatever they ask for.
struct OfSubject<'a>(&'a Subject);

impl Facts for OfSubject<'_> {
    fn value(&self, attribute: &str) -> Option<Cow<'_, Known>> {
        let name = attribute.strip_prefix("subject.")?;
        if name == "id" {
            return Some(Cow::Owned(Known::Id(self.0.id)));
        }
        self.0.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| Cow::Borrowed(value))
    }
}

fn who(person: &Person) -> Who {
    let kind = match person.kind.as_str() {
        "agent" => PrincipalKind::Agent,
        "service" => PrincipalKind::Service,
        _ => PrincipalKind::Person,
    };
    Who {
        id: person.id,
        name: person.name.clone(),
        email: person.email.clone(),
        kind,
        on_behalf_of: person.owner.as_ref().map(|(id, _)| *id).filter(|_| kind == PrincipalKind::Agent),
    }
}

/// What was entered, to be shown again.
pub(super) fn entered(fields: &Fields) -> Entered {
    let text = |name: &str| fields.text(name).to_owned();
    let either = |one: &str, other: &str| if fields.has(one) { text(one) } else { text(other) };
    Entered {
        what: either("role", "permission"),
        project: text("place"),
        kind: text("kind"),
        record: text("record"),
        condition: text(CONDITION),
        from: text("valid_from"),
        until: text("valid_until"),
        reason: text("reason"),
        to: text("to"),
        hands: either("may_delegate", "minutes"),
    }
}

const CONDITION: &str = "context_conditions";

/// Where a role is to hold: for the record that is named, in the project that is chosen, or everywhere.
async fn place(ctx: &Ctx, fields: &Fields) -> Result<Option<Value>, Error> {
    let (project, kind, record) = (fields.text("place"), fields.text("kind"), fields.text("record"));
    if record.is_empty() {
        return Ok((!project.is_empty()).then(|| json!({"resource": "projects", "id": project})));
    }
    if kind.is_empty() {
        let detail = "says of which kind the record is";
        return Err(Problem::invalid("The kind of the record is missing.").field("/kind", detail).into());
    }
    let is_key = !record.contains(':') && record.parse::<Uuid>().is_err();
    let mut id = record.to_owned();
    if is_key && !project.is_empty() {
        let tx = ctx.begin_read().await?;
        let all = overview::projects(&tx).await?;
        tx.commit().await?;
        if let Some((_, slug, _)) = all.iter().find(|(id, ..)| id.to_string() == project) {
            id = format!("{slug}:{record}");
        }
    }
    Ok(Some(json!({"resource": kind, "id": id})))
}

pub(super) async fn assign(Path(id): Path<String>, posted: Posted) -> Result<Response, PageError> {
    let (visitor, fields) = (&posted.visitor, &posted.fields);
    let mut body = input(fields, &["role", "reason"], &["valid_from", "valid_until"], &["may_delegate"]);
    body.insert("member".to_owned(), json!(id));
    let again =
        |errors: FormErrors| View { entered: entered(fields), refused: "assign".to_owned(), errors, ..View::default() };
    match condition_of(fields, CONDITION) {
        Ok(condition) => body.extend(condition.map(|document| (CONDITION.to_owned(), document))),
        Err(errors) => return render(visitor, &id, again(errors)).await,
    }
    let done = async {
        body.extend(place(&visitor.ctx, fields).await?.map(|place| ("place".to_owned(), place)));
        perform(&visitor.ctx, About::Collection("user-roles"), "assign", None, Value::Object(body)).await
    };
    match done.await {
        Ok(_) => Ok(see_other(paths::member(&id)).saying(Tone::Good, "The role is given.").into_response()),
        Err(error) => {
            let mut errors = about_condition(refused_or_forbidden(&visitor.ctx, error)?, CONDITION);
            let is_record = !fields.text("record").is_empty();
            for fault in errors.fields.iter_mut().filter(|fault| is_record && fault.pointer == "/place") {
                "/record".clone_into(&mut fault.pointer);
            }
            render(visitor, &id, again(errors)).await
        }
    }
}

/// The page of a member with the form that was refused.
pub(super) async fn show_again(
    visitor: &Visitor,
    id: &str,
    error: Error,
    form: &str,
    fields: &Fields,
) -> Result<Response, PageError> {
    let errors = refused_or_forbidden(&visitor.ctx, error)?;
    render(visitor, id, View { entered: entered(fields), refused: form.to_owned(), errors, ..View::default() }).await
}

/// What was refused about a form of this page: also what one may not give, which another choice mends.
pub(super) fn refused_or_forbidden(ctx: &Ctx, error: Error) -> Result<FormErrors, PageError> {
    match ctx.catalogue().explain(&error) {
        problem if problem.kind == base::ProblemKind::Forbidden => {
            kernel::refused(ctx, &problem);
            Ok(FormErrors { summary: Some(problem.detail), fields: Vec::new() })
        }
        _ => refused(ctx, error),
    }
}

pub(super) async fn take_in_emergency(posted: Posted) -> Result<Response, PageError> {
    let (visitor, fields) = (&posted.visitor, &posted.fields);
    let body = Value::Object(input(fields, &["permission", "reason"], &[], &["minutes"]));
    match perform(&visitor.ctx, About::Collection("user-permissions"), "break-glass", None, body).await {
        Ok(_) => Ok(see_other(paths::member("me"))
            .saying(Tone::Warn, "You hold it until it ends by itself. The owners were told, with your reason.")
            .into_response()),
        Err(error) => show_again(visitor, "me", error, "emergency", fields).await,
    }
}

pub(super) async fn erase(Path(id): Path<String>, posted: Posted) -> Result<Response, PageError> {
    let (visitor, fields) = (&posted.visitor, &posted.fields);
    if fields.text("sure") != "erase" {
        let detail = "Type erase, in small letters, to say that you mean it.".to_owned();
        let errors = FormErrors { summary: None, fields: vec![FieldError { pointer: "/sure".into(), detail }] };
        return render(
            visitor,
            &id,
            View { entered: entered(fields), refused: "erase".into(), errors, ..View::default() },
        )
        .await;
    }
    let body = serde_json::json!({"reason": fields.text("reason")});
    match perform(&visitor.ctx, About::Record("users"), "erase", Some(&id), body).await {
        Ok(done) => {
            let count = |name: &str| done[name].as_array().map_or(0, Vec::len);
            let said = format!(
                "The person is erased: {} kinds of data went, {} stay, each for a reason that the answer of the API and the command \
                 name. The trail keeps what was done.",
                count("erased"),
                count("kept")
            );
            Ok(see_other(paths::MEMBERS).saying(Tone::Good, said).into_response())
        }
        // Who may not has no form that could be shown again.
        Err(error) if !visitor.may("user", "erase", None) => Err(error.into()),
        Err(error) => show_again(visitor, &id, error, "erase", fields).await,
    }
}
