//! Row security is the second wall, and agrees with the first: whoever holds something in a private project sees it, whoever
//! holds nothing there does not, and an agent sees no row that the person it acts for would not.

use std::collections::{BTreeMap, BTreeSet};

use authz::{Explanation, Question};
use kernel::{Place as _, Record, Tx};
use rand::{SeedableRng as _, rngs::StdRng};
use uuid::Uuid;

use crate::{
    access_policy::{put, random_policy},
    access_scene::{LOOKED_AT, Scene},
};

/// Tables that hide single records besides: their own walls are not the subject here.
const SINGLE: [&str; 4] = ["documents", "document-versions", "reports", "comments"];

/// The projects in which somebody holds something now, told from the rows of the grants.
async fn held_in(scene: &Scene, user: Uuid) -> BTreeSet<Uuid> {
    let nodes = "select r.id, r.parent_resource_id, r.is_active, coalesce(e.project_id, e.id) from authz.resources r
                 left join platform.entities e on e.id = r.entity_id and (e.project_id is not null or e.entity_type = 'project')";
    let mut places: BTreeMap<Uuid, (Option<Uuid>, bool, Option<Uuid>)> = BTreeMap::new();
    for row in scene.admin.query(nodes, &[]).await.unwrap() {
        places.insert(row.get(0), (row.get(1), row.get(2), row.get(3)));
    }
    let live = "revoked_at is null and coalesce(valid_from, '-infinity') <= now() and coalesce(valid_until, 'infinity') > now()";
    let grants = format!(
        "select resource_scope_id from authz.user_roles where user_id = $1 and resource_scope_id is not null and {live}
         union select resource_id from authz.user_permissions where user_id = $1 and resource_id is not null and {live}"
    );
    let scopes: BTreeSet<Uuid> =
        scene.admin.query(&grants, &[&user]).await.unwrap().iter().map(|row| row.get(0)).collect();
    let mut held = BTreeSet::new();
    for (node, (.., project)) in &places {
        let mut at = Some(*node);
        // From below upwards, as long as everything on the way is in use.
        while let Some((id, (above, true, _))) = at.and_then(|id| Some((id, places.get(&id)?))) {
            if scopes.contains(&id) {
                held.extend(*project);
            }
            at = *above;
        }
    }
    let own = "select project_id from work.project_members where user_id = $1 and is_active
               union select id from work.projects where owner_user_id = $1 or visibility <> 'private'";
    held.extend(scene.admin.query(own, &[&user]).await.unwrap().iter().map(|row| row.get::<_, Uuid>(0)));
    held
}

async fn found(scene: &Scene, tx: &Tx, resource: &str, id: &str) -> Option<Record> {
    Record::find(tx, scene.served(resource), id, false).await.ok()
}

/// Whether a grant for the project itself or for something in it says yes.
fn says_yes_for_the_place(explanation: &Explanation) -> bool {
    explanation.allowed
        && explanation.considered.iter().any(|one| one.allows && ["project", "records"].contains(&one.place))
}

#[tokio::test]
async fn both_walls_stand_in_the_same_place() {
    let scene = Scene::new(&mut StdRng::seed_from_u64(44)).await;
    let (mut looks, mut hidden) = (0, 0);
    for seed in 100..105 {
        put(&scene, &random_policy(&scene, &mut StdRng::seed_from_u64(seed))).await.unwrap();
        for actor in scene.people.iter().filter(|actor| !actor.narrowed) {
            let (ctx, user) = (scene.ctx(actor).await, actor.person.user_id);
            let mut held = held_in(&scene, user).await;
            if let Some(person) = actor.acts_for {
                let theirs = held_in(&scene, person).await;
                held.retain(|project| theirs.contains(project));
            }
            let all = ctx.principal.sees_all_projects(ctx.now());
            let environment = ctx.environment();
            let (behind, over) = (ctx.begin_read().await.unwrap(), ctx.begin_read().await.unwrap());
            over.batch("set local app.project_access = 'all'").await.unwrap();
            for resource in LOOKED_AT {
                for id in &scene.rows[resource] {
                    // Some are hidden for another reason than their project.
                    let Some(record) = found(&scene, &over, resource, id).await else { continue };
                    let Some(project) = record.project() else { continue };
                    looks += 1;
                    let seen = found(&scene, &behind, resource, id).await.is_some();
                    let of = format!("{resource} {id} for {} with THROUGHLINE_SEED={seed}", actor.person.name);
                    assert!(all || !seen || held.contains(&project), "{of}: seen, and nothing is held in its project");
                    hidden += usize::from(!seen);
                    let question = Question {
                        resource_type: record.resource_type(),
                        action: "read",
                        target: record.target(),
                        environment: &environment,
                    };
                    if SINGLE.contains(&resource) || actor.acts_for.is_some() {
                        continue;
                    }
                    let explained = ctx.principal.grants.explain(&question);
                    assert!(
                        seen || !says_yes_for_the_place(&explained),
                        "{of}: hidden, and allowed because {}",
                        explained.reason
                    );
                }
            }
            behind.commit().await.unwrap();
            over.commit().await.unwrap();
        }
    }
    assert!(hidden * 10 > looks, "a proof about walls needs rows behind them: {hidden} of {looks}");
}
