//! What the words of a row mean: records of the project that the caller may read, criteria, and a type that joins the two.

use std::collections::{BTreeSet, HashMap};

use kernel::{Ctx, Error, Tx, query_readable};
use uuid::Uuid;

use super::{
    RowError,
    rows::{Row, fault},
};

const RESOLVE: &str = include_str!("../../sql/resolve_ends.sql");
const CRITERIA: &str = include_str!("../../sql/resolve_criteria.sql");
const PAIRS: &str = "select source_type, link_type, target_type, is_usual from reference.trace_link_pairs";
const WHY_NOT: &str = "select work.why_not_linked($1, $2, $3)";
const TYPES: [&str; 6] = ["satisfies", "implements", "verifies", "affects", "mitigates", "derives_from"];

/// A link with both ends found.
#[derive(Debug, Clone)]
pub(super) struct Meant {
    pub(super) source: Uuid,
    pub(super) target: Uuid,
    pub(super) link_type: String,
    pub(super) criterion: Option<Uuid>,
}

impl Meant {
    /// The link as people say it.
    pub(super) fn words(&self, row: &Row) -> String {
        let part = row.criterion.map(|place| format!(", criterion {place}")).unwrap_or_default();
        format!("{} {} {}{part}", row.source, self.link_type.replace('_', " "), row.target)
    }
}

/// `REQ-12`: the letters of a kind and a number without leading zeros, whatever their case.
pub(super) fn is_key(text: &str) -> bool {
    text.split_once('-').is_some_and(|(kind, number)| {
        (2..=10).contains(&kind.len())
            && kind.bytes().all(|byte| byte.is_ascii_alphabetic())
            && (1..=15).contains(&number.len())
            && !number.starts_with('0')
            && number.bytes().all(|byte| byte.is_ascii_digit())
    })
}

/// The hash of a commit, SHA-1 or SHA-256.
fn is_hash(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// One spelling for each way to name a record.
fn canonical(text: &str) -> String {
    if is_key(text) {
        text.to_ascii_uppercase()
    } else if is_hash(text) || Uuid::try_parse(text).is_ok() {
        text.to_ascii_lowercase()
    } else {
        text.to_owned()
    }
}

/// What was found for a whole list.
pub(super) struct Ends {
    /// Records and their kinds, by the words that name them.
    records: HashMap<String, Vec<(Uuid, String)>>,
    criteria: HashMap<(Uuid, i32), Uuid>,
    pairs: HashMap<(String, String), Vec<(String, bool)>>,
}

impl Ends {
    pub(super) async fn of(ctx: &Ctx, tx: &Tx, project: Uuid, rows: &[Row]) -> Result<Self, Error> {
        let texts: BTreeSet<String> = rows
            .iter()
            .flat_map(|row| [canonical(&row.source), canonical(&row.target)])
            .filter(|text| !text.is_empty() && !text.contains('\0'))
            .collect();
        let (mut keys, mut ids, mut hashes, mut names) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for text in texts {
            match Uuid::try_parse(&text) {
                Ok(id) if text.len() == 36 => ids.push(id),
                _ if is_key(&text) => keys.push(text),
                _ if is_hash(&text) => hashes.push(text),
                _ => names.push(text),
            }
        }
        let mut records: HashMap<String, Vec<(Uuid, String)>> = HashMap::new();
        for row in query_readable(ctx, tx, Some(&[project]), RESOLVE, &[&project, &keys, &ids, &hashes, &names]).await?
        {
            records.entry(row.try_get(0)?).or_default().push((row.try_get(1)?, row.try_get(2)?));
        }
        let of: Vec<Uuid> = rows
            .iter()
            .filter(|row| row.criterion.is_some())
            .filter_map(|row| records.get(&canonical(&row.target)))
            .flatten()
            .map(|(id, _)| *id)
            .collect();
        let mut criteria = HashMap::new();
        if !of.is_empty() {
            for row in tx.query(CRITERIA, &[&project, &of]).await? {
                criteria.insert((row.try_get(0)?, row.try_get(1)?), row.try_get(2)?);
            }
        }
        let mut pairs: HashMap<(String, String), Vec<(String, bool)>> = HashMap::new();
        for row in tx.query(PAIRS, &[]).await? {
            let ends = (row.try_get(0)?, row.try_get(2)?);
            pairs.entry(ends).or_default().push((row.try_get(1)?, row.try_get(3)?));
        }
        Ok(Self { records, criteria, pairs })
    }

    fn one(&self, row: &Row, field: &str, text: &str) -> Result<(Uuid, &str), RowError> {
        let named: String = text.chars().take(80).collect();
        if text.is_empty() {
            return Err(fault(row.line, field, "is required"));
        }
        match self.records.get(&canonical(text)).map(Vec::as_slice) {
            Some([(id, kind)]) => Ok((*id, kind)),
            Some([_, _, ..]) => {
                let detail = format!("`{named}` is the name of several tests; give the key of the one that is meant");
                Err(fault(row.line, field, detail))
            }
            _ => Err(fault(row.line, field, format!("`{named}` names no record of this project that you may see"))),
        }
    }

    /// What a row means, or everything that is wrong with it.
    pub(super) async fn meant(&self, tx: &Tx, row: &Row) -> Result<Result<Meant, Vec<RowError>>, Error> {
        let (source, target) = (self.one(row, "source", &row.source), self.one(row, "target", &row.target));
        let ((source, source_type), (target, target_type)) = match (source, target) {
            (Ok(source), Ok(target)) => (source, target),
            (source, target) => return Ok(Err([source.err(), target.err()].into_iter().flatten().collect())),
        };
        let mut faults = Vec::new();
        if source == target {
            faults.push(fault(row.line, "target", "must not be the record itself"));
        }
        let criterion = match row.criterion {
            None => None,
            Some(place) => {
                let found = self.criteria.get(&(target, place)).copied();
                if found.is_none() {
                    faults.push(fault(row.line, "criterion", format!("{} has no criterion {place}", row.target)));
                }
                found
            }
        };
        let between = self.pairs.get(&(source_type.to_owned(), target_type.to_owned())).map_or(&[][..], Vec::as_slice);
        let link_type = match &row.link_type {
            Some(wanted) if !TYPES.contains(&wanted.as_str()) => {
                faults.push(fault(row.line, "link_type", format!("must be one of {}", TYPES.join(", "))));
                return Ok(Err(faults));
            }
            Some(wanted) => between.iter().find(|(link_type, _)| link_type == wanted).map(|(link_type, _)| link_type),
            None => between.iter().find(|(_, is_usual)| *is_usual).map(|(link_type, _)| link_type),
        };
        let Some(link_type) = link_type else {
            let detail = match &row.link_type {
                Some(wanted) => {
                    tx.query_one(WHY_NOT, &[wanted, &source_type, &target_type]).await?.try_get::<_, String>(0)?
                }
                None if between.is_empty() => {
                    let words = |kind: &str| kind.replace('_', " ");
                    format!("no type of link leads from a {} to a {}", words(source_type), words(target_type))
                }
                None => {
                    let types: Vec<&str> = between.iter().map(|(link_type, _)| link_type.as_str()).collect();
                    format!("is needed between these two: {}", types.join(" or "))
                }
            };
            faults.push(fault(row.line, "link_type", detail));
            return Ok(Err(faults));
        };
        if !faults.is_empty() {
            return Ok(Err(faults));
        }
        Ok(Ok(Meant { source, target, link_type: link_type.clone(), criterion }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_spelling_for_each_way_to_name_a_record() {
        assert_eq!(canonical("req-12"), "REQ-12");
        assert_eq!(canonical("Refunds a payment"), "Refunds a payment");
        assert_eq!(canonical(&"AB".repeat(20)), "ab".repeat(20));
        for other in ["REQ-0", "REQ-012", "R-1", "REQ-1a", "REQ"] {
            assert!(!is_key(other), "{other}");
        }
    }
}
