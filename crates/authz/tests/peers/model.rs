//! OpenFGA's models, as far as they are read: relations of types, each a union of who is named directly, of other relations, and
//! of relations of what a thing hangs on.

use std::collections::BTreeMap;

/// One way to have a relation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Way {
    /// Named in a tuple; of which types.
    Direct(Vec<String>),
    /// By another relation to the same thing.
    Same(String),
    /// By a relation to what the thing has in another relation.
    From { relation: String, above: String },
    /// By something that is not taken; why.
    Refused(&'static str),
}

/// The relations of every type.
#[derive(Debug, Default)]
pub(crate) struct Model {
    relations: BTreeMap<(String, String), Vec<Way>>,
}

impl Model {
    pub(crate) fn parse(text: &str) -> Self {
        let (mut model, mut kind) = (Self::default(), String::new());
        for line in text.lines().map(str::trim) {
            if let Some(name) = line.strip_prefix("type ") {
                name.trim().clone_into(&mut kind);
            } else if let Some((relation, ways)) = line.strip_prefix("define ").and_then(|rest| rest.split_once(':')) {
                model.relations.insert((kind.clone(), relation.trim().to_owned()), ways_of(ways.trim()));
            }
        }
        model
    }

    pub(crate) fn ways(&self, kind: &str, relation: &str) -> &[Way] {
        self.relations.get(&(kind.to_owned(), relation.to_owned())).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn has(&self, kind: &str, relation: &str) -> bool {
        self.relations.contains_key(&(kind.to_owned(), relation.to_owned()))
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = (&str, &str, &[Way])> {
        self.relations.iter().map(|((kind, relation), ways)| (kind.as_str(), relation.as_str(), ways.as_slice()))
    }
}

fn ways_of(text: &str) -> Vec<Way> {
    if text.contains(" but not ") {
        return vec![Way::Refused(
            "`but not`: no grant takes away what another gives; a condition says when one counts",
        )];
    }
    if text.contains(" and ") {
        return vec![Way::Refused("`and` of two relations: grants add up; a condition on the grant asks for more")];
    }
    text.split(" or ").map(|part| way_of(part.trim().trim_matches(['(', ')']))).collect()
}

fn way_of(part: &str) -> Way {
    if let Some(list) = part.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        let types: Vec<&str> = list.split(',').map(str::trim).collect();
        return match types.as_slice() {
            _ if types.iter().any(|one| one.contains(" with ")) => Way::Refused(
                "a condition in CEL on a tuple: ours are written in JSON, and their types are the columns'",
            ),
            _ if types.iter().any(|one| one.ends_with(":*")) => Way::Refused(
                "`user:*`: nothing is given to everybody; a role that is held automatically, in the whole organisation, comes nearest",
            ),
            _ if types.iter().any(|one| one.contains('#')) => Way::Refused(
                "a relation is given to those who have another one, such as the members of a group: teams are asked for in conditions",
            ),
            _ => Way::Direct(types.into_iter().map(str::to_owned).collect()),
        };
    }
    match part.split_once(" from ") {
        Some((relation, above)) => Way::From { relation: relation.trim().to_owned(), above: above.trim().to_owned() },
        None => Way::Same(part.to_owned()),
    }
}
