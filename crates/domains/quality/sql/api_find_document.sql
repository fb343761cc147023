-- The description of that title with its service, at most one.
select d.id, d.service_id, s.name, s.deleted_at is not null as in_bin
from platform.api_documents d join platform.services s on s.organization_id = d.organization_id and s.id = d.service_id
where d.title = $1
