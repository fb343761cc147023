-- Requirements 1 to ROWS of one project, made without the triggers: neither the registry nor the words for searching are read here.
-- The identifier carries the running number in decimal digits, so that every generator can name a record by a number.
insert into work.requirements (organization_id, id, project_id, key, title, description, priority_code, status,
  estimated_effort_points, priority_order, target_date, created_at, updated_at, created_by)
select 'ORGANIZATION', ('019300000000700080' || lpad(n::text, 14, '0'))::uuid, 'PROJECT', 'REQ-' || n,
       'The signed-in customer sees balance number ' || n,
       'Given an account with movements, when the page opens, then the balance of the last booking day is shown within two seconds.',
       (array['low', 'medium', 'high', 'critical'])[1 + n % 4],
       (array['draft', 'approved', 'in_progress', 'completed', 'rejected'])[1 + (n * 48271 % 2147483647) % 5],
       n % 13, n, date '2026-01-01' + (n % 700)::int, timestamptz '2026-01-01' + n * interval '1 second',
       timestamptz '2026-01-01' + ((n * 7919) % ROWS) * interval '1 second', 'MEMBER'
from generate_series(FIRST::bigint, LAST::bigint) n
