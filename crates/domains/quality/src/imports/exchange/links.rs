//! Links between records: hierarchy, traces and dependencies, as far as both ends are here.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use kernel::Tx;
use uuid::Uuid;

use super::{
    super::{
        job::{Job, Stop},
        summary::Summary,
    },
    BATCH, Wanted,
    words::{Linked, Target, Words},
};

const ENTITIES: &str = include_str!("../../../sql/exchange_entities.sql");
const LINKS: &str = include_str!("../../../sql/exchange_links.sql");
const DEPENDENCY: &str = include_str!("../../../sql/exchange_dependency.sql");

/// Stores the links of all records. Those that were stored before and are no longer in the file stay.
#[allow(clippy::too_many_arguments)]
pub(super) async fn store(
    tx: &Tx,
    job: &Job,
    system: &str,
    wanted: &[Wanted],
    stored: &HashMap<String, (Uuid, Target)>,
    above: &HashMap<String, String>,
    words: &Words<'_>,
    summary: &mut Summary,
) -> Result<(), Stop> {
    let elsewhere = elsewhere(tx, job, system, wanted, stored).await?;
    let end = |name: &str| stored.get(name).or_else(|| elsewhere.get(name)).copied();
    let mut traces: BTreeSet<(Uuid, Uuid, &'static str)> = BTreeSet::new();
    let mut waits: BTreeSet<(Uuid, Uuid)> = BTreeSet::new();
    let mut missing: BTreeMap<&str, u64> = BTreeMap::new();
    for one in wanted {
        let Some(own) = end(&one.external_id) else { continue };
        if let Some(parent) = parent(one, above, &end)
            && let Linked::Trace(kind) = words.link("parent", own.1, parent.1)
        {
            traces.insert((own.0, parent.0, kind));
        }
        for link in &one.record.links {
            let Some(other) = end(&link.target) else {
                *missing.entry(link.target.as_str()).or_default() += 1;
                continue;
            };
            let (source, target) = if link.is_inward { (other, own) } else { (own, other) };
            if source.0 == target.0 {
                continue;
            }
            match words.link(&link.kind, source.1, target.1) {
                Linked::Trace(kind) => _ = traces.insert((source.0, target.0, kind)),
                Linked::DependsOn => _ = waits.insert((source.0, target.0)),
                Linked::Blocks => _ = waits.insert((target.0, source.0)),
                Linked::LeftOut => {}
            }
        }
    }
    let traces: Vec<(Uuid, Uuid, &'static str)> = traces.into_iter().collect();
    for some in traces.chunks(BATCH) {
        let sources: Vec<Uuid> = some.iter().map(|(source, ..)| *source).collect();
        let targets: Vec<Uuid> = some.iter().map(|(_, target, _)| *target).collect();
        let kinds: Vec<&str> = some.iter().map(|(.., kind)| *kind).collect();
        let made = tx.execute(LINKS, &[&job.project, &sources, &targets, &kinds]).await?;
        summary.count("trace_links", made, 0, some.len() as u64 - made);
    }
    let mut circles = 0_u64;
    for (source, target) in waits {
        let row = tx.query_one(DEPENDENCY, &[&job.project, &source, &target]).await?;
        if row.try_get("closes")? {
            circles += 1;
            continue;
        }
        let made = u64::from(row.try_get::<_, bool>("made")?);
        summary.count("requirement_dependencies", made, 0, 1 - made);
    }
    if circles > 0 {
        summary.warn(format!("{circles} dependencies would close a circle and were left out"));
    }
    if !missing.is_empty() {
        let names: Vec<&str> = missing.keys().take(10).copied().collect();
        let more = if missing.len() > names.len() { " and others" } else { "" };
        summary.warn(format!(
            "{} links lead to records that are not here ({}{more}); they are kept with their records and become links when the others have come",
            missing.values().sum::<u64>(),
            names.join(", ")
        ));
    }
    Ok(())
}

/// The nearest record above that is one here: headings are passed through.
fn parent(
    one: &Wanted,
    above: &HashMap<String, String>,
    end: &dyn Fn(&str) -> Option<(Uuid, Target)>,
) -> Option<(Uuid, Target)> {
    let mut name = one.record.parent.as_deref()?;
    // Circles were cut by the reader.
    loop {
        if let Some(found) = end(name) {
            return (name != one.external_id).then_some(found);
        }
        name = above.get(name)?;
    }
}

/// Records that the file refers to and does not hold, where they are known here.
async fn elsewhere(
    tx: &Tx,
    job: &Job,
    system: &str,
    wanted: &[Wanted],
    stored: &HashMap<String, (Uuid, Target)>,
) -> Result<HashMap<String, (Uuid, Target)>, Stop> {
    let names: BTreeSet<&str> = wanted
        .iter()
        .flat_map(|one| one.record.links.iter().map(|link| link.target.as_str()).chain(one.record.parent.as_deref()))
        .filter(|name| !stored.contains_key(*name))
        .collect();
    let names: Vec<&str> = names.into_iter().collect();
    let mut found = HashMap::new();
    for some in names.chunks(BATCH) {
        for row in tx.query(ENTITIES, &[&job.project, &system, &some]).await? {
            let target = match row.try_get::<_, &str>(2)? {
                "requirement" => Target::Requirement,
                "defect" => Target::Defect,
                _ => continue,
            };
            found.entry(row.try_get(0)?).or_insert((row.try_get(1)?, target));
        }
    }
    Ok(found)
}
