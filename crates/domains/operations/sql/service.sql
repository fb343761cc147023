-- A live service, at most one row.
select s.id, s.name, s.service_type, s.status, s.description, t.name as team
  from platform.services s
  left join identity.teams t on t.organization_id = s.organization_id and t.id = s.team_id
 where s.id = $1 and s.deleted_at is null and /* readable services s.id */ true
