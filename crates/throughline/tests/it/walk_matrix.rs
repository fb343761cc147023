//! Walk 2: who may do what, asked of the engine that decides, as a page that a product person can read.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    path::Path,
};

use kernel::{Catalogue, Verb};
use testkit::World;

use crate::world;

const GOLDEN: &str = "../../docs/permissions.md";

/// The kinds of things, each with the collections it covers and the actions that something in the catalogue needs.
fn kinds(catalogue: &Catalogue) -> BTreeMap<&'static str, (BTreeSet<String>, BTreeSet<&'static str>)> {
    let mut kinds: BTreeMap<&str, (BTreeSet<String>, BTreeSet<&str>)> = BTreeMap::new();
    for served in catalogue.resources() {
        let resource = served.resource;
        let (collections, actions) = kinds.entry(resource.permission).or_default();
        collections.insert(resource.plural_words());
        for verb in resource.verbs {
            match verb {
                Verb::List => actions.extend(["read", "export"]),
                Verb::Read => actions.extend(["read"]),
                Verb::Create => actions.extend([resource.needs("create")]),
                Verb::Update => actions.extend([resource.needs("update")]),
                Verb::Delete => actions.extend([resource.needs("delete")]),
                Verb::Restore => actions.extend([resource.needs("restore")]),
            }
        }
    }
    for (_, kind, action) in catalogue.resources().flat_map(|served| served.resource.guarded) {
        kinds.entry(kind).or_default().1.insert(action);
    }
    for operation in catalogue.operations() {
        let served = operation.subject.resource().and_then(|name| catalogue.get(name)).unwrap();
        kinds.entry(served.resource.permission).or_default().1.insert(served.resource.needs(operation.action));
    }
    kinds
}

async fn page(world: &World) -> String {
    let mut people = Vec::new();
    for (role, person) in world.home.roles() {
        people.push((role, world.authenticator.principal(&person.token).await.unwrap()));
    }
    let own: BTreeSet<String> = world
        .kernel
        .catalogue
        .resources()
        .filter(|served| served.resource.owner.is_some())
        .map(|served| served.resource.plural_words())
        .collect();
    let mut page = String::from(
        "# Who may do what\n\n\
         What the four roles of a new organisation allow in the whole organisation. A role given in one project allows\n\
         the same there and nowhere else. An API token only narrows what its owner may do. Nobody gives a role that\n\
         allows more than they hold themselves.\n\n",
    );
    writeln!(
        page,
        "Everybody sees and ends their own {} and makes their own API tokens, whatever their role; a token does not.\n",
        own.into_iter().collect::<Vec<_>>().join(" and ")
    )
    .unwrap();
    page.push_str(
        "This page is made from the running program by a test. After a change of roles:\n\
         `UPDATE_GOLDEN=1 cargo nextest run -p throughline walk_matrix`.\n",
    );
    page.push_str("\nSome fields take more than the right to change the record that has them:\n\n");
    for served in world.kernel.catalogue.resources() {
        for (column, kind, action) in served.resource.guarded {
            let (words, action) = (served.resource.plural_words(), action.replace('_', " "));
            writeln!(page, "- `{column}` of {words}: {}, {action}", kind.replace('_', " ")).unwrap();
        }
    }
    for (kind, (collections, actions)) in kinds(&world.kernel.catalogue) {
        let covered = collections.into_iter().collect::<Vec<_>>().join(", ");
        write!(page, "\n## {}\n\nCovers {covered}.\n\n| |", kind.replace('_', " ")).unwrap();
        for (role, _) in &people {
            write!(page, " {role} |").unwrap();
        }
        page.push_str("\n|---|:-:|:-:|:-:|:-:|\n");
        for action in actions {
            write!(page, "| {} |", action.replace('_', " ")).unwrap();
            for (_, principal) in &people {
                let allowed = may(principal, kind, action);
                page.push_str(if allowed { " yes |" } else { " – |" });
            }
            page.push('\n');
        }
    }
    page
}

/// Whether somebody may do something everywhere in the organisation.
fn may(principal: &kernel::Principal, kind: &str, action: &str) -> bool {
    let environment = authz::Environment::at(jiff::Timestamp::now());
    let target = authz::Target::collection(None);
    principal.grants.allows(&authz::Question { resource_type: kind, action, target, environment: &environment })
}

/// Proves REQ-5.5.
#[tokio::test]
async fn the_matrix_is_the_one_people_have_agreed_to() {
    let world = world().await;
    let now = page(&world).await;
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join(GOLDEN);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&golden, &now).unwrap();
    }
    let agreed = std::fs::read_to_string(&golden).unwrap_or_default();
    assert!(
        now == agreed,
        "docs/permissions.md and the program disagree. If the new matrix is meant, run this test with \
         UPDATE_GOLDEN=1 and look at what changed:\n{now}"
    );
}

/// Each role holds everything of the role below it.
#[tokio::test]
async fn a_stronger_role_may_no_less() {
    let world = world().await;
    let mut people = Vec::new();
    for (role, person) in world.home.roles() {
        people.push((role, world.authenticator.principal(&person.token).await.unwrap()));
    }
    for (kind, (_, actions)) in kinds(&world.kernel.catalogue) {
        for action in actions {
            let allowed: Vec<bool> = people.iter().map(|(_, principal)| may(principal, kind, action)).collect();
            assert!(allowed.is_sorted(), "{kind}:{action} is {allowed:?} for viewer, developer, admin, owner");
        }
    }
}
