-- Until a table is analysed for the first time, the planner takes organisation and project together for unique. An index that begins with both then
-- looks as good as the key (organization_id, project_id, id) to a foreign-key look-up, which reads the whole project for each row stored.
select format('index %s of %s.%s begins with organization_id, project_id: put its own column between them, or limit it to live rows', i.relname, n.nspname, c.relname) as problem
from pg_index x
join pg_class c on c.oid = x.indrelid join pg_class i on i.oid = x.indexrelid join pg_namespace n on n.oid = c.relnamespace
join pg_attribute o on o.attrelid = c.oid and o.attname = 'organization_id'
join pg_attribute p on p.attrelid = c.oid and p.attname = 'project_id'
join pg_attribute d on d.attrelid = c.oid and d.attname = 'id'
where x.indpred is null and not c.relispartition
  and x.indnkeyatts > 1 and x.indkey[0] = o.attnum and x.indkey[1] = p.attnum
  and not (x.indnkeyatts = 3 and x.indkey[2] = d.attnum)
  and exists (select from pg_constraint k where k.confrelid = c.oid and k.contype = 'f' and k.confkey @> array[o.attnum, p.attnum, d.attnum])
order by 1;
