-- CHECK constraints that are not a list of values become error messages, so each needs a sentence for a person.
select format('constraint %s on %s.%s has no comment: say in one sentence what must hold', k.conname, n.nspname, c.relname) as problem
from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
where n.nspname in ('platform', 'identity', 'authz', 'work', 'quality', 'delivery', 'documents', 'llm', 'analytics', 'security', 'audit', 'reference') and not c.relispartition and k.contype = 'c' and obj_description(k.oid, 'pg_constraint') is null
  and pg_get_constraintdef(k.oid) !~ '= ANY \(.*ARRAY\['
order by 1;
