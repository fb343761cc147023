-- Roles that were given, by receiver: owner, administrator, and whatever role has one of these above it. What came with the organisation itself does
-- not count.
select g.user_id::text as subject, g.id, g.assigned_at as at, g.user_id as target_id, g.assigned_by as source_id, null::inet as address, null::text as user_agent,
       1::bigint as weight
  from asked, authz.user_roles g
 where g.id >= platform.uuid_v7_floor($1::timestamptz)
   and g.role_id in (
     with recursive strong as (
       select r.id from authz.roles r where r.template_code in ('owner', 'admin')
       union select r.id from authz.roles r join strong s on r.parent_role_id = s.id)
     select strong.id from strong)
   and g.assigned_at > (select o.created_at from identity.organizations o where o.id = platform.current_organization())
