-- Erasing a person: what names them goes, the rows that tell what happened stay, and so do their proofs. docs/decisions/0017 has the reasons.
-- The application calls these functions in one transaction; each does what only its owner may, and only within the organisation at hand.

insert into authz.resource_type_actions (resource_type_id, action, description)
select t.id, 'erase', 'Take everything that names a person out of the organisation, for good.' from authz.resource_types t where t.name = 'user';
insert into authz.role_grants_template (role_code, resource_type, actions) values ('owner', 'user', '{erase}');
do $$
declare
  holder uuid;
begin
  for holder in select platform.all_organizations() loop
    perform set_config('app.current_organization_id', holder::text, true);
    perform authz.add_new_permissions(holder);
  end loop;
  perform set_config('app.current_organization_id', '', true);
end
$$;

-- The trail -----------------------------------------------------------------------------------------------------------
-- throughline_partitions owns the big tables of the trail already; of the others it may change what can hold a name, and nothing else.

grant usage on schema work, authz to throughline_partitions;
grant select on work.projects to throughline_partitions;
grant execute on function work.project_roles_of(uuid), authz.projects_held_in(uuid) to throughline_partitions;
grant select, update (payload_salt) on audit.leaves to throughline_partitions;
grant select, update (change_reason, business_justification) on audit.change_sets to throughline_partitions;
grant select, update (snapshot, change_summary) on audit.project_history, audit.document_history to throughline_partitions;

create function audit.forget(p_user uuid, p_pattern text, p_reason text) returns table (what text, amount bigint)
  language plpgsql volatile security definer
  set search_path = pg_catalog, pg_temp
  as $$
declare
  here    uuid := platform.current_organization();
  rows    uuid[];
  sealed  uuid[];
  place   text;
begin
  if here is null or coalesce(p_reason, '') = '' then
    raise exception using errcode = 'invalid_parameter_value', message = 'forgetting somebody needs an organisation and a reason';
  end if;
  -- The sealer takes the same lock: no row is put into words while it is emptied.
  perform pg_advisory_xact_lock(hashtextextended('throughline seal ' || here::text, 0));
  select coalesce(array_agg(a.id), '{}') into rows
  from audit.audit_logs a
  where a.organization_id = here
    and ((a.user_id = p_user and (a.ip_address, a.user_agent) is distinct from (null, null))
         -- What was done to the account holds the name also where it is a single word, which is looked for nowhere else.
         or (a.resource_id = p_user::text and a.event_type <> 'user.erased'
             and (a.resource_name is not null or a.old_values is not null or a.new_values is not null))
         or concat_ws(' ', a.resource_name, a.old_values::text, a.new_values::text, a.action_description, a.business_context, a.error_message,
                      a.additional_data::text) ~* p_pattern);
  update audit.audit_logs a
     set ip_address = null, user_agent = null, resource_name = null, old_values = null, new_values = null, action_description = null,
         business_context = null, error_message = null, additional_data = '{}'
   where a.organization_id = here and a.id = any(rows);
  get diagnostics amount = row_count;
  what := 'audit.audit_logs';
  return next;
  with emptied as (
    update audit.leaves l set payload_salt = null
     where l.organization_id = here and l.audit_log_id = any(rows) and l.payload_salt is not null
    returning l.audit_log_id)
  select coalesce(array_agg(e.audit_log_id), '{}') into sealed from emptied e;
  -- Each row that was sealed with its payload gets a row that says so, as audit.drop_payload leaves one; one that was not is sealed as it is now.
  insert into audit.audit_logs (event_type, event_category, resource_type, resource_id, business_context, risk_level, compliance_relevant)
  select 'audit_log.payload_dropped', 'data_change', 'audit_log', s.id::text, p_reason, 'high', true from unnest(sealed) as s (id);

  update audit.change_tracking t
     set old_value = regexp_replace(t.old_value, p_pattern, '[erased]', 'gi'), new_value = regexp_replace(t.new_value, p_pattern, '[erased]', 'gi'),
         change_metadata = regexp_replace(t.change_metadata::text, p_pattern, '[erased]', 'gi')::jsonb
   where t.organization_id = here and concat_ws(' ', t.old_value, t.new_value, t.change_metadata::text) ~* p_pattern;
  get diagnostics amount = row_count;
  what := 'audit.change_tracking';
  return next;
  update audit.change_tracking t
     set old_value = case when t.old_value is not null then '[erased]' end, new_value = case when t.new_value is not null then '[erased]' end
   where t.organization_id = here and t.record_id = p_user::text and t.column_name ~ '(name|email)$'
     and (coalesce(t.old_value, '[erased]'), coalesce(t.new_value, '[erased]')) <> ('[erased]', '[erased]');
  get diagnostics amount = row_count;
  return next;
  update audit.activity_logs v
     set ip_address = case when v.user_id = p_user then null else v.ip_address end,
         user_agent = case when v.user_id = p_user then null else v.user_agent end,
         summary = regexp_replace(case when v.entity_id = p_user then regexp_replace(v.summary, '“.*”', '“[erased]”') else v.summary end,
                                  p_pattern, '[erased]', 'gi'),
         details = regexp_replace(v.details::text, p_pattern, '[erased]', 'gi')::jsonb
   where v.organization_id = here
     and (v.user_id = p_user and (v.ip_address, v.user_agent) is distinct from (null, null) or v.entity_id = p_user and v.summary ~ '“'
          or concat_ws(' ', v.summary, v.details::text) ~* p_pattern);
  get diagnostics amount = row_count;
  what := 'audit.activity_logs';
  return next;
  update audit.change_sets s
     set change_reason = regexp_replace(s.change_reason, p_pattern, '[erased]', 'gi'),
         business_justification = regexp_replace(s.business_justification, p_pattern, '[erased]', 'gi')
   where s.organization_id = here and concat_ws(' ', s.change_reason, s.business_justification) ~* p_pattern;
  get diagnostics amount = row_count;
  what := 'audit.change_sets';
  return next;
  foreach place in array array['audit.project_history', 'audit.document_history'] loop
    execute format(
      'update %s h set snapshot = regexp_replace(h.snapshot::text, $1, ''[erased]'', ''gi'')::jsonb, '
      'change_summary = regexp_replace(h.change_summary, $1, ''[erased]'', ''gi'') '
      'where h.organization_id = $2 and concat_ws('' '', h.snapshot::text, h.change_summary) ~* $1', place) using p_pattern, here;
    get diagnostics amount = row_count;
    what := place;
    return next;
  end loop;
end
$$;
comment on function audit.forget(uuid, text, text) is
  'Empties every row of the current organisation''s trail that came from a person or names them, with a row for each that was sealed, and puts [erased] where '
  'change tracking, activity, reasons and versions name them. Leaves and proofs stay. Answers how many rows of what. Partitions that retention has '
  'archived are out of reach.';
revoke execute on function audit.forget(uuid, text, text) from public;
grant execute on function audit.forget(uuid, text, text) to application_user;
alter function audit.forget(uuid, text, text) owner to throughline_partitions;

-- What others wrote ---------------------------------------------------------------------------------------------------
-- A comment and a version of a document are changed by nobody else, whatever they say of themselves. Only the owner of the function below is let
-- through, which nobody can sign in as or become; a setting could be set by any caller.

grant usage on schema documents to throughline_partitions;
grant select (organization_id, id, entity_type, project_id) on platform.entities to throughline_partitions;
-- What hides records from others hides them from it too.
do $$
declare
  rule  record;
begin
  for rule in
    select p.polname as name, (select string_agg(r.name::regrole::text, ', ' order by r.nth) from unnest(p.polroles) with ordinality as r (name, nth)) as roles
    from pg_policy p where p.polrelid = 'platform.entities'::regclass and p.polname in ('open', 'tenant_isolation', 'project_access', 'document_access')
  loop
    execute format('alter policy %I on platform.entities to %s, throughline_partitions', rule.name, rule.roles);
  end loop;
end
$$;
grant select (organization_id, id, project_id, access_level, owner_user_id) on documents.documents to throughline_partitions;
grant select, update (body) on work.comments to throughline_partitions;
grant select, update (content, change_summary) on documents.document_versions to throughline_partitions;

create or replace function work.guard_comment() returns trigger
  language plpgsql
  as $$
begin
  if tg_op = 'INSERT' then
    -- Nobody speaks in somebody else's name; the system may, when it carries comments over from elsewhere.
    new.author_user_id := coalesce(platform.current_user_id(), new.author_user_id);
    return new;
  end if;
  if (new.entity_id, new.author_user_id) is distinct from (old.entity_id, old.author_user_id) then
    raise exception 'A comment stays on its record and with its author.';
  end if;
  -- An erasure takes a name out; the comment does not count as edited by its author.
  if (new.body, new.comment_kind) is distinct from (old.body, old.comment_kind) and current_user <> 'throughline_partitions' then
    if platform.current_user_id() <> old.author_user_id then
      raise exception 'Only the author of a comment changes its words.';
    end if;
    new.edited_at := now();
  else
    new.edited_at := old.edited_at;
  end if;
  return new;
end
$$;
comment on function work.guard_comment() is
  'A comment is written and changed by its author only, and says when it was changed; audit.forget_written alone takes names out of it.';

create or replace function documents.keep_version() returns trigger
  language plpgsql
  as $$
begin
  if (new.document_id, new.version_number, new.file_id, new.created_at, new.created_by)
     is distinct from (old.document_id, old.version_number, old.file_id, old.created_at, old.created_by)
  or (new.content, new.change_summary) is distinct from (old.content, old.change_summary) and current_user <> 'throughline_partitions' then
    raise exception 'A version never changes; make a new one.';
  end if;
  return new;
end
$$;
comment on function documents.keep_version() is
  'Lets only what was read out of a version be added to it, and audit.forget_written take names out of it.';

create function audit.forget_written(p_pattern text) returns table (what text, amount bigint)
  language plpgsql volatile security definer
  set search_path = pg_catalog, pg_temp
  as $$
declare
  here  uuid := platform.current_organization();
begin
  update work.comments c set body = regexp_replace(c.body, p_pattern, '[erased]', 'gi')
   where c.organization_id = here and c.body ~* p_pattern;
  get diagnostics amount = row_count;
  what := 'work.comments.body';
  return next;
  update documents.document_versions v
     set content = regexp_replace(v.content, p_pattern, '[erased]', 'gi'), change_summary = regexp_replace(v.change_summary, p_pattern, '[erased]', 'gi')
   where v.organization_id = here and concat_ws(' ', v.content, v.change_summary) ~* p_pattern;
  get diagnostics amount = row_count;
  what := 'documents.document_versions';
  return next;
end
$$;
comment on function audit.forget_written(text) is
  'Puts [erased] for whatever the pattern finds in comments of the current organisation, whoever wrote them, and in versions of its documents. Answers how '
  'many rows of what.';
revoke execute on function audit.forget_written(text) from public;
grant execute on function audit.forget_written(text) to application_user;
alter function audit.forget_written(text) owner to throughline_partitions;

-- The account ---------------------------------------------------------------------------------------------------------

grant delete on identity.user_credentials, identity.user_profiles to throughline_auth;
drop policy sign_in on identity.user_profiles;
create policy sign_in on identity.user_profiles as permissive for all to throughline_auth using (true) with check (true);

create function identity.forget_account(p_user uuid) returns table (what text, amount bigint)
  language plpgsql volatile security definer
  set search_path = pg_catalog, pg_temp
  as $$
begin
  -- An account is one in all organisations: only the last of them may take it away.
  if not exists (select from identity.memberships m where m.organization_id = platform.current_organization() and m.user_id = p_user)
     or exists (select from identity.memberships m
                where m.organization_id <> platform.current_organization() and m.user_id = p_user and m.deleted_at is null) then
    raise exception using errcode = 'TL409',
      message = 'This person also belongs to another organisation, which would lose its member: they have to leave it first.';
  end if;
  delete from identity.user_credentials c where c.user_id = p_user;
  get diagnostics amount = row_count;
  what := 'identity.user_credentials';
  return next;
  delete from identity.user_profiles p where p.user_id = p_user;
  get diagnostics amount = row_count;
  what := 'identity.user_profiles';
  return next;
  delete from identity.sign_in_failures f where f.user_id = p_user;
  get diagnostics amount = row_count;
  what := 'identity.sign_in_failures';
  return next;
end
$$;
comment on function identity.forget_account(uuid) is
  'Deletes passwords and other secrets, the profile and the failed sign-ins of somebody who belongs to the current organisation and to no other.';
revoke execute on function identity.forget_account(uuid) from public;
grant execute on function identity.forget_account(uuid) to application_user;
grant create on schema identity to throughline_auth;
alter function identity.forget_account(uuid) owner to throughline_auth;
revoke create on schema identity from throughline_auth;

-- Everything else -----------------------------------------------------------------------------------------------------

create function platform.replace_everywhere(p_pattern text, p_whole text) returns table (what text, is_left boolean, amount bigint)
  language plpgsql volatile
  as $$
declare
  here     uuid := platform.current_organization();
  col      record;
  way      text;
  put      text;
  stands   text;
  spot     record;
  word     text;
  hits     bigint;
  touched  bigint;
begin
  for col in
    select format('%I.%I', f.table_schema, f.table_name) as place, quote_ident(a.attname) as name, t.typname as kind,
           has_column_privilege(c.oid, a.attnum, 'update') as may_change,
           -- A name of one word may be a word of any table: only what is there to name people is asked for it.
           f.table_schema <> 'authz' and t.typname = 'text'
             and a.attname ~ '(^|_)(email|author|login|((author|committer|reviewer|assignee|reporter|user)_?name))$' as names_people,
           case when a.attname like '%email%' then 'erased@erased.invalid' else '[erased]' end as stand_in
    from platform.table_facts f
    join pg_namespace n on n.nspname = f.table_schema
    join pg_class c on c.relnamespace = n.oid and c.relname = f.table_name and c.relkind in ('r', 'p')
    join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
    join pg_type t on t.oid = a.atttypid and t.typname in ('text', 'jsonb', '_text')
    where f.tenant_exempt_reason is null and f.table_schema <> 'audit'
      and exists (select from pg_attribute o where o.attrelid = c.oid and o.attname = 'organization_id' and not o.attisdropped)
      and has_column_privilege(c.oid, a.attnum, 'select')
    order by 1, a.attnum
  loop
    what := col.place || '.' || col.name;
    way := case when col.names_people then p_pattern || '|' || p_whole else p_pattern end;
    stands := format('from %1$s t where t.organization_id = $2 and t.%2$s::text ~* $1', col.place, col.name);
    touched := 0;
    if col.may_change then
      put := format('update %1$s t set %2$s = regexp_replace(t.%2$s::text, $1, $3, ''gi'')::%3$s where t.organization_id = $2 and t.%2$s::text ~* $1',
                    col.place, col.name, case col.kind when '_text' then 'text[]' else col.kind end);
      begin
        execute put using way, here, col.stand_in;
        get diagnostics touched = row_count;
      exception when raise_exception or integrity_constraint_violation or data_exception or insufficient_privilege
                  or object_not_in_prerequisite_state or sqlstate 'TL403' or sqlstate 'TL409' then
        -- One row refuses; the others go on. What may only hold small letters gets a word of them, what has to differ from its neighbour a number.
        touched := 0;
        for spot in execute 'select t.tableoid as home, t.ctid as place ' || stands using way, here loop
          foreach word in array array[col.stand_in, 'erased', replace(col.stand_in, 'erased', 'erased-' || left(gen_random_uuid()::text, 8)),
                                      'erased-' || left(gen_random_uuid()::text, 8)] loop
            begin
              execute put || ' and t.tableoid = $4 and t.ctid = $5' using way, here, word, spot.home, spot.place;
              get diagnostics hits = row_count;
              touched := touched + hits;
              exit;
            exception when raise_exception or integrity_constraint_violation or data_exception or insufficient_privilege
                        or object_not_in_prerequisite_state or sqlstate 'TL403' or sqlstate 'TL409' then
              continue;
            end;
          end loop;
        end loop;
      end;
      if touched > 0 then
        is_left := false;
        amount := touched;
        return next;
      end if;
    end if;
    execute 'select count(*) ' || stands into amount using way, here;
    if amount > 0 then
      is_left := true;
      return next;
    end if;
  end loop;
end
$$;
comment on function platform.replace_everywhere(text, text) is
  'Puts [erased] for whatever the first pattern finds in the texts of the current organisation, and the second in columns that name people, with the rights of '
  'whoever calls it. Answers column by column how many rows that touched, and in how many the pattern is left: the caller may not change the column, or a rule '
  'of the table keeps the row as it is. Reads every text there is: for rare occasions.';
revoke execute on function platform.replace_everywhere(text, text) from public;
grant execute on function platform.replace_everywhere(text, text) to application_user;
