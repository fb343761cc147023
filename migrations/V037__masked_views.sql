-- What a reader of reports sees of people: enough to count and to group, not enough to know who it is. And an audit trail that nobody can change.

create function platform.mask_text(p_text text) returns text
  language sql immutable parallel safe
  as $$ select case when p_text is null then null when char_length(p_text) < 3 then '***' else left(p_text, 1) || '***' end $$;
comment on function platform.mask_text(text) is 'The first letter and three asterisks; of very short texts only the asterisks. Null stays null.';

create function platform.mask_email(p_email text) returns text
  language sql immutable parallel safe
  as $$
    select case when p_email is null then null when position('@' in p_email) = 0 then '***'
                else left(p_email, 1) || '***@' || split_part(p_email, '@', 2) end
  $$;
comment on function platform.mask_email(text) is 'The first letter, three asterisks and the domain, by which reports group. Null stays null.';

create procedure platform.mask_columns(p_table regclass, variadic p_columns name[])
  language plpgsql
  as $$
declare
  home   name;
  bare   name;
  col    record;
  shown  text := '';
  opened text := '';
begin
  select n.nspname, c.relname into home, bare from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.oid = p_table;
  for col in select a.attname, a.attname = any (p_columns) as is_masked from pg_attribute a
             where a.attrelid = p_table and a.attnum > 0 and not a.attisdropped order by a.attnum loop
    shown := shown || case when shown = '' then '' else ', ' end
      || case when col.is_masked then format('''***''::text as %I', col.attname) else format('t.%I', col.attname) end;
    if not col.is_masked then
      opened := opened || case when opened = '' then '' else ', ' end || quote_ident(col.attname);
    end if;
  end loop;
  execute format('revoke select on %s from readonly_user', p_table);
  execute format('grant select (%s) on %s to readonly_user', opened, p_table);
  execute format('create view %I.%I with (security_invoker = true) as select %s from %s t', home, bare || '_masked', shown, p_table);
  execute format('grant select on %I.%I to readonly_user, super_admin', home, bare || '_masked');
  execute format('comment on view %I.%I is %L', home, bare || '_masked',
    format('%s.%s for readers of reports: %s are hidden, and the reader has no right to them in the table either.', home, bare, array_to_string(p_columns, ', ')));
  for col in select a.attname, a.attname = any (p_columns) as is_masked, coalesce(col_description(p_table, a.attnum), '') as about from pg_attribute a
             where a.attrelid = p_table and a.attnum > 0 and not a.attisdropped loop
    execute format('comment on column %I.%I.%I is %L', home, bare || '_masked', col.attname,
      col.about || case when col.is_masked then ' Always three asterisks here.' else '' end);
  end loop;
end
$$;
comment on procedure platform.mask_columns(regclass, name[]) is
  'Takes columns away from readonly_user and gives it the view TABLE_masked, in which they are three asterisks and everything else is as it is. For migrations.';
revoke execute on procedure platform.mask_columns(regclass, name[]) from public;

call platform.mask_columns('identity.memberships', 'username', 'job_title', 'department', 'settings');
call platform.mask_columns('identity.organizations', 'billing_email', 'settings');
call platform.mask_columns('delivery.commits', 'author_name', 'author_email');
call platform.mask_columns('audit.audit_logs', 'ip_address', 'user_agent', 'resource_name', 'old_values', 'new_values', 'action_description', 'business_context',
  'error_message', 'additional_data');
call platform.mask_columns('audit.activity_logs', 'summary', 'details', 'ip_address', 'user_agent');
call platform.mask_columns('platform.notifications', 'title', 'body');
call platform.mask_columns('platform.configuration_settings', 'config_value', 'config_value_ciphertext', 'default_value', 'validation_rules', 'description',
  'change_reason');

-- People: partly masked, so the values have to be read before they are masked. The function reads them for a role that may; the reader never does.
create policy sign_in on identity.user_profiles as permissive for select to throughline_auth using (true);
grant select (user_id, company, country, state_province, city, postal_code) on identity.user_profiles to throughline_auth;

create function identity.masked_users()
  returns table (id uuid, kind text, email text, username text, first_name text, last_name text, display_name text, phone_number text,
                 locale text, timezone text, status text, created_at timestamptz, deleted_at timestamptz)
  language sql stable security definer
  set search_path = pg_catalog, pg_temp
  as $$
    select u.id, u.kind, platform.mask_email(u.email), platform.mask_text(u.username), platform.mask_text(u.first_name), platform.mask_text(u.last_name),
           platform.mask_text(u.display_name), case when u.phone_number_ciphertext is not null then '***' end,
           u.locale, u.timezone, u.status, u.created_at, u.deleted_at
    from identity.memberships m join identity.users u on u.id = m.user_id
    where m.organization_id = platform.current_organization()
  $$;
comment on function identity.masked_users() is 'The members of the current organisation with masked names and addresses. No rows: no organisation is set.';

create function identity.masked_user_profiles()
  returns table (user_id uuid, company text, country text, state_province text, city text, postal_code text)
  language sql stable security definer
  set search_path = pg_catalog, pg_temp
  as $$
    select p.user_id, platform.mask_text(p.company), p.country, p.state_province, platform.mask_text(p.city), platform.mask_text(p.postal_code)
    from identity.memberships m join identity.user_profiles p on p.user_id = m.user_id
    where m.organization_id = platform.current_organization()
  $$;
comment on function identity.masked_user_profiles() is
  'Where the members of the current organisation are, no closer than their state; the rest is masked or left out. No rows: no organisation is set.';

revoke execute on function identity.masked_users(), identity.masked_user_profiles() from public;
grant execute on function identity.masked_users(), identity.masked_user_profiles() to readonly_user, super_admin;
grant create on schema identity to throughline_auth;
alter function identity.masked_users() owner to throughline_auth;
alter function identity.masked_user_profiles() owner to throughline_auth;
revoke create on schema identity from throughline_auth;

create view identity.users_masked with (security_invoker = true) as select m.* from identity.masked_users() m;
comment on view identity.users_masked is 'People of the current organisation for readers of reports: names and addresses are masked, secrets are left out.';
comment on column identity.users_masked.id is 'The person.';
comment on column identity.users_masked.kind is 'Person, agent or service.';
comment on column identity.users_masked.email is 'First letter and domain of the address. Null: there is none.';
comment on column identity.users_masked.username is 'First letter of the user name. Null: there is none.';
comment on column identity.users_masked.first_name is 'First letter. Null: unknown.';
comment on column identity.users_masked.last_name is 'First letter. Null: unknown.';
comment on column identity.users_masked.display_name is 'First letter. Null: there is none.';
comment on column identity.users_masked.phone_number is 'Three asterisks where there is a number. Null: there is none.';
comment on column identity.users_masked.locale is 'The language they read.';
comment on column identity.users_masked.timezone is 'The time they live in.';
comment on column identity.users_masked.status is 'Whether they can sign in.';
comment on column identity.users_masked.created_at is 'Since when they are known.';
comment on column identity.users_masked.deleted_at is 'When they were removed. Null: they were not.';
create view identity.user_profiles_masked with (security_invoker = true) as select m.* from identity.masked_user_profiles() m;
comment on view identity.user_profiles_masked is 'Where people of the current organisation are, for readers of reports.';
comment on column identity.user_profiles_masked.user_id is 'The person.';
comment on column identity.user_profiles_masked.company is 'First letter. Null: unknown.';
comment on column identity.user_profiles_masked.country is 'The country. Null: unknown.';
comment on column identity.user_profiles_masked.state_province is 'The state. Null: unknown.';
comment on column identity.user_profiles_masked.city is 'First letter. Null: unknown.';
comment on column identity.user_profiles_masked.postal_code is 'First character. Null: unknown.';
grant select on identity.users_masked, identity.user_profiles_masked to readonly_user, super_admin;

-- The trail is not for changing, whoever it is: what is too old leaves it by retention, as the owner.
do $$
declare
  target regclass;
begin
  foreach target in array array['audit.audit_logs', 'audit.change_sets', 'audit.change_tracking', 'audit.activity_logs', 'audit.project_history',
                                'audit.document_history']::regclass[] loop
    execute format('revoke update, delete on %s from super_admin', target);
  end loop;
end
$$;
