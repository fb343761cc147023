//! In which order the files of a request are imported: requirements before the reports that name them, and every
//! requirement after those it depends on, so that the order in which files were sent does not matter.

use std::collections::HashMap;

use formats::{Format, Limits, Recognised, requirement};
use kernel::{Ctx, Error};
use std::path::Path;
use uuid::Uuid;

use super::source::Source;

const WAITING_IMPORTS: &str = include_str!("../../sql/waiting_imports.sql");

/// An import with its place in the order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Planned {
    pub(crate) id: Uuid,
    pub(crate) spool_path: Option<String>,
    /// Keys this requirement depends on which depend on it again.
    pub(crate) circles: Vec<String>,
}

/// A requirement of the request.
struct Document {
    place: usize,
    depends_on: Vec<String>,
}

/// The waiting ones of the given imports, in the order in which to import them.
///
/// # Errors
/// When the database or the disk fails.
pub(crate) async fn plan(ctx: &Ctx, spool: &Path, ids: &[Uuid]) -> Result<Vec<Planned>, Error> {
    let tx = ctx.begin_read().await?;
    let rows = tx.query(WAITING_IMPORTS, &[&ids]).await?;
    tx.commit().await?;
    let mut waiting: HashMap<Uuid, Option<String>> = HashMap::with_capacity(rows.len());
    for row in rows {
        waiting.insert(row.try_get(0)?, row.try_get(1)?);
    }
    let mut planned = Vec::with_capacity(waiting.len());
    for id in ids {
        if let Some(spool_path) = waiting.remove(id) {
            planned.push(Planned { id: *id, spool_path, circles: Vec::new() });
        }
    }
    if planned.len() < 2 {
        return Ok(planned);
    }
    let mut documents = HashMap::new();
    let mut keys = Vec::new();
    for (place, one) in planned.iter().enumerate() {
        let Some(path) = super::spooled(spool, one.spool_path.as_deref()) else { continue };
        let source = Source::new(&path);
        if !matches!(source.recognise().await?, Some((_, Recognised::Format(Format::Requirement)))) {
            continue;
        }
        let read = source.read(|file| requirement::read(file, &Limits::default())).await?;
        // One that cannot be read is told why when its turn comes.
        if let Ok(requirement) = read {
            keys.push(requirement.key.clone());
            documents.entry(requirement.key).or_insert(Document { place, depends_on: requirement.depends_on });
        }
    }
    Ok(arrange(planned, &keys, &documents))
}

fn arrange(mut planned: Vec<Planned>, keys: &[String], documents: &HashMap<String, Document>) -> Vec<Planned> {
    let mut order = Vec::with_capacity(planned.len());
    let mut state: HashMap<&str, bool> = HashMap::new();
    for key in keys {
        // A walk that keeps its own stack: chains of requirements may be longer than ours.
        let mut stack = vec![(key.as_str(), 0)];
        while let Some((key, next)) = stack.pop() {
            let Some(document) = documents.get(key) else { continue };
            if next == 0 && state.insert(key, false).is_some() {
                // Done before, as something another one depends on.
                state.insert(key, true);
                continue;
            }
            let Some(needed) = document.depends_on.get(next) else {
                state.insert(key, true);
                order.push(document.place);
                continue;
            };
            stack.push((key, next + 1));
            match state.get(needed.as_str()) {
                Some(false) => planned[document.place].circles.push(needed.clone()),
                Some(true) => {}
                None => stack.push((needed, 0)),
            }
        }
    }
    let mut is_placed = vec![false; planned.len()];
    for place in &order {
        is_placed[*place] = true;
    }
    order.extend((0..planned.len()).filter(|place| !is_placed[*place]));
    let mut slots: Vec<Option<Planned>> = planned.into_iter().map(Some).collect();
    order.into_iter().filter_map(|place| slots[place].take()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arranged(files: &[(&str, &[&str])]) -> Vec<(String, Vec<String>)> {
        let planned: Vec<Planned> = files
            .iter()
            .enumerate()
            .map(|(at, _)| Planned { id: Uuid::from_u128(at as u128), spool_path: None, circles: Vec::new() })
            .collect();
        let mut documents = HashMap::new();
        let mut keys = Vec::new();
        for (place, (key, depends_on)) in files.iter().enumerate().filter(|(_, (key, _))| !key.is_empty()) {
            keys.push((*key).to_owned());
            let depends_on = depends_on.iter().map(|key| (*key).to_owned()).collect();
            documents.insert((*key).to_owned(), Document { place, depends_on });
        }
        arrange(planned, &keys, &documents)
            .into_iter()
            .map(|one| (files[one.id.as_u128() as usize].0.to_owned(), one.circles))
            .collect()
    }

    fn keys(arranged: &[(String, Vec<String>)]) -> Vec<&str> {
        arranged.iter().map(|(key, _)| key.as_str()).collect()
    }

    #[test]
    fn requirements_come_after_what_they_depend_on_and_before_reports() {
        let order = arranged(&[("", &[]), ("C", &["B", "A"]), ("A", &[]), ("B", &["A", "elsewhere"])]);
        assert_eq!(keys(&order), ["A", "B", "C", ""]);
    }

    #[test]
    fn a_circle_is_cut_once_and_named() {
        let order = arranged(&[("A", &["B"]), ("B", &["C"]), ("C", &["A"])]);
        assert_eq!(keys(&order), ["C", "B", "A"]);
        assert_eq!(order[0].1, ["A"]);
        assert!(order[1].1.is_empty() && order[2].1.is_empty());
    }

    #[test]
    fn one_that_needs_itself_stands_alone() {
        let order = arranged(&[("A", &["A"])]);
        assert_eq!(order, [("A".to_owned(), vec!["A".to_owned()])]);
    }
}
