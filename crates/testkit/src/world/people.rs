//! The people of a world: one for each starting role, all with the same password and a session each.

use std::sync::Arc;

use identity::{FirstOrganization, first_organization};
use jiff::SignedDuration;
use kernel::{Catalogue, Ctx, Kernel, PoolOptions, Principal, Request, Schema, Store, Tx};
use uuid::Uuid;
use vault::{Passwords, Token, TokenKind};

use crate::{Database, Failure};

/// The password of everybody.
const PASSWORD: &str = "a sentence nobody guesses";

/// The address of whoever belongs to no organisation.
const STRANGER: &str = "stranger@nowhere.example";

/// Somebody who can sign in.
#[derive(Debug, Clone)]
pub struct Person {
    /// Their identifier.
    pub user_id: Uuid,
    /// The address they sign in with.
    pub email: String,
    /// The name shown beside what they do.
    pub name: String,
    /// The token of a session of theirs.
    pub token: String,
}

impl Person {
    /// The password they sign in with.
    pub const PASSWORD: &'static str = PASSWORD;
}

/// An organisation with a person in each starting role.
#[derive(Debug, Clone)]
pub struct Organization {
    /// Its identifier.
    pub id: Uuid,
    /// Its slug.
    pub slug: String,
    /// Whoever founded it.
    pub owner: Person,
    /// A person with the role admin.
    pub admin: Person,
    /// A person with the role developer.
    pub developer: Person,
    /// A person with the role viewer.
    pub viewer: Person,
    /// The owner as a principal who may do everything, for setting a scene.
    pub server: Arc<Principal>,
}

impl Organization {
    /// The starting roles with a person each, the weakest first.
    pub fn roles(&self) -> [(&'static str, &Person); 4] {
        [("viewer", &self.viewer), ("developer", &self.developer), ("admin", &self.admin), ("owner", &self.owner)]
    }

    /// A context of the server itself in this organisation.
    pub fn ctx(&self, kernel: &Arc<Kernel>) -> Ctx {
        Ctx::new(kernel.clone(), self.server.clone(), Request::default())
    }

    /// The organisation that [`settle`] founded, with a session for everybody in it.
    pub(super) async fn enter(kernel: &Arc<Kernel>, slug: &str) -> Result<Self, Failure> {
        let server = Arc::new(founder(kernel, slug).await?);
        let ctx = Ctx::new(kernel.clone(), server.clone(), Request::default());
        let tx = ctx.begin().await?;
        let mut people = Vec::new();
        for name in ["owner", "admin", "developer", "viewer"] {
            let email = format!("{name}@{slug}.example");
            let user_id = known(kernel, &email).await?;
            let token = session(&ctx, &tx, user_id).await?;
            people.push(Person { user_id, email, name: name.into(), token });
        }
        tx.commit().await?;
        let [owner, admin, developer, viewer] = people.try_into().map_err(|_| "four people were found")?;
        Ok(Self { id: server.organization_id, slug: slug.to_owned(), owner, admin, developer, viewer, server })
    }

    /// A new member without any role.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn join(&self, kernel: &Arc<Kernel>, name: &str) -> Result<Person, Failure> {
        let ctx = self.ctx(kernel);
        let hash = Passwords::cheap().hash(PASSWORD, &[])?;
        let tx = ctx.begin().await?;
        let email = format!("{name}@{}.example", self.slug);
        let user_id = member(&ctx, &tx, name, &email, &hash).await?;
        let token = session(&ctx, &tx, user_id).await?;
        tx.commit().await?;
        Ok(Person { user_id, email, name: name.to_owned(), token })
    }

    /// An agent that acts for `owner`, with the role developer and an API token.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn agent(&self, kernel: &Arc<Kernel>, owner: &Person) -> Result<Person, Failure> {
        let ctx = self.ctx(kernel);
        let (user_id, token) = (ctx.new_id(), Token::generate(TokenKind::Api));
        let tx = ctx.begin().await?;
        tx.execute(
            "insert into identity.users (id, kind, owner_user_id, display_name) values ($1, 'agent', $2, 'agent')",
            &[&user_id, &owner.user_id],
        )
        .await?;
        tx.execute("insert into identity.memberships (user_id, status) values ($1, 'active')", &[&user_id]).await?;
        tx.execute(
            "insert into authz.user_roles (user_id, role_id)
             select $1, id from authz.roles where template_code = 'developer'",
            &[&user_id],
        )
        .await?;
        tx.execute(
            "insert into identity.api_tokens (id, user_id, name, token_prefix, token_hash, scopes)
             values ($1, $2, 'agent', $3, $4, '{*}')",
            &[&ctx.new_id(), &user_id, &token.shown_prefix(), &token.digest().as_slice()],
        )
        .await?;
        tx.commit().await?;
        Ok(Person { user_id, email: String::new(), name: "agent".into(), token: token.reveal().to_owned() })
    }
}

/// Founds both organisations, with a person for each starting role, and makes an account that belongs to neither.
pub(super) async fn settle(database: &Database) -> Result<(), Failure> {
    let store = Store::new(database.application_config.clone(), &PoolOptions::default())?;
    let kernel = Arc::new(Kernel::new(store, Catalogue::new([], Vec::new(), Schema::default())?));
    let hash = Passwords::cheap().hash(PASSWORD, &[])?;
    for slug in ["home", "abroad"] {
        let ctx = Ctx::new(kernel.clone(), Arc::new(founder(&kernel, slug).await?), Request::default());
        let tx = ctx.begin().await?;
        for role in ["admin", "developer", "viewer"] {
            let user_id = member(&ctx, &tx, role, &format!("{role}@{slug}.example"), &hash).await?;
            tx.execute(
                "insert into authz.user_roles (user_id, role_id) select $1, id from authz.roles where template_code = $2",
                &[&user_id, &role],
            )
            .await?;
        }
        if slug == "home" {
            account(&ctx, &tx, "stranger", STRANGER, &hash).await?;
        }
        tx.commit().await?;
    }
    Ok(())
}

/// Whoever founded the organisation, as a principal who may do everything; founds it when it is not there.
async fn founder(kernel: &Arc<Kernel>, slug: &str) -> Result<Principal, Failure> {
    let email = format!("owner@{slug}.example");
    let first = FirstOrganization { name: slug, slug, owner: "owner", email: &email, password: PASSWORD };
    Ok(first_organization(kernel, &Passwords::cheap(), &first).await?)
}

async fn known(kernel: &Kernel, email: &str) -> Result<Uuid, Failure> {
    let rows = kernel.store.query_outside("select user_id from identity.sign_in_lookup($1)", &[&email]).await?;
    Ok(rows.first().ok_or_else(|| format!("{email} is not known"))?.try_get(0)?)
}

/// A person who has an account and no organisation, with a token that nobody issued.
pub(super) async fn stranger(kernel: &Kernel) -> Result<Person, Failure> {
    Ok(Person {
        user_id: known(kernel, STRANGER).await?,
        email: STRANGER.into(),
        name: "stranger".into(),
        token: Token::generate(TokenKind::Session).reveal().to_owned(),
    })
}

async fn member(ctx: &Ctx, tx: &Tx, name: &str, email: &str, hash: &str) -> Result<Uuid, Failure> {
    let user_id = account(ctx, tx, name, email, hash).await?;
    tx.execute(
        "insert into identity.memberships (user_id, status, joined_at) values ($1, 'active', $2)",
        &[&user_id, &ctx.now()],
    )
    .await?;
    Ok(user_id)
}

async fn account(ctx: &Ctx, tx: &Tx, name: &str, email: &str, hash: &str) -> Result<Uuid, Failure> {
    let user_id = ctx.new_id();
    tx.execute(
        "insert into identity.users (id, email, display_name, email_verified_at) values ($1, $2, $3, $4)",
        &[&user_id, &email, &name, &ctx.now()],
    )
    .await?;
    // A credential belongs to its owner alone; for this statement the transaction is theirs.
    tx.batch(&format!("set local app.current_user_id = '{user_id}'")).await?;
    tx.execute(
        "insert into identity.user_credentials (user_id, kind, secret_hash) values ($1, 'password', $2)",
        &[&user_id, &hash],
    )
    .await?;
    tx.batch(&format!("set local app.current_user_id = '{}'", ctx.principal.user_id)).await?;
    Ok(user_id)
}

async fn session(ctx: &Ctx, tx: &Tx, user_id: Uuid) -> Result<String, Failure> {
    let token = Token::generate(TokenKind::Session);
    let expires_at = ctx.now().checked_add(SignedDuration::from_hours(14 * 24))?;
    tx.execute(
        "insert into identity.sessions (id, user_id, token_hash, created_at, last_active_at, expires_at)
         values ($1, $2, $3, $4, $4, $5)",
        &[&ctx.new_id(), &user_id, &token.digest().as_slice(), &ctx.now(), &expires_at],
    )
    .await?;
    Ok(token.reveal().to_owned())
}
