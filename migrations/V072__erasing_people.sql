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
  update audit.activity_logs v
     set ip_address = case when v.user_id = p_user then null else v.ip_address end,
         user_agent = case when v.user_id = p_user then null else v.user_agent end,
         summary = regexp_replace(v.summary, p_pattern, '[erased]', 'gi'),
         details = regexp_replace(v.details::text, p_pattern, '[erased]', 'gi')::jsonb
   where v.organization_id = here
     and (v.user_id = p_user and (v.ip_address, v.user_agent) is distinct from (null, null) or concat_ws(' ', v.summary, v.details::text) ~* p_pattern);
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

create function platform.replace_everywhere(p_pattern text) returns table (what text, is_left boolean, amount bigint)
  language plpgsql volatile
  as $$
declare
  col  record;
  put  text;
begin
  for col in
    select format('%I.%I', f.table_schema, f.table_name) as place, quote_ident(a.attname) as name, t.typname as kind,
           has_column_privilege(c.oid, a.attnum, 'update') as may_change,
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
    is_left := not col.may_change;
    if col.may_change then
      put := format('update %1$s t set %2$s = regexp_replace(t.%2$s::text, $1, $2, ''gi'')::%3$s where t.organization_id = $3 and t.%2$s::text ~* $1',
                    col.place, col.name, case col.kind when '_text' then 'text[]' else col.kind end);
      begin
        execute put using p_pattern, col.stand_in, platform.current_organization();
        get diagnostics amount = row_count;
      exception when check_violation then
        -- What may only hold small letters, such as a short name, gets a word of them.
        execute put using p_pattern, 'erased', platform.current_organization();
        get diagnostics amount = row_count;
      end;
    else
      execute format('select count(*) from %1$s t where t.organization_id = $2 and t.%2$s::text ~* $1', col.place, col.name)
        into amount using p_pattern, platform.current_organization();
    end if;
    if amount > 0 then
      return next;
    end if;
  end loop;
end
$$;
comment on function platform.replace_everywhere(text) is
  'Puts [erased] for whatever the pattern finds in the texts of the current organisation, with the rights of whoever calls it, and answers column by column how '
  'many rows that touched; or, where the caller may not change a column, in how many rows it is left. Reads every text there is: for rare occasions.';
revoke execute on function platform.replace_everywhere(text) from public;
grant execute on function platform.replace_everywhere(text) to application_user;
