//! Questions about access, asked about anybody: may they, why, and what if. The engine that answers is the one that every
//! request meets; a record is looked for as the one asked about would look for it, so row security has its word too.

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
    sync::Arc,
};

use authz::{
    Environment, Explanation, Grants, HeldRole, Holdings, Place as Held, Question, Reach, Roles, Rule, Source,
    SourceKind, Strength, Target, Validity,
    condition::{Facts, Value},
};
use base::{Problem, ProblemKind};
use kernel::{Credential, Ctx, Error, Place as _, Principal, PrincipalKind, Reached, Record, Request, Served};
use serde_json::Value as Json;
use uuid::Uuid;

const FIND_MEMBER: &str = include_str!("../sql/find_member.sql");
const FIND_EXTERNAL: &str = include_str!("../sql/find_external.sql");
const MEMBERS: &str = include_str!("../sql/members.sql");

/// Members that one search looks at, at most.
const LOOKED_AT: i64 = 2000;

/// A member, as questions name one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Who {
    /// The person, agent or service account.
    pub id: Uuid,
    /// What people call them.
    pub name: String,
    /// Their address; empty for those who have none.
    pub email: String,
    /// Person, agent or service.
    pub kind: PrincipalKind,
    /// The person they act for: an agent always does.
    pub on_behalf_of: Option<Uuid>,
}

/// The thing a question is about.
#[derive(Debug, Clone)]
pub enum Thing {
    /// A record of ours, by identifier or key.
    Record {
        /// The resource's name.
        resource: &'static str,
        /// Its identifier or human key.
        id: String,
    },
    /// Everything of a permission type, in a project or in the organisation.
    All {
        /// The permission type.
        kind: String,
        /// The project.
        project: Option<Uuid>,
    },
    /// A thing that another system keeps.
    External {
        /// The permission type.
        kind: String,
        /// What the other system calls it.
        id: String,
        /// What the asker says of it.
        properties: serde_json::Map<String, Json>,
    },
}

/// What would be otherwise.
#[derive(Debug, Clone, Default)]
pub struct Changes {
    /// Roles held besides, by name, each in a project or in the whole organisation.
    pub with: Vec<(String, Option<Uuid>)>,
    /// Grants that are not there, by their identifiers.
    pub without: Vec<Uuid>,
}

/// One question.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Who would do it.
    pub who: Who,
    /// The action.
    pub action: String,
    /// The thing.
    pub thing: Thing,
    /// The circumstances.
    pub environment: Environment,
    /// What would be otherwise.
    pub changes: Changes,
}

/// Who somebody is, and what they hold.
pub struct Evaluator<'a> {
    ctx: &'a Ctx,
    roles: Arc<Roles>,
    known: HashMap<(Uuid, Option<Uuid>), (Holdings, Option<Holdings>)>,
    seen: HashSet<(&'static str, String)>,
}

impl<'a> Evaluator<'a> {
    /// For one request: what is loaded is used for every question of it.
    ///
    /// # Errors
    /// When the roles cannot be read.
    pub async fn new(ctx: &'a Ctx) -> Result<Self, Error> {
        let tx = ctx.begin_read().await?;
        let roles = Arc::new(kernel::load_roles(&tx, ctx.catalogue(), ctx.now()).await?);
        tx.commit().await?;
        Ok(Self { ctx, roles, known: HashMap::new(), seen: HashSet::new() })
    }

    /// Every permission type with its actions.
    pub fn questions(&self) -> Vec<(String, String)> {
        let mut all: Vec<(String, String)> =
            self.roles.questions().map(|(kind, action)| (kind.to_owned(), action.to_owned())).collect();
        all.sort_unstable();
        all
    }

    /// The member that a text names: an identifier, an address, a user name, or `me`.
    ///
    /// # Errors
    /// 422 when it names nobody here, 403 when the actor may not ask about others.
    pub async fn who(&self, text: &str) -> Result<Who, Error> {
        let own = self.ctx.principal.user_id.to_string();
        let text = if text == "me" { own.as_str() } else { text };
        let missing =
            || Problem::invalid(format!("There is no member `{}` here.", text.chars().take(80).collect::<String>()));
        if text.contains('\0') {
            return Err(missing().into());
        }
        let tx = self.ctx.begin_read().await?;
        let row = tx.query_opt(FIND_MEMBER, &[&text]).await?;
        tx.commit().await?;
        let row = row.ok_or_else(missing)?;
        let owner: Option<Uuid> = row.try_get(4)?;
        let who = who_of(&row, owner)?;
        self.may_ask_about(who.id)?;
        Ok(who)
    }

    /// Whoever may see roles may ask about anybody, and everybody about themselves.
    fn may_ask_about(&self, who: Uuid) -> Result<(), Error> {
        if who == self.ctx.principal.user_id || self.ctx.may("role", "read", None) {
            return Ok(());
        }
        let reason = self.ctx.why_not("role", "read", None);
        Err(Problem::new(
            ProblemKind::Forbidden,
            format!("You may ask what you may do yourself; about others only who may read roles asks: {reason}."),
        )
        .into())
    }

    /// What members hold, also in projects that the asker does not see: the answer about them must be right. What is told
    /// of it leaves such places out.
    async fn held_by(&self, users: &[Uuid]) -> Result<HashMap<Uuid, Holdings>, Error> {
        let tx = self.ctx.begin_read().await?;
        tx.batch("set local app.project_access = 'all'").await?;
        let all = kernel::load_holdings(&tx, self.ctx.catalogue(), &self.roles, users, self.ctx.now()).await?;
        tx.commit().await?;
        Ok(all)
    }

    async fn holdings(&mut self, who: &Who) -> Result<(Holdings, Option<Holdings>), Error> {
        let key = (who.id, who.on_behalf_of);
        if let Some(known) = self.known.get(&key) {
            return Ok(known.clone());
        }
        let users: Vec<Uuid> = std::iter::once(who.id).chain(who.on_behalf_of).collect();
        let mut all = self.held_by(&users).await?;
        let nothing = |id| Holdings { subject: authz::Subject { id, attributes: Vec::new() }, ..Holdings::default() };
        let own = all.remove(&who.id).unwrap_or_else(|| nothing(who.id));
        let person = who.on_behalf_of.map(|person| all.remove(&person).unwrap_or_else(|| nothing(person)));
        self.known.insert(key, (own.clone(), person.clone()));
        Ok((own, person))
    }

    /// What somebody would hold with changes.
    async fn grants(&mut self, who: &Who, changes: &Changes) -> Result<Grants, Error> {
        let (mut own, person) = self.holdings(who).await?;
        own.acting_for = who.on_behalf_of;
        own.roles.retain(|held| held.source.id.is_none_or(|id| !changes.without.contains(&id)));
        own.permissions.retain(|held| held.source.id.is_none_or(|id| !changes.without.contains(&id)));
        for (name, project) in &changes.with {
            let role = self.roles.named(name).ok_or_else(|| {
                Problem::invalid(format!("There is no role `{}`.", name.chars().take(80).collect::<String>()))
            })?;
            let place = project.map_or(Held::Organization, Held::Project);
            own.member_of.extend(project);
            let source = Source { kind: SourceKind::Assigned, id: None, by: None };
            own.roles.push(HeldRole { role, place, validity: Validity::ALWAYS, rule: Rule::default(), source });
        }
        let grants = Grants::compile(self.roles.clone(), own);
        Ok(match person {
            Some(person) => grants.acting_for(Grants::compile(self.roles.clone(), person)),
            None => grants,
        })
    }

    /// A context in which somebody looks, but for what is written. Who comes with a token has nothing of their own.
    fn as_seen_by(&self, who: &Who, grants: Grants, environment: &Environment) -> Ctx {
        let credential = match environment.authentication {
            Strength::Token => Credential::ApiToken(Uuid::nil()),
            Strength::None | Strength::Password | Strength::Server => Credential::Server,
        };
        let principal = Principal {
            organization_id: self.ctx.organization_id(),
            user_id: who.id,
            display_name: who.name.clone(),
            email: who.email.clone(),
            kind: who.kind,
            on_behalf_of: who.on_behalf_of,
            agent_run: None,
            credential,
            grants,
        };
        let request =
            Request { address: environment.address, endpoint: "access evaluation".into(), ..Request::default() };
        Ctx::new(self.ctx.kernel.clone(), Arc::new(principal), request)
    }

    /// The answer to one question, with its reasons.
    ///
    /// # Errors
    /// 422 for a type or an action that is not there, 404 for a record that the asker does not see either.
    pub async fn answer(&mut self, asked: &Asked) -> Result<Explanation, Error> {
        self.may_ask_about(asked.who.id)?;
        let grants = self.grants(&asked.who, &asked.changes).await?;
        let mut answer = self.decided(asked, grants).await?;
        self.leave_out_hidden_places(&mut answer).await?;
        Ok(answer)
    }

    /// A grant in a project that the asker does not see is told of without the project.
    async fn leave_out_hidden_places(&self, answer: &mut Explanation) -> Result<(), Error> {
        let parts = std::iter::successors(Some(&*answer), |part| part.person.as_deref());
        let places: Vec<Uuid> =
            parts.flat_map(|part| part.considered.iter().filter_map(|one| one.project_id)).collect();
        if places.is_empty() {
            return Ok(());
        }
        let tx = self.ctx.begin_read().await?;
        let rows = tx.query("select id from work.projects where id = any($1)", &[&places]).await?;
        tx.commit().await?;
        let seen = rows.iter().map(|row| row.try_get(0)).collect::<Result<HashSet<Uuid>, _>>()?;
        let mut part = Some(answer);
        while let Some(now) = part {
            for one in &mut now.considered {
                one.project_id = one.project_id.filter(|project| seen.contains(project));
            }
            part = now.person.as_deref_mut();
        }
        Ok(())
    }

    async fn decided(&mut self, asked: &Asked, grants: Grants) -> Result<Explanation, Error> {
        match &asked.thing {
            Thing::All { kind, project } => {
                self.known_question(kind, &asked.action)?;
                Ok(explained(&grants, kind, &asked.action, Target::collection(*project), &asked.environment))
            }
            Thing::External { kind, id, properties } => {
                self.known_question(kind, &asked.action)?;
                self.about_external(&grants, asked, kind, id, properties).await
            }
            Thing::Record { resource, id } => {
                let served = self
                    .ctx
                    .catalogue()
                    .get(resource)
                    .ok_or_else(|| Error::Broken(format!("{resource} is not served")))?;
                let action = needed(served, &asked.action);
                self.known_question(served.resource.permission, action)?;
                self.asker_sees(served, id).await?;
                let seen = self.as_seen_by(&asked.who, grants, &asked.environment);
                self.about_record(&seen, served, id, action, &asked.environment).await
            }
        }
    }

    fn known_question(&self, kind: &str, action: &str) -> Result<(), Error> {
        if self.roles.questions().any(|known| known == (kind, action)) {
            return Ok(());
        }
        let clip = |text: &str| text.chars().take(80).collect::<String>();
        let (kind, action) = (clip(kind), clip(action));
        Err(Problem::invalid(format!(
            "Nothing of type `{kind}` has an action `{action}`; see /v1/resource-type-actions."
        ))
        .into())
    }

    /// Whoever asks about a record sees it themselves; to anybody else it is not there.
    async fn asker_sees(&mut self, served: &Served, id: &str) -> Result<(), Error> {
        let key = (served.resource.name, id.to_owned());
        if !self.seen.contains(&key) {
            let tx = self.ctx.begin_read().await?;
            let record = Record::find(&tx, served, id, false).await?;
            tx.commit().await?;
            kernel::authorise::<kernel::Read, _>(self.ctx, record)?;
            self.seen.insert(key);
        }
        Ok(())
    }

    async fn about_record(
        &self,
        seen: &Ctx,
        served: &Served,
        id: &str,
        action: &str,
        environment: &Environment,
    ) -> Result<Explanation, Error> {
        let tx = seen.begin_read().await?;
        let found = Record::find(&tx, served, id, false).await;
        tx.commit().await?;
        let record = match found {
            Ok(record) => record,
            Err(error) if error.problem().is_some_and(|problem| problem.kind == ProblemKind::NotFound) => {
                let (grants, kind) = (&seen.principal.grants, served.resource.permission);
                let mut hidden = explained(grants, kind, action, Target::default(), environment);
                hidden.allowed = false;
                hidden.until = None;
                hidden.reason = "it is hidden from them: the project is private and they hold nothing in it, or it is somebody's own".to_owned();
                return Ok(hidden);
            }
            Err(error) => return Err(error),
        };
        let mut answer =
            explained(&seen.principal.grants, served.resource.permission, action, record.target(), environment);
        if !answer.allowed && record.belongs_to_actor(seen) {
            answer.allowed = true;
            answer.reason = "it is their own".to_owned();
        }
        Ok(answer)
    }

    async fn about_external(
        &self,
        grants: &Grants,
        asked: &Asked,
        kind: &str,
        id: &str,
        properties: &serde_json::Map<String, Json>,
    ) -> Result<Explanation, Error> {
        let tx = self.ctx.begin_read().await?;
        let row = tx.query_opt(FIND_EXTERNAL, &[&kind, &id]).await?;
        tx.commit().await?;
        let mut facts = Said(Vec::new());
        for (name, value) in properties {
            facts.0.extend(said(value).map(|value| (format!("resource.{name}"), value)));
        }
        // What is kept here counts before what the asker says.
        let mut owner = None;
        if let Some(row) = row {
            owner = row.try_get(0)?;
            let attributes: Json = row.try_get(1)?;
            for (name, value) in attributes.as_object().into_iter().flatten() {
                facts.0.extend(said(value).map(|value| (format!("resource.attributes.{name}"), value)));
            }
        }
        let target = Target { external: Some(id), owner, facts: Some(&facts), ..Target::default() };
        Ok(explained(grants, kind, &asked.action, target, &asked.environment))
    }

    /// The members who may do `action` to a record, behind `after`, and where to go on when there may be more.
    ///
    /// # Errors
    /// As [`Evaluator::answer`].
    pub async fn who_may(
        &mut self,
        thing: &Thing,
        action: &str,
        environment: &Environment,
        after: Option<Uuid>,
        limit: usize,
    ) -> Result<(Vec<(Who, Explanation)>, Option<Uuid>), Error> {
        self.may_ask_about(Uuid::nil())?;
        let tx = self.ctx.begin_read().await?;
        let rows = tx.query(MEMBERS, &[&after, &LOOKED_AT]).await?;
        let ids = rows.iter().map(|row| row.try_get(0)).collect::<Result<Vec<Uuid>, _>>()?;
        tx.commit().await?;
        for (id, holdings) in self.held_by(&ids).await? {
            self.known.insert((id, None), (holdings, None));
        }
        let mut found = Vec::new();
        let mut last = None;
        for row in &rows {
            let who = who_of(row, None)?;
            last = Some(who.id);
            let who = self.with_person(who).await?;
            if self.reaches_nothing(&who, thing, action, environment).await? {
                continue;
            }
            let action = action.to_owned();
            let (thing, environment) = (thing.clone(), environment.clone());
            let asked = Asked { who, action, thing, environment, changes: Changes::default() };
            let answer = self.answer(&asked).await?;
            if answer.allowed {
                found.push((asked.who, answer));
                if found.len() == limit {
                    break;
                }
            }
        }
        let looked_at_all =
            i64::try_from(rows.len()).unwrap_or(i64::MAX) < LOOKED_AT && rows.last().map(|row| row.get(0)) == last;
        Ok((found, last.filter(|_| !looked_at_all)))
    }

    /// Whether it takes no look at a record to know that somebody may not.
    async fn reaches_nothing(
        &mut self,
        who: &Who,
        thing: &Thing,
        action: &str,
        at: &Environment,
    ) -> Result<bool, Error> {
        let Thing::Record { resource, .. } = thing else { return Ok(false) };
        let Some(served) = self.ctx.catalogue().get(resource) else { return Ok(false) };
        let grants = self.grants(who, &Changes::default()).await?;
        let action = needed(served, action);
        Ok(served.resource.owner.is_none() && grants.reach(served.resource.permission, action, at) == Reach::Nothing)
    }

    async fn with_person(&self, who: Who) -> Result<Who, Error> {
        if who.kind == PrincipalKind::Agent { self.who(&who.id.to_string()).await } else { Ok(who) }
    }

    /// The records of a resource to which somebody may do `action`, as [`kernel::reached`] lists them.
    ///
    /// # Errors
    /// As [`Evaluator::answer`].
    pub async fn what_may(
        &mut self,
        who: &Who,
        served: &Served,
        action: &str,
        environment: &Environment,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Reached>, Error> {
        self.may_ask_about(who.id)?;
        let needed = needed(served, action);
        self.known_question(served.resource.permission, needed)?;
        let grants = self.grants(who, &Changes::default()).await?;
        let seen = self.as_seen_by(who, grants, environment);
        kernel::reached(&seen, served, needed, environment, after, limit).await
    }

    /// Where somebody may do each thing there is, with changes.
    ///
    /// # Errors
    /// 403 when the actor may not ask about them.
    pub async fn everything(
        &mut self,
        who: &Who,
        environment: &Environment,
        changes: &Changes,
    ) -> Result<Vec<(String, String, Reach)>, Error> {
        self.may_ask_about(who.id)?;
        let grants = self.grants(who, changes).await?;
        let all = self.questions().into_iter().map(|(kind, action)| {
            let reach = grants.reach(&kind, &action, environment);
            (kind, action, reach)
        });
        Ok(all.collect())
    }
}

fn explained(grants: &Grants, kind: &str, action: &str, target: Target<'_>, environment: &Environment) -> Explanation {
    grants.explain(&Question { resource_type: kind, action, target, environment })
}

/// The action in `authz` that an action on a resource needs.
fn needed<'a>(served: &Served, action: &'a str) -> &'a str {
    match action {
        "create" => served.resource.needs("create"),
        "update" => served.resource.needs("update"),
        "delete" => served.resource.needs("delete"),
        "restore" => served.resource.needs("restore"),
        other => other,
    }
}

fn who_of(row: &tokio_postgres::Row, owner: Option<Uuid>) -> Result<Who, Error> {
    let kind = match row.try_get::<_, &str>(3)? {
        "agent" => PrincipalKind::Agent,
        "service" => PrincipalKind::Service,
        _ => PrincipalKind::Person,
    };
    Ok(Who {
        id: row.try_get(0)?,
        name: row.try_get(1)?,
        email: row.try_get::<_, Option<String>>(2)?.unwrap_or_default(),
        kind,
        on_behalf_of: owner.filter(|_| kind == PrincipalKind::Agent),
    })
}

/// What somebody says of a thing that is not ours.
struct Said(Vec<(String, Value)>);

impl Facts for Said {
    fn value(&self, attribute: &str) -> Option<Cow<'_, Value>> {
        self.0.iter().rev().find(|(name, _)| name == attribute).map(|(_, value)| Cow::Borrowed(value))
    }
}

fn said(value: &Json) -> Option<Value> {
    match value {
        Json::String(text) => Some(Value::Text(text.clone())),
        Json::Bool(flag) => Some(Value::Bool(*flag)),
        Json::Number(number) => number.to_string().parse().ok().map(Value::Number),
        _ => None,
    }
}
