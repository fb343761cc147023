-- The first build of a commit, or else of a version, of which no run of this server is known; no row when there is none.
select b.id from delivery.builds b
 where b.project_id = $1 and (b.repository_id = $2 or b.repository_id is null)
   and (b.git_commit_hash = $3 or (b.git_commit_hash is null and b.version_tag = $4))
   and not exists (select from platform.external_references x
                    where x.project_id = $1 and x.entity_id = b.id and x.system = $5 and x.external_id like $6)
 order by b.git_commit_hash is null, b.id limit 1
