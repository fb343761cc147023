-- An organisation that nobody owns can be helped by nobody inside it, so the last active owner stays.

create function identity.keep_an_owner() returns trigger
  language plpgsql
  as $$
begin
  if exists (
    select from authz.user_roles g
    join authz.roles r on r.organization_id = g.organization_id and r.id = g.role_id
    where g.organization_id = old.organization_id and g.user_id = old.user_id and r.template_code = 'owner')
  and not exists (
    select from authz.user_roles g
    join authz.roles r on r.organization_id = g.organization_id and r.id = g.role_id
    join identity.memberships m on m.organization_id = g.organization_id and m.user_id = g.user_id
    where g.organization_id = old.organization_id and r.template_code = 'owner' and r.deleted_at is null
      and g.revoked_at is null and (g.valid_until is null or g.valid_until > now())
      and m.status = 'active' and m.deleted_at is null) then
    raise exception 'An organisation keeps at least one active owner; make somebody else an owner first.';
  end if;
  return null;
end
$$;
comment on function identity.keep_an_owner() is
  'Refuses a change after which the organisation of the row would have no active owner. Rows of people who were never owners pass.';

create trigger keep_an_owner after update of status, deleted_at or delete on identity.memberships
  for each row execute function identity.keep_an_owner();
create trigger keep_an_owner after update or delete on authz.user_roles
  for each row execute function identity.keep_an_owner();
