-- The members by name that fit a text ($1), kinds ($2), statuses ($3) and roles that they hold at $4 ($5), each of them when it is given, as far as
-- the reader may read memberships; behind the member $6 when one is given, $7 at most. No row: nobody fits.
select m.user_id, u.display_name, coalesce(u.email, ''), u.kind, u.owner_user_id, o.display_name, m.status, u.last_login_at, m.job_title
from identity.memberships m
join identity.users u on u.id = m.user_id
left join identity.users o on o.id = u.owner_user_id
where m.deleted_at is null and /* readable memberships m.user_id */ true
  and ($1::text is null or strpos(lower(u.display_name), lower($1)) > 0 or strpos(lower(coalesce(u.email, '')), lower($1)) > 0)
  and (cardinality($2::text[]) = 0 or u.kind = any($2))
  and (cardinality($3::text[]) = 0 or m.status = any($3))
  and (cardinality($5::text[]) = 0
    or exists (select from authz.user_roles g join authz.roles r on r.id = g.role_id
               where g.user_id = m.user_id and r.name = any($5) and g.revoked_at is null and (g.valid_until is null or g.valid_until > $4)
                 and /* readable user-roles g.id */ true and /* readable roles g.role_id */ true)
    or exists (select from work.project_members p join authz.roles r on r.id = p.role_id
               where p.user_id = m.user_id and r.name = any($5) and p.is_active and /* readable roles p.role_id */ true))
  and ($6::uuid is null or (lower(u.display_name), m.user_id) > (select lower(a.display_name), a.id from identity.users a where a.id = $6))
order by lower(u.display_name), m.user_id
limit $7
