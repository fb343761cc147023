//! Members whom nobody signed in as: what a member may do now, for work that goes on after their request ended.

use std::sync::Arc;

use kernel::{Credential, Ctx, Error, Principal, PrincipalKind, Request};
use uuid::Uuid;

use crate::{Authenticator, sign_in::bare};

/// A member with what decides whether they still count. Seen as the member sees it: no row outside of the organisation.
const MEMBER: &str = "
select u.display_name, u.email, u.kind, u.owner_user_id
  from identity.users u
  join identity.memberships m on m.user_id = u.id
 where u.id = $1 and u.status = 'active' and u.deleted_at is null and m.status = 'active' and m.deleted_at is null";

impl Authenticator {
    /// A member as a principal, with what they hold now; None for somebody who may no longer sign in. For the server's own
    /// use, on work that the member asked for: a door proves who is asking with [`Authenticator::principal`].
    ///
    /// # Errors
    /// When the database cannot say.
    pub async fn member(&self, organization: Uuid, user: Uuid) -> Result<Option<Principal>, Error> {
        let mut principal = bare(user, organization, Credential::Server);
        let ctx = Ctx::new(self.kernel.clone(), Arc::new(principal.clone()), Request::default());
        let tx = ctx.begin_read().await?;
        let row = tx.query_opt(MEMBER, &[&user]).await?;
        tx.commit().await?;
        let Some(row) = row else { return Ok(None) };
        principal.display_name = row.try_get(0)?;
        principal.email = row.try_get::<_, Option<String>>(1)?.unwrap_or_default();
        principal.kind = match row.try_get(2)? {
            "agent" => PrincipalKind::Agent,
            "service" => PrincipalKind::Service,
            _ => PrincipalKind::Person,
        };
        let owner: Option<Uuid> = row.try_get(3)?;
        principal.on_behalf_of = owner.filter(|_| principal.kind == PrincipalKind::Agent);
        principal.grants = self.grants(&principal).await?;
        Ok(Some(principal))
    }
}
