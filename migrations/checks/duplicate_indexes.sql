-- An index whose columns begin another index of the same table, with the same condition, costs every write and serves nothing.
select format('index %s of %s.%s is already covered by %s', small_name.relname, n.nspname, c.relname, big_name.relname) as problem
from pg_index small
join pg_index big on big.indrelid = small.indrelid and big.indexrelid <> small.indexrelid
join pg_class c on c.oid = small.indrelid join pg_namespace n on n.oid = c.relnamespace
join pg_class small_name on small_name.oid = small.indexrelid
join pg_class big_name on big_name.oid = big.indexrelid and big_name.relam = small_name.relam
where n.nspname in ('platform', 'identity', 'authz', 'work', 'quality', 'delivery', 'documents', 'llm', 'analytics', 'security', 'audit', 'reference') and not c.relispartition
  and small.indexprs is null and big.indexprs is null
  and pg_get_expr(small.indpred, small.indrelid) is not distinct from pg_get_expr(big.indpred, big.indrelid)
  and (big.indkey::int2[])[0:small.indnkeyatts - 1] = (small.indkey::int2[])[0:small.indnkeyatts - 1]
  and (not small.indisunique or (big.indisunique and big.indnkeyatts = small.indnkeyatts and small.indexrelid > big.indexrelid))
order by 1;
