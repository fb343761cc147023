//! Telling members, by the notifications that they see when they sign in.

use jiff::Timestamp;
use kernel::{Error, Tx};
use uuid::Uuid;

const TELL: &str = "
insert into platform.notifications (recipient_user_id, notification_type, title, body, entity_type, entity_id, expires_at)
select distinct g.user_id, $2::text, $3::text, $4::text, 'security_event', $5::uuid, $6::timestamptz + interval '90 days'
  from authz.user_roles g
  join authz.roles r on r.id = g.role_id and r.template_code = any ($1)
  join identity.memberships m on m.user_id = g.user_id and m.status = 'active' and m.deleted_at is null
 where g.revoked_at is null and g.resource_scope_id is null and (g.valid_from is null or g.valid_from <= $6) and (g.valid_until is null or g.valid_until > $6)";

/// The roles whose holders are told, by the word of a rule.
pub(super) fn audience(word: &str) -> &'static [&'static str] {
    match word {
        "owners" => &["owner"],
        "administrators" => &["owner", "admin"],
        _ => &[],
    }
}

/// Tells every active holder of one of the roles in the whole organisation. Answers how many there are.
pub(super) async fn tell(
    tx: &Tx,
    roles: &[&str],
    kind: &str,
    title: &str,
    body: &str,
    event: Uuid,
    now: Timestamp,
) -> Result<u64, Error> {
    if roles.is_empty() {
        return Ok(0);
    }
    let body: String = body.chars().take(10_000).collect();
    tx.execute(TELL, &[&roles, &kind, &title, &body, &event, &now]).await
}
