-- A materialised view knows no row security: nobody but its owner may read one, and what shows a part of it hides the rest for good.
select format('%s may read the materialised view %s.%s, which holds every organisation: grant a view with security_barrier instead',
              coalesce(r.rolname, 'everybody'), n.nspname, c.relname) as problem
from pg_class c join pg_namespace n on n.oid = c.relnamespace
cross join lateral aclexplode(c.relacl) g
left join pg_roles r on r.oid = g.grantee
where n.nspname in ('platform', 'identity', 'authz', 'work', 'quality', 'delivery', 'documents', 'llm', 'analytics', 'security', 'audit', 'reference')
  and c.relkind = 'm' and g.grantee <> c.relowner
union all
select format('a column of the materialised view %s.%s is granted: grant a view with security_barrier instead', n.nspname, c.relname)
from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid
where n.nspname in ('platform', 'identity', 'authz', 'work', 'quality', 'delivery', 'documents', 'llm', 'analytics', 'security', 'audit', 'reference')
  and c.relkind = 'm' and a.attacl is not null
union all
select format('%s.%s has no unique index over all its rows: it could not be refreshed while others read it', n.nspname, c.relname)
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname in ('platform', 'identity', 'authz', 'work', 'quality', 'delivery', 'documents', 'llm', 'analytics', 'security', 'audit', 'reference')
  and c.relkind = 'm' and not exists (select from pg_index x where x.indrelid = c.oid and x.indisunique and x.indpred is null and x.indexprs is null)
union all
select format('%s.%s belongs to %s, for whom row security does not hold', n.nspname, c.relname, r.rolname)
from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_roles r on r.oid = c.relowner
where n.nspname in ('platform', 'identity', 'authz', 'work', 'quality', 'delivery', 'documents', 'llm', 'analytics', 'security', 'audit', 'reference')
  and (r.rolsuper or r.rolbypassrls)
  and (c.relkind = 'm' or c.relkind = 'v' and not coalesce(c.reloptions @> '{security_invoker=true}', false))
union all
select distinct format('the view %s.%s shows the materialised view %s without security_barrier: conditions of a caller could see rows it hides',
                       n.nspname, v.relname, m.relname)
from pg_rewrite w
join pg_class v on v.oid = w.ev_class and v.relkind = 'v'
join pg_namespace n on n.oid = v.relnamespace
join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = w.oid and d.refclassid = 'pg_class'::regclass
join pg_class m on m.oid = d.refobjid and m.relkind = 'm'
where not coalesce(v.reloptions @> '{security_barrier=true}', false)
order by 1;
