-- A project by its slug, with what its navigation shows. Counting stops at 10,001 rows of each kind, so that the frame
-- of a page costs the same in a large project as in a small one.
-- $1 slug
select p.id, p.name, p.slug, coalesce(p.description, ''), p.status, o.name,
       (select count(*) from (select 1 from work.requirements r
          where r.project_id = p.id and r.status <> 'rejected' and r.deleted_at is null limit 10001) counted),
       (select count(*) from (select 1 from quality.test_cases t
          where t.project_id = p.id and t.status = 'active' and t.deleted_at is null limit 10001) counted),
       (select count(*) from (select 1 from quality.defects d
          where d.project_id = p.id and d.status in ('open', 'assigned', 'in_progress') and d.deleted_at is null
          limit 10001) counted)
  from work.projects p
  join identity.organizations o on o.id = p.organization_id
 where p.slug = $1 and p.deleted_at is null
