//! What statements about vulnerabilities are about, column by column, with the versions that are meant as keys.

use std::collections::HashMap;

use formats::{
    supply,
    version::{Interval, Scheme, range},
};
use uuid::Uuid;

use super::{case::cut, components::some};

/// Rows of `security.vulnerability_affects`.
#[derive(Default)]
pub(super) struct Affects {
    pub(super) statements: Vec<Uuid>,
    pub(super) positions: Vec<i32>,
    pub(super) references: Vec<String>,
    pub(super) serials: Vec<Option<String>>,
    pub(super) packages: Vec<Option<String>>,
    pub(super) versions: Vec<Option<String>>,
    pub(super) ranges: Vec<Option<String>>,
    pub(super) affected: Vec<bool>,
    /// Whether versions are named.
    pub(super) named: Vec<bool>,
    pub(super) lows: Vec<Option<Vec<u8>>>,
    pub(super) highs: Vec<Option<Vec<u8>>>,
    pub(super) ordered: Vec<bool>,
    pub(super) distributions: Vec<Option<String>>,
    pub(super) products: Vec<Option<String>>,
}

/// Which versions a row means.
#[derive(Default)]
struct Meant {
    version: Option<String>,
    range: Option<String>,
    is_affected: bool,
    is_named: bool,
    interval: Option<Interval>,
    /// Of versions in the interval nobody can tell.
    is_unsure: bool,
}

/// The parts of one range at most; a range with more is kept as it is written and not compared.
const PARTS: usize = 1_000;

impl Affects {
    /// Takes what a statement names in the place `at`. `kinds` are the types of packages that the document's own references lead to.
    pub(super) fn push(
        &mut self,
        statement: Uuid,
        at: usize,
        affected: &supply::Affected,
        kinds: &HashMap<String, String>,
    ) {
        let (serial, reference) = link(&affected.reference);
        let read = formats::package(reference).filter(|one| one.base.chars().count() <= 1000);
        let kind = read.as_ref().map(|one| one.kind.as_str()).or_else(|| kinds.get(reference).map(String::as_str));
        let scheme = kind.and_then(Scheme::of);
        let explicit = |version: &str, is_affected| Meant {
            version: some(Some(version), 1000),
            is_affected,
            is_named: true,
            interval: scheme.and_then(|scheme| scheme.key(version)).map(Interval::of),
            ..Meant::default()
        };
        let mut all = Vec::new();
        if affected.versions.is_empty() {
            all.push(match read.as_ref().and_then(|one| one.version.as_deref()) {
                Some(version) => explicit(version, true),
                None => Meant { is_affected: true, ..Meant::default() },
            });
        }
        for one in &affected.versions {
            let is_affected = one.status.as_deref() != Some("unaffected");
            if !one.is_range {
                all.push(explicit(&one.version, is_affected));
                continue;
            }
            let part = |interval, is_unsure| Meant {
                range: some(Some(&one.version), 2000),
                is_affected,
                is_named: true,
                interval,
                is_unsure,
                ..Meant::default()
            };
            match range(&one.version, kind).filter(|read| read.meant.len() + read.unsure.len() <= PARTS) {
                Some(read) => {
                    all.extend(read.meant.into_iter().map(|interval| part(Some(interval), false)));
                    all.extend(read.unsure.into_iter().map(|interval| part(Some(interval), true)));
                }
                None => all.push(part(None, true)),
            }
        }
        let product = affected.product.as_deref().and_then(formats::package).map(|one| one.base);
        let product =
            product.filter(|base| base.chars().count() <= 1000 && read.as_ref().is_none_or(|own| own.base != *base));
        for meant in all {
            self.statements.push(statement);
            self.positions.push(i32::try_from(at).unwrap_or(i32::MAX - 1) + 1);
            self.references.push(cut(reference, 1000));
            self.serials.push(serial.clone());
            self.packages.push(read.as_ref().map(|one| one.base.clone()));
            self.versions.push(meant.version);
            self.ranges.push(meant.range);
            self.affected.push(meant.is_affected);
            self.named.push(meant.is_named);
            self.ordered.push(meant.interval.is_some() && !meant.is_unsure);
            let (low, high) = meant.interval.map_or((None, None), |interval| (interval.low, interval.high));
            self.lows.push(low);
            self.highs.push(high);
            self.distributions.push(read.as_ref().and_then(|one| some(one.distro.as_deref(), 100)));
            self.products.push(product.clone());
        }
    }
}

/// The document and the reference in it that a link names (`urn:cdx:SERIAL/VERSION#REFERENCE`); anything else is a reference of
/// the same document.
pub(super) fn link(written: &str) -> (Option<String>, &str) {
    let of = written.strip_prefix("urn:cdx:").and_then(|rest| rest.split_once('#'));
    match of {
        Some((document, reference)) => {
            let serial = document.split('/').next().unwrap_or_default().to_ascii_lowercase();
            (Some(cut(&format!("urn:uuid:{serial}"), 200)), reference)
        }
        None => (None, written),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_into_another_document_names_both() {
        let serial = "3e671687-395b-41f5-a30f-a58921a69b79";
        let written = format!("urn:cdx:{serial}/1#pkg:npm/a@1");
        assert_eq!(link(&written), (Some(format!("urn:uuid:{serial}")), "pkg:npm/a@1"));
        assert_eq!(link("component-a"), (None, "component-a"));
    }
}
