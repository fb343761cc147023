//! The first organisation and its owner, made once by whoever runs the server.

use std::sync::Arc;

use authz::Grants;
use base::Problem;
use kernel::{Change, Credential, Ctx, Error, Kernel, Principal, Request, record};
use uuid::Uuid;
use vault::Passwords;

use crate::sign_in::bare;

/// What the first organisation is called and who owns it.
pub struct FirstOrganization<'a> {
    /// The organisation's name.
    pub name: &'a str,
    /// Its slug.
    pub slug: &'a str,
    /// The owner's name.
    pub owner: &'a str,
    /// The owner's address.
    pub email: &'a str,
    /// The owner's password.
    pub password: &'a str,
}

/// Makes the first organisation with its owner and gives back the owner as a principal who may do everything.
/// An owner that is there already, with this address, is given back unchanged.
///
/// # Errors
/// When the database refuses, or the password is not taken.
pub async fn first_organization(
    kernel: &Arc<Kernel>,
    passwords: &Passwords,
    first: &FirstOrganization<'_>,
) -> Result<Principal, Error> {
    let email = first.email.to_lowercase();
    let known = kernel.store.query_outside("select user_id from identity.sign_in_lookup($1)", &[&email]).await?;
    if let Some(row) = known.first() {
        let user: Uuid = row.try_get(0)?;
        let rows =
            kernel.store.query_outside("select organization_id from identity.user_organizations($1)", &[&user]).await?;
        let organization = rows
            .first()
            .ok_or_else(|| Problem::conflict(format!("{email} exists and belongs to no organisation.")))?
            .try_get(0)?;
        return Ok(owner(user, organization, first, &email));
    }
    let hash = passwords
        .hash(first.password, &[&email, first.owner])
        .map_err(|error| Problem::invalid(format!("The administrator's password is not taken: {error}.")))?;
    let (user, organization) = (base::id_at(kernel.now()), base::id_at(kernel.now()));
    let principal = owner(user, organization, first, &email);
    let ctx = Ctx::new(kernel.clone(), Arc::new(principal.clone()), Request::default());
    let mut tx = ctx.begin().await?;
    tx.execute(
        "insert into identity.organizations (id, name, slug, created_by) values ($1, $2, $3, $4)",
        &[&organization, &first.name, &first.slug, &user],
    )
    .await?;
    tx.execute(
        "insert into identity.users (id, email, display_name, email_verified_at) values ($1, $2, $3, $4)",
        &[&user, &email, &first.owner, &kernel.now()],
    )
    .await?;
    tx.execute(
        "insert into identity.memberships (user_id, status, is_default, joined_at) values ($1, 'active', true, $2)",
        &[&user, &kernel.now()],
    )
    .await?;
    tx.execute(
        "insert into identity.user_credentials (user_id, kind, secret_hash) values ($1, 'password', $2)",
        &[&user, &hash],
    )
    .await?;
    tx.query("select platform.seed_organization($1)", &[&organization]).await?;
    tx.execute(
        "insert into authz.user_roles (user_id, role_id, assignment_reason)
         select $1, id, 'first owner' from authz.roles where template_code = 'owner'",
        &[&user],
    )
    .await?;
    let change = Change {
        event: "organization.created",
        resource_type: "organization",
        resource_id: organization.to_string(),
        resource_name: Some(first.name.to_owned()),
        project: None,
        old: None,
        new: Some(serde_json::json!({"name": first.name, "slug": first.slug})),
    };
    record(&ctx, &mut tx, &change).await?;
    tx.commit().await?;
    Ok(principal)
}

fn owner(user: Uuid, organization: Uuid, first: &FirstOrganization<'_>, email: &str) -> Principal {
    Principal {
        display_name: first.owner.to_owned(),
        email: email.to_owned(),
        grants: Grants::unlimited(),
        ..bare(user, organization, Credential::Server)
    }
}
