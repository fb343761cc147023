-- Live services with what their descriptions offer, by name. Parameters: pattern, name and identifier of the last one of the page before, rows.
select s.id, s.name, s.service_type, s.status, t.name as team,
       coalesce((select sum(d.operations_count) from platform.api_documents d where d.organization_id = s.organization_id and d.service_id = s.id), 0)::bigint as operations,
       (select max(d.imported_at) from platform.api_documents d where d.organization_id = s.organization_id and d.service_id = s.id) as described_at
  from platform.services s
  left join identity.teams t on t.organization_id = s.organization_id and t.id = s.team_id
 where s.deleted_at is null and /* readable services s.id */ true
   and ($1::text is null or s.name ilike $1 or s.description ilike $1)
   and ($2::text is null or (s.name, s.id) > ($2::text, $3::uuid))
 order by s.name, s.id
 limit $4
