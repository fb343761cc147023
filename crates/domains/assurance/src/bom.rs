//! The components of a build on their way out as CycloneDX 1.6, with what is known of vulnerabilities in them (VEX).
//!
//! What people decided about a finding comes before what documents say. Our words become those of CycloneDX: `confirmed` is
//! `exploitable`, and so are `accepted` and `wont_fix`, which will not be mended; `false_positive` stays; `fixed` is `resolved`; all else
//! is `in_triage`.

use base::{Problem, ProblemKind};
use kernel::{Allowed, Ctx, Error, Export, Tx, Within, permit_in};
use serde_json::{Map, Value, json};
use tokio_postgres::Row;
use uuid::Uuid;

use crate::SBOMS;

const COMPONENTS: &str = include_str!("../sql/bom/components.sql");
const THERE: &str = include_str!("../sql/bom/there.sql");
const VULNERABILITIES: &str = include_str!("../sql/bom/vulnerabilities.sql");

/// The media type of CycloneDX as JSON.
pub const CYCLONEDX_TYPE: &str = "application/vnd.cyclonedx+json; version=1.6";

/// Components, and pairs of vulnerability and component, of one document at most.
const ROWS: i64 = 100_000;

/// What a component can be, by the specification.
const KINDS: [&str; 13] = [
    "application",
    "framework",
    "library",
    "container",
    "platform",
    "operating-system",
    "device",
    "device-driver",
    "firmware",
    "file",
    "machine-learning-model",
    "data",
    "cryptographic-asset",
];
/// What an analysis can end with, by the specification.
const STATES: [&str; 6] =
    ["resolved", "resolved_with_pedigree", "exploitable", "in_triage", "false_positive", "not_affected"];
/// Why something is not affected, by the specification.
const JUSTIFICATIONS: [&str; 9] = [
    "code_not_present",
    "code_not_reachable",
    "requires_configuration",
    "requires_dependency",
    "requires_environment",
    "protected_by_compiler",
    "protected_at_runtime",
    "protected_at_perimeter",
    "protected_by_mitigating_control",
];
/// Severities, by the specification.
const SEVERITIES: [&str; 7] = ["critical", "high", "medium", "low", "info", "none", "unknown"];

/// What a document is about.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The project.
    pub project: Uuid,
    /// Its name.
    pub name: &'a str,
    /// The build.
    pub build: Uuid,
    /// The version of the build, else its number.
    pub version: &'a str,
}

/// The components of a build that the actor may take out, as a CycloneDX document.
///
/// # Errors
/// 403 when they may take out none in this project, 413 when there are more than one document holds.
pub async fn cyclonedx_of_build(ctx: &Ctx, tx: &Tx, of: Subject<'_>) -> Result<Vec<u8>, Error> {
    let allowed: Allowed<Within, Export> = permit_in(ctx, &SBOMS, of.project)?;
    let most = ROWS + 1;
    let components = allowed.query(ctx, tx, COMPONENTS, &[&of.project, &of.build, &most]).await?;
    let rows = allowed.query(ctx, tx, VULNERABILITIES, &[&of.project, &of.build, &most]).await?;
    if [components.len(), rows.len()].iter().any(|count| i64::try_from(*count).unwrap_or(i64::MAX) > ROWS) {
        let detail =
            format!("A document holds at most {ROWS} components, and as many pairs of vulnerability and component.");
        return Err(Problem::new(ProblemKind::TooLarge, detail).into());
    }
    let components = components.iter().map(component).collect::<Result<Vec<_>, Error>>()?;
    let document = json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": format!("urn:uuid:{}", ctx.new_id()),
        "version": 1,
        "metadata": {
            "timestamp": ctx.now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            "tools": {"components": [{"type": "application", "name": "Throughline", "version": env!("CARGO_PKG_VERSION")}]},
            "component": {"type": "application", "bom-ref": of.build.to_string(), "name": of.name, "version": of.version},
        },
        "components": components,
        "vulnerabilities": vulnerabilities(&rows)?,
    });
    serde_json::to_vec(&document).map_err(|error| Error::Broken(error.to_string()))
}

/// Whether a build has components that the actor may take out.
///
/// # Errors
/// 403 when they may take out none in this project.
pub async fn has_components(ctx: &Ctx, tx: &Tx, project: Uuid, build: Uuid) -> Result<bool, Error> {
    let allowed: Allowed<Within, Export> = permit_in(ctx, &SBOMS, project)?;
    Ok(!allowed.query(ctx, tx, THERE, &[&project, &build]).await?.is_empty())
}

fn component(row: &Row) -> Result<Value, Error> {
    let mut all = Map::new();
    let kind: Option<&str> = row.try_get("kind")?;
    all.insert("type".into(), kind.filter(|kind| KINDS.contains(kind)).unwrap_or("library").into());
    all.insert("bom-ref".into(), row.try_get::<_, Uuid>("id")?.to_string().into());
    for (name, column) in [("group", "group_name"), ("name", "name"), ("version", "version"), ("purl", "package_url")] {
        if let Some(value) = row.try_get::<_, Option<String>>(column)? {
            all.insert(name.into(), value.into());
        }
    }
    let scope: Option<&str> = row.try_get("scope")?;
    if let Some(scope) = scope.filter(|scope| ["required", "optional", "excluded"].contains(scope)) {
        all.insert("scope".into(), scope.into());
    }
    let licences: Vec<String> = row.try_get("licences")?;
    let licences = match licences.as_slice() {
        [] => return Ok(Value::Object(all)),
        // One expression of SPDX, of which an identifier is the shortest; names have blanks and no operators.
        [one] if is_expression(one) => json!([{"expression": one}]),
        several => several.iter().map(|name| json!({"license": {"name": name}})).collect(),
    };
    all.insert("licenses".into(), licences);
    Ok(Value::Object(all))
}

fn is_expression(text: &str) -> bool {
    let is_word = |word: &str| {
        !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-+:".contains(&byte))
    };
    let words: Vec<&str> = text.split([' ', '(', ')']).filter(|word| !word.is_empty()).collect();
    let is_operator = |word: &&str| ["AND", "OR", "WITH"].contains(word);
    words.iter().all(|word| is_word(word)) && (words.len() == 1 || words.iter().any(is_operator))
}

/// What was found out, in the words of CycloneDX.
fn analysis(state: &str, said: Option<&str>, justification: Option<&str>, detail: Option<&str>) -> Value {
    let (state, response) = match (said.filter(|said| STATES.contains(said)), state) {
        (Some(said), _) => (said, None),
        (None, "confirmed") => ("exploitable", None),
        (None, "accepted" | "wont_fix") => ("exploitable", Some("will_not_fix")),
        (None, "fixed") => ("resolved", None),
        (None, "false_positive") => ("false_positive", None),
        (None, _) => ("in_triage", None),
    };
    let mut all = Map::new();
    all.insert("state".into(), state.into());
    // OpenVEX has words of its own for the same.
    let known = justification.map(|word| match word {
        "component_not_present" | "vulnerable_code_not_present" => "code_not_present",
        "vulnerable_code_not_in_execute_path" => "code_not_reachable",
        "inline_mitigations_already_exist" => "protected_by_mitigating_control",
        other => other,
    });
    if let Some(known) = known.filter(|known| state == "not_affected" && JUSTIFICATIONS.contains(known)) {
        all.insert("justification".into(), known.into());
    }
    if let Some(response) = response {
        all.insert("response".into(), json!([response]));
    }
    if let Some(detail) = detail.filter(|detail| !detail.is_empty()) {
        all.insert("detail".into(), detail.into());
    }
    Value::Object(all)
}

/// A vulnerability for each that something else was found out about; components of the same stand together.
fn vulnerabilities(rows: &[Row]) -> Result<Vec<Value>, Error> {
    let mut all: Vec<Value> = Vec::new();
    for row in rows {
        let text = |name: &str| -> Result<Option<&str>, Error> { Ok(row.try_get(name)?) };
        let identifier: &str = row.try_get("identifier")?;
        let analysis =
            analysis(row.try_get("state")?, text("analysis_state")?, text("justification")?, text("detail")?);
        let mut affected = json!({"ref": row.try_get::<_, Uuid>("component_id")?.to_string()});
        if let Some(version) = text("version")? {
            affected["versions"] = json!([{"version": version, "status": "affected"}]);
        }
        if let Some(last) = all.last_mut()
            && last["id"] == identifier
            && last["analysis"] == analysis
            && let Some(affects) = last["affects"].as_array_mut()
        {
            affects.push(affected);
            continue;
        }
        let mut one = Map::new();
        one.insert("id".into(), identifier.into());
        if let Some(source) = text("source")? {
            one.insert("source".into(), json!({"name": source}));
        }
        let severity = text("severity")?.filter(|severity| SEVERITIES.contains(severity));
        let score: Option<f64> = row.try_get("score")?;
        if severity.is_some() || score.is_some() {
            let mut rating = Map::new();
            rating.insert("severity".into(), severity.unwrap_or("unknown").into());
            if let Some(score) = score {
                rating.insert("score".into(), score.into());
            }
            rating.insert("method".into(), "other".into());
            one.insert("ratings".into(), json!([rating]));
        }
        for name in ["description", "recommendation"] {
            if let Some(value) = text(name)? {
                one.insert(name.into(), value.into());
            }
        }
        one.insert("analysis".into(), analysis);
        one.insert("affects".into(), json!([affected]));
        all.push(Value::Object(one));
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decisions_become_words_of_cyclonedx() {
        let state = |state, said| analysis(state, said, None, None)["state"].clone();
        assert_eq!(state("confirmed", None), "exploitable");
        assert_eq!(state("false_positive", None), "false_positive");
        assert_eq!(state("fixed", None), "resolved");
        assert_eq!(state("open", None), "in_triage");
        assert_eq!(state("suppressed", None), "in_triage");
        assert_eq!(state("false_positive", Some("not_affected")), "not_affected");
        assert_eq!(state("open", Some("something else")), "in_triage");
        let accepted = analysis("accepted", None, None, Some("the risk is small"));
        assert_eq!(
            accepted,
            json!({"state": "exploitable", "response": ["will_not_fix"], "detail": "the risk is small"})
        );
        let because = |word| analysis("x", Some("not_affected"), Some(word), None)["justification"].clone();
        assert_eq!(because("vulnerable_code_not_in_execute_path"), "code_not_reachable");
        assert_eq!(because("protected_at_runtime"), "protected_at_runtime");
        assert_eq!(because("made up"), Value::Null);
        assert_eq!(analysis("confirmed", None, Some("code_not_present"), None).get("justification"), None);
    }

    #[test]
    fn an_expression_is_told_from_a_name() {
        for text in ["MIT", "Apache-2.0 OR (MIT AND BSD-3-Clause)", "GPL-2.0-only WITH Classpath-exception-2.0"] {
            assert!(is_expression(text), "{text}");
        }
        for text in ["The MIT License", "", "Licence, special", "BSD (new)"] {
            assert!(text.is_empty() || !is_expression(text), "{text}");
        }
    }
}
