//! Making a connection, changing its secret, taking it over.

use base::Problem;
use formats::webhook::Provider;
use jiff::{SignedDuration, Timestamp};
use kernel::{Allowed, Change, Collection, Create, Ctx, Error, Operation, Record, Tx, Update, authorise, record};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;
use vault::{seal::SealingKey, webhook::new_secret};

use super::WEBHOOK_CONNECTIONS;

/// What a message may do, and what whoever stands behind a connection must therefore hold: nobody gives what they do not have,
/// and a token does not get round what it was made for.
const NEEDED: [(&str, &str); 15] = [
    ("repository", "create"),
    ("commit", "create"),
    ("build", "create"),
    ("build", "update"),
    ("environment", "create"),
    ("deployment", "create"),
    ("deployment", "update"),
    ("release", "create"),
    ("release", "update"),
    ("pull_request", "create"),
    ("pull_request", "update"),
    ("defect", "create"),
    ("defect", "update"),
    ("trace_link", "create"),
    ("trace_link", "update"),
];
/// How long the secret before holds beside a new one when nothing is said, and at most, in hours.
const OVERLAP: i64 = 24;
const LONGEST_OVERLAP: i64 = 30 * 24;
/// Characters of a secret that somebody brings.
const SECRET: std::ops::RangeInclusive<usize> = 16..=200;

const INSERT: &str = include_str!("../../sql/webhooks/insert_connection.sql");
const ROTATE: &str = include_str!("../../sql/webhooks/rotate_secret.sql");
const TAKE_OVER: &str = "update platform.webhook_connections set acts_as = $2, updated_by = $2 where id = $1";
const BEHIND: &str = "select acts_as from platform.webhook_connections where id = $1";

/// A connection to a repository server.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewConnection {
    /// The project its messages are about.
    pub project_id: Uuid,
    /// What people call it.
    #[schemars(length(min = 1, max = 100))]
    pub name: String,
    /// Which server sends.
    pub provider: Server,
    /// Owner and name of the one repository whose messages are used. Left out: of every repository that sends.
    #[serde(default)]
    #[schemars(length(max = 250))]
    pub repository: Option<String>,
    /// The label that makes an issue a defect here. Left out: every issue is one.
    #[serde(default)]
    #[schemars(length(max = 100))]
    pub issue_label: Option<String>,
    /// The secret, 16 to 200 characters, where the server has one already. Left out: one is made, and shown in the answer.
    #[serde(default)]
    #[schemars(length(min = 16, max = 200))]
    pub secret: Option<String>,
}

/// A repository server. Gitea sends as Forgejo does.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Server {
    /// GitHub.
    Github,
    /// GitLab.
    Gitlab,
    /// Forgejo or Gitea.
    Forgejo,
}

impl Server {
    fn stored(self) -> &'static str {
        match self {
            Self::Github => "github",
            Self::Gitlab => "gitlab",
            Self::Forgejo => "forgejo",
        }
    }
}

/// The provider of a stored connection.
pub(super) fn provider(stored: &str) -> Provider {
    match stored {
        "gitlab" => Provider::GitLab,
        "forgejo" => Provider::Forgejo,
        _ => Provider::GitHub,
    }
}

/// A secret to be entered at the repository server.
#[derive(Debug, Serialize, JsonSchema)]
struct Connected {
    /// The connection.
    id: Uuid,
    /// Where the server sends its messages, after the address of this one.
    path: String,
    /// The secret to enter there. Shown once.
    secret: String,
    /// Until when the secret before holds too. Null: there is none.
    old_secret_until: Option<String>,
}

/// How to change a secret.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Rotation {
    /// The new secret, 16 to 200 characters. Left out: one is made, and shown in the answer.
    #[serde(default)]
    #[schemars(length(min = 16, max = 200))]
    secret: Option<String>,
    /// How many hours the secret before holds beside it, from 0 to 720; 24 when nothing is said.
    #[serde(default)]
    #[schemars(range(min = 0, max = 720))]
    overlap_hours: Option<i64>,
}

/// Nothing to say.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Nothing {}

/// Who stands behind a connection now.
#[derive(Debug, Serialize, JsonSchema)]
struct TakenOver {
    /// The connection.
    id: Uuid,
    /// With whose rights its messages are worked on.
    acts_as: Uuid,
}

/// For what a secret is sealed: it opens for no other connection.
pub(super) fn place(organization: Uuid, connection: Uuid) -> String {
    format!("platform.webhook_connections/{organization}/{connection}")
}

/// What the actor would have to hold and does not.
pub(super) fn lacking(ctx: &Ctx, project: Option<Uuid>) -> Vec<String> {
    let missing = NEEDED.iter().filter(|(kind, action)| !ctx.may(kind, action, project));
    missing.map(|(kind, action)| format!("{kind}:{action}")).collect()
}

fn must_hold(ctx: &Ctx, project: Option<Uuid>) -> Result<(), Error> {
    let lacking = lacking(ctx, project);
    if lacking.is_empty() {
        return Ok(());
    }
    let detail = format!(
        "Messages of a repository server are worked on with your rights, and you lack {} here. Ask somebody who may give them, \
         or let somebody who has them connect the server.",
        lacking.join(", ")
    );
    Err(Problem::forbidden(detail).into())
}

fn secret(brought: Option<String>) -> Result<String, Error> {
    let Some(secret) = brought.map(|secret| secret.trim().to_owned()).filter(|secret| !secret.is_empty()) else {
        return Ok(new_secret());
    };
    // What a header can carry, so that GitLab can send it.
    let fits = SECRET.contains(&secret.len()) && secret.bytes().all(|byte| byte.is_ascii_graphic());
    if fits {
        return Ok(secret);
    }
    let rule = "must have 16 to 200 characters: ASCII letters, digits and signs, without blanks";
    Err(Problem::invalid("The secret does not fit.").field("/secret", rule).into())
}

fn sealed(ctx: &Ctx, connection: Uuid, secret: &str) -> Result<Vec<u8>, Error> {
    let key = SealingKey::of(ctx.kernel.signing_key()?);
    Ok(key.seal(&place(ctx.organization_id(), connection), secret.as_bytes()))
}

fn given(text: Option<&str>) -> Option<&str> {
    text.map(str::trim).filter(|text| !text.is_empty())
}

async fn create(ctx: &Ctx, tx: &mut Tx, input: NewConnection) -> Result<Connected, Error> {
    let project = Some(input.project_id);
    let _allowed: Allowed<Collection, Create> = authorise(ctx, Collection { resource: &WEBHOOK_CONNECTIONS, project })?;
    must_hold(ctx, project)?;
    let (id, name) = (ctx.new_id(), input.name.trim());
    let texts = [
        ("/name", Some(name)),
        ("/repository", input.repository.as_deref()),
        ("/issue_label", input.issue_label.as_deref()),
    ];
    for (pointer, text) in texts {
        if text.is_some_and(|text| text.contains('\0')) {
            return Err(Problem::invalid("A text contains the character U+0000.")
                .field(pointer, "holds U+0000")
                .into());
        }
    }
    let secret = secret(input.secret)?;
    let (repository, label) = (given(input.repository.as_deref()), given(input.issue_label.as_deref()));
    let sealed = sealed(ctx, id, &secret)?;
    let (provider, person) = (input.provider.stored(), ctx.principal.user_id);
    tx.execute(INSERT, &[&id, &input.project_id, &name, &provider, &repository, &label, &person, &sealed, &ctx.now()])
        .await?;
    let change = Change {
        event: "webhook.created",
        resource_type: "webhook",
        resource_id: id.to_string(),
        resource_name: Some(name.to_owned()),
        project,
        old: None,
        new: Some(json!({
            "name": name, "provider": provider, "repository": repository, "issue_label": label, "acts_as": person,
        })),
    };
    record(ctx, tx, &change).await?;
    Ok(Connected { id, path: path(id), secret, old_secret_until: None })
}

/// Where messages are sent to.
fn path(id: Uuid) -> String {
    format!("/v1/webhooks/{id}")
}

async fn rotate(
    ctx: &Ctx,
    tx: &mut Tx,
    connection: Allowed<Record, Update>,
    input: Rotation,
) -> Result<Connected, Error> {
    let id = connection.uuid()?;
    must_hold(ctx, connection.project)?;
    let hours = input.overlap_hours.unwrap_or(OVERLAP);
    if !(0..=LONGEST_OVERLAP).contains(&hours) {
        return Err(Problem::invalid("The secret before holds for some hours, or for none.")
            .field("/overlap_hours", "must be from 0 to 720")
            .into());
    }
    let secret = secret(input.secret)?;
    let until: Option<Timestamp> = (hours > 0)
        .then(|| ctx.now().checked_add(SignedDuration::from_hours(hours)))
        .transpose()
        .map_err(|error| Error::Broken(error.to_string()))?;
    let sealed = sealed(ctx, id, &secret)?;
    let row = tx.query_one(ROTATE, &[&id, &sealed, &ctx.now(), &until, &ctx.principal.user_id]).await?;
    let before: Timestamp = row.try_get(0)?;
    let change = Change {
        event: "webhook.secret_rotated",
        resource_type: "webhook",
        resource_id: connection.id.clone(),
        resource_name: connection.title.clone(),
        project: connection.project,
        old: Some(json!({"secret_changed_at": before.to_string(), "old_secret_until": null})),
        new: Some(json!({
            "secret_changed_at": ctx.now().to_string(),
            "old_secret_until": until.map(|until| until.to_string()),
        })),
    };
    record(ctx, tx, &change).await?;
    Ok(Connected { id, path: path(id), secret, old_secret_until: until.map(|until| until.to_string()) })
}

async fn take_over(
    ctx: &Ctx,
    tx: &mut Tx,
    connection: Allowed<Record, Update>,
    _: Nothing,
) -> Result<TakenOver, Error> {
    let (id, person) = (connection.uuid()?, ctx.principal.user_id);
    must_hold(ctx, connection.project)?;
    let before: Uuid = tx.query_one(BEHIND, &[&id]).await?.try_get(0)?;
    tx.execute(TAKE_OVER, &[&id, &person]).await?;
    let change = Change {
        event: "webhook.taken_over",
        resource_type: "webhook",
        resource_id: connection.id.clone(),
        resource_name: connection.title.clone(),
        project: connection.project,
        old: Some(json!({"acts_as": before})),
        new: Some(json!({"acts_as": person})),
    };
    record(ctx, tx, &change).await?;
    Ok(TakenOver { id, acts_as: person })
}

pub(super) fn operations() -> [Operation; 3] {
    [
        Operation::on_collection::<Create, NewConnection, Connected, _>(
            "webhook-connections",
            "create",
            "Connects a repository server: answers where it sends its messages, and once the secret to enter there.",
            |ctx, tx, input| Box::pin(create(ctx, tx, input)),
        )
        .showing_once("secret")
        .answering(201),
        Operation::on_record::<Update, Rotation, Connected, _>(
            "webhook-connections",
            "rotate-secret",
            "Gives a connection a new secret, shown once; the one before holds for a time, so that no message is lost.",
            |ctx, tx, connection, input| Box::pin(rotate(ctx, tx, connection, input)),
        )
        .showing_once("secret"),
        Operation::on_record::<Update, Nothing, TakenOver, _>(
            "webhook-connections",
            "take-over",
            "Lets messages be worked on with your rights from now on.",
            |ctx, tx, connection, input| Box::pin(take_over(ctx, tx, connection, input)),
        ),
    ]
}
