//! Runs, their tools and rules: what has to be known before a result can be understood.

use std::collections::HashMap;

use super::record::Level;
use crate::json::Value;

/// A rule of a tool (a `reportingDescriptor`, §3.49).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rule {
    /// What results name.
    pub id: String,
    /// What it is about, in a line.
    pub title: Option<String>,
    /// Where it is explained.
    pub help_uri: Option<String>,
    /// The level of its results where they give none.
    pub level: Option<Level>,
    /// How bad, from 0 to 10.
    pub security_severity: Option<f64>,
    /// Labels.
    pub tags: Vec<String>,
    /// Message texts by name.
    pub(super) messages: HashMap<String, String>,
}

/// One run of one tool.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Run {
    /// The tool's name.
    pub tool: String,
    /// Its version.
    pub version: Option<String>,
    /// What the run covered, in the sender's words (`automationDetails.id`).
    pub automation_id: Option<String>,
    /// Whether it lists results, be it none: without a list nothing was looked for, or nothing is told (§3.14.23).
    pub has_results: bool,
    /// Whether an invocation says that the tool did not end well (§3.20.14).
    pub failed: bool,
    /// The rules of the tool itself and then of each of its extensions.
    pub(super) components: Vec<Vec<Rule>>,
    pub(super) messages: HashMap<String, String>,
    /// Levels that an invocation set otherwise: invocation, rule, level.
    pub(super) overrides: Vec<(usize, String, Level)>,
    by_id: HashMap<String, (usize, usize)>,
}

/// What the first reading of a log learns.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Survey {
    /// The version of the format, as written.
    pub version: Option<String>,
    /// The runs, in order.
    pub runs: Vec<Run>,
}

impl Run {
    /// What of the project the run looked at: `automationDetails.id` up to its last slash, because what follows names the run alone
    /// (§3.17.3). Empty when nothing is said.
    #[must_use]
    pub fn scope(&self) -> &str {
        self.automation_id.as_deref().and_then(|id| id.rsplit_once('/')).map_or("", |(scope, _)| scope)
    }

    /// Rules that the tool and its extensions define.
    pub fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.components.iter().flatten()
    }

    pub(super) fn take_tool(&mut self, tool: &Value) {
        let Some(driver) = tool.get("driver") else { return };
        self.tool = driver.text_of("name").unwrap_or_default();
        self.version = driver.text_of("semanticVersion").or_else(|| driver.text_of("version"));
        self.messages = strings(driver.get("globalMessageStrings"));
        self.components = vec![rules(driver)];
        self.components.extend(tool.items_of("extensions").iter().map(rules));
        for (component, rules) in self.components.iter().enumerate() {
            for (at, rule) in rules.iter().enumerate() {
                self.by_id.entry(rule.id.clone()).or_insert((component, at));
            }
        }
    }

    pub(super) fn take_invocations(&mut self, invocations: &Value) {
        for (at, invocation) in invocations.items().iter().enumerate() {
            self.failed |= matches!(invocation.get("executionSuccessful"), Some(Value::Bool(false)));
            for change in invocation.items_of("ruleConfigurationOverrides") {
                let rule = change.get("descriptor").and_then(|descriptor| self.described(descriptor));
                let level = change.at(&["configuration", "level"]).and_then(Value::text).and_then(Level::of);
                if let (Some(rule), Some(level)) = (rule, level) {
                    self.overrides.push((at, rule, level));
                }
            }
        }
    }

    fn described(&self, descriptor: &Value) -> Option<String> {
        descriptor.text_of("id").or_else(|| {
            let at = usize::try_from(descriptor.get("index")?.count()?).ok()?;
            Some(self.components.first()?.get(at)?.id.clone())
        })
    }

    /// The rule of a result: by its index within the tool or the extension it names, else by its identifier, of which what
    /// follows a slash may be a part of the rule (§3.27.5).
    pub(super) fn rule_of(&self, result: &Value) -> Option<&Rule> {
        let index = |value: Option<&Value>| value.and_then(Value::count).and_then(|at| usize::try_from(at).ok());
        let component = index(result.at(&["rule", "toolComponent", "index"])).map_or(0, |at| at + 1);
        let at = index(result.at(&["rule", "index"])).or_else(|| index(result.get("ruleIndex")));
        let id = result.at(&["rule", "id"]).or_else(|| result.get("ruleId")).and_then(Value::text);
        let by_index = at.and_then(|at| self.components.get(component)?.get(at));
        // Some writers number rules wrongly; an identifier that says otherwise is believed.
        if let Some(rule) =
            by_index.filter(|rule| id.is_none_or(|id| id == rule.id || id.starts_with(&format!("{}/", rule.id))))
        {
            return Some(rule);
        }
        let mut id = id?;
        loop {
            if let Some((component, at)) = self.by_id.get(id) {
                return self.components.get(*component)?.get(*at);
            }
            id = id.rsplit_once('/')?.0;
        }
    }
}

fn rules(component: &Value) -> Vec<Rule> {
    component.items_of("rules").iter().map(rule).collect()
}

fn rule(value: &Value) -> Rule {
    let line = |name| value.at(&[name, "text"]).and_then(Value::text).map(str::to_owned);
    Rule {
        id: value.text_of("id").unwrap_or_default(),
        title: line("shortDescription").or_else(|| value.text_of("name")).or_else(|| line("fullDescription")),
        help_uri: value.text_of("helpUri"),
        level: value.at(&["defaultConfiguration", "level"]).and_then(Value::text).and_then(Level::of),
        security_severity: value.at(&["properties", "security-severity"]).and_then(score),
        tags: tags(value),
        messages: strings(value.get("messageStrings")),
    }
}

/// The labels in a property bag.
pub(super) fn tags(value: &Value) -> Vec<String> {
    let tags = value.at(&["properties", "tags"]).map_or(&[][..], Value::items);
    tags.iter().filter_map(Value::text).map(str::to_owned).collect()
}

fn score(value: &Value) -> Option<f64> {
    value.number().or_else(|| value.text()?.parse().ok()).filter(|score| (0.0..=10.0).contains(score))
}

fn strings(value: Option<&Value>) -> HashMap<String, String> {
    let members = value.map_or(&[][..], Value::members);
    members.iter().filter_map(|(name, text)| Some((name.clone(), text.text_of("text")?))).collect()
}
