-- The roles of the organisation that the reader may read, with how many members hold each now: by grants that they may read, or in a project that
-- they may know of; by name.
select r.id, r.name, r.display_name, coalesce(r.description, ''), r.parent_role_id, r.is_system_role, r.is_assignable, r.max_assignments,
       r.valid_from, r.valid_until, r.auto_assign_conditions, r.row_version,
       (select count(*) from (
          select g.user_id from authz.user_roles g
          where g.role_id = r.id and g.revoked_at is null and (g.valid_from is null or g.valid_from <= $1) and (g.valid_until is null or g.valid_until > $1)
            and /* readable user-roles g.id */ true
          union
          select m.user_id from work.project_members m where m.role_id = r.id and m.is_active) holders)
from authz.roles r
where r.deleted_at is null and /* readable roles r.id */ true
order by lower(r.display_name), r.id
limit 1000
