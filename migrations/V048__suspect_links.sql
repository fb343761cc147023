-- Suspect links: an end that changes in what it says makes its links doubtful until somebody has looked and accepted them.

-- The fingerprint of an end is taken only when the end changes, from what it was: as long as it is null, the end is as it was accepted. So making
-- links costs nothing more, and neither do results: the conditions of the triggers are asked of a row without running anything.
alter table work.trace_links
  add column suspect_since         timestamptz,
  add column source_fingerprint    text,
  add column target_fingerprint    text,
  add column criterion_fingerprint text,
  add column accepted_at           timestamptz,
  add column accepted_by           uuid,
  add column accepted_reason       text;
alter table work.trace_links
  add constraint trace_links_suspect_since_check check (
    (suspect_since is null) = (source_fingerprint is null and target_fingerprint is null and criterion_fingerprint is null)) not valid,
  add constraint trace_links_accepted_at_check check (
    (accepted_at is null) = (accepted_reason is null) and (accepted_by is null or accepted_at is not null)) not valid,
  add constraint trace_links_accepted_reason_check check (char_length(accepted_reason) between 1 and 1000) not valid,
  add constraint trace_links_accepted_by_fkey foreign key (organization_id, accepted_by)
    references identity.memberships (organization_id, user_id) on update cascade on delete restrict not valid;
-- squawk-ignore require-concurrent-index-creation -- partial and empty: no link is suspect yet
create index if not exists trace_links_suspect_since_idx on work.trace_links (organization_id, project_id, suspect_since, id)
  where suspect_since is not null;
-- squawk-ignore require-concurrent-index-creation -- partial and empty: nobody has accepted a link yet
create index if not exists trace_links_accepted_by_idx on work.trace_links (organization_id, accepted_by) where accepted_by is not null;
grant update (suspect_since, source_fingerprint, target_fingerprint, criterion_fingerprint, accepted_at, accepted_by, accepted_reason)
  on work.trace_links to application_user;

comment on column work.trace_links.suspect_since is 'Since when an end says something else than what was accepted. Null: the link is fine.';
comment on column work.trace_links.source_fingerprint is 'What the source said when the link was accepted, as a digest. Null: it says the same still.';
comment on column work.trace_links.target_fingerprint is 'What the target said when the link was accepted, as a digest. Null: it says the same still.';
comment on column work.trace_links.criterion_fingerprint is
  'What the criterion meant said when the link was accepted, as a digest; for a link to the whole, the first criterion rewritten since. Null: none was.';
comment on column work.trace_links.accepted_at is 'When somebody last looked at a suspect link and found that it holds. Null: nobody had to.';
comment on column work.trace_links.accepted_by is 'Who that was. Null: nobody, or no member.';
comment on column work.trace_links.accepted_reason is 'Why it holds in spite of the change.';
comment on constraint trace_links_suspect_since_check on work.trace_links is 'a link is suspect exactly while an end differs from what was accepted';
comment on constraint trace_links_accepted_at_check on work.trace_links is 'a link is accepted with a reason, at a time';
comment on constraint trace_links_accepted_reason_check on work.trace_links is 'accepted reason must have from 1 to 1000 characters';

-- Arguments: the columns that matter, which are those of the trigger's condition.
create function work.suspect_links_of() returns trigger
  language plpgsql
  as $$
declare
  access text := coalesce(current_setting('app.project_access', true), '');
  before text;
  after  text;
begin
  -- Who may change a record may not see every link to it, and the links are doubtful all the same.
  perform set_config('app.project_access', 'all', true);
  execute format('select md5(row(%s)::text), md5(row(%s)::text)',
    (select string_agg(format('($1).%I', c), ', ') from unnest(tg_argv) c), (select string_agg(format('($2).%I', c), ', ') from unnest(tg_argv) c))
    into before, after using old, new;
  update work.trace_links l
     set source_fingerprint = nullif(coalesce(l.source_fingerprint, before), after),
         suspect_since = case when coalesce(nullif(coalesce(l.source_fingerprint, before), after), l.target_fingerprint, l.criterion_fingerprint) is not null
                              then coalesce(l.suspect_since, now()) end
   where l.organization_id = new.organization_id and l.source_id = new.id;
  update work.trace_links l
     set target_fingerprint = nullif(coalesce(l.target_fingerprint, before), after),
         suspect_since = case when coalesce(l.source_fingerprint, nullif(coalesce(l.target_fingerprint, before), after), l.criterion_fingerprint) is not null
                              then coalesce(l.suspect_since, now()) end
   where l.organization_id = new.organization_id and l.target_id = new.id;
  perform set_config('app.project_access', access, true);
  return null;
end
$$;
comment on function work.suspect_links_of() is
  'Makes the links of a record suspect when it says something else, and fine again when it says what was accepted once more.';

create function work.suspect_links_of_criterion() returns trigger
  language plpgsql
  as $$
declare
  access text := coalesce(current_setting('app.project_access', true), '');
begin
  perform set_config('app.project_access', 'all', true);
  update work.trace_links l
     set criterion_fingerprint = nullif(coalesce(l.criterion_fingerprint, md5(old.body)), md5(new.body)),
         suspect_since = case when coalesce(l.source_fingerprint, l.target_fingerprint, nullif(coalesce(l.criterion_fingerprint, md5(old.body)), md5(new.body))) is not null
                              then coalesce(l.suspect_since, now()) end
   where l.organization_id = new.organization_id and l.criterion_id = new.id;
  -- Several criteria may have been rewritten under a link to the whole, so one that is put back does not clear it.
  update work.trace_links l
     set criterion_fingerprint = coalesce(l.criterion_fingerprint, md5(old.body)), suspect_since = coalesce(l.suspect_since, now())
   where l.organization_id = new.organization_id and l.target_id = new.requirement_id and l.criterion_id is null;
  perform set_config('app.project_access', access, true);
  return null;
end
$$;
comment on function work.suspect_links_of_criterion() is
  'Makes the links to a rewritten criterion, and those to its requirement as a whole, suspect.';

create trigger suspect after update on work.requirements for each row
  when ((old.title, old.description) is distinct from (new.title, new.description))
  execute function work.suspect_links_of('title', 'description');
create trigger suspect after update on work.requirement_items for each row
  when (new.item_kind = 'acceptance_criterion' and old.body is distinct from new.body)
  execute function work.suspect_links_of_criterion();
create trigger suspect after update on work.features for each row
  when ((old.name, old.description) is distinct from (new.name, new.description))
  execute function work.suspect_links_of('name', 'description');
create trigger suspect after update on quality.test_cases for each row
  when ((old.name, old.description, old.expected_result) is distinct from (new.name, new.description, new.expected_result))
  execute function work.suspect_links_of('name', 'description', 'expected_result');
create trigger suspect after update on quality.defects for each row
  when ((old.title, old.description, old.reproduction_steps) is distinct from (new.title, new.description, new.reproduction_steps))
  execute function work.suspect_links_of('title', 'description', 'reproduction_steps');
