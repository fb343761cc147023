//! CSAF 2.0 and 2.1 (OASIS): security advisories and VEX. The product tree tells which package each product is.

use std::collections::{BTreeMap, HashMap};

use super::{Affected, AffectedVersion, Analysis, Dialect, Gathered, Severity, Vulnerability, texts};
use crate::json::Value;
use crate::purl;

/// Branches inside one another.
const DEPTH: usize = 100;

pub(super) fn check(head: &Value) -> Result<(), String> {
    let version = head.at(&["document", "csaf_version"]).and_then(Value::text).unwrap_or_default();
    match version {
        "2.0" | "2.1" => Ok(()),
        other => Err(format!(
            "it says it is CSAF `{}`; this server reads 2.0 and 2.1",
            other.chars().take(40).collect::<String>()
        )),
    }
}

/// A product of the tree.
#[derive(Debug, Clone, Default)]
struct Product {
    name: String,
    /// Package URLs; a product can have several.
    purls: Vec<String>,
    /// The versions meant, where a branch names a range.
    range: Option<String>,
    /// The product that it is a part of.
    of: Option<String>,
}

pub(super) struct Csaf<'a> {
    head: &'a Value,
    products: HashMap<String, Product>,
    groups: HashMap<&'a str, Vec<String>>,
}

impl<'a> Csaf<'a> {
    pub(super) fn of(head: &'a Value) -> Self {
        let mut all = Self { head, products: HashMap::new(), groups: HashMap::new() };
        let Some(tree) = head.get("product_tree") else { return all };
        for product in tree.items_of("full_product_names") {
            all.product(product, None);
        }
        all.branches(tree.items_of("branches"), None, 0);
        for relationship in tree.items_of("relationships") {
            all.relationship(relationship);
        }
        for group in tree.items_of("product_groups") {
            if let Some(id) = group.get("group_id").and_then(Value::text) {
                all.groups.insert(id, texts(group.get("product_ids")));
            }
        }
        all
    }

    fn product(&mut self, value: &Value, range: Option<&str>) -> Option<String> {
        let id = value.text_of("product_id")?;
        let helper = value.get("product_identification_helper");
        let mut purls: Vec<String> = helper.and_then(|helper| helper.text_of("purl")).into_iter().collect();
        purls.extend(helper.into_iter().flat_map(|helper| texts(helper.get("purls"))));
        let name = value.text_of("name").unwrap_or_else(|| id.clone());
        self.products.insert(id.clone(), Product { name, purls, range: range.map(str::to_owned), of: None });
        Some(id)
    }

    fn branches(&mut self, branches: &[Value], range: Option<&str>, depth: usize) {
        if depth > DEPTH {
            return;
        }
        for branch in branches {
            let is_range = branch.get("category").and_then(Value::text) == Some("product_version_range");
            let range = if is_range { branch.get("name").and_then(Value::text) } else { range };
            if let Some(product) = branch.get("product") {
                self.product(product, range);
            }
            self.branches(branch.items_of("branches"), range, depth + 1);
        }
    }

    /// One product as a part of another: the package is that of the part.
    fn relationship(&mut self, value: &Value) {
        let Some(full) = value.get("full_product_name") else { return };
        let part = value.text_of("product_reference").and_then(|id| self.products.get(&id).cloned());
        let whole = value.text_of("relates_to_product_reference").and_then(|id| self.products.get(&id).cloned());
        let Some(id) = self.product(full, None) else { return };
        if let (Some(own), Some(part)) = (self.products.get_mut(&id), part) {
            if own.purls.is_empty() {
                own.purls = part.purls;
                own.of = whole.and_then(|whole| whole.purls.into_iter().next());
            }
            own.range = own.range.take().or(part.range);
        }
    }

    /// What these products are, as things that can be looked for.
    fn affected(&self, ids: &[String]) -> Vec<Affected> {
        let mut all = Vec::new();
        for id in ids {
            let Some(product) = self.products.get(id) else {
                all.push(Affected { reference: id.clone(), ..Affected::default() });
                continue;
            };
            let versions = |has_version: bool| match &product.range {
                Some(range) if !has_version => {
                    vec![AffectedVersion { version: range.clone(), is_range: true, status: None }]
                }
                _ => Vec::new(),
            };
            if product.purls.is_empty() {
                all.push(Affected {
                    reference: product.name.clone(),
                    product: product.of.clone(),
                    versions: versions(false),
                });
            }
            for url in &product.purls {
                let has_version = purl::package(url).is_some_and(|package| package.version.is_some());
                all.push(Affected {
                    reference: url.clone(),
                    product: product.of.clone(),
                    versions: versions(has_version),
                });
            }
        }
        all
    }

    /// Products named themselves and by their groups.
    fn ids(&self, value: &Value) -> Vec<String> {
        let mut all = texts(value.get("product_ids"));
        for group in texts(value.get("group_ids")) {
            all.extend(self.groups.get(group.as_str()).into_iter().flatten().cloned());
        }
        all
    }

    /// What entries of a list say of each product, and what they say of all.
    fn said<'v>(&self, entries: impl Iterator<Item = &'v Value>, member: &str) -> Said {
        let mut said = Said::default();
        for entry in entries {
            let Some(text) = entry.text_of(member) else { continue };
            let ids = self.ids(entry);
            if ids.is_empty() {
                said.of_all.get_or_insert(text);
            } else {
                for id in ids {
                    said.of.entry(id).or_insert_with(|| text.clone());
                }
            }
        }
        said
    }
}

/// Texts by product.
#[derive(Default)]
struct Said {
    of: HashMap<String, String>,
    of_all: Option<String>,
}

impl Said {
    fn get(&self, product: &str) -> Option<String> {
        self.of.get(product).or(self.of_all.as_ref()).cloned()
    }
}

/// Statuses by what they come to.
const STATUSES: [(&str, &str); 8] = [
    ("known_not_affected", "not_affected"),
    ("fixed", "resolved"),
    ("first_fixed", "resolved"),
    ("known_affected", "exploitable"),
    ("first_affected", "exploitable"),
    ("last_affected", "exploitable"),
    ("under_investigation", "in_triage"),
    ("unknown", "in_triage"),
];

/// State, justification, detail and recommendation of products.
type Statement = (&'static str, Option<String>, Option<String>, Option<String>);

impl Dialect for Csaf<'_> {
    fn take(&mut self, _: usize, _: usize, item: &Value, out: &mut Gathered) -> Result<(), String> {
        let others: Vec<String> = item.items_of("ids").iter().filter_map(|one| one.text_of("text")).collect();
        let id = item.text_of("cve").or_else(|| others.first().cloned()).unwrap_or_default();
        let scores: Vec<f64> = item
            .items_of("scores")
            .iter()
            .chain(item.items_of("metrics"))
            .filter_map(|score| {
                let content = score.get("content").unwrap_or(score);
                let cvss = ["cvss_v4", "cvss_v3", "cvss_v2"].iter().find_map(|name| content.get(name))?;
                cvss.get("baseScore").and_then(Value::number)
            })
            .filter(|score| (0.0..=10.0).contains(score))
            .collect();
        let score = scores.iter().copied().reduce(f64::max);
        let note = |category: &str| {
            let mut notes = item.items_of("notes").iter();
            notes
                .find(|one| one.get("category").and_then(Value::text) == Some(category))
                .and_then(|one| one.text_of("text"))
        };
        let cwes = item.items_of("cwes").iter().chain(item.get("cwe"));
        let base = Vulnerability {
            aliases: others.into_iter().filter(|name| *name != id).collect(),
            id,
            source: self.head.at(&["document", "publisher", "name"]).and_then(Value::text).map(str::to_owned),
            severity: score.map(Severity::of_score).or_else(|| {
                Severity::of(self.head.at(&["document", "aggregate_severity", "text"]).and_then(Value::text)?)
            }),
            score,
            ratings: scores.len() as u64,
            description: note("description").or_else(|| note("summary")).or_else(|| item.text_of("title")),
            cwes: cwes.filter_map(|one| one.text_of("id")?.strip_prefix("CWE-")?.parse().ok()).collect(),
            ..Vulnerability::default()
        };
        // Products of one status and one reason are one statement.
        let mut statements: BTreeMap<Statement, Vec<String>> = BTreeMap::new();
        let labels = self.said(item.items_of("flags").iter(), "label");
        let is_impact = |one: &&Value| one.get("category").and_then(Value::text) == Some("impact");
        let impacts = self.said(item.items_of("threats").iter().filter(is_impact), "details");
        let advice = self.said(item.items_of("remediations").iter(), "details");
        for (status, state) in STATUSES {
            for id in texts(item.at(&["product_status", status])) {
                let justification = if state == "not_affected" { labels.get(&id) } else { None };
                let detail = if state == "resolved" { None } else { impacts.get(&id) };
                let recommendation = if state == "not_affected" { None } else { advice.get(&id) };
                statements.entry((state, justification, detail, recommendation)).or_default().push(id);
            }
        }
        if statements.is_empty() {
            out.vulnerability(base);
            return Ok(());
        }
        for ((state, justification, detail, recommendation), ids) in statements {
            out.vulnerability(Vulnerability {
                analysis: Some(Analysis { state: Some(state.to_owned()), justification, detail }),
                recommendation,
                affects: self.affected(&ids),
                ..base.clone()
            });
        }
        Ok(())
    }

    fn end(&mut self, out: &mut Gathered) -> Result<(), String> {
        let text = |path: &[&str]| self.head.at(path).and_then(Value::text).map(str::to_owned);
        out.totals.spec_version = text(&["document", "csaf_version"]).unwrap_or_default();
        out.totals.serial_number = text(&["document", "tracking", "id"]);
        Ok(())
    }
}
