//! OpenVEX 0.0.1 to 0.2: what was found out about vulnerabilities in products.

use super::{Affected, Analysis, Dialect, Gathered, Vulnerability, texts};
use crate::json::Value;

pub(super) fn check(head: &Value) -> Result<(), String> {
    match texts(head.get("@context")).iter().any(|context| context.contains("openvex")) {
        true => Ok(()),
        false => Err("its @context is not that of OpenVEX".to_owned()),
    }
}

pub(super) struct OpenVex<'a> {
    head: &'a Value,
}

impl<'a> OpenVex<'a> {
    pub(super) fn of(head: &'a Value) -> Self {
        Self { head }
    }
}

/// The package URL of a product or a part of one, else what it is called.
fn name(value: &Value) -> Option<String> {
    let text = value.text().map(str::to_owned);
    text.or_else(|| value.at(&["identifiers", "purl"]).and_then(Value::text).map(str::to_owned))
        .or_else(|| value.text_of("@id"))
        .or_else(|| value.at(&["identifiers", "cpe23"]).and_then(Value::text).map(str::to_owned))
}

impl Dialect for OpenVex<'_> {
    fn take(&mut self, _: usize, _: usize, item: &Value, out: &mut Gathered) -> Result<(), String> {
        let status = item.text_of("status").unwrap_or_default();
        let state = match status.as_str() {
            "not_affected" => "not_affected",
            "affected" => "exploitable",
            "fixed" => "resolved",
            "under_investigation" => "in_triage",
            other => {
                let other: String = other.chars().take(40).collect();
                return Err(format!(
                    "a statement has the status `{other}`; OpenVEX knows not_affected, affected, fixed and under_investigation"
                ));
            }
        };
        let vulnerability = item.get("vulnerability");
        let id = vulnerability
            .and_then(|one| {
                one.text().map(str::to_owned).or_else(|| one.text_of("name")).or_else(|| one.text_of("@id"))
            })
            .map(|id| id.rsplit('/').next().unwrap_or_default().to_owned())
            .unwrap_or_default();
        let mut affects = Vec::new();
        // The first edition names the parts beside the products.
        let beside: Vec<String> = item.items_of("subcomponents").iter().filter_map(name).collect();
        for product in item.items_of("products") {
            let own = name(product);
            let inside: Vec<String> = product.items_of("subcomponents").iter().filter_map(name).collect();
            let parts = if inside.is_empty() { &beside } else { &inside };
            if parts.is_empty() {
                affects.extend(own.map(|reference| Affected { reference, ..Affected::default() }));
                continue;
            }
            for part in parts {
                affects.push(Affected { reference: part.clone(), product: own.clone(), versions: Vec::new() });
            }
        }
        let detail: Vec<String> =
            ["impact_statement", "status_notes"].iter().filter_map(|member| item.text_of(member)).collect();
        out.vulnerability(Vulnerability {
            aliases: vulnerability.map_or_else(Vec::new, |one| texts(one.get("aliases"))),
            id,
            source: self.head.text_of("author"),
            description: vulnerability.and_then(|one| one.text_of("description")),
            recommendation: item.text_of("action_statement"),
            analysis: Some(Analysis {
                state: Some(state.to_owned()),
                justification: item.text_of("justification"),
                detail: (!detail.is_empty()).then(|| detail.join("\n")),
            }),
            affects,
            stated: item.text_of("timestamp").or_else(|| self.head.text_of("timestamp")),
            ..Vulnerability::default()
        });
        Ok(())
    }

    fn end(&mut self, out: &mut Gathered) -> Result<(), String> {
        let context =
            texts(self.head.get("@context")).into_iter().find(|one| one.contains("openvex")).unwrap_or_default();
        let version = context.rsplit('/').next().filter(|last| last.starts_with('v'));
        out.totals.spec_version = version.unwrap_or("v0.0.1").to_owned();
        out.totals.serial_number = self.head.text_of("@id");
        Ok(())
    }
}
