-- Fifty projects, of which ten are private and have no members, and twenty tags.
insert into work.projects (organization_id, id, name, slug, visibility, created_by)
select 'ORGANIZATION', md5('project' || n)::uuid, 'Project ' || n, 'project-' || n, case when n % 5 = 0 then 'private' else 'internal' end, 'MEMBER'
from generate_series(0, 49) n;
insert into reference.tags (organization_id, id, name) select 'ORGANIZATION', md5('tag' || n)::uuid, 'tag-' || n from generate_series(0, 19) n
