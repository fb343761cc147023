//! Search over every record that the registry knows, in the transaction of whoever asks: `platform.search` finds and
//! counts, and the records of the page are then read under row security, with the words that fit marked.

use std::collections::BTreeMap;

use base::Problem;
use jiff::Timestamp;
use serde::Deserialize;
use uuid::Uuid;

use crate::{Catalogue, Ctx, Error, Resource, Served, Tx, narrow};

/// How far into the results a page may reach.
pub const DEEPEST: usize = 1000;
/// The longest text that is looked for.
pub const LONGEST: usize = 500;

const SEARCH: &str =
    "select platform.search($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)::text";
const NAMES: &str = "select p.id, p.slug, p.name from work.projects p where p.id = any ($1)";
const PEOPLE: &str = "select m.user_id, u.display_name from identity.memberships m join identity.users u on u.id = m.user_id \
    where m.user_id = any ($1)";

/// Characters that stand for the beginning and the end of what fits, and for `<`, which the headline would take for a tag.
const MARKS: [char; 3] = ['\u{2}', '\u{3}', '\u{4}'];

/// What is looked for.
#[derive(Debug, Clone, Default)]
pub struct SearchQuery {
    /// Words, "phrases", `or`, `-not`, or a key.
    pub text: String,
    /// The project one is in: its records come first.
    pub here: Option<Uuid>,
    /// Only these types, as the registry calls them. Empty: every type.
    pub types: Vec<String>,
    /// Only in these projects. Empty: everywhere.
    pub projects: Vec<Uuid>,
    /// Only with these statuses. Empty: any.
    pub statuses: Vec<String>,
    /// Only with one of these tags. Empty: any.
    pub tags: Vec<String>,
    /// Only of these people. Empty: of anybody.
    pub owners: Vec<Uuid>,
    /// Only what was made then or later.
    pub from: Option<Timestamp>,
    /// Only what was made before then.
    pub until: Option<Timestamp>,
    /// Results of a page.
    pub limit: usize,
    /// Results before the page.
    pub offset: usize,
    /// Whether to count by type, project, status, owner, month and tag.
    pub with_facets: bool,
}

/// A piece of a text: whether it is what was looked for, and the characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// Whether it fits the question.
    pub fits: bool,
    /// The characters, as stored.
    pub text: String,
}

/// A project by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectName {
    /// Its identifier.
    pub id: Uuid,
    /// Its short name in addresses.
    pub slug: String,
    /// What people call it.
    pub name: String,
}

/// A record that was found.
#[derive(Debug, Clone)]
pub struct SearchHit {
    /// Its identifier.
    pub id: Uuid,
    /// Its type, as the registry calls it.
    pub kind: String,
    /// The collection that serves it.
    pub collection: &'static str,
    /// What people call it, such as `REQ-42`.
    pub key: Option<String>,
    /// Its title.
    pub title: String,
    /// Its title in pieces.
    pub title_pieces: Vec<Piece>,
    /// The place in its long text where the words are, in pieces. Empty: they are not in it.
    pub excerpt: Vec<Piece>,
    /// Its status, as stored.
    pub status: Option<String>,
    /// Its project. `None`: it belongs to the organisation as a whole.
    pub project: Option<ProjectName>,
    /// Who answers for it.
    pub owner: Option<Uuid>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// One value by which the results can be narrowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FacetValue {
    /// The value, as a filter takes it.
    pub value: String,
    /// What people call it.
    pub label: String,
    /// How many results have it.
    pub count: i64,
}

/// What was found.
#[derive(Debug, Clone, Default)]
pub struct SearchResults {
    /// How many results there are, or that were ranked when there are more.
    pub total: i64,
    /// Whether there are more than were counted: the latest were ranked.
    pub capped: bool,
    /// The results of the page, best first.
    pub hits: Vec<SearchHit>,
    /// Values and counts, by facet: `type`, `project`, `status`, `owner`, `month`, `tag`.
    pub facets: BTreeMap<String, Vec<FacetValue>>,
}

#[derive(Deserialize)]
struct Answer {
    total: i64,
    capped: bool,
    hits: Vec<Uuid>,
    /// The types of the hits.
    types: Vec<String>,
    facets: BTreeMap<String, Vec<Counted>>,
}

#[derive(Deserialize)]
pub(crate) struct Counted {
    pub(crate) value: String,
    pub(crate) count: i64,
}

/// What the actor may read of what was looked for: exactly that, and `capped` says when there may be more. For whoever reads some
/// kind under a condition, the best [`DEEPEST`] of what fits are held to it.
///
/// # Errors
/// 400 for a text that is too long, for a type that is not searched, and for a page that is too deep.
pub async fn search(ctx: &Ctx, tx: &Tx, query: &SearchQuery) -> Result<SearchResults, Error> {
    check(ctx.catalogue(), query)?;
    let (mut everywhere, mut kinds, mut projects, mut limited) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for served in searched(ctx.catalogue()) {
        let kind = served.resource.permission;
        let reach = ctx.reach(kind, "read");
        match (reach.whole_projects(), reach.is_of_whole_projects()) {
            (None, _) => everywhere.push(kind),
            (Some(some), true) => {
                kinds.extend(std::iter::repeat_n(kind, some.len()));
                projects.extend(some);
            }
            (Some(_), false) => {
                everywhere.push(kind);
                limited.push((served, reach));
            }
        }
    }
    let keys = keys_meant(ctx.catalogue(), query.text.trim());
    // What is limited to single records is looked at as deep as pages reach, and turned into pages here.
    let is_limited = !limited.is_empty();
    let (limit, offset) = if is_limited { (DEEPEST, 0) } else { (query.limit, query.offset) };
    let (limit, offset, with_facets) = (count(limit), count(offset), query.with_facets && !is_limited);
    let (of_types, of_projects) = (given(&query.types), given(&query.projects));
    let (of_statuses, of_tags, of_owners) = (given(&query.statuses), given(&query.tags), given(&query.owners));
    let row = tx
        .query_one(
            SEARCH,
            &[
                &query.text,
                &keys,
                &everywhere,
                &kinds,
                &projects,
                &query.here,
                &of_types,
                &of_projects,
                &of_statuses,
                &of_tags,
                &of_owners,
                &query.from,
                &query.until,
                &limit,
                &offset,
                &with_facets,
            ],
        )
        .await?;
    let mut answer: Answer = serde_json::from_str(row.try_get(0)?)
        .map_err(|error| Error::Broken(format!("the answer of platform.search cannot be read: {error}")))?;
    if is_limited {
        let readable = narrow::readable(tx, &answer.hits, &limited).await?;
        answer.capped |= answer.total > i64::from(limit);
        answer.total = i64::try_from(readable.len()).unwrap_or(i64::MAX);
        if query.with_facets {
            answer.facets = narrow::facets(tx, &readable).await?;
        }
        answer.hits = readable.into_iter().skip(query.offset).take(query.limit).collect();
    }
    Ok(SearchResults {
        total: answer.total,
        capped: answer.capped,
        hits: read_hits(ctx.catalogue(), tx, &query.text, &answer).await?,
        facets: name_values(tx, answer.facets).await?,
    })
}

/// The projects of these identifiers or slugs. What names none that can be seen stands for one that is not there, so that it narrows to nothing.
///
/// # Errors
/// When the query fails.
pub async fn projects_named(tx: &Tx, names: &[String]) -> Result<Vec<Uuid>, Error> {
    let ids: Vec<Uuid> = names.iter().filter_map(|name| name.parse().ok()).collect();
    let rows = tx
        .query("select p.id from work.projects p where p.deleted_at is null and p.slug = any ($1)", &[&names])
        .await?;
    let found = rows.iter().map(|row| row.try_get(0)).collect::<Result<Vec<Uuid>, _>>()?;
    let all: Vec<Uuid> = ids.into_iter().chain(found).collect();
    Ok(if all.is_empty() { vec![Uuid::nil()] } else { all })
}

/// The served resources that search leads to.
fn searched(catalogue: &Catalogue) -> impl Iterator<Item = &Served> {
    catalogue.resources().filter(|served| served.resource.searched.is_some())
}

/// The types that are searched, as the registry calls them.
pub fn searched_types(catalogue: &Catalogue) -> Vec<&'static str> {
    searched(catalogue).map(|served| served.resource.permission).collect()
}

fn check(catalogue: &Catalogue, query: &SearchQuery) -> Result<(), Problem> {
    if query.text.chars().count() > LONGEST {
        return Err(Problem::bad_request(format!("A text to look for has at most {LONGEST} characters.")));
    }
    if query.offset + query.limit > DEEPEST {
        return Err(Problem::bad_request(format!(
            "Search shows the first {DEEPEST} results; narrow it by words or filters instead of reading on."
        )));
    }
    let known = searched_types(catalogue);
    match query.types.iter().find(|kind| !known.contains(&kind.as_str())) {
        Some(kind) => Err(Problem::bad_request(format!(
            "`{}` is no type of record that is searched; there are {}.",
            crate::access::clip(kind),
            known.join(", ")
        ))),
        None => Ok(()),
    }
}

/// A filter as the function takes it: nothing rather than an empty list, which nothing would fit.
fn given<T>(values: &[T]) -> Option<&[T]> {
    (!values.is_empty()).then_some(values)
}

fn count(rows: usize) -> i32 {
    i32::try_from(rows).unwrap_or(i32::MAX)
}

/// The keys that a beginning such as `req-4` or a number such as `42` may mean: itself, and one digit more.
fn keys_meant(catalogue: &Catalogue, text: &str) -> Vec<String> {
    let known = || searched(catalogue).filter_map(|served| served.resource.human_key);
    let upper = text.to_uppercase();
    let (prefixes, digits): (Vec<&str>, &str) = match upper.split_once('-') {
        Some((prefix, digits)) => (known().filter(|known| *known == prefix).collect(), digits),
        None => (known().collect(), upper.as_str()),
    };
    let is_number = (1..=14).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number || digits.starts_with('0') {
        return Vec::new();
    }
    // Exact keys of every prefix before longer ones: the order is the order of the results.
    let mut keys: Vec<String> = prefixes.iter().map(|prefix| format!("{prefix}-{digits}")).collect();
    keys.extend(prefixes.iter().flat_map(|prefix| (0..10).map(move |more| format!("{prefix}-{digits}{more}"))));
    keys
}

/// The statement that reads results of these types: `$1` identifiers in order, `$2` the text.
fn hits_sql(resources: &[&Resource]) -> String {
    let [open, close, tag] = MARKS.map(|mark| format!("chr({})", u32::from(mark)));
    let plain = |text: &str| format!("translate({text}, '<' || {open} || {close} || {tag}, {tag})");
    let headline = |text: &str, options: &str| {
        format!(
            "ts_headline('english', {}, asked.q, 'StartSel=\"' || {open} || '\", StopSel=\"' || {close} || '\", {options}')",
            plain(text)
        )
    };
    let texts: Vec<String> = resources
        .iter()
        .map(|resource| {
            let column = resource.searched.unwrap_or(resource.title);
            let key = if resource.human_key.is_some() { "t.key" } else { "null::text" };
            format!(
                "select t.id, {key} as key, left(t.{column}, 20000) as body from {} t where t.id = any ($1)",
                resource.table
            )
        })
        .collect();
    format!(
        "select e.id, e.entity_type, e.title, e.status, e.owner_user_id, e.created_at, e.updated_at, t.key, p.id, p.slug, p.name, \
         case when asked.q is null then e.title else {} end, \
         case when asked.q is null then '' else {} end \
         from (select platform.search_query($2) as q) asked \
         cross join unnest($1::uuid[]) with ordinality as wanted (id, place) \
         join platform.entities e on e.id = wanted.id \
         join ({}) t on t.id = e.id \
         left join work.projects p on p.id = e.project_id \
         order by wanted.place",
        headline("e.title", "HighlightAll=true"),
        headline("coalesce(t.body, '')", "MaxFragments=2, MaxWords=24, MinWords=10, FragmentDelimiter=\" … \""),
        texts.join(" union all "),
    )
}

async fn read_hits(catalogue: &Catalogue, tx: &Tx, text: &str, answer: &Answer) -> Result<Vec<SearchHit>, Error> {
    if answer.hits.is_empty() {
        return Ok(Vec::new());
    }
    // Only tables that are on the page: each costs planning under its policies.
    let resources: Vec<&'static Resource> = searched(catalogue)
        .map(|served| served.resource)
        .filter(|resource| answer.types.iter().any(|kind| kind == resource.permission))
        .collect();
    let rows = tx.query(&hits_sql(&resources), &[&answer.hits, &text]).await?;
    rows.iter()
        .map(|row| {
            let kind: String = row.try_get(1)?;
            let collection = resources.iter().find(|resource| resource.permission == kind).map_or("", |one| one.name);
            let project: Option<Uuid> = row.try_get(8)?;
            let excerpt = pieces(row.try_get(12)?);
            Ok(SearchHit {
                id: row.try_get(0)?,
                kind,
                collection,
                key: row.try_get(7)?,
                title: row.try_get(2)?,
                title_pieces: pieces(row.try_get(11)?),
                excerpt: if excerpt.iter().any(|piece| piece.fits) { excerpt } else { Vec::new() },
                status: row.try_get(3)?,
                project: match project {
                    Some(id) => Some(ProjectName { id, slug: row.try_get(9)?, name: row.try_get(10)? }),
                    None => None,
                },
                owner: row.try_get(4)?,
                created_at: row.try_get(5)?,
                updated_at: row.try_get(6)?,
            })
        })
        .collect()
}

/// A headline in pieces. What is stored never brings marks of its own: they were taken out before the headline was made.
fn pieces(headline: &str) -> Vec<Piece> {
    let [open, close, tag] = MARKS;
    let mut all = Vec::new();
    for (place, part) in headline.split([open, close]).enumerate() {
        if !part.is_empty() {
            all.push(Piece { fits: place % 2 == 1, text: part.replace(tag, "<") });
        }
    }
    all
}

/// Values of facets with the names of projects and people. What has no name here is not shown.
async fn name_values(
    tx: &Tx,
    counted: BTreeMap<String, Vec<Counted>>,
) -> Result<BTreeMap<String, Vec<FacetValue>>, Error> {
    let mut names: BTreeMap<String, String> = BTreeMap::new();
    for (facet, sql) in [("project", NAMES), ("owner", PEOPLE)] {
        let ids: Vec<Uuid> =
            counted.get(facet).into_iter().flatten().filter_map(|one| one.value.parse().ok()).collect();
        if ids.is_empty() {
            continue;
        }
        for row in tx.query(sql, &[&ids]).await? {
            let id: Uuid = row.try_get(0)?;
            names.insert(id.to_string(), row.try_get(row.len() - 1)?);
        }
    }
    Ok(counted
        .into_iter()
        .map(|(facet, values)| {
            let named = matches!(facet.as_str(), "project" | "owner");
            let values = values
                .into_iter()
                .filter_map(|Counted { value, count }| {
                    let label = if named { names.get(&value)?.clone() } else { value.replace('_', " ") };
                    Some(FacetValue { value, label, count })
                })
                .collect();
            (facet, values)
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_headline_falls_into_pieces_and_keeps_its_brackets() {
        let fits = |text: &str| Piece { fits: true, text: text.into() };
        let other = |text: &str| Piece { fits: false, text: text.into() };
        assert_eq!(
            pieces("\u{2}Check\u{3} the \u{4}b> of \u{2}out\u{3}"),
            [fits("Check"), other(" the <b> of "), fits("out")]
        );
        assert!(pieces("").is_empty());
    }
}
