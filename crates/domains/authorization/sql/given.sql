-- The roles and permissions that members were given one by one and that did not end before $2, as far as the reader may read them: of the members
-- $1 when they are given, of the role $3 when it is, and in any case those of whoever asks ($4), the latest first; each with where it holds, as far as
-- the reader may know the place. A role that they may not read has no name. No row: nothing was given.
with given as (
  select 'role' as what, g.id, g.user_id, case when n.is_told then r.name else '' end as code, case when n.is_told then r.display_name end as title, null as kind, null as action, g.assigned_by as given_by,
         g.assigned_at as given_at, case when g.approval_request_id is null then g.assignment_reason end as reason, g.valid_from, g.valid_until, g.context_conditions as conditions,
         g.resource_scope_id as scope, g.delegated_by, g.delegation_depth, g.delegated_from, g.may_delegate, false as is_emergency, g.approval_request_id is not null as is_approved,
         null::uuid as on_behalf_of, g.revoked_at, g.revoked_by, g.revocation_reason
  from authz.user_roles g join authz.roles r on r.id = g.role_id
  cross join lateral (select g.user_id = $4 or /* readable roles r.id */ true) n (is_told)
  where g.user_id = $4 or /* readable user-roles g.id */ true
  union all
  select 'permission', g.id, g.user_id, p.name, p.display_name, t.name, p.action, g.granted_by, g.granted_at,
         case when g.approval_request_id is null then g.grant_reason end, g.valid_from,
         g.valid_until, g.additional_conditions, g.resource_id, null, 0, null, 0, g.is_emergency, g.approval_request_id is not null,
         g.on_behalf_of_user_id, g.revoked_at, g.revoked_by,
         g.revocation_reason
  from authz.user_permissions g
  join authz.permissions p on p.id = g.permission_id
  join authz.resource_types t on t.id = p.resource_type_id
  where g.user_id = $4 or /* readable user-permissions g.id */ true
)
select g.what, g.id, g.user_id, u.display_name, u.kind, g.code, g.title, g.kind, g.action, coalesce(g.delegated_by, g.given_by), b.display_name,
       g.given_at, g.reason, g.valid_from, g.valid_until, g.conditions, g.scope is not null, coalesce(s.is_active, true), s.external_id,
       p.id, p.slug, p.name, case when e.entity_type <> 'project' and p.id is not null then s.name end,
       g.delegation_depth, g.delegated_from, g.may_delegate, g.is_emergency, f.display_name, g.revoked_at, r.display_name, g.revocation_reason, g.is_approved
from given g
join identity.users u on u.id = g.user_id
left join identity.users b on b.id = coalesce(g.delegated_by, g.given_by)
left join identity.users f on f.id = g.on_behalf_of
left join identity.users r on r.id = g.revoked_by
left join authz.resources s on s.id = g.scope
left join platform.entities e on e.id = s.entity_id
left join work.projects p on p.id = case when e.entity_type = 'project' then e.id else e.project_id end
where ($1::uuid[] is null or g.user_id = any($1)) and ($3::text is null or g.what = 'role' and g.code = $3)
  and (g.revoked_at is null or g.revoked_at > $2) and (g.valid_until is null or g.valid_until > $2)
order by g.given_at desc, g.id desc
limit 2000
