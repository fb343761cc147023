-- Gives test cases that are known by their key the names they are reported under now. As many rows as really changed.
update quality.test_cases c set name = n.name
from unnest($2::uuid[], $3::text[]) n (id, name)
where c.organization_id = platform.current_organization() and c.id = n.id and c.project_id = $1 and c.name <> n.name
