-- A permission by its name, with the kind of thing it is about and the workflow by which it is approved. No row: there is none.
select p.id, t.name, p.approval_workflow_id
from authz.permissions p join authz.resource_types t on t.id = p.resource_type_id
where p.name = $1 and p.deleted_at is null
