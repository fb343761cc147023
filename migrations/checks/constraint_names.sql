-- Names of CHECK constraints begin with their table, so that an error says where it came from; a name PostgreSQL had to cut is refused.
select format('constraint %s on %s.%s should be named %s_…_check', k.conname, n.nspname, c.relname, c.relname) as problem
from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
where n.nspname in ('platform', 'identity', 'authz', 'work', 'quality', 'delivery', 'documents', 'llm', 'analytics', 'security', 'audit', 'reference') and not c.relispartition and k.contype = 'c' and k.conname not like replace(c.relname, '_', '\_') || '\_%check'
union all
select format('constraint %s on %s.%s has a name of 63 bytes, which was cut: choose a shorter one', k.conname, n.nspname, c.relname)
from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
where n.nspname in ('platform', 'identity', 'authz', 'work', 'quality', 'delivery', 'documents', 'llm', 'analytics', 'security', 'audit', 'reference') and not c.relispartition and k.conparentid = 0 and octet_length(k.conname) >= 63
order by 1;
