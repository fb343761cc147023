//! A list is what a check lets through: whatever the policy, whoever asks, and by whichever way the rows are asked for.
//!
//! `THROUGHLINE_ROUNDS=100` proves for longer; `THROUGHLINE_SEED=7` repeats one round, which a failure names together with the
//! smallest part of its policy that still fails.

use rand::{SeedableRng as _, rngs::StdRng};

use crate::{
    access_policy::{Piece, put, random_policy},
    access_scene::{LOOKED_AT, Scene},
    access_ways::{Asking, Differs},
};

/// Leaves pieces out of a policy for as long as it still fails in the same way: many at once, then fewer, then each.
async fn smallest(scene: &Scene, seed: u64, mut pieces: Vec<Piece>, mut last: Differs) -> (Vec<Piece>, Differs) {
    let mut many = pieces.len() / 2;
    while many > 0 {
        let mut end = pieces.len();
        while end > 0 {
            let start = end.saturating_sub(many);
            let fewer = [&pieces[..start], &pieces[end..]].concat();
            end = start;
            // A role that is not there cannot be given; such a policy is none.
            if put(scene, &fewer).await.is_err() {
                continue;
            }
            match Asking::new(scene, last.who, seed, &last.resources).await.agrees().await {
                Err(still) if still.way == last.way && still.resource == last.resource => {
                    (pieces, last) = (fewer, still);
                    end = end.min(pieces.len());
                }
                _ => {}
            }
        }
        many /= 2;
    }
    (pieces, last)
}

#[tokio::test]
async fn a_list_is_what_a_check_lets_through() {
    let said = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let rounds = match said("THROUGHLINE_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..said("THROUGHLINE_ROUNDS").unwrap_or(4),
    };
    // The rows are the same in every round; the policies are not.
    let scene = Scene::new(&mut StdRng::seed_from_u64(2026)).await;
    let (mut checks, mut allowed) = (0, 0);
    for seed in rounds {
        let policy = random_policy(&scene, &mut StdRng::seed_from_u64(seed));
        put(&scene, &policy).await.unwrap();
        for who in 0..scene.people.len() {
            let mut asking = Asking::new(&scene, who, seed, &LOOKED_AT).await;
            let Err(differs) = asking.agrees().await else {
                checks += asking.checks;
                allowed += asking.yes();
                continue;
            };
            let (pieces, Differs { way, resource, missing, besides, .. }) =
                smallest(&scene, seed, policy, differs).await;
            let says: Vec<&str> = pieces.iter().map(|piece| piece.says.as_str()).collect();
            panic!(
                "THROUGHLINE_SEED={seed}: {way} of {resource} for {} is not what the check says: missing are {missing:?}, \
                 and there are besides {besides:?}, under\n{}",
                scene.people[who].person.name,
                says.join(";\n")
            );
        }
    }
    if said("THROUGHLINE_SEED").is_none() && said("THROUGHLINE_ROUNDS").is_none() {
        assert!(checks >= 10_000, "only {checks} checks were compared with lists");
    }
    assert!(allowed * 50 > checks, "a proof about lists needs some that are not empty: {allowed} of {checks}");
    eprintln!("{checks} checks, of which {allowed} said yes");
}
