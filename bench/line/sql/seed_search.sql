-- Records FIRST to LAST of what search is to find: seven of ten a requirement, the others a task, over fifty projects, each with a title of six words and a
-- text of twenty. The words are of 20,000, the n-th as frequent as 1/n, and made of syllables, so that stemming and beginnings of words have work to do.
-- Without triggers, so the registry gets what they would have written.
create or replace function pg_temp.word(n int) returns text language sql immutable as $$
  select string_agg(substr('bdfgklmnprstvz', 1 + d % 14, 1) || substr('aeiou', 1 + d / 14 % 5, 1), '' order by o)
  from (values (1, n % 70), (2, n / 70 % 70), (3, n / 4900 % 70 + 1)) s (o, d) where o < 3 or n >= 4900
$$;
create temporary table if not exists vocabulary as select n - 1 as n, pg_temp.word(n) as word from generate_series(1, 20000) n;
create unique index if not exists vocabulary_n on vocabulary (n);
analyze vocabulary;
create temporary table made as
with words as (
  select r.n, string_agg(v.word, ' ' order by w.place) filter (where w.place <= 6) as title,
    string_agg(v.word, ' ' order by w.place) filter (where w.place > 6) as body
  from (select s.n, w as place, floor(exp(random() * ln(20000)))::int - 1 as chosen from generate_series(FIRST::int, LAST::int) s (n), generate_series(1, 26) w offset 0) w
  join vocabulary v on v.n = w.chosen
  cross join lateral (select w.n) r (n)
  group by r.n)
select n, ('019300000000700080' || lpad(n::text, 14, '0'))::uuid as id, md5('project' || n % 50)::uuid as project_id,
  case when n % 10 < 7 then 'requirement' else 'task' end as kind, title, body,
  case when n % 10 < 7 then (array['draft', 'approved', 'in_progress', 'completed'])[1 + n % 4] else (array['todo', 'in_progress', 'done'])[1 + n % 3] end as status,
  timestamptz '2024-01-01' + n * interval '1 minute' as created_at
from words;
insert into work.requirements (organization_id, id, project_id, key, title, description, priority_code, status, created_at, updated_at, created_by)
select 'ORGANIZATION', id, project_id, 'REQ-' || n, title, body, 'medium', status, created_at, created_at, 'MEMBER' from made where kind = 'requirement';
insert into work.tasks (organization_id, id, project_id, key, title, description, status, created_at, updated_at, created_by)
select 'ORGANIZATION', id, project_id, 'TASK-' || n, title, body, status, created_at, created_at, 'MEMBER' from made where kind = 'task';
insert into work.entity_keys (organization_id, project_id, key, entity_id)
select 'ORGANIZATION', project_id, case kind when 'task' then 'TASK-' else 'REQ-' end || n, id from made;
insert into platform.entities (organization_id, id, entity_type, project_id, title, status, owner_user_id, search_vector, created_at, updated_at)
select 'ORGANIZATION', id, kind, project_id, title, status, 'MEMBER',
  setweight(to_tsvector('simple', case kind when 'task' then 'TASK-' else 'REQ-' end || n), 'A') || setweight(to_tsvector('english', title), 'A')
    || setweight(to_tsvector('english', body), 'B'), created_at, created_at
from made order by n;
insert into work.entity_tags (organization_id, project_id, entity_id, tag_id)
select 'ORGANIZATION', project_id, id, md5('tag' || n % 20)::uuid from made where n % 3 = 0;
drop table made
