-- What lists say of some records: kind, key, title, status, project, and who to talk to. Whoever asks has found out before which of them may be read.
-- $1 records
select e.id, e.entity_type, k.key, e.title, e.status, p.slug, p.name, coalesce(u.display_name, u.email), t.name, coalesce(o.display_name, o.email),
       b.build_number
  from platform.entities e
  left join work.projects p on p.id = e.project_id
  left join lateral (
    select x.key from work.entity_keys x where x.project_id = e.project_id and x.entity_id = e.id order by x.created_at desc, x.key limit 1) k on true
  left join quality.test_cases c on e.entity_type = 'test_case' and c.id = e.id
  left join delivery.builds b on e.entity_type = 'build' and b.id = e.id
  left join platform.services v on e.entity_type = 'service' and v.id = e.id
  left join identity.teams t on t.id = coalesce(v.team_id, p.team_id)
  left join identity.users u on u.id = coalesce(e.owner_user_id, c.owner_user_id, case when v.id is not null then t.lead_user_id end)
  left join identity.users o on o.id = p.owner_user_id
 where e.id = any ($1::uuid[])
