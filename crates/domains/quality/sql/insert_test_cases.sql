-- Stores test cases that a report was the first to name.
insert into quality.test_cases (id, project_id, key, name, test_type, automation_status, automation_script_path)
select c.id, $1, 'TC-' || ($2::bigint + c.nth - 1), c.name, c.test_type, 'automated', c.path
from unnest($3::uuid[], $4::text[], $5::text[], $6::text[]) with ordinality c (id, name, test_type, path, nth)
