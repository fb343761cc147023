-- The permissions of the organisation, by what they are about; none without an organisation.
select p.id, p.name, t.name, p.action, p.scope, p.requires_approval, p.approval_workflow_id
from authz.permissions p join authz.resource_types t on t.id = p.resource_type_id
where p.deleted_at is null
order by t.name, p.action, p.name
