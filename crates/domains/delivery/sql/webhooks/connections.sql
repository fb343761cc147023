-- The connections of a project, or one of them, by name, with how their messages went.
select c.id, c.name, c.provider, c.repository, c.issue_label, c.is_active, c.secret_changed_at, c.row_version,
       case when c.old_secret_until > $3 then c.old_secret_until end as old_secret_until,
       (select coalesce(u.display_name, u.email) from identity.memberships m join identity.users u on u.id = m.user_id
         where m.user_id = c.acts_as and m.status = 'active' and m.deleted_at is null) as acts_as_name,
       d.last_received_at, d.kept, d.failed, d.waiting
  from platform.webhook_connections c
  cross join lateral (
    select max(x.received_at) as last_received_at, count(*) as kept, count(*) filter (where x.status = 'failed') as failed,
           count(*) filter (where x.status in ('received', 'waiting')) as waiting
      from platform.webhook_deliveries x where x.connection_id = c.id) d
 where c.project_id = $1 and ($2::uuid is null or c.id = $2) and c.deleted_at is null and /* readable webhook-connections c.id */ true
 order by c.name, c.id
 limit 200
