-- Every table of an organisation has forced row security with the tenant policy, and with the project policy where it has a project.
select format('%s.%s does not force row security', n.nspname, c.relname) as problem
from pg_class c join pg_namespace n on n.oid = c.relnamespace
left join platform.table_facts f on f.table_schema = n.nspname and f.table_name = c.relname
where n.nspname in ('platform', 'identity', 'authz', 'work', 'quality', 'delivery', 'documents', 'llm', 'analytics', 'security', 'audit', 'reference') and c.relkind in ('r', 'p') and not (c.relrowsecurity and c.relforcerowsecurity)
  and (c.relispartition or f.tenant_exempt_reason is null or n.nspname = 'identity')
union all
select format('%s.%s has no restrictive policy tenant_isolation with USING and WITH CHECK', n.nspname, c.relname)
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname in ('platform', 'identity', 'authz', 'work', 'quality', 'delivery', 'documents', 'llm', 'analytics', 'security', 'audit', 'reference') and c.relkind in ('r', 'p') and not c.relispartition
  and exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'organization_id')
  and not exists (select from pg_policy p where p.polrelid = c.oid and p.polname = 'tenant_isolation' and not p.polpermissive
                    and p.polcmd = '*' and p.polqual is not null and p.polwithcheck is not null)
union all
select format('%s.%s has a project_id but no restrictive policy project_access', n.nspname, c.relname)
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname in ('platform', 'identity', 'authz', 'work', 'quality', 'delivery', 'documents', 'llm', 'analytics', 'security', 'audit', 'reference') and c.relkind in ('r', 'p') and not c.relispartition
  and exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'project_id')
  and not exists (select from pg_policy p where p.polrelid = c.oid and p.polname = 'project_access' and not p.polpermissive)
union all
select format('%s.%s has the permissive policy %s: restrict instead, permissive ones open', n.nspname, c.relname, p.polname)
from pg_policy p join pg_class c on c.oid = p.polrelid join pg_namespace n on n.oid = c.relnamespace
where n.nspname in ('platform', 'identity', 'authz', 'work', 'quality', 'delivery', 'documents', 'llm', 'analytics', 'security', 'audit', 'reference') and p.polpermissive and p.polname not in ('open', 'sign_in')
  -- Search reads the registry past its policies, inside one function; see the migration that made it.
  and not (p.polname = 'search' and p.polcmd = 'r' and p.polroles = array['throughline_search'::regrole::oid] and (n.nspname, c.relname) = ('platform', 'entities'))
union all
select format('%s.%s: the policy %s does not hold for %s, which may read the table', n.nspname, c.relname, p.polname, r.rolname)
from pg_policy p join pg_class c on c.oid = p.polrelid join pg_namespace n on n.oid = c.relnamespace
join pg_roles r on r.rolname in ('application_user', 'readonly_user', 'super_admin', 'throughline_auth', 'throughline_partitions', 'throughline_search')
where n.nspname in ('platform', 'identity', 'authz', 'work', 'quality', 'delivery', 'documents', 'llm', 'analytics', 'security', 'audit', 'reference')
  and not p.polpermissive and p.polcmd in ('*', 'r') and p.polroles <> array[0::oid] and r.oid <> all (p.polroles) and r.oid <> c.relowner
  and exists (select from aclexplode(c.relacl) g where g.grantee = r.oid and g.privilege_type = 'SELECT')
  and not (r.rolname = 'throughline_search' and (n.nspname, c.relname) = ('platform', 'entities'))
  and not (r.rolname = 'throughline_auth' and exists (select from pg_policy s where s.polrelid = p.polrelid and s.polname = 'sign_in' and s.polpermissive))
  -- documents.known_file answers whether a content is stored already, without showing the file.
  and not (r.rolname = 'throughline_auth' and (n.nspname, c.relname, p.polname) = ('documents', 'files', 'file_access'))
order by 1;
