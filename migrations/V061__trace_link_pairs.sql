-- Which records a trace link may join, and links that commits and branches bring by naming keys.

create table reference.trace_link_pairs (
  code        text not null generated always as (source_type || '.' || link_type || '.' || target_type) stored,
  source_type text not null,
  link_type   text not null,
  target_type text not null,
  is_usual    boolean not null default false,
  description text not null,
  primary key (code),
  constraint trace_link_pairs_source_type_check check (source_type ~ '^[a-z][a-z_]{0,39}$'),
  constraint trace_link_pairs_link_type_check check (link_type in ('satisfies', 'implements', 'verifies', 'affects', 'mitigates', 'derives_from')),
  constraint trace_link_pairs_target_type_check check (target_type ~ '^[a-z][a-z_]{0,39}$'),
  constraint trace_link_pairs_description_check check (char_length(description) between 1 and 500)
);
create unique index trace_link_pairs_usual_key on reference.trace_link_pairs (source_type, target_type) where is_usual;
call platform.adopt_table('reference.trace_link_pairs', 'public', 'for ever', 'select', p_exempt_reason => 'a catalogue that all organisations share');
comment on table reference.trace_link_pairs is
  'Which kinds of records a trace link may join: from a record of the one kind, by a link of the type, to a record of the other. The same for every organisation.';
comment on column reference.trace_link_pairs.code is 'The three of them, with dots between.';
comment on column reference.trace_link_pairs.source_type is 'The kind of record where the link starts, as the registry calls it.';
comment on column reference.trace_link_pairs.link_type is 'How the source stands to the target.';
comment on column reference.trace_link_pairs.target_type is 'The kind of record where the link leads.';
comment on column reference.trace_link_pairs.is_usual is
  'Whether it is what is meant when somebody names the two records and no type; one at most between two kinds, in this direction.';
comment on column reference.trace_link_pairs.description is 'What such a link says.';
comment on constraint trace_link_pairs_source_type_check on reference.trace_link_pairs is 'source type must be a word of small letters';
comment on constraint trace_link_pairs_target_type_check on reference.trace_link_pairs is 'target type must be a word of small letters';
comment on constraint trace_link_pairs_description_check on reference.trace_link_pairs is 'description must be 1 to 500 characters long';

insert into reference.trace_link_pairs (source_type, link_type, target_type, is_usual, description)
select s.source_type, p.link_type, t.target_type, p.is_usual, p.description
from (values
  ('satisfies',    '{requirement,feature}',               '{requirement}',                        false, 'What the source says or does is enough for the target.'),
  ('satisfies',    '{document,decision}',                 '{requirement}',                        true,  'What the source says is enough for the target.'),
  ('implements',   '{feature}',                           '{requirement,change_request}',         true,  'The feature is how the target is built.'),
  ('implements',   '{task,commit,build}',                 '{requirement,feature,change_request}', true,  'The source is work on the target.'),
  ('implements',   '{commit,build}',                      '{task}',                               true,  'The source is what was done for the task.'),
  ('implements',   '{change_request}',                    '{requirement}',                        false, 'The change is made for the requirement.'),
  ('verifies',     '{test_case}', '{requirement,feature,change_request,defect,vulnerability}',    true,  'The test shows that the target is met, or is there no longer.'),
  ('verifies',     '{document}',                          '{requirement,feature}',                false, 'The document, such as a report of a review, shows that the target is met.'),
  ('affects',      '{defect,vulnerability}', '{requirement,feature,test_case,build,deployment}',  true,  'The source harms the target.'),
  ('affects',      '{change_request}', '{requirement,feature,test_case,defect,document}',         true,  'The change touches the target.'),
  ('affects',      '{decision}',                          '{requirement,feature,document}',       false, 'The target depends on what was decided.'),
  ('affects',      '{task,commit}',                       '{requirement,feature}',                false, 'The work touches the target.'),
  ('affects',      '{task,commit}',                       '{test_case,document}',                 true,  'The work touches the target.'),
  ('affects',      '{requirement}',                       '{requirement,feature}',                false, 'A change of the source is felt in the target.'),
  ('mitigates',    '{requirement,feature,task,commit,build}', '{defect,vulnerability}',           true,  'The source repairs the target or lessens its harm.'),
  ('mitigates',    '{change_request,decision}',           '{defect,vulnerability}',               false, 'The source repairs the target or lessens its harm.'),
  ('derives_from', '{requirement}', '{requirement,document,decision,change_request}',             true,  'The requirement follows from the target.'),
  ('derives_from', '{requirement}',                       '{defect,vulnerability}',               false, 'The requirement is there because of the target.'),
  ('derives_from', '{feature}',                           '{feature,document,decision}',          true,  'The feature follows from the target.'),
  ('derives_from', '{test_case}',                         '{test_case,document}',                 true,  'The test was made from the target.'),
  ('derives_from', '{test_case}',                         '{requirement,defect}',                 false, 'The test was made from the target.'),
  ('derives_from', '{task,change_request}', '{requirement,task,change_request,decision,defect,vulnerability}', false, 'The source is there because of the target.'),
  ('derives_from', '{document,decision}',                 '{document,decision}',                  true,  'The source follows from the target.'),
  ('derives_from', '{defect}',                            '{defect,change_request}',              true,  'The defect comes from the target.')
) p (link_type, sources, targets, is_usual, description)
cross join lateral unnest(p.sources::text[]) s (source_type)
cross join lateral unnest(p.targets::text[]) t (target_type);

create function work.why_not_linked(p_link_type text, p_source_type text, p_target_type text) returns text
  language sql stable
  as $$
    with pairs as (
      select p.link_type, replace(p.link_type, '_', ' ') as words, replace(p.source_type, '_', ' ') as source, replace(p.target_type, '_', ' ') as target,
             p.source_type = p_source_type and p.target_type = p_target_type as is_between
        from reference.trace_link_pairs p
       where p.link_type = p_link_type or (p.source_type = p_source_type and p.target_type = p_target_type)
    ), lines as (
      select p.source, string_agg(p.target, ', ' order by p.target) as targets from pairs p where p.link_type = p_link_type group by p.source
    )
    select format('A link of the type %s cannot lead from a %s to a %s. ', p_link_type, replace(p_source_type, '_', ' '), replace(p_target_type, '_', ' '))
        || coalesce('Between these two may be: ' || (select string_agg(distinct p.link_type, ', ') from pairs p where p.is_between) || '. ', '')
        || p_link_type || ' leads from: ' || coalesce((select string_agg(l.source || ' to ' || l.targets, '; ' order by l.source) from lines l), 'nothing') || '.'
  $$;
comment on function work.why_not_linked(text, text, text) is
  'A sentence for people: that these two kinds of records are not joined by this type of link, which types may join them, and what the type does join.';

create function work.check_trace_links() returns trigger
  language plpgsql
  as $$
declare
  access text := coalesce(current_setting('app.project_access', true), '');
  wrong  record;
begin
  perform set_config('app.project_access', 'all', true);
  -- Looked up one by one, each a range of one in the order of the key: a plan that holds before the first ANALYZE, too.
  select n.link_type, s.entity_type as source_type, t.entity_type as target_type into wrong
    from new_rows n
    left join lateral (
      select e.entity_type from platform.entities e
       where e.organization_id = n.organization_id and e.id >= n.source_id and e.id <= n.source_id order by e.id limit 1) s on true
    left join lateral (
      select e.entity_type from platform.entities e
       where e.organization_id = n.organization_id and e.id >= n.target_id and e.id <= n.target_id order by e.id limit 1) t on true
   where not exists (
     select from reference.trace_link_pairs p
      where p.link_type = n.link_type and p.source_type = s.entity_type and p.target_type = t.entity_type)
   limit 1;
  if found then
    if wrong.source_type is null or wrong.target_type is null then
      raise exception using message = 'A link joins two records of one project that you may see.',
        column = case when wrong.source_type is null then 'source_id' else 'target_id' end;
    end if;
    raise exception using message = work.why_not_linked(wrong.link_type, wrong.source_type, wrong.target_type), column = 'link_type';
  end if;
  perform set_config('app.project_access', access, true);
  return null;
end
$$;
comment on function work.check_trace_links() is
  'Refuses links between kinds of records that their type does not join. Links that were there before are left as they are.';
create trigger check_pairs after insert on work.trace_links referencing new table as new_rows
  for each statement execute function work.check_trace_links();

-- Keys in commits and branches --------------------------------------------------------------------------------------------

-- squawk-ignore ban-drop-constraint -- one that allows more takes its place below
alter table work.trace_links drop constraint trace_links_origin_check;
alter table work.trace_links
  add constraint trace_links_origin_check check (origin in ('manual', 'import', 'commit', 'branch', 'code')) not valid;
comment on column work.trace_links.origin is
  'manual: a person or agent made it; import: a report or file named the key; commit: a commit message did; branch: the name of a branch did; code: an annotation in the code did.';

alter table delivery.commits
  add column branch_name  text,
  add column unknown_keys text[] not null default '{}';
alter table delivery.commits
  add constraint commits_branch_name_check check (char_length(branch_name) between 1 and 250) not valid;
comment on column delivery.commits.branch_name is 'The branch on which it was told of, such as feature/REQ-12-refunds. Null: nobody said.';
comment on column delivery.commits.unknown_keys is
  'Keys that its message or branch names and its project did not have when it came, in order. They were linked to nothing. Written by a trigger.';
comment on constraint commits_branch_name_check on delivery.commits is 'branch name must be 1 to 250 characters long';

-- A key stands alone: neither CVE-2024-3094 nor XREQ-12 hold one. What a word before it says of it is kept; a word counts for every key of its list.
create function work.keys_named(p_message text, p_branch text) returns table (key text, criterion int, link_type text, is_from_branch boolean)
  language sql immutable
  as $$
    with said as (
      select w.link_type, m.found[1] as keys
        from (values
          ('implements',   '[Ii]mplement(?:s|ed|ing)?|IMPLEMENTS'),
          ('satisfies',    '[Ss]atisf(?:y|ies|ied)'),
          ('verifies',     '[Vv]erif(?:y|ies|ied)|[Pp]roves?|[Tt]ests'),
          ('affects',      '[Aa]ffects?|[Tt]ouch(?:es)?'),
          ('mitigates',    '[Ff]ix(?:e[sd])?|FIX(?:ES)?|[Cc]los(?:e[sd]?)|[Rr]esolve[sd]?|[Mm]itigate[sd]?'),
          ('derives_from', '[Dd]erive[sd]?[- ][Ff]rom'),
          (null,           '[Rr]ef(?:s|erences)?|[Ss]ee|[Rr]elate[sd]?[- ][Tt]o|[Pp]art[- ][Oo]f')
        ) w (link_type, word)
       cross join lateral regexp_matches(p_message,
         '(?<![[:alnum:]_-])(?:' || w.word || ')[ \t]*[:#]?[ \t]*((?:[A-Z]{2,10}-[1-9][0-9]{0,14}(?:\.[1-9][0-9]{0,3})?(?:[ \t]*(?:,|&|and)[ \t]*)?)+)', 'g') m (found)
    ), worded as (
      select m.found[1] as key, m.found[2]::int as criterion, s.link_type, true as is_said
        from said s
       cross join lateral regexp_matches(s.keys, '(?<![[:alnum:]_-])([A-Z]{2,10}-[1-9][0-9]{0,14})(?:\.([1-9][0-9]{0,3}))?(?![[:alnum:]_-])', 'g') m (found)
    ), mentioned as (
      select m.found[1] as key, m.found[2]::int as criterion
        from regexp_matches(p_message, '(?<![[:alnum:]_-])([A-Z]{2,10}-[1-9][0-9]{0,14})(?:\.([1-9][0-9]{0,3}))?(?![[:alnum:]_-])', 'g') m (found)
    )
    select w.key, w.criterion, w.link_type, false from worded w
    union
    select m.key, m.criterion, null, false from mentioned m
     where not exists (select from worded w where w.key = m.key and w.criterion is not distinct from m.criterion)
    union
    select m.found[1], null::int, null, true
      from regexp_matches(upper(p_branch), '(?<![A-Z0-9])([A-Z]{2,10}-[1-9][0-9]{0,14})(?![0-9])', 'g') m (found)
  $$;
comment on function work.keys_named(text, text) is
  'The keys that a commit message and the name of a branch hold: REQ-12, or REQ-12.3 for a criterion, with the type of link that a word before it asks '
  'for, such as Implements: or Fixes; null: no word, or one that only points to it. In a branch capitals and small letters are alike.';

create function work.records_named(p_organization uuid, p_project uuid, p_source_type text, p_message text, p_branch text)
  returns table (key text, target_id uuid, criterion_id uuid, link_type text, origin text)
  language sql stable
  as $$
    select n.key, e.id, i.id, p.link_type, case when n.is_from_branch then 'branch' else 'commit' end
      from work.keys_named(p_message, p_branch) n
      left join work.entity_keys k on k.organization_id = p_organization and k.project_id = p_project and k.key = n.key
      left join lateral (
        select x.id, x.entity_type from platform.entities x
         where x.organization_id = p_organization and x.id >= k.entity_id and x.id <= k.entity_id and x.project_id = p_project and x.deleted_at is null
         order by x.id limit 1) e on true
      left join lateral (
        select x.id from work.requirement_items x
         where x.organization_id = p_organization and x.requirement_id = e.id and x.project_id = p_project
           and x.item_kind = 'acceptance_criterion' and x.position = n.criterion limit 1) i on true
      left join lateral (
        select x.link_type from reference.trace_link_pairs x
         where x.source_type = p_source_type and x.target_type = e.entity_type and (x.link_type = n.link_type or x.is_usual)
         order by x.link_type = n.link_type desc limit 1) p on true
     where e.id is not null
        -- What only looks like a key, such as UTF-8, is not missed; what a word points to is, and so is what begins as keys here do.
        or n.link_type is not null
        or split_part(n.key, '-', 1) in ('REQ', 'FEAT', 'TC', 'DEF', 'TASK', 'CR', 'DEC', 'DOC', 'VULN')
  $$;
comment on function work.records_named(uuid, uuid, text, text, text) is
  'What a commit message and a branch name mean in a project: the record of each key, the criterion, and the type of link that a record of the given kind '
  'may have to it. Without a record the key is not known there or its record is in the bin; without a type nothing joins the two kinds.';

create function work.note_unknown_keys() returns trigger
  language plpgsql
  as $$
declare
  access text := coalesce(current_setting('app.project_access', true), '');
begin
  perform set_config('app.project_access', 'all', true);
  new.unknown_keys := array(
    select distinct n.key from work.records_named(new.organization_id, new.project_id, 'commit', new.message, new.branch_name) n
     where n.target_id is null order by n.key limit 100);
  perform set_config('app.project_access', access, true);
  return new;
end
$$;
comment on function work.note_unknown_keys() is 'Keeps with a commit which keys it names that its project has not; they stop nothing.';
-- Named to run after the project was taken over from the repository: triggers of one kind run in the order of their names.
create trigger unknown_keys before insert on delivery.commits for each row execute function work.note_unknown_keys();

create function work.link_named_records() returns trigger
  language plpgsql
  as $$
declare
  access    text := coalesce(current_setting('app.project_access', true), '');
  statement text := format(
    'insert into work.trace_links (organization_id, project_id, source_id, target_id, link_type, criterion_id, origin) '
    'select n.organization_id, n.project_id, n.id, r.target_id, r.link_type, r.criterion_id, min(r.origin) '
    'from %s n cross join lateral work.records_named(n.organization_id, n.project_id, %L, %s, %s) r '
    'where r.target_id is not null and r.link_type is not null and r.target_id <> n.id %s '
    'group by 1, 2, 3, 4, 5, 6 on conflict do nothing',
    case tg_level when 'ROW' then '(select ($1).*)' else 'new_rows' end, tg_argv[0], tg_argv[1], tg_argv[2], tg_argv[3]);
begin
  -- The link says what the commit or branch says; whoever may store that makes it.
  perform set_config('app.project_access', 'all', true);
  if tg_level = 'ROW' then
    execute statement using new;
  else
    execute statement;
  end if;
  perform set_config('app.project_access', access, true);
  return null;
end
$$;
comment on function work.link_named_records() is
  'Links what was stored to the records whose keys it names. Arguments: the kind of record, expressions over the row n for the message and the branch, '
  'and a further condition.';
-- Named to run after register: what is linked has to be in the registry.
create trigger trace_named after insert on delivery.commits referencing new table as new_rows
  for each statement execute function work.link_named_records('commit', 'n.message', 'n.branch_name', '');
create trigger trace_named after insert on delivery.builds referencing new table as new_rows
  for each statement execute function work.link_named_records('build', 'null', 'n.git_branch', '');
create trigger trace_renamed after update of git_branch on delivery.builds for each row
  when (old.git_branch is distinct from new.git_branch)
  execute function work.link_named_records('build', 'null', 'n.git_branch', '');
-- A feature is part of its requirement already.
create trigger trace_named after insert on work.features referencing new table as new_rows
  for each statement execute function work.link_named_records('feature', 'null', 'n.branch_name', 'and r.target_id <> n.requirement_id');
create trigger trace_renamed after update of branch_name on work.features for each row
  when (old.branch_name is distinct from new.branch_name)
  execute function work.link_named_records('feature', 'null', 'n.branch_name', 'and r.target_id <> n.requirement_id');
