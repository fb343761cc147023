-- Every table has a classification and a retention; an exemption that is no longer needed, or a fact about a table that is gone, is refused.
select format('%s.%s has no row in platform.table_facts', n.nspname, c.relname) as problem
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname in ('platform', 'identity', 'authz', 'work', 'quality', 'delivery', 'documents', 'llm', 'analytics', 'security', 'audit', 'reference') and c.relkind in ('r', 'p') and not c.relispartition
  and not exists (select from platform.table_facts f where f.table_schema = n.nspname and f.table_name = c.relname)
union all
select format('platform.table_facts describes %s.%s, which does not exist', f.table_schema, f.table_name)
from platform.table_facts f
where to_regclass(format('%I.%I', f.table_schema, f.table_name)) is null
union all
select format('%s.%s has an organization_id and no longer needs the exemption "%s"', f.table_schema, f.table_name, f.tenant_exempt_reason)
from platform.table_facts f
where f.tenant_exempt_reason is not null and exists (
  select from pg_attribute a where a.attrelid = to_regclass(format('%I.%I', f.table_schema, f.table_name)) and a.attname = 'organization_id')
union all
select format('%s.%s has no organization_id and no reason for that', f.table_schema, f.table_name)
from platform.table_facts f
where f.tenant_exempt_reason is null and not exists (
  select from pg_attribute a where a.attrelid = to_regclass(format('%I.%I', f.table_schema, f.table_name)) and a.attname = 'organization_id')
order by 1;
