-- A killed server leaves imports unfinished; the next one has to find them before it knows any organisation. And the same content may come
-- again: the repetition is an import of its own that created nothing, so it must not collide with the one that did.

-- The policies that hold for everybody would hide every row from the function below: they are narrowed to those who ask as a member.
do $$
declare
  everyone text := format('application_user, readonly_user, super_admin, %I', current_user);
  rule     name;
begin
  foreach rule in array array['open', 'tenant_isolation', 'project_access'] loop
    execute format('alter policy %I on platform.imports to %s', rule, everyone);
  end loop;
end
$$;
create policy sign_in on platform.imports as permissive for select to throughline_auth using (true);
grant select (organization_id, id, requested_by, spool_path, status) on platform.imports to throughline_auth;

create function platform.unfinished_imports()
  returns table (organization_id uuid, id uuid, requested_by uuid, spool_path text)
  language sql stable security definer
  set search_path = pg_catalog, pg_temp
  as $$
    select i.organization_id, i.id, i.requested_by, i.spool_path
    from platform.imports i
    where i.status in ('queued', 'running')
    order by i.organization_id, i.id
  $$;
comment on function platform.unfinished_imports() is
  'The imports that still wait or were cut off, of every organisation, for a server that starts. No row: nothing is left to do.';
revoke execute on function platform.unfinished_imports() from public;
grant execute on function platform.unfinished_imports() to application_user;
grant create on schema platform to throughline_auth;
alter function platform.unfinished_imports() owner to throughline_auth;
revoke create on schema platform from throughline_auth;

drop index platform.imports_once_key;
create unique index imports_once_key on platform.imports (organization_id, project_id, build_id, content_sha256) nulls not distinct
  where status = 'completed' and format is distinct from 'requirement' and (summary ->> 'status') is distinct from 'unchanged';
comment on column platform.imports.content_sha256 is
  'SHA-256 of the content; the same report for the same build is stored once, and what comes again is marked as unchanged. Requirements are '
  'compared field by field instead, because they can be edited in between. Null: not read through yet.';
