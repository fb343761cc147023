-- A project by its slug. No row when there is none, or row security hides it.
-- $1 slug
select p.id, p.name, p.slug, coalesce(p.description, ''), p.status, o.name
  from work.projects p
  join identity.organizations o on o.id = p.organization_id
 where p.slug = $1 and p.deleted_at is null
