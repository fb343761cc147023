-- The application may do no more than it needs, and nobody else anything.
select format('application_user may truncate %s.%s', n.nspname, c.relname) as problem
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname in ('platform', 'identity', 'authz', 'work', 'quality', 'delivery', 'documents', 'llm', 'analytics', 'security', 'audit', 'reference') and c.relkind in ('r', 'p') and has_table_privilege('application_user', c.oid, 'truncate')
union all
select format('%s may reach the partition %s.%s directly', r.rolname, n.nspname, c.relname)
from pg_class c join pg_namespace n on n.oid = c.relnamespace
cross join pg_roles r
where n.nspname in ('platform', 'identity', 'authz', 'work', 'quality', 'delivery', 'documents', 'llm', 'analytics', 'security', 'audit', 'reference') and c.relispartition and r.rolname in ('application_user', 'readonly_user')
  and has_table_privilege(r.oid, c.oid, 'select, insert, update, delete')
union all
select format('application_user may create in schema %s', n.nspname)
from pg_namespace n
where n.nspname in ('platform', 'identity', 'authz', 'work', 'quality', 'delivery', 'documents', 'llm', 'analytics', 'security', 'audit', 'reference') and has_schema_privilege('application_user', n.oid, 'create')
union all
select format('%s owns %s.%s', r.rolname, n.nspname, c.relname)
from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_roles r on r.oid = c.relowner
where n.nspname in ('platform', 'identity', 'authz', 'work', 'quality', 'delivery', 'documents', 'llm', 'analytics', 'security', 'audit', 'reference') and r.rolname in ('application_user', 'readonly_user', 'throughline_auth')
union all
select format('application_user may change the append-only table %s.%s', n.nspname, c.relname)
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where (n.nspname, c.relname) in (('audit', 'audit_logs'), ('audit', 'change_sets'), ('audit', 'change_tracking'), ('audit', 'activity_logs'), ('audit', 'project_history'),
    ('audit', 'document_history'), ('platform', 'metric_samples'), ('quality', 'test_results'), ('work', 'entity_keys'))
  and has_table_privilege('application_user', c.oid, 'update, delete')
union all
select format('readonly_user may read the secrets in %s.%s', n.nspname, c.relname)
from pg_class c join pg_namespace n on n.oid = c.relnamespace
join platform.table_facts f on f.table_schema = n.nspname and f.table_name = c.relname and f.classification = 'restricted'
where has_table_privilege('readonly_user', c.oid, 'select')
union all
select format('%s is superuser or bypasses row security', r.rolname)
from pg_roles r
where r.rolname in ('application_user', 'readonly_user', 'throughline_auth', 'throughline_partitions', 'throughline_statistics') and (r.rolsuper or r.rolbypassrls)
union all
select format('the security definer function %s.%s must belong to throughline_auth, throughline_partitions or throughline_statistics, fix its search_path and be closed to PUBLIC', n.nspname, p.proname)
from pg_proc p join pg_namespace n on n.oid = p.pronamespace join pg_roles r on r.oid = p.proowner
where n.nspname in ('platform', 'identity', 'authz', 'work', 'quality', 'delivery', 'documents', 'llm', 'analytics', 'security', 'audit', 'reference') and p.prosecdef and (
  r.rolname not in ('throughline_auth', 'throughline_partitions', 'throughline_statistics')
  or not exists (select from unnest(p.proconfig) s where s = 'search_path=pg_catalog, pg_temp')
  or exists (select from aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) g where g.grantee = 0))
order by 1;
