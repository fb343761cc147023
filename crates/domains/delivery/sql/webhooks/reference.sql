-- The record of a table that a server calls so, with the moment of what it told last; no row when none is known.
select x.id, x.entity_id, x.synchronized_at
  from platform.external_references x
  join platform.entities e on e.id = x.entity_id
 where x.project_id = $1 and x.system = $2 and x.external_id = $3 and e.entity_type = $4
 order by x.id limit 1
