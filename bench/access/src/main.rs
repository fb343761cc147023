//! P4: what one decision costs. The same policy is put into the engine and into its peers, the same questions are asked of all in
//! turn, in one process, and every single decision is timed. Prints one line of JSON for each; `script/bench P4` reads them.
//!
//! The policy: 10,000 people; 1,000 roles in chains of eight, of which each has what those above it have and three permissions of its
//! own; and as many assignments of roles to people as the argument says. Half of what is asked is granted.

mod engine;
mod peers;

use std::{hint::black_box, time::Instant};

use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use serde_json::json;

/// Whatever goes wrong.
type Failure = Box<dyn std::error::Error + Send + Sync>;

const PEOPLE: u32 = 10_000;
const ROLES: u32 = 1_000;
const DEPTH: u32 = 8;
const KINDS: u32 = 50;
const ACTIONS: u32 = 5;

/// The policy, as numbers.
struct Policy {
    /// What each role has itself: pairs of kind and action.
    own: Vec<Vec<(u32, u32)>>,
    /// The roles of each person.
    held: Vec<Vec<u32>>,
    /// Whether every permission asks for an open record.
    under_condition: bool,
}

/// May `person` do `action` to a thing of `kind` that is open or not?
#[derive(Clone, Copy)]
struct Asked {
    person: u32,
    kind: u32,
    action: u32,
    is_open: bool,
}

impl Policy {
    fn new(grants: u32, under_condition: bool) -> Self {
        let mut random = StdRng::seed_from_u64(4);
        let pair = |random: &mut StdRng| (random.random_range(0..KINDS), random.random_range(0..ACTIONS));
        let own = (0..ROLES).map(|_| (0..3).map(|_| pair(&mut random)).collect()).collect();
        let mut held = vec![Vec::new(); PEOPLE as usize];
        for _ in 0..grants {
            held[random.random_range(0..PEOPLE) as usize].push(random.random_range(0..ROLES));
        }
        Self { own, held, under_condition }
    }

    /// The role above, whose permissions it has too.
    fn above(role: u32) -> Option<u32> {
        (!role.is_multiple_of(DEPTH)).then(|| role - 1)
    }

    /// What the answer has to be.
    fn allows(&self, asked: Asked) -> bool {
        let has = |role: u32| self.own[role as usize].contains(&(asked.kind, asked.action));
        (!self.under_condition || asked.is_open)
            && self.held[asked.person as usize].iter().any(|role| (role - role % DEPTH..=*role).any(has))
    }

    /// Questions of which about half are granted, if anybody holds anything.
    fn questions(&self, count: usize) -> Vec<Asked> {
        let mut random = StdRng::seed_from_u64(44);
        (0..count)
            .map(|at| {
                let person = random.random_range(0..PEOPLE);
                let held = &self.held[person as usize];
                let (kind, action) = if at % 2 == 0 && !held.is_empty() {
                    let role = held[random.random_range(0..held.len())];
                    let top = role - role % DEPTH;
                    let own = &self.own[random.random_range(top..=role) as usize];
                    own[random.random_range(0..own.len())]
                } else {
                    (random.random_range(0..KINDS), random.random_range(0..ACTIONS))
                };
                Asked { person, kind, action, is_open: at % 8 != 0 }
            })
            .collect()
    }
}

/// Something that decides.
trait Decider {
    /// Its name in the report.
    fn name(&self) -> &'static str;
    /// Gets ready for a question outside the time that is taken: what a server has at hand when it is asked.
    fn ready(&mut self, _: Asked) {}
    /// The answer.
    fn decide(&mut self, asked: Asked) -> bool;
}

/// The times of decisions, each by itself, in nanoseconds; a wrong answer ends everything.
fn timed(decider: &mut dyn Decider, policy: &Policy, questions: &[Asked]) -> Vec<u64> {
    questions
        .iter()
        .map(|asked| {
            decider.ready(*asked);
            let start = Instant::now();
            let answer = black_box(decider.decide(black_box(*asked)));
            let taken = start.elapsed();
            assert_eq!(answer, policy.allows(*asked), "{} answers wrongly", decider.name());
            u64::try_from(taken.as_nanos()).unwrap_or(u64::MAX)
        })
        .collect()
}

fn quantile(times: &mut [u64], of: f64) -> u64 {
    times.sort_unstable();
    times[((times.len() - 1) as f64 * of) as usize]
}

fn main() -> Result<(), Failure> {
    let arguments: Vec<u32> = std::env::args().skip(1).map(|text| text.parse()).collect::<Result<_, _>>()?;
    let [rounds, sizes @ ..] = arguments.as_slice() else {
        return Err("say how many rounds, and how many grants".into());
    };
    for grants in sizes {
        for under_condition in [false, true] {
            let policy = Policy::new(*grants, under_condition);
            let mut deciders: Vec<(Box<dyn Decider>, usize)> = vec![
                (Box::new(engine::Engine::new(&policy)?), 20_000),
                (Box::new(engine::FromRows::new(&policy)?), 2_000),
                (Box::new(peers::Cedar::new(&policy)?), 300),
                (Box::new(peers::Rego::new(&policy)?), 300),
                (Box::new(peers::Casbin::new(&policy)?), 20),
            ];
            // What a look at the clock costs by itself is in every time; it is taken out.
            let clock =
                quantile(&mut (0..20_000).map(|_| Instant::now().elapsed().as_nanos() as u64).collect::<Vec<_>>(), 0.5);
            for round in 0..=*rounds {
                for (decider, count) in &mut deciders {
                    let mut times = timed(decider.as_mut(), &policy, &policy.questions(*count));
                    // The first round only warms up.
                    if round > 0 {
                        let (p50, p95) = (quantile(&mut times, 0.5), quantile(&mut times, 0.95));
                        let line = json!({
                            "name": decider.name(), "grants": grants, "condition": under_condition,
                            "p50_ns": p50.saturating_sub(clock), "p95_ns": p95.saturating_sub(clock),
                        });
                        println!("{line}");
                    }
                }
            }
        }
    }
    Ok(())
}
