-- Builds of the project that a reference means, best first and at most two: by identifier, number, whole commit, version, or the beginning of
-- a commit. No row when nothing fits; two rows of the last kind mean that the reference is not clear.
select id, build_number, kind from (
  select id, build_number, 1 as kind from delivery.builds where project_id = $1 and id = $2::uuid
  union all
  select id, build_number, 2 from delivery.builds where project_id = $1 and build_number = $3::int
  union all
  (select id, build_number, 3 from delivery.builds where project_id = $1 and git_commit_hash = $4::text order by id desc limit 1)
  union all
  (select id, build_number, 4 from delivery.builds where project_id = $1 and version_tag = $5::text order by id desc limit 1)
  union all
  (select id, build_number, 5 from delivery.builds
   where project_id = $1 and git_commit_hash >= $6::text and git_commit_hash < $6::text || 'g' order by id desc limit 2)
) found
order by kind, id desc
limit 2
