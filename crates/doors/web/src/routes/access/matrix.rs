//! What roles give, with what they inherit.

use std::collections::{HashMap, HashSet};

use authorization::overview::{Gives, Kind, RoleLine};
use uuid::Uuid;

use super::super::listing::{Asked, choice};
use crate::{
    components::Filters,
    paths,
    views::access::{
        matrix::{Cell, Kind as Row, Matrix},
        spelled,
    },
};

/// A role and those it inherits from, the nearest first.
pub(super) fn ancestors<'a>(roles: &'a [RoleLine], role: &'a RoleLine) -> Vec<&'a RoleLine> {
    let mut line = vec![role];
    let mut seen = HashSet::from([role.id]);
    while let Some(parent) = line.last().and_then(|role| role.parent).filter(|id| seen.insert(*id)) {
        match roles.iter().find(|role| role.id == parent) {
            Some(parent) => line.push(parent),
            None => break,
        }
    }
    line
}

/// Whether a permission holds only under a condition, or in a part of where the role holds.
pub(super) fn is_conditional(one: &Gives) -> bool {
    let says = |document: &serde_json::Value| document.as_object().is_some_and(|members| !members.is_empty());
    one.scope != "global" || says(&one.conditions) || says(&one.additional)
}

type Cells = HashMap<(Uuid, String, String), Cell>;

/// What each role gives of each action: its own before what it inherits, what always holds before what asks for more.
fn cells(roles: &[RoleLine], gives: &[Gives]) -> Cells {
    let mut own: HashMap<Uuid, Vec<&Gives>> = HashMap::new();
    for one in gives {
        own.entry(one.role).or_default().push(one);
    }
    let mut cells = Cells::new();
    for role in roles {
        for (distance, giver) in ancestors(roles, role).into_iter().enumerate() {
            for one in own.get(&giver.id).into_iter().flatten() {
                let cell = Cell {
                    gives: true,
                    from: (distance > 0).then(|| giver.title.clone()),
                    conditional: is_conditional(one),
                    approval: one.requires_approval,
                };
                let weight = |cell: &Cell| (cell.approval, cell.conditional, cell.from.is_some());
                cells
                    .entry((role.id, one.kind.clone(), one.action.clone()))
                    .and_modify(|known| {
                        if weight(&cell) < weight(known) {
                            known.clone_from(&cell);
                        }
                    })
                    .or_insert(cell);
            }
        }
    }
    cells
}

/// The matrix that the address asks for.
pub(super) fn matrix(asked: &Asked, roles: &[RoleLine], gives: &[Gives], kinds: &[Kind]) -> Matrix {
    let (text, chosen, open) = (asked.one("q").unwrap_or_default(), asked.values("role"), asked.values("open"));
    let cells = cells(roles, gives);
    let shown: Vec<&RoleLine> = roles.iter().filter(|role| chosen.is_empty() || chosen.contains(&role.name)).collect();
    let wanted = text.to_lowercase().replace([':', '_'], " ");
    let all_open = open.iter().any(|one| one == "all");
    let rows: Vec<Row> = kinds
        .iter()
        .filter_map(|kind| {
            let own = spelled(&kind.name);
            let fits = |action: &str| wanted.is_empty() || format!("{own} {}", spelled(action)).contains(&wanted);
            let actions: Vec<&str> =
                kind.actions.iter().map(|(action, _)| action.as_str()).filter(|action| fits(action)).collect();
            (!actions.is_empty())
                .then(|| row(asked, kind, &actions, &shown, &cells, (&open, all_open, !wanted.is_empty())))
        })
        .collect();
    let choices: Vec<(String, String)> = super::role_choices(roles);
    let is_open = rows.iter().all(|row| row.is_open);
    Matrix {
        filters: Filters {
            action: paths::ROLES.to_owned(),
            text: Some(text),
            choices: vec![choice("role", "Roles", &choices, &chosen)],
            carry: vec![("view".to_owned(), "matrix".to_owned())],
        },
        roles: shown.iter().map(|role| (role.title.clone(), role.name.clone())).collect(),
        all: roles.iter().map(|role| (role.title.clone(), role.name.clone())).collect(),
        fold: Some(match is_open {
            true => ("Close all".to_owned(), asked.address(paths::ROLES, &["open", "q"], &[])),
            false => ("Open all".to_owned(), asked.address(paths::ROLES, &["open"], &[("open", "all")])),
        })
        .filter(|_| rows.len() * shown.len() <= 600),
        kinds: rows,
    }
}

fn row(
    asked: &Asked,
    kind: &Kind,
    actions: &[&str],
    roles: &[&RoleLine],
    cells: &Cells,
    (open, all_open, is_narrowed): (&[String], bool, bool),
) -> Row {
    let is_open = all_open || is_narrowed || open.contains(&kind.name);
    let others: Vec<(&str, &str)> =
        open.iter().filter(|name| **name != kind.name && *name != "all").map(|name| ("open", name.as_str())).collect();
    let mut more = others;
    if !is_open {
        more.push(("open", &kind.name));
    }
    let cell = |role: &RoleLine, action: &str| {
        cells.get(&(role.id, kind.name.clone(), action.to_owned())).cloned().unwrap_or_default()
    };
    Row {
        name: kind.name.clone(),
        description: kind.description.clone(),
        is_open,
        toggle: format!("{}#{}", asked.address(paths::ROLES, &["open"], &more), kind.name),
        sums: roles.iter().map(|role| actions.iter().filter(|action| cell(role, action).gives).count()).collect(),
        of: actions.len(),
        actions: match is_open {
            true => actions
                .iter()
                .map(|action| ((*action).to_owned(), roles.iter().map(|role| cell(role, action)).collect()))
                .collect(),
            false => Vec::new(),
        },
    }
}
