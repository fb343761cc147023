-- The records behind what another system calls them, or behind keys of ours; no row for what is not known here.
select n.name, x.entity_id, e.entity_type from unnest($3::text[]) n (name)
join platform.external_references x on x.project_id = $1 and x.system = $2 and x.external_id = n.name
join platform.entities e on e.project_id = $1 and e.id = x.entity_id
union
select n.name, r.id, 'requirement' from unnest($3::text[]) n (name) join work.requirements r on r.project_id = $1 and r.key = n.name and r.deleted_at is null
union
select n.name, d.id, 'defect' from unnest($3::text[]) n (name) join quality.defects d on d.project_id = $1 and d.key = n.name and d.deleted_at is null
