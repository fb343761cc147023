-- The whole schema of a database, a line for each thing in it, in an order of its own: two databases with the same lines have the same schema.
-- Rights that were never given and rights that say what is so anyway are the same rights.
with
  homes as (
    select n.* from pg_namespace n where n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
  ),
  relations as (
    select c.*, h.nspname || '.' || c.relname as name from pg_class c join homes h on h.oid = c.relnamespace
    where c.relkind in ('r', 'p', 'v', 'm', 'S', 'f')
  ),
  lines as (
    select format('schema %s owner %s rights %s: %s', nspname, nspowner::regrole, (select string_agg(x::text, ' ' order by x::text collate "C") from unnest(coalesce(nspacl, acldefault('n', nspowner))) x), obj_description(oid, 'pg_namespace')) as line
    from homes
    union all
    select format('relation %s kind %s owner %s rights %s options %s persistence %s row security %s forced %s partitioned %s bounds %s: %s',
                  name, relkind, relowner::regrole, (select string_agg(x::text, ' ' order by x::text collate "C") from unnest(coalesce(relacl, acldefault(case when relkind = 'S' then 's'::"char" else 'r'::"char" end, relowner))) x), reloptions::text, relpersistence, relrowsecurity, relforcerowsecurity,
                  case when relkind = 'p' then pg_get_partkeydef(oid) end, pg_get_expr(relpartbound, oid), obj_description(oid, 'pg_class'))
    from relations
    union all
    select format('view %s as %s', name, pg_get_viewdef(oid)) from relations where relkind in ('v', 'm')
    union all
    select format('sequence %s %s %s %s %s %s', r.name, s.seqtypid::regtype, s.seqstart, s.seqincrement, s.seqmax, s.seqcycle)
    from pg_sequence s join relations r on r.oid = s.seqrelid
    union all
    -- By its place among the columns that are left, since a dropped column keeps its number.
    select format('column %s %s %s type %s required %s generated %s identity %s default %s storage %s collation %s rights %s: %s',
                  r.name, row_number() over (partition by r.oid order by a.attnum), a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
                  a.attgenerated, a.attidentity, pg_get_expr(d.adbin, d.adrelid), a.attstorage, a.attcollation::regcollation, (select string_agg(x::text, ' ' order by x::text collate "C") from unnest(a.attacl) x),
                  col_description(r.oid, a.attnum))
    from pg_attribute a join relations r on r.oid = a.attrelid
    left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
    where a.attnum > 0 and not a.attisdropped
    union all
    select format('constraint %s on %s: %s validated %s inherited %s: %s', k.conname, coalesce(r.name, k.contypid::regtype::text),
                  pg_get_constraintdef(k.oid), k.convalidated, k.coninhcount, obj_description(k.oid, 'pg_constraint'))
    from pg_constraint k left join relations r on r.oid = k.conrelid
    where k.connamespace in (select oid from homes)
    union all
    select format('index %s valid %s: %s', pg_get_indexdef(i.indexrelid), i.indisvalid, obj_description(i.indexrelid, 'pg_class'))
    from pg_index i join relations r on r.oid = i.indrelid
    union all
    select format('trigger %s enabled %s: %s', pg_get_triggerdef(t.oid), t.tgenabled, obj_description(t.oid, 'pg_trigger'))
    from pg_trigger t join relations r on r.oid = t.tgrelid where not t.tgisinternal
    union all
    select format('policy %s on %s permissive %s for %s to %s using %s check %s: %s', p.polname, r.name, p.polpermissive, p.polcmd,
                  p.polroles::regrole[], pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid), obj_description(p.oid, 'pg_policy'))
    from pg_policy p join relations r on r.oid = p.polrelid
    union all
    select format('rule %s', pg_get_ruledef(w.oid)) from pg_rewrite w join relations r on r.oid = w.ev_class where w.rulename <> '_RETURN'
    union all
    select format('function %s.%s(%s) owner %s rights %s: %s %s', h.nspname, f.proname, pg_get_function_identity_arguments(f.oid), f.proowner::regrole,
                  (select string_agg(x::text, ' ' order by x::text collate "C") from unnest(coalesce(f.proacl, acldefault('f', f.proowner))) x), case when f.prokind in ('f', 'p', 'w') then pg_get_functiondef(f.oid) end, obj_description(f.oid, 'pg_proc'))
    from pg_proc f join homes h on h.oid = f.pronamespace
    union all
    select format('type %s.%s kind %s owner %s rights %s base %s required %s default %s labels %s: %s', h.nspname, t.typname, t.typtype, t.typowner::regrole,
                  (select string_agg(x::text, ' ' order by x::text collate "C") from unnest(coalesce(t.typacl, acldefault('T', t.typowner))) x), format_type(nullif(t.typbasetype, 0), t.typtypmod), t.typnotnull, t.typdefault,
                  (select array_agg(e.enumlabel order by e.enumsortorder)::text from pg_enum e where e.enumtypid = t.oid), obj_description(t.oid, 'pg_type'))
    from pg_type t join homes h on h.oid = t.typnamespace
    where t.typtype in ('d', 'e', 'r') or (t.typtype = 'c' and exists (select from pg_class c where c.oid = t.typrelid and c.relkind = 'c'))
    union all
    select format('statistics %s', pg_get_statisticsobjdef(s.oid)) from pg_statistic_ext s where s.stxnamespace in (select oid from homes)
    union all
    select format('extension %s %s', extname, extversion) from pg_extension
    union all
    select format('event trigger %s on %s calls %s enabled %s', evtname, evtevent, evtfoid::regproc, evtenabled) from pg_event_trigger
    union all
    select format('publication %s of %s', p.pubname, (select string_agg(t.schemaname || '.' || t.tablename, ', ' order by t.schemaname, t.tablename)
                                                      from pg_publication_tables t where t.pubname = p.pubname)) from pg_publication p
    union all
    select format('default rights of %s in %s on %s: %s', d.defaclrole::regrole, d.defaclnamespace::regnamespace, d.defaclobjtype, (select string_agg(x::text, ' ' order by x::text collate "C") from unnest(d.defaclacl) x))
    from pg_default_acl d
  )
select line from lines order by line collate "C";
