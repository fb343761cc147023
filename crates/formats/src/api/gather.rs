//! From members of a description to its operations, in whatever order they come.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::{Description, Operation, Refused};
use crate::excerpt::cut;
use crate::json::Value;
use crate::{Limits, ReadError, Replaced};

/// Components that an operation's media types may stand in.
pub(super) const REFERRED: [&str; 3] = ["requestBodies", "responses", "pathItems"];

/// What an operation is called by, in the order in which a path is asked for them. `QUERY` came with 3.2.
const METHODS: [&str; 9] = ["get", "put", "post", "delete", "options", "head", "patch", "trace", "query"];

/// Characters of a path at most, as the catalogue keeps them.
const PATH: usize = 500;
/// Tags and media types kept of one operation.
const LABELS: usize = 50;
/// Servers kept.
const SERVERS: usize = 50;
/// Characters of a text that is kept.
const TEXT: usize = 10_000;

/// Media types, and references to where others stand.
#[derive(Default, Clone)]
struct Media {
    types: BTreeSet<String>,
    references: Vec<String>,
}

/// A path item that is written at another place.
struct Elsewhere {
    path: String,
    reference: String,
    line: Option<u64>,
}

/// An operation before its references are followed.
struct Found {
    operation: Operation,
    request: Media,
    response: Media,
    /// Of Swagger: whether it takes a body, and has types of its own.
    takes_body: bool,
    has_body: bool,
    own: (bool, bool),
}

pub(super) struct Gathering<'a> {
    limits: &'a Limits,
    description: Description,
    found: Vec<Found>,
    known: HashSet<(String, String)>,
    /// Media types of components, by `#/components/KIND/NAME`.
    components: HashMap<String, Media>,
    items: BTreeMap<String, Value>,
    elsewhere: Vec<Elsewhere>,
    /// What was kept, in bytes about.
    kept: usize,
    unfollowed: u64,
    repeated: u64,
    is_swagger: bool,
    address: (Option<String>, String, Vec<String>),
    /// Types that Swagger names for all operations: taken, and answered with.
    usual: (BTreeSet<String>, BTreeSet<String>),
}

impl<'a> Gathering<'a> {
    pub(super) fn new(limits: &'a Limits) -> Self {
        Self {
            limits,
            description: Description::default(),
            found: Vec::new(),
            known: HashSet::new(),
            components: HashMap::new(),
            items: BTreeMap::new(),
            elsewhere: Vec::new(),
            kept: 0,
            unfollowed: 0,
            repeated: 0,
            is_swagger: false,
            address: (None, String::new(), Vec::new()),
            usual: (BTreeSet::new(), BTreeSet::new()),
        }
    }

    /// A member at the top of the document.
    pub(super) fn member(&mut self, name: &str, value: &Value, line: Option<u64>) -> Result<(), ReadError> {
        let at = line.unwrap_or(1);
        match name {
            "openapi" | "swagger" => {
                // YAML reads `2.0` as a number.
                let version = match value {
                    Value::Text(text) | Value::Number(text) => text.trim().to_owned(),
                    _ => String::new(),
                };
                let is_known = if name == "openapi" { version.starts_with("3.") } else { version.starts_with("2.") };
                if !is_known {
                    let version = cut(&version, 40);
                    return Err(ReadError::at_line(
                        at,
                        format!("`{name}` says `{version}`; OpenAPI 3.x and Swagger 2.0 are read"),
                    ));
                }
                self.is_swagger = name == "swagger";
                self.description.specification = cut(&version, 40);
            }
            "info" => {
                let text = |name: &str| value.text_of(name).map(|text| cut(&text, TEXT));
                self.description.title = text("title").unwrap_or_default();
                self.description.version = match value.get("version") {
                    Some(Value::Text(text) | Value::Number(text)) if !text.trim().is_empty() => {
                        Some(cut(text.trim(), 200))
                    }
                    _ => None,
                };
                self.description.about = text("description").or_else(|| text("summary"));
            }
            "servers" => {
                let urls = value.items().iter().filter_map(|server| server.text_of("url"));
                self.description.servers = urls.take(SERVERS).map(|url| cut(&url, 2000)).collect();
            }
            "host" => self.address.0 = value.text().map(str::to_owned),
            "basePath" => self.address.1 = value.text().unwrap_or_default().to_owned(),
            "schemes" => self.address.2 = value.items().iter().filter_map(Value::text).map(str::to_owned).collect(),
            "consumes" => self.usual.0 = labels(value.items()).into_iter().collect(),
            "produces" => self.usual.1 = labels(value.items()).into_iter().collect(),
            "paths" => {
                for (path, item) in value.members() {
                    self.path(path, item, line)?;
                }
            }
            "webhooks" => self.description.webhooks += value.members().len() as u64,
            "components" => {
                self.description.schemas += value.get("schemas").map_or(0, |all| all.members().len() as u64);
                for kind in REFERRED {
                    for (name, one) in value.get(kind).map_or(&[][..], Value::members) {
                        self.component(kind, name, one, at)?;
                    }
                }
            }
            "definitions" => self.description.schemas += value.members().len() as u64,
            // What Swagger's responses and parameters say of media types stands with the operation.
            _ => {}
        }
        Ok(())
    }

    pub(super) fn webhook(&mut self) {
        self.description.webhooks += 1;
    }

    pub(super) fn schema(&mut self) {
        self.description.schemas += 1;
    }

    /// A component that operations may refer to.
    pub(super) fn component(&mut self, kind: &str, name: &str, value: &Value, line: u64) -> Result<(), ReadError> {
        let place = format!("#/components/{kind}/{name}");
        self.pay(place.len() + 64, line)?;
        if kind == "pathItems" {
            self.pay(weight(value), line)?;
            self.items.insert(place, value.clone());
            return Ok(());
        }
        let media = Media::of(value);
        self.pay(media.types.iter().map(String::len).sum(), line)?;
        self.components.insert(place, media);
        Ok(())
    }

    /// A path with its operations.
    pub(super) fn path(&mut self, path: &str, item: &Value, line: Option<u64>) -> Result<(), ReadError> {
        // Extensions stand beside paths.
        if path.starts_with("x-") {
            return Ok(());
        }
        self.description.paths += 1;
        if let Some(reference) = item.text_of("$ref") {
            self.pay(path.len() + reference.len() + 64, line.unwrap_or(1))?;
            self.elsewhere.push(Elsewhere { path: path.to_owned(), reference, line });
        }
        self.item(path, item, line)
    }

    fn item(&mut self, path: &str, item: &Value, line: Option<u64>) -> Result<(), ReadError> {
        let at = line.unwrap_or(1);
        for (method, value) in item.members() {
            if !METHODS.contains(&method.as_str()) || !matches!(value, Value::Object(_)) {
                continue;
            }
            if self.found.len() >= self.limits.max_records {
                return Err(ReadError::at_line(
                    at,
                    format!("the description has more than {} operations", self.limits.max_records),
                ));
            }
            let method = method.to_uppercase();
            let refuse = |reason: &str| Refused {
                line,
                record: format!("{method} {}", cut(path, 200)),
                reason: reason.to_owned(),
            };
            if !path.starts_with('/') {
                self.description.errors.push(refuse("a path begins with /"));
                continue;
            }
            if path.chars().count() > PATH {
                self.description.errors.push(refuse("the path is longer than 500 characters"));
                continue;
            }
            if !self.known.insert((method.clone(), path.to_owned())) {
                self.repeated += 1;
                continue;
            }
            let found = Found::of(method, path, value);
            self.pay(found.weight(), at)?;
            self.found.push(found);
        }
        Ok(())
    }

    /// The whole, its references followed.
    pub(super) fn finish(mut self, line: u64, replaced: Replaced) -> Result<Description, ReadError> {
        if self.description.specification.is_empty() {
            return Err(ReadError::at_line(
                line,
                "neither `openapi` nor `swagger` says of which version the description is",
            ));
        }
        if self.description.title.is_empty() {
            return Err(ReadError::at_line(
                line,
                "the description has no title (`info.title`), by which its service could be known",
            ));
        }
        for Elsewhere { path, reference, line } in std::mem::take(&mut self.elsewhere) {
            match self.items.remove(&reference) {
                Some(item) => {
                    self.item(&path, &item, line)?;
                    self.items.insert(reference, item);
                }
                None => self.unfollowed += 1,
            }
        }
        if self.is_swagger {
            self.swagger_addresses();
        }
        for mut found in std::mem::take(&mut self.found) {
            if self.is_swagger {
                found.swagger_usual(&self.usual);
            }
            found.operation.request_media_types = self.follow(found.request);
            found.operation.response_media_types = self.follow(found.response);
            self.description.operations.push(found.operation);
        }
        let mut description = self.description;
        let mut say = |n: u64, what: &str| {
            if n > 0 {
                description.warnings.push(format!("{n} {what}"));
            }
        };
        say(self.unfollowed, "references lead out of the document or nowhere and were not followed");
        say(self.repeated, "operations are described twice; the first description counts");
        say(description.webhooks, "webhooks are calls to others; they are counted and not in the catalogue");
        description.replaced = replaced;
        Ok(description)
    }

    /// Media types, those behind references of one step as well.
    fn follow(&mut self, mut media: Media) -> Vec<String> {
        for reference in std::mem::take(&mut media.references) {
            match self.components.get(&reference) {
                Some(other) => media.types.extend(other.types.iter().cloned()),
                // Swagger says of its responses nothing that is asked for here.
                None if self.is_swagger => {}
                None => self.unfollowed += 1,
            }
        }
        media.types.into_iter().take(LABELS).collect()
    }

    fn swagger_addresses(&mut self) {
        let (Some(host), base, schemes) = &self.address else { return };
        let base = base.trim_end_matches('/');
        let schemes: Vec<&str> =
            if schemes.is_empty() { vec!["https"] } else { schemes.iter().map(String::as_str).collect() };
        self.description.servers =
            schemes.into_iter().take(SERVERS).map(|scheme| cut(&format!("{scheme}://{host}{base}"), 2000)).collect();
    }

    fn pay(&mut self, bytes: usize, line: u64) -> Result<(), ReadError> {
        self.kept += bytes;
        if self.kept > self.limits.max_exchange_bytes {
            let most = self.limits.max_exchange_bytes >> 20;
            return Err(ReadError::at_line(
                line,
                format!("operations and what they refer to take more than the {most} MiB this server keeps of them"),
            ));
        }
        Ok(())
    }
}

impl Media {
    /// Of a request body, a response, or an operation's object of responses.
    fn of(value: &Value) -> Self {
        let mut media = Self::default();
        media.add(value);
        media
    }

    fn add(&mut self, value: &Value) {
        if let Some(reference) = value.text_of("$ref") {
            self.references.push(cut(&reference, 500));
        }
        for (name, _) in value.get("content").map_or(&[][..], Value::members) {
            self.name(name);
        }
    }

    fn name(&mut self, name: &str) {
        let name = name.trim();
        if !name.is_empty() && self.types.len() < LABELS {
            self.types.insert(cut(&name.to_lowercase(), 200));
        }
    }
}

impl Found {
    fn of(method: String, path: &str, value: &Value) -> Self {
        let summary = value.text_of("summary").or_else(|| {
            value.text_of("description").and_then(|text| text.lines().next().map(|line| line.trim().to_owned()))
        });
        let parameters = value.items_of("parameters");
        let is_in = |place: &str| parameters.iter().any(|one| one.text_of("in").as_deref() == Some(place));
        let mut found = Self {
            operation: Operation {
                method,
                path: path.to_owned(),
                operation_id: value.text_of("operationId").map(|text| cut(&text, 500)),
                summary: summary.filter(|text| !text.is_empty()).map(|text| cut(&text, 1000)),
                tags: tags(value.items_of("tags")),
                is_deprecated: matches!(value.get("deprecated"), Some(Value::Bool(true))),
                ..Operation::default()
            },
            request: Media::default(),
            response: Media::default(),
            takes_body: is_in("body") || is_in("formData"),
            has_body: false,
            own: (false, false),
        };
        if let Some(body) = value.get("requestBody") {
            found.request.add(body);
        }
        for (_, response) in value.get("responses").map_or(&[][..], Value::members) {
            found.response.add(response);
            found.has_body |= response.get("schema").is_some();
        }
        for (name, own, media) in
            [("consumes", &mut found.own.0, &mut found.request), ("produces", &mut found.own.1, &mut found.response)]
        {
            if let Some(list) = value.get(name) {
                *own = true;
                labels(list.items()).iter().for_each(|label| media.name(label));
            }
        }
        found
    }

    /// What Swagger says for all operations holds for those that say nothing themselves.
    fn swagger_usual(&mut self, usual: &(BTreeSet<String>, BTreeSet<String>)) {
        if self.takes_body && !self.own.0 {
            self.request.types.extend(usual.0.iter().cloned());
        }
        if !self.takes_body {
            self.request.types.clear();
        }
        if self.has_body && !self.own.1 {
            self.response.types.extend(usual.1.iter().cloned());
        }
    }

    fn weight(&self) -> usize {
        let operation = &self.operation;
        let texts = [&operation.operation_id, &operation.summary];
        400 + 2 * operation.path.len()
            + texts.into_iter().flatten().map(String::len).sum::<usize>()
            + operation
                .tags
                .iter()
                .chain(&self.request.types)
                .chain(&self.response.types)
                .map(String::len)
                .sum::<usize>()
            + self.request.references.iter().chain(&self.response.references).map(String::len).sum::<usize>()
    }
}

fn tags(items: &[Value]) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for tag in items.iter().filter_map(Value::text) {
        let tag = cut(tag, 200);
        if all.len() < LABELS && !all.contains(&tag) {
            all.push(tag);
        }
    }
    all
}

fn labels(items: &[Value]) -> Vec<String> {
    items.iter().filter_map(Value::text).take(LABELS).map(|text| cut(&text.to_lowercase(), 200)).collect()
}

/// Bytes that a value takes, about.
fn weight(value: &Value) -> usize {
    32 + match value {
        Value::Text(text) | Value::Number(text) => text.len(),
        Value::List(items) => items.iter().map(weight).sum(),
        Value::Object(members) => members.iter().map(|(name, value)| 32 + name.len() + weight(value)).sum(),
        Value::Null | Value::Bool(_) => 0,
    }
}
