-- The features that carry a requirement out.
-- $1 project, $2 requirement
select f.name, f.implementation_status
  from work.features f
 where f.project_id = $1 and f.requirement_id = $2 and f.deleted_at is null and /* readable features f.id */ true
 order by length(f.key), f.key
 limit 200
