-- What a build is called on its way out.
select b.id, b.project_id, b.build_number, b.version_tag, p.name, p.slug
from delivery.builds b join work.projects p on p.organization_id = b.organization_id and p.id = b.project_id
where b.id = $1
