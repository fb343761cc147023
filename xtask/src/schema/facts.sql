-- Everything the documents say about the schema, as one JSON value. Nothing in it may depend on the day (partitions are left out) or
-- on the release of PostgreSQL (constraints that say `not null` since 18, the right to MAINTAIN since 17).
with
  homes as (
    select n.oid, n.nspname, obj_description(n.oid, 'pg_namespace') as comment
    from pg_namespace n
    where n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'public')
  ),
  tables as (
    select c.*, h.nspname from pg_class c join homes h on h.oid = c.relnamespace
    where c.relkind in ('r', 'p', 'v', 'm') and not c.relispartition
  ),
  columns as (
    select a.attrelid as table_oid,
           jsonb_agg(jsonb_build_object(
             'name', a.attname, 'type', format_type(a.atttypid, a.atttypmod), 'required', a.attnotnull,
             'default', case when a.attgenerated = '' then pg_get_expr(d.adbin, d.adrelid) end,
             'generated', case when a.attgenerated <> '' then pg_get_expr(d.adbin, d.adrelid) when a.attidentity <> '' then 'identity' end,
             'comment', col_description(a.attrelid, a.attnum),
             'sensitivity', (select replace(e.element_type, '_', ' ') from security.data_elements e
                             where e.table_name = t.nspname || '.' || t.relname and e.column_name = a.attname)) order by a.attnum) as list
    from pg_attribute a join tables t on t.oid = a.attrelid
    left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
    where a.attnum > 0 and not a.attisdropped
    group by 1
  ),
  constraints as (
    select k.conrelid as table_oid,
           jsonb_agg(jsonb_build_object(
             'name', k.conname, 'kind', k.contype::text,
             'columns', (select coalesce(jsonb_agg(a.attname order by u.place), '[]') from unnest(k.conkey) with ordinality u (number, place)
                         join pg_attribute a on a.attrelid = k.conrelid and a.attnum = u.number),
             'definition', regexp_replace(pg_get_constraintdef(k.oid, true), '\s+', ' ', 'g'),
             'comment', obj_description(k.oid, 'pg_constraint'),
             'target', case when k.contype = 'f' then jsonb_build_object(
               'schema', f.nspname, 'table', f.relname, 'on_delete', k.confdeltype::text,
               'cleared', (select coalesce(jsonb_agg(a.attname order by a.attnum), '[]') from pg_attribute a
                           where a.attrelid = k.conrelid and a.attnum = any (k.confdelsetcols)),
               'columns', (select jsonb_agg(a.attname order by u.place) from unnest(k.confkey) with ordinality u (number, place)
                           join pg_attribute a on a.attrelid = k.confrelid and a.attnum = u.number)) end)
             order by k.conname collate "C") as list
    from pg_constraint k join tables t on t.oid = k.conrelid
    left join tables f on f.oid = k.confrelid
    where k.contype in ('p', 'u', 'f', 'c', 'x') and (k.contype <> 'f' or f.oid is not null)
    group by 1
  ),
  indexes as (
    select i.indrelid as table_oid,
           jsonb_agg(jsonb_build_object(
             'name', c.relname, 'unique', i.indisunique, 'method', am.amname,
             'constraint', (select k.contype::text from pg_constraint k where k.conindid = i.indexrelid and k.conrelid = i.indrelid and k.contype in ('p', 'u', 'x') limit 1),
             'columns', (select jsonb_agg(pg_get_indexdef(i.indexrelid, n::int, true) order by n) from generate_series(1, i.indnkeyatts) n),
             'included', (select coalesce(jsonb_agg(pg_get_indexdef(i.indexrelid, n::int, true) order by n), '[]') from generate_series(i.indnkeyatts + 1, i.indnatts) n),
             'condition', regexp_replace(pg_get_expr(i.indpred, i.indrelid, true), '\s+', ' ', 'g'),
             'comment', obj_description(i.indexrelid, 'pg_class')) order by c.relname collate "C") as list
    from pg_index i join tables t on t.oid = i.indrelid
    join pg_class c on c.oid = i.indexrelid join pg_am am on am.oid = c.relam
    group by 1
  ),
  policies as (
    select p.polrelid as table_oid,
           jsonb_agg(jsonb_build_object(
             'name', p.polname, 'restrictive', not p.polpermissive, 'command', p.polcmd::text,
             'roles', (select coalesce(jsonb_agg(r.rolname order by r.rolname collate "C"), '[]') from pg_roles r where r.oid = any (p.polroles)),
             'shows', regexp_replace(pg_get_expr(p.polqual, p.polrelid, true), '\s+', ' ', 'g'),
             'accepts', regexp_replace(pg_get_expr(p.polwithcheck, p.polrelid, true), '\s+', ' ', 'g'),
             'comment', obj_description(p.oid, 'pg_policy')) order by p.polname collate "C") as list
    from pg_policy p join tables t on t.oid = p.polrelid
    group by 1
  ),
  triggers as (
    select g.tgrelid as table_oid,
           jsonb_agg(jsonb_build_object(
             'name', g.tgname, 'function', n.nspname || '.' || f.proname,
             'each_row', g.tgtype & 1 <> 0, 'moment', case when g.tgtype & 2 <> 0 then 'before' when g.tgtype & 64 <> 0 then 'instead of' else 'after' end,
             'events', array_remove(array[case when g.tgtype & 4 <> 0 then 'insert' end, case when g.tgtype & 16 <> 0 then 'update' end,
                                          case when g.tgtype & 8 <> 0 then 'delete' end, case when g.tgtype & 32 <> 0 then 'truncate' end], null),
             'columns', (select coalesce(jsonb_agg(a.attname order by a.attnum), '[]') from pg_attribute a
                         where a.attrelid = g.tgrelid and a.attnum = any (g.tgattr)),
             'condition', regexp_replace(substring(pg_get_triggerdef(g.oid, true) from ' WHEN \((.*)\) EXECUTE FUNCTION '), '\s+', ' ', 'g'),
             'comment', coalesce(obj_description(g.oid, 'pg_trigger'), obj_description(g.tgfoid, 'pg_proc'))) order by g.tgname collate "C") as list
    from pg_trigger g join tables t on t.oid = g.tgrelid
    join pg_proc f on f.oid = g.tgfoid join pg_namespace n on n.oid = f.pronamespace
    where not g.tgisinternal
    group by 1
  ),
  granted as (
    select t.oid as table_oid, x.grantee, lower(x.privilege_type) as privilege, null::name as column_name, 0::int2 as place
    from tables t, lateral aclexplode(t.relacl) x where x.grantee <> t.relowner
    union all
    select t.oid, x.grantee, lower(x.privilege_type), a.attname, a.attnum
    from tables t join pg_attribute a on a.attrelid = t.oid and a.attnum > 0, lateral aclexplode(a.attacl) x where x.grantee <> t.relowner
  ),
  by_privilege as (
    select g.table_oid, g.grantee, g.privilege, bool_or(g.column_name is null) as whole,
           coalesce(jsonb_agg(g.column_name order by g.place) filter (where g.column_name is not null), '[]') as columns
    from granted g where g.privilege in ('select', 'insert', 'update', 'delete', 'truncate')
    group by 1, 2, 3
  ),
  rights as (
    select b.table_oid,
           jsonb_agg(jsonb_build_object('role', coalesce(r.rolname, 'everybody'), 'privilege', b.privilege, 'whole', b.whole, 'columns', b.columns)
                     order by r.rolname collate "C", array_position(array['select', 'insert', 'update', 'delete', 'truncate'], b.privilege)) as list
    from by_privilege b left join pg_roles r on r.oid = b.grantee
    group by 1
  ),
  described as (
    select t.relnamespace as home,
           jsonb_agg(jsonb_build_object(
             'name', t.relname, 'is_view', t.relkind in ('v', 'm'), 'comment', obj_description(t.oid, 'pg_class'), 'owner', t.relowner::regrole::text,
             'classification', f.classification, 'retention', f.retention, 'exempt', f.tenant_exempt_reason,
             'statistics', coalesce(to_jsonb(f.statistics), '[]'), 'partition_key', case when t.relkind = 'p' then pg_get_partkeydef(t.oid) end,
             'partition_months', (extract(year from f.partition_interval) * 12 + extract(month from f.partition_interval))::int,
             'row_security', t.relrowsecurity, 'row_security_forced', t.relforcerowsecurity,
             'columns', coalesce(columns.list, '[]'), 'constraints', coalesce(constraints.list, '[]'), 'indexes', coalesce(indexes.list, '[]'),
             'policies', coalesce(policies.list, '[]'), 'triggers', coalesce(triggers.list, '[]'), 'rights', coalesce(rights.list, '[]'))
             order by t.relname collate "C") as list
    from tables t
    left join platform.table_facts f on f.table_schema = t.nspname and f.table_name = t.relname
    left join columns on columns.table_oid = t.oid
    left join constraints on constraints.table_oid = t.oid
    left join indexes on indexes.table_oid = t.oid
    left join policies on policies.table_oid = t.oid
    left join triggers on triggers.table_oid = t.oid
    left join rights on rights.table_oid = t.oid
    group by 1
  )
select jsonb_agg(jsonb_build_object('name', h.nspname, 'comment', h.comment, 'tables', coalesce(d.list, '[]')) order by h.nspname collate "C")::text
from homes h left join described d on d.home = h.oid;
