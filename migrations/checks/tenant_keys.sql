-- The organisation leads the primary key and is carried by a foreign key, and no foreign key between tables of organisations leaves it out.
select format('the primary key of %s.%s does not begin with organization_id', n.nspname, c.relname) as problem
from pg_class c join pg_namespace n on n.oid = c.relnamespace
join pg_attribute a on a.attrelid = c.oid and a.attname = 'organization_id'
where n.nspname in ('platform', 'identity', 'authz', 'work', 'quality', 'delivery', 'documents', 'llm', 'analytics', 'security', 'audit', 'reference') and c.relkind in ('r', 'p') and not c.relispartition
  and not exists (select from pg_constraint k where k.conrelid = c.oid and k.contype = 'p' and k.conkey[1] = a.attnum)
union all
select format('organization_id of %s.%s is carried by no foreign key whose columns are all required', n.nspname, c.relname)
from pg_class c join pg_namespace n on n.oid = c.relnamespace
join pg_attribute a on a.attrelid = c.oid and a.attname = 'organization_id'
where n.nspname in ('platform', 'identity', 'authz', 'work', 'quality', 'delivery', 'documents', 'llm', 'analytics', 'security', 'audit', 'reference') and c.relkind in ('r', 'p') and not c.relispartition
  and not exists (select from pg_constraint k where k.conrelid = c.oid and k.contype = 'f' and a.attnum = any (k.conkey)
                    and not exists (select from pg_attribute x where x.attrelid = c.oid and x.attnum = any (k.conkey) and not x.attnotnull))
union all
select format('foreign key %s of %s.%s points to a table of organisations without carrying organization_id', k.conname, n.nspname, c.relname)
from pg_constraint k
join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
join pg_attribute t on t.attrelid = k.confrelid and t.attname = 'organization_id'
where n.nspname in ('platform', 'identity', 'authz', 'work', 'quality', 'delivery', 'documents', 'llm', 'analytics', 'security', 'audit', 'reference') and k.contype = 'f' and not c.relispartition and not t.attnum = any (k.confkey)
union all
select format('foreign key %s of %s.%s points to a table of projects without carrying project_id', k.conname, n.nspname, c.relname)
from pg_constraint k
join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
join pg_attribute own on own.attrelid = k.conrelid and own.attname = 'project_id' and own.attnotnull
join pg_attribute t on t.attrelid = k.confrelid and t.attname = 'project_id' and t.attnotnull
where n.nspname in ('platform', 'identity', 'authz', 'work', 'quality', 'delivery', 'documents', 'llm', 'analytics', 'security', 'audit', 'reference') and k.contype = 'f' and not c.relispartition and not t.attnum = any (k.confkey)
union all
select format('unique index %s of %s.%s leaves out organization_id: its error would tell one organisation about another', i.relname, n.nspname, c.relname)
from pg_index x
join pg_class c on c.oid = x.indrelid join pg_class i on i.oid = x.indexrelid join pg_namespace n on n.oid = c.relnamespace
join pg_attribute a on a.attrelid = c.oid and a.attname = 'organization_id'
where n.nspname in ('platform', 'identity', 'authz', 'work', 'quality', 'delivery', 'documents', 'llm', 'analytics', 'security', 'audit', 'reference') and x.indisunique and not c.relispartition and not a.attnum = any (x.indkey)
  -- Random tokens confirm nothing, and a person has one preferred organisation over all of them.
  and i.relname not in ('sessions_token_hash_key', 'api_tokens_token_hash_key', 'memberships_one_default_key')
order by 1;
