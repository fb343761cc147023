-- What a requirement depends on, and what depends on it.
-- $1 project, $2 requirement
select true as needed, r.id, r.key, r.title
  from work.requirement_dependencies d
  join work.requirements r on r.id = d.depends_on_requirement_id and r.project_id = $1 and r.deleted_at is null
   and /* readable requirements r.id */ true
 where d.project_id = $1 and d.requirement_id = $2
union all
select false, r.id, r.key, r.title
  from work.requirement_dependencies d
  join work.requirements r on r.id = d.requirement_id and r.project_id = $1 and r.deleted_at is null
   and /* readable requirements r.id */ true
 where d.project_id = $1 and d.depends_on_requirement_id = $2
 order by 1 desc, 3
 limit 200
