-- Active members by address, or by name where only one has it. No row for anybody else.
select n.name, (array_agg(u.id))[1] as id
from unnest($1::text[]) n (name)
join identity.users u on u.email = lower(n.name) or u.display_name = n.name
join identity.memberships m on m.user_id = u.id and m.status = 'active' and m.deleted_at is null
group by n.name having count(distinct u.id) = 1
