//! Erasing a person: what names them goes, everywhere in the organisation; rows that tell what happened stay, with their proofs.
//! `docs/decisions/0017-erasing-people.md` says why it is done like this.

use std::sync::Arc;

use base::Problem;
use kernel::{Allowed, Change, Ctx, Error, Record, Request, Tx, record};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

kernel::action!(
    /// Take everything that names a person out of the organisation.
    pub Erase = "erase");

const PERSON: &str = include_str!("../sql/person_to_erase.sql");
const EMPTY_ACCOUNT: &str = include_str!("../sql/empty_account.sql");

/// The shortest and the longest reason, in characters.
const REASON: std::ops::RangeInclusive<usize> = 10..=1000;

/// Why somebody is erased.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ErasePerson {
    /// Why, without naming them: it is kept for as long as the trail.
    #[schemars(length(min = 10, max = 1000))]
    pub reason: String,
}

/// Something that was erased.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ErasedPart {
    /// The table, or the table and its column.
    pub what: String,
    /// How many rows that touched.
    pub rows: i64,
}

/// Something that stays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct KeptPart {
    /// What it is.
    pub what: String,
    /// In how many rows the person is still named; nought where nothing names them any more.
    pub rows: i64,
    /// Under which law or for which reason it stays, and for how long.
    pub because: String,
}

/// What became of everything that named a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Erased {
    /// Whose data it was; the identifier is all that is left of them.
    pub user_id: Uuid,
    /// Agents of theirs that can do nothing any more.
    pub agents_ended: i64,
    /// What was erased.
    pub erased: Vec<ErasedPart>,
    /// What stays.
    pub kept: Vec<KeptPart>,
}

/// Somebody as they are called, before nothing is called so any more.
struct Person {
    id: Uuid,
    is_person: bool,
    email: Option<String>,
    username: Option<String>,
    display_name: String,
    first_name: Option<String>,
    last_name: Option<String>,
}

/// Erases the person of `subject`.
///
/// # Errors
/// 409 for oneself, for the last owner, for agents and services, and for somebody who also belongs to another organisation; 422 for a
/// reason that is too short or names the person.
pub(crate) async fn erase(
    ctx: &Ctx,
    tx: &mut Tx,
    subject: &Allowed<Record, Erase>,
    input: ErasePerson,
) -> Result<Erased, Error> {
    let reason = input.reason.trim().to_owned();
    if !REASON.contains(&reason.chars().count()) || reason.contains('\0') {
        let detail = format!("must have from {} to {} characters", REASON.start(), REASON.end());
        return Err(Problem::invalid("Say why the person is erased.").field("/reason", detail).into());
    }
    let person = find(tx, subject.uuid()?).await?;
    if person.id == ctx.principal.user_id {
        return Err(Problem::conflict("Nobody erases themselves: ask another owner to do it.").into());
    }
    if !person.is_person {
        return Err(Problem::conflict(
            "Only people are erased; agents and services end with whoever answers for them.",
        )
        .into());
    }
    let (pattern, whole) = (pattern(&person), whole(&person));
    if tx
        .query_one("select $1::text ~* ($2::text || '|' || $3::text)", &[&reason, &pattern, &whole])
        .await?
        .try_get(0)?
    {
        let detail = "must not name the person: it is kept when everything else is gone";
        return Err(Problem::invalid("The reason names the person.").field("/reason", detail).into());
    }
    // Every text of the organisation is read once, which takes longer than a request may and meets others at work. Projects that the owner
    // may not see hold names as well; nothing of them is shown but how many rows there were.
    tx.batch(
        "set local statement_timeout = '10min'; set local lock_timeout = '30s'; set local app.project_access = 'all'",
    )
    .await?;
    let mut erased = Vec::new();
    let mut add = |what: String, rows: i64| {
        if rows > 0 {
            erased.push(ErasedPart { what, rows });
        }
    };
    for row in tx.query("select what, amount from identity.forget_account($1)", &[&person.id]).await? {
        add(row.try_get(0)?, row.try_get(1)?);
    }
    let mut agents_ended = 0;
    for row in tx.query(EMPTY_ACCOUNT, &[&person.id, &ctx.now(), &ctx.principal.user_id, &person.email]).await? {
        let (what, rows): (String, i64) = (row.try_get("what")?, row.try_get("amount")?);
        if what == "agents" { agents_ended = rows } else { add(what, rows) }
    }
    let mut kept = always_kept();
    for row in tx.query("select what, amount from audit.forget_written($1)", &[&pattern]).await? {
        add(row.try_get(0)?, row.try_get(1)?);
    }
    let texts = "select what, is_left, amount from platform.replace_everywhere($1, $2)";
    for row in tx.query(texts, &[&pattern, &whole]).await? {
        let (what, rows): (String, i64) = (row.try_get(0)?, row.try_get(2)?);
        if row.try_get(1)? {
            kept.push(KeptPart {
                what,
                rows,
                because: "it is fixed once it is written or decided, as evidence for claims (GDPR, article 17, paragraph 3 e); it goes when its \
                          retention ends"
                    .into(),
            });
        } else {
            add(what, rows);
        }
    }
    for row in tx.query("select what, amount from audit.forget($1, $2, $3)", &[&person.id, &pattern, &reason]).await? {
        add(row.try_get(0)?, row.try_get(1)?);
    }
    let request = Request { reason: Some(reason), ..(*ctx.request).clone() };
    let named = Ctx { request: Arc::new(request), ..ctx.clone() };
    let change = Change {
        event: "user.erased",
        resource_type: "user",
        resource_id: person.id.to_string(),
        resource_name: None,
        project: None,
        old: None,
        new: Some(json!({"erased": erased, "agents_ended": agents_ended})),
    };
    record(&named, tx, &change).await?;
    Ok(Erased { user_id: person.id, agents_ended, erased, kept })
}

async fn find(tx: &Tx, id: Uuid) -> Result<Person, Error> {
    let row = tx.query_one(PERSON, &[&id]).await?;
    Ok(Person {
        id,
        is_person: row.try_get::<_, String>("kind")? == "person",
        email: row.try_get("email")?,
        username: row.try_get("username")?,
        display_name: row.try_get("display_name")?,
        first_name: row.try_get("first_name")?,
        last_name: row.try_get("last_name")?,
    })
}

/// What stays of everybody, whatever was found.
fn always_kept() -> Vec<KeptPart> {
    let part = |what: &str, because: &str| KeptPart { what: what.into(), rows: 0, because: because.into() };
    vec![
        part(
            "the account as an empty row, and what refers to it by identifier",
            "so that records keep saying that the same somebody did what; nothing names them (GDPR, article 11)",
        ),
        part(
            "entries of the audit trail: who by identifier, what, when, and their leaves and proofs",
            "records that have to be kept by law (GDPR, article 17, paragraph 3 b), for 2,555 days; what they told of the person is emptied",
        ),
        part(
            "partitions of the trail that retention has archived",
            "they are out of reach of the application; whoever runs the database removes them with their partition",
        ),
        part(
            "private documents, those of the person too",
            "nobody but their owner reaches them, so they are not looked into: whoever owns one takes the name out, and what the person had for \
             themselves nobody reaches any more; whoever runs the database removes it",
        ),
        part("backups made before", "they are kept 30 days and then removed; a restore has to erase again"),
    ]
}

/// Finds nothing.
const NOTHING: &str = "(?!x)x";

/// A regular expression of PostgreSQL that finds what names a person anywhere in a text, as whole words: the address, names of several words,
/// and the user name where a digit or a dot makes it no word of a language, or after an @. Names of which every letter is small are words
/// like others, as "in review" is, and are left to [`whole`].
fn pattern(person: &Person) -> String {
    let mut words: Vec<String> = person.email.iter().cloned().collect();
    if let Some(name) = person.username.as_deref().filter(|name| name.chars().count() >= 3) {
        let is_distinct = name.contains(|sign: char| sign.is_ascii_digit() || sign == '.');
        words.push(if is_distinct { name.to_owned() } else { format!("@{name}") });
    }
    words.extend(names(person).into_iter().filter(|name| is_of_several_words(name)));
    let ways: Vec<String> =
        words.iter().map(|word| format!("(?<![[:alnum:]]){}(?![[:alnum:]])", escaped(word))).collect();
    if ways.is_empty() { NOTHING.to_owned() } else { ways.join("|") }
}

/// A regular expression that finds the names which [`pattern`] does not, where one is all there is: for columns that name people only. A
/// "Mark" or an "Open" elsewhere is a mark, or open.
fn whole(person: &Person) -> String {
    let mut whole: Vec<String> = names(person).into_iter().filter(|name| !is_of_several_words(name)).collect();
    whole.extend(person.username.clone());
    whole.retain(|name| !name.trim().is_empty());
    let ways: Vec<String> = whole.iter().map(|name| format!("^{}$", escaped(name.trim()))).collect();
    if ways.is_empty() { NOTHING.to_owned() } else { ways.join("|") }
}

/// Every way the names of a person are written.
fn names(person: &Person) -> Vec<String> {
    let mut names = vec![person.display_name.trim().to_owned()];
    if let Some((first, last)) = person.first_name.as_deref().zip(person.last_name.as_deref()) {
        names.extend([format!("{} {}", first.trim(), last.trim()), format!("{}, {}", last.trim(), first.trim())]);
    }
    names
}

/// Whether a name can hardly be anything else: several words, and not all of them in small letters. Scripts without capitals count.
fn is_of_several_words(name: &str) -> bool {
    name.trim().contains(char::is_whitespace) && name.chars().any(|sign| sign.is_alphabetic() && !sign.is_lowercase())
}

/// A text whose every sign means itself.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    for sign in text.chars() {
        if sign.is_ascii() && !sign.is_ascii_alphanumeric() && !sign.is_whitespace() {
            out.push('\\');
        }
        out.push(sign);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(display: &str, email: &str) -> Person {
        Person {
            id: Uuid::nil(),
            is_person: true,
            email: Some(email.to_owned()),
            username: None,
            display_name: display.to_owned(),
            first_name: None,
            last_name: None,
        }
    }

    #[test]
    fn a_name_of_one_word_is_looked_for_only_where_it_stands_alone() {
        let mark = person("Mark", "mark.o+x@example.test");
        assert_eq!(pattern(&mark), r"(?<![[:alnum:]])mark\.o\+x\@example\.test(?![[:alnum:]])");
        assert_eq!(whole(&mark), "^Mark$");
        let mira = Person {
            first_name: Some("Mira".into()),
            last_name: Some("Holm".into()),
            ..person("Mira (QA) Holm", "m@example.test")
        };
        let found = pattern(&mira);
        assert!(
            found.contains(r"Mira \(QA\) Holm") && found.contains("Mira Holm") && found.contains(r"Holm\, Mira"),
            "{found}"
        );
        assert_eq!(whole(&mira), NOTHING);
    }

    #[test]
    fn words_of_the_language_are_looked_for_only_where_they_stand_alone() {
        let review = Person { username: Some("open".into()), ..person("in review", "r@example.test") };
        let found = pattern(&review);
        assert!(!found.contains("in review") && found.contains(r"(?<![[:alnum:]])\@open(?![[:alnum:]])"), "{found}");
        assert_eq!(whole(&review), "^in review$|^open$");
        let numbered = Person { username: Some("mholm7".into()), ..person("Mira", "r@example.test") };
        assert!(pattern(&numbered).contains("(?<![[:alnum:]])mholm7(?![[:alnum:]])"));
        assert_eq!(pattern(&Person { email: None, ..person("Mira", "") }), NOTHING);
        assert!(is_of_several_words("\u{91ce} \u{6751}"), "a script without capitals");
    }
}
