-- A search for a common word that is not finished took 50 to 100 ms: every list of a word that begins so was read twice, once to learn how many there
-- are. What is counted for that has an index of its own, and such lists are left alone where the words say enough; docs/decisions/0011-search.md has
-- the measurements. As many are ranked as pages reach.

create function platform.search_terms(p_words tsvector, p_organization uuid, p_type text, p_project uuid, p_entry_number bigint) returns tsvector
  language sql immutable parallel safe
  as $$
    select coalesce(p_words, ''::tsvector) || array_to_tsvector(array[
      '@o' || p_organization::text, '@t' || p_type, '@p' || coalesce(p_project::text, ''), '@s' || (p_entry_number >> 14), '@m' || (p_entry_number >> 16), '@l' || (p_entry_number >> 18)])
  $$;
comment on function platform.search_terms(tsvector, uuid, text, uuid, bigint) is
  'What the indexes of the registry hold of a record: its words, and behind an @, with which no word begins, its organisation, type, project and three '
  'runs of entry numbers (of 16,384, of 65,536 and of 262,144).';
revoke execute on function platform.search_terms(tsvector, uuid, text, uuid, bigint) from public;
grant execute on function platform.search_terms(tsvector, uuid, text, uuid, bigint) to application_user, readonly_user, super_admin, throughline_search;

-- squawk-ignore require-concurrent-index-creation -- where there are millions of records it is made beforehand, as docs/migrations.md says
create index if not exists entities_search_terms_idx on platform.entities
  using gin (platform.search_terms(search_vector, organization_id, entity_type, project_id, entry_number)) with (gin_pending_list_limit = 4096)
  where deleted_at is null;
-- squawk-ignore require-concurrent-index-creation -- the same
create index if not exists entities_sample_idx on platform.entities
  using gin (platform.search_terms(search_vector, organization_id, entity_type, project_id, entry_number))
  where deleted_at is null and entry_number & 255 = 0;

create function platform.search_expects(p_query tsquery) returns float
  language sql stable
  set search_path = pg_catalog, pg_temp
  as $$
    select count(*) * 256.0 from (
      select from platform.entities e
      where platform.search_terms(e.search_vector, e.organization_id, e.entity_type, e.project_id, e.entry_number) @@ p_query
        and e.deleted_at is null and e.entry_number & 255 = 0
      limit 1000) s
  $$;
comment on function platform.search_expects(tsquery) is
  'About how many records of the registry fit a question to its index, by a sample of every 256th; the planner''s statistics are not shown to whoever '
  'is under a policy.';
revoke execute on function platform.search_expects(tsquery) from public;
grant execute on function platform.search_expects(tsquery) to throughline_search;

create or replace function platform.search(
  p_text          text,
  p_keys          text[],
  p_types         text[],
  p_some_types    text[],
  p_some_projects uuid[],
  p_here          uuid        default null,
  p_of_types      text[]      default null,
  p_of_projects   uuid[]      default null,
  p_of_statuses   text[]      default null,
  p_of_tags       text[]      default null,
  p_of_owners     uuid[]      default null,
  p_from          timestamptz default null,
  p_until         timestamptz default null,
  p_limit         int         default 25,
  p_offset        int         default 0,
  p_with_facets   boolean     default true)
  returns jsonb
  language plpgsql stable security definer
  set search_path = pg_catalog, pg_temp
  set jit = off
  set work_mem = '32MB'
  set client_min_messages = warning
  as $$
declare
  most     constant int := 1000;
  patience constant int := 10000;
  org      uuid := platform.current_organization();
  asked    tsquery := platform.search_query(p_text);
  -- The same without the beginnings that an unfinished last word stands for, and without the last word.
  whole    tsquery := platform.search_query(p_text || ' ');
  others   tsquery := case when p_text !~* '"|(^|\s)(or|-\S*)(\s|$)' then platform.search_query(substring(p_text from '^(.*\s)\S+$')) end;
  -- What the index is asked; rows are held to what was asked.
  indexed  tsquery;
  projects uuid[];
  tags     uuid[];
  place    tsquery;
  narrow   tsquery := '';
  expected float;
  runs     bigint;
  wanted   bigint;
  deepest  bigint;
  latest   tsquery;
  readable text;
  answer   jsonb;
begin
  if org is null or (asked is null and coalesce(cardinality(p_keys), 0) = 0) then
    return jsonb_build_object('total', 0, 'capped', false, 'hits', '[]'::jsonb, 'types', '[]'::jsonb, 'facets', '{}'::jsonb);
  end if;
  -- Under the policy of work.projects itself, with the settings of whoever asks.
  projects := array(select p.id from work.projects p where p.organization_id = org and p.deleted_at is null);
  tags := array(select t.id from reference.tags t where t.organization_id = org and t.name = any (p_of_tags));

  -- What the index can tell apart by itself.
  if cardinality(p_of_types) between 1 and 8 then
    narrow := narrow && (select string_agg(quote_literal('@t' || t), ' | ')::tsquery from unnest(p_of_types) t where t ~ '^[a-z_]+$');
  end if;
  if cardinality(p_of_projects) between 1 and 8 then
    narrow := narrow && (select string_agg(quote_literal('@p' || p::text), ' | ')::tsquery from unnest(p_of_projects) p);
  elsif cardinality(projects) <= 8 then
    narrow := narrow && (select string_agg(quote_literal('@p' || p), ' | ')::tsquery from (select unnest(projects)::text union all select '') x (p));
  end if;
  if cardinality(p_of_tags) = 1 and numnode(plainto_tsquery('simple', p_of_tags[1])) > 0 then
    narrow := narrow && plainto_tsquery('simple', p_of_tags[1]);
  end if;
  place := narrow && ('''@o' || org::text || '''')::tsquery;

  -- Of a common word only the latest runs of entries are read: as many as should hold what is ranked, and half as many again. A phrase costs as much
  -- as its words, because every record that has them is read.
  runs := (select last_value >> 14 from platform.entities_entry_number_seq) + 1;
  wanted := runs;
  deepest := runs;
  -- Where a phrase must not be, its words may.
  indexed := case when asked::text ~ '!' then asked else regexp_replace(asked::text, ' <(-|\d+)> ', ' & ', 'g')::tsquery end;
  if runs > 2 then
    -- All records that have a word beginning so can be a long list. It is not read where the words themselves are met by more than are ranked, nor
    -- where the others leave few.
    -- (As texts, because questions that differ in :* alone are equal.)
    if whole::text <> asked::text and platform.search_expects(platform.search_query(substring(p_text from '\S+$')) && place) > patience then
      if platform.search_expects(whole && place) > 3 * most then
        asked := whole;
        indexed := whole;
      elsif others is not null and platform.search_expects(others && place) < 2 * most then
        indexed := others;
      end if;
    end if;
    expected := platform.search_expects(indexed && place);
    if expected > 3 * most then
      -- Nearly all that fit are ours: then the index need not look at each whether it is. Rows are held to the organisation anyway.
      if expected > 0.8 * platform.search_expects(indexed && narrow) then
        place := narrow;
      end if;
      wanted := ceil(runs * 1.5 * most / expected);
      deepest := ceil(runs * (patience / expected));
      deepest := least(greatest(deepest, wanted), runs);
    end if;
  end if;

  readable := $q$
        e.organization_id = $1 and e.deleted_at is null
    and (e.project_id is null or e.project_id = any ($2))
    and (e.entity_type = any ($3) or (e.entity_type, e.project_id) in (select * from unnest($4::text[], $5::uuid[])))
    -- Some tables hide single records from those who see the project: they are asked themselves.
    and (e.entity_type not in ('document', 'conversation', 'prompt_template', 'report') or platform.search_shows(e.entity_type, e.organization_id, e.id))
  $q$
  || case when p_of_types is null then '' else ' and e.entity_type = any ($6)' end
  || case when p_of_projects is null then '' else ' and e.project_id = any ($7)' end
  || case when p_of_statuses is null then '' else ' and e.status = any ($8)' end
  || case when p_of_tags is null then '' else
       ' and exists (select from work.entity_tags x where x.organization_id = e.organization_id and x.entity_id = e.id and x.tag_id = any ($9))' end
  || case when p_of_owners is null then '' else ' and e.owner_user_id = any ($10)' end
  || case when p_from is null then '' else ' and e.created_at >= $11' end
  || case when p_until is null then '' else ' and e.created_at < $12' end;

  loop
    -- Runs in three sizes, so that a question never names many: each that it names costs something for every record.
    if wanted >= runs or (wanted >> 4) > 24 then
      wanted := runs;
      latest := null;
    elsif wanted <= 6 then
      latest := (select string_agg('''@s' || s || '''', ' | ')::tsquery from generate_series(runs - wanted, runs - 1) s);
    elsif wanted <= 24 then
      latest := (select string_agg('''@m' || m || '''', ' | ')::tsquery from generate_series(((runs - wanted) >> 2), ((runs - 1) >> 2)) m);
    else
      latest := (select string_agg('''@l' || l || '''', ' | ')::tsquery from generate_series(((runs - wanted) >> 4), ((runs - 1) >> 4)) l);
    end if;
    execute format($q$
      with keyed as materialized (
        select k.entity_id as id, min(array_position($13, k.key)) as place
        from unnest($2) p (id) join work.entity_keys k on k.organization_id = $1 and k.project_id = p.id and k.key = any ($13)
        group by k.entity_id),
      worded as materialized (
        select e.id, e.entity_type, e.project_id, e.status, e.owner_user_id, e.created_at, e.title, e.search_vector, e.entry_number
        from platform.entities e
        where platform.search_terms(e.search_vector, e.organization_id, e.entity_type, e.project_id, e.entry_number) @@ $14 and coalesce(e.search_vector, '') @@ $15 and %1$s
        order by e.entry_number desc limit %2$s),
      found as materialized (
        select w.*, k.place from worded w left join keyed k using (id)
        union all
        select e.id, e.entity_type, e.project_id, e.status, e.owner_user_id, e.created_at, e.title, e.search_vector, e.entry_number, k.place
        from keyed k join platform.entities e on e.id = k.id
        where not exists (select from worded w where w.id = k.id) and %1$s),
      ranked as (
        select f.id, f.place, lower(f.title) = $16 as is_title, f.project_id = $17 as is_here,
          ts_rank_cd('{0.1, 0.2, 0.4, 1}', coalesce(f.search_vector, ''), $15) as rank, f.entry_number, f.entity_type
        from found f
        order by 2 nulls last, 3 desc, 4 desc nulls last, 5 desc, 6 desc
        limit $18 offset $19)
      select jsonb_build_object(
        'total', (select count(*) from found),
        'ranked', (select count(*) from worded),
        'hits', coalesce((select jsonb_agg(r.id order by r.place nulls last, r.is_title desc, r.is_here desc nulls last, r.rank desc, r.entry_number desc)
                          from ranked r), '[]'),
        'types', coalesce((select jsonb_agg(distinct r.entity_type) from ranked r), '[]'),
        'facets', %3$s)
      $q$, readable, most, case when not p_with_facets then '''{}''::jsonb' else $q$(
          select coalesce(jsonb_object_agg(f.facet, f.entries), '{}') from (
            select c.facet, jsonb_agg(jsonb_build_object('value', c.value, 'count', c.count) order by c.count desc, c.value) as entries
            from (
              select *, row_number() over (partition by facet order by count desc, value) as position from (
                select case grouping(f.entity_type, f.project_id, f.status, f.owner_user_id, m.month)
                         when 15 then 'type' when 23 then 'project' when 27 then 'status' when 29 then 'owner' else 'month' end as facet,
                  coalesce(f.entity_type, f.project_id::text, f.status, f.owner_user_id::text, m.month) as value, count(*) as count
                from found f cross join lateral (select to_char(f.created_at at time zone 'UTC', 'YYYY-MM') as month) m
                group by grouping sets (f.entity_type, f.project_id, f.status, f.owner_user_id, m.month)
                union all
                select 'tag', t.name, count(*)
                from found f join work.entity_tags x on x.organization_id = $1 and x.entity_id = f.id
                join reference.tags t on t.organization_id = $1 and t.id = x.tag_id
                group by t.name) every
              where every.value is not null) c
            where c.position <= 24
            group by c.facet) f)$q$ end)
      into answer
      using org, projects, p_types, p_some_types, p_some_projects, p_of_types, p_of_projects, p_of_statuses, tags, p_of_owners, p_from, p_until,
        p_keys, case when latest is null then indexed && place else indexed && place && latest end, asked, lower(btrim(p_text)), p_here,
        least(greatest(p_limit, 0), 1000), least(greatest(p_offset, 0), 1000);
    exit when wanted >= deepest or (answer ->> 'ranked')::int >= most;
    wanted := least(wanted * 4, deepest);
  end loop;
  return answer - 'ranked' || jsonb_build_object('capped', latest is not null or (answer ->> 'ranked')::int >= most);
end
$$;
comment on function platform.search(text, text[], text[], text[], uuid[], uuid, text[], uuid[], text[], text[], uuid[], timestamptz, timestamptz, int, int, boolean) is
  'The records that a text means and that the settings of the transaction may see: identifiers of one page and their types, the number of all, and counts by type, project, '
  'status, owner, month and tag. Of more than 1,000 the latest 1,000 are ranked, and of words that more than about 10,000 records have only the latest such records are looked at; of an unfinished word that is as common by itself, only those that have it whole. capped says so. The caller passes keys that are meant, types '
  'readable everywhere, and pairs of type and project readable there. What a hostile caller could get: whoever may call it is application_user, and '
  'whatever is passed, an answer names only live records of the organisation in app.current_organization_id, outside projects or in projects that '
  'work.projects shows under these settings, and of documents, conversations, prompts and reports only those that their own tables show. That is '
  'what the same caller may select from the registry anyway; types that a person may not read are left out by the arguments, as a list''s are by '
  'its query. Without an organisation there is no answer. Nothing is written, no SQL is made of the arguments, and the words of a question cannot '
  'name another organisation, because no word begins with @.';

-- squawk-ignore require-concurrent-index-deletion -- nothing reads it any more
drop index platform.entities_search_vector_idx;
-- squawk-ignore ban-drop-function -- only the index before called it
drop function platform.search_words(tsvector, uuid, text, uuid, bigint);
