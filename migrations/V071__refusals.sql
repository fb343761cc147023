-- Who is refused leaves a row of the trail. What row security hides looks to the application like what is not there; one narrow question
-- tells the two apart, for the trail alone and after the caller has been answered.

create function audit.is_kept_from_view(p_type text, p_id uuid) returns boolean
  language sql stable security definer
  set search_path = pg_catalog, pg_temp
  as $$
    select exists (
      select from platform.entities e
      where e.organization_id = platform.current_organization() and e.id = p_id and e.entity_type = p_type)
  $$;
comment on function audit.is_kept_from_view(text, uuid) is
  'Whether a record of that type that was not found is there in the current organisation, hidden by row security. For the trail: what it answers is '
  'never told to whoever asked. False for what the registry does not hold.';
revoke execute on function audit.is_kept_from_view(text, uuid) from public;
grant execute on function audit.is_kept_from_view(text, uuid) to application_user;
grant usage, create on schema audit to throughline_auth;
alter function audit.is_kept_from_view(text, uuid) owner to throughline_auth;
revoke create on schema audit from throughline_auth;
