-- What conditions may read of members; no row for whoever is not an active member, who then holds nothing.
select u.id, u.email, u.kind, u.display_name, m.username, m.department, m.job_title,
       array(select t.slug from identity.team_members tm join identity.teams t on t.id = tm.team_id
              where tm.user_id = u.id and t.deleted_at is null order by t.slug)
from identity.users u join identity.memberships m on m.user_id = u.id
where u.id = any($1) and u.status = 'active' and u.deleted_at is null and m.status = 'active' and m.deleted_at is null
