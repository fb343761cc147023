-- A column that is classified as sensitive exists, and what is stored sealed or as a fingerprint is classified.
select format('security.data_elements describes %s.%s, which does not exist', e.table_name, e.column_name) as problem
from security.data_elements e
where to_regclass(e.table_name) is null
   or not exists (select from pg_attribute a where a.attrelid = to_regclass(e.table_name) and a.attname = e.column_name and a.attnum > 0 and not a.attisdropped)
union all
select format('%s.%s.%s holds a secret and has no row in security.data_elements', n.nspname, c.relname, a.attname)
from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
where n.nspname in ('platform', 'identity', 'authz', 'work', 'quality', 'delivery', 'documents', 'llm', 'analytics', 'security', 'audit', 'reference')
  and c.relkind in ('r', 'p') and not c.relispartition and a.attnum > 0 and not a.attisdropped
  and (a.attname like '%\_ciphertext' or a.attname in ('token_hash', 'secret_hash', 'share_token_hash', 'wrapped_key_material'))
  and not exists (select from security.data_elements e where e.table_name = n.nspname || '.' || c.relname and e.column_name = a.attname)
order by 1;
