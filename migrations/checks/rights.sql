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
where n.nspname in ('platform', 'identity', 'authz', 'work', 'quality', 'delivery', 'documents', 'llm', 'analytics', 'security', 'audit', 'reference') and r.rolname in ('application_user', 'readonly_user', 'throughline_auth', 'throughline_search')
union all
select format('application_user may change the append-only table %s.%s', n.nspname, c.relname)
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where (n.nspname, c.relname) in (('audit', 'audit_logs'), ('audit', 'change_sets'), ('audit', 'change_tracking'), ('audit', 'activity_logs'), ('audit', 'project_history'),
    ('audit', 'document_history'),
    ('audit', 'leaves'), ('audit', 'tree_nodes'), ('audit', 'seals'), ('platform', 'metric_samples'), ('quality', 'test_results'), ('work', 'entity_keys'))
  and has_table_privilege('application_user', c.oid, 'update, delete')
union all
select format('readonly_user may read the secrets in %s.%s', n.nspname, c.relname)
from pg_class c join pg_namespace n on n.oid = c.relnamespace
join platform.table_facts f on f.table_schema = n.nspname and f.table_name = c.relname and f.classification = 'restricted'
where has_table_privilege('readonly_user', c.oid, 'select')
union all
select format('%s is superuser or bypasses row security', r.rolname)
from pg_roles r
where r.rolname in ('application_user', 'readonly_user', 'throughline_auth', 'throughline_partitions', 'throughline_statistics', 'throughline_search')
  and (r.rolsuper or r.rolbypassrls)
union all
select format('the security definer function %s.%s must belong to throughline_auth, throughline_partitions, throughline_statistics or (platform.search alone) throughline_search, fix its search_path and be closed to PUBLIC', n.nspname, p.proname)
from pg_proc p join pg_namespace n on n.oid = p.pronamespace join pg_roles r on r.oid = p.proowner
where n.nspname in ('platform', 'identity', 'authz', 'work', 'quality', 'delivery', 'documents', 'llm', 'analytics', 'security', 'audit', 'reference') and p.prosecdef and (
  not (r.rolname in ('throughline_auth', 'throughline_partitions', 'throughline_statistics') or (r.rolname = 'throughline_search' and (n.nspname, p.proname) = ('platform', 'search')))
  or not exists (select from unnest(p.proconfig) s where s = 'search_path=pg_catalog, pg_temp')
  or exists (select from aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) g where g.grantee = 0))
union all
select format('throughline_search may %s %s.%s: it reads what platform.search needs and nothing else', g.privilege_type, n.nspname, c.relname)
from pg_class c join pg_namespace n on n.oid = c.relnamespace
cross join lateral aclexplode(c.relacl) g
where g.grantee = 'throughline_search'::regrole
  and not (g.privilege_type = 'SELECT' and (n.nspname, c.relname) in (('platform', 'entities'), ('platform', 'entities_entry_number_seq'), ('work', 'projects'),
    ('work', 'entity_keys'), ('work', 'entity_tags'), ('reference', 'tags'), ('documents', 'documents'), ('llm', 'conversations'),
    ('llm', 'prompt_templates'), ('analytics', 'reports'), ('analytics', 'report_shares')))
union all
select format('throughline_search may create in schema %s', n.nspname)
from pg_namespace n where has_schema_privilege('throughline_search', n.oid, 'create')
union all
select format('%s may act as throughline_search', r.rolname)
from pg_roles r
where (r.rolname in ('application_user', 'readonly_user', 'super_admin', 'throughline_auth', 'throughline_partitions', 'throughline_statistics') and pg_has_role(r.oid, 'throughline_search', 'member'))
  or (r.rolname = 'throughline_search' and r.rolcanlogin)
union all
select format('%s may run platform.search: only application_user may', coalesce(r.rolname, 'everybody'))
from pg_proc p join pg_roles o on o.oid = p.proowner
cross join lateral aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) g left join pg_roles r on r.oid = g.grantee
where p.pronamespace = 'platform'::regnamespace and p.proname = 'search' and g.grantee <> p.proowner and r.rolname is distinct from 'application_user'
order by 1;
