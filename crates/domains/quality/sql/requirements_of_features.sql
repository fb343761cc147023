-- The key of the requirement that each of these features is for. No row for a feature without one.
select f.id, q.key
  from work.features f join work.requirements q on q.project_id = f.project_id and q.id = f.requirement_id
 where f.id = any ($1) and /* readable requirements q.id */ true
