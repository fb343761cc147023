//! What members were given one by one, and taking it back or passing it on.

use std::collections::{HashMap, HashSet};

use authorization::{
    USER_PERMISSIONS, USER_ROLES,
    overview::{self, Given, Of},
};
use axum::{
    extract::{Path, RawQuery},
    response::{IntoResponse, Response},
};
use jiff::Timestamp;
use kernel::{Ctx, Error, Record, Subject, Update, authorise};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    super::{
        answer::{html, see_other},
        error::PageError,
        form::Posted,
        listing::{Asked, choice},
        session::Visitor,
    },
    held, input,
    member::show_again,
    perform,
};
use crate::{
    components::{Choice, ChoiceOption, Figure, Filters},
    layout::Section,
    paths,
    state::{GrantState, Shown as _, Tone},
    views::access::{
        Grant, How,
        grants::{View, page},
        how_words,
    },
};

/// Rows of the page.
const ROWS: usize = 300;
/// How something can be held: the word of addresses, and words.
const WAYS: [(&str, &str); 6] = [
    ("assigned", "Assigned"),
    ("delegated", "Passed on"),
    ("in_person", "Given in person"),
    ("approved", "Approved"),
    ("proxy", "To act for somebody"),
    ("emergency", "Emergency"),
];
/// Days within which something ends.
const WITHIN: [(&str, &str); 4] = [("", "any time"), ("1", "a day"), ("7", "a week"), ("30", "30 days")];

fn way(how: &How) -> &'static str {
    match how {
        How::Delegated(_) => "delegated",
        How::InPerson => "in_person",
        How::Approved => "approved",
        How::Proxy(_) => "proxy",
        How::Emergency => "emergency",
        How::Assigned | How::InProject | How::Automatic => "assigned",
    }
}

pub(super) async fn list(visitor: Visitor, RawQuery(query): RawQuery) -> Result<Response, PageError> {
    let (ctx, asked) = (&visitor.ctx, Asked::of(query.as_deref())?);
    let tx = ctx.begin_read().await?;
    let given = overview::given(ctx, &tx, Of::default()).await?;
    tx.commit().await?;
    let wanted = Wanted::of(&asked);
    let givers = givers(&given);
    let all: Vec<(Given, Grant)> = given.into_iter().map(|one| (one.clone(), held::grant(ctx, &one))).collect();
    let figures = figures(&all);
    let fitting: Vec<(Given, Grant)> =
        all.into_iter().filter(|(row, grant)| wanted.fits(row, grant, ctx.now())).collect();
    let is_cut = fitting.len() > ROWS;
    let mut rows = tree(fitting);
    rows.truncate(ROWS);
    let pairs = |list: &[(&str, &str)]| -> Vec<(String, String)> {
        list.iter().map(|(value, words)| ((*value).to_owned(), (*words).to_owned())).collect()
    };
    let view = View {
        filters: Filters {
            action: paths::GRANTS.to_owned(),
            text: Some(wanted.text.clone()),
            choices: vec![
                choice("how", "How", &pairs(&WAYS), &wanted.ways),
                super::super::listing::states::<GrantState>("state", "State", &wanted.states),
                Choice {
                    name: "within".to_owned(),
                    label: "Ends within".to_owned(),
                    many: false,
                    options: WITHIN
                        .iter()
                        .map(|(value, words)| ChoiceOption {
                            value: (*value).to_owned(),
                            label: (*words).to_owned(),
                            chosen: wanted.within.map_or_else(String::new, |days| days.to_string()) == *value,
                            count: None,
                        })
                        .collect(),
                },
                choice("by", "Given by", &givers, &wanted.givers),
            ],
            carry: Vec::new(),
        },
        figures,
        rows,
        is_cut,
    };
    let frame = visitor.frame(Section::Grants).await?;
    Ok(html(page(&frame, &view)))
}

/// Whoever gave something, by name.
fn givers(given: &[Given]) -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> =
        given.iter().filter_map(|one| one.by.as_ref()).map(|(id, name)| (id.to_string(), name.clone())).collect();
    all.sort_by(|one, other| one.1.cmp(&other.1).then_with(|| one.0.cmp(&other.0)));
    all.dedup();
    all
}

/// What asks for a look, each with the list behind it.
fn figures(all: &[(Given, Grant)]) -> Vec<Figure> {
    let count = |fits: &dyn Fn(&Grant) -> bool| {
        i64::try_from(all.iter().filter(|(_, grant)| fits(grant)).count()).unwrap_or(i64::MAX)
    };
    let is_open = |grant: &Grant| matches!(grant.state, GrantState::Live | GrantState::Ending);
    let to = |query: &str| Some(format!("{}?{query}", paths::GRANTS));
    let ending = count(&|grant| grant.state == GrantState::Ending);
    let emergencies = count(&|grant| is_open(grant) && grant.how == How::Emergency);
    vec![
        Figure::count(count(&is_open), "in force", to("state=live&state=ending"), None),
        Figure::count(ending, "end within a week", to("state=ending"), (ending > 0).then_some(Tone::Warn)),
        Figure::count(count(&|grant| grant.state == GrantState::Scheduled), "begin later", to("state=scheduled"), None),
        Figure::count(
            count(&|grant| is_open(grant) && matches!(grant.how, How::Delegated(_))),
            "passed on",
            to("how=delegated&state=live&state=ending"),
            None,
        ),
        Figure::count(emergencies, "emergencies", to("how=emergency"), (emergencies > 0).then_some(Tone::Bad)),
    ]
}

/// What the address asks for.
struct Wanted {
    text: String,
    ways: Vec<String>,
    states: Vec<String>,
    within: Option<i64>,
    givers: Vec<String>,
}

impl Wanted {
    fn of(asked: &Asked) -> Self {
        Self {
            text: asked.one("q").unwrap_or_default(),
            ways: asked.values("how"),
            states: asked.codes::<GrantState>("state"),
            within: asked.parsed("within").filter(|days| (1..=365).contains(days)),
            givers: asked.values("by"),
        }
    }

    fn fits(&self, row: &Given, grant: &Grant, now: Timestamp) -> bool {
        let any = |wanted: &[String], one: &str| wanted.is_empty() || wanted.iter().any(|code| code == one);
        let text = self.text.to_lowercase();
        let says = |part: &str| part.to_lowercase().contains(&text);
        let giver = row.by.as_ref().map(|(id, _)| id.to_string()).unwrap_or_default();
        let ends = |days: i64| {
            row.until.is_some_and(|until| until > now && until.as_second() - now.as_second() <= days * 86_400)
        };
        any(&self.ways, way(&grant.how))
            && any(&self.states, grant.state.code())
            && any(&self.givers, &giver)
            && self.within.is_none_or(ends)
            && (text.is_empty()
                || says(&grant.holder.0)
                || says(&grant.title)
                || says(&grant.place.words)
                || says(&how_words(&grant.how))
                || grant.reason.as_deref().is_some_and(says))
    }
}

/// What was passed on directly below what it came from.
fn tree(rows: Vec<(Given, Grant)>) -> Vec<Grant> {
    let there: HashSet<Uuid> = rows.iter().map(|(row, _)| row.id).collect();
    let mut below: HashMap<Option<Uuid>, Vec<(Uuid, Grant)>> = HashMap::new();
    for (row, grant) in rows {
        below.entry(row.source.filter(|source| there.contains(source))).or_default().push((row.id, grant));
    }
    let mut ordered = Vec::new();
    put(&mut ordered, &mut below, None, 0);
    ordered
}

fn put(
    ordered: &mut Vec<Grant>,
    below: &mut HashMap<Option<Uuid>, Vec<(Uuid, Grant)>>,
    source: Option<Uuid>,
    depth: usize,
) {
    for (id, grant) in below.remove(&source).unwrap_or_default() {
        ordered.push(Grant { depth, ..grant });
        put(ordered, below, Some(id), depth + 1);
    }
}

pub(super) async fn revoke(Path(id): Path<Uuid>, posted: Posted) -> Result<Response, PageError> {
    let (visitor, fields) = (&posted.visitor, &posted.fields);
    let member = fields.text("member");
    match take_back(visitor, id, fields.text("reason")).await {
        Ok(()) => Ok(see_other(paths::member(member))
            .saying(Tone::Good, "It is taken back, with everything that was passed on from it.")
            .into_response()),
        Err(error) => show_again(visitor, member, error, &format!("revoke-{id}"), fields).await,
    }
}

/// A role by its operation, a permission given in person by its record.
async fn take_back(visitor: &Visitor, id: Uuid, reason: &str) -> Result<(), Error> {
    let ctx = &visitor.ctx;
    let why = (!reason.is_empty()).then_some(reason);
    let tx = ctx.begin_read().await?;
    let in_person = Record::find(&tx, ctx.catalogue().served(&USER_PERMISSIONS)?, &id.to_string(), false).await;
    let may_revoke = visitor.may_do::<Update>(&tx, &USER_ROLES, &id.to_string(), None).await?;
    tx.commit().await?;
    if in_person.is_ok() {
        return end_permission(ctx, id, why).await;
    }
    // Whoever may change roles takes back anything, others what they gave or hold.
    let name = if may_revoke { "revoke" } else { "take-back" };
    let body = why.map_or_else(|| json!({}), |why| json!({"reason": why}));
    perform(ctx, Subject::Record("user-roles"), name, Some(&id.to_string()), body).await.map(drop)
}

async fn end_permission(ctx: &Ctx, id: Uuid, why: Option<&str>) -> Result<(), Error> {
    let served = ctx.catalogue().served(&USER_PERMISSIONS)?;
    let mut tx = ctx.begin().await?;
    let record = authorise::<Update, _>(ctx, Record::find(&tx, served, &id.to_string(), true).await?)?;
    let body = json!({"revoked_at": ctx.now(), "revocation_reason": why});
    kernel::update(ctx, &mut tx, served, record, &body).await?;
    tx.commit().await
}

pub(super) async fn delegate(Path(id): Path<Uuid>, posted: Posted) -> Result<Response, PageError> {
    let (visitor, fields) = (&posted.visitor, &posted.fields);
    let body = Value::Object(input(fields, &["to", "reason"], &["valid_until"], &["may_delegate"]));
    match perform(&visitor.ctx, Subject::Record("user-roles"), "delegate", Some(&id.to_string()), body).await {
        Ok(_) => Ok(see_other(paths::member("me"))
            .saying(Tone::Good, "It is passed on. It ends when yours does, or when you take it back.")
            .linking("See your grants", format!("{}?how=delegated", paths::GRANTS))
            .into_response()),
        Err(error) => show_again(visitor, "me", error, &format!("delegate-{id}"), fields).await,
    }
}
