-- Describes a record as a thing that rights can be limited to, unless it is described. Nothing when the registry does not know the record.
insert into authz.resources (resource_type_id, entity_id, name)
select t.id, e.id, $3
from authz.resource_types t cross join platform.entities e
where t.name = $1 and e.id = $2
on conflict (organization_id, entity_id) where entity_id is not null do nothing
