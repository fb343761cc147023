drop function platform.replace_everywhere(text, text);
drop function identity.forget_account(uuid);
drop policy sign_in on identity.user_profiles;
create policy sign_in on identity.user_profiles as permissive for select to throughline_auth using (true);
revoke delete on identity.user_credentials, identity.user_profiles from throughline_auth;
drop function audit.forget_written(text);
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
  if (new.body, new.comment_kind) is distinct from (old.body, old.comment_kind) then
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
comment on function work.guard_comment() is 'A comment is written and changed by its author only, and says when it was changed.';
create or replace function documents.keep_version() returns trigger
  language plpgsql
  as $$
begin
  if (new.document_id, new.version_number, new.file_id, new.content, new.change_summary, new.created_at, new.created_by)
     is distinct from (old.document_id, old.version_number, old.file_id, old.content, old.change_summary, old.created_at, old.created_by) then
    raise exception 'A version never changes; make a new one.';
  end if;
  return new;
end
$$;
comment on function documents.keep_version() is 'Lets only what was read out of a version be added to it.';
revoke select, update (content, change_summary) on documents.document_versions from throughline_partitions;
revoke select, update (body) on work.comments from throughline_partitions;
revoke select (organization_id, id, project_id, access_level, owner_user_id) on documents.documents from throughline_partitions;
do $$
declare
  rule  record;
begin
  for rule in
    select p.polname as name,
           (select string_agg(r.name::regrole::text, ', ' order by r.nth) from unnest(p.polroles) with ordinality as r (name, nth)
            where r.name <> 'throughline_partitions'::regrole) as roles
    from pg_policy p where p.polrelid = 'platform.entities'::regclass and p.polname in ('open', 'tenant_isolation', 'project_access', 'document_access')
  loop
    execute format('alter policy %I on platform.entities to %s', rule.name, rule.roles);
  end loop;
end
$$;
revoke select (organization_id, id, entity_type, project_id) on platform.entities from throughline_partitions;
revoke usage on schema documents from throughline_partitions;
drop function audit.forget(uuid, text, text);
revoke select, update (snapshot, change_summary) on audit.project_history, audit.document_history from throughline_partitions;
revoke select, update (change_reason, business_justification) on audit.change_sets from throughline_partitions;
revoke select, update (payload_salt) on audit.leaves from throughline_partitions;
revoke execute on function work.project_roles_of(uuid), authz.projects_held_in(uuid) from throughline_partitions;
revoke select on work.projects from throughline_partitions;
revoke usage on schema work, authz from throughline_partitions;

delete from authz.role_grants_template where role_code = 'owner' and resource_type = 'user' and actions = '{erase}';
-- Whoever undoes a step belongs to no organisation, and the rows of all of them have to go; nobody reads meanwhile.
alter table authz.permissions no force row level security;
alter table authz.role_permissions no force row level security;
alter table authz.user_permissions no force row level security;
delete from authz.role_permissions h using authz.permissions p join authz.resource_types t on t.id = p.resource_type_id
where h.organization_id = p.organization_id and h.permission_id = p.id and (t.name, p.action) = ('user', 'erase');
delete from authz.user_permissions h using authz.permissions p join authz.resource_types t on t.id = p.resource_type_id
where h.organization_id = p.organization_id and h.permission_id = p.id and (t.name, p.action) = ('user', 'erase');
delete from authz.permissions p using authz.resource_types t
where t.id = p.resource_type_id and (t.name, p.action) = ('user', 'erase');
alter table authz.user_permissions force row level security;
alter table authz.role_permissions force row level security;
alter table authz.permissions force row level security;
delete from authz.resource_type_actions a using authz.resource_types t where t.id = a.resource_type_id and (t.name, a.action) = ('user', 'erase');
