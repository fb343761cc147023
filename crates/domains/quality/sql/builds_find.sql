-- The build that another system calls so, at most one.
select b.id
from platform.external_references x join delivery.builds b on b.organization_id = x.organization_id and b.id = x.entity_id
where x.project_id = $1 and x.system = $2 and x.external_id = $3
order by b.id
limit 1
