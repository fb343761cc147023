-- Members by name, as far as the reader may read memberships, or those of $1 when it is given, among whom whoever asks ($2) always sees themselves:
-- who they are, who answers for them, and when they signed in last. No row: not a member.
select m.user_id, u.display_name, coalesce(u.email, ''), u.kind, u.owner_user_id, o.display_name, m.status, u.last_login_at, m.job_title
from identity.memberships m
join identity.users u on u.id = m.user_id
left join identity.users o on o.id = u.owner_user_id
where m.deleted_at is null and ($1::uuid[] is null or m.user_id = any($1)) and (m.user_id = $2 or /* readable memberships m.user_id */ true)
order by lower(u.display_name), m.user_id
limit 2000
